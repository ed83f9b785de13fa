"""The premium of FIP: a price per month, paid in half-hours above the floor only."""

from __future__ import annotations

import numpy as np

from twin.clock import HALF_HOURS_OF_DAY, MONTHS_OF_YEAR
from twin.value.market import Market, cell_means, month_cell

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
    Rule: facts dossier, section 7 (FIP).
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
    return of_year + correction + market["nonfossil_nonfit_price"] - market["fip_balancing_cost"]


def _mean(values: np.ndarray, weight: np.ndarray, axis: int | None) -> np.ndarray:
    total = weight.sum(axis=axis)
    sums = np.asarray(np.nansum(values * weight, axis=axis))
    return np.divide(sums, total, out=np.full(sums.shape, np.nan), where=np.asarray(total) > 0.0)


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
