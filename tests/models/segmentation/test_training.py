"""From a manifest with masks to a segmenter's bundle, and what is said where masks will not do."""

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
from gliaboost.errors import UsageError
from gliaboost.models.segmentation.training import (
    modality_in,
    read_masked_images,
    say_nameless,
    teaching_rows,
    train_segmenter,
)

SMALL = Preparation(size=64)
HEAD = np.zeros((64, 64), np.uint8)
HEAD[8:56, 8:56] = 60
HEAD[26:34, 26:34] = 220
MASK = ((HEAD > 200) * 255).astype(np.uint8)


def manifest(
    folder: Path, masks: Sequence[Any], labels: Sequence[Any] | None = None, **more: Any
) -> Manifest:
    rows: list[dict[str, Any]] = []
    for k, mask in enumerate(masks):
        Image.fromarray(HEAD + np.uint8(k)).save(folder / f"{k}.png")
        if mask is not None:
            Image.fromarray(mask).save(folder / f"{k}_mask.png")
        rows.append({"path": f"{k}.png", "mask": None if mask is None else f"{k}_mask.png"})
    table = pd.DataFrame(rows).assign(**more)
    if labels is not None:
        table["label"] = pd.Series(list(labels), dtype=object)
    return Manifest.of(table, folder, "m.csv")


class Lines:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.steps: list[tuple[str, int, int | None]] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def step(self, stage: str, done: int, total: int | None) -> None:
        self.steps.append((stage, done, total))


def test_a_bundle_knows_what_it_was_trained_on(tmp_path: Path) -> None:
    table = manifest(
        tmp_path,
        [MASK, MASK, None],
        ["glioma", "glioma", "no_tumor"],
        patient=["a", "b", "c"],
        modality=["MRI"] * 3,
    )
    heard = Lines()
    bundle, failed = train_segmenter(table, "otsu", preparation=SMALL, progress=heard)
    assert bundle.metrics == {"images": 3, "with_tumour": 2, "patients": 3} and not failed
    assert (bundle.modality, bundle.manifest) == ("MRI", table.fingerprint())
    assert bundle.familiarity["copies"] and bundle.image_size == 64
    assert heard.steps == [("reading", 3, 3)]
    assert heard.lines == ["fitting otsu on 3 slices, 2 of them with a tumour"]


def test_rows_of_which_nothing_is_known_are_left_out_and_counted(tmp_path: Path) -> None:
    table = manifest(tmp_path, [MASK, None, None], ["glioma", "glioma", "healthy"])
    heard = Lines()
    given = read_masked_images(table, SMALL, progress=heard)
    assert given.rows.tolist() == [0, 2]
    assert given.masks.any(axis=(1, 2)).tolist() == [True, False]
    assert heard.lines == [
        "1 row has no mask (of glioma), and no label that says there is no tumour: left out"
    ]


def test_without_any_mask_it_is_said_what_to_do(tmp_path: Path) -> None:
    table = manifest(tmp_path, [None, None], ["glioma", "healthy"])
    with pytest.raises(UsageError, match=r"no row of m\.csv has a mask.*--carry mask.*SEG.joblib"):
        read_masked_images(table, SMALL)


def test_all_masks_that_cannot_be_used_are_named_at_once(tmp_path: Path) -> None:
    table = manifest(tmp_path, [np.zeros((32, 64), np.uint8), MASK, MASK[:, :8], MASK])
    (tmp_path / "3_mask.png").write_bytes(b"no picture")
    with pytest.raises(UsageError) as caught:
        read_masked_images(table, SMALL)
    said = str(caught.value)
    assert said.startswith("3 masks of m.csv cannot be used")
    assert "nothing was trained" in said
    assert [f"{k}.png" in said for k in range(4)] == [True, False, True, True]
    assert "64 x 8 pixels for a picture of 64 x 64" in said


def test_masks_that_are_all_empty_are_no_masks(tmp_path: Path) -> None:
    table = manifest(tmp_path, [MASK * 0, MASK * 0])
    with pytest.raises(UsageError, match=r"all masks of m\.csv are empty \(of 2 slices\)"):
        read_masked_images(table, SMALL)


def test_pictures_that_cannot_be_read_are_passed_over_and_told(tmp_path: Path) -> None:
    table = manifest(tmp_path, [MASK, MASK])
    (tmp_path / "0.png").write_bytes(b"")
    bundle, failed = train_segmenter(table, "otsu", preparation=SMALL)
    assert list(failed) == [0] and bundle.metrics["images"] == 1


@pytest.mark.parametrize(
    ("labels", "kept", "told", "said"),
    [
        (["a", "b", "healthy"], [0, 1, 2], ["a", "b", "healthy"], []),
        (["a", None, "healthy"], [0, 2], ["a", "healthy"], ["1 of 2 slices with a tumour has no"]),
        ([None, None, "healthy"], [0, 1, 2], None, ["no slice with a tumour has a label"]),
        (["a", "b", None], [0, 1, 2], ["a", "b", ""], []),
    ],
)
def test_a_tumour_without_a_label_does_not_take_the_classes_from_the_others(
    tmp_path: Path, labels: Any, kept: Any, told: Any, said: Any
) -> None:
    given = read_masked_images(manifest(tmp_path, [MASK, MASK, MASK * 0], labels), SMALL)
    places, classes = teaching_rows(given)
    assert places.tolist() == kept
    assert (None if classes is None else classes.tolist()) == told
    heard = Lines()
    say_nameless(given, heard)
    assert len(heard.lines) == len(said)
    assert all(start in line for start, line in zip(said, heard.lines, strict=True))
    one, _ = teaching_rows(given, np.array([1]))
    assert one.tolist() == [1]  # alone it is a tumour


def test_a_bundle_keeps_the_classes_and_counts_what_it_learned_from(tmp_path: Path) -> None:
    pytest.importorskip("lightgbm")
    table = manifest(tmp_path, [MASK] * 5, ["a", "b", "a", "b", None])
    heard = Lines()
    bundle, _ = train_segmenter(
        table, "boosted-pixels", preparation=SMALL, device="cpu", jobs=1, progress=heard,
        parameters={"maps": "classical", "passes": 1, "rounds": 2},
    )  # fmt: skip
    assert bundle.classes == ["a", "b"] and bundle.metrics["images"] == 4
    assert any("1 of 5 slices with a tumour has no label" in line for line in heard.lines)


@pytest.mark.parametrize(
    ("modality", "expected"),
    [(["CT", "CT"], "CT"), (["CT", "MRI"], ""), ([None, "MRI"], ""), ([None, None], "")],
)
def test_a_modality_is_known_where_all_rows_have_it(
    tmp_path: Path, modality: list[str | None], expected: str
) -> None:
    table = manifest(tmp_path, [MASK, MASK], modality=modality)
    assert modality_in(table, [0, 1]) == expected


def test_each_epoch_of_a_network_is_told(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    heard = Lines()
    given = manifest(tmp_path, [MASK] * 8, ["glioma", "meningioma"] * 4)
    tiny = {
        "backbone": "mobilenetv3_small_050", "weights": "random", "size": 32, "width": 2,
        "epochs": 1, "batch_size": 4,
    }  # fmt: skip
    train_segmenter(
        given, "unet", preparation=SMALL, parameters=tiny, device="cpu", jobs=1, progress=heard
    )
    epochs = [line for line in heard.lines if line.startswith("unet, epoch")]
    assert [line.partition(":")[0] for line in epochs] == [
        "unet, epoch 1 of 2",
        "unet, epoch 2 of 2",
    ]
    assert "Dice on patients held out 0." in epochs[1]
