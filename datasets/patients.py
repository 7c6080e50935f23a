"""Patients that are known from elsewhere: a table beside the images, or their paths."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gliaboost.datasets.columns import USUAL, plain, text, usual_names
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.matching import match_images
from gliaboost.datasets.tables import read_table
from gliaboost.errors import UsageError
from gliaboost.few import few

if TYPE_CHECKING:
    import pandas as pd

# Columns that name an image in such a table, besides all usual names of paths.
IMAGES = (*USUAL["path"], "name", "stem", "slice", "slice_id", "image_id", "scan", "id")
SHOWN = 3
EXAMPLE = r"--patient-regex '(?P<patient>P\d+)'"


def with_patients(
    manifest: Manifest, table: Path | str | None = None, regex: str | None = None
) -> Manifest:
    """Give images their patients, by a table, by their paths, or by the one and then the other.

    Parameters
    ----------
    manifest : Manifest
        Left as it is.
    table : path-like, optional
        As for `join_patients`.
    regex : str, optional
        As for `patients_by_regex`; where both are given, the table goes first.

    Returns
    -------
    Manifest
        Its ``notes`` say how many images have a patient.
    """
    if regex is not None:
        manifest = patients_by_regex(manifest, regex)
    return manifest if table is None else join_patients(manifest, table)


def join_patients(manifest: Manifest, table: Path | str) -> Manifest:
    """Take patients from a table.

    Parameters
    ----------
    manifest : Manifest
        Left as it is.
    table : path-like
        CSV or Parquet with a column of patients and one of images (see `matching.match_images`),
        both under a usual name; of two columns one such name is enough.

    Returns
    -------
    Manifest
        Images that the table does not name keep the patient that they had.

    Raises
    ------
    UsageError
        If the table lacks the columns, or names no image.
    ManifestError
        If a name means several images, or two patients are given to one.
    """
    name = str(table)
    read = read_table(table)
    pairs = _pairs(read.table, name)
    found = match_images(manifest, pairs, name)
    return _given(manifest, found.values, f"from {name}", (*read.notes, *found.notes))


def patients_by_regex(manifest: Manifest, regex: str) -> Manifest:
    r"""Take patients from the images' paths.

    Parameters
    ----------
    manifest : Manifest
        Left as it is.
    regex : str
        A regular expression with the group ``(?P<patient>...)``, looked for anywhere in the column
        ``path``, with ``/`` between folders.

    Returns
    -------
    Manifest
        Images whose path does not match keep the patient that they had; ``notes`` name some.

    Raises
    ------
    UsageError
        If it is no such expression, matches no path, or finds the classes in place of patients.

    Examples
    --------
    >>> import pandas as pd
    >>> m = Manifest.of(pd.DataFrame({"path": ["a/P7-1.png", "a/P7-2.png", "b/x.png"]}), "/data")
    >>> known = patients_by_regex(m, r"(?P<patient>P\d+)")
    >>> known.table["patient"].tolist()
    ['P7', 'P7', nan]
    """
    pattern = patient_pattern(regex)
    paths = [str(p).replace("\\", "/") for p in manifest.table["path"]]
    matches = [pattern.search(p) for p in paths]
    values = [(m["patient"] or "").strip() or None if m else None for m in matches]
    without = [p for p, value in zip(paths, values, strict=True) if value is None]
    if len(without) == len(paths):
        raise UsageError(
            f"'{regex}' matches none of the {len(paths)} paths, such as {few(paths, SHOWN)}; it is "
            f"looked for in the path as the manifest has it"
        )
    notes = (
        [f"{len(without)} of {len(paths)} paths do not match '{regex}': {few(without, SHOWN)}"]
        if without
        else []
    )
    found = {v for v in values if v is not None}
    if found <= set(manifest.classes):
        raise UsageError(
            f"'{regex}' finds the classes {few(sorted(found), SHOWN)} as patients; it is to find "
            "the folder or the part of the name that a patient has, in paths such as "
            f"{few(paths, SHOWN)}"
        )
    return _given(manifest, values, f"by '{regex}'", notes)


def patient_pattern(regex: str) -> re.Pattern[str]:
    r"""Compile a regular expression that finds patients.

    Raises
    ------
    UsageError
        If it is none, or has no group ``(?P<patient>...)``.

    Examples
    --------
    >>> patient_pattern(r"(?P<patient>P\d+)").search("a/P7-1.png")["patient"]
    'P7'
    """
    try:
        pattern = re.compile(regex)
    except re.error as error:
        raise UsageError(
            f"'{regex}' is no regular expression ({error}); expected one such as {EXAMPLE}"
        ) from error
    if "patient" not in pattern.groupindex:
        raise UsageError(
            f"'{regex}' has no group called patient; put (?P<patient>...) around what names the "
            f"patient, as in {EXAMPLE}"
        )
    return pattern


def _pairs(read: pd.DataFrame, name: str) -> list[tuple[str, str]]:
    spellings = {"patient": USUAL["patient"], "path": IMAGES}
    table = usual_names(read, spellings, name).table
    there = [c for c in ("patient", "path") if c in table]
    if len(table.columns) == 2 and len(there) == 1:
        (other,) = (c for c in table.columns if c != there[0])
        table = table.rename(columns={other: "path" if there == ["patient"] else "patient"})
    absent = [c for c in ("patient", "path") if c not in table]
    if absent:
        named = {"patient": "patients (patient, subject, ...)", "path": "images (path, file, ...)"}
        raise UsageError(
            f"{name} has columns {', '.join(map(str, read.columns))}; expected one of "
            f"{' and one of '.join(named[c] for c in absent)}"
        )
    cells = zip(text(table["path"]), text(table["patient"]), strict=True)
    return [(i, p) for i, p in cells if isinstance(i, str) and isinstance(p, str)]


def _given(
    manifest: Manifest, values: Sequence[str | None], whence: str, notes: Sequence[str]
) -> Manifest:
    before = [v if isinstance(v, str) else None for v in manifest.table["patient"]]
    after = [new or old for new, old in zip(values, before, strict=True)]
    replaced = sum(old not in (None, new) for new, old in zip(after, before, strict=True))
    given = sum(v is not None for v in values)
    known = sorted({v for v in values if v is not None})
    said = [
        f"patients {whence}: {len(known)} ({few(known, SHOWN)}) for {given} of {len(values)} images"
        + (f", {replaced} of which had another one" if replaced else "")
    ]
    if given > 1 and len(known) == given:
        said.append("each of these images has a patient of its own: is that what was meant?")
    if given > 1 and len(known) == 1:
        said.append(f"all these images are of one patient, {known[0]}: is that what was meant?")
    said += _padded(known)
    table = manifest.table.assign(patient=text(after))
    # What asked for patients is answered.
    before_that = [note for note in manifest.notes if "--patient" not in note]
    return replace(manifest, table=table, notes=(*before_that, *said, *notes))


def _padded(known: Sequence[str]) -> list[str]:
    """Name ids that differ in zeros in front alone: perhaps a spreadsheet took some away."""
    by_number: dict[str, list[str]] = {}
    for name in known:
        by_number.setdefault(re.sub(r"(?<!\d)0+(?=\d)", "", name), []).append(name)
    twice = [" and ".join(names) for names in by_number.values() if len(names) > 1]
    return [f"patients that differ in zeros in front alone: {few(twice, SHOWN)}"] if twice else []


def is_patient(column: object) -> bool:
    """Whether a column has a usual name of patients.

    Examples
    --------
    >>> is_patient("Patient ID"), is_patient("file")
    (True, False)
    """
    return plain(column) in {plain(name) for name in USUAL["patient"]}
