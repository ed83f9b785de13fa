"""The plan's free hour (P61) as price ratios."""

from __future__ import annotations

import numpy as np

from twin.clock import HALF_HOURS_OF_DAY

COMPARED = slice(22, 24)
"""Half-hours of 11 to 12 h."""
FREE = slice(24, 26)
"""Half-hours of 12 to 13 h."""


def free_hour_price_ratio() -> np.ndarray:
    """Return the marginal retail price of each half-hour of a day over the usual one, (48,).

    A customer pays nothing at 12 to 13 h for what exceeds his use at 11 to 12 h, so the bill of the two hours is
    ``price * (use_11 + min(use_11, use_12))``. Where ``use_12 > use_11``, a kWh more at 12 h costs nothing and a kWh
    more at 11 h costs twice its price, as it also lowers what is free.
    """
    ratio = np.ones(HALF_HOURS_OF_DAY)
    ratio[COMPARED] = 2.0
    ratio[FREE] = 0.0
    return ratio
