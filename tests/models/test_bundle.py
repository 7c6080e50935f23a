"""The bundle: what it holds, and all that the safe loader refuses before anything runs."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import joblib
import numpy as np
import pytest

import gliaboost
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import BundleError, GliaboostError, UsageError
from gliaboost.features import create
from gliaboost.models.bundle import FORMAT, Bundle, load, save
from gliaboost.models.packing import make_bundle
from gliaboost.models.registry import create_model

NAMES = ("lightgbm", "xgboost")


def make(name: str = "lightgbm") -> tuple[Bundle, Any, Any]:
    extractor = create("glcm")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, len(extractor.feature_names(64, 64)))).astype(np.float32)
    y = np.where(X[:, 0] + X[:, 1] > 0, "glioma", "no_tumor")
    model = create_model(name, device="cpu", rounds=20, inner_folds=0).fit(X, y)
    bundle = make_bundle(
        model,
        Preparation(),
        [extractor],
        manifest_fingerprint="abc",
        metrics={"images": np.int64(80)},
    )
    return bundle, model, X


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return save(make()[0], tmp_path / "m.joblib")


@pytest.mark.parametrize("name", NAMES)
def test_both_roads_give_the_same_answers(name: str, tmp_path: Path) -> None:
    bundle, model, X = make(name)
    file = save(bundle, tmp_path / "m.joblib")
    expected = model.predict_proba(X)
    for opened in (gliaboost.load(file), joblib.load(file)):
        assert isinstance(opened, Bundle)
        np.testing.assert_allclose(opened.predict_proba(X), expected, atol=1e-7)
        assert opened.predict(X) == model.predict(X).tolist()
        assert opened.classes == ["glioma", "no_tumor"]
        assert opened.metrics == {"images": 80}
        assert opened.device == "cpu"
        assert opened.versions["gliaboost"] == gliaboost.__version__
        assert Preparation.from_dict(opened.preparation) == Preparation()


def test_other_columns_are_refused_by_name() -> None:
    bundle, _, X = make()
    with pytest.raises(UsageError, match=rf"takes \[N, {X.shape[1]}\] from glcm"):
        bundle.predict_proba(X[:, 1:])


class Shell:
    """What an attacker would write."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.canary}",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_hidden_command_is_refused_before_it_runs(tmp_path: Path, protocol: int) -> None:
    canary, file = tmp_path / "ran", tmp_path / "m.joblib"
    bundle, _, _ = make()
    bundle.parameters = {"seed": Shell(canary)}
    file.write_bytes(pickle.dumps(bundle, protocol=protocol))
    with pytest.raises(BundleError, match="refused, nothing was run"):
        gliaboost.load(file)
    assert not canary.exists()


def test_a_command_behind_a_good_bundle_is_not_reached(path: Path, tmp_path: Path) -> None:
    canary = tmp_path / "ran"
    path.write_bytes(path.read_bytes() + pickle.dumps(Shell(canary)))
    with contextlib.suppress(BundleError):
        load(path)
    assert not canary.exists()


