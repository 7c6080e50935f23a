"""What a search may change in a model, and where it begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from optuna import Trial


class SearchSpace(NamedTuple):
    """The parameters that `gliaboost.tune` may choose.

    Attributes
    ----------
    draw : callable
        Asks an Optuna trial for values and returns the model's parameters.
    first : mapping
        Values of the first trial, under the trial's names: the model's defaults.

    Examples
    --------
    >>> space = SearchSpace(lambda trial: {"k": trial.suggest_int("k", 1, 9)}, {"k": 5})
    >>> space.first
    {'k': 5}
    """

    draw: Callable[[Trial], dict[str, Any]]
    first: Mapping[str, Any]
