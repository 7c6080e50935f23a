"""An explanation as one picture: the image, the map over it, a key, and what it says in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.explain.overlay import overlay, tinted

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

    Font = FreeTypeFont | ImageFont

# Pixels: a panel's side, the room around it, a key's height; letters large and small.
SIDE, ROOM, KEY = 400, 24, 16
LARGE, SMALL = 22, 16
WIDTH = 2 * SIDE + 3 * ROOM
# Classes that are listed; the rest are counted.
CLASSES = 8
PAPER, INK, SOFT, LIGHT = (255, 255, 255), (27, 27, 27), (90, 90, 90), (225, 225, 225)
# Outlines of the head, and of a part that the image decides.
HEAD, PART = (255, 255, 255), (255, 214, 10)
# Grey under the key's colours.
UNDER = 70
# Where a name may be broken.
PIECES = re.compile(r"[^ _/.,-]*[ _/.,-]*")


@dataclass(frozen=True)
class Words:
    """What stands around the pictures.

    Attributes
    ----------
    title : str
        The image's name.
    predicted : str
        The most probable class.
    probabilities : mapping of str to float
        By class.
    notes : sequence of str
        Sentences beside the key.
    one_sided : bool
        The map has nothing against the class: Grad-CAM.
    """

    title: str
    predicted: str
    probabilities: Mapping[str, float]
    notes: Sequence[str] = ()
    one_sided: bool = False


def draw(
    image: NDArray[np.uint8],
    heat: NDArray[np.float32],
    words: Words,
    head: NDArray[np.bool_] | None = None,
    parts: Sequence[NDArray[np.bool_]] = (),
) -> NDArray[np.uint8]:
    """Draw an explanation.

    Parameters
    ----------
    image : uint8 array [S, S]
        As the model was given it.
    heat : float32 array [S, S]
        For the predicted class above 0, against it below.
    words : Words
        Around it.
    head : bool array [S, S], optional
        Outlined on the map.
    parts : sequence of bool array [S, S]
        Outlined on both, in another colour.

    Returns
    -------
    uint8 array [H, W, 3]
        RGB, W always the same, H as the words need it.
    """
    from PIL import Image, ImageDraw, ImageFont

    large, small = (ImageFont.load_default(size) for size in (LARGE, SMALL))
    # Drawn twice: the first time to know how high it becomes.
    height = _compose(ImageDraw.Draw(Image.new("RGB", (WIDTH, 1))), large, small, words)[1]
    canvas = Image.new("RGB", (WIDTH, height), PAPER)
    top, _ = _compose(ImageDraw.Draw(canvas), large, small, words)
    for left, panel in zip(
        (ROOM, 2 * ROOM + SIDE), panels(image, heat, head, parts, side=SIDE), strict=True
    ):
        canvas.paste(Image.fromarray(panel), (left, top))
    return np.array(canvas)


def panels(
    image: NDArray[np.uint8],
    heat: NDArray[np.float32],
    head: NDArray[np.bool_] | None = None,
    parts: Sequence[NDArray[np.bool_]] = (),
    *,
    side: int | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw the image, and the map over it, with their outlines.

    Parameters
    ----------
    image, heat, head, parts
        As for `draw`.
    side : int, optional
        Of either in pixels; default: the image's.

    Returns
    -------
    uint8 array [side, side, 3], uint8 array [side, side, 3]
        RGB.
    """
    from PIL import Image

    size = (side, side) if side is not None else (image.shape[1], image.shape[0])
    plain, mapped = (
        np.array(Image.fromarray(panel).resize(size, Image.Resampling.BICUBIC))
        for panel in (np.repeat(image[..., None], 3, axis=2), overlay(image, heat))
    )
    if head is not None and not head.all():
        trace(mapped, head, HEAD)
    for part in parts:
        trace(plain, part, PART)
        trace(mapped, part, PART)
    return plain, mapped


