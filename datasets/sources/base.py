"""The registry of sources, and what they share."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from gliaboost.datasets.image_files import walk_images
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.passed_over import left, passed_over
from gliaboost.errors import PluginError, UsageError
from gliaboost.few import few
from gliaboost.plugins import Registry
from gliaboost.regular_files import is_folder, is_there

# A reader takes the path, and its options by keyword.
Reader = Callable[..., Manifest]
# Where the sources of this package live: a module is imported once its source is asked for.
BUILT_IN = {
    "bangladesh": "gliaboost.datasets.sources.bangladesh",
    "br35h": "gliaboost.datasets.sources.br35h",
    "csv": "gliaboost.datasets.sources.csv",
    "curated-masks": "gliaboost.datasets.sources.curated_masks",
    "dicom": "gliaboost.datasets.sources.dicom",
    "edit": "gliaboost.datasets.editing",
    "figshare": "gliaboost.datasets.sources.figshare",
    "folder": "gliaboost.datasets.sources.folder",
    "kaggle-ct-mri": "gliaboost.datasets.sources.kaggle_ct_mri",
    "kaggle-mri": "gliaboost.datasets.sources.kaggle_mri",
    "lgg": "gliaboost.datasets.sources.lgg",
    "nifti": "gliaboost.datasets.sources.nifti",
}
SOURCES: Registry[Reader] = Registry("sources", "source", BUILT_IN)
_SPLITS = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "development"), "val"),
    **dict.fromkeys(("test", "testing", "tst", "holdout", "heldout"), "test"),
}
# Words that a split's name may have around it: Train_set, testing_data, images-val.
_AROUND = "sets?|data|datasets?|images?|imgs?|folders?|folds?|splits?|subsets?|samples?"
CLASSES = {
    "glioma": "glioma",
    "menin": "meningioma",
    "meningioma": "meningioma",
    "pituitary": "pituitary",
}
_OF_EDIT = {"rename", "keep", "target", "forget"}
_EDITED = "; once there is a manifest, gliaboost manifest edit takes it"
NO_TUMOR, TUMOR = "no_tumor", "tumor"
SHOWN = 6


def source(name: str) -> Callable[[Reader], Reader]:
    """Enter a reader, ``(path, **options) -> Manifest``; warns when it takes another's place."""

    def enter(reader: Reader) -> Reader:
        SOURCES.enter(name, reader)
        return reader

    return enter


def names() -> list[str]:
    """Name all sources, of this package and of others; none is imported for it.

    Examples
    --------
    >>> "figshare" in names()
    True
    """
    return SOURCES.names()


def find_source(name: str) -> Reader:
    """Find a source's reader by its name.

    Raises
    ------
    UsageError
        If there is none; it lists those that there are.
    PluginError
        If a package declares one that cannot be used.
    """
    return SOURCES.find(name, _take_up)


def _take_up(name: str, found: Any, package: str) -> None:
    if not callable(found) or isinstance(found, type):
        raise PluginError(
            f"the package {package} declares a source {name!r} that is {found!r}; expected a "
            "function (path, **options) -> Manifest"
        )
    own = sorted(key for key, reader in SOURCES.items() if reader is found)
    if own and name not in own:
        raise PluginError(
            f"the package {package} declares a source {name!r} whose reader is called "
            f"{own[0]!r}; one name is expected for both"
        )
    source(name)(found)


def options_of(name: str) -> list[str]:
    """Name the options that a source takes."""
    read = find_source(name)
    return [p.name for p in inspect.signature(read).parameters.values() if p.kind is p.KEYWORD_ONLY]


def read_source(name: str, path: Path | str, **options: Any) -> Manifest:
    """Read a data set in a known layout.

    Parameters
    ----------
    name : str
        A registered source, e.g. ``"figshare"``.
    path : path-like
        The data set's folder (for ``csv``: the table).
    **options
        What the source takes besides, e.g. ``images``, the folder that converted slices go to. None
        stands for the default.

    Returns
    -------
    Manifest
        Without keys; its ``notes`` name what was passed over. Only sources that convert (``.mat``,
        DICOM, NIfTI) look at pixels.

    Raises
    ------
    UsageError
        If the name or an option is unknown, or `path` has another layout; says which was expected.
    PluginError
        If a package declares the source and it cannot be used.
    """
    read = find_source(name)
    given = {key: value for key, value in options.items() if value is not None}
    taken = options_of(name)
    unknown = sorted(set(given) - set(taken))
    if unknown:
        raise UsageError(
            f"source {name} takes no {', '.join(unknown)}; its options are: "
            f"{', '.join(taken) or 'none'}" + (_EDITED if set(unknown) <= _OF_EDIT else "")
        )
    path = Path(path)
    if not is_there(path):
        raise UsageError(f"{path} does not exist; expected the folder of a {name} data set")
    manifest = read(path, **given)
    return replace(manifest, notes=(*manifest.notes, *passed_over(path, manifest)))


