"""Prices and rules of the market, and the premium of FIP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.core.clock import HALF_HOURS_OF_DAY, MONTHS_OF_YEAR
from twin.core.errors import InputError, Problem


@dataclass(frozen=True)
class Market:
    """Prices and rules in force.

    Attributes
    ----------
    values : mapping of str to float
        By name, see ``market.csv`` of the network.
    sites_with_battery : int
        Small sites whose battery the aggregator runs.
    home_mwh : float
        Yearly use of the homes with monitors, before they respond to anything.
    previous_price : numpy.ndarray, optional
        (12, 48) area price of the fiscal year before by calendar month and half-hour of the day, see `price_matrix`;
        None takes the year before to have been like this one.
    """

    values: Mapping[str, float]
    sites_with_battery: int = 0
    home_mwh: float = 0.0
    previous_price: np.ndarray | None = None

    def __getitem__(self, name: str) -> float:
        """Return a price or rule.

        Raises
        ------
        InputError
            Where the table has no row of that name.
        """
        if name not in self.values:
            raise InputError([Problem("no such price", "market.csv", name, ", ".join(self.values), "add the row")])
        return float(self.values[name])

    def base_price(self, plant: str, kind: str) -> float:
        """Return the FIT price of a plant, which FIP takes as its base: its own row, else that of its kind."""
        own = f"base_price_{plant}"
        return self[own if own in self.values else f"base_price_{kind}"]


def price_matrix(index: pd.DatetimeIndex, price_jpy_per_kwh: np.ndarray) -> np.ndarray:
    """Return the mean price by calendar month and half-hour of the day, (12, 48); NaN where there is none.

    Parameters
    ----------
    index : pandas.DatetimeIndex
        (T,).
    price_jpy_per_kwh : numpy.ndarray
        (T,).
    """
    cell = month_cell(index.month.to_numpy(), (index.hour * 2 + index.minute // 30).to_numpy())
    return cell_means(cell, price_jpy_per_kwh)


def month_cell(month: np.ndarray, half_hour: np.ndarray) -> np.ndarray:
    """Return the position of each step among the 12 x 48 cells of month (1 .. 12) and half-hour of the day."""
    result: np.ndarray = (month - 1) * HALF_HOURS_OF_DAY + half_hour
    return result


def cell_means(cell: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the mean of (T,) values in each cell, (12, 48); NaN in cells without a step."""
    cells = MONTHS_OF_YEAR * HALF_HOURS_OF_DAY
    count = np.bincount(cell, minlength=cells)
    sums = np.bincount(cell, values, cells)
    means = np.divide(sums, count, out=np.full(cells, np.nan), where=count > 0)
    result: np.ndarray = means.reshape(MONTHS_OF_YEAR, HALF_HOURS_OF_DAY)
    return result


FLOOR_MARGIN = 1e-6
"""Prices up to this above the floor count as floor prices."""


def at_floor(market: Market, price_jpy_per_kwh: np.ndarray) -> np.ndarray:
    """Return the half-hours at the floor price, (T,) bool."""
    return price_jpy_per_kwh <= market["fip_floor_price"] + FLOOR_MARGIN


def reference_price(
    market: Market, month: np.ndarray, half_hour: np.ndarray, price: np.ndarray, generation: np.ndarray
) -> np.ndarray:
    """Return the reference price of each month for one kind of source.

    Mean of the previous year + (mean of the month - mean of the same month of the previous year) + non-fossil value -
    balancing cost. Means are weighted by the usual course of the source's generation: its sum by month and half-hour
    of the day, the same for both years.

    Parameters
    ----------
    market : Market
    month, half_hour : numpy.ndarray, (T,) int
        1 .. 12, 0 .. 47.
    price : numpy.ndarray, (T,)
        Area price, JPY/kWh.
    generation : numpy.ndarray, (T,)
        Of all plants of the kind, not negative.

    Returns
    -------
    numpy.ndarray
        (12,) JPY/kWh, January first; NaN in months without a half-hour.

    Notes
    -----
    Rule: docs/goto_facts.md 7 (FIP).
    """
    cell = month_cell(month, half_hour)
    now = cell_means(cell, price)
    before = now if market.previous_price is None else market.previous_price
    before = np.where(np.isnan(now), np.nan, before)
    course = np.bincount(cell, generation, MONTHS_OF_YEAR * HALF_HOURS_OF_DAY).reshape(now.shape)
    weight = np.where(course.sum(axis=1, keepdims=True) > 0.0, course, (~np.isnan(now)).astype(float))
    weight_of_year = course if course.sum() > 0.0 else (~np.isnan(now)).astype(float)
    correction = _mean(now, weight, 1) - _mean(before, weight, 1)
    of_year = float(_mean(before, weight_of_year, None))
    result: np.ndarray = of_year + correction + market["nonfossil_nonfit_price"] - market["fip_balancing_cost"]
    return result


def _mean(values: np.ndarray, weight: np.ndarray, axis: int | None) -> np.ndarray:
    total = weight.sum(axis=axis)
    sums = np.asarray(np.nansum(values * weight, axis=axis))
    result: np.ndarray = np.divide(sums, total, out=np.full(sums.shape, np.nan), where=np.asarray(total) > 0.0)
    return result


def premium_price(
    base_price: float, reference: np.ndarray, month: np.ndarray, floor: np.ndarray, generation: np.ndarray
) -> np.ndarray:
    """Return the premium per kWh of each half-hour.

    Zero at the floor price; what is not paid there is spread over the rest of the month: the monthly premium times all
    generation of the kind over its generation above the floor. Never negative.

    Parameters
    ----------
    base_price : float
        Of the plant, JPY/kWh.
    reference : numpy.ndarray, (12,)
    month : numpy.ndarray, (T,) int
        1 .. 12.
    floor : numpy.ndarray, (T,) bool
    generation : numpy.ndarray, (T,)
        Of all plants of the kind.

    Returns
    -------
    numpy.ndarray
        (T,) JPY/kWh.
    """
    everything = np.bincount(month - 1, generation, MONTHS_OF_YEAR)
    above = np.bincount(month - 1, generation * ~floor, MONTHS_OF_YEAR)
    spread = np.divide(everything, above, out=np.zeros(MONTHS_OF_YEAR), where=above > 0.0)
    of_month = np.nan_to_num(np.maximum(base_price - reference, 0.0)) * spread
    return np.where(floor, 0.0, of_month[month - 1])
