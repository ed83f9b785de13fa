"""Half-hours of some members as arrays: from records to the columns that tables and key figures are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from twin.core.clock import HOURS_PER_YEAR
from twin.core.quantities import CONGESTION_CAUSES, CutCause
from twin.core.row_arrays import rows_of
from twin.metrics.cable_temperature import conductor_c
from twin.metrics.flows import BlockFlows, block_flows
from twin.metrics.series import MemberSeries
from twin.operation.case import Case
from twin.operation.case_parts import Tier
from twin.operation.record import Record
from twin.operation.state import State, stored_at_start_mwh
from twin.resources.profiles import Profiles
from twin.security.criterion.outages import UNSOLVED_PERCENT

VOLTAGE_TOLERANCE_PU = 2e-5
"""Twice the 0.001 % beyond which a voltage is relieved."""


@dataclass(frozen=True)
class Block:
    """The record of some members over time by name; axes T, members, then the record's own.

    `members` are the members' positions in the case. `only` takes one out, `member` also drops the member axis.
    """

    start: int
    members: tuple[int, ...]
    values: Mapping[str, np.ndarray]
    cuts: Mapping[str, np.ndarray]
    sites: Mapping[str, np.ndarray]
    flexible: Mapping[str, np.ndarray]
    before: Mapping[str, np.ndarray]
    after: Mapping[str, np.ndarray]
    zones: Mapping[str, np.ndarray]

    def only(self, m: int) -> Block:
        """Return the arrays of member `m` of the case, with a member axis of length 1."""
        return self._picked(m, [self.members.index(m)])

    def member(self, m: int) -> Block:
        """Return the arrays of member `m` of the case."""
        return self._picked(m, self.members.index(m))

    def _picked(self, m: int, pick: int | list[int]) -> Block:
        groups = (
            self.values, self.cuts, self.sites, self.flexible, self.before, self.after, self.zones,
        )  # fmt: skip
        return Block(self.start, (m,), *({name: x[:, pick] for name, x in group.items()} for group in groups))


def block_of(start: int, record: Record, members: Sequence[int] | None = None) -> Block:
    """Return consecutive half-hours that begin at step `start`, of all members or some."""
    wanted = tuple(range(record.failure.shape[1])) if members is None else tuple(members)
    record = rows_of(record, (slice(None), list(wanted)))
    ledger, injections = record.ledger, record.injections
    plain = (
        "delivered_mw", "site_export_mw", "positions", "q_support_mvar", "node_i", "q_svc_mvar", "demand_mw", "broken",
        "missed", "stopped_mw", "residual_mva", "beside_clipped", "price_ratio", "policy_failed", "failure",
    )  # fmt: skip
    values = {name: getattr(record, name) for name in plain}
    values |= {name: getattr(ledger, name) for name in ("available_mw", "settled_mw", "end", "outage")}
    values["variant"] = injections.variant
    values["diesel_mw"], values["shed_mw"] = injections.diesel_mw.sum(axis=2), injections.shed_mw.sum(axis=2)
    return Block(
        start=start,
        members=wanted,
        values=values,
        cuts={str(cause): mw for cause, mw in ledger.cut_mw.items()},
        sites=vars(record.sites),
        flexible=vars(record.flexible),
        before=vars(record.before),
        after=vars(record.after),
        zones=vars(record.zones),
    )


def flows_of(case: Case, block: Block) -> BlockFlows:
    """Return the flows of all half-hours and members, time and member first; NaN where unsolved."""
    solved = block.values["failure"] == ""
    currents = np.where(solved[..., None], block.values["node_i"], np.nan)
    variant = block.values["variant"].ravel()
    flows = block_flows(case.grid.variants, case.grid.nodes, variant, currents.reshape(len(variant), -1))
    of_field = (getattr(flows, field.name) for field in fields(BlockFlows))
    return BlockFlows(*(values.reshape(*solved.shape, *values.shape[1:]) for values in of_field))


def cut_columns(cuts: Mapping[str, np.ndarray], values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return what each cause takes from all units, and whether the criterion held; (T, M).

    Parameters
    ----------
    cuts : mapping of str to numpy.ndarray, (T, M, U)
    values : mapping of str to numpy.ndarray, (T, M)
        ``broken missed stopped_mw failure``, as in `Record`.
    """
    return {
        **{cause.column: cuts[cause].sum(axis=-1) for cause in CutCause},
        "criterion_broken": values["broken"].astype(np.int8),
        "forecast_missed": values["missed"].astype(np.int8),
        "whole_windows_mw": values["stopped_mw"],
        "failure": values["failure"],
    }


