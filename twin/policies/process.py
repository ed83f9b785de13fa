"""A policy in a process of its own: it gets its view as bytes and gives its orders as bytes.

Nothing of the loop is in its memory: no truth to find, no code of the loop to change, and nothing that another member's
policy has left. What goes wrong in it ends it, not the loop.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any

import numpy as np

from twin.core.errors import InputError, Problem
from twin.policies.interface import Cadence, Dispatch, View, order_problems, within_ranges
from twin.policies.messages import read_frame, unpacked, write_frame

DECIDE, MEMORY, RECALL = "decide", "memory", "recall"
ORDERS = tuple(field.name for field in fields(Dispatch))
MEMORY_GB = 4
"""Data that a policy may hold, on Linux."""
START_SECONDS = 120.0
"""So long the import of a policy's file may take."""
PATIENCE_SECONDS = 2.0
"""So long after its limit a decision that could not be interrupted ends the process."""
LAST_WORDS_SECONDS = 2.0
"""So long it may take to tell where it is."""
WATCHED_EVERY_SECONDS = 0.2
ANY_DECISION_SECONDS = 60.0
"""Limit of a decision that no study limits."""

Failure = tuple[str, list[str]]
"""What went wrong, and its details."""


class Lazy:
    """Stands for a value of a view that is asked for when it is read."""


@dataclass(frozen=True)
class Start:
    """What a policy's process is told first."""

    file: Path
    class_name: str
    where: str
    traces: str
    memory_bytes: int
    shifted_clock: bool


@dataclass(frozen=True)
class Conditions:
    """What a decision must not depend on.

    Attributes
    ----------
    hash_seed : int
        Of texts, so the order of a set.
    elsewhen : bool
        Another time zone and another time.
    """

    hash_seed: int = 0
    elsewhen: bool = False


USUAL, OTHER = Conditions(), Conditions(1, True)
OTHERS = (OTHER, Conditions(2, True), Conditions(3, True), Conditions(4, True))
"""Several: two hash seeds may put the same text first."""


@dataclass(frozen=True)
class Noticed:
    """Something that the policy did beside deciding, see `twin.policies.watch`."""

    kind: str
    what: str


