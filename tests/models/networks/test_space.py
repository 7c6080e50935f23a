from __future__ import annotations

import pytest

from gliaboost.models.networks.space import SEARCHED, draw_finetuned, draw_scratch

optuna = pytest.importorskip("optuna")


def test_a_network_from_scratch_doubles_its_width_by_stage() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(20):
        drawn = draw_scratch(study.ask())
        width = drawn["widths"][0]
        assert drawn["widths"] == [width, 2 * width, 4 * width, 8 * width]
        assert drawn["depths"][:2] == [1, 1] and 1 <= drawn["depths"][2] <= 3
        assert set(drawn) == {*SEARCHED, "widths", "depths"}


def test_a_pretrained_network_learns_more_slowly() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    fine = [draw_finetuned(study.ask())["learning_rate"] for _ in range(40)]
    rough = [draw_scratch(study.ask())["learning_rate"] for _ in range(40)]
    assert max(fine) <= 5e-3 < max(rough) <= 1e-2
    assert min(fine) < 3e-4 <= min(rough)
