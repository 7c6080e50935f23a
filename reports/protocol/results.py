"""A results folder as it was saved: what a report may know, and nothing else."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gliaboost import notebook
from gliaboost.errors import DamagedFileError, ResultsError
from gliaboost.parquet_file import read_frame
from gliaboost.reports.protocol.experiment_record import ExperimentRecord
from gliaboost.reports.protocol.order import in_order
from gliaboost.reports.protocol.record import (
    DatasetRecord,
    EnvironmentRecord,
    ProtocolRecord,
    RunRecord,
)
from gliaboost.reports.protocol.record_file import REMEDY, read_record
from gliaboost.reports.statistics import mask_cost
from gliaboost.reports.statistics.measures import MetricName
from gliaboost.reports.statistics.resampling import group_codes
from gliaboost.reports.statistics.units import Units, units_of

if TYPE_CHECKING:
    import pandas as pd

    from gliaboost.reports.statistics.paired import Comparison

PREDICTIONS, REGIONS = "predictions.parquet", "regions.parquet"
COLUMNS = ["key", "path", "patient", "fold", "experiment", "label", "predicted"]
# More curves than this in one frame cannot be told apart.
LEADING = 4


@dataclass(frozen=True, eq=False)
class ExperimentResult:
    """One line of the comparison.

    Attributes
    ----------
    letter : str
        What figures call it: A, B, C; empty for what does not compete.
    title : str
        What readers call it, the model with its features.
    record : ExperimentRecord
        What ``results.json`` has of it.
    predictions : pandas.DataFrame
        One row an image; empty where they were not saved.
    """

    letter: str
    title: str
    record: ExperimentRecord
    predictions: pd.DataFrame

    @property
    def name(self) -> str:
        """What ``results.json`` calls it."""
        return self.record.name

    @property
    def on_columns(self) -> bool:
        """Whether it learned from feature columns alone; else a network takes part."""
        return self.record.takes == "columns"

    def pooled(self, metric: MetricName) -> float | None:
        """Return a metric over all images, None where it is undefined."""
        return self.record.metric(metric).pooled

    @cached_property
    def arrays(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Truth and prediction by number, and probabilities, of each image."""
        from gliaboost.reports.statistics.evaluation import arrays

        return arrays(self.predictions, list(self.record.per_class))

    @cached_property
    def units(self) -> Units:
        """The patient of each image by number; where none is known its group, or itself."""
        return units_of(self.predictions)

    @cached_property
    def folds(self) -> NDArray[np.int64]:
        """The fold of each image by number."""
        return group_codes(self.predictions["fold"].astype(str))[0]


