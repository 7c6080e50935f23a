"""What somebody hands over as bytes, to grey slices: nothing is written, and the bytes are let go.

Each is told by its content, whatever its name: a picture, a DICOM file, a NIfTI volume, or a ZIP
archive of these, in which DICOM files are sorted into series.
"""

from __future__ import annotations

import hashlib
import io
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from gliaboost.datasets.decode import decode
from gliaboost.datasets.dicom.files import HEAD, is_dicom, open_dicom
from gliaboost.datasets.dicom.passing import no_slice
from gliaboost.datasets.dicom.slices import in_series
from gliaboost.datasets.image_files import is_hidden
from gliaboost.datasets.image_source import DecodedSource, ImageSource
from gliaboost.datasets.nifti_file import is_nifti
from gliaboost.datasets.scans import Looked, look_at, look_at_series
from gliaboost.errors import DecodeError, GliaboostError

_ZIPS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_LONGEST_NAME = 120
_BURNT_IN = (
    "the file is marked as holding burnt-in text: the picture may show a name, and the model may "
    "see it"
)
_ODD = "the file is marked as a {}: the model was not trained on such pictures"


@dataclass(frozen=True)
class UploadLimits:
    """The most that one upload may hold.

    Parameters
    ----------
    size : int
        Bytes, as they are and unpacked.
    files : int
        Pictures, volumes and series in it.
    members : int
        Files in an archive; those of a series count one each here.
    """

    size: int = 400_000_000
    files: int = 200
    members: int = 2_000


