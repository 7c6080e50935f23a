"""What is broken, duplicated, leaking or contradictory in a manifest; deletes nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from gliaboost.datasets.audit.cleaning import carry_over, drop, write_groups
from gliaboost.datasets.audit.duplicates import NEIGHBOUR, link
from gliaboost.datasets.audit.finest import finest
from gliaboost.datasets.audit.metadata_leak import Betrayal, betrayals, metadata
from gliaboost.datasets.audit.orientation import NAMES
from gliaboost.datasets.audit.patients import Straddler, straddlers
from gliaboost.datasets.audit.pictures import ImageRecord, read_pictures
from gliaboost.datasets.audit.report import AuditReport, FileFault
from gliaboost.datasets.audit.verdict import SIDES
from gliaboost.datasets.components import connected, sharing
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.patient_ids import families
from gliaboost.errors import UsageError
from gliaboost.progress import SILENT, Progress, Substage

__all__ = ["AuditReport", "FileFault", "audit", "carry_over", "drop", "write_groups"]

# A picture with a side shorter than this shows no texture worth a feature, in pixels.
TINY = 64
# A picture longer than this many times its width, or wider, is no slice as a scanner makes it.
ODD_ASPECT = 2.0
# Modes that hold grey as it is; an RGB file is plain when its channels are equal.
PLAIN_MODES = ("", "L", "RGB")


def audit(
    manifest: Manifest,
    *,
    against: Manifest | None = None,
    jobs: int | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> AuditReport:
    """Look for what would make a result on these images worthless.

    Parameters
    ----------
    manifest : Manifest
        Any rows; files that are missing or broken are findings, not errors. Do not `check` it
        first: a patient on two sides is a finding too.
    against : Manifest, optional
        Find which of the rows show pictures of this manifest.
    jobs : int, optional
        Threads; default all cores of this process.
    seed : int
        For the folds and the resampling of the metadata's accuracy.
    progress : Progress, optional
        Hears of the files to read.

    Returns
    -------
    AuditReport
        The findings.

    Raises
    ------
    UsageError
        If the manifest, or the other, has no rows or a row without a path.

    Examples
    --------
    >>> import tempfile, numpy as np, pandas as pd
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from gliaboost.datasets.manifest import Manifest
    >>> folder = Path(tempfile.mkdtemp())
    >>> tiles = np.random.default_rng(0).integers(0, 255, (8, 8), np.uint8)
    >>> slice_ = np.kron(tiles, np.ones((16, 16), np.uint8))
    >>> Image.fromarray(slice_).save(folder / "a.png")
    >>> Image.fromarray(slice_[:, ::-1].copy()).save(folder / "b.png")
    >>> table = pd.DataFrame({"path": ["a.png", "b.png"], "split": ["train", "test"]})
    >>> leak = audit(Manifest.of(table, folder)).to_dict()["leaks"][0]
    >>> leak["kind"], leak["orientation"], leak["across"]
    ('near', 'mirrored', {'split': ['train', 'test']})
    """
    for one in (manifest, against):
        if one is not None and (not len(one) or one.table["path"].isna().any()):
            raise UsageError(
                f"{one.name}: no rows, or rows without a path; an audit needs a file in every row"
            )
    clock = _Clock()
    total = len(manifest) + (0 if against is None else len(against))
    pictures = read_pictures(
        manifest.paths, jobs=jobs, progress=Substage(progress, "reading", total=total)
    )
    others = None
    if against is not None:
        others = read_pictures(
            against.paths,
            jobs=jobs,
            progress=Substage(progress, "reading", before=len(manifest), total=total),
        )
    clock.lap("read")
    links, neighbours = _parted(link(pictures, jobs=jobs))
    matches = pd.DataFrame()
    if against is not None and others is not None:
        same, _ = _parted(link(pictures, others, jobs=jobs))
        matches = _named(same, manifest, against, pictures, others)
    clock.lap("search")
    table = _described(manifest, pictures, links)
    found = _betrayals(manifest, pictures, table, seed)
    clock.lap("metadata")
    patients, related, known = _straddlers(table)
    return AuditReport(
        manifest=manifest.name,
        table=table,
        faults=list(_faults(manifest, pictures)),
        links=links,
        neighbours=neighbours,
        straddlers=patients,
        families=known,
        straddling_families=related,
        betrayals=found,
        against=None if against is None else against.name,
        matches=matches,
        seconds=clock.laps,
    )


def _parted(pairs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part pairs of the same picture from pairs of neighbours."""
    apart = pairs["kind"] == NEIGHBOUR
    return pairs[~apart].reset_index(drop=True), pairs[apart].reset_index(drop=True)


