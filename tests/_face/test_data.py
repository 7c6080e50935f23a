from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

import gliaboost
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.public import fetch as fetching
from gliaboost.errors import ManifestError, UsageError
from gliaboost.progress import Silent

MakeImages = Callable[..., Path]


@pytest.fixture
def repeated(make_images: MakeImages) -> Path:
    """Return a manifest with one picture twice, under two patients."""
    path = make_images(patients=3, per_patient=1)
    shutil.copy(path.parent / "p00-0.png", path.parent / "copy.png")
    path.write_text(path.read_text("utf-8") + "copy.png,fine,other\n", "utf-8")
    return path


class Heard(Silent):
    """Keeps the lines and stages that it hears."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.stages: set[str] = set()

    def step(self, stage: str, done: int, total: int | None) -> None:
        self.stages.add(stage)

    def line(self, text: str) -> None:
        self.lines.append(text)


def files(folder: Path) -> set[str]:
    return {f.name for f in folder.iterdir()}


def test_fetch_tells_the_licence_before_it_downloads(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    heard, asked = Heard(), []

    def instead(name: str, folder: Path, **others: Any) -> Path:
        asked.append((name, folder, others["archive"]))
        assert "licence" in heard.lines[0]
        return folder / name

    monkeypatch.setattr(fetching, "fetch", instead)
    archive = tmp_path / "a.zip"
    archive.touch()
    folder = gliaboost.fetch("LGG", str(tmp_path), archive=str(archive), progress=heard)
    assert asked == [("lgg", tmp_path, archive)]
    assert folder == tmp_path / "lgg"


def test_a_manifest_is_read_checked_and_written(make_images: MakeImages, tmp_path: Path) -> None:
    path = make_images(patients=2)
    table = gliaboost.manifest("csv", path, tmp_path / "m.parquet")
    assert table.table["key"].notna().all()
    assert Manifest.read(tmp_path / "m.parquet").fingerprint() == table.fingerprint()
    (path.parent / "p00-0.png").unlink()
    with pytest.raises(ManifestError, match=r"p00-0\.png"):
        gliaboost.manifest("csv", path, tmp_path / "n.parquet")
    assert not (tmp_path / "n.parquet").exists()


def volumes(folder: Path, *names: str) -> None:
    """Write a small NIfTI volume of each name."""
    library: Any = nibabel
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        values = np.random.default_rng(len(name)).integers(0, 900, (12, 12, 4)).astype(np.int16)
        library.save(library.Nifti1Image(values, np.eye(4)), folder / name)


def test_patients_of_volumes_may_be_given_by_a_table_or_by_paths(tmp_path: Path) -> None:
    data, out, table = tmp_path / "data", tmp_path / "m.csv", tmp_path / "p.csv"
    volumes(data, "hgg/007/a_t1.nii.gz", "hgg/7/b_t1.nii.gz", "lgg/x/c_t1.nii.gz")
    with pytest.raises(UsageError, match="hgg, lgg look like classes"):
        gliaboost.manifest("nifti", data, out)
    expression = r"[hl]gg/(?P<patient>[^/]+)/"
    by_path = gliaboost.manifest("nifti", data, out, patient_regex=expression)
    assert set(by_path.table["patient"]) == {"007", "7", "x"}
    table.write_text("file,patient\na_t1.nii.gz,A\nhgg/7/b_t1.nii.gz,B\nc_t1,A\n")
    by_table = gliaboost.manifest("nifti", data, out, patients=table)
    assert dict(by_table.table.groupby("volume")["patient"].first()) == {
        "hgg/007/a_t1": "A",
        "hgg/7/b_t1": "B",
        "lgg/x/c_t1": "A",
    }
    table.write_text("file,patient\na_t1,A\n")
    some = gliaboost.manifest("nifti", data, out, patients=table, patient_from="folder:2")
    assert set(some.table["patient"]) == {"A", "7", "x"}


def test_slices_are_written_beside_the_manifest_and_never_among_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: cache)
    data = tmp_path / "data"
    volumes(data, "p1_t1.nii")
    table = gliaboost.manifest("nifti", data, tmp_path / "work" / "m.csv")
    assert table.root == tmp_path / "work" / "m-png"
    assert files(data) == {"p1_t1.nii"}
    inside = gliaboost.manifest("nifti", data, data / "m.csv")
    assert inside.root.is_relative_to(cache)
    assert gliaboost.manifest("nifti", data).root == inside.root
    assert files(data) == {"p1_t1.nii", "m.csv"}
    chosen = gliaboost.manifest("nifti", data, tmp_path / "n.csv", images=tmp_path / "here")
    assert chosen.root == tmp_path / "here"


@pytest.mark.integration
def test_an_audit_writes_nothing_unless_told_where(repeated: Path, tmp_path: Path) -> None:
    before, heard = files(repeated.parent), Heard()
    report = gliaboost.audit(repeated, progress=heard)
    assert report.counts()["duplicated"] == 1
    assert heard.stages == {"reading"}
    assert (files(repeated.parent), files(tmp_path)) == (before, {"data"})
    gliaboost.audit(repeated, out=tmp_path / "there")
    assert files(tmp_path / "there") == {"audit.json", "audit.html"}
    facts = json.loads((tmp_path / "there" / "audit.json").read_text("utf-8"))
    assert facts["counts"] == report.counts()


def test_an_audit_makes_better_manifests(repeated: Path, tmp_path: Path) -> None:
    groups, cleaned = tmp_path / "g.csv", tmp_path / "c.csv"
    out = tmp_path / "there"
    report = gliaboost.audit(
        repeated, out=out, write_groups=groups, drop="duplicates", cleaned=cleaned
    )
    first, second = report.written
    assert (first.path, first.rows, first.groups, first.grouped) == (str(groups), 4, 3, 2)
    assert (second.path, second.rows, second.dropped) == (str(cleaned), 3, ("duplicates",))
    facts = json.loads((out / "audit.json").read_text("utf-8"))
    assert [one["rows"] for one in facts["written"]] == [4, 3]
    joined = Manifest.read(groups)
    rows = dict(zip(joined.table["path"], joined.groups, strict=True))
    assert rows["data/p00-0.png"] == rows["data/copy.png"]
    assert len(Manifest.read(cleaned)) == 3


def test_an_audit_carries_columns_over(repeated: Path, tmp_path: Path) -> None:
    known = Manifest.read(repeated)
    bare = Manifest.of(known.table[["path", "label"]], known.root)
    report = gliaboost.audit(bare, against=known, carry=["patient"], cleaned=tmp_path / "c.csv")
    (told,) = report.written[0].carried
    # Two are one picture, of two patients.
    assert (told.column, told.filled, told.known, told.empty) == ("patient", 2, 4, 4)
    assert Manifest.read(tmp_path / "c.csv").has_patients


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"carry": "mask", "cleaned": "c.csv"}, "name it with --against"),
        ({"drop": "duplicates"}, "say with --cleaned where it goes"),
        ({"cleaned": "c.csv"}, "would be the same manifest; say with --drop"),
    ],
)
def test_what_an_audit_cannot_do_is_refused_first(
    options: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=expected):
        gliaboost.audit(tmp_path / "not read", **options)


def test_an_audit_shows_itself_in_a_notebook(repeated: Path) -> None:
    table = Manifest.read(repeated)
    hostile = Manifest(table.table, table.root, "<b>.csv")
    html = gliaboost.audit(hostile)._repr_html_()
    assert "Audit of &lt;b&gt;.csv, 4 files" in html and "<b>" not in html
    assert "pairs of the same file" in html and "pictures under two labels" not in html


def test_exploring_writes_a_page_only_when_told_where(
    make_images: MakeImages, tmp_path: Path
) -> None:
    path = make_images(patients=2)
    before = files(path.parent)
    overview = gliaboost.explore(path)
    assert [(c.label, c.read) for c in overview.classes] == [("coarse", 3), ("fine", 3)]
    assert files(path.parent) == before
    gliaboost.explore(path, tmp_path / "there" / "e.html")
    assert "6 images" in (tmp_path / "there" / "e.html").read_text("utf-8")


def test_preparations_are_said_in_three_ways(make_images: MakeImages) -> None:
    path = make_images(patients=2, per_patient=1)
    plain = gliaboost.explore(path).classes[0].histogram
    seen = [
        gliaboost.explore(path, prepare=prepare).classes[0].histogram
        for prepare in (
            "size=32,normalise=clahe",
            {"size": 32, "normalise": "clahe"},
            Preparation(size=32, normalise="clahe"),
        )
    ]
    assert not (seen[0] == plain).all()
    assert (seen[0] == seen[1]).all() and (seen[0] == seen[2]).all()


def test_fetching_is_refused_before_any_download(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as caught:
        gliaboost.fetch("Nothing", tmp_path / "file", archive=tmp_path / "gone.zip")
    for fault in ("no public data set 'Nothing'", "--out", "--archive"):
        assert fault in str(caught.value)
