from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from gliaboost._face.folders import without_patients
from gliaboost._face.inputs import keep_manifest, of_target, read_data
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import ManifestError, UsageError
from gliaboost.progress import Silent

MakeImages = Callable[..., Path]


class Lines(Silent):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def line(self, text: str) -> None:
        self.heard.append(text)


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    """Return a folder of two classes; nothing here looks at pixels."""
    for path in ("scans/glioma/1.png", "scans/glioma/2.png", "scans/healthy/1.png"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(path.encode())
    return tmp_path / "scans"


def test_a_manifest_is_taken_as_it_is(tmp_path: Path) -> None:
    table = Manifest.of(pd.DataFrame({"path": ["a.png"]}), tmp_path)
    assert read_data(table) is table


def test_a_manifests_file_is_read(make_images: MakeImages) -> None:
    path, said = make_images(patients=2), Lines()
    for given in (path, str(path)):
        table = read_data(given, said)
        assert (len(table), table.name, table.has_patients) == (6, str(path), True)
    assert said.heard == []


def test_a_data_frame_is_seen_from_the_working_folder(
    classes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(classes)
    table = read_data(pd.DataFrame({"path": ["glioma/1.png"], "label": ["glioma"]}))
    assert table.paths == [classes / "glioma" / "1.png"]
    assert table.check().classes == ["glioma"]


def test_a_folder_is_taken_for_classes_and_says_so(classes: Path) -> None:
    said = Lines()
    table = read_data(classes, said)
    assert table.table["label"].value_counts().to_dict() == {"glioma": 2, "healthy": 1}
    (heard,) = said.heard
    assert heard.splitlines() == [
        f"{classes}: taken for a folder of classes",
        "  3 images: glioma 2, healthy 1",
        *(f"  {line}" for line in without_patients("folder", classes)),
    ]


def test_a_folder_with_a_manifest_is_read_by_it(make_images: MakeImages) -> None:
    path, said = make_images(patients=2), Lines()
    table = read_data(path.parent, said)
    assert table.has_patients
    assert said.heard == [f"{path.parent}: read by its manifest.csv"]


def test_a_folder_with_two_manifests_is_refused(make_images: MakeImages) -> None:
    path = make_images(patients=2)
    Manifest.read(path).write(path.with_suffix(".parquet"))
    with pytest.raises(UsageError, match=r"manifest\.parquet and manifest\.csv; name the one"):
        read_data(path.parent)


def test_a_folder_of_another_layout_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "1.raw").touch()
    with pytest.raises(UsageError, match=r"seen 1\.raw, in all 1 .*manifest SOURCE"):
        read_data(tmp_path)


def test_what_is_no_data_set_is_refused(tmp_path: Path) -> None:
    (tmp_path / "slices").mkdir()
    with pytest.raises(UsageError, match=r"no manifest, .*gone\.csv; name a folder of classes"):
        read_data(tmp_path / "gone.csv")
    with pytest.raises(UsageError, match=r"did you mean slices\?"):
        read_data(tmp_path / "slice")
    with pytest.raises(ManifestError, match="no column 'path'"):
        read_data(pd.DataFrame({"name": ["a.png"]}))
    with pytest.raises(UsageError, match="a data set of type int"):
        read_data(7)  # type: ignore[arg-type]


def test_a_target_is_chosen_and_says_what_it_leaves_out(classes: Path) -> None:
    said = Lines()
    table = of_target(read_data(classes), "Type", progress=said)
    assert table.classes == ["glioma"]
    assert said.heard == ["left out: 1 rows without 'type'"]


def test_the_label_alone_keeps_all_rows_with_their_faults(tmp_path: Path) -> None:
    table = Manifest.of(pd.DataFrame({"path": ["a.png"], "label": [None]}), tmp_path)
    assert of_target(table) is of_target(table, "Label", "BOTH") is table


def test_an_archive_is_unpacked_below_the_store(classes: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "scans"), "zip", classes)
    table = read_data(archive, store=tmp_path / "store")
    assert table.classes == ["glioma", "healthy"]
    assert table.paths[0].is_relative_to(tmp_path / "store" / "unpacked")


def test_the_manifest_of_a_folder_is_kept_and_says_where(classes: Path, tmp_path: Path) -> None:
    said, path = Lines(), tmp_path / "run" / "scans.parquet"
    table = keep_manifest(read_data(classes), classes, path, said)
    again = Manifest.read(path).check()
    assert again.paths[0].samefile(classes / "glioma" / "1.png")
    assert again.fingerprint() == table.fingerprint()
    assert table.table["key"].notna().all()
    assert said.heard[0].startswith(f"manifest: {path}")


def test_of_what_has_a_manifest_none_is_written(make_images: MakeImages, tmp_path: Path) -> None:
    path = make_images(patients=2)
    for data in (path, path.parent, Manifest.read(path), pd.read_csv(path)):
        table = read_data(data)
        assert keep_manifest(table, data, tmp_path / "kept.parquet") is table
    assert not (tmp_path / "kept.parquet").exists()
