"""The benchmark that says what each family of columns brings."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gliaboost import benchmark
from gliaboost.datasets.phantom.sample import make_phantom

# No part of the package.
sys.path.append(str(Path(__file__).parents[1]))

from benchmarks.ablation import Row, differing, families_of, ordered, pairs_of, report, rows_of

PATIENTS = 40


def row(model: str, families: str, wrong: int) -> Row:
    """Make an experiment that names the first patients' two slices wrongly."""
    patients = np.repeat([f"p{n}" for n in range(PATIENTS)], 2)
    label = np.tile(["a", "b"], PATIENTS)
    predicted = np.where(np.arange(len(label)) < 2 * wrong, np.where(label == "a", "b", "a"), label)
    table = pd.DataFrame(
        {
            "path": [f"{n}.png" for n in range(len(label))],
            "patient": patients,
            "group": None,
            "source": None,
            "modality": None,
            "label": label,
            "predicted": predicted,
        }
    )
    right = float((predicted == label).mean())
    return Row(model, frozenset(families.split("+")), right, (0.0, 1.0), {"1": right}, table)


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        (["lbp", "hog", "glcm"], ["texture"]),
        (["lbp", "hog"], ["hog", "lbp"]),
        (["region", "fisher", "hog", "lbp", "glcm"], ["texture", "fisher", "region"]),
        (["region:maps=classical"], ["region, no network"]),
        (["region:passes=1,inner_folds=2"], ["region"]),
        (["embedding"], ["embedding"]),
        (["embedding:avg-max-std-grid3x3-layer3"], ["embedding, layer3"]),
    ],
)
def test_families_are_named_as_people_do(features: list[str], expected: list[str]) -> None:
    assert ordered(families_of(features)) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("lightgbm", "texture"), ("lightgbm", "texture+region"), "region"),
        (("lightgbm", "texture+region"), ("lightgbm", "texture"), ""),
        (("lightgbm", "texture"), ("xgboost", "texture+region"), ""),
        (("lightgbm", "texture"), ("lightgbm", "texture+region+fisher"), ""),
        (("lightgbm", "texture"), ("lightgbm", "fisher+region"), ""),
        (("lightgbm", "texture"), ("stacked", "texture"), "a head before the trees"),
        (("stacked", "texture"), ("lightgbm", "texture"), ""),
        (("xgboost", "texture"), ("stacked", "texture"), ""),
    ],
)
def test_two_differ_by_one_thing_or_are_not_compared(
    one: tuple[str, str], other: tuple[str, str], expected: str
) -> None:
    assert differing(row(*one, 0), row(*other, 0)) == expected


def test_a_gain_is_that_of_the_one_with_more() -> None:
    rows = [
        row("lightgbm", "texture+region", 2),
        row("lightgbm", "texture", 10),
        row("stacked", "texture", 10),
    ]
    pairs = pairs_of(rows)
    assert [(each["added"], each["points"]) for each in pairs] == [
        ("a head before the trees", 0.0),
        ("region", 100 * 8 / PATIENTS),
    ]
    low, high = pairs[1]["ci95"]
    assert 0 < low < 20 < high
    assert pairs[1]["p"] <= pairs[1]["p_holm"] <= 2 * pairs[1]["p"]
    text = report(rows, pairs)
    assert "| region | lightgbm on texture | +20.0 [" in text
    assert "| 1 | 1 |" in text


@pytest.mark.integration
def test_a_run_is_read_without_its_controls(tmp_path: Path) -> None:
    data = make_phantom(tmp_path / "phantom", patients=12, slices=1, size=64)
    named: dict[str, Any] = {"features": "glcm", "models": "lightgbm", "store": tmp_path / "store"}
    benchmark(data, folds="2", out=tmp_path / "run", audit=False, **named)
    (found,) = rows_of(tmp_path / "run")
    record = json.loads((tmp_path / "run" / "results.json").read_text())
    first = record["experiments"][0]
    assert found.accuracy == first["accuracy"]["pooled"]
    assert found.by_fold == pytest.approx({k: v["accuracy"] for k, v in first["by_fold"].items()})
    assert (found.model, ordered(found.families)) == ("lightgbm", ["glcm"])
