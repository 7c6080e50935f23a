"""A cluster for as long as a run takes: reached or started, checked, and left as it was."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from gliaboost._compat import available_cores
from gliaboost.cluster.address import LocalWorkers, Scheduler, read_address
from gliaboost.cluster.versions import ASKED, check_versions
from gliaboost.errors import ClusterError, MissingExtraError
from gliaboost.parallel import Workers
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

# Seconds: for a scheduler to answer, and for a first worker to be there.
ANSWER, JOIN = 10, 60


def check_cluster(address: str) -> None:
    """Refuse what cannot be a cluster, before any work.

    Raises
    ------
    UsageError
        If the address is none.
    MissingExtraError
        If dask is not installed.
    """
    read_address(address)
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("dask.distributed", "dask", "--cluster") from error


@contextmanager
def opened(
    address: str, *, jobs: int | None = None, progress: Progress = SILENT
) -> Iterator[Workers]:
    """Reach a cluster, or start one of processes on this machine.

    Processes that are started here end with the block, and with this process, however it ends. They
    are spawned: a program that calls this keeps it below ``if __name__ == "__main__":``.

    Parameters
    ----------
    address : str
        As for `gliaboost.cluster.address.read_address`.
    jobs : int, optional
        Threads of each worker that is started here; default: its share of the cores.
    progress : Progress, optional
        Hears what was reached.

    Yields
    ------
    Workers
        Takes tasks.

    Raises
    ------
    UsageError
        If the address is none.
    MissingExtraError
        If dask is not installed.
    ClusterError
        If no scheduler answers, it has no workers, or they have another gliaboost.
    """
    check_cluster(address)
    place = read_address(address)
    with ExitStack() as stack:
        stack.enter_context(_quiet())
        if isinstance(place, LocalWorkers):
            client = stack.enter_context(_started(place, jobs))
        else:
            client = stack.enter_context(_reached(place))
        yield stack.enter_context(_checked(client, address, place, progress))


@contextmanager
def _started(place: LocalWorkers, jobs: int | None) -> Iterator[Client]:
    import dask
    from distributed import Client, LocalCluster

    from gliaboost.cluster.bounds import bounded

    count = place.count or available_cores()
    share = jobs or max(1, available_cores() // count)
    before = dict(os.environ)
    settings = {
        "distributed.worker.multiprocessing-method": "spawn",
        "distributed.nanny.pre-spawn-environ": {"DASK_LOGGING__DISTRIBUTED": "critical"},
        # A task that takes minutes is not stuck.
        "distributed.worker.daemon": True,
    }
    try:
        with dask.config.set(settings):
            cluster = LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                # As without a cluster: memory is bounded by the machine alone.
                memory_limit=0,
                env=bounded(share),
                silence_logs=logging.CRITICAL,
            )
            client = None
            try:
                client = Client(cluster, set_as_default=False)
                yield client
            except BaseException:
                _end_at_once(cluster)
                raise
            finally:
                if client is not None:
                    with suppress(Exception):
                        client.close(timeout=2)
                with suppress(Exception):
                    cluster.close(timeout=10)
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


def _end_at_once(cluster: LocalCluster) -> None:
    """End workers in the middle of their tasks: nobody waits for what they do."""
    for nanny in cluster.workers.values():
        nanny.auto_restart = False
        if nanny.pid is not None:
            with suppress(OSError):
                os.kill(nanny.pid, getattr(signal, "SIGKILL", signal.SIGTERM))


@contextmanager
def _reached(place: Scheduler) -> Iterator[Client]:
    from distributed import Client
    from distributed.security import Security

    # A client without certificates fails only after it was made, and does not end by itself.
    known = Security().get_connection_args("client")
    if place.url.startswith("tls://") and known.get("ssl_context") is None:
        raise ClusterError(
            f"{place.url} needs certificates; name them in dask's configuration "
            "(distributed.comm.tls: ca-file, client.cert, client.key)"
        )
    try:
        client = Client(place.url, timeout=ANSWER, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"no scheduler answers at {place.url} ({_first(error)}); see that it runs (dask "
            "scheduler) and can be reached from here, or work on this machine: --cluster local"
        ) from error
    try:
        try:
            client.wait_for_workers(1, timeout=JOIN)
        except (TimeoutError, OSError) as error:
            raise ClusterError(
                f"the scheduler at {place.url} has no workers, and none came in {JOIN} s; start "
                f"some where the files are: dask worker {place.url} --nthreads 1"
            ) from error
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=5)


@contextmanager
def _checked(
    client: Client, address: str, place: LocalWorkers | Scheduler, progress: Progress
) -> Iterator[Workers]:
    from gliaboost.cluster.bounds import SharedCores
    from gliaboost.cluster.crew import present
    from gliaboost.cluster.executor import ClusterExecutor, hosts
    from gliaboost.cluster.warned import ToldWarnings

    for note in check_versions(client.run(eval, ASKED, on_error="return")):
        progress.line(note)
    known = present(client)
    slots = sum(int(worker["nthreads"]) for worker in known.values())
    gpus = sum(int(worker.get("resources", {}).get("GPU", 0)) for worker in known.values())
    if isinstance(place, Scheduler):
        client.register_plugin(SharedCores(hosts(known)), name=SharedCores.name)
    said = f", {gpus} GPU(s)" if gpus else ""
    progress.line(
        f"cluster: {len(known)} worker(s) on {len(hosts(known))} machine(s), {slots} task(s) at "
        f"once{said}"
    )
    executor = ClusterExecutor(client, address, slots, gpus, progress)
    told = ToldWarnings(executor.relay.warned(), shown=isinstance(place, Scheduler))
    try:
        client.register_plugin(told, name=told.name)
        yield executor
    finally:
        with suppress(Exception):
            executor.relay.close()
        for name in (SharedCores.name, told.name) if isinstance(place, Scheduler) else ():
            with suppress(Exception):
                client.unregister_worker_plugin(name)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep logs of dask, and of what it stands on, from the terminal.

    What matters of them comes as errors; connections that break where workers are ended do not.
    """
    loggers = [logging.getLogger(name) for name in ("distributed", "tornado", "asyncio")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _first(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
