"""Which mask belongs to which scan: by whole names, never by the beginning of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath

from gliaboost.datasets.sources.nifti_layout import Entry
from gliaboost.datasets.sources.scan_names import (
    bare,
    bids_entities,
    is_automatic,
    parts_of,
    words,
)

# What a mask's name may say that its scan's need not.
_OWN = ("desc", "label", "hemi", "res", "den", "space")
# Spaces in which a scan lies as it was taken.
_NATIVE = ("orig", "native", "scanner", "individual")


def pair_masks(
    scans: Sequence[Entry], masks: Sequence[Entry]
) -> tuple[dict[PurePath, Path], dict[PurePath, str], list[PurePath]]:
    """Find the one mask of each scan.

    Parameters
    ----------
    scans, masks : sequence of Entry
        As `find_scans` tells them apart.

    Returns
    -------
    paired : dict
        The mask of each scan that has one, by the scan's path.
    unclear : dict
        By the path of a scan that several masks fit alike: why it must not be guessed.
    unused : list
        The masks that fit no scan.

    Notes
    -----
    In the folder of a scan, or one of masks beside it, these fit, the first first: the mask of the
    scan's own name; of its name but for the sequence; one that names nothing, if all scans there
    are of one patient. Failing these, one in nobody's folder that has the scan's name but for the
    sequence, if no scan elsewhere has it too. In BIDS all entities agree that both names have.
    """
    by_unit: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
    by_parts: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
    patients: dict[tuple[str, ...], set[object]] = defaultdict(set)
    units: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
    visits: dict[object, set[tuple[str, ...]]] = defaultdict(set)
    for scan in scans:
        visits[scan.patient].add(scan.unit)
    for mask in masks:
        alone = not _is_plain(mask) and not mask.session and len(visits[mask.patient]) == 1
        (unit,) = visits[mask.patient] if alone else {mask.unit}
        by_unit[unit].append(mask)
        by_parts[tuple(parts_of(mask.name))].append(mask)
    for scan in scans:
        patients[scan.unit].add(scan.patient or tuple(parts_of(scan.name)))
        units[tuple(parts_of(scan.name))].add(scan.unit)
    paired: dict[PurePath, Path] = {}
    unclear: dict[PurePath, str] = {}
    used: set[PurePath] = set()
    for scan in scans:
        fitting = _fitting(scan, by_unit[scan.unit], len(patients[scan.unit]) == 1)
        parts = tuple(parts_of(scan.name))
        if not fitting and len(units[parts]) == 1 and any(p.isdigit() for p in "".join(parts)):
            fitting = _drawn_first([m for m in by_parts[parts] if not m.levels and _is_plain(scan)])
        used |= {m.path for m in fitting}
        fitting = _drawn_first(fitting)
        if len(fitting) == 1:
            paired[scan.path] = fitting[0].file
        elif fitting:
            names = ", ".join(m.path.name for m in fitting)
            unclear[scan.path] = f"{len(fitting)} masks fit: {names}; keep one"
    return paired, unclear, [m.path for m in masks if m.path not in used]


def _fitting(scan: Entry, masks: Sequence[Entry], alone: bool) -> list[Entry]:
    """List the masks that fit a scan best, and equally well."""
    tests: list[Callable[[Entry], bool]] = [
        lambda mask: words(mask.name) == words(scan.name) or bare(mask.name) == bare(scan.name),
        lambda mask: _same_entities(mask, scan),
        lambda mask: (
            (_is_plain(mask) or _is_plain(scan)) and bare(mask.name) == parts_of(scan.name)
        ),
        lambda mask: (
            (_is_plain(mask) or _is_plain(scan)) and parts_of(mask.name) == parts_of(scan.name)
        ),
        lambda mask: alone and (_is_plain(mask) or _is_plain(scan)) and _names_nothing(mask, scan),
    ]
    for fits in tests:
        found = [m for m in masks if fits(m)]
        if found:
            return found
    return []


def _drawn_first(masks: list[Entry]) -> list[Entry]:
    """Leave out what a program drew where a person drew too."""
    return [m for m in masks if not is_automatic(m.path.as_posix())] or masks


def _is_plain(entry: Entry) -> bool:
    """Whether a name is not one of BIDS, whose entities alone say what belongs together."""
    return "sub" not in bids_entities(entry.name)


def _same_entities(mask: Entry, scan: Entry) -> bool:
    mine, theirs = bids_entities(mask.name), bids_entities(scan.name)
    if "sub" not in mine or "sub" not in theirs:
        return False
    suffix = scan.name.rsplit("_", 1)[-1]
    space = mine.get("space")
    if space != theirs.get("space") and space not in (None, suffix, *_NATIVE):
        return False
    return all(theirs[k] == v for k, v in mine.items() if k in theirs and k not in _OWN)


def _names_nothing(mask: Entry, scan: Entry) -> bool:
    """Whether a mask's name says no more than whose it is: no number but the patient's."""
    own = {*words(scan.patient or ""), *words(scan.session or ""), *words(" ".join(scan.unit))}
    left = [w for w in parts_of(mask.name) if w not in own]
    # Where files lie flat, any word may be another patient's name.
    return not any(ch.isdigit() for w in left for ch in w) if scan.unit else not left
