"""What the control with shuffled labels found, in words: for the page, its top and the terminal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gliaboost.reports.document.numerals import count, listed, plural, probability, share, span
from gliaboost.reports.pages.checks import shuffled
from gliaboost.reports.protocol.experiments import SHUFFLED
from gliaboost.reports.protocol.results import Results
from gliaboost.reports.statistics.dealt_labels import dealt_verdict
from gliaboost.reports.statistics.measures import DealtLabels

LEVEL = 0.05
# By verdict: half a sentence for a reader in a hurry; what it means; how a paragraph is marked.
WORDS = {
    "chance": (
        "the control trained on shuffled labels falls to chance, as it must",
        "It fell to chance, as it must where nothing leaks.",
        "text",
    ),
    "few": (
        "too few units for a control with shuffled labels",
        "So few can be dealt in few ways alone: the control says nothing here.",
        "missing",
    ),
    "below": (
        "the control trained on shuffled labels falls below chance, explained further down",
        "It fell below chance. Small sets with even classes do that: what a test part has more of, "
        "its training part has less of. A model that recognised images would mostly lie above "
        "chance; in a large set look for a fault of the folds, such as copies under two labels on "
        "both sides.",
        "missing",
    ),
    "doubtful": (
        "the control trained on shuffled labels stays a little above chance",
        "That is a little above chance, by about as much as luck may give; another seed would "
        "tell.",
        "missing",
    ),
    "leak": (
        "TRAINED ON SHUFFLED LABELS IT STILL KNOWS THE CLASS: BELIEVE NO NUMBER HERE",
        "It should have fallen to chance and did not: images of the test part are recognised from "
        "training, or labels reach the test by another way, and no number on this page can be "
        "believed until it is found.",
        "warning",
    ),
    "failed": (
        "the control with shuffled labels could not be run",
        "Whether labels reach the test by a way that is not the picture was not controlled.",
        "missing",
    ),
}


@dataclass(frozen=True)
class ControlWords:
    """The control with shuffled labels, in words.

    Attributes
    ----------
    verdict : str
        A key of `WORDS`.
    found : str
        Its numbers, in sentences.
    short : str
        The same for a terminal.
    alarm : str
        What of them is enough for an alarm.
    """

    verdict: str
    found: str
    short: str
    alarm: str = ""

    @property
    def brief(self) -> str:
        """Half a sentence."""
        return WORDS[self.verdict][0]

    @property
    def means(self) -> str:
        """What follows."""
        return WORDS[self.verdict][1]

    @property
    def kind(self) -> str:
        """How its paragraph is marked: ``text``, ``missing`` or ``warning``."""
        return WORDS[self.verdict][2]


def control_words(results: Results) -> ControlWords | None:
    """Say what the control found, in a run of any age; None where there was none."""
    failed = results.record.failed_controls.get(SHUFFLED)
    why = f"The control with shuffled labels did not come to its end: {failed}." if failed else ""
    dealt = results.record.dealt
    if dealt is not None:
        title, among = _title(results), _units(dealt, results)
        said = f"{_dealt(dealt, title, among)} {why}".strip()
        short = f"{_short(dealt, among)} {why}".strip()
        return ControlWords(dealt_verdict(dealt), said, short, _alarm(dealt, title, among))
    if failed:
        return ControlWords("failed", why, why)
    for control in shuffled(results):
        limits = f" {span(control.ci95)}" if control.ci95 else ""
        said = (
            f"Trained on shuffled labels {control.experiment.title} has a balanced accuracy of "
            f"{share(control.value)}{limits}; chance is {share(control.chance)}."
        )
        return ControlWords(control.verdict, said, said, said)
    return None


def _short(dealt: DealtLabels, among: str) -> str:
    return (
        f"Labels dealt anew {count(len(dealt.scores))} times among {among}: balanced "
        f"accuracy {share(dealt.mean)} on average where chance is {share(dealt.chance)}, "
        f"{share(dealt.true)} with the true labels ({_p(dealt)})."
    )


def _p(dealt: DealtLabels) -> str:
    return f"p {'' if dealt.p < 0.001 else '= '}{probability(dealt.p)}"


def _alarm(dealt: DealtLabels, title: str, among: str) -> str:
    """Say what lies furthest above chance."""
    asked = {
        "A quick learner of dealt labels, asked for them,": (dealt.mean,),
        f"{title}, trained on dealt labels and asked for them,": dealt.own,
        f"{title}, trained on dealt labels and asked for the true ones,": dealt.own_true,
    }
    means = {who: sum(values) / len(values) for who, values in asked.items() if values}
    who = max(means, key=lambda name: means[name])
    return (
        f"{who} has a balanced accuracy of {share(means[who])} where chance is "
        f"{share(dealt.chance)} ({among} swapped their labels)."
    )


def _dealt(dealt: DealtLabels, title: str, among: str) -> str:
    low, high = np.quantile(dealt.scores, [0.025, 0.975])
    as_good = sum(score >= dealt.true for score in dealt.scores)
    times = count(len(dealt.scores))
    better = (
        "more than any dealing" if not as_good else f"no more than {count(as_good)} of the dealings"
    )
    nothing = (
        ": by this the features tell no more of the class than chance would"
        if dealt.p > LEVEL
        else ""
    )
    said = [
        f"Trained on shuffled labels, dealt anew {times} times among {among}, a quick "
        f"learner on the same features and folds has a balanced accuracy of {share(dealt.mean)} "
        f"on average, {span((float(low), float(high)))} in 95 % of the dealings; chance is "
        f"{share(dealt.chance)}. With the true labels it has {share(dealt.true)}, {better} "
        f"({_p(dealt)}){nothing}."
    ]
    if dealt.own:
        dealings = "one dealing" if len(dealt.own) == 1 else f"{len(dealt.own)} of the dealings"
        said.append(
            f"{title}, trained on {dealings}, has {listed([share(v) for v in dealt.own])} for the "
            f"dealt labels and {listed([share(v) for v in dealt.own_true])} for the true ones."
        )
    return " ".join(said)


def _units(dealt: DealtLabels, results: Results) -> str:
    if dealt.unit == "image" and dealt.units < dealt.images:
        return f"{plural(dealt.units, 'image')}, copies with their original"
    mixed = any(e.record.bootstrap.others for e in results.experiments)
    rest = " or images without one" if mixed and dealt.unit != "image" else ""
    return f"{plural(dealt.units, dealt.unit)}{rest}"


def _title(results: Results) -> str:
    control = next((c for c in results.controls if c.record.control == SHUFFLED), None)
    of = None if control is None else control.record.of
    return next((e.title for e in results.experiments if e.name == of), "The model itself")
