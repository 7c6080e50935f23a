"""What a DICOM file says of itself and its frames, whatever state its tags are in.

Files come with empty, missing and malformed values; a value that cannot be read is one that is not
there. Nothing here raises, and nothing is said of a patient.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from gliaboost.datasets.sequences import find_sequence

MODALITIES = {"MR": "MRI", "CT": "CT"}
# What kind of picture a file holds by its SOP class, where no modality is given.
_MR_CLASSES = ("1.2.840.10008.5.1.4.1.1.4",)
_CT_CLASSES = ("1.2.840.10008.5.1.4.1.1.2",)
# The patient's axis that a plane cuts: x, y, z.
_PLANES = ("sagittal", "coronal", "axial")
# Pixels longer than this by their width are a mistake of the tag, not of the scanner.
_LONGEST = 20.0
_NO_AGENT = {"", "no", "none", "n/a", "na", "0", "without", "ohne", "false"}


@contextmanager
def quiet() -> Iterator[None]:
    """Keep back what pydicom warns of and logs: it quotes values, a patient's name among them."""
    log = logging.getLogger("pydicom")
    if log.level > logging.CRITICAL:  # is quiet already
        yield
        return
    before = log.level
    log.setLevel(logging.CRITICAL + 1)  # its children ask it
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)


def value_of(data: Any, name: str) -> Any:
    """Return a tag's value, None where it is absent, empty or malformed."""
    try:
        if name not in data:
            return None
        with quiet():
            value = data.get(name)
    except Exception:  # of a value that its VR does not allow
        return None
    return None if value is None or (isinstance(value, str) and not value.strip()) else value


def text_of(data: Any, name: str) -> str:
    """Return a tag as text without blanks around it, several values joined by a backslash."""
    value = value_of(data, name)
    if value is None:
        return ""
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return "\\".join(str(v).strip() for v in value)
    return str(value).strip()


def numbers(value: Any) -> list[float]:
    """Read one or several numbers; NaN for what is none.

    Examples
    --------
    >>> numbers("7"), numbers(["1.5", "x"]), numbers(None)
    ([7.0], [1.5, nan], [])
    """
    if value is None:
        return []
    several = isinstance(value, Iterable) and not isinstance(value, str | bytes)
    return [_number(v) for v in (value if several else [value])]


def number(value: Any, default: float) -> float:
    """Read the first number of a value; `default` where there is none that is finite."""
    first = next(iter(numbers(value)), math.nan)
    return first if math.isfinite(first) else default


def items(data: Any, name: str) -> list[Any]:
    """Return a sequence's items, none where it is absent or no sequence."""
    value = value_of(data, name)
    if value is None or isinstance(value, str | bytes) or not hasattr(value, "__len__"):
        return []
    return [item for item in value if hasattr(item, "get")]


def frame_value(data: Any, index: int, sequence: str, name: str) -> Any:
    """Read a tag of a frame: its own (enhanced multi-frame), the shared one, or the file's."""
    for item in frame_items(data, index, sequence):
        if (found := value_of(item, name)) is not None:
            return found
    return value_of(data, name)


def frame_items(data: Any, index: int, sequence: str) -> list[Any]:
    """List the items of a sequence that belong to a frame: its own, then those of all frames."""
    own = value_of(data, "PerFrameFunctionalGroupsSequence")
    known = hasattr(own, "__len__") and not isinstance(own, str | bytes) and index < len(own)
    groups = [own[index]] if known and hasattr(own[index], "get") else []
    groups += items(data, "SharedFunctionalGroupsSequence")
    return [item for group in groups for item in items(group, sequence)]


def modality_of(data: Any) -> str:
    """Name the modality as DICOM does, by its tag, failing that by the SOP class; "" if unknown."""
    named = text_of(data, "Modality").upper().split("\\")
    known = [m for m in named if m in MODALITIES]
    if known or named != [""]:
        return known[0] if known else named[0]
    uid = text_of(data, "SOPClassUID")
    for modality, classes in (("MR", _MR_CLASSES), ("CT", _CT_CLASSES)):
        if any(uid == c or uid.startswith(f"{c}.") for c in classes):
            return modality
    return ""


