"""Devices that a model can compute on: chosen, and proven in a process of their own."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from gliaboost.errors import UsageError

DEVICES = ("auto", "cpu", "cuda")
# Seconds that a proof may take: importing a library and training a tiny model.
PATIENCE = 120


class Unavailable(NamedTuple):
    """Why a device cannot be used here.

    Attributes
    ----------
    reason : str
        What was seen.
    remedy : str
        What would help.
    """

    reason: str
    remedy: str


def gpu_present() -> bool:
    """Whether an NVIDIA GPU can be seen, without loading any library."""
    return (
        # A container may be given any of a machine's cards alone; under WSL they have another name.
        any(Path("/dev").glob("nvidia[0-9]*"))
        or Path("/dev/dxg").exists()
        or any(Path("/proc/driver/nvidia/gpus").glob("*"))
        or (sys.platform == "win32" and shutil.which("nvidia-smi") is not None)
    )


@functools.cache
def why_no_cuda(module: str, proof: str) -> str | None:
    """Say why a library cannot use a GPU here, None if it can.

    A child process asks, as a library's answer may be to abort: a CUDA build of LightGBM does where
    there is no GPU.

    Parameters
    ----------
    module, proof : str
        Where the proof is: a function that takes a device, works on it, and raises where it cannot.

    Returns
    -------
    str or None
        The reason.
    """
    if not gpu_present():
        return "no NVIDIA GPU is visible"
    code = f"from {module} import {proof}; {proof}('cuda')"
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return f"training a tiny model on the GPU did not end within {PATIENCE} s"
    if done.returncode == 0:
        return None
    said = [line for line in done.stderr.splitlines() if line.strip()]
    return said[-1] if said else f"the library aborted (exit code {done.returncode})"


def choose_device(device: str, who: str, why_not: Callable[[], Unavailable | None]) -> str:
    """Resolve ``auto``, and refuse what cannot be had.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda"}
        As the user says; ``auto`` takes the GPU where there is one.
    who : str
        How the refusal begins, e.g. ``"lightgbm cannot train"``.
    why_not : callable
        Asked for what keeps it from the GPU; None if nothing does. Not asked for the CPU.

    Returns
    -------
    str
        ``"cpu"`` or ``"cuda"``.

    Raises
    ------
    UsageError
        If the name is unknown, or ``cuda`` was asked for and is not to be had.

    Examples
    --------
    >>> choose_device("auto", "it cannot run", lambda: Unavailable("no GPU", "buy one"))
    'cpu'
    """
    if device not in DEVICES:
        raise UsageError(f"device={device!r}; expected one of {', '.join(DEVICES)}")
    if device == "cpu":
        return "cpu"
    missing = why_not()
    if missing is None:
        return "cuda"
    if device == "cuda":
        raise UsageError(
            f"{who} on cuda here: {missing.reason}; use --device cpu, or {missing.remedy}"
        )
    return "cpu"
