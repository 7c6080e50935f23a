from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gliaboost.errors import UsageError
from gliaboost.reports.statistics.overlap import slice_row
from gliaboost.reports.statistics.segmentation import COLUMNS, segmenter_measures
from gliaboost.reports.statistics.slice_average import SliceAverage


def slices(n: int = 90, experiment: str = "boosted-pixels", seed: int = 0) -> pd.DataFrame:
    """Slices of 3 a patient; the fold's last third of them without a tumour."""
    rng = np.random.default_rng(seed)
    ill = np.arange(n) % 9 < 6
    area = np.where(ill, 100 + 10 * np.arange(n), 0)
    dice = np.where(ill, rng.uniform(0.3, 0.9, n), 1.0)
    return pd.DataFrame(
        {
            "path": [f"{i}.png" for i in range(n)],
            "patient": [f"P{i // 3}" for i in range(n)],
            "label": np.where(ill, np.where(np.arange(n) % 2, "glioma", "meningioma"), "no_tumor"),
            "fold": [str(i // 3 % 5 + 1) for i in range(n)],
            "experiment": experiment,
            "area_true": area,
            "area_predicted": np.where(ill, area + 5, 0),
            "dice": dice,
            "iou": dice / (2 - dice),
            "precision": np.where(ill, dice, np.nan),
            "recall": np.where(ill, dice / 2, np.nan),
            "hd95": np.where(ill, np.arange(n) / 10, 0.0),
            "seconds": 0.25,
        }
    )


def measured(table: pd.DataFrame) -> Any:
    (found,) = segmenter_measures(table, n_boot=300)
    return found


def test_means_are_over_slices_with_a_tumour() -> None:
    table = slices()
    ill = table[table["area_true"] > 0]
    found = measured(table)
    for name in ("dice", "iou", "precision", "recall"):
        assert getattr(found, name).value == pytest.approx(ill[name].mean())
        assert getattr(found, name).slices == 60
    assert found.dice.units == 20
    assert found.unit == "patient"
    low, high = found.dice.ci95
    assert low < found.dice.value < high
    assert found.hd95.value == sorted(ill["hd95"])[29]
    assert found.seconds == 0.25
    assert found.area.bias == pytest.approx(5)
    assert (found.missed.value, found.false_alarms.value) == (0, 0)


def test_by_class_and_by_fold() -> None:
    table = slices()
    ill = table[table["area_true"] > 0]
    found = measured(table)
    assert list(found.by_class) == ["glioma", "meningioma"]
    assert list(found.by_fold) == list("12345")
    for label, part in found.by_class.items():
        assert part.value == pytest.approx(ill.loc[ill["label"] == label, "dice"].mean())
    assert found.by_fold["2"].value == pytest.approx(ill.loc[ill["fold"] == "2", "dice"].mean())


def test_by_plane_where_planes_are_known() -> None:
    table = slices()
    assert measured(table).by_plane == {}
    table["plane"] = np.resize(["axial", "sagittal", "axial"], len(table))
    found = measured(table).by_plane
    assert list(found) == ["axial", "sagittal"]
    for plane, part in found.items():
        own = table[(table["plane"] == plane) & (table["area_true"] > 0)]
        assert part.slices == len(own)
        assert part.value == pytest.approx(own["dice"].mean())


def test_thirds_of_size_hold_every_tumour_once_in_order() -> None:
    table = slices()
    ill = table[table["area_true"] > 0].sort_values("area_true")
    found = measured(table).by_size
    assert [g.name for g in found] == ["small", "medium", "large"]
    assert [g.dice.slices for g in found] == [20, 20, 20]
    assert found[0].largest < found[1].smallest
    assert found[1].largest < found[2].smallest
    assert found[0].dice.value == pytest.approx(ill["dice"][:20].mean())
    assert found[2].dice.value == pytest.approx(ill["dice"][40:].mean())


def test_segmenters_are_cut_at_the_same_sizes() -> None:
    both = pd.concat([slices(), slices(experiment="otsu")[:54]])
    first, second = segmenter_measures(both, n_boot=50)
    assert (first.experiment, second.experiment) == ("boosted-pixels", "otsu")
    assert second.by_size[0].largest == first.by_size[0].largest
    assert [g.dice.slices for g in second.by_size] == [20, 16]


def test_false_alarms_and_misses_are_counted_apart_from_dice() -> None:
    table = slices()
    healthy = table.index[table["area_true"] == 0]
    table.loc[healthy[:6], ["area_predicted", "dice", "hd95"]] = [40, 0.0, np.inf]
    ill = table.index[table["area_true"] > 0]
    table.loc[ill[:15], ["area_predicted", "dice", "hd95"]] = [0, 0.0, np.inf]
    table.loc[ill[:15], "precision"] = np.nan
    found = measured(table)
    assert found.false_alarms.value == pytest.approx(6 / 30)
    assert found.missed.value == pytest.approx(15 / 60)
    assert found.dice.slices == 60
    assert found.precision.slices == 45
    assert math.isfinite(found.hd95.value)


def test_where_most_are_missed_the_median_distance_is_infinite() -> None:
    table = slices()
    table.loc[table["path"].str.len() > 5, "hd95"] = np.inf
    found = measured(table).hd95
    assert found.value == math.inf
    assert found.ci95[1] == math.inf
    assert not math.isnan(found.ci95[0])


def test_without_tumours_or_without_healthy_slices() -> None:
    table = slices()
    healthy = measured(table[table["area_true"] == 0])
    assert healthy.dice == SliceAverage(None, None, 0, 0)
    assert (healthy.area, healthy.by_class, healthy.by_size) == (None, {}, ())
    assert healthy.false_alarms.slices == 30
    assert measured(table[table["area_true"] > 0]).false_alarms.value is None


def test_rows_of_compared_masks_make_a_table() -> None:
    full, part = np.ones((6, 6), bool), np.eye(6, dtype=bool)
    pairs = [(full, part), (part, full), (full & False, part), (part, part & False)]
    rows = [
        slice_row(a, b, path=f"{n}.png", label="x", experiment="Otsu", patient="P", fold=1)
        for n, (a, b) in enumerate(pairs)
    ]
    table = pd.DataFrame(rows)
    assert set(COLUMNS) | {"patient", "fold"} == set(table)
    assert table["precision"].tolist()[:3] == [1.0, 1 / 6, 0.0]
    assert table["recall"].isna().tolist() == [False, False, True, False]
    found = measured(table)
    assert found.false_alarms.value == 1
    assert found.missed.value == pytest.approx(1 / 3)
    assert found.seconds is None


def test_wrong_tables_are_told() -> None:
    with pytest.raises(UsageError, match="without dice, hd95"):
        segmenter_measures(slices().drop(columns=["dice", "hd95"]))
    with pytest.raises(UsageError, match=r"boosted-pixels has 0\.png twice"):
        segmenter_measures(pd.concat([slices(), slices()]))
