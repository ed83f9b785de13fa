"""lightsim2grid: its C++ batch classes, KLU Newton; static generators keep the table's reactive power."""

from __future__ import annotations

import copy

import numpy as np
import pandapower as pp
from lightsim2grid.lightsim2grid_cpp import InjectionSweepCPP, LSGrid, TimeSeriesCPP
from lightsim2grid.network import init_from_pandapower
from pandapower import pandapowerNet

from benchmarks.cases import Case

MAX_STEPS = 20


class OpenLoop:
    """TimeSeries starts each step from the one before; InjectionSweep starts all from one state, on threads."""

    def __init__(self, case: Case, tolerance: float, threads: int | None) -> None:
        grid, self.start = grid_of(case.net)
        self.batch = TimeSeriesCPP(grid) if threads is None else InjectionSweepCPP(grid)
        if threads is not None:
            self.batch.nb_thread = threads
        slack = np.zeros((case.steps, len(grid.get_generators()) - len(case.net.gen)))
        self.given = tuple(
            np.ascontiguousarray(a)
            for a in (np.hstack([case.gen_p_mw, slack]), case.sgen_p_mw, case.load_p_mw, case.load_q_mvar)
        )
        self.tolerance = tolerance

    def solve(self) -> np.ndarray:
        self.batch.compute_Vs(*self.given, self.start, MAX_STEPS, self.tolerance)
        return magnitudes(self.batch.get_voltages())


def time_series(case: Case, tolerance: float) -> OpenLoop:
    return OpenLoop(case, tolerance, None)


def injection_sweep(case: Case, tolerance: float) -> OpenLoop:
    return OpenLoop(case, tolerance, 2)


def grid_of(net: pandapowerNet) -> tuple[LSGrid, np.ndarray]:
    """Convert `net` and solve its base case, from which the batches start."""
    net = copy.deepcopy(net)
    pp.runpp(net, trafo_model="t")
    grid = init_from_pandapower(net)
    start = grid.ac_pf(np.ones(len(net.bus), dtype=complex), MAX_STEPS, 1e-10)
    if not len(start):
        raise ValueError("lightsim2grid does not solve the base case")
    return grid, start


def magnitudes(v: np.ndarray) -> np.ndarray:
    """Return magnitudes with NaN where the program left zeros."""
    vm_pu = np.abs(v)
    vm_pu[vm_pu == 0] = np.nan
    return vm_pu
