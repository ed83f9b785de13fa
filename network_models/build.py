"""Build the pandapower net of an island from its tables and parameters."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandapower as pp
import pandas as pd

from network_models.island import Settings
from network_models.long_lines import LineConstants
from network_models.parameters import ParameterValue
from twin.cable.ladder import resistance_ratio
from twin.core.clock import HOURS_PER_YEAR
from twin.core.errors import InputError, Problem
from twin.network.reading.as_read import empty_net

STIFF_SHORT_CIRCUIT_MVA = 1e6
"""Level of the ideal source itself: the real level is in the impedance behind it."""

DIAGRAM_COLUMNS = ("bus_id", "name_ja", "x", "y_low", "y_high")
"""Columns of buses.csv that stand in ``net.bus`` too, for the drawings."""

GridTables = Mapping[str, pd.DataFrame]
"""Tables of the grid by name, indexed by their keys; empty where the island leaves one out."""


@dataclass(frozen=True)
class Parameters:
    """Typed access to the resolved parameters."""

    values: Mapping[str, ParameterValue]

    def number(self, key: str) -> float:
        """Return a numeric parameter."""
        return float(self._value(key))

    def word(self, key: str) -> str:
        """Return a choice."""
        return str(self._value(key))

    def _value(self, key: str) -> ParameterValue:
        if key not in self.values:
            raise InputError([Problem("a grid parameter is missing", "grid_parameters.csv", key, repair="add the row")])
        return self.values[key]


def build_net(
    island: Settings, tables: GridTables, plants: pd.DataFrame, parameters: Parameters, year: int, compensation: str
) -> tuple[pp.pandapowerNet, dict[str, int]]:
    """Return the net and the pandapower bus of every `bus_id`.

    Parameters
    ----------
    island : Settings
    tables : mapping of str to pandas.DataFrame
    plants : pandas.DataFrame
        Plants of the variant (contract 0 where not in service).
    parameters : Parameters
    year : int
        Fiscal year, for the net's name.
    compensation : {"controlled", "fixed"}
        A `gen` holds the voltage at the compensator, or a shunt of `svc_fixed_mvar` stands in its place.
    """
    net = copy.deepcopy(empty_net())  # pandapower takes ten times as long to make one
    net.name, net.f_hz, net.sn_mva = f"{island.name.en} {year}", island.frequency_hz, 100.0
    used = {island.grid.source_bus, *_used_buses(tables, parameters)}
    rows = tables["buses"]
    numbers = pp.create_buses(
        net, len(rows), rows["vn_kv"].to_numpy(), name=list(rows["name"]),
        in_service=[bus in used for bus in rows.index],
        geodata=list(zip(rows["longitude"], rows["latitude"], strict=True)),
    )  # fmt: skip
    buses = {str(bus_id): int(number) for bus_id, number in zip(rows.index, numbers, strict=True)}
    for column in DIAGRAM_COLUMNS:
        net.bus[column] = tables["buses"].reset_index()[column]
    _source(net, buses, tables, island, parameters)
    _lines(net, buses, tables, parameters, island.frequency_hz)
    _transformers(net, buses, tables, parameters)
    _reactive_compensation(net, buses, tables, parameters, compensation)
    _loads(net, buses, tables["areas"])
    _plants(net, buses, plants)
    _diesels(net, buses, tables["diesels"])
    _drop_what_is_not_built(net)
    return net, buses


def _drop_what_is_not_built(net: pp.pandapowerNet) -> None:
    """Take out lines and buses that do not exist in the variant; what stays keeps its index."""
    net.line = net.line[net.line["in_service"].astype(bool)].copy()
    net.bus = net.bus[net.bus["in_service"].astype(bool)].copy()


def line_in_service(line: pd.Series, parameters: Parameters) -> bool:
    """Tell whether a row of lines.csv exists with the number of circuits that a parameter gives."""
    return not line["count_parameter"] or line["circuit"] <= parameters.number(line["count_parameter"])


def _used_buses(tables: GridTables, parameters: Parameters) -> set[str]:
    lines = tables["lines"]
    built = lines[[line_in_service(line, parameters) for _, line in lines.iterrows()]]
    trafos = tables["transformers"]
    return {*built["from_bus"], *built["to_bus"], *trafos["hv_bus"], *trafos["lv_bus"]}


def _source(
    net: pp.pandapowerNet, buses: dict[str, int], tables: GridTables, island: Settings, parameters: Parameters
) -> None:
    source, head_end = island.grid.source_bus, island.grid.head_end_bus
    ratio = parameters.number("source_rx")
    x_pu = 1.0 / math.hypot(1.0, ratio)
    pp.create_ext_grid(
        net, buses[source], vm_pu=parameters.number("source_vm_pu"), name=tables["buses"]["name"][source],
        s_sc_max_mva=STIFF_SHORT_CIRCUIT_MVA, rx_max=ratio,
    )  # fmt: skip
    pp.create_impedance(
        net, buses[source], buses[head_end], rft_pu=ratio * x_pu, xft_pu=x_pu,
        sn_mva=parameters.number("source_short_circuit_mva"), name="Source impedance",
    )  # fmt: skip


def conductor_of(line: pd.Series, conductors: pd.DataFrame, parameters: Parameters) -> pd.Series:
    """Return the row of conductors.csv that a line uses, of a family that of the size which a parameter gives.

    Raises
    ------
    InputError
        If there is no such conductor.
    """
    name, key = line["conductor"], line["size_parameter"]
    if not key:
        if name in conductors.index:
            named: pd.Series = conductors.loc[name]
            return named
        where, accepted = f"lines.csv, line {line.name}, column conductor", ", ".join(conductors.index)
        raise InputError([Problem("unknown conductor", where, name, accepted)])
    sizes = conductors[conductors["family"] == name]
    match = sizes[sizes["area_mm2"] == parameters.number(key)]
    if match.empty:
        accepted = ", ".join(f"{size:g}" for size in sizes["area_mm2"])
        raise InputError([Problem(f"no {name} conductor of this size", f"parameter {key}",
                                  f"{parameters.number(key):g}", accepted, "add it to conductors.csv")])  # fmt: skip
    sized: pd.Series = match.iloc[0]
    return sized


def _lines(
    net: pp.pandapowerNet, buses: dict[str, int], tables: GridTables, parameters: Parameters, frequency_hz: float
) -> None:
    lines = tables["lines"]
    conductors = pd.DataFrame([conductor_of(line, tables["conductors"], parameters) for _, line in lines.iterrows()])
    is_link = (lines["role"] == "link").to_numpy()
    is_cable = (conductors["type"] == "cable").to_numpy()

    def factor(what: str) -> np.ndarray:
        return np.where(is_link, parameters.number(f"link_{what}_factor"), 1.0)

    length_km = lines["length_km"].to_numpy() + np.where(is_link, parameters.number("link_land_km"), 0.0)
    resistance, tan_delta = _of_cables(tables, is_link, is_cable)
    c_nf_per_km = conductors["c_nf_per_km"].to_numpy() * factor("charging")
    constants = LineConstants(
        r_ohm_per_km=conductors["r_ohm_per_km"].to_numpy() * factor("resistance") * resistance,
        x_ohm_per_km=conductors["x_ohm_per_km"].to_numpy(),
        c_nf_per_km=c_nf_per_km,
        g_us_per_km=2e-3 * math.pi * frequency_hz * c_nf_per_km * tan_delta,
    )
    if parameters.word("line_model") == "exact_pi":
        constants = constants.equivalent_pi(length_km, frequency_hz)
    pp.create_lines_from_parameters(
        net, lines["from_bus"].map(buses).to_numpy(), lines["to_bus"].map(buses).to_numpy(), name=list(lines["name"]),
        length_km=length_km, **asdict(constants),
        max_i_ka=conductors["max_i_a"].to_numpy() * factor("rating") / 1000.0,
        type=["cs" if cable else "ol" for cable in is_cable],
        in_service=[line_in_service(line, parameters) for _, line in lines.iterrows()],
        max_loading_percent=100.0, std_type=list(conductors["label"]), name_ja=list(lines["name_ja"]),
    )  # fmt: skip


def _of_cables(tables: GridTables, is_link: np.ndarray, is_cable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what the lines' resistance is multiplied by, and tan delta; 1 and 0 without tables of cables.

    The resistance of conductors.csv is that at the limit temperature, without the losses in sheath and armour, which
    do not fall with the conductor's temperature.
    """
    values = tables["cables"]["value"]
    if values.empty:
        return np.ones(len(is_link)), np.zeros(len(is_link))
    cooler = resistance_ratio(float(values["flow_conductor_c"]), float(values["limit_c"]))
    of_link = cooler + float(values["sheath_losses"]) + float(values["armour_losses"])
    return np.where(is_link, of_link, 1.0), np.where(is_cable, float(values["tan_delta"]), 0.0)


