"""Version and platform differences, and nothing else."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

# Bounds what a process takes for its cores: Python's own from 3.13 on.
CORES = "PYTHON_CPU_COUNT"
# A library of operators lives as long as its object.
_KEPT: list[object] = []


def available_cores() -> int:
    """Count the cores that this process may use.

    Returns
    -------
    int
        At least 1. Respects ``PYTHON_CPU_COUNT``, which Python knows from 3.13 on, and the CPU
        affinity of the process where the platform has one.
    """
    told = os.environ.get(CORES, "")
    if told.isdecimal() and int(told):
        return int(told)
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def reset_peak_memory() -> None:
    """Let `peak_memory` count from here, where the platform can (Linux)."""
    try:
        with open("/proc/self/clear_refs", "w") as f:  # noqa: PTH123
            f.write("5")
    except OSError:
        return


def peak_memory() -> int | None:
    """Return the most bytes of memory this process held since `reset_peak_memory`.

    Returns
    -------
    int or None
        Resident bytes; None where the platform does not tell (not Linux).
    """
    try:
        with open("/proc/self/status") as f:  # noqa: PTH123
            for line in f:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        return None
    return None


def let_threads_sleep() -> None:
    """Let OpenMP's idle threads sleep; call before the library that brings OpenMP is loaded.

    By default they spin while they wait for the next loop. Where another process wants the core
    too, the thread that is waited for cannot run, and a network that trained 14 images a second on
    one core was seen to train 2 on two. A user's own setting stays.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def import_timm() -> ModuleType:
    """Import timm, also beside a torch and a torchvision of different builds.

    timm imports torchvision. Where torch is a CPU build and torchvision is not, that import fails,
    as torchvision registers shapes for operators that its own library never defined. They are
    declared here then; timm calls neither.

    Returns
    -------
    module
        ``timm``.

    Raises
    ------
    ImportError
        If timm, torch or torchvision is absent.
    """
    import importlib
    import sys

    let_threads_sleep()
    try:
        return importlib.import_module("timm")
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
    import torch

    untyped: Any = torch.library
    library = untyped.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _KEPT.append(library)
    # What the failed import left half-made would be taken for whole.
    for name in [n for n in sys.modules if n.split(".")[0] in ("timm", "torchvision")]:
        del sys.modules[name]
    return importlib.import_module("timm")
