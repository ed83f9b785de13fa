"""Guest networks: another pandapower network with roles takes the island's place."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandapower as pp
import pandapower.networks as cases
import pandas as pd

from network_models.checks import branch_graph, check_grid, island_bus, link_circuits
from network_models.guests.equivalent import Equivalent, equivalent
from network_models.guests.reading import read_net
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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandapower warns of the age of its own tables
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
        Rows of ``net.sgen`` of the model.
    site_buses : frozenset of int
    headroom_bus : int or None
        None: the island end of the first link circuit.
    plant_kinds : mapping of str to str
        Kind (`PLANT_KINDS`) of each ``type`` of plants in the network, beside the usual names.
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
    plant_kinds: Mapping[str, str] = field(default_factory=dict)
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


PLANT_KINDS = ("pv", "wind", "tidal", "steady")
"""What a plant's output follows; ``steady`` is the same at every step."""
_USUAL_KINDS = {"pv": "pv", "solar": "pv", "wp": "wind", "wind": "wind"}

_BY_NAME = ("link", "curtailable", "site_buses", "headroom_bus")


def guest_roles(original: pp.pandapowerNet, found: Equivalent, roles: Mapping[str, Any]) -> GuestRoles:
    """Return the roles with names replaced by elements.

    Parameters
    ----------
    original : pandapowerNet
        Its buses have the names.
    found : Equivalent
        Whose branches and plants have them.
    roles : mapping

    Raises
    ------
    InputError
        Unknown keys, names and kinds, an empty link; all at once, with near matches.
    """
    problems: list[Problem] = []
    here, there = _Names(found.net, problems), _Names(original, problems)
    known = [field.name for field in fields(GuestRoles)]
    for key in roles:
        if key not in known:
            near = ", ".join(difflib.get_close_matches(key, known, 3)) or ", ".join(known)
            problems.append(Problem("unknown role", "roles", key, near, "correct or remove the key"))
    link = tuple(here.element(name, ("line", "trafo"), "roles, link") for name in roles.get("link", ()))
    curtailable = [here.element(name, ("sgen",), "roles, curtailable") for name in roles.get("curtailable", ())]
    site_buses = [there.element(name, ("bus",), "roles, site_buses") for name in roles.get("site_buses", ())]
    headroom = [there.element(name, ("bus",), "roles, headroom_bus") for name in [roles.get("headroom_bus")] if name]
    if not roles.get("link"):
        problems.append(Problem("no link is named", "roles, link", "", "names of lines or transformers"))
    for kind, of in roles.get("plant_kinds", {}).items():
        if of not in PLANT_KINDS:
            where = f"roles, plant_kinds, {kind}"
            problems.append(Problem("unknown kind of plant", where, str(of), ", ".join(PLANT_KINDS)))
    problems += [
        Problem("the bus is out of service", "roles", str(original.bus.loc[bus, "name"]), "a bus in service")
        for _, bus in (*site_buses, *headroom)
        if bus in original.bus.index and bus not in found.bus_of
    ]
    named = {"link": link, "curtailable": curtailable, "site_buses": site_buses}
    problems += _named_twice(named, roles)
    raise_if_any(problems)
    others = {key: value for key, value in roles.items() if key not in _BY_NAME}
    return GuestRoles(
        link=link,
        curtailable=frozenset(row for _, row in curtailable),
        site_buses=frozenset(found.bus_of[bus] for _, bus in site_buses),
        headroom_bus=found.bus_of[headroom[0][1]] if headroom else None,
        **others,
    )