class OwnProcess:
    """A policy of a user's file; the process is started by the first decision, and a copy gets one of its own.

    Parameters
    ----------
    file : pathlib.Path
    class_name : str
    cadence : Cadence
    sha256 : str
        Of the file: a file that is changed meanwhile is refused.
    conditions : Conditions, optional
    log : pathlib.Path, optional
        File to which is added what is noticed.
    """

    def __init__(
        self,
        file: Path,
        class_name: str,
        cadence: Cadence,
        sha256: str,
        conditions: Conditions = USUAL,
        log: Path | None = None,
    ) -> None:
        self.file, self.class_name, self.cadence, self.sha256 = file, class_name, cadence, sha256
        self.conditions, self.log = conditions, log
        self.name = f"{file.name}:{class_name}"
        self.noticed: list[Noticed] = []
        self._saved: dict[str, np.ndarray] = {}
        self._running: _Running | None = None
        self._is_asked = False
        self._lazy: set[str] = set()

    def under(self, conditions: Conditions = USUAL, log: Path | None = None) -> OwnProcess:
        """Return the same policy as new, under other conditions or with a log."""
        return OwnProcess(self.file, self.class_name, self.cadence, self.sha256, conditions, log)

    def decide(self, view: View) -> Dispatch:
        """Return the policy's orders.

        Raises
        ------
        InputError
            Where the decision fails.
        """
        found = self.answer(view, ANY_DECISION_SECONDS)
        if isinstance(found, Dispatch):
            return found
        raise InputError([Problem(found[0], f"policy {self.name}", "; ".join(found[1]))])

    def ask(self, view: View, seconds: float) -> None:
        """Send a view; several policies that are asked before the first answers decide at the same time."""
        told = {field.name: getattr(view, field.name) for field in fields(view)}
        self._lazy = {name for name, value in told.items() if callable(value)}
        self._process().tell((DECIDE, told | {name: Lazy() for name in self._lazy}, seconds))
        self._is_asked = True

    def answer(self, view: View, seconds: float) -> Dispatch | Failure:
        """Return the orders, or what went wrong; a process that has ended begins anew with the next decision."""
        if not self._is_asked:
            self.ask(view, seconds)
        self._is_asked = False
        process = self._process()
        while True:
            with process.ended_after(seconds + PATIENCE_SECONDS):
                found = process.heard()
            if isinstance(found, str):
                lines = process.last_lines()
                self._stop()
                too_long = f"the decision took longer than policy_seconds = {seconds:g} and could not be interrupted"
                return (too_long if process.was_late else f"its process ended: {found}"), lines
            kind, facts, arrays = found
            if kind == "noticed":
                self._notice(Noticed(str(facts.get("kind")), str(facts.get("what"))))
            elif kind == "look" and facts.get("name") in self._lazy:
                process.tell(getattr(view, facts["name"])())
            elif kind == "failed":
                return str(facts.get("what")), [str(line) for line in facts.get("details", [])]
            elif kind == "orders" and set(arrays) == set(ORDERS):
                return _orders(arrays, view)
            else:
                self._stop()
                return "its process answered something else", [kind]

    def state(self) -> dict[str, np.ndarray]:
        """Return what the policy remembers, as its own process has written it; only such a process reads it.

        Raises
        ------
        InputError
            If it holds something that cannot be saved, e.g. an open file.
        """
        return self._saved if self._running is None else self._said(self._running, (MEMORY,))[2]

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from what `state` gave; with nothing in it, as new."""
        self._saved = dict(state)
        if self._running is not None:
            self._recall(self._running)

    def __deepcopy__(self, memo: dict[int, Any]) -> OwnProcess:
        """Return a policy that goes on in a process of its own; what it does beside deciding is noticed here too."""
        _, arguments = self.__reduce__()
        copied: OwnProcess = _again(*arguments)
        copied.noticed = self.noticed
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        """Send where the policy is and what it remembers; another process starts one of its own."""
        made = (self.file, self.class_name, self.cadence, self.sha256, self.conditions, self.log)
        return _again, (*made, self.state())

    def _process(self) -> _Running:
        if self._running is None:
            require_unchanged(self.file, self.sha256)
            self._running = _Running(self.file, self.class_name, f"policy {self.name}", self.conditions)
            self._said(self._running, None)
            if self._saved:
                self._recall(self._running)
        return self._running

    def _recall(self, process: _Running) -> None:
        self._said(process, (RECALL, self._saved))

    def _said(self, process: _Running, told: object) -> tuple[str, dict[str, Any], dict[str, np.ndarray]]:
        """Return the answer to a message, or with None the first one."""
        kind, facts, arrays, noticed = process.said(told)
        for one in noticed:
            self._notice(one)
        return kind, facts, arrays

    def _notice(self, one: Noticed) -> None:
        if one in self.noticed:
            return
        self.noticed.append(one)
        if self.log is not None:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            with self.log.open("a", encoding="utf-8") as file:
                file.write(f"{one.kind}\t{one.what}\n")

    def _stop(self) -> None:
        if self._running is not None:
            self._running.end()
        self._running = None
        self._saved = {}


def described(file: Path, class_name: str, where: str) -> OwnProcess:
    """Return the policy of a user's file, once its own process has made it.

    Raises
    ------
    InputError
        With all that keeps it from being a policy.
    """
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
    process = _Running(file, class_name, where, USUAL)
    try:
        _, facts, _, _ = process.said(None)
    finally:
        process.end()
    return OwnProcess(file, class_name, Cadence(*facts["cadence"]), sha256)


def require_unchanged(file: Path, sha256: str) -> None:
    """Check that a policy's file is as it was.

    Raises
    ------
    InputError
        If it is not.
    """
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
        repair = "run again; change a policy file only between runs"
        raise InputError([Problem("the policy file was changed while the run was under way", str(file), repair=repair)])


def _again(
    file: Path,
    class_name: str,
    cadence: Cadence,
    sha256: str,
    conditions: Conditions,
    log: Path | None,
    state: dict[str, np.ndarray],
) -> OwnProcess:
    require_unchanged(file, sha256)
    policy = OwnProcess(file, class_name, cadence, sha256, conditions, log)
    policy.restore(state)
    return policy


def _orders(arrays: dict[str, np.ndarray], view: View) -> Dispatch | Failure:
    """Return the orders; they are checked here again, because the policy's process is not trusted."""
    dispatch = Dispatch(**arrays)
    problems = order_problems(dispatch, view)
    if problems:
        return "the orders cannot be obeyed", [f"{problem.where}: {problem.what}" for problem in problems]
    return within_ranges(dispatch)


