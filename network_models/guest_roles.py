"""Roles of a guest network's elements: names turned into elements, every wrong name reported at once."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import pandapower as pp

from twin.errors import Problem, raise_if_any
from twin.grid.model import Element


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
        See `twin.grid.model.Limits`.
    compensator_slope_percent : float
        Slope of the var compensator, if the network has one.
    """

    link: tuple[Element, ...]
    curtailable: frozenset[int]
    site_buses: frozenset[int]
    headroom_bus: int | None = None
    place: str = "fukue"
    pv_fleet: str = "ground"
    turbine: str = "V80/2000"
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
