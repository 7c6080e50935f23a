"""Text that is burnt into a picture's rim: names and dates that no tag tells of.

No letter is read. Letters are thin strokes of about one height that stand in a row on dark ground;
nothing else on the rim of a slice does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A stroke is so much brighter than what lies around it, in grey levels.
CONTRAST = 48
# What is behind text beside a head is no brighter.
GROUND = 64
# Heights of letters, in pixels and as a share of the picture's shorter side.
LOWEST, HIGHEST = 5, 1 / 12
# A row has as many letters at least; one or two (R, L, A, P) tell sides, and nobody's name.
LETTERS = 4
# Letters may touch: in so many pieces at least.
PIECES = 3
# Text stands in the outer part of a picture, this share of its sides.
RIM = 1 / 8
# Of a letter: its width by its height, and the share of its box that strokes fill.
_WIDTHS, _FILLED = (0.1, 4.0), (0.05, 0.95)
# Letters in a square that touch.
_NARROWEST = 1.25
# Of two in a row: how much taller one may be, how far off the line, how far apart, by the height;
# and how much brighter.
_TALLER, _OFF, _APART, _GREYER = 1.6, 0.12, 2.5, 24


@dataclass(frozen=True)
class _Letter:
    left: float
    right: float
    top: float
    bottom: float
    grey: float

    @property
    def letters(self) -> int:
        return max(1, round(_NARROWEST * (self.right - self.left) / self.height))

    @property
    def height(self) -> float:
        return self.bottom - self.top


def shows_text(image: NDArray[np.uint8]) -> bool:
    """Whether a row of letters seems to stand beside the head.

    Parameters
    ----------
    image : uint8 array [H, W]
        A slice on dark ground.

    Returns
    -------
    bool
        A hint for a person to look: small or faint text is missed, a ruler may be taken for it.

    Examples
    --------
    >>> import cv2
    >>> image = np.zeros((256, 256), np.uint8)
    >>> _ = cv2.circle(image, (128, 140), 80, 150, -1)
    >>> shows_text(image)
    False
    >>> _ = cv2.putText(image, "DOE JANE", (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255)
    >>> shows_text(image)
    True
    """
    if min(image.shape) < 8 * LOWEST:
        return False
    letters = sorted(_letters(image), key=lambda letter: letter.left)
    return any(_is_row(letters, k) for k in range(len(letters)))


def _letters(image: NDArray[np.uint8]) -> list[_Letter]:
    import cv2

    highest = HIGHEST * min(image.shape)
    # What remains after an opening wider than any stroke is no stroke.
    side = max(3, round(highest / 2) | 1)
    opened = cv2.morphologyEx(image, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    strokes = (cv2.subtract(image, opened) >= CONTRAST).astype(np.uint8)
    count, _, boxes, middles = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    if count < 1 + LETTERS:
        return []
    found = []
    for (left, top, width, height, area), (x, y) in zip(boxes[1:], middles[1:], strict=True):
        if not (
            LOWEST <= height <= highest
            and _WIDTHS[0] <= width / height <= _WIDTHS[1]
            and _FILLED[0] <= area / (width * height) <= _FILLED[1]
        ):
            continue
        ground = opened[top : top + height, left : left + width]
        if _on_rim(x, y, image.shape) and ground.mean() <= GROUND:
            box = image[top : top + height, left : left + width]
            found.append(_Letter(left, left + width, top, top + height, float(box.max())))
    return found


def _on_rim(x: float, y: float, shape: tuple[int, ...]) -> bool:
    height, width = shape
    across, down = min(x, width - x) / width, min(y, height - y) / height
    return min(across, down) <= RIM


def _is_row(letters: list[_Letter], first: int) -> bool:
    """Whether a row of text begins with a letter; those that touch count by their width."""
    last = letters[first]
    pieces, count = 1, last.letters
    for letter in letters[first + 1 :]:
        taller = max(letter.height, last.height) / min(letter.height, last.height)
        height = max(letter.height, last.height)
        if (
            taller <= _TALLER
            and min(abs(letter.top - last.top), abs(letter.bottom - last.bottom)) <= _OFF * height
            and abs(letter.grey - last.grey) <= _GREYER
            and -0.3 * height <= letter.left - last.right <= _APART * height
        ):
            last, pieces, count = letter, pieces + 1, count + letter.letters
    return pieces >= PIECES and count >= LETTERS
