"""The same network in the elements that the closed loop holds; its base case is checked against the original's."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import networkx as nx
import numpy as np
import pandapower as pp
import pandas as pd
from pandapower.build_branch import _trafo_df_from_trafo3w

from twin.core.errors import InputError, Problem, raise_if_any
from twin.network.reading.as_read import empty_net, with_every_table
from twin.network.reading.possible import impossible_values, out_of_range
from twin.network.reading.supported import POWER_FLOW_OPTIONS, not_finite

_INJECTIONS = ("load", "storage", "motor", "asymmetric_load", "ward", "sgen", "asymmetric_sgen", "gen")
_BRANCHES = ("line", "trafo", "impedance")
ACCEPTED_TABLES = ("bus", *_BRANCHES, "trafo3w", *_INJECTIONS, "shunt", "ext_grid", "switch")
"""Tables of elements that a guest network may have in service."""

_VOLTAGE_PU = 1e-6
"""Largest difference of a voltage from the original's base case; both are solved to 1e-9 MVA."""
_ENDS = {"line": ("from_bus", "to_bus"), "trafo": ("hv_bus", "lv_bus"), "impedance": ("from_bus", "to_bus")}
_SIDES = ("hv", "mv", "lv")
_SWITCH_RX_RATIO = 2.0
_LARGEST = 1e12
_LIMITS = ("min_q_mvar", "max_q_mvar", "min_p_mw", "max_p_mw", "s_sc_max_mva", "s_sc_min_mva", "max_i_ka")
"""Columns in which a very large number stands for none."""
_SHARES = tuple(f"const_{kind}_{power}_percent" for kind in "zi" for power in "pq")


@dataclass
class Equivalent:
    """A network without switches and without anything out of service, and where its parts come from.

    Attributes
    ----------
    net : pandapowerNet
        Lines, two-winding transformers, impedances, shunts, loads that draw, static generators that feed in, one
        external grid, at most one generator (a var compensator). Indices of lines, transformers, loads and static
        generators are those of the original.
    bus_of : dict of int to int
        Bus here of each bus of the original in service.
    inner_buses, inner_trafos : set of int
        Star points and open ends; windings of three-winding transformers.
    sources : pandas.DataFrame
        What each row of ``net.sgen`` was: ``table``, ``contract_mw``.
    """

    net: pp.pandapowerNet
    bus_of: dict[int, int] = field(default_factory=dict)
    inner_buses: set[int] = field(default_factory=set)
    inner_trafos: set[int] = field(default_factory=set)
    sources: pd.DataFrame = field(default_factory=pd.DataFrame)


def equivalent(original: pp.pandapowerNet) -> Equivalent:
    """Return a network in the closed loop's elements with the same base case.

    Three-winding transformers become three windings at a star point, open ends a bus of their own, closed bus-bus
    switches join their buses or, with ``z_ohm``, are impedances. ``scaling`` is applied. What draws is a load, what
    feeds in a static generator, whatever its table; reactive power alone is a shunt. A generator that holds a voltage
    feeds in the active and reactive power of the base case and holds nothing, except one without active power (the
    compensator); the only slack generator of a network without external grid takes its place.

    Raises
    ------
    InputError
        Elements that cannot be put so, by name; networks that ``runpp`` does not solve; a base case that differs.
    """
    raise_if_any(_refused(original))
    original = with_every_table(original)
    raise_if_any([*not_finite(original), *impossible_values(original), *_no_size(original)])
    solved = _solved(original)
    found = Equivalent(_own_copy(original))
    legs = _split_three_windings(found, solved)
    _open_ends(found, legs)
    _join_buses(found)
    vm_pu = solved.res_bus["vm_pu"]
    _place_slack(found)
    _place_injections(found, original, solved.res_gen, vm_pu)
    _drop_out_of_service(found)
    _check_base_case(found, original, vm_pu)
    return found


