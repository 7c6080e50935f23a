from __future__ import annotations

import pandas as pd

from gliaboost._face.estimate import NONE, estimate_words, keep_estimate
from gliaboost.models.bundle import Bundle

FRAME = pd.DataFrame(
    {
        "label": list("aabb"),
        "predicted": list("abbb"),
        "patient": list("wxyz"),
        "fold": list("1122"),
        "proba_a": [0.9, 0.4, 0.3, 0.2],
        "proba_b": [0.1, 0.6, 0.7, 0.8],
    }
)


def bundle() -> Bundle:
    return Bundle("lightgbm", b"", "", ["a", "b"], 1, {}, [], {}, "cpu", "", takes="columns")


def test_what_was_reached_is_noted_and_said() -> None:
    one = bundle()
    keep_estimate(one, FRAME)
    known = one.metrics["estimate"]
    assert (known["accuracy"], known["unit"], known["units"], known["folds"]) == (
        0.75, "patient", 4, 2,
    )  # fmt: skip
    assert one.sha256 == one.digest()
    low, high = known["ci95"]
    assert estimate_words(one) == (
        f"accuracy on new patients about 0.750 [{low:.3f}, {high:.3f}], "
        "from 2 inner folds by patient"
    )


def test_where_nothing_could_be_estimated_that_is_said() -> None:
    one = bundle()
    keep_estimate(one, None)
    assert "estimate" not in one.metrics and estimate_words(one) == NONE
