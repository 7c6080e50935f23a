from __future__ import annotations

import optuna

from gliaboost.models.search_space import SearchSpace


def test_a_study_begins_at_the_first_values_and_then_draws() -> None:
    space = SearchSpace(lambda trial: {"k": trial.suggest_int("k", 1, 9)}, {"k": 5})
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.enqueue_trial(dict(space.first))
    assert space.draw(study.ask()) == {"k": 5}
    assert {space.draw(study.ask())["k"] for _ in range(40)} > {1, 9}
