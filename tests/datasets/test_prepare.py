from __future__ import annotations

import itertools
import json
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from gliaboost.datasets.decode import decode, decode_mask
from gliaboost.datasets.prepare import CROPS, DENOISERS, NORMALISERS, Preparation, foreground_box
from gliaboost.errors import UsageError

EVERY = [
    Preparation(64, *steps)
    for steps in itertools.product(CROPS, DENOISERS, NORMALISERS, (False, True))
]


def head(height: int = 200, width: int = 160) -> NDArray[np.uint8]:
    """Draw a textured ellipse on black ground."""
    y, x = np.mgrid[:height, :width]
    inside = ((y - 90) / 60) ** 2 + ((x - 70) / 45) ** 2 < 1
    noise = np.random.default_rng(0).normal(120, 25, (height, width))
    return np.where(inside, np.clip(noise, 40, 255), 0).astype(np.uint8)


@pytest.mark.parametrize("preparation", EVERY, ids=lambda p: "-".join(map(str, vars(p).values())))
def test_every_preparation_gives_one_size(preparation: Preparation) -> None:
    image = head()
    before = image.copy()
    prepared = preparation(image)
    assert prepared.shape == (64, 64)
    assert prepared.dtype == np.uint8
    assert prepared.flags["C_CONTIGUOUS"]
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(preparation(image), prepared)
    np.testing.assert_array_equal(preparation(np.asfortranarray(image)), prepared)
    assert Preparation.from_dict(json.loads(json.dumps(preparation.to_dict()))) == preparation


def test_all_fingerprints_differ() -> None:
    everything = [*EVERY, Preparation(), Preparation(128)]
    assert len({p.fingerprint() for p in everything}) == len(everything)
    assert len(set(everything)) == len(everything)


def test_fingerprint_is_the_same_in_another_process() -> None:
    code = "from gliaboost.datasets.prepare import Preparation as P; print(P(96).fingerprint())"
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == Preparation(96).fingerprint()
    assert pickle.loads(pickle.dumps(Preparation(96))) == Preparation(96)


@pytest.mark.parametrize("factor", [2, 3, 8])
def test_shrinking_takes_the_mean_of_each_area(factor: int) -> None:
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (32 * factor, 32 * factor), dtype=np.uint8)
    means = image.reshape(32, factor, 32, factor).mean(axis=(1, 3))
    assert np.abs(Preparation(32)(image) - means).max() <= 0.5


def test_an_image_of_that_size_is_unchanged() -> None:
    image = np.random.default_rng(2).integers(0, 256, (48, 48), dtype=np.uint8)
    np.testing.assert_array_equal(Preparation(48)(image), image)


@pytest.mark.parametrize(("height", "width"), [(50, 100), (100, 50), (1, 100), (100, 1), (70, 70)])
def test_aspect_is_kept_by_padding(height: int, width: int) -> None:
    image = np.full((height, width), 200, np.uint8)
    prepared = Preparation(60, keep_aspect=True)(image)
    rows, columns = np.atleast_1d(prepared.any(axis=1)), np.atleast_1d(prepared.any(axis=0))
    longer = max(height, width)
    assert rows.sum() == max(1, round(60 * height / longer))
    assert columns.sum() == max(1, round(60 * width / longer))
    assert abs(int(rows.argmax()) - int(rows[::-1].argmax())) <= 1
    assert (prepared[np.ix_(rows, columns)] == 200).all()
    assert (Preparation(60)(image) == 200).all()


def test_foreground_is_the_head_not_a_speck() -> None:
    image = head()
    image[2:5, 150:153] = 255
    top, left, bottom, right = foreground_box(image)
    assert (abs(top - 30), abs(left - 25), abs(bottom - 150), abs(right - 115)) < (3, 3, 3, 3)
    cropped = Preparation(64, crop="foreground")(image)
    assert (cropped > 0).mean() > (Preparation(64)(image) > 0).mean() * 1.5


@pytest.mark.parametrize("value", [0, 90])
@pytest.mark.parametrize("preparation", EVERY[::7])
def test_a_flat_image_stays_flat(value: int, preparation: Preparation) -> None:
    prepared = preparation(np.full((30, 30), value, np.uint8))
    assert prepared.min() == prepared.max()
    assert foreground_box(np.full((30, 30), value, np.uint8)) == (0, 0, 30, 30)


def test_median_removes_salt_and_pepper() -> None:
    image = np.full((64, 64), 100, np.uint8)
    image[::7, ::5] = 255
    assert (Preparation(64, denoise="median")(image) == 100).all()


