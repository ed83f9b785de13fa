"""What the branches and buses of an island are for, and what holds its voltage between half-hours."""

from __future__ import annotations

import pandas as pd
from pandapower import pandapowerNet

from network_models.build import GridTables, Parameters, line_in_service
from network_models.checks import link_circuits
from network_models.island import GridRoles
from twin.core.errors import InputError, Problem
from twin.network.model import Controls, Element, Reactors, Roles, TapChanger


def roles(
    named: GridRoles, tables: GridTables, parameters: Parameters, net: pandapowerNet, buses: dict[str, int]
) -> Roles:
    """Return which branches are the link, which outages count, what is watched.

    A circuit of several sections in a
    row trips as a whole, so its section nearest the source stands for it.
    """
    line_rows = {
        str(line_id): (("line", position), line)
        for position, (line_id, line) in enumerate(tables["lines"].iterrows())
        if line_in_service(line, parameters)
    }
    trafos: list[tuple[Element, pd.Series]] = [
        (("trafo", position), row) for position, (_, row) in enumerate(tables["transformers"].iterrows())
    ]
    lines = list(line_rows.values())
    link = [element for element, line in lines if line["role"] == "link"]
    transmission = [element for element, line in lines if line["role"] != "collector"]
    main_transformers = [element for element, row in trafos if row["role"] == "main"]
    return Roles(
        link=link_circuits(net, link, buses[named.head_end_bus]),
        outages=tuple(element for element, row in [*lines, *trafos] if row["outage"]),
        monitored=(*(element for element, _ in lines), *(element for element, _ in trafos)),
        monitored_after_outage=(*transmission, *main_transformers),
        voltage_buses=tuple(
            int(bus) for bus in net.bus.index[(net.bus["vn_kv"] == named.watched_kv) & net.bus["in_service"]]
        ),
        headroom_bus=buses[named.headroom_bus],
        boundary_bus=buses[named.head_end_bus],
        shunts_tripped_with=_shunts_tripped_with(tables, parameters, line_rows),
    )


def _shunts_tripped_with(
    tables: GridTables, parameters: Parameters, line_rows: dict[str, tuple[Element, pd.Series]]
) -> dict[Element, tuple[int, ...]]:
    if tables["shunts"].empty or parameters.word("reactor_location") == "bus":
        return {}
    shunts = tables["shunts"].reset_index(drop=True)
    return {line_rows[str(circuit)][0]: tuple(group.index) for circuit, group in shunts.groupby("circuit")}


def controls(tables: GridTables, parameters: Parameters, buses: dict[str, int], *, automatic: bool) -> Controls:
    """Return what holds the voltage between half-hours.

    The main transformers move together on the high-voltage side and hold their low-voltage bus. The reactors keep the
    compensator's output inside a band given in percent of its range. The taps of the other transformers stay where
    their parameter puts them; docs/loop.md says why.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
    parameters : Parameters
    buses : dict of str to int
        pandapower bus of every `bus_id`.
    automatic : bool
        False keeps taps and reactors where the net has them.

    Raises
    ------
    InputError
        If the tap stands outside its range.
    """
    return Controls(_main_taps(tables, parameters, buses), _reactors(tables, parameters), automatic)


def _main_taps(tables: GridTables, parameters: Parameters, buses: dict[str, int]) -> TapChanger | None:
    trafos = tables["transformers"].reset_index(drop=True)
    main = trafos[trafos["role"] == "main"]
    if main.empty:
        return None
    first = main.iloc[0]
    position, lowest, highest = int(parameters.number(first["tap_parameter"])), first["tap_min"], first["tap_max"]
    if not lowest <= position <= highest:
        where, accepted = f"parameter {first['tap_parameter']}", f"{lowest} to {highest}"
        raise InputError([Problem("the tap stands outside the transformers' range", where, str(position), accepted)])
    return TapChanger(
        transformers=tuple(map(int, main.index)),
        bus=buses[first["lv_bus"]],
        target_vm_pu=parameters.number("main_tap_target_vm_pu"),
        dead_band_pu=parameters.number("main_tap_dead_band_pu"),
        step_pu=-float(first["tap_step_percent"]) / 100.0,
        lowest=int(lowest),
        highest=int(highest),
        delay_half_hours=int(parameters.number("main_tap_delay_half_hours")),
        most_steps=int(parameters.number("main_tap_most_steps")),
        step_minutes=parameters.number("main_tap_step_minutes"),
    )


def _reactors(tables: GridTables, parameters: Parameters) -> Reactors | None:
    if tables["shunts"].empty or tables["compensators"].empty:
        return None
    shunts = tables["shunts"].reset_index(drop=True).sort_values("step", kind="stable")
    return Reactors(
        shunts=tuple(map(int, shunts.index)),
        step_mvar=parameters.number(shunts["q_parameter"].iloc[0]),
        in_below_mvar=parameters.number("svc_q_min_mvar") * parameters.number("reactor_in_percent") / 100.0,
        out_above_mvar=parameters.number("svc_q_max_mvar") * parameters.number("reactor_out_percent") / 100.0,
        delay_half_hours=int(parameters.number("reactor_delay_half_hours")),
        most_steps=int(parameters.number("reactor_most_steps")),
        step_minutes=parameters.number("reactor_step_minutes"),
    )
