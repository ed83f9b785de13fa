"""Errors for people: every problem of an input at once, with its place and its repair."""

from __future__ import annotations

import unicodedata
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
        parts = [f"{printable(self.where)}: {printable(self.what)}"]
        for name in ("seen", "accepted", "repair"):
            if text := getattr(self, name):
                parts.append(f"{'found' if name == 'seen' else name}: {printable(text)}")
        return "\n    ".join(parts)


LONGEST_PART = 1000
"""Characters of a part of a message; what is longer is cut."""
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Kinds of characters that do something to a terminal, or stand for nothing."""


def is_unseen(character: str) -> bool:
    """Return whether a character controls the terminal or stands for nothing."""
    return unicodedata.category(character) in UNSEEN


def printable(text: str) -> str:
    """Return a text as a terminal may show it: control characters escaped, but for the end of a line, and cut."""
    shown = "".join(
        character.encode("unicode_escape").decode() if is_unseen(character) and character != "\n" else character
        for character in text[: LONGEST_PART + 1]
    )
    left = len(text) - LONGEST_PART
    return f"{shown[:LONGEST_PART]}... ({left} characters more)" if left > 0 else shown


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
