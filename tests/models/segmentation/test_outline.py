from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from gliaboost.errors import UsageError
from gliaboost.models.segmentation.diameters import diameters
from gliaboost.models.segmentation.outline import LINE, PREDICTED, TRUE, outlined

SIDE = 60


def block(top: int, left: int, height: int, width: int) -> NDArray[np.bool_]:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[top : top + height, left : left + width] = True
    return mask


def changed(drawn: NDArray[np.uint8], grey: int = 0) -> NDArray[np.bool_]:
    return np.asarray((drawn != grey).any(axis=2))


BLACK = np.zeros((SIDE, SIDE), np.uint8)


def test_a_line_follows_the_edge_and_leaves_the_rest() -> None:
    mask = block(10, 20, 15, 24)
    touched = changed(outlined(BLACK, [(mask, TRUE)]))
    edge = ndimage.binary_dilation(mask, iterations=2) & ~ndimage.binary_erosion(mask, iterations=2)
    assert not (touched & ~edge).any()
    inner = mask & ~ndimage.binary_erosion(mask)
    outer = ndimage.binary_dilation(mask) & ~mask
    assert touched[inner | outer].mean() > 0.9


def test_nothing_is_drawn_of_an_empty_mask() -> None:
    image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE)).astype(np.uint8)
    drawn = outlined(image, [(np.zeros((SIDE, SIDE), bool), TRUE)])
    np.testing.assert_array_equal(drawn, np.repeat(image[..., None], 3, axis=2))


def test_each_mask_has_its_colour() -> None:
    drawn = outlined(BLACK, [(block(5, 5, 10, 10), TRUE), (block(30, 30, 12, 12), PREDICTED)])
    for corner, colour in ((drawn[:25, :25], TRUE), (drawn[25:, 25:], PREDICTED)):
        lit = corner[corner.any(axis=2)].astype(float)
        brightest = lit[lit.sum(axis=1).argmax()]
        np.testing.assert_allclose(
            brightest / brightest.max(), np.divide(colour, max(colour)), atol=0.05
        )


def test_a_hole_and_each_component_have_outlines() -> None:
    ring = block(10, 10, 30, 30) & ~block(20, 20, 10, 10)
    assert changed(outlined(BLACK, [(ring, TRUE)]))[20:30, 18:22].any()


def test_a_mask_at_the_edge_is_closed_there() -> None:
    drawn = changed(outlined(BLACK, [(np.ones((SIDE, SIDE), bool), TRUE)]))
    for side in (drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1]):
        assert side.mean() > 0.9
    assert not drawn[3:-3, 3:-3].any()


@pytest.mark.parametrize("scale", [0.5, 2.0, 3.5])
def test_lines_stay_thin_at_any_scale(scale: float) -> None:
    drawn = outlined(BLACK, [(block(12, 12, 36, 36), TRUE)], scale=scale)
    assert drawn.shape == (round(SIDE * scale), round(SIDE * scale), 3)
    row = drawn[round(30 * scale)].max(axis=1).astype(float)
    assert 2 <= (row > 40).sum() <= 6
    # The edge lies between pixels 11 and 12, at 12 pixels from the picture's own edge.
    for half, edge in ((slice(0, len(row) // 2), 12), (slice(len(row) // 2, None), 48)):
        middle = np.average(np.arange(len(row))[half], weights=row[half])
        assert middle == pytest.approx(edge * scale - 0.5, abs=0.1)


def test_a_shrunken_image_keeps_its_greys() -> None:
    image = np.full((SIDE, SIDE), 77, np.uint8)
    assert (outlined(image, [], scale=0.31) == 77).all()
    assert outlined(image, [], scale=0.001).shape == (1, 1, 3)


def test_lines_across_reach_from_edge_to_edge() -> None:
    mask = block(28, 10, 5, 40)
    drawn = outlined(BLACK, [], diameters(mask))
    touched = changed(drawn)
    assert touched[:, 15:45].any(axis=0).all()
    assert not touched[:, :8].any()
    assert (drawn[touched].max(axis=0) > 0.6 * np.array(LINE)).all()


def test_other_sizes_and_scales_are_refused() -> None:
    with pytest.raises(UsageError, match="5 x 4 pixels over an image of 60 x 60"):
        outlined(BLACK, [(np.zeros((4, 5), bool), TRUE)])
    for scale in (0.0, -1.0, float("nan")):
        with pytest.raises(UsageError, match="scale above 0"):
            outlined(BLACK, [], scale=scale)
