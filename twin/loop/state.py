"""What one half-hour hands to the next; a checkpoint holds this and the step, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from twin.grid.controls import first_positions
from twin.loop.case import Case
from twin.loop.history import DayHistory
from twin.loop.operator_caps import Caps
from twin.policies.interface import HALF_HOURS_OF_DAY, Dispatch, Mode


@dataclass(frozen=True)
class State:
    """State at the start of a half-hour; axes M members, C controls, S sites, G groups, P plants, L lead.

    Attributes
    ----------
    positions, outside_half_hours : numpy.ndarray, (M, C) int
        Of taps and reactors, and for how long their quantity has left its band; see `twin.loop.controls`.
    soc_kwh : numpy.ndarray, (M, S)
    mode, battery_power_pu, export_limit_pu, soc_min_percent : numpy.ndarray, (M, 48, G)
        Orders in force by half-hour of the day.
    export_mw : numpy.ndarray, (M,)
        Link flow of the half-hour before.
    available_mw, delivered_mw : numpy.ndarray, (M, G)
        PV of the half-hour before.
    history : DayHistory
        Sites of the last day.
    cap_pu : numpy.ndarray, (M, L, P)
        Caps fixed ahead by a forecasting operator, per unit of contract; slot = step modulo L.
    cap_cause, cap_end, cap_outage : numpy.ndarray, (M, L, P) int
        What bound them.
    """

    positions: np.ndarray
    outside_half_hours: np.ndarray
    soc_kwh: np.ndarray
    mode: np.ndarray
    battery_power_pu: np.ndarray
    export_limit_pu: np.ndarray
    soc_min_percent: np.ndarray
    export_mw: np.ndarray
    available_mw: np.ndarray
    delivered_mw: np.ndarray
    history: DayHistory
    cap_pu: np.ndarray
    cap_cause: np.ndarray
    cap_end: np.ndarray
    cap_outage: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fields by name, members first."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"history": self.history.as_array()}

    @staticmethod
    def from_arrays(values: Mapping[str, np.ndarray]) -> State:
        """Make a state of what `arrays` gave."""
        plain: dict[str, Any] = dict(values)
        return State(**plain | {"history": DayHistory.from_array(values["history"])})


def initial_state(case: Case) -> State:
    """Return the state before the first half-hour: batteries at their lowest charge, no orders, no caps."""
    members, groups = len(case.members), len(case.sites.groups)
    nothing = Dispatch.constant(HALF_HOURS_OF_DAY, groups, Mode.IDLE)
    caps = Caps.none(case)
    positions = np.array([first_positions(case.grid.models[member.grid]) for member in case.members], dtype=np.int64)
    return State(
        positions=positions,
        outside_half_hours=np.zeros_like(positions),
        soc_kwh=np.array([m.devices.soc_min_share * m.devices.battery_kwh for m in case.members]),
        mode=np.repeat(nothing.mode[None], members, axis=0),
        battery_power_pu=np.repeat(nothing.battery_power_pu[None], members, axis=0),
        export_limit_pu=np.repeat(nothing.export_limit_pu[None], members, axis=0),
        soc_min_percent=np.repeat(nothing.soc_min_percent[None], members, axis=0),
        export_mw=np.zeros(members),
        available_mw=np.zeros((members, groups)),
        delivered_mw=np.zeros((members, groups)),
        history=DayHistory.from_array(np.zeros((members, HALF_HOURS_OF_DAY, 3, groups))),
        cap_pu=caps.pu, cap_cause=caps.cause, cap_end=caps.end, cap_outage=caps.outage,
    )  # fmt: skip
