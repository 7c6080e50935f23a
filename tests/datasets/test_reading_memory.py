"""Small files that ask for much: each is read or refused within a GB and five seconds."""

from __future__ import annotations

import gzip
import io
import struct
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gliaboost.datasets import reading_memory
from gliaboost.datasets.reading_memory import claim, reading
from gliaboost.errors import DecodeError

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def test_more_than_there_is_is_refused_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_memory, "MOST_MEMORY", 1000)
    claim("a.png", 1000)
    with pytest.raises(DecodeError, match=r"^a\.png: would take 1,001 bytes of memory, more than"):
        claim("a.png", 1001)
    with pytest.raises(DecodeError, match=r"^a\.nii: has 9 voxels, which would take 1,001 bytes"):
        claim("a.nii", 1001, "has 9 voxels, which")


def test_of_several_claims_for_one_file_the_largest_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_memory, "MOST_MEMORY", 1000)
    shared = reading_memory._SHARED
    with reading():
        claim("a", 300)
        with reading():
            claim("a", 700)
        claim("a", 200)
        assert shared.held == 700
    assert shared.held == 0
    with pytest.raises(ValueError, match="damaged"), reading():
        claim("a", 300)
        raise ValueError("damaged")
    assert shared.held == 0
    claim("a", 300)
    assert shared.held == 0  # outside of a reading nothing is kept


def test_threads_wait_for_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_memory, "MOST_MEMORY", 1000)
    done: list[str] = []
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        with reading():
            claim("a", 600)
            inside.set()
            leave.wait(10)
            done.append("first")

    def second() -> None:
        with reading():
            claim("b", 300)
            claim("b", 500)  # gives its 300 back before it waits
            done.append("second")

    threads = [threading.Thread(target=f) for f in (first, second)]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    threads[1].join(0.2)
    assert done == []
    leave.set()
    for thread in threads:
        thread.join(10)
    assert done == ["first", "second"]
    assert reading_memory._SHARED.held == 0


