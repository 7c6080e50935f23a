"""What peers read and write: the table of ``gliaboost features``, and predictions of one fold.

Knows nothing of gliaboost: a peer's environment has pandas, numpy and pyarrow beside the peer.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class FoldTable:
    """One fold of a table.

    Attributes
    ----------
    path : Path
        The file it came from; the images' paths are relative to its folder.
    train, test : pandas.DataFrame
        Columns ``path``, ``label``, ``patient``, ``fold`` and all others that were there.
    columns : list of str
        Those of the features: the columns of 32-bit floats.
    classes : list of str
        In sorted order.
    """

    path: Path
    train: pd.DataFrame
    test: pd.DataFrame
    columns: list[str]
    classes: list[str]


def read_fold(path: Path, fold: str) -> FoldTable:
    """Read a table and cut it where `fold` says."""
    table = pd.read_parquet(path)
    tested = table["fold"].astype(str) == fold
    if not tested.any():
        raise SystemExit(f"{path} has no fold {fold}: it has {sorted(set(table['fold']))}")
    return FoldTable(
        path,
        table[~tested].reset_index(drop=True),
        table[tested].reset_index(drop=True),
        [str(c) for c in table.columns if table[c].dtype == np.float32],
        sorted(table["label"].astype(str).unique()),
    )


def held_out_patients(table: pd.DataFrame, seed: int, parts: int = 8) -> NDArray[np.bool_]:
    """Mark the rows of one patient in `parts` of each class, to validate on.

    A patient counts to the class of its first row.
    """
    first = table.drop_duplicates("patient")
    rng = np.random.default_rng(seed)
    chosen: list[Any] = []
    for _, patients in first.groupby("label")["patient"]:
        count = max(1, round(len(patients) / parts))
        chosen += rng.permutation(patients.to_numpy())[:count].tolist()
    return table["patient"].isin(chosen).to_numpy()


@dataclass
class Stopwatch:
    """Seconds by the name of a step."""

    seconds: dict[str, float] = field(default_factory=dict)
    _last: float = field(default_factory=time.perf_counter)

    def lap(self, name: str) -> None:
        """Give the time since the lap before to `name`."""
        now = time.perf_counter()
        self.seconds[name] = round(now - self._last, 3)
        self._last = now


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of what every peer is asked: a table, a fold, and where to write."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--table", type=Path, required=True, help="of gliaboost features")
    parser.add_argument("--fold", required=True, help="name of the fold to test on")
    parser.add_argument("--out", type=Path, required=True, help="FOLD.parquet and FOLD.json below")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def write_fold(
    out: Path,
    data: FoldTable,
    probabilities: NDArray[Any],
    seconds: dict[str, float],
    packages: Sequence[str],
    settings: dict[str, Any],
) -> Path:
    """Write ``FOLD.parquet`` (path, fold, predicted, proba_CLASS) and ``FOLD.json`` of one fold.

    Parameters
    ----------
    out : Path
        Folder of the peer.
    data : FoldTable
    probabilities : float array [len(data.test), len(data.classes)]
        Columns as `data.classes`.
    seconds : dict of str to float
        ``read``, ``fit``, ``predict``.
    packages : sequence of str
        Distributions whose versions to note.
    settings : dict
        What a reader must know of how it was fitted.
    """
    values = np.asarray(probabilities, np.float64)
    frame = pd.DataFrame(
        {
            "path": data.test["path"].to_numpy(),
            "fold": data.test["fold"].astype(str).to_numpy(),
            "predicted": np.asarray(data.classes)[values.argmax(axis=1)],
            **{f"proba_{name}": values[:, k] for k, name in enumerate(data.classes)},
        }
    )
    out.mkdir(parents=True, exist_ok=True)
    name = str(frame["fold"].iloc[0])
    facts = {
        "fold": name,
        "seconds": seconds,
        "versions": {p: importlib.metadata.version(p) for p in packages},
        "settings": settings,
    }
    (out / f"{name}.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    path = out / f"{name}.parquet"
    frame.to_parquet(path, index=False)
    return path
