"""What pretrained networks had learned from before, and a mark where nobody says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gliaboost.features.embedding.pretraining import UNKNOWN
from gliaboost.reports.document.blocks import Alarm, Block, Paragraph
from gliaboost.reports.document.numerals import listed
from gliaboost.reports.protocol.results import ExperimentResult, Results

MARK = " (pretrained on unknown data)"
# Parts by name, each with what it had learned from.
Parts = Mapping[str, Sequence[str]]


def marked(title: str, parts: Parts) -> str:
    """Add a mark to a title where a part had learned from nobody knows what.

    Examples
    --------
    >>> marked("SVM", {"embedding": ("unknown",)}), marked("SVM", {"embedding": ("ImageNet-1k",)})
    ('SVM (pretrained on unknown data)', 'SVM')
    """
    return f"{title}{MARK}" if unknown(parts) else title


def unknown(parts: Parts) -> list[str]:
    """Name the parts that had learned from nobody knows what."""
    return [name for name, said in parts.items() if UNKNOWN in said]


def pretrained(results: Results) -> list[Block]:
    """Say what each network had learned from; nothing where there is none, or the run is older."""
    known = {
        _named(part, e): listed(said)
        for e in _all(results)
        for part, said in e.record.pretrained_on.items()
        if UNKNOWN not in said
    }
    if not known:
        return []
    said = "; ".join(f"{part} on {before}" for part, before in known.items())
    return [Paragraph(f"Pretrained networks, and what they had learned from before: {said}.")]


def unknown_weights(results: Results) -> Iterator[Alarm]:
    """Warn of networks that may have seen the pictures they are tested on."""
    parts = {
        _named(part, e): None for e in _all(results) for part in unknown(e.record.pretrained_on)
    }
    if parts:
        whose = {e.title: None for e in _all(results) if unknown(e.record.pretrained_on)}
        yield alarm(list(parts), list(whose))


def alarm(parts: Sequence[str], whose: Sequence[str]) -> Alarm:
    """Put the warning into words.

    Parameters
    ----------
    parts, whose : sequence of str
        What has such weights, and what is built on it.
    """
    return Alarm(
        "What a network had learned from before is not known.",
        f"Nobody says what the weights of {listed(parts)} were trained on. Public networks for "
        "brain tumours have seen pictures that lie in test folds such as these; if it is one of "
        f"them, what is measured of {listed(whose)} is too good. Say what it was: "
        "--set NAME.trained_on=TEXT.",
    )


def _all(results: Results) -> list[ExperimentResult]:
    return [*results.experiments, *results.transfers]


def _named(part: str, experiment: ExperimentResult) -> str:
    record = experiment.record
    return record.title if part == record.model else f"the features {part}"
