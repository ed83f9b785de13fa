"""Work in parallel processes, with its progress; pieces of work whose answers are kept as files."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import signal
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from studies import ONE_THREAD
from studies.execution.folders import write_json

if TYPE_CHECKING:
    from rich.console import Console

logger = logging.getLogger(__name__)


class Progress(Protocol):
    """What long work calls to tell how far it is."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report that `done` of `total` pieces of `stage` are ready."""


@contextmanager
def progress_bars(console: Console) -> Iterator[Progress]:
    """Show one bar a stage on `console` while the context is open."""
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    tasks: dict[str, TaskID] = {}
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console) as bars:

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield report


POLL_SECONDS = 0.5

Ended = Callable[[Sequence[Any]], Iterable[Any]]
"""Waits until one of some futures has ended, at most `POLL_SECONDS`, and returns those that have."""
Sent = tuple[dict[Any, int], Ended]


class WorkerLostError(RuntimeError):
    """A worker process was ended from outside; what was finished is kept."""


class Workers(ABC):
    """Who makes calls: processes of this machine, or those of a cluster."""

    @property
    @abstractmethod
    def count(self) -> int:
        """How many calls are made at a time."""

    @property
    @abstractmethod
    def here(self) -> Processes:
        """Processes of this machine, for work on its files."""

    @property
    @abstractmethod
    def sees_our_files(self) -> bool:
        """Whether a path of this process means the same file in a worker."""

    @abstractmethod
    def sent(self, calls: Sequence[Callable[[], Any]]) -> AbstractContextManager[Sent]:
        """Send calls to workers with one thread; what has not begun when the context ends is left.

        Parameters
        ----------
        calls : sequence of callable

        Returns
        -------
        context manager
            Gives the position of each future's call, from which the caller takes those that have ended; and a function
            that waits a little and returns the ended ones of some futures.

        Raises
        ------
        WorkerLostError
            If a worker was lost and nobody can do its work.
        """

    def make(
        self,
        calls: Sequence[Callable[[], Any]],
        answered: Callable[[int, Any], None],
        polled: Callable[[], None] = lambda: None,
    ) -> None:
        """Make each call in a worker with one thread.

        Parameters
        ----------
        calls : sequence of callable
            What pickle can send, e.g. a partial of a function of a module.
        answered : callable
            Called here with the position and the answer of each call, in the order in which they end.
        polled : callable
            Called here twice a second, and whenever a call has ended.

        Raises
        ------
        Exception
            The first one that a call raises; calls that have not begun are then left.
        """
        if not calls:
            return
        with self.sent(calls) as (left, ended):
            while left:
                for future in ended(list(left)):
                    answered(left.pop(future), future.result())
                polled()


class Processes(Workers):
    """Processes of this machine, which end with this one.

    Parameters
    ----------
    count : int
        Most processes at a time.
    """

    def __init__(self, count: int) -> None:
        self._count = count

    def get_ready(self) -> Self:
        """Begin to start processes: what they import is there when the first call is made."""
        _context()
        return self

    @property
    def count(self) -> int:
        """Most processes at a time."""
        return self._count

    @property
    def here(self) -> Processes:
        """These."""
        return self

    @property
    def sees_our_files(self) -> bool:
        """Yes: it is the same machine."""
        return True

    @contextmanager
    def sent(self, calls: Sequence[Callable[[], Any]]) -> Iterator[Sent]:
        """Send calls to processes of their own; see `Workers`."""
        context = _context()
        theirs, ours = context.Pipe(duplex=False)  # closed here, or with this process: the workers end
        count = min(self.count, len(calls))
        with ProcessPoolExecutor(count, context, initializer=_begin, initargs=(dict(os.environ), theirs)) as pool:
            try:
                yield {pool.submit(call): k for k, call in enumerate(calls)}, _ended
            except BaseException as error:
                ours.close()
                pool.shutdown(wait=False, cancel_futures=True)
                if isinstance(error, BrokenProcessPool):
                    raise WorkerLostError(
                        "a worker process was ended from outside, perhaps for lack of memory"
                    ) from error
                raise
        ours.close()


def _ended(futures: Sequence[Any]) -> Iterable[Any]:
    return wait(futures, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED).done


def _context() -> BaseContext:
    """Return how processes are started: on Linux as forks of one that has imported what the members' work needs.

    That one runs no threads but its allocator's, which knows forks. Elsewhere, or where its socket finds no place
    (a very long name of the folder for temporary files), each process imports for itself.
    """
    os.environ.update(ONE_THREAD)
    if sys.platform == "linux":
        from multiprocessing import forkserver

        context = get_context("forkserver")
        context.set_forkserver_preload(["studies.execution.members"])
        try:
            forkserver.ensure_running()
            return context
        except OSError as error:
            logger.debug("no process to fork from: %s", error)
    return get_context("spawn")


def _begin(environment: Mapping[str, str], pipe: Connection) -> None:
    """Take over the parent's environment; end as soon as it closes the pipe or ends; leave an interrupt to it."""
    os.environ.clear()
    os.environ.update(environment)

    def watch() -> None:
        pipe.poll(None)
        os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=watch, daemon=True).start()


@dataclass(frozen=True)
class Piece:
    """Work for one process whose answer fits into a JSON file.

    Attributes
    ----------
    name : str
        Of the file, without its ending; a name stands for the same work whatever the number of workers.
    call : callable
        What pickle can send.
    weight : int
        How much it counts in the progress.
    """

    name: str
    call: Callable[[], Any]
    weight: int = 1


def run_pieces(pieces: Sequence[Piece], kept: Path, workers: Workers, progress: Progress, stage: str) -> list[Any]:
    """Return the answers of some pieces, each in a file of its own; those that are there are not made again.

    Parameters
    ----------
    pieces : sequence of Piece
    kept : pathlib.Path
        Folder of the answers.
    workers : Workers
    progress : Progress
    stage : str
        What the progress is called.
    """
    answers = {piece.name: _kept_answer(kept / f"{piece.name}.json") for piece in pieces}
    missing = [piece for piece in pieces if answers[piece.name] is None]
    total = sum(piece.weight for piece in pieces)
    left = sum(piece.weight for piece in missing)
    progress(stage, total - left, total)

    def answered(k: int, answer: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
        nonlocal left
        file = kept / f"{missing[k].name}.json"
        write_json(file, {"sha256": _answer_sha256(answer), "answer": answer})
        answers[missing[k].name] = _kept_answer(file)
        left -= missing[k].weight
        progress(stage, total - left, total)

    workers.make([piece.call for piece in missing], answered)
    return [found[0] for found in answers.values() if found is not None]


def _kept_answer(file: Path) -> tuple[Any] | None:
    """Return the answer in a file, in a tuple; None where there is none, or another than was written."""
    if not file.exists():
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["sha256"] == _answer_sha256(content["answer"]):
            return (content["answer"],)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    logger.warning("%s: not as it was written; it is made again", file)
    return None


def _answer_sha256(answer: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    return hashlib.sha256(json.dumps(answer, allow_nan=False).encode()).hexdigest()
