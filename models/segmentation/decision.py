"""From a map of probabilities to a mask: whether there is a tumour, and where it ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError

LEASTS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7)
SHARES = (0.3, 0.4, 0.5, 0.6, 0.7)


@dataclass(frozen=True)
class Decision:
    """What is believed of a map of probabilities.

    Parameters
    ----------
    least : float
        Probability that some pixel must reach, or there is no tumour; above 0 to 1.
    share : float
        A component reaches as far as its probabilities are so great a share of its peak; above 0
        to 1. A pale map thus still gives an outline.
    others : float
        A further component counts if its peak is so great a share of the greatest; above 0 to 1.

    Raises
    ------
    UsageError
        If a value is out of range.

    Examples
    --------
    >>> Decision(least=0.3).share
    0.5
    """

    least: float = 0.5
    share: float = 0.5
    others: float = 0.9

    def __post_init__(self) -> None:
        wrong = [f"{k}={v!r}" for k, v in vars(self).items() if not 0 < v <= 1]
        if wrong:
            raise UsageError(f"decision {', '.join(wrong)}; expected above 0, 1 at most")


def tumour_mask(probability: NDArray[np.floating], decision: Decision) -> NDArray[np.bool_]:
    """Decide which pixels are tumour.

    Parameters
    ----------
    probability : float array [H, W]
        0 to 1.
    decision : Decision
        How.

    Returns
    -------
    bool array [H, W]
        Components without holes; all False where no pixel reaches ``decision.least``.

    Examples
    --------
    >>> hill = np.array([[0.1, 0.4, 0.6, 0.4, 0.1]])
    >>> tumour_mask(hill, Decision(least=0.5, share=0.6)).astype(int).tolist()
    [[0, 1, 1, 1, 0]]
    >>> bool(tumour_mask(hill, Decision(least=0.7)).any())
    False
    """
    from scipy import ndimage

    peak = float(probability.max(initial=0))
    if not peak >= decision.least:
        return np.zeros(probability.shape, bool)
    high = probability >= decision.share * peak
    # The picture is mostly outside of their box, and no hole reaches out of it.
    rows, columns = (np.flatnonzero(high.any(axis=axis)) for axis in (1, 0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    inside, own = high[box], probability[box]
    components, count = ndimage.label(inside)
    # scipy's maximum by label sorts all pixels, which took most of the time.
    peaks = np.full(count + 1, -np.inf)
    np.maximum.at(peaks, components[inside], own[inside])
    kept = peaks >= decision.others * peak
    mask = np.zeros(probability.shape, bool)
    mask[box] = ndimage.binary_fill_holes(kept[components])
    return mask


def choose_decision(
    examples: Iterable[tuple[NDArray[np.floating], NDArray[np.bool_]]],
    leasts: Iterable[float] = LEASTS,
    shares: Iterable[float] = SHARES,
) -> Decision:
    """Choose the decision with the best mean Dice, on maps whose patients were not learned from.

    Parameters
    ----------
    examples : iterable of (float array [H, W], bool array [H, W])
        Probabilities and the true mask of each image; for an image without a tumour an empty mask
        has Dice 1, any other 0. Held by one at a time.
    leasts, shares : iterable of float
        What to try.

    Returns
    -------
    Decision
        Of equals the one that is first to see a tumour.

    Examples
    --------
    >>> hill = np.array([[0.1, 0.4, 0.6, 0.4, 0.1]])
    >>> choose_decision([(hill, hill > 0.3), (hill / 4, hill > 1)])
    Decision(least=0.2, share=0.3, others=0.9)
    """
    leasts, shares = sorted(leasts), sorted(shares)
    dice = np.zeros((len(leasts), len(shares)))
    count = 0
    for probability, truth in examples:
        count += 1
        peak = float(probability.max(initial=0))
        seen = np.array([peak >= least for least in leasts])
        true = int(np.count_nonzero(truth))
        dice[~seen] += 0.0 if true else 1.0
        for column, share in enumerate(shares):
            # Where a tumour is seen the mask is the same, however easily it is seen.
            mask = tumour_mask(probability, Decision(least=1e-9, share=share))
            both, found = int(np.count_nonzero(mask & truth)), int(np.count_nonzero(mask))
            dice[seen, column] += 2 * both / max(1, found + true)
    if not count:
        raise UsageError("no images to choose a decision on")
    best = divmod(int(dice.argmax()), len(shares))
    return Decision(least=leasts[best[0]], share=shares[best[1]])
