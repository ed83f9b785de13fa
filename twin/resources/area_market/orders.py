"""Which plant gives way for the balance of the area, physically and in the settlement, under which rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.core.clock import DEFAULT_CLOCK, Clock, step_hours
from twin.core.random_streams import stream
from twin.core.tables import Tables
from twin.resources.area_market.balance import area_parameter
from twin.resources.calendar import day_number

DAYS, HOURS = "days", "hours"
"""What a cap counts in a fiscal year: days with a cut, or hours times the share that is cut."""

NO_CAP = (np.inf, HOURS)


@dataclass(frozen=True)
class Rules:
    """Rules in force in a fiscal year.

    Attributes
    ----------
    fip_share : float
        FIP over all controllable PV and wind of the area.
    fit_first : bool
        FIT plants are cut to the last before FIP plants are.
    by_proxy : float
        Share of the offline PV's calls that online PV carries out.
    online_share : float
        Online over all controllable PV of the area.
    largest_share : float
        Deepest cut of the plants that come first.
    caps : mapping of (area rule, kind) to (cap, what it counts)
    """

    fip_share: float
    fit_first: bool
    by_proxy: float
    online_share: float
    largest_share: float
    caps: Mapping[tuple[str, str], tuple[float, str]]

    @property
    def proxy_factor(self) -> float:
        """What online PV is cut in fact over its own part."""
        return 1 + self.by_proxy * (1 - self.online_share) / self.online_share

    def by_scheme(self, share: np.ndarray) -> dict[str, np.ndarray]:
        """Return the shares of FIT plants and of all others that together make `share` of all; (T,) each."""
        if not self.fit_first or self.fip_share == 0:
            return {"FIT": share, "FIP": share}
        alone, deepest = share / (1 - self.fip_share), np.maximum(self.largest_share, share)
        rest = (share - (1 - self.fip_share) * deepest) / self.fip_share
        return {"FIT": np.minimum(alone, deepest), "FIP": np.where(alone > deepest, rest, 0.0)}

    def cap(self, area_rule: str, kind: str, scheme: str) -> tuple[float, str]:
        """Return the cap of a plant in a fiscal year and what it counts; a plant in FIP has lost it."""
        return NO_CAP if scheme == "FIP" else self.caps.get((area_rule, kind), NO_CAP)


def rules_of(tables: Tables, index: pd.DatetimeIndex, clock: Clock = DEFAULT_CLOCK) -> Rules:
    """Return the rules of the fiscal year in which `index` begins (``area_rule_dates.csv``)."""
    fiscal_year = clock.fiscal_year_at(index[0])
    since = tables["area_rule_dates"].set_index("rule")["fiscal_year_from"]
    fip_share = area_parameter(tables, "fip_share")
    fit_first = fiscal_year >= since["fit_before_fip"] and fip_share < area_parameter(tables, "fip_share_end")
    return Rules(
        fip_share=fip_share,
        fit_first=bool(fit_first),
        by_proxy=area_parameter(tables, "offline_by_proxy_share") if fiscal_year >= since["online_proxy"] else 0.0,
        online_share=area_parameter(tables, "online_share"),
        largest_share=tables.value("area_balance_largest_share"),
        caps={
            ("old", "pv"): (area_parameter(tables, "cap_old_days"), DAYS),
            ("old", "wind"): (area_parameter(tables, "cap_old_days"), DAYS),
            ("new", "pv"): (area_parameter(tables, "cap_new_hours_pv"), HOURS),
            ("new", "wind"): (area_parameter(tables, "cap_new_hours_wind"), HOURS),
        },
    )


@dataclass(frozen=True)
class PlantOrders:
    """Shares of each plant's output, (T, P) 0..1: cut in fact, and cut as far as the payment goes."""

    physical: np.ndarray
    settled: np.ndarray


@dataclass(frozen=True)
class _Order:
    """What the area wants of the plants of a kind and scheme: shares (T,), and their output (T,) as weight."""

    settled: np.ndarray
    physical: np.ndarray
    output_mw: np.ndarray


@dataclass(frozen=True)
class _Days:
    """Day number and offline window of each step, and the step length."""

    number: np.ndarray
    in_window: np.ndarray
    hours: float

    @property
    def window_hours(self) -> float:
        """Length of the window of a day."""
        return float(self.in_window[self.number == 0].sum() * self.hours)


