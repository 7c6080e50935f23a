"""Pictures to try a model on: they lie in a folder beside its bundle."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

FOLDER = "samples"
# More would make the page long.
MOST = 8


def write_samples(rows: Iterable[tuple[str, Path]], beside: Path) -> list[Path]:
    """Copy the first picture of each label to where `samples_beside` finds it.

    Parameters
    ----------
    rows : iterable of (label, file)
        PNG pictures that the model was not trained on.
    beside : Path
        The bundle.

    Returns
    -------
    list of Path
        The copies, called after their labels.
    """
    folder = beside.parent / FOLDER
    folder.mkdir(exist_ok=True)
    written: dict[str, Path] = {}
    for label, file in rows:
        if label not in written and len(written) < MOST:
            written[label] = folder / f"{label}{file.suffix}"
            shutil.copyfile(file, written[label])
    return list(written.values())


def samples_beside(bundle: Path) -> list[Path]:
    """List the pictures that lie beside a bundle to be tried.

    Examples
    --------
    >>> samples_beside(Path("nowhere/model.joblib"))
    []
    """
    return sorted((bundle.parent / FOLDER).glob("*.png"))[:MOST]
