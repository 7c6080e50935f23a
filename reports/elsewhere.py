"""Models of one data set tested on another, without the pictures that are in both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gliaboost.datasets.errors import UsageError
from gliaboost.datasets.manifest import Manifest
from gliaboost.models.material import Material
from gliaboost.reports.experiments import Experiment
from gliaboost.reports.fitting import fit_and_ask, forget, predictions
from gliaboost.reports.naming import named
from gliaboost.reports.parts import Part, read_part, stem_of, write_part

Say = Callable[[str], None]


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
    """

    name: str
    manifest: Manifest
    left_out: dict[str, int]


def find_elsewhere(
    manifest: Manifest,
    other: Manifest,
    *,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Elsewhere:
    """Leave out what a model of `manifest` has seen, or has no name for.

    Parameters
    ----------
    manifest, other : Manifest
        What is trained on, and what is to be tested on.
    jobs : int, optional
        Threads.
    progress : callable, optional
        Told (files read, files to read).

    Returns
    -------
    Elsewhere
        Copies are found as an audit finds them: turned, resized or recompressed too.

    Raises
    ------
    UsageError
        If nothing is left.
    """
    from gliaboost.datasets.duplicates import link
    from gliaboost.datasets.pictures import read_pictures

    known = other.table["label"].isin(manifest.classes).to_numpy()
    paths = [*other.paths, *manifest.paths]
    pictures = read_pictures(paths, jobs=jobs, progress=progress)
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
    return Elsewhere(name, Manifest.of(table, other.root, other.name), left_out)


def ask_elsewhere(
    experiment: Experiment,
    material: Material,
    asked: Material,
    elsewhere: Elsewhere,
    identity: Callable[[Any, Any], str],
    settings: dict[str, Any],
    out: Path,
    say: Say,
) -> tuple[Experiment, Part]:
    """Fit on all of one data set and predict the other; as for a fold, once.

    Parameters
    ----------
    experiment : Experiment
        What to fit.
    material, asked : Material
        Of either data set.
    elsewhere : Elsewhere
        What is asked about.
    identity : callable
        Hash of all that predictions depend on, given training rows and the other's keys.
    settings : dict
        ``device``, ``jobs`` and ``seed``.
    out : pathlib.Path
        The results' folder.
    say : callable
        Told a line.
    """
    train = material.readable(np.arange(len(material.manifest)))
    test = asked.readable(np.arange(len(asked.manifest)))
    there = f"on {elsewhere.name}"
    named = replace(experiment, control=there)
    stem = stem_of(experiment.name, there)
    path = out / "parts" / f"{stem}.parquet"
    known = identity(train, [asked.extraction.keys[i] for i in test])
    part = read_part(path, known)
    if part is not None:
        say(f"{experiment.name}, {there}: taken from an earlier run")
        return named, part
    checkpoint = out / "parts" / f"{stem}.checkpoint"
    fitted = fit_and_ask(
        experiment,
        material,
        train,
        material.labels[train],
        asked,
        test,
        settings=settings,
        checkpoint=checkpoint,
        say=say,
        what=f"{experiment.name}, {there}",
    )
    frame = predictions(asked, material.manifest.classes, named.name, there, test, fitted)
    notes = {
        "identity": known,
        "fold": there,
        "train": len(train),
        "test": len(test),
        **fitted.notes,
    }
    part = Part(frame, notes)
    write_part(path, part)
    forget(checkpoint)
    right = float((frame["label"] == frame["predicted"]).mean())
    say(f"{experiment.name}, {there}: {right:.3f} of {len(test)} right, {notes['fit']:.1f} s")
    return named, part


def described(entry: dict[str, Any], elsewhere: Elsewhere, names: Sequence[str]) -> dict[str, Any]:
    """Turn an experiment's entry into one of another data set."""
    entry.pop("control", None)
    entry.pop("shap_by_family", None)
    entry.pop("history", None)
    return {
        **entry,
        "test_on": elsewhere.name,
        "left_out": elsewhere.left_out,
        "trained_on": list(names),
    }
