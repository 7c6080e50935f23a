"""Fair timing: contenders take turns, medians count, and the machine is written down."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gliaboost._compat import available_cores
from gliaboost.files import replacing

RESULTS = Path(__file__).parent / "results"


def take_turns(
    contenders: Mapping[str, Callable[[], object]], rounds: int, seconds: float = 20.0
) -> dict[str, float]:
    """Time contenders in turns, so that a slow moment of the machine meets them all.

    Parameters
    ----------
    contenders : mapping of name to callable
        Each is called once before, unmeasured.
    rounds : int
        Turns at most.
    seconds : float
        No further turn begins after so long (three are always made).

    Returns
    -------
    dict of name to float
        Median seconds of a call.
    """
    for call in contenders.values():
        call()
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    begun = time.perf_counter()
    for turn in range(rounds):
        if turn >= 3 and time.perf_counter() - begun > seconds:
            break
        for name, call in contenders.items():
            start = time.perf_counter()
            call()
            taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in taken.items()}


def machine() -> dict[str, Any]:
    """Describe processor, cores and system."""
    return {
        "processor": processor(),
        "cores": available_cores(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def processor() -> str:
    """Name the processor."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        text = ""
    named = re.search(r"model name\s*: (.*)", text)
    return named[1].strip() if named else platform.processor() or platform.machine()


def versions(packages: Sequence[str]) -> dict[str, str]:
    """Look up installed versions."""
    found = {}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def slug(machine: Mapping[str, Any]) -> str:
    """Name a machine for a file name: ``amd-epyc-2-cores``."""
    text = f"{machine['processor']}-{machine['cores']}-cores".lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table, first column left, others right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write(stem: str, results: Mapping[str, Any], markdown: str) -> list[Path]:
    """Write ``results/<stem>.json`` and ``.md``, each whole or not at all."""
    texts = {".json": json.dumps(results, indent=1) + "\n", ".md": markdown}
    paths = []
    for ending, text in texts.items():
        path = RESULTS / f"{stem}{ending}"
        with replacing(path) as temporary:
            temporary.write_text(text)
        paths.append(path)
    return paths
