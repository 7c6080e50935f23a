"""Which model to take: the most accurate, the cheapest that is not worse, and what is not known."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gliaboost.reports.document.numerals import count, listed, plural, probability, share, span
from gliaboost.reports.pages.cost import fitting
from gliaboost.reports.protocol.results import ExperimentResult, Results
from gliaboost.reports.statistics.choice import between, not_worse
from gliaboost.reports.statistics.paired import Comparison

# How a protocol's words end where folds were chosen for every experiment.
ONLY = re.compile(r"; of these only (.+)$")


@dataclass(frozen=True)
class Recommendation:
    """What the page, its brief and the terminal name alike.

    Attributes
    ----------
    best : int
        Position of the most accurate.
    cheapest : int or None
        Position of the cheapest to fit that is not worse; None where that is not known.
    most_accurate, cheapest_not_worse : str
        Both in words; the second is empty where there is one experiment only.
    open : str
        What other folds would tell; empty where every experiment ran on all.
    """

    best: int
    cheapest: int | None
    most_accurate: str
    cheapest_not_worse: str
    open: str

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Questions and answers, without those that have none."""
        asked = [
            ("Most accurate", self.most_accurate),
            ("Cheapest that is not worse", self.cheapest_not_worse),
            ("What other folds would tell", self.open),
        ]
        return [(question, said) for question, said in asked if said]


def recommend(results: Results) -> Recommendation | None:
    """Name the most accurate experiment and the cheapest that is not worse.

    Both are chosen on the images that two experiments were tested on: see
    `gliaboost.reports.statistics.choice`.

    Parameters
    ----------
    results : Results
        Its first experiment is the most accurate.

    Returns
    -------
    Recommendation or None
        None without any experiment.
    """
    if not results.experiments:
        return None
    place = cheapest(results)
    return Recommendation(
        0, place, _most_accurate(results), _cheapest(results, place), _open(results)
    )


def cheapest(results: Results) -> int | None:
    """Find the cheapest experiment to fit that is not worse than the best; None unless known."""
    known = results.experiments
    if not known or not fitting(known[0]) or (len(known) > 1 and not results.comparisons):
        return None
    alike = [0, *(c.first for c in not_worse(0, results.comparisons))]
    return min(alike, key=lambda i: (fitting(known[i]), i))


def is_partial(results: Results, e: ExperimentResult) -> bool:
    """Whether an experiment was tested on fewer images than another."""
    return e.record.counts.images < max(o.record.counts.images for o in results.experiments) or (
        e.record.counts.folds < results.protocol.n_folds
    )


def named(e: ExperimentResult) -> str:
    """Return letter and title."""
    return f"{e.letter}, {e.title}"


def apart(c: Comparison) -> str:
    """Say how far the first is ahead of the second, or behind it.

    Examples
    --------
    >>> apart(Comparison(0, 1, 900, 90, "patient", -0.004, (-0.01, 0.002), 4, 8, 0.2, 0.2, 0.4))
    '0.4 points [−0.2, 1.0] behind'
    """
    behind = c.difference < 0
    ci95 = c.ci95
    if ci95 is not None and behind:
        ci95 = (-ci95[1], -ci95[0])
    limits = f" {span([100 * v for v in ci95], 1)}" if ci95 else ""
    points = share(100 * abs(c.difference), 1)
    way = "apart" if not float(points) else "behind" if behind else "ahead"
    return f"{points} points{limits} {way}"


def by_chance(c: Comparison) -> str:
    """Write the corrected p of a difference.

    Examples
    --------
    >>> by_chance(Comparison(0, 1, 900, 90, "patient", -0.004, (-0.01, 0.002), 4, 8, 0.2, 0.2, 0.4))
    '(p = 0.4)'
    """
    return f"(p {'' if c.p_holm < 0.001 else '= '}{probability(c.p_holm)})"