@dataclass(frozen=True, eq=False)
class Results:
    """A run as it was saved.

    Attributes
    ----------
    record : RunRecord
        What ``results.json`` holds.
    experiments : sequence of ExperimentResult
        What competes, the most accurate first (`gliaboost.reports.statistics.choice`), after it
        what was tested on all images, then what was tested on a part, each by its accuracy.
    controls : sequence of ExperimentResult
        Runs that are to fail, or to show a leak.
    transfers : sequence of ExperimentResult
        Models fitted on the whole data set and tested on another.
    folder, images : pathlib.Path, optional
        Where the run lies, and the folder that its images' paths are relative to.
    regions : pandas.DataFrame, optional
        `gliaboost.reports.statistics.mask_cost.COLUMNS`: the regions that columns looked at on test
        rows, against the true masks; None where there are none.
    """

    record: RunRecord
    experiments: Sequence[ExperimentResult]
    controls: Sequence[ExperimentResult] = ()
    transfers: Sequence[ExperimentResult] = ()
    folder: Path | None = None
    images: Path | None = None
    regions: pd.DataFrame | None = None

    @property
    def dataset(self) -> DatasetRecord:
        """The images."""
        return self.record.dataset

    @property
    def protocol(self) -> ProtocolRecord:
        """How experiments were compared."""
        return self.record.protocol

    @property
    def environment(self) -> EnvironmentRecord:
        """Machine and software."""
        return self.record.environment

    @property
    def name(self) -> str:
        """What the data set is called."""
        return self.dataset.name or "an unnamed data set"

    @property
    def classes(self) -> list[str]:
        """Labels in the order of the confusion matrix."""
        return list(self.dataset.classes)

    @property
    def simulated(self) -> bool:
        """Whether the images were made by a computer."""
        return self.dataset.simulated

    @property
    def grouped(self) -> bool:
        """Whether folds keep patients whole."""
        return self.protocol.group != "image"

    @property
    def feature_titles(self) -> dict[str, str]:
        """What readers call each extractor, by its label."""
        return {e.label: e.title for e in self.protocol.extractors}

    @property
    def predictions(self) -> pd.DataFrame:
        """One row an image, experiment and fold, of all experiments."""
        import pandas as pd

        frames = [e.predictions for e in (*self.experiments, *self.controls, *self.transfers)]
        filled = [f for f in frames if len(f)] or frames[:1]
        return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=COLUMNS)

    def experiments_frame(self) -> pd.DataFrame:
        """Return one row an experiment: what competes, then controls and tests elsewhere.

        Returns
        -------
        pandas.DataFrame
            What each was, its metrics over all images (accuracy with its 95 % interval), and its
            costs: ``*_seconds``, ``model_bytes``, ``peak_memory``. Missing where undefined.
        """
        from gliaboost.reports.protocol.frames import experiments_frame

        everything = [*self.experiments, *self.controls, *self.transfers]
        return experiments_frame([(e.letter, e.title, e.record) for e in everything])

    def folds_frame(self) -> pd.DataFrame:
        """Return one row an experiment and fold: images, metrics, and seconds on the clock."""
        from gliaboost.reports.protocol.frames import folds_frame

        return folds_frame(self.record.experiments)

    def leading(self, most: int = LEADING) -> list[tuple[int, ExperimentResult]]:
        """Return experiments for pictures, with their positions: the best of each model first.

        Where models are fewer than places, the most accurate of the others follow. Without
        predictions there is nothing to draw.
        """
        known = [(i, e) for i, e in enumerate(self.experiments) if len(e.predictions)]
        models = [e.record.model for _, e in known]
        first = [pair for n, pair in enumerate(known) if models[n] not in models[:n]]
        rest = [pair for pair in known if pair not in first]
        return sorted((first + rest)[:most], key=lambda pair: pair[0])

    @cached_property
    def series(self) -> list[int]:
        """Colour and mark of each experiment: those in pictures have the ones told apart best."""
        order = [i for i, _ in self.leading()]
        order += [i for i in range(len(self.experiments)) if i not in order]
        return [order.index(i) for i in range(len(order))]

    @cached_property
    def comparisons(self) -> list[Comparison]:
        """Every experiment against every other, where both have predictions."""
        from gliaboost.reports.statistics.paired import compare

        return compare([e.predictions for e in self.experiments], seed=self.protocol.seed)

    def __repr__(self) -> str:
        made = ", simulated" if self.simulated else ""
        best = self.experiments[0] if self.experiments else None
        accuracy = None if best is None else best.pooled("accuracy")
        return notebook.two_lines(
            "Results",
            f"{self.name}{made}, {self.dataset.images:,} images, "
            f"{len(self.experiments):,} experiments",
            "" if best is None or accuracy is None else f"first: {best.title}, {accuracy:.3f}",
        )

    def _repr_html_(self) -> str:
        """Show a notebook what competed, and on whom."""
        from gliaboost.reports.protocol.shown import experiments_html

        patients = self.dataset.patients
        whom = f"{patients:,} patients" if patients else "patients unknown"
        notes = [f"{self.dataset.images:,} images, {whom}", self.protocol.folds]
        unreadable = len(self.dataset.unreadable)
        notes += [f"{unreadable:,} unreadable"] if unreadable else []
        notes += [] if self.folder is None else [f"report: {self.folder / 'report.html'}"]
        made = ", simulated images" if self.simulated else ""
        return experiments_html(
            f"Benchmark on {self.name}{made}",
            [(e.letter, e.title, e.record) for e in self.experiments],
            "; ".join(notes),
        )


