"""What a policy sees and what it may order."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from twin.core.clock import HALF_HOURS_OF_DAY, MINUTES_OF_DAY, MINUTES_OF_HALF_HOUR, MINUTES_OF_HOUR, steps_in
from twin.core.errors import InputError, Problem
from twin.devices.device import Mode as Mode
from twin.resources.outlook import Outlook as Outlook

DAYS_AHEAD = 2
"""Days that orders may reach ahead."""

ORDER_SLOTS = DAYS_AHEAD * HALF_HOURS_OF_DAY
"""The same in half-hours."""


@dataclass(frozen=True)
class Cadence:
    """How often a policy decides, and for when; in half-hours whatever the step of the study is.

    With longer steps than half an hour, a part of a step counts whole.

    Attributes
    ----------
    half_hours : int
        A decision every so many half-hours; a divisor of 48.
    first : int
        Half-hour of the day of the first decision.
    lead : int
        Half-hours between a decision and the first half-hour that it covers.
    """

    half_hours: int
    first: int = 0
    lead: int = 0

    def __post_init__(self) -> None:
        problems = []
        if not 1 <= self.half_hours <= HALF_HOURS_OF_DAY or HALF_HOURS_OF_DAY % self.half_hours:
            accepted = f"a divisor of {HALF_HOURS_OF_DAY}"
            problems.append(Problem("decisions do not fit the day", "Cadence", str(self.half_hours), accepted))
        elif not 0 <= self.first < self.half_hours:
            accepted = f"0 to {self.half_hours - 1}"
            problems.append(Problem("first decision outside its period", "Cadence, first", str(self.first), accepted))
        if not 0 <= self.lead <= ORDER_SLOTS - HALF_HOURS_OF_DAY:
            accepted = f"0 to {ORDER_SLOTS - HALF_HOURS_OF_DAY}"
            problems.append(Problem("lead too long", "Cadence, lead", str(self.lead), accepted))
        if problems:
            raise InputError(problems)

    def is_due(self, half_hour_of_day: int) -> bool:
        """Return whether a decision falls on the beginning of a half-hour."""
        return (half_hour_of_day - self.first) % self.half_hours == 0

    def in_steps(self, minutes: int) -> Rhythm:
        """Return the cadence counted in steps of some minutes."""
        return Rhythm(*(steps_in(value, minutes) for value in (self.half_hours, self.first, self.lead)))


class Rhythm(NamedTuple):
    """A cadence counted in steps of a study: a decision every so many, the first of the day, the lead."""

    every: int
    first: int
    lead: int

    def is_due(self, step_of_day: int) -> bool:
        """Return whether a decision falls on the beginning of a step."""
        return (step_of_day - self.first) % self.every == 0


HALF_HOUR = Cadence(1)
THREE_HOURS = Cadence(6)
DAY = Cadence(48)
GATE_CLOSURE = Cadence(48, first=20, lead=28)
"""Ten o'clock for all half-hours of the next day, as the day-ahead market closes."""


@dataclass(frozen=True)
class Batteries:
    """Batteries of the site groups; arrays (G,), 0 without batteries.

    Attributes
    ----------
    energy_mwh, power_mw : numpy.ndarray, (G,)
        Usable capacity is `soc_max_percent` less `soc_min_percent` of the energy.
    soc_percent : numpy.ndarray, (G,)
        Mean state of charge.
    soc_min_percent, soc_max_percent : numpy.ndarray, (G,)
        Mean limits that the devices keep.
    efficiency : numpy.ndarray, (G,)
        Mean one-way efficiency at rated power.
    """

    energy_mwh: np.ndarray
    power_mw: np.ndarray
    soc_percent: np.ndarray
    soc_min_percent: np.ndarray
    soc_max_percent: np.ndarray
    efficiency: np.ndarray

    @property
    def hours(self) -> np.ndarray:
        """Hours to fill the batteries at full power from empty; 0 without batteries."""
        result: np.ndarray = np.divide(
            self.energy_mwh, self.power_mw, out=np.zeros_like(self.energy_mwh), where=self.power_mw > 0.0
        )
        return result


