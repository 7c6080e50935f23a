"""Which files below a folder are images: one list of endings, one rule for what is hidden."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import NamedTuple

from gliaboost.regular_files import open_regular

# What PNG, JPEG, TIFF and BMP are called; which of them a file is, its content alone says.
IMAGE_SUFFIXES = (
    *(".png", ".apng"),
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".jfi", ".jif", ".pjpeg", ".pjp"),
    *(".tif", ".tiff", ".btf", ".tf8"),
    *(".bmp", ".dib"),
)
# Where macOS puts the resource fork of each file that it packs; they end in .jpg too.
FORKS = "__MACOSX"
# What systems leave beside pictures, in lower case.
_SYSTEM = {"thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "$recycle.bin", "__pycache__"}
# A file without an ending is an image if it begins like one.
_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Endings of two parts.
_PACKED = (".gz", ".bz2", ".xz", ".zip")


class Walk(NamedTuple):
    """What lies below a folder.

    Attributes
    ----------
    taken : list of pathlib.Path
        Files that were looked for, sorted.
    others : list of pathlib.Path
        All other files, sorted; hidden ones are not among them.
    again : list of pathlib.Path
        Links to files and folders that are in the walk already, and those that lead up or nowhere.
    closed : list of pathlib.Path
        Folders without permission to enter.
    """

    taken: list[Path]
    others: list[Path]
    again: list[Path]
    closed: list[Path]


def is_hidden(path: PurePath) -> bool:
    """Whether a relative path is not meant to be seen.

    A part of it begins with a dot, is FORKS, or what a system leaves in every folder.

    Examples
    --------
    >>> is_hidden(PurePath("a/._1.png")), is_hidden(PurePath("__MACOSX/a/1.png"))
    (True, True)
    >>> is_hidden(PurePath("a/Thumbs.db")), is_hidden(PurePath("a.b/1.png"))
    (True, False)
    """
    return any(
        part.startswith(".") or part == FORKS or part.lower() in _SYSTEM for part in path.parts
    )


def image_files(folder: Path) -> list[Path]:
    """List the images below a folder, as `files_ending` does, and those without an ending."""
    return walk_images(folder).taken


def walk_images(folder: Path) -> Walk:
    """Walk through a folder for images: by their ending, and by content where there is none."""
    walk = _walk(folder, IMAGE_SUFFIXES)
    bare = {f for f in walk.others if not f.suffix and _begins_like_an_image(f)}
    if not bare:
        return walk
    others = [f for f in walk.others if f not in bare]
    return walk._replace(taken=sorted([*walk.taken, *bare]), others=others)


def files_ending(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """List the files below a folder whose names end so, in any case, sorted.

    Hidden files and folders are passed over. Links are followed, and what is reached by several
    ways is listed once: where it lies, if it lies in the folder.
    """
    return _walk(folder, suffixes).taken


def subfolders(folder: Path) -> list[Path]:
    """List the folders directly in a folder, sorted, without hidden ones."""
    return sorted(f for f in folder.iterdir() if f.is_dir() and not is_hidden(PurePath(f.name)))


def all_folders(path: Path) -> list[Path]:
    """List a folder and all below it, sorted, without hidden ones; one that links back, once."""
    found, known = [path], {path.resolve()}
    for folder in found:
        for below in subfolders(folder):
            if below.resolve() not in known:
                known.add(below.resolve())
                found.append(below)
    return sorted(found)


def by_ending(files: Iterable[PurePath]) -> str:
    """Count files by their ending, the most frequent first.

    Examples
    --------
    >>> by_ending(map(PurePath, ["a.gif", "b.GIF", "c.nii.gz", "d"]))
    '2 .gif, 1 .nii.gz, 1 without an ending'
    """
    counts = Counter(map(_ending, files))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0] == "", item[0]))
    return ", ".join(f"{count} {ending or 'without an ending'}" for ending, count in ordered)


def _ending(file: PurePath) -> str:
    suffixes = [s.lower() for s in file.suffixes[-2:]]
    return "".join(suffixes if suffixes[-1:] and suffixes[-1] in _PACKED else suffixes[-1:])


def _walk(folder: Path, suffixes: tuple[str, ...]) -> Walk:
    """Walk through the folder itself first, then through its links, as they may lead into it."""
    root = os.path.realpath(folder)
    files: list[Path] = []
    links: list[Path] = []
    again: list[Path] = []
    single: list[Path] = []
    closed: list[Path] = []
    known = {root}
    _enter(folder, known, files, links, closed)
    while links:
        there, links = sorted(links), []
        for link in there:
            target = os.path.realpath(link)
            if not os.path.isdir(target):  # noqa: PTH112
                single.append(link)
            elif target in known or root.startswith(target.rstrip(os.sep) + os.sep):
                again.append(link)
            else:
                known.add(target)
                _enter(link, known, files, links, closed)
    real = {os.path.realpath(f) for f in files} if single else set()
    for link in sorted(single):
        target = os.path.realpath(link)
        if target in real or not os.path.isfile(target):  # noqa: PTH113
            again.append(link)
        else:
            real.add(target)
            files.append(link)
    taken = {f for f in files if f.name.lower().endswith(suffixes)}
    others = sorted(f for f in files if f not in taken)
    return Walk(sorted(taken), others, sorted(again), sorted(closed))


def _enter(
    folder: Path, known: set[str], files: list[Path], links: list[Path], closed: list[Path]
) -> None:
    """List the files below a folder, its links apart, and the folders that cannot be entered."""
    inside = [(folder, os.path.realpath(folder))]
    while inside:
        here, real = inside.pop()
        try:
            entries = list(os.scandir(here))
        except PermissionError:
            closed.append(here)
            continue
        except OSError:  # it went away, or no such folder
            continue
        for entry in entries:
            if is_hidden(PurePath(entry.name)):
                continue
            if entry.is_symlink():
                links.append(here / entry.name)
            elif entry.is_file():  # no pipe, no socket
                files.append(here / entry.name)
            elif entry.is_dir() and (inner := os.path.join(real, entry.name)) not in known:  # noqa: PTH118
                known.add(inner)
                inside.append((here / entry.name, inner))


def _begins_like_an_image(file: Path) -> bool:
    try:
        with open_regular(file) as f:
            start = f.read(10)
    except OSError:
        return False
    # Two letters alone begin many a text.
    bitmap = start.startswith(b"BM") and start[6:10] == b"\0\0\0\0"
    return bitmap or start.startswith(_STARTS)
