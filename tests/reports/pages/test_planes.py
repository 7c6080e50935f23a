from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gliaboost.reports.document.blocks import Table
from gliaboost.reports.pages.classes import classes
from gliaboost.reports.pages.planes import FEWEST, planes
from gliaboost.reports.protocol.results import read_results


def tabulated(results: Any) -> Table:
    (table,) = planes(results)
    assert isinstance(table, Table)
    return table


def test_accuracy_by_plane_is_that_of_its_images(make_predictions: Any, make_run: Any) -> None:
    frame = make_predictions()
    frame["plane"] = np.resize(["sagittal", "axial", "axial", "coronal"], 300)
    frame.loc[: FEWEST - 2, "plane"] = "unknown"
    table = tabulated(read_results(make_run([frame])))
    assert [row[1].text for row in table.rows] == ["axial", "coronal", "sagittal", "unknown"]
    for row in table.rows:
        part = frame[frame["plane"] == row[1].text]
        assert row[2].value == len(part)
        assert row[3].value == part["patient"].nunique()
        assert row[5].value == part["label"].value_counts().max() / len(part)
        if row[1].text == "unknown":
            assert row[4].text == "too few"
        else:
            right = (part["label"] == part["predicted"]).mean()
            assert row[4].value == right
            low, high = row[4].limits or (1, 0)
            assert low < right < high


def test_intervals_draw_patients_and_no_images(make_predictions: Any, make_run: Any) -> None:
    """Sixty copies of a patient's slice are one witness."""
    frame = make_predictions()
    frame["plane"] = np.where(np.arange(300) < 200, "axial", "coronal")
    single = frame.assign(patient=[f"Q{i}" for i in range(300)])
    pairs = []
    for name, own in (("patients", frame), ("images", single)):
        table = tabulated(read_results(make_run([own], name=name)))
        low, high = table.rows[0][4].limits or (0, 0)
        pairs.append(high - low)
    assert pairs[0] > 1.15 * pairs[1]


def test_nothing_is_said_of_one_plane_or_of_none(make_predictions: Any, make_run: Any) -> None:
    frame = make_predictions()
    assert planes(read_results(make_run([frame], name="none"))) == []
    one = frame.assign(plane="axial")
    assert planes(read_results(make_run([one], name="one"))) == []


@pytest.mark.integration
def test_the_page_says_where_planes_are_known_from(make_predictions: Any, make_run: Any) -> None:
    frame = make_predictions().assign(plane=np.resize(["axial", "coronal"], 300))
    said = {}
    for inferred in (0, 20, 300):
        dataset = {"planes": {"axial": 150, "coronal": 150}, "planes_inferred": inferred}
        results = read_results(make_run([frame], name=str(inferred), dataset=dataset))
        said[inferred] = tabulated(results).caption
        assert "by-plane" in [getattr(b, "name", "") for b in classes(results).blocks]
    assert "that the data set gives" in said[0]
    assert "20 of the planes were told from the pictures" in said[20]
    assert "All planes were told from the pictures" in said[300]
