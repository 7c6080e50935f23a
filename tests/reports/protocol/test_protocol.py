from __future__ import annotations

from gliaboost.reports.protocol.protocol import Protocol


def test_a_model_is_fitted_with_its_own_parameters() -> None:
    protocol = Protocol(
        [],
        [],
        "none",
        parameters={"lightgbm": {"rounds": 7}},
        trials=3,
        seed=5,
        jobs=2,
        device="cpu",
    )
    options = protocol.options("lightgbm")
    assert dict(options.parameters) == {"rounds": 7}
    assert options.shared == {"device": "cpu", "jobs": 2, "seed": 5}
    assert options.trials == 3
    assert dict(protocol.options("xgboost").parameters) == {}
