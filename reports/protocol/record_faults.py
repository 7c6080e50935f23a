"""What types cannot say of a record: whether its parts fit each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from gliaboost.reports.protocol.experiment_record import ExperimentRecord
from gliaboost.reports.protocol.record import RunRecord
from gliaboost.reports.statistics.measures import Measures


def faults(record: RunRecord) -> list[str]:
    """List where a record contradicts itself, each fault with its place.

    Parameters
    ----------
    record : RunRecord
        Of the right types.

    Returns
    -------
    list of str
        Empty for whatever `gliaboost.reports.protocol.summary.write_results` wrote.
    """
    classes = list(record.dataset.classes)
    names = Counter(e.name for e in record.experiments)
    found = []
    for i, experiment in enumerate(record.experiments):
        own = list(_of_experiment(experiment, classes, names))
        found += [f"experiments[{i}].{fault}" for fault in own]
    return found


def _of_experiment(
    e: ExperimentRecord, classes: Sequence[str], names: Counter[str]
) -> Iterator[str]:
    if names[e.name] > 1:
        yield f"name: {e.name!r} is there {names[e.name]} times, expected once"
    yield from _of_measures(e, classes)
    if e.patient_level is not None and e.patient_level.patients:
        yield from (f"patient_level.{f}" for f in _of_measures(e.patient_level, classes))
    if (e.control is None) != (e.of is None):
        yield "of: expected for a control, and for nothing else"
    elif e.of is not None and e.of not in names:
        yield f"of: no experiment is called {e.of!r}"
    if (e.test_on is None) != (not e.trained_on):
        yield "trained_on: expected where there is test_on, and nowhere else"


def _of_measures(measures: Measures, classes: Sequence[str]) -> Iterator[str]:
    if list(measures.per_class) != list(classes):
        yield f"per_class: has {', '.join(measures.per_class)}, expected {', '.join(classes)}"
    shape = [len(row) for row in measures.confusion]
    if shape != [len(classes)] * len(classes):
        yield f"confusion: rows of {shape}, expected {len(classes)} of {len(classes)}"
