"""N-1 inter-trip (N-1電制): what must be shed after each outage, whether it suffices, what it buys, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from twin.errors import Problem, gathered, raise_if_any
from twin.grid.flow import flat_start, solve
from twin.grid.headroom_kernels import link_headroom
from twin.grid.model import GridModel
from twin.grid.outage_kernels import UNSOLVED_PERCENT, Trips
from twin.grid.reduction import ReducedGrid, reduce_grids
from twin.grid.topology import topology
from twin.powerflow.given import checked
from twin.security.intertrip_kernels import VoltageMaps, link_headroom_with_trips, shedding
from twin.security.intertrip_result import InterTripResult

Rule = Literal["smallest-total", "largest-first"]


@dataclass(frozen=True)
class _Injections:
    """Per unit, (T, n) at the reduced grid's nodes; the trippable plants apart, (T, J)."""

    p: np.ndarray
    q: np.ndarray
    plant_p: np.ndarray
    plant_q: np.ndarray


def intertrip(
    model: GridModel,
    profiles: Mapping[str, ArrayLike],
    index: pd.DatetimeIndex | None = None,
    *,
    cap_mw: float = np.inf,
    rule: Rule = "smallest-total",
) -> InterTripResult:
    """Return what inter-trip sheds after each outage at each half-hour.

    Whole trippable plants, each with its output of that half-hour. At once the short-time rating is judged, settled
    (after the trips) the continuous one. A plant whose trip does not lower the loading stays connected.

    Parameters
    ----------
    model : GridModel
        Not modified; taps and reactors stay as its net has them, the compensator acts.
    profiles : mapping of str to array_like, (T, L)
        ``sgen_p_mw sgen_q_mvar load_p_mw load_q_mvar`` in the order of the net's tables; what is left out keeps the
        net's value.
    index : pandas.DatetimeIndex, optional
        Starts of the half-hours.
    cap_mw : float, default infinite
        Most that one inter-trip may shed.
    rule : {"smallest-total", "largest-first"}
        The sufficient set with the least output (with more than 12 plants connected, or without a sufficient set, as
        the other rule); or the largest plants first, as in the closed loop.

    Returns
    -------
    InterTripResult

    Raises
    ------
    InputError
        An unknown rule, a negative cap, profiles of another table or shape.
    """
    rows, given = _checked(model, profiles, cap_mw, rule)
    grid = reduce_grids([model])
    found = _injections(model, grid, rows, given)
    variant = np.zeros(rows, dtype=np.int64)
    flow = solve(grid, variant, found.p, found.q, *flat_start(grid, variant))
    base_mva = grid.variants[0].grid.base_mva
    plants = _trippable(model)
    cap_pu = np.full(rows, min(cap_mw, 1e9) / base_mva)
    trips = Trips(found.plant_p, found.plant_q, grid.nodes.plant[plants], cap_pu, rule == "smallest-total")
    shed = shedding(grid.arrays, found.p, found.q, flow.v, flow.q_svc_pu, trips, _voltage_maps(model, grid))
    without = link_headroom(
        grid.arrays, variant, found.p, found.q, flow.v, flow.q_svc_pu, grid.nodes.headroom, base_mva
    )[:, 0]
    with_trips = link_headroom_with_trips(
        grid.arrays, found.p, found.q, flow.v, flow.q_svc_pu, trips, grid.nodes.headroom, without, base_mva
    )
    shed = shed._replace(measure_percent=np.where(flow.solved[:, None], shed.measure_percent, UNSOLVED_PERCENT))
    return InterTripResult(
        index=pd.date_range("2000-01-01", periods=rows, freq="30min") if index is None else index,
        outages=grid.outage_names[1:],
        plants=tuple(model.plants.index[plants].astype(str)),
        end_names=grid.end_names,
        shedding=type(shed)(*(values[:, 1:] for values in shed)),
        shed_mw=shed.shed_pu[:, 1:] * base_mva,
        headroom_without_mw=without,
        headroom_with_mw=with_trips,
        solved=flow.solved,
    )


def _trippable(model: GridModel) -> np.ndarray:
    return np.flatnonzero(model.plants.trippable.to_numpy(bool))


def _voltage_maps(model: GridModel, grid: ReducedGrid) -> VoltageMaps:
    full = grid.variants[0].grid
    at = [full.position[bus] for bus in grid.nodes.buses]
    watched = [full.position[int(bus)] for bus in model.roles.voltage_buses]
    states = [topology(full, out) for out in grid.outages]
    return VoltageMaps(
        np.stack([state.z[np.ix_(watched, at)] for state in states]),
        np.stack([state.w[watched] for state in states]),
        np.stack([state.alive[watched] for state in states]),
    )


def _injections(
    model: GridModel, grid: ReducedGrid, steps: int, given: Mapping[tuple[str, str], np.ndarray]
) -> _Injections:
    base_mva, nodes = grid.variants[0].grid.base_mva, grid.nodes

    def pu(table: str, column: str) -> np.ndarray:
        net_table = model.net[table]
        values = given.get((table, column), net_table[column].to_numpy(float))
        scale = net_table.scaling.to_numpy(float) * net_table.in_service.to_numpy(float) / base_mva
        return np.broadcast_to(values * scale, (steps, len(net_table)))

    plants = len(model.plants)
    node_of_sgen = np.concatenate([nodes.plant, nodes.diesel])
    p, q = np.zeros((2, steps, len(nodes.buses)))
    for column, total in (("p_mw", p), ("q_mvar", q)):
        np.add.at(total.T, node_of_sgen, pu("sgen", column).T)
        np.subtract.at(total.T, nodes.area, pu("load", column).T)
    trippable = _trippable(model)
    of_plants = [np.ascontiguousarray(pu("sgen", column)[:, :plants][:, trippable]) for column in ("p_mw", "q_mvar")]
    return _Injections(np.ascontiguousarray(p), np.ascontiguousarray(q), *of_plants)


def _checked(
    model: GridModel, profiles: Mapping[str, ArrayLike], cap_mw: float, rule: str
) -> tuple[int, dict[tuple[str, str], np.ndarray]]:
    """Return the number of steps and the profiles by table and column."""
    problems: list[Problem] = []
    accepted = tuple(f"{table}_{column}" for table in ("sgen", "load") for column in ("p_mw", "q_mvar"))
    if rule not in get_args(Rule):
        problems.append(Problem("unknown rule", "inter-trip, rule", rule, ", ".join(get_args(Rule))))
    if not cap_mw >= 0.0:
        problems.append(Problem("the cap is not a power", "inter-trip, cap_mw", str(cap_mw), "0 or more"))
    problems += [
        Problem("unknown profile", "inter-trip, profiles", name, ", ".join(accepted))
        for name in profiles
        if name not in accepted
    ]
    rows, given = 0, dict[tuple[str, str], np.ndarray]()
    with gathered(problems):
        rows, given = checked(model.net, {name: values for name, values in profiles.items() if name in accepted})
    raise_if_any(problems)
    return rows, given
