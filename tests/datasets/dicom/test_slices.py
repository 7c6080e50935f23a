from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.decode import decode
from gliaboost.datasets.dicom.slices import dicom_files, passed_over, read_slices
from gliaboost.datasets.image_source import ImageSource
from gliaboost.datasets.sources import read_source
from gliaboost.errors import DecodeError, UsageError

Encode = Callable[..., bytes]
AXIAL = [1, 0, 0, 0, 1, 0]


def test_a_file_and_its_bytes_give_what_conversion_writes(
    encode: Encode, ramp: NDArray[np.uint16], tmp_path: Path
) -> None:
    contents = {
        "mr": encode(ramp, SeriesDescription="AX T2", ImageOrientationPatient=AXIAL,
                     ImagePositionPatient=[0, 0, 7], PixelSpacing=[1, 2], PixelPaddingValue=0),
        "ct": encode(ramp, Modality="CT", RescaleSlope=1, RescaleIntercept=-300),
        "frames": encode(np.stack([ramp, ramp[::-1]]), WindowCenter=400, WindowWidth=700),
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.dcm").write_bytes(content)
        manifest = read_source("dicom", tmp_path / name, images=tmp_path / f"{name}-png")
        written = [decode(p) for p in manifest.paths]
        for image in (tmp_path / name / "x.dcm", ImageSource("x.dcm", content), tmp_path / name):
            found = list(read_slices(image))
            assert len(found) == len(written)
            for each, pixels, row in zip(
                found, written, manifest.table.to_dict("records"), strict=True
            ):
                np.testing.assert_array_equal(each.image, pixels)
                assert each.image.dtype == np.uint8
                assert each.window == row["window"]
                assert each.modality == row["modality"]
                assert (
                    each.plane == row["plane"] or row["plane"] != row["plane"] or not row["plane"]
                )
    slices = list(read_slices(ImageSource("x.dcm", contents["frames"])))
    assert [s.name for s in slices] == ["x.dcm, frame 1", "x.dcm, frame 2"]
    (mr,) = read_slices(ImageSource("x.dcm", contents["mr"]))
    assert (mr.name, mr.sequence, mr.plane, mr.position) == ("x.dcm", "t2", "axial", 7.0)
    assert mr.image.shape == (32, 64)
    assert mr.spacing == (1.0, 1.0)
    assert slices[0].spacing is None
    tall = ImageSource("x.dcm", encode(ramp, PixelSpacing=[1.5, 0.5]))
    (drawn,) = read_slices(tall)
    assert (drawn.image.shape, drawn.spacing) == ((96, 32), (0.5, 0.5))


def test_a_window_is_for_ct_and_known(encode: Encode, ramp: NDArray[np.uint16]) -> None:
    ct = ImageSource("x", encode(ramp, Modality="CT"))
    assert [s.window for s in read_slices(ct, window="bone")] == ["bone"]
    with pytest.raises(UsageError, match="window 'lung'"):
        next(read_slices(ct, window="lung"))


def test_a_series_comes_in_the_order_of_its_positions(
    encode: Encode, ramp: NDArray[np.uint16], tmp_path: Path
) -> None:
    places = {"a": 30.0, "b": 10.0, "c": 20.0, "d": 5.0}
    for name, z in places.items():
        (tmp_path / name).write_bytes(
            encode(ramp, ImageOrientationPatient=AXIAL, ImagePositionPatient=[0, 0, z],
                   InstanceNumber=len(name), SeriesInstanceUID="1.2")
        )  # fmt: skip
    assert [s.name for s in read_slices(tmp_path)] == ["d", "b", "c", "a"]
    numbered = tmp_path / "numbered"
    numbered.mkdir()
    for name, number in (("a", 10), ("b", 9), ("c", 100)):
        (numbered / name).write_bytes(encode(ramp, InstanceNumber=number))
    assert [s.name for s in read_slices(numbered)] == ["b", "a", "c"]


def test_what_is_no_slice_of_the_series_is_passed_over_and_named(
    encode: Encode, ramp: NDArray[np.uint16], tmp_path: Path
) -> None:
    (tmp_path / "scout").write_bytes(
        encode(ramp, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], SeriesInstanceUID="1.9")
    )
    (tmp_path / "good").write_bytes(encode(ramp, SeriesInstanceUID="1.2"))
    (tmp_path / "bad").write_bytes(encode(ramp, SeriesInstanceUID="1.2", PixelData=b"1234"))
    (tmp_path / "notes.txt").write_text("no DICOM")
    with pytest.warns(UserWarning, match=r"1 localizer \(scout\); 1 damaged: .* \(bad\)"):
        assert [s.name for s in read_slices(tmp_path)] == ["good"]
    # Asked for alone, a localizer is what one wants to see.
    assert len(list(read_slices(tmp_path / "scout"))) == 1


def test_several_series_are_told_apart(
    encode: Encode, ramp: NDArray[np.uint16], tmp_path: Path
) -> None:
    for name, uid in (("a", "1.2"), ("b", "1.3"), ("c", "1.3")):
        (tmp_path / name).write_bytes(encode(ramp, SeriesInstanceUID=uid))
    with pytest.raises(UsageError, match=r"2 series \(1, 2 files\); name a folder that holds one"):
        list(read_slices(tmp_path))


def test_nothing_to_predict_on(encode: Encode, ramp: NDArray[np.uint16], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no DICOM slice$"):
        list(read_slices(tmp_path))
    (tmp_path / "x").write_bytes(encode(ramp, Modality="US"))
    with pytest.raises(UsageError, match=r"no DICOM slice: 1 modality US, neither MR nor CT \(x\)"):
        list(read_slices(tmp_path))
    with pytest.raises(DecodeError, match="x: modality US"):
        list(read_slices(tmp_path / "x"))


def test_files_are_told_by_content_in_any_depth_without_hidden_ones(
    encode: Encode, ramp: NDArray[np.uint16], tmp_path: Path
) -> None:
    for name in ("b/IM1", "a/deep/x.png", ".cache/x.dcm", "b/._IM1"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(encode(ramp))
    (tmp_path / "b" / "x.dcm").write_bytes(b"no DICOM" * 99)
    found, others = dicom_files(tmp_path)
    assert [f.relative_to(tmp_path).as_posix() for f in found] == ["a/deep/x.png", "b/IM1"]
    assert [f.relative_to(tmp_path).as_posix() for f in others] == ["b/x.dcm"]


def test_reasons_are_counted_the_most_first_and_few_files_named() -> None:
    reasons = [(str(n), "localizer") for n in range(5)] + [("x", "no pixels")]
    assert passed_over(reasons) == "5 localizer (0, 1, 2 ...); 1 no pixels (x)"


def test_a_file_that_says_that_it_holds_text_is_warned_of(
    encode: Encode, ramp: NDArray[np.uint16]
) -> None:
    plain = ImageSource("x.dcm", encode(ramp, BurnedInAnnotation="NO"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(read_slices(plain))) == 1
    for said in ("YES", "yes ", "Y"):
        source = ImageSource("x.dcm", encode(ramp, BurnedInAnnotation=said))
        with pytest.warns(UserWarning, match=r"x\.dcm: its tags say that text is burnt into"):
            assert len(list(read_slices(source))) == 1
