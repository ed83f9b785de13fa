"""Which half-hours of a day a battery trades: the cheapest against the dearest, as long as the spread pays."""

from __future__ import annotations

import numpy as np


def traded(
    price: np.ndarray, into_store: np.ndarray, out_of_store: np.ndarray, capacity: float, round_trip: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return what is put into a store in the cheapest half-hours and taken out of it in the dearest.

    The cheapest half-hour is paired with the dearest, and so on inwards; a pair is traded where the dear price times
    the round-trip efficiency is above the cheap one. The day is taken as a circle: what is stored at noon may be used
    on the next morning.

    Parameters
    ----------
    price : numpy.ndarray, (H,)
        Not negative.
    into_store, out_of_store : numpy.ndarray, (H,)
        Most energy that can be put in and taken out in each half-hour, counted inside the store.
    capacity : float
        Most energy that is traded, in the same unit.
    round_trip : float
        Energy out over energy in, both outside the store.

    Returns
    -------
    put_in, taken_out : numpy.ndarray, (H,)
        Counted inside the store; their sums are equal, and no half-hour has both.
    """
    cheapest, dearest = np.argsort(price, kind="stable"), np.argsort(-price, kind="stable")
    filled, emptied = np.cumsum(into_store[cheapest]), np.cumsum(out_of_store[dearest])
    most = min(capacity, filled[-1], emptied[-1])
    steps = np.concatenate([filled, emptied, [most]])
    steps = steps[(steps > 0.0) & (steps <= most)]
    buys = price[cheapest[np.searchsorted(filled, steps)]]
    sells = price[dearest[np.searchsorted(emptied, steps)]]
    energy = steps[sells * round_trip > buys].max(initial=0.0)
    put_in, taken_out = np.zeros(len(price)), np.zeros(len(price))
    put_in[cheapest] = np.clip(energy - (filled - into_store[cheapest]), 0.0, into_store[cheapest])
    taken_out[dearest] = np.clip(energy - (emptied - out_of_store[dearest]), 0.0, out_of_store[dearest])
    return put_in, taken_out
