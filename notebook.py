"""What a prompt and a notebook show of a value: two lines; tables, bars and pictures in HTML."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

from gliaboost.few import few

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Colours are the notebook's own, light or dark.
_CELL = "padding:0.2em 0.8em;border-bottom:1px solid rgba(128,128,128,0.35)"
_SOFT = "opacity:0.8"
# Names that a line lists, letters of one, and letters of a line.
NAMES, LETTERS, LINE = 6, 40, 200
# Classes that have a bar; the rest are counted.
BARS = 8
# Pixels of the page that a picture takes; a narrow page shows it smaller.
WIDTH = 224


def two_lines(kind: str, what: str, more: str) -> str:
    """Give what a prompt shows of a value: never more, whatever names and numbers it holds.

    Parameters
    ----------
    kind : str
        The class.
    what, more : str
        A line each; cut where they are long, and without line breaks of their own.

    Examples
    --------
    >>> print(two_lines("Bundle", "lightgbm, for glioma", "trained on 8 images"))
    <Bundle: lightgbm, for glioma
     trained on 8 images>
    """
    first, second = (cut(line, LINE) for line in (what, more))
    return f"<{kind}: {first}\n {second}>"


def listed(names: Iterable[object]) -> str:
    """Name the first few of many, each cut where it is long.

    Examples
    --------
    >>> listed("abcdefgh"), listed([])
    ('a, b, c, d, e, f and 2 more', 'none')
    """
    return few((cut(name, LETTERS) for name in names), NAMES) or "none"


def cut(value: object, most: int) -> str:
    r"""Give the text of a value, printable and no longer than some letters.

    Examples
    --------
    >>> cut("a line\nbreak", 20), cut("glioblastoma", 6)
    ('a line�break', 'gliob…')
    """
    text = printable(value)
    return text if len(text) <= most else text[: most - 1] + "…"


def printable(value: object) -> str:
    r"""Give the text of a value; in place of controls and broken letters stands a mark.

    Names of files may hold bytes that are no text, line breaks, and signs that turn the writing.

    Examples
    --------
    >>> printable("a\udcff.png")
    'a�.png'
    """
    return "".join(c if c.isprintable() else "\ufffd" for c in str(value))


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], note: str = ""
) -> str:
    """Set rows as a table.

    Parameters
    ----------
    title : str
        Above it.
    columns : sequence of str
        Heads, one a cell; or none, for no head row.
    rows : iterable of sequences
        Cells, all escaped. A column whose cells begin with a digit stands to the right.
    note : str
        Below it.

    Returns
    -------
    str
        HTML.

    Examples
    --------
    >>> "&lt;b&gt;.png" in table("Files", ["path"], [["<b>.png"]])
    True
    """
    cells = [[printable(value) for value in row] for row in rows]
    sides = [
        "right" if any(column) and all(v[:1].isdigit() for v in column if v) else "left"
        for column in zip(*cells, strict=True)
    ] or ["left"] * len(columns)
    heads = "".join(_cell("th", *pair) for pair in zip(columns, sides, strict=False))
    body = "".join(
        f"<tr>{''.join(_cell('td', *pair) for pair in zip(row, sides, strict=True))}</tr>"
        for row in cells
    )
    top = f"<thead><tr>{heads}</tr></thead>" if columns else ""
    return (
        f'<div class="gliaboost">{_title(title)}'
        f'<table style="border-collapse:collapse">{top}<tbody>{body}</tbody></table>'
        f"{_note(note)}</div>"
    )


def facts(title: str, known: Iterable[tuple[str, object]], note: str = "") -> str:
    """Set names and values as a table of two columns, without what is empty or None.

    Examples
    --------
    >>> facts("Model", [("classes", "glioma"), ("device", None)]).count("<tr>")
    1
    """
    shown = [(name, value) for name, value in known if value is not None and value != ""]
    rows = "".join(
        f'<tr><th scope="row" style="{_CELL};text-align:left;font-weight:normal;opacity:0.8">'
        f'{_text(name)}</th><td style="{_CELL};text-align:left">{_text(value)}</td></tr>'
        for name, value in shown
    )
    return (
        f'<div class="gliaboost">{_title(title)}'
        f'<table style="border-collapse:collapse"><tbody>{rows}</tbody></table>{_note(note)}</div>'
    )


def picture(pixels: NDArray[np.uint8], words: str) -> str:
    """Set a picture, whole in the text: nothing is asked of a file or a host.

    Parameters
    ----------
    pixels : uint8 array [H, W] or [H, W, 3]
        Greys or RGB.
    words : str
        What is to be seen, for those who do not see it.

    Examples
    --------
    >>> import numpy as np
    >>> picture(np.zeros((2, 2), np.uint8), 'a "slice"')[:33]
    '<img alt="a &quot;slice&quot;" st'
    """
    from PIL import Image

    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    data = b64encode(file.getvalue()).decode()
    style = f"width:{WIDTH}px;max-width:100%;height:auto"
    return f'<img alt="{_text(words)}" style="{style}" src="data:image/png;base64,{data}">'


def bars(chances: Mapping[str, float]) -> str:
    """Set probabilities as bars, the greatest first.

    Parameters
    ----------
    chances : mapping of str to float
        By class, 0 to 1.

    Returns
    -------
    str
        HTML: name, bar and percentage of each of the first `BARS`, and how many more there are.

    Examples
    --------
    >>> bars({"glioma": 0.25, "healthy": 0.75}).index("75.0%") < bars({"glioma": 1}).index("100")
    False
    """
    ranked = sorted(chances.items(), key=lambda one: -one[1])
    rows = "".join(
        f'<tr><th scope="row" style="{_CELL};text-align:left;font-weight:normal">{_text(name)}</th>'
        f'<td style="{_CELL}"><div style="width:10em;background:rgba(128,128,128,0.25)">'
        f'<div style="width:{min(1.0, max(0.0, chance)):.1%};height:0.8em;'
        f'background:rgb(70,130,180)"></div></div></td>'
        f'<td style="{_CELL};text-align:right">{chance:.1%}</td></tr>'
        for name, chance in ranked[:BARS]
    )
    more = len(ranked) - BARS
    below = _note(f"and {more:,} less likely classes" if more > 0 else "")
    return f'<table style="border-collapse:collapse"><tbody>{rows}</tbody></table>{below}'


def card(title: str, pictures: Sequence[str], beside: str, notes: Sequence[str] = ()) -> str:
    """Set pictures, with what is said of them beside and below.

    Parameters
    ----------
    title, notes : str, sequence of str
        Words; escaped here.
    pictures, beside : sequence of str, str
        HTML, as from `picture` and `bars`.

    Examples
    --------
    >>> card("a<b", [], "<hr>", ["so"]).count("<hr>")
    1
    """
    shown = "".join(f'<div style="margin-right:1em">{one}</div>' for one in (*pictures, beside))
    below = "".join(map(_note, notes))
    return (
        f'<div class="gliaboost">{_title(title)}'
        f'<div style="display:flex;flex-wrap:wrap;align-items:flex-start">{shown}</div>'
        f"{below}</div>"
    )


def _title(text: str) -> str:
    return f"<p><strong>{_text(text)}</strong></p>" if text else ""


def _note(text: str) -> str:
    return f'<p style="{_SOFT}">{_text(text)}</p>' if text else ""


def _text(value: object) -> str:
    return escape(printable(value))


def _cell(kind: str, text: str, side: str) -> str:
    return f'<{kind} style="{_CELL};text-align:{side}">{_text(text)}</{kind}>'
