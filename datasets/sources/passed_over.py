"""What a source leaves lying: files by their ending, links, and tables that may know patients."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePath

from gliaboost.datasets.image_files import IMAGE_SUFFIXES, Walk, by_ending, is_hidden, walk_images
from gliaboost.datasets.manifest import Manifest
from gliaboost.few import few

# Files that another source reads.
ELSEWHERE = {
    "dicom": (".dcm", ".dicom", ".ima"),
    "nifti": (".nii", ".nii.gz"),
    "figshare": (".mat",),
}
TABLES = (".csv", ".tsv", ".xlsx", ".xls", ".ods", ".parquet")
# A manifest of the folder itself, which gliaboost wrote.
OWN = ("manifest.parquet", "manifest.csv")
SHOWN = 3


def passed_over(folder: Path, manifest: Manifest) -> tuple[str, ...]:
    """Say which files of a folder are in no row of its manifest.

    Parameters
    ----------
    folder : pathlib.Path
        The folder that a source was given.
    manifest : Manifest
        What it made of it. Where its images lie in another folder, as converted slices do, there
        is nothing to compare.

    Returns
    -------
    tuple of str
        Sentences; none where every file is taken.
    """
    if not folder.is_dir() or os.path.realpath(folder) != os.path.realpath(manifest.root):
        return ()
    walk = walk_images(folder)
    taken = {
        os.path.normpath(p) for column in ("path", "mask") for p in manifest.table[column].dropna()
    }
    unknown = [] if manifest.has_patients else ["patients"]
    if manifest.table["label"].isna().all():
        unknown.append("labels")
    return tuple(_sentences(folder, walk, taken, unknown))


def beside_rows(manifest: Manifest) -> tuple[str, ...]:
    """Say how many images lie in the same folders as a table's, and are in no row of it."""
    taken = {os.path.normpath(p) for p in (*manifest.paths, *filter(None, manifest.masks))}
    folders = {os.path.dirname(p) for p in map(os.path.normpath, manifest.paths)}  # noqa: PTH120
    beside = [
        file
        for folder in sorted(folders)
        if os.path.isdir(folder)  # noqa: PTH112
        for file in sorted(Path(folder).iterdir())
        if file.name.lower().endswith(IMAGE_SUFFIXES)
        and not is_hidden(PurePath(file.name))
        and os.path.normpath(file) not in taken
    ]
    if not beside:
        return ()
    names = [PurePath(os.path.relpath(f, manifest.root)) for f in beside]
    return (f"beside the table's images lie {by_ending(names)} in no row of it ({_some(names)})",)


def left(walk: Walk, folder: Path) -> str:
    """Describe a folder in which no image was found, by the endings of its files.

    Returns
    -------
    str
        With the sources that read such files; empty where there is no file.
    """
    files = [f.relative_to(folder) for f in (*walk.taken, *walk.others)]
    return f"{by_ending(files)}{_elsewhere(files, folder)}" if files else ""


def _sentences(folder: Path, walk: Walk, taken: set[str], unknown: list[str]) -> Iterator[str]:
    files = [f.relative_to(folder) for f in (*walk.taken, *walk.others)]
    files = [f for f in files if str(f) not in taken and f.as_posix() not in OWN]
    tables = [f for f in files if f.suffix.lower() in TABLES]
    rest = [f for f in files if f.suffix.lower() not in TABLES]
    if rest:
        yield f"not taken: {by_ending(rest)}{_elsewhere(rest, folder)}"
    full = {parent for name in taken for parent in Path(name).parents}
    empty = {f.parent for f in rest if not f.name.lower().endswith(IMAGE_SUFFIXES)} - full
    if empty:
        yield f"nothing is taken of the folders {_some(sorted(empty))}"
    if tables and unknown:
        said = ", ".join(f"--{what} FILE" for what in unknown)
        yield f"tables lie in it ({_some(tables)}); if one names {' or '.join(unknown)}: {said}"
    lost = [f.relative_to(folder) for f in walk.again if not f.exists()]
    again = [f.relative_to(folder) for f in walk.again if f.exists()]
    again = [f for f in again if str(f) not in taken]
    if again:
        yield f"not taken: {len(again)} links to what is there already ({_some(again)})"
    if walk.closed:
        closed = [f.relative_to(folder) for f in walk.closed]
        yield f"not entered, without permission to read: {_some(closed)}"
    if lost:
        yield f"not taken: {len(lost)} links to nothing ({_some(lost)})"


def _elsewhere(files: list[Path], folder: Path) -> str:
    names = [f.name.lower() for f in files]
    found = [s for s, endings in ELSEWHERE.items() if any(n.endswith(endings) for n in names)]
    told = " or ".join(f"gliaboost manifest {source} {folder}" for source in found)
    return f" (read by {told})" if told else ""


def _some(files: list[Path] | list[PurePath]) -> str:
    shown = few((f.as_posix() for f in files), SHOWN)
    return shown.encode("utf-8", "backslashreplace").decode()
