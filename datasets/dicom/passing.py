"""What in a DICOM tree is no slice to learn from: other objects, scouts, screenshots."""

from __future__ import annotations

import re
from typing import Any

from gliaboost.datasets.dicom.files import bytes_of_pixels
from gliaboost.datasets.dicom.tags import (
    MODALITIES,
    frame_value,
    image_types,
    modality_of,
    number,
    quiet,
    text_of,
    value_of,
)
from gliaboost.datasets.image_source import MAX_BYTES

# What is a picture, and is passed over unless it is asked for.
HELD_BACK = ("localizer", "screenshot", "text burnt in", "mosaic of slices", "projection (MIP)")
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
_DIRECTORY = "1.2.840.10008.1.3.10"
_SCOUTS = {"LOCALIZER", "LOCALISER", "SCOUT", "PILOT", "TOPOGRAM", "SURVEY", "SCANOGRAM"}
_PROJECTIONS = {"PROJECTION IMAGE", "MIP", "MINIP", "MAX_IP", "MIN_IP"}
_SCOUT = re.compile(
    r"(?<![a-z])(locali[sz]ers?|loc|scouts?|pilot|survey|topogram|surview|scanogram)(?![a-z])"
)
_OBJECTS = {
    "RTSTRUCT": "RT structure set",
    "RTPLAN": "RT plan",
    "RTDOSE": "RT dose",
    "SEG": "segmentation (DICOM-SEG)",
    "SR": "structured report",
    "DOC": "document",
    "PR": "presentation state",
    "KO": "key object selection",
    "REG": "registration",
}


def no_image(data: Any) -> str | None:
    """Say why a file can give no picture of a head at all; None where it can.

    Parameters
    ----------
    data : pydicom.dataset.Dataset
        As `gliaboost.datasets.dicom.files.open_dicom` reads it, with or without pixels.

    Returns
    -------
    str or None
        A few words that are the same for every file of the kind, and name no patient.
    """
    uid = text_of(data, "SOPClassUID")
    if "DirectoryRecordSequence" in data or _meta_class(data) == _DIRECTORY:
        return "DICOMDIR"
    if uid in _SEGMENTATIONS:
        return _OBJECTS["SEG"]
    modality = modality_of(data)
    if modality in _OBJECTS:
        return _OBJECTS[modality]
    kind = _class_name(uid)
    if modality not in MODALITIES:
        said = f"modality {modality}" if re.fullmatch(r"[A-Z0-9_ ]{1,16}", modality) else kind
        return f"{said or 'modality unknown'}, neither MR nor CT"
    if not number(value_of(data, "Rows"), 0) > 0 or not number(value_of(data, "Columns"), 0) > 0:
        return f"{kind}, no pixels" if kind else "no pixels: Rows or Columns is missing"
    if bytes_of_pixels(data) > MAX_BYTES:
        return f"more than the cap of {MAX_BYTES:,} bytes of pixels"
    return None


def no_slice(data: Any) -> str | None:
    """Say why a picture is none that a model should learn from; None where it is one.

    Parameters
    ----------
    data : pydicom.dataset.Dataset
        A file that `no_image` has nothing against.

    Returns
    -------
    str or None
        One of `HELD_BACK`.
    """
    types = image_types(data)
    described = (text_of(data, name).lower() for name in ("SeriesDescription", "ProtocolName"))
    if _SCOUTS & set(types) or _SCOUT.search(next(described)):
        return "localizer"
    if "MOSAIC" in types:
        return "mosaic of slices"
    if _PROJECTIONS & set(types):
        return "projection (MIP)"
    if says_burnt_in(data):
        return "text burnt in"
    derived = {"DERIVED", "SECONDARY"} <= set(types)
    captured = text_of(data, "SOPClassUID").startswith(_SECONDARY_CAPTURE)
    placed = frame_value(data, 0, "PlaneOrientationSequence", "ImageOrientationPatient")
    # Resampled and anonymised slices are DERIVED too; a screenshot alone lies nowhere.
    if any("SCREEN" in t for t in types) or ((derived or captured) and placed is None):
        return "screenshot"
    return None


def says_burnt_in(data: Any) -> bool:
    """Whether a file says of itself that its pixels hold text (BurnedInAnnotation)."""
    return text_of(data, "BurnedInAnnotation").upper() in ("YES", "Y")


def _meta_class(data: Any) -> str:
    return text_of(data.file_meta, "MediaStorageSOPClassUID")


def _class_name(uid: str) -> str:
    """Name a SOP class as the standard does; "" for one that is not in it."""
    from pydicom.uid import UID

    with quiet():
        name = str(UID(uid).name) if uid else ""
    return "" if name == uid else name.removesuffix(" Storage")
