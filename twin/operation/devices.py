"""What sites, flexible devices and batteries beside plants do in a half-hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from twin.core.equal_rows import distinct_rows
from twin.core.quantities import CONGESTION_CAUSES, CutCause
from twin.core.row_arrays import map_arrays
from twin.core.units import KW_PER_MW
from twin.devices.device import Device, DeviceFlows, DeviceNow, DeviceSteps, PlantDevice, PlantsNow, SeriesDevice
from twin.devices.sites import SiteOrders, SiteRows, SiteSeries, SiteSums, run_steps
from twin.operation.case import Case
from twin.operation.ledger import Ledger
from twin.operation.member import Placed
from twin.operation.state import State

_FIELDS = 9
AT_THE_LINK = (*CONGESTION_CAUSES, CutCause.VOLTAGE)
"""Causes that act on the infeed of plant and battery together."""
CHARGED = (CutCause.AREA_BALANCE, *AT_THE_LINK)
"""Cuts that a battery may take: the plant could have produced it, only the grid did not want it."""


@dataclass(frozen=True)
class SiteFlows:
    """Sums over the sites of each group, (..., G) in MW, over one half-hour; the leading axes are steps and members.

    `available_mw` is PV at the inverter's AC side; `throttled_mw` what the inverter throttled; `load_mw` own demand;
    `export_mw` and `import_mw` the exchange with the grid, site by site; `charge_mw` what the battery systems take,
    standby that does not come out of the charge included; `battery_losses_mw` conversion and all standby;
    `raw_net_mw` PV minus demand as without any battery; `stored_mwh` the charge at the end; `clipped` (...) counts
    commands that a device could not follow.
    """

    available_mw: np.ndarray
    throttled_mw: np.ndarray
    load_mw: np.ndarray
    export_mw: np.ndarray
    import_mw: np.ndarray
    charge_mw: np.ndarray
    discharge_mw: np.ndarray
    battery_losses_mw: np.ndarray
    stored_mwh: np.ndarray
    clipped: np.ndarray

    @property
    def raw_net_mw(self) -> np.ndarray:
        """PV minus demand, as it would be without batteries and limits."""
        result: np.ndarray = self.available_mw - self.load_mw
        return result


def run_sites(case: Case, state: State, steps: range) -> tuple[SiteFlows, State]:
    """Run all sites of all members over some steps, and the average sites beside them with the same orders.

    Members with the same charges and orders to the bit share the work.

    Parameters
    ----------
    case : Case
    state : State
        Charge, and the orders in force.
    steps : range

    Returns
    -------
    flows : SiteFlows
        With a leading axis of steps.
    state : State
        With the charges at the end and the totals up to it.
    """
    now = SiteOrders(*(np.ascontiguousarray(order) for order in _orders(case, state, steps, SiteOrders._fields)))
    first, of_member = distinct_rows(case.fleet.device_class, case.profile, *now, state.soc_kwh, state.average_soc_kwh)
    shape = (len(steps), len(first))
    sums = SiteSums(
        soc_kwh=state.soc_kwh[first],
        average_soc_kwh=state.average_soc_kwh[first],
        totals=state.site_totals.copy() if case.recorded else state.site_totals,
        average_totals=state.average_totals.copy(),
        of_groups=np.zeros((*shape, len(case.sites.groups), _FIELDS)),
        clipped=np.zeros(shape, dtype=np.int64),
    )
    of_steps, fleet = slice(steps.start, steps.stop), case.fleet
    series = SiteSeries(
        np.stack([profiles.site_pv_per_kw[of_steps] for profiles, _ in case.profiles]),
        np.stack([profiles.site_demand_per_kwh[of_steps] for profiles, _ in case.profiles]),
    )
    run_steps(
        fleet.arrays, fleet.site_arrays, fleet.average_sites,
        SiteRows(fleet.device_class[first], case.profile[first], of_member), ~case.is_twin,
        series, SiteOrders(*(order[first] for order in now)), case.step_hours, sums,
    )  # fmt: skip
    of_groups = np.moveaxis(sums.of_groups[:, of_member], 3, 0) / KW_PER_MW
    fields = [*map(np.ascontiguousarray, of_groups), sums.clipped[:, of_member]]
    return SiteFlows(*fields), replace(
        state,
        soc_kwh=sums.soc_kwh[of_member],
        site_totals=sums.totals,
        average_soc_kwh=sums.average_soc_kwh[of_member],
        average_totals=sums.average_totals,
    )


def _orders(case: Case, state: State, steps: range, names: Sequence[str]) -> list[np.ndarray]:
    """Return the orders in force in some steps, (M, T, ...) each."""
    slots = np.arange(steps.start, steps.stop) % case.order_slots
    return [getattr(state, name)[:, slots] for name in names]


@dataclass(frozen=True)
class FlexibleFlows:
    """What the flexible devices did in a half-hour; axes A areas, P plants, K of `Fleet.device_names`.

    `area_mw` (..., A) is the change of demand by area, `storage_mw` (..., A) the charge (positive) of batteries in the
    grid, `plant_mw` (..., P) that of devices beside plants; `demand_mw` (..., K) the sum of each device over its
    places; the rest is as in `DeviceFlows`, (..., K). The leading axes are steps and members.
    """

    area_mw: np.ndarray
    storage_mw: np.ndarray
    plant_mw: np.ndarray
    demand_mw: np.ndarray
    losses_mw: np.ndarray
    stored_mwh: np.ndarray
    unmet_mwh: np.ndarray
    clipped: np.ndarray


def run_devices(case: Case, state: State, steps: range, area_demand_mw: np.ndarray) -> tuple[FlexibleFlows, np.ndarray]:
    """Run all flexible devices at the areas over some steps; those beside plants wait for `settle_beside_plants`.

    Parameters
    ----------
    case : Case
    state : State
        Devices' state and the orders in force.
    steps : range
    area_demand_mw : numpy.ndarray, (T, M, A)
        Gross demand without the devices.

    Returns
    -------
    flows : FlexibleFlows
        With a leading axis of steps.
    device_state : numpy.ndarray, (M, K)
        At the end.
    """
    shape = area_demand_mw.shape[:2]
    of_area = np.zeros((2, *area_demand_mw.shape))
    sums = {name: np.zeros((*shape, len(case.fleet.device_names))) for name in _SUMS}
    device_state, (at_areas, _) = state.device_state.copy(), case.fleet.placed_devices
    if at_areas:
        signals, price_ratio = (
            np.ascontiguousarray(order.swapaxes(0, 1))
            for order in _orders(case, state, steps, ("device_pu", "price_ratio"))
        )
        everyone = _met(case, steps, np.zeros(shape), price_ratio, area_demand_mw, case.class_kw_per_kwh(steps))
    for placed in at_areas:
        rows, columns, at = placed.rows, placed.columns, case.fleet.device_names.index(placed.device.name)
        met = replace(everyone.rows(rows), signal_pu=signals[:, rows, placed.position])
        device_state[rows, columns], flows = _run_device(placed, device_state[rows, columns], met)
        of_area[int(placed.device.is_storage)][:, rows] += flows.demand_mw
        for name, values in _sums(flows).items():
            sums[name][:, rows, at] = values
    area_mw, storage_mw = of_area
    return FlexibleFlows(area_mw, storage_mw, np.zeros((*shape, case.plants)), **sums), device_state


def _run_device(placed: Placed[Device], state: np.ndarray, steps: DeviceSteps) -> tuple[np.ndarray, DeviceFlows]:
    """Run one device over some steps: all at once where it can, else one after the other."""
    if placed.in_series:
        return cast(SeriesDevice, placed.device).run(state, steps)
    flows = []
    for k in range(len(steps.step_of_day)):
        state, flow = placed.device.step(state, steps.at(k))
        flows.append(flow)
    return state, map_arrays(lambda *values: np.stack(values), *flows)


@dataclass(frozen=True)
class PlantOrders:
    """What the devices beside plants meet in some half-hours, one a row.

    Attributes
    ----------
    member, step : numpy.ndarray, (R,) int
    device_pu : numpy.ndarray, (R, D)
        Signals, in each member's own order.
    price_ratio : numpy.ndarray, (R,)
    area_demand_mw : numpy.ndarray, (R, A)
        Gross demand without the devices.
    device_state : numpy.ndarray, (R, K)
        Of all devices of the member, before the half-hour.
    """

    member: np.ndarray
    step: np.ndarray
    device_pu: np.ndarray
    price_ratio: np.ndarray
    area_demand_mw: np.ndarray
    device_state: np.ndarray


@dataclass(frozen=True)
class OrderedInfeed:
    """What devices beside plants add to the infeed as ordered.

    Attributes
    ----------
    infeed_mw : numpy.ndarray, (R, P)
        Of all devices.
    parts : tuple of (Placed, numpy.ndarray, DeviceNow, numpy.ndarray)
        Each device in some rows, what it met and its change of infeed, in the order in which they act.
    """

    infeed_mw: np.ndarray
    parts: tuple[tuple[Placed[PlantDevice], np.ndarray, DeviceNow, np.ndarray], ...]


def order_beside_plants(case: Case, orders: PlantOrders, plant_mw: np.ndarray) -> OrderedInfeed:
    """Return what the devices beside plants do as ordered, within their own limits and the plants' contracts.

    Parameters
    ----------
    case : Case
    orders : PlantOrders
    plant_mw : numpy.ndarray, (R, P)
        Infeed that area balance has left: charging comes out of it.
    """
    infeed_mw, parts = np.zeros_like(plant_mw), []
    for placed, rows, now in _met_beside_plants(case, orders):
        left_mw, nothing = plant_mw[rows] + infeed_mw[rows], np.zeros((len(rows), case.plants))
        contract_mw = case.units.contract_mw[orders.member[rows], : case.plants]
        now = replace(now, beside_plants=PlantsNow(left_mw, contract_mw, nothing, nothing))
        change_mw = placed.device.ordered_infeed(orders.device_state[rows, placed.columns], now)
        infeed_mw[rows] += change_mw
        parts.append((placed, rows, now, change_mw))
    return OrderedInfeed(infeed_mw, tuple(parts))


def _met_beside_plants(case: Case, orders: PlantOrders) -> Iterator[tuple[Placed[PlantDevice], np.ndarray, DeviceNow]]:
    """Yield each device beside plants with the rows of one step and what it meets there."""
    _, beside_plants = case.fleet.placed_devices
    for t in np.unique(orders.step).tolist() if beside_plants else []:
        step = range(t, t + 1)
        classes = case.class_kw_per_kwh(step)
        for placed in beside_plants:
            rows = np.flatnonzero((orders.step == t) & np.isin(orders.member, placed.rows))
            of_rows = {name: per_kwh[:, orders.member[rows]] for name, per_kwh in classes.items()}
            signal_pu, price_ratio = orders.device_pu[None, rows, placed.position], orders.price_ratio[None, rows]
            met = _met(case, step, signal_pu, price_ratio, orders.area_demand_mw[None, rows], of_rows)
            yield placed, rows, met.at(0)


def settle_beside_plants(
    case: Case,
    ledger: Ledger,
    ordered: OrderedInfeed,
    reduced_mw: np.ndarray,
    flows: FlexibleFlows,
    device_state: np.ndarray,
) -> tuple[FlexibleFlows, np.ndarray]:
    """Settle the devices beside plants once the cuts are known: a cut falls on what they sell first.

    What they take of the rest is given back in the ledger, so that the unit's cut is what is lost in fact; the infeed
    at the node does not change.

    Parameters
    ----------
    case : Case
    ledger : Ledger
        Its cuts of plants with a battery are reduced by what the battery takes.
    ordered : OrderedInfeed
    reduced_mw : numpy.ndarray, (R, P)
        Infeed as ordered before caps and congestion management, less that after them.
    flows : FlexibleFlows
    device_state : numpy.ndarray, (R, K)
        Before the half-hour.

    Returns
    -------
    flows : FlexibleFlows
        With the devices beside plants.
    device_state : numpy.ndarray, (R, K)
        At the end, of the devices beside plants.
    """
    if not ordered.parts:
        return flows, device_state
    reduced_mw, device_state = reduced_mw.copy(), device_state.copy()
    of_plants, sums = flows.plant_mw.copy(), {name: getattr(flows, name).copy() for name in _SUMS}
    for placed, rows, before, change_mw in ordered.parts:
        columns, at = placed.columns, case.fleet.device_names.index(placed.device.name)
        withheld_mw = np.minimum(reduced_mw[rows], np.maximum(change_mw, 0.0))
        reduced_mw[rows] -= withheld_mw
        ledger.give_back(AT_THE_LINK, rows, withheld_mw)
        cut_mw = ledger.booked_mw(CHARGED, rows)[:, : case.plants]
        now = replace(before, beside_plants=replace(before.beside_plants, withheld_mw=withheld_mw, cut_mw=cut_mw))
        device_state[rows, columns], done = placed.device.step(device_state[rows, columns], now)
        ledger.give_back(CHARGED, rows, done.taken_mw)
        of_plants[rows] += done.demand_mw
        for name, values in _sums(done).items():
            sums[name][rows, at] = values
    return replace(flows, plant_mw=of_plants, **sums), device_state


_SUMS = ("demand_mw", "losses_mw", "stored_mwh", "unmet_mwh", "clipped")


def _sums(flows: DeviceFlows) -> dict[str, np.ndarray]:
    return {"demand_mw": flows.demand_mw.sum(axis=-1)} | {name: getattr(flows, name) for name in _SUMS[1:]}


def _met(
    case: Case,
    steps: range,
    signal_pu: np.ndarray,
    price_ratio: np.ndarray,
    area_demand_mw: np.ndarray,
    class_kw_per_kwh: dict[str, np.ndarray],
) -> DeviceSteps:
    """Return what a device meets in some steps."""
    of_steps = slice(steps.start, steps.stop)
    return DeviceSteps(
        step_of_day=case.step_of_day[of_steps],
        month=case.month[of_steps],
        is_workday=case.is_workday[of_steps],
        step_hours=case.step_hours,
        signal_pu=signal_pu,
        price_ratio=price_ratio,
        area_demand_mw=area_demand_mw,
        class_kw_per_kwh=class_kw_per_kwh,
    )
