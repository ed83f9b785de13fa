"""How much more infeed or demand each bus takes at each half-hour before the first limit is reached, in AC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pandapower import pandapowerNet

from twin.core.errors import InputError, Problem
from twin.network.model import Element, GridModel
from twin.network.monitored import PLAIN_LIMITS, element_names, monitored_model, monitored_net
from twin.network.node_power import node_power
from twin.network.profiles import checked
from twin.network.reading.extraction import extract
from twin.security.contingencies import Outages
from twin.security.headroom.prepared import PreparedHeadroom, prepared_headroom, scope_of
from twin.security.headroom.result import HeadroomResult
from twin.security.headroom.search import TOLERANCE_MW, FirstViolation, Rows, first_violation
from twin.security.steps import labels_of


def model_profiles(model: GridModel, plant_mw: np.ndarray, demand_mw: np.ndarray) -> dict[str, np.ndarray]:
    """Return element powers in the order of the model's net, with the power factors of its plants and areas.

    Parameters
    ----------
    model : GridModel
    plant_mw : numpy.ndarray, (T, P)
        Infeed of the plants.
    demand_mw : numpy.ndarray, (T, A)
        What the areas take at their low-side bus (negative where their sites feed in more).

    Returns
    -------
    dict of str to numpy.ndarray
        ``sgen_p_mw sgen_q_mvar`` (stand-by diesels at zero), ``load_p_mw load_q_mvar``.

    Raises
    ------
    InputError
        If the shapes do not fit the model or each other.
    """
    plants, areas = model.plants, model.areas
    wanted = (plant_mw.shape[0], len(plants)), (plant_mw.shape[0], len(areas))
    problems = [
        Problem("wrong shape", f"model profiles, {name}", str(values.shape), str(shape))
        for name, values, shape in zip(("plant_mw", "demand_mw"), (plant_mw, demand_mw), wanted, strict=True)
        if values.shape != shape
    ]
    if problems:
        raise InputError(problems)
    q_per_p = plants.q_sign.to_numpy(float) * np.tan(np.arccos(plants.power_factor.to_numpy(float)))
    idle = np.zeros((len(plant_mw), len(model.net.sgen) - len(plants)))
    return {
        "sgen_p_mw": np.hstack([plant_mw, idle]),
        "sgen_q_mvar": np.hstack([plant_mw * q_per_p, idle]),
        "load_p_mw": demand_mw,
        "load_q_mvar": demand_mw * np.tan(np.arccos(areas.power_factor.to_numpy(float))),
    }


STEPS_PER_BLOCK = 336
STATED_TOLERANCE_MW = 0.01
_SIGN = {"infeed": 1.0, "demand": -1.0}


def headroom(
    net: pandapowerNet | GridModel,
    profiles: Mapping[str, ArrayLike],
    index: pd.DatetimeIndex | None = None,
    *,
    buses: Sequence[int] | None = None,
    outages: Outages = "all",
    direction: Literal["infeed", "demand"] = "infeed",
    monitored: Sequence[Element] | None = None,
    voltage_limits: tuple[float, float] | None = None,
    threads: int = 1,
) -> HeadroomResult:
    """Return the headroom of buses: extra infeed (or demand) at unity power factor until the first limit is reached.

    Moving from zero, the first branch end that reaches its continuous rating (or the first bus that reaches a voltage
    limit), in the intact grid or after any of the outages, each in AC. Taps and reactors keep their position, the
    compensator acts. A later return into limits does not count. Headroom is negative where a limit is breached already:
    minus the smallest reduction there that heals it; NaN, and counted, where no reduction does.

    Parameters
    ----------
    net : pandapowerNet or GridModel
        Not modified. A model brings its own outages, watched branches and compensator.
    profiles : mapping of str to array_like, (T, L)
        ``load_p_mw``, ``load_q_mvar``, ``sgen_p_mw``, ... in the order of the net's tables, as in `BatchPowerFlow`.
    index : pandas.DatetimeIndex, optional
        Starts of the half-hours, those of the profiles without it; needed only for results by month and hour.
    buses : sequence of int, optional
        pandapower buses; all in service (of a model: those whose voltage is watched) without it.
    outages : sequence of (table, index) or of groups of them, or "all"
        Besides the intact grid, which always counts.
    direction : {"infeed", "demand"}
    monitored : sequence of (table, index), optional
        Branches whose ratings count; all rated ones, or those of the model, without it.
    voltage_limits : (float, float), optional
        Lowest and highest voltage, pu; None leaves voltages out.
    threads : int, default 1
        Blocks of half-hours solved side by side; the answer does not depend on it.

    Returns
    -------
    HeadroomResult

    Raises
    ------
    InputError
        Unknown direction, buses or profiles that do not fit.
    """
    model = net if isinstance(net, GridModel) else None
    plain = net.net if isinstance(net, GridModel) else net
    of_steps = checked(plain, profiles)
    steps, given = of_steps.rows, of_steps.values
    _check(plain, direction, buses)
    labels = labels_of(steps, of_steps.labels, index)
    if model is None:
        grid = monitored_net(plain, extract(plain), PLAIN_LIMITS)
        wanted = plain.bus.index[plain.bus.in_service.astype(bool)] if buses is None else buses
    else:
        grid = monitored_model(model, extract(plain))
        wanted = model.roles.voltage_buses if buses is None else buses
        outages = model.roles.outages if isinstance(outages, str) else outages
    case = prepared_headroom(grid, scope_of(grid, wanted, outages, monitored, voltage_limits))
    blocks = [slice(first, min(first + STEPS_PER_BLOCK, steps)) for first in range(0, steps, STEPS_PER_BLOCK)]

    def solve(block: slice) -> FirstViolation:
        return _block(case, {key: values[block] for key, values in given.items()}, block, _SIGN[direction])

    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(solve, blocks))
    return _collect(plain, case, found, pd.RangeIndex(steps) if labels is None else labels, direction)


def link_headroom(
    model: GridModel, profiles: Mapping[str, ArrayLike], index: pd.DatetimeIndex | None = None,
    *, direction: Literal["infeed", "demand"] = "infeed", threads: int = 1,
) -> HeadroomResult:  # fmt: skip
    """Return the headroom of the link: at `roles.headroom_bus`, after a trip of a link circuit, its circuits watched.

    As in the loop, but negative values are by the smallest reduction that heals (docs/concepts/grid/headroom.md).
    """
    circuits = [circuit.element for circuit in model.roles.link]
    return headroom(
        model, profiles, index, buses=[model.roles.headroom_bus], outages=circuits, direction=direction,
        monitored=circuits, threads=threads,
    )  # fmt: skip


def _check(net: pandapowerNet, direction: str, buses: Sequence[int] | None) -> None:
    problems = []
    if direction not in _SIGN:
        problems.append(Problem("unknown direction", "headroom, direction", str(direction), ", ".join(_SIGN)))
    unknown = [bus for bus in buses or () if bus not in net.bus.index]
    if unknown:
        problems.append(Problem("no such bus", "headroom, buses", str(unknown[:10]), "an index of net.bus"))
    if problems:
        raise InputError(problems)


def _block(
    case: PreparedHeadroom, given: Mapping[tuple[str, str], np.ndarray], block: slice, sign: float
) -> FirstViolation:
    steps, buses = block.stop - block.start, len(case.buses)
    powers = [node_power(contingency.network, steps, given) for contingency in case.contingencies]
    rows = Rows(np.repeat(np.arange(steps), buses), np.tile(np.arange(buses), steps))
    return first_violation(case, powers, rows, sign)


def _collect(
    net: pandapowerNet, case: PreparedHeadroom, found: Sequence[FirstViolation], index: pd.Index, direction: str
) -> HeadroomResult:
    shape = (len(index), len(case.buses))
    return HeadroomResult(
        index=index,
        buses=tuple(int(bus) for bus in case.buses),
        bus_names=tuple(element_names(net, [("bus", int(bus)) for bus in case.buses])),
        direction=direction,
        headroom_mw=np.concatenate([f.headroom_mw for f in found]).reshape(shape),
        topology=np.concatenate([f.topology for f in found]).reshape(shape),
        item=np.concatenate([f.item for f in found]).reshape(shape),
        outcome=np.concatenate([f.outcome for f in found]).reshape(shape),
        outages=tuple(" + ".join(element_names(net, contingency.outage)) for contingency in case.contingencies),
        items=case.items,
        item_names=tuple(element_names(net, [item.element for item in case.items])),
        tolerance_mw=max(STATED_TOLERANCE_MW, TOLERANCE_MW),
        solved=sum(f.solved for f in found),
    )
