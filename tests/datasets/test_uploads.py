from __future__ import annotations

import hashlib
import io
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.decode import decode
from gliaboost.datasets.uploads import Upload, UploadLimits, beyond, open_upload, plain_name

GREYS = np.arange(24 * 24, dtype=np.uint16).reshape(24, 24)
Encode = Callable[..., bytes]


def png(image: NDArray[np.uint8] | None = None) -> bytes:
    own = (GREYS // 3).astype(np.uint8) if image is None else image
    return bytes(cv2.imencode(".png", own)[1].tobytes())


def zipped(members: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def nifti(**kwargs: object) -> bytes:
    import nibabel

    head = np.zeros((20, 30, 10), np.int16)
    head[4:16, 4:26, 3:8] = 500 + np.arange(5, dtype=np.int16) * 10
    library: Any = nibabel
    made: bytes = library.Nifti1Image(head, np.diag([1, 1, 3, 1])).to_bytes()
    return made


def names(uploads: list[Upload]) -> list[str]:
    return [one.name for one in uploads]


@pytest.mark.parametrize("name", ["a.png", "a.dcm", "a.nii", "a.nii.gz", "a.zip", "a", "a.txt"])
def test_a_picture_is_one_whatever_it_is_called(name: str) -> None:
    (one,) = open_upload(name, png())
    assert one.error is None and not one.is_scan
    assert np.array_equal(decode(one.slices[0].source), GREYS // 3)


@pytest.mark.parametrize("ending", [".jpg", ".tiff", ".bmp", ".png"])
def test_each_kind_of_picture_is_read(ending: str) -> None:
    data = cv2.imencode(ending, (GREYS // 3).astype(np.uint8))[1].tobytes()
    (one,) = open_upload("upload", data)
    assert decode(one.slices[0].source).shape == (24, 24)


def test_a_picture_is_known_by_its_file_and_its_bytes_are_gone() -> None:
    data = cv2.imencode(".jpg", (GREYS // 3).astype(np.uint8))[1].tobytes()
    (one,) = open_upload("a.png", data)
    source = one.slices[0].source
    assert source.key() == hashlib.sha256(data).hexdigest()
    assert source.read()[:4] == b"\x89PNG" and one.size == len(source.data or b"")


@pytest.mark.parametrize("name", ["scan.dcm", "scan.png", "scan.nii", "scan"])
def test_a_dicom_file_is_read_by_content_and_its_patient_is_nowhere(
    dicom_slice: Encode, name: str
) -> None:
    (one,) = open_upload(name, dicom_slice(GREYS))
    (looked,) = one.slices
    assert looked.place is not None and looked.place.spacing == (0.5, 0.5)
    assert looked.place.scan.data is None and looked.place.file.data is None
    assert "Doe" not in repr(one) and "4711" not in repr(one)
    assert b"Doe" not in (looked.source.data or b"")


def test_a_dicom_file_with_text_burnt_in_says_so(dicom_slice: Encode) -> None:
    (one,) = open_upload("a.dcm", dicom_slice(GREYS, BurnedInAnnotation="YES"))
    assert one.error is None and "burnt-in text" in one.notes[0]
    (scout,) = open_upload("a.dcm", dicom_slice(GREYS, ImageType=["ORIGINAL", "LOCALIZER"]))
    assert "localizer" in scout.notes[0]


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "scan.png", "scan"])
def test_a_volume_gives_the_slices_that_show_the_head(name: str) -> None:
    (one,) = open_upload(name, nifti())
    assert [s.place.number for s in one.slices if s.place] == [3, 4, 5, 6, 7]
    assert all(s.place is not None and s.place.scan.data is None for s in one.slices)
    (coronal,) = open_upload(name, nifti(), plane="coronal")
    assert len(coronal.slices) == 22


def test_a_zipped_series_is_one_scan_in_the_order_of_positions(dicom_slice: Encode) -> None:
    files = {
        f"DOE/JOHN{n}.dcm": dicom_slice(
            np.full((24, 24), 1, np.uint16) + np.eye(24, dtype=np.uint16) * (n + 1),
            ImagePositionPatient=[0, 0, place],
            InstanceNumber=n,
        )
        for n, place in enumerate([30, 10, 20])
    }
    (one,) = open_upload("series.zip", zipped({**files, "__MACOSX/junk": b"x", "DICOMDIR": b"y"}))
    assert one.name == "series.zip" and one.error is None
    assert [s.place.millimetres for s in one.slices if s.place] == [10, 20, 30]
    assert "JOHN" not in repr(one) and "DOE" not in repr(one)


def test_a_zip_of_several_series_and_pictures_gives_each(dicom_slice: Encode) -> None:
    data = zipped(
        {
            "a": dicom_slice(GREYS),
            "b": dicom_slice(GREYS, SeriesInstanceUID="9.9"),
            "c": dicom_slice(GREYS, ImageType=["ORIGINAL", "LOCALIZER"]),
            "d/e.png": png(),
            "f": b"Dear patient",
            "g": zipped({"h": png()}),
        }
    )
    found = open_upload("all.zip", data)
    assert names([one for one in found if one.error is None]) == [
        "all.zip, series 1", "all.zip, series 2", "all.zip/e.png",
    ]  # fmt: skip
    faults = {one.name: one.error for one in found if one.error}
    assert set(faults) == {"all.zip/f", "all.zip/g", "all.zip"}
    assert faults["all.zip"] and "1 localizer" in faults["all.zip"]


def test_a_zip_that_unpacks_to_too_much_is_refused_unread() -> None:
    bomb = zipped({"a": bytes(50_000_000)})
    tracemalloc.start()
    (one,) = open_upload("a.zip", bomb, limits=UploadLimits(size=1_000_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert one.error and "50 MB" in one.error
    assert peak < 5_000_000


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"Dear patient", "no image of a known kind"),
        (png()[:40], "damaged"),
        (b"PK\x03\x04rest", "damaged ZIP"),
        (zipped({}), "without a file"),
        (bytes(128) + b"DICMxx", ""),
        (b"\x1f\x8b" + bytes(40), ""),
        (b"\x5c\x01\x00\x00" + bytes(340) + b"n+1\0", "volume"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, said: str) -> None:
    (one,) = open_upload("a.png", data)
    assert one.error and said in one.error and not one.slices and "Traceback" not in one.error


def test_a_locked_zip_says_so() -> None:
    data = bytearray(zipped({"a": png()}))
    at = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[at + 8] |= 1
    (one,) = open_upload("a.zip", bytes(data))
    assert one.error == "is locked with a password"


def test_limits_hold_for_members_pictures_and_bytes() -> None:
    many = zipped({f"m{n}": png() for n in range(5)})
    assert "5 files" in (open_upload("a", many, limits=UploadLimits(members=4))[0].error or "")
    assert "5 pictures" in (open_upload("a", many, limits=UploadLimits(files=4))[0].error or "")
    assert open_upload("a", png(), limits=UploadLimits(size=10))[0].error
    assert len(open_upload("a", many)) == 5


def test_an_error_of_a_library_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object, **named: object) -> None:
        raise RuntimeError("secret of the file")

    monkeypatch.setattr("gliaboost.datasets.uploads.decode", broken)
    assert open_upload("a.png", png())[0].error == "cannot be read (RuntimeError)"


def test_what_is_too_much_is_told_before_it_is_read() -> None:
    limits = UploadLimits(size=100, files=3)
    assert beyond(limits, [50, 50]) is None and beyond(limits, [1], files=2) is None
    assert "4 files" in (beyond(limits, [1], files=3) or "")
    assert beyond(limits, [51, 50]) and beyond(limits, [1], size=100)


def test_a_name_is_short_and_without_folders() -> None:
    assert plain_name("/home/doe/" + "x" * 500 + ".png").endswith(".png")
    assert len(plain_name("x" * 500)) <= 120
    assert plain_name("a\u202eb\x00.png") == "a b .png"
