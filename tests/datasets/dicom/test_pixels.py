"""Grey levels against pydicom's own modality and VOI functions, and against hand-made answers."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.decode import decode
from gliaboost.datasets.dicom import pixels as pixels_module
from gliaboost.datasets.dicom.files import open_dicom
from gliaboost.datasets.dicom.pixels import COLOUR, STORED, STRETCHED, TABLE, grey_frames
from gliaboost.datasets.image_source import ImageSource
from gliaboost.datasets.windows import WINDOWS, apply_window
from gliaboost.errors import DecodeError

pydicom = pytest.importorskip("pydicom")
pytest.importorskip("pydicom.data")

Encode = Callable[..., bytes]


def grey(content: bytes, window: str | None = None) -> tuple[NDArray[np.uint8], str]:
    frames = list(grey_frames(open_dicom(ImageSource("x", content)), window, "x"))
    assert len(frames) == 1
    return frames[0]


def reference(content: bytes) -> NDArray[np.float64]:
    """What pydicom makes of a file, from 0 to 255 over the range that its output can have."""
    from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

    data = open_dicom(ImageSource("x", content))
    shown = apply_voi_lut(apply_modality_lut(data.pixel_array, data), data).astype(np.float64)
    bits, signed = int(data.BitsStored), int(data.PixelRepresentation)
    ends = np.array([0, 2**bits - 1]) - (2 ** (bits - 1) if signed else 0)
    if "VOILUTSequence" in data:
        low, high = 0, 2 ** data.VOILUTSequence[0].LUTDescriptor[2] - 1
    else:
        low, high = ends * float(data.get("RescaleSlope", 1)) + float(
            data.get("RescaleIntercept", 0)
        )
    return np.asarray((shown - low) / (high - low) * 255, np.float64)


@pytest.mark.parametrize("modality", ["MR", "CT"])
@pytest.mark.parametrize(
    "tags",
    [
        {"WindowCenter": 400, "WindowWidth": 300},
        {"WindowCenter": 400, "WindowWidth": 300, "VOILUTFunction": "LINEAR"},
        {"WindowCenter": 400, "WindowWidth": 300, "VOILUTFunction": "LINEAR_EXACT"},
        {"WindowCenter": 400, "WindowWidth": 300, "VOILUTFunction": "SIGMOID"},
        {"WindowCenter": "0.5", "WindowWidth": "0.8", "VOILUTFunction": "LINEAR_EXACT",
         "RescaleSlope": "0.001", "RescaleIntercept": "0"},
        {"WindowCenter": [400, 40], "WindowWidth": [300, 80]},
        {"WindowCenter": 40, "WindowWidth": 400, "RescaleSlope": 2, "RescaleIntercept": -1024},
        {"WindowCenter": 40, "WindowWidth": 400, "RescaleSlope": "0.5", "RescaleIntercept": -99},
    ],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
def test_windows_are_pydicoms(
    encode: Encode, ramp: NDArray[np.uint16], modality: str, tags: dict[str, Any], dtype: Any
) -> None:
    content = encode(ramp.astype(dtype), Modality=modality, **tags)
    pixels, seen = grey(content)
    assert ":" in seen
    assert np.abs(pixels - reference(content)).max() <= 0.5 + 1e-6


def lut(entries: list[int], first: int, bits: int, *, words: bool = False) -> Any:
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    item: Any = Dataset()
    item.add_new(0x00283002, "SS" if first < 0 else "US", [len(entries) % 2**16, first, bits])
    if words:
        item.add_new(0x00283006, "US", entries)
    else:
        item.LUTData = np.array(entries, "<u2").tobytes()
    return Sequence([item])


def test_a_voi_table_is_pydicoms_and_comes_before_a_window(
    encode: Encode, ramp: NDArray[np.uint16]
) -> None:
    entries = [min(255, int(i**1.5 / 40)) for i in range(500)]
    values = ramp.astype(np.int16) - 100
    for words in (True, False):
        table = lut(entries, 50, 8, words=words)
        content = encode(values, VOILUTSequence=table, WindowCenter=40, WindowWidth=80)
        pixels, seen = grey(content)
        assert seen == TABLE
        np.testing.assert_array_equal(pixels, np.array(entries)[np.clip(values - 50, 0, 499)])
    deep = encode(ramp, VOILUTSequence=lut([17 * i for i in range(900)], 20, 14))
    assert np.abs(grey(deep)[0] - reference(deep)).max() <= 0.5 + 1e-6


def test_a_table_that_is_broken_leaves_the_window(encode: Encode, ramp: NDArray[np.uint16]) -> None:
    broken = lut([1, 2, 3], 0, 8)
    del broken[0].LUTData
    content = encode(ramp, VOILUTSequence=broken, WindowCenter=400, WindowWidth=300)
    assert grey(content)[1] == "400:300"


def test_a_table_of_signed_values_may_begin_below_zero(
    encode: Encode, ramp: NDArray[np.uint16]
) -> None:
    values = ramp.astype(np.int16) - 500
    entries = [i // 4 for i in range(1001)]
    # Its first value is told in the bits of an unsigned one.
    content = encode(values, VOILUTSequence=lut(entries, 2**16 - 500, 8))
    np.testing.assert_array_equal(grey(content)[0], (values.astype(int) + 500) // 4)


@pytest.mark.parametrize("count", [40_000, 2**16])
def test_tables_may_be_long(encode: Encode, count: int) -> None:
    values = np.linspace(-32768, 32767, 1024).reshape(32, 32).astype(np.int16)
    content = encode(values, VOILUTSequence=lut(list(range(count)), -32768, 16))
    expected = np.rint(np.minimum(values.astype(int) + 32768, count - 1) / 65535 * 255)
    np.testing.assert_array_equal(grey(content)[0], expected)


def test_entries_that_leave_most_of_their_bits_empty_are_not_black(
    encode: Encode, ramp: NDArray[np.uint16]
) -> None:
    content = encode(ramp, VOILUTSequence=lut(list(range(1001)), 0, 16))
    assert grey(content)[0].max() == 255


def test_a_modality_table_comes_before_the_window(encode: Encode, ramp: NDArray[np.uint16]) -> None:
    from pydicom.pixels.processing import apply_modality_lut

    entries = [2 * i for i in range(1001)]
    content = encode(
        ramp, ModalityLUTSequence=lut(entries, 0, 16), WindowCenter=1000, WindowWidth=900
    )
    data = open_dicom(ImageSource("x", content))
    values = apply_modality_lut(data.pixel_array, data)
    np.testing.assert_array_equal(values, 2 * ramp)
    np.testing.assert_array_equal(grey(content)[0], apply_window(values, 1000, 900))


@pytest.mark.parametrize(
    ("centre", "width"),
    [(400, 0), (400, -5), (400, 1), (None, 300), (400, None), ("nan", 300), (400, "inf")],
)
def test_windows_that_can_be_none_are_passed_over(
    encode: Encode, ramp: NDArray[np.uint16], centre: Any, width: Any
) -> None:
    for modality, seen in (("MR", STRETCHED), ("CT", "brain")):
        content = encode(ramp, Modality=modality, WindowCenter=centre, WindowWidth=width)
        assert grey(content)[1] == seen


def test_the_first_window_that_can_be_one_is_taken(
    encode: Encode, ramp: NDArray[np.uint16]
) -> None:
    content = encode(ramp, WindowCenter=[0, 400], WindowWidth=[0, 300])
    assert grey(content)[1] == "400:300"


@pytest.mark.parametrize(("slope", "shift"), [(0, 5), ("nan", 0), (None, None)])
def test_slopes_that_can_be_none_change_nothing(
    encode: Encode, ramp: NDArray[np.uint16], slope: Any, shift: Any
) -> None:
    content = encode(ramp, RescaleSlope=slope, RescaleIntercept=shift)
    np.testing.assert_array_equal(grey(content)[0], grey(encode(ramp))[0])


def test_ct_goes_through_the_window_that_is_asked_for(
    encode: Encode, ramp: NDArray[np.uint16]
) -> None:
    tags = {"WindowCenter": 400, "WindowWidth": 300, "RescaleSlope": 1, "RescaleIntercept": -500}
    values = ramp.astype(float) - 500
    ct = encode(ramp, Modality="CT", **tags)
    np.testing.assert_array_equal(grey(ct, "bone")[0], apply_window(values, *WINDOWS["bone"]))
    np.testing.assert_array_equal(grey(ct, "40:90")[0], apply_window(values, 40, 90))
    assert grey(encode(ramp, **tags), "bone")[1] == "400:300"


def test_one_hot_pixel_leaves_the_rest_as_it_is(encode: Encode, ramp: NDArray[np.uint16]) -> None:
    for dtype, hot in ((np.uint16, 65535), (np.int16, 32767), (np.int16, -32768)):
        spoilt = ramp.astype(dtype)
        spoilt[5, 5] = hot
        pixels, seen = grey(encode(spoilt))
        assert seen == STRETCHED
        plain = grey(encode(ramp.astype(dtype)))[0]
        elsewhere = np.ones(ramp.shape, bool)
        elsewhere[5, 5] = False
        assert np.abs(pixels.astype(int) - plain)[elsewhere].max() <= 2
        assert plain.min() == 0
        assert plain.max() == 255


@pytest.mark.parametrize(
    ("dtype", "told", "value"),
    [
        (np.uint16, 0, 0),
        (np.uint16, 65535, 65535),
        (np.int16, -2000, -2000),
        (np.int16, 63536, -2000),
        (np.uint16, -1, 65535),
        (np.int16, 30000, 30000),
    ],
)
def test_padding_is_black_and_stretches_nothing(
    encode: Encode, ramp: NDArray[np.uint16], dtype: Any, told: int, value: int
) -> None:
    inside = (ramp + 300).astype(dtype)
    padded = inside.copy()
    padded[:, :8] = value
    tags = {"PixelPaddingValue": told}
    kept = np.ones(padded.shape, bool)
    kept[:, :8] = False
    for window in ({}, {"WindowCenter": 800, "WindowWidth": 900}):
        for inverse in ("MONOCHROME2", "MONOCHROME1"):
            content = _with_padding(
                encode, padded, tags, PhotometricInterpretation=inverse, **window
            )
            pixels, _ = grey(content)
            assert (pixels[~kept] == 0).all()
            assert pixels[kept].min() <= 1 if not window else pixels[kept].std() > 30
    pixels, _ = grey(_with_padding(encode, padded, tags))
    low, high = inside[kept].min(), inside[kept].max()
    expected = (inside[kept].astype(float) - low) / (int(high) - int(low)) * 255
    assert np.abs(pixels[kept] - expected).max() <= 2


def _with_padding(encode: Encode, pixels: NDArray[Any], tags: dict[str, int], **more: Any) -> bytes:
    """The padding's VR as it is told, not as the pixels would have it."""
    from pydicom.dataelem import DataElement

    told = DataElement(0x00280120, "SS" if tags["PixelPaddingValue"] < 0 else "US", 0)
    told.value = tags["PixelPaddingValue"]
    return encode(pixels, elements=[told], **more)


