"""Constraint zones of an island, as its tables read them, and those that a member's operator works by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from network_models.parameters import resolve
from studies.study.file.names import nearest
from studies.study.file.schema import Study
from studies.study.islands import tables_of
from twin.core.clock import Clock
from twin.core.errors import Problem, gathered, raise_if_any
from twin.core.tables import Tables
from twin.network.model import GridModel
from twin.operation.zones.flows import MeasuredZone, Measurement
from twin.operation.zones.operator import Zone

BY_ZONES = "zones"
LIFO = "lifo"


@dataclass(frozen=True)
class Reading:
    """A row of ``zones.csv``.

    Attributes
    ----------
    row : pandas.Series
    units : tuple of str
        Its plants, first cut first.
    """

    row: pd.Series
    units: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name within the zone."""
        return str(self.row["hypothesis"])

    @property
    def place(self) -> str:
        """Place in messages."""
        return f"zones.csv, {self.row['zone']}/{self.name}"

    @property
    def limits_mw(self) -> np.ndarray:
        """The limits that a comparison tries, (M,)."""
        low, high, step = (float(self.row[name]) for name in ("low", "high", "limit_step_mw"))
        if np.isnan([low, high]).any():
            raise_if_any([Problem("the limit has no range", self.place, repair="fill in low and high")])
        return np.arange(low, high + step / 2.0, step)

    @property
    def parameters(self) -> dict[str, int]:
        """Parameters of the grid under which it holds."""
        pairs = (pair.partition("=") for pair in str(self.row["parameters"]).split())
        return {key: int(value) for key, _, value in pairs}

    def zone(self, plants: pd.Index, step_minutes: float) -> Zone:
        """Return its rules for a step of so many minutes; units are positions in `plants`.

        Raises
        ------
        InputError
            Where a plant is not in the network.
        """
        row, where = self.row, f"zone_units.csv, {self.row['zone']}/{self.name}"
        raise_if_any([
            Problem("the plant is not in the network", where, unit, ", ".join(plants))
            for unit in self.units if unit not in plants
        ])  # fmt: skip
        trim, trip, release = (float(row[f"{name}_percent"]) / 100.0 for name in ("trim", "trip", "release"))
        step_mw = float(row["release_mw_per_minute"]) * step_minutes
        return Zone(
            name=zone_name(str(row["zone"])),
            units=tuple(list(plants).index(unit) for unit in self.units),
            rule=str(row["rule"]),
            trim=trim,
            trip=np.inf if np.isnan(trip) else trip,
            release=release,
            release_mw=np.inf if np.isnan(step_mw) else step_mw,
        )

    def measurement(self, tables: Tables, model: GridModel) -> Measurement:
        """Return what it measures in a network.

        Raises
        ------
        InputError
            Where the line is not in the network.
        """
        kind = self.row["measures"]
        if kind != "line":
            return Measurement(kind)
        line = tables["lines"].set_index("line_id").loc[self.row["branch"]]
        found = model.net.line.index[model.net.line["name"] == line["name"]]
        if not len(found):
            repair = "choose another reading, or the parameters of the grid under which the line is built"
            raise_if_any(
                [Problem("the measured line is not in the network", self.place, self.row["branch"], "", repair)]
            )
        side = "to" if line["from_bus"] == self.row["toward"] else "from"
        return Measurement("line", ("line", int(found[0])), side)


def zone_name(zone: str) -> str:
    """Return how tables and reports call a zone."""
    return f"zone {zone}"


def readings_of(tables: Tables, zone: str) -> list[Reading]:
    """Return the readings of a zone, the primary one first.

    Raises
    ------
    InputError
        Where the zone has no or several primary ones, or a reading has no plants, no line's end to measure at, or
        margins that cannot be.
    """
    rows, units = tables["zones"], tables["zone_units"]
    own = rows[rows["zone"] == zone].sort_values("primary", ascending=False, kind="stable")
    found, problems = [], []
    if own["primary"].sum() != 1:
        seen = f"{int(own['primary'].sum())} of {len(own)}"
        problems.append(Problem("a zone needs one primary reading", f"zones.csv, zone {zone}", seen, "1"))
    for _, row in own.iterrows():
        mine = units[(units["zone"] == zone) & (units["hypothesis"] == row["hypothesis"])].sort_values("turn")
        reading = Reading(row, tuple(mine["plant"]))
        problems += _reading_problems(tables, reading, mine["turn"])
        found.append(reading)
    raise_if_any(problems)
    return found


