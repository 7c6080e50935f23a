"""Words set in a drawing: broken into lines, as SVG breaks none by itself."""

from __future__ import annotations

import re

# Of a letter of 12 pixels, on average, in the widest face that a browser may fall back on.
LETTER = 7.2
BOLD = 7.9
LINE = 14.0
# Where a name may be broken: after a blank, an underscore, a hyphen, a slash.
PIECES = re.compile(r"[^ _/-]*[ _/-]*")


def wrapped(
    words: str, width: float, *, most: int | None = None, letter: float = LETTER
) -> list[str]:
    """Break words into lines that are no wider than there is room.

    Parameters
    ----------
    words : str
        Any text; broken between words, or within one that is too long.
    width : float
        Room, in the drawing's units.
    most : int, optional
        Lines at most; what is left then ends in an ellipsis.
    letter : float
        Width of a letter.

    Returns
    -------
    list of str
        At least one line.

    Examples
    --------
    >>> wrapped("LightGBM on HOG + LBP", 90)
    ['LightGBM on', 'HOG + LBP']
    >>> wrapped("meningioma_tumor", 90), wrapped("a b c d e", 20, most=2)
    (['meningioma_', 'tumor'], ['a', 'b…'])
    """
    room = max(2, int(width / letter))
    lines = [""]
    for piece in filter(None, PIECES.findall(words)):
        if len(lines[-1] + piece.rstrip()) > room and lines[-1]:
            lines.append("")
        while len(piece.rstrip()) > room:
            lines[-1], piece = piece[:room], piece[room:]
            lines.append("")
        lines[-1] += piece
    lines = [line.strip() for line in lines if line.strip()] or [""]
    if most is not None and len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][: room - 1].rstrip() + "…"]
    return lines


def fits(words: str, width: float, most: int) -> bool:
    """Whether words need no more lines than `most`, and no word is broken within."""
    room = max(2, int(width / LETTER))
    whole = all(len(p.rstrip()) <= room for p in PIECES.findall(words))
    return whole and len(wrapped(words, width)) <= most