def read_results(folder: Path | str, images: Path | str | None = None) -> Results:
    """Read ``results.json``, ``predictions.parquet`` and, if there is one, ``regions.parquet``.

    Parameters
    ----------
    folder : path-like
        Where ``gliaboost benchmark`` wrote.
    images : path-like, optional
        The folder that ``path`` is relative to; without it no image is shown.

    Raises
    ------
    ResultsError
        If there is no run, one of a newer schema, or a damaged one; it lists every fault.
    """
    folder = Path(folder)
    record = read_record(folder)
    predictions = _read_table(folder / PREDICTIONS, COLUMNS)
    regions = _read_table(folder / REGIONS, mask_cost.COLUMNS)
    rows = dict(iter(predictions.groupby("experiment")))
    features = {e.label: e.title for e in record.protocol.extractors}

    def own(e: ExperimentRecord) -> pd.DataFrame:
        return rows.get(e.name, predictions.iloc[:0]).reset_index(drop=True)

    def aside(e: ExperimentRecord) -> ExperimentResult:
        return ExperimentResult("", _title(e, features), e, own(e))

    competing = [e for e in record.experiments if e.competes]
    order, partial = in_order(competing, [own(e) for e in competing], record.protocol.seed)
    titles = [
        _title(e, features) + (part_words(e, record.protocol.n_folds) if some else "")
        for e, some in zip(competing, partial, strict=True)
    ]
    # Two experiments may share model and features and differ in parameters.
    titles = [
        title if titles.count(title) == 1 else e.name
        for e, title in zip(competing, titles, strict=True)
    ]
    return Results(
        record,
        [
            ExperimentResult(letter(n), titles[i], competing[i], own(competing[i]))
            for n, i in enumerate(order)
        ],
        controls=[aside(e) for e in _by_accuracy(record) if e.control is not None],
        transfers=[aside(e) for e in _by_accuracy(record) if e.test_on is not None],
        folder=folder,
        images=None if images is None else Path(images),
        regions=regions if len(regions) else None,
    )


def letter(position: int) -> str:
    """Name a position as spreadsheets do.

    Examples
    --------
    >>> letter(0), letter(25), letter(26)
    ('A', 'Z', 'AA')
    """
    name = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        name = string.ascii_uppercase[rest] + name
    return name


def _by_accuracy(record: RunRecord) -> list[ExperimentRecord]:
    return sorted(record.experiments, key=lambda e: -(e.accuracy.pooled or 0.0))


def part_words(e: ExperimentRecord, n_folds: int) -> str:
    """Say in brackets, after a blank, on which part an experiment was tested."""
    folds = e.counts.folds
    return f" ({folds} of {n_folds} folds)" if folds < n_folds else f" ({e.counts.images:,} images)"


def _title(e: ExperimentRecord, features: Mapping[str, str]) -> str:
    on = " + ".join(features.get(label, label) for label in e.features)
    return f"{e.title} on {on}" if on else e.title


def _read_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a table that has at least some columns; empty where there is none."""
    import pandas as pd

    try:
        table = read_frame(path)
    except FileNotFoundError:
        return pd.DataFrame(columns=list(columns))
    except DamagedFileError as error:
        raise ResultsError(str(path), [f"it is damaged: {error.reason}"], REMEDY) from error
    except (OSError, ValueError) as error:
        raise ResultsError(str(path), [f"it cannot be read ({error})"], REMEDY) from error
    missing = [c for c in columns if c not in table]
    if missing:
        raise ResultsError(str(path), [f"it has no column {c}" for c in missing], REMEDY)
    return table
