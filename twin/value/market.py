"""Prices and rules of the market, and what stands behind the meters that no table tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.clock import HALF_HOURS_OF_DAY, MONTHS_OF_YEAR
from twin.errors import InputError, Problem


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
    return (month - 1) * HALF_HOURS_OF_DAY + half_hour


def cell_means(cell: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the mean of (T,) values in each cell, (12, 48); NaN in cells without a step."""
    cells = MONTHS_OF_YEAR * HALF_HOURS_OF_DAY
    count = np.bincount(cell, minlength=cells)
    sums = np.bincount(cell, values, cells)
    means = np.divide(sums, count, out=np.full(cells, np.nan), where=count > 0)
    return means.reshape(MONTHS_OF_YEAR, HALF_HOURS_OF_DAY)