def times(ratio: float) -> str:
    """Write how many times one is another.

    Examples
    --------
    >>> times(0.025), times(0.8), times(12.3)
    ('1/40 of', '80 % of', '12 times')
    """
    if ratio < 0.5:
        return f"1/{round(1 / ratio)} of"
    if ratio < 1.5:
        return f"{100 * ratio:.0f} % of"
    return f"{ratio:.1f} times" if ratio < 9.95 else f"{count(round(ratio))} times"


def _most_accurate(results: Results) -> str:
    best = results.experiments[0]
    whole = [
        c
        for i, e in enumerate(results.experiments)
        if i
        and e.record.counts.images > best.record.counts.images
        and (c := between(results.comparisons, 0, i)) is not None
    ]
    if not whole:
        return f"{named(best)}."
    # The most accurate of those that were tested on more comes first.
    c = whole[0]
    return (
        f"{named(best)}: {apart(c)} of {named(results.experiments[c.second])}, on the "
        f"{count(c.images)} images of both {by_chance(c)}."
    )


def _cheapest(results: Results, place: int | None) -> str:
    known = results.experiments
    if len(known) < 2:
        return ""
    best = known[0]
    if place is None:
        lacking = "times" if results.comparisons else "predictions of two on the same images"
        return f"Not known, as there are no {lacking}."
    cheaper = [
        c
        for i, e in enumerate(known)
        if i in (place, 0) or fitting(e) < fitting(best)
        if (c := between(results.comparisons, i, 0)) is not None
    ]
    if not cheaper:
        compared = sum(0 in (c.first, c.second) for c in results.comparisons)
        of = "" if compared == len(known) - 1 else " of those that share images with it"
        return f"The same: none{of} is cheaper."
    c = next((c for c in cheaper if c.first == place), None)
    kept = "" if c else "The same. The best of the cheaper, "
    c = c or max(cheaper, key=lambda c: c.difference)
    other = known[c.first]
    most = max(best.record.counts.images, other.record.counts.images)
    where = f", on the {count(c.images)} images of both" if c.images < most else ""
    part = times(fitting(other) / fitting(best))
    return (
        f"{kept}{named(other)}, takes {part} its computing and is {apart(c)}{where} {by_chance(c)}."
    )


def _open(results: Results) -> str:
    best, others = results.experiments[0], results.experiments[1:]
    said = []
    if chosen := ONLY.search(results.protocol.folds):
        some = [name.strip() for name in chosen[1].split(",")]
        said.append(
            f"All rests on fold{'s' if len(some) > 1 else ''} {listed(some)}; the other folds "
            "were not run."
        )
    if is_partial(results, best):
        said.append(_rests(results, best))
    strangers = []
    for i, e in enumerate(others, 1):
        c = between(results.comparisons, i, 0)
        if c is None:
            if len(best.predictions) and len(e.predictions):
                strangers.append(named(e))
        elif is_partial(results, e) and not c.certain:
            said.append(
                f"{named(e)}, has too few images to tell it from {best.letter}: {apart(c)} there "
                f"{by_chance(c)}."
            )
    if strangers:
        said.append(
            f"{'; '.join(strangers)}, {'shares' if len(strangers) == 1 else 'share'} no image with "
            f"{best.letter}: which is better needs folds of both."
        )
    return " ".join(said)


def _rests(results: Results, best: ExperimentResult) -> str:
    """Say what the choice rests on, and name what was not run as far as another names it."""
    folds, total = best.record.counts.folds, results.protocol.n_folds
    if folds >= total:
        on, rest = plural(best.record.counts.images, "image"), "the other images"
    else:
        known = sorted({name for e in results.experiments for name in e.record.by_fold})
        missing = [name for name in known if name not in best.record.by_fold]
        on, rest = f"{folds} of {total} folds", "the other folds"
        if len(missing) == total - folds:
            rest = f"fold{'s' if len(missing) > 1 else ''} {listed(missing)}"
    return (
        f"The choice of {best.letter} rests on {on}; whether it stays ahead on {rest} is not known "
        "until it is run there."
    )
