"""Each finding in a sentence of its own weight, from findings that are made by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from gliaboost.datasets.audit.verdict import FAULTS, WEIGHTS, sentences

COUNTS = {**dict.fromkeys(FAULTS, 0), "contradictions": 0, "duplicated": 0, "other label": 0}


def findings(**changed: Any) -> Any:
    table = pd.DataFrame({"patient": ["p", "q"], "split": ["train", "test"], "fold": [None, None]})
    plain: dict[str, Any] = {
        "table": table,
        "straddlers": [],
        "straddling_families": [],
        "betrayals": [],
        "against": None,
        "matches": pd.DataFrame({"a": []}),
        "counts": COUNTS,
        "crossing": {"train": (0, 1), "test": (0, 1)},
        "beside": {},
        **changed,
    }
    counts = {**COUNTS, **plain.pop("counts")}
    crossing, beside = plain.pop("crossing"), plain.pop("beside")
    return SimpleNamespace(
        **plain,
        counts=lambda: counts,
        crossing=lambda column: crossing,
        beside=lambda column: beside,
    )


def said(**changed: Any) -> list[tuple[str, str]]:
    return list(sentences(findings(**changed)))


CLEAN = [
    ("fine", "No picture lies on two sides of split."),
    ("fine", "No patient lies on two sides of split."),
    ("fine", "No picture is there twice."),
]


def test_a_clean_set_is_fine() -> None:
    assert said() == CLEAN


def added(**changed: Any) -> list[tuple[str, str]]:
    return [one for one in said(**changed) if one not in CLEAN]


def straddler(column: str = "split", **sides: list[int]) -> Any:
    return SimpleNamespace(column=column, sides=sides)


def test_leaking_pictures_are_wrong_side_by_side() -> None:
    assert added(crossing={"train": (3, 8), "test": (1, 1)}) == [
        ("wrong", "split train: 3 of 8 files (37.5%) show a picture that is on another side too."),
        ("wrong", "split test: 1 of 1 file (100.0%) show a picture that is on another side too."),
    ]
    assert "No picture lies" not in str(said(crossing={"train": (3, 8), "test": (0, 4)}))


def test_neighbours_across_a_split_are_a_leak_of_their_own() -> None:
    assert added(beside={"train": (0, 8), "test": (35, 441)}) == [
        (
            "wrong",
            "split test: 35 of 441 files (7.9%) are no copies, but as alike as adjacent slices to "
            "a picture on another side; patients are unknown, so nothing keeps them together.",
        )
    ]


def test_leaking_patients_are_wrong_with_their_files() -> None:
    both = [straddler(train=[0, 1], test=[2]), straddler(train=[3], val=[4])]
    assert added(straddlers=both) == [
        ("wrong", "split train: 3 files of 2 patients seen on another side too."),
        ("wrong", "split test: 1 file of 1 patient seen on another side too."),
        ("wrong", "split val: 1 file of 1 patient seen on another side too."),
    ]
    assert "No patient lies" not in str(said(straddlers=both))


def test_families_are_counted_by_column() -> None:
    other = SimpleNamespace(column="fold", sides={})
    ((weight, sentence),) = added(straddling_families=[straddler(train=[0], test=[1]), other])
    assert weight == "wrong"
    assert sentence.startswith("1 group of patient ids that differ by a suffix alone")
    assert sentence.endswith("on more than one side of split.")


def test_without_sides_or_patients_nothing_is_called_fine() -> None:
    table = pd.DataFrame({"patient": [None] * 3, "split": [None] * 3, "fold": [None] * 3})
    got = said(table=table)
    assert [weight for weight, _ in got] == ["note", "note", "fine"]
    assert got[0][1].startswith("Columns split and fold are empty")
    assert got[1][1].startswith("3 of 3 files without a patient")


def test_a_patientless_split_is_not_said_to_part_patients() -> None:
    table = pd.DataFrame({"patient": [None, None], "split": ["train", "test"], "fold": [None] * 2})
    assert "No patient lies" not in str(said(table=table))


@pytest.mark.parametrize(
    ("counts", "weight", "sentence"),
    [
        ({"contradictions": 2}, "wrong", "2 pictures filed under two labels."),
        ({"duplicated": 1}, "note", "1 file repeating a picture that is there already."),
        *[({kind: 4}, "note", f"4 files {what}.") for kind, what in FAULTS.items()],
    ],
)
def test_counted_findings_have_their_sentence(
    counts: dict[str, int], weight: str, sentence: str
) -> None:
    assert (weight, sentence) in added(counts=counts)
    assert len(added(counts=counts)) == 1


def test_metadata_that_tell_the_class_are_noted_one_by_one() -> None:
    def betrayal(name: str, betrays: bool) -> Any:
        return SimpleNamespace(name=name, betrays=betrays, accuracy=0.81249, baseline=0.5)

    found = [betrayal(n, n != "mode") for n in ("border", "size", "mode", "everything")]
    assert added(betrayals=found) == [
        (
            "note",
            f"The class shows without the picture: {name} alone reaches an accuracy of 0.812, "
            "always naming the commonest class 0.500.",
        )
        for name in ("border", "size")
    ]


def test_another_set_is_compared_file_by_file() -> None:
    matches = pd.DataFrame({"a": [0, 0, 1], "b": [5, 6, 7]})
    assert added(against="sartaj", matches=matches) == [
        ("note", "2 of 2 files show pictures of sartaj."),
    ]
    assert added(against="sartaj", matches=matches, counts={"other label": 1})[-1] == (
        "wrong",
        "1 file under another label in sartaj.",
    )


def test_every_weight_is_known() -> None:
    everything = said(
        crossing={"train": (1, 1)}, counts=dict.fromkeys(COUNTS, 1), straddlers=[straddler(a=[0])]
    )
    assert {weight for weight, _ in everything} <= set(WEIGHTS)


@pytest.mark.parametrize(("mine", "other"), [("split", "fold"), ("fold", "split")])
def test_each_column_answers_for_itself(mine: str, other: str) -> None:
    table = pd.DataFrame({"patient": ["p", "q"], "split": ["train", "test"], "fold": ["1", "2"]})
    one = straddler(mine, a=[0], b=[1])
    got = said(table=table, straddlers=[one], straddling_families=[one, one])
    assert ("wrong", f"{mine} a: 1 file of 1 patient seen on another side too.") in got
    assert ("fine", f"No patient lies on two sides of {other}.") in got
    related = [sentence for _, sentence in got if "suffix" in sentence]
    assert len(related) == 1
    assert related[0].startswith("2 groups") and related[0].endswith(f"side of {mine}.")
    assert {("fine", f"No picture lies on two sides of {c}.") for c in (mine, other)} <= {*got}
