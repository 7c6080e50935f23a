"""Frozen maps by pixel."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from scipy import ndimage

torch = pytest.importorskip("torch")

from gliaboost.features.dense.frozen import (  # noqa: E402
    SIDE,
    STAGES,
    frozen_names,
    frozen_pyramid,
    wide_pyramid,
)
from gliaboost.features.dense.pyramid import Pyramid  # noqa: E402
from gliaboost.features.embedding.backbones import create_backbone  # noqa: E402


def _image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (SIDE, SIDE)).astype(np.uint8)


@pytest.mark.integration
def test_levels_are_the_networks_stages() -> None:
    image = _image()
    grey = (torch.from_numpy(image).float() / 255 - 0.5) / 0.5
    model = create_backbone()
    with torch.inference_mode():
        stages = model.forward_intermediates(  # type: ignore[operator]
            grey.expand(1, 3, SIDE, SIDE), intermediates_only=True
        )
    levels = frozen_pyramid(image).levels
    assert sum(level.shape[2] for level in levels) == len(frozen_names())
    for stage, level in zip(STAGES, levels, strict=True):
        expected = stages[stage][0].permute(1, 2, 0).numpy()
        assert level == pytest.approx(expected, abs=2e-3 * float(max(1, np.abs(expected).max())))


def test_wide_maps_are_all_stages_averaged_around() -> None:
    pyramid = frozen_pyramid(_image())
    wide = wide_pyramid(pyramid).levels[0].astype(float)
    start = 0
    for level in pyramid.levels:
        stage = level.astype(float)
        block = stage.shape[0] // 18
        cells = stage.reshape(18, block, 18, block, -1).mean(axis=(1, 3))
        around = ndimage.uniform_filter(cells, (3, 3, 1), mode="nearest")
        stop = start + stage.shape[2]
        near = 2e-3 * float(np.abs(around).max())
        assert wide[..., start:stop] == pytest.approx(around, abs=near)
        start = stop
    assert start == wide.shape[2]


def test_wide_maps_are_numpys_to_the_bit() -> None:
    """Else a segmenter that was fitted before would look at other columns than it learned from."""
    rng = np.random.default_rng(0)
    level = (40 * rng.standard_normal((72, 72, 5))).astype(np.float16)
    coarsest = rng.standard_normal((18, 18, 2)).astype(np.float16)
    cells = level.astype(np.float32).reshape(18, 4, 18, 4, 5).mean(axis=(1, 3))
    padded = np.pad(cells, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    expected = ((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9).astype(np.float16)
    wide = wide_pyramid(Pyramid((level, coarsest))).levels[0]
    assert (wide[..., :5].view(np.uint16) == expected.view(np.uint16)).all()


def test_any_size_is_brought_to_the_networks() -> None:
    shapes = [level.shape for level in frozen_pyramid(np.zeros((3, 5), np.uint8)).levels]
    assert shapes == [(72, 72, 24), (36, 36, 40), (18, 18, 112)]


def test_threads_do_not_change_a_bit() -> None:
    image, found = _image(), []
    here = frozen_pyramid(image)
    thread = threading.Thread(target=lambda: found.append(frozen_pyramid(image)))
    thread.start()
    thread.join()
    for one, other in zip(here.levels, found[0].levels, strict=True):
        assert (one == other).all()
