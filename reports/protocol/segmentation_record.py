"""What a comparison of segmenters knows: ``segmentation.json`` and its table of slices."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from gliaboost import notebook
from gliaboost.errors import DamagedFileError, ResultsError, UsageError
from gliaboost.json_file import read_json_text, write_json
from gliaboost.parquet_file import read_frame, write_frame
from gliaboost.regular_files import is_regular
from gliaboost.reports.protocol.call_record import CallRecord
from gliaboost.reports.protocol.record import STRICT
from gliaboost.reports.protocol.record_file import FILE, MOST_RECORD, place, shown_errors
from gliaboost.reports.statistics.segmentation import COLUMNS

if TYPE_CHECKING:
    import pandas as pd

SCHEMA: Final = 1
RECORD, SLICES = "segmentation.json", "slices.parquet"
# The column of the true mask's file, as the manifest names it.
TRUE_MASK = "true_mask"
AGAIN = "run gliaboost segment benchmark again"


@dataclass(frozen=True, kw_only=True)
class SegmenterFold:
    """A segmenter on one fold.

    Attributes
    ----------
    fold : str
        Its name.
    train, test : int
        Slices.
    fit : float
        Seconds on the clock.
    device : str
        Where it was really fitted.
    decision : dict of str to float
        From map to mask, as chosen inside the training part.
    """

    fold: str
    train: int
    test: int
    fit: float
    device: str
    decision: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class SegmenterRecord:
    """A segmenter and its folds.

    Attributes
    ----------
    name : str
        Registered name, as the table's ``experiment``.
    parameters : dict
        As fitted.
    folds : sequence of SegmenterFold
        Those that were run.
    pretrained_on : sequence of str
        What its pretrained networks had learned from before; empty in older runs.
    """

    name: str
    parameters: dict[str, Any]
    folds: tuple[SegmenterFold, ...]
    pretrained_on: tuple[str, ...] = ()

    @property
    def fit_seconds(self) -> float:
        """Mean time to train a fold."""
        return sum(f.fit for f in self.folds) / len(self.folds)


@dataclass(frozen=True, kw_only=True)
class SegmentationRecord:
    """A comparison of segmenters.

    Attributes
    ----------
    schema : int
        Of this class.
    gliaboost : str
        Version that made it.
    created : str
        ISO 8601, UTC.
    command : str
        What the user typed.
    dataset, fingerprint : str
        Name and fingerprint of the manifest.
    images, with_tumour, patients : int
        Slices whose tumour is known, those with one, and patients (0 where none is known).
    left_out : int
        Slices of a tumour without a mask.
    simulated : bool
        Whether the images were made by a computer.
    division : str
        How the folds came about.
    preparation : dict
        What images went through.
    seed : int
        Of everything.
    processor : str
        Of the machine.
    cores : int
        Threads that were allowed.
    segmenters : sequence of SegmenterRecord
        In the order that they were named.
    unreadable : dict of str to str
        Images that could not be read, with the reason.
    versions : dict of str to str or None
        Of packages, None where one is absent; empty in older runs.
    inputs : str
        SHA-256 of the paths and the bytes of all pictures and masks; empty in older runs.
        ``inputs.parquet`` lists them.
    call : CallRecord, optional
        What was asked for, so that it can be done again; None in older runs.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    schema: int
    gliaboost: str
    created: str
    command: str
    dataset: str
    fingerprint: str
    images: int
    with_tumour: int
    patients: int
    left_out: int
    simulated: bool
    division: str
    preparation: dict[str, Any]
    seed: int
    processor: str
    cores: int
    segmenters: tuple[SegmenterRecord, ...]
    unreadable: dict[str, str]
    versions: dict[str, str | None] = field(default_factory=dict)
    inputs: str = ""
    call: CallRecord | None = None


