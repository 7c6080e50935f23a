from __future__ import annotations

import datetime
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_sample_weight

from gliaboost.datasets.inner_splits import inner_folds
from gliaboost.errors import GliaboostError, MissingExtraError, UsageError
from gliaboost.locks import held_file
from gliaboost.models.boosters.lightgbm_booster import LightGBM
from gliaboost.models.families import Family
from gliaboost.models.networks.cnn import ScratchCNN
from gliaboost.models.registry import model_class
from gliaboost.models.tuning import Search, searchable, tune


def test_a_prompt_and_a_notebook_see_the_best() -> None:
    best = {f"<b>{n}": n / 7 for n in range(9)}
    found = Search("lightgbm", best, 0.25, None, [{"number": 0}] * 10**5, 3)
    first, second = repr(found).splitlines()
    assert first == "<Search: lightgbm, log loss 0.250 after 100,000 trials"
    assert second.endswith(" and 3 more>") and len(second) < 300
    html = found._repr_html_()
    assert "<b>" not in html and "0.142857" in html and "with default" not in html


optuna = pytest.importorskip("optuna")
Arrays = tuple[Any, Any, Any]
QUICK: dict[str, Any] = {"rounds": 4, "inner_folds": 0}
TINY: dict[str, Any] = {
    "widths": [4, 8],
    "depths": [1, 1],
    "size": 16,
    "epochs": 2,
    "precision": "float32",
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def table() -> Arrays:
    rng = np.random.default_rng(0)
    y = np.array(["a", "b"] * 30, object)
    X = rng.normal(0, 1, (60, 8)).astype(np.float32)
    X[:, 1] += y == "b"
    return X, y, np.array([f"p{i // 4}{i % 2}" for i in range(60)], object)


@pytest.fixture(scope="module")
def pictures() -> Arrays:
    rng = np.random.default_rng(0)
    y = np.array(["a", "b"] * 12, object)
    images = [
        np.clip(cv2.GaussianBlur(rng.normal(0, 90, (24, 24)), (0, 0), s) + 128, 0, 255)
        for s in [0.5, 1.5] * 12
    ]
    groups = np.array([f"p{i // 4}{i % 2}" for i in range(24)], object)
    return np.stack(images).astype(np.uint8), y, groups


def search(data: Arrays, path: Path, **named: Any) -> Search:
    options: dict[str, Any] = {"trials": 3, "folds": 2, "fixed": QUICK, "jobs": 1, **named}
    return tune(options.pop("model", "lightgbm"), *data, path, **options)


def plain(found: Search) -> Any:
    """All that a search found but for its times."""
    known = found.to_dict()
    for trial in known["trials"]:
        assert trial.pop("seconds") >= 0
    return known


def test_a_search_needs_no_symbolic_link(
    table: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(1314, "A required privilege is not held by the client")

    monkeypatch.setattr("os.symlink", refused)
    assert len(search(table, tmp_path / "s", trials=1).trials) == 1


def test_a_search_finds_what_the_defaults_miss(table: Arrays, tmp_path: Path, heard: Any) -> None:
    found = search(table, tmp_path / "s", trials=5, progress=heard)
    # Thirty rows a fold: the defaults' least leaf hides the one column that counts.
    assert found.default_score is not None
    assert found.score < found.default_score - 0.01
    assert [t.partition(",")[0] for t in heard.lines] == [f"trial {i} of 5" for i in range(1, 6)]
    assert heard.lines[-1] == f"trial 5 of 5, best log loss {found.score:.4f}"
    assert json.loads(json.dumps(found.to_dict()))["folds"] == 2
    model = LightGBM(**found.parameters).fit(*table)
    assert model.n_rounds_ == 4
    assert "device" not in found.parameters


def test_the_score_is_the_loss_of_the_parameters_on_the_inner_folds(
    table: Arrays, tmp_path: Path
) -> None:
    X, y, groups = table
    found = search(table, tmp_path / "s", trials=3)
    kinds, codes = np.unique(y, return_inverse=True)
    losses = []
    for held_out in inner_folds(codes, groups, 2):
        rest = np.setdiff1d(np.arange(len(y)), held_out)
        model = LightGBM(**found.parameters).fit(X[rest], y[rest], groups=groups[rest])
        P, weight = model.predict_proba(X[held_out]), compute_sample_weight("balanced", y[held_out])
        losses.append(log_loss(y[held_out], P, sample_weight=weight, labels=kinds))
    assert found.score == pytest.approx(np.mean(losses), rel=1e-6)
    assert found.parameters == next(
        {**t["parameters"], **QUICK} for t in found.trials if t["score"] == found.score
    )


def test_a_search_goes_on_where_it_stopped(table: Arrays, tmp_path: Path) -> None:
    first = search(table, tmp_path / "s", trials=2)
    again = search(table, tmp_path / "s", trials=4)
    assert again.trials[:2] == first.trials
    assert len(again.trials) == 4
    assert len({json.dumps(t["parameters"]) for t in again.trials}) == 4
    assert search(table, tmp_path / "s", trials=4).trials == again.trials


@pytest.mark.integration
def test_a_search_in_pieces_is_the_search_in_one(table: Arrays, tmp_path: Path) -> None:
    whole = search(table, tmp_path / "whole", trials=14)
    for trials in (1, 2, 5, 13, 14):
        found = search(table, tmp_path / "pieces", trials=trials)
    assert plain(found) == plain(whole)
    assert plain(search(table, tmp_path / "other", trials=14, seed=1)) != plain(whole)


def test_what_an_interrupt_left_is_done_again(
    table: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any, capfd: Any
) -> None:
    fit, calls = LightGBM.fit, []

    def interrupted(self: Any, *args: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 4:  # the second inner fold of the second trial
            raise KeyboardInterrupt
        return fit(self, *args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(LightGBM, "fit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            search(table, tmp_path / "s", trials=3)
    assert "Traceback" not in caplog.text + capfd.readouterr().err
    assert plain(search(table, tmp_path / "s")) == plain(search(table, tmp_path / "whole"))


def test_a_clock_that_is_set_back_shortens_no_trial(
    table: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from optuna.storages.journal import _storage

    class Backwards(datetime.datetime):
        ticks = iter(range(10**6, 0, -1))

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls.fromtimestamp(1e9 + next(cls.ticks) * 60)

    monkeypatch.setattr(_storage, "datetime", Backwards)
    found = search(table, tmp_path / "s", trials=2)
    assert all(0 <= t["seconds"] < 60 for t in found.trials)


def test_another_search_in_the_study_is_refused_by_name(table: Arrays, tmp_path: Path) -> None:
    with held_file(tmp_path / "s"), pytest.raises(UsageError, match="another run is at work at"):
        search(table, tmp_path / "s")


@pytest.mark.integration
def test_a_killed_trial_is_tried_again(table: Arrays, tmp_path: Path) -> None:
    np.savez(tmp_path / "table.npz", X=table[0], y=table[1].astype(str), g=table[2].astype(str))
    code = (
        "import os, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from gliaboost.models.boosters.lightgbm_booster import LightGBM\n"
        "from gliaboost.models.tuning import tune\n"
        "here = Path(sys.argv[1]); t = np.load(here / 'table.npz')\n"
        "calls, fit = [], LightGBM.fit\n"
        "def killed(self, *a, **k):\n"
        "    calls.append(1)\n"
        "    if len(calls) == 2: os._exit(9)\n"
        "    return fit(self, *a, **k)\n"
        "LightGBM.fit = killed\n"
        "data = t['X'], t['y'].astype(object), t['g']\n"
        "fixed = {'rounds': 4, 'inner_folds': 0}\n"
        "tune('lightgbm', *data, here / 's', trials=2, folds=2, fixed=fixed, jobs=1)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True)
    assert done.returncode == 9, done.stderr
    found = search(table, tmp_path / "s", trials=2)
    assert plain(found) == plain(search(table, tmp_path / "never killed", trials=2))
    assert [t["number"] for t in found.trials] == [0, 1]


def test_another_data_set_is_another_search(table: Arrays, tmp_path: Path) -> None:
    X, y, groups = table
    search(table, tmp_path / "s", trials=1)
    other = search((X + 1, y, groups), tmp_path / "s", trials=1)
    assert [t["number"] for t in other.trials] == [0]


def test_what_is_told_of_all_rows_reaches_every_trial(table: Arrays, tmp_path: Path) -> None:
    fixed = {
        "head": "lightgbm",
        "head_parameters": QUICK,
        "booster_parameters": QUICK,
        "inner_folds": 2,
    }
    joint = {"families": [Family("a", 1), Family("b", 7, joint=True)]}
    plain = {"families": [Family("a", 1), Family("b", 7)]}
    scores = [
        search(table, tmp_path / "study", model="stacked", trials=1, fixed=fixed, told=told).score
        for told in (joint, plain, joint)
    ]
    # The same study, and three searches in it but two.
    assert scores[0] == scores[2] != scores[1]


def test_patients_stay_on_one_side(
    table: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, _, groups = table
    patient = {x.tobytes(): g for x, g in zip(X, groups, strict=True)}
    sides: list[set[str]] = []
    fit, predict = LightGBM.fit, LightGBM.predict_proba

    def watched(self: Any, X: Any, *rest: Any, **named: Any) -> Any:
        sides.append({patient[x.tobytes()] for x in X})
        return fit(self, X, *rest, **named)

    def asked(self: Any, X: Any) -> Any:
        sides.append({patient[x.tobytes()] for x in X})
        return predict(self, X)

    monkeypatch.setattr(LightGBM, "fit", watched)
    monkeypatch.setattr(LightGBM, "predict_proba", asked)
    search(table, tmp_path / "s", trials=1)
    assert len(sides) == 4
    for learned, judged in zip(sides[::2], sides[1::2], strict=True):
        assert not learned & judged
        assert learned | judged == set(groups)


def assert_legal(model: Any) -> None:
    # Parameters are checked before the labels.
    shape = (4, 8) if model.takes == "columns" else (4, 16, 16)
    with pytest.raises(UsageError, match="2 classes"):
        model.fit(np.zeros(shape, np.uint8), ["a"] * 4)


@pytest.mark.parametrize("model", searchable())
def test_every_space_begins_at_the_defaults_and_draws_legal_values(model: str) -> None:
    cls = model_class(model)
    space = cls.search_space()
    assert space is not None
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    study.enqueue_trial(dict(space.first))
    defaults = cls().get_params()
    drawn = space.draw(study.ask())
    plain = json.loads(json.dumps({k: defaults[k] for k in drawn}))
    assert json.loads(json.dumps(drawn)) == plain
    for _ in range(20):
        assert_legal(cls(**space.draw(study.ask())))


def test_networks_are_searched_and_pruned_by_epoch(pictures: Arrays, tmp_path: Path) -> None:
    found = search(pictures, tmp_path / "s", model="cnn-scratch", fixed=TINY, trials=2)
    assert len(found.trials) == 2
    assert {k: found.parameters[k] for k in TINY} == TINY
    assert_legal(ScratchCNN(**found.parameters))


def test_a_hopeless_trial_is_pruned(
    table: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: Any
) -> None:
    from gliaboost.models import tuning

    # The first inner fold is the easier one: 0.3 there is worse than others' 0.1, not than 0.5.
    losses = iter([0.1, 0.9] * 4 + [0.3])
    monkeypatch.setattr(tuning, "balanced_log_loss", lambda *_: next(losses))
    found = search(table, tmp_path / "s", trials=5, progress=heard)
    assert heard.lines == [f"trial {i} of 5, best log loss 0.5000" for i in range(1, 6)]
    assert [t["state"] for t in found.trials] == ["complete"] * 4 + ["pruned"]
    assert found.trials[-1]["score"] is None


def test_a_failed_trial_does_not_end_the_search(
    table: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = LightGBM.fit
    calls = []

    def fragile(self: Any, *args: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise GliaboostError("the loss became nan")
        return fit(self, *args, **named)

    monkeypatch.setattr(LightGBM, "fit", fragile)
    found = search(table, tmp_path / "s", trials=2)
    assert [t["state"] for t in found.trials] == ["failed", "complete"]
    assert found.trials[0]["reason"] == "the loss became nan"
    calls.clear()
    with pytest.raises(GliaboostError, match=r"no trial .* \(first failure: the loss became nan\)"):
        search(table, tmp_path / "other", trials=1)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"model": "forest"}, "no search for 'forest'; expected one of cnn-finetune, cnn-scratch"),
        ({"trials": 0}, "trials=0"),
        ({"timeout": 0}, "timeout=0"),
        ({"folds": 1}, "folds=1; expected 2 or more"),
        ({"device": "tpu"}, "device='tpu'"),
    ],
)
def test_wrong_calls_are_refused(
    table: Arrays, tmp_path: Path, named: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        search(table, tmp_path / "s", **named)


def test_too_few_patients_are_refused(table: Arrays, tmp_path: Path) -> None:
    X, y, _ = table
    with pytest.raises(UsageError, match="two classes of two patients each"):
        search((X, y, np.where(y == "a", "p", "q")), tmp_path / "s")


def test_a_missing_extra_is_named(
    table: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r"gliaboost\[tune\]"):
        search(table, tmp_path / "s")
