"""From a hybrid's bytes, images and columns to probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.features.embedding.torch_device import import_torch, torch_threads
from gliaboost.models.base import NativeModelError
from gliaboost.models.hybrid.blend import blended
from gliaboost.models.networks.prediction import network_outputs
from gliaboost.models.registry import model_class, shared_parameters

Matrix = NDArray[np.float32]


def hybrid_probabilities(
    native: bytes,
    images: NDArray[np.uint8],
    columns: Matrix,
    classes: int | None = None,
    *,
    jobs: int | None = None,
    device: str = "auto",
) -> NDArray[np.float64]:
    """Predict with a fitted hybrid.

    Parameters
    ----------
    native : bytes
        From `Hybrid.to_bytes`.
    images : uint8 array [N, H, W]
    columns : float32 array [N, D]
        Classical features, as at its training; D may be 0.
    classes : int, optional
        Classes that it must have.
    jobs, device
        As on the command line.

    Returns
    -------
    float64 array [N, K]
        Rows sum to 1.

    Raises
    ------
    UsageError
        If there are more or fewer columns than at the training.
    NativeModelError
        If the bytes are damaged.
    """
    from scipy.special import softmax

    import_torch("this model")
    from gliaboost.models.networks.network import from_safetensors, of_network, to_safetensors

    tensors, about = from_safetensors(native)
    try:
        booster = tensors.pop("booster").numpy().tobytes()
        parts, name, share = about["networks"], str(about["booster"]), float(about["share"])
        wanted = int(about["columns"])
    except (KeyError, TypeError, ValueError) as error:
        raise NativeModelError(
            f"the hybrid cannot be read (no {error}); train it again or copy it again"
        ) from error
    if columns.shape != (len(images), wanted):
        raise UsageError(
            f"classical columns of shape {list(columns.shape)}; this hybrid takes "
            f"[{len(images)}, {wanted}]"
        )
    answers = []
    for number, part in enumerate(parts):
        state = of_network(tensors, number)
        with torch_threads(jobs):
            embedded, logits = network_outputs(to_safetensors(state, part), images, device)
        if classes is not None and logits.shape[1] != classes:
            raise NativeModelError(
                f"the hybrid has {logits.shape[1]} classes, {classes} are named; train it again or "
                "copy it again"
            )
        matrix = side_by_side(columns, embedded, logits)
        model = model_class(name).from_bytes(
            booster,
            np.arange(logits.shape[1]),
            matrix.shape[1],
            **shared_parameters(name, jobs=jobs),
        )
        own = softmax(logits.astype(np.float64), axis=1)
        answers.append(blended(own, model.predict_proba(matrix), share))
    return np.mean(answers, axis=0)  # type: ignore[no-any-return]


def side_by_side(classical: Matrix, embedded: Matrix, logits: NDArray[np.floating[Any]]) -> Matrix:
    """Put classical columns, embedding and logits side by side, as the booster takes them."""
    return np.hstack([classical, embedded, logits.astype(np.float32)])
