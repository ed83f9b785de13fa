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
from reports.reading.headline import PARTY_KPIS, money_base, statement
from reports.reading.labels import element_label, point_label, scenario_title
from reports.reading.run_folder import controlled_scenarios
from twin.core.clock import step_hours
from twin.core.quantities import CONGESTION_CAUSES
from twin.metrics.run_folder import Member, Run

MISSING = -32768
"""Stands for a half-hour without a value."""
LARGEST = 32767
COMPRESSION = 7
"""A year's series take 0.4 s of a processor; 9 takes 3.5 s for two percent of the bytes."""
MINUTES_OF_HOUR = 60
SCALES = {"export": 0.2, "before": 1.0, "after": 1.0, "cut": 0.1, "area": 0.2, "conductor": 0.5}
"""Step of each series of every member, in MW, percent and degrees Celsius."""
FINE_SCALES = {"export": 0.05, "before": 0.1, "after": 0.1, "cut": 0.01, "area": 0.05, "conductor": 0.1}
"""The same of the member that is shown in full."""
LIKE = {"after": "before"}
"""Series that are most like another of the same member; the others are like their own of the member before."""
BRANCH_SCALE, BUS_SCALE, CONDUCTOR_SCALE = 0.5, 0.001, 0.1
CONDUCTORS = ("circuit_1_conductor_c", "circuit_2_conductor_c")
"""Columns of the table ``cable``, in the order of the link's circuits."""


@dataclass(frozen=True)
class Explorer:
    """Series of a run for its page: what they are, and their packed bytes.

    Attributes
    ----------
    facts : dict
        Plain values: time, members, series in the order of their bytes with step, names in both languages.
    packed : bytes
        Deflated: for each series the low and then the high bytes of its differences as 16-bit numbers. A series with
        a ``base`` holds what it has more than that earlier one: most members are alike in most half-hours. Behind them,
        in the same way, the loadings after each outage, branch by branch, at the half-hours that are ``picked``.
    """

    facts: dict[str, Any]
    packed: bytes


def explorer(run: Run, focus: Focus) -> Explorer:
    """Return the series of all members; branches and buses of the busy one, where the run kept them."""
    full = run.member(focus.scenario, focus.busy_point)
    number_of_full = list(run.members).index(full)
    series: list[dict[str, Any]] = []
    parts: list[bytes] = []
    kept: list[np.ndarray] = []
    index = pd.DatetimeIndex(full.table("link", ["time"])["time"])

    def add(values: np.ndarray, step: float, base: int | None = None, **facts: Any) -> int | None:  # noqa: ANN401
        if not np.isfinite(values).any():
            return None
        numbers = quantised(values, step)
        kept.append(numbers)
        series.append(facts | {"step": step} | ({} if base is None else {"base": base}))
        parts.append(packed(numbers if base is None else (numbers - kept[base]).astype(np.uint16)))
        return len(series) - 1

    last: dict[tuple[str, float], int | None] = {}
    for number, member in enumerate(run.members):
        scales = FINE_SCALES if member is full else SCALES
        for name, values in _series(member).items():
            like = LIKE.get(name, name)
            last[name, scales[name]] = add(
                values, scales[name], last.get((like, scales[like])), member=number, name=name
            )  # fmt: skip
    has = {table: not full.table_problems(table, ["time"]) for table in ("branches", "bus")}
    for table, step in (("branches", BRANCH_SCALE), ("bus", BUS_SCALE)):
        if has[table]:
            frame = full.table(table)
            for column in frame.columns.drop("time"):
                values = frame[column].to_numpy(float)
                add(values, step, table=table, element=column, labels=_labels(run, str(column)))
    for column, element in zip(CONDUCTORS, run.study.get("link_elements") or (), strict=False):
        if not full.table_problems("cable", [column]):
            add(full.table("cable", [column])[column].to_numpy(float), CONDUCTOR_SCALE, table="conductor",
                element=element, labels=_labels(run, element))  # fmt: skip
    picked = _picked(full)
    outages, elements, found = _after_outages(full, [] if picked is None else picked.outages)
    for name, (values, step) in found.items():
        add(values, step, member=number_of_full, name=name)
    if picked is not None:
        parts.append(packed(quantised(picked.percent.ravel(), BRANCH_SCALE)))
    facts = {
        "start": index[0].tz_localize(None).isoformat(timespec="minutes"),
        "offset": index[0].strftime("%z"),
        "step_minutes": round(step_hours(index) * MINUTES_OF_HOUR),
        "count": len(index),
        "members": [_member(run, member) for member in run.members],
        "full": number_of_full,
        "outages": [{"name": name, "labels": _labels(run, name)} for name in outages],
        "after_elements": [{"name": name, "labels": _labels(run, name)} for name in elements],
        "picked": None
        if picked is None
        else {
            "steps": np.searchsorted(index, picked.times).tolist(),
            "branches": picked.branches,
            "scale": BRANCH_SCALE,
        },
        "money": _money(run),
        "series": series,
    }
    return Explorer(facts, zlib.compress(b"".join(parts), COMPRESSION))


