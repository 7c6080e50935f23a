"""Pictures that features were taught on elsewhere: marked, and what is reached without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gliaboost.features.base import Extractor
from gliaboost.features.fitted import FittedExtractor
from gliaboost.models.familiarity.copies import COPY, FILE
from gliaboost.models.familiarity.familiarity import DESCRIPTION, judge
from gliaboost.models.training_data import TrainingData
from gliaboost.reports.protocol.experiment_record import (
    ExperimentRecord,
    SeenElsewhereRecord,
)

if TYPE_CHECKING:
    import pandas as pd

# The predictions' column.
COLUMN = "seen_elsewhere"
Seen = Mapping[str, Mapping[str, str]]


def taught_elsewhere(extractors: Sequence[Extractor]) -> list[FittedExtractor]:
    """Return those that know the pictures of another data set that they were taught on."""
    return [e for e in extractors if isinstance(e, FittedExtractor) and e.familiarity]


def pictures_seen(data: TrainingData, extractors: Sequence[Extractor]) -> dict[str, dict[str, str]]:
    """Find the pictures that extractors were taught on elsewhere.

    Parameters
    ----------
    data : TrainingData
        Described by `DESCRIPTION` too, where `taught_elsewhere` gives any.
    extractors : sequence of Extractor
        The features of all models.

    Returns
    -------
    dict of str to dict of str to str
        By label of extractor and key of picture: ``"file"``, ``"copy"`` or nothing, as in
        `gliaboost.models.familiarity.familiarity.Familiarity`.
    """
    rows = data.readable(np.arange(len(data.manifest)))
    found = {}
    for extractor in taught_elsewhere(extractors):
        keys = data.keys(rows)
        judged = judge(extractor.familiarity, data.description(rows, DESCRIPTION), keys)
        found[extractor.label] = {k: j.seen for k, j in zip(keys, judged, strict=True)}
    return found


def marked(
    frame: pd.DataFrame, record: ExperimentRecord, seen: Seen
) -> tuple[pd.DataFrame, ExperimentRecord]:
    """Mark an experiment's pictures, and say what it reaches on the others.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its predictions.
    record : ExperimentRecord
        What was measured of it.
    seen : mapping
        From `pictures_seen`.

    Returns
    -------
    predictions : pandas.DataFrame
        With a column ``seen_elsewhere``, where the experiment has such features.
    record : ExperimentRecord
        With ``seen_elsewhere`` there.
    """
    own = [seen[label] for label in record.features if label in seen]
    if not own:
        return frame, record
    # The surest of what several extractors know.
    words = [max((known.get(key, "") for known in own), key=_RANK.index) for key in frame["key"]]
    new = np.asarray([word == "" for word in words])
    right = (frame["label"] == frame["predicted"]).to_numpy()
    found = SeenElsewhereRecord(
        files=words.count(FILE),
        copies=words.count(COPY),
        others=int(new.sum()),
        accuracy_of_others=float(right[new].mean()) if new.any() else None,
    )
    return frame.assign(**{COLUMN: words}), replace(record, seen_elsewhere=found)


_RANK = ["", COPY, FILE]
