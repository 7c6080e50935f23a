"""Version and platform differences, and nothing else."""

from __future__ import annotations

import os


def available_cores() -> int:
    """Count the cores that this process may use.

    Returns
    -------
    int
        At least 1. Respects the CPU affinity of the process where the platform has one.
    """
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
