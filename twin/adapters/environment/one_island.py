"""One sub-environment alone, as `gymnasium.make` gives it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from twin.adapters.environment.diagram import Course, draw
from twin.adapters.environment.episodes import Episode
from twin.adapters.environment.islands import IslandEnvironments, Numbers
from twin.core.errors import InputError, Problem
from twin.operation.case import Case, of_members

MODES = ("rgb_array",)


class IslandEnvironment(gymnasium.Env[Numbers, Numbers]):
    """One member of a case; actions, observations and rewards are those of `IslandEnvironments`.

    Scale observations with ``gymnasium.wrappers.NormalizeObservation``.

    Parameters
    ----------
    case : Case
        For instance of ``studies.api.load_case``.
    m : int, optional
        Position of the member; without it each reset draws one.
    weather_years : sequence of int, optional
        Of the case's members, so that a reset can name them.
    render_mode : str, optional
        ``rgb_array``: `render` draws the grid, the batteries and the course of the episode.
    **options
        As of `IslandEnvironments`: ``reward``, ``observe``, ``orders``, ``together``, ``days``, ``ahead``,
        ``with_none``.

    Attributes
    ----------
    together : IslandEnvironments
        The same with one sub-environment.

    Raises
    ------
    InputError
        Where nothing can be ordered, or the case is shorter than an episode.
    """

    metadata: dict[str, Any] = {"render_modes": list(MODES), "render_fps": 2}  # noqa: RUF012 - Gymnasium's own form

    def __init__(
        self,
        case: Case,
        m: int | None = None,
        *,
        weather_years: Sequence[int | None] | None = None,
        render_mode: str | None = None,
        **options: Any,  # noqa: ANN401 - checked there
    ) -> None:
        if render_mode is not None and render_mode not in MODES:
            raise InputError([Problem("no such way to draw", "render_mode", render_mode, ", ".join(MODES))])
        if m is not None:
            case = of_members(case, [m])
            weather_years = None if weather_years is None else [weather_years[m]]
        self.render_mode = render_mode
        self.together = IslandEnvironments(case, num_envs=1, weather_years=weather_years, **options)
        self.action_names, self.observation_names = self.together.action_names, self.together.observation_names
        self.action_space, self.observation_space = (
            self.together.single_action_space, self.together.single_observation_space,
        )  # fmt: skip
        self._course = Course()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Numbers, dict[str, Any]]:
        """Begin an episode; see `IslandEnvironments.reset`."""
        super().reset(seed=seed)
        observations, info = self.together.reset(seed=seed, options=options)
        self._course = Course()
        return observations[0], _of_one(info)

    def step(self, action: Numbers) -> tuple[Numbers, float, bool, bool, dict[str, Any]]:
        """Run a step of time under an action; see `IslandEnvironments.step`."""
        observations, rewards, _, truncated, info = self.together.step(np.asarray(action)[None])
        if self.render_mode is not None and self.together.last is not None:
            self._course.add(*self.together.last, float(rewards[0]))
        return observations[0], float(rewards[0]), False, bool(truncated[0]), _of_one(info)

    def simulate(self, action: Numbers) -> tuple[Numbers, float, bool, bool, dict[str, Any]]:
        """Return what `step` would return, and stay; see `IslandEnvironments.simulate`."""
        observations, rewards, _, truncated, info = self.together.simulate(np.asarray(action)[None])
        return observations[0], float(rewards[0]), False, bool(truncated[0]), _of_one(info)

    def episode(self) -> Episode:
        """Return what was ordered and earned since the last reset."""
        return self.together.episodes()[0]

    def replay(self, episode: Episode) -> list[dict[str, Any]]:
        """Play an episode again and return the info of each step.

        Raises
        ------
        InputError
            Where the episode has other actions, or a step earns something else than it did.
        """
        if tuple(episode.action_names) != self.action_names:
            seen, accepted = ", ".join(episode.action_names), ", ".join(self.action_names)
            raise InputError([Problem("the episode has other actions", "replay", seen, accepted)])
        begun = self.reset(options=episode.options)[1]
        if begun["time"] != episode.first:
            raise InputError([Problem("the episode begins at another time", "replay", begun["time"], episode.first)])
        infos = []
        for action, earned in zip(episode.actions, episode.rewards, strict=True):
            _, reward, *_, info = self.step(action)
            if reward != earned:
                where, seen = f"replay, {info['time']}", f"{reward!r}"
                repair = "replay on the same study, with the same reward and version"
                raise InputError([Problem("a step earns something else", where, seen, f"{earned!r}", repair)])
            infos.append(info)
        return infos

    def render(self) -> npt.NDArray[np.uint8]:
        """Return a picture of the grid, the batteries and the course of the episode, (height, width, 3)."""
        if self.render_mode is None:
            raise InputError([Problem("nothing is drawn", "render_mode", "None", ", ".join(MODES))])
        now = self.together.situation(ended=True)
        return draw(now.case, now.state, min(now.t, len(now.case.index) - 1), self._course)


def _of_one(info: dict[str, Any]) -> dict[str, Any]:
    return {name: value if name == "time" else value[0].item() for name, value in info.items()}
