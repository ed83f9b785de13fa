"""Episodes in a file, and what a reset may be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twin.core.errors import InputError, Problem, raise_if_any

OPTIONS = ("weather_year", "start", "days", "scenario")
"""What `reset` takes."""


@dataclass(frozen=True)
class Episode:
    """What was ordered in an episode and what it earned; it can be saved and played again.

    Attributes
    ----------
    scenario : str
    weather_year : int
        -1 where it is not known.
    start, days : int
        First day in the case, from 0, and length.
    first : str
        Time of the first step.
    action_names : tuple of str
    actions : numpy.ndarray, (T, A)
    rewards : numpy.ndarray, (T,)
    """

    scenario: str
    weather_year: int
    start: int
    days: int
    first: str
    action_names: tuple[str, ...]
    actions: np.ndarray
    rewards: np.ndarray

    @property
    def options(self) -> dict[str, Any]:
        """Options of a reset that begins the same episode."""
        year = {} if self.weather_year < 0 else {"weather_year": self.weather_year}
        return {"scenario": self.scenario, "start": self.start, "days": self.days, **year}

    def save(self, file: Path | str) -> None:
        """Write it to a file (.npz)."""
        values: dict[str, Any] = {name: np.asarray(value) for name, value in asdict(self).items()}
        with Path(file).open("wb") as target:
            np.savez_compressed(target, **values)

    @staticmethod
    def read(file: Path | str) -> Episode:
        """Return an episode from its file.

        Raises
        ------
        InputError
            If it is none.
        """
        try:
            with np.load(Path(file), allow_pickle=False) as saved:
                values = {name: saved[name] for name in Episode.__dataclass_fields__}
        except (OSError, ValueError, KeyError) as error:
            raise InputError([Problem("no saved episode", str(file), str(error), "a file of Episode.save")]) from error
        plain = {name: values.pop(name).item() for name in ("scenario", "weather_year", "start", "days", "first")}
        names = tuple(values.pop("action_names").tolist())
        return Episode(**plain, action_names=names, **values)


def check_options(options: dict[str, Any], scenarios: Sequence[str], years: Sequence[int | None]) -> None:
    """Refuse options of `reset` that do not exist or have no such value; all at once."""
    where = "reset, options"
    problems = [Problem("unknown option", where, name, ", ".join(OPTIONS)) for name in options if name not in OPTIONS]
    for name, accepted in (("start", "a day of the case, from 0"), ("days", "days, from 1")):
        value = options.get(name, 1)
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            problems.append(Problem(f"{name} is no whole number", where, repr(value), accepted))
    known = [year for year in dict.fromkeys(years) if year is not None]
    for name, values in (("scenario", list(dict.fromkeys(scenarios))), ("weather_year", known)):
        asked = options.get(name, [])
        for value in asked if isinstance(asked, list | tuple | np.ndarray) else [asked]:
            if value not in values:
                accepted = ", ".join(map(str, values)) or "none: the case was made without"
                problems.append(Problem(f"no such {name.replace('_', ' ')}", where, repr(value), accepted))
    raise_if_any(problems)
