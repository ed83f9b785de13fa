"""Tables of one member over a block of half-hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from twin.core.clock import HOURS_PER_YEAR
from twin.core.quantities import CONGESTION_CAUSES, CutCause
from twin.metrics.device_tables import battery_sums, device_table
from twin.metrics.flows import BlockFlows, block_flows
from twin.operation.case import TIER_NON_FIRM, Case
from twin.operation.devices import FlexibleFlows, SiteFlows
from twin.operation.record import Record, SecurityState
from twin.resources.sites import KINDS

SMALLEST_ROW_MW = 1e-9
VOLTAGE_TOLERANCE_PU = 2e-5
"""Twice the 0.001 % beyond which a voltage is relieved."""
CIRCUITS_IN_SCHEMA = 2
"""Circuits of the link with columns in `twin.core.quantities`; a link with one has empty columns for the other."""


@dataclass(frozen=True)
class Block:
    """Records of some members stacked over time; axes T, members, then the record's own.

    `members` are the members' positions in the case. `member` takes one out: its arrays have no member axis.
    """

    start: int
    members: tuple[int, ...]
    values: Mapping[str, np.ndarray]
    cuts: Mapping[str, np.ndarray]
    sites: Mapping[str, np.ndarray]
    flexible: Mapping[str, np.ndarray]
    before: Mapping[str, np.ndarray]
    after: Mapping[str, np.ndarray]

    def member(self, m: int) -> Block:
        """Return the arrays of member `m` of the case."""
        k = self.members.index(m)
        groups = (
            self.values, self.cuts, self.sites, self.flexible, self.before, self.after,
        )  # fmt: skip
        return Block(self.start, (m,), *({name: x[:, k] for name, x in group.items()} for group in groups))


def stack(start: int, records: Sequence[Record], members: Sequence[int] | None = None) -> Block:
    """Stack consecutive half-hours that begin at step `start`, of all members or some."""
    wanted = tuple(range(len(records[0].failure))) if members is None else tuple(members)
    rows = list(wanted)
    plain = (
        "delivered_mw", "site_export_mw", "positions", "q_support_mvar", "node_i", "q_svc_mvar", "demand_mw", "broken",
        "missed", "residual_mva", "beside_clipped", "price_ratio", "policy_failed", "failure",
    )  # fmt: skip
    values = {name: np.stack([getattr(record, name)[rows] for record in records]) for name in plain}
    values |= {
        name: np.stack([getattr(record.ledger, name)[rows] for record in records])
        for name in ("available_mw", "settled_mw", "end", "outage")
    }
    values["variant"] = np.stack([record.injections.variant[rows] for record in records])
    values["diesel_mw"] = np.stack([record.injections.diesel_mw[rows].sum(axis=1) for record in records])
    values["shed_mw"] = np.stack([record.injections.shed_mw[rows].sum(axis=1) for record in records])
    return Block(
        start=start,
        members=wanted,
        values=values,
        cuts={cause: np.stack([record.ledger.cut_mw[cause][rows] for record in records]) for cause in CutCause},
        sites=_stacked([record.sites for record in records], SiteFlows, rows),
        flexible=_stacked([record.flexible for record in records], FlexibleFlows, rows),
        before=_stacked([record.before for record in records], SecurityState, rows),
        after=_stacked([record.after for record in records], SecurityState, rows),
    )


def _stacked(parts: Sequence[object], kind: type, rows: list[int]) -> dict[str, np.ndarray]:
    return {field.name: np.stack([getattr(part, field.name)[rows] for part in parts]) for field in fields(kind)}


def twin_tables(case: Case, start: int, records: Sequence[Record]) -> dict[int, dict[str, pa.Table]]:
    """Return the ``system`` table of each counterfactual twin: sums of the cuts, and whether the criterion held."""
    columns = {
        cause.column: np.stack([record.ledger.cut_mw[cause].sum(axis=1) for record in records]) for cause in CutCause
    }
    columns["criterion_broken"] = np.stack([record.broken for record in records]).astype(np.int8)
    columns["forecast_missed"] = np.stack([record.missed for record in records]).astype(np.int8)
    failure, time = np.stack([record.failure for record in records]), _times(case, start, len(records))
    return {
        m: {
            "system": pa.table(
                {"time": time}
                | {name: values[:, m] for name, values in columns.items()}
                | {"failure": pa.array(failure[:, m].tolist(), type=pa.string())}
            )
        }
        for m in np.flatnonzero(case.is_twin).tolist()
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
    block = stacked.member(m)
    solved = block.values["failure"] == ""
    currents = np.where(solved[:, None], block.values["node_i"], np.nan)
    flows = block_flows(case.grid.variants, case.grid.nodes, block.values["variant"], currents)
    time = _times(case, block.start, len(solved))
    return {
        "system": _system(case, block, m, flows, time),
        "ledger": _ledger(case, block, time),
        "link": _link(block, flows, time),
        "n1": _n1(case, block, time),
        "bus": _bus(case, flows, time),
        "sites": _sites(case, block, m, time),
        "devices": device_table(case, m, block.flexible, time),
    }


def _times(case: Case, start: int, steps: int) -> pa.Array:
    index = case.index[start : start + steps]
    return pa.array(index, type=pa.timestamp("s", tz=str(index.tz).removeprefix("UTC") or "UTC"))


def _system(case: Case, block: Block, m: int, flows: BlockFlows, time: pa.Array) -> pa.Table:
    v, steps = block.values, slice(block.start, block.start + len(time))
    profiles = case.profiles[case.profile[m]][0]
    available, delivered, demand = v["available_mw"], v["delivered_mw"], v["demand_mw"]
    congestion = sum((block.cuts[cause] for cause in CONGESTION_CAUSES), np.zeros_like(available))
    voltage = block.cuts[CutCause.VOLTAGE]
    non_firm = case.tier[m] == TIER_NON_FIRM
    plants, sites = slice(None, case.plants), slice(case.plants, None)
    city_area = case.model.areas.municipality.to_numpy(bool)
    of_batteries = battery_sums(case, block.sites, block.flexible)
    columns: dict[str, np.ndarray | pa.Array] = {
        "demand_mw": demand.sum(axis=1),
        "delivered_mw": delivered.sum(axis=1),
        "available_mw": available.sum(axis=1),
        "municipality_demand_mw": demand[:, city_area].sum(axis=1),
        "municipality_delivered_mw": delivered[:, case.unit_in_city].sum(axis=1),
        "diesel_mw": v["diesel_mw"],
        "import_mw": np.maximum(flows.import_mw, 0.0),
        "export_mw": np.maximum(-flows.import_mw, 0.0),
        "losses_mw": flows.losses_mw,
        "battery_losses_mw": of_batteries["losses"],
        "stored_mwh": of_batteries["stored"],
        "flexible_demand_mw": block.flexible["demand_mw"][:, ~case.is_storage].sum(axis=1),
        "flexible_losses_mw": block.flexible["losses_mw"][:, ~case.is_storage].sum(axis=1),
        "unsupplied_mw": v["shed_mw"],
        "residual_overload_mw": v["residual_mva"],
        "compensator_q_mvar": v["q_svc_mvar"],
        "main_tap_position": _position(v["positions"], case.bands.tap_column),
        "reactors_in_service": _position(v["positions"], case.bands.reactors_column),
        "plants_q_support_mvar": v["q_support_mvar"],
        "voltage_outside": _outside(case, m, flows.vm_pu).astype(np.int8),
        **{cause.column: block.cuts[cause].sum(axis=1) for cause in CutCause},
        "area_balance_settled_mw": v["settled_mw"].sum(axis=1),
        "plants_congestion_mw": (congestion + voltage)[:, plants].sum(axis=1),
        "sites_lost_mw": (congestion + voltage + block.cuts[CutCause.BEHIND_THE_METER])[:, sites].sum(axis=1),
        "nonfirm_available_mw": available[:, non_firm].sum(axis=1),
        "nonfirm_congestion_mw": congestion[:, non_firm].sum(axis=1),
        "criterion_broken": v["broken"].astype(np.int8),
        "forecast_missed": v["missed"].astype(np.int8),
        "bank_reverse_flow": flows.reverse_flow.astype(np.int8),
        "clipped_commands": of_batteries["clipped"],
        "policy_failed": v["policy_failed"].astype(np.int8),
        "negative_demand_areas": v["beside_clipped"],
        "area_balance_share": profiles.area_cut_pv[steps] * case.members[m].area_balance,
        "price_jpy_per_kwh": profiles.price_jpy_per_kwh[steps],
        "price_ratio": v["price_ratio"],
        "home_demand_pu": np.ascontiguousarray(profiles.site_demand_per_kwh[steps][:, case.is_home_shape]).mean(axis=1)
        * HOURS_PER_YEAR,
    }
    failure = pa.array(v["failure"].tolist(), type=pa.string())
    return pa.table({"time": time, **columns, "failure": failure})


def _position(positions: np.ndarray, column: int | None) -> pa.Array:
    """Return the position of a control, (T,); null where the networks do not have it."""
    return pa.array(positions[:, column]) if column is not None else pa.nulls(len(positions), pa.int64())


def _outside(case: Case, m: int, vm_pu: np.ndarray) -> np.ndarray:
    """Return the half-hours in which a watched voltage stays beyond its limits, (T,) bool."""
    low = vm_pu < case.vm_min_pu[m] - VOLTAGE_TOLERANCE_PU
    result: np.ndarray = (low | (vm_pu > case.vm_max_pu[m] + VOLTAGE_TOLERANCE_PU)).any(axis=1)
    return result


def _ledger(case: Case, block: Block, time: pa.Array) -> pa.Table:
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
    congested = sum((block.cuts[cause] for cause in CONGESTION_CAUSES), np.zeros_like(available))[step, unit] > 0.0
    return pa.table({
        "time": time.take(pa.array(step)),
        "unit": _named(unit, case.unit_names),
        **{name: values[step, unit].astype(np.float32) for name, values in columns.items()},
        "element": _named(v["end"][step, unit], case.grid.end_names, congested),
        "outage": _named(v["outage"][step, unit], case.grid.outage_names, congested),
    })  # fmt: skip


def _named(codes: np.ndarray, names: Sequence[str], known: np.ndarray | None = None) -> pa.DictionaryArray:
    """Return names by position; null where `known` is False."""
    unique = list(dict.fromkeys(names))
    position = np.array([unique.index(name) for name in names], dtype=np.int32)
    mask = None if known is None else ~known
    safe = codes if known is None else np.where(known, codes, 0)
    return pa.DictionaryArray.from_arrays(pa.array(position[safe], mask=mask), pa.array(unique, type=pa.string()))


def _link(block: Block, flows: BlockFlows, time: pa.Array) -> pa.Table:
    before, after = block.before["headroom_mw"], block.after["headroom_mw"]
    columns: dict[str, np.ndarray] = {"export_mw": flows.island_mw.sum(axis=1)}
    circuits = {
        "loading_percent": flows.loading_percent,
        "mainland_mw": flows.mainland_mw,
        "island_mw": flows.island_mw,
    }
    for number in range(max(CIRCUITS_IN_SCHEMA, flows.island_mw.shape[1])):
        for name, values in circuits.items():
            there = number < values.shape[1]
            columns[f"circuit_{number + 1}_{name}"] = values[:, number] if there else np.full(len(values), np.nan)
    columns |= {
        "n1_before_loading_percent": block.before["link_percent"],
        "n1_loading_percent": block.after["link_percent"],
        "n1_export_headroom_before_mw": before[:, 0],
        "n1_export_headroom_after_mw": after[:, 0],
        "n1_import_headroom_before_mw": before[:, 1],
        "n1_import_headroom_after_mw": after[:, 1],
    }
    return pa.table({"time": time, **columns})


def _n1(case: Case, block: Block, time: pa.Array) -> pa.Table:
    def security(state: Mapping[str, np.ndarray], prefix: str) -> dict[str, object]:
        end, known = state["end"], state["end"] >= 0
        return {
            f"{prefix}loading_percent": state["loading_percent"],
            f"{prefix}element": _named(end, case.grid.end_names, known),
            f"{prefix}outage": _named(state["outage"], case.grid.outage_names),
        }

    return pa.table({
        "time": time,
        **security(block.before, "before_"),
        **security(block.after, ""),
        "intertrip_shed_mw": block.after["shed_mw"],
        "outages_solved": block.after["solved"],
    })  # fmt: skip


def _bus(case: Case, flows: BlockFlows, time: pa.Array) -> pa.Table:
    net = case.model.net
    names = net.bus.name.loc[list(case.model.roles.voltage_buses)].astype(str)
    return pa.table({"time": time} | {name: flows.vm_pu[:, k].astype(np.float32) for k, name in enumerate(names)})


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
        capacity, stored = case.battery_mwh[m, of].sum(), sites["stored_mwh"][:, of].sum(axis=1)
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
