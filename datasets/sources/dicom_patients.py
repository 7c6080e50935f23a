"""Who is one patient in a tree of DICOM files, also where the tag that says so was blanked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.patients import with_patients
from gliaboost.datasets.sources.dicom_tree import DicomHeader
from gliaboost.errors import UsageError

CHOICES = "tag (PatientID), study, folder:N (the N-th folder below PATH) or none"
# What anonymisers and consoles write in place of an id.
_BLANK = re.compile(
    r"(anon(ymous|ymi[sz]ed|ymi[sz]e)?|de-?identified|deid|removed|redacted|hidden|masked|blank|"
    r"empty|unknown|undefined|unspecified|none|null|nil|n/?a|no ?(id|name)|patient|pat|test|id|"
    r"phantom|x+|0+|-+|\?+|\*+)([ ^_.-]*(patient|subject|id|name|anon(ymous|ymi[sz]ed)?))?",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"(p|pt|pat|patients?|sub|subj|subjects?|case|id|person|vol|volunteer|participant)[-_ ]*\d+.*|"
    r"[a-z]{2,}[a-z0-9]*([-_][a-z0-9]+)*[-_]\d{2,}.*",
    re.IGNORECASE,
)


def given_patients(
    headers: Sequence[DicomHeader], folder: Path, table: Path | None, regex: str | None
) -> tuple[list[str | None], list[str]]:
    """Name each file's patient by the user's table, or by the paths as they lie in the tree.

    Parameters
    ----------
    headers : sequence of DicomHeader
        As `gliaboost.datasets.sources.dicom_tree.read_headers` gives them.
    folder : pathlib.Path
        The tree's.
    table, regex : optional
        As for `gliaboost.datasets.patients.with_patients`.

    Returns
    -------
    names : list of str or None
        None where neither says anything.
    notes : list of str
        How many are known; names nobody.
    """
    if not headers or (table is None and regex is None):
        return [None] * len(headers), []
    import pandas as pd

    paths = [h.path.as_posix() for h in headers]
    found = with_patients(Manifest.of(pd.DataFrame({"path": paths}), folder), table, regex)
    names = [p if isinstance(p, str) else None for p in found.table["patient"]]
    told = [p for p in names if p is not None]
    note = f"{len(set(told))} patients were given to {len(told)} of {len(names)} files"
    return names, [note]


def name_patients(
    headers: Sequence[DicomHeader], choice: str | None = None
) -> tuple[list[str | None], list[str]]:
    """Name each file's patient by what tells patients apart in this tree.

    Parameters
    ----------
    headers : sequence of DicomHeader
        As `gliaboost.datasets.sources.dicom_tree.read_headers` gives them.
    choice : str, optional
        One of `CHOICES`, where the rule below is not right.

    Returns
    -------
    names : list of str or None
        Secret names: the id, or a word with a study's UID or a folder.
    notes : list of str
        What was done where the tag does not tell; names nobody.

    Raises
    ------
    UsageError
        If the choice is none, or folders lack the level.

    Notes
    -----
    By PatientID. Where it is empty, a word that anonymisers write, or one and the same although
    there are several studies: by the first level of folders, if no study lies in two of them, else
    by the study. A file without any of these stands for itself.
    """
    if choice is not None:
        return _chosen(headers, choice), []
    told = [h.patient if not _BLANK.fullmatch(h.patient) else "" for h in headers]
    why = "empty, or a word that anonymisers write"
    if len(set(told)) == 1 and told[0] and _several(headers):
        told = [""] * len(headers)
        why = "the same in all, though there are several studies or folders"
    blank = [h for h, name in zip(headers, told, strict=True) if not name]
    if not blank:
        return list(told), []
    by_folder = _folders_are_patients(blank)
    names: list[str | None] = []
    ways = {"folder": 0, "study": 0, "file": 0}
    for header, name in zip(headers, told, strict=True):
        if name:
            names.append(name)
        elif by_folder and header.levels:
            ways["folder"] += 1
            names.append(f"folder {header.levels[0]}")
        elif header.study:
            ways["study"] += 1
            names.append(header.study)
        else:
            ways["file"] += 1
            names.append(header.path.as_posix())
    means = {
        "folder": "by folder",
        "study": "by study (StudyInstanceUID)",
        "file": "each by itself, as nothing else tells",
    }
    parts = ", ".join(f"{count} {means[way]}" for way, count in ways.items() if count)
    people = len({n for n, t in zip(names, told, strict=True) if not t})
    note = (
        f"in {len(blank)} of {len(headers)} files PatientID tells nobody ({why}). They are taken "
        f"for {people} patients: {parts}. If that is wrong, say it with --patient-from: {CHOICES}"
    )
    return names, [note]


def _chosen(headers: Sequence[DicomHeader], choice: str) -> list[str | None]:
    match = re.fullmatch(r"folder:([1-9]\d*)", choice.strip().lower())
    if match is not None:
        level = int(match[1])
        short = [h for h in headers if len(h.path.parent.parts) < level]
        if short:
            raise UsageError(
                f"--patient-from {choice}: {len(short)} files lie less deep, such as "
                f"{short[0].path}; expected {CHOICES}"
            )
        return [f"folder {'/'.join(h.path.parts[:level])}" for h in headers]
    if choice == "tag":
        return [h.patient or None for h in headers]
    if choice == "study":
        return [h.study or None for h in headers]
    if choice == "none":
        return [None] * len(headers)
    raise UsageError(f"--patient-from {choice}; expected {CHOICES}")


def _several(headers: Sequence[DicomHeader]) -> bool:
    """Whether there is more than one study, or, where none is named, more than one folder."""
    studies = {h.study for h in headers}
    if studies != {""}:
        return len(studies) > 1
    return len({h.levels[:1] for h in headers}) > 1


def _folders_are_patients(headers: Sequence[DicomHeader]) -> bool:
    folders: dict[str, set[str]] = defaultdict(set)
    for h in headers:
        if h.levels and h.study:
            folders[h.study].add(h.levels[0])
    named = {h.levels[0] for h in headers if h.levels}
    if len(named) < 2:
        return False
    if all(len(found) == 1 for found in folders.values()):
        return True
    # One study for all is what some anonymisers write; or it is one patient's series.
    return len(folders) == 1 and all(_PERSON.fullmatch(name) for name in named)
