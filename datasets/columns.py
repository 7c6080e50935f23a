"""Columns of tables that people bring: their usual names, and cells as text that loses nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from gliaboost.datasets.file_names import is_text, spoken
from gliaboost.errors import UsageError
from gliaboost.few import few

if TYPE_CHECKING:
    import pandas as pd

# The first that is there is taken; the manifest's own name always comes first. Case, spaces,
# hyphens and underscores make no difference.
USUAL: Mapping[str, tuple[str, ...]] = {
    "path": (
        *("path", "image", "file", "filename", "image_path", "file_path", "image_file"),
        *("image_name", "img", "img_path", "img_name", "images", "filenames", "relative_path"),
    ),
    "label": (
        *("label", "class", "diagnosis", "target", "category", "class_name", "class_label"),
        *("tumor_type", "tumour_type", "labels"),
    ),
    "patient": (
        *("patient", "patient_id", "subject", "subject_id", "pid", "case", "case_id"),
        *("patient_name", "patient_number", "patient_no", "participant", "participant_id"),
        *("person", "person_id", "patients"),
    ),
    "mask": ("mask", "mask_path", "segmentation", "mask_file", "mask_name", "segmentation_path"),
    "modality": ("modality",),
    "split": ("split", "subset", "partition"),
    "fold": ("fold",),
    "group": ("group",),
    "presence": ("presence",),
    "type": ("type",),
}
_WHOLE = re.compile(r"-?\d+[.,]0")


class Renamed(NamedTuple):
    """A table with the manifest's names, and what was done to it."""

    table: pd.DataFrame
    notes: tuple[str, ...]


def plain(name: object) -> str:
    """Reduce a column's name to its letters and digits in one case.

    Examples
    --------
    >>> plain("Patient_ID"), plain(" patient id"), plain("PatientID")
    ('patientid', 'patientid', 'patientid')
    """
    folded = unicodedata.normalize("NFKC", str(name)).casefold()
    return "".join(c for c in folded if c.isalnum())


def usual_names(
    table: pd.DataFrame, spellings: Mapping[str, tuple[str, ...]] = USUAL, name: str = "table"
) -> Renamed:
    """Give the columns with a usual name the manifest's own.

    Parameters
    ----------
    table : pandas.DataFrame
        Left as it is. An index with a name is a column too.
    spellings : mapping of str to tuple of str
        Usual names of each column, the first that is there being taken.
    name : str
        What errors call the table.

    Returns
    -------
    Renamed
        With a note for each column that another name stood for.

    Raises
    ------
    UsageError
        If two columns of one name differ, so that no one can know which is meant.

    Examples
    --------
    >>> import pandas as pd
    >>> renamed = usual_names(pd.DataFrame({"Image Path": ["a.png"], "Class": ["x"], "age": [7]}))
    >>> list(renamed.table), renamed.notes
    (['path', 'label', 'age'], ("column 'Image Path' read as path, 'Class' as label",))
    """
    table = _indexed(table)
    headers = [str(c).strip() for c in table.columns]
    taken: dict[int, str] = {}
    spare: set[int] = set()
    for column, names in spellings.items():
        free = [i for i in range(len(headers)) if i not in taken and i not in spare]
        found = [i for i in free if headers[i] == column]
        for usual in names:
            found = found or [i for i in free if plain(headers[i]) == plain(usual)]
        if not found:
            continue
        first, *others = found
        differing = [i for i in others if not _same(table.iloc[:, first], table.iloc[:, i])]
        if differing:
            both = " and ".join(repr(headers[i]) for i in [first, *differing])
            raise UsageError(
                f"{name}: columns {both} could both be {column!r} and differ; rename or remove one"
            )
        taken[first] = column
        spare.update(others)
    kept = [i for i in range(len(headers)) if i not in spare]
    result = table.iloc[:, kept].copy()
    result.columns = _distinct([taken.get(i, headers[i]) for i in kept])
    read = [
        f"{headers[i]!r} {'read ' if not n else ''}as {column}"
        for n, (i, column) in enumerate(
            (i, c) for i, c in taken.items() if plain(headers[i]) != plain(c)
        )
    ]
    return Renamed(result, (f"column {', '.join(read)}",) if read else ())


def text(values: Iterable[Any], *, exact: bool = False) -> pd.Series[str]:
    """Turn cells of any type into text or missing, alike whatever file they came from.

    Parameters
    ----------
    values : iterable
        Text, numbers, booleans, categories; None, NaN, NA and empty text are missing. Numbers that
        are all whole lose the ``.0`` (or ``,0``) that a missing neighbour gave them.
    exact : bool
        Leave text as it stands, with blanks at its ends and ``.0``, as names of files need it.

    Returns
    -------
    pandas.Series of str

    Raises
    ------
    UsageError
        If a cell is a name that is no text, as no table can hold it.

    Examples
    --------
    >>> text([1.0, None, 7.0]).tolist(), text(["007", "NA"]).tolist(), text([0.5, 1.0]).tolist()
    (['1', nan, '7'], ['007', 'NA'], ['0.5', '1.0'])
    """
    import pandas as pd

    def cell(value: Any) -> str | None:
        if not isinstance(value, str):
            if value is None or (isinstance(value, float) and value != value):
                return None
            if pd.api.types.is_scalar(value) and pd.isna(value):
                return None
            value = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        return (value if exact else value.strip()) or None

    cells = [cell(v) for v in values]
    if not exact and all(c is None or _WHOLE.fullmatch(c) for c in cells):
        cells = [c and c[:-2] for c in cells]
    odd = [c for c in cells if c and not is_text(c)]
    if odd:
        raise UsageError(
            f"names that are not UTF-8, which no table can hold ({few(map(spoken, odd), 1)}); "
            "rename the files or folders"
        )
    return pd.Series(cells, dtype="str")


def _indexed(table: pd.DataFrame) -> pd.DataFrame:
    """Make columns of a named index, and none of one that only numbers the rows."""
    named = [n for n in table.index.names if n is not None and n not in table.columns]
    table = table.reset_index(level=named) if named else table
    return table.reset_index(drop=True)


def _same(a: pd.Series[Any], b: pd.Series[Any]) -> bool:
    return bool(text(a).equals(text(b)))


def _distinct(names: list[str]) -> list[str]:
    """Give names that stand twice a number, as pandas does: x, x.1."""
    seen: set[str] = set()
    result = []
    for name in names:
        number, free = 0, name
        while free in seen:
            number += 1
            free = f"{name}.{number}"
        seen.add(free)
        result.append(free)
    return result
