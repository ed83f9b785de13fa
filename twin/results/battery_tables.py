"""What the sites' batteries did over a run: a row a site, and the sites' sums beside the average site's answer."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from twin.clock import HOURS_PER_YEAR
from twin.loop.case import Case
from twin.loop.member import TOTALS, SiteDevices
from twin.loop.state import State
from twin.units import KWH_PER_MWH

_SHOWN = ("discharged_kwh", "self_consumed_kwh", "exported_kwh", "throttled_kwh", "imported_kwh")
_COMPARED = ("self_consumed_kwh", "exported_kwh", "throttled_kwh")


def battery_tables(case: Case, state: State, m: int) -> dict[str, pa.Table]:
    """Return the tables ``batteries`` and ``averages`` of member `m` at the end of a run.

    Parameters
    ----------
    case : Case
    state : State
        After the last half-hour.
    m : int
        Position in the case; no counterfactual twin, of which no totals are kept.

    Returns
    -------
    dict of str to pyarrow.Table
        Columns as in `twin.table_schema.TABLES`.
    """
    return {"batteries": _batteries(case, state, m), "averages": _averages(case, state, m)}


def _batteries(case: Case, state: State, m: int) -> pa.Table:
    """Return a row for each site with PV or a battery; figures of the battery are null where there is none."""
    devices, sites = case.members[m].devices, case.sites
    of = np.flatnonzero((devices.has_pv & (sites.pv_ac_kw > 0.0)) | (devices.battery_kwh > 0.0))
    totals = dict(zip(TOTALS, state.site_totals.of_member[m][of].T, strict=True))
    hours = len(case.index) * case.step_hours
    wear = battery_wear(
        devices, devices.battery_kwh[of], totals["discharged_kwh"], totals["stored_kwh_hours"], hours
    )  # fmt: skip
    without = devices.battery_kwh[of] == 0.0
    kinds, areas = (sites.groups[name].to_numpy(str)[sites.group[of]] for name in ("kind", "area"))
    return pa.table({
        "site": pa.array(sites.site_id[of].tolist(), type=pa.string()),
        "kind": pa.array(kinds.tolist(), type=pa.string()),
        "area": pa.array(areas.tolist(), type=pa.string()),
        "battery_kwh": devices.battery_kwh[of],
        **{name: pa.array(values, mask=without) for name, values in wear.items()},
        **{name: values for name, values in totals.items() if name in _SHOWN},
    })  # fmt: skip


def battery_wear(
    devices: SiteDevices,
    battery_kwh: np.ndarray,
    discharged_kwh: np.ndarray,
    stored_kwh_hours: np.ndarray,
    hours: float,
) -> dict[str, np.ndarray]:
    """Return cycles, mean charge and loss of capacity of batteries over `hours`.

    Both losses are linear: ``cycles x cycle_percent``, and a yearly loss that lies between the one of an empty and the
    one of a full battery as the mean state of charge does.

    Parameters
    ----------
    devices : SiteDevices
        For `SiteDevices.wear`.
    battery_kwh, discharged_kwh, stored_kwh_hours : numpy.ndarray, (N,)
        Capacity, what was delivered at the AC side, integral of the charge; all figures are 0 without a capacity.
    hours : float

    Returns
    -------
    dict of str to numpy.ndarray, (N,)
        ``cycles``, ``mean_soc_percent``, ``cycle_loss_percent``, ``calendar_loss_percent``.
    """
    wear = devices.wear
    cycles = _ratio(discharged_kwh, battery_kwh)
    soc = _ratio(stored_kwh_hours, battery_kwh * hours)
    per_year = wear.calendar_empty_percent + (wear.calendar_full_percent - wear.calendar_empty_percent) * soc
    return {
        "cycles": cycles,
        "mean_soc_percent": 100.0 * soc,
        "cycle_loss_percent": wear.cycle_percent * cycles,
        "calendar_loss_percent": per_year * (battery_kwh > 0.0) * hours / HOURS_PER_YEAR,
    }


def _averages(case: Case, state: State, m: int) -> pa.Table:
    """Return a row for each site group: the sum over its sites, and as many average sites."""
    average, groups = case.average_sites, case.sites.groups
    site_wise = np.array([case.by_group(column) for column in state.site_totals.of_member[m].T])
    as_average = state.average_totals[m].T * average.sites
    sums = {"": dict(zip(TOTALS, site_wise, strict=True)), "average_": dict(zip(TOTALS, as_average, strict=True))}
    capacity = case.battery_mwh[m] * KWH_PER_MWH
    columns: dict[str, np.ndarray | pa.Array] = {
        "group": pa.array(groups.index.astype(str).tolist(), type=pa.string()),
        "sites": average.sites.astype(np.int64),
    }
    for name in _COMPARED:
        columns |= {f"{prefix}{name}": totals[name] for prefix, totals in sums.items()}
    for prefix, totals in sums.items():
        cycles = _ratio(totals["discharged_kwh"], capacity)
        columns[f"{prefix}cycles"] = pa.array(cycles, mask=capacity == 0.0)
    return pa.table(columns)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0.0)