def _named_twice(named: Mapping[str, Sequence[Element]], roles: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the names of elements that a role has already, be it by name or by ``table:index``."""
    for key, elements in named.items():
        again = [
            str(name)
            for at, (name, element) in enumerate(zip(roles.get(key, ()), elements, strict=True))
            if element[1] >= 0 and element in elements[:at]
        ]
        if again:
            yield Problem("the element is named twice", f"roles, {key}", ", ".join(again), repair="name it once")


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
        listed = (other for table in tables for other in self.net[table]["name"])
        known = [other for other in listed if isinstance(other, str) and other]
        near = difflib.get_close_matches(str(name), known, 3) or [f"{tables[0]}:<index>", *known[:10]]
        what = "several elements have this name" if found else f"there is no such {' or '.join(tables)}"
        self.problems.append(Problem(what, where, str(name), ", ".join(near), "give a unique name or table:index"))
        return tables[0], -1


def guest(source: str | Path, roles: Mapping[str, Any], currency: str = "") -> GridModel:
    """Return a guest network as a `GridModel`.

    Parameters
    ----------
    source : str or Path
        A pandapower JSON file, or the name of a built-in case (`network_models.island.BUILT_IN`).
    roles : mapping
        ``link`` (names of the lines or transformers, or ``"line:3"``), ``curtailable`` (names of plants),
        ``site_buses`` and ``headroom_bus`` (names of buses); optional keys: see `GuestRoles`.
    currency : str, optional
        ISO 4217 code of the prices of the study's island.

    Returns
    -------
    GridModel
        What feeds in is a plant (curtailable ones non-firm, the others firm), what draws is an area whose yearly mean
        is its MW, both with ``scaling``. Areas at site buses are those that get sites. Outages are all lines and
        two-winding transformers whose loss leaves every bus supplied. The net is the equivalent of
        `network_models.guests.equivalent`, in whose base case every voltage is the original's.

    Raises
    ------
    InputError
        Unreadable or foreign files, elements that the engine does not calculate, unknown names and kinds of plants,
        more than one island or external grid; all problems of one stage at once.
    """
    path = Path(source)
    original = read_net(path) if path.suffix.lower() == ".json" else built_in_case(str(source))
    equal = equivalent(original)
    net = equal.net
    found = guest_roles(original, equal, roles)
    raise_if_any(_unsupported(equal, found))
    graph = branch_graph(net)
    mainland = int(net.ext_grid["bus"].iloc[0])
    model = GridModel(
        net=net,
        plants=_plants(equal, found),
        areas=_areas(net, found),
        diesels=pd.DataFrame(columns=["bus", "p_max_mw", "p_min_mw", "start_half_hours", "available"]),
        roles=_roles(equal, graph, found, mainland),
        compensator=_compensator(net, found),
        limits=Limits(found.vm_min_pu, found.vm_max_pu, found.short_time_factor),
        currency=currency,
    )
    check_grid(model)
    return model


def _kind_of(found: GuestRoles, table: str, kind: object) -> str | None:
    """Return the kind of a plant by its ``type``; a generator of any other type is steady, None if it is not known."""
    known = {name.lower(): of for name, of in (_USUAL_KINDS | dict(found.plant_kinds)).items()}
    return known.get(str(kind).lower(), None if table in ("sgen", "asymmetric_sgen") else "steady")


def _unsupported(equal: Equivalent, found: GuestRoles) -> Iterator[Problem]:
    net = equal.net
    if len(net.gen) and not np.isfinite(net.gen[["min_q_mvar", "max_q_mvar"]].to_numpy(float)).all():
        yield Problem("the var compensator (the gen with p_mw 0) has no limits", "table gen",
                      ", ".join(_names(net, "gen")), "min_q_mvar and max_q_mvar")  # fmt: skip
    unknown = {
        str(kind): name
        for name, kind, table in zip(_names(net, "sgen"), net.sgen["type"], equal.sources["table"], strict=True)
        if _kind_of(found, table, kind) is None
    }
    for kind, name in unknown.items():
        yield Problem(
            "unknown kind of plant", f"table sgen, {name}, column type", kind, ", ".join(sorted(_USUAL_KINDS)),
            f'say what it is in [grid.roles]: plant_kinds = {{"{kind}" = "{" | ".join(PLANT_KINDS)}"}}',
        )  # fmt: skip
    raw = net.load["p_mw"].to_numpy(float), net.load["q_mvar"].to_numpy(float)
    for row in net.load.index[~np.isfinite(raw).all(axis=0)]:
        yield Problem("not a number", f"table load, index {row}", repair="give p_mw and q_mvar")


def _names(net: pp.pandapowerNet, table: str) -> list[str]:
    """Return a unique name per row: the table's own where it is one, else ``table:index``."""
    own = net[table]["name"].astype(object)
    usable = own.map(lambda name: isinstance(name, str) and bool(name)) & ~own.duplicated(keep=False)
    return [str(name) if good else f"{table}:{row}" for row, name, good in zip(own.index, own, usable, strict=True)]


def _plants(equal: Equivalent, found: GuestRoles) -> pd.DataFrame:
    sgen, tables = equal.net.sgen, equal.sources["table"]
    names = _names(equal.net, "sgen")
    kinds = np.array([_kind_of(found, *of) for of in zip(tables, sgen["type"], strict=True)], dtype=object)
    contract_mw = equal.sources["contract_mw"].to_numpy(float)
    q_mvar, p_mw = sgen["q_mvar"].to_numpy(float), sgen["p_mw"].to_numpy(float)
    power_factor = np.divide(np.abs(p_mw), np.hypot(p_mw, q_mvar), out=np.ones(len(sgen)), where=p_mw != 0)
    is_pv, is_wind = kinds == "pv", kinds == "wind"
    factor = {"pv": found.pv_capacity_factor, "wind": found.wind_capacity_factor, "tidal": np.nan, "steady": 1.0}
    held = tables == "gen"
    columns = {
        "name_en": names, "name_ja": names, "kind": kinds, "area": _area_of_plant(equal.net), "place": found.place,
        "bus": sgen["bus"].to_numpy(int), "contract_mw": contract_mw, "dc_mw": np.where(is_pv, contract_mw, np.nan),
        "voltage_class": "high", "firmness": ["non-firm" if row in found.curtailable else "firm" for row in sgen.index],
        "scheme": np.where(is_pv | is_wind, "FIP", "non-FIT"), "area_rule": "unlimited", "area_control": "online",
        "trippable": False, "power_factor": power_factor, "power_factor_limit": power_factor,
        "q_sign": np.where(q_mvar < 0, -1, 1), "in_service_from": pd.NaT, "in_service_to": pd.NaT,
        "municipality": False, "pv_fleet": np.where(is_pv, found.pv_fleet, ""),
        "turbine": np.where(is_wind, found.turbine, ""), "units": np.where(is_pv, np.nan, 1.0),
        "hub_height_m": np.where(is_wind, found.hub_height_m, np.nan),
        "capacity_factor_target": [factor[kind] for kind in kinds], "availability": 1.0,
        "source": np.where(held, "guest network: generator, reactive power of the base case", "guest network"),
        "status": "estimate",
    }  # fmt: skip
    return pd.DataFrame(columns, index=pd.Index(names, name="plant_id"))


def _area_of_plant(net: pp.pandapowerNet) -> list[str]:
    by_bus = dict(zip(net.load["bus"], _names(net, "load"), strict=True))
    return [by_bus.get(bus, "") for bus in net.sgen["bus"]]


def _areas(net: pp.pandapowerNet, found: GuestRoles) -> pd.DataFrame:
    load = net.load
    names = _names(net, "load")
    p_mw, q_mvar = load["p_mw"].to_numpy(float), load["q_mvar"].to_numpy(float)
    apparent = np.hypot(p_mw, q_mvar)
    power_factor = np.divide(p_mw, apparent, out=np.ones(len(load)), where=apparent > 0)
    columns = {
        "name_en": names, "name_ja": names, "bus": load["bus"].to_numpy(int), "place": found.place,
        "municipality": load["bus"].isin(found.site_buses).to_numpy(),
        "power_factor": np.where(q_mvar < 0.0, -power_factor, power_factor),
        "residential_kwh": p_mw * HOURS_PER_YEAR * 1000.0 / 3.0, "commercial_kwh": p_mw * HOURS_PER_YEAR * 1000.0 / 3.0,
        "public_kwh": p_mw * HOURS_PER_YEAR * 1000.0 / 3.0, "industry_kwh": 0.0, "fisheries_kwh": 0.0,
    }  # fmt: skip
    return pd.DataFrame(columns, index=pd.Index(names, name="area_id"))


def _roles(equal: Equivalent, graph: nx.MultiGraph, found: GuestRoles, mainland: int) -> Roles:
    net = equal.net
    link = link_circuits(net, found.link, mainland)
    headroom = found.headroom_bus if found.headroom_bus is not None else island_bus(net, link[0])
    branches: tuple[Element, ...] = tuple((table, int(row)) for table in ("line", "trafo") for row in net[table].index)
    single = {frozenset(edge) for edge in nx.bridges(nx.Graph(graph))}
    parallel = {frozenset(edge[:2]) for edge in graph.edges if graph.number_of_edges(*edge[:2]) > 1}
    bridges = {key for u, v, key in graph.edges(keys=True) if frozenset((u, v)) in single - parallel}
    return Roles(
        link=link,
        outages=tuple(e for e in branches if e not in bridges and not (e[0] == "trafo" and e[1] in equal.inner_trafos)),
        monitored=branches,
        monitored_after_outage=branches,
        voltage_buses=tuple(int(bus) for bus in net.bus.index if bus not in equal.inner_buses),
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
