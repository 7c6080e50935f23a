"""How many threads a worker's task may use, so that workers of one machine share its cores."""

from __future__ import annotations

import os
from collections.abc import Mapping

from distributed import Worker, WorkerPlugin

from gliaboost._compat import CORES, available_cores

# Read by libraries when they are loaded, or when they count cores.
_LIBRARIES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
    "LOKY_MAX_CPU_COUNT",
)


def bounded(cores: int) -> dict[str, str]:
    """Give the environment of a process that may use so many cores.

    Examples
    --------
    >>> bounded(2)["OMP_NUM_THREADS"]
    '2'
    """
    return dict.fromkeys((CORES, *_LIBRARIES), str(cores))


class SharedCores(WorkerPlugin):  # type: ignore[misc,unused-ignore]
    """Bounds workers that somebody else started, also those that join later.

    Parameters
    ----------
    tasks : mapping of str to int
        How many tasks the workers of a host do at once, by host.
    """

    name = "gliaboost-cores"

    def __init__(self, tasks: Mapping[str, int]) -> None:
        self.tasks = dict(tasks)

    def setup(self, worker: Worker) -> None:
        """Bound the worker's process, and remember what it was told before."""
        at_once = max(self.tasks.get(worker.ip, 0), worker.state.nthreads)
        own = bounded(max(1, available_cores() // at_once))
        self._before = {name: os.environ.get(name) for name in own}
        # What whoever started the worker said of its libraries stays.
        for name, value in own.items():
            os.environ.setdefault(name, value)

    def teardown(self, worker: Worker) -> None:
        """Leave the process as it was found."""
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