def energy_columns(case: Case, block: Block) -> dict[str, np.ndarray]:
    """Return the columns of the table ``system`` that no flow of a branch is needed for; (T, M)."""
    v, members = block.values, list(block.members)
    available, delivered, demand = v["available_mw"], v["delivered_mw"], v["demand_mw"]
    congestion = sum((block.cuts[cause] for cause in CONGESTION_CAUSES), np.zeros_like(available))
    held = congestion + block.cuts[CutCause.VOLTAGE]
    lost = held + block.cuts[CutCause.BEHIND_THE_METER]
    non_firm = case.units.tier[members] == Tier.NON_FIRM
    city_area = case.model.areas.municipality.to_numpy(bool)
    shifting = ~case.fleet.is_storage
    obeys = case.operator.obeys_area_balance[members]
    return {
        "demand_mw": demand.sum(axis=-1),
        "delivered_mw": delivered.sum(axis=-1),
        "available_mw": available.sum(axis=-1),
        "municipality_demand_mw": (demand * city_area).sum(axis=-1),
        "municipality_delivered_mw": (delivered * case.units.in_municipality).sum(axis=-1),
        "diesel_mw": v["diesel_mw"],
        **_battery_columns(case, block),
        "flexible_demand_mw": (block.flexible["demand_mw"] * shifting).sum(axis=-1),
        "flexible_losses_mw": (block.flexible["losses_mw"] * shifting).sum(axis=-1),
        "unsupplied_mw": v["shed_mw"],
        "residual_overload_mw": v["residual_mva"],
        "compensator_q_mvar": v["q_svc_mvar"],
        "plants_q_support_mvar": v["q_support_mvar"],
        **cut_columns(block.cuts, v),
        "area_balance_settled_mw": v["settled_mw"].sum(axis=-1),
        "plants_congestion_mw": held[..., : case.plants].sum(axis=-1),
        "sites_lost_mw": lost[..., case.plants :].sum(axis=-1),
        "nonfirm_available_mw": (available * non_firm).sum(axis=-1),
        "nonfirm_congestion_mw": (congestion * non_firm).sum(axis=-1),
        "policy_failed": v["policy_failed"].astype(np.int8),
        "negative_demand_areas": v["beside_clipped"],
        "area_balance_share": _of_profiles(case, block, lambda p, steps: p.area_cut_pv[steps]) * obeys,
        "price_jpy_per_kwh": _of_profiles(case, block, lambda p, steps: p.price_jpy_per_kwh[steps]),
        "price_ratio": v["price_ratio"],
        "home_demand_pu": _of_profiles(case, block, lambda p, steps: _mean_home(case, p, steps)),
    }


def flow_columns(case: Case, block: Block, flows: BlockFlows) -> dict[str, np.ndarray]:
    """Return the columns of the table ``system`` that follow from the flows; (T, M)."""
    members = list(block.members)
    low = flows.vm_pu < case.criterion.vm_min_pu[members, None] - VOLTAGE_TOLERANCE_PU
    high = flows.vm_pu > case.criterion.vm_max_pu[members, None] + VOLTAGE_TOLERANCE_PU
    return {
        "import_mw": np.maximum(flows.import_mw, 0.0),
        "export_mw": np.maximum(-flows.import_mw, 0.0),
        "losses_mw": flows.losses_mw,
        "voltage_outside": (low | high).any(axis=-1).astype(np.int8),
        "bank_reverse_flow": flows.reverse_flow.astype(np.int8),
    }


def link_columns(block: Block, flows: BlockFlows) -> dict[str, np.ndarray]:
    """Return the link's flow, its survivor and its headroom; (T, M)."""
    before, after = block.before["headroom_mw"], block.after["headroom_mw"]
    return {
        "export_mw": flows.island_mw.sum(axis=-1),
        "n1_before_loading_percent": solved_percent(block.before["link_percent"]),
        "n1_loading_percent": solved_percent(block.after["link_percent"]),
        "n1_export_headroom_before_mw": before[..., 0],
        "n1_export_headroom_after_mw": after[..., 0],
        "n1_import_headroom_before_mw": before[..., 1],
        "n1_import_headroom_after_mw": after[..., 1],
    }


def _circuit_columns(flows: BlockFlows) -> dict[str, np.ndarray]:
    circuits = range(flows.loading_percent.shape[-1])
    return {f"circuit_{k + 1}_loading_percent": flows.loading_percent[..., k] for k in circuits}


def solved_percent(loading_percent: np.ndarray) -> np.ndarray:
    """Return worst loadings after an outage; NaN where the worst one did not converge, which ranks above all others."""
    return np.where(loading_percent < UNSOLVED_PERCENT, loading_percent, np.nan)


