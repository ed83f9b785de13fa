"""The experiment `value`: local supply first, surplus to partner cities, then the market, step by step."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reports import write_sections
from reports.document.texts import LANGUAGES, Words
from reports.sections.documents.value import sections
from studies.execution.workers import Progress
from studies.experiments.key_figures import own_kpis, previous_price
from studies.experiments.runner import Experiment, Work
from studies.study.cases import study_case
from studies.study.file.members import Member, middle_point, resolved
from studies.study.islands import island_of, tables_of
from studies.study.prices import negative_prices
from twin.core.clock import HOURS_PER_YEAR, step_hours
from twin.core.errors import raise_if_any
from twin.core.tables import Tables
from twin.metrics.matching import (
    SMALL,
    WH_PER_MWH,
    Buyer,
    Contract,
    Seller,
    allocation,
    figures,
    imbalance,
    kept,
    ledger,
    payments_of,
    problems_of,
    whole_wh,
)  # fmt: skip
from twin.metrics.payments.statement import CASH_KPIS
from twin.metrics.series import read_table
from twin.network.model import GridModel

SHARES_OF_RUN = ("municipality_local_use_percent", "municipality_local_supply_percent")
LEDGERS = "ledgers"
"""Folder of the ledgers, a Parquet file a scenario."""
KEPT_PAYMENTS = ("fit", "fip_premium", "ppa", "ppa_surplus", "battery_lease", "retail", "wheeling")
"""Payments of the run that are shown beside the ledger and never added to it."""


class Value(Experiment):
    """The ledger of matching of each scenario, swept keys in the middle of their values.

    Sellers are the municipality's plants and, before them, its small PV; buyers are the island's table ``buyers``.
    """

    record_file = "value.json"
    judges_outages = False

    def members(self) -> list[Member]:
        """Return a member for each scenario."""
        point = middle_point(self.study)
        return resolved(self.study, [(name, "middle", point) for name in self.study.scenario or ["base"]])

    def prepare(self, progress: Progress) -> None:
        """Read buyers and contracts, and make the case.

        Raises
        ------
        InputError
            With all problems of the inputs: buyers without demand, certificates sold twice.
        """
        tables = tables_of(self.study)
        nothing = np.ones(1, dtype=np.int64)
        plants = [Seller(str(name), "", nothing) for name in tables["plants"]["plant_id"]]
        raise_if_any(problems_of(plants, buyers_of(tables, nothing, 1.0), contracts_of(tables)))
        self.values = {str(name): float(value) for name, value in tables["matching"].set_index("name")["value"].items()}
        self.case = study_case(self.study, self.members(), self.data, self.days)
        self.year_before = previous_price(self.study, self.data)
        self.planned_mw = [
            self.case.profiles[member.profiles][1].plant_available_mw for member in self.case.members if not member.twin
        ]

    def reduce(self, work: Work) -> dict[str, Any]:
        """Return the key figures of each scenario's ledger; the ledgers themselves are kept as tables."""
        (work.folder / LEDGERS).mkdir(exist_ok=True)
        found = []
        for k, (member, folder) in enumerate(zip(self.members(), self.folders(work.folder), strict=True)):
            kpis = own_kpis(member.study, self.case, k, folder, self.year_before, [*SHARES_OF_RUN, *CASH_KPIS])
            model = self.case.grid.models[self.case.members[k].grid]
            one = self._of_member(
                folder, model, self.planned_mw[k], work.folder / LEDGERS / f"{member.scenario}.parquet"
            )
            titles = {f"title_{lang}": self.study.scenario_title(member.scenario, lang) for lang in ("en", "ja")}
            shares = {name.removeprefix("municipality_"): kpis[name] for name in SHARES_OF_RUN}
            paid = _paid(folder)
            one["figures"] |= kept(one["figures"], self.values["local_ownership"], paid["ppa"] + paid["ppa_surplus"])
            found.append({"scenario": member.scenario, **titles, **one, "shares_of_run": shares, "paid": paid})
        return {
            "is_year": self.days is None,
            "study": self.study.name,
            "municipality": island_of(self.study).settings.municipality.model_dump(),
            "values": self.values,
            "negative_prices": negative_prices(tables_of(self.study)),
            "buyers": _shown_buyers(tables_of(self.study)),
            "scenarios": found,
        }

    def _of_member(self, folder: Path, model: GridModel, planned_mw: np.ndarray, file: Path) -> dict[str, Any]:
        tables = tables_of(self.study)
        system = read_table(folder, "system", ["time", "municipality_demand_mw", "price_jpy_per_kwh", "failure"])
        time, hours = pd.DatetimeIndex(system["time"]), step_hours(pd.DatetimeIndex(system["time"]))
        solved = (system["failure"] == "").to_numpy()
        sellers, clipped_mwh = sellers_of(folder, model, time, hours, solved)
        demand_wh = np.where(solved, whole_wh(system["municipality_demand_mw"].to_numpy(float), hours), 0)
        buyers = buyers_of(tables, demand_wh, hours)
        wh = allocation(sellers, buyers, contracts_of(tables))
        price = system["price_jpy_per_kwh"].to_numpy(float)
        rows = ledger(time, sellers, buyers, wh, price, tables.value("nonfossil_nonfit_price", "market"))
        pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), file)
        asked = np.stack([buyer.wh for buyer in buyers], axis=1)
        inside = model.plants["municipality"].to_numpy(bool)
        plan_wh = np.where(solved, whole_wh(planned_mw[:, inside].sum(axis=1), hours), 0)
        actual_wh = np.stack([seller.wh for seller in sellers if seller.scheme != SMALL]).sum(axis=0)
        by_class = rows.groupby(["certificate", "buyer"], as_index=False)["wh"].sum()
        return {
            "figures": figures(rows, asked, buyers, self.values)
            | imbalance(actual_wh, plan_wh, self.values["imbalance_spread"]),
            "certificates_mwh": [
                {"certificate": str(kind), "buyer": str(buyer), "mwh": float(wh) / WH_PER_MWH}
                for kind, buyer, wh in zip(by_class["certificate"], by_class["buyer"], by_class["wh"], strict=True)
            ],
            "payments": payments_of(rows, buyers).to_dict("records"),
            "unsolved_steps": int((~solved).sum()),
            "clipped_mwh": clipped_mwh,
        }

    def report(self, folder: Path, record: dict[str, Any]) -> None:
        """Write the report in both languages."""
        titles = {one: Words(one)("value.title", study=self.study.title(one)) for one in LANGUAGES}
        write_sections(folder, titles, partial(sections, record))


