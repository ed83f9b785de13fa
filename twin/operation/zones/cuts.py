"""Who gives how much of a cut: one cap for all, in proportion to the output, or the last connected first."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Cut = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""``cut(output_mw, contract_mw, effect, excess_mw)``: see `uniform`."""


def uniform(output_mw: np.ndarray, contract_mw: np.ndarray, effect: np.ndarray, excess_mw: np.ndarray) -> np.ndarray:
    """Return the cut by one cap on output over contract that takes an excess off a measured flow.

    Parameters
    ----------
    output_mw : numpy.ndarray, (M, U)
        What the units feed in, one situation a row.
    contract_mw : numpy.ndarray, (U,) or (M, U)
        Contracts; for `last_first` the units stand in the order of cuts, the first is cut first.
    effect : numpy.ndarray, (U,) or (M, U)
        Change of the measured flow for a MW more of a unit, at least 0; units with 0 are not cut.
    excess_mw : numpy.ndarray, (M,)
        How much the flow has to fall; 0 or less: nothing is cut.

    Returns
    -------
    numpy.ndarray, (M, U)
        MW; all output of the units where that does not suffice.
    """
    counts = (effect > 0.0) & (contract_mw > 0.0)
    share = np.divide(output_mw, contract_mw, out=np.zeros_like(output_mw), where=counts)
    order = np.argsort(-share, axis=1, kind="stable")
    of_unit = np.broadcast_to(effect * contract_mw, output_mw.shape)
    sorted_share, weight = (np.take_along_axis(values, order, 1) for values in (share, of_unit))
    # relief when the cap stands at the share of each unit: all those above it are lowered to it
    above, worth = np.cumsum(weight, axis=1), np.cumsum(weight * sorted_share, axis=1)
    next_share = np.pad(sorted_share[:, 1:], ((0, 0), (0, 1)))
    relief = worth - above * next_share
    k = np.minimum((relief < excess_mw[:, None]).sum(axis=1), output_mw.shape[1] - 1)[:, None]
    at_k, worth_k = np.take_along_axis(above, k, 1)[:, 0], np.take_along_axis(worth, k, 1)[:, 0]
    cap = np.divide(worth_k - excess_mw, at_k, out=np.zeros_like(excess_mw), where=at_k > 0.0)
    none_is_cut = 1.0 + sorted_share[:, 0]
    cap = np.where(excess_mw > 0.0, np.maximum(cap, 0.0), none_is_cut)[:, None]
    return np.where(effect > 0.0, np.maximum(output_mw - cap * contract_mw, 0.0), 0.0)


def pro_rata(output_mw: np.ndarray, contract_mw: np.ndarray, effect: np.ndarray, excess_mw: np.ndarray) -> np.ndarray:
    """Return the cut as the same share of every unit's present output; see `uniform`."""
    relief = (output_mw * effect).sum(axis=1)
    share = np.divide(np.maximum(excess_mw, 0.0), relief, out=np.zeros_like(relief), where=relief > 0.0)
    return np.where(effect > 0.0, output_mw * np.minimum(share, 1.0)[:, None], 0.0)


def last_first(output_mw: np.ndarray, contract_mw: np.ndarray, effect: np.ndarray, excess_mw: np.ndarray) -> np.ndarray:
    """Return the cut that takes all of the first unit before the next gives anything; see `uniform`."""
    relief = output_mw * effect
    taken_before = np.cumsum(relief, axis=1) - relief
    wanted = np.clip(np.maximum(excess_mw, 0.0)[:, None] - taken_before, 0.0, relief)
    cut: np.ndarray = np.divide(wanted, effect, out=np.zeros_like(wanted), where=effect > 0.0)
    return cut


RULES: dict[str, Cut] = {"uniform": uniform, "pro_rata": pro_rata, "lifo": last_first}
"""The orders of cuts that ``zones.csv`` may name."""