def image_types(data: Any) -> list[str]:
    """Return the values of ImageType and FrameType, in upper case."""
    types = text_of(data, "ImageType").upper().split("\\")
    for sequence in ("MRImageFrameTypeSequence", "CTImageFrameTypeSequence"):
        value = frame_value(data, 0, sequence, "FrameType")
        types += [
            str(v).strip().upper() for v in ([value] if isinstance(value, str) else value or [])
        ]
    return [t for t in types if t]


def place_of(data: Any, index: int) -> tuple[str | None, float | None]:
    """Return a frame's plane, and its place along the plane's normal in mm."""
    axes = numbers(frame_value(data, index, "PlaneOrientationSequence", "ImageOrientationPatient"))
    corner = numbers(frame_value(data, index, "PlanePositionSequence", "ImagePositionPatient"))
    if len(axes) != 6 or not np.isfinite(axes).all():
        return None, None
    normal = np.cross(axes[:3], axes[3:])
    if not np.abs(normal).max() > 0.1:
        return None, None
    plane = _PLANES[int(np.abs(normal).argmax())]
    if len(corner) != 3 or not np.isfinite(corner).all():
        return plane, None
    return plane, round(float(normal @ np.array(corner)), 2)


def spacing_of(data: Any, index: int) -> tuple[float, float]:
    """Return how high and how wide a pixel is, in any unit; (1, 1) where that is unknown or absurd.

    The first of PixelSpacing, ImagerPixelSpacing and PixelAspectRatio that can be true counts.
    """
    for name in ("PixelSpacing", "ImagerPixelSpacing", "PixelAspectRatio"):
        sides = numbers(frame_value(data, index, "PixelMeasuresSequence", name))
        if len(sides) != 2 or not np.isfinite(sides).all() or not min(sides) > 0:
            continue
        if max(sides) / min(sides) <= _LONGEST:
            return sides[0], sides[1]
    return 1.0, 1.0


def millimetres_of(data: Any, index: int) -> tuple[float, float] | None:
    """Return how high and how wide a pixel is in the patient, in mm; None where that is not told.

    PixelSpacing alone says it: ImagerPixelSpacing is of the detector, and PixelAspectRatio of no
    unit.
    """
    sides = numbers(frame_value(data, index, "PixelMeasuresSequence", "PixelSpacing"))
    if len(sides) != 2 or not np.isfinite(sides).all() or not min(sides) > 0:
        return None
    return (sides[0], sides[1]) if max(sides) / min(sides) <= _LONGEST else None


def sequence_of(data: Any, index: int = 0) -> str | None:
    """Name the MR sequence of a frame, as `find_sequence` does; None for CT."""
    if modality_of(data) != "MR":
        return None
    types = " ".join(t for t in image_types(data) if len(t) > 2)
    weighted = number(frame_value(data, index, "MRDiffusionSequence", "DiffusionBValue"), 0) > 0
    kind = frame_value(data, index, "MRImageFrameTypeSequence", "AcquisitionContrast")
    return find_sequence(
        types if any(w in types for w in ("ADC", "TRACE", "DIFFUSION", "PERFUSION")) else None,
        text_of(data, "SeriesDescription"),
        text_of(data, "ProtocolName"),
        str(kind or "").replace("_", " "),
        "dwi" if weighted else None,
        text_of(data, "SequenceName"),
        contrast=text_of(data, "ContrastBolusAgent").lower() not in _NO_AGENT,
        echo=_time(data, index, "MREchoSequence", "EffectiveEchoTime", "EchoTime"),
        repetition=_time(data, index, "MRTimingAndRelatedParametersSequence", "RepetitionTime"),
        inversion=_time(data, index, "MRModifierSequence", "InversionTimes", "InversionTime"),
    )


def _time(data: Any, index: int, sequence: str, *names: str) -> float | None:
    for name in names:
        found = number(frame_value(data, index, sequence, name), math.nan)
        if math.isfinite(found):
            return found
    return None


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
