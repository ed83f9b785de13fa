"""What the formulas of an audit can ask of the model: tables, a year of plants and sites, the members' results."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from network_models.tables.declarations import DECLARATIONS
from studies.experiments.security import site_infeed_mw
from studies.study.file.members import resolved
from studies.study.file.names import nearest
from studies.study.file.schema import Study
from studies.study.grids import member_grids
from studies.study.inputs import member_inputs, sources_of
from twin.core.clock import step_hours
from twin.core.errors import InputError, Problem
from twin.core.tables import Tables
from twin.metrics.comparisons import busiest_hour
from twin.metrics.series import read_table
from twin.network.model import GridModel
from twin.resources.profiles import Profiles
from twin.resources.sites import SiteFleet, customers
from twin.security.headroom.buses import link_headroom, model_profiles

TIGHTEST = 40
"""Half-hours of a year with the most infeed less demand, in which the room on the link is looked for."""


@dataclass(frozen=True)
class OfTables:
    """Sums over rows of the island's tables."""

    tables: Tables

    def total(self, table: str, column: str, wanted: str = "") -> float:
        """Return the sum of a column, or of a formula of columns, over the rows that fit a condition."""
        return _total(self.tables[table], column, wanted, f"{table}.csv")

    def count_of(self, kind: str, customers: str = "") -> float:
        """Return how many small sites there are of a kind, of one class of customers or of all."""
        of_class = f" and `class` == '{customers}'" if customers else ""
        return self.total("sites", "count", f"kind == '{kind}'{of_class}")

    def value(self, table: str, row: str) -> float:
        """Return the main value of a row."""
        facts, frame = DECLARATIONS[table], self.tables[table]
        of_row = frame.loc[frame[facts.key[0]] == row, facts.main]
        if of_row.empty:
            raise InputError([Problem("no such row", f"{table}.csv", row, "", nearest(row, frame[facts.key[0]]))])
        return float(of_row.iloc[0])

    def functions(self) -> dict[str, Callable[..., float]]:
        """Return the functions by the name that formulas use."""
        return {"total": self.total, "count_of": self.count_of, "value": self.value}


def _total(frame: pd.DataFrame, column: str, wanted: str, where: str) -> float:
    try:
        rows = frame.query(wanted, engine="python") if wanted else frame
        return float(np.asarray(rows.eval(column, engine="python"), dtype=float).sum())
    except (pd.errors.UndefinedVariableError, KeyError, SyntaxError, TypeError, ValueError) as error:
        seen, accepted = f"{column}; {wanted}", f"columns: {', '.join(frame.columns)}"
        raise InputError([Problem(f"the rows cannot be summed: {error}", where, seen, accepted)]) from None


@dataclass(frozen=True)
class FleetYear:
    """Plants and small sites of a fiscal year in the study's weather, a whole year, before any cut and without a grid.

    Attributes
    ----------
    model : GridModel
    fleet : SiteFleet
    profiles : Profiles
    """

    model: GridModel
    fleet: SiteFleet
    profiles: Profiles

    @cached_property
    def plants(self) -> pd.DataFrame:
        """The plants' table with `mwh`, what each gives in the year after outages."""
        mw = self.profiles.plant_available_mw - self.profiles.plant_unavailable_mw
        hours = step_hours(self.profiles.index)
        return self.model.plants.reset_index().assign(mwh=mw.sum(axis=0) * hours)

    @cached_property
    def sites(self) -> pd.DataFrame:
        """A row for each site: ``kind customers pv_ac_kw battery_kwh demand_kwh pv_kwh``."""
        fleet, hours = self.fleet, step_hours(self.profiles.index)
        ratio = np.divide(fleet.pv_ac_kw, fleet.pv_dc_kw, out=np.zeros_like(fleet.pv_ac_kw), where=fleet.pv_dc_kw > 0)
        pairs, of = np.unique(np.stack([fleet.pv_shape.astype(float), ratio.round(9)]), axis=1, return_inverse=True)
        shapes = self.profiles.site_pv_per_kw
        per_kw = np.array([np.minimum(shapes[:, int(shape)], most).sum() * hours for shape, most in pairs.T])
        return pd.DataFrame(
            {
                "kind": fleet.groups["kind"].to_numpy(str)[fleet.group],
                "customers": customers(fleet.site_id),
                "pv_ac_kw": fleet.pv_ac_kw,
                "battery_kwh": fleet.battery_kwh,
                "demand_kwh": fleet.demand_kwh,
                "pv_kwh": per_kw[of.ravel()] * fleet.pv_dc_kw,
            }
        )

    def spare_mw(self, rated: GridModel) -> float:
        """Return the least room on the link after an outage, with the ratings of `rated`; old sites feed in."""
        mw = self.profiles.plant_available_mw - self.profiles.plant_unavailable_mw
        infeed = site_infeed_mw(self.fleet, self.profiles, self.fleet.with_pv(new_pv=False))
        net = self.profiles.area_demand_mw - infeed
        rows = np.argsort(net.sum(axis=1) - mw.sum(axis=1), kind="stable")[:TIGHTEST]
        return float(link_headroom(rated, model_profiles(rated, mw[rows], net[rows])).headroom_mw.min())