@pytest.mark.parametrize(
    "attack",
    [
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cgliaboost.models.bundle\nos.system\n(S'true'\ntR.",
        # The allowed class itself, called or altered.
        b"cgliaboost.models.bundle\nBundle\n.",
        b"Pexternal\n.",
        b"\x80\x04r\xff\xff\xff\x7f.",
        pickle.dumps({"native": b""}),
        pickle.dumps([1, 2, 3]),
        b"",
        b"not a pickle",
    ],
)
def test_crafted_files_are_refused(tmp_path: Path, attack: bytes) -> None:
    file = tmp_path / "m.joblib"
    file.write_bytes(attack)
    with pytest.raises(BundleError, match=r"m\.joblib"):
        load(file)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_bundle_cut_short_says_so(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(BundleError, match=r"cut short|not a gliaboost bundle"):
        load(path)


def test_a_changed_byte_is_noticed(path: Path) -> None:
    data = bytearray(path.read_bytes())
    at = data.find(b"gliaboost arrays")
    data[at] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(BundleError, match=r"does not match its SHA-256"):
        load(path)


def test_a_newer_layout_asks_for_an_upgrade(path: Path) -> None:
    bundle = joblib.load(path)
    bundle.format = FORMAT + 1
    joblib.dump(bundle, path)
    with pytest.raises(BundleError, match=f"layout {FORMAT + 1}.*upgrade"):
        load(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [("classes", ["glioma", 3]), ("classes", "glioma"), ("native", "text"), ("columns", 0),
     ("columns", True), ("features", [1]), ("preparation", []), ("takes", "sound"),
     ("package", 3), ("classes", ["glioma", "glioma"]), ("format", "2"), ("format", True),
     ("features", [{"name": "glcm", "version": 1}]), ("columns", -1),
     ("features", [{"name": "region", "version": 1, "parameters": {}, "state": "x"}]),
     ("sha256", None)],
)  # fmt: skip
def test_fields_of_another_kind_are_damage(path: Path, field: str, value: Any) -> None:
    bundle = joblib.load(path)
    setattr(bundle, field, value)
    if field not in ("native", "format", "sha256"):
        bundle.sha256 = bundle.digest()
    joblib.dump(bundle, path)
    with pytest.raises(BundleError, match=f"damaged.*{field}"):
        load(path)


def test_a_missing_field_is_named(path: Path) -> None:
    bundle = joblib.load(path)
    del bundle.__dict__["classes"]
    joblib.dump(bundle, path)
    with pytest.raises(BundleError, match="classes"):
        load(path)


def test_only_plain_values_are_saved(tmp_path: Path) -> None:
    bundle, _, _ = make()
    bundle.parameters = {"seed": {1, 2}}
    with pytest.raises(UsageError, match="a value of type set"):
        save(bundle, tmp_path / "m.joblib")
    assert list(tmp_path.iterdir()) == []


def test_no_bundle_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gliaboost train MANIFEST"):
        load(tmp_path / "absent.joblib")


def test_a_notebook_shows_what_it_is_and_escapes_it() -> None:
    bundle = make()[0]
    bundle.classes = ["<b>glioma", "no_tumor"]
    bundle.metrics = {"images": 1080, "patients": None, "classes": {"no_tumor": 3}}
    html = bundle._repr_html_()
    assert "&lt;b&gt;glioma, no_tumor" in html and "<b>glioma" not in html
    for known in ("lightgbm, fitted on cpu", ">glcm<", ">1,080<", ">abc<", bundle.created):
        assert known in html
    assert "patients" not in html


LAYOUTS = Path(__file__).parent / "layouts"
PARTS = {"lightgbm": "columns", "xgboost": "columns", "cnn-scratch": "images"}


def asked(bundle: Bundle) -> Any:
    """What an old bundle was asked when it was made."""
    ramp = np.add.outer(np.arange(32) * 5, np.arange(32) * 3).astype(np.uint8)
    noise = np.random.default_rng(7).integers(0, 256, (32, 32)).astype(np.uint8)
    images = np.stack([ramp, noise])
    X = images if bundle.takes == "images" else bundle.extractors()[0].transform(images)
    return bundle.predict_proba(X, jobs=1)


@pytest.mark.parametrize("layout", range(1, FORMAT + 1))
@pytest.mark.parametrize("model", PARTS)
def test_every_layout_opens_and_answers_as_ever(model: str, layout: int, tmp_path: Path) -> None:
    if PARTS[model] == "images":
        pytest.importorskip("torch")
    close = 1e-4 if PARTS[model] == "images" else 1e-6
    expected = json.loads((LAYOUTS / f"format-{layout}.json").read_text("utf-8"))[model]
    opened = load(LAYOUTS / f"format-{layout}-{model}.joblib")
    assert (opened.takes, opened.package) == (PARTS[model], "gliaboost")
    np.testing.assert_allclose(asked(opened), expected, atol=close)
    # Kept again, it is a bundle of today.
    kept = load(save(opened, tmp_path / "m.joblib"))
    assert joblib.load(tmp_path / "m.joblib").format == FORMAT == kept.format
    np.testing.assert_allclose(asked(kept), expected, atol=close)


def test_layout_1_is_still_verified(tmp_path: Path) -> None:
    data = bytearray((LAYOUTS / "format-1-lightgbm.joblib").read_bytes())
    data[data.find(b"tree")] ^= 1
    (tmp_path / "m.joblib").write_bytes(bytes(data))
    with pytest.raises(BundleError, match="does not match its SHA-256"):
        load(tmp_path / "m.joblib")


def test_an_old_layout_with_a_new_field_is_damage(path: Path) -> None:
    bundle = joblib.load(path)
    bundle.format = 1
    joblib.dump(bundle, path)
    with pytest.raises(BundleError, match=r"damaged.*familiarity, package, takes"):
        load(path)


def test_a_model_of_an_absent_package_names_it(tmp_path: Path) -> None:
    bundle, _, X = make()
    bundle.model, bundle.package = "nearest-centroid", "gliaboost-example"
    opened = load(save(bundle, tmp_path / "m.joblib"))
    assert opened.summary()["takes"] == "columns"
    with pytest.raises(UsageError, match="pip install gliaboost-example"):
        opened.predict_proba(X)


def bare(**changed: Any) -> Bundle:
    """Return a bundle of no model, which is whole all the same."""
    spec = {"name": "glcm", "version": 1, "parameters": {}}
    plain: dict[str, Any] = {
        "model": "lightgbm", "native": b"model", "sha256": "", "classes": ["a", "b"],
        "columns": 1, "preparation": {"size": 64}, "features": [spec], "parameters": {},
        "device": "cpu", "manifest": "0123456789abcdef", "takes": "columns",
        "package": "gliaboost",
    }  # fmt: skip
    return Bundle(**{**plain, **changed})


OTHER: dict[str, Any] = {
    "model": "xgboost", "native": b"modem", "classes": ["b", "a"], "columns": 2,
    "preparation": {"size": 32}, "features": [], "parameters": {"seed": 1}, "device": "cuda",
    "manifest": "fedcba", "metrics": {"images": 1}, "versions": {"numpy": "2"},
    "created": "2026-01-01", "format": FORMAT + 1, "takes": "images", "package": "other",
    "familiarity": {"version": 1},
}  # fmt: skip


def test_the_digest_is_of_every_field_but_itself() -> None:
    assert {*OTHER, "sha256"} == {f.name for f in fields(Bundle)}
    digests = {name: bare(**{name: value}).digest() for name, value in OTHER.items()}
    assert len({*digests.values(), bare().digest()}) == len(OTHER) + 1
    assert bare(sha256="anything").digest() == bare().digest()
    assert (
        bare(preparation={"b": 1, "a": 2}).digest() == bare(preparation={"a": 2, "b": 1}).digest()
    )


def test_the_digest_of_an_older_layout_leaves_later_fields_out() -> None:
    older = bare(format=1)
    assert bare(format=1, takes="images", package="other").digest() == older.digest()
    assert bare(format=1, model="xgboost").digest() != older.digest()


def test_the_smallest_bundle_is_whole(tmp_path: Path) -> None:
    kept = load(save(bare(), tmp_path / "m.joblib"))
    assert kept == bare(sha256=bare().digest())
    assert (kept.metrics, kept.versions, kept.created) == ({}, {}, "")
    known_more = {"name": "glcm", "version": 1, "parameters": {}, "note": "of a later gliaboost"}
    assert load(save(bare(features=[known_more]), tmp_path / "m.joblib")).features == [known_more]


@pytest.mark.parametrize("digest", ["0" * 64, "f" * 64])
def test_another_digest_is_damage(tmp_path: Path, digest: str) -> None:
    joblib.dump(bare(sha256=digest), tmp_path / "m.joblib")
    with pytest.raises(BundleError, match="does not match its SHA-256"):
        load(tmp_path / "m.joblib")


@pytest.mark.parametrize("layout", [0, -1])
def test_there_is_no_layout_before_the_first(tmp_path: Path, layout: int) -> None:
    bundle = bare(format=layout)
    bundle.sha256 = bundle.digest()
    del bundle.takes, bundle.package
    joblib.dump(bundle, tmp_path / "m.joblib")
    with pytest.raises(BundleError, match="damaged: fields missing or unknown"):
        load(tmp_path / "m.joblib")


def test_the_summary_is_all_but_the_bytes_of_the_model() -> None:
    summary = json.loads(json.dumps(bare().summary()))
    assert summary.pop("bytes") == 5
    assert summary.pop("knows_its_training_images") is False
    assert {**summary, "native": b"model", "familiarity": {}} == vars(bare())
    known = bare(familiarity={"version": 1, "copies": b"pictures"}).summary()
    assert known["knows_its_training_images"]
    assert "pictures" not in json.dumps(known)


class Echo:
    """A model that answers with what it was given."""

    def predict_proba(self, X: Any, **beside: Any) -> Any:
        return X, beside


@pytest.mark.parametrize("takes", ["columns", "images", "both"])
def test_a_model_is_given_what_it_takes(takes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bundle, "classifier", lambda self, jobs: Echo())
    bundle = bare(takes=takes, columns=3)
    images, columns = np.zeros((2, 8, 8), np.uint8), np.zeros((2, 3), np.float32)
    if takes == "both":
        wide, deep = np.zeros((2, 4), np.float32), columns[..., None]
        for wrong, seen in (
            (None, "none"),
            (columns[0], r"shape \[3\]"),
            (columns[:, :2], r"shape \[2, 2\]"),
            (wide, r"shape \[2, 4\]"),
            (deep, r"shape \[2, 3, 1\]"),
        ):
            with pytest.raises(UsageError, match=rf"columns of .*{seen}.*; .*\[N, 3\] from glcm"):
                bundle.predict_proba(images, wrong)
    X = columns if takes == "columns" else images
    got, beside = cast("Any", bundle.predict_proba(X, columns))
    assert got is X
    assert (beside == {}) if takes != "both" else (beside["columns"] is columns)


def test_the_model_is_asked_for_on_this_machine_not_on_that_of_the_training() -> None:
    bundle, model, _ = make()
    bundle.parameters = {**bundle.parameters, "device": "cuda", "jobs": 77}
    here = bundle.classifier(jobs=1).get_params()
    assert (here["device"], here["jobs"]) == ("auto", 1)
    assert here["rounds"] == model.get_params()["rounds"] == 20


def test_what_cannot_be_read_or_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"cannot be read: is a folder, a file was expected$"):
        load(tmp_path)
    (tmp_path / "taken").mkdir()
    with pytest.raises(BundleError, match=r"cannot write .*taken: .*; free space or name another"):
        save(bare(), tmp_path / "taken")
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]


