"""Which device a model can use here: asked of the library itself, in a process of its own."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path

from gliaboost.errors import UsageError

DEVICES = ("auto", "cpu", "cuda")

# A CUDA build of LightGBM aborts the process where there is no GPU, hence a child. XGBoost
# without a GPU trains on the CPU without an error, hence the reading back.
_PROBES = {
    "xgboost": """
import json, numpy as np, xgboost
X = np.random.default_rng(0).random((64, 4), dtype=np.float32)
data = xgboost.QuantileDMatrix(X, label=(X[:, 0] > 0.5))
booster = xgboost.train({"device": "cuda", "tree_method": "hist", "verbosity": 0}, data, 1)
device = json.loads(booster.save_config())["learner"]["generic_param"]["device"]
assert device.startswith("cuda"), f"it trained on {device}"
""",
    "lightgbm": """
import numpy as np, lightgbm
X = np.random.default_rng(0).random((64, 4), dtype=np.float32)
data = lightgbm.Dataset(X, label=(X[:, 0] > 0.5).astype(int))
lightgbm.train({"device_type": "cuda", "objective": "binary", "verbosity": -1}, data, 1)
""",
    "torch": """
import torch
from gliaboost.features.embedding.torch_device import why_no_cuda
reason = why_no_cuda()
assert reason is None, reason
torch.ones(1, device="cuda")
""",
}
_HOWTO = {
    "xgboost": "install a CUDA build of xgboost (pip install xgboost) on a machine with a GPU",
    "lightgbm": (
        "build LightGBM with CUDA: pip install --no-binary lightgbm "
        "--config-settings=cmake.define.USE_CUDA=ON lightgbm"
    ),
    "torch": "install a CUDA build of torch (pip install torch) on a machine with a GPU",
}


def gpu_present() -> bool:
    """Whether an NVIDIA GPU can be seen, without loading any library."""
    return (
        Path("/dev/nvidia0").exists()
        or any(Path("/proc/driver/nvidia/gpus").glob("*"))
        or (sys.platform == "win32" and shutil.which("nvidia-smi") is not None)
    )


@functools.cache
def why_not_cuda(library: str) -> str | None:
    """Say why a library cannot train on a GPU here, None if it can.

    Parameters
    ----------
    library : str
        ``"xgboost"``, ``"lightgbm"`` or ``"torch"``.

    Returns
    -------
    str or None
        The reason, proven by training a tiny model in a child process.
    """
    if not gpu_present():
        return "no NVIDIA GPU is visible"
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROBES[library]], capture_output=True, text=True, timeout=120
        )
    except subprocess.TimeoutExpired:
        return "training a tiny model on the GPU did not end within 120 s"
    if done.returncode == 0:
        return None
    said = [line for line in done.stderr.splitlines() if line.strip()]
    return said[-1] if said else f"the library aborted (exit code {done.returncode})"


def how_to_get_cuda(library: str) -> str:
    """Say what would let a library train on a GPU."""
    return _HOWTO[library]


def choose_device(library: str, device: str) -> str:
    """Resolve ``auto``, and refuse what cannot be had.

    Parameters
    ----------
    library : str
        ``"xgboost"`` or ``"lightgbm"``.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.

    Returns
    -------
    str
        ``"cpu"`` or ``"cuda"``.

    Raises
    ------
    UsageError
        If the name is unknown, or ``cuda`` was asked for and is not to be had.
    """
    if device not in DEVICES:
        raise UsageError(f"device={device!r}; expected one of {', '.join(DEVICES)}")
    if device == "cpu":
        return "cpu"
    reason = why_not_cuda(library)
    if reason is None:
        return "cuda"
    if device == "cuda":
        raise UsageError(
            f"{library} cannot train on cuda here: {reason}; use --device cpu, or {_HOWTO[library]}"
        )
    return "cpu"
