"""A network as plain columns, stored with the voltages that another program found for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandapower as pp
import pandas as pd
from pandapower import pandapowerNet

FOLDER = Path(__file__).parent / "cases"
LIMIT_PU = 1e-8
"""The limit of `agreement`; power-grid-model stops at a voltage step of 1e-12 pu."""
COLUMNS = {
    "bus": ("vn_kv",),
    "ext_grid": ("bus", "vm_pu", "va_degree"),
    "line": (
        *("from_bus", "to_bus", "length_km", "r_ohm_per_km", "x_ohm_per_km", "c_nf_per_km", "max_i_ka", "parallel"),
        *("closed_from", "closed_to"),
    ),
    "trafo": (
        *("hv_bus", "lv_bus", "sn_mva", "vn_hv_kv", "vn_lv_kv", "vk_percent", "vkr_percent", "pfe_kw", "i0_percent"),
        *("shift_degree", "tap_side", "tap_neutral", "tap_pos", "tap_step_percent", "parallel"),
    ),
    "impedance": ("from_bus", "to_bus", "rft_pu", "xft_pu", "sn_mva"),
    "shunt": ("bus", "p_mw", "q_mvar", "vn_kv"),
    "load": ("bus", "p_mw", "q_mvar"),
    "sgen": ("bus", "p_mw", "q_mvar"),
    "joined": ("bus", "other_bus"),
}
BUS_COLUMNS = ("bus", "other_bus", "from_bus", "to_bus", "hv_bus", "lv_bus")


@dataclass(frozen=True)
class StoredCase:
    """What a case file holds.

    Attributes
    ----------
    network : str
        Name in `networks.builders` at the time of storing; the tables are what counts.
    program : str
        The other program with its version.
    f_hz, sn_mva : float
    tables : dict of str to pandas.DataFrame
        Elements in service only, columns of `COLUMNS`; buses are numbered from 0, ``joined`` are closed bus couplers.
    v : numpy.ndarray, (B,) complex
        The other program's voltages in the order of ``tables["bus"]``, pu.
    """

    network: str
    program: str
    f_hz: float
    sn_mva: float
    tables: dict[str, pd.DataFrame]
    v: np.ndarray


def plain_tables(net: pandapowerNet) -> dict[str, pd.DataFrame]:
    """Return the elements of `net` that are in service; what `COLUMNS` cannot hold raises ValueError."""
    beyond = [t for t in ("gen", "trafo3w", "ward", "xward", "storage", "motor", "svc") if len(net[t])]
    if beyond:
        raise ValueError(f"tables that cannot be stored: {beyond}")
    full = {name: net[name][net[name].in_service.astype(bool)].copy() for name in COLUMNS if name != "joined"}
    _open_ends(net, full["line"])
    trafo, fixed = full["trafo"], ~full["trafo"].tap_changer_type.isin(["Ratio"]).to_numpy()
    trafo.loc[fixed, ["tap_pos", "tap_neutral", "tap_step_percent"]] = 0.0
    trafo["tap_side"] = trafo.tap_side.where(~fixed, "hv")
    for name in ("load", "sgen"):
        full[name][["p_mw", "q_mvar"]] = full[name][["p_mw", "q_mvar"]].mul(full[name].scaling, axis=0)
    full["shunt"][["p_mw", "q_mvar"]] = full["shunt"][["p_mw", "q_mvar"]].mul(full["shunt"].step, axis=0)
    coupler = net.switch[(net.switch.et == "b") & net.switch.closed]
    full["joined"] = coupler[["bus", "element"]].rename(columns={"element": "other_bus"})
    number = {bus: position for position, bus in enumerate(full["bus"].index)}
    tables = {}
    for name, columns in COLUMNS.items():
        table = full[name][list(columns)].reset_index(drop=True)
        at_bus = [column for column in columns if column in BUS_COLUMNS]
        table[at_bus] = table[at_bus].apply(lambda buses: buses.map(number).astype(int))
        tables[name] = table
    return tables


def _open_ends(net: pandapowerNet, line: pd.DataFrame) -> None:
    line["closed_from"], line["closed_to"] = True, True
    opened = net.switch[~net.switch.closed & (net.switch.et != "b")]
    if (opened.et != "l").any():
        raise ValueError("open switches at transformers cannot be stored")
    for bus, element in zip(opened.bus, opened.element, strict=True):
        if element in line.index:
            line.loc[element, "closed_from" if line.from_bus.loc[element] == bus else "closed_to"] = False


def write(case: StoredCase, stem: str) -> None:
    """Write a case to ``cases/<stem>.json``, one column a line."""
    tables = [
        f'  "{name}": {{\n'
        + ",\n".join(f'   "{column}": {json.dumps(table[column].tolist())}' for column in table)
        + "\n  }"
        for name, table in case.tables.items()
    ]
    vm_pu = [float(f"{x:.13g}") for x in np.abs(case.v)]
    va_degree = [float(f"{x:.11f}") for x in np.degrees(np.angle(case.v))]
    text = (
        f'{{\n "network": {json.dumps(case.network)},\n "program": {json.dumps(case.program)},\n'
        f' "f_hz": {case.f_hz},\n "sn_mva": {case.sn_mva},\n "tables": {{\n'
        + ",\n".join(tables)
        + f'\n }},\n "vm_pu": {json.dumps(vm_pu)},\n "va_degree": {json.dumps(va_degree)}\n}}\n'
    )
    (FOLDER / f"{stem}.json").write_text(text, encoding="utf-8")


def read(stem: str) -> StoredCase:
    """Read ``cases/<stem>.json``."""
    content = json.loads((FOLDER / f"{stem}.json").read_text(encoding="utf-8"))
    tables = {name: pd.DataFrame(columns) for name, columns in content["tables"].items()}
    v = np.array(content["vm_pu"]) * np.exp(1j * np.radians(content["va_degree"]))
    return StoredCase(content["network"], content["program"], content["f_hz"], content["sn_mva"], tables, v)


def net_of(case: StoredCase) -> pandapowerNet:
    """Return a pandapower net with the tables of `case`."""
    net = pp.create_empty_network(f_hz=case.f_hz, sn_mva=case.sn_mva)
    tables = case.tables
    pp.create_buses(net, len(tables["bus"]), tables["bus"].vn_kv.to_numpy())
    for row in tables["ext_grid"].itertuples():
        pp.create_ext_grid(net, row.bus, vm_pu=row.vm_pu, va_degree=row.va_degree)
    lines = tables["line"].drop(columns=["closed_from", "closed_to"])
    pp.create_lines_from_parameters(net, lines.pop("from_bus"), lines.pop("to_bus"), **_arrays(lines))
    for row in tables["line"].itertuples():
        for bus, closed in ((row.from_bus, row.closed_from), (row.to_bus, row.closed_to)):
            if not closed:
                pp.create_switch(net, bus, row.Index, et="l", closed=False)
    trafos = tables["trafo"].copy()
    if len(trafos):
        hv, lv = trafos.pop("hv_bus"), trafos.pop("lv_bus")
        pp.create_transformers_from_parameters(net, hv, lv, tap_changer_type="Ratio", **_arrays(trafos))
    for row in tables["impedance"].itertuples():
        pp.create_impedance(net, row.from_bus, row.to_bus, row.rft_pu, row.xft_pu, row.sn_mva)
    for row in tables["shunt"].itertuples():
        pp.create_shunt(net, row.bus, row.q_mvar, row.p_mw, vn_kv=row.vn_kv)
    for row in tables["joined"].itertuples():
        pp.create_switch(net, row.bus, row.other_bus, et="b")
    for name, create in (("load", pp.create_loads), ("sgen", pp.create_sgens)):
        if len(tables[name]):
            create(net, tables[name].bus.to_numpy(), **_arrays(tables[name][["p_mw", "q_mvar"]]))
    return net


def _arrays(table: pd.DataFrame) -> dict[str, np.ndarray]:
    return {str(column): table[column].to_numpy() for column in table}
