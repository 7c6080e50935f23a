"""Classical features and gradient boosting on brain MRI and CT, honestly measured.

Every command is a function of the same name, for notebooks and programs::

    import gliaboost

    results = gliaboost.benchmark("data/slices", models="xgboost,lightgbm")
    bundle = gliaboost.train("data/slices", out="model.joblib")
    gliaboost.predict(bundle, "new/slices").to_frame()

A job is silent unless it is given someone to tell: ``progress=gliaboost.Log()`` writes its steps.

Below them, ``gliaboost.datasets`` turns files into arrays, ``gliaboost.features`` arrays into
columns, ``gliaboost.models`` columns into decisions, ``gliaboost.reports`` decisions into a report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gliaboost import errors as errors
    from gliaboost import features as features
    from gliaboost import models as models
    from gliaboost._face.benchmarks import benchmark
    from gliaboost._face.data import audit, explore, fetch, manifest
    from gliaboost._face.demo import demo
    from gliaboost._face.editing import edit_manifest
    from gliaboost._face.evaluation import evaluate
    from gliaboost._face.features import Extracted, extract
    from gliaboost._face.prediction import explain, predict
    from gliaboost._face.reports import info, report
    from gliaboost._face.reproducing import reproduce
    from gliaboost._face.segmenter_comparison import segment_benchmark
    from gliaboost._face.segmenting import segment_predict, segment_train
    from gliaboost._face.training import train
    from gliaboost._face.tuning import tune
    from gliaboost._version import __version__
    from gliaboost.datasets.image_source import ImageSource
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.errors import (
        ArchiveError,
        BundleError,
        ClusterError,
        ContractError,
        DamagedFileError,
        DamagedWarning,
        DecodeError,
        DownloadError,
        GliaboostError,
        ManifestError,
        MissingExtraError,
        PluginError,
        ResultsError,
        StoreError,
        UnreadableWarning,
        UsageError,
        WeightsError,
        WriteError,
    )
    from gliaboost.models.bundle import Bundle, load, save
    from gliaboost.models.prediction import Predictions
    from gliaboost.models.segmentation.bundle import SegmenterBundle, load_segmenter
    from gliaboost.models.segmentation.segmentations import Segmentations
    from gliaboost.progress import Log, Progress
    from gliaboost.reports.protocol.held_out import HeldOut
    from gliaboost.reports.protocol.reproduction import Reproduction
    from gliaboost.reports.protocol.results import Results
    from gliaboost.reports.protocol.segmentation_record import SegmentationResults

__all__ = [
    "ArchiveError",
    "Bundle",
    "BundleError",
    "ClusterError",
    "ContractError",
    "DamagedFileError",
    "DamagedWarning",
    "DecodeError",
    "DownloadError",
    "Extracted",
    "GliaboostError",
    "HeldOut",
    "ImageSource",
    "Log",
    "Manifest",
    "ManifestError",
    "MissingExtraError",
    "PluginError",
    "Predictions",
    "Progress",
    "Reproduction",
    "Results",
    "ResultsError",
    "SegmentationResults",
    "Segmentations",
    "SegmenterBundle",
    "StoreError",
    "UnreadableWarning",
    "UsageError",
    "WeightsError",
    "WriteError",
    "__version__",
    "audit",
    "benchmark",
    "demo",
    "edit_manifest",
    "evaluate",
    "explain",
    "explore",
    "extract",
    "fetch",
    "info",
    "load",
    "load_segmenter",
    "manifest",
    "predict",
    "report",
    "reproduce",
    "save",
    "segment_benchmark",
    "segment_predict",
    "segment_train",
    "train",
    "tune",
]

# Where each name lives: `import gliaboost` pays for none of them, not even for numpy.
_HOMES = {
    "_face.benchmarks": ("benchmark",),
    "_face.data": ("audit", "explore", "fetch", "manifest"),
    "_face.demo": ("demo",),
    "_face.editing": ("edit_manifest",),
    "_face.evaluation": ("evaluate",),
    "_face.features": ("Extracted", "extract"),
    "_face.prediction": ("explain", "predict"),
    "_face.reports": ("info", "report"),
    "_face.reproducing": ("reproduce",),
    "_face.segmenter_comparison": ("segment_benchmark",),
    "_face.segmenting": ("segment_predict", "segment_train"),
    "_face.training": ("train",),
    "_face.tuning": ("tune",),
    "_version": ("__version__",),
    "datasets.image_source": ("ImageSource",),
    "datasets.manifest": ("Manifest",),
    "errors": (
        "ArchiveError",
        "BundleError",
        "ClusterError",
        "ContractError",
        "DamagedFileError",
        "DamagedWarning",
        "DecodeError",
        "DownloadError",
        "GliaboostError",
        "ManifestError",
        "MissingExtraError",
        "PluginError",
        "ResultsError",
        "StoreError",
        "UnreadableWarning",
        "UsageError",
        "WeightsError",
        "WriteError",
    ),
    "models.bundle": ("Bundle", "load", "save"),
    "models.prediction": ("Predictions",),
    "models.segmentation.bundle": ("SegmenterBundle", "load_segmenter"),
    "models.segmentation.segmentations": ("Segmentations",),
    "progress": ("Log", "Progress"),
    "reports.protocol.held_out": ("HeldOut",),
    "reports.protocol.reproduction": ("Reproduction",),
    "reports.protocol.results": ("Results",),
    "reports.protocol.segmentation_record": ("SegmentationResults",),
}


_ROOMS = ("errors", "features", "models")


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _ROOMS:
        return import_module(f"gliaboost.{name}")
    for module, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(f"gliaboost.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'gliaboost' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_ROOMS})