def plant_orders(
    tables: Tables,
    index: pd.DatetimeIndex,
    cut_pv: np.ndarray,
    cut_wind: np.ndarray,
    available_mw: np.ndarray,
    plants: pd.DataFrame,
    *,
    seed: int,
    weather_year: int,
    clock: Clock = DEFAULT_CLOCK,
) -> PlantOrders:
    """Return the orders of all plants of a fiscal year.

    Online plants follow the area's share step by step. Offline plants are called for the whole window (8-16 h)
    of a day, in rotation: the whole steps of the running sum of the day's share, from a start drawn per plant, so that
    over many plants as much energy is called as online control would take. Where proxies are in force, offline PV runs
    on, the online PV is cut for it too, and only the settlement knows the call. Old-rule online plants go in rotation
    as well, because a day counts whole whatever is cut on it: on a day on which they are called they stop as long as
    the area cuts at all. Who has used up the cap of the fiscal year is not called any more, and nobody on the islands
    is cut in its stead.

    Parameters
    ----------
    tables : Tables
    index : pandas.DatetimeIndex
        (T,), one fiscal year.
    cut_pv, cut_wind : numpy.ndarray
        (T,) share of the area's controllable output, from `twin.resources.area_market.balance.area_year` or measured.
    available_mw : numpy.ndarray
        (T, P) output of the plants.
    plants : pandas.DataFrame
        `GridModel.plants`: ``kind area_rule area_control scheme``.
    seed, weather_year : int
        Key of each plant's rotation.
    clock : Clock
        Says in which fiscal year the index begins.

    Returns
    -------
    PlantOrders
    """
    physical, settled = np.zeros(available_mw.shape), np.zeros(available_mw.shape)
    rules, days = rules_of(tables, index, clock), _days(tables, index)
    for kind, share in (("pv", cut_pv), ("wind", cut_wind)):
        of_kind = controllable(plants, kind)
        output = available_mw[:, of_kind].sum(axis=1)
        orders = {scheme: _order(kind, part, output, rules) for scheme, part in rules.by_scheme(share).items()}
        for column in np.flatnonzero(of_kind):
            row = plants.iloc[column]
            order = orders["FIT" if row["scheme"] == "FIT" else "FIP"]
            key = (seed, weather_year, str(plants.index.to_numpy()[column]))
            physical[:, column], settled[:, column] = _of_plant(row, order, days, rules, key)
    return PlantOrders(physical, settled)


def controllable(plants: pd.DataFrame, kind: str) -> np.ndarray:
    """Return which plants of a kind take part in area balance; (P,) bool."""
    part = (plants["area_rule"] != "exempt") & (plants["area_control"] != "none")
    return ((plants["kind"] == kind) & part).to_numpy()


def _days(tables: Tables, index: pd.DatetimeIndex) -> _Days:
    hour = index.hour.to_numpy()
    in_window = (hour >= tables.value("offline_first_hour")) & (hour < tables.value("offline_last_hour"))
    return _Days(day_number(index), in_window, step_hours(index))


def _order(kind: str, share: np.ndarray, output_mw: np.ndarray, rules: Rules) -> _Order:
    """Return the order of a kind; online PV is cut in place of the offline PV too."""
    instead = rules.proxy_factor if kind == "pv" else 1.0
    return _Order(share, np.minimum(instead * share, 1.0), output_mw)


def _of_plant(
    row: pd.Series, order: _Order, days: _Days, rules: Rules, key: tuple[int, int, str]
) -> tuple[np.ndarray, np.ndarray]:
    seed, weather_year, plant = key
    start = stream(seed, "offline rotation", weather_year, plant).random()
    cap, unit = rules.cap(str(row["area_rule"]), str(row["kind"]), str(row["scheme"]))
    if row["area_control"] == "offline":
        most = cap if unit == DAYS else np.floor(cap / days.window_hours)
        called = _rotation(_share_of(order.settled, days.in_window, order, days), start, most)
        by_hand = called
        if row["kind"] == "pv":
            drawn = stream(seed, "offline proxy", weather_year, plant).random(len(called))
            by_hand = called & (drawn >= rules.by_proxy)
        return (by_hand[days.number] & days.in_window) * 1.0, (called[days.number] & days.in_window) * 1.0
    if unit == DAYS and np.isfinite(cap):
        period = order.physical > 0
        called = _rotation(_share_of(order.physical, period, order, days), start, cap)[days.number] & period
        paid_for = np.divide(order.settled, order.physical, out=np.zeros(len(called)), where=called)
        return called * 1.0, paid_for
    left = 1.0 if not np.isfinite(cap) else _left_of_hours(order.settled, cap, days.hours)
    return order.physical * left, order.settled * left


def _share_of(wanted: np.ndarray, period: np.ndarray, order: _Order, days: _Days) -> np.ndarray:
    """Return the energy wanted on each day over the energy of the period (T,) bool; (D,) at most 1."""
    ordered = np.bincount(days.number, wanted * order.output_mw)
    within = np.bincount(days.number, np.where(period, order.output_mw, 0.0))
    return np.minimum(np.divide(ordered, within, out=np.zeros_like(ordered), where=within > 0), 1.0)


def _rotation(wanted: np.ndarray, start: float, most: float) -> np.ndarray:
    """Return on which days a plant is called: the whole steps of the running sum, the first `most` of them; (D,)."""
    called = np.diff(np.floor(np.cumsum(wanted) + start), prepend=np.floor(start)) > 0
    return called & (np.cumsum(called) <= most)


def _left_of_hours(share: np.ndarray, cap_hours: float, hours: float) -> np.ndarray:
    """Return which part of each step's cut stays within the cap; a step counts its length times the share; (T,)."""
    used = np.cumsum(share) * hours
    step = share * hours
    within = np.clip(cap_hours - (used - step), 0, step)
    return np.divide(within, step, out=np.ones_like(step), where=step > 0)