@lru_cache(maxsize=4096)  # of folders, whose names come with every file
def letters(text: str) -> str:
    """Reduce a name to its lower-case letters, so that usual spellings compare equal.

    Examples
    --------
    >>> letters("No_Tumor "), letters("no tumor")
    ('notumor', 'notumor')
    """
    return re.sub(r"[^a-z]", "", text.lower())


def split_of(name: str) -> str | None:
    """Name the split that a usual spelling means, None for no split.

    Examples
    --------
    >>> split_of("Training"), split_of("testing_data"), split_of("Train_set"), split_of("01-valid")
    ('train', 'test', 'train', 'val')
    >>> split_of("trained") is None, split_of("Testosterone") is None
    (True, True)
    """
    plain = re.sub(rf"^(?:{_AROUND})+(?=.)|(?:{_AROUND})+$", "", letters(name))
    return _SPLITS.get(letters(name)) or _SPLITS.get(plain)


def tumour_class(name: str) -> str | None:
    """Name the class that a usual spelling means, None for no class.

    Examples
    --------
    >>> tumour_class("Glioma_Tumor"), tumour_class("no tumor"), tumour_class("Brain_Menin")
    ('glioma', 'no_tumor', 'meningioma')
    >>> tumour_class("extra") is None
    True
    """
    plain = re.sub(r"^(brain|mri|ct)+", "", letters(name))
    plain = re.sub(r"(tumou?rs?|images?|scans?)+$", "", plain)
    if plain in ("no", "non", "healthy", "normal", "none"):
        return NO_TUMOR
    return CLASSES.get(plain.removesuffix("s"))


def targets(label: str | None) -> dict[str, str | None]:
    """Tell a class as ``label``, ``presence`` and ``type``, the three targets of a manifest.

    Parameters
    ----------
    label : str or None
        A tumour's name, ``tumor`` where its name is not known, ``no_tumor``, or another class.

    Returns
    -------
    dict
        ``presence`` is ``tumor`` or ``no_tumor``, None for classes that are neither. ``type`` is
        the tumour's name, None where there is no tumour or no name: healthy images have no part
        in telling tumours apart.

    Examples
    --------
    >>> targets("glioma")
    {'label': 'glioma', 'presence': 'tumor', 'type': 'glioma'}
    >>> targets("no_tumor")["type"] is None, targets("abscess")["presence"] is None
    (True, True)
    """
    named = label in CLASSES.values()
    presence = TUMOR if named or label == TUMOR else NO_TUMOR if label == NO_TUMOR else None
    return {"label": label, "presence": presence, "type": label if named else None}


def shallowest(folders: Iterable[Path]) -> list[Path]:
    """Keep the folders that lie least deep: some archives hold the same tree once more inside.

    Examples
    --------
    >>> [f.as_posix() for f in shallowest([Path("a/b"), Path("a/again/b")])]
    ['a/b']
    """
    known = list(folders)
    least = min((len(f.parts) for f in known), default=0)
    return [f for f in known if len(f.parts) == least]


def folder_at(path: Path, expected: str) -> Path:
    """Return the path if it is a folder, or say that one was expected."""
    if not is_folder(path):
        raise UsageError(f"{path} is a file; expected a folder with {expected}")
    return path


def manifest_of(
    rows: Iterable[Mapping[str, Any]],
    folder: Path,
    name: str,
    expected: str,
    notes: tuple[str, ...] = (),
) -> Manifest:
    """Build the manifest of a source, or say what was seen where `expected` should be."""
    import pandas as pd

    known = list(rows)
    kept = [row for row in known if _is_utf8(row.get("path")) and _is_utf8(row.get("mask"))]
    if len(kept) < len(known):  # no table holds such a name
        odd = [str(row["path"]) for row in known if row not in kept][:SHOWN]
        shown = ", ".join(o.encode("utf-8", "backslashreplace").decode() for o in odd)
        notes += (
            f"passed over: {len(known) - len(kept)} images whose names are no UTF-8, rename them "
            f"(convmv -f latin1 -t utf8): {shown}",
        )
    table = pd.DataFrame(kept)
    if table.empty:
        raise wrong_layout(folder, name, expected)
    return Manifest.of(table, folder, str(folder), notes)


def _is_utf8(name: object) -> bool:
    return not isinstance(name, str) or not re.search("[\ud800-\udfff]", name)


def wrong_layout(folder: Path, name: str, expected: str) -> UsageError:
    """Say that a folder has another layout than its source expects."""
    inside = left(walk_images(folder), folder)
    below = f", in all {inside}" if inside else ""
    return UsageError(
        f"{folder} has no {name} layout: expected {expected}; seen {seen(folder)}{below}"
    )


def seen(folder: Path) -> str:
    """Describe a folder's content in a few words, for errors."""
    entries = sorted(f.name + ("/" if f.is_dir() else "") for f in folder.iterdir())
    return few(entries, SHOWN) or "an empty folder"
