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
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any

import numpy as np

from twin.core.errors import InputError, Problem, printable
from twin.policies.interface import ORDERS, Cadence, Dispatch, View, order_problems, within_ranges
from twin.policies.running.messages import read_frame, unpacked, write_frame
from twin.policies.running.walls import SHUT, THE_TOOLS, lies_in
from twin.policies.running.watch import READS, READS_OUTSIDE

DECIDE, MEMORY, RECALL = "decide", "memory", "recall"
MEMORY_GB = 4
"""Data that a policy may hold, on Linux."""
START_SECONDS = 120.0
"""So long the import of a policy's file may take."""
PATIENCE_SECONDS = 2.0
"""So long after its limit a decision that could not be interrupted ends the process."""
LAST_WORDS_SECONDS = 2.0
"""So long it may take to tell where it is."""
WATCHED_EVERY_SECONDS = 0.2
_SHOWN = 200
"""Letters of an answer that is none."""
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
class Walls:
    """That the system is to shut the process, see `twin.policies.running.walls`.

    Attributes
    ----------
    kept_from : tuple of pathlib.Path
        Places that the policy may not read though they lie in its folder, e.g. results; this project's own packages
        that make weather come to them.
    """

    kept_from: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Noticed:
    """Something that the policy did beside deciding, see `twin.policies.running.watch`."""

    kind: str
    what: str

    @staticmethod
    def of(facts: Mapping[str, Any]) -> Noticed:
        """Read what a policy's process tells; what a line of a file cannot hold is escaped, and no fair reading."""
        kind, what = (str(facts.get(name)) for name in ("kind", "what"))
        shown = printable(what).replace("\n", "\\n")
        return Noticed(READS_OUTSIDE if kind == READS and shown != what else kind.partition("\t")[0], shown)


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
    walls : Walls, optional
        Shut the process as far as the system can.

    Attributes
    ----------
    noticed : list of Noticed
    held : tuple of str
        Walls that the system holds.
    """

    def __init__(
        self,
        file: Path,
        class_name: str,
        cadence: Cadence,
        sha256: str,
        conditions: Conditions = USUAL,
        log: Path | None = None,
        walls: Walls | None = None,
    ) -> None:
        self.file, self.class_name, self.cadence, self.sha256 = file, class_name, cadence, sha256
        self.conditions, self.log, self.walls = conditions, log, walls
        self.name = f"{file.name}:{class_name}"
        self.noticed: list[Noticed] = []
        self.held: tuple[str, ...] = ()
        self._saved: dict[str, np.ndarray] = {}
        self._running: _Running | None = None
        self._is_asked = False
        self._lazy: set[str] = set()
        self._of_making: tuple[Noticed, ...] = ()

    def under(self, conditions: Conditions = USUAL, log: Path | None = None, walls: Walls | None = None) -> OwnProcess:
        """Return the same policy as new, under other conditions or with a log; within its walls if none are named."""
        made = OwnProcess(self.file, self.class_name, self.cadence, self.sha256, conditions, log, walls or self.walls)
        for one in self._of_making:
            made.note(one)
        made._of_making, made.held = self._of_making, self.held
        return made

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
        process = self._process()
        with process.ended_after(seconds + PATIENCE_SECONDS):  # one that does not read fills the pipe
            process.tell((DECIDE, told | {name: Lazy() for name in self._lazy}, seconds))
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
                self.note(Noticed.of(facts))
            elif kind == "look" and facts.get("name") in self._lazy:
                process.tell(getattr(view, facts["name"])())
            elif kind == "failed":
                details = facts.get("details")
                return str(facts.get("what")), [str(line) for line in details] if isinstance(details, list) else []
            elif kind == "orders" and set(arrays) == set(ORDERS):
                return _orders(arrays, view)
            else:
                self._stop()
                return "its process answered something else", [kind]

    def of_making(self, noticed: Iterable[Noticed], held: Iterable[str]) -> None:
        """Keep what was noticed while the class was made for the first time, and the walls; `under` keeps it too."""
        self._of_making, self.held = tuple(noticed), tuple(held)

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
        made = (self.file, self.class_name, self.cadence, self.sha256, self.conditions, self.log, self.walls)
        return _again, (*made, self.state())

    def _process(self) -> _Running:
        if self._running is None:
            require_unchanged(self.file, self.sha256)
            self._running = _Running(self.file, self.class_name, f"policy {self.name}", self.conditions, self.walls)
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
            self.note(one)
        return kind, facts, arrays

    def note(self, one: Noticed) -> None:
        """Keep what the policy did beside deciding, once."""
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


def described(file: Path, class_name: str, where: str, walls: Walls | None = None) -> OwnProcess:
    """Return the policy of a user's file, once its own process has made it.

    Raises
    ------
    InputError
        With all that keeps it from being a policy.
    """
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
    process = _Running(file, class_name, where, USUAL, walls)
    try:
        _, facts, _, noticed = process.said(None)
    finally:
        process.end()
    try:
        every, first, lead = (int(value) for value in facts["cadence"])
    except (KeyError, TypeError, ValueError):
        raise InputError([_something_else(facts, where)]) from None
    policy = OwnProcess(file, class_name, Cadence(every, first, lead), sha256, walls=walls)
    policy.of_making(noticed, process.held or ())
    return policy


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
    walls: Walls | None,
    state: dict[str, np.ndarray],
) -> OwnProcess:
    require_unchanged(file, sha256)
    policy = OwnProcess(file, class_name, cadence, sha256, conditions, log, walls)
    policy.restore(state)
    return policy


def _problems(told: object, where: str) -> list[Problem]:
    """Return the problems that a process tells; it is not trusted."""
    names = {field.name for field in fields(Problem)}
    rows = [row for row in told if isinstance(row, dict)] if isinstance(told, list) else []
    known = [{key: str(value) for key, value in row.items() if key in names} for row in rows]
    found = [Problem(**{"where": where} | row) for row in known if "what" in row]
    return found or [_something_else(told, where)]


def _something_else(told: object, where: str) -> Problem:
    return Problem("its process answered something else", where, printable(str(told))[:_SHOWN])


def _orders(arrays: dict[str, np.ndarray], view: View) -> Dispatch | Failure:
    """Return the orders; they are checked here again, because the policy's process is not trusted."""
    dispatch = Dispatch(**arrays)
    problems = order_problems(dispatch, view)
    if problems:
        return "the orders cannot be obeyed", [f"{problem.where}: {problem.what}" for problem in problems]
    return within_ranges(dispatch)


