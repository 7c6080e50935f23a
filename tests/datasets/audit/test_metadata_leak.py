from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.audit import metadata_leak
from gliaboost.datasets.audit.metadata_leak import FOLDS, Betrayal, betrayals, id_form, metadata
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


def test_each_kind_of_metadata_is_numbers_of_its_own() -> None:
    def one(side: int, kind: str, mode: str, tables: tuple[int, ...], ring: float) -> ImageRecord:
        return ImageRecord(
            height=side, width=2 * side, header=Header(kind, mode, tables), border=(ring,) * 5
        )

    pictures = [
        one(10, "PNG", "L", (), 0.0),
        one(20, "JPEG", "L", (7, 1), 1.0),
        one(30, "JPEG", "L", (7, 8, 2), 2.0),
        ImageRecord(header=Header("PNG", "RGB"), error="cut"),
    ]
    table = pd.DataFrame(
        {
            "path": list("abcd"),
            "source": ["Oslo", "Lund", "Lund", "Bergen"],
            "modality": ["MR", "MR", None, "CT"],
            "patient": ["A1", "B2", "B33", "7"],
        }
    )
    found = {
        k: v.to_numpy().tolist() for k, v in metadata(Manifest.of(table, "."), pictures).items()
    }
    assert found.pop("size") == [[20, 10], [40, 20], [60, 30], [0, 0]]
    assert found.pop("quantisation") == [[-1, -1, -1], [7, 1, -1], [7, 8, 2], [-1, -1, -1]]
    assert found.pop("border") == [[0.0] * 5, [1.0] * 5, [2.0] * 5, [-1.0] * 5]
    # The commonest is 0.
    assert found.pop("mode")[1:3] == [[0], [0]]
    assert found.pop("source")[1:3] == [[0], [0]]
    form = found.pop("patient id form")
    assert form[1:3] == [[0], [0]] and form[0] != form[3]
    # Modality is not known of every row.
    assert found == {}
    full = metadata(Manifest.of(table.assign(modality=["MR", "MR", "MR", "CT"]), "."), pictures)
    assert full["modality"].to_numpy().tolist() == [[0], [0], [0], [1]]
    nameless = table.assign(patient=pd.Series(["A1", "A2", None, "A3"], dtype="str"))
    one_name = metadata(Manifest.of(nameless, "."), pictures)
    assert "patient id form" not in one_name
    assert metadata(Manifest.of(table[:0], "."), []) == {}


def measured(rare: int, **columns: list[int]) -> list[Betrayal]:
    """Measure on two classes, the second of `rare` patients of a row each, of 40 in all."""
    labels = np.array(["common"] * (40 - rare) + ["rare"] * rare, dtype=object)
    frames = {name: pd.DataFrame({"x": values}) for name, values in columns.items()}
    return betrayals(frames, labels, np.arange(40))


def test_a_class_of_as_many_patients_as_folds_is_enough() -> None:
    (found,) = measured(FOLDS, all_one=[3] * 40)
    assert found.name == "all_one"
    assert (found.groups, found.accuracy, found.baseline) == (40, 35 / 40, 35 / 40)
    # Of the classes one is always right, the other never.
    assert found.balanced_accuracy == 0.5
    assert found.lift == (0.0, 0.0, 0.0)
    assert not found.betrays
    assert measured(FOLDS - 1, all_one=[3] * 40) == []


def test_the_worst_comes_first_and_all_together_is_measured_too() -> None:
    telling = [0] * 25 + [1] * 15
    partly = [0] * 25 + [1] * 8 + [0] * 7
    found = measured(15, partly=partly, nothing=[0] * 40, telling=telling)
    assert [b.name for b in found[2:]] == ["partly", "nothing"]
    assert found[2].lift[0] == pytest.approx(8 / 40)
    assert {b.name for b in found[:2]} == {"telling", "everything"}
    assert all(b.accuracy == b.balanced_accuracy == 1.0 for b in found[:2])
    assert all(b.lift[0] == 1 - b.baseline == 15 / 40 for b in found[:2])


def test_a_sure_lift_betrays_from_where_it_is_worth_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    telling = [0] * 25 + [1] * 15
    for worth, betrays in ((15 / 40, True), (15 / 40 + 0.001, False)):
        monkeypatch.setattr(metadata_leak, "WORTH", worth)
        assert [b.betrays for b in measured(15, telling=telling)] == [betrays]
    # What has no lift betrays nothing, whatever that is worth.
    monkeypatch.setattr(metadata_leak, "WORTH", 0)
    assert [b.betrays for b in measured(15, nothing=[0] * 40)] == [False]


@pytest.mark.parametrize(("rare", "betrays"), [(8, False), (12, True)])
def test_two_rows_in_a_hundred_are_worth_a_warning(rare: int, betrays: bool) -> None:
    codes = np.array([0] * (500 - rare) + [1] * rare)
    telling = {"telling": pd.DataFrame({"x": codes})}
    (found,) = betrayals(telling, codes.astype(str).astype(object), np.arange(500))
    assert found.lift[0] == pytest.approx(rare / 500)
    assert found.lift[1] > 0
    assert found.betrays is betrays


def test_the_scarcest_and_the_commonest_class_may_stand_anywhere() -> None:
    def three(a: int, b: int, c: int) -> list[Betrayal]:
        labels = np.array(["a"] * a + ["b"] * b + ["c"] * c, dtype=object)
        same = {"same": pd.DataFrame({"x": np.zeros(len(labels))})}
        return betrayals(same, labels, np.arange(len(labels)))

    assert three(20, 4, 16) == three(4, 20, 16) == three(20, 16, 4) == []
    for sizes in ((5, 20, 15), (20, 5, 15), (15, 5, 20)):
        (found,) = three(*sizes)
        assert (found.baseline, found.accuracy, found.lift[0]) == (0.5, 0.5, 0.0)


def test_the_interval_is_of_groups_drawn_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata_leak, "DRAWS", 300)
    rng = np.random.default_rng(4)
    members = np.repeat(np.arange(12), rng.integers(1, 6, 12))
    right, constant = rng.random(len(members)) < 0.8, rng.random(len(members)) < 0.5
    again = np.random.default_rng(9)
    lifts = []
    for _ in range(300):
        rows = np.concatenate([np.flatnonzero(members == g) for g in again.integers(0, 12, 12)])
        lifts.append(right[rows].mean() - constant[rows].mean())
    lift, low, high = metadata_leak._lift(right, constant, members, seed=9)
    assert lift == pytest.approx(right.mean() - constant.mean())
    assert (low, high) == pytest.approx(tuple(np.quantile(lifts, [0.01, 0.99])))


def test_the_seed_divides_and_draws() -> None:
    table, rng = rows(30, 2, 0)
    noise = {"noise": pd.DataFrame({"x": rng.normal(size=len(table))})}
    labels, owners = (table[c].to_numpy(dtype=object) for c in ("label", "patient"))
    zero, same, one = (
        betrayals(noise, labels, owners, **s) for s in ({}, {"seed": 0}, {"seed": 1})
    )
    assert zero == same != one
    with pytest.raises(FrozenInstanceError):
        zero[0].betrays = True  # type: ignore[misc]


def test_id_form_holds_no_number() -> None:
    assert id_form("MR024780B") == id_form("MR1B") == "MR9B"
