"""A run against the same run done again: which numbers moved, and what may have moved them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost.reports.protocol.record import EnvironmentRecord, RunRecord
from gliaboost.reports.protocol.segmentation_record import SegmentationRecord

if TYPE_CHECKING:
    import pandas as pd

Value = str | int | float | bool | None
# What a run cost, where it ran, what it was told to use, and what data sets are called, which is
# after their place: none of these is a result.
COSTS = {
    *("seconds", "fit", "predict", "peak_memory", "training_images_per_second", "created"),
    *("jobs", "device", "through_host", "command", "call", "environment", "versions", "cores"),
    *("processor", "gliaboost", "schema", "inputs"),
    *("trained_on", "test_on"),
}
# Of an experiment's record, before all its folds and classes.
FIRST = ("accuracy", "balanced_accuracy", "macro_f1", "macro_auc", "mcc", "brier", "ece")
# The columns of a table of answers that tell its rows apart.
KEYS = ("experiment", "fold", "path")
WHOLE_RUN, THERE = "", "there"


@dataclass(frozen=True)
class Moved:
    """One number, or word, that is not what it was.

    Attributes
    ----------
    experiment : str
        Whose; empty: the whole run's.
    measure : str
        Which, as ``results.json`` nests it: ``accuracy.pooled``.
    then, now : str, int, float, bool or None
        None where it was not there.
    """

    experiment: str
    measure: str
    then: Value
    now: Value


@dataclass(frozen=True)
class Reproduction:
    """A run, done again.

    Attributes
    ----------
    then, again : pathlib.Path
        The folder of either run.
    compared : int
        How many numbers and words were compared.
    moved : sequence of Moved
        Those that are not what they were.
    causes : sequence of str
        What differs between then and now, the likeliest first.
    unchecked : sequence of str
        What the older results do not hold, so that it could not be compared.

    Examples
    --------
    >>> found = Reproduction(Path("run"), Path("run-again"), 1, [Moved("a", "mcc", 0.5, 0.4)])
    >>> found.same, found.to_dict()["moved"]
    (False, [{'experiment': 'a', 'measure': 'mcc', 'then': 0.5, 'now': 0.4}])
    """

    then: Path
    again: Path
    compared: int
    moved: Sequence[Moved] = ()
    causes: Sequence[str] = ()
    unchecked: Sequence[str] = ()

    @property
    def same(self) -> bool:
        """Whether nothing moved."""
        return not self.moved

    def to_dict(self) -> dict[str, Any]:
        """Give all of it in plain values."""
        return {
            "then": str(self.then),
            "again": str(self.again),
            "same": self.same,
            "compared": self.compared,
            "moved": [asdict(m) for m in self.moved],
            "causes": list(self.causes),
            "unchecked": list(self.unchecked),
        }

    def to_frame(self) -> pd.DataFrame:
        """Give a row a number that moved: ``experiment``, ``measure``, ``then``, ``now``."""
        import pandas as pd

        columns = ["experiment", "measure", "then", "now"]
        return pd.DataFrame([asdict(m) for m in self.moved], columns=columns)

    def __repr__(self) -> str:
        said = "nothing moved" if self.same else f"{len(self.moved):,} moved"
        return f"Reproduction: {self.then} done again in {self.again}\n{said} of {self.compared:,}"


def compare_records(
    then: RunRecord | SegmentationRecord,
    now: RunRecord | SegmentationRecord,
    within: float = 0.0,
) -> tuple[int, list[Moved], list[str]]:
    """Compare all that two records hold, but for costs.

    Parameters
    ----------
    then, now : RunRecord or SegmentationRecord
        Both of one kind.
    within : float
        Numbers that differ by no more than this have not moved.

    Returns
    -------
    compared : int
        Numbers and words.
    moved : list of Moved
        The best known measures first, experiment by experiment.
    unchecked : list of str
        Facts that the older record does not hold.
    """
    before, after = _facts(then), _facts(now)
    old = then.call is None
    moved, unknown = [], set[str]()
    lacking = {name for name, what in before.keys() ^ after.keys() if what == THERE}
    for place in {**before, **after}:
        if place[0] in lacking and place[1] != THERE:
            continue
        a, b = before.get(place), after.get(place)
        if old and a is None and b is not None and place[0] in {p[0] for p in before}:
            unknown.add(place[1].partition(".")[0])
        elif not same(a, b, within):
            moved.append(Moved(*place, a, b))
    order = {name: n for n, name in enumerate(dict.fromkeys(p[0] for p in before))}
    moved.sort(key=lambda m: (order.get(m.experiment, len(order)), _rank(m.measure)))
    said = [f"{name}: the older results do not hold it" for name in sorted(unknown)]
    return len({**before, **after}), moved, said


def compare_tables(
    then: pd.DataFrame, now: pd.DataFrame, within: float = 0.0
) -> tuple[int, list[Moved]]:
    """Compare answers row by row, and count by experiment and column what moved.

    Parameters
    ----------
    then, now : pandas.DataFrame
        Predictions, or slices: with `KEYS`.
    within : float
        As for `compare_records`.
    """
    keys = [c for c in KEYS if c in then and c in now]
    shared = [c for c in then if c in now and c not in (*keys, "seconds")]
    before, after = (
        {str(name): own.sort_values(keys, kind="stable") for name, own in t.groupby("experiment")}
        for t in (then, now)
    )
    moved = []
    for name in dict.fromkeys(map(str, then["experiment"])):
        a, b = before[name], after.get(name)
        if b is None or a[keys].to_numpy().tolist() != b[keys].to_numpy().tolist():
            moved.append(Moved(name, "rows of answers", len(a), 0 if b is None else len(b)))
            continue
        for column in shared:
            odd, at = _odd(a[column], b[column], within)
            if odd:
                what = f"{column} ({odd:,} of {len(a):,} rows; the farthest)"
                values = (_value(t[column].iloc[at]) for t in (a, b))
                moved.append(Moved(name, what, *values))
    return len(shared) * len(then), moved


def _odd(then: pd.Series[Any], now: pd.Series[Any], within: float) -> tuple[int, int]:
    """Count the rows that moved, and give the place of the one that moved farthest."""
    import numpy as np
    from pandas.api.types import is_numeric_dtype

    if is_numeric_dtype(then) and is_numeric_dtype(now):
        x, y = then.to_numpy(float, na_value=np.nan), now.to_numpy(float, na_value=np.nan)
        apart = np.where(x == y, 0.0, np.abs(x - y))
        apart[np.isnan(x) != np.isnan(y)] = np.inf
        apart = np.nan_to_num(apart, nan=0.0, posinf=np.inf)
    else:
        words = [[_value(v) for v in t] for t in (then, now)]
        apart = np.array([float("inf") if a != b else 0.0 for a, b in zip(*words, strict=True)])
    return int((apart > within).sum()), int(apart.argmax()) if len(apart) else 0


def differing_places(then: EnvironmentRecord, now: EnvironmentRecord) -> list[str]:
    """Say what machine and software differ in, libraries first."""
    said = differing_versions(then.versions, now.versions)
    pairs = [
        ("Python", then.python, now.python),
        ("platform", then.platform, now.platform),
        ("processor", then.processor, now.processor),
        ("GPU", then.gpu, now.gpu),
        ("threads", then.jobs, now.jobs),
        ("cores", then.cores, now.cores),
    ]
    return [*said, *differing(pairs)]


def differing_versions(then: Mapping[str, str | None], now: Mapping[str, str | None]) -> list[str]:
    """Say which libraries have another version.

    Examples
    --------
    >>> differing_versions({"xgboost": "2.1", "torch": None}, {"xgboost": "3.0", "torch": None})
    ['xgboost 2.1 then, 3.0 now']
    """
    return differing((name, then[name], now[name]) for name in then if name in now)


def differing(pairs: Iterable[tuple[str, Any, Any]]) -> list[str]:
    """Say what of some facts differs."""
    return [
        f"{what} {'none' if a is None else a} then, {'none' if b is None else b} now"
        for what, a, b in pairs
        if a != b
    ]


def same(then: Value, now: Value, within: float = 0.0) -> bool:
    """Whether two values are one, numbers as far as asked.

    Examples
    --------
    >>> same(0.5, 0.5000001), same(0.5, 0.5000001, 1e-6), same(True, 1), same("a", "a")
    (False, True, False, True)
    """
    if isinstance(then, bool) or isinstance(now, bool):
        return then is now
    if isinstance(then, int | float) and isinstance(now, int | float):
        return then == now or abs(then - now) <= within
    return then == now


def _facts(record: RunRecord | SegmentationRecord) -> dict[tuple[str, str], Value]:
    """Give every number and word of a record by experiment and place."""
    whole = asdict(record)
    for cost in ("call", "environment"):
        whole.pop(cost, None)
    own = whole.pop("experiments", None)
    if own is None:
        own = whole.pop("segmenters")
    dataset = whole.get("dataset")
    if isinstance(dataset, dict):
        dataset.pop("name")
    else:
        whole.pop("dataset")
    found: dict[tuple[str, str], Value] = {}
    for experiment in own:
        name = experiment.pop("name")
        found[name, THERE] = True
        found |= {(name, place): value for place, value in _leaves(experiment)}
    return {**found, **{(WHOLE_RUN, place): value for place, value in _leaves(whole)}}


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Value]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in COSTS:
                yield from _leaves(inner, f"{place}.{name}" if place else str(name))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{place}[{number}]")
    else:
        yield place, value


def _rank(measure: str) -> tuple[int, int]:
    first, _, rest = measure.partition(".")
    if first in FIRST:
        return (0 if rest == "pooled" else 1, FIRST.index(first))
    return (0, -1) if measure == THERE else (2, 0)


def _value(value: Any) -> Value:
    """Give a cell as Python has it, None where it is missing."""
    if value is None or value != value:
        return None
    if isinstance(value, str | bool):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)