def _compose(pen: ImageDraw, large: Font, small: Font, words: Words) -> tuple[int, int]:
    """Set all words; return where the panels begin, and how high it all is."""
    y = _set(pen, words.title, large, ROOM, ROOM // 2, WIDTH - 2 * ROOM)
    chance = words.probabilities.get(words.predicted)
    said = words.predicted if chance is None else f"{words.predicted}, {chance:.1%}"
    top = _set(pen, f"Predicted: {said}", large, ROOM, y, WIDTH - 2 * ROOM) + ROOM // 2
    below = top + SIDE + ROOM // 2
    left = _chances(pen, small, words, below)
    right = _key(pen, small, words, below)
    return top, max(left, right) + ROOM


def _chances(pen: ImageDraw, font: Font, words: Words, y: int) -> int:
    """Set each class with its probability as a bar, the likeliest first; return the end."""
    ranked = sorted(words.probabilities.items(), key=lambda one: -one[1])
    name, bar = SIDE * 9 // 20, SIDE * 7 // 20
    for label, chance in ranked[:CLASSES]:
        end = _set(pen, label, font, ROOM, y, name)
        x = ROOM + name + 8
        pen.rectangle((x, y + 4, x + bar, y + 15), fill=LIGHT)
        if round(bar * chance):
            pen.rectangle((x, y + 4, x + round(bar * chance), y + 15), fill=SOFT)
        pen.text((ROOM + SIDE, y), f"{chance:.1%}", fill=INK, font=font, anchor="ra")
        y = end + 3
    if len(ranked) > CLASSES:
        rest = f"and {len(ranked) - CLASSES} less likely classes"
        y = _set(pen, rest, font, ROOM, y, SIDE, SOFT)
    return y


def _key(pen: ImageDraw, font: Font, words: Words, y: int) -> int:
    """Draw the colours with what they mean, then the notes; return the end."""
    left = 2 * ROOM + SIDE
    lowest = 0.0 if words.one_sided else -1.0
    strengths = np.linspace(lowest, 1, SIDE)
    for i, colour in enumerate(tinted(np.full(SIDE, UNDER, np.uint8), strengths).tolist()):
        pen.line((left + i, y, left + i, y + KEY), fill=tuple(colour))
    y += KEY + 4
    half = SIDE // 2 - 8
    if words.one_sided:
        ends = ("no weight", f"most weight for {words.predicted}")
    else:
        ends = (f"against {words.predicted}", f"for {words.predicted}")
    y = max(
        _set(pen, ends[0], font, left, y, half),
        _set(pen, ends[1], font, left + SIDE, y, half, right=True),
    )
    for note in words.notes:
        y = _set(pen, note, font, left, y + 6, SIDE, SOFT)
    return y


def _set(
    pen: ImageDraw,
    text: str,
    font: Font,
    x: int,
    y: int,
    room: int,
    fill: tuple[int, int, int] = INK,
    *,
    right: bool = False,
) -> int:
    """Set text in lines no wider than its room; return where the next line would begin."""
    height = int(pen.textbbox((0, 0), "Ag", font=font)[3]) + 4
    for line in lines(text, room, lambda words: pen.textlength(words, font=font)):
        pen.text((x, y), line, fill=fill, font=font, anchor="ra" if right else "la")
        y += height
    return y


def lines(text: str, room: float, length: Callable[[str], float]) -> list[str]:
    """Break a text into lines that fit, between words where that is possible.

    Parameters
    ----------
    text : str
        Any; line breaks and other controls in it become blanks.
    room : float
        Width of a line.
    length : callable
        Measures a text.

    Returns
    -------
    list of str
        None longer than its room, but for a single letter that is.

    Examples
    --------
    >>> lines("no_tumor at all, abcdefghijkl", 9, len)
    ['no_tumor', 'at all,', 'abcdefghi', 'jkl']
    """
    found = [""]
    for piece in PIECES.findall("".join(c if c.isprintable() else " " for c in text)):
        if found[-1] and length((found[-1] + piece).rstrip()) > room:
            found.append("")
        for letter in piece:
            if found[-1] and length((found[-1] + letter).rstrip()) > room:
                found.append("")
            found[-1] += letter
    return [line.strip() for line in found if line.strip()]


def trace(panel: NDArray[np.uint8], mask: NDArray[np.bool_], colour: tuple[int, int, int]) -> None:
    """Draw a mask's outline on a panel, uint8 ``[H, W, 3]`` of any size, in place."""
    import cv2

    size = panel.shape[1], panel.shape[0]
    inside = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    drawn = np.ascontiguousarray(panel)
    cv2.drawContours(drawn, outlines, -1, colour, 1, cv2.LINE_AA)
    panel[:] = drawn