def test_a_range_of_padding(encode: Encode, ramp: NDArray[np.uint16]) -> None:
    for ends in ((0, 99), (99, 0)):
        content = encode(ramp, PixelPaddingValue=ends[0], PixelPaddingRangeLimit=ends[1])
        pixels, _ = grey(content)
        assert (pixels[ramp <= 99] == 0).all()
        assert (pixels[ramp > 150] > 0).all()
        assert pixels[ramp > 99].min() == 0


def test_an_image_of_nothing_but_padding_is_taken_as_it_is(encode: Encode) -> None:
    pixels, _ = grey(encode(np.full((4, 4), 7, np.uint16), PixelPaddingValue=7))
    assert not pixels.any()


def test_monochrome1_is_turned(encode: Encode, ramp: NDArray[np.uint16]) -> None:
    for tags in ({}, {"WindowCenter": 400, "WindowWidth": 300}):
        plain = grey(encode(ramp, **tags))[0]
        turned = grey(encode(ramp, PhotometricInterpretation="MONOCHROME1", **tags))[0]
        np.testing.assert_array_equal(turned, 255 - plain)


def test_signed_values_in_fewer_bits_than_are_allocated(encode: Encode) -> None:
    values = np.linspace(-2000, 2000, 1024).reshape(32, 32).astype(np.int16)
    tags = {"BitsStored": 12, "HighBit": 11, "WindowCenter": 0, "WindowWidth": 4000}
    expected = apply_window(values, 0, 4000)
    for stored in (values, values & 0x0FFF, (values & 0x0FFF) | 0x5000):
        np.testing.assert_array_equal(grey(encode(stored, **tags))[0], expected)
    # High bits hold the value, low ones something else.
    high = {**tags, "HighBit": 15}
    np.testing.assert_array_equal(grey(encode((values << 4) | 3, **high))[0], expected)
    unsigned = np.linspace(0, 4000, 1024).reshape(32, 32).astype(np.uint16)
    tags = {**tags, "WindowCenter": 2000, "HighBit": 15}
    np.testing.assert_array_equal(
        grey(encode(unsigned << 4, **tags))[0], apply_window(unsigned, 2000, 4000)
    )


