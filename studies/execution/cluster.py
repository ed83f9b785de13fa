"""Workers of a Dask cluster: they need the package and a policy's file, and send their results back as bytes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from studies import ONE_THREAD
from studies.execution.provenance import sources_sha256
from studies.execution.workers import POLL_SECONDS, Processes, Sent, WorkerLostError, Workers
from twin.core.errors import InputError, Problem

if TYPE_CHECKING:
    from distributed import Client

SECONDS_TO_ANSWER = 30.0
LARGE = "100 GB"
"""Members are sent with their series; Dask need not warn of that."""


@contextmanager
def workers(jobs: int, scheduler: str | None) -> Iterator[Workers]:
    """Give processes of this machine, or with the address of a Dask scheduler the workers of its cluster.

    Parameters
    ----------
    jobs : int
        Processes of this machine.
    scheduler : str or None
        E.g. ``tcp://10.0.0.1:8786``.

    Raises
    ------
    InputError
        If no scheduler answers, or it has no workers.
    """
    if scheduler is None:
        yield Processes(jobs).get_ready()
        return
    with _client(scheduler) as client:
        yield Cluster(client, jobs)


def _client(scheduler: str) -> Client:
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        repair = 'pip install "goto-twin[cluster]"'
        raise InputError(
            [Problem("dask.distributed is not installed", "--scheduler", scheduler, "", repair)]
        ) from error
    dask.config.set({"distributed.admin.large-graph-warning-threshold": LARGE})
    accepted = "the address of a Dask scheduler, e.g. tcp://10.0.0.1:8786"
    try:
        client = Client(scheduler, timeout=SECONDS_TO_ANSWER)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError([Problem("no scheduler answers", "--scheduler", scheduler, accepted)]) from error
    if not client.nthreads():
        client.close()
        repair = "start workers: OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 dask worker ADDRESS --nthreads 1"
        raise InputError([Problem("the cluster has no workers", "--scheduler", scheduler, "", repair)])
    return client


class Cluster(Workers):
    """Workers of a Dask cluster; see `studies.execution.workers.Workers`.

    Parameters
    ----------
    client : distributed.Client
    jobs : int
        Processes of this machine, for work on its files.
    """

    def __init__(self, client: Client, jobs: int) -> None:
        self._client = client
        self._jobs = jobs

    @property
    def count(self) -> int:
        """Calls that the cluster makes at a time."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    @property
    def here(self) -> Processes:
        """Processes of this machine."""
        return Processes(self._jobs)

    @property
    def sees_our_files(self) -> bool:
        """No: a worker may be another machine, and one that was given up may still be writing."""
        return False

    @contextmanager
    def sent(self, calls: Sequence[Callable[[], Any]]) -> Iterator[Sent]:
        """Send calls to the cluster; the work of a worker that is lost is done by another.

        Raises
        ------
        InputError
            If a worker has another version of the package, or more than one thread for linear algebra.
        WorkerLostError
            If several workers were lost at the same work, or the scheduler.
        """
        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        ours = sources_sha256()
        left = {self._client.submit(_made, call, ours, pure=False): k for k, call in enumerate(calls)}
        try:
            yield left, _ended
        except KilledWorker as error:
            raise WorkerLostError("several workers of the cluster were lost at the same work") from error
        except CommClosedError as error:
            raise WorkerLostError("the scheduler of the cluster does not answer any more") from error
        finally:
            self._client.cancel(list(left))


def _ended(futures: Sequence[Any]) -> Iterable[Any]:
    from distributed import wait

    try:
        return set(wait(list(futures), timeout=POLL_SECONDS, return_when="FIRST_COMPLETED").done)
    except TimeoutError:
        return ()


def _made(call: Callable[[], Any], sources: str) -> Any:  # noqa: ANN401 - whatever the call gives
    """Make a call in a worker that gives the same bytes as ours."""
    where = f"worker {os.getpid()} of the cluster"
    if _own_sources() != sources:
        repair = "install the same version everywhere and start the workers anew"
        raise InputError([Problem("the worker has another version of the package", where, repair=repair)])
    wrong = [name for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS") if os.environ.get(name) != ONE_THREAD[name]]
    if wrong:
        repair = f"start the workers with {' '.join(f'{name}=1' for name in wrong)}: more threads change last digits"
        raise InputError([Problem("linear algebra may use several threads", where, repair=repair)])
    return call()


_own_sources = cache(sources_sha256)
