"""Conductor temperatures of the link's circuits over a run, and what they could carry in an emergency."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from twin.cable.circuit import CableCircuit, Section
from twin.cable.ratings import Course, course, cyclic_rating_a, emergency_rating_a, minutes_to_limit
from twin.core.clock import HOURS_OF_DAY

EMERGENCIES = {"emergency_30min_a": 0.5, "emergency_2h_a": 2.0, "emergency_24h_a": 24.0}
"""Columns of emergency currents, and for how many hours each may flow."""
CYCLE_DAYS = 7


def cable_table(circuits: Sequence[CableCircuit], link: pd.DataFrame, step_hours: float) -> pa.Table:
    """Return the table ``cable`` of a member: temperatures at the end of each step and what the survivor could carry.

    Each section is judged with the current at the fuller end of a circuit. Steps without a solution have the current of
    the step before them (of the one behind them at the beginning) and no value in the table.

    Parameters
    ----------
    circuits : sequence of CableCircuit
        All of the same make, as the states of one ladder are those of all.
    link : pandas.DataFrame
        The member's table of that name.
    step_hours : float

    Returns
    -------
    pyarrow.Table
        Columns as in `twin.core.quantities.TABLES`.
    """
    time = pd.DatetimeIndex(link["time"])
    loading = np.stack([link[f"circuit_{k + 1}_loading_percent"].to_numpy(float) for k in range(len(circuits))], axis=1)
    known = ~np.isnan(loading).any(axis=1)
    current_a = _current_a(circuits, loading)
    rated_a = np.array([circuit.rated_a for circuit in circuits])
    after_percent = link["n1_loading_percent"].to_numpy(float)
    survives = known & ~np.isnan(after_percent)
    survivor_a = np.where(survives, after_percent, 0.0) / 100.0 * rated_a.max()
    parts = [_of_section(section, time, current_a, survivor_a, step_hours) for section in circuits[0].sections]
    conductor_c = np.stack([part["conductor_c"] for part in parts])
    columns: dict[str, np.ndarray] = {
        f"circuit_{k + 1}_conductor_c": np.where(known, conductor_c[:, :, k].max(axis=0), np.nan)
        for k in range(len(circuits))
    }
    for name in (*EMERGENCIES, "cyclic_rating_a"):
        columns[name] = np.where(known, np.min([part[name] for part in parts], axis=0), np.nan)
    columns["survivor_minutes"] = np.where(survives, np.min([part["minutes"] for part in parts], axis=0), np.nan)
    hottest = conductor_c.max(axis=2).argmax(axis=0).astype(np.int32)
    names = pa.array([section.name for section in circuits[0].sections], type=pa.string())
    return pa.table({
        "time": pa.array(time),
        **{name: values.astype(np.float32) for name, values in columns.items()},
        "hottest_section": pa.DictionaryArray.from_arrays(pa.array(hottest, mask=~known), names),
    })  # fmt: skip


def conductor_c(
    circuits: Sequence[CableCircuit], time: pd.DatetimeIndex, loading_percent: np.ndarray, step_hours: float
) -> np.ndarray:
    """Return the conductor temperatures of the table ``cable`` alone, (T, C), from the circuits' loadings, (T, C)."""
    current_a, month = _current_a(circuits, loading_percent), time.month.to_numpy()
    parts = [
        course(section.ladder, current_a, section.ambient_of(month), step_hours).conductor_c
        for section in circuits[0].sections
    ]
    known = ~np.isnan(loading_percent).any(axis=1, keepdims=True)
    return np.where(known, np.max(parts, axis=0), np.nan).astype(np.float32)


def _current_a(circuits: Sequence[CableCircuit], loading_percent: np.ndarray) -> np.ndarray:
    """Return the currents, (T, C); steps without a solution have those of their neighbours."""
    known = ~np.isnan(loading_percent).any(axis=1)
    held = pd.DataFrame(np.where(known[:, None], loading_percent, np.nan)).ffill().bfill().fillna(0.0).to_numpy()
    return np.asarray(held / 100.0 * np.array([circuit.rated_a for circuit in circuits]))


def _of_section(
    section: Section, time: pd.DatetimeIndex, current_a: np.ndarray, survivor_a: np.ndarray, step_hours: float
) -> dict[str, np.ndarray]:
    """Return what one section allows: temperatures (T, C), the rest (T,), the worst of the circuits."""
    ambient_c = section.ambient_of(time.month.to_numpy())
    found = course(section.ladder, current_a, ambient_c, step_hours)
    emergencies = {
        name: emergency_rating_a(section.ladder, found.state_w_per_m, ambient_c[:, None], hours).min(axis=1)
        for name, hours in EMERGENCIES.items()
    }
    return {
        "conductor_c": found.conductor_c,
        "minutes": _minutes(section, found, ambient_c, survivor_a),
        "cyclic_rating_a": _cyclic(section, current_a, ambient_c, step_hours),
        **emergencies,
    }


def _minutes(section: Section, found: Course, ambient_c: np.ndarray, survivor_a: np.ndarray) -> np.ndarray:
    states = np.moveaxis(found.state_w_per_m, 1, 0)
    return np.asarray(
        np.min([minutes_to_limit(section.ladder, state, ambient_c, survivor_a) for state in states], axis=0)
    )


def _cyclic(section: Section, current_a: np.ndarray, ambient_c: np.ndarray, step_hours: float) -> np.ndarray:
    """Return (T,) the cyclic rating of the week that each step lies in; a rest shorter than a day has none."""
    steps, day = len(current_a), round(HOURS_OF_DAY / step_hours)
    week = CYCLE_DAYS * day
    result = np.full(steps, np.nan)
    whole = steps // week * week
    for first, last in ((0, whole), (whole, steps)):
        cycle = min(week, last - first)
        if cycle < day:
            continue
        cycles = current_a[first:last].reshape(-1, cycle, current_a.shape[1])
        hottest_c = ambient_c[first:last].reshape(-1, cycle).max(axis=1)
        rated = [
            cyclic_rating_a(section.ladder, cycles[:, :, k].T, hottest_c, step_hours) for k in range(cycles.shape[2])
        ]
        result[first:last] = np.repeat(np.min(rated, axis=0), cycle)
    return result
