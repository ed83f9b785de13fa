"""Stop a user's code that takes too long, where the platform can."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TooLongError(BaseException):
    """A decision took longer than it may; no `Exception`, so that a policy's own `except` does not swallow it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TooLongError` inside the block after some seconds of the clock.

    It needs Unix, the main thread and no other timer of the process; else, and while compiled code runs, nothing is
    interrupted and the caller has to look at the clock after the block.
    """
    if not can_interrupt():
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
