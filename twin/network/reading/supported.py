"""What of a pandapower net the engine calculates, and the refusal of everything else."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandapower as pp
import pandas as pd
from pandapower import pandapowerNet

from twin.core.errors import InputError, Problem, raise_if_any
from twin.network.reading.as_read import empty_net
from twin.network.reading.possible import impossible_values

POWER_FLOW_OPTIONS = {
    "trafo_model": "t", "calculate_voltage_angles": True, "init": "dc", "tolerance_mva": 1e-9, "max_iteration": 50,
    "numba": False,
}  # fmt: skip
"""With these pandapower builds the matrices and solves what is compared with them."""

SUPPORTED_TABLES = (
    "bus", "ext_grid", "gen", "sgen", "load", "storage", "motor", "asymmetric_load", "asymmetric_sgen", "shunt", "ward",
    "xward", "svc", "line", "trafo", "trafo3w", "impedance", "dcline", "switch",
)  # fmt: skip
_WITHOUT_POWER_FLOW = ("controller", "measurement", "group", "pwl_cost", "poly_cost")
_PHASES = tuple(f"{kind}_{phase}_{unit}" for kind, unit in (("p", "mw"), ("q", "mvar")) for phase in "abc")
_SHARES = tuple(f"const_{kind}_{power}_percent" for kind in "zi" for power in "pq")
_NUMBERS = {
    "bus": ("vn_kv",),
    "ext_grid": ("vm_pu", "va_degree"),
    "gen": ("p_mw", "vm_pu", "scaling"),
    "sgen": ("p_mw", "q_mvar", "scaling"),
    "load": ("p_mw", "q_mvar", "scaling", *_SHARES),
    "storage": ("p_mw", "q_mvar", "scaling"),
    "motor": ("pn_mech_mw", "loading_percent", "cos_phi", "efficiency_percent", "scaling"),
    "asymmetric_load": (*_PHASES, "scaling"),
    "asymmetric_sgen": (*_PHASES, "scaling"),
    "shunt": ("p_mw", "q_mvar", "step"),
    "ward": ("ps_mw", "qs_mvar", "pz_mw", "qz_mvar"),
    "xward": ("ps_mw", "qs_mvar", "pz_mw", "qz_mvar", "r_ohm", "x_ohm", "vm_pu"),
    "svc": ("x_l_ohm", "x_cvar_ohm", "set_vm_pu", "thyristor_firing_angle_degree"),
    "line": ("length_km", "r_ohm_per_km", "x_ohm_per_km", "c_nf_per_km", "parallel"),
    "trafo": ("sn_mva", "vn_hv_kv", "vn_lv_kv", "vk_percent", "vkr_percent", "pfe_kw", "i0_percent", "shift_degree",
              "parallel"),
    "trafo3w": (*(f"{name}_{side}_{unit}" for name, unit in (("sn", "mva"), ("vn", "kv"), ("vk", "percent"),
                ("vkr", "percent")) for side in ("hv", "mv", "lv")), "pfe_kw", "i0_percent"),
    "impedance": ("rft_pu", "xft_pu", "rtf_pu", "xtf_pu", "sn_mva"),
    "dcline": ("p_mw", "loss_percent", "loss_mw", "vm_from_pu", "vm_to_pu"),
}  # fmt: skip
_OTHER_COLUMNS = {
    "ext_grid": ("slack_weight",), "gen": ("slack", "slack_weight"), "line": ("max_i_ka", "df"), "trafo": ("df",),
    "shunt": ("vn_kv",), "svc": ("controllable", "min_angle_degree", "max_angle_degree"),
}  # fmt: skip
_BUS_COLUMNS = ("bus", "from_bus", "to_bus", "hv_bus", "mv_bus", "lv_bus")
_FIXED_OPTIONS = {
    "calculate_voltage_angles": True, "check_connectivity": True, "consider_line_temperature": False,
    "enforce_p_lims": False, "neglect_open_switch_branches": False, "switch_rx_ratio": 2,
    "tdpf": False, "trafo3w_losses": "hv", "trafo_loading": "current", "voltage_depend_loads": True,
}  # fmt: skip


def left_out_tables(net: pandapowerNet) -> tuple[str, ...]:
    """Return pandapower's tables of elements that are not calculated; they must be empty or out of service."""
    return tuple(name for name in _not_calculated() if name in net)


@cache
def _not_calculated() -> tuple[str, ...]:
    known = empty_net()
    names = (name for name, table in known.items() if isinstance(table, pd.DataFrame) and "in_service" in table)
    return tuple(name for name in names if name not in (*SUPPORTED_TABLES, *_WITHOUT_POWER_FLOW))


def check_supported(net: pandapowerNet, options: Mapping[str, Any]) -> None:
    """Raise one error with everything in `net` that would not be calculated as ``runpp`` does.

    Parameters
    ----------
    net : pandapowerNet
    options : mapping
        ``trafo_model``, ``enforce_q_lims``, ``distributed_slack``: what will be used.

    Raises
    ------
    InputError
        Unsupported elements in service, options kept in the net, missing or non-finite numbers, buses that do not
        exist, no slack.
    """
    raise_if_any(_missing(net))
    raise_if_any([
        *_options(net, options),
        *_unsupported(net),
        *_dangling(net),
        *not_finite(net),
        *impossible_values(net),
        *_without_impedance(net),
        *_without_slack(net),
        *_tap_tables(net),
        *_capability_curves(net, options["enforce_q_lims"]),
    ])  # fmt: skip