def _refused(net: pp.pandapowerNet) -> Iterator[Problem]:
    for name, table in empty_net().items():
        known = name in ACCEPTED_TABLES or not isinstance(table, pd.DataFrame) or "in_service" not in table
        if known or name == "controller" or name not in net or not len(net[name]):
            continue
        rows = net[name].index[net[name]["in_service"].astype(bool)]
        if len(rows):
            yield Problem(f"elements of table '{name}' are not supported in a guest network", f"table {name}",
                          _listed(net, name, rows), ", ".join(ACCEPTED_TABLES),
                          "replace them or take them out of service")  # fmt: skip
    shares = [column for column in _SHARES if column in net.load]
    depends = (net.load[shares].fillna(0.0) != 0.0).any(axis=1)
    dependent = net.load.index[net.load["in_service"].astype(bool) & depends]
    if len(dependent):
        where = f"table load, {', '.join(shares)}"
        what = "voltage-dependent loads are not supported in the closed loop"
        yield Problem(what, where, _listed(net, "load", dependent), "0", "set the shares to 0")
    for name in ("trafo", "trafo3w"):
        table = net[name] if name in net else pd.DataFrame()
        by_object = "tap_dependent_impedance" in table and "tap_dependency_table" not in table
        column = "tap_dependent_impedance" if by_object else "tap_dependency_table"
        if len(table) and column in table and (by_object or name == "trafo3w"):
            rows = table.index[table["in_service"].astype(bool) & table[column].eq(True)]
            if len(rows):
                what = "an impedance that depends on the tap is not calculated here"
                repair = "give the impedance at the tap's position"
                yield Problem(what, f"table {name}, {column}", _listed(net, name, rows), "False", repair)


def _no_size(net: pp.pandapowerNet) -> Iterator[Problem]:
    """Yield lines without a rating, and numbers of a size that nothing in a grid has."""
    lines = net.line[net.line["in_service"].astype(bool)]
    rated = lines["max_i_ka"].to_numpy(float)
    yield from out_of_range(net, "line", lines.index, "max_i_ka", rated, ~np.isfinite(rated), "a rating in kA")
    for table in ACCEPTED_TABLES:
        numbers = net[table].select_dtypes(["number"]).drop(columns=list(_LIMITS), errors="ignore")
        for column in numbers:
            values = numbers[column].to_numpy(float, na_value=np.nan)
            wrong = np.abs(values) > _LARGEST
            yield from out_of_range(net, table, net[table].index, str(column), values, wrong, f"at most {_LARGEST:g}")


def _listed(net: pp.pandapowerNet, table: str, rows: pd.Index) -> str:
    names = net[table]["name"] if "name" in net[table] else pd.Series(index=net[table].index, dtype=object)
    shown = [str(names[row]) if isinstance(names[row], str) and names[row] else f"{table}:{row}" for row in rows[:10]]
    return ", ".join(shown) + (f" and {len(rows) - 10} more" if len(rows) > 10 else "")


def _solved(net: pp.pandapowerNet) -> pp.pandapowerNet:
    """Return a copy with the base case's results, from a DC start or else a flat one."""
    solved = copy.deepcopy(net)
    solved["user_pf_options"] = {}
    refusal: Exception | None = None
    for start in ("dc", "flat"):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                pp.runpp(solved, **(POWER_FLOW_OPTIONS | {"init": start}))
                return solved
            except (pp.LoadflowNotConverged, ArithmeticError, LookupError, TypeError, UserWarning, ValueError) as error:
                refusal = error
    problem = Problem("pandapower does not solve the base case", "network", str(refusal), "a net that runpp solves",
                      "pandapower.diagnostic(net) helps to find the element")  # fmt: skip
    raise InputError([problem]) from refusal


def _own_copy(net: pp.pandapowerNet) -> pp.pandapowerNet:
    own = copy.deepcopy(empty_net())
    own["name"], own["f_hz"], own["sn_mva"] = net.get("name") or "", float(net.f_hz), float(net.sn_mva)
    tables = [*ACCEPTED_TABLES, "trafo_characteristic_table", "shunt_characteristic_table"]
    for name in tables:
        if name in net and len(net[name]):
            own[name] = net[name].copy()
    return own


def _split_three_windings(found: Equivalent, solved: pp.pandapowerNet) -> dict[tuple[int, str], int]:
    """Put three two-winding transformers and a star point in place of each three-winding one; return their rows."""
    net, legs = found.net, dict[tuple[int, str], int]()
    if not len(net.trafo3w):
        return legs
    parts = {column: np.split(np.asarray(values, dtype=object), len(_SIDES))
             for column, values in _trafo_df_from_trafo3w(solved).items()}  # fmt: skip
    for at, (row, t3) in enumerate(net.trafo3w.iterrows()):
        name = t3["name"] if isinstance(t3["name"], str) and t3["name"] else f"trafo3w:{row}"
        star = int(pp.create_bus(net, float(net.bus.loc[t3["hv_bus"], "vn_kv"]), name=f"{name} star point"))
        found.inner_buses.add(star)
        for number, side in enumerate(_SIDES):
            of_leg = {column: values[number][at] for column, values in parts.items()}
            of_leg |= {"tap_dependency_table": False, "name": f"{name} {side}"}
            of_leg |= {"hv_bus": int(t3["hv_bus"]), "lv_bus": star} if side == "hv" else {
                "hv_bus": star, "lv_bus": int(t3[f"{side}_bus"])
            }  # fmt: skip
            leg = int(net.trafo.index.max()) + 1 if len(net.trafo) else 0
            _append(net, "trafo", leg, of_leg)
            legs[int(row), side] = leg
            found.inner_trafos.add(leg)
    return legs


