"""From planned powers to orders that sites can follow, and signals to flexible devices by name."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from twin.policies.interface import Dispatch, Mode, View


def order(plan: Dispatch, view: View, names: Iterable[str], signal_pu: np.ndarray) -> None:
    """Write a signal to those of the named devices that the member has.

    Parameters
    ----------
    plan : Dispatch
        Its `device_pu` is changed.
    view : View
    names : iterable of str
    signal_pu : numpy.ndarray, (H,)
        Within -1 .. 1.
    """
    for name in names:
        if name in view.devices:
            plan.device_pu[:, view.devices.index(name)] = signal_pu


def stored_mwh(view: View, name: str) -> float:
    """Return what a device holds, 0 where the member has none of it."""
    return float(view.device_stored_mwh[view.devices.index(name)]) if name in view.devices else 0.0


SMALLEST_PU = 1e-4


def order_power(plan: Dispatch, groups: np.ndarray, power_pu: np.ndarray, stored_percent: np.ndarray) -> None:
    """Write planned powers to the batteries of some site groups; its arrays are changed.

    Charging is ordered as power. Discharging is ordered as self-consumption down to the planned charge: each site gives
    what its own demand takes, instead of one share of its rating that many could not place. Else batteries rest.

    Parameters
    ----------
    plan : Dispatch
        Of H half-hours.
    groups : numpy.ndarray of int
        Site groups.
    power_pu : numpy.ndarray, (H,)
        Charging positive, per unit of the rating.
    stored_percent : numpy.ndarray, (H,)
        Planned charge at the end of the half-hours.
    """
    mode = np.full(len(power_pu), int(Mode.IDLE), dtype=np.int8)
    mode[power_pu > SMALLEST_PU] = Mode.POWER
    mode[power_pu < -SMALLEST_PU] = Mode.SELF_CONSUMPTION
    plan.mode[:, groups] = mode[:, None]
    plan.battery_power_pu[:, groups] = np.clip(power_pu, 0.0, 1.0)[:, None]
    floor = np.where(power_pu < -SMALLEST_PU, np.clip(stored_percent, 0.0, 100.0), 0.0)
    plan.soc_min_percent[:, groups] = floor[:, None]
