"""Rows that belong together: connected components of what they share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import pandas as pd


def connected(a: ArrayLike, b: ArrayLike, n: int) -> NDArray[np.int64]:
    """Join rows that pairs link, and what these link in turn.

    Parameters
    ----------
    a, b : int array [P]
        The rows of each pair, 0 to `n` - 1.
    n : int
        How many rows there are.

    Returns
    -------
    int64 array [n]
        The component of each row, numbered by first appearance.

    Examples
    --------
    >>> connected([0, 2], [2, 3], 5).tolist()
    [0, 1, 0, 0, 2]
    """
    import pandas as pd
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not n:
        return np.empty(0, np.int64)
    pairs = np.asarray(a, np.int64), np.asarray(b, np.int64)
    graph = coo_array((np.ones(len(pairs[0]), bool), pairs), (n, n))
    _, labels = connected_components(graph, directed=False)
    numbered: NDArray[np.int64] = pd.factorize(labels)[0].astype(np.int64)
    return numbered


def sharing(*columns: Sequence[Any] | pd.Series[Any]) -> NDArray[np.int64]:
    """Join rows that have the same value in a column, and what these share in turn.

    Parameters
    ----------
    *columns : sequence or pandas.Series [N]
        Of one length, one at least. Missing values are shared with no row.

    Returns
    -------
    int64 array [N]
        As `connected` gives it.

    Examples
    --------
    >>> sharing(["p", "q", "q", None], ["g", "g", None, None]).tolist()
    [0, 0, 0, 1]
    """
    import pandas as pd

    first, rows = [], []
    for column in columns:
        codes = pd.factorize(np.asarray(column, dtype=object))[0]
        known = np.flatnonzero(codes >= 0)
        firsts = known[np.unique(codes[known], return_index=True)[1]]
        first.append(firsts[codes[known]])
        rows.append(known)
    return connected(np.concatenate(first), np.concatenate(rows), len(columns[0]))