class BatteriesWhenRead(Batteries):
    """Batteries that are looked at when the first of their values is read, until the decision is made.

    Parameters
    ----------
    look : callable
        Gives `Batteries`.
    """

    def __init__(self, look: Callable[[], Batteries]) -> None:
        object.__setattr__(self, "_look", look)

    def __getattr__(self, name: str) -> np.ndarray:
        """Return a value that has not been looked at yet."""
        if name not in Batteries.__dataclass_fields__:
            raise AttributeError(name)
        vars(self).update(vars(vars(self)["_look"]()))
        value: np.ndarray = vars(self)[name]
        return value

    def __reduce__(self) -> tuple[type[Batteries], tuple[np.ndarray, ...]]:
        """Become plain batteries in a copy or another process."""
        return Batteries, tuple(getattr(self, one.name) for one in fields(Batteries))


@dataclass(frozen=True)
class Measured:
    """What meters show of the step before a decision, NaN before the first step; arrays over the G site groups.

    Attributes
    ----------
    export_mw : float
        Flow of the link.
    available_mw, delivered_mw : numpy.ndarray, (G,)
        PV: what could have been produced, and what was.
    caps_mw : numpy.ndarray, (L,)
        Sum of the caps that a forecasting operator has already fixed for the next steps from now, less than the
        contracts where it cuts; empty with an operator that fixes none.
    """

    export_mw: float
    available_mw: np.ndarray
    delivered_mw: np.ndarray
    caps_mw: np.ndarray


@dataclass(frozen=True)
class View:
    """What is known when a decision falls; arrays over the G site groups.

    What is measured and how full the batteries are is read when a policy asks for it, until its decision is made: a
    policy that does not look lets the loop run many half-hours at once (docs/concepts/loop.md).

    Attributes
    ----------
    time : pandas.Timestamp
        Now: start of the step that is about to begin.
    step_of_day : int
        Of the first step that the order covers, from 0 at midnight.
    steps : int
        How many steps the order has to cover at least.
    batteries : Batteries
    measured : callable
        Gives `Measured`; it can be called until the decision is made, like `stored`.
    stored : callable
        Gives `device_stored_mwh`, (K,).
    outlook : Outlook
    export_limit_mw : float
        The operator's stated limit of the link's export under the criterion in force.
    export_per_mw : numpy.ndarray, (G,)
        Linearised network: change of the link's export for a MW more infeed of a site group.
    devices : tuple of str
        Names of the flexible devices, in the order of `Dispatch.device_pu`.
    step_minutes : int
        Length of a step.
    """

    time: pd.Timestamp
    step_of_day: int
    steps: int
    batteries: Batteries
    measured: Callable[[], Measured]
    stored: Callable[[], np.ndarray]
    outlook: Outlook
    export_limit_mw: float
    export_per_mw: np.ndarray
    devices: tuple[str, ...]
    step_minutes: int = MINUTES_OF_HALF_HOUR

    @property
    def measured_export_mw(self) -> float:
        """Flow of the link in the step before."""
        return self.measured().export_mw

    @property
    def measured_available_mw(self) -> np.ndarray:
        """PV of the step before that could have been produced, (G,)."""
        return self.measured().available_mw

    @property
    def measured_delivered_mw(self) -> np.ndarray:
        """PV of the step before, (G,)."""
        return self.measured().delivered_mw

    @property
    def caps_mw(self) -> np.ndarray:
        """Sum of the caps that are fixed for the next steps, (L,); see `Measured`."""
        return self.measured().caps_mw

    @property
    def device_stored_mwh(self) -> np.ndarray:
        """What the flexible devices hold or owe, (K,); see `twin.devices.device.DeviceFlows.stored_mwh`."""
        return self.stored()

    @property
    def step_hours(self) -> float:
        """Length of a step in hours."""
        return self.step_minutes / MINUTES_OF_HOUR

    @property
    def steps_of_day(self) -> int:
        """Steps of a day."""
        return MINUTES_OF_DAY // self.step_minutes

    @property
    def half_hour_of_day(self) -> int:
        """Half-hour of the day, 0 .. 47, in which the first step that the order covers begins."""
        return self.step_of_day * self.step_minutes // MINUTES_OF_HALF_HOUR

    @property
    def half_hours(self) -> int:
        """`steps` of a study in half-hours.

        Raises
        ------
        InputError
            In a study with another step: a policy that counts in half-hours would order something else there.
        """
        if self.step_minutes != MINUTES_OF_HALF_HOUR:
            seen, repair = f"a step of {self.step_minutes} minutes", "count in view.steps, view.step_of_day, step_hours"
            raise InputError(
                [Problem("the policy counts in half-hours", "view.half_hours", seen, "30 minutes", repair)]
            )
        return self.steps

    def half_hour_of_steps(self) -> np.ndarray:
        """Return the half-hour of the day, 0 .. 47, in which each step begins that the order covers; (H,)."""
        of_day = (self.step_of_day + np.arange(self.steps)) % self.steps_of_day
        return of_day * self.step_minutes // MINUTES_OF_HALF_HOUR

    def plan(self, mode: Mode, export_limit_pu: float = 1.0) -> Dispatch:
        """Return the same order for all groups and steps; change its arrays as you like."""
        return Dispatch.constant(self.steps, len(self.export_per_mw), mode, export_limit_pu, len(self.devices))


