"""Models of one data set tested on another, without the pictures that are in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.naming import named
from gliaboost.errors import UsageError
from gliaboost.progress import SILENT, Progress, Substage
from gliaboost.reports.protocol.experiment_record import ExperimentRecord


@dataclass(frozen=True)
class Elsewhere:
    """Another data set, as far as a model may be tested on it.

    Attributes
    ----------
    name : str
        Of the data set.
    manifest : Manifest
        The rows that are left.
    left_out : dict of str to int
        Why rows were left out: ``in both``, ``unknown class``.
    offered : dict of str to int
        Its images by class, before any was left out.
    """

    name: str
    manifest: Manifest
    left_out: dict[str, int]
    offered: dict[str, int] = field(default_factory=dict)


def find_elsewhere(
    manifest: Manifest,
    other: Manifest,
    *,
    jobs: int | None = None,
    progress: Progress = SILENT,
) -> Elsewhere:
    """Leave out what a model of `manifest` has seen, or has no name for.

    Parameters
    ----------
    manifest, other : Manifest
        What is trained on, and what is to be tested on.
    jobs : int, optional
        Threads.
    progress : Progress, optional
        Hears of the files to read.

    Returns
    -------
    Elsewhere
        Copies are found as an audit finds them: turned, resized or recompressed too.

    Raises
    ------
    UsageError
        If nothing is left.
    """
    from gliaboost.datasets.audit.duplicates import link
    from gliaboost.datasets.audit.pictures import read_pictures

    known = other.table["label"].isin(manifest.classes).to_numpy()
    paths = [*other.paths, *manifest.paths]
    pictures = read_pictures(paths, jobs=jobs, progress=Substage(progress, "comparing"))
    copies = link(pictures[: len(other)], pictures[len(other) :], jobs=jobs)
    both = np.isin(np.arange(len(other)), copies["a"])
    kept = known & ~both
    left_out = {"in both": int(both.sum()), "unknown class": int((~known & ~both).sum())}
    name = named(other)
    if not kept.any():
        raise UsageError(
            f"no image of {name} is left to test on: of {len(other)}, {left_out['in both']} are "
            f"in {named(manifest)} too and {left_out['unknown class']} have another class "
            f"than {', '.join(manifest.classes)}"
        )
    table = other.table[kept].reset_index(drop=True)
    offered = {str(k): int(v) for k, v in other.table["label"].value_counts().sort_index().items()}
    return Elsewhere(name, Manifest.of(table, other.root, other.name), left_out, offered)


def described(
    record: ExperimentRecord, elsewhere: Elsewhere, names: Sequence[str]
) -> ExperimentRecord:
    """Turn an experiment's record into one of another data set; what it lacks was unreadable."""
    unreadable = len(elsewhere.manifest) - record.counts.images
    return replace(
        record,
        shap_by_family=None,
        history=(),
        test_on=elsewhere.name,
        left_out={**elsewhere.left_out, **({"unreadable": unreadable} if unreadable > 0 else {})},
        offered=elsewhere.offered or None,
        trained_on=tuple(names),
    )
