"""What is independent of what: patients where they are known, else groups, else images."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.reports.statistics.measures import UnitName
from gliaboost.reports.statistics.resampling import group_codes

if TYPE_CHECKING:
    import pandas as pd

KINDS: tuple[UnitName, ...] = ("patient", "group", "image")


@dataclass(frozen=True, eq=False)
class Units:
    """The unit of each row: what is resampled, dealt a label, and counted as one witness.

    Attributes
    ----------
    codes : int64 array [N]
        The unit of each row by number, from 0: patients in the order of their names, then groups,
        then images.
    count : int
        How many there are.
    kind : {"patient", "group", "image"}
        What most rows are counted by.
    others : int
        Units of another kind: groups and single images of rows that lack a patient.
    """

    codes: NDArray[np.int64]
    count: int
    kind: UnitName
    others: int


def units_of(table: pd.DataFrame) -> Units:
    """Find the units of a table of images.

    A row belongs to its patient. Where that is not known it belongs to its group, and so to the
    patient of that group if its other rows name a single one; without a group it stands alone.

    Parameters
    ----------
    table : pandas.DataFrame
        One row an image; columns ``patient`` and ``group``, either of which may lack.

    Returns
    -------
    Units

    Examples
    --------
    >>> import pandas as pd
    >>> found = units_of(pd.DataFrame({"group": ["copies", "copies", None]}))
    >>> found.codes.tolist(), found.kind, found.others
    ([0, 0, 1], 'group', 1)
    """
    patients, groups = (
        _names(table[c]) if c in table else [None] * len(table) for c in ("patient", "group")
    )
    owners: dict[str, set[str]] = {}
    for patient, group in zip(patients, groups, strict=True):
        if patient is not None and group is not None:
            owners.setdefault(group, set()).add(patient)
    kinds = np.zeros(len(table), dtype=np.int64)
    names: list[Hashable] = []
    for row, (patient, group) in enumerate(zip(patients, groups, strict=True)):
        known = owners.get(group, set()) if group is not None else set()
        if patient is None and len(known) == 1:
            (patient,) = known
        kinds[row] = 0 if patient is not None else 1 if group is not None else 2
        # The number before a name keeps a patient apart from a group of that name.
        names.append((f"0{patient}", f"1{group}", None)[kinds[row]])
    codes, count = group_codes(names)
    rows = np.bincount(kinds, minlength=len(KINDS))
    most = int(rows.argmax())
    of_most = len(np.unique(codes[kinds == most]))
    return Units(codes, count, KINDS[most] if len(table) else "image", count - of_most)


def _names(column: pd.Series[Any]) -> list[str | None]:
    missing = (column.isna() | (column == "").fillna(True)).tolist()
    return [None if lacks else str(v) for v, lacks in zip(column, missing, strict=True)]
