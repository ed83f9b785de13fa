"""Headroom against a scan of the infeed with every outage solved, and against pandapower itself."""

import copy

import numpy as np
import pandapower as pp
import pytest
from grid_cases import goto_model
from random_profiles import goto_profiles

from twin.core.random_streams import stream
from twin.network.model import GridModel
from twin.network.monitored import monitored_model
from twin.network.network import ratings
from twin.network.node_power import NodePower, node_power
from twin.network.outage import without
from twin.network.reading.extraction import extract
from twin.network.solving.solver import Solver
from twin.security.headroom.buses import headroom
from twin.security.headroom.search import Outcome

TOLERANCE_MW = 0.01
SCANNED = 40
FURTHEST_MW = 150.0


class BruteForce:
    """Worst watched loading over the intact grid and all outages, by the full matrices."""

    def __init__(self, model: GridModel, profiles: dict[str, np.ndarray]) -> None:
        net = model.net
        network = monitored_model(model, extract(model.net)).network
        self.base_mva = network.base_mva
        limit = ratings(net, network)
        self.states = []
        given = {tuple(name.split("_", 1)): values for name, values in profiles.items()}
        for outage in ((), *((element,) for element in model.roles.outages)):
            after = without(network, [(t, net[t].index.get_loc(i)) for t, i in outage]) if outage else network
            watched = model.roles.monitored_after_outage if outage else model.roles.monitored
            rows = [network.branch_rows[t][net[t].index.get_loc(i), 0] for t, i in watched]
            power = node_power(after, len(next(iter(profiles.values()))), given)
            self.states.append((after, Solver(after), np.array([r for r in rows if r >= 0]), power))
        self.node = dict(zip(net.bus.index, network.node_of_bus, strict=True))
        self.limit = limit

    def worst(self, step: int, bus: int, extra_mw: np.ndarray) -> np.ndarray:
        """Return the worst loading at each extra infeed as a share of the rating, infinite without a solution."""
        worst = np.zeros(len(extra_mw))
        for network, solver, rows, power in self.states:
            one = power.rows(np.full(len(extra_mw), step))
            constant = one.constant.copy()
            constant[:, self.node[bus]] += extra_mw / self.base_mva
            found = solver.solve(NodePower(constant, one.current, one.impedance))
            v = np.where(network.alive, found.v, 0.0)
            for matrix, rated in ((network.y_from, self.limit.from_pu), (network.y_to, self.limit.to_pu)):
                worst = np.maximum(worst, (np.abs(matrix @ v.T)[rows] / rated[rows, None]).max(axis=0))
            worst = np.where(found.converged, worst, np.inf)
        return worst


def check_by_scan(model: GridModel, direction: str, pairs: int, steps: int, buses: list[int], purpose: str) -> dict:
    profiles = goto_profiles(model, steps, purpose)
    result = headroom(model, profiles, buses=buses, direction=direction)
    brute, sign = BruteForce(model, profiles), 1.0 if direction == "infeed" else -1.0
    draw = stream(2030, f"{purpose} pairs", 0)
    chosen = draw.choice(steps * len(buses), pairs, replace=False)
    seen = {"positive": 0, "negative": 0, "not healed": 0}
    for step, b in zip(*np.divmod(chosen, len(buses)), strict=True):
        value = result.headroom_mw[step, b]
        if result.outcome[step, b] == Outcome.NOT_HEALED:
            assert np.isnan(value)
            extra = -np.linspace(0.0, FURTHEST_MW, 2 * SCANNED)
            assert (brute.worst(step, buses[b], sign * extra) > 1.0).all()
            seen["not healed"] += 1
            continue
        assert result.outcome[step, b] == Outcome.FOUND
        if value >= 0.0:
            within, beyond = np.linspace(0.0, max(value - TOLERANCE_MW, 0.0), SCANNED), np.array([value + TOLERANCE_MW])
            seen["positive"] += 1
        else:
            within, beyond = np.array([value - TOLERANCE_MW]), np.linspace(value + TOLERANCE_MW, 0.0, SCANNED)
            seen["negative"] += 1
        assert (brute.worst(step, buses[b], sign * within) <= 1.0).all(), (step, b, value)
        assert (brute.worst(step, buses[b], sign * beyond) > 1.0).all(), (step, b, value)
    return seen


@pytest.mark.parametrize("direction", ["infeed", "demand"])
def test_headroom_is_the_first_breach_of_a_scan(direction):
    model = goto_model(2030, "controlled")
    seen = check_by_scan(model, direction, 12, 60, [3, 14, 18], f"fast {direction}")
    assert seen["positive"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("compensation", ["controlled", "fixed"])
@pytest.mark.parametrize("direction", ["infeed", "demand"])
def test_headroom_of_200_pairs_is_the_first_breach_of_a_scan(compensation, direction):
    model = goto_model(2030, compensation)
    buses = list(model.roles.voltage_buses)
    seen = check_by_scan(model, direction, 200, 400, buses, f"slow {compensation} {direction}")
    assert min(seen["positive"], seen["negative"] + seen["not healed"]) > 0


def pandapower_worst(model: GridModel, profiles: dict[str, np.ndarray], step: int, bus: int, extra_mw: float) -> float:
    worst = 0.0
    net = copy.deepcopy(model.net)
    for name, values in profiles.items():
        table, column = name.split("_", 1)
        net[table][column] = values[step]
    pp.create_sgen(net, bus, extra_mw)
    for outage in (None, *model.roles.outages):
        if outage is not None:
            net[outage[0]].loc[outage[1], "in_service"] = False
        pp.runpp(net, trafo_model="t", calculate_voltage_angles=True, init="dc", tolerance_mva=1e-8, numba=False)
        watched = model.roles.monitored if outage is None else model.roles.monitored_after_outage
        loading = [net[f"res_{t}"].loading_percent.loc[i] for t, i in watched]
        worst = max(worst, np.nanmax(loading) / 100.0)
        if outage is not None:
            net[outage[0]].loc[outage[1], "in_service"] = True
    return worst


@pytest.mark.parametrize("pairs", [pytest.param(2, marks=pytest.mark.slow), pytest.param(20, marks=pytest.mark.slow)])
def test_headroom_is_where_pandapower_sees_the_first_overload(pairs):
    model = goto_model(2030, "fixed")
    profiles, buses = goto_profiles(model, 2 * pairs, "pandapower"), [3, 14, 16]
    result = headroom(model, profiles, buses=buses)
    known = np.argwhere(result.outcome == Outcome.FOUND)[:: len(buses) + 1][:pairs]
    assert len(known) >= pairs / 2
    for step, b in known:
        value = result.headroom_mw[step, b]
        assert pandapower_worst(model, profiles, step, buses[b], value - TOLERANCE_MW) <= 1.0
        assert pandapower_worst(model, profiles, step, buses[b], value + TOLERANCE_MW) > 1.0
