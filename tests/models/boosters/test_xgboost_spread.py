from __future__ import annotations

import multiprocessing
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from gliaboost.errors import UsageError
from gliaboost.features.store import FeatureStore
from gliaboost.features.stored_columns import StoredColumns
from gliaboost.models.boosters import xgboost_spread
from gliaboost.models.boosters.xgboost_booster import XGBoost
from gliaboost.models.boosters.xgboost_matrices import binned
from gliaboost.models.boosters.xgboost_spread import Share, fit_share
from gliaboost.parallel import MemberLostError, Wanted

T = TypeVar("T")
R = TypeVar("R")
QUICK = {"device": "cpu", "jobs": 1, "rounds": 25, "learning_rate": 0.2, "max_leaves": 7}


class Spawned:
    """A team of processes of this machine, without a cluster.

    Each waits for the others, so no two of its tasks come to the same process.
    """

    address = "127.0.0.1"

    def __init__(self, pool: ProcessPoolExecutor, members: int) -> None:
        self.pool, self.members = pool, members
        self.given: list[Any] = []

    def at_once(self, fn: Callable[[T, Wanted], R], items: Sequence[T]) -> list[R]:
        self.given = list(items)
        return list(self.pool.map(fn, items, [always] * len(items)))


def always() -> bool:
    return True


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as found:
        yield found


def table(rows: int = 301, columns: int = 24, values: int = 20) -> tuple[Any, Any, Any]:
    """Make columns of so few values that each has a bin of its own, wherever rows lie."""
    rng = np.random.default_rng(rows)
    X = rng.integers(0, values, (rows, columns)).astype(np.float32)
    X[rng.random(X.shape) < 0.03] = np.nan
    y = np.digitize(np.nan_to_num(X[:, 0] + X[:, 1] - X[:, 2]), [5, 14])
    return X, y, np.arange(rows) // 3


def quick(**parameters: Any) -> XGBoost:
    return XGBoost(**{**QUICK, **parameters})


@pytest.mark.integration
@pytest.mark.parametrize("members", [1, 2, 3])
def test_a_spread_model_is_that_of_one_process(pool: ProcessPoolExecutor, members: int) -> None:
    X, y, patients = table()
    # The library draws rows by their places, and so others where they are divided.
    given = {"subsample": 1.0, "inner_folds": 3, "early_stopping_rounds": 4}
    team = Spawned(pool, members)
    alone = quick(**given).fit(X, y, groups=patients)
    spread = quick(**given, spread=True).fit(X, y, groups=patients, team=team)
    assert spread.n_rounds_ == alone.n_rounds_ > 1
    np.testing.assert_allclose(spread.predict_proba(X), alone.predict_proba(X), rtol=0, atol=1e-5)
    assert spread.device_ == "cpu"
    for mine, theirs in zip(spread.held_out_, alone.held_out_, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    # Each process was given its rows alone, all rows were given, and no patient's place is lost.
    lengths = [len(share.task.y) for share in team.given]
    assert sum(lengths) == len(y) and max(lengths) - min(lengths) <= 1
    starts = np.cumsum([0, *lengths])
    for number, rows in enumerate(alone.held_out_):
        own = [s.task.held_out[number] + at for s, at in zip(team.given, starts, strict=False)]
        np.testing.assert_array_equal(np.sort(np.concatenate(own)), np.sort(rows))


def test_rows_in_the_store_are_read_where_they_are_fitted(
    pool: ProcessPoolExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y, patients = table()
    monkeypatch.chdir(tmp_path)
    store, keys = FeatureStore(Path("store")).table("demo-0", {}), [f"{i:04d}" for i in range(301)]
    for at in range(0, 301, 50):
        store.write(keys[at : at + 50], X[at : at + 50])
    columns = StoredColumns(keys, [store], [X.shape[1]])
    models = []
    for each in (X, columns):
        team = Spawned(pool, 2)
        models.append(quick(inner_folds=0, spread=True).fit(each, y, patients, team=team))
    assert models[0].to_bytes() == models[1].to_bytes()
    (one, two) = (share.task.X for share in team.given)
    assert isinstance(one, StoredColumns) and len(one) + len(two) == 301


def test_columns_of_many_values_give_as_good_a_model(pool: ProcessPoolExecutor) -> None:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(1200, 24)).astype(np.float32)
    y = np.digitize(X[:, 0] + X[:, 1] - X[:, 2], [-0.7, 0.7])
    given = {"inner_folds": 0, "max_features": 0.5, "rounds": 60}
    alone = quick(**given).fit(X[:600], y[:600])
    spread = quick(**given, spread=True).fit(X[:600], y[:600], team=Spawned(pool, 2))
    right = [(model.predict(X[600:]) == y[600:]).mean() for model in (alone, spread)]
    assert min(right) > 0.7 and abs(right[0] - right[1]) < 0.03


def lost(share: Share) -> Any:
    """End one of the processes once they have met, as a system does that lacks memory."""
    if share.rank == 1:
        matrix = binned

        def gone(*args: Any) -> Any:
            matrix(*args)
            os._exit(9)

        setattr(xgboost_spread, "binned", gone)  # noqa: B010
    return fit_share(share)


@pytest.mark.integration
def test_who_loses_another_process_says_so_and_does_not_wait(pool: ProcessPoolExecutor) -> None:
    X, y, _ = table(60)
    told: list[BaseException] = []

    class Dying(Spawned):
        def at_once(self, fn: Callable[[T, Wanted], R], items: Sequence[T]) -> list[R]:
            context = multiprocessing.get_context("spawn")
            pools = [ProcessPoolExecutor(1, mp_context=context) for _ in items]
            futures = [p.submit(lost, i) for p, i in zip(pools, items, strict=True)]  # type: ignore[arg-type]
            self.given = list(items)
            told.extend(e for f in futures if (e := f.exception(timeout=60)) is not None)
            for pool in pools:
                pool.shutdown()
            raise told[0]

    team = Dying(pool, 2)
    said = "XGBoost no longer hears another of the processes that fit one model: [A-Z]"
    with pytest.raises(MemberLostError, match=said):
        quick(inner_folds=0, spread=True).fit(X, y, team=team)
    assert len(told) == 2
    # The meeting is closed: nobody listens there any more.
    where = team.given[0].meeting
    with (
        pytest.raises(OSError),
        socket.create_connection(
            (where["dmlc_tracker_uri"], where["dmlc_tracker_port"]), timeout=5
        ),
    ):
        pass


def test_other_versions_do_not_talk(monkeypatch: pytest.MonkeyPatch) -> None:
    share = Share(0, None, {}, 1, 1, {}, "0.1")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"a worker has XGBoost \d.* and this process 0\.1;"):
        fit_share(share)


