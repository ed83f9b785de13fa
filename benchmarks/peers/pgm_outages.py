"""power-grid-model: its product of two batches, outages times steps, in blocks of steps.

power-grid-model's outages come first in the product: the other order, with the topology changing at every row, takes
more than twice as long.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from power_grid_model import CalculationMethod, ComponentType, DatasetType, initialize_array

from benchmarks.cases import Case
from benchmarks.outages import Worst
from benchmarks.peers.pgm import injections, model_of

BLOCK_STEPS = 500
_KINDS = {"line": ComponentType.line, "trafo": ComponentType.transformer}
_OUTPUT = {
    ComponentType.node: ["u_pu", "energized"],
    ComponentType.line: ["i_from", "i_to"],
    ComponentType.transformer: ["i_from", "i_to"],
}


class OutageProduct:
    def __init__(self, case: Case, outages: list[tuple[str, int]], tolerance: float, method: CalculationMethod) -> None:
        self.model, data = model_of(case.net)
        self.outages, self.update = len(outages), _outages(outages, data)
        firsts = range(0, case.steps, BLOCK_STEPS)
        self.blocks = [injections(case.cut(slice(first, first + BLOCK_STEPS)), data) for first in firsts]
        self.ratings_a = _ratings_a(case)
        self.options: dict[str, Any] = {
            "calculation_method": method,
            "error_tolerance": tolerance,
            "threading": 0,
            "output_component_types": _OUTPUT,
            "max_iterations": 100,
        }

    def solve(self) -> Worst:
        loading, vm_pu = np.array(-np.inf), np.array(np.inf)
        for block in self.blocks:
            out = self.model.calculate_power_flow(update_data=[self.update, block], **self.options)
            loading = np.maximum(loading, self._loading(out))
            vm_pu = np.minimum(vm_pu, _lowest(out[ComponentType.node]))
        return Worst(100 * loading.max(0), loading.argmax(0), vm_pu, unsolved=0)

    def _loading(self, out: dict) -> np.ndarray:
        """Return the highest loading of each outage and branch, (outages, branches)."""
        currents = [
            np.maximum(out[kind][end].reshape(self.outages, -1, out[kind][end].shape[-1]).max(1) / rated, 0)
            for kind, ends in zip(_KINDS.values(), self.ratings_a, strict=True)
            for end, rated in zip(("i_from", "i_to"), ends, strict=True)
        ]
        return np.hstack([np.maximum(currents[0], currents[1]), np.maximum(currents[2], currents[3])])


def newton(case: Case, outages: list[tuple[str, int]], tolerance: float) -> OutageProduct:
    return OutageProduct(case, outages, tolerance, CalculationMethod.newton_raphson)


def iterative_current(case: Case, outages: list[tuple[str, int]], tolerance: float) -> OutageProduct:
    return OutageProduct(case, outages, tolerance, CalculationMethod.iterative_current)


def _outages(outages: list[tuple[str, int]], data: dict) -> dict:
    """Return a batch of one open branch each."""
    update = {}
    for table, kind in _KINDS.items():
        mine = [number for number, (where, _) in enumerate(outages) if where == table]
        rows = initialize_array(DatasetType.update, kind, len(mine))
        rows["id"] = data[kind]["id"][[outages[number][1] for number in mine]]
        rows["from_status"], rows["to_status"] = 0, 0
        has_row = np.bincount(mine, minlength=len(outages))
        update[kind] = {"indptr": np.r_[0, np.cumsum(has_row)], "data": rows}
    return update


def _ratings_a(case: Case) -> list[tuple[np.ndarray, np.ndarray]]:
    line, trafo = case.net.line, case.net.trafo
    rated = line.max_i_ka.to_numpy() * 1e3
    va = trafo.sn_mva.to_numpy() * 1e6 / np.sqrt(3)
    return [(rated, rated), (va / (trafo.vn_hv_kv.to_numpy() * 1e3), va / (trafo.vn_lv_kv.to_numpy() * 1e3))]


def _lowest(node: dict) -> np.ndarray:
    return np.where(node["energized"] == 1, node["u_pu"], np.inf).min(0)
