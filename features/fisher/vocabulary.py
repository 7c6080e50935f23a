"""A vocabulary of local gradients: principal components and a mixture; images told by it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.features.fisher.descriptors import BESIDE, Descriptors
from gliaboost.features.fisher.layout import LENGTH

Floats = NDArray[np.float32]
# No variance below: a mode on a few equal descriptors would take all weight.
FLOOR = 1e-4
ROUNDS = 40


class Vocabulary(NamedTuple):
    """What is learned of descriptors, all float32; K modes of D dimensions.

    Attributes
    ----------
    components, offset : [D - 4, 128], [D - 4]
        Principal components, and what they give for the mean.
    middle, scale : [4], [4]
        What stands beside a descriptor has the mean 0 and the deviation of the first component.
    weights, means, variances : [K], [K, D], [K, D]
        Of a mixture of Gaussians with diagonal covariances.
    """

    components: Floats
    offset: Floats
    middle: Floats
    scale: Floats
    weights: Floats
    means: Floats
    variances: Floats


def learn(descriptors: Descriptors, dims: int, modes: int, seed: int) -> Vocabulary:
    """Learn a vocabulary by scikit-learn's PCA and GaussianMixture.

    Parameters
    ----------
    descriptors : Descriptors
        A sample of training images'.
    dims : int
        Principal components.
    modes : int
        Gaussians.
    seed : int
        Of the first guess.

    Raises
    ------
    UsageError
        If there are fewer descriptors than modes or components.
    """
    from sklearn.decomposition import PCA
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    if len(descriptors.shares) < max(dims, modes):
        raise UsageError(
            f"fisher: {len(descriptors.shares)} descriptors with some gradient to learn from, "
            f"expected at least {max(dims, modes)} for modes={modes}, dims={dims}; take more or "
            "larger images, or fewer modes and dims"
        )
    pca = PCA(dims, svd_solver="covariance_eigh").fit(descriptors.shares)
    spread = float(np.sqrt(pca.explained_variance_[0]))
    scale = spread / np.maximum(descriptors.beside.std(axis=0), 1e-6)
    blank = Vocabulary(
        _floats(pca.components_),
        _floats(pca.components_ @ pca.mean_),
        _floats(descriptors.beside.mean(axis=0)),
        _floats(scale),
        *(np.empty(0, np.float32) for _ in range(3)),
    )
    mixture = GaussianMixture(
        modes, covariance_type="diag", reg_covar=FLOOR, max_iter=ROUNDS,
        init_params="k-means++", random_state=seed,
    )  # fmt: skip
    with warnings.catch_warnings():
        # Forty rounds are enough for a vocabulary; which of its optima is reached matters little.
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(project(descriptors, blank))
    return blank._replace(
        weights=_floats(mixture.weights_),
        means=_floats(mixture.means_),
        variances=_floats(mixture.covariances_),
    )


def project(descriptors: Descriptors, vocabulary: Vocabulary) -> Floats:
    """Give the dimensions that the mixture lives in, ``float32 [n, D]``."""
    dims = len(vocabulary.components)
    out = np.empty((len(descriptors.shares), dims + BESIDE), np.float32)
    np.matmul(descriptors.shares, vocabulary.components.T, out=out[:, :dims])
    out[:, :dims] -= vocabulary.offset
    np.subtract(descriptors.beside, vocabulary.middle, out=out[:, dims:])
    out[:, dims:] *= vocabulary.scale
    return out


def densities(vocabulary: Vocabulary) -> Floats:
    """Give what ``[x, x^2, 1]`` is multiplied by for the log densities, ``float32 [2 D + 1, K]``.

    A diagonal Gaussian's log density is linear in these; the mode's weight is part of it.
    """
    means, variances = vocabulary.means.astype(float), vocabulary.variances.astype(float)
    constant = np.log(np.maximum(vocabulary.weights.astype(float), 1e-30)) - 0.5 * (
        np.log(2 * np.pi * variances).sum(axis=1) + (means * means / variances).sum(axis=1)
    )
    return _floats(np.vstack([(means / variances).T, (-0.5 / variances).T, constant[None]]))


def encode(projected: Floats, vocabulary: Vocabulary, linear: Floats) -> Floats:
    """Tell an image by how its descriptors would change the mixture: its improved Fisher vector.

    Parameters
    ----------
    projected : float32 array [n, D]
        By `project`.
    vocabulary : Vocabulary
    linear : float32 array [2 D + 1, K]
        Its `densities`.

    Returns
    -------
    float32 array [K + 2 K D]
        Gradients of weights, means and variances, their signed roots, together of length 1; 0 for
        an image without descriptors. The numbers of scikit-image's ``fisher_vector`` (improved).

    References
    ----------
    Perronnin, F., Sanchez, J. and Mensink, T., "Improving the Fisher kernel for large-scale image
    classification", ECCV 2010.
    """
    modes, dims = vocabulary.means.shape
    if not len(projected):
        return np.zeros(modes + 2 * modes * dims, np.float32)
    moments = np.empty((len(projected), 2 * dims + 1), np.float32)
    moments[:, :dims] = projected
    np.multiply(projected, projected, out=moments[:, dims:-1])
    moments[:, -1] = 1
    shares = moments @ linear
    shares -= shares.max(axis=1, keepdims=True)
    np.exp(shares, out=shares)
    shares /= shares.sum(axis=1, keepdims=True)
    return gradients(shares.T @ moments / np.float32(len(projected)), vocabulary)


def gradients(statistics: Floats, vocabulary: Vocabulary) -> Floats:
    """Turn mean shares of ``[x, x^2, 1]`` by mode, ``[K, 2 D + 1]``, into the Fisher vector."""
    dims = vocabulary.means.shape[1]
    first, second, total = (
        part.astype(np.float64)
        for part in (statistics[:, :dims], statistics[:, dims:-1], statistics[:, -1:])
    )
    means, variances = vocabulary.means.astype(float), vocabulary.variances.astype(float)
    root = np.sqrt(np.maximum(vocabulary.weights.astype(float), 1e-30))[:, None]
    vector = np.concatenate(
        [
            (total / root - root).ravel(),
            ((first - total * means) / (root * np.sqrt(variances))).ravel(),
            (
                (total * (variances - means * means) + 2 * first * means - second)
                / (np.sqrt(2) * root * variances)
            ).ravel(),
        ]
    )
    vector = np.sign(vector) * np.sqrt(np.abs(vector))
    norm = float(np.linalg.norm(vector))
    return _floats(vector / norm if norm else vector)


def plain(vocabulary: Vocabulary) -> dict[str, Any]:
    """Give a vocabulary in whole numbers and bytes; `from_plain` takes it up."""
    return {
        name: {"shape": list(values.shape), "float32": values.astype("<f4").tobytes()}
        for name, values in vocabulary._asdict().items()
    }


def from_plain(state: Mapping[str, Any]) -> Vocabulary:
    """Take up what `plain` gave.

    Raises
    ------
    UsageError
        If arrays are missing, or of sizes that do not fit together.
    """
    try:
        found = Vocabulary(
            **{
                name: np.frombuffer(one["float32"], "<f4").astype(np.float32).reshape(one["shape"])
                for name, one in state.items()
            }
        )
        dims = found.means.shape[1]
        fits = (
            found.components.shape == (dims - BESIDE, LENGTH)
            and found.offset.shape == (dims - BESIDE,)
            and found.middle.shape == found.scale.shape == (BESIDE,)
            and found.variances.shape == found.means.shape
            and found.weights.shape == found.means.shape[:1]
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise UsageError(f"this is no vocabulary of fisher: {error}; train again") from error
    if not fits:
        raise UsageError("the arrays of this fisher vocabulary do not fit together; train again")
    return found


def _floats(values: Any) -> Floats:
    return np.ascontiguousarray(values, np.float32)
