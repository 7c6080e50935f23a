"""Threads over images: each thread writes the rows of its own images, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from gliaboost.parallel import map_in_order


def over_images(work: Callable[[slice], None], count: int, jobs: int = 1) -> None:
    """Call `work` on slices that together cover ``range(count)``, in threads.

    Parameters
    ----------
    work : callable
        Takes a slice of images and writes their results; must release the GIL to gain anything.
    count : int
        Number of images.
    jobs : int
        Threads at most; 1 calls `work` once, in this thread.

    Examples
    --------
    >>> seen = []
    >>> over_images(seen.append, 5, jobs=1)
    >>> seen
    [slice(0, 5, None)]
    """
    jobs = max(1, min(jobs, count))
    # Several slices a thread, so that one slow slice does not keep all waiting.
    size = max(1, -(-count // (4 * jobs))) if jobs > 1 else max(1, count)
    parts = [slice(i, min(i + size, count)) for i in range(0, count, size)]
    for _ in map_in_order(work, parts, jobs=jobs, window=len(parts)):
        pass
