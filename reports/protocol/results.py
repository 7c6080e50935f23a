"""A results folder as it was saved: what a report may know, and nothing else.

Beyond what `gliaboost.reports.statistics.evaluation.evaluate` gives, an entry of ``experiments``
may have ``seconds`` (``features`` in core seconds, ``fit`` and ``predict`` on the clock),
``device``, ``through_host`` (a GPU was fed from the host's memory), ``model_bytes``,
``peak_memory``, ``parameters``, ``shap_by_family`` ({family: share}), ``history`` (a list of
{``fold``, ``metric``, ``train``, ``valid``}), ``search`` (a list, one a fold, as
`gliaboost.reports.protocol.search.search_in_fold` notes it), ``control`` with ``of`` (the name of
the experiment it repeats), and ``test_on`` (the name of another data set, or {``name``}) with
``left_out`` ({reason: images}). The audit's findings are ``dataset.audit``, pairs of weight and
sentence. What is absent is said to be.
"""

from __future__ import annotations

import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.reports.statistics.resampling import group_codes

if TYPE_CHECKING:
    import pandas as pd

    from gliaboost.reports.statistics.paired import Comparison

SCHEMA = 1
COLUMNS = ["key", "path", "patient", "fold", "experiment", "label", "predicted"]
# More curves than this in one frame cannot be told apart.
LEADING = 4
MODELS = {
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "cnn": "CNN",
    "cnn-scratch": "CNN from scratch",
    "cnn-finetune": "Fine-tuned CNN",
    "hybrid": "Hybrid",
    "svm": "SVM",
}
FAMILIES = {"hog": "HOG", "lbp": "LBP", "glcm": "GLCM", "embedding": "embedding"}
BOOSTERS = ("xgboost", "lightgbm")


