from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gliaboost.datasets.decode import decode_mask
from gliaboost.errors import UsageError
from gliaboost.models.segmentation.mask_files import (
    write_mask,
    write_measurements_csv,
    write_measurements_json,
    write_overlay,
)
from gliaboost.models.segmentation.measurements import measure

MASK = np.zeros((20, 33), bool)
MASK[4:9, 5:20] = MASK[15, 30] = True
ROWS: list[tuple[dict[str, Any], Any]] = [
    ({"path": "a, b.png"}, measure(np.zeros((20, 33), bool))),
    ({"path": "ü.png", "class": "glioma"}, measure(MASK, spacing=(0.5, 0.5))),
]


def test_a_mask_is_0_and_255_and_reads_back(tmp_path: Path) -> None:
    file = write_mask(MASK, tmp_path / "deep" / "m.png")
    with Image.open(file) as image:
        assert image.mode == "L"
        np.testing.assert_array_equal(np.asarray(image), 255 * MASK)
    np.testing.assert_array_equal(decode_mask(file), MASK)
    assert not decode_mask(write_mask(MASK & False, file)).any()
    assert [f.name for f in file.parent.iterdir()] == ["m.png"]


def test_an_overlay_keeps_its_colours(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (7, 9, 3)).astype(np.uint8)
    with Image.open(write_overlay(picture, tmp_path / "o.PNG")) as image:
        np.testing.assert_array_equal(np.asarray(image), picture)


def test_csv_has_a_line_an_image_and_leaves_the_unknown_empty(tmp_path: Path) -> None:
    file = write_measurements_csv(iter(ROWS), tmp_path / "m.csv")
    with file.open(encoding="utf-8", newline="") as f:
        empty, found = csv.DictReader(f)
    assert list(empty)[:2] == ["path", "class"]
    assert (empty["path"], empty["class"], empty["area_pixels"]) == ("a, b.png", "", "0")
    assert (empty["longest_mm"], empty["area_mm2"]) == ("", "")
    assert (found["path"], found["class"], found["components"]) == ("ü.png", "glioma", "2")
    assert float(found["area_mm2"]) == 19.0
    assert "nan" not in file.read_text("utf-8").lower()


def test_json_has_each_component_too(tmp_path: Path) -> None:
    file = write_measurements_json(iter(ROWS), tmp_path / "m.json")
    empty, found = json.loads(file.read_text("utf-8"))
    assert (empty["area_pixels"], empty["longest_mm"], empty["regions"]) == (0, None, [])
    assert [r["area_pixels"] for r in found["regions"]] == [75, 1]
    assert found["area_pixels"] == 76
    assert {k: found[k] for k in ("path", "class")} == ROWS[1][0]


def test_nothing_measured_is_an_empty_table(tmp_path: Path) -> None:
    assert write_measurements_csv([], tmp_path / "m.csv").read_text() == "\n"
    assert json.loads(write_measurements_json([], tmp_path / "m.json").read_text()) == []


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    file = write_measurements_json(ROWS, tmp_path / "m.json")
    before = file.read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        write_measurements_json([({"path": "x", "p": float("nan")}, ROWS[0][1])], file)
    with pytest.raises(UsageError, match="area_mm2, as measurements are"):
        write_measurements_csv([({"area_mm2": 3}, ROWS[0][1])], file)
    assert file.read_bytes() == before
    assert [f.name for f in tmp_path.iterdir()] == ["m.json"]


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(UsageError, match=r"cannot write .*name another place"):
        write_mask(MASK, tmp_path / "folder" / "m.png")
    with pytest.raises(UsageError, match=r"written as \.png"):
        write_mask(MASK, tmp_path / "m.jpg")
    for wrong in (MASK.astype(np.uint8), MASK[None]):
        loose: Any = wrong
        with pytest.raises(UsageError, match="expected bool"):
            write_mask(loose, tmp_path / "m.png")
    with pytest.raises(UsageError, match=r"expected uint8 \[H, W, 3\]"):
        write_overlay(np.zeros((3, 3), np.uint8), tmp_path / "m.png")
