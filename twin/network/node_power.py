"""Power drawn and fed in at the nodes, from the elements of a net and from arrays in the order of its tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit
from pandapower import pandapowerNet

from twin.network.dc_lines import end_injectors
from twin.network.network import Injectors, Network

_INFEED_SIGN = {
    "load": -1.0, "storage": -1.0, "sgen": 1.0, "gen": 1.0, "ward": -1.0, "xward": -1.0, "motor": -1.0,
    "asymmetric_load": -1.0, "asymmetric_sgen": 1.0,
}  # fmt: skip


def nodes_of(net: pandapowerNet, table: str, node_of_index: np.ndarray) -> np.ndarray:
    """Return the node of each element of `table`, (L,) int; -1 where it is out of service or de-energised."""
    nodes = node_of_index[net[table].bus.to_numpy(np.int64)]
    return np.where(net[table].in_service.to_numpy(bool), nodes, -1)


def injectors(net: pandapowerNet, node_of_index: np.ndarray, enforce_q_lims: bool) -> dict[str, Injectors]:
    """Return loads and infeeds by table.

    Parameters
    ----------
    net : pandapowerNet
    node_of_index : numpy.ndarray, int
        Node of each bus index, -1 for none.
    enforce_q_lims : bool
        Whether the reactive power of ``sgen`` is clipped at its limits, as ``runpp`` does with this option.
    """
    found = {table: _injectors(net, table, node_of_index, enforce_q_lims) for table in _INFEED_SIGN}
    return found | end_injectors(net, node_of_index)


def _injectors(net: pandapowerNet, table: str, node_of_index: np.ndarray, enforce_q_lims: bool) -> Injectors:
    elements = net[table]
    p_mw, q_mvar = _power(elements, table)
    scaling = elements.scaling.to_numpy(float) if "scaling" in elements else np.ones(len(elements))
    shares = np.zeros((2, len(elements)), dtype=complex)
    if table == "load":
        for row, kind in enumerate("iz"):
            shares[row] = (elements[f"const_{kind}_p_percent"] + 1j * elements[f"const_{kind}_q_percent"]) / 100.0
    clip = table == "sgen" and enforce_q_lims
    return Injectors(
        node=nodes_of(net, table, node_of_index),
        p_mw=p_mw,
        q_mvar=q_mvar,
        infeed_per_unit=_INFEED_SIGN[table] * scaling,
        current_share=shares[0],
        impedance_share=shares[1],
        q_min_mvar=limit(elements, "min_q_mvar", -np.inf) if clip else None,
        q_max_mvar=limit(elements, "max_q_mvar", np.inf) if clip else None,
    )


def _power(elements: pd.DataFrame, table: str) -> tuple[np.ndarray, np.ndarray]:
    """Return active and reactive power before scaling, in the table's sign."""
    if table == "gen":
        return elements.p_mw.to_numpy(float), np.zeros(len(elements))
    if table in ("ward", "xward"):
        return elements.ps_mw.to_numpy(float), elements.qs_mvar.to_numpy(float)
    if table.startswith("asymmetric"):
        p, q = (elements[[f"{n}_{phase}_{u}" for phase in "abc"]] for n, u in (("p", "mw"), ("q", "mvar")))
        return p.to_numpy(float).sum(axis=1), q.to_numpy(float).sum(axis=1)
    if table == "motor":
        used = elements.loading_percent / elements.efficiency_percent
        p_mw = (elements.pn_mech_mw * used).to_numpy(float)
        return p_mw, np.abs(p_mw) * np.tan(np.arccos(elements.cos_phi.to_numpy(float)))
    return elements.p_mw.to_numpy(float), elements.q_mvar.to_numpy(float)


def limit(elements: pd.DataFrame, column: str, none: float) -> np.ndarray:
    """Return a column of limits, (L,), with `none` where nothing is given."""
    if column not in elements:
        return np.full(len(elements), none)
    return pd.to_numeric(elements[column]).fillna(none).to_numpy(float)


def shunt_admittances(net: pandapowerNet, vn_kv: np.ndarray, base_mva: float) -> dict[str, np.ndarray]:
    """Return the admittance of each ``shunt``, ``ward`` and ``xward`` in per unit, (L,) complex.

    Parameters
    ----------
    net : pandapowerNet
    vn_kv : mapping of str to numpy.ndarray, (L,)
        Voltage base at each shunt, not a number where de-energised.
    base_mva : float
    """
    shunt, parts = net.shunt, {}
    rated = shunt.vn_kv.fillna(net.bus.vn_kv.reindex(shunt.bus).set_axis(shunt.index)).to_numpy(float)
    p_mw, q_mvar = _shunt_power(net)
    parts["shunt"] = (p_mw - 1j * q_mvar) * (vn_kv / rated) ** 2 / base_mva
    for table in ("ward", "xward"):
        parts[table] = (net[table].pz_mw - 1j * net[table].qz_mvar).to_numpy(complex) / base_mva
    return parts