@dataclass(frozen=True)
class Dispatch:
    """Orders from the first step that a decision covers; axes H steps, G site groups, K flexible devices.

    Attributes
    ----------
    mode : numpy.ndarray of `Mode`, (H, G)
        For sites with a battery; the others have no controls, no order reaches them.
    battery_power_pu : numpy.ndarray, (H, G)
        Charging power per unit of each battery's rating, used in mode POWER; discharging negative. A discharge serves
        the site's own demand, and feeds in only where the study has ``fleet.battery.export_at_night``.
    export_limit_pu : numpy.ndarray, (H, G)
        Largest feed-in per unit of each site's PV rating. A site with a full battery throttles only where the study has
        ``fleet.when_full = "curtail"``; with ``"feed"`` it feeds in all the same, and is counted as clipped.
    soc_min_percent : numpy.ndarray, (H, G)
        Charge that is kept.
    price_ratio : numpy.ndarray, (H,)
        Retail price announced to the homes over the usual one, not negative.
    device_pu : numpy.ndarray, (H, K)
        Signal to each flexible device within -1 .. 1, see `twin.devices.device.DeviceNow`; no columns leave all
        devices to their habits.
    """

    mode: np.ndarray
    battery_power_pu: np.ndarray
    export_limit_pu: np.ndarray
    soc_min_percent: np.ndarray
    price_ratio: np.ndarray
    device_pu: np.ndarray

    @staticmethod
    def constant(steps: int, groups: int, mode: Mode, export_limit_pu: float = 1.0, devices: int = 0) -> Dispatch:
        """Return the same order for all groups and steps; homes and devices follow their habits."""
        shape = (steps, groups)
        return Dispatch(
            mode=np.full(shape, int(mode), dtype=np.int8),
            battery_power_pu=np.zeros(shape),
            export_limit_pu=np.full(shape, export_limit_pu),
            soc_min_percent=np.zeros(shape),
            price_ratio=np.ones(steps),
            device_pu=np.zeros((steps, devices)),
        )


ORDERS = tuple(field.name for field in fields(Dispatch))
"""The orders by name: what a decision gives, a state has in force, an agent's action says, a policy's process sends."""


