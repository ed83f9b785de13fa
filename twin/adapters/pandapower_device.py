"""pandapower's own controllers in the loop: a small net with controllers as a flexible device."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandapower as pp
from pandapower.control.run_control import ctrl_variables_default, run_control
from pandapower.timeseries.run_time_series import control_time_step, finalize_step

from twin.core.errors import InputError, Problem, raise_if_any
from twin.devices.device import DeviceFlows, DeviceNow

NOT_SOLVED = (pp.LoadflowNotConverged, pp.auxiliary.ControllerNotConverged, pp.auxiliary.NetCalculationNotConverged)
FOLLOWED_WITHIN_PU = 1e-6


class Place(NamedTuple):
    """A number in a net: a table's row and column, or with ``table = "controller"`` an attribute of a controller."""

    table: str
    row: int
    column: str


@dataclass(frozen=True, eq=False)
class PandapowerDevice:
    """A feeder of one area as a pandapower net, with what its controllers do to the area's demand.

    Each half-hour and member: the template is copied and its state written into it; the area's demand times `share` is
    spread over the loads as in the template (reactive power in proportion); controllers and power flow are run as
    ``run_timeseries`` does, time being the half-hour of the day, so that a ``DFData`` source has the 48 rows of a day.
    The change of demand is the feeder's import less that of the template with the same demand, without the controlled
    elements and without control: what the feeder loses more or less and what its voltages change is in it.

    Members run one after the other, and each half-hour costs a copy of the net and two power flows of pandapower or
    more, a tenth of a second and up: this is for single members over days, not for studies of years.

    Attributes
    ----------
    name : str
        In orders and tables.
    net : pandapowerNet
        Template with controllers, fed by one external grid; never changed. What its controllers remember beside `state`
        is as in the template every half-hour.
    area : int
        Position of the area in ``case.model.areas``.
    share : float
        Part of the area's demand that is on the feeder, 0 .. 1.
    controlled : tuple of (str, int)
        Elements that are out of service without the device, e.g. ``("storage", 0)``.
    state : tuple of Place
        What a half-hour hands to the next, e.g. ``Place("storage", 0, "soc_percent")``.
    order : Place, optional
        Where a policy's order (-1 .. 1) is written; without it an order other than 0 counts as clipped.
    followed : Place, optional
        Where the controller leaves the order that it could follow; a difference counts as clipped.

    Raises
    ------
    InputError
        Where a place does not exist in the net, or `share` is none.
    """

    name: str
    net: pp.pandapowerNet
    area: int
    share: float
    controlled: tuple[tuple[str, int], ...]
    state: tuple[Place, ...]
    order: Place | None = None
    followed: Place | None = None
    run_options: dict[str, Any] = field(default_factory=lambda: {"numba": False})

    @property
    def is_storage(self) -> bool:
        """Never: what its batteries take is demand of the area; `stored_mwh` tells the charge of ``net.storage``."""
        return False

    def __post_init__(self) -> None:
        places = [place for place in (self.order, self.followed, *self.state) if place is not None]
        places += [Place(table, row, "in_service") for table, row in self.controlled]
        problems = [
            Problem("there is no such place in the net", f"device {self.name}", " ".join(map(str, place)))
            for place in places
            if not _exists(self.net, place)
        ]
        if not 0.0 <= self.share <= 1.0:
            problems.append(Problem("not a share", f"device {self.name}, share", str(self.share), "0 to 1"))
        if self.net.load.loc[self._loads(), "p_mw"].sum() <= 0.0:
            what = "the template's loads do not say how demand is spread"
            problems.append(Problem(what, f"device {self.name}, load", repair="give them p_mw"))
        if len(self.net.ext_grid) != 1:
            seen = str(len(self.net.ext_grid))
            problems.append(Problem("the feeder's import is not defined", f"device {self.name}, ext_grid", seen, "1"))
        raise_if_any(problems)

    def initial(self) -> np.ndarray:
        """Return the template's state, (K,)."""
        return np.array([float(_get(self.net, place)) for place in self.state])

    def step(self, state: np.ndarray, now: DeviceNow) -> tuple[np.ndarray, DeviceFlows]:
        """Run one half-hour for R members, one after the other; see `twin.devices.device.Device.step`.

        Raises
        ------
        InputError
            Where a power flow or a controller does not converge.
        """
        rows = [self._one(row, now, r) for r, row in enumerate(state)]
        demand_mw = np.zeros_like(now.area_demand_mw)
        demand_mw[:, self.area] = [row.change_mw for row in rows]
        stored_mwh = np.array([row.stored_mwh for row in rows])
        gained_mw = (stored_mwh - np.array([row.stored_before_mwh for row in rows])) / now.step_hours
        has_storage = len(self.net.storage) > 0
        return np.array([row.state for row in rows]).reshape(state.shape), DeviceFlows(
            demand_mw=demand_mw,
            losses_mw=demand_mw[:, self.area] - gained_mw if has_storage else np.zeros(len(rows)),
            stored_mwh=stored_mwh,
            unmet_mwh=np.zeros(len(rows)),
            clipped=np.array([row.is_clipped for row in rows], dtype=np.int64),
        )

    def _one(self, state: np.ndarray, now: DeviceNow, r: int) -> _Row:
        """Run one member."""
        demand_mw, signal = self.share * float(now.area_demand_mw[r, self.area]), float(now.signal_pu[r])
        net, without = self._with_demand(demand_mw), self._with_demand(demand_mw)
        for place, value in zip(self.state, state, strict=True):
            _put(net, place, value)
        for table, row in self.controlled:
            without[table].loc[row, "in_service"] = False
        stored_before = _stored_mwh(net)
        try:
            pp.runpp(without, run_control=False, **self.run_options)
            if self.order is not None:
                _put(net, self.order, signal)
            _run_time_step(net, now.half_hour_of_day, self.run_options)
        except NOT_SOLVED as error:
            where = f"device {self.name}, half-hour {now.half_hour_of_day} of the day"
            seen = f"demand {demand_mw:.4g} MW, order {signal:g}"
            raise InputError([Problem(f"pandapower found no solution: {error}", where, seen)]) from error
        followed = float(_get(net, self.followed)) if self.followed is not None else signal
        return _Row(
            state=np.array([float(_get(net, place)) for place in self.state]),
            change_mw=_import_mw(net) - _import_mw(without),
            stored_before_mwh=stored_before,
            stored_mwh=_stored_mwh(net),
            is_clipped=abs(followed - signal) > FOLLOWED_WITHIN_PU or (self.order is None and signal != 0.0),
        )

    def _with_demand(self, p_mw: float) -> pp.pandapowerNet:
        """Return a copy of the template with the feeder's demand spread over its loads."""
        net = copy.deepcopy(self.net)
        rows = self._loads()
        net.load.loc[rows, ["p_mw", "q_mvar"]] *= p_mw / net.load.loc[rows, "p_mw"].sum()
        return net

    def _loads(self) -> list[int]:
        """Return the loads that are no device."""
        own = {row for table, row in self.controlled if table == "load"}
        return [row for row in self.net.load.index[self.net.load.in_service] if row not in own]


