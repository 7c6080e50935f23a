"""A tree of DICOM files: patient, modality, plane and window from the tags."""

from __future__ import annotations

import hashlib
import hmac
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.image_source import MAX_BYTES
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import folder_at, source, wrong_layout
from gliaboost.datasets.sources.converted import FOLDER, convert, write_grey
from gliaboost.datasets.sources.labels import fingerprint, read_labels, told
from gliaboost.datasets.windows import WINDOWS, apply_window, find_window
from gliaboost.errors import MissingExtraError
from gliaboost.files import sha256_file

EXPECTED = "DICOM files (with DICM at byte 128), in folders of any depth"
MODALITIES = {"MR": "MRI", "CT": "CT"}
# The patient's axis that a plane cuts: x, y, z.
PLANES = ("sagittal", "coronal", "axial")
# A few bytes of it may unpack to gigabytes, before anything of the file is known.
DEFLATED = "1.2.840.10008.1.2.1.99"
SHOWN = 5


@source("dicom")
def read_dicom(
    path: Path,
    *,
    images: Path | None = None,
    labels: Path | None = None,
    window: str | None = None,
    salt: str | None = None,
) -> Manifest:
    """Read a tree of DICOM; slices are written once as PNG.

    Parameters
    ----------
    path : pathlib.Path
        The tree. Files that are no DICOM are passed over; those without pixels, of other
        modalities than MR and CT, or that cannot be decoded are named in a warning.
    images : pathlib.Path, optional
        Folder for the PNG files; default: ``gliaboost-png`` in `path`.
    labels : pathlib.Path, optional
        CSV with ``label`` and ``patient`` (the tag PatientID) or ``file`` (the file's name).
    window : str, optional
        ``brain``, ``subdural``, ``bone`` or ``CENTRE:WIDTH``, in Hounsfield units, for CT. Default:
        the file's own window, and ``brain`` for CT without one.
    salt : str, optional
        A secret that turns PatientID into a pseudonym (HMAC-SHA256): with the same one a patient
        has the same pseudonym in every tree. Kept nowhere. Default: the content of the tree's
        first file, so that the pseudonyms can be made again from that tree alone.

    Returns
    -------
    Manifest
        Further with ``plane``, ``position`` (mm along the plane's normal), ``series`` and
        ``window``. Patients are pseudonyms; no identifying tag, date or file name is kept. A file
        without PatientID belongs to its study, failing that to itself.

    Raises
    ------
    UsageError
        If there is no DICOM file, or no slice in any.
    MissingExtraError
        If pydicom is not installed.
    """
    folder = folder_at(path, EXPECTED)
    files = [f for f in sorted(folder.rglob("*")) if f.is_file() and _is_dicom(f)]
    if not files:
        raise wrong_layout(folder, "dicom", EXPECTED)
    if window is not None:
        find_window(window)
    known = read_labels(labels)
    key = salt.encode() if salt else sha256_file(files[0]).encode()
    # Two bytes show that the salt is another, and are too few to find it by.
    options = {"window": window, "labels": fingerprint(known), "salt": _pseudonym(key, "")[:5]}
    return convert(
        images or folder / FOLDER,
        "dicom",
        files,
        options,
        lambda target: _slices(folder, files, target, known, window, key),
    )


def _pseudonym(key: bytes, name: str) -> str:
    return "P" + hmac.new(key, name.encode(), hashlib.sha256).hexdigest()[:12]


def _is_dicom(file: Path) -> bool:
    try:
        with file.open("rb") as f:
            return f.read(132)[128:] == b"DICM"
    except OSError:
        return False


def _slices(
    folder: Path,
    files: list[Path],
    target: Path,
    labels: Mapping[str, str],
    window: str | None,
    key: bytes,
) -> Iterator[dict[str, Any]]:
    try:
        import pydicom
    except ImportError as error:
        raise MissingExtraError("pydicom", "dicom", "reading DICOM") from error

    series: dict[tuple[str, str], int] = {}
    count: dict[tuple[str, int], int] = {}
    passed: list[str] = []
    for file in files:
        try:
            _check_syntax(file)
            data = pydicom.dcmread(file)
            _check_size(data)
            frames = list(_frames(data, window))
        except _Unusable as reason:
            passed.append(f"{file.name}: {reason}")
            continue
        except Exception as error:  # decoders raise what they like
            passed.append(f"{file.name}: {type(error).__name__}: {str(error).splitlines()[0:1]}")
            continue
        named = str(data.get("PatientID") or "").strip()
        study = str(data.get("StudyInstanceUID") or "")
        patient = _pseudonym(key, named or study or file.relative_to(folder).as_posix())
        uid = (patient, str(data.get("SeriesInstanceUID") or ""))
        number = series.setdefault(uid, 1 + sum(p == patient for p, _ in series))
        label = labels.get(named) or labels.get(file.name) or labels.get(file.stem)
        for pixels, about in frames:
            count[patient, number] = index = count.get((patient, number), 0) + 1
            name = f"{patient}/S{number:02}-{index:04}.png"
            write_grey(target / name, pixels)
            yield {
                "path": name,
                **told(label),
                "patient": patient,
                "modality": MODALITIES[str(data.Modality)],
                "source": "dicom",
                "series": f"{patient}-S{number:02}",
                **about,
            }
    if passed:
        more = f" and {len(passed) - SHOWN} more" if len(passed) > SHOWN else ""
        warnings.warn(
            f"{len(passed)} of {len(files)} DICOM files give no slice: "
            f"{'; '.join(passed[:SHOWN])}{more}",
            stacklevel=2,
        )


