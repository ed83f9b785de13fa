"""Gymnasium environments of studies: ``goto_twin/Island-v0``, its weather years apart for learning and for judging.

Importing this module registers the environment: ``gymnasium.make("studies.environments:goto_twin/Island-v0")``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from network_models.island import SHIPPED, find_island
from studies.api import load_members
from studies.study.file.reading import read_study, study_path
from twin.adapters.environment import IslandEnvironment, IslandEnvironments, Rule
from twin.core.errors import InputError, Problem
from twin.operation.case import Case
from twin.policies.catalogue import POLICIES

SPLIT: dict[str, tuple[int, ...]] = {
    "train": (1, 2, 3, 4, 5, 6, 7, 8),
    "validation": (9, 10),
    "test": (11, 12, 13),
}
"""Synthetic weather years: to learn on, to choose an agent by, to judge it by once."""
RANDOM = "random"
"""The baseline that draws its actions."""
OF_NO_POLICY = {"operation.policy": "none"}

Agent = Callable[[np.ndarray], np.ndarray]
"""Actions of observations, both with a row a sub-environment."""


def island_case(
    study: str | Path | None = None,
    *,
    scenarios: Sequence[str] | None = None,
    weather_years: str | Sequence[int] = "train",
    days: tuple[int, int] | None = None,
    settings: Mapping[str, Any] | None = None,
    data: Path | None = None,
) -> tuple[Case, list[int]]:
    """Return scenarios under weather years as one case, and the weather year of each member.

    Parameters
    ----------
    study : str or pathlib.Path, optional
        Default: the default study of the shipped island.
    scenarios : sequence of str, optional
        With the same batteries and devices; default: the last of the file.
    weather_years : str or sequence of int
        A name of `SPLIT`, or years.
    days : tuple of int, optional
        First and last day of the fiscal year, 1-based and inclusive; default: the whole year.
    settings : mapping of str to Any, optional
        Values by dotted key in place of the study's.
    data : pathlib.Path, optional
    """
    study = find_island(SHIPPED).settings.default_study if study is None else study
    if scenarios is None:
        scenarios = list(read_study(study_path(str(study)), data, days).scenario)[-1:] or None
    if isinstance(weather_years, str):
        if weather_years not in SPLIT:
            accepted = f"{', '.join(SPLIT)}, or a list of years"
            raise InputError([Problem("no such part of the weather years", "weather_years", weather_years, accepted)])
        weather_years = SPLIT[weather_years]
    case = load_members(
        study,
        scenarios=scenarios,
        weather_years=weather_years,
        days=days,
        settings=OF_NO_POLICY | dict(settings or {}),
        data=data,
    )
    return case, [year for _ in range(len(case.members) // len(weather_years)) for year in weather_years]


_OF_CASE = ("study", "scenarios", "weather_years", "period", "settings", "data")


def make_island(**options: Any) -> IslandEnvironment:  # noqa: ANN401 - checked where they are used
    """Return one island, see `island_case` and `IslandEnvironment`; ``period`` are the days of the case."""
    case, years = _case_of(options)
    return IslandEnvironment(case, weather_years=years, **options)


def make_islands(num_envs: int = 1, **options: Any) -> IslandEnvironments:  # noqa: ANN401 - see make_island
    """Return islands side by side in lock-step, see `island_case` and `IslandEnvironments`."""
    case, years = _case_of(options)
    return IslandEnvironments(case, num_envs=num_envs, weather_years=years, **options)


def _case_of(options: dict[str, Any]) -> tuple[Case, list[int]]:
    """Return the case of some options, which are taken out of them."""
    of_case = {name: options.pop(name) for name in _OF_CASE if name in options}
    if "period" in of_case:
        of_case["days"] = of_case.pop("period")
    return island_case(**of_case)


def play(
    environments: IslandEnvironments,
    agent: str | Agent,
    starts: Iterable[int],
    seed: int = 0,
    years: Sequence[int] | None = None,
) -> dict[str, np.ndarray]:
    """Let an agent or a baseline play episodes, and return what they come to beside no control.

    Parameters
    ----------
    environments : IslandEnvironments
        With the episode without control beside (``with_none`` or a reward against none).
    agent : str or callable
        ``random``, the name of a shipped policy, or a function of the observations.
    starts : iterable of int
        First days of the episodes.
    seed : int
        Of the random agent and of the draw of members.
    years : sequence of int, optional
        Weather year of each sub-environment, in place of the draw.

    Returns
    -------
    dict of str to numpy.ndarray, (episodes, M)
        ``reward``, and against none ``energy_used_mwh``, ``net_supply_jpy``, ``congestion_mwh``.
    """
    rule = Rule(environments, agent) if isinstance(agent, str) and agent in POLICIES else None
    if isinstance(agent, str) and rule is None and agent != RANDOM:
        raise InputError([Problem("no such baseline", "play, agent", agent, ", ".join((RANDOM, *POLICIES)))])
    environments.action_space.seed(seed)
    found: dict[str, list[np.ndarray]] = {"reward": []}
    chosen = {} if years is None else {"weather_year": list(years)}
    for k, start in enumerate(starts):
        seen, _ = environments.reset(seed=seed + k, options={"start": int(start), **chosen})
        ended, sums = False, dict.fromkeys(found, np.zeros(environments.num_envs))
        while not ended:
            if rule is not None:
                actions = rule.act()
            else:
                actions = environments.action_space.sample() if isinstance(agent, str) else agent(seen)
            seen, rewards, _, truncated, info = environments.step(actions)
            ended = bool(truncated.all())
            of_step = {"reward": rewards}
            for name in ("energy_used_mwh", "net_supply_jpy", "congestion_mwh"):
                of_step[name] = info[name] - info[f"none_{name}"]
            sums = {name: sums.get(name, 0.0) + value for name, value in of_step.items()}
        for name, value in sums.items():
            found.setdefault(name, []).append(np.asarray(value))
    return {name: np.array(values) for name, values in found.items()}


gymnasium.register(
    id="goto_twin/Island-v0",
    entry_point="studies.environments:make_island",
    vector_entry_point="studies.environments:make_islands",
)
