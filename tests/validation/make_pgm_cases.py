"""Solves stored networks with power-grid-model and writes their voltages to cases/: needs the benchmark packages.

uv venv .venv-bench --python 3.11
uv pip install --python .venv-bench/bin/python --require-hashes -r requirements-bench.lock
PYTHONPATH=. .venv-bench/bin/python tests/validation/make_pgm_cases.py

The input of power-grid-model is made here from the plain tables, in ohm, farad and volt; no matrix or per-unit value of
pandapower takes part.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from dataclasses import replace

import networks
import numpy as np
import pandas as pd
import stored_case
from power_grid_model import (
    CalculationMethod,
    ComponentType,
    DatasetType,
    LoadGenType,
    PowerGridModel,
    WindingType,
    initialize_array,
)
from stored_case import StoredCase

STIFF_SOURCE_VA = 1e20
CLOCK_DEGREE = 30.0
KINDS = ("line", "transformer", "generic_branch", "source", "shunt", "sym_load", "sym_gen")
FIRST_ID = {ComponentType(kind): 10_000 * (place + 1) for place, kind in enumerate(KINDS)}
Part = tuple[ComponentType, np.ndarray]
NETWORKS = {
    "goto_2024": "goto(2024, fixed, conductor_mm2=300)",
    "goto_2026": "goto(2026, fixed, conductor_mm2=400, svc_fixed_mvar=8.0, reactor_steps_in_service=1)",
    "goto_2030": "goto(2030, fixed, conductor_mm2=300)",
    "cigre_mv": "create_cigre_network_mv",
    "cigre_lv": "create_cigre_network_lv",
    "kerber_kabel_2": "create_kerber_landnetz_kabel_2",
    "case33bw": "case33bw",
    "mv_oberrhein": "mv_oberrhein",
    "four_load_branch": "panda_four_load_branch",
}


def main() -> None:
    """Write one case per network."""
    program = f"power-grid-model {importlib.metadata.version('power-grid-model')}"
    for stem, name in NETWORKS.items():
        net = networks.build(name)
        case = StoredCase(name, program, float(net.f_hz), float(net.sn_mva), stored_case.plain_tables(net), np.zeros(0))
        stored_case.write(replace(case, v=solve(case)), stem)


def solve(case: StoredCase) -> np.ndarray:
    """Return the complex voltages (B,) of power-grid-model's Newton solution, pu."""
    node_of_bus = nodes(case.tables)
    parts = (*branches(case, node_of_bus), *appliances(case, node_of_bus), node_part(case, node_of_bus))
    for kind, array in parts:
        if kind != ComponentType.node:
            array["id"] = FIRST_ID[kind] + np.arange(len(array))
    model = PowerGridModel(dict(parts), system_frequency=case.f_hz)
    found = model.calculate_power_flow(
        calculation_method=CalculationMethod.newton_raphson, error_tolerance=1e-12, max_iterations=50
    )[ComponentType.node]
    v_of_node = dict(zip(found["id"], found["u_pu"] * np.exp(1j * found["u_angle"]), strict=True))
    return np.array([v_of_node[node] for node in node_of_bus])


def nodes(tables: dict[str, pd.DataFrame]) -> np.ndarray:
    """Return the node of each bus: the lowest of the buses that are joined."""
    node = np.arange(len(tables["bus"]))
    for row in tables["joined"].itertuples():
        low, high = sorted((node[row.bus], node[row.other_bus]))
        node[node == high] = low
    return node


def node_part(case: StoredCase, node_of_bus: np.ndarray) -> Part:
    """Return the nodes with their rated voltage."""
    ids = np.unique(node_of_bus)
    return _part(ComponentType.node, len(ids), id=ids, u_rated=case.tables["bus"].vn_kv.to_numpy()[ids] * 1e3)