@dataclass(frozen=True, eq=False)
class SegmentationResults:
    """A comparison of segmenters, as read from its folder.

    Attributes
    ----------
    record : SegmentationRecord
        What is known of it.
    slices : pandas.DataFrame
        One row a slice and segmenter: ``path``, ``patient``, ``label``, ``fold``, ``experiment``,
        ``area_true``, ``area_predicted`` (pixels of the picture), ``dice``, ``iou``, ``precision``,
        ``recall``, ``hd95`` (pixels), ``seconds``; and ``true_mask``, the true mask's file as the
        manifest named it (tables of older versions have none).
    folder : pathlib.Path
        Where they lie.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"experiment": ["otsu"] * 2, "area_true": [9, 0], "dice": [0.5, 1.0]})
    >>> SegmentationResults(None, frame, Path(".")).dice()
    {'otsu': 0.5}
    """

    record: SegmentationRecord
    slices: pd.DataFrame
    folder: Path

    def __repr__(self) -> str:
        found = (f"{name} {value:.3f}" for name, value in self.dice().items())
        return notebook.two_lines(
            "SegmentationResults",
            f"{self.record.dataset}, {self.record.images:,} images, "
            f"a tumour on {self.record.with_tumour:,}",
            f"mean Dice: {notebook.listed(found)}",
        )

    def _repr_html_(self) -> str:
        """Show a notebook what was compared, and on whom."""
        known = self.record
        dice = self.dice()
        made = ", simulated images" if known.simulated else ""
        whom = f"{known.patients:,} patients" if known.patients else "patients unknown"
        return notebook.table(
            f"Segmenters on {known.dataset}{made}",
            ["segmenter", "mean Dice", "fit s"],
            [
                (s.name, f"{dice[s.name]:.3f}" if s.name in dice else "", f"{s.fit_seconds:.1f}")
                for s in known.segmenters
            ],
            f"{known.images:,} images, a tumour on {known.with_tumour:,}, {whom}; "
            f"{known.division}; folder: {self.folder}",
        )

    def dice(self) -> dict[str, float]:
        """Return each segmenter's mean Dice on slices with a tumour."""
        ill = self.slices[self.slices["area_true"] > 0]
        means = ill.groupby("experiment", sort=False)["dice"].mean()
        return {str(name): float(value) for name, value in means.items()}


def holds_segmentation(folder: Path | str) -> bool:
    """Whether a folder is of a comparison of segmenters, and of none of classifiers."""
    folder = Path(folder)
    return is_regular(folder / RECORD) and not is_regular(folder / FILE)


def write_segmentation(folder: Path, record: SegmentationRecord, slices: pd.DataFrame) -> None:
    """Write both files, each whole or not at all."""
    write_frame(slices, folder / SLICES)
    text = json.dumps(asdict(record), indent=1, allow_nan=False) + "\n"
    write_json(text, folder / RECORD)


def read_segmentation(folder: Path | str) -> SegmentationResults:
    """Read a comparison of segmenters.

    Parameters
    ----------
    folder : path-like
        Where ``gliaboost segment benchmark`` wrote.

    Returns
    -------
    SegmentationResults

    Raises
    ------
    UsageError
        If there is none in the folder.
    ResultsError
        If it is damaged, or of a newer schema.
    """
    from pydantic import TypeAdapter, ValidationError

    folder = Path(folder)
    missing = [name for name in (RECORD, SLICES) if not is_regular(folder / name)]
    if missing:
        raise UsageError(
            f"no {missing[0]} in {folder}; name the folder that gliaboost segment benchmark wrote"
        )
    try:
        saved = json.loads(read_json_text(folder / RECORD, MOST_RECORD))
        if isinstance(saved, dict) and saved.get("schema") not in (None, SCHEMA):
            fault = f"schema: it is {saved['schema']!r}, this gliaboost reads {SCHEMA}"
            raise ResultsError(str(folder / RECORD), [fault], "upgrade gliaboost")
        adapter = TypeAdapter(SegmentationRecord)
        record = adapter.validate_json(json.dumps(saved))
        slices = read_frame(folder / SLICES)
        _check(slices, record, folder)
    except ValidationError as error:
        faults = [f"{place(e['loc'])}: {e['msg']}" for e in shown_errors(error)]
        raise ResultsError(str(folder / RECORD), faults, AGAIN) from None
    except DamagedFileError as error:
        raise ResultsError(error.path, [f"it is damaged: {error.reason}"], AGAIN) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(str(folder), [f"it cannot be read ({error})"], AGAIN) from None
    return SegmentationResults(record, slices, folder)


def _check(slices: pd.DataFrame, record: SegmentationRecord, folder: Path) -> None:
    """Refuse a table that is not that of the record."""
    faults = [f"it has no column {c}" for c in COLUMNS if c not in slices]
    known = {segmenter.name for segmenter in record.segmenters}
    if "experiment" in slices and set(slices["experiment"]) != known:
        found = ", ".join(sorted(set(map(str, slices["experiment"])))) or "none"
        faults.append(f"it has slices of {found}, {RECORD} names {', '.join(sorted(known))}")
    if faults:
        raise ResultsError(str(folder / SLICES), faults, AGAIN)
