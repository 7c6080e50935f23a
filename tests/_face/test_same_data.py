from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gliaboost._face.faults import Faults
from gliaboost._face.same_data import TOLD_OTHERWISE, Known, check_same
from gliaboost.datasets.manifest import Manifest
from gliaboost.reports.protocol.inputs import inputs_of, write_inputs


@pytest.fixture
def table(tmp_path: Path) -> Manifest:
    rows = []
    for n in range(4):
        (tmp_path / f"{n}.png").write_bytes(bytes([n]))
        (tmp_path / f"{n}-mask.png").write_bytes(bytes([n, n]))
        rows.append({"path": f"{n}.png", "mask": f"{n}-mask.png", "label": "ab"[n % 2]})
    return Manifest.of(pd.DataFrame(rows), tmp_path, "data")


def known(table: Manifest, folder: Path, *, listed: bool = True, answered: bool = True) -> Known:
    folder.mkdir(exist_ok=True)
    keys = list(table.with_keys().table["key"])
    digest = write_inputs(folder, [inputs_of(table, keys, masks=True)]) if listed else ""
    answers = table.with_keys().table[["path", "key", "label"]] if answered else pd.DataFrame()
    return Known(table.fingerprint(), digest, answers, folder)


def said(table: Manifest, then: Known, **given: Any) -> tuple[str, list[str]]:
    faults = Faults()
    unchecked = check_same(faults, table, then, **{"other": None, "jobs": 1, **given})
    return "\n".join(map(str, faults.errors)), unchecked


def test_the_same_data_are_the_same(table: Manifest, tmp_path: Path) -> None:
    assert said(table, known(table, tmp_path / "run")) == ("", [])


def test_an_altered_mask_is_named_where_inputs_are_listed(table: Manifest, tmp_path: Path) -> None:
    then, older = known(table, tmp_path / "run"), known(table, tmp_path / "old", listed=False)
    table.masks[2].write_bytes(b"other")  # type: ignore[union-attr]
    assert said(table, then)[0] == "data: masks of other bytes than then: 2-mask.png"
    assert said(table, older) == ("", ["the bytes of masks: these results do not have them"])


def test_of_answers_alone_the_tested_pictures_are_checked(table: Manifest, tmp_path: Path) -> None:
    then = known(table, tmp_path / "run", listed=False)
    some = Known(then.fingerprint, "", then.answers.iloc[:3], then.folder)
    for n in (1, 3):
        table.paths[n].write_bytes(b"other")
    faults, unchecked = said(table, some)
    assert faults == "data: pictures of other bytes than then: 1.png"
    assert unchecked[0].startswith("the bytes of 1 pictures that no model was tested on")


def test_without_any_table_a_missing_picture_is_still_a_fault(
    table: Manifest, tmp_path: Path
) -> None:
    then = known(table, tmp_path / "run", listed=False, answered=False)
    table.paths[1].unlink()
    faults, unchecked = said(table, then)
    assert faults == "data: pictures missing, or not to be opened: 1.png"
    assert unchecked == ["the bytes of pictures and masks: these results do not have them"]


def test_what_else_a_manifest_tells_is_held_against_the_answers(
    table: Manifest, tmp_path: Path
) -> None:
    then = known(table, tmp_path / "run")
    relabelled = Manifest.of(table.table.assign(label=["b", "b", "a", "b"]), tmp_path, "data")
    assert said(relabelled, then)[0] == "data: another label than then: 0.png"
    divided = Manifest.of(table.table.assign(fold="1"), tmp_path, "data")
    assert said(divided, then)[0] == f"data: {TOLD_OTHERWISE}"


def test_new_pictures_and_a_list_of_other_results_are_faults(
    table: Manifest, tmp_path: Path
) -> None:
    then = known(table, tmp_path / "run")
    (tmp_path / "new.png").write_bytes(b"new")
    rows = pd.concat([table.table, pd.DataFrame({"path": ["new.png"], "label": ["a"]})])
    assert (
        "were not in the data then: new.png"
        in said(Manifest.of(rows.reset_index(drop=True), tmp_path, "data"), then)[0]
    )
    strange = Known(then.fingerprint, "0" * 64, then.answers, then.folder)
    assert "is not that of these results" in said(table, strange)[0]


def test_the_other_data_set_is_checked_too(table: Manifest, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    keys = list(table.with_keys().table["key"])
    parts = [
        inputs_of(table, keys, masks=False),
        inputs_of(table, keys, masks=False, kind="test on"),
    ]
    then = Known(table.fingerprint(), write_inputs(run, parts), pd.DataFrame(), run)
    assert said(table, then, other=table) == ("", [])
    fewer = Manifest.of(table.table.iloc[:3], tmp_path, "other")
    assert said(table, then, other=fewer)[0] == (
        "data: other: pictures not in the data any more: 3.png"
    )