def test_a_notebook_shows_sizes_and_what_is_missing_not_at_all() -> None:
    html = bare(native=b"0" * 12345, columns=6789)._repr_html_()
    for shown in (">6,789<", "prepared to 64 x 64 pixels", ">0123456789ab<", ">12,345 bytes<"):
        assert shown in html
    assert "columns" not in bare(features=[], takes="images")._repr_html_()


def test_a_prompt_sees_two_lines_whatever_it_holds() -> None:
    metrics = {"images": 1080, "patients": 40}
    classes = [f"kind{n}\n" for n in range(99)]
    said = repr(bare(native=b"0" * 10**6, classes=classes, metrics=metrics, features=[{}] * 9))
    first, second = said.splitlines()
    assert first.startswith("<Bundle: ") and first.endswith("kind5� and 93 more")
    assert second.startswith(" trained on 1,080 images of 40 patients")
    assert second.endswith("1,000,000 bytes>") and len(said) < 400
    assert "?" in bare(preparation={}, features=[{}])._repr_html_()


def test_a_notebook_shows_what_folds_gave() -> None:
    known = {"accuracy": 0.75, "ci95": [0.5, 0.875], "folds": 3, "unit": "patient"}
    html = bare(metrics={"estimate": known})._repr_html_()
    assert "accuracy 0.750 [0.500, 0.875], 3 inner folds by patient" in html


