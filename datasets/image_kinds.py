"""Which kind of file some bytes are, and what to do with a kind that is not read."""

from __future__ import annotations

FORMATS = ("PNG", "JPEG", "TIFF", "BMP")
_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"II+\x00": "TIFF",
    b"MM\x00+": "TIFF",
    b"BM": "BMP",
}
# Where the mark stands, the mark, and what the file is called.
_UNREAD = (
    (0, b"GIF8", "GIF"),
    (8, b"WEBP", "WebP"),
    (4, b"jP  \r\n\x87\n", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (4, b"JXL \r\n\x87\n", "JPEG XL"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"8BPS", "Photoshop"),
    (0, b"\x8aMNG", "MNG"),
    (0, b"\x8bJNG", "JNG"),
    (0, b"qoif", "QOI"),
    (0, b"\x76\x2f\x31\x01", "OpenEXR"),
    (0, b"DDS ", "DDS"),
    (0, b"\x00\x00\x01\x00", "ICO"),
    *((0, b"P%d" % digit + space, "Netpbm") for digit in range(1, 8) for space in (b"\n", b" ")),
)
_BRANDS = {
    "HEIC": (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"),
    "AVIF": (b"avif", b"avis"),
}
_DOCUMENTS = (
    (b"%PDF", "PDF document"),
    (b"PK\x03\x04", "ZIP archive"),
    (b"Rar!", "RAR archive"),
    (b"7z\xbc\xaf", "7z archive"),
    (b"\x93NUMPY", "NumPy array"),
    (b"\x89HDF", "HDF5 file"),
    (b"version https://git-lfs", "Git LFS pointer, not the file itself"),
)
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<?xml", b"<svg")
_HEAD = 512


def kind_of(data: bytes) -> str | None:
    """Tell which of `FORMATS` a file is, by its first bytes; None if none."""
    return next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)


def advice(data: bytes) -> str:
    """Say what a file is that is none of `FORMATS`, and what to do; nothing if that is unknown.

    Examples
    --------
    >>> advice(b"GIF89a")
    '. It is a GIF picture: convert it to PNG first'
    """
    source = _source_of(data)
    if source is not None:
        return f". It may be read with: gliaboost manifest {source} FOLDER"
    picture = _unread_picture(data)
    if picture is not None:
        article = "an" if picture in ("AVIF", "MNG", "ICO", "OpenEXR") else "a"
        return f". It is {article} {picture} picture: convert it to PNG first"
    start = data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(_PAGES):
        return ". It is a web page or XML: download the picture again"
    what = next((name for magic, name in _DOCUMENTS if data.startswith(magic)), None)
    return f". It is a {what}" if what else ""


def _source_of(data: bytes) -> str | None:
    """Name the source that reads a container of slices."""
    if data[128:132] == b"DICM":
        return "dicom"
    if data[344:348] in (b"n+1\0", b"ni1\0") or data.startswith(b"\x1f\x8b"):
        return "nifti"
    if data.startswith(b"MATLAB"):
        return "figshare"
    return None


def _unread_picture(data: bytes) -> str | None:
    for at, mark, name in _UNREAD:
        if data[at : at + len(mark)] == mark:
            return name
    if data[4:8] == b"ftyp":
        return next((name for name, brands in _BRANDS.items() if data[8:12] in brands), None)
    return None
