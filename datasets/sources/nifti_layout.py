"""Which NIfTI files of a tree are scans, whose they are, and which masks there are."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from gliaboost.datasets.nifti_file import stem
from gliaboost.datasets.sources.base import split_of
from gliaboost.datasets.sources.patient_level import CHOICES, check_level
from gliaboost.datasets.sources.scan_names import (
    Kind,
    bids_entities,
    case_of,
    is_visit,
    kind_of,
    role_of,
    without_visit,
)
from gliaboost.errors import UsageError

# The folders of the Medical Segmentation Decathlon and of nnU-Net.
_DECATHLON = re.compile(r"(images|labels)(tr|ts|va|val)", re.IGNORECASE)
_SPLITS = {"tr": "train", "ts": "test", "va": "val", "val": "val"}
_CHANNEL = re.compile(r"(.+)_(\d{4})")
_FOLDER = re.compile(r"(?:folder:?)?(\d*)")


@dataclass(frozen=True)
class Entry:
    """A NIfTI file and what its place says of it.

    Parameters
    ----------
    file : pathlib.Path
        The file.
    path : pathlib.PurePath
        The same, seen from the data set's folder.
    kind : {"scan", "mask", "other"}
        What its name and folders say it is.
    name : str
        The file's name without ending, and without a channel's number.
    levels : tuple of str
        The folders that it lies in, but for splits, visits and kinds of picture; after the class.
    unit : tuple of str
        What a mask and its scan have in common: the folders but for kinds of picture.
    patient, session, split, label : str, optional
        Whose it is, of which visit, in which split and class.
    channel : int, optional
        The number that nnU-Net gives a sequence.
    derived : bool
        Whether it lies in the derivatives of a BIDS data set.
    """

    file: Path
    path: PurePath
    kind: Kind
    name: str
    levels: tuple[str, ...] = ()
    unit: tuple[str, ...] = ()
    patient: str | None = None
    session: str | None = None
    split: str | None = None
    label: str | None = None
    channel: int | None = None
    derived: bool = False


@dataclass
class ScanTree:
    """The scans and masks of a tree, and the files that were passed over, by reason."""

    scans: list[Entry] = field(default_factory=list)
    masks: list[Entry] = field(default_factory=list)
    passed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def find_scans(
    folder: Path,
    files: Iterable[Path],
    *,
    class_folders: bool = False,
    patient_from: str | None = None,
) -> ScanTree:
    """Tell scans from masks, and say whose each is.

    Parameters
    ----------
    folder : pathlib.Path
        The data set's.
    files : iterable of pathlib.Path
        All NIfTI files below it.
    class_folders : bool
        Take the first level of folders, after those of splits, for labels.
    patient_from : str, optional
        ``folder:N``, ``file``, ``bids`` or ``none``. Default: BIDS where names follow it, the case
        where folders are the Medical Segmentation Decathlon's, else the first level of folders
        that are neither splits nor kinds of picture, else the file's name.

    Raises
    ------
    UsageError
        If `patient_from` is another, or if it is unclear who is a patient.
    """
    layout = ScanTree()
    entries: list[Entry] = []
    known = _once(sorted(files), layout)
    beside: dict[Path, set[str]] = defaultdict(set)
    for file in known:
        for inner in file.relative_to(folder).parents[:-1]:
            beside[folder / inner.parent].add(inner.name)
    for file in known:
        entry = _entry(file, folder, class_folders, beside)
        if entry.kind == "other":
            layout.passed["a map that is neither scan nor mask of a tumour, by its name"].append(
                entry.path.as_posix()
            )
        else:
            entries.append(entry)
    entries = _without_channels(entries)
    read = _reader_of(folder, entries, class_folders, patient_from)
    for entry in entries:
        unlabelled = class_folders and entry.kind == "scan" and entry.label is None
        placed = "in no folder of a class" if unlabelled else read(entry)
        if isinstance(placed, str):
            layout.passed[placed].append(entry.path.as_posix())
        else:
            (layout.scans if placed.kind == "scan" else layout.masks).append(placed)
    _drop_derived(layout)
    return layout


def _once(files: list[Path], layout: ScanTree) -> list[Path]:
    """Pass over a file that lies beside itself, compressed or not."""
    found: dict[Path, Path] = {}
    for file in files:
        key = file.with_name(stem(file))
        if key in found:
            layout.passed["there twice, compressed and not"].append(file.name)
        found.setdefault(key, file)
    return list(found.values())


def _entry(file: Path, folder: Path, class_folders: bool, beside: Mapping[Path, set[str]]) -> Entry:
    """Read what folders say, but for who is the patient."""
    name, path, here = stem(file), file.relative_to(folder), folder
    kind = kind_of(name)
    levels: list[str] = []
    unit: list[str] = []
    said: dict[str, str] = {}
    for part in path.parent.parts:
        role = role_of(part, beside=beside[here], deep=bool(levels))
        here = here / part
        decathlon = _DECATHLON.fullmatch(part)
        if decathlon is not None:
            said["split"] = _SPLITS[decathlon[2].lower()]
            role = "masks" if decathlon[1].lower() == "labels" else "images"
        if role == "masks":
            kind = "other" if "other" in (kind, kind_of(part)) else "mask"
        if role in ("masks", "images"):
            continue
        if role == "split" and not levels:
            said["split"] = split_of(part) or ""
        elif class_folders and "label" not in said and role != "session":
            said["label"] = part
        elif role == "session":
            said["session"] = part
        elif part != "derivatives":
            levels.append(part)
        unit.append(part)
    return Entry(
        file,
        path,
        kind,
        name,
        tuple(levels),
        tuple(unit),
        session=said.get("session"),
        split=said.get("split"),
        label=said.get("label"),
    )


def _decathlon_folder(entry: Entry) -> int | None:
    """Find where the path has imagesTr or one of its kind."""
    parts = entry.path.parent.parts
    return next((i for i, part in enumerate(parts) if _DECATHLON.fullmatch(part)), None)


def _without_channels(entries: list[Entry]) -> list[Entry]:
    """Take nnU-Net's numbers of channels off the names, where labels go without them."""
    labels: dict[tuple[str, ...], set[str]] = defaultdict(set)
    scans: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for entry in entries:
        if _decathlon_folder(entry) is not None:
            (labels if entry.kind == "mask" else scans)[entry.levels].add(entry.name)
    numbered = set()
    for levels, names in scans.items():
        found = [_CHANNEL.fullmatch(n) for n in names]
        known = labels[levels]
        bare = {m[1] for m in found if m}
        if all(found) and (bare >= known if known else any(n.endswith("_0001") for n in names)):
            numbered.add(levels)
    return [
        replace(entry, name=match[1], channel=int(match[2]))
        if entry.kind == "scan"
        and entry.levels in numbered
        and _decathlon_folder(entry) is not None
        and (match := _CHANNEL.fullmatch(entry.name))
        else entry
        for entry in entries
    ]


