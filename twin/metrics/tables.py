"""Tables of one member over a block of half-hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pyarrow as pa

from twin.core.quantities import CONGESTION_CAUSES, TABLES, CutCause
from twin.metrics.device_tables import device_table
from twin.metrics.flows import LOADING_DIGITS, BlockFlows, branch_loadings
from twin.metrics.half_hours import (
    Block,
    cut_columns,
    energy_columns,
    flow_columns,
    flows_of,
    link_columns,
    solved_percent,
)
from twin.operation.case import Case
from twin.operation.record import ORDERS, Record
from twin.resources.sites import KINDS

SMALLEST_ROW_MW = 1e-9
TWIN_VALUES = ("broken", "missed", "stopped_mw", "failure")
CIRCUITS_IN_SCHEMA = 2
"""Circuits of the link with columns in `twin.core.quantities`; a link with one has empty columns for the other."""


def twin_tables(case: Case, start: int, record: Record) -> dict[int, dict[str, pa.Table]]:
    """Return the ``system`` table of each counterfactual twin: sums of the cuts, and whether the criterion held."""
    twins = np.flatnonzero(case.is_twin).tolist()
    if not twins:
        return {}
    cuts: dict[str, np.ndarray] = {cause: mw[:, twins] for cause, mw in record.ledger.cut_mw.items()}
    values = {name: getattr(record, name)[:, twins] for name in TWIN_VALUES}
    columns = cut_columns(cuts, values)
    time, failure = _times(case, start, len(record.failure)), columns.pop("failure")
    return {
        m: {
            "system": pa.table(
                {"time": time}
                | {name: np.ascontiguousarray(values[:, k]) for name, values in columns.items()}
                | {"failure": pa.array(failure[:, k].tolist(), type=pa.string())}
            )
        }
        for k, m in enumerate(twins)
    }


def member_tables(case: Case, stacked: Block, m: int) -> dict[str, pa.Table]:
    """Return the tables of member `m` for the block.

    Parameters
    ----------
    case : Case
    stacked : Block
        With member `m` in it.
    m : int
        Position in the case.

    Returns
    -------
    dict of str to pyarrow.Table
        By table name; columns as in `twin.core.quantities.TABLES`.
    """
    alone, block = stacked.only(m), stacked.member(m)
    flows = flows_of(case, alone)
    time = _times(case, block.start, len(block.values["failure"]))
    system, link = _system(case, alone, flows, time), _link(alone, flows, time)
    flows = BlockFlows(*(getattr(flows, field.name)[:, 0] for field in fields(BlockFlows)))
    return {
        "system": system,
        "ledger": _ledger(case, block, m, time),
        "link": link,
        "n1": _n1(case, block, time),
        "bus": _bus(case, flows, time),
        "sites": _sites(case, block, m, time),
        "devices": device_table(case, m, block.flexible, time),
        **({"branches": _branches(case, block, m, time)} if case.judges_outages else {}),
        **({"zones": _zones(case, block, m, time)} if case.operator.by_zones[m] else {}),
    }


def _times(case: Case, start: int, steps: int) -> pa.Array:
    index = case.index[start : start + steps]
    return pa.array(index, type=pa.timestamp("s", tz=str(index.tz).removeprefix("UTC") or "UTC"))


def _system(case: Case, block: Block, flows: BlockFlows, time: pa.Array) -> pa.Table:
    """One row per half-hour of the only member of `block`."""
    columns: dict[str, Any] = {
        name: np.ascontiguousarray(values[:, 0])
        for name, values in (energy_columns(case, block) | flow_columns(case, block, flows)).items()
    }
    positions = block.values["positions"][:, 0]
    columns["main_tap_position"] = _position(positions, case.bands.tap_column)
    columns["reactors_in_service"] = _position(positions, case.bands.reactors_column)
    columns["failure"] = pa.array(columns["failure"].tolist(), type=pa.string())
    return pa.table({"time": time} | {name: columns[name] for name in TABLES["system"] if name != "time"})


def _position(positions: np.ndarray, column: int | None) -> pa.Array:
    """Return the position of a control, (T,); null where the networks do not have it."""
    return pa.array(positions[:, column]) if column is not None else pa.nulls(len(positions), pa.int64())


def _ledger(case: Case, block: Block, m: int, time: pa.Array) -> pa.Table:
    """One row per half-hour and unit that could produce, or whose battery ran; single precision."""
    v = block.values
    available = v["available_mw"]
    battery = np.zeros_like(available)
    battery[:, : case.plants] = block.flexible["plant_mw"]
    step, unit = np.nonzero((available > SMALLEST_ROW_MW) | (np.abs(battery) > SMALLEST_ROW_MW))
    columns = {
        "available_mw": available,
        "delivered_mw": v["delivered_mw"],
        **{cause.column: block.cuts[cause] for cause in CutCause},
        "area_balance_settled_mw": v["settled_mw"],
        "battery_mw": battery,
    }
    congested = np.any([block.cuts[cause][step, unit] > 0.0 for cause in CONGESTION_CAUSES], axis=0)
    return pa.table({
        "time": time.take(pa.array(step)),
        "unit": _named(unit, case.units.names),
        **{name: values[step, unit].astype(np.float32) for name, values in columns.items()},
        "element": _named(v["end"][step, unit], (*case.grid.end_names, *_zone_names(case, m)), congested),
        "outage": _named(v["outage"][step, unit], case.grid.outage_names, congested),
    })  # fmt: skip


def _named(codes: np.ndarray, names: Sequence[str], known: np.ndarray | None = None) -> pa.DictionaryArray:
    """Return names by position; null where `known` is False."""
    unique = list(dict.fromkeys(names))
    position = np.array([unique.index(name) for name in names], dtype=np.int32)
    mask = None if known is None else ~known
    safe = codes if known is None else np.where(known, codes, 0)
    return pa.DictionaryArray.from_arrays(pa.array(position[safe], mask=mask), pa.array(unique, type=pa.string()))


def _zone_names(case: Case, m: int) -> tuple[str, ...]:
    """Return the zones that a member's operator works by; in the ledger they count as elements after the others."""
    return tuple(zone.zone.name for zone in case.members[m].zones) if case.operator.by_zones[m] else ()


