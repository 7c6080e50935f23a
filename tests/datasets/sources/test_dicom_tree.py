from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePath

import pytest

from gliaboost.datasets.sources.dicom_tree import DicomHeader, class_like, read_headers, with_labels
from gliaboost.errors import UsageError


def header(path: str, instance: str = "", folder: Path = Path("x")) -> DicomHeader:
    levels = PurePath(path).parent.parts
    return DicomHeader(
        folder / path, PurePath(path), "P1", "1", "1", instance, ("t1",), levels=levels
    )


def labels(*paths: str, asked: bool = False) -> list[str | None]:
    return [h.label for h in with_labels(Path("x"), [header(p) for p in paths], asked)]


def test_folders_that_are_classes_by_their_names_are_labels() -> None:
    assert labels("yes/P1/1", "no/P2/1") == ["yes", "no"]
    assert labels("P1/yes/1", "P1/no/1", "P2/no/1") == ["yes", "no", "no"]
    assert labels("glioma/1", "healthy/1", "Glioma/2", "glioma/3") == [
        "glioma", "healthy", "glioma", "glioma"
    ]  # fmt: skip
    (one, _) = with_labels(Path("x"), [header("yes/P1/1"), header("no/P2/1")], False)
    assert one.levels == ("P1",)


def test_folders_that_are_not_all_classes_are_none_unless_asked() -> None:
    for paths in (("hgg/1", "lgg/1"), ("yes/1", "other/1"), ("yes/1", "1"), ("yes/1", "yes/2")):
        assert labels(*paths) == [None, None]
    assert labels("hgg/1", "lgg/a/1", "x", asked=True) == ["hgg", "lgg", None]
    assert labels("yes/1", "other/1", asked=True) == ["yes", "other"]
    assert labels("yes/1", "yes/2", asked=True) == ["yes", "yes"]


def test_what_looks_like_a_class_is_named() -> None:
    headers = [header("P1/yes/1"), header("P1/2"), header("no/1")]
    assert class_like(headers) == ["no", "yes"]
    assert class_like([replace(h, label="x") for h in headers]) == []


def test_class_folders_that_are_not_there_or_unclear() -> None:
    with pytest.raises(UsageError, match="all files lie in one folder"):
        labels("a/1", "a/2", asked=True)
    with pytest.raises(
        UsageError, match=r"unclear which are the classes: P1, P2, or no, yes below"
    ):
        labels("P1/yes/1", "P2/no/1", "P2/2", asked=True)


@pytest.mark.parametrize("asked", [False, True])
def test_folders_that_contradict_each_other(asked: bool) -> None:
    with pytest.raises(UsageError, match=r"yes/no: the folders yes and no name two classes"):
        labels("yes/no/1", "no/1", asked=asked)
    with pytest.raises(UsageError, match="glioma and meningioma"):
        labels("glioma/meningioma/1", "healthy/1", asked=asked)
    assert labels("yes/glioma/1", "no/1", asked=asked) == ["yes", "no"]


def test_one_image_in_the_folders_of_two_classes(tmp_path: Path) -> None:
    headers = [header(p, "1.2.3", tmp_path) for p in ("yes/1", "no/1", "yes/2")]
    for h in headers:
        h.file.parent.mkdir(exist_ok=True)
        h.file.write_bytes(h.path.name.encode())
    with pytest.raises(
        UsageError, match="one image lies in the folders of two classes: yes/1 and no/1"
    ):
        with_labels(tmp_path, headers, False)
    # One UID for all is an anonymiser's.
    headers[1].file.write_bytes(b"another")
    assert [h.label for h in with_labels(tmp_path, headers, False)] == ["yes", "no", "yes"]


def read(folder: Path, *paths: str) -> list[DicomHeader]:
    pydicom = pytest.importorskip("pydicom")
    for path in paths:
        data = pydicom.Dataset()
        data.SOPClassUID, data.Modality = "1.2.840.10008.5.1.4.1.1.4", "MR"
        data.Rows = data.Columns = 8
        data.BitsAllocated, data.NumberOfFrames = 16, 2
        data.PatientID, data.SeriesDescription = " 7 ", "AX T2"
        data.file_meta = pydicom.dataset.FileMetaDataset()
        data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        data.save_as(folder / path)
    found, passed = read_headers(folder, [folder / p for p in paths], all_images=False)
    assert not passed
    return found


def test_headers_say_what_tags_and_folders_say(tmp_path: Path) -> None:
    one, other = read(tmp_path, "data/train/P1/1", "data/test/P2/1")
    assert (one.patient, one.study, one.sequences) == ("7", "", ("t2", "t2"))
    assert (one.split, one.levels) == ("train", ("P1",))
    assert (other.split, other.levels) == ("test", ("P2",))
    assert "7" not in repr(replace(one, file=Path("x"), path=PurePath("x")))


def test_folders_of_one_split_and_below_patients_are_none(tmp_path: Path) -> None:
    found = read(tmp_path, "a/test/1", "a/val/1", "b/1")
    assert [(h.split, h.levels) for h in found] == [
        (None, ("a", "test")), (None, ("a", "val")), (None, ("b",))
    ]  # fmt: skip
    found = read(tmp_path / "x", "test/P1/1", "test/P2/1")
    assert [(h.split, h.levels) for h in found] == [(None, ("P1",)), (None, ("P2",))]
    found = read(tmp_path / "y", "yes/train/1", "yes/test/1", "no/test/1")
    assert [(h.split, h.levels) for h in found] == [
        ("train", ("yes",)), ("test", ("yes",)), ("test", ("no",))
    ]  # fmt: skip


def test_what_is_no_slice_is_named(tmp_path: Path) -> None:
    read(tmp_path, "1")
    (tmp_path / "x").write_bytes(b"no DICOM")
    _, passed = read_headers(tmp_path, [tmp_path / "x"], all_images=False)
    assert passed == [("x", "no DICOM")]
