"""What the numbers were made on: machine and versions, in plain values."""

from __future__ import annotations

import platform
import subprocess
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gliaboost._compat import available_cores
from gliaboost.devices import gpu_present
from gliaboost.errors import PluginError
from gliaboost.models.packing import installed
from gliaboost.reports.protocol.record import EnvironmentRecord

NUMERIC = (
    "gliaboost",
    "numpy",
    "scipy",
    "numba",
    "scikit-learn",
    "scikit-image",
    "opencv-python-headless",
    "pillow",
    "pandas",
    "pyarrow",
    "xgboost",
    "lightgbm",
    "torch",
    "timm",
)


# Package -> what it is for, and the extra that brings it.
OPTIONAL = {"torch": ("embeddings, networks and texture kernels on the GPU", "torch")}


def environment(jobs: int | None = None) -> EnvironmentRecord:
    """Describe machine and software.

    Parameters
    ----------
    jobs : int, optional
        Threads that were allowed.

    Returns
    -------
    EnvironmentRecord
        As the report tells it.
    """
    return EnvironmentRecord(
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        processor=processor(),
        gpu=gpu(),
        cores=available_cores(),
        jobs=jobs or available_cores(),
        versions={name: installed(name) for name in NUMERIC},
    )


def processor() -> str:
    """Name the processor as the system does."""
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def gpu() -> str | None:
    """Name the GPU as its driver does, None where none is visible."""
    if not gpu_present():
        return None
    asked = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        said = ""
    names = list(dict.fromkeys(line.strip() for line in said.splitlines() if line.strip()))
    return ", ".join(names) or "an NVIDIA GPU"


def describe() -> dict[str, Any]:
    """Describe what this installation can do, for ``gliaboost info``.

    Returns
    -------
    dict
        ``gliaboost``, ``environment``, ``store``, ``gpu``, ``sources``, ``extractors``, ``models``
        and ``segmenters`` (each described in a line; models with ``devices``), and ``missing``:
        what is absent and how to get it.
    """
    from gliaboost.datasets.sources.base import names
    from gliaboost.features.registry import extractor_class, extractor_names
    from gliaboost.features.store import default_store
    from gliaboost.models.registry import model_class, model_names
    from gliaboost.models.segmentation.registry import segmenter_class, segmenter_names

    missing = {}
    models = {}
    with_gpu = False
    for name in model_names():
        try:
            model = model_class(name)
        except PluginError as error:
            missing[name] = {"reason": str(error), "how": "upgrade or uninstall that package"}
            continue
        devices = model.devices()
        with_gpu |= "cuda" in devices and devices["cuda"] is None
        models[name] = {
            "about": first_sentence(model),
            "version": installed(model.library),
            "devices": [device for device, why in devices.items() if why is None],
        }
        for device, why in devices.items():
            if why is not None:
                where = "the GPU" if device == "cuda" else device
                missing[f"{name} on {where}"] = {"reason": why.reason, "how": why.remedy}
    if with_gpu and find_spec("cupy") is None:
        missing["boosters fed from the GPU's memory"] = {
            "reason": "CuPy is not installed, so columns travel to the GPU for every fit",
            "how": "pip install cupy-cuda12x (cupy-cuda13x for CUDA 13)",
        }
    extractors = {}
    for name in extractor_names():
        try:
            extractors[name] = first_sentence(extractor_class(name))
        except PluginError as error:
            missing[name] = {"reason": str(error), "how": "upgrade or uninstall that package"}
    segmenters = {}
    for name in segmenter_names():
        try:
            segmenters[name] = first_sentence(segmenter_class(name))
        except PluginError as error:
            missing[name] = {"reason": str(error), "how": "upgrade or uninstall that package"}
    for package, (purpose, extra) in OPTIONAL.items():
        if installed(package) is None:
            missing[purpose] = {
                "reason": f"{package} is not installed",
                "how": f"pip install 'gliaboost[{extra}]'",
            }
    return {
        "gliaboost": installed("gliaboost"),
        "environment": asdict(environment()),
        "gpu": gpu_present(),
        "store": str(default_store()),
        "sources": names(),
        "extractors": extractors,
        "models": models,
        "segmenters": segmenters,
        "missing": missing,
    }


def first_sentence(documented: object) -> str:
    """Return the first sentence of a docstring."""
    return " ".join((documented.__doc__ or "").split("\n\n")[0].split())