def _append(net: pp.pandapowerNet, table: str, index: int, values: dict[str, object]) -> None:
    kinds = net[table].dtypes
    row = pd.DataFrame({column: [values.get(column)] for column in kinds.index}, index=[index])
    row = row.astype({column: kind for column, kind in kinds.items() if values.get(column) is not None})
    whole = row if not len(net[table]) else pd.concat([net[table], row])
    net[table] = whole.astype({c: k for c, k in kinds.items() if k.kind in "fbiu" and whole[c].notna().all()})


def _open_ends(found: Equivalent, legs: dict[tuple[int, str], int]) -> None:
    """Give each open end a bus of its own; what has none left in service, or hangs on a bus that is not, is off."""
    net = found.net
    live = set(net.bus.index[net.bus["in_service"].astype(bool)])
    opened: set[tuple[str, int, str]] = set()
    for kind, bus, element in net.switch.loc[~net.switch["closed"].astype(bool), ["et", "bus", "element"]].to_numpy():
        opened |= set(_ends_at(net, str(kind), int(bus), int(element), legs))
    for row, ends in net.line[list(_ENDS["line"])].iterrows():
        dead = [column for column in _ENDS["line"] if ends[column] not in live]
        opened |= {("line", int(row), column) for column in dead}
    for table in ("trafo", "impedance"):
        columns = list(_ENDS[table])
        net[table]["in_service"] = net[table]["in_service"].astype(bool) & net[table][columns].isin(live).all(axis=1)
    for table in ("line", "trafo"):
        count = pd.Series([row for of, row, _ in opened if of == table], dtype=np.int64).value_counts()
        net[table].loc[count.index[count > 1], "in_service"] = False
    for table, row, column in sorted(opened):
        if net[table].loc[row, "in_service"]:
            bus = int(net[table].loc[row, column])
            end = int(pp.create_bus(net, float(net.bus.loc[bus, "vn_kv"]), name=f"open end of {table}:{row}"))
            net[table].loc[row, column] = end
            found.inner_buses.add(end)


def _ends_at(
    net: pp.pandapowerNet, kind: str, bus: int, element: int, legs: dict[tuple[int, str], int]
) -> Iterator[tuple[str, int, str]]:
    """Yield the ends that an open switch at a bus opens."""
    if kind == "t3":
        for side in _SIDES:
            if net.trafo3w.loc[element, f"{side}_bus"] == bus:
                yield "trafo", legs[element, side], "hv_bus" if side == "hv" else "lv_bus"
        return
    table = {"l": "line", "t": "trafo"}.get(kind)
    if table is not None:
        yield from ((table, element, c) for c in _ENDS[table] if net[table].loc[element, c] == bus)


def _join_buses(found: Equivalent) -> None:
    """Join buses by closed switches; with ``z_ohm`` an impedance stands between them."""
    net = found.net
    live = net.bus.index[net.bus["in_service"].astype(bool)]
    switches = net.switch[(net.switch["et"] == "b") & net.switch["closed"].astype(bool)]
    switches = switches[switches["bus"].isin(live) & switches["element"].isin(live)]
    z_ohm = switches["z_ohm"].fillna(0.0)
    for (_, switch), z in zip(switches[z_ohm > 0.0].iterrows(), z_ohm[z_ohm > 0.0], strict=True):
        z_pu = z / net.bus.loc[switch["bus"], "vn_kv"] ** 2
        x_pu = z_pu / np.hypot(1.0, _SWITCH_RX_RATIO)
        pp.create_impedance(net, switch["bus"], switch["element"], _SWITCH_RX_RATIO * x_pu, x_pu, 1.0,
                            name=str(switch["name"] or "switch"))  # fmt: skip
    ties = nx.Graph()
    ties.add_nodes_from(int(bus) for bus in live if bus not in found.inner_buses)
    joined = switches[z_ohm <= 0.0]
    ties.add_edges_from(zip(joined["bus"].astype(int), joined["element"].astype(int), strict=True))
    ties.add_edges_from(_equal_sources(net))
    found.bus_of = {bus: min(group) for group in nx.connected_components(ties) for bus in group}
    for table in ACCEPTED_TABLES[1:]:
        for column in ("bus", "from_bus", "to_bus", "hv_bus", "lv_bus"):
            if column in net[table] and table != "switch":
                net[table][column] = net[table][column].map(lambda bus: found.bus_of.get(int(bus), int(bus)))
    net.switch = net.switch.iloc[:0]
    net.bus.loc[[bus for bus, kept in found.bus_of.items() if bus != kept], "in_service"] = False


