"""Capital, yearly balance and payback of the aggregator's business at small sites: PV under PPA, leased batteries."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twin.core.units import KWH_PER_MWH
from twin.metrics.payments.market import Market


@dataclass(frozen=True)
class Business:
    """The business at small sites; prices and lives by the names of ``market.csv`` and ``investment.csv``.

    Attributes
    ----------
    pv_kw : float
        New PV that the business owns, AC side.
    batteries : int
        Site batteries that it owns.
    market : Market
    values : mapping of str to float
        ``pv_cost battery_cost pv_subsidy battery_subsidy pv_life battery_life`` and others of ``investment.csv``.
    """

    pv_kw: float
    batteries: int
    market: Market
    values: Mapping[str, float]

    def capital_jpy(self, *, battery_cost: float | None = None) -> float:
        """Return what PV and batteries cost before any subsidy; with another price of a battery where given."""
        each = self.values["battery_cost"] if battery_cost is None else battery_cost
        return self.pv_kw * self.values["pv_cost"] + self.batteries * each

    def subsidy_jpy(self, *, battery_cost: float | None = None) -> float:
        """Return what the public pays of the capital."""
        each = self.values["battery_cost"] if battery_cost is None else battery_cost
        of_pv = self.pv_kw * self.values["pv_cost"] * self.values["pv_subsidy"]
        return (of_pv + self.batteries * each * self.values["battery_subsidy"]) / 100.0

    def yearly_jpy(self, own_mwh: float, surplus_mwh: float) -> dict[str, float]:
        """Return the items of a year, costs negative: own use, surplus, lease, running cost.

        Parameters
        ----------
        own_mwh, surplus_mwh : float
            Energy of the new PV that its sites use, and that they feed in, MWh a year.
        """
        return {
            "ppa": own_mwh * KWH_PER_MWH * self.market["ppa_price"],
            "ppa_surplus": surplus_mwh * KWH_PER_MWH * self.market["ppa_surplus_price"],
            "battery_lease": self.batteries * self.market["battery_lease"],
            "ppa_running_cost": -self.batteries * self.market["ppa_running_cost"],
        }

    def replaced_jpy(self, years: float) -> float:
        """Return what must be bought again, without subsidy, before `years` are over: batteries and panels by life."""
        again = {
            "battery_life": self.batteries * self.values["battery_cost"],
            "pv_life": self.pv_kw * self.values["pv_cost"],
        }
        return sum(cost * (math.ceil(years / self.values[life]) - 1) for life, cost in again.items())


def payback_years(capital_jpy: float, yearly_jpy: float) -> float:
    """Return after how many years income has brought the capital back, undiscounted; infinite where it never does."""
    return capital_jpy / yearly_jpy if yearly_jpy > 0.0 else math.inf


def break_even_battery_jpy(business: Business, yearly_jpy: float, years: float, *, subsidised: bool) -> float:
    """Return the price of a battery at which the payback takes `years`; negative where no price does."""
    left = yearly_jpy * years - business.pv_kw * business.values["pv_cost"] * (
        1.0 - (business.values["pv_subsidy"] / 100.0 if subsidised else 0.0)
    )
    share = 1.0 - (business.values["battery_subsidy"] / 100.0 if subsidised else 0.0)
    return left / (business.batteries * share) if share > 0.0 else math.inf


def sensitivity(
    business: Business, battery_costs: Sequence[float], own_mwh: Sequence[float], yield_mwh: float, *, subsidised: bool
) -> list[list[float]]:
    """Return the payback by price of a battery (rows) and own use (columns); what is not used is fed in.

    Parameters
    ----------
    business : Business
    battery_costs : sequence of float
        JPY each.
    own_mwh : sequence of float
    yield_mwh : float
        What the new PV yields in a year.
    subsidised : bool
    """
    rows = []
    for cost in battery_costs:
        capital = business.capital_jpy(battery_cost=cost)
        capital -= business.subsidy_jpy(battery_cost=cost) if subsidised else 0.0
        yearly = [sum(business.yearly_jpy(own, max(yield_mwh - own, 0.0)).values()) for own in own_mwh]
        rows.append([payback_years(capital, each) for each in yearly])
    return rows
