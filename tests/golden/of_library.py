"""Goldens of what Python programs use: power flow, security analysis, a study's case, the environment."""

from typing import Any

import numpy as np
import pandapower.networks
import pandas as pd

from tests.golden import numbers_of
from tests.golden.workplace import Workplace
from twin import BatchPowerFlow, SecurityAnalysis

FACTORS = np.array([0.9, 1.0, 1.1])
"""On the demand of three steps."""
HALF_HOURS = 48
NETS = ("case30", "create_cigre_network_mv")


def power_flow(_: Workplace) -> dict[str, Any]:
    """Every result of three steps of two nets."""
    found = {}
    for name in NETS:
        net = getattr(pandapower.networks, name)()
        result = BatchPowerFlow(net).solve(**_profiles(net))
        arrays = {key: getattr(result, key) for key in (*result.names, "vm_pu", "va_degree", "converged")}
        found[name] = {key: numbers_of.sums(values) for key, values in arrays.items()}
    return found


def security(_: Workplace) -> dict[str, Any]:
    """All tables of the outages of the same steps."""
    found = {}
    for name in NETS:
        net = getattr(pandapower.networks, name)()
        result = SecurityAnalysis(net).run(_profiles(net), step_hours=0.5)
        tables = {"steps": result.steps(), "branches": result.branches(), "buses": result.buses()}
        tables["outages"] = result.outages()
        found |= {f"{name} {key}": numbers_of.of_table(table) for key, table in tables.items()}
    return found


def case_in_memory(_: Workplace) -> dict[str, Any]:
    """The tables of a case that a program loads and runs."""
    from studies.api import load_case, run_case

    case = load_case("goto_2030", scenario="new_pv_held", days=(355, 355), settings={"fleet.firmness": "all_non_firm"})
    return {name: numbers_of.of_table(table) for name, table in run_case(case)[0].items()}


def environment(_: Workplace) -> dict[str, Any]:
    """A day of fixed actions, with either reward."""
    from studies.api import load_case
    from twin.adapters.environment import IslandEnvironment

    settings = {"operation.policy": "none", "grid.conductor_mm2": 240, "fleet.demand_response": "plan"}
    case = load_case("goto_2030", scenario="new_pv_congestion_aware", days=(355, 356), settings=settings)
    orders = ("power", "devices")
    return {
        reward: _episode(IslandEnvironment(case, reward=reward, days=1, orders=orders))
        for reward in ("energy", "value")
    }


def _episode(env: Any) -> dict[str, Any]:
    observation, _ = env.reset(seed=1, options={"start": 0})
    observations, rewards, infos = [observation], [], []
    for half_hour in range(HALF_HOURS):
        order = np.sin(0.4 * half_hour + np.arange(len(env.action_names)))
        observation, reward, _, truncated, info = env.step(order.astype(np.float32))
        observations.append(observation)
        rewards.append(reward)
        infos.append(info)
    assert truncated
    kept = {name: values for name, values in pd.DataFrame(infos).items() if name != "time"}
    return {
        "observations": numbers_of.sums(np.array(observations)),
        "rewards": rewards,
        "actions": len(env.action_names),
        "info": {str(name): numbers_of.sums(values.to_numpy(dtype=float)) for name, values in kept.items()},
    }


def _profiles(net: Any) -> dict[str, np.ndarray]:
    names = ("load_p_mw", "load_q_mvar")
    return {name: FACTORS[:, None] * net.load[name.removeprefix("load_")].to_numpy() for name in names}
