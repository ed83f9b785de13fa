"""Members of a case side by side in lock-step, each a sub-environment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from twin.adapters.environment.actions import ORDERS, ActionLayout
from twin.adapters.environment.episodes import Episode, check_options
from twin.adapters.environment.observations import ObservationLayout, Observe, observations, own_observations
from twin.adapters.environment.rewards import AGAINST_NONE, FIGURES, NAMES, Outcome, Reward, reward_of
from twin.core.errors import InputError, Problem, raise_if_any
from twin.metrics.half_hours import block_of, energy_columns
from twin.metrics.kpis import key_figures
from twin.metrics.series import MemberSeries
from twin.operation.case import Case, of_members
from twin.operation.record import Record
from twin.operation.state import State, initial_state, stored_at_start_mwh
from twin.operation.window import Window
from twin.policies.interface import ORDERS as FIELDS
from twin.policies.interface import ROUNDING, Dispatch, Mode

Numbers = npt.NDArray[np.float32]
Values = npt.NDArray[Any]
Answer = tuple[Numbers, Values, Values, Values, dict[str, Any]]
AGENT = "environment"
"""Stands for the counterfactual twin of a member: no headroom is searched and no totals of sites are kept."""
KEPT_CASES = 32
"""So many choices of members are kept ready."""


class _Ordered(Window):
    """A half-hour in which agents order what is in force; no policy is asked."""

    def __init__(self, case: Case, state: State, t: int, told: Dispatch) -> None:
        orders = {name: getattr(state, name).copy() for name in FIELDS}
        for name in FIELDS:
            orders[name][:, t % case.order_slots] = getattr(told, name)
        super().__init__(case, replace(state, **orders), t)

    def _obey_policies(self) -> None:
        pass


@dataclass(frozen=True)
class Situation:
    """Where an episode stands: the case of its members (those without control behind), the state before step `t`."""

    case: Case
    state: State
    t: int
    begin: int
    end: int


class IslandEnvironments(VectorEnv[Numbers, Numbers, Values]):
    """Members of a case side by side, each a sub-environment; all begin an episode on the same day.

    The case is built once. A `reset` chooses among its members (scenarios, weather years) and days. All members'
    episodes end together; then `reset` begins new ones. An episode never terminates; it is truncated at the end of its
    days, in which energy may be left in batteries.

    What a device cannot follow is clipped by the device and counted in ``info``, as with any policy.

    Parameters
    ----------
    case : Case
        Its members must have the same site groups with batteries and the same devices, for instance one scenario under
        many weather years.
    num_envs : int, optional
        Each reset draws so many members. Without it each member is one sub-environment.
    weather_years : sequence of int, optional
        Of the members, so that a reset can name them.
    reward : str or callable
        ``energy`` (MWh: delivered less the losses of batteries and shifted demand), ``value`` (JPY: net supply at the
        area price, which does not pay for energy that is only stored) or ``congestion`` (MWh cut, negative); each also
        with ``_against_none``: less the same in the same episode without control. Or an own function of an `Outcome`.
    observe : callable, optional
        An own observation of a policy's `View`.
    orders : sequence of str
        What an action consists of, of `ORDERS`; with all of them every shipped rule can be expressed.
    together : bool
        Whether all site groups get the same orders.
    days : int
        Length of an episode.
    ahead : int
        Steps of the outlook in an observation, at most those of a day.
    with_none : bool
        Run the episode without control beside it also where the reward does not need it: an own reward may.

    Attributes
    ----------
    action_names, observation_names : tuple of str
    days_of_case : int

    Raises
    ------
    InputError
        Where nothing can be ordered, the members differ in it, or the case is shorter than an episode.
    """

    metadata: dict[str, Any] = {"render_modes": [], "autoreset_mode": AutoresetMode.DISABLED}  # noqa: RUF012

    def __init__(
        self,
        case: Case,
        *,
        num_envs: int | None = None,
        weather_years: Sequence[int | None] | None = None,
        reward: str | Reward = "energy",
        observe: Observe | None = None,
        orders: Sequence[str] = ORDERS,
        together: bool = False,
        days: int = 1,
        ahead: int = 12,
        with_none: bool = False,
    ) -> None:
        self._day = case.clock.steps_of_day
        self.days_of_case = len(case.index) // self._day
        self._layouts = [ActionLayout.of(case, m, orders, together) for m in range(len(case.members))]
        self.layout = self._layouts[0]
        self._years = [None] * len(case.members) if weather_years is None else list(weather_years)
        self._check(case, orders, num_envs, days, ahead, reward)
        self._library = replace(case, members=tuple(replace(member, twin=AGENT) for member in case.members))
        self._draws = num_envs is not None
        self.num_envs = len(case.members) if num_envs is None else num_envs
        self._reward = reward_of(reward) if isinstance(reward, str) else reward
        self._observe, self._days, self._ahead = observe, days, ahead
        self._with_none = with_none or (isinstance(reward, str) and reward.endswith(AGAINST_NONE))
        self._cases: dict[tuple[int, ...], Case] = {}
        self._chosen = tuple(m % len(case.members) for m in range(self.num_envs))
        self._now: Situation | None = None
        self._stored_mwh = np.zeros(0)
        self._played: list[tuple[np.ndarray, np.ndarray]] = []
        self.last: tuple[Case, int, Record] | None = None
        seen = self._layout_of_observations()
        self.action_names, self.observation_names = self.layout.names, seen.names
        self.single_action_space, self.single_observation_space = self.layout.space, seen.space
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Numbers, dict[str, Any]]:
        """Begin an episode with batteries at their lowest charge.

        Parameters
        ----------
        seed : int, optional
            Of the draws of members and first day, all that is drawn; of a list the first one counts.
        options : dict, optional
            ``scenario`` and ``weather_year`` (one for all sub-environments, or a list of theirs), ``start`` (first day,
            counted from 0 in the case) in place of the draws, ``days`` in place of the usual length.

        Raises
        ------
        InputError
            With every option that is unknown or has no such value.
        """
        super().reset(seed=seed[0] if isinstance(seed, list) else seed)
        options = options or {}
        check_options(options, [member.scenario for member in self._library.members], self._years)
        self._chosen = tuple(self._choice(k, options) for k in range(self.num_envs))
        days = int(options.get("days", self._days))
        latest = self.days_of_case - days
        if not 1 <= days <= self.days_of_case:
            raise InputError([Problem("no such length", "options, days", str(days), f"1 to {self.days_of_case}")])
        start = int(self.np_random.integers(latest + 1))
        if "start" in options:
            start = int(options["start"])
            if not 0 <= start <= latest:
                raise InputError([Problem("no such first day", "options, start", str(start), f"0 to {latest}")])
        case, begin = self._case_of_chosen(), start * self._day
        self._now = Situation(case, initial_state(case), begin, begin, begin + days * self._day)
        self._stored_mwh = np.array([stored_at_start_mwh(case, m) for m in range(len(case.members))])
        self._played, self.last = [], None
        return self._observations(self._now), self._begun(self._now)

    def step(self, actions: Numbers) -> Answer:
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
            ``energy_used_mwh``, ``net_supply_jpy``, ``congestion_mwh``, ``criterion_broken`` (before management),
            ``unmet_mwh``, ``solved``; where the episode without control runs beside, ``none_energy_used_mwh``,
            ``none_net_supply_jpy`` and ``none_congestion_mwh`` too. An unsolved step is worth nothing.

        Raises
        ------
        InputError
            Outside an episode, or where the actions are none.
        """
        after, stored_mwh, record, answer = self._answer(actions)
        self.last = (after.case, after.t - 1, record)
        self._played.append((np.array(actions, dtype=float), answer[1]))
        self._now, self._stored_mwh = after, stored_mwh
        return answer

    def simulate(self, actions: Numbers) -> Answer:
        """Return what `step` would return, and stay where the episode is.

        It answers with what comes in truth, not with the forecast: to ask "what if", not to decide by.
        """
        return self._answer(actions)[3]

    def situation(self, *, ended: bool = False) -> Situation:
        """Return where the episode stands; with `ended` also after its last step.

        Raises
        ------
        InputError
            Outside an episode.
        """
        if self._now is None or (self._now.t >= self._now.end and not ended):
            raise InputError([Problem("no episode is running", "IslandEnvironment.step", repair="call reset first")])
        return self._now

    def episodes(self) -> list[Episode]:
        """Return what was ordered and earned since the last reset, one a sub-environment."""
        now = self.situation(ended=True)
        actions = [row for row, _ in self._played] or [np.zeros((self.num_envs, len(self.action_names)))[:0]]
        rewards = [row for _, row in self._played]
        return [
            Episode(
                scenario=self._library.members[m].scenario,
                weather_year=-1 if (year := self._years[m]) is None else year,
                start=now.begin // self._day,
                days=(now.end - now.begin) // self._day,
                first=str(now.case.index[now.begin]),
                action_names=self.action_names,
                actions=np.array([row[k] for row in actions]),
                rewards=np.array([row[k] for row in rewards]),
            )
            for k, m in enumerate(self._chosen)
        ]

    def _answer(self, actions: Numbers) -> tuple[Situation, np.ndarray, Record, Answer]:
        """Run a step; returns where it leads, what is stored then, the record and what is told."""
        now = self.situation()
        case, agents = now.case, slice(self.num_envs)
        given = self._checked(actions, now)
        told = self.layout.told(given, len(case.sites.groups), now.state.device_pu.shape[2])
        if self._with_none:
            count = len(case.members) - self.num_envs
            others = Dispatch.constant(count, told.mode.shape[1], Mode.IDLE, devices=told.device_pu.shape[1])
            told = Dispatch(*(np.concatenate([getattr(one, name) for one in (told, others)]) for name in FIELDS))
        window = _Ordered(case, now.state, now.t, told)
        record = window.run(now.t + 1)
        after = replace(now, state=window.state, t=now.t + 1)
        columns = energy_columns(case, block_of(now.t, record))
        series = MemberSeries({"system": columns}, case.step_hours, self._stored_mwh)
        figures = {name: np.asarray(values) for name, values in key_figures(series, FIGURES).items()}
        none = {name: values[self.num_envs :] for name, values in figures.items()} if self._with_none else {}
        outcome = Outcome({name: values[agents] for name, values in figures.items()}, none, series, given)
        rewards = np.asarray(self._reward(outcome), dtype=float)
        if rewards.shape != (self.num_envs,):
            accepted = f"({self.num_envs},): one a sub-environment"
            raise InputError([Problem("wrong shape", "what the own reward returns", str(rewards.shape), accepted)])
        ended = np.full(self.num_envs, after.t == after.end)
        info = self._info(case, record, now.t, outcome)
        return after, columns["stored_mwh"][-1], record, (
            self._observations(after), rewards, np.zeros(self.num_envs, dtype=bool), ended, info,
        )  # fmt: skip

    def _info(self, case: Case, record: Record, t: int, outcome: Outcome) -> dict[str, Any]:
        agents = slice(self.num_envs)
        told = {"energy_used_mwh": "energy_used_mwh", "net_supply_jpy": "net_supply_jpy",
                "congestion_mwh": "curtailed_congestion_mwh"}  # fmt: skip
        return {
            "time": str(case.index[t]),
            "clipped": outcome.figures["clipped_commands"].astype(np.int64),
            **{name: outcome.figures[figure] for name, figure in told.items()},
            **{f"none_{name}": outcome.none[figure] for name, figure in told.items() if outcome.none},
            "criterion_broken": record.broken[0, agents],
            "unmet_mwh": record.flexible.unmet_mwh[0, agents].sum(axis=1),
            "solved": record.failure[0, agents] == "",
        }

    def _begun(self, now: Situation) -> dict[str, Any]:
        members = self._library.members
        return {
            "time": str(now.case.index[now.t]),
            "scenario": np.array([members[m].scenario for m in self._chosen]),
            "weather_year": np.array([-1 if (year := self._years[m]) is None else year for m in self._chosen]),
        }

    def _checked(self, actions: Numbers, now: Situation) -> np.ndarray:
        """Return the actions, (M, A), what lies beyond -1 .. 1 by rounding cut off."""
        orders, expected = np.array(actions, dtype=float), self.action_space.shape
        if orders.shape != expected:
            raise InputError([Problem("wrong shape", "action", str(orders.shape), str(expected))])
        usable = np.abs(orders) <= 1.0 + ROUNDING
        if not usable.all():
            m, k = np.argwhere(~usable)[0]
            where = f"action {self.action_names[k]} of {now.case.members[m].scenario}, {now.case.index[now.t]}"
            raise InputError([Problem("no order", where, f"{orders[m, k]:g}; {(~usable).sum()} in all", "-1 to 1")])
        clipped: np.ndarray = np.clip(orders, -1.0, 1.0)
        return clipped

    def _observations(self, now: Situation) -> Numbers:
        """Return what is known at the start of the next step; after the last one of the case, of that one."""
        t = min(now.t, len(now.case.index) - 1)
        if self._observe is not None:
            return own_observations(now.case, now.state, t, self._observe, self.num_envs)
        return observations(now.case, now.state, t, self._ahead, self.num_envs)

    def _layout_of_observations(self) -> ObservationLayout:
        if self._observe is None:
            return ObservationLayout.of(self._library, 0, self._ahead)
        case = self._case_of_chosen()
        return ObservationLayout.of_own(own_observations(case, initial_state(case), 0, self._observe, 1)[0])

    def _choice(self, k: int, options: dict[str, Any]) -> int:
        """Return the member that sub-environment `k` plays, drawn where several are as asked."""
        own, pool = k % len(self._library.members), range(len(self._library.members))
        wanted: dict[str, Any] = {
            name: _own(options[name], k, self.num_envs) for name in ("scenario", "weather_year") if name in options
        }
        if not self._draws:
            if not wanted:
                return own
            of_own = {"scenario": self._library.members[own].scenario, "weather_year": self._years[own]}
            wanted = {**of_own, **wanted}
        found = [
            m for m in pool
            if wanted.get("scenario", self._library.members[m].scenario) == self._library.members[m].scenario
            and wanted.get("weather_year", self._years[m]) == self._years[m]
        ]  # fmt: skip
        if not found:
            raise InputError([Problem("the case has no such member", "reset, options", str(wanted))])
        return found[0] if len(found) == 1 else found[int(self.np_random.integers(len(found)))]

    def _case_of_chosen(self) -> Case:
        """Return the case of the chosen members, and of the same without control behind them."""
        members = self._chosen * 2 if self._with_none else self._chosen
        if members not in self._cases:
            if len(self._cases) >= KEPT_CASES:
                del self._cases[next(iter(self._cases))]
            self._cases[members] = of_members(self._library, members)
        return self._cases[members]

    def _check(
        self, case: Case, orders: Sequence[str], num_envs: int | None, days: int, ahead: int, reward: str | Reward
    ) -> None:
        problems = [
            Problem("unknown order", "orders", str(name), ", ".join(ORDERS)) for name in orders if name not in ORDERS
        ]
        if self.layout.is_empty or not self.layout.names:
            repair = 'choose a scenario with batteries (fleet.batteries = "all") or devices'
            problems.append(Problem("there is nothing to order", "the member's batteries and devices", repair=repair))
        for member, layout in zip(case.members, self._layouts, strict=True):
            if layout.names != self.layout.names:
                accepted = f"as in {case.members[0].name}: {', '.join(self.layout.names)}"
                seen, repair = ", ".join(layout.names), "take members with the same batteries and devices"
                problems.append(Problem("members are ordered unlike things", member.name, seen, accepted, repair))
        if len(self._years) != len(case.members):
            accepted = f"{len(case.members)}, one a member"
            problems.append(Problem("not a year for each member", "weather_years", str(len(self._years)), accepted))
        if num_envs is not None and num_envs < 1:
            problems.append(Problem("no sub-environment", "num_envs", str(num_envs), "1 and more"))
        if not 1 <= days <= self.days_of_case:
            accepted = f"1 to {self.days_of_case}"
            problems.append(Problem("the case is shorter than an episode", "days", str(days), accepted))
        if not 1 <= ahead <= self._day:
            problems.append(Problem("the outlook does not reach so far", "ahead", str(ahead), f"1 to {self._day}"))
        if isinstance(reward, str) and reward not in NAMES:
            problems.append(Problem("unknown reward", "reward", reward, f"{', '.join(NAMES)} or a function"))
        raise_if_any(problems)


def _own(value: Any, k: int, count: int) -> Any:  # noqa: ANN401 - an option of any kind
    """Return the value of a sub-environment: one for all, or a list of theirs."""
    if not isinstance(value, list | tuple | np.ndarray):
        return value
    if len(value) != count:
        raise InputError([Problem("not a value for each", "reset, options", f"{len(value)} values", f"{count} or one")])
    return value[k]
