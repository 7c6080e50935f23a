"""Safe unpacking: no member leaves the folder, sizes are capped, a broken archive is said."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import os
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from gliaboost.datasets.image_files import FORKS
from gliaboost.errors import ArchiveError
from gliaboost.regular_files import is_regular, open_regular

# Not ".gz" alone: a volume ends in .nii.gz, and stays one file.
SUFFIXES = (".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tbz2", ".txz", ".tar", ".zip")
CHUNK = 2**20
DRIVE = re.compile(r"^[A-Za-z]:")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Names, notes and holes of one member, and the list of all members of a zip.
_MOST_BETWEEN = 2**22
_LARGEST_DIRECTORY = 2**26
_ZIP_END, _ZIP_64 = 2**16 + 2**9, 2**32 - 1
_PACKINGS: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": lambda f: gzip.GzipFile(fileobj=f),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
    b"\x5d\0\0": lzma.LZMAFile,
}
BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError)


@dataclass(frozen=True)
class Limits:
    """The most that an archive may unpack to.

    Parameters
    ----------
    size : int
        Bytes, of all files together.
    files : int
        Members, folders among them.
    """

    size: int = 32 * 2**30
    files: int = 500_000


@dataclass
class _Budget:
    archive: Path
    limits: Limits
    size: int = 0
    files: int = 0

    def member(self) -> None:
        self.files += 1
        if self.files > self.limits.files:
            raise ArchiveError(
                f"{self.archive} has more than {self.limits.files:,} members, the most that is "
                "unpacked; unpack it by hand if you trust it"
            )

    def check(self, size: int) -> None:
        if self.size + size > self.limits.size:
            raise ArchiveError(
                f"{self.archive} unpacks to more than {self.limits.size:,} bytes, the most that is "
                "unpacked (an archive of this kind may be a bomb); unpack it by hand if you trust "
                "it"
            )

    def spend(self, size: int) -> None:
        self.check(size)
        self.size += size


@dataclass(frozen=True)
class _Member:
    name: str
    is_folder: bool
    # None: neither a file nor a folder.
    kind: str | None
    size: int
    open: IO[bytes] | None


def is_archive(path: Path) -> bool:
    """Tell whether a file is a zip or tar archive, by its name and then its content."""
    return (
        path.name.lower().endswith(SUFFIXES)
        and is_regular(path)
        and (zipfile.is_zipfile(path) or _is_tar(path))
    )


def stem(path: Path | str) -> str:
    """Return an archive's name without its ending.

    Examples
    --------
    >>> stem("slices.tar.gz"), stem("brain.1-766.zip")
    ('slices', 'brain.1-766')
    """
    name = Path(path).name
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name


def extract(archive: Path, folder: Path, limits: Limits | None = None) -> None:
    """Unpack a zip or tar archive into a folder.

    Archives that lie in the archive are unpacked too, into folders of their names; those deeper
    stay as they are.

    Parameters
    ----------
    archive : pathlib.Path
        The archive: zip, or tar with any of its compressions.
    folder : pathlib.Path
        One that exists. After an error it holds a part: `gliaboost.files.replacing_folder` gives
        one that is thrown away then.
    limits : Limits, optional
        The most that it may unpack to, inner archives among it.

    Raises
    ------
    ArchiveError
        If it is no archive or a broken one; if a member is a link or a device, or its name is
        absolute, climbs with ``..`` or comes twice; if it is encrypted, or larger than the limits
        or the disk.
    """
    budget = _Budget(archive, limits or Limits())
    inner = [f for f in _extract(archive, folder, budget) if is_archive(f)]
    for f in inner:
        target = f.with_name(stem(f))
        if target.exists():
            raise ArchiveError(f"{archive}: {f.name} and {target.name} would be one folder")
        target.mkdir()
        _extract(f, target, budget)
        f.unlink()


def _extract(archive: Path, folder: Path, budget: _Budget) -> list[Path]:
    written = []
    try:
        for member in _members(archive, budget):
            budget.member()
            path = _place(archive, member, folder)
            if path is None:
                continue
            if member.is_folder:
                path.mkdir(parents=True, exist_ok=True)
                continue
            budget.check(member.size)
            path.parent.mkdir(parents=True, exist_ok=True)
            assert member.open is not None
            # "x": a second member of the same name, in whatever case, is not a file to overwrite.
            with member.open as reader, path.open("xb") as writer:
                while chunk := reader.read(CHUNK):
                    budget.spend(len(chunk))
                    writer.write(chunk)
            written.append(path)
    except (FileExistsError, NotADirectoryError) as error:
        raise ArchiveError(f"{archive}: two members have one place: {error.filename}") from error
    except BROKEN as error:
        raise ArchiveError(
            f"{archive} is a broken archive ({error}); download it again, it is probably cut"
        ) from error
    return written


def _members(archive: Path, budget: _Budget) -> Iterator[_Member]:
    # A zip is known by its end, which in a tar may be the end of an inner zip.
    if _is_tar(archive):
        yield from _tar_members(archive)
    elif zipfile.is_zipfile(archive):
        yield from _zip_members(archive, budget)
    else:
        raise ArchiveError(
            f"{archive} is no zip or tar archive (or a cut one); unpack it by hand, then read the "
            "folder with: gliaboost manifest SOURCE FOLDER"
        )


def _zip_members(archive: Path, budget: _Budget) -> Iterator[_Member]:
    _check_directory(archive)
    with zipfile.ZipFile(archive) as z:
        infos = z.infolist()
        # A zip says its sizes ahead, so a bomb is refused before anything is written.
        declared = sum(i.file_size for i in infos)
        budget.check(declared)
        free = shutil.disk_usage(archive.parent).free
        if declared > free:
            raise ArchiveError(f"{archive} unpacks to {declared:,} bytes, the disk has {free:,}")
        for info in infos:
            mode = stat.S_IFMT(info.external_attr >> 16)
            kind = None if mode not in (0, stat.S_IFREG, stat.S_IFDIR) else "plain"
            if info.flag_bits & 1:
                raise ArchiveError(
                    f"{archive}: {info.filename!r} is encrypted; unpack it by hand with its "
                    "password"
                )
            if info.is_dir() or kind is None:
                yield _Member(info.filename, info.is_dir(), kind, 0, None)
                continue
            try:
                opened = z.open(info)
            except NotImplementedError as error:
                raise ArchiveError(
                    f"{archive}: {info.filename!r} is compressed in a way that Python does not "
                    f"know ({error}); unpack it by hand"
                ) from error
            yield _Member(info.filename, False, kind, info.file_size, opened)


def _tar_members(archive: Path) -> Iterator[_Member]:
    with _unpacked(archive) as stream, _tar(archive, stream) as t:
        for info in t:
            plain = info.isreg() or info.isdir()
            opened = t.extractfile(info) if info.isreg() else None
            # What is read from here on is the member's own, and counted as such.
            stream.left = None
            yield _Member(info.name, info.isdir(), "plain" if plain else None, info.size, opened)
            stream.left = _MOST_BETWEEN


class _Between:
    """The bytes of a tar, counted where they are no member's: a name may claim gigabytes."""

    def __init__(self, archive: Path, stream: IO[bytes]) -> None:
        self._archive, self._stream = archive, stream
        self.left: int | None = _MOST_BETWEEN
        self.seek, self.tell = stream.seek, stream.tell

    def read(self, size: int = -1) -> bytes:
        if self.left is not None:
            self.left -= size if size >= 0 else _MOST_BETWEEN + 1
            if self.left < 0:
                raise ArchiveError(
                    f"{self._archive} has names or notes of more than {_MOST_BETWEEN:,} bytes "
                    "between two members (it may be a bomb); unpack it by hand if you trust it"
                )
        return self._stream.read(size)


