"""Results at buses and of switches, from those of the elements."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pandapower import pandapowerNet

from twin.network.network import Network

_FEEDS_IN = ("ext_grid", "gen", "sgen", "asymmetric_sgen")
BUS_RESULTS = {"bus_p_mw": "p_mw", "bus_q_mvar": "q_mvar"}
"""Power drawn less power fed in at each bus, by name with its column."""
SWITCH_RESULTS = {
    f"switch_{column}": column
    for column in ("p_from_mw", "q_from_mvar", "p_to_mw", "q_to_mvar", "i_ka", "loading_percent")
}
"""Results of switches by name, with their column."""

Result = Callable[[str], np.ndarray]
"""``result(name)``: a result of elements for all steps, (R, L)."""


def bus_power(net: pandapowerNet, tables: tuple[str, ...], column: str, rows: int, result: Result) -> np.ndarray:
    """Return what the elements at each bus draw less what they feed in, (R, B); NaN where a bus is out of service.

    Parameters
    ----------
    net : pandapowerNet
    tables : tuple of str
        Tables of elements at one bus.
    column : {"p_mw", "q_mvar"}
    rows : int
        Number of steps R.
    result : callable
    """
    total = np.zeros((rows, len(net.bus)))
    total[:, ~net.bus["in_service"].to_numpy(bool)] = np.nan
    for table in tables:
        if len(net[table]):
            sign = -1.0 if table in _FEEDS_IN else 1.0
            np.add.at(total.T, net.bus.index.get_indexer(net[table]["bus"]), sign * result(f"{table}_{column}").T)
    return total


def switch_result(net: pandapowerNet, network: Network, v: np.ndarray, column: str, result: Result) -> np.ndarray:
    """Return a result of all switches, (R, S).

    Power and current of closed bus-bus switches with an impedance; the current of their line's worse end, or of their
    side of a transformer, for the others; 0 where open; not a number where nothing is known (joined buses).

    Parameters
    ----------
    net : pandapowerNet
    network : Network
    v : numpy.ndarray, (R, N) complex
        Node voltages; not a number in rows without a solution.
    column : str
        A column of ``res_switch``.
    result : callable
    """
    switches = net.switch
    if column == "loading_percent":
        if "in_ka" not in switches:
            return np.full((len(v), len(switches)), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            loading: np.ndarray = (
                100.0 * switch_result(net, network, v, "i_ka", result) / switches["in_ka"].to_numpy(float)
            )
        return loading
    found = np.full((len(v), len(switches)), np.nan)
    branches = network.branch_rows["switch"][:, 0]
    for at in np.flatnonzero(branches >= 0):
        found[:, at] = _of_branch(network, v, int(branches[at]), column)
    if column == "i_ka":
        _copy_currents(net, found, result)
        found[:, ~switches["closed"].to_numpy(bool)] = np.where(np.isnan(v).all(axis=1), np.nan, 0.0)[:, None]
    return found


def _of_branch(network: Network, v: np.ndarray, branch: int, column: str) -> np.ndarray:
    ends = (network.branch_from[branch], network.y_from), (network.branch_to[branch], network.y_to)
    current = [np.asarray(matrix[[branch]] @ v.T)[0] for _, matrix in ends]
    if column == "i_ka":
        base_ka = [network.base_mva / np.sqrt(3.0) / network.vn_kv[node] for node, _ in ends]
        largest: np.ndarray = np.maximum(np.abs(current[0]) * base_ka[0], np.abs(current[1]) * base_ka[1])
        return largest
    side = int("_to_" in column)
    power = v[:, ends[side][0]] * np.conj(current[side]) * network.base_mva
    return np.asarray(power.real if column.startswith("p_") else power.imag)


def _copy_currents(net: pandapowerNet, found: np.ndarray, result: Result) -> None:
    """Put the currents of lines and transformers at their switches."""
    kinds, buses, elements = (net.switch[column].to_numpy() for column in ("et", "bus", "element"))
    for kind, table, sides in (("l", "line", ("",)), ("t", "trafo", ("hv", "lv"))):
        for side in sides:
            at = np.flatnonzero(kinds == kind)
            if side:
                at = at[net[table][f"{side}_bus"].reindex(elements[at]).to_numpy() == buses[at]]
            if len(at):
                name = f"{table}_i_{side}_ka" if side else f"{table}_i_ka"
                found[:, at] = result(name)[:, net[table].index.get_indexer(elements[at])]
