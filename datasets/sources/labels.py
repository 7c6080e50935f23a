"""Labels of scans, from a table beside them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import TUMOR, letters, targets, tumour_class
from gliaboost.errors import UsageError

NAMES = ("patient", "file", "path", "name", "scan", "id")


def read_labels(path: Path | str | None) -> dict[str, str]:
    """Read a CSV table of two columns: a patient or file, and ``label``.

    Parameters
    ----------
    path : path-like, optional
        The table; None: no labels.

    Returns
    -------
    dict of str to str
        Label by what the first column names.

    Raises
    ------
    UsageError
        If the file is absent or lacks the columns, or names something twice with two labels.
    """
    if path is None:
        return {}
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype=str)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the labels {path}: {error}") from error
    named = [c for c in table.columns if c.lower() in NAMES]
    if "label" not in table or not named:
        raise UsageError(
            f"{path} has columns {', '.join(table.columns)}; expected 'label' and one of "
            f"{', '.join(NAMES)}"
        )
    table = table.dropna(subset=[named[0], "label"]).drop_duplicates([named[0], "label"])
    twice = sorted(set(table.loc[table[named[0]].duplicated(), named[0]]))
    if twice:
        raise UsageError(f"{path} gives two labels to {', '.join(twice[:5])}; give one")
    return dict(zip(table[named[0]], table["label"], strict=True))


def fingerprint(labels: Mapping[str, str]) -> str:
    """Hash labels, so that a record of them names no patient."""
    text = "\n".join(f"{name}\t{label}" for name, label in sorted(labels.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def known_class(name: str) -> str | None:
    """Name the class that a usual spelling means, also where it says no more than that of a tumour.

    Examples
    --------
    >>> known_class("Tumor"), known_class("yes"), known_class("mri_glioma"), known_class("Healthy")
    ('tumor', 'tumor', 'glioma', 'no_tumor')
    >>> known_class("abscess") is None
    True
    """
    plain = re.sub(r"^(brain|mri|ct)+", "", letters(name))
    return TUMOR if re.fullmatch(r"tumou?rs?|yes", plain) else tumour_class(name)


def told(label: str | None) -> dict[str, str | None]:
    """Give a user's label as it is, with the presence and type that a usual spelling means.

    Examples
    --------
    >>> told("Glioma_Tumor")
    {'label': 'Glioma_Tumor', 'presence': 'tumor', 'type': 'glioma'}
    """
    known = None if label is None else known_class(label) or label
    return {**targets(known), "label": label}


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
    return Manifest.of(table, manifest.root, manifest.name)
