"""Guest networks: another pandapower network with roles takes the island's place."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandapower as pp
import pandapower.networks as cases
import pandas as pd
from pandapower.toolbox import fuse_buses

from network_models.checks import branch_graph, check_grid, island_bus, link_circuits
from network_models.guest_json import read_net
from network_models.island import BUILT_IN
from twin.core.clock import HOURS_PER_YEAR
from twin.core.errors import InputError, Problem, raise_if_any
from twin.network.model import Compensator, Element, GridModel, Limits, Roles


def built_in_case(name: str) -> pp.pandapowerNet:
    """Return a built-in case.

    Raises
    ------
    InputError
        Unknown name; with near matches.
    """
    if name not in BUILT_IN:
        near = difflib.get_close_matches(name, BUILT_IN, 3, 0.5) or BUILT_IN
        accepted = "a .json file or " + ", ".join(near)
        raise InputError([Problem("unknown guest network", "grid model", name, accepted, "correct the name")])
    if name == "create_cigre_network_mv_pv_wind":
        return cases.create_cigre_network_mv(with_der="pv_wind")
    return getattr(cases, name)()


@dataclass(frozen=True)
class GuestRoles:
    """Checked roles.

    Attributes
    ----------
    link : tuple of Element
    curtailable : frozenset of int
        Rows of ``net.sgen``.
    site_buses : frozenset of int
    headroom_bus : int or None
        None: the island end of the first link circuit.
    place, pv_fleet, turbine, hub_height_m, pv_capacity_factor, wind_capacity_factor
        What every plant of a guest network is taken to be: its weather place, PV fleet and turbine.
    vm_min_pu, vm_max_pu, short_time_factor
        See `twin.network.model.Limits`.
    compensator_slope_percent : float
        Slope of the var compensator, if the network has one.
    """

    link: tuple[Element, ...]
    curtailable: frozenset[int]
    site_buses: frozenset[int]
    headroom_bus: int | None = None
    place: str = ""
    pv_fleet: str = ""
    turbine: str = ""
    hub_height_m: float = 80.0
    pv_capacity_factor: float = 0.14
    wind_capacity_factor: float = 0.25
    vm_min_pu: float = 0.95
    vm_max_pu: float = 1.05
    short_time_factor: float = 1.0
    compensator_slope_percent: float = 3.0


_BY_NAME = ("link", "curtailable", "site_buses", "headroom_bus")


def guest_roles(net: pp.pandapowerNet, roles: Mapping[str, Any]) -> GuestRoles:
    """Return the roles with names replaced by elements of `net`.

    Raises
    ------
    InputError
        Unknown keys and names, an empty link; all at once, with near matches.
    """
    names = _Names(net, [])
    known = [field.name for field in fields(GuestRoles)]
    for key in roles:
        if key not in known:
            near = ", ".join(difflib.get_close_matches(key, known, 3)) or ", ".join(known)
            names.problems.append(Problem("unknown role", "roles", key, near, "correct or remove the key"))
    link = tuple(names.element(name, ("line", "trafo"), "roles, link") for name in roles.get("link", ()))
    curtailable = [names.element(name, ("sgen",), "roles, curtailable") for name in roles.get("curtailable", ())]
    site_buses = [names.element(name, ("bus",), "roles, site_buses") for name in roles.get("site_buses", ())]
    given_headroom = roles.get("headroom_bus")
    headroom = names.element(given_headroom, ("bus",), "roles, headroom_bus") if given_headroom else None
    if not roles.get("link"):
        names.problems.append(Problem("no link is named", "roles, link", "", "names of lines or transformers"))
    raise_if_any(names.problems)
    others = {key: value for key, value in roles.items() if key not in _BY_NAME}
    return GuestRoles(
        link=link,
        curtailable=frozenset(row for _, row in curtailable),
        site_buses=frozenset(row for _, row in site_buses),
        headroom_bus=headroom[1] if headroom else None,
        **others,
    )


@dataclass(frozen=True)
class _Names:
    """Looks elements up by name or ``table:index`` and collects what it does not find."""

    net: pp.pandapowerNet
    problems: list[Problem]

    def element(self, name: str, tables: tuple[str, ...], where: str) -> Element:
        table, _, row = str(name).partition(":")
        if table in tables and row.isdigit() and int(row) in self.net[table].index:
            return table, int(row)
        found: list[Element] = [
            (table, int(index)) for table in tables for index in self.net[table].index[self.net[table]["name"] == name]
        ]
        if len(found) == 1:
            return found[0]
        known = [str(other) for table in tables for other in self.net[table]["name"] if other]
        near = difflib.get_close_matches(str(name), known, 3) or [f"{tables[0]}:<index>", *known[:10]]
        what = "several elements have this name" if found else f"there is no such {' or '.join(tables)}"
        self.problems.append(Problem(what, where, str(name), ", ".join(near), "give a unique name or table:index"))
        return tables[0], -1


_KINDS = {"pv": "pv", "solar": "pv", "wp": "wind", "wind": "wind"}


def guest(source: str | Path, roles: Mapping[str, Any], currency: str = "") -> GridModel:
    """Return a guest network as a `GridModel`.

    Parameters
    ----------
    source : str or Path
        A pandapower JSON file, or the name of a built-in case (`network_models.island.BUILT_IN`).
    roles : mapping
        ``link`` (names of the lines or transformers, or ``"line:3"``), ``curtailable`` (names of static generators),
        ``site_buses`` and ``headroom_bus`` (names of buses); optional keys: see `GuestRoles`.
    currency : str, optional
        ISO 4217 code of the prices of the study's island.

    Returns
    -------
    GridModel
        Every static generator is a plant (curtailable ones non-firm, the others firm), every load an area whose yearly
        mean is the load's MW. Areas at site buses are those that get sites. Outages are all branches whose loss leaves
        every bus supplied. Switches are resolved: a branch behind an open one is left out like all that are out of
        service, buses joined by a closed one become one bus.

    Raises
    ------
    InputError
        Unreadable or foreign files, unknown names, more than one island or external grid, generators other than one var
        compensator; all problems of one stage at once.
    """
    path = Path(source)
    net = read_net(path) if path.suffix.lower() == ".json" else built_in_case(str(source))
    _resolve_switches(net)
    _keep_in_service(net)
    found = guest_roles(net, roles)
    raise_if_any(_unsupported(net))
    graph = branch_graph(net)
    mainland = int(net.ext_grid["bus"].iloc[0])
    model = GridModel(
        net=net,
        plants=_plants(net, found),
        areas=_areas(net, found),
        diesels=pd.DataFrame(columns=["bus", "p_max_mw", "p_min_mw", "start_half_hours", "available"]),
        roles=_roles(net, graph, found, mainland),
        compensator=_compensator(net, found),
        limits=Limits(found.vm_min_pu, found.vm_max_pu, found.short_time_factor),
        currency=currency,
    )
    check_grid(model)
    return model


def _resolve_switches(net: pp.pandapowerNet) -> None:
    switches = net.switch
    for kind, table in (("l", "line"), ("t", "trafo")):
        opened = switches.loc[(switches["et"] == kind) & ~switches["closed"], "element"]
        net[table].loc[opened, "in_service"] = False
    closed = switches[(switches["et"] == "b") & switches["closed"]]
    ties = nx.Graph(list(zip(closed["bus"], closed["element"], strict=True)))
    net.switch = switches.iloc[:0]
    for group in nx.connected_components(ties):
        first, *others = sorted(group)
        fuse_buses(net, first, others)


def _keep_in_service(net: pp.pandapowerNet) -> None:
    for table in ("load", "sgen", "gen", "ext_grid"):
        net[table] = net[table][net[table]["in_service"]].reset_index(drop=True)
    for table in ("line", "trafo"):
        net[table] = net[table][net[table]["in_service"]]


def _unsupported(net: pp.pandapowerNet) -> Iterator[Problem]:
    if len(net.ext_grid) != 1:
        buses = ", ".join(str(net.bus.loc[bus, "name"]) for bus in net.ext_grid["bus"])
        yield Problem("the engine needs exactly one external grid", "table ext_grid", buses, "one row in service")
    gens = net.gen
    is_compensator = len(gens) == 1 and bool((gens["p_mw"] == 0).all())
    if len(gens) and not is_compensator:
        names = ", ".join(_names(net, "gen"))
        yield Problem(
            "the closed loop holds no generator at a voltage, except one var compensator (a gen with p_mw 0)",
            "table gen", names, "ext_grid, sgen and one gen with p_mw 0", "replace the generators by sgen",
        )  # fmt: skip
    if is_compensator and not np.isfinite(gens[["min_q_mvar", "max_q_mvar"]].to_numpy(float)).all():
        yield Problem("the var compensator has no limits", "table gen", "", "min_q_mvar and max_q_mvar")
    for row, kind in net.sgen["type"].items():
        if str(kind).lower() not in _KINDS:
            where = f"table sgen, row {row}, column type"
            yield Problem("unknown kind of plant", where, str(kind), ", ".join(sorted(_KINDS)), "name the kind")


def _names(net: pp.pandapowerNet, table: str) -> list[str]:
    """Return a unique name per row: the table's own where it is one, else ``table:index``."""
    own = net[table]["name"].astype(object)
    usable = own.map(lambda name: isinstance(name, str) and bool(name)) & ~own.duplicated(keep=False)
    return [str(name) if good else f"{table}:{row}" for row, name, good in zip(own.index, own, usable, strict=True)]


