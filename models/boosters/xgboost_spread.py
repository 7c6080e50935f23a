"""One XGBoost model of rows that several processes hold, by the library's own communicator."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import GliaboostError, UsageError
from gliaboost.models.boosters.native import threads_for
from gliaboost.models.boosters.rounds import boost_chosen
from gliaboost.models.boosters.task import BoostingTask
from gliaboost.models.boosters.xgboost_blocks import Blocks
from gliaboost.models.boosters.xgboost_matrices import binned
from gliaboost.parallel import MemberLostError, Team, Wanted

# Seconds for which a process waits until another has read its rows (the library's own wait, of
# minutes, is too short for a store that is read over a network), and to close the meeting.
_WAIT, _CLOSE = 24 * 3600, 10


class Share(NamedTuple):
    """What one process is given of a model that several fit.

    Attributes
    ----------
    rank : int
        Of this process, from 0.
    task : BoostingTask
        Of its rows alone; `held_out` are places among them.
    parameters : dict
        The library's.
    patience : int
        As for `gliaboost.models.boosters.rounds.choose_rounds`.
    jobs : int, optional
        Most threads.
    meeting : dict
        Where the processes meet.
    version : str
        The library's; another may speak otherwise.
    """

    rank: int
    task: BoostingTask
    parameters: Mapping[str, Any]
    patience: int
    jobs: int | None
    meeting: Mapping[str, Any]
    version: str


def boost_spread(
    task: BoostingTask,
    parameters: Mapping[str, Any],
    patience: int,
    jobs: int | None,
    team: Team,
) -> tuple[bytes, int]:
    """Fit one model on all rows, each process of a team having a part of them.

    Every histogram is the sum over the processes, so each split is one of all rows. The cuts are
    those of all rows too, merged from what each process sketches of its own: with few values a
    column they are exact, else they lie a little elsewhere than those of one process.

    Parameters
    ----------
    task : BoostingTask
        Of all rows.
    parameters : mapping
        The library's.
    patience, jobs
        As in `Share`.
    team : Team
        Its members meet at this process.

    Returns
    -------
    native : bytes
        The library's model, as it is in each of the processes.
    rounds : int

    Raises
    ------
    GliaboostError
        If a member is lost, has another XGBoost, or they do not meet.
    """
    import xgboost

    parts = np.array_split(np.arange(len(task.y)), min(team.members, len(task.y)))
    with _meeting(len(parts), team.address) as meeting:
        shares = [
            Share(rank, _of(rows, task), parameters, patience, jobs, meeting, xgboost.__version__)
            for rank, rows in enumerate(parts)
        ]
        native, rounds = team.at_once(fit_share, shares)[0]
    return native, rounds


def fit_share(share: Share, wanted: Wanted = lambda: True) -> tuple[bytes, int]:
    """Fit with the other processes; all come to the same model.

    Parameters
    ----------
    share : Share
        What this process is given.
    wanted : callable, optional
        Whether anybody waits for the model; asked each round.

    Returns
    -------
    native : bytes
        The model; empty but for the process of rank 0.
    rounds : int

    Raises
    ------
    UsageError
        If this process has another XGBoost.
    MemberLostError
        If another process ended before the model was done, or nobody waits for it.
    """
    import xgboost
    from xgboost.collective import Op, allreduce

    if xgboost.__version__ != share.version:
        raise UsageError(
            f"a worker has XGBoost {xgboost.__version__}, and this process {share.version}; to fit "
            "one model together they need the same"
        )
    task = share.task
    threads = threads_for(len(task.y) * task.columns, share.jobs)
    parameters = {**share.parameters, "nthread": threads}

    def summed(value: float) -> float:
        if not wanted():
            raise MemberLostError("nobody waits for the model")
        return float(allreduce(np.array([value]), Op.SUM)[0])

    def matrix(_: int, rows: NDArray[np.float32]) -> Any:
        return binned(rows, parameters["max_bin"], threads)

    try:
        # The communicator is this thread's: what talks through it stays in it, and in one order.
        task = task._replace(threads=threads, workers=1)
        with _communicating(share):
            blocks = Blocks(task, parameters, matrix, summed)
            booster, rounds = boost_chosen(blocks, task, share.patience)
    except xgboost.core.XGBoostError as error:
        if "collective" not in str(error):
            raise
        raise MemberLostError(
            f"XGBoost no longer hears another of the processes that fit one model: {_first(error)}"
        ) from None
    return b"" if share.rank else bytes(booster.save_raw("ubj")), rounds


@contextmanager
def _communicating(share: Share) -> Iterator[None]:
    import xgboost
    from xgboost.collective import CommunicatorContext

    own: dict[str, Any] = {"dmlc_task_id": f"{share.rank:06d}", "dmlc_timeout": _WAIT}
    with ExitStack() as stack:
        try:
            # It prints its rank, where others may read what this process answers.
            with redirect_stdout(io.StringIO()):
                stack.enter_context(CommunicatorContext(**share.meeting, **own))
        except xgboost.core.XGBoostError as error:
            where = "{dmlc_tracker_uri}:{dmlc_tracker_port}".format_map(share.meeting)
            raise MemberLostError(
                f"the processes that fit one XGBoost did not meet at {where}, to which each of "
                f"them has to connect, and to each other: {_first(error)}"
            ) from None
        yield


def _of(rows: NDArray[np.int64], task: BoostingTask) -> BoostingTask:
    """Give the task of some rows that follow one another."""
    own = slice(int(rows[0]), int(rows[-1]) + 1)
    held_out = [h[(h >= own.start) & (h < own.stop)] - own.start for h in task.held_out]
    return task._replace(X=task.X[own], y=task.y[own], weight=task.weight[own], held_out=held_out)


@contextmanager
def _meeting(members: int, address: str) -> Iterator[dict[str, Any]]:
    """Open where the processes find each other; what they tell each other goes not through here."""
    import xgboost
    from xgboost.tracker import RabitTracker

    try:
        # Without a limit: a worker may have something else to do first.
        tracker = RabitTracker(n_workers=members, host_ip=address, sortby="task")
        tracker.start()
    except (xgboost.core.XGBoostError, OSError) as error:
        raise GliaboostError(
            f"XGBoost cannot listen at {address}, where the workers would meet: {error}"
        ) from error
    try:
        yield dict(tracker.worker_args())
        with suppress(xgboost.core.XGBoostError):
            tracker.wait_for(_CLOSE)
    finally:
        # Where a process was lost it has nothing to end, and says so.
        with suppress(xgboost.core.XGBoostError):
            tracker.free()


def _first(error: BaseException) -> str:
    """Give the line that says what happened; the library begins with where."""
    lines = [line.removeprefix("- ").strip() for line in str(error).splitlines()]
    said = [line.partition("]: ")[2] for line in lines if line.startswith("[")]
    return next((s for s in reversed(said) if s.strip(": ")), lines[0] if lines else "")
