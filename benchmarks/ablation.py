"""What each family of columns brings, and a head before the trees: from finished runs.

    python -m benchmarks.ablation RUN... --out ABLATION.json

Each RUN is the folder of a ``gliaboost benchmark`` with the same folds. Every experiment on columns
is a row. Two experiments are set against each other where one family alone makes the difference, in
the same model, or where the columns are the same and only a head stands before the trees. Intervals
draw patients; McNemar's test is for whole patients, with Holm's correction over all pairs shown.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from benchmarks.measure import table
from gliaboost.reports.protocol.results import read_results
from gliaboost.reports.statistics.paired import compare, holm

TEXTURE = frozenset({"hog", "lbp", "glcm"})
# Of the same columns, the trees behind `stacked`.
TREES, HEADED = "lightgbm", "stacked"


class Row(NamedTuple):
    """An experiment on columns."""

    model: str
    families: frozenset[str]
    accuracy: float
    ci95: tuple[float, float]
    by_fold: dict[str, float]
    predictions: pd.DataFrame

    @property
    def name(self) -> str:
        """Say what it is in a few words."""
        return f"{self.model} on {' + '.join(ordered(self.families))}"


def ordered(families: frozenset[str]) -> list[str]:
    """Put texture first and the region last."""
    return sorted(families, key=lambda name: (name != "texture", "region" in name, name))


def families_of(features: Sequence[str]) -> frozenset[str]:
    """Name the families, the three texture features as one.

    Examples
    --------
    >>> ordered(families_of(["hog", "lbp", "glcm", "region:maps=classical"]))
    ['texture', 'region, no network']
    >>> ordered(families_of(["embedding:avg-max-layer2-layer3", "lbp"]))
    ['embedding, layer2-layer3', 'lbp']
    """
    names = set(features)
    whole = names >= TEXTURE
    kept = names - TEXTURE if whole else names
    found = {"texture"} if whole else set()
    for name in kept:
        if name.startswith("region"):
            found.add("region, no network" if "maps=classical" in name else "region")
        else:
            family, _, said = name.partition(":")
            layers = "-".join(word for word in said.split("-") if word.startswith("layer"))
            found.add(f"{family}, {layers}" if layers else family)
    return frozenset(found)


def rows_of(folder: Path) -> Iterator[Row]:
    """Read the experiments on columns of one run, controls left out."""
    results = read_results(folder)
    for each in results.experiments:
        record = each.record
        if each.on_columns:
            # An experiment that was measured has a pooled accuracy; an interval needs patients.
            assert record.accuracy.pooled is not None and record.accuracy.ci95 is not None
            predictions = each.predictions
            right = predictions["label"] == predictions["predicted"]
            yield Row(
                record.model,
                families_of(record.features),
                record.accuracy.pooled,
                record.accuracy.ci95,
                {str(k): float(v) for k, v in right.groupby(predictions["fold"]).mean().items()},
                predictions,
            )


def differing(one: Row, other: Row) -> str:
    """Name what the second has more than the first; empty where it is not one thing."""
    more = other.families - one.families
    if one.model == other.model and len(more) == 1 and one.families < other.families:
        return next(iter(more))
    if one.families == other.families and (one.model, other.model) == (TREES, HEADED):
        return "a head before the trees"
    return ""


def pairs_of(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Set rows against each other that differ by one thing."""
    found: list[dict[str, Any]] = []
    for one, other in (p for pair in combinations(rows, 2) for p in (pair, pair[::-1])):
        added = differing(one, other)
        if not added:
            continue
        measured = compare([other.predictions, one.predictions])[0]
        assert measured.ci95 is not None
        found.append(
            {
                "added": added,
                "to": one.name,
                "points": round(100 * measured.difference, 2),
                "ci95": [round(100 * v, 2) for v in measured.ci95],
                "p": measured.p,
                "images": measured.images,
            }
        )
    for each, p in zip(found, holm([each["p"] for each in found]), strict=True):
        each["p_holm"] = float(p)
    return sorted(found, key=lambda each: (each["added"], each["to"]))


def told_p(p: float) -> str:
    """Print a p value as one does.

    Examples
    --------
    >>> told_p(0.0312), told_p(0.00004), told_p(1.0)
    ('0.031', '< 0.001', '1')
    """
    return "< 0.001" if p < 0.001 else f"{p:.3f}".rstrip("0").rstrip(".")


def report(rows: Sequence[Row], pairs: Sequence[dict[str, Any]]) -> str:
    """Lay out both tables."""
    folds = sorted(rows[0].by_fold)
    lines = [
        [
            " + ".join(ordered(row.families)),
            row.model,
            f"{row.accuracy:.3f} [{row.ci95[0]:.3f}, {row.ci95[1]:.3f}]",
            *(f"{row.by_fold[fold]:.3f}" for fold in folds),
        ]
        for row in rows
    ]
    gains = [
        [
            each["added"],
            each["to"],
            f"{each['points']:+.1f} [{each['ci95'][0]:.1f}, {each['ci95'][1]:.1f}]",
            told_p(each["p"]),
            told_p(each["p_holm"]),
        ]
        for each in pairs
    ]
    head = ["columns", "model", "accuracy, pooled", *(f"fold {name}" for name in folds)]
    return (
        f"# With and without each family of columns\n\n{table(head, lines)}\n\n"
        "## What one thing adds, on the same images\n\n"
        f"{table(['added', 'to', 'points', 'p', 'p, Holm'], gains)}\n\n"
        "Intervals draw patients. p is McNemar's for whole patients, alone and after Holm's "
        f"correction over these {len(pairs)} pairs.\n"
    )


def main(arguments: argparse.Namespace) -> None:
    """Read the runs, compare, print and write."""
    found = {row.name: row for folder in arguments.runs for row in rows_of(folder)}
    rows = sorted(found.values(), key=lambda row: (-row.accuracy, row.name))
    tested = {len(row.predictions) for row in rows}
    if len(tested) > 1:
        raise SystemExit(f"runs of different folds: {sorted(tested)} images; give runs of the same")
    pairs = pairs_of(rows)
    text = report(rows, pairs)
    known = {
        "command": "python -m benchmarks.ablation RUN... --out ABLATION.json",
        "experiments": [
            {
                **row._asdict(),
                "families": ordered(row.families),
                "predictions": len(row.predictions),
            }
            for row in rows
        ],
        "pairs": pairs,
    }
    arguments.out.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
    arguments.out.with_suffix(".md").write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True, help="a JSON; tables go beside it")
    main(parser.parse_args())
