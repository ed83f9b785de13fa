"""The loop as Gymnasium environments: agents take the policies' place, one half-hour at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from twin.core.errors import InputError, Problem, raise_if_any
from twin.core.row_arrays import sum_at
from twin.metrics.half_hours import block_of, energy_columns
from twin.metrics.kpis import key_figures
from twin.metrics.series import MemberSeries
from twin.operation.case import Case, of_members
from twin.operation.record import Record
from twin.operation.state import State, initial_state, stored_at_start_mwh
from twin.operation.window import Window
from twin.policies.interface import ROUNDING, Mode

try:
    import gymnasium
    from gymnasium.vector import AutoresetMode, VectorEnv
    from gymnasium.vector.utils import batch_space
except ImportError as error:
    raise ImportError('the environment needs Gymnasium: pip install ".[gym]"') from error

Numbers = npt.NDArray[np.float32]
Values = npt.NDArray[Any]
REWARDS = {"energy": "energy_used_mwh", "value": "net_supply_jpy"}
"""Key figure of the half-hour that is the reward."""
_FIGURES = (*REWARDS.values(), "curtailed_congestion_mwh", "clipped_commands")
OPTIONS = ("start",)
"""What `reset` takes."""
FARTHEST = 1e6
"""Bound of observations in MW, MWh and JPY/kWh: far beyond any network, so that nothing is ever clipped."""
AGENT = "environment"
"""Stands for the counterfactual twin of a member: no headroom is searched and no totals of sites are kept."""


class _Told(Window):
    """A half-hour in which agents order what is in force; no policy is asked."""

    def __init__(self, case: Case, state: State, t: int, batteries_pu: np.ndarray, device_pu: np.ndarray) -> None:
        slot = t % case.order_slots
        orders = {name: getattr(state, name).copy() for name in ("mode", "battery_power_pu", "device_pu")}
        orders["mode"][:, slot] = Mode.POWER
        orders["battery_power_pu"][:, slot], orders["device_pu"][:, slot] = batteries_pu, 0.0
        orders["device_pu"][:, slot, : device_pu.shape[1]] = device_pu
        super().__init__(case, replace(state, **orders), t)

    def _obey_policies(self) -> np.ndarray:
        return np.zeros(len(self.case.members), dtype=bool)


@dataclass(frozen=True)
class _Layout:
    """What all members can be ordered and are shown.

    Attributes
    ----------
    batteries : numpy.ndarray, (B,) int
        Site groups with batteries.
    actions, observations : tuple of str
    farthest : numpy.ndarray
        Largest value of each observation.
    """

    batteries: np.ndarray
    actions: tuple[str, ...]
    observations: tuple[str, ...]
    farthest: np.ndarray

    @staticmethod
    def of(case: Case, m: int, ahead: int) -> _Layout:
        """Return the layout of a member with `ahead` steps of the outlook."""
        batteries, devices = np.flatnonzero(case.fleet.battery_mwh[m] > 0.0), case.members[m].orderable
        groups = case.sites.groups.index[batteries].astype(str)
        of_one = ["sine of the time of the day", "cosine of the time of the day", *(f"soc_pu {g}" for g in groups)]
        plain = [*(f"stored_mwh {name}" for name in devices), "measured_export_mw", "export_limit_mw"]
        plain += ["measured_available_mw", "measured_delivered_mw"]
        outlook = ("export_mw", "congestion_mw", "price_jpy_per_kwh", "pv_mw", "load_mw")
        plain += [f"outlook {name} +{step}" for name in outlook for step in range(ahead)]
        return _Layout(
            batteries,
            (*(f"battery {group}" for group in groups), *devices),
            (*of_one, *plain),
            np.repeat([1.0, FARTHEST], [len(of_one), len(plain)]),
        )

    @property
    def action_space(self) -> gymnasium.spaces.Box:
        """Of one member."""
        return gymnasium.spaces.Box(-1.0, 1.0, (len(self.actions),), np.float32)

    @property
    def observation_space(self) -> gymnasium.spaces.Box:
        """Of one member."""
        low = np.where(np.char.startswith(self.observations, "soc_pu"), 0.0, -self.farthest)
        return gymnasium.spaces.Box(low.astype(np.float32), self.farthest.astype(np.float32), dtype=np.float32)


def _refuse_unknown(options: dict[str, Any]) -> None:
    """Refuse options of `reset` that do not exist, and a first day that is no whole number; all at once."""
    where = "reset, options"
    problems = [Problem("unknown option", where, name, ", ".join(OPTIONS)) for name in options if name not in OPTIONS]
    start = options.get("start", 0)
    if isinstance(start, bool) or not isinstance(start, int | np.integer):
        problems.append(Problem("start is no whole number", where, repr(start), "a day of the case, from 0"))
    raise_if_any(problems)


class IslandEnvironments(VectorEnv[Numbers, Numbers, Values]):
    """The members of a case side by side, each a sub-environment; all begin an episode on the same day.

    An action is the charging power of the batteries of each site group that has any, per unit of their rating
    (discharging negative), then the signal to each flexible device (see `twin.devices.device.DeviceNow`); both
    within -1 .. 1. What a device cannot follow is clipped by the device and counted in ``info``, as with any policy.

    An observation is what a policy's `View` shows, with names in `observation_names`: MW, MWh and JPY/kWh as they are;
    states of charge 0 .. 1, the time of the day as sine and cosine. What is measured is 0 before the first step.

    The reward is of the half-hour: ``energy`` in MWh (delivered less the losses of batteries and shifted demand) or
    ``value`` in JPY (net supply at the area price, which does not pay for energy that is only stored).

    An episode never terminates; it is truncated at the end of its window, in which energy may be left in batteries.
    All members' episodes end together; then `reset` begins new ones.

    Parameters
    ----------
    case : Case
        Its members must have the same site groups with batteries and the same devices, for instance one scenario under
        many weather years.
    reward : str
        ``energy`` or ``value``.
    days : int
        Length of an episode.
    ahead : int
        Steps of the outlook in an observation, at most those of a day.

    Raises
    ------
    InputError
        Where nothing can be ordered, the members differ in it, or the case is shorter than an episode.
    """

    metadata: dict[str, Any] = {"render_modes": [], "autoreset_mode": AutoresetMode.DISABLED}  # noqa: RUF012

    def __init__(
        self, case: Case, *, reward: Literal["energy", "value"] = "energy", days: int = 1, ahead: int = 12
    ) -> None:
        self._day = case.clock.steps_of_day
        self._days_of_case = len(case.index) // self._day
        layouts = [_Layout.of(case, m, ahead) for m in range(len(case.members))]
        self._layout = layouts[0]
        self._check(case, layouts, days, ahead, reward)
        self._case = replace(case, members=tuple(replace(member, twin=AGENT) for member in case.members))
        self._reward, self._days, self._ahead = reward, days, ahead
        self._t = self._end = 0
        self._state: State | None = None
        self._stored_mwh = np.zeros(len(case.members))
        self.num_envs = len(case.members)
        self.action_names, self.observation_names = self._layout.actions, self._layout.observations
        self.single_action_space, self.single_observation_space = (
            self._layout.action_space, self._layout.observation_space,
        )  # fmt: skip
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Numbers, dict[str, Any]]:
        """Begin an episode with batteries at their lowest charge.

        Parameters
        ----------
        seed : int, optional
            Of the draw of the first day, the only thing that is drawn; of a list the first one counts.
        options : dict, optional
            ``start``: first day of the episode, counted from 0 in the case, in place of the draw.
        """
        super().reset(seed=seed[0] if isinstance(seed, list) else seed)
        _refuse_unknown(options or {})
        latest = self._days_of_case - self._days
        start = int(self.np_random.integers(latest + 1))
        if options and "start" in options:
            start = int(options["start"])
            if not 0 <= start <= latest:
                raise InputError([Problem("no such first day", "options, start", str(start), f"0 to {latest}")])
        self._t = start * self._day
        self._end = self._t + self._days * self._day
        self._state = initial_state(self._case)
        self._stored_mwh = np.array([stored_at_start_mwh(self._case, m) for m in range(self.num_envs)])
        return self._observations(self._state), {"time": str(self._case.index[self._t])}

    def step(self, actions: Numbers) -> tuple[Numbers, Values, Values, Values, dict[str, Any]]:
        """Run a step of time under the actions of all members.

        Returns
        -------
        observations : numpy.ndarray of float32, (M, ...)
        rewards : numpy.ndarray, (M,)
        terminations : numpy.ndarray of bool, (M,)
            Always False.
        truncations : numpy.ndarray of bool, (M,)
            Whether the episodes have ended.
        info : dict
            ``time`` of the step, and for each member, (M,): ``clipped`` (commands that devices could not follow),
            ``congestion_mwh``, ``criterion_broken`` (before management), ``unmet_mwh``, ``solved``. An unsolved step is
            worth nothing.

        Raises
        ------
        InputError
            Outside an episode, or where the actions are none.
        """
        if self._state is None or self._t >= self._end:
            raise InputError([Problem("no episode is running", "IslandEnvironment.step", repair="call reset first")])
        case, t = self._case, self._t
        orders = self._orders(actions)
        batteries_pu = np.zeros((self.num_envs, len(case.sites.groups)))
        batteries_pu[:, self._layout.batteries] = orders[:, : len(self._layout.batteries)]
        window = _Told(case, self._state, t, batteries_pu, orders[:, len(self._layout.batteries) :])
        record = window.run(t + 1)
        self._state, self._t = window.state, t + 1
        series = self._series(record, t)
        self._stored_mwh = series["stored_mwh"][-1]
        figures = {name: np.asarray(values) for name, values in key_figures(series, _FIGURES).items()}
        rewards, never = figures[REWARDS[self._reward]], np.zeros(self.num_envs, dtype=bool)
        truncated = np.full(self.num_envs, self._t == self._end)
        return self._observations(self._state), rewards, never, truncated, self._info(record, t, figures)

    def _orders(self, actions: Numbers) -> np.ndarray:
        """Return the actions as orders, (M, A), what lies beyond -1 .. 1 by rounding cut off."""
        orders, expected = np.array(actions, dtype=float), self.action_space.shape
        if orders.shape != expected:
            raise InputError([Problem("wrong shape", "action", str(orders.shape), str(expected))])
        usable = np.abs(orders) <= 1.0 + ROUNDING
        if not usable.all():
            m, k = np.argwhere(~usable)[0]
            where = f"action {self.action_names[k]} of {self._case.members[m].scenario}, {self._case.index[self._t]}"
            raise InputError([Problem("no order", where, f"{orders[m, k]:g}; {(~usable).sum()} in all", "-1 to 1")])
        clipped: np.ndarray = np.clip(orders, -1.0, 1.0)
        return clipped

    def _series(self, record: Record, t: int) -> MemberSeries:
        """Return the half-hour as the key figures take it."""
        columns = energy_columns(self._case, block_of(t, record))
        return MemberSeries({"system": columns}, self._case.step_hours, self._stored_mwh)

    def _info(self, record: Record, t: int, figures: dict[str, np.ndarray]) -> dict[str, Any]:
        return {
            "time": str(self._case.index[t]),
            "clipped": figures["clipped_commands"].astype(np.int64),
            "congestion_mwh": figures["curtailed_congestion_mwh"],
            "criterion_broken": record.broken[0],
            "unmet_mwh": record.flexible.unmet_mwh[0].sum(axis=1),
            "solved": record.failure[0] == "",
        }

    def _observations(self, state: State) -> Numbers:
        """Return what is known at the start of the next step; after the last one, of that one."""
        case, t, ahead = self._case, min(self._t, len(self._case.index) - 1), slice(self._ahead)
        angle = 2.0 * np.pi * case.step_of_day[t] / self._day
        energy = case.fleet.battery_kwh[case.fleet.device_class]
        stored = sum_at(state.soc_kwh, case.sites.group, len(case.sites.groups))
        soc_percent = 100.0 * np.divide(stored, energy, out=np.zeros_like(stored), where=energy > 0.0)
        named = [case.fleet.device_names.index(name) for name in case.members[0].orderable]
        told = {k: case.outlooks[k].at(t, 0, 0.0) for k in {member.outlook for member in case.members}}
        outlooks = [told[member.outlook] for member in case.members]
        export_mw = np.stack([outlook.export_mw[ahead] for outlook in outlooks])
        return np.concatenate([
            np.tile([np.sin(angle), np.cos(angle)], (self.num_envs, 1)),
            soc_percent[:, self._layout.batteries] / 100.0,
            state.device_stored_mwh[:, named],
            np.stack([np.nan_to_num(state.export_mw), case.export_limit_mw], axis=1),
            np.nan_to_num(np.stack([state.available_mw.sum(axis=1), state.delivered_mw.sum(axis=1)], axis=1)),
            export_mw,
            np.maximum(export_mw - case.export_limit_mw[:, None], 0.0),
            np.stack([outlook.price_jpy_per_kwh[ahead] for outlook in outlooks]),
            np.stack([outlook.pv_mw[ahead].sum(axis=1) for outlook in outlooks]),
            np.stack([outlook.load_mw[ahead].sum(axis=1) for outlook in outlooks]),
        ], axis=1).astype(np.float32)  # fmt: skip

    def _check(self, case: Case, layouts: list[_Layout], days: int, ahead: int, reward: str) -> None:
        problems = []
        if not self._layout.actions:
            repair = 'choose a scenario with batteries (fleet.batteries = "all") or devices'
            problems.append(Problem("there is nothing to order", "the member's batteries and devices", repair=repair))
        for member, layout in zip(case.members, layouts, strict=True):
            if layout.actions != self._layout.actions:
                accepted = f"as in {case.members[0].name}: {', '.join(self._layout.actions)}"
                seen, repair = ", ".join(layout.actions), "take members with the same batteries and devices"
                problems.append(Problem("members are ordered unlike things", member.name, seen, accepted, repair))
        if not 1 <= days <= self._days_of_case:
            accepted = f"1 to {self._days_of_case}"
            problems.append(Problem("the case is shorter than an episode", "days", str(days), accepted))
        if not 1 <= ahead <= self._day:
            problems.append(Problem("the outlook does not reach so far", "ahead", str(ahead), f"1 to {self._day}"))
        if reward not in REWARDS:
            problems.append(Problem("unknown reward", "reward", str(reward), "energy or value"))
        raise_if_any(problems)


class IslandEnvironment(gymnasium.Env[Numbers, Numbers]):
    """One member of a case; actions, observations and rewards are those of `IslandEnvironments`.

    Scale observations with ``gymnasium.wrappers.NormalizeObservation``.

    Parameters
    ----------
    case : Case
        For instance of ``studies.api.load_case``.
    m : int
        Position of the member.
    reward, days, ahead
        See `IslandEnvironments`.

    Raises
    ------
    InputError
        Where nothing can be ordered, or the case is shorter than an episode.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 - Gymnasium's own form

    def __init__(
        self, case: Case, m: int = 0, *, reward: Literal["energy", "value"] = "energy", days: int = 1, ahead: int = 12
    ) -> None:
        self._all = IslandEnvironments(of_members(case, [m]), reward=reward, days=days, ahead=ahead)
        self.action_names, self.observation_names = self._all.action_names, self._all.observation_names
        self.action_space, self.observation_space = self._all.single_action_space, self._all.single_observation_space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Numbers, dict[str, Any]]:
        """Begin an episode; see `IslandEnvironments.reset`."""
        super().reset(seed=seed)
        observations, info = self._all.reset(seed=seed, options=options)
        return observations[0], info

    def step(self, action: Numbers) -> tuple[Numbers, float, bool, bool, dict[str, Any]]:
        """Run a step of time under an action; see `IslandEnvironments.step`."""
        observations, rewards, _, truncated, info = self._all.step(np.asarray(action)[None])
        of_member = {name: value[0].item() for name, value in info.items() if name != "time"}
        return observations[0], float(rewards[0]), False, bool(truncated[0]), {"time": info["time"], **of_member}
