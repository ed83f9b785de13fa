"""What sites, flexible devices and batteries beside plants do in a half-hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from twin.core.equal_rows import distinct_rows
from twin.core.quantities import CONGESTION_CAUSES, CutCause
from twin.core.units import KW_PER_MW
from twin.devices.device import DeviceFlows, DeviceNow, PlantDevice, PlantsNow
from twin.devices.sites import TOTALS, SiteOrders, SiteSeries, SiteSums, run_rows
from twin.operation.case import Case
from twin.operation.ledger import Ledger
from twin.operation.member import D, Placed
from twin.operation.state import State

_FIELDS = 9
AT_THE_LINK = (*CONGESTION_CAUSES, CutCause.VOLTAGE)
"""Causes that act on the infeed of plant and battery together."""
CHARGED = (CutCause.AREA_BALANCE, *AT_THE_LINK)
"""Cuts that a battery may take: the plant could have produced it, only the grid did not want it."""


@dataclass(frozen=True)
class SiteFlows:
    """Sums over the sites of each group, (M, G) in MW, over one half-hour.

    `available_mw` is PV at the inverter's AC side; `throttled_mw` what the inverter throttled; `load_mw` own demand;
    `export_mw` and `import_mw` the exchange with the grid, site by site; `charge_mw` what the battery systems take,
    standby that does not come out of the charge included; `battery_losses_mw` conversion and all standby;
    `raw_net_mw` PV minus demand as without any battery; `stored_mwh` the charge at the end; `clipped` (M,) counts
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


def run_sites(case: Case, state: State, t: int) -> tuple[SiteFlows, State]:
    """Run all sites of all members over one half-hour, and the average sites beside them with the same orders.

    Members in the same state to the bit share the work.

    Parameters
    ----------
    case : Case
    state : State
        Charge and the orders in force.
    t : int
        Step.

    Returns
    -------
    flows : SiteFlows
    state : State
        With the charges at the end and the totals up to it.
    """
    slot = t % case.order_slots
    now = [getattr(state, name)[:, slot] for name in SiteOrders._fields]
    first, row = distinct_rows(case.fleet.device_class, case.profile, *now, state.soc_kwh, state.average_soc_kwh)
    profile = case.profile[first]
    soc_kwh, average_soc_kwh = state.soc_kwh[first], state.average_soc_kwh[first]
    sums = SiteSums(
        soc_kwh=soc_kwh,
        totals=np.zeros((*soc_kwh.shape, len(TOTALS))),
        average_soc_kwh=average_soc_kwh,
        average_totals=np.zeros((*average_soc_kwh.shape, len(TOTALS))),
        of_groups=np.zeros((len(first), len(case.sites.groups), _FIELDS)),
    )
    series = SiteSeries(
        np.stack([profiles.site_pv_per_kw[t] for profiles, _ in case.profiles])[profile],
        np.stack([profiles.site_demand_per_kwh[t] for profiles, _ in case.profiles])[profile],
    )
    orders, fleet = SiteOrders(*(np.ascontiguousarray(order[first]) for order in now)), case.fleet
    clipped = run_rows(
        fleet.arrays, fleet.site_arrays, fleet.average_sites, fleet.device_class[first], series, orders,
        case.step_hours, sums,
    )  # fmt: skip
    fields = [*np.moveaxis(sums.of_groups[row], 2, 0) / KW_PER_MW, clipped[row]]
    return SiteFlows(*fields), replace(
        state,
        soc_kwh=soc_kwh[row],
        site_totals=state.site_totals.plus(sums.totals, row, case.recorded),
        average_soc_kwh=average_soc_kwh[row],
        average_totals=state.average_totals + sums.average_totals[row],
    )


@dataclass(frozen=True)
class FlexibleFlows:
    """What the flexible devices did in a half-hour; axes M members, A areas, P plants, K of `Case.device_names`.

    `area_mw` (M, A) is the change of demand by area, `storage_mw` (M, A) the charge (positive) of batteries in the
    grid, `plant_mw` (M, P) that of devices beside plants; `demand_mw` (M, K) the sum of each device over its places;
    the rest is as in `DeviceFlows`, (M, K).
    """

    area_mw: np.ndarray
    storage_mw: np.ndarray
    plant_mw: np.ndarray
    demand_mw: np.ndarray
    losses_mw: np.ndarray
    stored_mwh: np.ndarray
    unmet_mwh: np.ndarray
    clipped: np.ndarray


def run_devices(case: Case, state: State, t: int, area_demand_mw: np.ndarray) -> tuple[FlexibleFlows, np.ndarray]:
    """Run all flexible devices at the areas over one half-hour; those beside plants wait for `settle_beside_plants`.

    Parameters
    ----------
    case : Case
    state : State
        Devices' state and the orders in force.
    t : int
        Step.
    area_demand_mw : numpy.ndarray, (M, A)
        Gross demand without the devices.

    Returns
    -------
    flows : FlexibleFlows
    device_state : numpy.ndarray, (M, K)
    """
    members, areas = area_demand_mw.shape
    of_area, of_plants = np.zeros((2, members, areas)), np.zeros((members, case.plants))
    sums = np.zeros((len(_SUMS), members, len(case.fleet.device_names)))
    at_areas, _ = case.fleet.placed_devices
    device_state = state.device_state.copy() if at_areas else state.device_state
    for placed, now in _met(case, state, t, at_areas, area_demand_mw):
        rows, columns = placed.rows, placed.columns
        device_state[rows, columns], flows = placed.device.step(device_state[rows, columns], now)
        of_area[int(placed.device.is_storage), rows] += flows.demand_mw
        sums[:, rows, case.fleet.device_names.index(placed.device.name)] = _sums(flows)
    area_mw, storage_mw = of_area
    return FlexibleFlows(area_mw, storage_mw, of_plants, **dict(zip(_SUMS, sums, strict=True))), device_state