class OfYears:
    """Years of plants and sites, each made when a formula asks for it.

    Parameters
    ----------
    study : Study
    data : pathlib.Path, optional
    """

    def __init__(self, study: Study, data: Path | None) -> None:
        self.study, self.data = study, data
        self._years: dict[int, FleetYear] = {}

    def plants(self, year: int, column: str, wanted: str = "") -> float:
        """Return a sum over the plants of a fiscal year."""
        return _total(self._year(year).plants, column, wanted, f"plants of {year}")

    def sites(self, year: int, column: str, wanted: str = "") -> float:
        """Return a sum over the small sites in the weather of a fiscal year."""
        return _total(self._year(year).sites, column, wanted, f"sites of {year}")

    def spare_mw(self, year: int, rating_factor: float) -> float:
        """Return the room on the link with ratings times a factor."""
        parameters = self.study.grid.parameters
        factor = float(parameters.get("link_rating_factor", 1.0)) * rating_factor
        rated = self._members(year, {"grid.parameters": parameters | {"link_rating_factor": factor}})
        return self._year(year).spare_mw(member_grids(rated).models[0])

    def _members(self, year: int, values: Mapping[str, object]) -> list:  # type: ignore[type-arg]
        scenario = next(iter(self.study.scenario), "base")
        return resolved(
            self.study, [(scenario, str(year), {"grid.year": year, "period.fiscal_year": year} | dict(values))]
        )

    def _year(self, year: int) -> FleetYear:
        if year not in self._years:
            members = self._members(year, {})
            grids = member_grids(members)
            inputs = member_inputs(members[0].study, members, grids, sources_of(members, self.data))
            self._years[year] = FleetYear(grids.models[0], inputs.fleet, inputs.series[0][0])
        return self._years[year]

    def functions(self) -> dict[str, Callable[..., float]]:
        """Return the functions by the name that formulas use."""
        return {"plants": self.plants, "sites": self.sites, "spare_mw": self.spare_mw}


@dataclass(frozen=True)
class OfRuns:
    """What the members' results say; NaN where they are not of a whole year.

    Attributes
    ----------
    folders : mapping of str to pathlib.Path
        Of the members' tables, by scenario.
    kpis : mapping of str to mapping of str to float
    """

    folders: Mapping[str, Path]
    kpis: Mapping[str, Mapping[str, float | None]]
    is_year: bool

    def kpi(self, scenario: str, name: str) -> float:
        """Return a key figure."""
        self._check(scenario)
        if not self.is_year:
            return math.nan
        found = self.kpis[scenario]
        if name not in found:
            raise InputError([Problem("no such key figure", "plan_checks.csv", name, "", nearest(name, found))])
        value = found[name]
        return math.nan if value is None else float(value)

    def own_kwh(self, scenario: str, wanted: str = "") -> float:
        """Return what sites use of their own PV, directly or through the battery."""
        return self._of_sites(scenario, "self_consumed_kwh", wanted)

    def export_kwh(self, scenario: str, wanted: str = "") -> float:
        """Return what sites feed in."""
        return self._of_sites(scenario, "exported_kwh", wanted)

    def paid_jpy(self, scenario: str, item: str) -> float:
        """Return the sum of an item of the payments."""
        self._check(scenario)
        if not self.is_year:
            return math.nan
        table = pq.read_table(self.folders[scenario] / "payments.parquet", columns=["item", "jpy"])
        return float(pc.sum(table.filter(pc.equal(pc.cast(table["item"], "string"), item))["jpy"]).as_py() or 0.0)

    def first_hour(self, scenario: str, hours: int) -> float:
        """Return the hour at which the hours in a row with the most area-balance cut begin."""
        self._check(scenario)
        if not self.is_year:
            return math.nan
        return busiest_hour(read_table(self.folders[scenario], "system", ["time", "area_balance_mw"]), hours)

    def _of_sites(self, scenario: str, column: str, wanted: str) -> float:
        self._check(scenario)
        if not self.is_year:
            return math.nan
        table = pq.read_table(self.folders[scenario] / "batteries.parquet").to_pandas()
        table = table.assign(customers=customers(table["site"].to_numpy(str)))
        return _total(table, column, wanted, f"sites of {scenario}")

    def _check(self, scenario: str) -> None:
        if scenario not in self.folders:
            accepted, repair = ", ".join(self.folders), "audit a study with these scenarios, or correct the formula"
            what = "formulas name a scenario that the study does not have"
            raise InputError([Problem(what, "plan_checks.csv, column computed", scenario, accepted, repair)])

    def functions(self) -> dict[str, Callable[..., float]]:
        """Return the functions by the name that formulas use."""
        names = ("kpi", "own_kwh", "export_kwh", "paid_jpy", "first_hour")
        return {name: getattr(self, name) for name in names}
