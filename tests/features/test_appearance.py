from __future__ import annotations

import numpy as np

from gliaboost.features import check_extractor
from gliaboost.features.appearance import GREYS, LOW, Appearance, edges


def _ramp() -> np.ndarray:
    return np.tile(np.arange(256, dtype=np.uint8), (256, 1))


def test_it_keeps_the_contract_of_extractors() -> None:
    check_extractor(Appearance)


def test_each_group_measures_what_its_name_says() -> None:
    a, b, c, d = edges()[:4]
    found = Appearance().transform(np.stack([_ramp(), _ramp().T]))
    low = found[:, a:b].reshape(2, LOW, LOW)
    # A ramp to the right has no frequencies from top to bottom, and its transpose none across.
    assert np.abs(low[0, 1:]).max() < 1e-5 < np.abs(low[0, 0]).max()
    np.testing.assert_allclose(low[1], low[0].T, atol=1e-5)
    hog = found[:, b:c].reshape(2, -1, 9)
    assert (hog[0].argmax(axis=1) != hog[1].argmax(axis=1)).all()
    np.testing.assert_allclose((found[:, c:d] ** 2).sum(axis=1), 4, rtol=1e-5)
    np.testing.assert_allclose(found[0, d:] ** 2, 1 / GREYS, atol=1e-6)


def test_frequencies_are_those_of_the_orthonormal_cosine_transform() -> None:
    from scipy.fft import dctn

    image = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    big = np.kron(image, np.ones((4, 4), np.uint8))
    small = (image - image.mean()) / image.std()
    expected = dctn(small, norm="ortho")[:LOW, :LOW].ravel() / 64
    np.testing.assert_allclose(Appearance().transform(big[None])[0, : LOW**2], expected, atol=2e-5)


def test_scale_of_the_picture_matters_little() -> None:
    image = np.add.outer(np.arange(512), np.arange(512)) % 300 // 2
    wide = Appearance().transform(image.astype(np.uint8)[None])[0]
    half = Appearance().transform(image[::2, ::2].astype(np.uint8)[None])[0]
    assert np.corrcoef(wide[: LOW**2], half[: LOW**2])[0, 1] > 0.99