def _shunt_power(net: pandapowerNet) -> tuple[np.ndarray, np.ndarray]:
    """Return the power of all steps in use at rated voltage; from the table of steps where the shunt has one."""
    shunt = net.shunt
    p, q = ((shunt[name] * shunt.step).to_numpy(float) for name in ("p_mw", "q_mvar"))
    if "step_dependency_table" not in shunt or not shunt.step_dependency_table.eq(True).any():
        return p, q
    steps = net.shunt_characteristic_table.set_index(["id_characteristic", "step"])
    for at in np.flatnonzero(shunt.step_dependency_table.eq(True)):
        key = (int(shunt.id_characteristic_table.iloc[at]), int(shunt.step.iloc[at]))
        p[at], q[at] = steps.loc[key, ["p_mw", "q_mvar"]]
    return p, q


@dataclass(frozen=True)
class NodePower:
    """Infeed per node and row, ``s(V) = constant + current |V| + impedance |V|^2``, in per unit.

    Attributes
    ----------
    constant : numpy.ndarray, (R, N) complex
    current, impedance : numpy.ndarray, (R, N) complex, or None
        None where nothing in the net depends on the voltage in this way.
    """

    constant: np.ndarray
    current: np.ndarray | None
    impedance: np.ndarray | None

    def at(self, vm_pu: np.ndarray) -> np.ndarray:
        """Return the infeed (R, N) at voltage magnitudes (R, N)."""
        s = self.constant
        if self.current is not None:
            s = s + self.current * vm_pu
        if self.impedance is not None:
            s = s + self.impedance * vm_pu**2
        return s

    def rows(self, pick: np.ndarray | slice) -> NodePower:
        """Return the rows `pick` (indices or mask)."""
        current = None if self.current is None else self.current[pick]
        impedance = None if self.impedance is None else self.impedance[pick]
        return NodePower(self.constant[pick], current, impedance)


def node_power(network: Network, rows: int, given: Mapping[tuple[str, str], np.ndarray]) -> NodePower:
    """Sum element powers at the nodes.

    Parameters
    ----------
    network : Network
    rows : int
        Number of steps R.
    given : mapping of (table, column) to numpy.ndarray, (R, L)
        For example ``("load", "p_mw")``; what is left out keeps the net's value.

    Returns
    -------
    NodePower
        A row with a value that is not a number is not a number where it belongs, the other rows are not touched.
    """
    tables = network.injectors.values()
    return NodePower(
        constant=_summed(network, rows, given, "constant"),
        current=_summed(network, rows, given, "current") if any(t.current_share.any() for t in tables) else None,
        impedance=_summed(network, rows, given, "impedance") if any(t.impedance_share.any() for t in tables) else None,
    )


def table_power(elements: Injectors, column: str, values: np.ndarray | None) -> np.ndarray:
    """Return a table's ``p_mw`` or ``q_mvar`` before scaling, clipped at its limits, (1, L) or (R, L)."""
    if values is None:
        values = (elements.p_mw if column == "p_mw" else elements.q_mvar)[None]
    if column == "q_mvar" and elements.q_min_mvar is not None:
        values = np.clip(values, elements.q_min_mvar, elements.q_max_mvar)
    return values


def _summed(network: Network, rows: int, given: Mapping[tuple[str, str], np.ndarray], kind: str) -> np.ndarray:
    """Sum the part of all powers that is constant, follows the voltage or its square."""
    total = np.empty((rows, len(network.alive), 2))
    total[:] = _sums_of_net(network, given, kind)
    for (table, column), values in given.items():
        elements = network.injectors[table]
        weight = _weight(network, elements, column, kind)
        live = np.flatnonzero((elements.node >= 0) & (weight != 0.0))
        _add(total, table_power(elements, column, values), live, elements.node, weight, int(column == "q_mvar"))
    return total.view(complex)[..., 0]


def _sums_of_net(network: Network, given: Mapping[tuple[str, str], np.ndarray], kind: str) -> np.ndarray:
    """Sum what keeps the net's own value, (N, 2) real and imaginary part."""
    total = np.zeros((len(network.alive), 2))
    for table, elements in network.injectors.items():
        live = elements.node >= 0
        for part, column in enumerate(("p_mw", "q_mvar")):
            if (table, column) not in given:
                power = table_power(elements, column, None)[0] * _weight(network, elements, column, kind)
                np.add.at(total[:, part], elements.node[live], power[live])
    return total


def _weight(network: Network, elements: Injectors, column: str, kind: str) -> np.ndarray:
    part = np.real if column == "p_mw" else np.imag
    current, impedance = part(elements.current_share), part(elements.impedance_share)
    share = {"constant": 1.0 - current - impedance, "current": current, "impedance": impedance}[kind]
    result: np.ndarray = share * elements.infeed_per_unit / network.base_mva
    return result


@njit(cache=True, nogil=True)
def _add(
    total: np.ndarray, values: np.ndarray, live: np.ndarray, node: np.ndarray, weight: np.ndarray, part: int
) -> None:
    for row in range(total.shape[0]):
        for at in live:
            total[row, node[at], part] += values[row, at] * weight[at]