def _options(net: pandapowerNet, options: Mapping[str, Any]) -> Iterator[Problem]:
    trafo_model = options["trafo_model"]
    if trafo_model not in ("t", "pi"):
        yield Problem("unknown transformer model", "trafo_model", repr(trafo_model), "'t' or 'pi'")
    used = _FIXED_OPTIONS | dict(options)
    for name, value in (net.get("user_pf_options") or {}).items():
        if name in used and value != used[name]:
            yield Problem(
                "the option kept in the net is not the one used here", f"net.user_pf_options[{name!r}]", repr(value),
                repr(used[name]), "take it out of the net, or give it as an argument",
            )  # fmt: skip


def _unsupported(net: pandapowerNet) -> Iterator[Problem]:
    for table in left_out_tables(net):
        in_service = net[table].index[net[table].in_service.astype(bool)].tolist()
        if in_service:
            yield Problem(
                "elements of this kind are not calculated", f"net.{table}", f"in service: {in_service}",
                ", ".join(SUPPORTED_TABLES), "set in_service to False, or replace them by other elements",
            )  # fmt: skip


def _dangling(net: pandapowerNet) -> Iterator[Problem]:
    for table in SUPPORTED_TABLES:
        for column in _BUS_COLUMNS:
            if column in net[table]:
                wrong = ~net[table][column].isin(net.bus.index)
                if wrong.any():
                    seen = f"{column} {net[table][column][wrong].tolist()} at index {net[table].index[wrong].tolist()}"
                    yield Problem(
                        "no such bus", f"net.{table}", seen, "an index of net.bus", "correct or drop the rows"
                    )


def _missing(net: pandapowerNet) -> Iterator[Problem]:
    for table in SUPPORTED_TABLES:
        for column in (*_NUMBERS.get(table, ()), *_OTHER_COLUMNS.get(table, ())):
            if column not in net[table]:
                yield Problem("column is missing", f"net.{table}.{column}", repair="pandapower.convert_format(net)")


def not_finite(net: pandapowerNet) -> Iterator[Problem]:
    """Yield numbers that elements in service need and that are missing or infinite, one problem a column."""
    for table, columns in _NUMBERS.items():
        if table not in net or not set(columns) <= set(net[table]):
            continue
        live = net[table][net[table].in_service.astype(bool)]
        for column in columns:
            values = pd.to_numeric(live[column], errors="coerce").to_numpy(float)
            wrong = live.index[~np.isfinite(values)].tolist()
            if wrong:
                yield Problem("not a number", f"net.{table}.{column}", f"index {wrong}", "a finite number",
                              "fill it in, or set in_service to False")  # fmt: skip


def _without_impedance(net: pandapowerNet) -> Iterator[Problem]:
    line, impedance, xward, trafo = net.line, net.impedance, net.xward, net.trafo
    short = {
        "line": (line.length_km == 0.0) | (line.r_ohm_per_km == 0.0) & (line.x_ohm_per_km == 0.0),
        "impedance": (impedance.rft_pu == 0.0) & (impedance.xft_pu == 0.0)
        | (impedance.rtf_pu == 0.0) & (impedance.xtf_pu == 0.0),
        "xward": (xward.r_ohm == 0.0) & (xward.x_ohm == 0.0),
        "trafo": trafo.vk_percent == 0.0,
    }
    for table, wrong in short.items():
        found = net[table].index[wrong & net[table].in_service.astype(bool)].tolist()
        if found:
            yield Problem("no impedance", f"net.{table}", f"index {found}", "a resistance or reactance that is not 0",
                          "use a closed bus-bus switch instead")  # fmt: skip


def _without_slack(net: pandapowerNet) -> Iterator[Problem]:
    gen = net.gen[net.gen.slack.astype(bool)] if "slack" in net.gen else net.gen.iloc[:0]
    live_buses = net.bus.index[net.bus.in_service.astype(bool)]
    live = [table.bus[table.in_service.astype(bool)].isin(live_buses).any() for table in (net.ext_grid, gen)]
    if not any(live):
        yield Problem("no slack in service", "net.ext_grid", "", "an ext_grid, or a gen with slack = True, in service")


_OF_TAP = {
    "trafo": ("voltage_ratio", "angle_deg", "vk_percent", "vkr_percent"),
    "trafo3w": ("voltage_ratio", "angle_deg",
                *(f"{name}_{side}_percent" for name in ("vk", "vkr") for side in ("hv", "mv", "lv"))),
}  # fmt: skip


