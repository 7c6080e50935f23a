"""What a saved run calls its features, in the words of today: a label says what is not default."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from gliaboost.errors import GliaboostError

if TYPE_CHECKING:
    from gliaboost.reports.protocol.record import ExtractorRecord, RunRecord

# What was asked for, and with which parameters, holds no label.
_KEPT = ("call", "parameters")


class Names(NamedTuple):
    """What is called otherwise today.

    Attributes
    ----------
    labels, titles : mapping of str to str
        Then to now: as a run names an extractor, and as readers do.
    """

    labels: Mapping[str, str]
    titles: Mapping[str, str]

    def name(self, then: str) -> str:
        """Say a label, or an experiment's name, in the words of today.

        Examples
        --------
        >>> Names({"embedding": "embedding:layer-1"}, {}).name("xgboost+hog+embedding")
        'xgboost+hog+embedding:layer-1'
        """
        return "+".join(self.labels.get(part, part) for part in then.split("+"))

    def title(self, then: str) -> str:
        """Say an extractor's title, or an experiment's, in the words of today.

        Examples
        --------
        >>> Names({}, {"embedding": "embedding (layer-1)"}).title("XGBoost on HOG + embedding")
        'XGBoost on HOG + embedding (layer-1)'
        """
        parts = re.split(r"( \+ | on )", then)
        return "".join(self.titles.get(part, part) for part in parts)

    def record(self, then: RunRecord) -> RunRecord:
        """Give a record in the words of today."""
        from gliaboost.reports.protocol.record_file import parsed

        if not self.labels:
            return then
        plain = asdict(then)
        said = self._said("", plain)
        own = zip(plain["protocol"]["extractors"], said["protocol"]["extractors"], strict=True)
        for before, now in own:
            now["name"] = before["name"]
        return parsed(json.dumps(said), "a saved run")

    def _said(self, key: str, value: Any) -> Any:
        if key in _KEPT:
            return value
        if isinstance(value, dict):
            return {self.name(k): self._said(k, v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._said(key, v) for v in value]
        if not isinstance(value, str):
            return value
        return self.title(value) if key == "title" else self.name(value)


def names_now(known: Sequence[ExtractorRecord]) -> Names:
    """Give what the features of a saved run are called otherwise today, as defaults have changed.

    Parameters
    ----------
    known : sequence of ExtractorRecord
        Of the run. What cannot be made any more keeps its name.
    """
    from gliaboost.features import create
    from gliaboost.reports.protocol.summary import titled

    labels, titles = {}, {}
    for own in known:
        with suppress(GliaboostError, TypeError, ValueError):
            made = create(own.name, **own.parameters)
            if made.label != own.label:
                labels[own.label], titles[own.title] = made.label, titled(made)
    return Names(labels, titles)
