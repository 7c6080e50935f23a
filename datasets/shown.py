"""A manifest's table as a prompt and a notebook show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gliaboost import notebook

if TYPE_CHECKING:
    import pandas as pd

# Rows that a notebook shows.
SHOWN = 10


def in_two_lines(table: pd.DataFrame, name: str) -> str:
    """Give the number of images, the classes and the patients.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"path": ["a.png"], "label": ["glioma"], "patient": [None]})
    >>> print(in_two_lines(table, "clinic"))
    <Manifest: clinic, 1 images
     1 glioma; patients unknown>
    """
    facts = "; ".join([_classes(table), _patients(table)])
    return notebook.two_lines("Manifest", f"{name}, {len(table):,} images", facts)


def as_table(table: pd.DataFrame, name: str, notes: Sequence[str]) -> str:
    """Set the first rows, without the columns that are empty and the keys: HTML."""
    shown = table.dropna(axis="columns", how="all").drop(columns="key", errors="ignore")
    said = [_classes(table), _patients(table)]
    said += [f"the first {SHOWN} shown"] if len(table) > SHOWN else []
    return notebook.table(
        f"{name}, {len(table):,} images",
        [str(column) for column in shown.columns],
        shown.head(SHOWN).astype("object").fillna("").to_numpy().tolist(),
        "; ".join([*said, *notes]),
    )


def _classes(table: pd.DataFrame) -> str:
    counts = table["label"].value_counts()
    known = notebook.listed(f"{n:,} {label}" for label, n in counts.items())
    return known if len(counts) else "no labels"


def _patients(table: pd.DataFrame) -> str:
    patients = int(table["patient"].nunique())
    return f"{patients:,} patients" if patients else "patients unknown"