@contextlib.contextmanager
def _unpacked(archive: Path) -> Iterator[_Between]:
    """Open a tar's bytes, unpacked by what they begin with."""
    with open_regular(archive) as file:
        head = file.read(6)
        file.seek(0)
        known = (opened for start, opened in _PACKINGS.items() if head.startswith(start))
        stream: Any = next(known, lambda f: f)(file)
        try:
            yield _Between(archive, stream)
        finally:
            stream.close()


def _tar(archive: Path, stream: _Between) -> tarfile.TarFile:
    return tarfile.open(archive, mode="r:", fileobj=cast("Any", stream))


def _is_tar(path: Path) -> bool:
    try:
        with _unpacked(path) as stream, _tar(path, stream):
            return True
    except ArchiveError:
        return True  # what is wrong with it is said when it is unpacked
    except (OSError, *BROKEN):
        return False


def _check_directory(archive: Path) -> None:
    """Refuse a zip whose list of members is larger than one of the most members; from its end."""
    with open_regular(archive) as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _ZIP_END))
        end = file.read()
    at = end.rfind(b"PK\5\6")
    listed = int.from_bytes(end[at + 12 : at + 16], "little") if at >= 0 else 0
    if listed == _ZIP_64:  # the true size stands in a record of its own, before
        far = end.rfind(b"PK\6\6", 0, at)
        listed = int.from_bytes(end[far + 40 : far + 48], "little") if far >= 0 else size
    if listed > _LARGEST_DIRECTORY:
        raise ArchiveError(
            f"{archive} has a list of members of {listed:,} bytes, the most that is read are "
            f"{_LARGEST_DIRECTORY:,}; unpack it by hand if you trust it"
        )


def _place(archive: Path, member: _Member, folder: Path) -> Path | None:
    """Where a member goes; None where it is passed over."""
    name = member.name.replace("\\", "/")
    parts = [p for p in name.split("/") if p not in ("", ".")]
    if member.kind is None:
        raise ArchiveError(
            f"{archive}: {member.name!r} is a link or a device, only files and folders are "
            "unpacked; do not use this archive unless you trust it"
        )
    if name.startswith("/") or DRIVE.match(name) or ".." in parts or CONTROL.search(name):
        raise ArchiveError(
            f"{archive}: member {member.name!r} would leave the folder it is unpacked into; "
            "do not use this archive"
        )
    if not parts or parts[0] == FORKS:
        return None
    path = folder.joinpath(*parts)
    # The last word, whatever the rules above have missed.
    if not os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep):
        raise ArchiveError(f"{archive}: member {member.name!r} would leave {folder}")
    return path