@pytest.mark.integration
def test_processes_that_cannot_meet_say_where(pool: ProcessPoolExecutor) -> None:
    X, y, _ = table(60)
    team = Spawned(pool, 1)
    quick(inner_folds=0, rounds=1, spread=True).fit(X, y, team=team)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # held, so that nobody else listens there meanwhile
        port = silent.getsockname()[1]
        nowhere = {"dmlc_tracker_uri": "127.0.0.1", "dmlc_tracker_port": port, "dmlc_retry": 1}
        share = team.given[0]._replace(meeting=nowhere)
        told = rf"did not meet at 127\.0\.0\.1:{port}, to which each"
        with pytest.raises(MemberLostError, match=told):
            pool.submit(fit_share, share).result(timeout=60)


def test_a_model_that_nobody_waits_for_is_not_fitted_to_its_end(pool: ProcessPoolExecutor) -> None:
    X, y, _ = table(60)
    left = iter([True, True, False])

    class Leaving(Spawned):
        def at_once(self, fn: Callable[[T, Wanted], R], items: Sequence[T]) -> list[R]:
            return [fn(item, lambda: next(left)) for item in items]

    with pytest.raises(MemberLostError, match="nobody waits for the model"):
        quick(inner_folds=0, spread=True).fit(X, y, team=Leaving(pool, 1))
    assert next(left, None) is None


@pytest.mark.integration
def test_fewer_rows_than_processes_are_enough_for_some(pool: ProcessPoolExecutor) -> None:
    X, y = np.eye(2, dtype=np.float32), np.array([0, 1])
    team = Spawned(pool, 3)
    quick(inner_folds=0, rounds=1, spread=True).fit(X, y, team=team)
    assert [len(share.task.y) for share in team.given] == [1, 1]


@pytest.mark.integration
def test_nothing_is_printed_where_answers_are(capfd: pytest.CaptureFixture[str]) -> None:
    X, y, _ = table(60)
    # Processes that begin here, and so print to what is captured.
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as own:
        quick(inner_folds=0, rounds=2, spread=True).fit(X, y, team=Spawned(own, 2))
    assert capfd.readouterr() == ("", "")


def test_without_a_team_or_with_a_gpu_it_is_refused(pool: ProcessPoolExecutor) -> None:
    X, y, _ = table(60)
    with pytest.raises(UsageError, match="spread needs the workers of a cluster"):
        quick(spread=True).fit(X, y)
    with pytest.raises(UsageError, match="spread trains on the CPU, and device='cuda'"):
        quick(spread=True, device="cuda").fit(X, y, team=Spawned(pool, 1))
    with pytest.raises(UsageError, match="out_of_core and spread were both asked for"):
        quick(spread=True, out_of_core=True).fit(X, y, team=Spawned(pool, 1))
    assert len(quick(spread=True, out_of_core=True, device="cuda").parameter_faults()) == 2
    # One that is not to be spread asks no one.
    assert quick(rounds=2, inner_folds=0).fit(X, y, team=None).n_rounds_ == 2
