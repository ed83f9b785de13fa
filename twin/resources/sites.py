"""The fleet of small sites (PV below 10 kW, with or without a battery) as arrays, and what its table looks like."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from twin.core.errors import Problem, raise_if_any
from twin.core.random_streams import stream
from twin.core.tables import Tables
from twin.resources.pv import orientations
from twin.resources.site_demand import DemandShape, demand_shapes, draw_variant

KINDS = ("existing_plain", "existing_battery", "new")
"""Kinds of sites, see docs/concepts/architecture.md."""

CUTS = ("cut-last", "non-firm")
"""How a site group stands in the order of cuts."""

AMOUNTS = ("pv_dc_kw", "pv_ac_kw", "battery_kwh", "battery_kw", "demand_kwh")
"""Columns of the site table that hold the mean of one site."""

BATTERY_DEFAULTS = {"round_trip_efficiency": 1.0, "soc_min_percent": 0.0, "soc_max_percent": 100.0}
"""Columns that may be empty where there is no battery, and what they are then: without effect."""

BATTERY_EXTRAS = {"reserve_percent": 0.0, "standby_w": 0.0}
"""Columns that may be missing or empty, and what they are then: without effect."""

SITE_COLUMNS = ("kind", "class", "count", *AMOUNTS, *BATTERY_DEFAULTS, "cut")
"""Columns that a site table must have; further ones are left alone."""


def site_problems(tables: Tables, sites: pd.DataFrame, areas: pd.DataFrame) -> list[Problem]:
    """Return everything that is wrong with a site table.

    Parameters
    ----------
    tables : Tables
    sites : pandas.DataFrame
        See `twin.resources.sites.build_fleet`.
    areas : pandas.DataFrame
        `GridModel.areas`.

    Returns
    -------
    list of Problem
        Empty where the table can be used; only the missing columns where there are some.
    """
    missing = [name for name in SITE_COLUMNS if name not in sites.columns]
    if missing:
        return [Problem("column missing", "sites.csv", name, ", ".join(SITE_COLUMNS)) for name in missing]
    found = []
    for number, row in enumerate(sites.to_dict("records"), start=2):
        found += _row_problems(tables, row, f"sites.csv, row {number}")
        column = f"{row['class']}_kwh"
        if column in areas and not areas.loc[areas["municipality"].astype(bool), column].sum() > 0:
            found.append(Problem("no demand of this class in the municipality", f"areas.csv, {column}", "0", "above 0"))
    twice = sites.duplicated(["kind", "class"])
    found += [Problem("row given twice", f"sites.csv, row {number + 2}") for number in np.flatnonzero(twice)]
    mixed = sites.groupby("kind")["cut"].nunique()
    found += [Problem("one kind, several cuts", f"sites.csv, kind {kind}") for kind in mixed.index[mixed > 1]]
    return found


def _row_problems(tables: Tables, row: Mapping[Hashable, Any], where: str) -> list[Problem]:
    found = []
    classes = tuple(tables["site_demand"]["class"])
    for column, accepted in (("kind", KINDS), ("class", classes), ("cut", CUTS)):
        if row[column] not in accepted:
            found.append(Problem("unknown value", f"{where}, {column}", str(row[column]), ", ".join(accepted)))
    for column in (*AMOUNTS, *(name for name in BATTERY_EXTRAS if not pd.isna(row.get(name)))):
        if not row[column] >= 0:
            found.append(Problem("not a size", f"{where}, {column}", str(row[column]), "a number from 0"))
    if not (row["count"] >= 0 and row["count"] == int(row["count"])):
        found.append(Problem("not a count", f"{where}, count", str(row["count"]), "a whole number from 0"))
    return found + _battery_problems(row, where)


def _battery_problems(row: Mapping[Hashable, Any], where: str) -> list[Problem]:
    found = []
    if not row["battery_kwh"] > 0:
        for column in ("battery_kw", "reserve_percent", "standby_w"):
            if row.get(column, 0) > 0:
                repair = "give battery_kwh, or leave it empty"
                found.append(Problem("a battery without energy", f"{where}, {column}", str(row[column]), "0", repair))
        return found
    if row["battery_kw"] == 0:
        place = f"{where}, battery_kw"
        found.append(Problem("a battery without power", place, str(row["battery_kw"]), "above 0"))
    efficiency = row["round_trip_efficiency"]
    if not 0 < efficiency <= 1:
        place = f"{where}, round_trip_efficiency"
        found.append(Problem("not an efficiency", place, str(efficiency), "above 0, at most 1"))
    low, high = row["soc_min_percent"], row["soc_max_percent"]
    if not 0 <= low < high <= 100:
        found.append(Problem("not a range", f"{where}, soc_min_percent", f"{low} to {high}", "within 0 to 100"))
    if row.get("reserve_percent", 0) >= high:
        accepted = f"below soc_max_percent, {high}"
        place = f"{where}, reserve_percent"
        found.append(Problem("the reserve leaves nothing to use", place, str(row["reserve_percent"]), accepted))
    return found


_OF_BATTERY = BATTERY_DEFAULTS | BATTERY_EXTRAS
DRAWN = ("site_id", "area", "kind", "cut", "pv_shape", "demand_shape")


@dataclass(frozen=True)
class PvShape:
    """A PV shape of sites: a place and one orientation of a fleet (its position in ``pv_orientations.csv``)."""

    place: str
    fleet: str
    orientation: int


@dataclass(frozen=True)
class SiteFleet:
    """The small sites; arrays over S sites.

    Attributes
    ----------
    site_id : numpy.ndarray
        (S,) str.
    area, group : numpy.ndarray
        (S,) position in `GridModel.areas` and in `groups`.
    pv_dc_kw, pv_ac_kw, battery_kwh, battery_kw, demand_kwh : numpy.ndarray
        (S,) sizes and yearly demand, not negative.
    round_trip_efficiency, soc_min_percent, soc_max_percent : numpy.ndarray
        (S,) of the battery; 1, 0 and 100 where there is none.
    reserve_percent, standby_w : numpy.ndarray
        (S,) charge kept for blackouts and standby consumption of the battery; 0 where the table has none.
    pv_shape, demand_shape : numpy.ndarray
        (S,) position in `pv_shapes` and `demand_shapes`.
    groups : pandas.DataFrame
        Index group id (``<kind>/<area>``), columns ``kind area cut``.
    pv_shapes, demand_shapes : tuple
        What the columns of `Profiles.site_pv_per_kw` and `Profiles.site_demand_per_kwh` stand for.
    """

    site_id: np.ndarray
    area: np.ndarray
    group: np.ndarray
    pv_dc_kw: np.ndarray
    pv_ac_kw: np.ndarray
    battery_kwh: np.ndarray
    battery_kw: np.ndarray
    demand_kwh: np.ndarray
    round_trip_efficiency: np.ndarray
    soc_min_percent: np.ndarray
    soc_max_percent: np.ndarray
    reserve_percent: np.ndarray
    standby_w: np.ndarray
    pv_shape: np.ndarray
    demand_shape: np.ndarray
    groups: pd.DataFrame
    pv_shapes: tuple[PvShape, ...]
    demand_shapes: tuple[DemandShape, ...]

    def with_pv(self, *, new_pv: bool, existing_pv: bool = True, new_share: float = 1.0) -> np.ndarray:
        """Return which sites have PV, (S,) bool: the existing ones, the new ones where `new_pv`.

        Of the new sites, `new_share` have it: evenly spread over the fleet's order, and a larger share holds a smaller.
        """
        kinds: np.ndarray = self.groups.kind.to_numpy(str)
        is_new = np.asarray(kinds[self.group] == "new")
        built = is_new & new_pv
        if new_share < 1.0:
            built[is_new] &= _van_der_corput(int(is_new.sum())) < new_share
        return built | (~is_new & existing_pv)


def customers(site_id: np.ndarray) -> np.ndarray:
    """Return the class of customers in the names of sites, ``<kind>-<class>-<number>``."""
    return np.array([str(name).split("-")[1] for name in site_id])


def _van_der_corput(count: int) -> np.ndarray:
    """Return numbers in 0..1, (count,), whose every beginning is evenly spread."""
    found, left, digit = np.zeros(count), np.arange(count), 0.5
    while left.any():
        found += digit * (left % 2)
        left, digit = left // 2, digit / 2.0
    return found


def build_fleet(tables: Tables, sites: pd.DataFrame, areas: pd.DataFrame, *, seed: int) -> SiteFleet:
    """Draw the sites of a table.

    Each site has its own random stream: rows added to the table leave the sites of the other rows the same to the
    bit. Within a row, sizes spread log-normally and are scaled so that the row's total is met.

    Parameters
    ----------
    tables : Tables
    sites : pandas.DataFrame
        A row per kind and class with the columns `twin.resources.sites.SITE_COLUMNS`: ``count`` sites with on
        average the given sizes; no row or no count gives a fleet without sites.
    areas : pandas.DataFrame
        `GridModel.areas`; sites lie in the areas of the municipality, by the class's demand there.
    seed : int
        Study's seed.

    Returns
    -------
    SiteFleet

    Raises
    ------
    InputError
        With everything that is wrong with the table.
    """
    raise_if_any(site_problems(tables, sites, areas))
    sites = sites.merge(tables["site_kinds"][["kind", "pv_fleet", "pv_spread"]], on="kind")
    sites = sites.merge(tables["site_demand"][["class", "size_spread"]], on="class")
    sites = sites.assign(**{name: value for name, value in BATTERY_EXTRAS.items() if name not in sites})
    sites = sites.fillna(_OF_BATTERY)
    pv_shapes = _pv_shapes(tables, areas)
    shapes = demand_shapes(tables)
    rows = [_draw_row(tables, row, areas, seed, pv_shapes, shapes) for _, row in sites[sites["count"] > 0].iterrows()]
    frame = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=[*DRAWN, *AMOUNTS, *_OF_BATTERY])
    groups = _groups(frame, areas)
    return SiteFleet(
        site_id=frame["site_id"].to_numpy(str),
        area=frame["area"].to_numpy(int),
        group=groups.index.get_indexer(pd.Index(_group_id(frame, areas))),
        **{name: frame[name].to_numpy(float) for name in (*AMOUNTS, *_OF_BATTERY)},
        pv_shape=frame["pv_shape"].to_numpy(int),
        demand_shape=frame["demand_shape"].to_numpy(int),
        groups=groups,
        pv_shapes=pv_shapes,
        demand_shapes=shapes,
    )


def _draw_row(
    tables: Tables,
    row: pd.Series,
    areas: pd.DataFrame,
    seed: int,
    pv_shapes: tuple[PvShape, ...],
    shapes: tuple[DemandShape, ...],
) -> pd.DataFrame:
    weight = np.cumsum(np.where(areas["municipality"], areas[f"{row['class']}_kwh"], 0.0))
    places = areas["place"].to_numpy()
    mix = np.cumsum(orientations(tables, row["pv_fleet"])["share"].to_numpy())
    drawn = []
    for number in range(1, int(row["count"]) + 1):
        site_id = f"{row['kind']}-{row['class']}-{number:04d}"
        rng = stream(seed, "site", 0, site_id)
        area_draw, roof_draw, variant_draw = rng.random(3)
        pv_spread, size_spread = rng.standard_normal(2)
        area = int(np.searchsorted(weight, area_draw * weight[-1], side="right"))
        roof = int(np.searchsorted(mix, roof_draw * mix[-1], side="right"))
        drawn.append(
            (site_id, area, PvShape(places[area], row["pv_fleet"], roof), variant_draw, pv_spread, size_spread)
        )
    frame = pd.DataFrame(drawn, columns=["site_id", "area", "roof", "variant", "pv_spread", "size_spread"])
    pv = _scaled(frame["pv_spread"] * row["pv_spread"])
    demand = _scaled(frame["size_spread"] * row["size_spread"])
    return frame.assign(
        kind=row["kind"], cut=row["cut"],
        pv_dc_kw=row["pv_dc_kw"] * pv, pv_ac_kw=row["pv_ac_kw"] * pv, demand_kwh=row["demand_kwh"] * demand,
        **row[["battery_kwh", "battery_kw", *_OF_BATTERY]],
        pv_shape=[pv_shapes.index(roof) for roof in frame["roof"]],
        demand_shape=[draw_variant(shapes, row["class"], draw) for draw in frame["variant"]],
    )  # fmt: skip


def _scaled(log_factor: pd.Series) -> pd.Series:
    factor = np.exp(log_factor)
    result: pd.Series = factor * len(factor) / factor.sum()
    return result


def _pv_shapes(tables: Tables, areas: pd.DataFrame) -> tuple[PvShape, ...]:
    return tuple(
        PvShape(place, fleet, orientation)
        for place in sorted(areas.loc[areas["municipality"].astype(bool), "place"].unique())
        for fleet in sorted(tables["site_kinds"]["pv_fleet"].unique())
        for orientation in range(len(orientations(tables, fleet)))
    )


def _group_id(frame: pd.DataFrame, areas: pd.DataFrame) -> pd.Series:
    return frame["kind"] + "/" + pd.Series(areas.index.to_numpy(str)[frame["area"].to_numpy(int)])


def _groups(frame: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    rows = frame.assign(group=_group_id(frame, areas)).drop_duplicates("group")
    rows = rows.assign(order=rows["kind"].map(KINDS.index)).sort_values(["order", "area"])
    named = areas.index.to_numpy(str)[rows["area"].to_numpy(int)]
    return pd.DataFrame({"kind": rows["kind"].to_numpy(), "area": named, "cut": rows["cut"].to_numpy()}, rows["group"])