def _is_on(net: pp.pandapowerNet, table: str) -> pd.Series:
    live = net.bus.index[net.bus["in_service"].astype(bool)]
    result: pd.Series = net[table]["in_service"].astype(bool) & net[table]["bus"].isin(live)
    return result


def _equal_sources(net: pp.pandapowerNet) -> Iterator[tuple[int, int]]:
    """Yield pairs of buses whose sources keep the same voltage: joined, nothing changes but who supplies."""
    rows = net.ext_grid[_is_on(net, "ext_grid")]
    held = [rows["vm_pu"], rows["va_degree"].fillna(0.0), net.bus["vn_kv"].reindex(rows["bus"]).to_numpy()]
    for _, group in rows.groupby(held):
        buses = group["bus"].astype(int).tolist()
        yield from pairwise(buses)


def _place_slack(found: Equivalent) -> None:
    """Leave one external grid: several at one voltage are one, and a slack generator may take its place."""
    net = found.net
    net.ext_grid = net.ext_grid[_is_on(net, "ext_grid")].drop_duplicates("bus")
    slack = net.gen[_is_on(net, "gen") & net.gen["slack"].astype(bool)]
    if not len(net.ext_grid):
        for _, gen in slack.drop_duplicates("bus").iterrows():
            pp.create_ext_grid(net, int(gen["bus"]), vm_pu=float(gen["vm_pu"]), name=gen["name"])
    elsewhere = slack[~slack["bus"].isin(net.ext_grid["bus"])]
    if len(net.ext_grid) != 1 or len(elsewhere):
        buses = [*net.ext_grid["bus"], *elsewhere["bus"]]
        seen = ", ".join(str(net.bus.loc[bus, "name"]) for bus in buses) or "none"
        raise InputError([Problem("the engine needs exactly one external grid", "table ext_grid (and gen with slack)",
                                  seen, "one in service, or several at the same voltage and angle",
                                  "replace the others by generators")])  # fmt: skip


def _injections(net: pp.pandapowerNet, q_of_gen: pd.Series) -> pd.DataFrame:
    """Return what every element in service draws (positive) or feeds in (negative) at nominal voltage."""
    parts = []
    for table in _INJECTIONS:
        rows = net[table][_is_on(net, table)]
        scaling = rows["scaling"].fillna(1.0) if "scaling" in rows else pd.Series(1.0, index=rows.index)
        sign = -1.0 if table in ("sgen", "asymmetric_sgen", "gen") else 1.0
        p_mw, q_mvar = _power(rows, table, q_of_gen)
        q_scaling = 1.0 if table == "gen" else scaling
        rated = rows["sn_mva"] if table == "sgen" else pd.Series(np.nan, index=rows.index)
        parts.append(pd.DataFrame({
            "table": table, "row": rows.index, "name": rows["name"], "bus": rows["bus"].astype(int),
            "p_mw": sign * p_mw * scaling, "q_mvar": sign * q_mvar * q_scaling, "rated_mva": rated * scaling,
            "type": rows.get("type"),
        }))  # fmt: skip
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _power(rows: pd.DataFrame, table: str, q_of_gen: pd.Series) -> tuple[pd.Series, pd.Series]:
    if table == "gen":
        return rows["p_mw"], q_of_gen.reindex(rows.index).fillna(0.0)
    if table == "ward":
        return rows["ps_mw"], rows["qs_mvar"]
    if table.startswith("asymmetric"):
        p, q = (rows[[f"{n}_{phase}_{u}" for phase in "abc"]].sum(axis=1) for n, u in (("p", "mw"), ("q", "mvar")))
        return p, q
    if table == "motor":
        p_mw = rows["pn_mech_mw"] * rows["loading_percent"] / rows["efficiency_percent"]
        return p_mw, p_mw.abs() * np.tan(np.arccos(rows["cos_phi"].astype(float)))
    return rows["p_mw"], rows["q_mvar"]


