"""Numbers as a reader expects them: sensible digits, thousands separated, a true minus."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from twin.core.quantities import MONEY

MINUS = "\u2212"
NOT_DEFINED = "–"

MILLION_MONEY = "million_money"
"""Unit of amounts that are shown in millions of the island's currency."""
DIGITS = {
    "MWh": 0,
    MONEY: 0,
    "%": 1,
    "h": 1,
    "d": 0,
    "min": 0,
    "A": 0,
    "degree C": 1,
    "MW": 1,
    MILLION_MONEY: 2,
    "pu": 3,
    "count": 0,
}
"""Digits after the point by unit."""
NEVER_MORE = ("count", "h", "d", "MW", MILLION_MONEY)
"""Units whose small values get no more digits: finer ones say nothing."""
SMALLEST_SHOWN = 5e-5
"""Below it a number is rounding noise and shown as zero."""
LEAST_SHARE = 0.001
WHOLE_ENOUGH = 10.0
"""Millions from here on are told with a digit less."""
SEPARATED_FROM = 10_000
"""Raw values below it have no thousands separator: some are years."""


def fixed(value: float, digits: int) -> str:
    """Return `value` with a fixed number of digits, thousands separated by commas; never a negative zero."""
    if not math.isfinite(value):
        return NOT_DEFINED
    text = f"{abs(value):,.{digits}f}"
    is_zero = not text.strip("0.,")
    return text if value >= 0 or is_zero else MINUS + text


def quantity(value: float, unit: str) -> str:
    """Return `value` with the digits of its unit; a small energy, share or voltage with two significant digits."""
    return fixed(value, _digits(value, unit))


def difference(value: float, unit: str) -> str:
    """Return `value` like `quantity`, with a plus where it is positive."""
    text = quantity(value, unit)
    return f"+{text}" if value > 0 and text.strip("0.,") else text


def share(percent: float | None) -> str:
    """Return a share in percent with at most three digits after the point; less than half the last is said to be so."""
    if percent is None or not math.isfinite(percent):
        return NOT_DEFINED
    if 0.0 < percent < LEAST_SHARE / 2:
        return f"<{LEAST_SHARE}"
    size = abs(percent)
    return fixed(percent, 0 if size == 0.0 else 3 if size < 0.1 else 2 if size < 10.0 else 1)


def _digits(value: float, unit: str) -> int:
    digits = DIGITS.get(unit, 2)
    if unit == MILLION_MONEY and abs(value) >= WHOLE_ENOUGH:
        return digits - 1
    if unit in NEVER_MORE or not abs(value) >= SMALLEST_SHOWN:
        return digits
    return max(digits, 1 - math.floor(math.log10(abs(value))))


def span(values: Iterable[float], unit: str, between: str) -> str:
    """Return the smallest and largest of `values`, or the one that they share.

    Parameters
    ----------
    values : iterable of float
        NaN is left out.
    unit : str
        Unit of `twin.core.quantities`.
    between : str
        What stands between both, e.g. ``" to "``.
    """
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return NOT_DEFINED
    digits = min(_digits(value, unit) for value in (min(finite), max(finite)))
    low, high = (_end(value, digits, unit) for value in (min(finite), max(finite)))
    return low if low == high else f"{low}{between}{high}"


def _end(value: float, digits: int, unit: str) -> str:
    """Return the end of a range; one that would be rounded to zero is said to be below the last digit, not nothing."""
    step = 10.0**-digits
    is_told = unit not in NEVER_MORE and SMALLEST_SHOWN <= value < step / 2
    return f"<{fixed(step, digits)}" if is_told else fixed(value, digits)


def plain(value: object) -> str:
    """Return a table's raw value: numbers, also those written as text, with a true minus and without a needless .0."""
    if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
        return NOT_DEFINED
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:{',' if abs(value) >= SEPARATED_FROM else ''}.6g}".replace("-", MINUS)
    text = str(value)
    return MINUS + text[1:] if re.fullmatch(r"-[0-9.]+", text) else text


def scientific(value: float) -> str:
    """Return a very small or very large number with two significant digits, e.g. "3.2e−9"."""
    return f"{value:.2g}".replace("-", MINUS) if math.isfinite(value) else NOT_DEFINED
