"""Continuous ratings of branch ends, so that loading is the same number as pandapower's ``loading_percent``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pandapower import pandapowerNet

from twin.powerflow.network import Network


@dataclass(frozen=True)
class Ratings:
    """Largest current of each branch end, per unit of the node's voltage base; infinite where none is given.

    Attributes
    ----------
    from_pu, to_pu : numpy.ndarray, (E,)
    """

    from_pu: np.ndarray
    to_pu: np.ndarray


def ratings(net: pandapowerNet, network: Network) -> Ratings:
    """Return the ratings of `network`'s branches.

    Lines: ``max_i_ka * df * parallel``; transformers: ``sn_mva * parallel * df`` at the rated voltage of each side (as
    ``runpp(trafo_loading="current")``); three-winding transformers: the rated power of the side at that side's end.
    """
    size = len(network.branch_from)
    from_ka, to_ka = np.full(size, np.inf), np.full(size, np.inf)
    for (table, side), i_ka in rated_currents_ka(net).items():
        column, end = END_OF_SIDE[table, side]
        rows = network.branch_rows[table][:, column]
        (to_ka if end else from_ka)[rows[rows >= 0]] = np.where(np.isnan(i_ka), np.inf, i_ka)[rows >= 0]
    base_ka = network.base_mva / np.sqrt(3.0) / network.vn_kv
    return Ratings(from_ka / base_ka[network.branch_from], to_ka / base_ka[network.branch_to])


END_OF_SIDE = {
    ("line", "from"): (0, 0), ("line", "to"): (0, 1), ("trafo", "hv"): (0, 0), ("trafo", "lv"): (0, 1),
    ("trafo3w", "hv"): (0, 0), ("trafo3w", "mv"): (1, 1), ("trafo3w", "lv"): (2, 1),
    ("impedance", "from"): (0, 0), ("impedance", "to"): (0, 1),
}  # fmt: skip
"""Which of an element's branches a side belongs to, and which end of it (0 from, 1 to)."""


def rated_currents_ka(net: pandapowerNet) -> dict[tuple[str, str], np.ndarray]:
    """Return the rated current of each element by table and side, (L,); not a number where none is given."""
    line, trafo, trafo3w = net.line, net.trafo, net.trafo3w
    of_line = (line.max_i_ka * line.df * line.parallel).to_numpy(float)
    rated = {("line", "from"): of_line, ("line", "to"): of_line}
    for side in ("hv", "lv"):
        rated_mva = trafo.sn_mva * trafo.parallel * trafo.df
        rated["trafo", side] = (rated_mva / np.sqrt(3.0) / trafo[f"vn_{side}_kv"]).to_numpy(float)
    for side in ("hv", "mv", "lv"):
        rated["trafo3w", side] = (trafo3w[f"sn_{side}_mva"] / np.sqrt(3.0) / trafo3w[f"vn_{side}_kv"]).to_numpy(float)
    return rated
