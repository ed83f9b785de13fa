"""The link's cable on its own: two stiff ends and 53 km of one circuit, solved by pandapower."""

from __future__ import annotations

import numpy as np
import pandapower as pp
from scipy.optimize import brentq

from network_models.island import find_island
from network_models.reading import island_tables

GOTO = island_tables(find_island())

SUBMARINE_KM = 53.0
VN_KV = 66.0
FAR = 1


def submarine_sizes_mm2() -> list[float]:
    """Return the conductors of the table of 66 kV submarine cables (docs/goto_facts.md 2.1), the smallest first."""
    conductors = GOTO["conductors"].set_index("conductor_id")
    return sorted(conductors.loc[conductors["family"] == "xlpe66", "area_mm2"])


def cable_net(area_mm2: float) -> pp.pandapowerNet:
    """Return 53 km of one circuit behind a stiff source, the far end (bus 1) open."""
    conductors = GOTO["conductors"].set_index("conductor_id")
    row = conductors[(conductors["family"] == "xlpe66") & (conductors["area_mm2"] == area_mm2)].iloc[0]
    net = pp.create_empty_network(f_hz=find_island().settings.frequency_hz)
    near, far = pp.create_buses(net, 2, VN_KV)
    pp.create_ext_grid(net, near)
    pp.create_line_from_parameters(
        net, near, far, SUBMARINE_KM, row["r_ohm_per_km"], row["x_ohm_per_km"], row["c_nf_per_km"],
        row["max_i_a"] / 1000.0,
    )  # fmt: skip
    return net


def rating_mva(area_mm2: float) -> float:
    """Return the continuous rating of a circuit at nominal voltage."""
    return float(np.sqrt(3.0) * VN_KV * cable_net(area_mm2).line["max_i_ka"].iloc[0])


def charging(area_mm2: float) -> tuple[float, float]:
    """Return charging power in Mvar and charging current in A, fed from one end, the other open."""
    net = cable_net(area_mm2)
    pp.runpp(net, numba=False)
    return -float(net.res_line["q_from_mvar"].iloc[0]), 1000.0 * float(net.res_line["i_from_ka"].iloc[0])


def transfer_at_rating_mw(area_mm2: float) -> float:
    """Return the power that arrives at the stiff end when the worse end reaches its rating.

    The far end takes up half of the charging, the stiff near end the rest.
    """
    net = cable_net(area_mm2)
    pp.create_sgen(net, FAR, 0.0, q_mvar=-0.5 * charging(area_mm2)[0])

    def above_rating(p_mw: float) -> float:
        net.sgen["p_mw"] = p_mw
        pp.runpp(net, numba=False)
        return float(net.res_line["loading_percent"].iloc[0]) - 100.0

    brentq(above_rating, 0.0, 1.2 * rating_mva(area_mm2), xtol=1e-3)
    return -float(net.res_line["p_from_mw"].iloc[0])
