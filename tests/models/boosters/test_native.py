"""What both boosters say of models that do not fit, in the libraries' own formats too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gliaboost.models.base import NativeModelError
from gliaboost.models.boosters.native import threads_for
from gliaboost.models.registry import model_class

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 9)).astype(np.float32)
Y = rng.integers(0, 3, 120)


def fitted(library: str) -> tuple[bytes, Any]:
    if library == "lightgbm":
        import lightgbm

        data = lightgbm.Dataset(X, Y)
        settings = {"objective": "multiclass", "num_class": 3, "verbosity": -1, "num_threads": 1}
        booster = lightgbm.train(settings, data, 10)
        return booster.model_to_string().encode(), booster.predict(X)
    import xgboost

    other = {"objective": "multi:softprob", "num_class": 3, "nthread": 1}
    model = xgboost.train(other, xgboost.DMatrix(X, Y), 10)
    return bytes(model.save_raw("ubj")), model.predict(xgboost.DMatrix(X))


def asked(library: str, native: bytes, rows: Any, classes: int) -> Any:
    model = model_class(library).from_bytes(native, range(classes), rows.shape[1])
    return model.predict_proba(rows)


@pytest.mark.integration
@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_probabilities_are_the_librarys(library: str) -> None:
    native, expected = fitted(library)
    p = asked(library, native, X, 3)
    np.testing.assert_allclose(p, expected, atol=1e-6)
    one = np.concatenate([asked(library, native, row[None], 3) for row in X])
    np.testing.assert_allclose(one, p, atol=1e-12)


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_what_does_not_fit_is_said(library: str) -> None:
    native, _ = fitted(library)
    with pytest.raises(NativeModelError, match="takes 9 columns, 8 were given"):
        asked(library, native, X[:, 1:], 3)
    with pytest.raises(NativeModelError, match="has 3 classes, 2 are named"):
        asked(library, native, X, 2)
    with pytest.raises(NativeModelError, match=f"{library}'s model cannot be read"):
        asked(library, b"\x00garbage", X, 3)


@pytest.mark.parametrize(
    ("cells", "jobs", "threads"), [(10, 8, 1), (3_000_000, 8, 3), (10**9, 4, 4), (0, 1, 1)]
)
def test_threads_grow_with_the_work(cells: int, jobs: int, threads: int) -> None:
    assert threads_for(cells, jobs) == threads
