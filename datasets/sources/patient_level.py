"""Which level of folders is the patients', and when that must not be guessed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePath

from gliaboost.datasets.sources.scan_names import case_of, is_visit, role_of
from gliaboost.errors import UsageError
from gliaboost.few import few

CHOICES = "folder:N (the N-th folder below PATH), file, bids or none"
SHOWN = 4
# Names that no visit has.
_PERSON = re.compile(
    r"(p|pt|pat|patients?|case|subj?|subject|id|person|brats|tcga)[-_. ]?[a-z]?\d.*", re.IGNORECASE
)


# A year, or a class that goes by its number; patients of such names have more digits.
_NUMBER = re.compile(r"\d|(19|20)\d\d")


class UnclearPatientsError(UsageError):
    """It is unclear which level of folders is the patients'; the message shows the choices."""


# A scan's path, the folders that may be a patient's, and its name without ending.
Placed = tuple[PurePath, tuple[str, ...], str]


def check_level(
    folder: Path, scans: Sequence[Placed], *, class_folders: bool = False
) -> set[PurePath]:
    """Ask whether the first level of folders can be the patients'.

    Parameters
    ----------
    folder : pathlib.Path
        The data set's.
    scans : sequence of (path, levels, name)
        Each scan's path below it; the folders of it that are neither a split's, a visit's nor a
        kind of picture's, nor a class's where these are labels; and its name.
    class_folders : bool
        Whether folders of classes were taken off already.

    Returns
    -------
    set of pathlib.PurePath
        A few scans that lie outside of all patients' folders.

    Raises
    ------
    UnclearPatientsError
        If it is unclear, with what can be said to make it clear.

    Examples
    --------
    >>> check_level(Path("."), [(PurePath("P1/a/t1.nii"), ("P1", "a"), "t1")])
    set()
    """
    outside = {path for path, levels, _ in scans if not levels}
    below: dict[str, set[str]] = defaultdict(set)
    for _, levels, name in scans:
        if levels:
            below[levels[0]].add(_next_name(levels, name))
    if not below:
        return set()
    inside = [scan for scan in scans if scan[1]]
    if len(outside) * 2 > len(below):
        raise _unclear(
            folder,
            inside[0],
            f"{len(outside)} scan(s) lie in no folder, {len(inside)} in folders ({_some(below)})",
        )
    roles = {name: role_of(name) for name in below}
    classes = [name for name, role in roles.items() if role == "class"]
    if classes and not class_folders:
        raise _unclear(
            folder,
            next(s for s in inside if s[1][0] == classes[0]),
            f"the folders {_some(classes)} look like classes; with --class-folders they are "
            "labels, and what is in them is the patients'",
        )
    places = [name for name, role in roles.items() if role in ("place", "class")]
    if places:
        raise _unclear(
            folder,
            next(s for s in inside if s[1][0] == places[0]),
            f"the folders {_some(places)} look like parts of a study",
        )
    if not _is_clear(below):
        items = sorted({item for names in below.values() for item in names if item})
        raise _unclear(
            folder, inside[0], f"{_some(below)} may be patients, or {_some(items)} in them"
        )
    return outside


def _next_name(levels: tuple[str, ...], name: str) -> str:
    """Name what a scan lies in, or is, below the first level; empty if it can be no patient."""
    item = levels[1] if len(levels) > 1 else case_of(name)[0]
    # A whole word of it: anna1 begins with anna, 2019 not with 2.
    end = "(?![a-z0-9])" if levels[0][-1].isdigit() else "(?![a-z])"
    item = re.sub(rf"^{re.escape(levels[0])}{end}[-_. ]*", "", item, flags=re.IGNORECASE)
    if (
        not item
        or is_visit(item)
        or re.match(rf"{re.escape(item)}(?![a-z0-9])", levels[0], re.IGNORECASE)
    ):  # nothing, or the beginning of the folder's name
        return ""
    return item


def _is_clear(below: dict[str, set[str]]) -> bool:
    """Tell whether the names below a level are visits or series, and those of the level patients.

    Visits have the same names in several patients' folders; patients have their own.
    """
    named = {name: {item for item in items if item} for name, items in below.items()}
    several = any(len(items) > 1 for items in named.values())
    every = [item for items in named.values() for item in items]
    if not every:
        return True
    # Below a patient there are no others; below years and numbers of classes there are.
    if any(_PERSON.fullmatch(i) for i in every) or all(_NUMBER.fullmatch(n) for n in named):
        return len(named) > 1 and all(_PERSON.fullmatch(name) for name in named)
    if not several or len(set(every)) < len(every):
        return True
    return len(named) > 1 and len({_shape(name) for name in named}) == 1 and _numbered(named)


def _numbered(names: dict[str, set[str]]) -> bool:
    return all(re.search(r"\d", name) for name in names)


def _shape(name: str) -> str:
    """Write a name with one sign for each run of digits: P1 and P10 have one shape."""
    return re.sub(r"\d+", "#", name.lower())


def _unclear(folder: Path, scan: Placed, why: str) -> UnclearPatientsError:
    path, _, name = scan
    levels = ", ".join(f"folder:{i} ({part})" for i, part in enumerate(path.parent.parts, 1))
    case = case_of(name)[0] or name
    return UnclearPatientsError(
        f"{folder}: it is unclear who is a patient: {why}. Say it with --patient-from: {levels}, "
        f"file ({case}), or none"
    )


def _some(names: Sequence[str] | dict[str, set[str]]) -> str:
    return few(sorted(names), SHOWN)
