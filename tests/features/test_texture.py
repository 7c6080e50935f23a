from __future__ import annotations

import importlib
import json
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.base import clone

from gliaboost.errors import UsageError
from gliaboost.features import GLCM, HOG, LBP, Extractor, from_feature_names, from_spec
from gliaboost.features.kernels.cooccurrence import PROPERTIES
from gliaboost.features.kernels.gradients import BLOCK_NORMS
from gliaboost.features.texture import TextureExtractor

Image = NDArray[np.uint8]
# Whole numbers that fit on the images of the tests below, 64 x 80.
side = st.integers(1, 6)
pair = side | st.tuples(side, side) | st.lists(side, min_size=2, max_size=2)
number = st.integers(1, 9) | st.floats(0.5, 9.0)


def several(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return values | st.lists(values, min_size=1, max_size=3, unique=True)


hogs = st.builds(
    HOG,
    orientations=st.integers(1, 12),
    pixels_per_cell=st.integers(8, 20) | st.tuples(st.integers(8, 20), st.integers(8, 20)),
    cells_per_block=st.integers(1, 3) | st.tuples(st.integers(1, 3), st.integers(1, 3)),
    block_norm=st.sampled_from(BLOCK_NORMS),
    transform_sqrt=st.booleans(),
    soft_bins=st.booleans(),
)
circles = st.lists(st.tuples(st.integers(1, 12), number), min_size=1, max_size=3, unique=True)
lbps = st.builds(
    lambda c, **rest: LBP(points=[p for p, _ in c], radii=[r for _, r in c], **rest),
    circles,
    method=st.sampled_from(["uniform", "nri_uniform", "var", "ror"]),
    grid=pair,
)
glcms = st.builds(
    GLCM,
    levels=st.integers(2, 256),
    distances=several(number),
    angles=several(st.integers(-180, 360) | st.floats(-180, 360)),
    properties=several(st.sampled_from(PROPERTIES)),
    symmetric=st.booleans(),
    grid=pair,
)
extractors = hogs | lbps | glcms


@given(extractor=extractors)
@settings(max_examples=150, deadline=None)
def test_names_rebuild_the_extractor(extractor: Extractor) -> None:
    names = extractor.feature_names(64, 80)
    assert len(set(names)) == len(names)
    rebuilt = from_feature_names(names)
    assert type(rebuilt) is type(extractor)
    assert rebuilt.feature_names(64, 80) == names
    assert from_feature_names(names[-1:]).feature_names(64, 80)[-1] == names[-1]


@given(extractor=extractors)
@settings(max_examples=40, deadline=None)
def test_columns_are_as_many_as_names_and_survive_every_road(extractor: Extractor) -> None:
    images = np.random.default_rng(2).integers(0, 256, (2, 64, 80), dtype=np.uint8)
    columns = extractor.transform(images)
    assert columns.dtype == np.float32
    assert columns.shape == (2, len(extractor.get_feature_names_out()))
    assert np.isfinite(columns).all()
    spec = json.loads(json.dumps(extractor.spec()))
    others = [
        from_feature_names(list(extractor.get_feature_names_out())),
        from_spec(spec),
        clone(extractor),
        pickle.loads(pickle.dumps(extractor)),
    ]
    for other in others:
        np.testing.assert_array_equal(other.transform(images), columns)
    assert from_spec(spec).fingerprint() == extractor.fingerprint()


@pytest.mark.parametrize("make", [HOG, LBP, GLCM])
def test_constructors_keep_parameters_untouched(make: type[Extractor]) -> None:
    defaults = make().get_params()
    given_ = {k: [*v] if isinstance(v, tuple) else v for k, v in defaults.items()}
    kept = make(**given_).get_params()
    assert all(kept[k] is given_[k] for k in given_)


def test_the_default_bank_is_affordable() -> None:
    names = [n for e in (HOG(), LBP(), GLCM()) for n in e.feature_names(256, 256)]
    assert len(names) == len(set(names)) <= 4000
    assert names[0] == "hog__cell_32__block_2__bins_9__norm_L2-Hys__y0_x0_r0_c0_b0"


@pytest.mark.parametrize(
    ("extractor", "message"),
    [
        (HOG(pixels_per_cell=0), "pixels_per_cell is 0; expected a whole number"),
        (HOG(cells_per_block=(1, 2, 3)), "cells_per_block is"),
        (HOG(orientations=0), "0 orientations"),
        (HOG(block_norm="L3"), "no block norm 'L3'"),
        (HOG(pixels_per_cell=64), "one HOG block needs 128 x 128"),
        (LBP(points=(8, 16)), r"LBP points \(8, 16\) and radii \(1, 2, 3\)"),
        (LBP(points=(8, 8), radii=(1, 1)), "no circle twice"),
        (LBP(method="odd"), "no LBP method 'odd'"),
        (LBP(grid=1.5), "grid is 1.5"),  # type: ignore[arg-type]
        (LBP(grid=100), "a grid of 100 x 100 cells"),
        (GLCM(levels=1), "1 grey levels"),
        (GLCM(distances=(1, 1)), "distances is .* none twice"),
        (GLCM(angles=()), "angles is .* at least one"),
        (GLCM(properties="shine"), "no GLCM property 'shine'"),
    ],
)
def test_wrong_parameters_are_refused_when_used(extractor: Extractor, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        extractor.transform(np.zeros((1, 64, 80), np.uint8))


def test_names_of_two_extractors_are_refused() -> None:
    names = LBP(8, 1).feature_names(64, 64) + LBP(8, 1, grid=2).feature_names(64, 64)
    with pytest.raises(UsageError, match="their 'grid' is 2, 4"):
        from_feature_names(names)
    with pytest.raises(UsageError, match=r"has no part 'block_\.\.\.'"):
        from_feature_names(["hog__cell_8__bins_9__y0_x0_b0"])


@pytest.mark.integration
def test_importing_and_naming_features_is_light() -> None:
    code = (
        "import sys; from gliaboost.features import HOG, LBP, GLCM, from_feature_names\n"
        "for e in (HOG(), LBP(), GLCM()): from_feature_names(e.feature_names(256, 256))\n"
        "heavy = {'numba', 'skimage', 'torch', 'cv2', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("extractor", [HOG(9, 16), LBP(), GLCM()], ids=lambda e: e.name)
def test_a_tensor_gives_a_tensor_where_it_lies(
    extractor: TextureExtractor, noise_batch: Image
) -> None:
    torch = pytest.importorskip("torch")
    want = extractor.transform(noise_batch)
    images = torch.from_numpy(noise_batch)
    got = extractor.transform(images)
    assert got.dtype == torch.float32
    np.testing.assert_array_equal(got.numpy(), want)
    if torch.cuda.is_available():
        for there in (images.to("cuda"), images.pin_memory()):
            got = extractor.transform(there)
            assert got.is_cuda
            np.testing.assert_allclose(got.cpu().numpy(), want, rtol=1e-5, atol=1e-5)
    with pytest.raises(UsageError, match="dtype float32; expected grey images as uint8"):
        extractor.transform(images.to(torch.float32))


@pytest.mark.parametrize("extractor", [HOG(9, 16), LBP(), GLCM()], ids=lambda e: e.name)
def test_both_devices_kernels_take_the_same_parameters(
    extractor: TextureExtractor, noise_batch: Image
) -> None:
    torch = pytest.importorskip("torch")
    kernels = importlib.import_module(f"gliaboost.features.kernels.gpu.{extractor.name}")
    got = extractor._compute(kernels, torch.from_numpy(noise_batch))
    np.testing.assert_allclose(got.numpy(), extractor.transform(noise_batch), rtol=1e-5, atol=1e-5)
