"""N-1 by brute force with pandapower: one `runpp` per outage and step, for comparison."""

import copy
from dataclasses import dataclass

import numpy as np
import pandapower as pp
import pandas as pd

RUNPP = {"calculate_voltage_angles": True, "init": "dc", "tolerance_mva": 1e-9, "max_iteration": 50, "numba": False}
RATED_TABLES = ("line", "trafo", "trafo3w")


@dataclass(frozen=True)
class BruteForce:
    """NaN where an outage has no solution or an element is dead; axes step, outage, element."""

    loading_percent: np.ndarray
    vm_pu: np.ndarray
    solved: np.ndarray
    demand_lost_mw: np.ndarray
    infeed_lost_mw: np.ndarray
    elements: list[tuple[str, int]]


def with_profiles(net, profiles, step):
    changed = copy.deepcopy(net)
    for name, values in profiles.items():
        table, column = name.split("_", 1)
        changed[table][column] = np.atleast_2d(values)[step]
    return changed


def brute_force(net, outages, profiles, steps):
    """Solve every outage (a tuple of elements, empty for the intact grid) at every step."""
    elements = [(table, int(i)) for table in RATED_TABLES for i in net[table].index]
    shape = steps, len(outages)
    loading, vm = np.full((*shape, len(elements)), np.nan), np.full((*shape, len(net.bus)), np.nan)
    solved, lost = np.zeros(shape, dtype=bool), np.zeros((2, *shape))
    for step in range(steps):
        at_step = with_profiles(net, profiles, step)
        pp.runpp(at_step, **RUNPP)
        live = at_step.res_bus.index[at_step.res_bus.vm_pu.notna()]
        for number, out in enumerate(outages):
            tripped = copy.deepcopy(at_step)
            for table, index in out:
                tripped[table].loc[index, "in_service"] = False
            try:
                pp.runpp(tripped, **RUNPP)
            except pp.LoadflowNotConverged:
                continue
            solved[step, number] = True
            loading[step, number] = pd.concat(
                [tripped[f"res_{table}"].loading_percent for table in RATED_TABLES if len(net[table])]
            )
            vm[step, number] = tripped.res_bus.vm_pu
            lost[:, step, number] = _lost_mw(at_step, tripped, live)
    return BruteForce(loading, vm, solved, lost[0], lost[1], elements)


def _lost_mw(intact, tripped, live):
    """Demand and infeed of the elements that had a live bus before and are dead or out of service now."""
    still_live = tripped.res_bus.index[tripped.res_bus.vm_pu.notna()]
    demand = infeed = 0.0
    for table, sign in (("load", 1.0), ("sgen", -1.0), ("storage", 1.0), ("gen", -1.0)):
        before, after = intact[table], tripped[table]
        lost = before.in_service & before.bus.isin(live) & ~(after.in_service & after.bus.isin(still_live))
        p_mw = sign * (before.p_mw * before.scaling)[lost.astype(bool)]
        demand, infeed = demand + p_mw.clip(lower=0.0).sum(), infeed - p_mw.clip(upper=0.0).sum()
    return demand, infeed


def worst(values, axes):
    """Largest value over some axes, NaN where there is none."""
    with np.errstate(invalid="ignore"):
        highest = np.max(np.where(np.isnan(values), -np.inf, values), axis=axes)
    return np.where(np.isfinite(highest), highest, np.nan)
