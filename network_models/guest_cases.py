"""Built-in pandapower cases that may be used as guest networks, by name."""

from __future__ import annotations

import difflib

import pandapower as pp
import pandapower.networks as cases

from twin.errors import InputError, Problem

BUILT_IN = (
    "case4gs", "case6ww", "case9", "case14", "case24_ieee_rts", "case30", "case33bw", "case39", "case57", "case118",
    "create_cigre_network_hv", "create_cigre_network_mv", "create_cigre_network_mv_pv_wind",
    "four_loads_with_branches_out", "mv_oberrhein", "panda_four_load_branch",
    "simple_four_bus_system", "simple_mv_open_ring_net",
)  # fmt: skip
"""Names of ``pandapower.networks``; ``create_cigre_network_mv_pv_wind`` is the CIGRE network with its PV and wind."""


def built_in_case(name: str) -> pp.pandapowerNet:
    """Return a built-in case.

    Raises
    ------
    InputError
        Unknown name; with near matches.
    """
    if name not in BUILT_IN:
        near = difflib.get_close_matches(name, BUILT_IN, 3, 0.5) or BUILT_IN
        accepted = "a .json file or " + ", ".join(near)
        raise InputError([Problem("unknown guest network", "grid model", name, accepted, "correct the name")])
    if name == "create_cigre_network_mv_pv_wind":
        return cases.create_cigre_network_mv(with_der="pv_wind")
    return getattr(cases, name)()