def _plants(net: pp.pandapowerNet, found: GuestRoles) -> pd.DataFrame:
    sgen = net.sgen
    names = _names(net, "sgen")
    kinds = sgen["type"].map(lambda kind: _KINDS[str(kind).lower()])
    contract_mw = sgen["sn_mva"].fillna(sgen["p_mw"]).to_numpy(float)
    q_mvar, p_mw = sgen["q_mvar"].to_numpy(float), sgen["p_mw"].to_numpy(float)
    power_factor = np.divide(np.abs(p_mw), np.hypot(p_mw, q_mvar), out=np.ones(len(sgen)), where=p_mw != 0)
    is_wind = (kinds == "wind").to_numpy(bool)
    columns = {
        "name_en": names, "name_ja": names, "kind": kinds.to_numpy(), "area": _area_of_plant(net), "place": found.place,
        "bus": sgen["bus"].to_numpy(int), "contract_mw": contract_mw, "dc_mw": np.where(is_wind, np.nan, contract_mw),
        "voltage_class": "high", "firmness": ["non-firm" if row in found.curtailable else "firm" for row in sgen.index],
        "scheme": "FIP", "area_rule": "unlimited", "area_control": "online", "trippable": False,
        "power_factor": power_factor, "power_factor_limit": power_factor, "q_sign": np.where(q_mvar < 0, -1, 1),
        "in_service_from": pd.NaT, "in_service_to": pd.NaT, "municipality": False,
        "pv_fleet": np.where(is_wind, "", found.pv_fleet), "turbine": np.where(is_wind, found.turbine, ""),
        "units": np.where(is_wind, 1.0, np.nan), "hub_height_m": np.where(is_wind, found.hub_height_m, np.nan),
        "capacity_factor_target": np.where(is_wind, found.wind_capacity_factor, found.pv_capacity_factor),
        "availability": 1.0, "source": "guest network", "status": "estimate",
    }  # fmt: skip
    return pd.DataFrame(columns, index=pd.Index(names, name="plant_id"))


