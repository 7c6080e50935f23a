from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image

from gliaboost.datasets.audit import audit as steps
from gliaboost.datasets.audit.audit import AuditReport, audit
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import UsageError

Pixels = NDArray[np.uint8]
SIZE = 256


def head(seed: int) -> Pixels:
    """Draw an oval with soft structure on black."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    inside = (x / rng.uniform(0.6, 0.75)) ** 2 + (y / rng.uniform(0.75, 0.85)) ** 2 < 1
    texture = cv2.GaussianBlur(rng.normal(size=(SIZE, SIZE)), (0, 0), 9)
    image = np.where(inside, 120 + 45 * texture / texture.std(), 2)
    return np.asarray(np.clip(image, 0, 255), np.uint8)


def jpeg(image: Pixels, quality: int) -> Pixels:
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE)
    return np.asarray(decoded, np.uint8)


def stretched(image: Pixels) -> Pixels:
    low, high = np.percentile(image, [2, 98])
    return np.asarray(np.clip((image.astype(float) - low) / (high - low) * 255, 0, 255), np.uint8)


CHANGES: dict[str, tuple[Callable[[Pixels], Pixels], str]] = {
    "mirrored": (np.fliplr, "mirrored"),
    "upside down": (np.flipud, "upside down"),
    "rotated 90": (np.rot90, "rotated 90"),
    "rotated 180": (lambda x: np.rot90(x, 2), "rotated 180"),
    "rotated 270": (lambda x: np.rot90(x, 3), "rotated 270"),
    "transposed": (np.transpose, "transposed"),
    "smaller": (lambda x: cv2.resize(x, (128, 128)).astype(np.uint8), "same"),
    "larger": (lambda x: cv2.resize(x, (420, 420)).astype(np.uint8), "same"),
    "another aspect": (lambda x: cv2.resize(x, (300, 200)).astype(np.uint8), "same"),
    "quality 30": (lambda x: jpeg(x, 30), "same"),
    "contrast": (stretched, "same"),
    "trimmed": (lambda x: x[7:, 2:-4], "same"),
    "all at once": (
        lambda x: jpeg(stretched(cv2.resize(np.fliplr(x), (180, 180)).astype(np.uint8)), 60),
        "mirrored",
    ),
}


def write(folder: Path, images: dict[str, Pixels]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in images.items():
        Image.fromarray(np.ascontiguousarray(image)).save(folder / name)


def manifest_of(folder: Path, columns: dict[str, list[Any]]) -> Manifest:
    return Manifest.of(pd.DataFrame(columns), folder, "test")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Manifest, AuditReport]:
    """Twenty heads, and of the first ones a copy of each kind in another split."""
    folder = tmp_path_factory.mktemp("planted")
    originals = {f"{i:02}.png": head(i) for i in range(20)}
    write(folder, originals)
    copies = {}
    for i, (name, (change, _)) in enumerate(CHANGES.items()):
        copies[f"copy {name}.png"] = change(originals[f"{i:02}.png"])
    write(folder, copies)
    shutil.copy(folder / "15.png", folder / "copy bytes.png")
    Image.fromarray(originals["16.png"]).save(folder / "copy pixels.png", compress_level=1)
    paths = [*originals, *copies, "copy bytes.png", "copy pixels.png"]
    manifest = manifest_of(
        folder,
        {
            "path": paths,
            "label": ["a" if i % 2 else "b" for i in range(20)] + ["a"] * (len(paths) - 20),
            "split": ["train"] * 20 + ["test"] * (len(paths) - 20),
        },
    )
    return manifest, audit(manifest, jobs=2)


@pytest.mark.integration
def test_every_planted_copy_is_found_and_nothing_else(
    planted: tuple[Manifest, AuditReport],
) -> None:
    leaks = planted[1].to_dict()["leaks"]
    expected = {
        (f"{i:02}.png", f"copy {name}.png"): ("near", orientation)
        for i, (name, (_, orientation)) in enumerate(CHANGES.items())
    }
    expected["15.png", "copy bytes.png"] = ("bytes", "same")
    expected["16.png", "copy pixels.png"] = ("pixels", "same")
    assert {(k["a"], k["b"]): (k["kind"], k["orientation"]) for k in leaks} == expected
    for leak in leaks:
        assert leak["across"] == {"split": ["train", "test"]}
        assert 0.99 <= leak["similarity"] <= 1.001
    (trimmed,) = [k for k in leaks if k["b"] == "copy trimmed.png"]
    assert trimmed["adjusted"] == "alignment"


@pytest.mark.integration
def test_counts_groups_and_contradictions(planted: tuple[Manifest, AuditReport]) -> None:
    found = planted[1].to_dict()
    assert found["counts"]["near"] == len(CHANGES)
    assert found["counts"]["bytes"] == found["counts"]["pixels"] == 1
    copies = len(CHANGES) + 2
    assert found["counts"]["duplicated"] == copies
    assert found["counts"]["across split"] == 2 * copies
    assert ["15.png", "copy bytes.png"] in found["groups"]
    assert len(found["groups"]) == copies
    wrong = {tuple(row["path"] for row in rows) for rows in found["contradictions"]}
    # Even originals are "b", every copy "a".
    evens = [("16.png", "copy pixels.png")]
    evens += [(f"{i:02}.png", f"copy {n}.png") for i, n in enumerate(CHANGES) if i % 2 == 0]
    assert wrong == set(evens)
    assert found["sides"]["split"]["test"] == {"images": copies, "also on another side": copies}


@pytest.mark.integration
def test_report_is_plain_json(planted: tuple[Manifest, AuditReport]) -> None:
    found = planted[1].to_dict()
    assert json.loads(json.dumps(found)) == found
    assert {row[0] for row in planted[1].rows()} >= {"bytes", "near", "contradictions"}
    assert any("100.0%" in line for line in found["verdict"])


@pytest.mark.integration
def test_same_answer_with_any_number_of_threads(planted: tuple[Manifest, AuditReport]) -> None:
    again = audit(planted[0], jobs=1)
    pd.testing.assert_frame_equal(again.links, planted[1].links)


def test_broken_and_odd_files(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "good.png": head(0),
            "blank.png": np.zeros((SIZE, SIZE), np.uint8),
            "tiny.png": head(1)[96:160:2, 96:160:2],
            "wide.png": np.hstack([head(2), head(3), head(4)]),
            "colour.png": np.dstack([head(5), head(6), head(7)]),
        },
    )
    Image.fromarray(head(8)).convert("RGBA").save(tmp_path / "alpha.png")
    (tmp_path / "empty.png").touch()
    (tmp_path / "cut.png").write_bytes((tmp_path / "good.png").read_bytes()[:900])
    names = ["good", "blank", "tiny", "wide", "colour", "alpha", "empty", "cut", "absent"]
    report = audit(manifest_of(tmp_path, {"path": [f"{n}.png" for n in names]}))
    found = {(f.path.removesuffix(".png"), f.kind) for f in report.faults}
    assert found == {
        ("blank", "blank"),
        ("tiny", "tiny"),
        ("wide", "aspect"),
        ("colour", "mode"),
        ("alpha", "mode"),
        ("empty", "unreadable"),
        ("cut", "unreadable"),
        ("absent", "unreadable"),
    }
    assert all(f.detail for f in report.faults)
    assert report.counts()["unreadable"] == 3


def test_patients_across_sides(tmp_path: Path) -> None:
    write(tmp_path, {f"{i}.png": head(i) for i in range(8)})
    manifest = manifest_of(
        tmp_path,
        {
            "path": [f"{i}.png" for i in range(8)],
            "patient": ["p1", "p1", "q2A", "q2B", "r3", "r3", None, "s4"],
            "split": ["train", "test", "train", "test", "train", "train", "train", "test"],
            "fold": ["1", "1", "1", "2", "1", "1", "2", "2"],
        },
    )
    report = audit(manifest)
    assert [(s.name, s.column) for s in report.straddlers] == [("p1", "split")]
    assert [(s.name, s.column) for s in report.straddling_families] == [
        ("q2", "split"),
        ("q2", "fold"),
    ]
    leaks = report.to_dict()["leaks"]
    assert [(k["kind"], k["patients"]) for k in leaks] == [
        ("patient", ["p1"]),
        ("family", ["q2A", "q2B"]),
        ("family", ["q2A", "q2B"]),
    ]
    assert leaks[0]["a"] == "1.png"
    assert leaks[0]["across"] == {"split": ["test", "train"]}
    text = " ".join(report.verdict())
    assert "split test: 1 file of 1 patient seen on another side too." in text
    assert "No patient lies on two sides of fold." in text
    assert "1 of 8 files without a patient" in text


def test_a_clean_set_is_called_clean(tmp_path: Path) -> None:
    write(tmp_path, {f"{i}.png": head(i) for i in range(4)})
    report = audit(
        manifest_of(
            tmp_path,
            {
                "path": [f"{i}.png" for i in range(4)],
                "patient": list("abcd"),
                "split": ["train", "train", "test", "test"],
            },
        )
    )
    assert report.verdict() == [
        "No picture lies on two sides of split.",
        "No patient lies on two sides of split.",
        "No picture is there twice.",
    ]
    assert report.to_dict()["leaks"] == []
    assert sum(report.counts().values()) == 0


@pytest.mark.integration
def test_size_and_quality_that_tell_the_class(tmp_path: Path) -> None:
    rows = []
    for i in range(40):
        label = "ab"[i % 2]
        image = head(i)
        if label == "b":
            image = np.ascontiguousarray(image[:, 20:-20])
        Image.fromarray(image).save(tmp_path / f"{i}.jpg", quality=90 if label == "a" else 60)
        rows.append({"path": f"{i}.jpg", "label": label, "patient": f"p{i}"})
    report = audit(Manifest.of(pd.DataFrame(rows), tmp_path))
    telling = {b.name: b for b in report.betrayals if b.betrays}
    assert {"size", "quantisation"} <= set(telling)
    assert telling["size"].accuracy == 1.0
    assert telling["size"].baseline == 0.5
    assert any("size alone reaches" in line for line in report.verdict())


def test_against_another_manifest(tmp_path: Path, heard: Any) -> None:
    write(tmp_path / "mine", {f"{i}.png": head(i) for i in range(4)})
    write(
        tmp_path / "theirs",
        {"x.png": head(7), "y.png": np.fliplr(head(1)), "z.png": head(2)},
    )
    mine = manifest_of(
        tmp_path / "mine", {"path": [f"{i}.png" for i in range(4)], "label": ["a", "a", "b", "b"]}
    )
    theirs = Manifest.of(
        pd.DataFrame({"path": ["x.png", "y.png", "z.png"], "label": ["b", "b", "b"]}),
        tmp_path / "theirs",
        "theirs",
    )
    report = audit(mine, against=theirs, progress=heard)
    assert heard.steps == [("reading", i, 7) for i in range(1, 8)]
    found = report.to_dict()["against"]
    assert found["manifest"] == "theirs"
    assert (found["images"], found["of"]) == (2, 4)
    assert [(m["a"], m["b"], m["kind"], m["labels"]) for m in found["matches"]] == [
        ("1.png", "y.png", "near", ["a", "b"]),
        ("2.png", "z.png", "bytes", ["b", "b"]),
    ]
    # "a" is no label of theirs: not a disagreement.
    assert report.counts()["other label"] == 0
    assert report.to_dict()["leaks"] == []


def test_no_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no rows"):
        audit(manifest_of(tmp_path, {"path": []}))


def grain(height: int, width: int, seed: int = 0) -> Pixels:
    """Draw noise, which is like no other picture."""
    return np.random.default_rng(seed).integers(0, 255, (height, width)).astype(np.uint8)


def test_limits_of_size_and_shape(
    tmp_path: Path, heard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([10.0, 13.0, 33.0, 40.0])
    monkeypatch.setattr(steps, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    shapes = {"a": (64, 64), "b": (63, 64), "c": (64, 63), "d": (64, 128), "e": (64, 129)}
    shapes |= {"f": (128, 64), "g": (129, 64)}
    write(tmp_path, {f"{n}.png": grain(*shape, seed=ord(n)) for n, shape in shapes.items()})
    Image.fromarray(grain(70, 80)).convert("LA").save(tmp_path / "h.png")
    manifest = manifest_of(tmp_path, {"path": [f"{n}.png" for n in "abcdefgh"]})
    report = audit(manifest, progress=heard)
    assert heard.steps[-1] == ("reading", 8, 8)
    assert [(f.row, f.path, f.kind, f.detail) for f in report.faults] == [
        (1, "b.png", "tiny", "64 x 63 pixels, at least 64 a side expected"),
        (2, "c.png", "tiny", "63 x 64 pixels, at least 64 a side expected"),
        (4, "e.png", "aspect", "129 x 64 pixels, sides within a factor of 2 expected"),
        (6, "g.png", "aspect", "64 x 129 pixels, sides within a factor of 2 expected"),
        (7, "h.png", "mode", "mode LA, 8-bit grey (L, or RGB with equal channels) expected"),
    ]
    read = report.table[["width", "height", "format", "mode"]]
    assert read.iloc[[3, 7]].to_numpy().tolist() == [[128, 64, "PNG", "L"], [80, 70, "PNG", "LA"]]
    assert report.table["cluster"].tolist() == list(range(8))
    assert report.seconds == {"read": 3.0, "search": 20.0, "metadata": 7.0}


def test_a_mask_fits_a_picture_that_lies_as_this_one_does(tmp_path: Path, heard: Any) -> None:
    heads = [head(i) for i in range(7)]
    write(tmp_path / "mine", {f"{i}.png": one for i, one in enumerate(heads)})
    theirs = {
        "a.png": heads[0],
        "b.png": np.fliplr(heads[1]),
        "c.png": cv2.resize(heads[2], (128, 128)).astype(np.uint8),
        "d.png": (255 * (heads[3] / 255) ** 2).astype(np.uint8),
        "e.png": cv2.resize(heads[4][7:, 2:-4], (SIZE, SIZE)).astype(np.uint8),
        "f.png": np.flipud(heads[5]),
        "g.png": cv2.resize(heads[6], (300, 300)).astype(np.uint8),
    }
    write(tmp_path / "theirs", theirs)
    mine = manifest_of(tmp_path / "mine", {"path": [f"{i}.png" for i in range(7)]})
    against = Manifest.of(pd.DataFrame({"path": [*theirs]}), tmp_path / "theirs", "theirs")
    matches = audit(mine, against=against, progress=heard).matches
    assert heard.steps[-1] == ("reading", 14, 14)
    assert matches["other_path"].tolist() == [*theirs]
    assert matches["adjusted"].tolist() == ["", "", "", "contrast", "alignment", "", ""]
    assert matches["mask_fits"].tolist() == [True, False, False, True, False, False, False]


@pytest.mark.integration
def test_metadata_are_judged_by_patients_joined_with_copies(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = []
    for i in range(24):
        label = "ab"[i // 2 % 2]
        side = 64 if label == "a" else 66
        write(tmp_path, {f"{i:02}.png": grain(side, side, seed=i)})
        rows.append({"path": f"{i:02}.png", "label": label, "patient": f"p{i // 2}"})
    # Patients 0 and 2 share a picture; a broken and an unlabelled file take no part.
    shutil.copy(tmp_path / "00.png", tmp_path / "04.png")
    (tmp_path / "cut.png").write_bytes(b"cut")
    write(tmp_path, {"none.png": grain(64, 64, seed=99)})
    rows.insert(0, {"path": "cut.png", "label": "b", "patient": "x"})
    rows.insert(5, {"path": "none.png", "label": None, "patient": "y"})
    manifest = Manifest.of(pd.DataFrame(rows), tmp_path)
    by_name = {b.name: b for b in audit(manifest).betrayals}
    assert by_name["size"].groups == 11
    assert by_name["size"].accuracy == 1.0
    assert by_name["border"] == {b.name: b for b in audit(manifest, seed=0).betrayals}["border"]
    assert by_name["border"] != {b.name: b for b in audit(manifest, seed=1).betrayals}["border"]


def test_a_family_is_told_where_none_of_its_ids_is_told_already(tmp_path: Path) -> None:
    patients = ["p1A", "p1A", "p1B", "q2A", "q2B", "q2C", "r3", "s4A"]
    write(tmp_path, {f"{i}.png": grain(64, 64, seed=i) for i in range(8)})
    manifest = manifest_of(
        tmp_path,
        {
            "path": [f"{i}.png" for i in range(8)],
            "patient": patients,
            "split": ["train", "test", "train", "train", "test", "train", "test", "train"],
        },
    )
    report = audit(manifest)
    assert [s.ids for s in report.straddlers] == [("p1A",)]
    assert [s.ids for s in report.straddling_families] == [("q2A", "q2B", "q2C")]
    assert report.families == {"p1": ["p1A", "p1B"], "q2": ["q2A", "q2B", "q2C"]}


def test_rows_without_a_path_are_refused_in_both_manifests(tmp_path: Path) -> None:
    write(tmp_path, {"a.png": grain(64, 64)})
    good = manifest_of(tmp_path, {"path": ["a.png"]})
    for paths in ([], ["a.png", None]):
        bad = Manifest.of(pd.DataFrame({"path": paths}, dtype="str"), tmp_path, "bad")
        with pytest.raises(UsageError, match="bad: no rows, or rows without a path"):
            audit(bad)
        with pytest.raises(UsageError, match="bad: no rows, or rows without a path"):
            audit(good, against=bad)


@pytest.mark.integration
def test_sartaj_leaks(figshare_folder: Path) -> None:
    folder = figshare_folder.parent / "sartaj"
    if not folder.is_dir():
        pytest.skip(f"the Sartaj slices are not at {folder}")
    paths = sorted(folder.glob("*/*_tumor/*.jpg"))
    report = audit(
        manifest_of(
            folder,
            {
                "path": [str(p.relative_to(folder)) for p in paths],
                "label": [p.parent.name for p in paths],
                "split": ["test" if p.parts[-3] == "Testing" else "train" for p in paths],
            },
        )
    )
    assert report.crossing("split")["test"] == (273, 394)
    assert len(report.contradictions) == 3
    labels = {tuple(sorted(set(report.table["label"].iloc[r]))) for r in report.contradictions}
    assert labels == {("glioma_tumor", "meningioma_tumor")}
    assert not (report.links["orientation"] != "same").any()
