"""Labels of scans, from a table beside them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from gliaboost.datasets.columns import USUAL, plain, text, usual_names
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import NO_TUMOR, TUMOR, letters, targets, tumour_class
from gliaboost.datasets.tables import read_table
from gliaboost.errors import UsageError
from gliaboost.few import few

# Columns that say whose a label is, besides all usual names of images and of patients.
NAMES = ("patient", "file", "path", "name", "scan", "id")
SHOWN = 5


def read_labels(path: Path | str | None) -> dict[str, str]:
    """Read a table of two columns: a patient or file, and ``label``.

    Parameters
    ----------
    path : path-like, optional
        CSV of any usual dialect, or Parquet; None: no labels. ``label`` and the other column may
        have another usual name (``diagnosis``, ``Patient ID``).

    Returns
    -------
    dict of str to str
        Label by what the other column names, both as they stand: ``NA`` is a label, ``007`` and
        ``7`` are two patients. Rows with an empty cell are passed over.

    Raises
    ------
    UsageError
        If the file is absent or lacks the columns, or names something twice with two labels.
    """
    if path is None:
        return {}
    table = read_table(path).table
    spellings = {"label": USUAL["label"]}
    table = usual_names(table, spellings, str(path)).table
    known = {plain(n) for n in (*NAMES, *USUAL["patient"], *USUAL["path"])}
    named = [c for c in table.columns if plain(c) in known]
    if "label" not in table or not named:
        raise UsageError(
            f"{path} has columns {', '.join(map(str, table.columns))}; expected 'label' and one of "
            f"{', '.join(NAMES)}"
        )
    # "patient" goes before "Patient"; two that differ and are neither are refused.
    table = usual_names(table, {plain(named[0]): (named[0],)}, str(path)).table
    pairs = dict.fromkeys(zip(text(table[plain(named[0])]), text(table["label"]), strict=True))
    labels: dict[str, str] = {}
    twice = []
    for name, label in pairs:
        if not isinstance(name, str) or not isinstance(label, str):
            continue
        if name in labels:
            twice.append(name)
        labels[name] = label
    if twice:
        raise UsageError(f"{path} gives two labels to {few(twice, SHOWN)}; give one")
    return labels


def fingerprint(labels: Mapping[str, str]) -> str:
    """Hash labels, so that a record of them names no patient."""
    text = "\n".join(f"{name}\t{label}" for name, label in sorted(labels.items()))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def known_class(name: str) -> str | None:
    """Name the class that a usual spelling means, also where it says no more than that of a tumour.

    Examples
    --------
    >>> known_class("Tumor"), known_class("yes"), known_class("mri_glioma"), known_class("Healthy")
    ('tumor', 'tumor', 'glioma', 'no_tumor')
    >>> known_class("abscess") is None
    True
    """
    bare = re.sub(r"^(brain|mri|ct)+", "", letters(name))
    return TUMOR if re.fullmatch(r"tumou?rs?|yes", bare) else tumour_class(name)


def told(label: str | None) -> dict[str, str | None]:
    """Give a user's label as it is, with the presence and type that a usual spelling means.

    Examples
    --------
    >>> told("Glioma_Tumor")
    {'label': 'Glioma_Tumor', 'presence': 'tumor', 'type': 'glioma'}
    """
    known = None if label is None else known_class(label) or label
    return {**targets(known), "label": label}


def presence_of(value: str) -> str:
    """Tell a cell of a column ``presence`` as ``tumor`` or ``no_tumor``; what is neither stays.

    Examples
    --------
    >>> [presence_of(v) for v in ("1", "True", "yes", "0", "FALSE", "unsure")]
    ['tumor', 'tumor', 'tumor', 'no_tumor', 'no_tumor', 'unsure']
    """
    lower = value.strip().lower()
    if lower in ("1", "1.0", "true", "t", "y", "present", "positive", "pos", "+"):
        return TUMOR
    if lower in ("0", "0.0", "false", "f", "n", "absent", "negative", "neg", "-"):
        return NO_TUMOR
    return told(value)["presence"] or value


def fill_targets(manifest: Manifest) -> Manifest:
    """Add ``presence`` and ``type`` where usual spellings of labels tell them.

    Columns that are there stay as they are; none is added that would be empty.

    Examples
    --------
    >>> import pandas as pd
    >>> m = Manifest.of(pd.DataFrame({"path": ["a", "b"], "label": ["Glioma", "no tumor"]}), ".")
    >>> fill_targets(m).table["presence"].tolist()
    ['tumor', 'no_tumor']
    """
    labels = [v if isinstance(v, str) else None for v in manifest.table["label"]]
    table = manifest.table.copy()
    for column in ("presence", "type"):
        values = [told(label)[column] for label in labels]
        if column not in table and any(values):
            table[column] = values
    return Manifest.of(table, manifest.root, manifest.name, manifest.notes)