class _Row(NamedTuple):
    """What one member's half-hour ends with."""

    state: np.ndarray
    change_mw: float
    stored_before_mwh: float
    stored_mwh: float
    is_clipped: bool


def _run_time_step(net: pp.pandapowerNet, time: int, options: dict[str, Any]) -> None:
    """Run all controllers over a time step, as ``run_timeseries`` does."""
    variables = ctrl_variables_default(net)
    control_time_step(variables["controller_order"], time)
    run_control(net, ctrl_variables=variables, **options)
    finalize_step(variables["controller_order"], time)


def _import_mw(net: pp.pandapowerNet) -> float:
    return float(net.res_ext_grid.p_mw.iloc[0])


def _stored_mwh(net: pp.pandapowerNet) -> float:
    storage = net.storage
    return float((storage.max_e_mwh * storage.soc_percent / 100.0).sum())


def _exists(net: pp.pandapowerNet, place: Place) -> bool:
    if place.table not in net or place.row not in net[place.table].index:
        return False
    if place.table == "controller":
        return hasattr(net.controller.object.at[place.row], place.column)
    return place.column in net[place.table].columns


def _get(net: pp.pandapowerNet, place: Place) -> Any:  # noqa: ANN401 - pandapower's tables hold anything
    if place.table == "controller":
        return getattr(net.controller.object.at[place.row], place.column)
    return net[place.table].at[place.row, place.column]


def _put(net: pp.pandapowerNet, place: Place, value: float) -> None:
    if place.table == "controller":
        setattr(net.controller.object.at[place.row], place.column, value)
        return
    column = net[place.table][place.column]
    net[place.table].at[place.row, place.column] = round(value) if column.dtype.kind in "iu" else value