@dataclass(frozen=True)
class OrderedInfeed:
    """What devices beside plants add to the infeed as ordered.

    Attributes
    ----------
    infeed_mw : numpy.ndarray, (M, P)
        Of all devices.
    parts : tuple of (Placed, DeviceNow, numpy.ndarray)
        Each device, what it met and its change of infeed (R, P), in the order in which they act.
    """

    infeed_mw: np.ndarray
    parts: tuple[tuple[Placed[PlantDevice], DeviceNow, np.ndarray], ...]


def order_beside_plants(
    case: Case, state: State, t: int, area_demand_mw: np.ndarray, plant_mw: np.ndarray
) -> OrderedInfeed:
    """Return what the devices beside plants do as ordered, within their own limits and the plants' contracts.

    Parameters
    ----------
    case : Case
    state : State
    t : int
        Step.
    area_demand_mw : numpy.ndarray, (M, A)
        Gross demand without the devices.
    plant_mw : numpy.ndarray, (M, P)
        Infeed that area balance has left: charging comes out of it.
    """
    infeed_mw, parts = np.zeros_like(plant_mw), []
    _, beside_plants = case.fleet.placed_devices
    for placed, now in _met(case, state, t, beside_plants, area_demand_mw):
        rows = placed.rows
        left_mw, nothing = plant_mw[rows] + infeed_mw[rows], np.zeros((len(rows), case.plants))
        plants = PlantsNow(left_mw, case.units.contract_mw[rows, : case.plants], nothing, nothing)
        now = replace(now, beside_plants=plants)
        change_mw = placed.device.ordered_infeed(state.device_state[rows, placed.columns], now)
        infeed_mw[rows] += change_mw
        parts.append((placed, now, change_mw))
    return OrderedInfeed(infeed_mw, tuple(parts))


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
    reduced_mw : numpy.ndarray, (M, P)
        Infeed as ordered before caps and congestion management, less that after them.
    flows : FlexibleFlows
    device_state : numpy.ndarray, (M, K)
        Of `run_devices`.

    Returns
    -------
    flows : FlexibleFlows
        With the devices beside plants.
    device_state : numpy.ndarray, (M, K)
        At the end.
    """
    if not ordered.parts:
        return flows, device_state
    reduced_mw, device_state = reduced_mw.copy(), device_state.copy()
    of_plants, sums = flows.plant_mw.copy(), np.stack([getattr(flows, name) for name in _SUMS])
    for placed, before, change_mw in ordered.parts:
        rows, columns = placed.rows, placed.columns
        withheld_mw = np.minimum(reduced_mw[rows], np.maximum(change_mw, 0.0))
        reduced_mw[rows] -= withheld_mw
        ledger.give_back(AT_THE_LINK, _of_rows(reduced_mw, rows, withheld_mw))
        cut_mw = ledger.booked_mw(CHARGED)[rows, : case.plants]
        now = replace(before, beside_plants=replace(before.beside_plants, withheld_mw=withheld_mw, cut_mw=cut_mw))
        device_state[rows, columns], done = placed.device.step(device_state[rows, columns], now)
        ledger.give_back(CHARGED, _of_rows(reduced_mw, rows, done.taken_mw))
        of_plants[rows] += done.demand_mw
        sums[:, rows, case.fleet.device_names.index(placed.device.name)] = _sums(done)
    return replace(flows, plant_mw=of_plants, **dict(zip(_SUMS, sums, strict=True))), device_state


_SUMS = ("demand_mw", "losses_mw", "stored_mwh", "unmet_mwh", "clipped")


def _sums(flows: DeviceFlows) -> np.ndarray:
    return np.stack(
        [flows.demand_mw.sum(axis=1), flows.losses_mw, flows.stored_mwh, flows.unmet_mwh, flows.clipped.astype(float)]
    )


def _of_rows(like: np.ndarray, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    found = np.zeros_like(like)
    found[rows] = values
    return found


def _met(
    case: Case, state: State, t: int, devices: Sequence[Placed[D]], area_demand_mw: np.ndarray
) -> Iterator[tuple[Placed[D], DeviceNow]]:
    """Yield each device with what it meets at step `t`."""
    slot, month = t % case.order_slots, case.index[t].month
    classes = case.class_kw_per_kwh(t) if devices else {}
    for placed in devices:
        rows = placed.rows
        yield (
            placed,
            DeviceNow(
                step_of_day=int(case.step_of_day[t]),
                is_workday=bool(case.is_workday[t]),
                step_hours=case.step_hours,
                signal_pu=state.device_pu[rows, slot, placed.position],
                price_ratio=state.price_ratio[rows, slot],
                area_demand_mw=area_demand_mw[rows],
                class_kw_per_kwh={name: per_kwh[rows] for name, per_kwh in classes.items()},
                month=month,
            ),
        )
