from __future__ import annotations

import pandas as pd

from gliaboost.datasets.description import describe
from gliaboost.datasets.manifest import Manifest


def test_splits_are_columns_and_what_has_none_is_there_too() -> None:
    rows = {
        "path": list("abcd"),
        "label": ["x", "x", None, "y"],
        "split": ["train", "test", None, "train"],
        "patient": ["p", "q", None, "p"],
    }
    notes = ("something " * 15,)
    lines = describe(Manifest.of(pd.DataFrame(rows), ".", "m", notes), "my m.csv")
    assert lines[:5] == [
        "my m.csv: 4 images, 2 classes, 2 patients (1 images without one)",
        "                        train   test   none    all",
        "  x                         1      1      0      2",
        "  y                         1      0      0      1",
        "  (no label)                0      0      1      1",
    ]
    assert lines[5].startswith("- something") and lines[6].startswith("  something")
    assert lines[-1] == "next: gliaboost audit 'my m.csv'"


def test_unknown_patients_come_with_what_to_do() -> None:
    lines = describe(Manifest.of(pd.DataFrame({"path": ["a"], "label": ["x"]}), "."), "m.csv")
    assert lines[0].endswith("patients unknown")
    assert "--patients FILE.csv" in lines[-2]


def test_a_tables_classes_that_differ_by_spelling_are_named() -> None:
    rows = {"path": list("abc"), "label": ["Glioma", "glioma", "x"], "patient": list("pqr")}
    lines = describe(Manifest.of(pd.DataFrame(rows), "."), "m.csv")
    assert lines[-2] == (
        "Glioma and glioma differ by spelling alone; if they are one class: gliaboost manifest "
        "edit --rename glioma=Glioma"
    )
