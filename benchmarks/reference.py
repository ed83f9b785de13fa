"""Converged answers: pandapower's Newton at 1e-10 MVA, single steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandapower as pp

from benchmarks.cases import Case

_CONVERGED = {
    "tolerance_mva": 1e-10,
    "calculate_voltage_angles": True,
    "init": "dc",
    "max_iteration": 30,
    "numba": False,
}


def voltages(case: Case, steps: Iterable[int]) -> np.ndarray:
    """Return voltage magnitudes, (steps, buses) pu."""
    vm_pu = []
    for step in steps:
        net = case.net_at(step)
        pp.runpp(net, **_CONVERGED)
        vm_pu.append(net.res_bus.vm_pu.to_numpy())
    return np.array(vm_pu)


def lowest_voltages(case: Case, steps: Iterable[int], outages: Sequence[tuple[str, int]]) -> np.ndarray:
    """Return each bus's lowest voltage over single outages, (steps, buses) pu; a bus without supply does not count."""
    lowest = []
    for step in steps:
        net = case.net_at(step)
        vm_pu = []
        for table, index in outages:
            net[table].loc[index, "in_service"] = False
            pp.runpp(net, **_CONVERGED)
            vm_pu.append(net.res_bus.vm_pu.to_numpy())
            net[table].loc[index, "in_service"] = True
        lowest.append(np.nanmin(vm_pu, axis=0))
    return np.array(lowest)
