from __future__ import annotations

import json
from dataclasses import replace as replace_fields
from pathlib import Path
from typing import Any

import pandas as pd

from gliaboost.datasets.audit.report import AuditReport
from gliaboost.datasets.audit.written import Carried, WrittenManifest
from gliaboost.datasets.manifest import Manifest

TABLE = Manifest.of(
    pd.DataFrame({"path": ["a", "b", "c"], "label": ["glioma", "glioma", "healthy"]}), "data"
)


def given(calls: list[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    ((positional, named),) = calls
    named.pop("progress", None)
    return positional, named


def test_fetch(replace: Any, ask: Any) -> None:
    calls = replace("fetch", Path("data/lgg"))
    code, out, _ = ask("fetch", "lgg", "--out", "there", "--archive", "a.zip")
    assert given(calls) == (("lgg", Path("there")), {"archive": Path("a.zip")})
    assert (code, out) == (0, "data/lgg; next: gliaboost manifest lgg data/lgg\n")


def test_fetch_without_a_name_lists_and_fetches_nothing(replace: Any, ask: Any) -> None:
    calls = replace("fetch", None)
    code, out, _ = ask("fetch")
    assert (code, calls, "licence:" in out) == (0, [], True)


def test_fetch_of_an_unknown_name(ask: Any) -> None:
    code, _, err = ask("fetch", "nothing")
    assert (code, "no public data set 'nothing'" in err) == (2, True)


def test_manifest(replace: Any, ask: Any) -> None:
    calls = replace("manifest", TABLE)
    options = ["--images", "i", "--labels", "l.csv", "--window", "bone", "--axis", "axial"]
    options += ["--modality", "CT", "--every", "2", "--salt", "s", "--pred", "--jobs", "2"]
    options += ["--class-folders", "--patient-from", "file", "--sequence", "t1,t2"]
    options += ["--all-images", "--out", "m.csv"]
    code, out, _ = ask("manifest", "nifti", "folder", *options)
    expected = {"images": Path("i"), "labels": Path("l.csv"), "window": "bone", "axis": "axial"}
    expected |= {"modality": "CT", "class_folders": True, "patient_from": "file"}
    expected |= {"sequence": "t1,t2", "all_images": True}
    unset = dict.fromkeys(["patients", "patient_regex", "rename", "keep", "target", "forget"])
    assert given(calls) == (
        ("nifti", Path("folder"), Path("m.csv")),
        {**expected, **unset, "every": 2, "salt": "s", "pred": True, "jobs": 2},
    )
    assert code == 0
    assert out.splitlines()[:3] == [
        "m.csv: 3 images, 2 classes, patients unknown",
        "  glioma                    2",
        "  healthy                   1",
    ]
    assert out.splitlines()[-1] == "next: gliaboost audit m.csv"
    facts = json.loads(ask("manifest", "nifti", "folder", "--json")[1])
    assert facts["classes"] == {"glioma": 2, "healthy": 1}
    assert facts["notes"] == []


def test_manifest_edit(replace: Any, ask: Any) -> None:
    calls = replace("manifest", TABLE)
    options = ["--patients", "p.csv", "--patient-regex", "(?P<patient>P)", "--keep", "a,b"]
    options += ["--rename", "x=y", "--rename", "z=y", "--target", "type", "--forget", "split"]
    ask("manifest", "edit", "m.csv", "--out", "n.csv", *options)
    positional, named = given(calls)
    assert positional == ("edit", Path("m.csv"), Path("n.csv"))
    assert {k: v for k, v in named.items() if v is not None} == {
        "patients": Path("p.csv"),
        "patient_regex": "(?P<patient>P)",
        "rename": ["x=y", "z=y"],
        "keep": "a,b",
        "target": "type",
        "forget": "split",
    }


def report() -> AuditReport:
    table = TABLE.table.assign(width=9, height=9, format="PNG", mode="L", cluster=[0, 1, 2])
    links = pd.DataFrame(columns=["a", "b", "kind", "similarity", "orientation", "adjusted"])
    return AuditReport("m.csv", table, [], links, [], {}, [], [])


def test_audit(replace: Any, ask: Any) -> None:
    calls = replace("audit", report())
    options = ["--against", "o.csv", "--out", "there", "--write-groups", "g.csv", "--seed", "3"]
    options += ["--drop", "duplicates", "--carry", "mask", "--cleaned", "c.csv", "--jobs", "2"]
    code, out, _ = ask("audit", "m.csv", *options)
    assert given(calls) == (
        (Path("m.csv"),),
        {
            "against": Path("o.csv"),
            "out": Path("there"),
            "write_groups": Path("g.csv"),
            "drop": "duplicates",
            "carry": "mask",
            "cleaned": Path("c.csv"),
            "seed": 3,
            "jobs": 2,
        },
    )
    assert code == 0
    assert out.splitlines()[-1] == f"page: {(Path('there') / 'audit.html').resolve()}"
    assert json.loads(ask("audit", "m.csv", "--json")[1])["images"] == 3
    place = calls[-1][1]["out"]  # no page is replaced
    assert place.parent == Path("runs") and place.name.startswith("m-audit-2")


def leaking() -> AuditReport:
    """Of three pictures the first two, on two sides, are the same."""
    mine = report()
    table = mine.table.assign(split=["train", "test", "train"], cluster=[0, 0, 1])
    return replace_fields(mine, table=table)


def test_audit_says_what_is_next(replace: Any, ask: Any) -> None:
    replace("audit", leaking())
    code, _, err = ask("audit", "m.csv")
    assert (code, err) == (0, "next: gliaboost audit m.csv --write-groups grouped.parquet\n")
    assert ask("audit", "m.csv", "--json")[2] == ""


def test_audit_says_what_it_wrote(replace: Any, ask: Any) -> None:
    carried = (Carried("patient", 2, 3, 2), Carried("mask", 1, 3, 2))
    groups = WrittenManifest("g.csv", 3, 3, ("path", "group"), 2, 2)
    cleaned = WrittenManifest("c.csv", 2, 3, ("path",), 0, 0, ("duplicates",), carried)
    calls = replace("audit", replace_fields(leaking(), written=(groups, cleaned)))
    _, out, err = ask("audit", "m.csv", "--drop", "duplicates")
    assert calls[-1][1]["cleaned"] == Path("cleaned.parquet")
    assert out.splitlines()[-8:-1] == [
        "g.csv: all 3 rows, 2 columns",
        "  group: 2 groups that no fold cuts; 2 rows in groups of several",
        "c.csv: 2 of 3 rows, 1 column",
        "  dropped: 1 row (duplicates); no image file is deleted",
        "  patient: carried over for 2 of 3 rows without",
        "  mask: carried over for 1 of 3 rows without",
        "    not for 1 more that have one there (turned, resized or trimmed, or pictures that are "
        "the same disagree)",
    ]
    assert err == "next: gliaboost benchmark c.csv\n"
    facts = json.loads(ask("audit", "m.csv", "--json")[1])["written"]
    assert [one["path"] for one in facts] == ["g.csv", "c.csv"]
    assert facts[1]["carried"][1] == {"column": "mask", "filled": 1, "empty": 3, "known": 2}


def test_a_strict_audit_fails_on_what_is_wrong(replace: Any, ask: Any) -> None:
    replace("audit", leaking())
    assert ask("audit", "m.csv")[0] == 0
    for more in ((), ("--json",)):
        code, out, err = ask("audit", "m.csv", "--strict", *more)
        assert (code, "another side" in out) == (1, True)
        assert err.splitlines()[-1] == "gliaboost: wrong, by the verdict: 2 (--strict)"
    replace("audit", report())
    assert ask("audit", "m.csv", "--strict")[0] == 0


def test_explore(replace: Any, ask: Any) -> None:
    calls = replace("explore", None)
    options = ["--prepare", "size=64", "--jobs", "2", "--seed", "3", "--out", "e.html"]
    code, out, err = ask("explore", "m.csv", *options)
    assert given(calls) == (
        (Path("m.csv"), Path("e.html")),
        {"prepare": "size=64", "jobs": 2, "seed": 3},
    )
    assert (code, out) == (0, f"page: {Path('e.html').resolve()}\n")
    assert err == "next: gliaboost audit m.csv\n"
    assert ask("explore", "m.csv", "--json", *options)[1:] == ('{\n "page": "e.html"\n}\n', "")
    ask("explore", "m.csv")
    place = calls[-1][0][1]
    assert place.parent == Path("runs") and place.name.startswith("m-explore-2")
