"""What a fitted extractor promises beyond the contract of every extractor, put to the proof."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from gliaboost.contracts import Faults
from gliaboost.errors import UsageError
from gliaboost.features.fitted import FittedExtractor, digest_of

# Patients of either class, and their images.
PATIENTS, SLICES = 4, 2


def sample_rows(height: int, width: int, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Make training rows: heads with a bright spot, large in one class and small in the other.

    Returns
    -------
    dict
        ``X`` uint8 [16, height, width], ``y``, ``groups``, ``masks`` bool: arguments of
        `FittedExtractor.fit`.

    Examples
    --------
    >>> rows = sample_rows(48, 48)
    >>> rows["X"].shape, sorted(set(rows["y"].tolist()))
    ((16, 48, 48), ['large', 'small'])
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    images, masks, labels, groups = [], [], [], []
    head = (((y / height - 0.5) / 0.45) ** 2 + ((x / width - 0.5) / 0.4) ** 2) < 1
    for patient in range(2 * PATIENTS):
        large = patient % 2 == 0
        centre = rng.uniform(0.4, 0.6, 2) * (height, width)
        radius = (0.2 if large else 0.12) * min(height, width)
        spot = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2
        for _ in range(SLICES):
            grey = head * 80.0 + spot * 120 + rng.normal(0, 8, (height, width)) * head
            images.append(np.clip(grey, 0, 255).astype(np.uint8))
            masks.append(spot)
            labels.append("large" if large else "small")
            groups.append(f"p{patient}")
    return {
        "X": np.stack(images),
        "y": np.asarray(labels),
        "groups": np.asarray(groups),
        "masks": np.stack(masks),
    }


def fitted_on_sample(own: FittedExtractor, shape: tuple[int, int]) -> FittedExtractor:
    """Fit a copy of an extractor on `sample_rows`; one that is fitted already is taken as it is."""
    return own if hasattr(own, "learned_") else clone(own).fit(**sample_rows(*shape))


def unfitted(own: FittedExtractor, images: NDArray[np.uint8]) -> Faults:
    """Ask one that has learned nothing for columns."""
    try:
        clone(own).transform(images)
    except UsageError:
        return
    yield "an extractor that was not fitted gives columns; expected a UsageError"


def learning(own: FittedExtractor, shape: tuple[int, int]) -> Faults:
    """Fit it twice on the same rows, on others, and on rows that are none."""
    given, other = sample_rows(*shape), sample_rows(*shape, seed=1)
    before = {name: values.copy() for name, values in given.items()}
    first, again = clone(own), clone(own)
    parameters = first.get_params(deep=False)
    if first.fit(**given) is not first:
        yield "fit does not return the extractor itself"
    changed = [name for name, values in before.items() if not np.array_equal(given[name], values)]
    if changed:
        yield f"fit alters its {', '.join(changed)}"
    altered = [k for k, v in first.get_params(deep=False).items() if v is not parameters[k]]
    if altered:
        yield f"fit alters the parameters {', '.join(altered)}"
    first.transform(other["X"])
    if digest_of(first.state()) != first.learned_:
        yield "transform changes what was learned"
    if again.fit(**given).learned_ != first.learned_:
        yield "the same rows teach it something else the second time, or what it saw in between"
    if first.fingerprint() == clone(own).fingerprint():
        yield "what was learned is no part of the fingerprint"
    for what, wrong in _wrong(given, own.takes_masks):
        try:
            clone(own).fit(**wrong)
        except UsageError:
            continue
        yield f"it is fitted on {what}; expected a UsageError"


def _wrong(given: dict[str, Any], masks: bool) -> list[tuple[str, dict[str, Any]]]:
    found = [("fewer labels than images", {**given, "y": given["y"][1:]})]
    if masks:
        found.append(("images without masks", {**given, "masks": None}))
        found.append(("masks of another size", {**given, "masks": given["masks"][:, 1:]}))
    return found


def restoring(own: FittedExtractor, images: NDArray[np.uint8]) -> Faults:
    """Take its state to another one, by way of a file."""
    state = own.state()
    strange = _strange(state)
    if strange is not None:
        yield f"its state holds a {strange}; expected plain values and bytes"
        return
    json.dumps(state, default=bytes.hex)
    other = clone(own).restore(copy.deepcopy(state))
    if other.fingerprint() != own.fingerprint():
        yield "an extractor restored from its state has another fingerprint"
    if other.feature_names(*images.shape[1:]) != own.feature_names(*images.shape[1:]):
        yield "an extractor restored from its state has other names"
    elif not np.array_equal(other.transform(images), own.transform(images)):
        yield "an extractor restored from its state gives other numbers"


def _strange(value: Any) -> str | None:
    if type(value) is dict:
        return next((k for k in map(_strange, [*value, *value.values()]) if k), None)
    if type(value) is list:
        return next((k for k in map(_strange, value) if k), None)
    plain = value is None or type(value) in (bool, int, float, str, bytes)
    return None if plain else type(value).__name__
