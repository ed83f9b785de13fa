"""The experiment `ppa`: whether the business at small sites earns its capital back, with and without subsidy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from reports import write_sections
from reports.document.texts import LANGUAGES, Words
from reports.sections.documents.ppa import sections
from studies.execution.workers import Progress
from studies.experiments.runner import Experiment, Work
from studies.study.cases import study_case
from studies.study.file.members import Member, middle_point, resolved
from studies.study.islands import tables_of
from twin.core.errors import InputError, Problem
from twin.core.tables import Tables
from twin.core.units import KWH_PER_MWH
from twin.metrics.payments.investment import Business, break_even_battery_jpy, payback_years, sensitivity
from twin.metrics.payments.market import Market
from twin.metrics.series import read_table

BATTERY_COST_STEPS = (1.0, 0.75, 0.5)
"""Shares of the price of a battery that are tried."""
OWN_USE_SHARES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Shares of the yield that the sites use themselves."""


class Ppa(Experiment):
    """The business of PV under PPA and leased batteries, with the plan's energies and those of the study's scenarios.

    Scenarios in which the new sites have batteries count, swept keys in the middle of their values. Energies are of a
    whole year: with ``--days`` only the plan's are told.
    """

    record_file = "ppa.json"
    judges_outages = False

    def members(self) -> list[Member]:
        """Return the members whose new sites have a battery."""
        names = list(self.study.scenario) or ["base"]
        point = middle_point(self.study)
        every = resolved(self.study, [(name, "middle", point) for name in names])
        return [one for one in every if one.study.fleet.new_pv and one.study.fleet.batteries == "all"]

    def prepare(self, progress: Progress) -> None:
        """Read prices, capital and lives, and make the case.

        Raises
        ------
        InputError
            With all problems of the inputs; where no scenario has new PV with batteries.
        """
        if not self.members():
            what, accepted = "no scenario has new PV with batteries", 'fleet = { new_pv = true, batteries = "all" }'
            raise InputError([Problem(what, f"study {self.study.name}, [scenario]", accepted=accepted)])
        self.business = business_of(tables_of(self.study))
        self.case = study_case(self.study, self.members(), self.data, self.days)

    def reduce(self, work: Work) -> dict[str, Any]:
        """Return capital, subsidy, the yearly balance of each case, paybacks, lives and sensitivities."""
        tables, business = tables_of(self.study), self.business
        lives = tables["investment"].set_index("name").loc[["pv_life", "battery_life"], ["low", "value", "high"]]
        lives = lives.astype(float).bfill(axis="columns").ffill(axis="columns")  # a life without a range
        given = {name: tables.value(name, "investment") for name in ("stated_own_use", "stated_surplus")}
        cases = [_case(business, "stated", "", "", given["stated_own_use"], given["stated_surplus"])]
        yields = [given["stated_own_use"] + given["stated_surplus"]]
        if self.days is None:
            for member, folder in zip(self.members(), self.folders(work.folder), strict=True):
                sites = read_table(folder, "batteries", ["kind", "self_consumed_kwh", "exported_kwh", "throttled_kwh"])
                new = sites[sites["kind"] == "new"].drop(columns="kind").sum() / KWH_PER_MWH
                titles = [self.study.scenario_title(member.scenario, one) for one in ("en", "ja")]
                own, surplus = float(new["self_consumed_kwh"]), float(new["exported_kwh"])
                cases.append(_case(business, member.scenario, titles[0], titles[1], own, surplus))
                yields.append(own + surplus + float(new["throttled_kwh"]))
        return {
            "is_year": self.days is None,
            "study": self.study.name,
            "pv_kw": business.pv_kw,
            "batteries": business.batteries,
            "capital_jpy": business.capital_jpy(),
            "subsidy_jpy": business.subsidy_jpy(),
            "cases": cases,
            "values": dict(business.values),
            "shortest_life": float(lives["low"].min()),
            "sensitivity": _sensitivity(business, max(yields)),
            "by_lives": _by_lives(business, cases[0]["balance_jpy"], *lives.to_numpy().tolist()),
        }

    def report(self, folder: Path, record: dict[str, Any]) -> None:
        """Write the report in both languages."""
        titles = {one: Words(one)("ppa.title", study=self.study.title(one)) for one in LANGUAGES}
        write_sections(folder, titles, partial(sections, record))


def business_of(tables: Tables) -> Business:
    """Return the business that an island's tables describe: its new sites and all batteries of small sites.

    Raises
    ------
    InputError
        Where the island leaves out tariffs or capital.
    """
    sites = tables["sites"]
    new = sites[sites["kind"] == "new"]
    values, prices = (
        tables[name].set_index("name")["value"].astype(float).to_dict() for name in ("investment", "market")
    )
    return Business(
        pv_kw=float((new["count"] * new["pv_ac_kw"]).sum()),
        batteries=int(sites.loc[sites["battery_kwh"] > 0.0, "count"].sum()),
        market=Market({str(name): value for name, value in prices.items()}),
        values={str(name): value for name, value in values.items()},
    )


def _case(business: Business, name: str, title_en: str, title_ja: str, own: float, surplus: float) -> dict[str, Any]:
    items = business.yearly_jpy(own, surplus)
    balance = sum(items.values())
    capital, subsidy = business.capital_jpy(), business.subsidy_jpy()
    with_subsidy, without = payback_years(capital - subsidy, balance), payback_years(capital, balance)
    life = business.values["battery_life"]
    return {
        "name": name,
        "title_en": title_en,
        "title_ja": title_ja,
        "own_mwh": own,
        "surplus_mwh": surplus,
        "items_jpy": items,
        "balance_jpy": balance,
        "payback_years": _finite(with_subsidy),
        "payback_without_years": _finite(without),
        "battery_break_even_jpy": break_even_battery_jpy(business, balance, life, subsidised=True),
        "battery_break_even_without_jpy": break_even_battery_jpy(business, balance, life, subsidised=False),
        "replaced_jpy": business.replaced_jpy(with_subsidy) if math.isfinite(with_subsidy) else None,
        "after_contract_jpy": balance * business.values["contract_years"]
        - (capital - subsidy)
        - business.replaced_jpy(business.values["contract_years"]),
    }


def _sensitivity(business: Business, yield_mwh: float) -> dict[str, Any]:
    costs = [share * business.values["battery_cost"] for share in BATTERY_COST_STEPS]
    own = [share * yield_mwh for share in OWN_USE_SHARES]
    found = {
        name: [
            [_finite(years) for years in row]
            for row in sensitivity(business, costs, own, yield_mwh, subsidised=is_subsidised)
        ]
        for name, is_subsidised in (("with_subsidy", True), ("without_subsidy", False))
    }
    return {"battery_cost_jpy": costs, "own_mwh": own, "yield_mwh": yield_mwh} | found


def _by_lives(
    business: Business, balance_jpy: float, pv_years: Sequence[float], battery_years: Sequence[float]
) -> dict[str, Any]:  # fmt: skip
    """Return what is left at the end of the contract by the lives of panels (rows) and batteries, JPY."""
    years = business.values["contract_years"]
    earned = balance_jpy * years - (business.capital_jpy() - business.subsidy_jpy())
    left = []
    for panels in pv_years:
        lasting = [{**business.values, "pv_life": panels, "battery_life": battery} for battery in battery_years]
        left.append([earned - replace(business, values=values).replaced_jpy(years) for values in lasting])
    return {"pv_life": list(pv_years), "battery_life": list(battery_years), "left_jpy": left}


def _finite(years: float) -> float | None:
    return years if math.isfinite(years) else None
