"""lightsim2grid: ScenarioSweep (a row is a step with an outage) and ContingencyAnalysis (all outages of one step).

lightsim2grid's islands stay in (`handle_disconnected_grid`). Its `compute_flows` gives the current at the from or
high-voltage end only, so a branch's loading is that end's: less than the others deliver, in this program's favour.
"""

from __future__ import annotations

import numpy as np
from lightsim2grid.lightsim2grid_cpp import ContingencyAnalysisCPP, ScenarioSweepCPP

from benchmarks.cases import Case
from benchmarks.outages import Worst
from benchmarks.peers.lightsim import MAX_STEPS, grid_of

BLOCK_STEPS = 500
_THREADS = 2


class Sweep:
    """One ScenarioSweep per block of steps; a row is a step with an outage, the step's outages in a row."""

    def __init__(self, case: Case, outages: list[tuple[str, int]], tolerance: float) -> None:
        self.case, self.outages, self.tolerance = case, len(outages), tolerance
        self.grid, self.start = grid_of(case.net)
        self.blocks = [case.cut(slice(first, first + BLOCK_STEPS)) for first in range(0, case.steps, BLOCK_STEPS)]
        self.masks = [
            np.array([[(table, index) == outage for index in case.net[table].index] for outage in outages])
            for table in ("line", "trafo")
        ]
        self.ratings_ka = ratings_ka(case)

    def solve(self) -> Worst:
        loading, vm_pu, unsolved = np.array(-np.inf), np.array(np.inf), 0
        for block in self.blocks:
            sweep = self._ready(block)
            sweep.compute(self.start, MAX_STEPS, self.tolerance)
            flows = sweep.compute_flows().reshape(block.steps, self.outages, -1)
            loading = np.fmax(loading, np.fmax.reduce(flows, axis=0) / self.ratings_ka)
            vm_pu = np.minimum(vm_pu, lowest(sweep.get_voltages()))
            unsolved += block.steps * self.outages - sweep.nb_converged()
        return Worst(100 * loading.max(0), loading.argmax(0), vm_pu, unsolved)

    def _ready(self, block: Case) -> ScenarioSweepCPP:
        sweep = ScenarioSweepCPP(self.grid)
        sweep.nb_thread, sweep.handle_disconnected_grid = _THREADS, True
        for modify, values in (
            (sweep.modify_load_p, block.load_p_mw),
            (sweep.modify_load_q, block.load_q_mvar),
            (sweep.modify_sgen_p, block.sgen_p_mw),
        ):
            modify(np.repeat(values, self.outages, axis=0))
        for register, mask in zip((sweep.set_contingency_lines, sweep.set_contingency_trafos), self.masks, strict=True):
            register(np.tile(mask, (block.steps, 1)))
        return sweep


class PerStep:
    """One ContingencyAnalysis per step, each on the grid with the step's injections."""

    def __init__(self, case: Case, outages: list[tuple[str, int]], tolerance: float) -> None:
        self.case, self.tolerance = case, tolerance
        self.grid, self.start = grid_of(case.net)
        lines = len(case.net.line)
        self.numbers = [index if table == "line" else lines + index for table, index in outages]
        self.ratings_ka = ratings_ka(case)

    def solve(self) -> Worst:
        loading, vm_pu, unsolved = np.array(-np.inf), np.array(np.inf), 0
        for step in range(self.case.steps):
            self._inject(step)
            analysis = ContingencyAnalysisCPP(self.grid)
            analysis.nb_thread, analysis.handle_disconnected_grid = _THREADS, True
            analysis.add_multiple_n1(self.numbers)
            analysis.compute(self.start, MAX_STEPS, self.tolerance)
            loading = np.fmax(loading, analysis.compute_flows() / self.ratings_ka)
            vm_pu = np.minimum(vm_pu, lowest(analysis.get_voltages()))
            unsolved += len(self.numbers) - analysis.nb_converged()
        return Worst(100 * loading.max(0), loading.argmax(0), vm_pu, unsolved)

    def _inject(self, step: int) -> None:
        for update, values in (
            (self.grid.update_loads_p, self.case.load_p_mw),
            (self.grid.update_loads_q, self.case.load_q_mvar),
            (self.grid.update_sgens_p, self.case.sgen_p_mw),
        ):
            update(np.ones(values.shape[1], dtype=bool), values[step])


def ratings_ka(case: Case) -> np.ndarray:
    """Return the rated currents of lines and of transformers' high-voltage ends."""
    trafo = case.net.trafo
    return np.r_[case.net.line.max_i_ka, trafo.sn_mva / (np.sqrt(3) * trafo.vn_hv_kv)]


def lowest(v: np.ndarray) -> np.ndarray:
    """Return each bus's lowest magnitude; a bus without supply reads zero and does not count."""
    vm_pu = np.abs(v)
    return np.where(vm_pu > 0, vm_pu, np.inf).min(0)