def test_non_local_means_removes_noise() -> None:
    noise = np.random.default_rng(3).normal(0, 5, (64, 64))
    clean = np.where(np.arange(64) < 32, 60, 180)[None]
    prepared = Preparation(64, denoise="nlm")(np.clip(clean + noise, 0, 255).astype(np.uint8))
    assert np.std(prepared - clean) < 0.5 * np.std(noise)


def test_percentile_stretches_the_foreground() -> None:
    image = head() // 3
    prepared = Preparation(200, normalise="percentile")(head(200, 200) // 3)
    assert prepared.max() == 255
    assert (prepared == 255).mean() < 0.02
    assert prepared[0, 0] == 0
    assert image.max() < 100


def test_contrast_does_not_matter_after_zscore_or_percentile() -> None:
    image = head(200, 200)
    dim = np.where(image > 0, image // 2 + 30, 0).astype(np.uint8)
    for normalise in ("zscore", "percentile"):
        prepare = Preparation(200, normalise=normalise)
        difference = prepare(image).astype(int) - prepare(dim)
        assert np.abs(difference).max() <= 4, normalise


def test_zscore_puts_the_mean_in_the_middle() -> None:
    prepared = Preparation(200, normalise="zscore")(head(200, 200))
    assert abs(prepared[prepared > 0].mean() - 127.5) < 1
    assert abs(prepared[prepared > 0].std() - 127.5 / 3) < 2


def test_clahe_brings_out_local_contrast() -> None:
    rng = np.random.default_rng(4)
    image = (rng.integers(0, 12, (64, 64)) + np.arange(64)[:, None]).astype(np.uint8)
    assert Preparation(64, normalise="clahe")(image)[:8].std() > 1.3 * image[:8].std()


def test_threads_give_the_same() -> None:
    rng = np.random.default_rng(5)
    images = [rng.integers(0, 256, (80, 70), dtype=np.uint8) for _ in range(40)]
    prepare = Preparation(64, "foreground", "median", "clahe")
    with ThreadPoolExecutor(4) as pool:
        for one, many in zip(map(prepare, images), pool.map(prepare, images), strict=True):
            np.testing.assert_array_equal(one, many)


@settings(max_examples=60, deadline=None)
@given(
    image=arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))),
    preparation=st.builds(
        Preparation,
        size=st.integers(8, 50),
        crop=st.sampled_from(sorted(CROPS)),
        denoise=st.sampled_from(["none", "median"]),
        normalise=st.sampled_from(sorted(NORMALISERS)),
        keep_aspect=st.booleans(),
    ),
)
def test_any_image_can_be_prepared(image: NDArray[np.uint8], preparation: Preparation) -> None:
    prepared = preparation(image)
    assert prepared.shape == (preparation.size, preparation.size)
    assert prepared.dtype == np.uint8


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": 7}, "size=7; expected 8 to 4096 pixels"),
        ({"size": 5000}, "expected 8 to 4096"),
        ({"size": 64.0}, "expected a whole number"),
        ({"size": True}, "expected a whole number"),
        ({"size": "64"}, "expected a whole number"),
        ({"crop": "brain"}, "crop='brain'; expected one of none, foreground"),
        ({"denoise": "blur"}, "denoise='blur'; expected one of none, median, nlm"),
        ({"normalise": None}, "expected one of none, percentile, zscore, clahe"),
        ({"normalise": ["clahe"]}, "expected one of none, percentile, zscore, clahe"),
        ({"keep_aspect": 1}, "keep_aspect=1; expected true or false"),
        (
            {"sise": 64, "blur": 1},
            "unknown preparation blur, sise; known are: size, crop, denoise, normalise, keep",
        ),
        ({"window": "bone"}, r"known are: .*\. CT windows need Hounsfield units: .*--window brain"),
        ({"version": 99}, "prepared by version 99; this gliaboost has version 1"),
    ],
)
def test_illegal_values_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Preparation.from_dict(values)


def test_absent_values_take_their_default() -> None:
    assert Preparation.from_dict({}) == Preparation() == Preparation(size=256)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4, 3), np.uint8),
        np.zeros((4, 4), np.float32),
        np.zeros((0, 4), np.uint8),
        np.zeros(4, np.uint8),
    ],
    ids=["colour", "float", "empty", "flat"],
)
def test_what_is_no_grey_image_is_refused(image: NDArray[Any]) -> None:
    with pytest.raises(UsageError, match=r"expected uint8 \[H, W\]"):
        Preparation()(image)


def test_the_crop_never_cuts_a_real_tumour(figshare_folder: Path) -> None:
    for number in range(1, 3065, 31):
        image = decode(figshare_folder / "images" / f"{number}.jpg")
        mask = decode_mask(figshare_folder / "masks" / f"{number}.png")
        top, left, bottom, right = foreground_box(image)
        assert mask[top:bottom, left:right].sum() == mask.sum(), number
