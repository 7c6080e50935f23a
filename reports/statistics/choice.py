"""Which experiment to name, where some were tested on a part of the images only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gliaboost.reports.statistics.paired import Comparison


def between(comparisons: Sequence[Comparison], first: int, second: int) -> Comparison | None:
    """Return the comparison of two experiments, the first minus the second.

    Parameters
    ----------
    comparisons : sequence of Comparison
        Of all pairs, either way round.
    first, second : int
        Positions.

    Returns
    -------
    Comparison or None
        None where no image was tested by both.
    """
    for c in comparisons:
        if (c.first, c.second) == (first, second):
            return c
        if (c.first, c.second) == (second, first):
            return replace(
                c,
                first=first,
                second=second,
                difference=-c.difference,
                ci95=None if c.ci95 is None else (-c.ci95[1], -c.ci95[0]),
                only_first=c.only_second,
                only_second=c.only_first,
            )
    return None


def most_accurate(
    accuracies: Sequence[float | None],
    images: Sequence[int],
    everything: int,
    comparisons: Sequence[Comparison],
) -> int:
    """Choose the most accurate experiment, on paired evidence.

    Those tested on every image are compared by their accuracies. One tested on a part may have had
    the easier part: it is chosen in their place where it is better beyond chance on the images of
    both, and not otherwise. Where none was tested on every image, the one tested on most stands
    for those.

    Parameters
    ----------
    accuracies : sequence of float or None [E]
        Of each experiment, on its own images.
    images : sequence of int [E]
        How many those are.
    everything : int
        How many images were tested by any.
    comparisons : sequence of Comparison
        Of all pairs that share images.

    Returns
    -------
    int
        Its position.

    Examples
    --------
    The second was tested on half of the images, and nothing says that it is better on these:

    >>> most_accurate([0.88, 0.95], [1000, 500], 1000, [])
    0
    """
    places = range(len(accuracies))
    whole = [i for i in places if images[i] >= everything]
    by_size = sorted(places, key=lambda i: (-images[i], -(accuracies[i] or 0.0)))
    chosen = max(whole, key=lambda i: accuracies[i] or 0.0) if whole else by_size[0]
    for i in by_size:
        found = between(comparisons, i, chosen)
        if i not in whole and found is not None and found.certain and found.difference > 0:
            chosen = i
    return chosen


def not_worse(best: int, comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Return how each stands to the best that is not worse than it, as far as can be told.

    The interval is not corrected for the number of comparisons: what may be worse is left out.

    Parameters
    ----------
    best : int
        Position of the most accurate.
    comparisons : sequence of Comparison
        Of all pairs that share images.

    Returns
    -------
    list of Comparison
        Each minus the best, in the order of `comparisons`.
    """
    others = [c.second if c.first == best else c.first for c in comparisons if best in _pair(c)]
    found = [c for i in others if (c := between(comparisons, i, best)) is not None]
    return [c for c in found if not _worse(c)]


def _pair(c: Comparison) -> tuple[int, int]:
    return c.first, c.second


def _worse(c: Comparison) -> bool:
    beyond = c.certain or (c.ci95 is not None and c.ci95[1] < 0)
    return c.difference < 0 and beyond