def _zones(case: Case, block: Block, m: int, time: pa.Array) -> pa.Table:
    """One row per half-hour and constraint zone; a plant's cut is that of the zone with the lowest set-point."""
    names, v, parts = _zone_names(case, m), block.zones, []
    cut_mw = block.cuts[CutCause.CONGESTION_N0]
    for z in range(len(names)):
        binds = block.values["end"] == len(case.grid.end_names) + z
        parts.append(pa.table({
            "time": time,
            "zone": _named(np.full(len(time), z), names),
            "arriving_mw": np.ascontiguousarray(v["arriving_mw"][:, z]),
            "flow_mw": np.ascontiguousarray(v["flow_mw"][:, z]),
            "limit_mw": np.ascontiguousarray(v["limit_mw"][:, z]),
            "order": _named(v["order"][:, z], ORDERS),
            "status": np.ascontiguousarray(v["status"][:, z]),
            "cut_mw": np.where(binds, cut_mw, 0.0).sum(axis=1),
        }))  # fmt: skip
    return pa.concat_tables(parts).unify_dictionaries()


def _link(block: Block, flows: BlockFlows, time: pa.Array) -> pa.Table:
    """One row per half-hour of the only member of `block`."""
    columns = {name: np.ascontiguousarray(values[:, 0]) for name, values in link_columns(block, flows).items()}
    circuits = {
        "loading_percent": flows.loading_percent,
        "mainland_mw": flows.mainland_mw,
        "island_mw": flows.island_mw,
    }
    for number in range(max(CIRCUITS_IN_SCHEMA, flows.island_mw.shape[-1])):
        for name, values in circuits.items():
            there = number < values.shape[-1]
            columns[f"circuit_{number + 1}_{name}"] = values[:, 0, number] if there else np.full(len(values), np.nan)
    return pa.table({"time": time, **columns})


def _n1(case: Case, block: Block, time: pa.Array) -> pa.Table:
    def judged(verdict: Mapping[str, np.ndarray], prefix: str) -> dict[str, object]:
        end, known = verdict["end"], verdict["end"] >= 0
        return {
            f"{prefix}loading_percent": solved_percent(verdict["loading_percent"]),
            f"{prefix}element": _named(end, case.grid.end_names, known),
            f"{prefix}outage": _named(verdict["outage"], case.grid.outage_names),
        }

    return pa.table({
        "time": time,
        **judged(block.before, "before_"),
        **judged(block.after, ""),
        "intertrip_shed_mw": block.after["shed_mw"],
        "outages_solved": block.after["solved"],
    })  # fmt: skip


def _bus(case: Case, flows: BlockFlows, time: pa.Array) -> pa.Table:
    net = case.model.net
    names = net.bus.name.loc[list(case.model.roles.voltage_buses)].astype(str)
    return pa.table({"time": time} | {name: flows.vm_pu[:, k].astype(np.float32) for k, name in enumerate(names)})


def _branches(case: Case, block: Block, m: int, time: pa.Array) -> pa.Table:
    """One row per half-hour and a column a branch: its loading, rounded to what a diagram can show."""
    solved = block.values["failure"] == ""
    node_i = np.where(solved[:, None], block.values["node_i"], np.nan)
    loadings = branch_loadings(
        case.grid.variants, case.grid.nodes, block.values["variant"], node_i, int(case.network[m])
    )
    rounded = {name: percent.round(LOADING_DIGITS).astype(np.float32) for name, percent in loadings.items()}
    return pa.table({"time": time} | rounded)


def _sites(case: Case, block: Block, m: int, time: pa.Array) -> pa.Table:
    """One row per half-hour and kind of site."""
    sites = block.sites
    delivered = block.values["delivered_mw"][:, case.plants :]
    exported = block.values["site_export_mw"]
    kinds = case.sites.groups.kind.to_numpy(str)
    parts = []
    for kind in KINDS:
        of = np.flatnonzero(kinds == kind)
        sums = {
            name: sites[name][:, of].sum(axis=1)
            for name in ("load_mw", "import_mw", "charge_mw", "discharge_mw", "throttled_mw")
        }
        capacity, stored = case.fleet.battery_mwh[m, of].sum(), sites["stored_mwh"][:, of].sum(axis=1)
        soc_percent = 100.0 * stored / capacity if capacity > 0.0 else np.full(len(stored), np.nan)
        parts.append(pa.table({
            "time": time,
            "kind": _named(np.zeros(len(stored), dtype=np.int64), (kind,)),
            "pv_mw": delivered[:, of].sum(axis=1),
            "load_mw": sums["load_mw"],
            "self_consumption_mw": sums["load_mw"] - sums["import_mw"],
            "export_mw": exported[:, of].sum(axis=1),
            "import_mw": sums["import_mw"],
            "charge_mw": sums["charge_mw"],
            "discharge_mw": sums["discharge_mw"],
            "throttled_mw": sums["throttled_mw"],
            "soc_percent": soc_percent,
        }))  # fmt: skip
    return pa.concat_tables(parts).unify_dictionaries()