def _battery_columns(case: Case, block: Block) -> dict[str, np.ndarray]:
    """Return losses and charge of all batteries, and the commands that any device could not follow."""
    sites, flexible, storage = block.sites, block.flexible, case.fleet.is_storage
    losses, stored = sites["battery_losses_mw"].sum(axis=-1), sites["stored_mwh"].sum(axis=-1)
    return {
        "battery_losses_mw": losses + (flexible["losses_mw"] * storage).sum(axis=-1),
        "stored_mwh": stored + (flexible["stored_mwh"] * storage).sum(axis=-1),
        "clipped_commands": sites["clipped"] + flexible["clipped"].sum(axis=-1).astype(np.int64),
    }


def _of_profiles(case: Case, block: Block, of: Callable[[Profiles, slice], np.ndarray]) -> np.ndarray:
    """Return a series of each member's own profiles, (T, M)."""
    steps = slice(block.start, block.start + len(block.values["failure"]))
    used = case.profile[list(block.members)]
    found = {k: of(case.profiles[k][0], steps) for k in np.unique(used).tolist()}
    return np.stack([found[k] for k in used.tolist()], axis=1)


def _mean_home(case: Case, profiles: Profiles, steps: slice) -> np.ndarray:
    """Return the demand of the mean home over its mean of a year."""
    of_homes = np.ascontiguousarray(profiles.site_demand_per_kwh[steps][:, case.fleet.is_home_shape])
    return np.asarray(of_homes.mean(axis=1) * HOURS_PER_YEAR)


class SeriesInMemory:
    """Keeps the series of all members of a run side by side, only the columns that key figures will read.

    Parameters
    ----------
    case : Case
    asked : callable
        Computes from a `MemberSeries` of all members what will be asked of the whole; its reading is noted once.
    """

    def __init__(self, case: Case, asked: Callable[[MemberSeries], object]) -> None:
        self.case, self._asked = case, asked
        self._columns: dict[str, list[str]] = {}
        self._parts: list[dict[str, dict[str, np.ndarray]]] = []

    def take(self, steps: range, record: Record) -> None:
        """Keep the columns of a stretch."""
        block = block_of(steps.start, record)
        flows = flows_of(self.case, block)
        system = energy_columns(self.case, block) | flow_columns(self.case, block, flows)
        tables = {"system": system, "link": link_columns(block, flows) | _circuit_columns(flows)}
        if not self._parts:
            noted = {name: _Noted(columns) for name, columns in tables.items()}
            self._asked(self._series(noted))
            self._columns = {name: sorted(columns.read) for name, columns in noted.items()}
        self._parts.append({name: {key: tables[name][key] for key in keys} for name, keys in self._columns.items()})

    def close_block(self, block: int, steps: range, state: State) -> None:
        """Do nothing: all blocks are one series."""

    def series(self) -> MemberSeries:
        """Return the series of all members, (T, M)."""
        tables = {
            name: {key: np.concatenate([part[name][key] for part in self._parts]) for key in keys}
            for name, keys in self._columns.items()
        }
        return self._series(tables)

    def _series(self, tables: Mapping[str, Mapping[str, np.ndarray]]) -> MemberSeries:
        members = range(len(self.case.members))
        stored_mwh = np.array([stored_at_start_mwh(self.case, m) for m in members])
        if all(self.case.grid.models[member.grid].cables for member in self.case.members):
            tables = {**tables, "cable": _Conductors(self.case, tables["link"])}
        return MemberSeries(tables, self.case.step_hours, stored_mwh, self.case.fleet.battery_mwh.sum(axis=1))


class _Conductors(Mapping[str, np.ndarray]):
    """Conductor temperatures of the link's circuits, (T, M) as in the table ``cable``, made when asked for."""

    def __init__(self, case: Case, link: Mapping[str, np.ndarray]) -> None:
        self._case, self._link = case, link
        self._names = [f"circuit_{k + 1}_conductor_c" for k in range(len(case.model.cables))]

    @cached_property
    def _found(self) -> np.ndarray:
        loading = np.stack([self._link[name.replace("conductor_c", "loading_percent")] for name in self._names], axis=2)
        time, models = self._case.index[: len(loading)], self._case.grid.models
        of_members = [
            conductor_c(models[member.grid].cables, time, loading[:, m], self._case.step_hours)
            for m, member in enumerate(self._case.members)
        ]
        return np.stack(of_members, axis=2)

    def __getitem__(self, name: str) -> np.ndarray:
        values: np.ndarray = self._found[:, self._names.index(name)]
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class _Noted(dict[str, np.ndarray]):
    """Columns that note which of them are read."""

    def __init__(self, columns: Mapping[str, np.ndarray]) -> None:
        super().__init__(columns)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> np.ndarray:
        self.read.add(name)
        return super().__getitem__(name)