def branches(case: StoredCase, node_of_bus: np.ndarray) -> Sequence[Part]:
    """Return lines, transformers and impedances, parallel ones as one."""
    line, trafo, link = (case.tables[name] for name in ("line", "trafo", "impedance"))
    many, sn_va = line.parallel, trafo.sn_mva * 1e6 * trafo.parallel
    step_v = np.where(trafo.tap_side == "hv", trafo.vn_hv_kv, trafo.vn_lv_kv) * 10.0 * trafo.tap_step_percent
    clock = np.round(trafo.shift_degree / CLOCK_DEGREE).astype(int) % 12
    base_ohm = case.tables["bus"].vn_kv.to_numpy()[link.from_bus] ** 2 / link.sn_mva
    closed = {"from_status": 1, "to_status": 1}
    return (
        _part(
            ComponentType.line, len(line), from_node=node_of_bus[line.from_bus], to_node=node_of_bus[line.to_bus],
            from_status=line.closed_from, to_status=line.closed_to, r1=line.r_ohm_per_km * line.length_km / many,
            x1=line.x_ohm_per_km * line.length_km / many, c1=line.c_nf_per_km * 1e-9 * line.length_km * many, tan1=0.0,
        ),
        _part(
            ComponentType.transformer, len(trafo), **closed, from_node=node_of_bus[trafo.hv_bus],
            to_node=node_of_bus[trafo.lv_bus], u1=trafo.vn_hv_kv * 1e3, u2=trafo.vn_lv_kv * 1e3, sn=sn_va,
            uk=trafo.vk_percent / 100.0, pk=trafo.vkr_percent / 100.0 * sn_va, i0=trafo.i0_percent / 100.0,
            p0=trafo.pfe_kw * 1e3 * trafo.parallel, clock=clock, winding_to=WindingType.wye_n,
            winding_from=np.where(clock % 2 == 1, WindingType.delta, WindingType.wye_n),
            tap_side=np.where(trafo.tap_side == "hv", 0, 1), tap_pos=trafo.tap_pos, tap_nom=trafo.tap_neutral,
            tap_min=trafo.tap_neutral - 30, tap_max=trafo.tap_neutral + 30, tap_size=step_v,
        ),
        _part(
            ComponentType.generic_branch, len(link), **closed, from_node=node_of_bus[link.from_bus],
            to_node=node_of_bus[link.to_bus], r1=link.rft_pu * base_ohm, x1=link.xft_pu * base_ohm, g1=0.0, b1=0.0,
            k=1.0, theta=0.0, sn=1e6,
        ),
    )  # fmt: skip


def appliances(case: StoredCase, node_of_bus: np.ndarray) -> Sequence[Part]:
    """Return sources, shunts, loads and static generators."""
    grid, shunt, load, sgen = (case.tables[name] for name in ("ext_grid", "shunt", "load", "sgen"))
    constant = {"status": 1, "type": LoadGenType.const_power}
    return (
        _part(
            ComponentType.source, len(grid), node=node_of_bus[grid.bus], status=1, u_ref=grid.vm_pu,
            u_ref_angle=np.radians(grid.va_degree), sk=STIFF_SOURCE_VA,
        ),
        _part(
            ComponentType.shunt, len(shunt), node=node_of_bus[shunt.bus], status=1, g1=shunt.p_mw / shunt.vn_kv**2,
            b1=-shunt.q_mvar / shunt.vn_kv**2,
        ),
        *(
            _part(
                kind, len(table), **constant, node=node_of_bus[table.bus], p_specified=table.p_mw * 1e6,
                q_specified=table.q_mvar * 1e6,
            )
            for kind, table in ((ComponentType.sym_load, load), (ComponentType.sym_gen, sgen))
        ),
    )  # fmt: skip


def _part(kind: ComponentType, rows: int, **values: object) -> Part:
    array = initialize_array(DatasetType.input, kind, rows)
    for field, value in values.items():
        array[field] = value
    return kind, array


if __name__ == "__main__":
    main()