def _reader_of(
    folder: Path, entries: Sequence[Entry], class_folders: bool, choice: str | None
) -> Callable[[Entry], Entry | str]:
    """Choose how to read whose a file is; a text that it gives is why the file is nobody's."""
    scans = [e for e in entries if e.kind == "scan" and (e.label is not None or not class_folders)]
    _check_classes(folder, scans)
    if choice is None:
        if sum(_subject(e) is not None for e in scans) * 2 > len(scans):
            return _by_entities
        plain = [(e.path, e.levels, e.name) for e in scans if _decathlon_folder(e) is None]
        outside = check_level(folder, plain, class_folders=class_folders)
        return lambda entry: (
            "outside of the patients' folders"
            if entry.path in outside
            else _by_level(entry, folder)
        )
    choice = choice.strip().lower()
    named = _FOLDER.fullmatch(choice)
    if choice and named is not None and int(named[1] or 1) > 0:
        level = int(named[1] or 1)
        return lambda entry: _by_folder(entry, level)
    known: dict[str, Callable[[Entry], Entry | str]] = {
        "bids": _by_entities,
        "file": lambda entry: _by_name(entry, folder),
        "none": lambda entry: entry,
    }
    if choice not in known:
        raise UsageError(f"--patient-from {choice!r}; expected {CHOICES}")
    return known[choice]