@dataclass(frozen=True)
class _Picked:
    """Loadings after each of O single outages at the K worst half-hours: `percent` (O, E, K)."""

    times: pd.DatetimeIndex
    outages: list[str]
    branches: list[str]
    percent: np.ndarray


def _picked(member: Member) -> _Picked | None:
    """Return what a member's table of loadings after outages has, None where the run kept none."""
    if member.table_problems("outage_loadings", ["time", "outage", "worst_percent"]):
        return None
    table = member.table("outage_loadings").drop(columns="worst_percent")
    outages = list(dict.fromkeys(table["outage"]))
    branches = [str(name) for name in table.columns.drop(["time", "outage"])]
    times = pd.DatetimeIndex(table["time"].unique()).sort_values()
    of_outage = (table[table["outage"] == name].set_index("time").reindex(times)[branches] for name in outages)
    percent = np.stack([frame.to_numpy(float).T for frame in of_outage])
    return _Picked(times, outages, branches, percent)


def _money(run: Run) -> dict[str, Any] | None:
    """Return what each party has more than in the base, in millions, by sweep point and scenario; None without it."""
    base = money_base(run)
    by_point = {
        point: {
            scenario: {party: value if np.isfinite(value) else None for party, value in of_scenario.items()}
            for scenario, of_scenario in statement(run, point).items()
        }
        for point in run.points
    }
    if base is None or not any(by_point.values()):
        return None
    titles = {language: scenario_title(run, base, Words(language)) for language in LANGUAGES}
    parties = {party: {language: Words(language)(f"party.{party}") for language in LANGUAGES} for party in PARTY_KPIS}
    units = {language: Words(language, run.currency)("axis.money") for language in LANGUAGES}
    return {"titles": titles, "parties": parties, "units": units, "by_point": by_point,
            "first": controlled_scenarios(run)}  # fmt: skip


AFTER_OUTAGE = {
    "trip_loading": ("loading_percent", 0.1), "trip_controlled": ("controlled_loading_percent", 0.1),
    "trip_low_vm": ("low_vm_pu", 0.0001),
}  # fmt: skip
"""What the page tells of the worst single outage of a half-hour: column and step."""


def _after_outages(
    member: Member, outages: list[str]
) -> tuple[list[str], list[str], dict[str, tuple[np.ndarray, float]]]:
    """Return the outages and the elements they load most, and by half-hour the worst of them; empty where not kept.

    The given ones come first. Outages and elements are numbered in the series ``trip_outage`` and ``trip_element``.
    """
    columns = [column for column, _ in AFTER_OUTAGE.values()]
    if member.table_problems("security", ["time", "outage", "element", *columns]):
        return outages, [], {}
    table = member.table("security", ["time", "outage", "element", *columns])
    times = member.table("link", ["time"])["time"]
    table = table.set_index("time").reindex(pd.DatetimeIndex(times))
    names: dict[str, list[str]] = {}
    found = {name: (table[column].to_numpy(float), step) for name, (column, step) in AFTER_OUTAGE.items()}
    known = table["loading_percent"].notna().to_numpy()
    for column in ("outage", "element"):
        texts = table[column].astype(str).where(known, "")
        first = outages if column == "outage" else []
        names[column] = [*first, *sorted(set(texts) - {"", *first})]
        codes = pd.Categorical(texts, names[column]).codes.astype(float)
        found[f"trip_{column}"] = (np.where(codes < 0, np.nan, codes), 1.0)
    return names["outage"], names["element"], found


def quantised(values: np.ndarray, step: float) -> np.ndarray:
    """Return values as whole numbers of steps, `MISSING` where there is none; they can be had back to half a step.

    Parameters
    ----------
    values : numpy.ndarray, (T,)
        NaN where there is no value.
    step : float

    Returns
    -------
    numpy.ndarray of uint16, (T,)
        The bits of 16-bit numbers with a sign.

    Raises
    ------
    ValueError
        If a value does not fit: a cut one would be a wrong picture.
    """
    known = np.isfinite(values)
    whole = np.rint(np.where(known, values, 0.0) / step)
    if np.abs(whole).max(initial=0.0) > LARGEST:
        raise ValueError(f"a value of {np.abs(values[known]).max()} does not fit steps of {step}")
    return np.where(known, whole, MISSING).astype(np.int16).view(np.uint16)


def packed(numbers: np.ndarray) -> bytes:
    """Return the differences of 16-bit numbers, the low bytes of all before the high ones."""
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
    if not member.table_problems("cable", CONDUCTORS):
        hotter = member.table("cable", CONDUCTORS).max(axis=1)
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