class _Running:
    """A running process of a policy."""

    def __init__(self, file: Path, class_name: str, where: str, conditions: Conditions) -> None:
        root = str(Path(__file__).resolve().parents[2])
        environment = os.environ | {
            "PYTHONHASHSEED": str(conditions.hash_seed),
            "PYTHONPATH": os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])]),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        if conditions.elsewhen:
            environment["TZ"] = "AHEAD-13:45"
        descriptor, trace = tempfile.mkstemp(prefix="goto-twin-policy-")
        os.close(descriptor)
        self._trace = Path(trace)
        self.where = where
        self._popen = subprocess.Popen(
            [sys.executable, "-P", "-m", "twin.policies.host"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd=file.parent if file.parent.is_dir() else None,
        )
        if self._popen.stdin is None or self._popen.stdout is None:
            raise RuntimeError("a process without pipes")
        self._told: IO[bytes] = self._popen.stdin
        self._answers: IO[bytes] = self._popen.stdout
        self._deadline = _Deadline()
        threading.Thread(target=_watch, args=(self._popen, self._deadline), daemon=True).start()
        self.end = weakref.finalize(self, _end, self._popen, self._trace)
        self.tell(Start(file, class_name, where, trace, MEMORY_GB << 30, conditions.elsewhen))

    def tell(self, content: object) -> None:
        """Send a message; that the process has ended is found when it is heard."""
        try:
            write_frame(self._told, pickle.dumps(content, protocol=pickle.HIGHEST_PROTOCOL))
        except BrokenPipeError:
            return

    def heard(self) -> tuple[str, dict[str, Any], dict[str, np.ndarray]] | str:
        """Return the next message, or how the process ended."""
        frame = read_frame(self._answers)
        if frame is None:
            return self._ending()
        try:
            return unpacked(frame)
        except ValueError as error:
            return f"its answer cannot be read: {error}"

    def said(self, told: object) -> tuple[str, dict[str, Any], dict[str, np.ndarray], list[Noticed]]:
        """Return the answer to a message, or with None the first one, and what was noticed meanwhile.

        Raises
        ------
        InputError
            If the process reports problems, ends or is silent.
        """
        noticed: list[Noticed] = []
        if told is not None:
            self.tell(told)
        with self.ended_after(START_SECONDS):
            while True:
                found = self.heard()
                if isinstance(found, str):
                    lines = self.last_lines()
                    what = f"no answer within {START_SECONDS:g} s" if self.was_late else f"its process ended: {found}"
                    raise InputError([Problem(what, self.where, "; ".join(lines))])
                kind, facts, arrays = found
                if kind == "problems":
                    raise InputError([Problem(**{k: str(v) for k, v in one.items()}) for one in facts["problems"]])
                if kind != "noticed":
                    return kind, facts, arrays, noticed
                noticed.append(Noticed(str(facts.get("kind")), str(facts.get("what"))))

    @property
    def was_late(self) -> bool:
        """Whether it was ended because it took too long."""
        return self._deadline.is_over

    @contextmanager
    def ended_after(self, seconds: float) -> Iterator[None]:
        """End the process if the block takes longer than some seconds."""
        self._deadline.time = time.monotonic() + seconds
        try:
            yield
        finally:
            self._deadline.time = None

    def last_lines(self) -> list[str]:
        """Return where the process was when it ended, innermost line of the user's first, as far as it could tell."""
        lines = self._trace.read_text(encoding="utf-8", errors="replace").splitlines()
        places = [line.strip() for line in lines if line.strip().startswith("File ")]
        library = ("/twin/policies/", "/lib/python")
        users = [place for place in places if not any(part in place for part in library)]
        return [f"at {place}" for place in (users or places)[:1]]

    def _ending(self) -> str:
        try:
            status = self._popen.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            return "it closed its pipe"
        if status >= 0:
            return f"exit status {status}"
        return f"signal {-status} ({signal.Signals(-status).name})"


@dataclass
class _Deadline:
    """When a process has to have answered, None while it need not."""

    time: float | None = None
    is_over: bool = False


def _watch(popen: subprocess.Popen[bytes], deadline: _Deadline) -> None:
    """End a process that is beyond its deadline: first so that it tells where it is, then for good."""
    while popen.poll() is None:
        if deadline.time is not None and time.monotonic() > deadline.time:
            if not deadline.is_over:
                deadline.is_over = True
                popen.send_signal(signal.SIGABRT if os.name == "posix" else signal.SIGTERM)
            elif time.monotonic() > deadline.time + LAST_WORDS_SECONDS:
                popen.kill()
        time.sleep(WATCHED_EVERY_SECONDS)


def _end(popen: subprocess.Popen[bytes], trace: Path) -> None:
    popen.kill()
    trace.unlink(missing_ok=True)
    for stream in (popen.stdin, popen.stdout):
        if stream is not None:
            try:
                stream.close()
            except BrokenPipeError:
                continue
    popen.wait()
