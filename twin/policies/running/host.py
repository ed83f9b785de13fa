"""The process of a policy: makes it of the user's file, decides when asked; started by the package's `__main__`."""

from __future__ import annotations

import copy
import faulthandler
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cache, partial
from typing import IO, Any, TextIO

import numpy as np

from twin.core.errors import InputError, Problem
from twin.policies import rules  # noqa: F401 - kernels that a policy may need: no folder for them later
from twin.policies.interface import ORDERS, Dispatch, Policy, View
from twin.policies.running.decision import attempt
from twin.policies.running.memory import recalled, remembered
from twin.policies.running.messages import packed, read_frame, write_frame
from twin.policies.running.own_file import policy_of_file
from twin.policies.running.process import DECIDE, MEMORY, RECALL, Lazy, Start
from twin.policies.running.watch import watch

SHIFT_SECONDS = 200 * 86400 + 11 * 3600 + 17 * 60 + 29
"""By so much a shifted clock is ahead: another season, hour, minute and second."""


class Pipes:
    """What comes in and goes out; a policy's own prints go to the standard error output."""

    def __init__(self) -> None:
        self.told = os.fdopen(os.dup(0), "rb")
        self._answers: IO[bytes] = os.fdopen(os.dup(1), "wb")
        self._lock = threading.RLock()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)

    def answer(self, kind: str, facts: dict[str, Any], arrays: dict[str, np.ndarray] | None = None) -> None:
        """Send a message to the loop."""
        with self._lock:
            write_frame(self._answers, packed(kind, facts, arrays))

    def next(self) -> Any:  # noqa: ANN401 - what the loop sends
        """Return the loop's next message; without one the process ends."""
        frame = read_frame(self.told)
        if frame is None:
            sys.exit(0)
        return pickle.loads(frame)  # noqa: S301 - of the loop that started this process


def serve(traces: TextIO, held: Sequence[str], kept_from: Sequence[str]) -> None:
    """Make the policy, then decide, remember and recall until the loop closes the pipe.

    Parameters
    ----------
    traces : file
        Takes where the process was when it is ended.
    held : sequence of str
        Walls that the system holds.
    kept_from : sequence of str
        Places that the policy may not read.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the loop's process ends this one
    pipes = Pipes()
    start: Start = pipes.next()
    faulthandler.enable(traces)
    _limit_memory(start.memory_bytes)
    if start.shifted_clock:
        _shift_clock()
    answer = pipes.answer
    answer("walls", {"held": list(held)})  # before the policy's file is read, which may say anything
    watch(start.file.parent, lambda kind, what: answer("noticed", {"kind": kind, "what": what}), kept_from)
    try:
        policy = policy_of_file(start.file, start.class_name, start.where)
    except InputError as error:
        pipes.answer("problems", {"problems": [asdict(problem) for problem in error.problems]})
        return
    new, cadence = copy.deepcopy(policy), policy.cadence
    pipes.answer("made", {"cadence": [cadence.half_hours, cadence.first, cadence.lead]})
    while True:
        kind, *content = pipes.next()
        if kind == DECIDE:
            _decide(policy, pipes, *content)
        elif kind == MEMORY:
            _remember(policy, new, pipes)
        elif kind == RECALL:
            policy = recalled(content[0], new) if content[0] else copy.deepcopy(new)
            pipes.answer("recalled", {})


def _decide(policy: Policy, pipes: Pipes, told: dict[str, Any], seconds: float) -> None:
    over: list[bool] = []

    def look(name: str) -> Any:  # noqa: ANN401 - a value of the view
        if over:
            repair = "keep the numbers themselves, e.g. float(view.measured_export_mw)"
            raise InputError([Problem("a view is read after its decision", "View, what is measured", repair=repair)])
        left = signal.setitimer(signal.ITIMER_REAL, 0.0)[0] if hasattr(signal, "setitimer") else 0.0
        pipes.answer("look", {"name": name})
        found = pipes.next()
        if left:
            signal.setitimer(signal.ITIMER_REAL, left)
        return found

    values: dict[str, Any] = {k: _lazy(look, k) if isinstance(value, Lazy) else value for k, value in told.items()}
    view = View(**values)
    found = attempt(policy, view, seconds)
    over.append(True)
    if isinstance(found, Dispatch):
        pipes.answer("orders", {}, {name: np.asarray(getattr(found, name)) for name in ORDERS})
    else:
        pipes.answer("failed", {"what": found[0], "details": found[1]})


def _lazy(look: Callable[[str], Any], name: str) -> Callable[[], Any]:
    return cache(partial(look, name))


def _remember(policy: Policy, new: Policy, pipes: Pipes) -> None:
    try:
        pipes.answer("memory", {}, remembered(policy, new, "in its own process"))
    except InputError as error:
        pipes.answer("problems", {"problems": [asdict(problem) for problem in error.problems]})


def _limit_memory(limit: int) -> None:
    """Hold the process to some bytes of data, where the system can."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _shift_clock() -> None:
    """Put the clock of the module `time` ahead; the time zone is another one already."""
    now, now_ns, local, utc = time.time, time.time_ns, time.localtime, time.gmtime
    time.time = lambda: now() + SHIFT_SECONDS
    time.time_ns = lambda: now_ns() + SHIFT_SECONDS * 10**9
    time.localtime = lambda seconds=None: local(time.time() if seconds is None else seconds)
    time.gmtime = lambda seconds=None: utc(time.time() if seconds is None else seconds)
