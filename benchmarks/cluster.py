"""Hold a benchmark on worker processes against one of this process: columns, folds, predictions.

Both are made by the command line; this compares what they left::

    for run in one two; do
      gliaboost extract M.parquet --features hog,lbp,glcm --store $run-store $WHERE
      gliaboost benchmark M.parquet --folds fold --features hog,lbp,glcm --models lightgbm,xgboost \
        --no-audit --no-controls --store $run-store --out $run $WHERE
      WHERE="--cluster local:2"
    done
    python -m benchmarks.cluster M.parquet one one-store two two-store

It writes ``benchmarks/results/cluster.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import gliaboost
from gliaboost.reports.protocol.record_file import read_record

OUT = Path(__file__).parent / "results" / "cluster.json"
FEATURES = "hog,lbp,glcm"


def columns(manifest: Path, store: Path) -> pd.DataFrame:
    """Read the columns that a store holds, refusing to compute any."""
    found = gliaboost.extract(manifest, features=FEATURES, store=store)
    if found.extraction.computed:
        sys.exit(f"{store} lacked {found.extraction.computed} images; give the store of the run")
    return found.to_frame()


def compared(one: pd.DataFrame, two: pd.DataFrame) -> dict[str, Any]:
    """Say whether two tables are the same, and how far apart their numbers are."""
    numeric = one.select_dtypes("number").columns
    return {
        "rows": len(one),
        "columns": len(one.columns),
        "identical": bool(one.equals(two)),
        "largest difference": float(np.abs(one[numeric] - two[numeric]).to_numpy().max()),
    }


def named(command: str, asked: argparse.Namespace) -> str:
    """Write a command with the names of the docstring."""
    for option, name in (
        ("manifest", "M.parquet"),
        ("one_store", "one-store"),
        ("two_store", "two-store"),
        ("one", "one"),
        ("two", "two"),
    ):
        command = command.replace(f" {getattr(asked, option)}", f" {name}")
    return command


def parts(store: Path) -> int:
    """Count a store's parts."""
    return len(list(store.rglob("part-*.parquet")))


def main() -> None:
    """Compare two runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("manifest", "one", "one_store", "two", "two_store"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    runs = [pd.read_parquet(run / "predictions.parquet") for run in (asked.one, asked.two)]
    records = [read_record(run) for run in (asked.one, asked.two)]
    found = {
        "command": "python -m benchmarks.cluster M.parquet one one-store two two-store",
        "runs": [named(r.protocol.command, asked) for r in records],
        "store parts": [parts(asked.one_store), parts(asked.two_store)],
        "features": compared(
            columns(asked.manifest, asked.one_store), columns(asked.manifest, asked.two_store)
        ),
        "folds": bool(runs[0][["key", "fold"]].equals(runs[1][["key", "fold"]])),
        "predictions": compared(*runs),
        "accuracy, pooled": {
            own.name: [own.accuracy.pooled, other.accuracy.pooled]
            for own, other in zip(*(record.experiments for record in records), strict=True)
        },
        "environment": {"cores": records[0].environment.cores, "versions": gliaboost.__version__},
    }
    asked.out.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
