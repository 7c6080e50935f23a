"""Words of a visitor set as they are: no name becomes a link, a picture or a colour."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

_MARKS = re.compile(r"([!-/:-@\[-`{-~])")
# Bars: one blue that stands out on white and on black.
_BAR, _GROUND = "#3b82c4", "rgba(128,128,128,0.22)"


def plain(text: str) -> str:
    r"""Set any text so that Markdown makes nothing of it.

    Examples
    --------
    >>> print(plain("![x](a)"))
    \!\[x\]\(a\)
    """
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def bars(probabilities: Mapping[str, float], kept: Sequence[str] | None = None) -> str:
    """Set probabilities as bars, in HTML.

    Parameters
    ----------
    probabilities : mapping of str to float
        By class, in the order in which they are shown.
    kept : sequence of str, optional
        Classes that cannot be ruled out: set in bold.

    Returns
    -------
    str
        HTML with all names escaped; a reader of the screen hears class and number.

    Examples
    --------
    >>> "&lt;b&gt;" in bars({"<b>": 0.5})
    True
    """
    rows = []
    for name, value in probabilities.items():
        weight = "600" if kept is not None and name in kept else "400"
        rows.append(
            f'<li style="display:grid;grid-template-columns:minmax(7rem,38%) 1fr 4rem;gap:0.6rem;'
            f'align-items:center;margin:0 0 0.35rem 0;font-weight:{weight}">'
            f'<span style="overflow-wrap:anywhere">{escape(name)}</span>'
            f'<span aria-hidden="true" style="background:{_GROUND};border-radius:4px;height:0.9rem;'
            f'overflow:hidden"><span style="display:block;height:100%;background:{_BAR};'
            f'width:{100 * value:.1f}%"></span></span>'
            f'<span style="text-align:right;font-variant-numeric:tabular-nums">{value:.1%}</span>'
            "</li>"
        )
    return f'<ul style="list-style:none;margin:0;padding:0">{"".join(rows)}</ul>'


def small(text: str) -> str:
    """Set a remark, in HTML: smaller, yet dark enough to be read."""
    return f'<p style="font-size:0.875rem;margin:0">{escape(text)}</p>'


def key(colours: Sequence[tuple[tuple[int, int, int], str]]) -> str:
    """Set a key of colours with the words at its ends, in HTML."""
    shades = [f"rgb{colour}" for colour, _ in colours]
    middle = ", rgb(70, 70, 70), " if len(shades) == 2 and colours[0][0] != (70, 70, 70) else ", "
    ends = "".join(f"<span>{escape(words)}</span>" for _, words in colours)
    return (
        f'<div aria-hidden="true" style="height:0.8rem;border-radius:4px;'
        f'background:linear-gradient(90deg, {middle.join(shades)})"></div>'
        f'<div style="display:flex;justify-content:space-between;gap:1rem">{ends}</div>'
    )


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """Set names and values as a table of two columns, in HTML."""
    cell = "padding:0.15rem 0.8rem 0.15rem 0;text-align:left;vertical-align:top;border:0"
    lines = "".join(
        f'<tr><th scope="row" style="{cell};font-weight:400;white-space:nowrap">{escape(name)}</th>'
        f'<td style="{cell};overflow-wrap:anywhere">{escape(value)}</td></tr>'
        for name, value in rows
    )
    return f'<table style="border-collapse:collapse"><tbody>{lines}</tbody></table>'
