"""Where a decision rests: places of columns, sums of maps, Grad-CAM on a planted spot."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import UsageError
from gliaboost.features import create
from gliaboost.models.bundle import Bundle
from gliaboost.models.explain.attribution import explain, explain_prepared, places, spread
from gliaboost.models.explain.picture import WIDTH
from gliaboost.models.packing import make_bundle
from gliaboost.models.registry import create_model


def spotted(n: int = 60, size: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Noise, and in half of it a bright patch at the lower right."""
    rng = np.random.default_rng(0)
    images = rng.normal(90, 12, (n, size, size))
    images[::2, size // 2 + 8 : -8, size // 2 + 8 : -8] += 110
    labels = np.where(np.arange(n) % 2 == 0, "glioma", "no_tumor").astype(object)
    return np.clip(images, 0, 255).astype(np.uint8), labels


@pytest.fixture(scope="module")
def booster() -> Bundle:
    images, labels = spotted()
    extractors = [create("lbp"), create("hog", pixels_per_cell=8)]
    X = np.hstack([e.transform(images) for e in extractors])
    model = create_model("lightgbm", device="cpu", rounds=30, inner_folds=0).fit(X, labels)
    return make_bundle(model, Preparation(size=64), extractors, manifest_fingerprint="")


def test_every_column_of_hog_looks_at_its_cell() -> None:
    hog = create("hog", pixels_per_cell=16, cells_per_block=2)
    names = hog.feature_names(64, 64)
    boxes, placed = places([hog], 64, 64)
    assert placed.all()
    assert set((boxes[:, 2:] - boxes[:, :2]).ravel()) == {16}
    first = names.index(next(n for n in names if "y1_x2_r0_c1" in n))
    assert boxes[first].tolist() == [16, 48, 32, 64]
    cells = {tuple(b) for b in boxes.tolist()}
    assert len(cells) == 16


def test_whole_image_columns_have_no_place() -> None:
    _, placed = places([create("glcm")], 64, 64)
    assert not placed.any()
    assert create("embedding").place("embedding__layer_-1__pool_avg__c17", 64, 64) is None


def test_a_map_sums_to_its_values() -> None:
    rng = np.random.default_rng(0)
    boxes, _ = places([create("lbp")], 64, 64)
    values = rng.normal(size=len(boxes)).astype(np.float32)
    assert spread(values, boxes, 64).sum() == pytest.approx(values.sum(), abs=1e-3)


def test_a_booster_points_at_the_patch(booster: Bundle, tmp_path: Path) -> None:
    images, _ = spotted(2)
    cv2.imwrite(str(tmp_path / "a.png"), images[0])
    found = explain(booster, tmp_path / "a.png")
    assert found.predicted == "glioma"
    assert sum(found.families.values()) == pytest.approx(1)
    assert found.placed == pytest.approx(1)
    X = np.hstack([e.transform(found.image[None]) for e in booster.extractors()])
    values = booster.classifier().contributions(X)
    assert values is not None
    own = values[0, 0]
    assert found.heat.sum() == pytest.approx(own.sum(), abs=1e-3)
    parts = np.abs(found.heat).reshape(2, 32, 2, 32).sum(axis=(1, 3))
    assert parts.argmax() == 3
    # A picture of noise all over: nothing of it is air.
    assert found.ground is not None and found.ground.head.mean() > 0.9


def test_a_networks_map_is_of_the_pass_that_its_probabilities_are_of() -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    images, labels = spotted(48)
    parameters = {"widths": (8, 16), "depths": (1, 1), "epochs": 12, "size": 64}
    model = create_model("cnn-scratch", device="cpu", precision="float32", flip=False, **parameters)
    model.set_params(mirror=False, validation_fraction=0.0).fit(images, labels)
    found = model.saliency(images[0])
    assert found is not None
    heat, probabilities = found
    np.testing.assert_allclose(probabilities, model.predict_proba(images[:1])[0], atol=1e-4)
    assert heat.shape == (64, 64)
    assert heat.max() == pytest.approx(1)
    assert heat.min() >= 0
    assert heat[32:, 32:].sum() > 0.9 * heat.sum()


@pytest.mark.integration
@pytest.mark.parametrize("name", ["svm", "random-forest"])
def test_a_model_that_cannot_tell_names_those_that_can(name: str, tmp_path: Path) -> None:
    images, labels = spotted(16)
    extractors = [create("lbp", grid=(2, 2))]
    columns = extractors[0].transform(images)
    model = create_model(name, inner_folds=2).fit(columns, labels)
    bundle = make_bundle(model, Preparation(size=64), extractors, manifest_fingerprint="")
    cv2.imwrite(str(tmp_path / "a.png"), images[0])
    with pytest.raises(UsageError, match=rf"{name} cannot tell.*lightgbm, logistic.*xgboost"):
        explain(bundle, tmp_path / "a.png")


def test_a_logistic_regressions_parts_lie_where_its_columns_look(tmp_path: Path) -> None:
    images, labels = spotted()
    extractors = [create("lbp", grid=(2, 2))]
    model = create_model("logistic", inner_folds=2).fit(extractors[0].transform(images), labels)
    bundle = make_bundle(model, Preparation(size=64), extractors, manifest_fingerprint="")
    cv2.imwrite(str(tmp_path / "a.png"), images[0])
    found = explain(bundle, tmp_path / "a.png")
    heat = np.abs(found.heat)
    assert found.predicted == "glioma"
    assert heat[32:, 32:].sum() > 0.5 * heat.sum()  # of a quarter of the image


def test_the_command_draws_it(booster: Bundle, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from gliaboost.cli import app
    from gliaboost.models.bundle import save

    images, _ = spotted(2)
    cv2.imwrite(str(tmp_path / "a.png"), images[0])
    save(booster, tmp_path / "m.joblib")
    out = tmp_path / "e.png"
    arguments = ["explain", str(tmp_path / "m.joblib"), str(tmp_path / "a.png"), "--out", str(out)]
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    facts = json.loads(done.output)
    assert facts["predicted"] == "glioma"
    assert {"outside_head", "on_marks"} <= set(facts)
    picture = cv2.imread(str(out))
    assert picture is not None
    assert picture.shape[1] == WIDTH


def test_an_explanation_is_saved_and_shown_as_one_picture(booster: Bundle, tmp_path: Path) -> None:
    images, _ = spotted(2)
    cv2.imwrite(str(tmp_path / "a.png"), images[0])
    found = explain(booster, tmp_path / "a.png")
    picture = found.picture()
    assert found.name.endswith("a.png")
    assert picture.shape[1] == WIDTH
    saved = cv2.imread(str(found.save(tmp_path / "deep" / "e.png")))
    assert saved is not None
    np.testing.assert_array_equal(saved[..., ::-1], picture)
    assert (tmp_path / "deep" / "e.png").read_bytes() == found._repr_png_()


def test_a_prepared_image_is_explained_as_its_file_is(booster: Bundle, tmp_path: Path) -> None:
    images, _ = spotted(2)
    cv2.imwrite(str(tmp_path / "a\n.png"), images[0])
    file = explain(booster, tmp_path / "a\n.png")
    found = explain_prepared(booster, file.image, file.name)
    np.testing.assert_array_equal(found.picture(), file.picture())
    assert found.panel().shape == (*file.image.shape, 3) and not found.one_sided
    first, second = repr(found).splitlines()
    assert first.startswith(f"<Explanation: a�.png: {found.predicted}, ")
    assert second.startswith(" The decision rests on ")


def test_evidence_on_burnt_in_text_is_found(tmp_path: Path) -> None:
    """One head in both classes, and a letter in the corner of one class."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:64, :64]
    disc = np.hypot(rows - 36, columns - 36) < 22
    one = np.where(disc, rng.normal(120, 15, (64, 64)), 0).clip(0, 255).astype(np.uint8)
    images = np.repeat(one[None], 60, axis=0)
    for image in images[::2]:
        cv2.putText(image, "L", (1, 11), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 255, 2)
    labels = np.where(np.arange(60) % 2 == 0, "glioma", "no_tumor").astype(object)
    hog = create("hog", pixels_per_cell=8)
    model = create_model("lightgbm", device="cpu", rounds=20, inner_folds=0)
    model.fit(hog.transform(images), labels)
    bundle = make_bundle(model, Preparation(size=64), [hog], manifest_fingerprint="")
    cv2.imwrite(str(tmp_path / "a.png"), images[0])
    found = explain(bundle, tmp_path / "a.png")
    assert found.predicted == "glioma"
    assert found.outside_head > 0.8
    assert found.ground is not None and found.ground.on_marks > 0.5
    assert found.notes()[-1].endswith("As much would lie there by chance.")
