"""Folds and experiments as tasks: one after the other here, or side by side elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from gliaboost.errors import ClusterError
from gliaboost.parallel import Executor, Future, map_in_order, workers_of
from gliaboost.progress import Progress
from gliaboost.reports.protocol.experiments import Experiment
from gliaboost.reports.protocol.parts import Part

T = TypeVar("T")
R = TypeVar("R")

Task = Callable[[Any, Path, Progress], Part]
# An experiment, the stem of its files, and what the task is given.
Wanted = tuple[Experiment, str, tuple[Any, ...]]


class SideBySide:
    """Runs tasks that each fit one model and write one part.

    Parameters
    ----------
    executor : Executor, optional
        Runs them at once; default: this process, one at a time, each when it is asked for.
    out : pathlib.Path
        The results' folder, which all tasks see.
    progress : Progress
        Hears what tasks tell, wherever they are.
    """

    def __init__(self, executor: Executor | None, out: Path, progress: Progress) -> None:
        self._workers = None if executor is None else workers_of(executor)
        self._out = out if executor is None else out.absolute()
        self._progress = progress if self._workers is None else self._workers.hear(progress)

    def share(self, value: T) -> T:
        """Give what stands for a value in what tasks are given (`gliaboost.parallel.Workers`)."""
        return value if self._workers is None else self._workers.share(value)

    def run(self, task: Task, wanted: Sequence[Wanted]) -> Generator[Part, None, None]:
        """Do a task for each experiment and fold; yield the parts in this order.

        Raises
        ------
        ClusterError
            If a task wrote its part where it is not seen here.
        """
        items = [(task, self._out, self._progress, given) for _, _, given in wanted]
        if self._workers is None:
            yield from map_in_order(_do, items, jobs=1)
            return
        routed = _Routed(self._workers, self._workers.for_networks(), [e for e, _, _ in wanted])
        parts = map_in_order(_do, items, jobs=max(1, len(items)), executor=routed)
        for (_, stem, _), part in zip(wanted, parts, strict=True):
            if not (self._out / "parts" / f"{stem}.parquet").is_file():
                raise ClusterError(
                    f"a worker wrote {stem}.parquet into {self._out / 'parts'}, and it is not seen "
                    "here; name a folder that all workers see: --out"
                )
            yield part


class _Routed:
    """Hands networks to one executor, all else to another, in the order of the experiments."""

    def __init__(self, all_else: Executor, networks: Executor, asked: Sequence[Experiment]) -> None:
        chosen = [all_else if e.takes == "columns" else networks for e in asked]
        self._next = iter(chosen)

    def submit(self, fn: Callable[..., R], /, *args: Any) -> Future[R]:
        return next(self._next).submit(fn, *args)


def _do(item: tuple[Task, Path, Progress, tuple[Any, ...]]) -> Part:
    task, out, progress, given = item
    return task(given, out, progress)