def _place_injections(found: Equivalent, original: pp.pandapowerNet, res_gen: pd.DataFrame, vm_pu: pd.Series) -> None:
    """Sort everything that draws or feeds in into loads, static generators, shunts and the compensator."""
    net = found.net
    slack_bus = int(net.ext_grid["bus"].iloc[0])
    if not len(original.ext_grid) or not original.ext_grid["in_service"].astype(bool).any():
        net.gen = net.gen[~(net.gen["slack"].astype(bool) & (net.gen["bus"] == slack_bus))]
    idle = net.gen.index[_is_on(net, "gen") & (net.gen["p_mw"] == 0.0) & (net.gen["bus"] != slack_bus)]
    compensator = net.gen.loc[idle] if len(idle) == 1 else net.gen.iloc[:0]
    net.gen = net.gen.drop(index=compensator.index)
    whole = _injections(net, res_gen["q_mvar"])
    for _, ward in net.ward[_is_on(net, "ward")].iterrows():
        _shunt(net, int(ward["bus"]), float(ward["pz_mw"]), float(ward["qz_mvar"]), ward["name"])
    alone = (whole["p_mw"] == 0.0) & (whole["q_mvar"] != 0.0)
    for _, item in whole[alone].iterrows():
        vm = float(vm_pu.get(item["bus"], 1.0))
        _shunt(net, int(item["bus"]), 0.0, float(item["q_mvar"]) / vm**2, item["name"])
    whole.loc[alone, "q_mvar"] = 0.0
    nothing = whole["p_mw"] == 0.0
    draws = (whole["p_mw"] > 0.0) | (nothing & (whole["table"] == "load"))
    feeds = (whole["p_mw"] < 0.0) | (nothing & (whole["table"] == "sgen"))
    net.load, _ = _rebuilt(whole[draws], "load", 1.0)
    net.sgen, rows = _rebuilt(whole[feeds], "sgen", -1.0)
    rated = rows["rated_mva"].where(rows["rated_mva"] > 0.0, -rows["p_mw"])
    found.sources = pd.DataFrame({"table": rows["table"], "contract_mw": rated}, index=net.sgen.index)
    net.gen = compensator
    for table in ("storage", "motor", "asymmetric_load", "ward", "asymmetric_sgen", "trafo3w"):
        net[table] = empty_net()[table].copy()


def _shunt(net: pp.pandapowerNet, bus: int, p_mw: float, q_mvar: float, name: object) -> None:
    pp.create_shunt(net, bus, q_mvar=q_mvar, p_mw=p_mw, name=name if isinstance(name, str) else None)


def _rebuilt(rows: pd.DataFrame, table: str, sign: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a table of loads or static generators, and its rows with their index; own rows keep theirs."""
    own = rows["table"] == table
    first = int(rows["row"][own].max()) + 1 if own.any() else 0
    rows = rows.set_axis(np.where(own, rows["row"], first + np.cumsum(~own) - 1).astype(int)).sort_index()
    unnamed = rows["name"].map(lambda name: not (isinstance(name, str) and name)) & (rows["table"] != table)
    names = rows["name"].where(~unnamed, rows["table"] + ":" + rows["row"].astype(str))
    values = {"name": names, "bus": rows["bus"], "p_mw": sign * rows["p_mw"], "q_mvar": sign * rows["q_mvar"],
              "scaling": 1.0, "in_service": True, "type": rows["type"]}  # fmt: skip
    values |= dict.fromkeys(_SHARES, 0.0) if table == "load" else {"current_source": True}
    kinds = empty_net()[table].dtypes
    missing = {column: False if kind == np.dtype(bool) else None for column, kind in kinds.items()}
    return pd.DataFrame(missing | values, index=rows.index)[list(kinds.index)].astype(dict(kinds)), rows


def _drop_out_of_service(found: Equivalent) -> None:
    net = found.net
    for table in ("shunt", "gen"):
        net[table] = net[table][_is_on(net, table)]
    for table in _BRANCHES:
        net[table] = net[table][net[table]["in_service"].astype(bool)]
    net.bus = net.bus[net.bus["in_service"].astype(bool)]


def _check_base_case(found: Equivalent, original: pp.pandapowerNet, vm_pu: pd.Series) -> None:
    mine = _solved(found.net).res_bus["vm_pu"]
    kept = {bus: at for bus, at in found.bus_of.items() if bus in vm_pu.index}
    apart = pd.Series({bus: abs(mine.get(at, np.nan) - vm_pu[bus]) for bus, at in kept.items()}, dtype=float)
    apart = apart[vm_pu.reindex(apart.index).notna()].fillna(np.inf)
    if len(apart) and apart.max() > _VOLTAGE_PU:
        bus = apart.idxmax()
        raise InputError([Problem(
            "the base case cannot be kept in the elements of the closed loop", f"bus {original.bus.loc[bus, 'name']}",
            f"a voltage that differs by {apart.max():.2g} pu", f"at most {_VOLTAGE_PU:g} pu", "simplify the network",
        )])  # fmt: skip
