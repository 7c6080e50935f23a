"""A manifest in a few lines: images by class and split, patients, what was done, what is next."""

from __future__ import annotations

import textwrap
from pathlib import Path
from shlex import quote

from gliaboost.datasets.manifest import LEGAL, Manifest
from gliaboost.datasets.sources.class_names import same_classes

WIDTH = 100
WITHOUT = "(no label)"


def describe(manifest: Manifest, out: Path | str) -> list[str]:
    """Say what is in a manifest that was just written.

    Parameters
    ----------
    manifest : Manifest
        The manifest.
    out : path-like
        Where it was written.

    Returns
    -------
    list of str
        Lines: counts, patients or what to do without them, notes, and the next command.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"path": list("abc"), "label": ["x", "x", "y"], "patient": list("ppq")}
    >>> for line in describe(Manifest.of(pd.DataFrame(rows), "."), "m.csv"):
    ...     print(line)
    m.csv: 3 images, 2 classes, 2 patients
      x                         2
      y                         1
    next: gliaboost audit m.csv
    """
    name, patients = quote(str(out)), int(manifest.table["patient"].nunique())
    unknown = int(manifest.table["patient"].isna().sum())
    known = f"{patients} patients" if patients else "patients unknown"
    if patients and unknown:
        known += f" ({unknown} images without one)"
    classes = len(manifest.classes)
    lines = [f"{out}: {len(manifest)} images, {classes} classes, {known}"]
    lines += _counts(manifest)
    for note in manifest.notes:
        lines += textwrap.wrap(
            note, WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False
        )
    lines += _alike(manifest)
    if not patients:
        lines += [
            "patients unknown: slices of one person may lie on both sides of a split. If they are",
            r"  known: --patients FILE.csv, or --patient-regex '(?P<patient>P\d+)' for their paths",
        ]
    return [*lines, f"next: gliaboost audit {name}"]


def _alike(manifest: Manifest) -> list[str]:
    """Name classes that differ by spelling alone; a folder's are joined, a table's never."""
    groups: dict[str, list[str]] = {}
    for name, joined in same_classes(manifest.classes).items():
        groups.setdefault(joined, []).append(name)
    several = [names for names in groups.values() if len(names) > 1]
    return [
        f"{' and '.join(names)} differ by spelling alone; if they are one class: gliaboost "
        f"manifest edit --rename {quote(f'{names[-1]}={names[0]}')}"
        for names in several
    ]


def _counts(manifest: Manifest) -> list[str]:
    labels = manifest.table["label"].fillna(WITHOUT)
    splits = [s for s in LEGAL["split"] if (manifest.table["split"] == s).any()]
    without = manifest.table["split"].isna() if splits else None
    columns = [(s, manifest.table["split"] == s) for s in splits]
    if without is not None and without.any():
        columns.append(("none", without))
    names = [*manifest.classes, *([WITHOUT] if (labels == WITHOUT).any() else [])]
    width = max((len(name) for name in names), default=0)
    width = max(width, 20)
    head = "".join(f"{name:>7}" for name, _ in columns)
    lines = [f"  {'':<{width}}{head}{'all':>7}"] if columns else []
    for name in names:
        here = labels == name
        cells = "".join(f"{int((here & there).sum()):>7}" for _, there in columns)
        lines.append(f"  {name:<{width}}{cells}{int(here.sum()):>7}")
    return lines
