from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.audit.metadata_leak import betrayals, id_form, metadata
from gliaboost.datasets.audit.pictures import Header, ImageRecord
from gliaboost.datasets.manifest import Manifest


def rows(patients: int, per_patient: int, seed: int) -> tuple[pd.DataFrame, np.random.Generator]:
    rng = np.random.default_rng(seed)
    label = rng.choice(["a", "b", "c"], patients, p=[0.5, 0.3, 0.2])
    table = pd.DataFrame({"patient": np.arange(patients).astype(str), "label": label})
    return table.loc[table.index.repeat(per_patient)].reset_index(drop=True), rng


@pytest.mark.parametrize("seed", range(5))
def test_telling_metadata_is_told(seed: int) -> None:
    table, rng = rows(60, 5, seed)
    noise = rng.normal(size=len(table))
    quality = table["label"].map({"a": 0.0, "b": 2.0, "c": 4.0}) + noise
    found = betrayals(
        {"quality": pd.DataFrame({"x": quality}), "noise": pd.DataFrame({"x": noise})},
        table["label"].to_numpy(dtype=object),
        table["patient"].to_numpy(dtype=object),
    )
    by_name = {b.name: b for b in found}
    assert by_name["quality"].betrays
    assert by_name["everything"].betrays
    assert not by_name["noise"].betrays
    assert by_name["quality"].baseline == pytest.approx(
        table["label"].value_counts(normalize=True).max()
    )
    assert by_name["quality"].lift[1] <= by_name["quality"].lift[0] <= by_name["quality"].lift[2]


@pytest.mark.parametrize("seed", range(5))
def test_what_marks_the_patient_alone_is_no_betrayal(seed: int) -> None:
    """A value that names the patient tells the class only to who has seen the patient."""
    table, rng = rows(60, 5, seed)
    scanner = table["patient"].map(dict(zip(table["patient"], rng.normal(size=300), strict=True)))
    found = betrayals(
        {"scanner": pd.DataFrame({"x": scanner})},
        table["label"].to_numpy(dtype=object),
        table["patient"].to_numpy(dtype=object),
    )
    assert not found[0].betrays


def test_too_little_to_measure() -> None:
    few = pd.DataFrame({"x": range(8)})
    labels = np.array(["a", "b"] * 4, dtype=object)
    assert betrayals({"few": few}, labels, np.arange(8)) == []
    one = np.array(["a"] * 8, dtype=object)
    assert betrayals({"few": few}, one, np.arange(8)) == []
    assert betrayals({}, np.array(["a", "b"] * 40, dtype=object), np.arange(80)) == []


def test_metadata_is_what_differs() -> None:
    pictures = [
        ImageRecord(height=64, width=64, header=Header("JPEG", "L", (100, 2)), border=(1.0,) * 5),
        ImageRecord(height=64, width=64, header=Header("PNG", "L"), border=(1.0,) * 5),
    ]
    table = pd.DataFrame({"path": ["a", "b"], "patient": ["MR1", "2"], "source": ["x", None]})
    found = metadata(Manifest.of(table, "."), pictures)
    assert set(found) == {"mode", "quantisation", "patient id form"}
    assert found["quantisation"].to_numpy().tolist() == [[100, 2], [-1, -1]]


def test_id_form_holds_no_number() -> None:
    assert id_form("MR024780B") == id_form("MR1B") == "MR9B"