@dataclass(frozen=True, eq=False)
class ExperimentResult:
    """One line of the comparison.

    Attributes
    ----------
    letter : str
        What figures call it: A, B, C.
    title : str
        What readers call it.
    entry : mapping
        As in ``results.json``.
    predictions : pandas.DataFrame
        One row an image; empty where they were not saved.
    """

    letter: str
    title: str
    entry: Mapping[str, Any]
    predictions: pd.DataFrame

    @property
    def name(self) -> str:
        """What ``results.json`` calls it."""
        return str(self.entry["name"])

    @property
    def boosted(self) -> bool:
        """Whether a booster on fixed features made it; else a network takes part."""
        return self.entry.get("model") in BOOSTERS

    @property
    def control(self) -> str | None:
        """What it is to show (see `gliaboost.reports.protocol.experiments`), if it is a control."""
        kind = self.entry.get("control")
        return None if not kind else str(kind).replace("-", " ")

    @property
    def test_on(self) -> str | None:
        """The other data set that it was tested on, None where folds were."""
        other = self.entry.get("test_on")
        return None if not other else str(other["name"] if isinstance(other, Mapping) else other)

    def pooled(self, metric: str) -> float | None:
        """Return a metric over all images, None where it is undefined or absent."""
        value = (self.entry.get(metric) or {}).get("pooled")
        return None if value is None else float(value)

    @cached_property
    def arrays(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Truth and prediction by number, and probabilities, of each image."""
        from gliaboost.reports.statistics.evaluation import arrays

        return arrays(self.predictions, list(self.entry["per_class"]))

    @cached_property
    def patients(self) -> tuple[NDArray[np.int64], int]:
        """The patient of each image by number, and how many there are."""
        return group_codes(self.predictions["patient"])

    @cached_property
    def folds(self) -> NDArray[np.int64]:
        """The fold of each image by number."""
        return group_codes(self.predictions["fold"].astype(str))[0]

    def seconds(self, *parts: str) -> float | None:
        """Add up times, None where one of them was not measured."""
        measured = self.entry.get("seconds") or {}
        spent = [float(v) for p in parts if (v := measured.get(p)) is not None]
        return sum(spent) if len(spent) == len(parts) else None


@dataclass(frozen=True, eq=False)
class Results:
    """A run as it was saved.

    Attributes
    ----------
    dataset, protocol, environment : mapping
        As in ``results.json``.
    experiments : sequence of ExperimentResult
        The most accurate first.
    controls : sequence of ExperimentResult
        Runs that are to fail, or to show a leak; their entries have ``control``.
    transfers : sequence of ExperimentResult
        Models fitted on the whole data set and tested on another; their entries have ``test_on``.
    audit : sequence of (weight, sentence)
        What the audit of the data set found.
    folder, images : pathlib.Path, optional
        Where the run lies, and the folder that its images' paths are relative to.
    """

    dataset: Mapping[str, Any]
    protocol: Mapping[str, Any]
    environment: Mapping[str, Any]
    experiments: Sequence[ExperimentResult]
    controls: Sequence[ExperimentResult] = ()
    transfers: Sequence[ExperimentResult] = ()
    audit: Sequence[Sequence[str]] = ()
    folder: Path | None = None
    images: Path | None = None

    @property
    def name(self) -> str:
        """What the data set is called."""
        return str(self.dataset.get("name") or "an unnamed data set")

    @property
    def classes(self) -> list[str]:
        """Labels in the order of the confusion matrix."""
        return list(self.dataset["classes"])

    @property
    def simulated(self) -> bool:
        """Whether the images were made by a computer."""
        return bool(self.dataset.get("simulated"))

    @property
    def grouped(self) -> bool:
        """Whether folds keep patients whole."""
        return self.protocol.get("group") in ("patient", "group")

    def leading(self, most: int = LEADING) -> list[tuple[int, ExperimentResult]]:
        """Return experiments for pictures, with their positions: the best of each model first.

        Where models are fewer than places, the most accurate of the others follow. Without
        predictions there is nothing to draw.
        """
        known = [(i, e) for i, e in enumerate(self.experiments) if len(e.predictions)]
        models = [e.entry.get("model") for _, e in known]
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

        seed = int(self.protocol.get("seed") or 0)
        return compare([e.predictions for e in self.experiments], seed=seed)


def read_results(folder: Path | str, images: Path | str | None = None) -> Results:
    """Read ``results.json`` and ``predictions.parquet``.

    Parameters
    ----------
    folder : path-like
        Where ``gliaboost benchmark`` wrote.
    images : path-like, optional
        The folder that ``path`` is relative to; without it no image is shown.

    Raises
    ------
    UsageError
        If there is no run, or one of another schema.
    """
    import pandas as pd

    folder = Path(folder)
    path = folder / "results.json"
    try:
        saved = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"no results.json in {folder}; expected the folder that gliaboost benchmark --out wrote"
        ) from None
    except ValueError as error:
        raise UsageError(f"{path} is no JSON ({error}); run gliaboost benchmark again") from None
    schema = saved.get("schema") if isinstance(saved, dict) else None
    if schema != SCHEMA:
        raise UsageError(
            f"{path} has schema {schema!r}, this gliaboost reads schema {SCHEMA}; run gliaboost "
            "benchmark again, or report with the version that wrote it"
        )
    absent = [k for k in ("dataset", "protocol", "experiments") if k not in saved]
    if absent:
        raise UsageError(f"{path} lacks {', '.join(absent)}; run gliaboost benchmark again")
    table = folder / "predictions.parquet"
    try:
        predictions = pd.read_parquet(table)
    except FileNotFoundError:
        predictions = pd.DataFrame(columns=COLUMNS)
    except Exception as error:  # pyarrow's errors are many
        first = (str(error).splitlines() or [""])[0]
        raise UsageError(
            f"{table} is no readable table ({first}); run gliaboost benchmark again"
        ) from error
    missing = [c for c in COLUMNS if c not in predictions]
    if missing:
        raise UsageError(
            f"{table} has no column {', '.join(missing)}; run gliaboost benchmark again"
        )
    most = max((_images(e) for e in saved["experiments"] if _competes(e)), default=0)

    def partial(entry: Mapping[str, Any]) -> bool:
        # One fold alone may be an easy one: what was tested on all images goes first.
        return _competes(entry) and 0 < _images(entry) < most

    entries = sorted(saved["experiments"], key=lambda e: (partial(e), -_accuracy(e)))
    ranked = [e for e in entries if _competes(e)]
    found = saved.get("audit") or saved["dataset"].get("audit") or []
    titles = [
        f"{_title(e)} ({_images(e):,} images alone)" if partial(e) else _title(e) for e in ranked
    ]
    rows = dict(iter(predictions.groupby("experiment")))

    def experiment(name: str, title: str, entry: Mapping[str, Any]) -> ExperimentResult:
        own = rows.get(entry["name"], predictions.iloc[:0])
        return ExperimentResult(name, title, entry, own.reset_index(drop=True))

    return Results(
        saved["dataset"],
        saved["protocol"],
        saved.get("environment") or {},
        [
            # Two experiments may share model and features and differ in parameters.
            experiment(letter(i), title if titles.count(title) == 1 else str(entry["name"]), entry)
            for i, (entry, title) in enumerate(zip(ranked, titles, strict=True))
        ],
        controls=[experiment("", _title(e), e) for e in entries if e.get("control")],
        transfers=[experiment("", _title(e), e) for e in entries if e.get("test_on")],
        audit=found.get("sentences", []) if isinstance(found, dict) else found,
        folder=folder,
        images=None if images is None else Path(images),
    )


def _competes(entry: Mapping[str, Any]) -> bool:
    return not entry.get("control") and not entry.get("test_on")


def _images(entry: Mapping[str, Any]) -> int:
    return int((entry.get("counts") or {}).get("images") or 0)


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


def family(feature: str) -> str:
    """Name a feature family as its field does, with what sets it apart.

    Examples
    --------
    >>> family("hog"), family("embedding:mobilenetv2_100")
    ('HOG', 'embedding (mobilenetv2_100)')
    """
    name, _, apart = feature.partition(":")
    return FAMILIES.get(name, name) + (f" ({apart})" if apart else "")


def model_name(model: str) -> str:
    """Name a model as its makers do."""
    return MODELS.get(model, model)


def _title(entry: Mapping[str, Any]) -> str:
    model = model_name(str(entry.get("model") or entry["name"]))
    features = [family(str(f)) for f in entry.get("features") or []]
    return f"{model} on {' + '.join(features)}" if features else model


def _accuracy(entry: Mapping[str, Any]) -> float:
    return float((entry.get("accuracy") or {}).get("pooled") or 0)
