"""Counts and plain values of an audit, from a table of seven rows that is made by hand."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pandas as pd
import pytest

from gliaboost.datasets.audit.duplicates import LINK_COLUMNS
from gliaboost.datasets.audit.metadata_leak import Betrayal
from gliaboost.datasets.audit.patients import Straddler
from gliaboost.datasets.audit.report import AuditReport, FileFault
from gliaboost.datasets.audit.verdict import FAULTS

# Pictures: 0 = 1 (one label, two sides), 2 = 3 = 4 (two labels, one side), 5 and 6 alone.
TABLE: dict[str, list[Any]] = {
    "path": list("abcdefg"),
    "label": ["x", "x", "x", "y", "x", "y", None],
    "patient": ["p", "q", "r", "r", "r", "s", None],
    "split": ["train", "test", "test", "test", "test", "train", None],
    "fold": [None] * 7,
    "width": [64] * 6 + [32],
    "height": [48] * 7,
    "mode": ["L"] * 7,
    "format": ["PNG"] * 5 + ["JPEG"] * 2,
    "cluster": [0, 0, 2, 2, 2, 5, 6],
}
LINKS = pd.DataFrame(
    {
        "a": [0, 2, 2],
        "b": [1, 3, 4],
        "kind": ["bytes", "near", "near"],
        "similarity": [1.0, 0.987654, 0.99],
        "agreement": [1.0, 0.9934567, 0.995],
        "orientation": ["same", "turned", "same"],
        "adjusted": [False, True, False],
        "move": [(1.0, 0.0, 0.0, 0.0, 1.0, 0.0)] * 3,
    }
)


def report(**changed: Any) -> AuditReport:
    plain: dict[str, Any] = {
        "manifest": "seven",
        "table": pd.DataFrame(TABLE),
        "faults": [FileFault(6, "g", "tiny", "32 x 48"), FileFault(5, "f", "blank", "all 0")],
        "links": LINKS,
        "straddlers": [Straddler("p", ("p",), "split", {"test": [1, 4], "train": [0, 5]})],
        "families": {"r": ["r1", "r2"]},
        "straddling_families": [],
        "betrayals": [Betrayal("size", 0.9, 0.8, 0.5, (0.4, 0.1, 0.6), 6, True)],
    }
    return AuditReport(**{**plain, **changed})


def test_clusters_are_pictures_there_more_than_once() -> None:
    assert report().clusters == [[0, 1], [2, 3, 4]]
    assert report().contradictions == [[2, 3, 4]]


def test_a_missing_label_contradicts_none() -> None:
    table = pd.DataFrame(TABLE).assign(label=pd.Series(["x", None, "x", "x", None, "y", None]))
    assert report(table=table).contradictions == []
    nothing_known = table.assign(label=pd.Series([None] * 7, dtype="str"))
    assert report(table=nothing_known).contradictions == []


def test_pictures_on_two_sides_are_counted_by_side() -> None:
    assert report().crossing("split") == {"test": (1, 4), "train": (1, 2)}
    assert list(report().crossing("split")) == ["test", "train"]
    assert report().crossing("fold") == {}
    assert report().across(0, 1) == {"split": ["train", "test"]}
    assert report().across(2, 3) == report().across(0, 6) == {}


def test_findings_are_counted_by_kind() -> None:
    counts = report().counts()
    assert {k: n for k, n in counts.items() if n} == {
        "tiny": 1, "blank": 1, "bytes": 1, "near": 2, "patient": 1, "contradictions": 1,
        "duplicated": 3, "across split": 2,
    }  # fmt: skip
    assert {*FAULTS, "pixels", "family", "across fold", "matches", "other label"} <= set(counts)


MATCHES = pd.DataFrame(
    {
        "a": [0, 0, 3, 5],
        "b": [1, 2, 3, 4],
        "path": ["a", "a", "d", "f"],
        "other_path": ["1", "2", "3", "4"],
        "kind": ["near", "near", "bytes", "near"],
        "similarity": [0.987654, 0.98, 1.0, 0.98],
        "agreement": [0.993, 0.994, 1.0, 0.995],
        "label": ["x", "x", "y", "w"],
        "other_label": ["x", "y", "x", None],
        "orientation": ["same"] * 4,
        "adjusted": [False] * 4,
        "move": [(1.0, 0.0, 0.0, 0.0, 1.0, 0.0)] * 4,
    }
)


def test_labels_that_the_other_set_does_not_use_do_not_disagree() -> None:
    compared = report(against="other", matches=MATCHES)
    assert compared.disagreements["b"].tolist() == [2, 3]
    assert compared.counts()["matches"] == 3
    assert compared.counts()["other label"] == 2


def test_the_terminals_rows_have_the_counts() -> None:
    shown = {name: count for name, count, _ in report().rows()}
    counts = report().counts()
    assert shown.pop("metadata") == 1
    assert shown == {name: counts[name] for name in shown}
    assert list(shown)[: len(FAULTS)] == list(FAULTS)
    assert len(report().rows()) == len(shown) + 1


def test_plain_values_hold_every_finding() -> None:
    plain = json.loads(json.dumps(report(against="other", matches=MATCHES).to_dict()))
    assert plain["images"] == 7
    assert plain["classes"] == {"x": 4, "y": 2}
    assert plain["sizes"] == {"64x48": 6, "32x48": 1}
    assert plain["modes"] == {"PNG L": 5, "JPEG L": 2}
    assert plain["sides"] == {
        "split": {
            "test": {"images": 4, "also on another side": 1},
            "train": {"images": 2, "also on another side": 1},
        }
    }
    assert plain["groups"] == [["a", "b"], ["c", "d", "e"]]
    assert plain["contradictions"] == [
        [{"path": "c", "label": "x"}, {"path": "d", "label": "y"}, {"path": "e", "label": "x"}]
    ]
    assert plain["families"] == {"r": ["r1", "r2"]}
    assert plain["metadata"][0]["lift"] == [0.4, 0.1, 0.6]
    assert [file["path"] for file in plain["files"]] == ["g", "f"]
    assert plain["verdict"] == report(against="other", matches=MATCHES).verdict()
    assert plain["against"]["of"] == 7
    assert plain["against"]["kinds"] == {"near": 3, "bytes": 1}
    assert plain["against"]["matches"][3]["labels"] == ["w", None]
    assert [m["similarity"] for m in plain["against"]["matches"]] == [0.9877, 0.98, 1.0, 0.98]
    assert report().to_dict()["against"] is None


def test_leaks_name_both_files_their_sides_and_labels() -> None:
    pictures = report().to_dict()["leaks"]
    assert pictures[0]["across"] == {"split": ["train", "test"]}
    assert pictures[1] == {
        "a": "c", "b": "d", "kind": "near", "similarity": 0.9877, "agreement": 0.9935,
        "across": {}, "labels": ["x", "y"], "orientation": "turned", "adjusted": True,
        "move": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
    }  # fmt: skip
    assert pictures[3] == {
        "a": "b", "b": "a", "kind": "patient", "similarity": None,
        "across": {"split": ["test", "train"]}, "labels": ["x", "x"], "patients": ["p"],
    }  # fmt: skip
    family = Straddler("q", ("q1", "q2"), "fold", {"1": [3], "2": [2, 4], "3": [5]})
    related = report(straddling_families=[family]).to_dict()["leaks"]
    assert len(related) == 5
    assert related[4] == {
        "a": "d", "b": "c", "kind": "family", "similarity": None,
        "across": {"fold": ["1", "2", "3"]}, "labels": ["y", "x"], "patients": ["q1", "q2"],
    }  # fmt: skip


def beside(*pairs: tuple[int, int]) -> pd.DataFrame:
    rest = ("neighbour", 0.97, 0.8, "same", "alignment", (1, 0, 0, 0, 1, 0))
    return pd.DataFrame([(*pair, *rest) for pair in pairs], columns=list(LINK_COLUMNS))


def test_neighbours_count_apart_from_copies_and_only_where_a_patient_is_unknown() -> None:
    patients = pd.Series(["p", "q", None, None, "r", "s", None], dtype="str")
    table = pd.DataFrame(TABLE).assign(patient=patients)
    # 0 and 1 are on two sides as copies; of 4 and 5 both patients are known; 6 is on no side.
    found = report(table=table, neighbours=beside((0, 3), (2, 5), (3, 5), (4, 5), (2, 6)))
    assert found.beside("split") == {"test": (2, 4), "train": (1, 2)}
    assert found.beside("fold") == {}
    counts = found.counts()
    assert (counts["neighbour"], counts["beside split"], counts["near"]) == (5, 3, 2)
    assert found.crossing("split") == report().crossing("split")
    assert found.clusters == report().clusters
    assert [(n["a"], n["b"]) for n in found.to_dict()["neighbours"]][:2] == [("a", "d"), ("c", "f")]
    assert found.to_dict()["leaks"] == report(table=table).to_dict()["leaks"]


@pytest.mark.parametrize("kind", ["bytes", "pixels", "near"])
def test_each_kind_of_copy_is_counted_apart(kind: str) -> None:
    counts = report(links=LINKS.assign(kind=kind)).counts()
    assert [counts[k] for k in ("bytes", "pixels", "near")] == [
        3 * (k == kind) for k in ("bytes", "pixels", "near")
    ]


def betrayal(name: str, betrays: bool) -> Betrayal:
    return Betrayal(name, 0.9, 0.8, 0.5, (0.4, 0.1, 0.6), 6, betrays)


def test_metadata_are_counted_where_they_tell_the_class_by_themselves() -> None:
    kinds = [betrayal(*b) for b in (("border", True), ("mode", False), ("everything", True))]
    assert {name: n for name, n, _ in report(betrayals=kinds).rows()}["metadata"] == 1


def test_a_notebook_shows_what_was_found_or_that_nothing_was() -> None:
    html = report()._repr_html_()
    assert "Audit of seven, 7 files" in html and report().verdict()[0] in html
    assert ">contradictions<" in html
    assert ">unreadable<" not in html and ">nothing<" not in html
    alone = pd.DataFrame(TABLE).assign(cluster=range(7))
    clean = report(table=alone, faults=[], links=LINKS[:0], straddlers=[], betrayals=[])
    assert ">nothing<" in clean._repr_html_()
    first, second = repr(report()).splitlines()
    assert first == "<AuditReport: seven, 7 files" and "contradictions" in second
    assert repr(clean).splitlines()[1] == " found: nothing>"


def test_a_report_is_itself_alone_and_stays_as_it_is() -> None:
    one, two = report(), report()
    assert len({one, two, one}) == 2
    with pytest.raises(FrozenInstanceError):
        one.manifest = "eight"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        one.faults[0].kind = "blank"  # type: ignore[misc]
