"""The loop as a Gymnasium environment: the agent takes the policy's place, one half-hour at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from twin.core.errors import InputError, Problem
from twin.metrics.half_hours import block_of, energy_columns
from twin.metrics.kpis import key_figures
from twin.metrics.series import MemberSeries
from twin.operation.case import Case, under_policies
from twin.operation.dispatch import make_view
from twin.operation.record import Record, over_time
from twin.operation.state import State, initial_state, stored_at_start_mwh
from twin.operation.window import step
from twin.policies.interface import HALF_HOUR, Cadence, Dispatch, Mode, View

try:
    import gymnasium
except ImportError as error:
    raise ImportError('the environment needs Gymnasium: pip install ".[gym]"') from error

Numbers = npt.NDArray[np.float32]
REWARDS = {"energy": "energy_used_mwh", "value": "net_supply_jpy"}
"""Key figure of the half-hour that is the reward."""
_FIGURES = (*REWARDS.values(), "curtailed_congestion_mwh", "clipped_commands")
FARTHEST = 1e6
"""Bound of observations in MW, MWh and JPY/kWh: far beyond any network, so that nothing is ever clipped."""


@dataclass(frozen=True)
class PendingAction:
    """A policy that orders what the agent has chosen; checks and limits are those of any other policy.

    Attributes
    ----------
    groups : numpy.ndarray, (B,) int
        Site groups with batteries.
    action : numpy.ndarray, (B + K,)
        Power of their batteries, then the signal to each flexible device; -1 .. 1.
    """

    groups: np.ndarray
    action: np.ndarray
    cadence: Cadence = HALF_HOUR

    def decide(self, view: View) -> Dispatch:
        """Order the pending action: batteries as told, nothing held back behind the meter."""
        dispatch = view.plan(Mode.POWER)
        dispatch.battery_power_pu[:, self.groups] = self.action[: len(self.groups)]
        dispatch.device_pu[:] = self.action[len(self.groups) :]
        return dispatch


class IslandEnvironment(gymnasium.Env[Numbers, Numbers]):
    """One member of a case; a step of the environment is a step of time of `twin.operation.window.step`.

    An action is the charging power of the batteries of each site group that has any, per unit of their rating
    (discharging negative), then the signal to each flexible device (see `twin.devices.device.DeviceNow`); both
    within -1 .. 1. What a device cannot follow is clipped by the device and counted in ``info``, as with any policy.

    An observation is what a policy's `View` shows, with names in `observation_names`: MW, MWh and JPY/kWh as they are;
    states of charge 0 .. 1, the time of the day as sine and cosine. Scale it with
    ``gymnasium.wrappers.NormalizeObservation``.

    The reward is of the half-hour: ``energy`` in MWh (delivered less the losses of batteries and shifted demand) or
    ``value`` in JPY (net supply at the area price, which does not pay for energy that is only stored).

    An episode never terminates; it is truncated at the end of its window, in which energy may be left in batteries.

    Parameters
    ----------
    case : Case
        For instance of ``studies.api.load_case``.
    m : int
        Position of the member.
    reward : str
        ``energy`` or ``value``.
    days : int
        Length of an episode.
    ahead : int
        Steps of the outlook in an observation, at most those of a day.

    Raises
    ------
    InputError
        Where nothing can be ordered, or the case is shorter than an episode.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 - Gymnasium's own form

    def __init__(
        self, case: Case, m: int = 0, *, reward: Literal["energy", "value"] = "energy", days: int = 1, ahead: int = 12
    ) -> None:
        self._batteries = np.flatnonzero(case.fleet.battery_mwh[m] > 0.0)
        devices = case.members[m].orderable
        self._day = case.clock.steps_of_day
        self._days_of_case = len(case.index) // self._day
        self._check(len(self._batteries) + len(devices), days, ahead, reward)
        rest = PendingAction(self._batteries, np.zeros(len(self._batteries) + len(devices)))
        self._case = under_policies(case, m, [rest])
        self._reward = reward
        self._days = days
        self._ahead = ahead
        self._t = self._end = 0
        self._state: State | None = None
        self._stored_mwh = 0.0
        groups = case.sites.groups.index[self._batteries].astype(str)
        self.action_names = (*(f"battery {group}" for group in groups), *devices)
        self.observation_names, high = self._names(groups.tolist(), devices)
        low = np.where(np.char.startswith(self.observation_names, "soc_pu"), 0.0, -high)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (len(self.action_names),), np.float32)
        self.observation_space = gymnasium.spaces.Box(low.astype(np.float32), high.astype(np.float32), dtype=np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Numbers, dict[str, Any]]:
        """Begin an episode with batteries at their lowest charge.

        Parameters
        ----------
        seed : int, optional
            Of the draw of the first day, the only thing that is drawn.
        options : dict, optional
            ``start``: first day of the episode, counted from 0 in the case, in place of the draw.
        """
        super().reset(seed=seed)
        latest = self._days_of_case - self._days
        start = int(self.np_random.integers(latest + 1))
        if options and "start" in options:
            start = int(options["start"])
            if not 0 <= start <= latest:
                raise InputError([Problem("no such first day", "options, start", str(start), f"0 to {latest}")])
        self._t = start * self._day
        self._end = self._t + self._days * self._day
        self._state = initial_state(self._case)
        self._stored_mwh = stored_at_start_mwh(self._case, 0)
        return self._observation(self._state), {"time": str(self._case.index[self._t])}

    def step(self, action: Numbers) -> tuple[Numbers, float, bool, bool, dict[str, Any]]:
        """Run a step of time under an action.

        Returns
        -------
        observation : numpy.ndarray of float32
        reward : float
        terminated : bool
            Always False.
        truncated : bool
            Whether the episode has ended.
        info : dict
            ``time`` of the step, ``clipped`` (commands that devices could not follow), ``congestion_mwh``,
            ``criterion_broken`` (before management), ``policy_failed``, ``unmet_mwh``, ``solved``. An unsolved
            step is worth nothing.

        Raises
        ------
        InputError
            Outside an episode, or where the action is none.
        """
        if self._state is None or self._t >= self._end:
            raise InputError([Problem("no episode is running", "IslandEnvironment.step", repair="call reset first")])
        orders = np.array(action, dtype=float)
        if orders.shape != self.action_space.shape:
            raise InputError([Problem("wrong shape", "action", str(orders.shape), str(self.action_space.shape))])
        t = self._t
        told = replace(self._state, policies=(PendingAction(self._batteries, orders),))
        self._state, record = step(self._case, told, t)
        self._t = t + 1
        truncated = self._t == self._end
        series = self._series(record, t)
        self._stored_mwh = float(series["stored_mwh"][-1])
        figures = {name: float(value) for name, value in key_figures(series, _FIGURES).items()}
        info = self._info(record, t, figures)
        return self._observation(self._state), figures[REWARDS[self._reward]], False, truncated, info

    def _series(self, record: Record, t: int) -> MemberSeries:
        """Return the half-hour as the key figures take it."""
        columns = energy_columns(self._case, block_of(t, over_time([record])))
        tables = {"system": {name: values[:, 0] for name, values in columns.items()}}
        return MemberSeries(tables, self._case.step_hours, self._stored_mwh)

    def _info(self, record: Record, t: int, figures: dict[str, float]) -> dict[str, Any]:
        return {
            "time": str(self._case.index[t]),
            "clipped": int(figures["clipped_commands"]),
            "congestion_mwh": figures["curtailed_congestion_mwh"],
            "criterion_broken": bool(record.broken[0]),
            "policy_failed": bool(record.policy_failed[0]),
            "unmet_mwh": float(record.flexible.unmet_mwh[0].sum()),
            "solved": not record.failure[0],
        }

    def _names(self, groups: list[str], devices: tuple[str, ...]) -> tuple[tuple[str, ...], np.ndarray]:
        """Return the names of the observations in their order, and the largest value of each."""
        of_one = ["sine of the time of the day", "cosine of the time of the day", *(f"soc_pu {g}" for g in groups)]
        steps = range(self._ahead)
        plain = [*(f"stored_mwh {name}" for name in devices), "measured_export_mw", "export_limit_mw"]
        plain += ["measured_available_mw", "measured_delivered_mw"]
        outlook = ("export_mw", "congestion_mw", "price_jpy_per_kwh", "pv_mw", "load_mw")
        plain += [f"outlook {name} +{step}" for name in outlook for step in steps]
        return (*of_one, *plain), np.repeat([1.0, FARTHEST], [len(of_one), len(plain)])

    def _observation(self, state: State) -> Numbers:
        """Return what is known at the start of the next step; after the last one, of that one."""
        t = min(self._t, len(self._case.index) - 1)
        view = make_view(self._case, state, t, 0, 0, 1)
        outlook, steps = view.outlook, slice(self._ahead)
        angle = 2.0 * np.pi * view.step_of_day / self._day
        return np.concatenate([
            [np.sin(angle), np.cos(angle)],
            view.batteries.soc_percent[self._batteries] / 100.0,
            view.device_stored_mwh,
            [view.measured_export_mw, view.export_limit_mw],
            [view.measured_available_mw.sum(), view.measured_delivered_mw.sum()],
            outlook.export_mw[steps],
            outlook.congestion_mw[steps],
            outlook.price_jpy_per_kwh[steps],
            outlook.pv_mw[steps].sum(axis=1),
            outlook.load_mw[steps].sum(axis=1),
        ]).astype(np.float32)  # fmt: skip

    def _check(self, orders: int, days: int, ahead: int, reward: str) -> None:
        problems = []
        if not orders:
            repair = 'choose a scenario with batteries (fleet.batteries = "all") or devices'
            problems.append(Problem("there is nothing to order", "the member's batteries and devices", repair=repair))
        if not 1 <= days <= self._days_of_case:
            accepted = f"1 to {self._days_of_case}"
            problems.append(Problem("the case is shorter than an episode", "days", str(days), accepted))
        if not 1 <= ahead <= self._day:
            problems.append(Problem("the outlook does not reach so far", "ahead", str(ahead), f"1 to {self._day}"))
        if reward not in REWARDS:
            problems.append(Problem("unknown reward", "reward", str(reward), "energy or value"))
        if problems:
            raise InputError(problems)
