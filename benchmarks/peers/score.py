"""Score what peers predicted, by gliaboost's own statistics: python -m benchmarks.peers.score."""

from __future__ import annotations

import argparse
import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.measure import machine, table
from gliaboost.errors import UsageError
from gliaboost.files import replacing
from gliaboost.reports.statistics.evaluation import arrays, evaluate
from gliaboost.reports.statistics.paired import compare

# Where neither the patient nor a group is known, an image is its own unit.
UNITS = ["patient", "group"]


@dataclass(frozen=True)
class Run:
    """What one peer left behind.

    Attributes
    ----------
    name : str
        Of its folder.
    predictions : pandas.DataFrame
        Columns ``path``, ``fold``, ``predicted``, ``proba_CLASS``, and from the table ``label`` and
        what is known of ``patient`` and ``group``.
    facts : list of dict
        A fold each: ``fold``, ``seconds``, ``versions``, ``settings``, ``cost``.
    """

    name: str
    predictions: pd.DataFrame
    facts: list[dict[str, Any]]


def read_run(folder: Path, truth: pd.DataFrame) -> Run:
    """Read a peer's folds and hold them against the table's.

    Parameters
    ----------
    folder : Path
        ``FOLD.parquet`` and ``FOLD.json``, as `benchmarks.peers.fold_table.write_fold` writes
        them, and ``FOLD.cost.json`` of `benchmarks.peers.run`, where that called the peer.
    truth : pandas.DataFrame
        Columns ``path``, ``label``, ``fold``, and, where known, ``patient`` and ``group``. What a
        peer says of labels and patients is not asked.

    Raises
    ------
    UsageError
        If there is no fold, or one lacks rows of the table's, has others or one twice, or has
        probabilities that are none. All faults are told.
    """
    truth = truth.assign(fold=truth["fold"].astype(str), label=truth["label"].astype(str))
    classes = sorted(truth["label"].unique())
    known = [c for c in UNITS if c in truth]
    frames, facts, faults = [], [], []
    for path in sorted(folder.glob("*.parquet")):
        fold, frame = path.stem, pd.read_parquet(path)
        asked = truth[truth["fold"] == fold]
        try:
            wrong = _row_faults(frame, asked)
            if wrong:
                faults += [f"{path}: {fault}" for fault in wrong]
                continue
            frame = frame.merge(asked[["path", "label", *known]], on="path", validate="1:1")
            arrays(frame, classes)
        except UsageError as error:
            faults.append(f"{path}: {error}")
            continue
        frames.append(frame.assign(fold=fold))
        cost = path.with_suffix(".cost.json")
        facts.append(
            {
                **json.loads(path.with_suffix(".json").read_text("utf-8")),
                "cost": json.loads(cost.read_text("utf-8")) if cost.exists() else {},
            }
        )
    if faults:
        raise UsageError("\n".join(faults))
    if not frames:
        raise UsageError(f"{folder} holds no FOLD.parquet")
    return Run(folder.name, pd.concat(frames, ignore_index=True), facts)


def _row_faults(frame: pd.DataFrame, asked: pd.DataFrame) -> list[str]:
    if "path" not in frame:
        return [f"no column path; it has {', '.join(map(str, frame.columns))}"]
    if asked.empty:
        return ["the table has no fold of that name"]
    here, there = set(frame["path"]), set(asked["path"])
    counts = {
        "rows of the table's fold that are not there": len(there - here),
        "rows that the table's fold does not have": len(here - there),
        "rows more than once": len(frame) - len(here),
    }
    return [f"{count} {what}" for what, count in counts.items() if count]


def score(run: Run, reference: Run | None = None) -> dict[str, Any]:
    """Measure a peer, and beside a reference on the images of both.

    Returns
    -------
    dict
        ``accuracy`` (pooled, 95 % interval by patient, by fold), ``macro_f1``, ``macro_auc`` and
        ``brier``, what they rest on, medians of the cost by fold, and ``against`` the reference.
    """
    names = map(str, run.predictions.columns)
    classes = sorted(c.removeprefix("proba_") for c in names if c.startswith("proba_"))
    measured = evaluate(run.predictions, classes)
    result: dict[str, Any] = {
        "peer": run.name,
        "accuracy": {
            "pooled": measured.accuracy.pooled,
            "ci95": measured.accuracy.ci95,
            "by fold": {name: fold.accuracy for name, fold in measured.by_fold.items()},
        },
        **{
            name: {"pooled": getattr(measured, name).pooled, "ci95": getattr(measured, name).ci95}
            for name in ("macro_f1", "macro_auc", "brier")
        },
        "images": measured.counts.images,
        "units": measured.counts.groups,
        "unit": measured.bootstrap.unit,
        "median of a fold": medians(run.facts),
    }
    if reference is not None and reference.name != run.name:
        (beside,) = compare([run.predictions, reference.predictions])
        result["against"] = {
            "peer": reference.name,
            "images": beside.images,
            "difference": beside.difference,
            "ci95": beside.ci95,
            "p": beside.p,
        }
    return {**result, "folds": run.facts}


def medians(facts: list[dict[str, Any]]) -> dict[str, float]:
    """Take the median of each number that all folds have."""
    rows = [
        {
            **{f"{name} s": value for name, value in one["seconds"].items()},
            **{k: v for k, v in one["cost"].items() if k not in ("exit", "command")},
        }
        for one in facts
    ]
    shared = [name for name in rows[0] if all(name in row for row in rows)]
    return {name: round(statistics.median(row[name] for row in rows), 3) for name in shared}


def markdown(results: list[dict[str, Any]]) -> str:
    """Lay out one row a peer."""
    rows = []
    for one in results:
        accuracy, cost = one["accuracy"], one["median of a fold"]
        low, high = accuracy["ci95"] or (float("nan"), float("nan"))
        beside = one.get("against")
        rows.append(
            [
                one["peer"],
                ", ".join(accuracy["by fold"]),
                f"{one['images']:,}",
                f"{accuracy['pooled']:.3f} [{low:.3f}, {high:.3f}]",
                _points(beside) if beside else "",
                *(_cell(cost.get(name)) for name in ("wall s", "core s", "peak MiB")),
            ]
        )
    head = ["peer", "folds", "images", "accuracy", "points against ours", "s", "core s", "MiB"]
    return table(head, rows) + "\n"


def _points(beside: dict[str, Any]) -> str:
    low, high = beside["ci95"] or (float("nan"), float("nan"))
    return f"{100 * beside['difference']:+.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, help="the folder that benchmarks.peers.run wrote")
    parser.add_argument("--table", type=Path, required=True, help="the table that peers read")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "results" / "peers")
    parser.add_argument("--reference", default="gliaboost-lightgbm")
    asked = parser.parse_args()
    whole = pd.read_parquet(asked.table)
    truth = whole[[c for c in ("path", "label", "fold", *UNITS) if c in whole]]
    folders = sorted(f for f in asked.runs.iterdir() if any(f.glob("*.parquet")))
    runs = {folder.name: read_run(folder, truth) for folder in folders}
    asked.out.mkdir(parents=True, exist_ok=True)
    results = [score(run, runs.get(asked.reference)) for run in runs.values()]
    results.sort(key=lambda r: (r["peer"] != asked.reference, r["peer"]))
    for one in results:
        text = json.dumps({**one, "machine": machine()}, indent=1) + "\n"
        with replacing(asked.out / f"{one['peer']}.json") as temporary:
            temporary.write_text(text, "utf-8")
    with replacing(asked.out / "table.md") as temporary:
        temporary.write_text(markdown(results), "utf-8")
    print(markdown(results))


if __name__ == "__main__":
    main()
