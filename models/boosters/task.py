"""What a booster's library is given to fit, and what it gives back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.stored_columns import Columns


class BoostingTask(NamedTuple):
    """What a library is given to fit.

    Attributes
    ----------
    X : float32 array [N, D] or StoredColumns
    y : int64 array [N]
        Codes of the classes, 0 to `classes` - 1.
    weight : float64 array [N]
    held_out : list of int64 array
        Rows to hold out in turn while the rounds are chosen; empty: `rounds` are fitted.
    classes : int
    rounds : int
        Most rounds.
    columns : int
        Columns a tree may use.
    min_rows : int
        Fewest rows a leaf.
    device : str
        ``"cpu"`` or ``"cuda"``, proven.
    threads, workers : int
        Threads of one fit, and fits at once.
    """

    X: Columns
    y: NDArray[np.int64]
    weight: NDArray[np.float64]
    held_out: list[NDArray[np.int64]]
    classes: int
    rounds: int
    columns: int
    min_rows: int
    device: str
    threads: int
    workers: int


class Boosted(NamedTuple):
    """A fitted native model, its number of rounds, and the device it says it was fitted on.

    ``memory`` is where the library read its columns from: ``"host"``, or a GPU's own ``"device"``.
    """

    native: bytes
    rounds: int
    device: str
    memory: str = "host"