def _reading_problems(tables: Tables, reading: Reading, turns: pd.Series) -> Iterator[Problem]:
    row, where = reading.row, reading.place
    if not reading.units:
        yield Problem("the zone has no plants", where, repair="add rows to zone_units.csv")
    if row["rule"] == LIFO and turns.duplicated().any():
        seen = ", ".join(f"{turn}" for turn in sorted(set(turns[turns.duplicated()])))
        place = f"zone_units.csv, {row['zone']}/{reading.name}"
        yield Problem("two plants of the zone have the same turn", place, seen, f"another turn for each under {LIFO}")
    if row["measures"] == "line":
        lines = tables["lines"].set_index("line_id")
        ends = [] if not row["branch"] else lines.loc[row["branch"], ["from_bus", "to_bus"]].tolist()
        if row["toward"] not in ends or not ends:
            seen = f"branch {row['branch'] or 'empty'}, toward {row['toward'] or 'empty'}"
            accepted = f"an end of the line as toward: {' or '.join(ends)}" if ends else "a line, and one of its ends"
            yield Problem("a measured line needs branch and toward", where, seen, accepted)
    trim, trip, release = (float(row[f"{name}_percent"]) for name in ("trim", "trip", "release"))
    if release > trim:
        yield Problem("the zone releases above its trim limit: it would trim again at once", where,
                      f"release_percent {release:g}", f"at most trim_percent {trim:g}")  # fmt: skip
    if trim > trip:
        yield Problem("the zone trims above its trip limit: it would never trim", where, f"trim_percent {trim:g}",
                      f"at most trip_percent {trip:g}")  # fmt: skip


def member_zones(study: Study, model: GridModel, clock: Clock) -> tuple[MeasuredZone, ...]:
    """Return the zones that a member's operator works by, in the order of ``zones.csv``.

    Parameters
    ----------
    study : Study
        Of one member.
    model : GridModel
        Its network.
    clock : Clock

    Raises
    ------
    InputError
        With everything that keeps the chosen readings from being run: what `readings_of` tells, a zone or a reading
        that the island does not have, other parameters of the grid, a limit that follows the wind.
    """
    if study.operation.operator != BY_ZONES:
        return ()
    chosen, tables = study.operation.zones, tables_of(study)
    there = list(dict.fromkeys(tables["zones"]["zone"].astype(str)))
    problems: list[Problem] = []
    for name in set(chosen) - set(there):
        where, repair = f"[operation.zones.{name}]", nearest(name, there)
        problems.append(Problem("the island has no such zone", where, name, ", ".join(there), repair))
    found = []
    for name in [name for name in there if name in chosen or not chosen]:
        with gathered(problems):
            reading = _chosen(study, tables, name)
            limit = chosen[name].limit_mw if name in chosen else None
            found.append(
                MeasuredZone(
                    zone=reading.zone(model.plants.index, clock.step_minutes),
                    measurement=reading.measurement(tables, model),
                    limit_mw=float(reading.row["limit_mw"]) if limit is None else limit,
                )
            )
    raise_if_any(problems)
    return tuple(found)


def zone_facts(study: Study) -> list[dict[str, Any]]:
    """Return what a report tells of a member's zones, in their order; none where its operator does not work by them."""
    if study.operation.operator != BY_ZONES:
        return []
    chosen, tables, facts = study.operation.zones, tables_of(study), []
    for name in dict.fromkeys(tables["zones"]["zone"].astype(str)):
        if name in chosen or not chosen:
            row = _chosen(study, tables, name).row
            limit = chosen[name].limit_mw if name in chosen else None
            percent = {f"{key}_percent": row[f"{key}_percent"] for key in ("trim", "trip", "release")}
            facts.append({
                "zone": zone_name(name), "title_en": f"{name}: {row['name']}", "title_ja": f"{name}: {row['name_ja']}",
                "limit_mw": float(row["limit_mw"]) if limit is None else limit, "is_line": row["measures"] == "line",
                "rule": row["rule"], **{key: None if np.isnan(value) else value for key, value in percent.items()},
                "reading": row["hypothesis"],
            })  # fmt: skip
    return facts


def _chosen(study: Study, tables: Tables, zone: str) -> Reading:
    """Return the reading of a zone that a study names, or the primary one."""
    readings = readings_of(tables, zone)
    asked = study.operation.zones[zone].reading if zone in study.operation.zones else None
    reading = next((one for one in readings if asked in (None, one.name)), None)
    if reading is None:
        names = [one.name for one in readings]
        where, seen = f"[operation.zones.{zone}] reading", str(asked)
        raise_if_any([Problem("the zone has no such reading", where, seen, ", ".join(names), nearest(seen, names))])
    assert reading is not None
    raise_if_any(_not_run(study, tables, reading))
    return reading


def _not_run(study: Study, tables: Tables, reading: Reading) -> Iterator[Problem]:
    values = resolve(tables["grid_parameters"].set_index("key"), study.grid.parameters)
    for key, value in reading.parameters.items():
        if values.get(key) != value:
            seen, accepted = f"{key} = {values.get(key, 'unknown')}", f"{key} = {value}"
            repair = "set it in [grid.parameters], or choose another reading"
            yield Problem("the reading holds under another state of the grid", reading.place, seen, accepted, repair)
    if reading.row["cooled_by_wind"]:
        repair = "choose another reading; limits that follow the wind are compared by goto-twin validate curtailment"
        yield Problem("a limit that follows the wind does not run in the loop", reading.place, "cooled_by_wind true",
                      "false", repair)  # fmt: skip
