"""A tree of DICOM files made on the spot: tags, frames, windows, and what must not leave it."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.decode import decode
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources import read_source
from gliaboost.errors import MissingExtraError, UsageError

pydicom = pytest.importorskip("pydicom")


def write(file: Path, pixels: NDArray[Any], patient: str = "Doe^John-4711", **tags: Any) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    data: Any = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    data.SOPClassUID, data.SOPInstanceUID = data.file_meta.MediaStorageSOPClassUID, generate_uid()
    data.PatientID, data.PatientName, data.PatientBirthDate = patient, "Doe^John", "19500101"
    data.InstitutionName, data.Modality = "St. Nowhere", tags.pop("Modality", "MR")
    data.SeriesInstanceUID = tags.pop("SeriesInstanceUID", "1.2.3")
    if pixels.ndim == 3:
        data.NumberOfFrames = len(pixels)
    data.Rows, data.Columns = pixels.shape[-2:]
    data.SamplesPerPixel = 1
    data.PhotometricInterpretation = tags.pop("PhotometricInterpretation", "MONOCHROME2")
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation = 15, int(pixels.dtype == np.int16)
    data.PixelData = pixels.astype("<i2" if pixels.dtype == np.int16 else "<u2").tobytes()
    for name, value in tags.items():
        setattr(data, name, value)
    file.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(file, enforce_file_format=True)


def ramp(low: int = 0, high: int = 1000, dtype: Any = np.uint16) -> NDArray[Any]:
    return np.linspace(low, high, 32 * 32).reshape(32, 32).astype(dtype)


def pixels_of(manifest: Manifest, row: int = 0) -> NDArray[np.uint8]:
    return decode(manifest.paths[row])


def test_patients_planes_and_positions(tmp_path: Path) -> None:
    axial, sagittal = [1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1]
    write(tmp_path / "a" / "1", ramp(), ImageOrientationPatient=axial,
          ImagePositionPatient=[0, 0, 12.5])  # fmt: skip
    write(tmp_path / "a" / "2", ramp(), ImageOrientationPatient=sagittal, SeriesInstanceUID="1.2.9")
    write(tmp_path / "b" / "x.dcm", ramp(), patient="Roe")
    (tmp_path / "b" / "notes.txt").write_text("no DICOM")
    manifest = read_source("dicom", tmp_path, images=tmp_path / "png")
    table = manifest.table
    first, again, second = table["patient"]
    assert first == again != second
    assert all(re.fullmatch("P[0-9a-f]{12}", p) for p in table["patient"])
    assert table["plane"].tolist()[:2] == ["axial", "sagittal"]
    assert table["plane"].isna().tolist() == [False, False, True]
    assert table["position"].tolist()[0] == 12.5
    assert table["series"].tolist() == [f"{first}-S01", f"{first}-S02", f"{second}-S01"]
    assert set(table["modality"]) == {"MRI"}
    assert manifest.faults() == []
    assert pixels_of(manifest)[0, 0] == 0
    assert pixels_of(manifest)[-1, -1] == 255


def test_nothing_that_identifies_leaves_the_reader(tmp_path: Path) -> None:
    write(tmp_path / "Doe^John" / "Doe-1950.dcm", ramp())
    table = tmp_path / "labels.csv"
    table.write_text("patient,label\nDoe^John-4711,glioma\n")
    with warnings.catch_warnings(record=True) as said:
        manifest = read_source("dicom", tmp_path, images=tmp_path / "png", labels=table)
    assert not said  # the table of labels is no file that was passed over
    assert manifest.table["label"].tolist() == ["glioma"]
    assert manifest.table["type"].tolist() == ["glioma"]
    for file in (tmp_path / "png").rglob("*"):
        assert "Doe" not in str(file.relative_to(tmp_path / "png"))
        if file.is_file():
            content = file.read_bytes()
            for secret in (b"Doe", b"4711", b"1950", b"Nowhere"):
                assert secret not in content
    assert "Doe" not in manifest.table.to_csv()


def pseudonyms(folder: Path, name: str, salt: str | None = None) -> list[str]:
    manifest = read_source("dicom", folder, images=folder.parent / f"png-{name}", salt=salt)
    return manifest.table["patient"].tolist()


def test_pseudonyms_need_the_tree_or_the_salt(tmp_path: Path) -> None:
    write(tmp_path / "a" / "1", ramp())
    write(tmp_path / "b" / "1", ramp())
    assert pseudonyms(tmp_path / "a", "1") == pseudonyms(tmp_path / "a", "2")
    # Rows of two trees may be joined: nobody is taken for another by a number.
    assert pseudonyms(tmp_path / "a", "1") != pseudonyms(tmp_path / "b", "3")
    salted = pseudonyms(tmp_path / "a", "4", "our secret")
    assert salted == pseudonyms(tmp_path / "b", "5", "our secret")
    assert salted != pseudonyms(tmp_path / "a", "4", "another")
    for file in (tmp_path / "png-4").rglob("*.json"):
        assert b"another" not in file.read_bytes()


def test_without_a_patient_the_study_stands_for_one(tmp_path: Path) -> None:
    for name, study in (("1", "9.1"), ("2", "9.1"), ("3", "9.2"), ("4", ""), ("5", "")):
        write(tmp_path / name, ramp(), patient="", StudyInstanceUID=study)
    one, two, three, four, five = pseudonyms(tmp_path, "x")
    assert one == two
    assert len({one, three, four, five}) == 4


def test_bombs_are_refused_by_their_tags(tmp_path: Path) -> None:
    write(tmp_path / "good", ramp())
    write(tmp_path / "huge", ramp())
    data = pydicom.dcmread(tmp_path / "huge")
    data.NumberOfFrames, data.Rows, data.Columns = 10_000, 65_535, 65_535
    data.save_as(tmp_path / "huge")
    write(tmp_path / "deflated", ramp())
    data = pydicom.dcmread(tmp_path / "deflated")
    data.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    data.save_as(tmp_path / "deflated")
    with pytest.warns(UserWarning, match=r"1 of 3 .*more than the cap.*\(huge\)"):
        assert len(read_source("dicom", tmp_path, images=tmp_path / "png")) == 2


def test_ct_is_rescaled_and_windowed(tmp_path: Path) -> None:
    write(tmp_path / "1", ramp(0, 2000), Modality="CT", RescaleSlope=1, RescaleIntercept=-1024)
    brain = pixels_of(read_source("dicom", tmp_path, images=tmp_path / "a"))
    values = ramp(0, 2000).astype(float) - 1024
    assert (brain[values <= 0] == 0).all()
    assert (brain[values >= 80] == 255).all()
    assert abs(int(brain.ravel()[np.abs(values - 40).argmin()]) - 128) <= 3
    bone = read_source("dicom", tmp_path, images=tmp_path / "b", window="bone")
    assert bone.table["window"].tolist() == ["bone"]
    assert bone.table["modality"].tolist() == ["CT"]
    assert pixels_of(bone).mean() < brain.mean()
    with pytest.raises(UsageError, match="brain, subdural, bone, or CENTRE:WIDTH"):
        read_source("dicom", tmp_path, images=tmp_path / "c", window="lung")


def test_the_files_own_window_and_monochrome1(tmp_path: Path) -> None:
    write(tmp_path / "1", ramp(), WindowCenter=[500, 40], WindowWidth=[200, 80])
    write(tmp_path / "2", ramp(), PhotometricInterpretation="MONOCHROME1")
    manifest = read_source("dicom", tmp_path, images=tmp_path / "png")
    assert manifest.table["window"].tolist() == ["500:200", "full"]
    own = pixels_of(manifest)
    assert (own[ramp() < 399] == 0).all()
    assert (own[ramp() > 601] == 255).all()
    turned = pixels_of(manifest, 1)
    assert turned[0, 0] == 255
    assert turned[-1, -1] == 0


def test_windowed_monochrome1_is_turned_alike_in_every_slice(tmp_path: Path) -> None:
    inverse: dict[str, Any] = {
        "PhotometricInterpretation": "MONOCHROME1",
        "WindowCenter": 500,
        "WindowWidth": 1000,
    }
    write(tmp_path / "1", ramp(0, 1000), **inverse)
    write(tmp_path / "2", ramp(0, 500), **inverse)
    manifest = read_source("dicom", tmp_path, images=tmp_path / "png")
    assert pixels_of(manifest, 0)[0, 0] == pixels_of(manifest, 1)[0, 0] == 255
    assert abs(int(pixels_of(manifest, 1)[-1, -1]) - 127) <= 1


def test_frames_of_an_enhanced_file(tmp_path: Path) -> None:
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    frames = []
    for z in (0.0, 5.0, 10.0):
        place, group = Dataset(), Dataset()
        place.ImagePositionPatient = [0, 0, z]
        group.PlanePositionSequence = Sequence([place])
        frames.append(group)
    turn, shared = Dataset(), Dataset()
    turn.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    shared.PlaneOrientationSequence = Sequence([turn])
    write(
        tmp_path / "many.dcm",
        np.stack([ramp() + 10 * i for i in range(3)]),
        PerFrameFunctionalGroupsSequence=Sequence(frames),
        SharedFunctionalGroupsSequence=Sequence([shared]),
    )
    manifest = read_source("dicom", tmp_path, images=tmp_path / "png")
    assert manifest.table["position"].tolist() == [0.0, 5.0, 10.0]
    assert manifest.table["plane"].tolist() == ["axial"] * 3
    assert [p.name for p in manifest.paths] == ["S01-0001.png", "S01-0002.png", "S01-0003.png"]


def test_what_gives_no_slice_is_named_and_the_rest_is_done(tmp_path: Path) -> None:
    write(tmp_path / "good", ramp())
    write(tmp_path / "ultrasound", ramp(), Modality="US")
    write(tmp_path / "empty", ramp())
    data = pydicom.dcmread(tmp_path / "empty")
    del data.PixelData
    data.save_as(tmp_path / "empty")
    cut = (tmp_path / "good").read_bytes()
    (tmp_path / "cut").write_bytes(cut[: len(cut) - 500])
    with pytest.warns(UserWarning, match=r"3 of 4 DICOM files.*no pixels.*modality US"):
        manifest = read_source("dicom", tmp_path, images=tmp_path / "png")
    assert len(manifest) == 1


def test_no_dicom_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x" * 200)
    with pytest.raises(UsageError, match="DICM at byte 128"):
        read_source("dicom", tmp_path)


def test_a_missing_library_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "1", ramp())
    monkeypatch.setitem(__import__("sys").modules, "pydicom", None)
    with pytest.raises(MissingExtraError, match=r"gliaboost\[dicom\]"):
        read_source("dicom", tmp_path, images=tmp_path / "png")


def read(folder: Path, **options: Any) -> Manifest:
    return read_source("dicom", folder, images=folder.parent / "png", **options)


def test_class_folders_are_labels_and_a_table_goes_before_them(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    write(tree / "yes" / "1", ramp(), patient="A")
    write(tree / "yes" / "2", ramp(), patient="B")
    write(tree / "no" / "1", ramp(), patient="C")
    with pytest.warns(UserWarning, match="folders are taken for labels: yes 2 files, no 1 files"):
        manifest = read(tree)
    assert sorted(manifest.table["label"]) == ["no", "yes", "yes"]
    assert sorted(manifest.table["presence"]) == ["no_tumor", "tumor", "tumor"]
    assert len(set(manifest.table["patient"])) == 3
    table = tmp_path / "labels.csv"
    table.write_text("patient,label\nA,glioma\nC,none\n")
    with pytest.warns(UserWarning):
        manifest = read(tree, labels=table)
    assert sorted(manifest.table["label"]) == ["glioma", "none", "yes"]


def test_folders_of_any_name_are_labels_where_asked(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name in ("hgg/1", "lgg/1", "stray"):
        write(tree / name, ramp(), patient=name)
    with pytest.warns(UserWarning, match=r"1 of 3 .*1 in no class folder \(stray\)"):
        manifest = read(tree, class_folders=True)
    assert sorted(manifest.table["label"]) == ["hgg", "lgg"]
    for n in range(6):
        write(tree / f"p{n}" / "1", ramp(), patient=f"Doe{n}")
    with pytest.raises(UsageError, match="each of 8 folders holds one patient"):
        read(tree, class_folders=True)
    write(tree / "yes" / "1", ramp(), patient="Q")
    with pytest.warns(UserWarning, match="the folders yes look like classes, but not all"):
        assert not read(tree).table["label"].notna().any()


def test_patients_without_an_id_are_said_and_chosen(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name, study in (("Doe/1", "1.1"), ("Doe/2", "1.2"), ("Roe/1", "1.3")):
        write(tree / name, ramp(), patient="ANON", StudyInstanceUID=study)
    with pytest.warns(UserWarning, match=r"PatientID tells nobody .* 2 patients: 3 by folder"):
        manifest = read(tree)
    assert manifest.table["patient"].nunique() == 2
    assert "Roe" not in manifest.table.to_csv()
    assert read(tree, patient_from="tag").table["patient"].nunique() == 1
    assert read(tree, patient_from="study").table["patient"].nunique() == 3
    unknown = read(tree, patient_from="none")
    assert not unknown.has_patients
    assert len(set(unknown.paths)) == 3
    table = tmp_path / "labels.csv"
    table.write_text("patient,label\nDoe,glioma\nRoe,meningioma\n")
    with pytest.warns(UserWarning):
        assert sorted(read(tree, labels=table).table["label"]) == ["glioma"] * 2 + ["meningioma"]


def test_sequences_are_counted_and_chosen(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name, description in (("1", "AX T1"), ("2", "AX T2 FLAIR"), ("3", "AX FLAIR"), ("4", "x")):
        write(tree / name, ramp(), SeriesDescription=description)
    write(tree / "5", ramp(), Modality="CT")
    with pytest.warns(UserWarning, match=r"slices: CT 1, flair 2, other 1, t1 1\); --sequence"):
        manifest = read(tree)
    assert manifest.table["sequence"].tolist()[:4] == ["t1", "flair", "flair", "other"]
    assert manifest.table["sequence"].isna().tolist()[4:] == [True]
    with pytest.warns(UserWarning, match="sequences left out: CT 1, other 1, t1 1"):
        assert set(read(tree, sequence="flair").table["sequence"]) == {"flair"}
    with pytest.warns(UserWarning, match="left out"):
        assert len(read(tree, sequence="T1,flair")) == 3
    with pytest.raises(
        UsageError, match=r"--sequence t2 in 5 DICOM files; there are: CT 1, flair 2"
    ):
        read(tree, sequence="t2")
    with pytest.raises(UsageError, match="sequence 't9'"):
        read(tree, sequence="t9")


def test_localizers_and_screenshots_are_passed_over_unless_asked_for(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    write(tree / "scout", ramp(), ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    with pytest.raises(UsageError, match=r"1 localizer \(scout\); --all-images takes localizers"):
        read(tree)
    write(tree / "good", ramp())
    write(tree / "shot", ramp(), ImageType=["DERIVED", "SECONDARY"])
    (tree / "a.png").write_bytes(b"x" * 200)
    with pytest.warns(UserWarning) as said:
        assert len(read(tree)) == 1
    text = " ".join(str(w.message) for w in said)
    assert "2 of 3 DICOM files give no slice: 1 localizer (scout); 1 screenshot (shot)" in text
    assert "no DICOM, and not looked at: 1 .png" in text
    with pytest.warns(UserWarning, match=r"1 \.png"):
        assert len(read(tree, all_images=True)) == 3


def test_splits_are_the_folders(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name in ("Training/yes/1", "Testing/yes/1", "Testing/no/1"):
        write(tree / name, ramp(), patient=name)
    with pytest.warns(UserWarning, match="taken for labels"):
        table = read(tree).table
    assert sorted(zip(table["split"], table["label"], strict=True)) == [
        ("test", "no"), ("test", "yes"), ("train", "yes")
    ]  # fmt: skip


def test_tables_of_labels_are_held_against_the_tree_without_naming_anybody(tmp_path: Path) -> None:
    tree, table = tmp_path / "tree", tmp_path / "labels.csv"
    write(tree / "a" / "1", ramp(), patient="007")
    write(tree / "b" / "1", ramp(), patient="008")
    table.write_text("patient,label\n7,glioma\n008,glioma\n")
    with pytest.raises(UsageError, match=r"1 names in --labels differ .* by zeros in front"):
        read(tree, labels=table)
    table.write_text("patient,label\nX,glioma\n")
    with pytest.raises(UsageError, match="--labels names none of the tree's patients"):
        read(tree, labels=table)
    table.write_text("patient,label\n007,glioma\nX,glioma\n")
    with pytest.warns(UserWarning, match="--labels names 1 patients or files that are not there"):
        assert read(tree, labels=table).table["label"].notna().sum() == 1


def test_the_user_says_whose_a_file_is_by_its_path_or_in_a_table(tmp_path: Path) -> None:
    for name in ("sub-1/a", "sub-1/b", "sub-2/c"):
        write(tmp_path / "tree" / name, ramp(), patient="same", StudyInstanceUID=name)
    regex = r"^(?P<patient>sub-\d+)/"
    with pytest.warns(UserWarning, match="2 patients were given to 3 of 3 files"):
        by_path = read_source(
            "dicom", tmp_path / "tree", images=tmp_path / "x", patient_regex=regex
        )
    assert len(set(by_path.table["patient"])) == 2
    (tmp_path / "p.csv").write_text("file,patient\na,X\ntree/sub-2/c,X\n", "utf-8")
    with pytest.warns(UserWarning, match="1 patients were given to 2 of 3 files"):
        by_table = read_source(
            "dicom", tmp_path / "tree", images=tmp_path / "y", patients=tmp_path / "p.csv"
        )
    assert sorted(by_table.table["patient"].value_counts()) == [1, 2]
    with pytest.raises(UsageError, match="matches none of the 3 paths"):
        read_source(
            "dicom", tmp_path / "tree", images=tmp_path / "z", patient_regex="(?P<patient>Q)"
        )
    for folder in ("x", "y"):
        kept = "".join(f.read_text("utf-8") for f in (tmp_path / folder).glob("*.json"))
        assert "sub-1" not in kept and "p.csv" not in kept


def test_names_of_another_encoding_stop_nothing(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    try:
        for folder in (b"m\xe9ningiome", b"gliome"):
            there = tree / os.fsdecode(folder) / os.fsdecode(b"P\xe9")
            write(there / os.fsdecode(b"\xe9.dcm"), ramp(), patient="")
            (there / os.fsdecode(b"\xe9x.dcm")).write_bytes(bytes(128) + b"DICM" + b"\xff" * 99)
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    with pytest.warns(UserWarning, match="2 of 4"):
        manifest = read(tree, class_folders=True)
    assert sorted(manifest.table["label"]) == ["gliome", "m\ufffdningiome"]
    manifest.write(tmp_path / "m.parquet")


def test_ct_beside_one_sequence_is_no_mixture_of_sequences(tmp_path: Path) -> None:
    write(tmp_path / "tree" / "1", ramp(), SeriesDescription="AX T1")
    write(tmp_path / "tree" / "2", ramp(), Modality="CT")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read(tmp_path / "tree")) == 2


def test_frames_of_one_file_are_chosen_by_their_own_sequence(tmp_path: Path) -> None:
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    groups = []
    for weight in (0.0, 1000.0, 1000.0):
        weighted, group = Dataset(), Dataset()
        weighted.DiffusionBValue = weight
        group.MRDiffusionSequence = Sequence([weighted])
        groups.append(group)
    pixels = np.stack([ramp(), ramp() + 1, ramp() + 2])
    write(tmp_path / "tree" / "1", pixels, PerFrameFunctionalGroupsSequence=Sequence(groups))
    with pytest.warns(UserWarning, match="sequences left out: other 1"):
        table = read(tmp_path / "tree", sequence="dwi").table
    assert table["sequence"].tolist() == ["dwi", "dwi"]


def test_text_on_the_rim_of_a_slice_is_told(tmp_path: Path) -> None:
    import cv2

    head = cv2.circle(np.zeros((256, 256), np.uint8), (128, 140), 80, 150, -1)
    named = cv2.putText(head.copy(), "DOE JANE 1950", (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255)
    write(tmp_path / "a" / "1", head.astype(np.uint16))
    write(tmp_path / "a" / "2", named.astype(np.uint16))
    with pytest.warns(UserWarning, match=r"burnt into the rim of 1 slices \(.*-0002\.png\)"):
        manifest = read_source("dicom", tmp_path / "a", images=tmp_path / "out")
    assert len(manifest) == 2