class Policy(Protocol):
    """A dispatch policy; it cannot reach the future or the net."""

    @property
    def cadence(self) -> Cadence:
        """How often it decides."""
        ...

    def decide(self, view: View) -> Dispatch:
        """Return the orders for the steps until the next decision."""
        ...


ROUNDING = 1e-6
"""So far beyond its range a value is taken for rounding (of a solver, say) and cut off; further out it is refused."""

LARGEST = 1e9
"""Values beyond are taken for a mistake."""

RANGES: dict[str, tuple[float, float]] = {
    "battery_power_pu": (-LARGEST, LARGEST),
    "export_limit_pu": (0.0, LARGEST),
    "soc_min_percent": (0.0, 100.0),
    "price_ratio": (0.0, LARGEST),
    "device_pu": (-1.0, 1.0),
}
"""Values that mean something. A site gives what its battery can of any `battery_power_pu`, and the rest is counted."""

_OF_SITES = ("mode", "battery_power_pu", "export_limit_pu", "soc_min_percent")
_MODES = frozenset(int(mode) for mode in Mode)


def order_problems(dispatch: Dispatch, view: View) -> list[Problem]:
    """Return what is wrong with the orders; `where` is the order's name."""
    steps, groups, devices = view.steps, len(view.export_per_mw), len(view.devices)
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(_OF_SITES, (steps, groups))
    shapes |= {"price_ratio": (steps,), "device_pu": (steps, devices)}
    found = (_problem(name, getattr(dispatch, name), shape) for name, shape in shapes.items())
    return [problem for problem in found if problem is not None]


def within_ranges(dispatch: Dispatch) -> Dispatch:
    """Return the orders as arrays, what lies beyond a range by rounding cut off."""
    return replace(dispatch, **{name: _within(getattr(dispatch, name), *RANGES[name]) for name in RANGES})


def _within(given: Any, low: float, high: float) -> np.ndarray:  # noqa: ANN401 - what a user returns
    numbers = _as_numbers(np.asarray(given))
    if numbers.size and (numbers.min() < low or numbers.max() > high):
        numbers = np.asarray(np.clip(numbers, low, high))
    return numbers


def _problem(name: str, given: Any, shape: tuple[int, ...]) -> Problem | None:  # noqa: ANN401 - what a user returns
    try:
        values = np.asarray(given)
    except ValueError:
        return Problem("wrong shape", name, "rows of different length", f"at least {shape}")
    left_alone = name == "device_pu" and values.ndim == 2 and values.shape[1] == 0
    fits = values.ndim == len(shape) and values.shape[0] >= shape[0] and values.shape[1:] == shape[1:]
    if not fits and not (left_alone and values.shape[0] >= shape[0]):
        return Problem("wrong shape", name, str(values.shape), f"at least {shape}")
    numbers = _as_numbers(values) if values.dtype.kind in "biuf" else np.full(1, np.nan)
    least, most = (float(numbers.min()), float(numbers.max())) if numbers.size else (0.0, 0.0)
    if not (math.isfinite(least) and math.isfinite(most)):  # NaN anywhere is the least and the largest
        return Problem("not a number", name, "NaN, infinite or no number", "finite numbers")
    if name == "mode" and not _MODES.issuperset(values.ravel().tolist()):
        modes = ", ".join(f"{mode.value} ({mode.name})" for mode in Mode)
        return Problem("unknown mode", name, str(sorted(set(values.ravel().tolist()) - _MODES)), modes)
    low, high = RANGES.get(name, (-np.inf, np.inf))
    if numbers.size and (least < low - ROUNDING or most > high + ROUNDING):
        return Problem("outside its range", name, f"{values.min():g} to {values.max():g}", f"{low:g} to {high:g}")
    return None


def _as_numbers(values: np.ndarray) -> np.ndarray:
    """Return numbers as the loop holds them; what is too large for it becomes infinite."""
    if values.dtype == np.float64:
        return values
    with np.errstate(over="ignore"):
        numbers: np.ndarray = values.astype(np.float64)
    return numbers
