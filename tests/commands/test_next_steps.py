from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gliaboost.commands.next_steps import after_benchmark, after_extract
from gliaboost.reports.protocol.record import Weight
from gliaboost.reports.protocol.results import Results, read_results

FIGSHARE = Path(__file__).parents[2] / "benchmarks" / "results" / "figshare"
LEAK: tuple[Weight, str] = (
    "wrong",
    "split test: 2 of 9 files (22.2%) show a picture that is on another side too.",
)


@pytest.fixture(scope="module")
def results() -> Results:
    """Return a run as the real writer made it."""
    return read_results(FIGSHARE)


def test_the_best_is_trained_as_it_was_compared(results: Results) -> None:
    best = max(
        (e for e in results.record.experiments if e.control is None),
        key=lambda e: e.balanced_accuracy.pooled or 0,
    ).model
    other = "xgboost" if best != "xgboost" else "lightgbm"
    words = after_benchmark(
        results,
        Path("m.csv"),
        target="type",
        modality="MRI",
        features=["hog,lbp"],
        settings=["hog.orientations=6", f"{other}.rounds=3", f"{best}.seed=3"],
        prepare="size=64",
        store=Path("s"),
    )
    assert words[:4] == ["train", "m.csv", "--model", best]
    assert words[-4:] == ["--set", "hog.orientations=6", "--set", f"{best}.seed=3"]
    assert {"--target", "--modality", "--prepare", "--store"} <= set(words)


def test_where_copies_cross_the_split_groups_come_first(results: Results) -> None:
    known = replace(results.dataset, audit=(LEAK,))
    unknown = replace(known, patients=0)
    for dataset, first in ((unknown, "audit"), (known, "train")):
        changed = replace(results, record=replace(results.record, dataset=dataset))
        assert after_benchmark(changed, Path("data"))[:2] == [first, "data"]


def test_after_an_extraction_the_same_is_compared() -> None:
    assert after_extract(Path("m.csv"), None, "") == ["benchmark", "m.csv"]
    words = after_extract(Path("m.csv"), ["hog", "lbp"], "size=64", Path("s"))
    assert words[-4:] == ["--prepare", "size=64", "--store", "s"]