def _area_of_plant(net: pp.pandapowerNet) -> list[str]:
    by_bus = dict(zip(net.load["bus"], _names(net, "load"), strict=True))
    return [by_bus.get(bus, "") for bus in net.sgen["bus"]]


def _areas(net: pp.pandapowerNet, found: GuestRoles) -> pd.DataFrame:
    load = net.load
    names = _names(net, "load")
    apparent = np.hypot(load["p_mw"], load["q_mvar"]).to_numpy(float)
    p_mw = load["p_mw"].to_numpy(float)
    columns = {
        "name_en": names, "name_ja": names, "bus": load["bus"].to_numpy(int), "place": found.place,
        "municipality": load["bus"].isin(found.site_buses).to_numpy(),
        "power_factor": np.divide(p_mw, apparent, out=np.ones(len(load)), where=apparent > 0),
        "residential_kwh": p_mw * HOURS_PER_YEAR * 1000.0 / 3.0, "commercial_kwh": p_mw * HOURS_PER_YEAR * 1000.0 / 3.0,
        "public_kwh": p_mw * HOURS_PER_YEAR * 1000.0 / 3.0, "industry_kwh": 0.0, "fisheries_kwh": 0.0,
    }  # fmt: skip
    return pd.DataFrame(columns, index=pd.Index(names, name="area_id"))


def _roles(net: pp.pandapowerNet, graph: nx.MultiGraph, found: GuestRoles, mainland: int) -> Roles:
    link = link_circuits(net, found.link, mainland)
    headroom = found.headroom_bus if found.headroom_bus is not None else island_bus(net, link[0])
    branches: tuple[Element, ...] = tuple(
        (table, int(row)) for table in ("line", "trafo") for row in net[table].index[net[table]["in_service"]]
    )
    single = {frozenset(edge) for edge in nx.bridges(nx.Graph(graph))}
    parallel = {frozenset(edge[:2]) for edge in graph.edges if graph.number_of_edges(*edge[:2]) > 1}
    bridges = {key for u, v, key in graph.edges(keys=True) if frozenset((u, v)) in single - parallel}
    return Roles(
        link=link,
        outages=tuple(element for element in branches if element not in bridges),
        monitored=branches,
        monitored_after_outage=branches,
        voltage_buses=tuple(int(bus) for bus in net.bus.index[net.bus["in_service"]]),
        headroom_bus=headroom,
        boundary_bus=mainland,
    )


def _compensator(net: pp.pandapowerNet, found: GuestRoles) -> Compensator | None:
    if net.gen.empty:
        return None
    row = net.gen.iloc[0]
    return Compensator(
        int(row["bus"]), float(row["vm_pu"]), found.compensator_slope_percent,
        float(row["min_q_mvar"]), float(row["max_q_mvar"]),
    )  # fmt: skip
