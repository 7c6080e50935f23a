"""What the audit and FiftyOne found of planted copies: python -m benchmarks.peers.score_leaks."""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.measure import RESULTS, machine, table
from gliaboost.files import replacing


def judged(planted: pd.DataFrame, flagged: Collection[int]) -> dict[str, Any]:
    """Count planted copies that were found, and images that were flagged for nothing.

    Parameters
    ----------
    planted : pandas.DataFrame
        A row an image: ``copy_of`` (row of the original; -1 where it is no copy) and ``kind``.
    flagged : collection of int
        Rows that are said to be on both sides.

    Returns
    -------
    dict
        A copy is found where it or its original is flagged. A false alarm is a flagged image that
        is neither a copy nor copied.
    """
    here = set(flagged)
    copies = planted[planted["copy_of"] >= 0]
    hit = [row in here or of in here for row, of in copies["copy_of"].items()]
    concerned = set(copies.index) | set(copies["copy_of"])
    by_kind = pd.Series(hit, index=copies.index).groupby(copies["kind"]).agg(["sum", "size"])
    return {
        "planted": len(copies),
        "found": int(sum(hit)),
        "others": len(planted) - len(concerned),
        "false alarms": len(here - concerned),
        "by kind": {str(k): [int(f), int(n)] for k, f, n in by_kind.itertuples()},
    }


def row(name: str, one: dict[str, Any]) -> list[str]:
    """Lay out one line of the table."""
    by_kind = one["by kind"]
    crops = [v for k, v in by_kind.items() if k.startswith("cropped")]
    plain = [v for k, v in by_kind.items() if not k.startswith("cropped")]
    return [
        name,
        *(f"{sum(f for f, _ in v):,} of {sum(n for _, n in v):,}" for v in (plain, crops)),
        f"{one['false alarms']:,} of {one['others']:,}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("planted", type=Path, help="the folder of plant_copies and leaky_splits")
    parser.add_argument("--out", type=Path, default=RESULTS / "peers" / "leaky-splits.json")
    asked = parser.parse_args()
    planted = pd.read_parquet(asked.planted / "planted.parquet")
    ours = json.loads((asked.planted / "audit.json").read_text("utf-8"))
    theirs = json.loads((asked.planted / "fiftyone.json").read_text("utf-8"))
    pairs = {tuple(pair) for pair in ours.pop("pairs")}
    copies = planted[planted["copy_of"] >= 0]
    truth = set(zip(copies["copy_of"].tolist(), copies.index.tolist(), strict=True))
    found = {"audit": judged(planted, {r for pair in pairs for r in pair})}
    leaks = theirs.pop("leaks")
    found |= {f"FiftyOne, threshold {t}": judged(planted, rows) for t, rows in leaks.items()}
    result = {
        "images": len(planted),
        "audit": {
            **ours,
            "pairs found": len(pairs & truth),
            "pairs that were not planted": len(pairs - truth),
        },
        "fiftyone": theirs,
        "found": found,
        "machine": machine(),
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(asked.out) as temporary:
        temporary.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    head = ["", "copies found", "cropped copies found", "false alarms"]
    print(table(head, [row(name, one) for name, one in found.items()]))


if __name__ == "__main__":
    main()
