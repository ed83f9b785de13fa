"""How much more infeed or demand each bus takes at each half-hour before the first limit is reached, in AC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pandapower import pandapowerNet

from twin.core.errors import InputError, Problem
from twin.network.batch import checked
from twin.network.extraction import extract
from twin.network.model import Element, GridModel
from twin.network.monitored import PLAIN_LIMITS, element_names, monitored_model, monitored_net
from twin.network.node_power import node_power
from twin.security.contingencies import Outages
from twin.security.headroom.prepared import MonitoredLimit, PreparedHeadroom, prepared_headroom, scope_of
from twin.security.headroom.search import TOLERANCE_MW, FirstViolation, Outcome, Rows, first_violation

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def headroom_figure(result: HeadroomResult, bus: int) -> Figure:
    """Draw the headroom of the bus at position `bus`.

    Parameters
    ----------
    result : HeadroomResult
    bus : int
        Position in `result.buses`.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot; the caller saves it.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 4.0), layout="constrained")
    duration, heat = figure.subplots(1, 2, width_ratios=(1.0, 1.4))
    curve = result.duration_curve(bus)
    duration.plot(100.0 * (np.arange(len(curve)) + 0.5) / len(curve), np.where(np.isfinite(curve), curve, np.nan))
    duration.axhline(0.0, color="black", linewidth=0.6)
    duration.axvline(100.0 * EXCEEDED_SHARE, color="grey", linewidth=0.6, linestyle="--")
    duration.set_xlabel("share of half-hours [%]")
    duration.set_ylabel(f"N-1 headroom for {result.direction} [MW]")
    unknown = int(np.isnan(curve).sum())
    duration.set_title(f"{result.bus_names[bus]}: {unknown} of {len(curve)} half-hours without a value", fontsize=9)
    table = result.by_month_and_hour(bus)
    picture = heat.imshow(table.to_numpy(), aspect="auto", cmap="viridis")
    heat.set_xticks(range(len(table.columns)), [str(hour) for hour in table.columns], fontsize=7)
    heat.set_yticks(range(len(table.index)), [str(month) for month in table.index])
    heat.set_xlabel("hour")
    heat.set_ylabel("month")
    heat.set_title("median [MW]", fontsize=9)
    figure.colorbar(picture, ax=heat)
    return figure


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


EXCEEDED_SHARE = 0.95


