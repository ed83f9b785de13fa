"""Continuous ratings of branch ends, so that loading is the same number as pandapower's ``loading_percent``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
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
    from_pu, to_pu = (np.full(len(network.branch_from), np.inf) for _ in range(2))
    vn_kv = net.bus.vn_kv

    def put(limits: np.ndarray, rows: np.ndarray, i_ka: pd.Series, bus: pd.Series) -> None:
        live = rows >= 0
        base_ka = network.base_mva / np.sqrt(3.0) / vn_kv.loc[bus].to_numpy(float)
        limits[rows[live]] = (i_ka.to_numpy(float) / base_ka)[live]

    line, rows = net.line, network.branch_rows["line"]
    if len(line):
        i_ka = line.max_i_ka * line.df * line.parallel
        put(from_pu, rows[:, 0], i_ka, line.from_bus)
        put(to_pu, rows[:, 0], i_ka, line.to_bus)
    trafo, rows = net.trafo, network.branch_rows["trafo"]
    if len(trafo):
        rated_mva = trafo.sn_mva * trafo.parallel * trafo.get("df", 1.0)
        put(from_pu, rows[:, 0], rated_mva / np.sqrt(3.0) / trafo.vn_hv_kv, trafo.hv_bus)
        put(to_pu, rows[:, 0], rated_mva / np.sqrt(3.0) / trafo.vn_lv_kv, trafo.lv_bus)
    trafo3w, rows = net.trafo3w, network.branch_rows["trafo3w"]
    if len(trafo3w):
        for column, side in enumerate(("hv", "mv", "lv")):
            i_ka = trafo3w[f"sn_{side}_mva"] / np.sqrt(3.0) / trafo3w[f"vn_{side}_kv"]
            put(from_pu if side == "hv" else to_pu, rows[:, column], i_ka, trafo3w[f"{side}_bus"])
    return Ratings(from_pu, to_pu)