def _faults(manifest: Manifest, pictures: Sequence[ImageRecord]) -> Iterator[FileFault]:
    for row, (path, picture) in enumerate(zip(manifest.table["path"], pictures, strict=True)):
        for kind, detail in _wrong(picture):
            yield FileFault(row, str(path), kind, detail)


def _wrong(picture: ImageRecord) -> Iterator[tuple[str, str]]:
    if picture.error:
        yield "unreadable", picture.error
        return
    width, height, mode = picture.width, picture.height, picture.header.mode
    if picture.blank:
        yield "blank", "all but 0.5 % of the pixels have one grey"
    if min(width, height) < TINY:
        yield "tiny", f"{width} x {height} pixels, at least {TINY} a side expected"
    if picture.coloured:
        yield "mode", f"shows colours (mode {mode}), a grey slice expected"
    elif mode not in PLAIN_MODES:
        yield "mode", f"mode {mode}, 8-bit grey (L, or RGB with equal channels) expected"
    if max(width, height) > ODD_ASPECT * min(width, height):
        yield (
            "aspect",
            f"{width} x {height} pixels, sides within a factor of {ODD_ASPECT:g} expected",
        )


def _described(
    manifest: Manifest, pictures: Sequence[ImageRecord], links: pd.DataFrame
) -> pd.DataFrame:
    return manifest.table.assign(
        width=[p.width for p in pictures],
        height=[p.height for p in pictures],
        format=[p.header.kind for p in pictures],
        mode=[p.header.mode for p in pictures],
        cluster=connected(links["a"], links["b"], len(pictures)),
    )


def _named(
    pairs: pd.DataFrame,
    manifest: Manifest,
    against: Manifest,
    pictures: Sequence[ImageRecord],
    others: Sequence[ImageRecord],
) -> pd.DataFrame:
    """Give pairs of two manifests their paths and labels, and say whose mask would fit."""
    own, theirs = manifest.table.iloc[pairs["a"]], against.table.iloc[pairs["b"]]
    same_size = [
        (pictures[a].width, pictures[a].height) == (others[b].width, others[b].height)
        for a, b in zip(pairs["a"], pairs["b"], strict=True)
    ]
    in_place = (pairs["orientation"] == NAMES[0]) & pairs["adjusted"].isin(["", "contrast"])
    return pairs.assign(
        path=own["path"].to_numpy(),
        other_path=theirs["path"].to_numpy(),
        label=finest(own).to_numpy(),
        other_label=finest(theirs).to_numpy(),
        mask_fits=in_place & np.array(same_size, bool),
    )


def _betrayals(
    manifest: Manifest, pictures: Sequence[ImageRecord], table: pd.DataFrame, seed: int
) -> list[Betrayal]:
    labelled = table["label"].notna()
    readable = [i for i, p in enumerate(pictures) if not p.error and labelled.iloc[i]]
    known = Manifest(manifest.table.iloc[readable].reset_index(drop=True), manifest.root)
    # Slices of one patient, and copies of one picture, share their metadata: one side of each cut.
    joined = sharing(table["patient"], table["cluster"])[readable]
    columns = metadata(known, [pictures[i] for i in readable])
    return betrayals(columns, known.table["label"].to_numpy(dtype=object), joined, seed=seed)


def _straddlers(
    table: pd.DataFrame,
) -> tuple[list[Straddler], list[Straddler], dict[str, list[str]]]:
    """Return patients on several sides, families on several sides, and all families."""
    family = families(table["patient"].dropna().unique())
    names = table["patient"].map(family)
    patients, related = [], []
    for column in SIDES:
        across = straddlers(table["patient"], table[column], table["patient"])
        patients += across
        alone = {s.name for s in across}
        related += [
            s
            for s in straddlers(names, table[column], table["patient"])
            if not alone.intersection(s.ids)  # one id alone is such a patient
        ]
    members: dict[str, list[str]] = {}
    for patient, name in family.items():
        members.setdefault(name, []).append(patient)
    return patients, related, {k: sorted(v) for k, v in sorted(members.items()) if len(v) > 1}


class _Clock:
    """Wall time between laps."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name], self._last = now - self._last, now
