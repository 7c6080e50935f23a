from __future__ import annotations

import hashlib
import pickle
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.datasets.decode import decode
from gliaboost.datasets.image_source import (
    MAX_BYTES,
    DecodedSource,
    ImageSource,
    KeyedSource,
    image_sources,
)
from gliaboost.errors import DecodeError, UsageError
from gliaboost.outside_text import printable

GREYS = np.arange(12, dtype=np.uint8).reshape(3, 4)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "slice.png"
    assert cv2.imwrite(str(path), GREYS)
    return path


def test_bytes_are_what_their_file_is(file: Path) -> None:
    lying, held = ImageSource(file), ImageSource("upload", file.read_bytes())
    assert decode(lying).tolist() == decode(held).tolist() == decode(file).tolist()
    assert lying.key() == held.key() == hashlib.sha256(file.read_bytes()).hexdigest()
    assert lying.read() == held.read()


def test_a_path_becomes_a_source_and_a_source_stays(file: Path) -> None:
    held = ImageSource("upload", b"x")
    assert ImageSource.of(held) is held
    assert image_sources([file, str(file), held]) == [
        ImageSource(file),
        ImageSource(str(file)),
        held,
    ]


@pytest.mark.parametrize("wrong", [GREYS, b"\x89PNG", 3, None])
def test_what_is_no_image_is_refused(wrong: Any) -> None:
    with pytest.raises(UsageError, match=r"image of type .*; expected a path, or an ImageSource"):
        ImageSource.of(wrong)


def test_bytes_are_neither_printed_nor_copied() -> None:
    data = b"secret" * 1000
    source = ImageSource("upload.png", data)
    assert repr(source) == "ImageSource(name='upload.png')"
    assert source.read() is data
    held = sys.getrefcount(data)
    with pytest.raises(DecodeError) as error:
        decode(source)
    assert "secret" not in str(error.value)
    del error
    assert sys.getrefcount(data) == held


def test_it_is_frozen_and_travels(file: Path) -> None:
    source = ImageSource("a", b"b")
    with pytest.raises(AttributeError):
        source.name = "c"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(source)) == source
    assert len({source, ImageSource("a", b"b"), ImageSource(file)}) == 2


@pytest.mark.integration
@given(name=st.text(min_size=1))
def test_errors_call_it_by_its_name(name: str) -> None:
    source = ImageSource(name, b"no image")
    with pytest.raises(DecodeError) as error:
        decode(source)
    assert error.value.path == name
    assert str(error.value).startswith(f"{printable(name)}: is no image of a known kind")
    assert ImageSource(name, b"").key() == hashlib.sha256(b"").hexdigest()


@given(name=st.text(min_size=1, max_size=40).map(lambda text: f"no-such-folder/{text}\0"))
def test_a_name_that_can_be_no_file_is_a_typed_error(name: str) -> None:
    with pytest.raises(DecodeError, match="holds a null byte"):
        ImageSource(name).read()


def test_damaged_bytes_are_damaged_as_a_file_is(file: Path) -> None:
    cut = file.read_bytes()[:45]
    file.write_bytes(cut)
    reasons = []
    for source in (ImageSource(file), ImageSource("upload", cut)):
        with pytest.raises(DecodeError) as error:
            decode(source)
        reasons.append(error.value.reason)
    assert reasons[0] == reasons[1]


def test_what_cannot_be_read_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DecodeError, match="no such file"):
        ImageSource(tmp_path / "absent.png").key()
    with pytest.raises(DecodeError, match="is a folder"):
        ImageSource(tmp_path).read()
    assert MAX_BYTES >= 2**30
    monkeypatch.setattr("gliaboost.datasets.image_source.MAX_BYTES", 3)
    (tmp_path / "large.png").write_bytes(b"four")
    for large in (ImageSource(tmp_path / "large.png"), ImageSource("upload", b"four")):
        with pytest.raises(DecodeError, match="has 4 bytes, more than the cap of 3"):
            large.read()


def test_an_array_goes_the_road_of_a_file() -> None:
    source = ImageSource.from_array("slice", GREYS)
    np.testing.assert_array_equal(decode(source), GREYS)
    np.testing.assert_array_equal(decode(ImageSource.from_array("t", GREYS.T)), GREYS.T)


@pytest.mark.parametrize(
    "wrong", [GREYS.astype(float), GREYS[None], GREYS.astype(np.uint16), GREYS[:0]]
)
def test_no_range_is_guessed(wrong: Any) -> None:
    with pytest.raises(UsageError, match=r"slice: an array of .*; expected grey levels, uint8"):
        ImageSource.from_array("slice", wrong)


def test_a_keyed_source_hashes_what_it_read(file: Path) -> None:
    source = KeyedSource(file)
    known = ImageSource(file).key()
    source.read()
    file.write_bytes(b"other")
    assert source.key() == known  # of what was read, not of what lies there now
    assert source.read() == b"other" and source.key() == ImageSource(file).key()
    assert KeyedSource("upload", b"x").key() == ImageSource("upload", b"x").key()


def test_a_decoded_picture_is_known_by_the_file_that_it_came_from() -> None:
    image = np.array([[0, 7], [9, 255]], np.uint8)
    source = DecodedSource.of_pixels("a.png", image, "ab" * 32)
    assert decode(source).tolist() == image.tolist()
    assert source.keyed() is source and source.keyed().key() == source.key() == "ab" * 32
