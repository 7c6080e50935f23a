from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from gliaboost.cluster.executor import ClusterExecutor
from gliaboost.cluster.opened import opened
from gliaboost.cluster.warned import ToldWarnings, packed, unpacked
from gliaboost.errors import DamagedWarning

pytestmark = pytest.mark.xdist_group("cluster")


def test_what_a_worker_warns_of_is_warned_of_here(two_workers: ClusterExecutor) -> None:
    text = "__import__('warnings').warn('a part is odd', RuntimeWarning) or 3"
    with pytest.warns(RuntimeWarning, match="a part is odd"):
        assert two_workers.submit(eval, text).result() == 3
        two_workers.submit(eval, "__import__('time').sleep(0.5)").result()


def test_one_is_told_whatever_was_told_before(two_workers: ClusterExecutor) -> None:
    address = two_workers.client.scheduler_info()["address"]
    text = "__import__('warnings').warn('told again')"
    for _ in range(2):
        with pytest.warns(UserWarning, match="told again"), opened(address) as workers:
            workers.submit(eval, text).result()


def test_nothing_of_a_run_stays_on_somebody_elses_workers(two_workers: ClusterExecutor) -> None:
    def there(dask_worker: Any) -> tuple[list[str], bool]:
        import warnings

        names = [n for n in dask_worker.plugins if "warnings" in n or "cores" in n]
        return names, warnings.showwarning.__self__.name in names  # type: ignore[attr-defined]

    before = two_workers.client.run(there)
    address = two_workers.client.scheduler_info()["address"]
    with opened(address):
        assert two_workers.client.run(there) != before
    assert two_workers.client.run(there) == before


class Quiet:
    """A worker that keeps what it is told to send."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def log_event(self, topic: str, _: Any) -> None:
        self.sent.append(topic)


def test_of_two_runs_at_once_either_may_end_first(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(warnings, "showwarning", lambda m, *_, **__: shown.append(str(m)))
    worker = Quiet()
    first, second = ToldWarnings("a", shown=True), ToldWarnings("b", shown=True)
    first.setup(worker)  # type: ignore[arg-type]
    second.setup(worker)  # type: ignore[arg-type]
    first.teardown(worker)  # type: ignore[arg-type]
    warnings.showwarning("one", UserWarning, "f", 1)
    assert worker.sent == ["b"] and shown == ["one"]
    second.teardown(worker)  # type: ignore[arg-type]
    warnings.showwarning("two", UserWarning, "f", 1)
    assert worker.sent == ["b"] and shown == ["one", "two"]


def test_a_warning_of_ours_stays_what_it_is() -> None:
    given = DamagedWarning(Path("a"), "odd", None, "computed again")
    found = unpacked(packed(given), str(given))
    assert type(found) is DamagedWarning and "odd" in str(found)


def test_one_that_cannot_travel_goes_as_its_text() -> None:
    class Own(UserWarning):
        pass

    class Gone(UserWarning):
        def __reduce__(self) -> Any:
            return __import__, ("no_such_module",)

    for odd in (Own("said"), Gone("said")):
        found = unpacked(packed(odd), str(odd))
        assert type(found) is UserWarning and str(found) == "said"
