"""Roles of Goto's branches and buses for the engine."""

from __future__ import annotations

import pandas as pd
from pandapower import pandapowerNet

from network_models.goto.build import HEAD_END_BUS, Parameters, Tables, line_in_service
from twin.network.model import Element, LinkCircuit, Roles

HEADROOM_BUS = "narao"
_MAINLAND_BUS = "matsushima"


def roles(tables: Tables, parameters: Parameters, net: pandapowerNet, buses: dict[str, int]) -> Roles:
    """Return which branches are the link, which outages count, what is watched.

    Outages are one element of every 66 kV circuit and both 220/66 kV transformers: a circuit of several sections in a
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
    link = tuple(
        LinkCircuit(element, "from" if line["from_bus"] == _MAINLAND_BUS else "to")
        for element, line in lines
        if line["role"] == "link"
    )
    transmission = [element for element, line in lines if line["role"] != "collector"]
    main_transformers = [element for element, row in trafos if row["role"] == "main"]
    return Roles(
        link=link,
        outages=tuple(element for element, row in [*lines, *trafos] if row["outage"]),
        monitored=(*(element for element, _ in lines), *(element for element, _ in trafos)),
        monitored_after_outage=(*transmission, *main_transformers),
        voltage_buses=tuple(int(bus) for bus in net.bus.index[(net.bus["vn_kv"] == 66.0) & net.bus["in_service"]]),
        headroom_bus=buses[HEADROOM_BUS],
        boundary_bus=buses[HEAD_END_BUS],
        shunts_tripped_with=_shunts_tripped_with(tables, parameters, line_rows),
    )


def _shunts_tripped_with(
    tables: Tables, parameters: Parameters, line_rows: dict[str, tuple[Element, pd.Series]]
) -> dict[Element, tuple[int, ...]]:
    if parameters.word("reactor_location") == "bus":
        return {}
    shunts = tables["shunts"].reset_index(drop=True)
    return {line_rows[str(circuit)][0]: tuple(group.index) for circuit, group in shunts.groupby("circuit")}
