"""Run a policy's decision: within its time, with its memory kept, a failure reported or replaced."""

from __future__ import annotations

import signal
import sysconfig
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from types import FrameType, TracebackType
from typing import NamedTuple

import numpy as np

from twin.core.errors import InputError, Problem
from twin.policies.interface import Dispatch, Mode, Policy, View, order_problems, within_ranges
from twin.policies.running.process import Failure, OwnProcess


class TooLongError(BaseException):
    """A decision took longer than it may; no `Exception`, so that a policy's own `except` does not swallow it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TooLongError` inside the block after some seconds of the clock.

    It needs Unix, the main thread and no other timer of the process; else, and while compiled code runs, nothing is
    interrupted and the caller has to look at the clock after the block.
    """
    if np.isinf(seconds) or not can_interrupt():
        yield
        return
    before = signal.signal(signal.SIGALRM, _raise)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
    finally:
        signal.signal(signal.SIGALRM, before)


def can_interrupt() -> bool:
    """Return whether a timer can be set here."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        return False
    return signal.getitimer(signal.ITIMER_REAL)[0] == 0.0


def _raise(number: int, frame: FrameType | None) -> None:
    raise TooLongError


STOP, HOLD = "stop", "hold_behind_meter"
"""What a study may do with a failed decision."""

_TWIN = str(Path(__file__).resolve().parents[1])
_NOT_THE_USERS = (_TWIN, *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")))
_AN_ORDER = "a twin.policies.interface.Dispatch, e.g. view.plan(Mode.SELF_CONSUMPTION)"


class Asked(NamedTuple):
    """A decision that is due; what the parts are, see `decide`."""

    policy: Policy
    view: View
    on_failure: str
    seconds: float
    whose: str = ""


def decide_all(due: Sequence[Asked]) -> list[tuple[Dispatch, bool]]:
    """Return what `decide` returns for each; those in processes of their own decide at the same time."""
    for one in due:
        if isinstance(one.policy, OwnProcess):
            one.policy.ask(one.view, one.seconds)
    return [decide(*one) for one in due]


def decide(policy: Policy, view: View, on_failure: str, seconds: float, whose: str = "") -> tuple[Dispatch, bool]:
    """Return a policy's orders, and whether they are the fallback's.

    Parameters
    ----------
    policy : Policy
    view : View
    on_failure : str
        ``stop``, or ``hold_behind_meter``: order this in place of a failed decision.
    seconds : float
        Longest time that a decision may take by the clock. The only part that depends on the machine.
    whose : str
        Member, for the message.

    Raises
    ------
    InputError
        One problem with the policy, the member, the time of the decision, what went wrong and what the policy saw.
    """
    found = policy.answer(view, seconds) if isinstance(policy, OwnProcess) else attempt(policy, view, seconds)
    if isinstance(found, Dispatch):
        return found, False
    if on_failure == HOLD:
        return view.plan(Mode.SELF_CONSUMPTION, export_limit_pu=0.0), True
    what, details = found
    member = f", {whose}" if whose else ""
    where = f"policy {name_of(policy)}{member}, decision at {view.time:%Y-%m-%d %H:%M}"
    repair = f'correct decide, or go on without such decisions: [operation] on_policy_failure = "{HOLD}" counts them'
    raise InputError([Problem(what, where, "\n        ".join([*details, *described(view)]), repair=repair)])


def name_of(policy: Policy) -> str:
    """Return a policy's name in messages: its `name`, or its class."""
    name = getattr(policy, "name", None)
    return name if isinstance(name, str) else type(policy).__name__


_READ_WHEN_ASKED = (
    "measured_export_mw", "measured_available_mw", "measured_delivered_mw", "caps_mw", "device_stored_mwh",
)  # fmt: skip


def described(view: View) -> list[str]:
    """Return what a policy sees, short, one subject a line; an array as its least, mean and largest value."""
    devices = ", ".join(view.devices) or "none"
    lines = [
        f"what it saw (arrays as least | mean | largest), devices {devices}:",
        f"step_of_day {view.step_of_day}, steps {view.steps} of {view.step_minutes} min, "
        f"orders from {view.outlook.start}",
    ]
    for name, part in (("view", view), ("view.batteries", view.batteries), ("view.outlook", view.outlook)):
        values = {field.name: getattr(part, field.name) for field in fields(part)}
        values |= {name: getattr(part, name) for name in _READ_WHEN_ASKED if part is view}
        numbers = {key: value for key, value in values.items() if isinstance(value, float | np.ndarray)}
        lines.append(f"{name}: " + ", ".join(f"{key} {_short(value)}" for key, value in numbers.items()))
    return lines


def attempt(policy: Policy, view: View, seconds: float) -> Dispatch | Failure:
    """Return usable orders of a policy in this process, or what went wrong and its details."""
    too_long = f"the decision took longer than policy_seconds = {seconds:g}; this depends on the machine and its load"
    begin = time.perf_counter()
    try:
        with time_limit(seconds):
            dispatch = policy.decide(view)
    except TooLongError as error:
        return too_long, [f"interrupted at {_place(error.__traceback__)}"]
    except BaseException as error:  # a user's code may raise anything
        if isinstance(error, KeyboardInterrupt):
            raise
        return _said(error), [_place(error.__traceback__)]
    taken = time.perf_counter() - begin
    if taken > seconds:
        return too_long, [f"returned after {taken:.3g} s"]
    if not isinstance(dispatch, Dispatch):
        return "decide returned no order", [f"{type(dispatch).__name__}; accepted: {_AN_ORDER}"]
    problems = order_problems(dispatch, view)
    if problems:
        return "the orders cannot be obeyed", [
            f"{p.where}: {p.what}: {p.seen}; accepted: {p.accepted}" for p in problems
        ]
    return within_ranges(dispatch)


def _said(error: BaseException) -> str:
    """Return what an error says; a user's own kind may fail at that too."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - a user's __str__ may raise anything
        return f"{type(error).__name__}, which cannot say what happened"


def _place(start: TracebackType | None) -> str:
    """Return the innermost line of the user's code, or of all where none is there."""
    frames = traceback.extract_tb(start)
    users = [
        frame
        for frame in frames
        if Path(frame.filename).is_absolute() and not frame.filename.startswith(_NOT_THE_USERS)
    ]
    frame = (users or frames)[-1]
    return f"{frame.filename}, line {frame.lineno}, in {frame.name}: {frame.line}"


def _short(value: float | np.ndarray) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if not value.size:
        return "empty"
    return f"{value.min():.4g} | {value.mean():.4g} | {value.max():.4g}"
