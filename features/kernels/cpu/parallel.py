"""Threads over images: each thread writes the rows of its own images, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


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
    if jobs == 1:
        work(slice(0, count))
        return
    # Several slices a thread, so that one slow slice does not keep all waiting.
    size = max(1, -(-count // (4 * jobs)))
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(work, [slice(i, min(i + size, count)) for i in range(0, count, size)]))
