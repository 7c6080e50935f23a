from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from gliaboost.datasets.audit.report import AuditReport
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
