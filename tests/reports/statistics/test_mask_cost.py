from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gliaboost.reports.statistics.mask_cost import (
    COLUMNS,
    accuracy_by_mask,
    region_measures,
)


def regions(n: int = 90) -> pd.DataFrame:
    """Slices of 3 a patient; a third without a tumour, on every second of these one is believed."""
    rng = np.random.default_rng(0)
    place = np.arange(n)
    ill = place % 9 < 6
    return pd.DataFrame(
        {
            "path": [f"{i}.png" for i in place],
            "patient": [f"P{i // 3}" for i in place],
            "fold": [str(i // 3 % 5 + 1) for i in place],
            "label": np.where(ill, np.where(place % 2, "glioma", "meningioma"), "no_tumor"),
            "features": "region",
            "area_true": np.where(ill, 100, 0),
            "area_region": 90,
            "dice": np.where(ill, rng.uniform(0.3, 0.9, n), 0.0),
            "believed": ill | (place % 2 == 0),
            "elsewhere": False,
        }
    )


def predictions(table: pd.DataFrame, predicted: Any) -> pd.DataFrame:
    """In another order, and the folds as numbers."""
    own = table[["path", "label", "patient"]].assign(predicted=predicted)
    return own.assign(fold=table["fold"].astype(int)).sample(frac=1, random_state=0)


def test_accuracy_by_thirds_of_dice() -> None:
    table = regions()
    assert set(COLUMNS) < set(table)
    called = table["label"].where(table["dice"] > 0.5, "pituitary")
    worst, middle, best, *rest = accuracy_by_mask(table, predictions(table, called), n_boot=200)
    assert [g.kind for g in (worst, middle, best)] == ["third"] * 3
    assert worst.accuracy.value == pytest.approx(
        (table["dice"][table["area_true"] > 0].sort_values()[:20] > 0.5).mean()
    )
    assert (best.accuracy.value, best.accuracy.slices) == (1, 20)
    assert worst.accuracy.ci95 is not None
    assert worst.accuracy.units <= 20
    for below, above in ((worst, middle), (middle, best)):
        assert below.highest is not None and above.lowest is not None
        assert below.highest < above.lowest
    assert [(g.kind, g.accuracy.slices) for g in rest] == [("false alarm", 15), ("no alarm", 15)]


def test_thirds_are_of_slices_with_a_tumour_alone() -> None:
    # The slices without one have a Dice of 0, as what is looked at there covers nothing.
    table = regions()
    groups = accuracy_by_mask(table, predictions(table, "glioma"), n_boot=50)
    assert sum(g.accuracy.slices for g in groups if g.kind == "third") == 60
    assert groups[0].lowest == pytest.approx(table["dice"][table["area_true"] > 0].min())
    even = accuracy_by_mask(table.assign(dice=1.0), predictions(table, "glioma"), n_boot=50)
    assert "third" not in [g.kind for g in even]


def test_misses_and_false_alarms_are_counted_and_have_their_accuracy() -> None:
    table = regions()
    ill = table.index[table["area_true"] > 0]
    table.loc[ill[:6], "believed"] = False
    table.loc[ill[3:9], "dice"] = 0.0
    called = table["label"].where(~table.index.isin(ill[:9]), "no_tumor")
    called = called.where(~((table["area_true"] == 0) & table["believed"]), "glioma")
    (found,) = region_measures(table, n_boot=100)
    assert (found.features, found.unit) == ("region", "patient")
    assert found.dice.value == pytest.approx(table["dice"][ill].mean())
    assert found.missed.value == pytest.approx(9 / 60)
    assert (found.false_alarms.value, found.false_alarms.slices) == (0.5, 30)
    groups = {g.kind: g for g in accuracy_by_mask(table, predictions(table, called), n_boot=100)}
    assert (groups["missed"].accuracy.value, groups["missed"].accuracy.slices) == (0, 9)
    assert (groups["false alarm"].accuracy.value, groups["no alarm"].accuracy.value) == (0, 1)
    assert groups["missed"].lowest is None


def test_an_image_that_two_folds_test_is_matched_within_its_fold() -> None:
    table = regions(9)
    twice = pd.concat([table, table.assign(fold="7", dice=table["dice"] / 2)])
    groups = accuracy_by_mask(twice, predictions(twice, "glioma"), n_boot=50)
    assert sum(g.accuracy.slices for g in groups if g.kind == "third") == 12


def test_regions_are_measured_by_extractor() -> None:
    both = pd.concat([regions(), regions(30).assign(features="region:otsu", dice=0.25)])
    first, second = region_measures(both, n_boot=50)
    assert (first.features, second.features) == ("region", "region:otsu")
    assert second.dice.value == 0.25
    assert not first.elsewhere
    assert region_measures(both.assign(elsewhere=True), n_boot=5)[0].elsewhere
    healthy = region_measures(both[both["area_true"] == 0], n_boot=50)[0]
    assert healthy.dice.value is None
