"""Accuracy by plane: axial, coronal and sagittal slices are three tasks in one."""

from __future__ import annotations

import numpy as np

from gliaboost.datasets.plane.column import COLUMN, in_order
from gliaboost.reports.document.blocks import Block, Cell, Table
from gliaboost.reports.document.numerals import UNKNOWN, bounded, count, share
from gliaboost.reports.pages.unit_words import unit_of
from gliaboost.reports.protocol.results import ExperimentResult, Results
from gliaboost.reports.statistics.resampling import interval, resamples, sums

RESAMPLES = 1000
# An accuracy on fewer images than this is noise.
FEWEST = 10


def planes(results: Results) -> list[Block]:
    """Tabulate accuracy by plane, with intervals over patients.

    Parameters
    ----------
    results : Results
        A run whose predictions name planes; of others nothing is said.

    Returns
    -------
    list of Block
        Nothing where all images are of one plane, or planes are not known, as in runs of versions
        that did not ask.
    """
    rows, occurring = [], set[str]()
    for _, e in results.leading():
        if COLUMN not in e.predictions:
            continue
        known = e.predictions[COLUMN].dropna()
        occurring |= set(known)
        rows += [_row(e, plane, results.protocol.seed) for plane in in_order(list(known))]
    if len(occurring) < 2:
        return []
    return [
        Table(
            "by-plane",
            f"Accuracy by plane, with 95 % intervals over {unit_of(results)}s. {_origin(results)} "
            "Classes are seldom alike in all planes: the share of a plane's commonest class is "
            "what always naming it would reach there.",
            ["", "Plane", "#Images", "#Patients", "#Accuracy", "#Commonest class"],
            rows,
        )
    ]


def _row(e: ExperimentResult, plane: str, seed: int) -> list[Cell]:
    mine = (e.predictions[COLUMN] == plane).to_numpy()
    part = e.predictions[mine]
    patients = int(part["patient"].nunique())
    cells = [Cell(e.letter), Cell(plane), Cell(count(len(part)), len(part))]
    cells.append(Cell(count(patients), patients) if patients else Cell(UNKNOWN))
    commonest = float(part["label"].value_counts(normalize=True).iloc[0])
    if len(part) < FEWEST:
        return [*cells, Cell("too few"), Cell(share(commonest), commonest)]
    right = (part["label"] == part["predicted"]).to_numpy()
    # Of the patients with a slice in this plane.
    units, codes = np.unique(e.units.codes[mine], return_inverse=True)
    limits = None
    if len(units) > 1:
        weights = resamples(len(units), RESAMPLES, seed)
        hits, size = (sums(codes, len(units), v) for v in (right, np.ones(len(part))))
        limits = interval(weights @ hits / (weights @ size))
    return [*cells, bounded(float(right.mean()), limits), Cell(share(commonest), commonest)]


def _origin(results: Results) -> str:
    inferred, total = results.dataset.planes_inferred, sum(results.dataset.planes.values())
    if not inferred:
        return "Planes are those that the data set gives."
    some = "All planes were" if inferred >= total else f"{count(inferred)} of the planes were"
    return f"{some} told from the pictures; unknown where that is not sure."
