"""Which files below a folder are images: one list of endings, one rule for what is hidden."""

from __future__ import annotations

from pathlib import Path, PurePath

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
# Where macOS puts the resource fork of each file that it packs; they end in .jpg too.
FORKS = "__MACOSX"


def is_hidden(path: PurePath) -> bool:
    """Whether a relative path is not meant to be seen: a part of it begins with a dot, or is FORKS.

    Examples
    --------
    >>> is_hidden(PurePath("a/._1.png")), is_hidden(PurePath("__MACOSX/a/1.png"))
    (True, True)
    >>> is_hidden(PurePath("a.b/1.png"))
    False
    """
    return any(part.startswith(".") or part == FORKS for part in path.parts)


def image_files(folder: Path) -> list[Path]:
    """List the images below a folder, as `files_ending` does."""
    return files_ending(folder, IMAGE_SUFFIXES)


def files_ending(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """List the files below a folder whose names end so, in any case, sorted.

    Hidden files and folders are passed over, and links to folders are not followed: they may lead
    back.
    """
    return sorted(
        f
        for f in folder.rglob("*")
        if f.name.lower().endswith(suffixes)
        and not is_hidden(f.relative_to(folder))
        and f.is_file()
    )


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
