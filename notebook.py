"""Small tables in HTML, for what a notebook shows of a value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

# Colours are the notebook's own, light or dark.
_CELL = "padding:0.2em 0.8em;border-bottom:1px solid rgba(128,128,128,0.35)"


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
    cells = [[str(value) for value in row] for row in rows]
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
    below = f'<p style="opacity:0.8">{escape(note)}</p>' if note else ""
    return (
        f'<div class="gliaboost"><p><strong>{escape(title)}</strong></p>'
        f'<table style="border-collapse:collapse">{top}<tbody>{body}</tbody></table>{below}</div>'
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
        f'{escape(name)}</th><td style="{_CELL};text-align:left">{escape(str(value))}</td></tr>'
        for name, value in shown
    )
    below = f'<p style="opacity:0.8">{escape(note)}</p>' if note else ""
    return (
        f'<div class="gliaboost"><p><strong>{escape(title)}</strong></p>'
        f'<table style="border-collapse:collapse"><tbody>{rows}</tbody></table>{below}</div>'
    )


def _cell(kind: str, text: str, side: str) -> str:
    return f'<{kind} style="{_CELL};text-align:{side}">{escape(text)}</{kind}>'
