"""A manifest made into another: labels joined, classes renamed, merged or kept, a target chosen.

It is the source of ``gliaboost manifest edit``, and lies above the sources, whose tables it reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gliaboost.datasets.columns import USUAL, text, usual_names
from gliaboost.datasets.manifest import COLUMNS, Manifest
from gliaboost.datasets.matching import check_names, match_images
from gliaboost.datasets.patients import IMAGES, is_patient, with_patients
from gliaboost.datasets.sources.base import source
from gliaboost.datasets.sources.labels import read_labels, told
from gliaboost.datasets.tables import read_table
from gliaboost.datasets.targets import with_target
from gliaboost.errors import UsageError
from gliaboost.spelling import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

# What may be emptied: a published split that cuts patients, say.
FORGOTTEN = tuple(c for c in COLUMNS if c not in ("path", "key"))
EXPECTED = "a manifest, .parquet or .csv"
SHOWN = 8


@source("edit")
def read_edit(
    path: Path,
    *,
    patients: Path | None = None,
    patient_regex: str | None = None,
    labels: Path | None = None,
    rename: Mapping[str, str] | Iterable[str] = (),
    keep: str | Iterable[str] = (),
    target: str | None = None,
    forget: str | Iterable[str] = (),
) -> Manifest:
    """Read a manifest, and change what it says.

    Parameters
    ----------
    path : pathlib.Path
        The manifest; left as it is.
    patients : pathlib.Path, optional
        Table with a column of patients and one of images.
    patient_regex : str, optional
        What finds ``(?P<patient>...)`` in the column ``path``.
    labels : pathlib.Path, optional
        Table with ``label`` and a column of images or of patients.
    rename : mapping, or iterable of "old=new"
        New names of classes; several of one new name become one class.
    keep : str or iterable of str
        The classes whose images stay, by comma.
    target : str, optional
        ``presence`` or ``type`` becomes the label; images without it are left out.
    forget : str or iterable of str
        Columns to empty, such as ``split``.

    Returns
    -------
    Manifest
        With counts before and after in its ``notes``.

    Raises
    ------
    UsageError
        If it is no manifest, or a class, target or column is not there.
    """
    return edit(
        Manifest.read(path),
        patients=patients,
        patient_regex=patient_regex,
        labels=labels,
        rename=rename,
        keep=keep,
        target=target,
        forget=forget,
    )


def edit(
    manifest: Manifest,
    *,
    patients: Path | str | None = None,
    patient_regex: str | None = None,
    labels: Path | str | None = None,
    rename: Mapping[str, str] | Iterable[str] = (),
    keep: str | Iterable[str] = (),
    target: str | None = None,
    forget: str | Iterable[str] = (),
) -> Manifest:
    """Change what a manifest says, in this order, and say of each step what it did.

    Parameters
    ----------
    manifest : Manifest
        Left as it is.
    patients, patient_regex : optional
        As for `patients.with_patients`.
    labels : path-like, optional
        As for `join_labels`.
    rename : mapping, or iterable of "old=new"
        New names of classes; several of one new name become one class. ``"a,b=c"`` is both at once.
    keep : str or iterable of str
        The classes whose images stay; by comma.
    target : str, optional
        ``presence`` or ``type`` becomes the label; images without it are left out.
    forget : str or iterable of str
        Columns to empty, such as ``split``.

    Returns
    -------
    Manifest
        Its ``notes`` begin with the classes before, and end with those after.

    Raises
    ------
    UsageError
        If a class, target or column is not there; lists those that are.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"path": list("abc"), "label": ["glioma", "menin", "healthy"]}
    >>> edited = edit(Manifest.of(pd.DataFrame(rows), "."), rename=["glioma,menin=tumor"])
    >>> edited.notes[0], edited.notes[-1]
    ('before: 3 images, glioma 1, healthy 1, menin 1', 'after: 3 images, healthy 1, tumor 2')
    """
    edited = replace(manifest, notes=(*manifest.notes, f"before: {_counted(manifest)}"))
    edited = with_patients(edited, patients, patient_regex)
    if labels is not None:
        edited = join_labels(edited, labels)
    new_names = _renamed(rename, edited)
    if new_names:
        edited = _rename(edited, new_names)
    kept = _words(keep)
    if kept:
        edited = _keep(edited, kept)
    if target is not None:
        chosen = with_target(edited, target)
        said = [note for note in (f"label is now {target}", chosen.describe()) if note]
        edited = replace(chosen.manifest, notes=(*edited.notes, *said))
    edited = _forget(edited, _words(forget))
    return replace(edited, notes=(*edited.notes, f"after: {_counted(edited)}"))


def join_labels(manifest: Manifest, table: Path | str) -> Manifest:
    """Take labels from a table of images or of patients.

    Parameters
    ----------
    manifest : Manifest
        Left as it is.
    table : path-like
        CSV or Parquet with ``label`` and a column of images (see `matching.match_images`), or else
        one of patients, under a usual name.

    Returns
    -------
    Manifest
        Images that the table does not speak of keep their label; ``presence`` and ``type`` of the
        others are what a usual word in their new label says.

    Raises
    ------
    UsageError
        If the table lacks the columns, names nothing that is there, or gives two labels to one.
    """
    name = str(table)
    found = usual_names(read_table(table).table, {"label": USUAL["label"]}, name).table
    by_image = usual_names(found, {"path": IMAGES}, name).table
    patients = [v if isinstance(v, str) else None for v in manifest.table["patient"]]
    if "label" in found and "path" in by_image and not _names_patients(by_image, patients):
        cells = zip(text(by_image["path"]), text(by_image["label"]), strict=True)
        pairs = [(i, v) for i, v in cells if isinstance(i, str) and isinstance(v, str)]
        values, notes = match_images(manifest, pairs, name)
    else:
        labels = read_labels(table)
        if not manifest.has_patients and any(map(is_patient, found.columns)):
            raise UsageError(f"{name} names patients, and the manifest knows none; see --patients")
        notes = tuple(check_names(labels, filter(None, patients), name, "patients"))
        values = [None if p is None else labels.get(p) for p in patients]
    rows = manifest.table.copy()
    for column in ("label", "presence", "type"):
        old = rows[column] if column in rows else [None] * len(rows)
        rows[column] = [
            kept if label is None else told(label)[column]
            for label, kept in zip(values, old, strict=True)
        ]
    given = sum(label is not None for label in values)
    said = f"labels from {name}: for {given} of {len(rows)} images"
    return Manifest.of(rows, manifest.root, manifest.name, (*manifest.notes, said, *notes))


def _names_patients(table: pd.DataFrame, patients: Iterable[str | None]) -> bool:
    """Whether all that a column such as ``id`` names are patients."""
    names = {n for n in text(table["path"]) if isinstance(n, str)}
    return bool(names) and names <= set(patients)


def _renamed(rename: Mapping[str, str] | Iterable[str], manifest: Manifest) -> dict[str, str]:
    if isinstance(rename, Mapping):
        given = dict(rename)
    else:
        given = {}
        for word in [rename] if isinstance(rename, str) else rename:
            old, equals, new = word.rpartition("=")
            if not equals or not old.strip() or not new.strip():
                raise UsageError(f"--rename {word!r}; expected OLD=NEW, or OLD,OLD=NEW to merge")
            whole = old.strip() in manifest.classes
            olds = [old.strip()] if whole else [o.strip() for o in old.split(",") if o.strip()]
            twice = [o for o in olds if given.get(o, new.strip()) != new.strip()]
            if twice:
                raise UsageError(
                    f"--rename gives {twice[0]!r} two names, {given[twice[0]]!r} and "
                    f"{new.strip()!r}; give one"
                )
            given |= dict.fromkeys(olds, new.strip())
    _check(given, manifest)
    return given


def _rename(manifest: Manifest, names: Mapping[str, str]) -> Manifest:
    labels = manifest.table["label"]
    said = [f"{(labels == old).sum()} {old} are {new}" for old, new in names.items()]
    table = manifest.table.assign(label=text(labels.map(lambda v: names.get(v, v), "ignore")))
    return replace(manifest, table=table, notes=(*manifest.notes, f"renamed: {', '.join(said)}"))


def _keep(manifest: Manifest, kept: list[str]) -> Manifest:
    _check(kept, manifest)
    table = manifest.table[manifest.table["label"].isin(kept)].reset_index(drop=True)
    said = f"kept: {', '.join(kept)}; {len(manifest) - len(table)} images of others were left out"
    return replace(manifest, table=table, notes=(*manifest.notes, said))


def _forget(manifest: Manifest, columns: list[str]) -> Manifest:
    more = [c for c in manifest.table.columns if c not in (*COLUMNS, *FORGOTTEN)]
    unknown = [c for c in columns if c not in (*FORGOTTEN, *more)]
    if unknown:
        raise UsageError(
            f"no column {', '.join(unknown)} to forget; there are {', '.join((*FORGOTTEN, *more))}"
        )
    table = manifest.table.drop(columns=[c for c in columns if c in more])
    table = table.assign(**{c: text([None] * len(table)) for c in columns if c in FORGOTTEN})
    said = [f"forgotten: {', '.join(columns)}"] if columns else []
    return replace(manifest, table=table, notes=(*manifest.notes, *said))


def _check(given: Iterable[str], manifest: Manifest) -> None:
    unknown = [name for name in given if name not in manifest.classes]
    if unknown:
        raise UsageError(
            f"no class {', '.join(map(repr, unknown))}; the classes are "
            f"{', '.join(manifest.classes) or 'not known'}"
            + did_you_mean(unknown[0], manifest.classes)
        )


def _words(given: str | Iterable[str]) -> list[str]:
    words = given.split(",") if isinstance(given, str) else given
    return list(dict.fromkeys(word.strip() for word in words if word.strip()))


def _counted(manifest: Manifest) -> str:
    counts = Counter(map(str, manifest.table["label"].fillna("without a label")))
    shown = [f"{name} {counts[name]}" for name in sorted(counts)][:SHOWN]
    more = f" and {len(counts) - SHOWN} classes more" if len(counts) > SHOWN else ""
    return ", ".join([f"{len(manifest)} images", *shown]) + more