class _Unusable(Exception):  # noqa: N818
    """Why a file gives no slice."""


def _check_syntax(file: Path) -> None:
    from pydicom.filereader import read_file_meta_info

    if str(read_file_meta_info(file).get("TransferSyntaxUID")) == DEFLATED:
        raise _Unusable("deflated; inflate it first (dcmconv +te)")
    if file.stat().st_size > MAX_BYTES:
        raise _Unusable(f"more than {MAX_BYTES:,} bytes")


def _check_size(data: Any) -> None:
    """Refuse what would decode to more than may be held, from the tags alone."""
    sizes = [int(data.get(name) or 1) for name in ("NumberOfFrames", "SamplesPerPixel")]
    sizes += [int(data.get(name) or 0) for name in ("Rows", "Columns")]
    needed = int(np.prod(sizes, dtype=object)) * -(-int(data.get("BitsAllocated") or 16) // 8)
    if needed > MAX_BYTES:
        raise _Unusable(f"{needed:,} bytes of pixels, more than the cap of {MAX_BYTES:,}")


def _frames(data: Any, window: str | None) -> Iterator[tuple[NDArray[Any], dict[str, Any]]]:
    modality = str(data.get("Modality") or "unknown")
    if modality not in MODALITIES:
        raise _Unusable(f"modality {modality}; expected MR or CT")
    if "PixelData" not in data:
        raise _Unusable("no pixels")
    stored = np.asarray(data.pixel_array)
    colour = int(data.get("SamplesPerPixel") or 1) > 1
    if stored.ndim == (3 if colour else 2):
        stored = stored[None]
    for index, frame in enumerate(stored):
        if colour:
            frame = frame @ np.array([0.299, 0.587, 0.114])
        slope = float(_tag(data, index, "PixelValueTransformationSequence", "RescaleSlope", 1))
        shift = float(_tag(data, index, "PixelValueTransformationSequence", "RescaleIntercept", 0))
        values = frame * slope + shift if (slope, shift) != (1, 0) else frame
        pixels, seen = _windowed(data, index, values, window)
        if str(data.get("PhotometricInterpretation")) == "MONOCHROME1":
            pixels = (255 if pixels.dtype == np.uint8 else pixels.max()) - pixels
        yield pixels, {"window": seen, **_place(data, index)}


def _windowed(
    data: Any, index: int, values: NDArray[Any], window: str | None
) -> tuple[NDArray[Any], str]:
    ct = str(data.Modality) == "CT"
    if ct and window is not None:
        return apply_window(values, *find_window(window)), window
    centre = _tag(data, index, "FrameVOILUTSequence", "WindowCenter", None)
    width = _tag(data, index, "FrameVOILUTSequence", "WindowWidth", None)
    if centre is not None and width is not None:
        c, w = _first(centre), _first(width)
        if w > 1:
            return apply_window(values, c, w), f"{c:g}:{w:g}"
    if ct:
        return apply_window(values, *WINDOWS["brain"]), "brain"
    return values, "full"


def _first(value: Any) -> float:
    # Several alternatives may be given; the first is the one to show.
    several = hasattr(value, "__len__") and not isinstance(value, str)
    return float(value[0] if several else value)


def _place(data: Any, index: int) -> dict[str, Any]:
    direction = _tag(data, index, "PlaneOrientationSequence", "ImageOrientationPatient", None)
    corner = _tag(data, index, "PlanePositionSequence", "ImagePositionPatient", None)
    if direction is None or len(direction) != 6:
        return {"plane": None, "position": None}
    axes = np.array([float(v) for v in direction])
    normal = np.cross(axes[:3], axes[3:])
    plane = PLANES[int(np.abs(normal).argmax())]
    if corner is None or len(corner) != 3:
        return {"plane": plane, "position": None}
    return {
        "plane": plane,
        "position": round(float(normal @ np.array([float(v) for v in corner])), 2),
    }


def _tag(data: Any, index: int, sequence: str, name: str, default: Any) -> Any:
    """Read a tag of a frame: its own (enhanced multi-frame), the shared, or the file's."""
    own = data.get("PerFrameFunctionalGroupsSequence") or []
    groups = [own[index]] if index < len(own) else []
    groups += list(data.get("SharedFunctionalGroupsSequence") or [])
    for group in groups:
        for item in group.get(sequence) or []:
            if item.get(name) is not None:
                return item.get(name)
    found = data.get(name)
    return default if found is None or found == "" else found