def test_a_disk_that_fills_leaves_the_old_bundle(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def full(bundle: Bundle, file: Any, **how: Any) -> None:
        Path(file).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(joblib, "dump", full)
    with pytest.raises(BundleError, match="No space left on device; free space"):
        save(bare(), path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.integration
@pytest.mark.parametrize("layout", [3, FORMAT])
def test_boosted_trees_answer_without_their_libraries(layout: int) -> None:
    code = f"""
import sys
import numpy as np
# Not only unused: not to be had.
sys.modules["xgboost"] = sys.modules["lightgbm"] = None
from gliaboost.models.bundle import load
for name in {NAMES}:
    bundle = load(rf"{LAYOUTS}/format-{layout}-{{name}}.joblib")
    X = np.ones((3, bundle.columns), np.float32)
    assert np.allclose(bundle.predict_proba(X).sum(axis=1), 1)
    assert bundle.classifier().contributions(X).shape == (3, 2, bundle.columns)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_an_older_bundles_trees_are_read_at_loading(tmp_path: Path) -> None:
    old = joblib.load(LAYOUTS / "format-3-lightgbm.joblib")
    assert old.native.startswith(b"tree\n")
    assert load(LAYOUTS / "format-3-lightgbm.joblib").native.startswith(b"gliaboost arrays")
    old.native = old.native.replace(b"num_tree_per_iteration=2", b"num_tree_per_iteration=0")
    old.sha256 = old.digest()
    joblib.dump(old, tmp_path / "m.joblib")
    with pytest.raises(BundleError, match=r"m\.joblib: lightgbm's model cannot be read \(0 trees"):
        load(tmp_path / "m.joblib")


@pytest.mark.parametrize("layout", [3, FORMAT])
def test_what_once_ended_the_process_is_refused(layout: int, tmp_path: Path) -> None:
    import xgboost

    booster = xgboost.Booster(
        model_file=bytearray(joblib.load(LAYOUTS / "format-3-xgboost.joblib").native)
    )
    model = json.loads(booster.save_raw("json"))
    trees = model["learner"]["gradient_booster"]["model"]
    trees["tree_info"] = [-5] * len(trees["tree_info"])
    text = joblib.load(LAYOUTS / "format-3-lightgbm.joblib").native.decode()
    # Nodes that lead back to themselves, and columns that are not there.
    around = re.sub(r"^left_child=\S+", "left_child=0", text, flags=re.MULTILINE)
    beyond = re.sub(r"^split_feature=\S+", "split_feature=9999", text, flags=re.MULTILINE)
    broken = {"xgboost": [json.dumps(model)], "lightgbm": [around, beyond]}
    for name, texts in broken.items():
        for number, native in enumerate(texts):
            bundle = joblib.load(LAYOUTS / f"format-{layout}-{name}.joblib")
            bundle.native = native.encode()
            bundle.sha256 = bundle.digest()
            joblib.dump(bundle, tmp_path / f"{name}-{number}.joblib")
            with pytest.raises(GliaboostError, match=r"cannot be read \("):
                load(tmp_path / f"{name}-{number}.joblib").classifier()
