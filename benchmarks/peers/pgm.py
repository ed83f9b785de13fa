"""power-grid-model: batch updates of loads and generators, threads of its own; no voltage-controlled buses."""

from __future__ import annotations

from typing import Any

import numpy as np
from pandapower import pandapowerNet
from power_grid_model import CalculationMethod, ComponentType, DatasetType, PowerGridModel, initialize_array
from power_grid_model_io.converters import PandaPowerConverter

from benchmarks.cases import Case

VOLTAGES = {ComponentType.node: ["u_pu"]}
_ALL_THREADS, _W = 0, 1e6


class OpenLoop:
    """A power-flow batch by one calculation method."""

    def __init__(self, case: Case, tolerance: float, method: CalculationMethod) -> None:
        self.model, data = model_of(case.net)
        self.update = injections(case, data)
        self.options: dict[str, Any] = {
            "calculation_method": method,
            "error_tolerance": tolerance,
            "threading": _ALL_THREADS,
            "output_component_types": VOLTAGES,
            "max_iterations": 100,
        }

    def solve(self) -> np.ndarray:
        return self.model.calculate_power_flow(update_data=self.update, **self.options)[ComponentType.node]["u_pu"]


def newton(case: Case, tolerance: float) -> OpenLoop:
    return OpenLoop(case, tolerance, CalculationMethod.newton_raphson)


def iterative_current(case: Case, tolerance: float) -> OpenLoop:
    return OpenLoop(case, tolerance, CalculationMethod.iterative_current)


def model_of(net: pandapowerNet) -> tuple[PowerGridModel, dict]:
    """Convert `net`; the converter's empty constant-current and constant-impedance parts of each load are left out."""
    data, _ = PandaPowerConverter(system_frequency=net.f_hz).load_input_data(net, make_extra_info=False)
    loads = data[ComponentType.sym_load]
    data[ComponentType.sym_load] = loads[: len(net.load)]
    if loads["p_specified"][len(net.load) :].any() or not np.allclose(
        data[ComponentType.sym_load]["p_specified"], net.load.p_mw * _W
    ):
        raise ValueError("the converter's loads are not in the net's order")
    return PowerGridModel(data, system_frequency=net.f_hz), data


def injections(case: Case, data: dict) -> dict:
    """Return the update of every step, filled before the timing."""
    update = {}
    given = {
        ComponentType.sym_load: (case.load_p_mw, case.load_q_mvar),
        ComponentType.sym_gen: (case.sgen_p_mw, case.net.sgen.q_mvar.to_numpy(float)),
    }
    for kind, (p_mw, q_mvar) in given.items():
        if kind in data and len(data[kind]):
            rows = initialize_array(DatasetType.update, kind, p_mw.shape)
            rows["id"] = data[kind]["id"]
            rows["p_specified"], rows["q_specified"] = p_mw * _W, q_mvar * _W
            update[kind] = rows
    return update
