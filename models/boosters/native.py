"""What both boosters say and decide around their trees."""

from __future__ import annotations

from gliaboost._compat import available_cores
from gliaboost.models.base import NativeModelError

# Below so many cells a thread, threads wait for each other longer than they work, and where other
# processes use the cores too, ten times as long.
CELLS_PER_THREAD = 1_000_000


def threads_for(cells: int, jobs: int | None = None) -> int:
    """Choose the threads for one pass over so many values.

    Parameters
    ----------
    cells : int
        Rows times columns that a tree looks at.
    jobs : int, optional
        Most threads; default: all cores.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> threads_for(3000 * 50)
    1
    >>> threads_for(10**9, jobs=3)
    3
    """
    return max(1, min(jobs or available_cores(), cells // CELLS_PER_THREAD))


def check_columns(library: str, has: int, wanted: int) -> None:
    """Refuse a model of other columns than were given."""
    if has != wanted:
        raise NativeModelError(
            f"the {library} model takes {has} columns, {wanted} were given; use the features of "
            "its training"
        )


def check_classes(library: str, has: int, wanted: int) -> None:
    """Refuse a model of other classes than are named."""
    if has != wanted:
        raise NativeModelError(
            f"the {library} model has {has} classes, {wanted} are named; train it again or copy it "
            "again"
        )
