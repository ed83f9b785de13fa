"""Errors for people: every problem of an input at once, with its place and its repair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input.

    Attributes
    ----------
    what : str
        What is wrong, in plain words.
    where : str
        File, table, row, column, key or time.
    seen : str
        The value that was found.
    accepted : str
        What would have been accepted.
    repair : str
        How to repair it.
    """

    what: str
    where: str
    seen: str = ""
    accepted: str = ""
    repair: str = ""

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.what}"]
        if self.seen:
            parts.append(f"found: {self.seen}")
        if self.accepted:
            parts.append(f"accepted: {self.accepted}")
        if self.repair:
            parts.append(f"repair: {self.repair}")
        return "\n    ".join(parts)


class InputError(ValueError):
    """An input cannot be used; carries all its problems.

    Parameters
    ----------
    problems : iterable of Problem
        Everything that was found wrong, not only the first.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Problem, ...]]]:
        """Keep the problems on the way out of a worker process."""
        return type(self), (self.problems,)


def system_problem(error: OSError, where: str, repair: str = "") -> Problem:
    """Return the problem that the operating system has with a file.

    Parameters
    ----------
    error : OSError
    where : str
        Where it happened, if the error does not name a file.
    repair : str
    """
    files = [str(name) for name in (error.filename, error.filename2) if name is not None]
    return Problem(
        "the operating system refuses", " and ".join(files) or where, error.strerror or str(error), "", repair
    )


def raise_if_any(problems: Iterable[Problem]) -> None:
    """Raise `InputError` with all `problems`, or return when there are none."""
    found = tuple(problems)
    if found:
        raise InputError(found)


@contextmanager
def gathered(problems: list[Problem]) -> Iterator[None]:
    """Add the problems of an `InputError` inside to `problems`, so that other inputs are still looked at.

    `raise_if_any` must follow: what the block should have made is not there after a problem.
    """
    try:
        yield
    except InputError as error:
        problems += error.problems
