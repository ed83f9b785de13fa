"""What a policy sees and what it may order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
import pandas as pd

from twin.errors import InputError, Problem

HALF_HOURS_OF_DAY = 48


class Mode(IntEnum):
    """What the batteries of a group do."""

    IDLE = 0
    SELF_CONSUMPTION = 1
    POWER = 2


@dataclass(frozen=True)
class Cadence:
    """How often a policy decides: every `half_hours`, counted from midnight (must divide 48)."""

    half_hours: int

    def __post_init__(self) -> None:
        if not 1 <= self.half_hours <= HALF_HOURS_OF_DAY or HALF_HOURS_OF_DAY % self.half_hours:
            accepted = f"a divisor of {HALF_HOURS_OF_DAY}"
            raise InputError([Problem("decisions do not fit the day", "Cadence", str(self.half_hours), accepted)])


@dataclass(frozen=True)
class View:
    """What is known when a decision falls; arrays over the G site groups.

    Attributes
    ----------
    time : pandas.Timestamp
        Start of the half-hour that is about to begin.
    half_hour_of_day : int
        0 .. 47.
    soc_percent : numpy.ndarray, (G,)
        Mean state of charge.
    battery_hours : numpy.ndarray, (G,)
        Hours that the group's batteries can charge at full power from empty; 0 without batteries.
    measured_export_mw : float
        Flow of the link in the half-hour before.
    measured_available_mw, measured_delivered_mw : numpy.ndarray, (G,)
        PV of the half-hour before: what could have been produced, and what was.
    forecast_export_mw : numpy.ndarray, (48,)
        The operator's published expectation of the link's export without management for the next 48 half-hours.
    export_limit_mw : float
        The operator's stated limit of that export under the criterion in force.
    """

    time: pd.Timestamp
    half_hour_of_day: int
    soc_percent: np.ndarray
    battery_hours: np.ndarray
    measured_export_mw: float
    measured_available_mw: np.ndarray
    measured_delivered_mw: np.ndarray
    forecast_export_mw: np.ndarray
    export_limit_mw: float


@dataclass(frozen=True)
class Dispatch:
    """Orders until the next decision; arrays (H, G), H half-hours ahead, for sites with a battery.

    Attributes
    ----------
    mode : numpy.ndarray of `Mode`
    battery_power_pu : numpy.ndarray
        Charging power per unit of each battery's rating, used in mode POWER; discharging negative.
    export_limit_pu : numpy.ndarray
        Largest feed-in per unit of each site's PV rating.
    soc_min_percent : numpy.ndarray
        Charge that is kept.
    """

    mode: np.ndarray
    battery_power_pu: np.ndarray
    export_limit_pu: np.ndarray
    soc_min_percent: np.ndarray

    @staticmethod
    def constant(half_hours: int, groups: int, mode: Mode, export_limit_pu: float = 1.0) -> Dispatch:
        """Return the same order for all groups and half-hours."""
        shape = (half_hours, groups)
        return Dispatch(
            np.full(shape, int(mode), dtype=np.int8), np.zeros(shape), np.full(shape, export_limit_pu), np.zeros(shape)
        )


class Policy(Protocol):
    """A dispatch policy; it cannot reach the future or the net."""

    @property
    def cadence(self) -> Cadence:
        """How often it decides."""
        ...

    def decide(self, view: View) -> Dispatch:
        """Return the orders for the half-hours until the next decision."""
        ...