def _transformers(net: pp.pandapowerNet, buses: dict[str, int], tables: GridTables, parameters: Parameters) -> None:
    voltages, rows = tables["buses"]["vn_kv"], tables["transformers"]
    same = ("sn_mva", "vk_percent", "vkr_percent", "pfe_kw", "i0_percent", "tap_min", "tap_max", "tap_step_percent")
    pp.create_transformers_from_parameters(
        net, rows["hv_bus"].map(buses).to_numpy(), rows["lv_bus"].map(buses).to_numpy(), name=list(rows["name"]),
        vn_hv_kv=rows["hv_bus"].map(voltages).to_numpy(), vn_lv_kv=rows["lv_bus"].map(voltages).to_numpy(),
        tap_side="hv", tap_neutral=0, tap_pos=[int(parameters.number(key)) for key in rows["tap_parameter"]],
        tap_changer_type="Ratio", max_loading_percent=100.0, **{column: rows[column].to_numpy() for column in same},
    )  # fmt: skip


def _reactive_compensation(
    net: pp.pandapowerNet, buses: dict[str, int], tables: GridTables, parameters: Parameters, compensation: str
) -> None:
    for _, row in tables["shunts"].iterrows():
        q_mvar = parameters.number(row["q_parameter"])
        pp.create_shunt(
            net, buses[row["bus"]], q_mvar=q_mvar, p_mw=q_mvar * row["loss_percent"] / 100.0, name=row["name"],
            in_service=bool(row["step"] <= parameters.number("reactor_steps_in_service")),
        )  # fmt: skip
    for _, row in tables["compensators"].iterrows():
        if compensation == "fixed":
            pp.create_shunt(net, buses[row["bus"]], q_mvar=-parameters.number("svc_fixed_mvar"), name=row["name"])
            continue
        pp.create_gen(
            net, buses[row["bus"]], p_mw=0.0, vm_pu=parameters.number("svc_set_vm_pu"), name=row["name"],
            min_q_mvar=parameters.number("svc_q_min_mvar"), max_q_mvar=parameters.number("svc_q_max_mvar"),
        )  # fmt: skip


