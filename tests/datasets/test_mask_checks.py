from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gliaboost.datasets.decode import decode, decode_mask
from gliaboost.datasets.mask_checks import mask_fault

ROWS, COLUMNS = np.indices((128, 128)) - 64
HEAD = ROWS**2 + (1.2 * COLUMNS) ** 2 < 50**2
TUMOUR = (ROWS - 10) ** 2 + (COLUMNS + 12) ** 2 < 9**2
NOISE = np.random.default_rng(0).integers(-30, 30, (128, 128))
SLICE = np.where(HEAD, 110 + NOISE + 60 * TUMOUR, 0).astype(np.uint8)
DRAWN = np.where(TUMOUR, 255, 0).astype(np.uint8)


def fault(tmp_path: Any, mask: NDArray[Any], kind: str = "PNG", **options: Any) -> str | None:
    file = tmp_path / f"m.{kind.lower()}"
    stream = io.BytesIO()
    Image.fromarray(mask).save(stream, kind, **options)
    file.write_bytes(stream.getvalue())
    return mask_fault(decode_mask(file), decode(file), SLICE)


@pytest.mark.parametrize("value", [1, 3, 128, 255])
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_a_mask_of_one_number_is_right_at_any_depth(tmp_path: Any, dtype: str, value: int) -> None:
    assert fault(tmp_path, (TUMOUR * value).astype(dtype)) is None


def test_labels_colours_jpegs_and_smooth_edges_are_right(tmp_path: Any) -> None:
    core = (ROWS - 10) ** 2 + (COLUMNS + 12) ** 2 < 4**2
    assert fault(tmp_path, (TUMOUR + 2 * core).astype(np.uint8)) is None
    colours = np.zeros((128, 128, 3), np.uint8)
    colours[TUMOUR] = 200, 30, 40
    assert fault(tmp_path, colours) is None
    for quality in (30, 60, 95):
        assert fault(tmp_path, DRAWN, "JPEG", quality=quality) is None
    smooth = np.asarray(cv2.GaussianBlur(DRAWN, (0, 0), 1.0), np.uint8)
    assert fault(tmp_path, smooth) is None


def test_an_empty_mask_is_right(tmp_path: Any) -> None:
    assert fault(tmp_path, DRAWN * 0) is None
    assert mask_fault(TUMOUR & False, DRAWN * 0, SLICE * 0) is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP"])
def test_a_picture_is_no_mask(tmp_path: Any, kind: str) -> None:
    assert "holds shades" in str(fault(tmp_path, SLICE, kind))
    colour = np.stack([SLICE, SLICE // 2, SLICE], axis=2)
    assert "holds shades" in str(fault(tmp_path, colour, kind))
    if kind == "PNG":
        assert "holds shades" in str(fault(tmp_path, SLICE.astype(np.uint16) * 16))


def test_probabilities_are_no_mask(tmp_path: Any) -> None:
    hill = 255 * np.exp(-((ROWS - 10) ** 2 + (COLUMNS + 12) ** 2) / 200)
    assert "cut it at a threshold" in str(fault(tmp_path, hill.astype(np.uint8)))


def test_what_fills_the_head_is_no_tumour(tmp_path: Any) -> None:
    brain = ROWS**2 + (1.2 * COLUMNS) ** 2 < 44**2
    for whole in (HEAD, brain, ~TUMOUR, np.ones_like(HEAD)):
        assert "of the head" in str(fault(tmp_path, (255 * whole).astype(np.uint8)))