def _check_classes(folder: Path, scans: Sequence[Entry]) -> None:
    """Refuse a folder around those of the classes: it would be the one label of all."""
    labels = {entry.label for entry in scans}
    inner = {entry.levels[0] for entry in scans if entry.levels}
    if len(labels) == 1 and None not in labels and all(role_of(i) == "class" for i in inner):
        (label,) = labels
        if inner and all(entry.levels for entry in scans):
            raise UsageError(
                f"{folder} holds one folder of a class, {label}, and in it "
                f"{', '.join(sorted(inner))}; classes are expected directly below PATH: "
                f"{folder / str(label)}"
            )


def _by_level(entry: Entry, folder: Path) -> Entry:
    """Take the first level of folders, the decathlon's case, or the name of a file without one."""
    at = _decathlon_folder(entry)
    if at is not None:
        below = entry.path.parent.parts[at + 1 :]
        patient, visit = without_visit(below[0] if below else entry.name)
        return replace(entry, patient=patient, session=entry.session or visit)
    if not entry.levels:
        return _by_name(entry, folder)
    patient, visit = without_visit(entry.levels[0])
    below = tuple(part for part in entry.levels[1:2] if is_visit(part))
    session = entry.session or visit or next(iter(below), case_of(entry.name)[1])
    return replace(entry, patient=patient, session=session)


def _by_name(entry: Entry, folder: Path) -> Entry:
    patient, visit = case_of(entry.name)
    return replace(entry, patient=patient or folder.resolve().name, session=entry.session or visit)


def _by_folder(entry: Entry, level: int) -> Entry | str:
    parts = entry.path.parent.parts
    if len(parts) < level:
        return f"less than {level} folder(s) deep"
    session = entry.session or case_of(entry.name)[1]
    return replace(entry, patient=parts[level - 1], session=session)


def _by_entities(entry: Entry) -> Entry | str:
    patient = _subject(entry)
    if patient is None:
        return "without sub- in folder or name, in a BIDS data set"
    told = {key: _entity(entry, key) for key in ("sub", "ses")}
    if any(len(values) > 1 for values in told.values()):
        return "of another subject or session by its folder than by its name"
    session = next(iter(told["ses"]), None)
    derived = bool({"derivatives", "sourcedata"} & set(entry.path.parent.parts))
    return replace(
        entry, patient=patient, session=session, unit=(patient, session or ""), derived=derived
    )


def _entity(entry: Entry, key: str) -> set[str]:
    """Collect the values of an entity, from folders and name."""
    names = [p for p in entry.path.parent.parts if re.fullmatch(rf"{key}-[A-Za-z0-9]+", p)]
    value = bids_entities(entry.name).get(key)
    return {*names, *([f"{key}-{value}"] if value else [])}


def _subject(entry: Entry) -> str | None:
    return min(_entity(entry, "sub"), default=None)


def _drop_derived(layout: ScanTree) -> None:
    """Keep a subject's own scans where there are such, not what was computed from them."""
    own = {entry.patient for entry in layout.scans if not entry.derived}
    again = [e for e in layout.scans if e.derived and e.patient in own]
    if again:
        layout.scans = [e for e in layout.scans if e not in again]
        layout.passed["computed from scans that are there (derivatives)"] += [
            e.path.as_posix() for e in again
        ]


def without_lone_split(scans: list[Entry]) -> list[Entry]:
    """Forget the split where all scans are of one: there is nothing to test on."""
    if len({scan.split for scan in scans}) == 1:
        return [replace(scan, split=None) for scan in scans]
    return scans
