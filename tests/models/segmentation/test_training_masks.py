"""What a segmenter learns from, and which rows say nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.models.segmentation.training_masks import read_training_masks

INSIDE = np.zeros((64, 64), bool)
INSIDE[20:40, 30:50] = True


def _manifest(folder: Path, masks: Sequence[Any], labels: Sequence[Any], **more: Any) -> Manifest:
    rows = []
    for k, mask in enumerate(masks):
        Image.fromarray(np.full((64, 64), 90 + k, np.uint8)).save(folder / f"{k}.png")
        if mask is not None:
            Image.fromarray(mask).save(folder / f"{k}_mask.png")
        rows.append({"path": f"{k}.png", "mask": None if mask is None else f"{k}_mask.png"})
    return Manifest.of(
        pd.DataFrame(rows).assign(label=pd.Series(list(labels), dtype=object), **more), folder
    )


def _read(manifest: Manifest) -> Any:
    return read_training_masks(manifest, range(len(manifest)), Preparation(size=32))


def test_masks_of_every_depth_are_read_onto_the_prepared_image(tmp_path: Path) -> None:
    grey = (INSIDE * 255).astype(np.uint8)
    kinds = [grey, (INSIDE * 1).astype(np.uint8), (INSIDE * 60000).astype(np.uint16)]
    kinds.append(np.repeat(grey[:, :, None], 3, axis=2))
    found = _read(_manifest(tmp_path, kinds, ["glioma"] * 4))
    assert found.known.all() and not found.failed
    assert (found.masks == INSIDE[::2, ::2]).all()


def test_a_row_without_a_mask_is_healthy_by_its_label_or_says_nothing(tmp_path: Path) -> None:
    labels = ["glioma", "no_tumor", "Healthy", "glioma"]
    found = _read(_manifest(tmp_path, [INSIDE, None, None, None], labels))
    assert found.known.tolist() == [True, True, True, False]
    assert not found.masks[1:].any()


def test_presence_says_it_where_the_label_does_not(tmp_path: Path) -> None:
    presence = ["tumor", "no_tumor"]
    found = _read(_manifest(tmp_path, [INSIDE, None], ["A", "B"], presence=presence))
    assert found.known.tolist() == [True, True]


def test_a_mask_of_another_size_and_a_broken_one_are_named(tmp_path: Path) -> None:
    manifest = _manifest(tmp_path, [INSIDE, INSIDE[:, :50], INSIDE], ["glioma"] * 3)
    (tmp_path / "2_mask.png").write_bytes(b"nothing")
    found = _read(manifest)
    assert found.known.tolist() == [True, False, False]
    assert "a mask of 64 x 50 pixels for a picture of 64 x 64" in found.failed[1]
    assert "2_mask.png" in found.failed[2]


def test_a_mask_that_can_be_no_tumours_is_named_and_not_learned_from(tmp_path: Path) -> None:
    ramp = np.arange(4096).reshape(64, 64) // 16
    found = _read(_manifest(tmp_path, [INSIDE, ~INSIDE, ramp.astype(np.uint8)], ["glioma"] * 3))
    assert found.known.tolist() == [True, False, False]
    assert "of the head" in found.failed[1]
    assert "holds shades" in found.failed[2]
    assert not found.masks[1:].any()


def test_an_empty_mask_is_a_mask(tmp_path: Path) -> None:
    found = _read(_manifest(tmp_path, [INSIDE, INSIDE & False], ["glioma", "glioma"]))
    assert found.known.all()
    assert not found.masks[1].any()


@pytest.mark.parametrize("label", [None, "unsure"])
def test_a_label_that_says_nothing_is_not_healthy(tmp_path: Path, label: str | None) -> None:
    found = _read(_manifest(tmp_path, [INSIDE, None], ["glioma", label]))
    assert found.known.tolist() == [True, False]
