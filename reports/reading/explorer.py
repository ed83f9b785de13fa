"""What the page's diagram, slider and curves show: series of all members as bytes that a browser unpacks."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from reports.document.texts import LANGUAGES, Words
from reports.reading.detail import Focus
from reports.reading.labels import element_label, point_label, scenario_title
from twin.core.clock import step_hours
from twin.core.quantities import CONGESTION_CAUSES
from twin.metrics.run_folder import Member, Run

MISSING = -32768
"""Stands for a half-hour without a value."""
LARGEST = 32767
COMPRESSION = 9
MINUTES_OF_HOUR = 60
SCALES = {"export": 0.2, "before": 1.0, "after": 1.0, "cut": 0.1, "area": 0.2, "conductor": 0.5}
"""Step of each series of every member, in MW, percent and degrees Celsius."""
FINE_SCALES = {"export": 0.05, "before": 0.1, "after": 0.1, "cut": 0.01, "area": 0.05, "conductor": 0.1}
"""The same of the member that is shown in full."""
BRANCH_SCALE, BUS_SCALE = 0.5, 0.001


@dataclass(frozen=True)
class Explorer:
    """Series of a run for its page: what they are, and their packed bytes.

    Attributes
    ----------
    facts : dict
        Plain values: time, members, series in the order of their bytes with step, names in both languages.
    packed : bytes
        Deflated: for each series the low and then the high bytes of its differences as 16-bit numbers.
    """

    facts: dict[str, Any]
    packed: bytes


def explorer(run: Run, focus: Focus) -> Explorer:
    """Return the series of all members; branches and buses of the busy one, where the run kept them."""
    full = run.member(focus.scenario, focus.busy_point)
    series: list[dict[str, Any]] = []
    parts: list[bytes] = []
    index = pd.DatetimeIndex(full.table("link", ["time"])["time"])

    def add(values: np.ndarray, step: float, **facts: Any) -> None:  # noqa: ANN401 - plain values
        if np.isfinite(values).any():
            series.append(facts | {"step": step})
            parts.append(packed(values, step))

    for number, member in enumerate(run.members):
        scales = FINE_SCALES if member is full else SCALES
        for name, values in _series(member).items():
            add(values, scales[name], member=number, name=name)
    kept = {table: not full.table_problems(table, ["time"]) for table in ("branches", "bus")}
    for table, step in (("branches", BRANCH_SCALE), ("bus", BUS_SCALE)):
        if kept[table]:
            frame = full.table(table)
            for column in frame.columns.drop("time"):
                values = frame[column].to_numpy(float)
                add(values, step, table=table, element=column, labels=_labels(run, str(column)))
    facts = {
        "start": index[0].tz_localize(None).isoformat(timespec="minutes"),
        "offset": index[0].strftime("%z"),
        "step_minutes": round(step_hours(index) * MINUTES_OF_HOUR),
        "count": len(index),
        "members": [_member(run, member) for member in run.members],
        "full": list(run.members).index(full),
        "has_branches": kept["branches"],
        "series": series,
    }
    return Explorer(facts, zlib.compress(b"".join(parts), COMPRESSION))


def packed(values: np.ndarray, step: float) -> bytes:
    """Return quantised values as low and high bytes of their differences; all of them can be had back to half a step.

    Parameters
    ----------
    values : numpy.ndarray, (T,)
        NaN where there is no value.
    step : float

    Raises
    ------
    ValueError
        If a value does not fit: a cut one would be a wrong picture.
    """
    known = np.isfinite(values)
    whole = np.rint(np.where(known, values, 0.0) / step)
    if np.abs(whole).max(initial=0.0) > LARGEST:
        raise ValueError(f"a value of {np.abs(values[known]).max()} does not fit steps of {step}")
    numbers = np.where(known, whole, MISSING).astype(np.int16).view(np.uint16)
    differences = np.diff(numbers, prepend=np.uint16(0)).astype("<u2")
    halves = differences.view(np.uint8).reshape(-1, 2)
    return halves[:, 0].tobytes() + halves[:, 1].tobytes()


def _series(member: Member) -> dict[str, np.ndarray]:
    link = member.table("link", ["export_mw", "n1_before_loading_percent", "n1_loading_percent"])
    causes = [cause.column for cause in CONGESTION_CAUSES]
    system = member.table("system", [*causes, "area_balance_mw"])
    found = {
        "export": link["export_mw"].to_numpy(float),
        "before": link["n1_before_loading_percent"].to_numpy(float),
        "after": link["n1_loading_percent"].to_numpy(float),
        "cut": system[causes].sum(axis=1, skipna=False).to_numpy(float),
        "area": system["area_balance_mw"].to_numpy(float),
    }
    circuits = ["circuit_1_conductor_c", "circuit_2_conductor_c"]
    if not member.table_problems("cable", circuits):
        hotter = member.table("cable", circuits).max(axis=1)
        found["conductor"] = hotter.to_numpy(float)
    return found


def _member(run: Run, member: Member) -> Mapping[str, Any]:
    words = {language: Words(language) for language in LANGUAGES}
    return {
        "scenario": member.scenario,
        "point": member.point,
        "titles": {language: scenario_title(run, member.scenario, of) for language, of in words.items()},
        "points": {language: point_label(run, member.point, of) for language, of in words.items()},
    }


def _labels(run: Run, element: str) -> dict[str, str]:
    return {language: element_label(run, element, Words(language)) for language in LANGUAGES}
