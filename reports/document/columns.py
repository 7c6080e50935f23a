"""Rows of text set in columns: plain for a program that reads them, fitted to a terminal."""

from __future__ import annotations

from collections.abc import Sequence

GAP = 2
# A column of words that is narrower tells nothing.
NARROWEST = 12


def columns(
    rows: Sequence[Sequence[str]],
    *,
    left: int,
    heading: bool = True,
    indent: int = 0,
    fit: bool = False,
) -> str:
    """Set rows in columns.

    Parameters
    ----------
    rows : sequence of sequence of str
        One row at least, all of one length.
    left : int
        How many columns, from the first, are words and stand to the left; others are numbers.
    heading : bool
        Whether the first row names the columns. A terminal shows it bold.
    indent : int
        Spaces before each line.
    fit : bool
        To the width of the terminal: words that do not fit go on in the next line of their column,
        numbers stay whole. Else, or where the numbers alone are wider, every row is one line.

    Returns
    -------
    str
        Lines without spaces at their ends.

    Examples
    --------
    >>> print(columns([["class", "n"], ["glioma", "1426"]], left=1))
    class      n
    glioma  1426
    """
    text = _fitted(rows, left, heading, indent) if fit else _plain(rows, left)
    return "\n".join((" " * indent + line).rstrip() for line in text.splitlines())


def _plain(rows: Sequence[Sequence[str]], left: int) -> str:
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return "\n".join(
        (" " * GAP).join(
            cell.ljust(w) if i < left else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _fitted(rows: Sequence[Sequence[str]], left: int, heading: bool, indent: int) -> str:
    # Imported for a terminal alone: it takes as long as a single image's prediction.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    least = sum(min(w, NARROWEST) for w in widths[:left]) + sum(widths[left:])
    if indent + least + GAP * (len(widths) - 1) > console.width:
        return _plain(rows, left)
    table = Table(
        box=None, pad_edge=False, padding=(0, GAP, 0, 0), show_header=heading, header_style="bold"
    )
    names = rows[0] if heading else [""] * len(rows[0])
    for i, name in enumerate(names):
        words = i < left
        table.add_column(
            Text(name),
            justify="left" if words else "right",
            overflow="fold",
            no_wrap=not words,
        )
    for row in rows[1:] if heading else rows:
        # As Text, because a path may hold what rich takes for markup.
        table.add_row(*map(Text, row))
    with console.capture() as captured:
        console.print(table, width=console.width - indent)
    return captured.get()