def sellers_of(
    folder: Path, model: GridModel, time: pd.DatetimeIndex, hours: float, solved: np.ndarray
) -> tuple[list[Seller], float]:
    """Return the municipality's sellers, its small PV first, and the energy of steps in which a unit took power, MWh.

    Small PV counts with all that it delivers, what its sites use themselves included.
    """
    table = read_table(folder, "ledger", ["time", "unit", "delivered_mw", "battery_mw"])
    table["mw"] = table["delivered_mw"] - table["battery_mw"]
    wide = table.pivot_table(index="time", columns="unit", values="mw", aggfunc="sum", observed=True)
    wide = wide.reindex(time).fillna(0.0)
    plants = model.plants[model.plants["municipality"].astype(bool)]
    areas = model.areas.index[model.areas["municipality"].astype(bool)].astype(str)
    small = [name for name in wide.columns if "/" in str(name) and str(name).split("/")[1] in set(areas)]
    schemes = dict.fromkeys(map(str, small), SMALL) | {
        str(name): str(plants.loc[name, "scheme"]) for name in plants.index
    }
    sellers, clipped = [], 0.0
    for name, scheme in schemes.items():
        if name not in wide:
            continue
        mw = np.where(solved, wide[name].to_numpy(float), 0.0)
        clipped += float(np.minimum(mw, 0.0).sum()) * hours
        sellers.append(Seller(name, scheme, whole_wh(mw, hours)))
    return sellers, abs(clipped)


def buyers_of(tables: Tables, municipality_wh: np.ndarray, hours: float) -> list[Buyer]:
    """Return the buyers of an island's table; their demand has the course of the municipality's.

    Parameters
    ----------
    tables : Tables
    municipality_wh : numpy.ndarray, (T,) int
    hours : float
        Length of a step.
    """
    total = municipality_wh.sum() / (len(municipality_wh) * hours / HOURS_PER_YEAR)
    found = []
    for row in tables["buyers"].to_dict("records"):
        wh = municipality_wh
        if row["demand"] == "own":
            yearly = 0.0 if pd.isna(row["yearly_mwh"]) else float(row["yearly_mwh"])
            wh = np.rint(municipality_wh * (yearly * WH_PER_MWH / total)).astype(np.int64)
        price = None if pd.isna(row["energy_price"]) else float(row["energy_price"])
        more = {name: float(row[name]) for name in ("energy_adder", "certificate_price", "fund_price")}
        found.append(Buyer(str(row["buyer_id"]), bool(row["is_local"]), int(row["rank"]), wh, price, **more))
    return found


def contracts_of(tables: Tables) -> list[Contract]:
    """Return the contracts of plants with buyers; none where the island has no such table."""
    if "supply_contracts" not in tables:
        return []
    rows = tables["supply_contracts"].to_dict("records")
    return [Contract(str(row["plant"]), str(row["buyer"]), float(row["share_percent"])) for row in rows]


def _paid(folder: Path) -> dict[str, float]:
    table = pq.read_table(folder / "payments.parquet", columns=["item", "jpy"]).to_pandas()
    sums = table.groupby(table["item"].astype(str))["jpy"].sum()
    return {item: float(sums.get(item, 0.0)) for item in KEPT_PAYMENTS}


def _shown_buyers(tables: Tables) -> list[dict[str, Any]]:
    columns = ["buyer_id", "name_en", "name_ja", "is_local", "rank", "certificate_price", "fund_price"]
    return [{str(name): value for name, value in row.items()} for row in tables["buyers"][columns].to_dict("records")]
