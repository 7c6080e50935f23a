from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gliaboost.reports.statistics.certainty import ALPHA, Certainty


def frame(units: int, sure: float, wrong: int) -> pd.DataFrame:
    """Two classes, `units` patients of two pictures; the first `wrong` of them are wrong."""
    truth = np.arange(2 * units) // 2 % 2
    right = np.arange(2 * units) >= 2 * wrong
    p = np.where(right, sure, 1 - sure)
    return pd.DataFrame(
        {
            "label": np.where(truth == 0, "a", "b"),
            "patient": [f"p{n // 2}" for n in range(2 * units)],
            "proba_a": np.where(truth == 0, p, 1 - p),
            "proba_b": np.where(truth == 0, 1 - p, p),
        }
    )


def test_a_model_that_is_too_sure_is_softened_to_what_it_reaches() -> None:
    sure = Certainty.learned(frame(40, 0.99, wrong=8), ["a", "b"])
    calibrated = sure.calibrated(np.array([0.99, 0.01]))
    assert sure.temperature > 1
    assert calibrated[0] == pytest.approx(0.8, abs=0.01) and calibrated.sum() == pytest.approx(1)


def test_the_set_holds_the_truth_as_often_as_promised() -> None:
    rng = np.random.default_rng(0)

    def drawn(n: int) -> tuple[pd.DataFrame, np.ndarray]:
        truth = rng.integers(0, 3, n)
        p = rng.dirichlet([1, 1, 1], n)
        p[np.arange(n), truth] += 1
        p /= p.sum(1, keepdims=True)
        values = {f"proba_{c}": p[:, k] for k, c in enumerate("abc")}
        return pd.DataFrame({"label": [*map("abc".__getitem__, truth)], **values}), p

    known, _ = drawn(2000)
    sure = Certainty.learned(known, list("abc"))
    new, p = drawn(4000)
    truth = np.array(["abc".index(label) for label in new["label"]])
    held = sure.inside(p)[np.arange(len(p)), truth].mean()
    assert held == pytest.approx(1 - ALPHA, abs=0.02)
    assert 0.3 < (sure.inside(p).sum(1) == 1).mean() < 1


def test_few_patients_rule_nothing_out() -> None:
    sure = Certainty.learned(frame(8, 0.9, wrong=0), ["a", "b"])
    assert sure.strangeness is None and sure.units == 8
    assert sure.inside(np.array([0.999, 0.001])).all()
    assert Certainty.learned(frame(9, 0.9, wrong=0), ["a", "b"]).strangeness is not None


def test_it_goes_through_plain_values_and_refuses_others() -> None:
    sure = Certainty(1.5, 0.1, None, 7)
    assert Certainty.from_dict(sure.to_dict()) == sure
    for wrong in ({"temperature": "x"}, {"strangeness": ""}, {"units": 0}):
        assert Certainty.from_dict({**sure.to_dict(), **wrong}) is None
    assert Certainty.from_dict({}) is None
