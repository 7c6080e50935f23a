"""A comparison of segmenters on disk: what is written is read, all else is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gliaboost.errors import ResultsError, UsageError
from gliaboost.reports.protocol.segmentation_record import (
    RECORD,
    SCHEMA,
    SLICES,
    SegmentationRecord,
    SegmentationResults,
    SegmenterFold,
    SegmenterRecord,
    holds_segmentation,
    read_segmentation,
    write_segmentation,
)

FOLDS = tuple(
    SegmenterFold(fold=f, train=4, test=2, fit=t, device="cpu", decision={"least": 0.5})
    for f, t in (("1", 1.0), ("2", 2.0))
)


def record(**more: Any) -> SegmentationRecord:
    known: dict[str, Any] = {
        "schema": SCHEMA, "gliaboost": "1", "created": "2026", "command": "", "dataset": "d",
        "fingerprint": "f", "images": 6, "with_tumour": 4, "patients": 3, "left_out": 0,
        "simulated": False, "division": "two folds", "preparation": {"size": 64}, "seed": 0,
        "processor": "p", "cores": 2, "unreadable": {"a.png": "is empty"},
        "segmenters": (SegmenterRecord(name="otsu", parameters={"a": 1}, folds=FOLDS),),
    }  # fmt: skip
    return SegmentationRecord(**{**known, **more})


def slices() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "path": ["a", "b", "c"],
            "experiment": ["otsu"] * 3,
            "area_true": [9, 4, 0],
            "dice": [0.5, 1.0, 0.0],
            **dict.fromkeys(
                ("area_predicted", "iou", "precision", "recall", "hd95", "seconds"), 0.0
            ),
            "label": "",
        }
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_segmentation(tmp_path, record(), slices())
    found = read_segmentation(tmp_path)
    assert found.record == record() and found.folder == tmp_path
    pd.testing.assert_frame_equal(found.slices, slices(), check_dtype=False)
    assert found.dice() == {"otsu": 0.75}
    assert found.record.segmenters[0].fit_seconds == 1.5


def test_a_prompt_sees_two_lines_and_a_notebook_a_table() -> None:
    found = SegmentationResults(record(dataset="<b>d\n"), slices(), Path("<i>run"))
    assert repr(found) == (
        "<SegmentationResults: <b>d�, 6 images, a tumour on 4\n mean Dice: otsu 0.750>"
    )
    html = found._repr_html_()
    assert ">otsu<" in html and ">0.750<" in html and ">1.5<" in html
    assert "3 patients; two folds" in html and "<b>" not in html and "<i>" not in html


def test_an_empty_folder_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no segmentation\.json in .*segment benchmark"):
        read_segmentation(tmp_path)
    write_segmentation(tmp_path, record(), slices())
    (tmp_path / SLICES).unlink()
    with pytest.raises(UsageError, match=r"no slices\.parquet"):
        read_segmentation(tmp_path)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"schema": SCHEMA + 1}, "upgrade gliaboost"),
        ({"images": "6"}, "images: "),
        ({"more": 1}, "more: "),
        ({"segmenters": [{"name": "otsu"}]}, "segmenters.0"),
    ],
)
def test_other_fields_are_faults(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    write_segmentation(tmp_path, record(), slices())
    saved = json.loads((tmp_path / RECORD).read_text())
    (tmp_path / RECORD).write_text(json.dumps({**saved, **changed}))
    with pytest.raises(ResultsError, match=said):
        read_segmentation(tmp_path)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    write_segmentation(tmp_path, record(), slices())
    (tmp_path / RECORD).write_text("{")
    with pytest.raises(ResultsError, match="cannot be read"):
        read_segmentation(tmp_path)


def test_a_table_that_is_not_the_records_is_told(tmp_path: Path) -> None:
    write_segmentation(tmp_path, record(), slices().drop(columns=["hd95", "dice"]))
    with pytest.raises(ResultsError, match=r"no column dice[\s\S]*no column hd95"):
        read_segmentation(tmp_path)
    write_segmentation(tmp_path, record(), slices().assign(experiment="unet"))
    with pytest.raises(ResultsError, match=r"slices of unet, segmentation\.json names otsu"):
        read_segmentation(tmp_path)


def test_a_folder_is_of_segmenters_alone(tmp_path: Path) -> None:
    assert not holds_segmentation(tmp_path)
    write_segmentation(tmp_path, record(), slices())
    assert holds_segmentation(str(tmp_path))
    (tmp_path / "results.json").write_text("{}")
    assert not holds_segmentation(tmp_path)
