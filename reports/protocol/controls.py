"""The controls of a benchmark: what must fail, or show what a leak is worth, and end nothing."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.components import sharing
from gliaboost.datasets.splits import Fold, image_folds
from gliaboost.errors import DamagedFileError, GliaboostError
from gliaboost.features.base import Extractor
from gliaboost.features.fitted import is_fitted, to_learn
from gliaboost.files import set_aside
from gliaboost.json_file import read_json, write_json
from gliaboost.models.registry import model_class
from gliaboost.models.training_data import TrainingData
from gliaboost.progress import Progress
from gliaboost.reports.protocol.experiment_record import ControlName
from gliaboost.reports.protocol.experiments import BY_IMAGE, SHUFFLED, Experiment
from gliaboost.reports.statistics.dealt_labels import balanced_accuracy, dealings, measure_dealt
from gliaboost.reports.statistics.measures import DealtLabels, UnitName
from gliaboost.reports.statistics.units import units_of

if TYPE_CHECKING:
    import pandas as pd

# Dealings that the benchmark's own model learns: so many images' worth, 1 to 3.
OWN_IMAGES, MOST_OWN = 3000, 3
# Another number for another way of dealing or learning: what an earlier version kept is not read.
VERSION = 1

Learn = Callable[[Experiment, Sequence[Fold], NDArray[Any], int], "pd.DataFrame"]


@dataclass(frozen=True, eq=False)
class Dealing:
    """Labels dealt out many times over all readable images.

    Attributes
    ----------
    rows : int64 array [n]
        Of the manifest.
    codes, units : int64 arrays [n]
        True classes by number, and what swaps labels: patients and groups that share an image, a
        file or a picture, joined.
    unit : {"patient", "group", "image"}
        What most of them are.
    folds : sequence of (training, test)
        Positions in `rows`.
    labels : int64 array [L, n]
        Dealt classes by number.
    """

    rows: NDArray[np.int64]
    codes: NDArray[np.int64]
    units: NDArray[np.int64]
    unit: UnitName
    folds: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]
    labels: NDArray[np.int64]


def cheapest(experiments: Sequence[Experiment]) -> Experiment | None:
    """Choose what the controls repeat: of those on most columns the model of the least effort.

    By what models are known to take, not by the clock: the same run repeats the same experiment,
    however busy the machine is. Of equal ones, the first that was named.
    """
    boosted = [i for i, e in enumerate(experiments) if e.takes == "columns"]
    if not boosted:
        return None
    most = max(len(experiments[i].extractors) for i in boosted)
    full = [i for i in boosted if len(experiments[i].extractors) == most]
    return experiments[min(full, key=lambda i: model_class(experiments[i].model).effort)]


def run_controls(
    data: TrainingData,
    repeated: Experiment,
    folds: Sequence[Fold],
    n_folds: int,
    copies: Sequence[Sequence[str]],
    learn: Learn,
    identity: str,
    out: Path,
    seed: int,
    progress: Progress,
) -> tuple[DealtLabels | None, dict[str, str]]:
    """Run both controls; what fails in one is noted, and the benchmark goes on.

    Parameters
    ----------
    data : TrainingData
        What was learned from.
    repeated : Experiment
        From `cheapest`.
    folds : sequence of Fold
        Those that it was run on.
    n_folds : int
        Folds by image for the other control.
    copies : sequence of sequence of str
        Keys of the files that show one picture.
    learn : callable
        Given an experiment, folds, labels by row of the manifest, and which repetition it is (the
        first, 0, goes into the record); returns the predictions.
    identity : str
        Hash of all that the repeated experiment depends on.
    out : pathlib.Path
        The results' folder.
    seed : int
        Of the dealings and of the folds by image.
    progress : Progress
        Hears a line of what was done.

    Returns
    -------
    dealt : DealtLabels, optional
        None where labels could not be dealt, or learned.
    failed : dict of str to str
        Reasons, by control.
    """
    failed: dict[str, str] = {}
    dealt = None
    learning = [e.label for e in to_learn(repeated.extractors)]
    if learning:
        # Fitted anew for each dealing they would take many times the benchmark's own time.
        ready = tuple(e for e in repeated.extractors if is_fitted(e))
        reason = (
            f"{', '.join(learning)} learned inside the folds, and no control is run with such "
            "features"
        )
        progress.line(f"controls: {reason}")
        failed[BY_IMAGE] = reason
        if not ready:
            return None, {SHUFFLED: reason, **failed}
        repeated = replace(repeated, extractors=ready)
    with contained(SHUFFLED, failed, progress):
        begun = time.perf_counter()
        dealing = deal_labels(data, folds, seed, copies)
        path = out / "parts" / "dealt-labels.json"
        dealt = learned_quickly(data, repeated.extractors, dealing, seed, path, identity)
        progress.line(
            f"labels dealt among {dealt.units} {dealt.unit}s, {len(dealt.scores)} times: balanced "
            f"accuracy {dealt.mean:.3f} on average, chance {dealt.chance:.3f}, with the true "
            f"labels {dealt.true:.3f}, {time.perf_counter() - begun:.1f} s"
        )
        control = replace(repeated, control=SHUFFLED)
        for number in range(max(1, min(MOST_OWN, OWN_IMAGES // len(dealing.rows)))):
            own, true = _own(data, dealing, number, learn, control, folds)
            dealt = replace(dealt, own=(*dealt.own, own), own_true=(*dealt.own_true, true))
    if not learning and n_folds > 1 and len(set(data.groups)) < len(data.manifest):
        with contained(BY_IMAGE, failed, progress):
            cut = image_folds(data.manifest, n_folds, seed=seed)
            learn(replace(repeated, control=BY_IMAGE), cut, data.labels, 0)
    return dealt, failed


@contextmanager
def contained(control: ControlName, failed: dict[str, str], progress: Progress) -> Iterator[None]:
    """Note what goes wrong in a control: the report is worth more than the control."""
    try:
        yield
    except Exception as error:  # a control may fail in as many ways as a model
        known = isinstance(error, GliaboostError)
        reason = str(error) if known else f"{type(error).__name__}: {error}"
        failed[control] = reason
        progress.line(f"the control with {control} failed, the benchmark goes on: {reason}")


def deal_labels(
    data: TrainingData,
    folds: Sequence[Fold],
    seed: int,
    copies: Sequence[Sequence[str]] = (),
) -> Dealing:
    """Deal the labels of all readable images, whole units together."""
    rows = data.readable(np.arange(len(data.manifest)))
    codes = np.searchsorted(np.asarray(data.manifest.classes), data.labels[rows].astype(str))
    # Files of equal bytes are one picture, whatever they are filed under; so are its known copies.
    picture = {key: str(number) for number, keys in enumerate(copies) for key in keys}
    keys = [str(data.extraction.keys[i]) for i in rows]
    units = sharing(data.groups[rows].tolist(), [picture.get(key, key) for key in keys])
    place = np.full(len(data.manifest), -1)
    place[rows] = np.arange(len(rows))
    within = [(place[data.readable(f.train)], place[data.readable(f.test)]) for f in folds]
    labels = dealings(codes, units, within, seed)
    unit = units_of(data.manifest.table.iloc[rows]).kind
    return Dealing(rows, codes, units, unit, within, labels)


def learned_quickly(
    data: TrainingData,
    extractors: Sequence[Extractor],
    dealing: Dealing,
    seed: int,
    path: Path,
    identity: str,
) -> DealtLabels:
    """Let the quick learner learn each dealing, or take its scores from an earlier run."""
    from pydantic import TypeAdapter

    text = "\n".join([identity, str(VERSION), str(seed), json.dumps(dealing.units.tolist())])
    own = hashlib.sha256(text.encode()).hexdigest()
    try:
        saved = read_json(path)
        if saved["identity"] == own:
            return TypeAdapter(DealtLabels).validate_json(json.dumps(saved["dealt"]))
    except DamagedFileError as error:
        set_aside(error, "the labels are dealt again")
    except (OSError, ValueError, KeyError, TypeError):
        pass
    dealt = measure_dealt(
        np.asarray(data.columns(dealing.rows, extractors)),
        dealing.codes,
        dealing.units,
        dealing.folds,
        dealing.labels,
        dealing.unit,
        seed,
    )
    write_json(json.dumps({"identity": own, "dealt": asdict(dealt)}), path)
    return dealt


def _own(
    data: TrainingData,
    dealing: Dealing,
    number: int,
    learn: Learn,
    control: Experiment,
    folds: Sequence[Fold],
) -> tuple[float, float]:
    """Let the benchmark's own model learn a dealing; score it by the dealt and the true labels."""
    classes = np.asarray(data.manifest.classes, dtype=object)
    labels = data.labels.copy()
    labels[dealing.rows] = classes[dealing.labels[number]]
    frame = learn(control, folds, labels, number)
    asked = np.concatenate([test for _, test in dealing.folds])
    said = np.searchsorted(classes.astype(str), frame["predicted"].to_numpy().astype(str))
    dealt, true = (
        balanced_accuracy(codes[asked], said, len(classes))
        for codes in (dealing.labels[number], dealing.codes)
    )
    return round(dealt, 4), round(true, 4)
