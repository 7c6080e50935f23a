"""Outlines of masks drawn over their image: the true one blue, the predicted one orange."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.models.segmentation.diameters import Diameter

Colour = tuple[int, int, int]

# Red-green-blue. Bright on dark greys and on light ones, and told apart by all kinds of colour
# vision.
TRUE: Colour = (60, 190, 255)
PREDICTED: Colour = (255, 150, 20)
# Lines across a region: neither of the two.
LINE: Colour = (255, 240, 90)
# Fractions of a pixel that OpenCV draws at: 1/16.
_SHIFT = 4


def outlined(
    image: NDArray[np.uint8],
    outlines: Iterable[tuple[NDArray[np.bool_], Colour]],
    lines: Sequence[Diameter] = (),
    *,
    scale: float = 1.0,
) -> NDArray[np.uint8]:
    """Draw outlines over an image, between the pixels inside and those outside.

    Parameters
    ----------
    image : uint8 array [H, W]
        Greys.
    outlines : iterable of (bool array [H, W], colour)
        Masks with their colours (`TRUE`, `PREDICTED`), red-green-blue; later ones lie above.
    lines : sequence of Diameter
        Drawn across, thin.
    scale : float
        Of the picture to the image; above 1 enlarges. Outlines are one pixel of the picture wide,
        whatever the scale.

    Returns
    -------
    uint8 array [round(H * scale), round(W * scale), 3]
        RGB, at least a pixel high and wide.

    Raises
    ------
    UsageError
        If a mask has another size than the image, or the scale is not above 0.

    Examples
    --------
    >>> image, mask = np.zeros((9, 9), np.uint8), np.zeros((9, 9), bool)
    >>> mask[2:7, 2:7] = True
    >>> drawn = outlined(image, [(mask, PREDICTED)])
    >>> drawn.shape, drawn[4, 4].tolist(), bool(drawn[1:3, 4].any())
    ((9, 9, 3), [0, 0, 0], True)
    """
    import cv2

    if not scale > 0:
        raise UsageError(f"a picture {scale} times as large; expected a scale above 0")
    height, width = (max(1, round(side * scale)) for side in image.shape)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    greys = image if scale == 1 else cv2.resize(image, (width, height), interpolation=method)
    drawn = np.repeat(np.asarray(greys, np.uint8)[..., None], 3, axis=2)
    for mask, colour in outlines:
        if mask.shape != image.shape:
            raise UsageError(
                f"a mask of {mask.shape[1]} x {mask.shape[0]} pixels over an image of "
                f"{image.shape[1]} x {image.shape[0]}; expected one size"
            )
        for closed in _traced(mask):
            _draw(drawn, closed, colour, scale)
    for line in lines:
        _draw(drawn, np.array([line.start, line.end]), LINE, scale)
    return np.asarray(drawn, np.uint8)


def _traced(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Trace outlines between pixels: closed lines, float64 [P, (row, column)]."""
    from skimage.measure import find_contours

    # Padded, so that what reaches the picture's edge is closed there.
    padded = np.pad(mask, 1).astype(np.float64)
    traced = find_contours(padded, 0.5, fully_connected="high")  # type: ignore[no-untyped-call]
    return [line - 1 for line in traced]


def _draw(
    drawn: NDArray[np.uint8], points: NDArray[np.float64], colour: Colour, scale: float
) -> None:
    """Join points (row, column) of the image on its scaled picture, in place."""
    import cv2

    placed = (points[:, ::-1] + 0.5) * scale - 0.5
    # What runs along the picture's edge lies half a pixel outside of it.
    seen = np.clip(placed, 0, (drawn.shape[1] - 1, drawn.shape[0] - 1))
    fixed = np.rint(seen * (1 << _SHIFT)).astype(np.int32)
    cv2.polylines(drawn, [fixed], False, colour, 1, cv2.LINE_AA, shift=_SHIFT)