def test_eight_bits_without_a_window_stay_as_they_are(encode: Encode) -> None:
    pixels = (np.arange(256).reshape(16, 16) // 3).astype(np.uint8)
    found, seen = grey(encode(pixels))
    assert seen == STORED
    np.testing.assert_array_equal(found, pixels)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_and_what_is_not_finite(
    encode: Encode, ramp: NDArray[np.uint16], dtype: Any
) -> None:
    values = ramp.astype(dtype) / 1000
    values[0, :3] = [np.nan, np.inf, -np.inf]
    for tags in ({}, {"WindowCenter": "0.5", "WindowWidth": "3"}):
        pixels, _ = grey(encode(values, **tags))
        assert not pixels[0, :3].any()
        assert (np.diff(pixels.ravel()[3:].astype(int)) >= 0).all()
        assert pixels.max() > 150


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2"])
def test_byte_orders(encode: Encode, ramp: NDArray[np.uint16], syntax: str) -> None:
    for pixels in (ramp, (ramp // 4).astype(np.uint8), ramp.astype(np.uint32) * 1000):
        other = grey(encode(pixels, TransferSyntaxUID=syntax))[0]
        np.testing.assert_array_equal(other, grey(encode(pixels))[0])


def test_colour_becomes_the_luma_of_decode(encode: Encode, tmp_path: Path) -> None:
    from PIL import Image
    from pydicom.pixels.processing import convert_color_space

    colours = np.random.default_rng(0).integers(0, 256, (16, 12, 3), dtype=np.uint8)
    Image.fromarray(colours).save(tmp_path / "x.png")
    expected = decode(tmp_path / "x.png")
    found, seen = grey(encode(colours))
    assert seen == COLOUR
    np.testing.assert_array_equal(found, expected)
    planes = encode(colours, PlanarConfiguration=1, PixelData=colours.transpose(2, 0, 1).tobytes())
    np.testing.assert_array_equal(grey(planes)[0], expected)
    ybr = convert_color_space(colours, "RGB", "YBR_FULL")
    content = encode(ybr, PhotometricInterpretation="YBR_FULL")
    assert np.abs(grey(content)[0].astype(int) - expected).max() <= 1
    deep = grey(encode(colours.astype(np.uint16) * 257))[0]
    assert np.abs(deep.astype(int) - expected).max() <= 1
    wide = grey(encode(colours.astype(np.uint16)))[0]
    np.testing.assert_array_equal(wide, expected)


def test_a_palette_is_looked_up(encode: Encode, ramp: NDArray[np.uint16]) -> None:
    index = (ramp // 4).astype(np.uint8)
    tags: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for bits, dtype in ((8, "u1"), (16, "<u2")):
        table = np.arange(255, -1, -1).astype(dtype) * (257 if bits == 16 else 1)
        for colour in ("Red", "Green", "Blue"):
            tags[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, bits]
            tags[f"{colour}PaletteColorLookupTableData"] = table.astype(dtype).tobytes()
        pixels, seen = grey(encode(index, **tags))
        assert seen == COLOUR
        np.testing.assert_array_equal(pixels, 255 - index)


@pytest.mark.parametrize(
    ("spacing", "shape"),
    [
        ([1, 1], (32, 32)),
        (["0.5", "1"], (32, 64)),
        (["1", "0.5"], (64, 32)),
        (["0.4883", "0.4882"], (32, 32)),
        ([0, 1], (32, 32)),
        (["nan", "1"], (32, 32)),
        (["1e9", "1"], (32, 32)),
        (["1e9", "1e9"], (32, 32)),
        (["-1", "1"], (32, 32)),
        (["1"], (32, 32)),
    ],
)
def test_pixels_become_square_where_their_sides_can_be_true(
    encode: Encode, ramp: NDArray[np.uint16], spacing: list[Any], shape: tuple[int, int]
) -> None:
    pixels, _ = grey(encode(ramp, PixelSpacing=spacing))
    assert pixels.shape == shape
    assert (pixels[0, 0], pixels[-1, -1]) == (0, 255)


def test_pixels_stay_as_they_are_where_squares_would_be_too_many(
    encode: Encode, ramp: NDArray[np.uint16], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pixels_module, "MAX_PIXELS", 32 * 33)
    assert grey(encode(ramp, PixelSpacing=[1, 2]))[0].shape == (32, 32)


def test_an_aspect_ratio_does_where_there_is_no_spacing(
    encode: Encode, ramp: NDArray[np.uint16]
) -> None:
    assert grey(encode(ramp, PixelAspectRatio=[2, 1]))[0].shape == (64, 32)
    both = encode(ramp, PixelAspectRatio=[2, 1], PixelSpacing=[1, 1])
    assert grey(both)[0].shape == (32, 32)


def test_frames_have_their_own_windows_and_slopes(encode: Encode, ramp: NDArray[np.uint16]) -> None:
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    groups = []
    for number in range(3):
        window, slope, group = Dataset(), Dataset(), Dataset()
        window.WindowCenter, window.WindowWidth = 400 + number, 300
        slope.RescaleSlope, slope.RescaleIntercept = number + 1, -number
        group.FrameVOILUTSequence = Sequence([window])
        group.PixelValueTransformationSequence = Sequence([slope])
        groups.append(group)
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing = [1, 1]
    shared.PixelMeasuresSequence = Sequence([measures])
    content = encode(
        np.stack([ramp, ramp, ramp]),
        PerFrameFunctionalGroupsSequence=Sequence(groups),
        SharedFunctionalGroupsSequence=Sequence([shared]),
        PixelSpacing=[1, 2],
    )
    frames = list(grey_frames(open_dicom(ImageSource("x", content)), None, "x"))
    assert len(frames) == 3
    for number, (pixels, seen) in enumerate(frames):
        assert seen == f"{400 + number}:300"
        values = ramp.astype(float) * (number + 1) - number
        np.testing.assert_array_equal(pixels, apply_window(values, 400 + number, 300))


def compressed(content: bytes, syntax: str) -> bytes:
    data = open_dicom(ImageSource("x", content))
    data.compress(syntax)
    stream = io.BytesIO()
    data.save_as(stream)
    return stream.getvalue()


def test_run_lengths_are_read(encode: Encode, ramp: NDArray[np.uint16]) -> None:
    content = encode(ramp, WindowCenter=400, WindowWidth=300)
    packed = compressed(content, "1.2.840.10008.1.2.5")
    np.testing.assert_array_equal(grey(packed)[0], grey(content)[0])


def test_pixels_that_cannot_be_decoded_are_named_without_their_content(
    encode: Encode, ramp: NDArray[np.uint16]
) -> None:
    whole = encode(ramp)
    with pytest.raises(DecodeError, match="fewer pixels than its tags say"):
        grey(encode(ramp, PixelData=ramp.tobytes()[:-2]))
    with pytest.raises(DecodeError, match="no pixels"):
        grey(encode(None, Rows=4, Columns=4))
    packed = compressed(whole, "1.2.840.10008.1.2.5")
    data = open_dicom(ImageSource("x", packed))
    data.PixelData = pydicom.encaps.encapsulate([b"Doe" * 30])
    with pytest.raises(DecodeError, match=r"damaged: its pixels cannot be decoded \(\w+\)$"):
        list(grey_frames(data, None, "x"))
    data.file_meta.TransferSyntaxUID = pydicom.uid.UID("1.2.840.10008.1.2.4.102")
    with pytest.raises(DecodeError, match=r"compressed as MPEG-4.*cannot be read"):
        list(grey_frames(data, None, "x"))


def test_a_missing_decoder_names_the_extra(
    encode: Encode, ramp: NDArray[np.uint16], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gliaboost.datasets.dicom import decoders

    monkeypatch.setattr(decoders, "SAFE", ())
    with pytest.raises(DecodeError, match=r"compressed as RLE Lossless; .*gliaboost\[dicom\]"):
        grey(compressed(encode(ramp), "1.2.840.10008.1.2.5"))


@pytest.mark.parametrize(
    ("plain", "packed"),
    [
        ("MR_small.dcm", "MR_small_jpeg_ls_lossless.dcm"),
        ("MR_small.dcm", "MR_small_jp2klossless.dcm"),
        ("MR_small.dcm", "MR_small_RLE.dcm"),
        ("MR_small.dcm", "MR_small_bigendian.dcm"),
        ("MR_small.dcm", "MR_small_implicit.dcm"),
        ("MR_small.dcm", "MR_small_expb.dcm"),
        ("MR_small.dcm", "MR_small_padded.dcm"),
    ],
)
def test_every_lossless_packing_of_a_slice_gives_the_same(plain: str, packed: str) -> None:
    pytest.importorskip("imagecodecs")
    folder = Path(pydicom.data.get_testdata_file(plain)).parent
    expected = grey((folder / plain).read_bytes())
    found = grey((folder / packed).read_bytes())
    np.testing.assert_array_equal(found[0], expected[0])
    assert found[1] == expected[1]


def packed(content: bytes, frame: bytes, syntax: str) -> bytes:
    """The same file with a frame that is compressed already."""
    data = open_dicom(ImageSource("x", content))
    data.PixelData = pydicom.encaps.encapsulate([frame])
    data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
    data.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    stream = io.BytesIO()
    data.save_as(stream)
    return stream.getvalue()


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_jpeg_lossless_is_read(
    encode: Encode, ramp: NDArray[np.uint16], bits: int, signed: bool
) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    stored = (ramp.astype(np.int32) >> (2 if bits == 8 else 0)) - (100 if signed else 0)
    plain = stored.astype(f"{'i' if signed else 'u'}{1 if bits == 8 else 2}")
    tags = {"WindowCenter": 90, "WindowWidth": 180, "BitsStored": bits, "HighBit": bits - 1}
    content = encode(plain, **tags)
    coded = (stored & (2**bits - 1)).astype(np.uint8 if bits == 8 else np.uint16)
    frame = imagecodecs.jpeg_encode(coded, lossless=True, bitspersample=bits, predictor=1)
    for syntax in ("1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.57"):
        found = grey(packed(content, frame, syntax))
        np.testing.assert_array_equal(found[0], grey(content)[0])


def test_twelve_bits_of_lossy_jpeg_are_read(encode: Encode, ramp: NDArray[np.uint16]) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    tags = {"BitsStored": 12, "HighBit": 11, "WindowCenter": 500, "WindowWidth": 1000}
    content = encode(ramp, **tags)
    frame = imagecodecs.jpeg_encode(ramp, level=99, bitspersample=12)
    found = grey(packed(content, frame, "1.2.840.10008.1.2.4.51"))[0]
    assert np.abs(found.astype(int) - grey(content)[0]).max() <= 4


@pytest.mark.parametrize("name", ["SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_jpeg_gdcm.dcm",
                                  "SC_rgb_jls_lossy_line.dcm", "SC_rgb_jls_lossy_sample.dcm",
                                  "SC_rgb_rle.dcm"])  # fmt: skip
def test_packed_colours_are_those_of_the_plain_picture(name: str) -> None:
    pytest.importorskip("imagecodecs")
    folder = Path(pydicom.data.get_testdata_file("MR_small.dcm")).parent
    plain = grey((folder / "SC_rgb_dcmtk_+eb+cr.dcm").read_bytes())[0].astype(int)
    # In the middle of its fields, where lossy packing is flat.
    found = grey((folder / name).read_bytes())[0].astype(int)
    assert np.abs(found - plain)[5::10, 10::20].max() <= 4


def test_colours_by_pixel_are_read_whatever_the_tags_say(encode: Encode) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    colours = np.random.default_rng(0).integers(0, 256, (16, 12, 3), dtype=np.uint8)
    frame = imagecodecs.jpeg_encode(colours, lossless=True, colorspace="RGB", outcolorspace="RGB")
    planes = encode(colours, PlanarConfiguration=1)
    found = grey(packed(planes, frame, "1.2.840.10008.1.2.4.70"))
    np.testing.assert_array_equal(found[0], grey(encode(colours))[0])


def _unreachable(*_: Any, **__: Any) -> None:
    pytest.fail("a frame was decoded that asks for more than the tags say")


def test_a_frame_of_another_size_than_the_tags_say_is_not_decoded(
    encode: Encode, ramp: NDArray[np.uint16], monkeypatch: pytest.MonkeyPatch
) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    content, wide = encode(ramp), np.zeros((64, 64), np.uint16)
    monkeypatch.setattr(imagecodecs, "jpeg_decode", _unreachable)
    monkeypatch.setattr(imagecodecs, "jpegls_decode", _unreachable)
    monkeypatch.setattr(imagecodecs, "jpeg2k_decode", _unreachable)
    for frame, syntax in (
        (imagecodecs.jpeg_encode(wide, lossless=True, bitspersample=16), "1.2.840.10008.1.2.4.70"),
        (imagecodecs.jpegls_encode(wide), "1.2.840.10008.1.2.4.80"),
        (imagecodecs.jpeg2k_encode(wide, reversible=True, codecformat="j2k"),
         "1.2.840.10008.1.2.4.90"),
    ):  # fmt: skip
        with pytest.raises(DecodeError, match="damaged: its pixels cannot be decoded"):
            grey(packed(content, frame, syntax))


def test_a_packing_whose_sign_does_not_match_is_read() -> None:
    file = Path(pydicom.data.get_testdata_file("MR_small.dcm")).parent / "J2K_pixelrep_mismatch.dcm"
    assert grey(file.read_bytes())[0].std() > 10
