"""Tables of one member: flexible devices, batteries of the sites, and N-1 over all outages."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from twin.core.units import KWH_PER_MWH
from twin.devices.battery import battery_wear
from twin.devices.sites import TOTALS
from twin.metrics.flows import LOADING_DIGITS
from twin.operation.case import Case
from twin.operation.case_parts import sum_by_group
from twin.operation.outages.all_outages import JudgedOutages
from twin.operation.outages.link_trip import STATES, TripStates
from twin.operation.state import State
from twin.security.contingencies import OutageClass

COLUMNS = ("demand_mw", "losses_mw", "stored_mwh", "unmet_mwh", "clipped")


def device_table(case: Case, m: int, flexible: Mapping[str, np.ndarray], time: pa.Array) -> pa.Table:
    """Return one row per half-hour and device of member `m`."""
    own = [device.name for device in case.members[m].flexible]
    rows = {name: [flexible[column][:, case.fleet.device_names.index(name)] for column in COLUMNS] for name in own}
    names = pa.array(list(rows), type=pa.string())
    columns = {
        name: np.concatenate([np.zeros(0), *(values[k] for values in rows.values())]) for k, name in enumerate(COLUMNS)
    }
    code = pa.array(np.repeat(np.arange(len(rows), dtype=np.int32), len(time)))
    return pa.table({
        "time": pa.concat_arrays([time.slice(0, 0), *([time] * len(rows))]),
        "device": pa.DictionaryArray.from_arrays(code, names),
        **columns,
    })  # fmt: skip


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
        Columns as in `twin.core.quantities.TABLES`.
    """
    return {"batteries": _batteries(case, state, m), "averages": _averages(case, state, m)}


def _batteries(case: Case, state: State, m: int) -> pa.Table:
    """Return a row for each site with PV or a battery; figures of the battery are null where there is none."""
    devices, sites = case.members[m].devices, case.sites
    battery_kwh = devices.battery.energy
    of = np.flatnonzero((devices.has_pv & (sites.pv_ac_kw > 0.0)) | (battery_kwh > 0.0))
    totals = dict(zip(TOTALS, state.site_totals[m][of].T, strict=True))
    hours = len(case.index) * case.step_hours
    wear = battery_wear(
        devices.wear, battery_kwh[of], totals["discharged_kwh"], totals["stored_kwh_hours"], hours
    )  # fmt: skip
    without = battery_kwh[of] == 0.0
    kinds, areas = (sites.groups[name].to_numpy(str)[sites.group[of]] for name in ("kind", "area"))
    return pa.table({
        "site": pa.array(sites.site_id[of].tolist(), type=pa.string()),
        "kind": pa.array(kinds.tolist(), type=pa.string()),
        "area": pa.array(areas.tolist(), type=pa.string()),
        "battery_kwh": battery_kwh[of],
        **{name: pa.array(values, mask=without) for name, values in wear.items()},
        **{name: values for name, values in totals.items() if name in _SHOWN},
    })  # fmt: skip


def _averages(case: Case, state: State, m: int) -> pa.Table:
    """Return a row for each site group: the sum over its sites, and as many average sites."""
    average, groups = case.fleet.average_sites, case.sites.groups
    site_wise = np.array([sum_by_group(case.sites, column) for column in state.site_totals[m].T])
    as_average = state.average_totals[m].T * average.sites
    sums = {"": dict(zip(TOTALS, site_wise, strict=True)), "average_": dict(zip(TOTALS, as_average, strict=True))}
    capacity = case.fleet.battery_mwh[m] * KWH_PER_MWH
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
    result: np.ndarray = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0.0)
    return result


STEP_COLUMNS = {
    "solved_loading_percent": "loading_percent",
    "solved_element": "element",
    "solved_outage": "outage",
    "low_vm_pu": "low_vm_pu",
    "low_bus": "low_bus",
    "high_vm_pu": "high_vm_pu",
    "high_bus": "high_bus",
    "violating_outages": "violating_outages",
    "unsolved_outages": "unsolved_outages",
}
BRANCH_COLUMNS = [
    *("name", "loading_percent", "outage", "step", "hours_over_short_time", "hours_over_continuous"),
    *("hours_export_breach", "hours_import_breach"),
]
OUTAGE_COLUMNS = [
    *("outage", "class", "loading_percent", "element", "low_vm_pu", "high_vm_pu", "hours_violated", "steps_unsolved"),
    *("demand_lost_mw", "demand_lost_mwh", "infeed_lost_mw", "infeed_lost_mwh"),
]


CONTROLLED_COLUMNS = {
    "solved_loading_percent": "controlled_loading_percent",
    "low_vm_pu": "controlled_low_vm_pu",
    "low_bus": "controlled_low_bus",
    "high_vm_pu": "controlled_high_vm_pu",
    "violating_outages": "controlled_violating_outages",
    "unsolved_outages": "controlled_unsolved_outages",
}


def outage_tables(judged: JudgedOutages, index: pd.DatetimeIndex) -> dict[str, pa.Table]:
    """Return the tables of one member for one block.

    Parameters
    ----------
    judged : JudgedOutages
    index : pandas.DatetimeIndex
        Its half-hours, of one month.

    Returns
    -------
    dict of str to pyarrow.Table
        ``security``, ``security_branches`` and ``security_outages``; columns as in `twin.core.quantities.TABLES`.
    """
    found, controlled = judged.at_once, judged.after_controls
    steps = found.steps(OutageClass.SINGLE, list(STEP_COLUMNS)).rename(columns=STEP_COLUMNS)
    steps["low_voltage"] = found.low_voltage().astype(np.int8)
    later = controlled.steps(OutageClass.SINGLE, list(CONTROLLED_COLUMNS)).rename(columns=CONTROLLED_COLUMNS)
    later["controlled_low_voltage"] = controlled.low_voltage().astype(np.int8)
    steps = pd.concat([steps, later, _link_columns(judged.link, steps.index)], axis=1)
    steps.insert(0, "time", index)
    branches = found.branches(OutageClass.SINGLE)[BRANCH_COLUMNS].copy()
    outages = found.outages()[OUTAGE_COLUMNS].copy()
    branches = branches.rename(columns={"name": "element", "step": "time"})
    for frame in (branches, outages):
        frame.insert(0, "month", index[0].strftime("%Y-%m"))
    return {"security": _table(steps), "security_branches": _table(branches), "security_outages": _table(outages)}


def outage_loadings(found: pd.DataFrame, index: pd.DatetimeIndex) -> pa.Table:
    """Return the table ``outage_loadings`` of one member for one block, rounded to what a diagram can show.

    Parameters
    ----------
    found : pandas.DataFrame
        Of `twin.operation.outages.all_outages.worst_loadings`.
    index : pandas.DatetimeIndex
        Of the case.
    """
    table = found.replace(-np.inf, np.nan).round(LOADING_DIGITS)
    table[table.columns[3:]] = table[table.columns[3:]].astype(np.float32)
    table["step"] = index[found["step"]]
    return _table(table.rename(columns={"step": "time"}))


def _link_columns(link: TripStates, index: pd.Index) -> pd.DataFrame:
    columns = {}
    for k, state in enumerate(STATES):
        columns[f"link_{state}_loading_percent"] = link.loading_percent[:, k]
        columns[f"link_{state}_low_vm_pu"] = link.low_vm_pu[:, k]
    columns["redispatch_mw"], columns["redispatch_short"] = link.redispatch_mw, link.redispatch_short.astype(np.int8)
    return pd.DataFrame(columns, index=index)


def _table(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
