from __future__ import annotations

from typing import Any

import numpy as np

from gliaboost.models.base import Classifier
from gliaboost.models.stacked.log_odds import log_odds, out_of_fold


def test_log_odds_are_of_each_class_against_the_others() -> None:
    p = np.array([[0.2, 0.3, 0.5]])
    np.testing.assert_allclose(log_odds(p), np.log([[0.25, 3 / 7, 1.0]]), rtol=1e-6)
    certain = log_odds(np.array([[1.0, 0.0]]))
    assert np.isfinite(certain).all() and certain[0, 0] == -certain[0, 1]


class Seen(Classifier):
    """Remembers whom it was fitted on, and refuses to speak of them."""

    name, library = "seen", "numpy"

    def fit(self, X: Any, y: Any, groups: Any = None) -> Any:
        self.known, self.classes_ = set(groups), np.unique(y)
        self.share = (y == 1).mean()
        return self

    def predict_proba(self, X: Any) -> Any:
        # The only column is the patient.
        assert not self.known & {f"p{int(v)}" for v in X[:, 0]}
        return np.tile([1 - self.share, self.share], (len(X), 1))

    def _to_bytes(self) -> bytes:
        return b""

    def _from_bytes(self, native: bytes) -> None:
        pass


def test_each_row_is_told_of_by_a_head_of_the_other_parts() -> None:
    patients = np.repeat(np.arange(6), 2)
    X = patients[:, None].astype(np.float32)
    y = np.repeat([0, 1, 0, 1, 1, 1], 2)
    groups = np.array([f"p{p}" for p in patients], object)
    parts = [np.flatnonzero(np.isin(patients, pair)) for pair in ((0, 1), (2, 3))]
    found = out_of_fold(Seen, X, y, groups, parts)
    assert found.dtype == np.float32 and found.shape == (12, 2)
    # Without two patients, one of each class, 3 of 4 are of class 1.
    np.testing.assert_allclose(found[:8, 1], np.log(3), rtol=1e-6)
    assert np.isnan(found[8:]).all()