@dataclass(frozen=True)
class HeadroomResult:
    """Extra infeed or demand at unity power factor until the first breach; axes T half-hours, B buses.

    Attributes
    ----------
    index : pandas.DatetimeIndex, (T,)
    buses : tuple of int, (B,)
    bus_names : tuple of str, (B,)
    direction : str
        ``infeed`` or ``demand``.
    headroom_mw : numpy.ndarray, (T, B)
        Negative: minus the smallest reduction that heals what is breached already. NaN: no reduction heals. Infinite:
        no limit within reach.
    topology : numpy.ndarray, (T, B) int
        Position in `outages` of the state that binds; 0 is the intact grid, -1 none.
    item : numpy.ndarray, (T, B) int
        Position in `items`; -1 where the state has no solution beyond.
    outcome : numpy.ndarray, (T, B) int
        `Outcome`.
    outages : tuple of str
        Names; the first is empty.
    items : tuple of MonitoredLimit
    item_names : tuple of str
    tolerance_mw : float
        Largest distance of a value from the first breach.
    solved : int
        Power flows solved.
    """

    index: pd.DatetimeIndex
    buses: tuple[int, ...]
    bus_names: tuple[str, ...]
    direction: str
    headroom_mw: np.ndarray
    topology: np.ndarray
    item: np.ndarray
    outcome: np.ndarray
    outages: tuple[str, ...]
    items: tuple[MonitoredLimit, ...]
    item_names: tuple[str, ...]
    tolerance_mw: float
    solved: int

    def summary(self) -> pd.DataFrame:
        """Return one row a bus.

        Returns
        -------
        pandas.DataFrame
            Index `bus`; ``guaranteed_mw`` (minimum), ``exceeded_95_percent_mw`` (value exceeded 95 % of the time),
            ``median_mw``: half-hours that no reduction heals count as lower than any number, so that these are NaN
            where such a half-hour decides; ``lowest_known_mw``; ``negative_half_hours``, ``not_healed_half_hours``,
            ``beyond_reach_half_hours``, ``not_settled_half_hours``; ``binding`` (what binds most often).
        """
        rows = []
        for b, name in enumerate(self.bus_names):
            values, outcome = self.headroom_mw[:, b], self.outcome[:, b]
            known = values[~np.isnan(values)]
            rows.append(
                {
                    "bus": name,
                    "guaranteed_mw": self.exceeded_mw(b, 1.0),
                    "exceeded_95_percent_mw": self.exceeded_mw(b, EXCEEDED_SHARE),
                    "median_mw": self.exceeded_mw(b, 0.5),
                    "lowest_known_mw": known.min() if len(known) else np.nan,
                    "negative_half_hours": int((values < 0.0).sum()),
                    "not_healed_half_hours": int((outcome == Outcome.NOT_HEALED).sum()),
                    "beyond_reach_half_hours": int((outcome == Outcome.BEYOND).sum()),
                    "not_settled_half_hours": int((outcome == Outcome.NOT_SETTLED).sum()),
                    "binding": self._most_often(b),
                }
            )
        return pd.DataFrame(rows).set_index("bus")

    def exceeded_mw(self, bus: int, share: float) -> float:
        """Return the value that the headroom of the bus at position `bus` reaches in `share` of all half-hours."""
        values = np.sort(np.where(np.isnan(self.headroom_mw[:, bus]), -np.inf, self.headroom_mw[:, bus]))
        found = values[min(int((1.0 - share) * len(values) + 1e-9), len(values) - 1)]
        return float(found) if found > -np.inf else np.nan

    def duration_curve(self, bus: int) -> np.ndarray:
        """Return (T,) the headroom in falling order, NaN last."""
        values = self.headroom_mw[:, bus]
        known = np.sort(values[~np.isnan(values)])[::-1]
        return np.concatenate([known, np.full(len(values) - len(known), np.nan)])

    def by_month_and_hour(self, bus: int) -> pd.DataFrame:
        """Return the median by month (rows) and hour (columns); NaN half-hours are left out of it."""
        frame = pd.DataFrame(
            {"month": self.index.month, "hour": self.index.hour, "headroom_mw": self.headroom_mw[:, bus]}
        )
        return frame.pivot_table(index="month", columns="hour", values="headroom_mw", aggfunc="median")

    def binding(self, step: int, bus: int) -> tuple[str, Element | None, str]:
        """Return outage, element and side that bind; the element is None where the state has no solution beyond."""
        topology, item = self.topology[step, bus], self.item[step, bus]
        outage = self.outages[topology] if topology >= 0 else ""
        return (outage, None, "") if item < 0 else (outage, self.items[item].element, self.items[item].side)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per half-hour and bus: ``headroom_mw outage element side outcome``, index (time, bus)."""
        names = np.array([*self.item_names, ""], dtype=object)
        sides = np.array([*(item.side for item in self.items), ""], dtype=object)
        outages = np.array([*self.outages, ""], dtype=object)
        return pd.DataFrame(
            {
                "headroom_mw": self.headroom_mw.ravel(),
                "outage": outages[self.topology].ravel(),
                "element": names[self.item].ravel(),
                "side": sides[self.item].ravel(),
                "outcome": np.array([o.name.lower() for o in Outcome], dtype=object)[self.outcome].ravel(),
            },
            index=pd.MultiIndex.from_product([self.index, self.bus_names], names=["time", "bus"]),
        )

    def _most_often(self, bus: int) -> str:
        pairs = np.stack([self.topology[:, bus], self.item[:, bus]], axis=1)
        unique, counts = np.unique(pairs[self.topology[:, bus] >= 0], axis=0, return_counts=True)
        if not len(unique):
            return ""
        topology, item = unique[counts.argmax()]
        what = "no solution" if item < 0 else f"{self.item_names[item]} {self.items[item].side}".strip()
        return f"{what} after {self.outages[topology]}" if topology else what


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
    """Return the headroom of buses: extra infeed (or demand) at unity power factor until the first breach.

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
        Starts of the half-hours; needed only for results by month and hour.
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
    steps, given = checked(plain, profiles)
    _check(plain, direction, buses, index, steps)
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
    times = pd.date_range("2000-01-01", periods=steps, freq="30min") if index is None else index
    return _collect(plain, case, found, times, direction)


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


def _check(
    net: pandapowerNet, direction: str, buses: Sequence[int] | None, index: pd.DatetimeIndex | None, steps: int
) -> None:
    problems = []
    if direction not in _SIGN:
        problems.append(Problem("unknown direction", "headroom, direction", str(direction), ", ".join(_SIGN)))
    unknown = [bus for bus in buses or () if bus not in net.bus.index]
    if unknown:
        problems.append(Problem("no such bus", "headroom, buses", str(unknown[:10]), "an index of net.bus"))
    if index is not None and len(index) != steps:
        problems.append(Problem("index and profiles differ in length", "headroom, index", str(len(index)), str(steps)))
    if problems:
        raise InputError(problems)


def _block(
    case: PreparedHeadroom, given: Mapping[tuple[str, str], np.ndarray], block: slice, sign: float
) -> FirstViolation:
    steps, buses = block.stop - block.start, len(case.buses)
    powers = [node_power(topology.network, steps, given) for topology in case.contingencies]
    rows = Rows(np.repeat(np.arange(steps), buses), np.tile(np.arange(buses), steps))
    return first_violation(case, powers, rows, sign)


def _collect(
    net: pandapowerNet, case: PreparedHeadroom, found: Sequence[FirstViolation], index: pd.DatetimeIndex, direction: str
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
        outages=tuple(" + ".join(element_names(net, topology.outage)) for topology in case.contingencies),
        items=case.items,
        item_names=tuple(element_names(net, [item.element for item in case.items])),
        tolerance_mw=max(STATED_TOLERANCE_MW, TOLERANCE_MW),
        solved=sum(f.solved for f in found),
    )
