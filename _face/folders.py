"""A folder or an archive of images, read as it lies: which layout, what is in it, in words."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

from gliaboost._face.scan_folders import FILES, read_scans
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import ArchiveError, UsageError
from gliaboost.few import few
from gliaboost.progress import SILENT, Progress

SHOWN = 6
# In the order in which they are told.
_SPLITS = {"train": 1, "val": 2, "test": 3}
# What a manifest is called that lies in its data set's folder.
IN_FOLDER = ("manifest.parquet", "manifest.csv")
# Where archives are unpacked, below the feature store: what is missing there is made again.
UNPACKED = "unpacked"
# What may lie beside the one folder that an archive wraps its content in.
ASIDE = (".txt", ".md", ".pdf", ".json", ".html", ".rtf")


def read_folder(
    path: Path,
    progress: Progress = SILENT,
    *,
    called: Path | None = None,
    store: Path | None = None,
) -> Manifest:
    """Read a folder: by the manifest in it, by a layout that is known, or as a folder of classes.

    Parameters
    ----------
    path : pathlib.Path
        The folder; where it holds nothing but one folder more, that is read.
    progress : Progress
        Hears what it was taken for, and what is in it.
    called : pathlib.Path, optional
        What the data set is called; default: the folder.
    store : pathlib.Path, optional
        The feature store below which slices of scans go; default: in the user's cache folder.

    Returns
    -------
    Manifest
        Not checked.

    Raises
    ------
    UsageError
        If there is no data set in it, or one that is unclear; says by which command it becomes a
        manifest.
    """
    from gliaboost.datasets.sources import read_source
    from gliaboost.datasets.sources.recognise import recognise

    inner = innermost(path)
    inside = [inner / name for name in IN_FOLDER if (inner / name).is_file()]
    if len(inside) > 1:
        raise UsageError(
            f"{inner} holds {' and '.join(f.name for f in inside)}; name the one that is meant"
        )
    if inside:
        progress.line(f"{inner}: read by its {inside[0].name}")
        return Manifest.read(inside[0])
    source = recognise(inner)
    if source in FILES:
        table = read_scans(inner, source, store, progress)
        progress.line(described(table, inner, FILES[source][1]))
        return Manifest(table.table, table.root, str(called or path), table.notes)
    try:
        table = read_source(source or "folder", inner)
    except UsageError as error:
        raise UsageError(
            f"{error}; a data set of another layout becomes a manifest first: "
            f"gliaboost manifest SOURCE {shlex.quote(str(inner))}; gliaboost info lists the sources"
        ) from None
    tables = sorted(f.name for f in inner.glob("*.csv"))
    if source == "folder" and len(table.classes) < 2 and tables:
        raise UsageError(
            f"{inner} holds one folder of images and {', '.join(tables[:SHOWN])}: if that says "
            f"which image is what, make a manifest of it: gliaboost manifest csv "
            f"{shlex.quote(str(inner / tables[0]))} --out m.parquet"
        )
    progress.line(described(table, inner, source or "folder"))
    return Manifest(table.table, table.root, str(called or path), table.notes)


def read_archive(path: Path, store: Path, progress: Progress = SILENT) -> Manifest:
    """Unpack an archive, once, below the feature store, and read the folder that it becomes.

    Parameters
    ----------
    path : pathlib.Path
        A zip or tar archive.
    store : pathlib.Path
        The feature store.
    progress : Progress
        Hears where it went, and what it was taken for.

    Raises
    ------
    ArchiveError
        If it is broken, dangerous or too large.
    UsageError
        As `read_folder`.
    """
    from gliaboost.datasets.public.archives import extract, stem
    from gliaboost.files import replacing_folder, sha256_file

    try:
        folder = store / UNPACKED / sha256_file(path)[:16] / stem(path)
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror or error}") from None
    if folder.is_dir():
        progress.line(f"{path}: unpacked before, in {folder}")
    else:
        with replacing_folder(folder) as temporary:
            extract(path, temporary)
        progress.line(f"{path}: unpacked into {folder}")
    return read_folder(folder, progress, called=path.with_name(stem(path)), store=store)


def is_archive(path: Path) -> bool:
    """Tell an archive by its ending alone: a broken one is to be called broken.

    Raises
    ------
    UsageError
        If it is one of a kind that is not unpacked.
    """
    from gliaboost.datasets.public.archives import SUFFIXES

    if path.suffix.lower() in (".7z", ".rar"):
        raise UsageError(
            f"{path} is an archive of a kind that is not unpacked here; unpack it by hand and name "
            "the folder, or give a .zip or .tar.gz"
        )
    return path.name.lower().endswith(SUFFIXES)


def innermost(folder: Path) -> Path:
    """Go down while a folder holds nothing but one more, which is no class itself.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "archive" / "glioma").mkdir(parents=True)
    >>> innermost(folder).name
    'archive'
    """
    from gliaboost.datasets.image_files import subfolders
    from gliaboost.datasets.sources.base import split_of

    while True:
        below = subfolders(folder)
        files = (
            f
            for f in folder.iterdir()
            if f.is_file() and not f.name.startswith(".") and f.suffix.lower() not in ASIDE
        )
        if len(below) != 1 or split_of(below[0].name) is not None or next(files, None) is not None:
            return folder
        inside = below[0]
        if not subfolders(inside) and not any((inside / n).is_file() for n in IN_FOLDER):
            return folder
        folder = inside


def described(table: Manifest, folder: Path, source: str) -> str:
    """Say what a folder was taken for, and what is in it, in a few lines."""
    rows = table.table
    kind = "a folder of classes" if source == "folder" else f"the layout {source}"
    lines = [f"{folder}: taken for {kind}", f"  {len(rows):,} images: {_counts(rows['label'])}"]
    if rows["split"].notna().any():
        lines.append(f"  split: {_counts(rows['split'])}")
    patients = rows["patient"].nunique()
    if patients:
        lines.append(f"  {patients:,} patients")
    else:
        lines += [f"  {line}" for line in without_patients(source, folder)]
    return "\n".join(lines)


def without_patients(source: str, data: Path) -> list[str]:
    r"""Say what it means that patients are unknown, and by which command they become known.

    Parameters
    ----------
    source : str
        That reads the data; ``edit`` for a manifest.
    data : pathlib.Path
        A folder, or a manifest's file.

    Examples
    --------
    >>> for line in without_patients("edit", Path("m.csv")):
    ...     print(line)
    patients unknown: slices of one patient may lie on both sides of a fold. If they are
    known: gliaboost manifest edit m.csv --patients FILE.csv --out with-patients.parquet
    (or --patient-regex '(?P<patient>P\d+)' in place of --patients, where paths name them)
    """
    command = f"gliaboost manifest {source} {shlex.quote(str(data))} --patients FILE.csv"
    return [
        "patients unknown: slices of one patient may lie on both sides of a fold. If they are",
        f"known: {command} --out with-patients.parquet",
        r"(or --patient-regex '(?P<patient>P\d+)' in place of --patients, where paths name them)",
    ]


def _counts(values: Iterable[object]) -> str:
    counts: dict[str, int] = {}
    for value in values:
        name = value if isinstance(value, str) else "without"
        counts[name] = counts.get(name, 0) + 1
    names = sorted(counts, key=lambda name: (name == "without", _SPLITS.get(name, 0), name))
    return few((f"{name} {counts[name]:,}" for name in names), SHOWN)
