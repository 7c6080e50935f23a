"""One fold's predictions on disk: what lets a killed benchmark go on where it stopped."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from gliaboost.errors import DamagedFileError
from gliaboost.files import set_aside
from gliaboost.parquet_file import read_parquet, write_parquet
from gliaboost.reports.protocol.experiment_record import HistoryRecord, SearchRecord
from gliaboost.reports.protocol.record import STRICT

if TYPE_CHECKING:
    import pandas as pd

# Another name for other notes: a part of an earlier version is not read, but run again.
NOTES_KEY = b"gliaboost.fold.2"


@dataclass(frozen=True, kw_only=True)
class FoldNotes:
    """What is known of a fold beside its predictions.

    Attributes
    ----------
    identity : str
        Hash of all that the predictions depend on.
    fold : str
        Its name.
    train, test : int
        Images.
    fit, predict : float
        Seconds on the clock.
    device : str
        Where the model was really fitted.
    memory : str, optional
        Where a GPU's columns were read from, ``"host"`` or ``"device"``.
    parameters : dict
        Of the fitted model.
    peak_memory : int, optional
        Most bytes that the process held; None where the system does not tell.
    model_bytes : int, optional
        The saved model; None where none was saved.
    training_images_per_second : float, optional
        Of a network.
    shap_by_family : dict of str to float, optional
        Share of the mean absolute SHAP values by label of extractor.
    history : HistoryRecord, optional
        Of a network.
    search : SearchRecord, optional
        Where parameters were searched.
    learned : dict of str to float
        Core seconds of each fit of an extractor and of what it computed, by identity: folds share
        some.
    described : float, optional
        Core seconds of these that the tested images alone took; None in an older run's part.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    identity: str
    fold: str
    train: int
    test: int
    fit: float
    predict: float
    device: str
    memory: str | None
    parameters: dict[str, Any]
    peak_memory: int | None
    model_bytes: int | None
    training_images_per_second: float | None
    shap_by_family: dict[str, float] | None
    history: HistoryRecord | None
    search: SearchRecord | None
    learned: dict[str, float] = field(default_factory=dict)
    described: float | None = None


@dataclass(frozen=True, eq=False)
class Part:
    """Predictions of one model on one outer fold.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row an image.
    notes : FoldNotes
        What is known beside them.
    """

    frame: pd.DataFrame
    notes: FoldNotes


def stem_of(experiment: str, fold: str) -> str:
    """Name a fold's files.

    Examples
    --------
    >>> stem_of("lightgbm+hog (shuffled labels)", "1")
    'lightgbm+hog-shuffled-labels-fold-1'
    """
    return f"{_slug(experiment)}-fold-{_slug(fold)}"


def read_part(path: Path, identity: str) -> Part | None:
    """Read a part, None if there is none, or one of other data, parameters, folds or version."""
    from pydantic import TypeAdapter

    found = read_noted(path, NOTES_KEY)
    if found is None:
        return None
    try:
        notes = TypeAdapter(FoldNotes).validate_json(found[1])
    except ValueError:
        return None
    return Part(found[0], notes) if notes.identity == identity else None


def write_part(path: Path, part: Part) -> None:
    """Write a part, whole or not at all."""
    write_noted(path, part.frame, NOTES_KEY, asdict(part.notes))


def read_noted(path: Path, key: bytes) -> tuple[pd.DataFrame, bytes] | None:
    """Read a table with its notes, as JSON; None where there is no such table, or it has none.

    Warns
    -----
    DamagedWarning
        If a disk altered it: it is set aside.
    """
    try:
        table = read_parquet(path)
        return table.to_pandas(), (table.schema.metadata or {})[key]
    except DamagedFileError as error:
        set_aside(error, "what it held is computed again")
        return None
    except (OSError, KeyError, ValueError):
        return None


def write_noted(path: Path, frame: pd.DataFrame, key: bytes, notes: Mapping[str, Any]) -> None:
    """Write a table with notes in its metadata, whole or not at all."""
    import pyarrow as pa

    table = pa.Table.from_pandas(frame, preserve_index=False)
    metadata = {**(table.schema.metadata or {}), key: json.dumps(notes).encode()}
    write_parquet(table.replace_schema_metadata(metadata), path)


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.+-]+", "-", text).strip("-")


def forget(checkpoint: Path) -> None:
    """Remove what a fold kept to go on from, beside it too; its answers are safe."""
    for spent in checkpoint.parent.glob(f"{checkpoint.name}*"):
        spent.unlink()