class _Running:
    """A running process of a policy."""

    def __init__(
        self, file: Path, class_name: str, where: str, conditions: Conditions, walls: Walls | None = None
    ) -> None:
        root = str(Path(__file__).resolve().parents[3])
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
        self.held: tuple[str, ...] | None = None
        self.where = where
        own, places = os.path.realpath(file.parent), (*(walls.kept_from if walls else ()), *THE_TOOLS)
        kept_from = [kept for kept in map(os.path.realpath, places) if not lies_in(own, (kept,))]
        shut = SHUT if walls is not None else ""
        self._popen = subprocess.Popen(  # noqa: S603 - this program
            [sys.executable, "-P", "-m", "twin.policies.running", trace, str(file.parent), shut, *kept_from],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd=file.parent if file.parent.is_dir() else None,
            start_new_session=True,  # so that what it starts ends with it
        )
        if self._popen.stdin is None or self._popen.stdout is None:
            raise RuntimeError("a process without pipes")
        self._told: IO[bytes] = self._popen.stdin
        self._answers: IO[bytes] = self._popen.stdout
        self._deadline = _Deadline()
        threading.Thread(target=_watch, args=(self._popen, self._deadline), daemon=True).start()
        self.end = weakref.finalize(self, _end, self._popen, self._trace)
        self.tell(Start(file, class_name, where, MEMORY_GB << 30, conditions.elsewhen))

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
        with self.ended_after(START_SECONDS):
            if told is not None:
                self.tell(told)
            while True:
                found = self.heard()
                if isinstance(found, str):
                    lines = self.last_lines()
                    what = f"no answer within {START_SECONDS:g} s" if self.was_late else f"its process ended: {found}"
                    raise InputError([Problem(what, self.where, "; ".join(lines))])
                kind, facts, arrays = found
                if kind == "problems":
                    raise InputError(_problems(facts.get("problems"), self.where))
                if kind == "walls" and self.held is None:  # the first message, sent before the policy's file is read
                    self.held = tuple(map(str, facts["held"]))
                elif kind == "noticed":
                    noticed.append(Noticed.of(facts))
                else:
                    return kind, facts, arrays, noticed

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
        if self._deadline.is_too_large:
            return [f"it took more than {MEMORY_GB} GB of memory"]
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
    is_too_large: bool = False


def _watch(popen: subprocess.Popen[bytes], deadline: _Deadline) -> None:
    """End a process that is beyond its deadline, first so that it tells where it is, then for good; or too large."""
    while popen.poll() is None:
        if _memory_bytes(popen.pid) > MEMORY_GB << 30:
            deadline.is_too_large = True
            popen.kill()
        if deadline.time is not None and time.monotonic() > deadline.time:
            if not deadline.is_over:
                deadline.is_over = True
                popen.send_signal(signal.SIGABRT if os.name == "posix" else signal.SIGTERM)
            elif time.monotonic() > deadline.time + LAST_WORDS_SECONDS:
                popen.kill()
        time.sleep(WATCHED_EVERY_SECONDS)


def _memory_bytes(pid: int) -> int:
    """Return what a process has in memory, what it shares too; 0 where the system does not tell."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _end(popen: subprocess.Popen[bytes], trace: Path) -> None:
    """End a process and what it has started."""
    if os.name == "posix":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(popen.pid, signal.SIGKILL)
    popen.kill()
    trace.unlink(missing_ok=True)
    for stream in (popen.stdin, popen.stdout):
        if stream is not None:
            try:
                stream.close()
            except BrokenPipeError:
                continue
    popen.wait()