def _loads(net: pp.pandapowerNet, buses: dict[str, int], areas: pd.DataFrame) -> None:
    demand_columns = [column for column in areas.columns if column.endswith("_kwh")]
    mean_mw = areas[demand_columns].sum(axis=1).to_numpy() / HOURS_PER_YEAR / 1000.0
    q_mvar = mean_mw * np.tan(np.arccos(areas["power_factor"].to_numpy(float)))
    pp.create_loads(net, areas["bus"].map(buses).to_numpy(), p_mw=mean_mw, q_mvar=q_mvar, name=list(areas.index))


def _plants(net: pp.pandapowerNet, buses: dict[str, int], plants: pd.DataFrame) -> None:
    tangent = np.tan(np.arccos(plants["power_factor"].to_numpy(float))) * plants["q_sign"].to_numpy(float)
    p_mw = 0.5 * plants["contract_mw"].to_numpy(float)
    pp.create_sgens(
        net, plants["bus"].map(buses).to_numpy(), p_mw=p_mw, q_mvar=p_mw * tangent, name=list(plants.index),
        type=list(plants["kind"]),
    )  # fmt: skip


def _diesels(net: pp.pandapowerNet, buses: dict[str, int], diesels: pd.DataFrame) -> None:
    pp.create_sgens(
        net, diesels["bus"].map(buses).to_numpy(), p_mw=0.0, sn_mva=diesels["p_max_mw"].to_numpy(),
        name=list(diesels.index), type="diesel", in_service=False,
    )  # fmt: skip
