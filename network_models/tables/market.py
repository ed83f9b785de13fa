"""The market around the island: area balance, prices, forecasts, measured series, buyers of the plants' energy."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from network_models.tables.columns import HOURS, Flag, Month, Row, maybe, number, refers, whole, with_columns
from twin.core.errors import Problem

if TYPE_CHECKING:
    import pandas as pd


class AreaMonth(Month):
    """The area around the island in a month."""

    must_run_mw: float = number("MW", ge=0)
    local_ghi_kwh_m2_day: float = number("kWh/m2", gt=0)
    sun_spread: float = number(ge=0)
    sun_highest: float = number(gt=0)
    wind_mw: float = number("MW", ge=0)


SunHours = with_columns("SunHours", Month, HOURS)


class AreaNuclear(Month):
    """Nuclear output of the area in a month."""

    nuclear_mw: float = number("MW", ge=0)


class AreaExport(Month):
    """What the area's interconnector takes at most."""

    export_mw: float = number("MW", ge=0)


class RuleDate(Row):
    """From which fiscal year a rule of area balance is in force."""

    rule: Literal["online_proxy", "fit_before_fip"]
    fiscal_year_from: int = whole("year")


class PriceMonth(Month):
    """Usual area price of a month."""

    price_jpy_per_kwh: float = number("currency/kWh", ge=0)


class PricePoint(Row):
    """Price over the month's usual one at a net demand of the area."""

    net_demand_mw: float = number("MW")
    price_ratio: float = number(ge=0)


class ForecastError(Row):
    """How large forecast errors are."""

    quantity: Literal["pv", "wind", "demand"]
    sd_1h: float = number(ge=0)
    sd_6h: float = number(ge=0)
    sd_24h: float = number(ge=0)
    bias_24h: float = number()
    correlation: float = number(ge=0, lt=1)
    slow_share: float = number(ge=0, le=1)
    slow_correlation: float = number(ge=0, lt=1)


class MeasuredFile(Row):
    """A layout of files of measured series: what stamps a row, what a time marks, and the step.

    ``label_from`` = ``column``: the column's name says what a time marks; ``publisher``: files that go round have other
    labels too, so that the first time of the days decides, and the publisher's ``label`` where it does not.
    """

    layout: str
    file: Literal["area", "forecast", "price"]
    time_columns: str
    label: Literal["start", "end", "slot"]
    label_from: Literal["column", "publisher"]
    step_minutes: int = whole("min", ge=1, le=60)


class MeasuredColumn(Row):
    """A quantity of measured series, how its column is called in the layouts (``|`` between), and what is possible."""

    file: Literal["area", "forecast", "price"]
    quantity: str
    columns: str
    unit: str
    lowest: float = number()
    highest: float = number()
    mean_low: float = number()
    mean_high: float = number()


class BuyerRow(Row):
    """A buyer of the plants' energy; the lowest rank is served first, what nobody asks for is the market's."""

    buyer_id: str
    name_en: str
    name_ja: str
    is_local: Flag
    rank: int = whole(ge=1)
    demand: Literal["municipality", "own"]
    yearly_mwh: float | None = maybe("MWh", ge=0)
    energy_price: float | None = maybe("JPY/kWh")
    energy_adder: float = number("JPY/kWh")
    certificate_price: float = number("JPY/kWh", ge=0)
    fund_price: float = number("JPY/kWh", ge=0)


class SupplyContract(Row):
    """A share of a plant's energy and certificates that a buyer has bought before any matching."""

    plant: str = refers("plants.plant_id")
    buyer: str = refers("buyers.buyer_id")
    share_percent: float = number("%", gt=0, le=100)


ANY, NOT_NEGATIVE, PERCENT, YEARS = (-math.inf, math.inf), (0.0, math.inf), (0.0, 100.0), (1.0, 100.0)
POSSIBLE: dict[str, dict[str, tuple[float, float]]] = {
    "market": dict.fromkeys(
        ("retail_price", "wholesale_price", "nonfossil_wholesale_price", "nonfossil_sale_price",
         "nonfossil_nonfit_price", "nonfossil_fit_price", "ppa_price", "ppa_surplus_price", "surplus_price_battery",
         "surplus_price_plain", "battery_lease", "ppa_running_cost", "wheeling_low_voltage",
         "wheeling_generation_energy", "wheeling_generation_power", "up_dr_wheeling", "fip_floor_price",
         "fip_balancing_cost"), ANY,
    ) | {
        "loss_low_voltage_percent": (0.0, 99.0), "aggregator_share_of_fip_gain": (0.0, 1.0), "free_hour": (0.0, 23.0),
        "wheeling_generation_from_year": (1990.0, 2100.0),
    },
    "investment": {
        "pv_cost": NOT_NEGATIVE, "battery_cost": NOT_NEGATIVE, "battery_subsidy": PERCENT, "pv_subsidy": PERCENT,
        "pv_life": YEARS, "battery_life": YEARS, "contract_years": YEARS, "stated_own_use": NOT_NEGATIVE,
        "stated_surplus": NOT_NEGATIVE,
    },
    "matching": {"emission_factor": NOT_NEGATIVE, "imbalance_spread": ANY, "local_ownership": PERCENT},
}  # fmt: skip
"""Rows that a table of money must have, and between which ends each value and its range must lie; prices anywhere."""


def money_problems(tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    """Yield rows that a table of money lacks, and values that cannot be, a study's own values in place.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Tables of an island, which may leave these out.
    """
    for table, rows in POSSIBLE.items():
        if table not in tables:
            continue
        numbers = tables[table].set_index("name")[["value", "low", "high"]].astype(float)
        for name, (least, most) in rows.items():
            where = f"{table}.csv, row {name}"
            if name not in numbers.index:
                others = ", ".join(sorted(set(numbers.index) - set(rows)))
                repair = f"add the row {name}" + (f", or correct one of {others}" if others else "")
                yield Problem("the row is missing", f"{table}.csv, column name", "", name, repair)
                continue
            for column, value in zip(numbers.columns, numbers.loc[name].to_numpy(float), strict=True):
                if not (math.isnan(value) or least <= value <= most):
                    accepted = f"at least {least:g}" if math.isinf(most) else f"{least:g} to {most:g}"
                    repair = f"correct it, in the table or in [inputs.{table}] of the study"
                    yield Problem("the value is not possible", f"{where}, column {column}", f"{value:g}", accepted,
                                  repair)  # fmt: skip
