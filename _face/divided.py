"""A data set as a benchmark takes it: read, its target chosen, divided into folds; faults noted."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from gliaboost._face.faults import Faults
from gliaboost._face.folders import is_archive, without_patients
from gliaboost._face.inputs import DataSet, of_target, read_data
from gliaboost._face.labels import refuse_quantities, remark
from gliaboost._face.scan_folders import without_labels
from gliaboost._face.words import fold_choice
from gliaboost.errors import UsageError
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.datasets.splits import Fold

AUTO = "auto"


@dataclass(frozen=True)
class Division:
    """Which images are asked what, and how they are divided.

    Parameters
    ----------
    target, modality : str
        As for `gliaboost.datasets.targets.with_target`.
    folds : str
        ``auto``, or as for `gliaboost.datasets.fold_names.named_folds`.
    only : str, int or iterable of these
        As for `gliaboost.benchmark`.
    seed : int
        Which division, where there is a choice.
    """

    target: str = "label"
    modality: str = "both"
    folds: str = AUTO
    only: str | int | Iterable[str | int] = ""
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Divided:
    """A data set, divided.

    Attributes
    ----------
    whole : Manifest
        All rows, as read.
    table : Manifest
        Those that have the target.
    folds : list of Fold
        Of all models.
    description : str
        How the folds came about.
    for_one : dict of str to list of str
        Folds of single models.
    other : Manifest, optional
        Another data set, to be tested on.
    all_folds : list of Fold
        Those of which `folds` are some: extractors that learn divide training rows by them.
    """

    whole: Manifest
    table: Manifest
    folds: Sequence[Fold]
    description: str
    for_one: dict[str, list[str]]
    other: Manifest | None
    all_folds: Sequence[Fold]


def read_labelled(
    faults: Faults,
    data: DataSet,
    target: str,
    modality: str,
    *,
    store: Path | str | None = None,
    progress: Progress = SILENT,
) -> tuple[Manifest, Manifest] | None:
    """Read a data set that is to be learned from, and note what is wrong with it.

    Returns
    -------
    (Manifest, Manifest) or None
        All rows, and those that have the target; None where something was noted. An archive is not
        unpacked for a call that is wrong already.
    """
    if faults and isinstance(data, str | os.PathLike) and is_archive(Path(data)):
        return None
    before = len(faults.errors)
    with faults.noted():
        whole = read_data(data, progress, store)
        if not whole.has_patients and _is_table(data):  # of a folder it was said
            progress.line("\n".join(without_patients("edit", Path(os.fspath(data)))))
        if (lacking := without_labels(whole, data)) is not None and target == "label":
            raise UsageError(lacking)
        table = of_target(whole, target, modality, progress)
        refuse_quantities(table)
        table.check(labelled=True)
        said = remark(table)
        if said is not None:
            progress.line(f"note: {said} --target names another column")
    return None if len(faults.errors) > before else (whole, table)


def _is_table(data: DataSet) -> TypeGuard[str | os.PathLike[str]]:
    if not isinstance(data, str | os.PathLike):
        return False
    return Path(data).is_file() and not is_archive(Path(data))


def divide(
    faults: Faults,
    data: DataSet,
    test_on: DataSet | None,
    division: Division,
    models: Sequence[str],
    *,
    store: Path | str | None = None,
    progress: Progress = SILENT,
) -> Divided | None:
    """Read and divide a data set, and read the one it is tested on; note what is wrong.

    Parameters
    ----------
    faults : Faults
        Notes it.
    data, test_on : Manifest, pandas.DataFrame or path-like
        As for `gliaboost.benchmark`.
    division : Division
        What is asked of which images, and how they are divided.
    models : sequence of str
        Those of this run.
    store : path-like, optional
        Below which archives are unpacked.
    progress : Progress
        Hears what was read, and which folds were chosen.

    Returns
    -------
    Divided or None
        None where something was noted.
    """
    target, modality = division.target, division.modality
    before = len(faults.errors)
    read = read_labelled(faults, data, target, modality, store=store, progress=progress)
    other = None
    if test_on is not None:
        other = read_labelled(faults, test_on, target, modality, store=store, progress=progress)
    if read is None:
        return None
    whole, table = read
    if other is not None and not set(table.classes) & set(other[1].classes):
        faults.note(
            UsageError(
                f"{other[1].name} has none of the classes {', '.join(table.classes)}; its own are "
                f"{', '.join(other[1].classes)}"
            )
        )
    folds: Sequence[Fold] = []
    all_folds: Sequence[Fold] = []
    description, for_one = "", dict[str, list[str]]()
    with faults.noted():
        all_folds, folds, description, for_one = _folds(faults, table, division, models, progress)
    if len(faults.errors) > before:
        return None
    return Divided(whole, table, folds, description, for_one, other and other[1], all_folds)


def _folds(
    faults: Faults, table: Manifest, division: Division, models: Sequence[str], progress: Progress
) -> tuple[Sequence[Fold], Sequence[Fold], str, dict[str, list[str]]]:
    """Give all folds, those of all models, how they came about, and those of single models."""
    from gliaboost.datasets.fold_names import named_folds, some_folds, usual_folds
    from gliaboost.spelling import did_you_mean, spelled

    for_all, given = fold_choice(division.only)
    if division.folds.strip().lower() == AUTO:
        folds, description, reason = usual_folds(table, seed=division.seed)
        progress.line(f"folds: {reason}")
    else:
        folds, description = named_folds(table, division.folds, seed=division.seed)
    whole = folds
    if for_all:
        folds = some_folds(folds, for_all)
        description += f"; of these only {', '.join(f.name for f in folds)}"
    for_one = {}
    for word, names in given.items():
        model = spelled(word, models)
        if model is None:
            asked = did_you_mean(word, models)
            faults.note(
                UsageError(f"--only {word}={names[0]}: the models are {', '.join(models)}{asked}")
            )
            continue
        with faults.noted():
            for_one[model] = [f.name for f in some_folds(folds, names)]
    return whole, folds, description, for_one
