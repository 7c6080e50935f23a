"""Version and platform differences, and nothing else."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

# A library of operators lives as long as its object.
_KEPT: list[object] = []


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
