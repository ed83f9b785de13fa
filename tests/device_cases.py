"""Small devices with round numbers, and a runner over half-hours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from twin.devices.battery import make_batteries
from twin.devices.cars import Cars
from twin.devices.commercial import Commercial
from twin.devices.device import Device, DeviceFlows, DeviceNow
from twin.devices.homes import Homes
from twin.devices.water_heaters import WaterHeaters

HOURS = 0.5
AREA_SHARE = np.array([0.25, 0.75])
A_KW_PER_KWH = 0.001
"""Load of a class: 1 kW for 1,000 kWh a year."""


def homes(**changes: Any) -> Homes:
    """Return homes of 10 and 20 MW: the first does not respond, the second with elasticity 0.1."""
    values: dict[str, Any] = {
        "energy_kwh": np.array([1e7, 2e7]), "elasticity": np.array([0.0, 0.1]), "flexible_share": 0.25,
        "return_hours": 4.0, "efficiency": np.sqrt(0.95), "area_share": AREA_SHARE,
    }  # fmt: skip
    return Homes(**values | changes)


def water_heaters(**changes: Any) -> WaterHeaters:
    """Return 1,000 heaters: 1 kW, 3 kW of heat, 10 kWh, a draw of 4 kWh at 20 h only, habit fills at 4 h."""
    draw = np.zeros((12, 48, 1))
    draw[:, 40] = 4.0
    fill = np.zeros(48)
    fill[8:16] = 1.0
    values: dict[str, Any] = {
        "units": np.array([1000.0]), "power_kw": 1.0, "heat_per_energy": 3.0, "tank_kwh": 10.0, "draw_kwh": draw,
        "fill_share": fill, "standing_loss_per_hour": 0.0, "reserve_share": 0.1, "area_share": AREA_SHARE,
    }  # fmt: skip
    return WaterHeaters(**values | changes)


def cars(**changes: Any) -> Cars:
    """Return 100 cars of 40 kWh and 4 kW that leave at 8 h for 8 kWh until 18 h, on work days only."""
    values: dict[str, Any] = {
        "cars": np.array([100.0]), "battery": make_batteries(40.0, 4.0, 0.8, soc_min_share=0.25),
        "leave": np.array([[16], [0]]), "back": np.array([[36], [0]]), "trip_kwh": np.array([[8.0], [0.0]]),
        "home_kwh": 1000.0, "area_share": AREA_SHARE,
    }  # fmt: skip
    return Cars(**values | changes)


def commercial(**changes: Any) -> Commercial:
    """Return 10 MW of load, 1 MW of it flexible by 1 MWh, 0.5 MW under contract for one hour."""
    values: dict[str, Any] = {
        "energy_kwh": 1e7, "flexible_share": 0.1, "buffer_mwh": 1.0, "return_hours": 4.0, "efficiency": 0.9,
        "down_share": 0.05, "down_hours": 1.0, "area_share": AREA_SHARE,
    }  # fmt: skip
    return Commercial(**values | changes)


def run_steps(
    device: Device,
    signal: np.ndarray | float = 0.0,
    price: np.ndarray | float = 1.0,
    *,
    steps: int = 1,
    first: int = 0,
    workday: bool = True,
    state: np.ndarray | None = None,
    load: np.ndarray | float = A_KW_PER_KWH,
    month: int = 1,
) -> tuple[Mapping[str, np.ndarray], np.ndarray]:
    """Run half-hours from half-hour `first` of a day; `signal`, `price` and `load` may be (T,) or (T, R).

    Returns
    -------
    flows : dict of str to numpy.ndarray
        Fields of `DeviceFlows`, (T, R) and ``demand_mw`` (T, R, A).
    states : numpy.ndarray, (T, R, K)
    """
    series = [_series(values, steps) for values in (signal, price, load)]
    members = max(values.shape[1] for values in series)
    signals, prices, loads = (np.broadcast_to(values, (steps, members)) for values in series)
    state = np.tile(device.initial(), (members, 1)) if state is None else np.atleast_2d(state)
    flows: list[DeviceFlows] = []
    states = []
    for t in range(steps):
        classes = dict.fromkeys(("residential", "commercial", "public"), loads[t])
        nothing = np.zeros((members, len(AREA_SHARE)))
        now = DeviceNow((first + t) % 48, workday, HOURS, signals[t], prices[t], nothing, classes, month)
        state, flow = device.step(state, now)
        flows.append(flow)
        states.append(state)
    return {name: np.stack([getattr(flow, name) for flow in flows]) for name in vars(flows[0])}, np.stack(states)


def total_mw(flows: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the change of demand of all areas, (T, R)."""
    return flows["demand_mw"].sum(axis=2)


def _series(values: np.ndarray | float, steps: int) -> np.ndarray:
    array = np.asarray(values, dtype=float)
    if array.ndim == 0:
        array = np.full(steps, float(array))
    return array[:, None] if array.ndim == 1 else array
