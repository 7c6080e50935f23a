"""Does what is not the picture betray the class? Size, mode, compression, border, source."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gliaboost.datasets.audit.pictures import ImageRecord
from gliaboost.datasets.manifest import Manifest

FOLDS = 5
DRAWS = 2000
# Share of the resampled lifts that must lie above 0.
CONFIDENCE = 0.99
# A lift below this teaches a model nothing worth a warning, however sure it is.
WORTH = 0.02


@dataclass(frozen=True)
class Betrayal:
    """How far one kind of metadata alone tells the class.

    Attributes
    ----------
    name : str
        Which metadata (see `metadata`).
    accuracy, balanced_accuracy : float
        Cross-validated, of a small decision tree; 0 to 1.
    baseline : float
        Accuracy of always naming the commonest class.
    lift : tuple of 3 float
        Accuracy minus baseline, with the lower and upper end of its 98 % bootstrap interval over
        groups.
    groups : int
        How many groups (patients joined with duplicate clusters) were divided.
    betrays : bool
        Whether the lift's lower end is above 0 and the lift at least 0.02.
    """

    name: str
    accuracy: float
    balanced_accuracy: float
    baseline: float
    lift: tuple[float, float, float]
    groups: int
    betrays: bool


def metadata(manifest: Manifest, pictures: Sequence[ImageRecord]) -> dict[str, pd.DataFrame]:
    """Gather what is known of each file besides its picture.

    Returns
    -------
    dict of str to pandas.DataFrame
        Columns of numbers by name: ``size`` (width, height), ``mode`` (format and pixel mode),
        ``quantisation`` (JPEG tables), ``border`` (greys of the outermost ring), ``source``,
        ``modality`` and ``patient id form`` (its letters and digits; never its value). Only what
        differs between rows and, for the last three, is known of every row.
    """
    table = manifest.table
    headers = [p.header for p in pictures]
    longest = max((len(h.quantisation) for h in headers), default=0)
    kinds = {
        "size": pd.DataFrame(
            {"width": [p.width for p in pictures], "height": [p.height for p in pictures]}
        ),
        "mode": _codes([f"{h.kind} {h.mode}" for h in headers]),
        "quantisation": pd.DataFrame(
            [[*h.quantisation, *[-1] * (longest - len(h.quantisation))] for h in headers]
        ),
        "border": pd.DataFrame([list(p.border) or [-1.0] * 5 for p in pictures]),
    }
    # Where some rows are empty, what would be measured is who filled the column.
    for column in ("source", "modality"):
        if table[column].notna().all():
            kinds[column] = _codes(table[column])
    if table["patient"].notna().all():
        kinds["patient id form"] = _codes(table["patient"].map(id_form))
    return {
        name: columns
        for name, columns in kinds.items()
        if columns.shape[1] and len(columns.drop_duplicates()) > 1
    }


def id_form(patient: str) -> str:
    """Reduce an id to its form: letters stay, each run of digits becomes one ``9``.

    Examples
    --------
    >>> id_form("MR024780B"), id_form("100360")
    ('MR9B', '9')
    """
    return re.sub(r"\d+", "9", patient)


def betrayals(
    columns: Mapping[str, pd.DataFrame],
    labels: NDArray[Any],
    groups: NDArray[Any],
    *,
    seed: int = 0,
) -> list[Betrayal]:
    """Measure how well each kind of metadata tells the class of patients it has not seen.

    Parameters
    ----------
    columns : mapping of str to pandas.DataFrame
        From `metadata`, N rows each.
    labels : array [N]
        Classes.
    groups : array [N]
        What cross-validation must not cut.
    seed : int
        For folds and resampling.

    Returns
    -------
    list of Betrayal
        The worst first, ``everything`` (all together) among them; empty if a class has fewer groups
        than there are folds, for then nothing can be measured.
    """
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.tree import DecisionTreeClassifier

    classes, codes = np.unique(labels.astype(str), return_inverse=True)
    _, members = np.unique(groups.astype(str), return_inverse=True)
    scarcest = min((len(np.unique(members[codes == c])) for c in range(len(classes))), default=0)
    if len(classes) < 2 or scarcest < FOLDS or not columns:
        return []
    together = {**columns}
    if len(columns) > 1:
        together["everything"] = pd.concat(columns.values(), axis=1)
    baseline = int(np.bincount(codes).argmax())
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    divisions = list(folds.split(codes, codes, members))
    found = []
    for name, values in together.items():
        tree = DecisionTreeClassifier(max_leaf_nodes=32, min_samples_leaf=5, random_state=seed)
        predicted = cross_val_predict(tree, values.to_numpy(np.float64), codes, cv=divisions)
        right = predicted == codes
        lift, low, high = _lift(right, codes == baseline, members, seed)
        found.append(
            Betrayal(
                name=name,
                accuracy=float(right.mean()),
                balanced_accuracy=float(
                    np.mean([right[codes == c].mean() for c in range(len(classes))])
                ),
                baseline=float((codes == baseline).mean()),
                lift=(lift, low, high),
                groups=int(members.max()) + 1,
                betrays=low > 0 and lift >= WORTH,
            )
        )
    return sorted(found, key=lambda b: -b.lift[0])


def _lift(
    right: NDArray[np.bool_], constant: NDArray[np.bool_], members: NDArray[np.int64], seed: int
) -> tuple[float, float, float]:
    """Difference of two accuracies, with a bootstrap interval over groups."""
    rng = np.random.default_rng(seed)
    gain = np.bincount(members, right.astype(float) - constant)
    size = np.bincount(members).astype(float)
    n = len(size)
    drawn = np.empty(DRAWS)
    for i in range(DRAWS):
        weight = np.bincount(rng.integers(0, n, n), minlength=n)
        drawn[i] = (weight @ gain) / (weight @ size)
    low, high = np.quantile(drawn, [1 - CONFIDENCE, CONFIDENCE])
    return float(gain.sum() / size.sum()), float(low), float(high)


def _codes(values: Sequence[str] | pd.Series[str]) -> pd.DataFrame:
    # The commonest first: a tree then parts the common from the rare.
    series = pd.Series(list(values), dtype="str")
    order = {value: i for i, value in enumerate(series.value_counts(sort=True).index)}
    return pd.DataFrame({"code": series.map(order)})
