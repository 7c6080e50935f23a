r"""Texts that come from data, made harmless where a program does more with them than show them.

A terminal obeys escape codes, a spreadsheet computes what begins with ``=``, and Markdown holds
HTML. Labels, patients and paths are somebody else's words: each goes through one of these rules on
its way out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# Control characters but for line ends and tabs, and those that turn the direction of a text.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# A line of a message: a cell may have megabytes, and its first letters tell it as well.
LONGEST_LINE = 1000
# What makes a spreadsheet compute a cell; also in the wide forms of East Asian keyboards.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Numbers, intervals and the like: signs, digits and what stands between them compute nothing.
_FIGURES = re.compile(r"[-+−–±]?[\d.,\s%\[\]()–−±eE+-]*")
_MARK = "'"
# What begins an HTML tag, and what follows the text of a link.
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_LINK = re.compile(r"\](?=[(:\[])")


def printable(text: str) -> str:
    r"""Write control characters as their codes, so that a terminal shows and does not obey them.

    Examples
    --------
    >>> printable("a\x1b[2Jb\tc")
    'a\\x1b[2Jb\tc'
    """
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def message(text: str) -> str:
    """Make a text fit for a message: printable, and none of its lines longer than a paragraph.

    Examples
    --------
    >>> len(message("a" * 10**6)) < 1100
    True
    """
    if len(text) > LONGEST_LINE:
        text = "\n".join(_cut(line) for line in text.split("\n"))
    return printable(text)


def csv_cell(value: Any) -> Any:
    """Mark a text that a spreadsheet would compute; `from_csv_cell` takes the mark away.

    Parameters
    ----------
    value : object
        What is no text is returned as it is.

    Examples
    --------
    >>> csv_cell("=1+1"), csv_cell("-0.5 [-0.7, -0.3]"), csv_cell("glioma"), csv_cell(-1)
    ("'=1+1", '-0.5 [-0.7, -0.3]', 'glioma', -1)
    """
    if not isinstance(value, str):
        return value
    bare = value.lstrip(_MARK)
    return _MARK + value if _computes(bare) and not _FIGURES.fullmatch(bare) else value


def from_csv_cell(text: str) -> str:
    """Take away the mark that `csv_cell`, or a careful other program, has put.

    Examples
    --------
    >>> from_csv_cell("'=1+1"), from_csv_cell("'s-Hertogenbosch"), from_csv_cell("it's")
    ('=1+1', "'s-Hertogenbosch", "it's")
    """
    marked = text.startswith(_MARK) and _computes(text.lstrip(_MARK))
    return text[1:] if marked else text


def csv_frame(table: pd.DataFrame) -> pd.DataFrame:
    """Apply `csv_cell` to all texts of a table, and to the names of its columns."""
    found = table.copy(deep=False)
    for place in range(table.shape[1]):
        column = table.iloc[:, place]
        if column.dtype.kind in "OSU" or str(column.dtype) in ("str", "string", "category"):
            texts = column.astype(object).map(csv_cell, na_action="ignore")
            found.isetitem(place, texts.to_numpy())
    found.columns = table.columns.map(csv_cell)
    return found


def markdown(text: str) -> str:
    r"""Let a text be a text in Markdown: no HTML, no link, no picture, one line.

    Examples
    --------
    >>> markdown("<img src=x> of [a](b), p < 0.05 in [0.1, 0.2]")
    '&lt;img src=x> of [a]\\(b), p < 0.05 in [0.1, 0.2]'
    """
    flat = " ".join(printable(text).split("\n"))
    return _LINK.sub(r"]\\", _TAG.sub("&lt;", flat))


def _cut(line: str) -> str:
    if len(line) <= LONGEST_LINE:
        return line
    return f"{line[:LONGEST_LINE]}… ({len(line):,} letters)"


def _computes(text: str) -> bool:
    return text.startswith(_FORMULA)