def _tap_tables(net: pandapowerNet) -> Iterator[Problem]:
    """Name transformers for whose tap pandapower would quietly take 1 %, or another transformer's row of the table."""
    steps = net.get("trafo_characteristic_table")
    for table, columns in _OF_TAP.items():
        trafo = net[table]
        if "tap_dependency_table" not in trafo:
            continue
        trafo = trafo[trafo.in_service.astype(bool) & trafo.tap_dependency_table.eq(True).fillna(False).astype(bool)]
        if not len(trafo):
            continue
        known = [column for column in columns if isinstance(steps, pd.DataFrame) and column in steps]
        if len(known) < len(columns) or "id_characteristic_table" not in trafo:
            missing = ", ".join(sorted(set(columns) - set(known))) or "id_characteristic_table"
            yield Problem("the table of tap positions is not complete", f"net.{table}, index {trafo.index.tolist()}",
                          f"without {missing}", "net.trafo_characteristic_table with a row for each position",
                          "add it, or set tap_dependency_table to False")  # fmt: skip
            continue
        rows = steps.set_index(["id_characteristic", "step"])[list(columns)]
        of_trafo = trafo.id_characteristic_table, pd.to_numeric(trafo.tap_pos, errors="coerce")
        for index, number, position in zip(trafo.index, *of_trafo, strict=True):
            found = rows[rows.index == (number, position)] if pd.notna(number) else rows.iloc[:0]
            if len(found) != 1 or not np.isfinite(found.to_numpy(float)).all():
                seen = f"table {number}, position {position}: {len(found)} rows" + (
                    "" if len(found) != 1 else " with an empty value"
                )
                yield Problem("no impedance for its tap position", f"net.{table}, index {index}", seen,
                              "one row of net.trafo_characteristic_table with numbers")  # fmt: skip
        for number, same in trafo.groupby("id_characteristic_table"):
            if (same.tap_pos != same.tap_pos.iloc[0]).any():
                yield Problem("transformers share a table of tap positions at different positions", f"net.{table}",
                              f"table {number}, index {same.index.tolist()}", "the same position, or a table each",
                              "pandapower gives all of them the values of one")  # fmt: skip


def _capability_curves(net: pandapowerNet, enforce_q_lims: bool) -> Iterator[Problem]:
    if not enforce_q_lims:
        return
    for table in ("gen", "sgen"):
        if "reactive_capability_curve" in net[table]:
            curves = net[table].reactive_capability_curve.eq(True) & net[table].in_service.astype(bool)
            if curves.any():
                yield Problem("reactive capability curves are not calculated", f"net.{table}",
                              f"index {net[table].index[curves].tolist()}", "min_q_mvar and max_q_mvar",
                              "set reactive_capability_curve to False, or enforce_q_lims=False")  # fmt: skip


CLOSED_LOOP_TABLES = ("bus", "line", "trafo", "impedance", "load", "sgen", "shunt", "ext_grid", "gen")
_ELEMENT_TABLES = (
    *("load", "sgen", "motor", "asymmetric_load", "asymmetric_sgen", "storage", "gen", "switch", "shunt", "svc", "ssc"),
    *("vsc", "tcsc", "ext_grid", "line", "trafo", "trafo3w", "impedance", "dcline", "ward", "xward"),
)


def check_closed_loop(net: pandapowerNet) -> None:
    """Raise one error with everything in `net` that the closed loop cannot hold; the base case must have a solution.

    Parameters
    ----------
    net : pandapowerNet
        Not modified. Buses, lines, two-winding transformers, impedances, constant-power loads and static generators,
        shunts, one external grid, and voltage-controlled generators (whose bus becomes an injection); every bus and
        branch in service.

    Raises
    ------
    InputError
        If the net holds anything else, or pandapower does not solve it.
    """
    raise_if_any(_not_in_closed_loop(net))
    solved = copy.deepcopy(net)
    try:
        pp.runpp(solved, **POWER_FLOW_OPTIONS)
    except pp.LoadflowNotConverged as error:
        problem = Problem("pandapower does not solve the base case", "network", str(error), "a net that runpp solves",
                          "check the net")  # fmt: skip
        raise InputError([problem]) from error


def _not_in_closed_loop(net: pandapowerNet) -> Iterator[Problem]:
    for table in _ELEMENT_TABLES:
        if table not in CLOSED_LOOP_TABLES and table in net and len(net[table]):
            yield Problem(
                f"{len(net[table])} element(s) of the table '{table}' are not supported in the closed loop",
                f"network, table {table}", ", ".join(str(index) for index in net[table].index[:10]),
                ", ".join(CLOSED_LOOP_TABLES), "replace them by supported elements",
            )  # fmt: skip
    for table in ("bus", "line", "trafo", "impedance"):
        for index in net[table].index[~net[table].in_service.astype(bool)]:
            yield Problem(
                f"{table} out of service", f"network, table {table}, index {index}",
                repair="drop the element from the net",
            )  # fmt: skip
    if len(net.ext_grid) != 1:
        yield Problem("the closed loop needs one external grid", "network, table ext_grid", str(len(net.ext_grid)), "1")
    for column in ("const_z_p_percent", "const_i_p_percent", "const_z_q_percent", "const_i_q_percent"):
        if column in net.load and (net.load[column].fillna(0.0) != 0.0).any():
            yield Problem("voltage-dependent load", f"network, table load, column {column}", accepted="0")
