"""One fold's predictions on disk: what lets a killed benchmark go on where it stopped."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost.files import replacing

if TYPE_CHECKING:
    import pandas as pd

NOTES_KEY = b"gliaboost.fold"


@dataclass(frozen=True, eq=False)
class Part:
    """Predictions of one model on one outer fold.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row an image.
    notes : dict
        Plain facts: ``identity``, ``fold``, seconds, device, sizes.
    """

    frame: pd.DataFrame
    notes: Mapping[str, Any]


def stem_of(experiment: str, fold: str) -> str:
    """Name a fold's files.

    Examples
    --------
    >>> stem_of("lightgbm+hog (shuffled labels)", "1")
    'lightgbm+hog-shuffled-labels-fold-1'
    """
    return f"{_slug(experiment)}-fold-{_slug(fold)}"


def read_part(path: Path, identity: str) -> Part | None:
    """Read a part, None if there is none, or one of other data, parameters or folds."""
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read()
        notes = json.loads((table.schema.metadata or {})[NOTES_KEY])
    except (OSError, KeyError, ValueError):
        return None
    return Part(table.to_pandas(), notes) if notes.get("identity") == identity else None


def write_part(path: Path, part: Part) -> None:
    """Write a part, whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(part.frame, preserve_index=False)
    metadata = {**(table.schema.metadata or {}), NOTES_KEY: json.dumps(dict(part.notes)).encode()}
    with replacing(path) as temporary:
        pq.write_table(table.replace_schema_metadata(metadata), temporary)


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.+-]+", "-", text).strip("-")