@dataclass(frozen=True)
class Upload:
    """One picture or scan, decoded.

    Attributes
    ----------
    name : str
        What it was called; of a series in an archive the archive's name and a number, as names of
        DICOM files may tell a patient.
    slices : tuple of Looked
        Grey slices in order, losslessly packed; one for a picture, none where it cannot be read.
    notes : tuple of str
        What a reader must know of it.
    error : str or None
        Why it cannot be read.
    """

    name: str
    slices: tuple[Looked, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None

    @property
    def is_scan(self) -> bool:
        """Whether it has slices to choose from."""
        return len(self.slices) > 1

    @property
    def size(self) -> int:
        """Bytes that are kept of it."""
        return sum(len(one.source.data or b"") for one in self.slices)


def open_upload(
    name: str,
    data: bytes,
    *,
    plane: str = "axial",
    window: str | None = None,
    limits: UploadLimits | None = None,
) -> list[Upload]:
    """Decode what was handed over.

    Parameters
    ----------
    name : str
        What it was called; its ending tells nothing.
    data : bytes
        Its content. None of it is kept: pictures are kept as grey levels, and by their SHA-256.
    plane : {"axial", "coronal", "sagittal"}
        Across which volumes are cut.
    window : str, optional
        For CT, as `gliaboost.datasets.windows.find_window` takes it.
    limits : UploadLimits, optional
        The most that it may hold; checked before anything is decoded.

    Returns
    -------
    list of Upload
        One; of an archive one a picture, volume and series in it. What cannot be read is among them
        with its reason.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> png = cv2.imencode(".png", np.full((2, 3), 9, np.uint8))[1].tobytes()
    >>> one = open_upload("slice.dcm", png)[0]
    >>> one.name, len(one.slices), one.error
    ('slice.dcm', 1, None)
    >>> open_upload("notes.png", b"Dear patient")[0].error[:31]
    'is no image of a known kind; ex'
    """
    limits = limits or UploadLimits()
    name = plain_name(name)
    if len(data) > limits.size:
        return [Upload(name, error=_too_large(len(data), limits.size))]
    try:
        if data[:4] in _ZIPS:
            return list(_archive(name, data, plane, window, limits))
        return [_one(name, data, plane, window)]
    except GliaboostError as error:
        return [Upload(name, error=_reason(error))]
    except Exception as error:  # one bad file is its own affair, whatever a library makes of it
        return [Upload(name, error=f"cannot be read ({type(error).__name__})")]


def beyond(
    limits: UploadLimits, sizes: Sequence[int], *, files: int = 0, size: int = 0
) -> str | None:
    """Say why files are more than may be taken, before any is read; None where they are not.

    Parameters
    ----------
    limits : UploadLimits
        The most that may be taken in all.
    sizes : sequence of int
        Bytes of the new ones.
    files, size : int
        What was taken before.

    Examples
    --------
    >>> beyond(UploadLimits(files=2), [10, 10])
    >>> beyond(UploadLimits(files=2), [10, 10], files=1)
    'with these it would be 3 files; 2 at most are taken'
    """
    whole = files + len(sizes)
    if whole > limits.files:
        return f"with these it would be {whole:,} files; {limits.files:,} at most are taken"
    total = size + sum(sizes)
    if total > limits.size:
        return f"with these it would be {_too_large(total, limits.size)}"
    return None


def plain_name(name: str) -> str:
    r"""Shorten a name to its last part, without controls.

    Examples
    --------
    >>> plain_name("C:\\scans\\1.png"), plain_name("a/b\n.png"), plain_name("")
    ('1.png', 'b .png', 'upload')
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    said = "".join(c if c.isprintable() else " " for c in last).strip()
    if len(said) > _LONGEST_NAME:
        said = f"{said[: _LONGEST_NAME - 20]}...{said[-17:]}"
    return said or "upload"


def _one(name: str, data: bytes, plane: str, window: str | None) -> Upload:
    """Open what is no archive."""
    if not data:
        raise DecodeError(name, "is empty (0 bytes); expected an image")
    nifti, dicom = is_nifti(ImageSource("upload", data)), is_dicom(data[:HEAD])
    if not nifti and not dicom:
        source = ImageSource(name, data)
        key = hashlib.sha256(data).hexdigest()
        return Upload(name, (Looked(DecodedSource.of_pixels(name, decode(source), key)),))
    # A name that ends in .nii would pass for a volume.
    source = ImageSource(name if nifti else "upload", data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = list(look_at(source, plane=plane, window=window))
    return _scan(name, found, () if nifti else _notes([source]))


def _scan(name: str, found: Sequence[Looked], notes: tuple[str, ...]) -> Upload:
    """Keep the slices of a scan without its bytes."""
    slices = [one for one in found if one.error is None]
    if not slices:
        said = found[0].error if found else None
        return Upload(name, notes=notes, error=said or "holds no slice")
    return Upload(name, tuple(_let_go(name, n, one) for n, one in enumerate(slices)), notes)


def _let_go(name: str, number: int, one: Looked) -> Looked:
    """Take a slice's place without what it was cut from, and name it after the upload."""
    place = one.place
    if place is not None:
        where = ImageSource(name)
        place = replace(place, scan=where, file=where)
        number = place.number
    said = name if place is None else f"{name}, slice {number}"
    return Looked(ImageSource(said, one.source.data), place=place)


def _notes(sources: Sequence[ImageSource]) -> tuple[str, ...]:
    """Say what DICOM files are marked as; nothing else of them is told."""
    kinds = {no_slice(open_dicom(source, pixels=False)) for source in sources} - {None}
    return tuple(
        _BURNT_IN if kind == "text burnt in" else _ODD.format(kind)
        for kind in sorted(map(str, kinds))
    )


def _archive(
    name: str, data: bytes, plane: str, window: str | None, limits: UploadLimits
) -> Iterator[Upload]:
    members = list(_members(name, data, limits))
    # By number: their names may tell a patient.
    scans = [ImageSource(str(n), one) for n, (_, one) in enumerate(members) if _dicom(one)]
    others = [(own, content) for own, content in members if not _dicom(content)]
    series, passed = in_series(scans)
    count = len(series) + len(others)
    if count > limits.files:
        raise DecodeError(
            name, f"holds {count:,} pictures and series; {limits.files:,} at most are taken"
        )
    if not members:
        raise DecodeError(name, "is a ZIP archive without a file in it")
    for number, files in enumerate(series, 1):
        own = name if len(series) == 1 and not others else f"{name}, series {number}"
        try:
            yield _scan(own, list(look_at_series(own, files, window=window)), ())
        except GliaboostError as error:
            yield Upload(own, error=_reason(error))
    for own, content in others:
        inner = f"{name}/{plain_name(own)}"
        if content[:4] in _ZIPS:
            yield Upload(inner, error="is an archive inside an archive, which is not opened")
            continue
        try:
            yield replace(_one(plain_name(own), content, plane, window), name=inner)
        except GliaboostError as error:
            yield Upload(inner, error=_reason(error))
    if passed:
        reasons = Counter(reason for _, reason in passed).most_common()
        said = "; ".join(f"{number} {reason}" for reason, number in reasons)
        yield Upload(name, error=f"DICOM files that give no slice were passed over: {said}")


def _dicom(content: bytes) -> bool:
    return is_dicom(content[:HEAD])


def _members(name: str, data: bytes, limits: UploadLimits) -> Iterator[tuple[str, bytes]]:
    """Unpack in memory, after a look at the archive's own list of sizes."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [i for i in archive.infolist() if not _is_nothing(i)]
            if len(infos) > limits.members:
                raise DecodeError(
                    name, f"holds {len(infos):,} files; {limits.members:,} at most are taken"
                )
            whole = sum(info.file_size for info in infos)
            if whole > limits.size:
                raise DecodeError(name, f"unpacks to {_too_large(whole, limits.size)}")
            for info in infos:
                if info.flag_bits & 1:
                    raise DecodeError(name, "is locked with a password")
                with archive.open(info) as member:
                    # An archive may lie: no more is read than it says.
                    yield info.filename, member.read(info.file_size)
    except DecodeError:
        raise
    except Exception as error:  # zipfile and zlib raise what they like
        raise DecodeError(name, f"is a damaged ZIP archive ({type(error).__name__})") from None


def _is_nothing(info: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(info.filename.replace("\\", "/"))
    return info.is_dir() or is_hidden(path) or path.name.upper() == "DICOMDIR"


def _too_large(size: int, most: int) -> str:
    return f"{size / 1e6:,.0f} MB, more than the {most / 1e6:,.0f} MB that are taken"


def _reason(error: GliaboostError) -> str:
    return error.reason if isinstance(error, DecodeError) else str(error)
