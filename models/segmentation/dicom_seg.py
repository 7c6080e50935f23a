"""Masks of a DICOM series as a DICOM segmentation, which viewers lay over the series."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost._version import __version__
from gliaboost.datasets.dicom.files import open_dicom
from gliaboost.datasets.dicom.tags import (
    frame_value,
    number,
    quiet,
    spacing_of,
    text_of,
    value_of,
)
from gliaboost.datasets.image_source import ImageLike, ImageSource
from gliaboost.errors import DecodeError, MissingExtraError, UsageError
from gliaboost.models.segmentation.mask_files import at_stored_size, written

LABEL = "Tumour"
# What the standard asks to be there, though it may be empty: files without names often lack it.
_MAY_BE_EMPTY = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "ReferringPhysicianName",
    "SliceThickness",
)
# What a segmentation refers to.
_NEEDED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
# Where a slice lies; without these viewers cannot lay it over its series.
_PLACE = (
    ("PixelMeasuresSequence", "PixelSpacing"),
    ("PlanePositionSequence", "ImagePositionPatient"),
    ("PlaneOrientationSequence", "ImageOrientationPatient"),
)


def write_dicom_seg(
    masks: Sequence[NDArray[np.bool_]],
    like: Sequence[ImageLike],
    path: Path | str,
    *,
    algorithm: str,
) -> Path:
    """Write the masks of a series as one DICOM segmentation.

    Parameters
    ----------
    masks : sequence of bool array [H, W]
        One a slice, at the size that `gliaboost.datasets.dicom.slices.read_slices` gives it.
    like : sequence of path-like or ImageSource
        The files of the slices, in the order of `masks`; or a single file of as many frames.
    path : path-like
        Ends in ``.dcm``; its folder is made.
    algorithm : str
        What found the tumour, as the file will say.

    Returns
    -------
    pathlib.Path
        The file: one binary segment, an automatic one, over its slices. As the standard asks it
        names the patient and the study of the series. Slices without a tumour are left out, unless
        all are.

    Raises
    ------
    MissingExtraError
        If highdicom is not installed.
    DecodeError
        If a file cannot be read, or lacks what a segmentation must repeat.
    UsageError
        If masks and slices are not as many, a mask has another size than its slice, slices are of
        several series or sizes, or the file cannot be written.

    References
    ----------
    DICOM PS3.3, A.51, Segmentation IOD. Bridge et al., "Highdicom: a Python library for
    standardized encoding of image annotations", J. Digit. Imaging 35 (2022).
    """
    path = Path(path)
    if path.suffix.lower() != ".dcm":
        raise UsageError(f"{path}: a DICOM segmentation is written as .dcm; name it so")
    library = _highdicom()
    sources = [open_dicom(image, pixels=False) for image in like]
    names = [str(ImageSource.of(image).name) for image in like]
    if not sources:
        raise UsageError("no slices to write a segmentation of")
    with quiet():
        for source, name in zip(sources, names, strict=True):
            _check(source, name)
        _check_series(sources)
        stored = np.stack(_stored(masks, sources, names))
        try:
            made = _made(library, stored, sources, algorithm)
        except Exception as error:  # highdicom and pydicom raise what they like
            raise DecodeError(
                names[0],
                f"has not what a DICOM segmentation must repeat ({type(error).__name__}); "
                "write PNG masks",
            ) from error
        with written(path) as temporary:
            made.save_as(temporary)
    return path


def _highdicom() -> Any:
    try:
        import highdicom
        import highdicom.seg
    except ImportError as error:
        raise MissingExtraError("highdicom", "seg", "writing DICOM segmentations") from error
    return highdicom


def _check(source: Any, name: str) -> None:
    """Refuse a file that cannot be referred to, and add what may be empty."""
    lacking = [k for k in (*_NEEDED, "FrameOfReferenceUID") if not text_of(source, k)]
    lacking += [k for group, k in _PLACE if frame_value(source, 0, group, k) is None]
    if lacking:
        raise DecodeError(
            name, f"has no {', '.join(lacking)}, which a DICOM segmentation needs; write PNG masks"
        )
    for keyword in _MAY_BE_EMPTY:
        if keyword not in source:
            setattr(source, keyword, "")


def _check_series(sources: Sequence[Any]) -> None:
    """Refuse files that are no series."""
    for what, keywords in (
        ("series", ("StudyInstanceUID", "SeriesInstanceUID")),
        ("places", ("FrameOfReferenceUID",)),
        ("sizes", ("Rows", "Columns")),
    ):
        found = {tuple(text_of(source, k) for k in keywords) for source in sources}
        if len(found) > 1:
            raise UsageError(
                f"slices of {len(found)} {what}; a DICOM segmentation is of one: write one of each"
            )


def _stored(
    masks: Sequence[NDArray[np.bool_]], sources: Sequence[Any], names: Sequence[str]
) -> list[NDArray[np.bool_]]:
    frames = [max(1, int(number(value_of(s, "NumberOfFrames"), 1))) for s in sources]
    if len(sources) > 1 and max(frames) > 1:
        raise UsageError("several files of many frames; write a segmentation of each")
    if len(masks) != sum(frames):
        raise UsageError(f"{len(masks)} masks for {sum(frames)} slices; expected one a slice")
    found = []
    for n, mask in enumerate(masks):
        source, name = sources[min(n, len(sources) - 1)], names[min(n, len(names) - 1)]
        height, width = (int(number(value_of(source, k), 0)) for k in ("Rows", "Columns"))
        if height < 1 or width < 1:
            raise DecodeError(name, "no pixels: Rows or Columns is missing")
        down, across = spacing_of(source, n if len(sources) == 1 else 0)
        fine = min(down, across)
        drawn = round(height * down / fine), round(width * across / fine)
        if mask.dtype != bool or mask.shape not in ((height, width), drawn):
            raise UsageError(
                f"the mask of {name} is {mask.dtype} {list(mask.shape)}; expected bool "
                f"{list(drawn)}, as the slice is drawn"
            )
        found.append(at_stored_size(mask, height, width))
    return found


def _made(library: Any, stored: NDArray[np.bool_], sources: Sequence[Any], algorithm: str) -> Any:
    from pydicom.sr.codedict import codes
    from pydicom.uid import ExplicitVRLittleEndian

    known: Any = codes
    segment = library.seg.SegmentDescription(
        segment_number=1,
        segment_label=LABEL,
        segmented_property_category=known.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=known.SCT.Neoplasm,
        algorithm_type="AUTOMATIC",
        algorithm_identification=library.AlgorithmIdentificationSequence(
            name=algorithm, family=known.DCM.ArtificialIntelligence, version=__version__
        ),
    )
    return library.seg.Segmentation(
        source_images=list(sources),
        pixel_array=stored.astype(np.uint8),
        segmentation_type="BINARY",
        segment_descriptions=[segment],
        series_instance_uid=library.UID(),
        series_number=1000,
        sop_instance_uid=library.UID(),
        instance_number=1,
        manufacturer="gliaboost",
        manufacturer_model_name="gliaboost",
        software_versions=__version__,
        device_serial_number="0",
        content_label="TUMOUR",
        content_description="Found by a research tool, not a medical device",
        transfer_syntax_uid=ExplicitVRLittleEndian,
    )
