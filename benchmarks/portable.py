"""A net that every program can read identically.

power-grid-model splits a transformer's magnetising branch over both ends (pi), lightsim2grid reads only the T model,
OpenDSS puts it at the last winding. So it leaves the transformers and becomes constant-impedance shunts, half at each
end; without it the models are the same. The other changes keep the circuit: an impedance becomes a line, parallel
circuits one line, a line open at one end its charging admittance; elements without power go.
"""

from __future__ import annotations

import copy

import numpy as np
import pandapower as pp
import pandas as pd
from pandapower import pandapowerNet

_READ = {"bus", "line", "trafo", "load", "sgen", "gen", "ext_grid", "shunt", "impedance", "switch"}
_STIFF_MVA = 1e14


def portable(net: pandapowerNet) -> pandapowerNet:
    """Return a copy of `net` of buses, lines, transformers, loads, generators, shunts and one ext_grid only."""
    net = copy.deepcopy(net)
    _refuse(net)
    _open_switches(net)
    for table in ("line", "trafo", "load", "sgen", "gen", "shunt", "impedance"):
        net[table] = net[table][net[table].in_service]
    net.shunt = net.shunt[(net.shunt.p_mw != 0) | (net.shunt.q_mvar != 0)]
    _impedances_to_lines(net)
    _fold_parallel(net)
    _fold_shunts(net)
    _magnetising_to_shunts(net)
    net.trafo["shift_degree"] = 0.0
    net.trafo["tap_step_degree"] = 0.0
    net.ext_grid["s_sc_max_mva"] = _STIFF_MVA
    for table in _READ - {"bus"}:
        net[table] = net[table].reset_index(drop=True)
    return net


def _refuse(net: pandapowerNet) -> None:
    tables = {name for name, table in net.items() if hasattr(table, "in_service") and len(table) and name[0] != "_"}
    shifts = net.trafo.shift_degree[net.trafo.in_service].unique()
    closed = net.switch[net.switch.closed & (net.switch.et == "b")]
    if tables - _READ or len(net.ext_grid) != 1 or len(shifts) > 1 or len(closed) or not net.bus.in_service.all():
        raise ValueError(f"not portable: {sorted(tables - _READ)}, shifts {shifts}, {len(closed)} closed bus switches")


def _open_switches(net: pandapowerNet) -> None:
    opened = net.switch[~net.switch.closed & (net.switch.et == "l")]
    for line, switches in opened.groupby("element"):
        row = net.line.loc[line]
        ends = {row.from_bus, row.to_bus} - set(switches.bus)
        if row.in_service and ends:
            _charge(net, ends.pop(), row)
    net.line = net.line.drop(opened.element.unique())
    net.trafo = net.trafo.drop(net.switch[~net.switch.closed & (net.switch.et == "t")].element.unique())
    net.switch = net.switch.iloc[:0]


def _charge(net: pandapowerNet, bus: int, line: pd.Series) -> None:
    """Put the admittance of a line that is open at its other end on `bus`: half its charging, and the rest behind z."""
    z = complex(line.r_ohm_per_km, line.x_ohm_per_km) * line.length_km / line.parallel
    half = complex(line.g_us_per_km * 1e-6, 2 * np.pi * net.f_hz * line.c_nf_per_km * 1e-9) / 2
    half *= line.length_km * line.parallel
    s_mva = net.bus.vn_kv[bus] ** 2 * np.conj(half + half / (1 + z * half))
    pp.create_shunt(net, bus, q_mvar=s_mva.imag, p_mw=s_mva.real)


def _impedances_to_lines(net: pandapowerNet) -> None:
    for row in net.impedance.itertuples():
        ohm = net.bus.vn_kv[row.from_bus] ** 2 / row.sn_mva
        pp.create_line_from_parameters(
            net, row.from_bus, row.to_bus, 1.0, row.rft_pu * ohm, row.xft_pu * ohm, 0.0, 1e3, name=row.name
        )  # fmt: skip
    net.impedance = net.impedance.iloc[:0]


def _fold_parallel(net: pandapowerNet) -> None:
    line, count = net.line, net.line.parallel
    net.line = line.assign(
        r_ohm_per_km=line.r_ohm_per_km / count,
        x_ohm_per_km=line.x_ohm_per_km / count,
        c_nf_per_km=line.c_nf_per_km * count,
        g_us_per_km=line.g_us_per_km * count,
        max_i_ka=line.max_i_ka * count,
        parallel=1,
    )
    trafo, count = net.trafo, net.trafo.parallel
    net.trafo = trafo.assign(sn_mva=trafo.sn_mva * count, pfe_kw=trafo.pfe_kw * count, parallel=1)


def _fold_shunts(net: pandapowerNet) -> None:
    vn_kv = net.bus.vn_kv.loc[net.shunt.bus].to_numpy()
    steps = net.shunt.step.to_numpy() * (vn_kv / net.shunt.vn_kv.to_numpy()) ** 2
    net.shunt = net.shunt.assign(p_mw=net.shunt.p_mw * steps, q_mvar=net.shunt.q_mvar * steps, step=1, vn_kv=vn_kv)


def _magnetising_to_shunts(net: pandapowerNet) -> None:
    p_mw = net.trafo.pfe_kw.to_numpy() / 1e3
    q_mvar = np.sqrt((net.trafo.i0_percent.to_numpy() / 100 * net.trafo.sn_mva.to_numpy()) ** 2 - p_mw**2)
    for bus in np.unique(net.trafo[["hv_bus", "lv_bus"]].to_numpy()):
        ends = (net.trafo[["hv_bus", "lv_bus"]].to_numpy() == bus).sum(1) / 2
        if ends @ q_mvar > 0 or ends @ p_mw > 0:
            pp.create_shunt(net, bus, q_mvar=ends @ q_mvar, p_mw=ends @ p_mw)
    net.trafo["pfe_kw"], net.trafo["i0_percent"] = 0.0, 0.0
