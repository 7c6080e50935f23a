from __future__ import annotations

from pathlib import Path

import pandas as pd

from gliaboost.datasets.manifest import Manifest
from gliaboost.reports.protocol.inputs import (
    FILE,
    OTHER,
    digest,
    faults,
    inputs_of,
    read_inputs,
    write_inputs,
)


def table(folder: Path) -> Manifest:
    (folder / "a.png").write_bytes(b"a")
    (folder / "m.png").write_bytes(b"m")
    rows = {"path": ["a.png", "b.png"], "mask": ["m.png", "gone.png"]}
    return Manifest.of(pd.DataFrame(rows), folder)


def test_inputs_are_written_and_read(tmp_path: Path) -> None:
    manifest = table(tmp_path)
    own = inputs_of(manifest, ["k", None], masks=True)
    assert own["mask_key"].isna().tolist() == [False, True]
    assert inputs_of(manifest, ["k", None], masks=False)["mask"].isna().all()
    other = inputs_of(manifest, ["k", "l"], masks=False, kind=OTHER)
    told = write_inputs(tmp_path, [own, other])
    found = read_inputs(tmp_path)
    assert found is not None and len(found) == 4
    assert digest(found) == digest(found.iloc[::-1]) == told
    assert digest(own) != told
    (tmp_path / FILE).write_bytes(b"broken")
    assert read_inputs(tmp_path) is None and read_inputs(tmp_path / "gone") is None


def test_every_kind_of_difference_is_a_line(tmp_path: Path) -> None:
    columns = ["path", "key", "mask", "mask_key"]
    then = pd.DataFrame(
        [
            ("a", "1", "x", "5"),
            ("b", "2", "y", "6"),
            ("c", "3", None, None),
            ("d", None, None, None),
        ],
        columns=columns,
    )
    now = pd.DataFrame(
        [("a", "1", "x", None), ("b", "9", "z", "6"), ("d", "4", None, None)], columns=columns
    )
    assert faults(then, now, ", ".join) == [
        "pictures not in the data any more: c",
        "pictures of other bytes than then: b",
        "masks not in the data any more: y",
        "masks missing, or not to be opened: x",
    ]
    assert faults(then, then, ", ".join) == []
