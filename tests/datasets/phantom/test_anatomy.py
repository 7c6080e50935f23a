"""The average head: a sound distance to the dura, and each tissue where anatomy has it."""

from __future__ import annotations

import importlib.machinery
from pathlib import Path

import numpy as np
import pytest

from gliaboost.datasets.phantom.anatomy import (
    BONE,
    CSF,
    GREY,
    ORIGIN,
    SELLA,
    SHAPE,
    TEMPLATE_ORIGIN,
    WHITE,
    Head,
    dura_distance,
    load_head,
    periodic_noise,
    template_path,
)
from gliaboost.errors import GliaboostError

# The head takes seconds to build, once a process.
pytestmark = pytest.mark.xdist_group("phantom")


@pytest.fixture(scope="module")
def head() -> Head:
    return load_head()


def at(volume: np.ndarray, x: float, y: float, z: float, spacing: float = 1.0) -> float:
    i, j, k = np.rint((np.array([x, y, z]) - ORIGIN) / spacing).astype(int)
    return float(volume[i, j, k])


@pytest.mark.integration
def test_the_head_is_built_once_and_cannot_be_changed(head: Head) -> None:
    assert load_head() is head
    assert head.tissue.shape == SHAPE
    assert head.depth.shape == (101, 133, 116)
    assert head.tissue.dtype == np.uint8
    assert head.depth.dtype == np.float32
    for array in (head.tissue, head.depth, head.white, head.texture):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0, 0] = 1


@pytest.mark.integration
def test_the_dura_encloses_the_brain_and_not_the_sella(head: Head) -> None:
    assert at(head.depth, 0, -16, 10, 2) < -30
    assert at(head.depth, 30, 40, 20, 2) < -5
    assert 0 < at(head.depth, *SELLA, 2) < 15
    for x, y, z in [(0, 120, 0), (0, 60, -60), (95, 0, 0), (0, 0, 100)]:
        assert at(head.depth, x, y, z, 2) > 5


@pytest.mark.integration
def test_depth_is_a_distance(head: Head) -> None:
    length = np.sqrt(sum(slope**2 for slope in np.gradient(head.depth, 2.0)))
    # At the surface itself the step between the voxels' middles shows.
    near = (np.abs(head.depth) > 4) & (np.abs(head.depth) < 12)
    assert np.quantile(length[near], 0.1) > 0.7
    assert np.quantile(length[near], 0.9) < 1.1


def test_a_balls_dura_is_a_ball() -> None:
    x, y, z = np.ogrid[:197, :233, :189]
    ball = (x - 98) ** 2 + (y - 116) ** 2 + (z - 80) ** 2 < 60**2
    depth = dura_distance(ball.astype(np.uint8) * 100)
    # On the head's grid the ball's middle lies at the template's corner plus its own.
    middle = (np.array([98, 116, 80]) + TEMPLATE_ORIGIN - ORIGIN) / 2
    i, j, k = np.rint(middle).astype(int)
    # The closing keeps a ball; 1.5 mm of fluid lie around it. The smoothed peak is a little lower.
    assert depth[i, j, k] == pytest.approx(-61.5, abs=4)
    for step, direction in [(40, (1, 0, 0)), (80, (0, 1, 0)), (70, (0, -1, 0)), (70, (0, 0, 1))]:
        point = np.rint(middle + step / 2 * np.array(direction)).astype(int)
        assert depth[tuple(point)] == pytest.approx(step - 61.5, abs=3)


@pytest.mark.integration
def test_tissues_are_where_anatomy_has_them(head: Head) -> None:
    tissue = head.tissue.astype(float)
    i, j, k = (np.asarray(v, int) for v in np.array([[30], [-20], [30]]) - ORIGIN[:, None])
    assert WHITE - 15 < tissue[i[0], j[0], k[0]] < WHITE + 15
    # The corner of the grid is air.
    assert tissue[0, 0, -1] == 0
    deep = np.repeat(np.repeat(np.repeat(head.depth, 2, 0), 2, 1), 2, 2)[
        : SHAPE[0], : SHAPE[1], : SHAPE[2]
    ]
    z = (np.arange(SHAPE[2]) + ORIGIN[2]) > 20
    vault = tissue[:, :, z]
    skull = (deep[:, :, z] > 2) & (deep[:, :, z] < 3)
    assert np.median(vault[skull]) < (BONE + CSF) / 2
    brain = deep[:, :, z] < -8
    assert CSF < np.median(vault[brain]) < WHITE + 1
    assert (vault[brain] < CSF - 15).mean() < 0.001
    assert np.quantile(vault[brain], 0.5) > GREY - 20


def test_noise_tiles_without_a_seam() -> None:
    noise = periodic_noise(24, 1.0)
    assert abs(float(noise.mean())) < 1e-5
    assert float(noise.std()) == pytest.approx(1, abs=1e-5)
    steps = np.abs(np.diff(noise, axis=0)).mean()
    assert np.abs(noise[0] - noise[-1]).mean() < 1.5 * steps
    np.testing.assert_array_equal(noise, periodic_noise(24, 1.0))


def test_a_missing_template_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(GliaboostError, match=r"not installed; .*pip install 'nilearn>=0\.11'"):
        template_path("t1")
    empty = importlib.machinery.ModuleSpec("nilearn", None, is_package=True)
    empty.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: empty)
    with pytest.raises(GliaboostError, match="nilearn's package has no mni_icbm152_wm_tal"):
        template_path("wm")
