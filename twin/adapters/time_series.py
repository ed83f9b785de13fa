"""The loop inside pandapower's time series: each half-hour's managed state is written into a net."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pandapower as pp
from pandapower.control.basic_controller import Controller

from twin.core.errors import InputError, Problem, raise_if_any
from twin.network.model import GridModel
from twin.network.reading.supported import POWER_FLOW_OPTIONS
from twin.network.variants.controls import set_positions
from twin.operation.case import Case
from twin.operation.injections import Injections, kept_share
from twin.operation.record import Record
from twin.operation.state import State, initial_state
from twin.operation.window import step

RUN_OPTIONS: dict[str, Any] = POWER_FLOW_OPTIONS | {"recycle": False}
"""Keywords for ``run_timeseries`` with which `runpp` solves the net as the loop does."""


def loop_net(case: Case, m: int = 0) -> pp.pandapowerNet:
    """Return a copy of a member's net, as built; elements may be added to it before `LoopControl` is."""
    return copy.deepcopy(case.grid.models[case.members[m].grid].net)


class LoopControl(Controller):
    """A pandapower controller that runs a half-hour of the loop and writes what came of it into a net.

    Written are: plants and diesels (``sgen``), the areas' demand net of what sites use themselves (``load``), the
    sites' feed-in and the compensator's output (rows of ``sgen`` that are added here; its ``gen`` goes out of service),
    taps and reactors. What the net has beside them stays and is seen by ``runpp``, but not by the loop.

    Time steps are positions in ``case.index``, one after the other from `start` on; when ``run_timeseries`` begins
    again at `start`, so does the loop. Pass `RUN_OPTIONS` to ``run_timeseries``. A half-hour that the loop did not
    solve is written as it is and counted in `unsolved`. A net with this controller is not for ``to_json``.

    Parameters
    ----------
    net : pandapowerNet
        From `loop_net`, with elements added or not.
    case : Case
    m : int
        Position of the member.
    start : int
        First time step.
    state : State, optional
        Of all members at `start`; default: the state before the first half-hour of a run.
    **kwargs
        Passed to pandapower's ``Controller``, e.g. ``order`` and ``level``.

    Attributes
    ----------
    state : State
        After the half-hour.
    record : Record or None
        Of the half-hour.
    unsolved : int
        Half-hours without a solution in the loop.

    Raises
    ------
    InputError
        Where the net is another one than the member's.
    """

    def __init__(
        self,
        net: pp.pandapowerNet,
        case: Case,
        m: int = 0,
        start: int = 0,
        state: State | None = None,
        **kwargs: Any,  # noqa: ANN401 - pandapower's
    ) -> None:
        model = case.grid.models[case.members[m].grid]
        _require_own(net, model)
        super().__init__(net, **kwargs)
        self.case, self.m, self.start = case, m, start
        self.state = self._first = initial_state(case) if state is None else state
        self.record: Record | None = None
        self.unsolved = 0
        self._next = start
        sgen, load = net.sgen.index, net.load.index
        ends = np.cumsum([len(model.plants), len(model.diesels)])
        self._plants, self._diesels = sgen[: ends[0]], sgen[ends[0] : ends[1]]
        self._areas = load[: len(model.areas)]
        names = [f"sites of {area}" for area in model.areas.index]
        self._sites = pp.create_sgens(net, net.load.bus.loc[self._areas].to_numpy(), p_mw=0.0, name=names)
        self._compensator = None
        if model.compensator is not None:
            net.gen.loc[net.gen.bus == model.compensator.bus, "in_service"] = False
            self._compensator = pp.create_sgen(net, model.compensator.bus, p_mw=0.0, name="compensator")

    def time_step(self, net: pp.pandapowerNet, time: int) -> None:
        """Run half-hour `time` and write it into the net.

        Raises
        ------
        InputError
            Where it does not follow the half-hour before.
        """
        if time == self.start:
            self.state, self.unsolved = _as_new(self._first), 0
        elif time != self._next:
            repair = "run all time steps one after the other"
            raise InputError(
                [Problem("the loop needs each half-hour", "time step", str(time), str(self._next), repair)]
            )
        self.state, self.record = step(self.case, self.state, time)
        self._next = time + 1
        self.unsolved += int(bool(self.record.failure[self.m]))
        self._write(net, self.record)

    def is_converged(self, net: pp.pandapowerNet) -> bool:
        """Return True: the loop has managed the state before ``runpp``."""
        return True

    def _write(self, net: pp.pandapowerNet, record: Record) -> None:
        case, row = self.case, np.array([self.m])
        injections = record.injections.rows(row)
        units_mw, units_mvar = injections.unit_mw[0], (injections.unit_mw * injections.unit_q_per_p)[0]
        _set(net.sgen, self._plants, units_mw[: case.plants], units_mvar[: case.plants])
        at_sites = (
            case.areas.sums(units_mw[None, case.plants :])[0],
            case.areas.sums(units_mvar[None, case.plants :])[0],
        )
        _set(net.sgen, self._sites, *at_sites)
        _set(net.sgen, self._diesels, injections.diesel_mw[0], np.zeros(len(self._diesels)))
        net.sgen.loc[self._diesels, "in_service"] = injections.diesel_mw[0] > 0.0
        _set(net.load, self._areas, *_supplied(injections))
        if self._compensator is not None:
            net.sgen.at[self._compensator, "q_mvar"] = float(record.q_svc_mvar[self.m])
        model = case.grid.models[case.members[self.m].grid]
        set_positions(net, model.controls, tuple(record.positions[self.m].tolist()))


def _as_new(state: State) -> State:
    """Return a state whose policies remember nothing of the half-hours that follow."""
    return replace(state, policies=copy.deepcopy(state.policies))


def _set(table: Any, rows: Any, p_mw: np.ndarray, q_mvar: np.ndarray) -> None:  # noqa: ANN401 - pandapower's tables
    table.loc[rows, "p_mw"] = p_mw
    table.loc[rows, "q_mvar"] = q_mvar


def _supplied(injections: Injections) -> tuple[np.ndarray, np.ndarray]:
    """Return active and reactive demand of the areas less what was shed, two arrays (A,)."""
    kept = kept_share(injections)[0]
    return injections.demand_mw[0] * kept, injections.demand_mvar[0] * kept


def _require_own(net: pp.pandapowerNet, model: GridModel) -> None:
    """Refuse a net in which plants, diesels and areas are not the first rows."""
    problems = []
    for table in ("sgen", "load"):
        own, theirs = model.net[table], net[table]
        columns = ["name", "bus"]
        if len(theirs) < len(own) or not theirs[columns].iloc[: len(own)].equals(own[columns]):
            seen = ", ".join(map(str, theirs["name"].head(3)))
            accepted = "the rows of the member's net first, in their order"
            problems.append(Problem("the net is not the member's", f"table {table}", seen, accepted, "use loop_net"))
    raise_if_any(problems)