def chunk(name: bytes, body: bytes, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return struct.pack(">I", size) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(
    side: int,
    depth: int,
    colour: int,
    *,
    level: int = 1,
    length: int | None = None,
    extra: bytes = b"",
) -> bytes:
    """A square PNG of stripes, 0 and one other value, whose rows are all alike."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = (b"\0" * channels + b"\1" * channels) * (side * depth // 16 + 1)
    packer = zlib.compressobj(9)
    rows = b"\0" + row[: side * channels * depth // 8]
    body = b"".join(packer.compress(rows) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, 0)
    return (
        SIGNATURE
        + chunk(b"IHDR", head)
        + extra
        + chunk(b"IDAT", body, length)
        + chunk(b"IEND", b"")
    )


def tiff(width: int, height: int, tags: dict[int, tuple[int, int, int]], body: bytes) -> bytes:
    """A TIFF of one page; tags by number: type, count, value or offset."""
    entries = {256: (4, 1, width), 257: (4, 1, height), **tags}
    head = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    listed = b"".join(struct.pack("<HHII", tag, *entries[tag]) for tag in sorted(entries))
    return head + listed + struct.pack("<I", 0) + body


def bmp(width: int, height: int, bits: int, compression: int = 0) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + head


def jpeg(side: int, scans: int, *, progressive: bool = True) -> bytes:
    """A JPEG whose last scan comes again and again."""
    from PIL import Image

    file = io.BytesIO()
    grey = np.add.outer(np.arange(side), np.arange(side)).astype(np.uint8)
    Image.fromarray(grey).save(file, "JPEG", progressive=progressive)
    data = file.getvalue()
    at = data.rfind(b"\xff\xda")
    return data[:at] + data[at:-2] * scans + b"\xff\xd9"


PICTURES: dict[str, Callable[[], bytes]] = {
    "16 bits, colour and alpha.png": lambda: png(8192, 16, 6),
    "16 bits, colour.png": lambda: png(8192, 16, 2),
    "16 bits, one colour transparent.png": lambda: png(5000, 16, 2, extra=chunk(b"tRNS", bytes(6))),
    "16 bits, grey and alpha.png": lambda: png(5000, 16, 4),
    "16 bits, grey.png": lambda: png(8000, 16, 0),
    "8 bits, alpha.png": lambda: png(8000, 8, 6),
    "8 bits, palette with alpha.png": lambda: png(
        8000, 8, 3, extra=chunk(b"PLTE", bytes(range(6))) + chunk(b"tRNS", b"\7\\9")
    ),
    "8 bits, colour.png": lambda: png(8192, 8, 2),
    "a chunk of 2.8e9.png": lambda: png(64, 8, 2, length=2_800_000_000),
    "a deep chunk of 2.8e9.png": lambda: png(64, 16, 2, length=2_800_000_000),
    "text that unpacks.png": lambda: png(
        64, 8, 0, extra=chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(300_000_000), 9))
    ),
    "profile that unpacks.png": lambda: png(
        64, 8, 0, extra=chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(300_000_000), 9))
    ),
    "many chunks.png": lambda: png(64, 16, 2, extra=chunk(b"teXt", b"") * 300_000),
    "no rows.png": lambda: (
        SIGNATURE
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 16, 6, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    ),
    "400 scans.jpg": lambda: jpeg(4000, 400),
    "400 small scans.jpg": lambda: jpeg(512, 400),
    "scans with strays.jpg": lambda: jpeg(3000, 9).replace(b"\xff\xda", b"\0\xff\xda"),
    "many restarts.jpg": lambda: jpeg(64, 1)[:-2] + b"\xff\xd0" * 2_000_000 + b"\xff\xd9",
    "stray bytes.jpg": lambda: jpeg(64, 1)[:2] + b"\xff\xd0\0" * 3_000_000 + jpeg(64, 1)[2:],
    "huge frame.jpg": lambda: jpeg(64, 1).replace(
        struct.pack(">HH", 64, 64), struct.pack(">HH", 65535, 65535), 1
    ),
    "deep, tiled.tif": lambda: tiff(
        8192,
        8192,
        {
            258: (3, 1, 64),
            259: (3, 1, 8),
            322: (4, 1, 8192),
            323: (4, 1, 8192),
            324: (4, 1, 200),
            325: (4, 1, 100),
            339: (3, 1, 3),
        },
        bytes(300),
    ),
    "a tile as wide as can be.tif": lambda: tiff(
        64,
        64,
        {
            258: (3, 1, 8),
            259: (3, 1, 5),
            262: (3, 1, 1),
            322: (4, 1, 2**30),
            323: (4, 1, 2**30),
            324: (4, 1, 200),
            325: (4, 1, 100),
        },
        bytes(300),
    ),
    "a tile of 2 GB.tif": lambda: tiff(
        64,
        64,
        {
            258: (3, 1, 8),
            259: (3, 1, 8),
            262: (3, 1, 1),
            322: (4, 1, 2**16 - 16),
            323: (4, 1, 2**15),
            324: (4, 1, 200),
            325: (4, 1, 100),
        },
        bytes(300),
    ),
    "channels.tif": lambda: tiff(
        8000, 8000, {258: (3, 1, 16), 277: (3, 1, 60000), 273: (4, 1, 200), 279: (4, 1, 9)}, b""
    ),
    "many tags of many numbers.tif": lambda: (
        b"II*\0\x08\0\0\0"
        + struct.pack("<H", 4000)
        + b"".join(struct.pack("<HHII", 300 + k, 1, 2_000_000, 8) for k in range(4000))
        + bytes(2_000_000)
    ),
    "colours of 64 bits.tif": lambda: tiff(
        4000, 4000, {258: (3, 1, 64), 277: (3, 1, 3), 273: (4, 1, 200), 279: (4, 1, 9)}, b""
    ),
    "pages without end.tif": lambda: b"II*\0\x08\0\0\0" + bytes(2) + struct.pack("<I", 8),
    "huge.bmp": lambda: bmp(2**30, 2**30, 24),
    "run lengths.bmp": lambda: bmp(8192, 8192, 8, 1),
    "upside down.bmp": lambda: bmp(8192, -(2**31), 24),
    "a.gif": lambda: b"GIF89a" + struct.pack("<HH", 65535, 65535) + bytes(100),
    "a.webp": lambda: b"RIFF\xff\xff\xff\xffWEBPVP8X\x0a\0\0\0" + b"\xff" * 60,
    "bomb.npz": lambda: b"PK\3\4" + zlib.compress(bytes(10**8)),
    "a.npy": lambda: b"\x93NUMPY\1\0v\0{'descr': '<f8', 'fortran_order': False, 'shape': (10**9,)}",
}


@pytest.mark.integration
def test_pictures_take_little_whatever_they_say(tmp_path: Path, trial: Any) -> None:
    reads = "from gliaboost.datasets.decode import decode as read"
    assert trial.faults(reads, written(tmp_path, PICTURES), "", "DecodeError") == []


@pytest.mark.fire
def test_pictures_take_little_as_masks_and_in_an_audit(tmp_path: Path, trial: Any) -> None:
    files = written(tmp_path, PICTURES)
    masks = "from gliaboost.datasets.decode import decode_mask as read"
    assert trial.faults(masks, files, "", "DecodeError") == []
    audits = """
from pathlib import Path
from gliaboost.datasets.audit.pictures import read_picture
def read(file):
    read_picture(Path(file))
"""
    assert trial.faults(audits, files, "") == []


def written(folder: Path, made: dict[str, Callable[[], bytes]]) -> list[Path]:
    for name, content in made.items():
        (folder / name).write_bytes(content())
    return [folder / name for name in made]


@pytest.mark.fire
def test_four_threads_take_no_more_than_one(tmp_path: Path, trial: Any) -> None:
    for n in range(4):
        (tmp_path / f"{n}.png").write_bytes(png(5500, 16, 2))
    reads = """
from pathlib import Path
from gliaboost.datasets.audit.pictures import read_pictures
def read(folder):
    found = read_pictures(sorted(Path(folder).glob("*.png")), jobs=4)
    assert [p.error for p in found] == [""] * 4, [p.error for p in found]
"""
    (outcome,) = trial.read(reads, [tmp_path])
    assert outcome.error == "" and outcome.grown < 10**9, outcome


def nifti(
    shape: tuple[int, ...], kind: int, bits: int, sides: tuple[float, ...], body: bytes
) -> bytes:
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, len(shape), *shape, *[1] * (7 - len(shape)))
    struct.pack_into("<2h", head, 70, kind, bits)
    struct.pack_into("<8f", head, 76, 1, *sides, *[1] * (7 - len(sides)))
    struct.pack_into("<f", head, 108, 352)
    head[344:348] = b"n+1\0"
    return bytes(head) + body


FLAT = (1.0, 1.0, 1.0)
MILLIONS = bytes(100_000_000)
VOLUMES: dict[str, Callable[[], bytes]] = {
    "absurd sides.nii": lambda: nifti((10, 10, 10), 4, 16, (1e-6, 1e6, 1.0), bytes(range(250)) * 8),
    "sides of forty.nii": lambda: nifti(
        (400, 400, 10), 4, 16, (0.02, 0.8, 0.02), bytes(range(200)) * 16_000
    ),
    "no sides.nii": lambda: nifti((10, 10, 10), 4, 16, (0.0, 0.0, 0.0), bytes(2000)),
    "bomb.nii.gz": lambda: gzip.compress(nifti((1000, 1000, 100), 4, 16, FLAT, b"\1\0" * 10**8), 1),
    "bomb of doubles.nii.gz": lambda: gzip.compress(
        nifti((600, 600, 130), 64, 64, FLAT, bytes(374_400_000)), 1
    ),
    "bomb of colours.nii.gz": lambda: gzip.compress(
        nifti((900, 900, 100), 128, 24, FLAT, bytes(243_000_000)), 1
    ),
    "bomb of complex numbers.nii.gz": lambda: gzip.compress(
        nifti((400, 400, 60), 1792, 128, FLAT, bytes(153_600_000)), 1
    ),
    "wide doubles.nii.gz": lambda: gzip.compress(
        nifti((30000, 3000, 1), 1792, 128, FLAT, MILLIONS), 1
    ),
    "more than is said.nii.gz": lambda: gzip.compress(
        nifti((10, 10, 10), 4, 16, FLAT, bytes(500_000_000)), 1
    ),
    "many volumes.nii.gz": lambda: gzip.compress(
        nifti((64, 64, 10, 30000), 4, 16, FLAT, MILLIONS), 1
    ),
    "nothing of what is said.nii": lambda: nifti((3000, 3000, 10), 4, 16, FLAT, b""),
    "seven axes.nii": lambda: nifti((30000,) * 7, 4, 16, FLAT, b""),
    "half the file.nii.gz": lambda: gzip.compress(
        nifti((500, 500, 100), 4, 16, FLAT, bytes(10**7))
    )[:-900],
    "labels.nii.gz": lambda: gzip.compress(
        nifti((512, 512, 300), 2, 8, FLAT, bytes(range(1, 5)) * 19_660_800), 1
    ),
}


@pytest.mark.integration
def test_volumes_take_little_whatever_they_say(tmp_path: Path, trial: Any) -> None:
    reads = """
from gliaboost.datasets.volumes import PLANES, read_volume
def read(file):
    volume = read_volume(file, modality="MRI")
    for plane in PLANES:
        volume.cut(plane, 0)
"""
    assert trial.faults(reads, written(tmp_path, VOLUMES), "", "DecodeError") == []


def dicom(
    rows: int, columns: int, *, frames: int = 1, encoded: bytes | None = None, **tags: Any
) -> bytes:
    pydicom = pytest.importorskip("pydicom")
    from pydicom.encaps import encapsulate
    from pydicom.uid import ExplicitVRLittleEndian, RLELossless

    data = pydicom.dataset.Dataset()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian if encoded is None else RLELossless
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    data.Modality, data.Rows, data.Columns, data.NumberOfFrames = "MR", rows, columns, frames
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 16
    data.PixelRepresentation, data.HighBit = 0, 15
    data.PixelSpacing = [1.0, 1.0]
    for name, value in tags.items():
        setattr(data, name, value)
    data.PixelData = encapsulate([encoded] * min(frames, 9)) if encoded is not None else bytes(2000)
    if encoded is not None:
        data["PixelData"].VR = "OB"
    file = io.BytesIO()
    data.save_as(file, enforce_file_format=True)
    return file.getvalue()


def run_lengths(size: int) -> bytes:
    """One RLE frame of two planes of zeros."""
    plane = b"\x81\0" * (size // 128)
    return struct.pack("<16I", 2, 64, 64 + len(plane), *[0] * 13) + plane * 2


def many_tags() -> bytes:
    start = dicom(8, 8)
    at = start.index(b"\x08\0\x16\0")
    private = b"".join(struct.pack("<HH2sH", 0x0009, k, b"LO", 0) for k in range(0x1000, 0xF000))
    return start[:at] + private * 30 + start[at:]


def many_items() -> bytes:
    start = dicom(8, 8)
    at = start.index(b"\x28\0\x10\0")
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * 2_000_000
    sequence = struct.pack("<HH2sHI", 0x0018, 0x9114, b"SQ", 0, len(items)) + items
    return start[:at] + sequence + start[at:]


def endless_items() -> bytes:
    start = dicom(8, 8)
    at = start.index(b"\x28\0\x10\0")
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * 2_000_000
    sequence = struct.pack("<HH2sHI", 0x0018, 0x9114, b"SQ", 0, 2**32 - 1) + items
    return start[:at] + sequence + b"\xfe\xff\xdd\xe0\0\0\0\0" + start[at:]


SERIES: dict[str, Callable[[], bytes]] = {
    "run lengths": lambda: dicom(16000, 16000, encoded=run_lengths(16000 * 16000)),
    "large run lengths": lambda: dicom(4000, 4000, encoded=run_lengths(4000 * 4000)),
    "run lengths of nothing": lambda: dicom(65535, 65535, encoded=run_lengths(100)),
    "frames of run lengths": lambda: dicom(2000, 2000, frames=9, encoded=run_lengths(2000 * 2000)),
    "many frames": lambda: dicom(2, 2, frames=2**31 - 1),
    "many frames in few": lambda: dicom(64, 64, frames=10**6, encoded=run_lengths(64 * 64)),
    "fewer pixels than it says": lambda: dicom(30000, 30000),
    "absurd spacing": lambda: dicom(30, 30, PixelSpacing=[1e-6, 1e6]),
    "spacing of a strip": lambda: dicom(30, 30, PixelSpacing=[0.0001, 100]),
    "many tags": many_tags,
    "many items": many_items,
    "items without end": endless_items,
    "a long tag": lambda: (
        dicom(8, 8)[:-2010] + struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, 2**32 - 2)
    ),
    "deflated": lambda: (
        dicom(8, 8).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99")
        + zlib.compress(MILLIONS)
    ),
}


@pytest.mark.integration
def test_dicom_takes_little_whatever_it_says(tmp_path: Path, trial: Any) -> None:
    reads = """
from itertools import islice
from gliaboost.datasets.dicom.slices import read_slices
def read(file):
    for each in islice(read_slices(file), 9):
        each.image
"""
    assert trial.faults(reads, written(tmp_path, SERIES), "", "DecodeError") == []
