"""What a bundle's facts about its training are in words, whatever a file put there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def trained_on(metrics: Mapping[str, Any], created: str, size: int) -> str:
    """Say on how much a bundle was trained, when, and how large it is.

    Parameters
    ----------
    metrics : mapping
        The bundle's.
    created : str
        ISO 8601.
    size : int
        Bytes of the model.

    Examples
    --------
    >>> trained_on({"images": 1200, "patients": 40}, "2026-11-27T09:20:26+00:00", 3)
    'trained on 1,200 images of 40 patients, 2026-11-27; 3 bytes'
    """
    images, patients = (metrics.get(name) for name in ("images", "patients"))
    said = f"trained on {images:,} images" if _counts(images) else "trained"
    said += f" of {patients:,} patients" if _counts(patients) and patients else ""
    said += f", {created[:10]}" if created else ""
    return f"{said}; {size:,} bytes"


def estimate_in_words(metrics: Mapping[str, Any]) -> str:
    """Say what folds inside the training set gave; nothing where that was not measured.

    Examples
    --------
    >>> estimate = {"accuracy": 0.9, "ci95": [0.85, 0.94], "folds": 3, "unit": "patient"}
    >>> estimate_in_words({"estimate": estimate})
    'accuracy 0.900 [0.850, 0.940], 3 inner folds by patient'
    """
    known = metrics.get("estimate")
    if not isinstance(known, dict) or not isinstance(known.get("accuracy"), float):
        return ""
    said = f"accuracy {known['accuracy']:.3f}"
    match known.get("ci95"):
        case [float(low), float(high)]:
            said += f" [{low:.3f}, {high:.3f}]"
    return f"{said}, {known.get('folds')} inner folds by {known.get('unit')}"


def _counts(value: Any) -> bool:
    return type(value) is int
