"""Build the pandapower net of Goto from its tables and parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandapower as pp
import pandas as pd

from network_models.goto.parameters import ParameterValue
from twin.errors import InputError, Problem

FREQUENCY_HZ = 60.0
HOURS_PER_YEAR = 8760.0
STIFF_SHORT_CIRCUIT_MVA = 1e6
"""Level of the ideal source itself: the real level is in the impedance behind it."""

SOURCE_BUS = "source"
HEAD_END_BUS = "matsushima_220"

DIAGRAM_COLUMNS = ("bus_id", "name_ja", "x", "y_low", "y_high")
"""Columns of buses.csv that stand in ``net.bus`` too, for the drawings."""

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Parameters:
    """Typed access to the resolved parameters."""

    values: Mapping[str, ParameterValue]

    def number(self, key: str) -> float:
        """Return a numeric parameter."""
        return float(self.values[key])

    def word(self, key: str) -> str:
        """Return a choice."""
        return str(self.values[key])


def build_net(
    tables: Tables, plants: pd.DataFrame, parameters: Parameters, year: int, compensation: str
) -> tuple[pp.pandapowerNet, dict[str, int]]:
    """Return the net and the pandapower bus of every `bus_id`.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        The tables of ``network_models/goto``.
    plants : pandas.DataFrame
        Plants of the variant (contract 0 where not in service).
    parameters : Parameters
    year : int
        Fiscal year, for the net's name.
    compensation : {"controlled", "fixed"}
        A `gen` holds the voltage at Narao, or a shunt of `svc_fixed_mvar` stands in its place.
    """
    net = pp.create_empty_network(name=f"Goto {year}", f_hz=FREQUENCY_HZ, sn_mva=100.0)
    used = _used_buses(tables, parameters)
    buses = {
        str(bus_id): int(
            pp.create_bus(
                net,
                row["vn_kv"],
                name=row["name"],
                in_service=bus_id in used,
                geodata=(row["longitude"], row["latitude"]),
            )
        )
        for bus_id, row in tables["buses"].iterrows()
    }
    for column in DIAGRAM_COLUMNS:
        net.bus[column] = tables["buses"].reset_index()[column]
    _source(net, buses, parameters)
    _lines(net, buses, tables, parameters)
    _transformers(net, buses, tables, parameters)
    _reactive_compensation(net, buses, tables, parameters, compensation)
    _loads(net, buses, tables["areas"])
    _plants(net, buses, plants)
    _diesels(net, buses, tables["diesels"])
    return net, buses


def line_in_service(line: pd.Series, parameters: Parameters) -> bool:
    """Tell whether a row of lines.csv exists with the chosen number of circuits of the path."""
    return line["role"] != "path" or line["circuit"] <= parameters.number("path_circuits")


def _used_buses(tables: Tables, parameters: Parameters) -> set[str]:
    lines = tables["lines"]
    built = lines[[line_in_service(line, parameters) for _, line in lines.iterrows()]]
    trafos = tables["transformers"]
    return {SOURCE_BUS, *built["from_bus"], *built["to_bus"], *trafos["hv_bus"], *trafos["lv_bus"]}


def _source(net: pp.pandapowerNet, buses: dict[str, int], parameters: Parameters) -> None:
    ratio = parameters.number("source_rx")
    x_pu = 1.0 / math.hypot(1.0, ratio)
    pp.create_ext_grid(
        net, buses[SOURCE_BUS], vm_pu=parameters.number("source_vm_pu"), name="Kyushu 220 kV",
        s_sc_max_mva=STIFF_SHORT_CIRCUIT_MVA, rx_max=ratio,
    )  # fmt: skip
    pp.create_impedance(
        net, buses[SOURCE_BUS], buses[HEAD_END_BUS], rft_pu=ratio * x_pu, xft_pu=x_pu,
        sn_mva=parameters.number("source_short_circuit_mva"), name="Source impedance",
    )  # fmt: skip


def conductor_of(line: pd.Series, conductors: pd.DataFrame, parameters: Parameters) -> pd.Series:
    """Return the row of conductors.csv that a line uses.

    The words ``link``, ``path_cable`` and ``path_overhead`` stand for the size that a parameter gives.

    Raises
    ------
    InputError
        If there is no such conductor.
    """
    by_parameter = {
        "link": ("xlpe66", "conductor_mm2"),
        "path_cable": ("xlpe66", "path_conductor_mm2"),
        "path_overhead": ("acsr", "path_overhead_mm2"),
    }
    name = line["conductor"]
    if name not in by_parameter:
        if name in conductors.index:
            return conductors.loc[name]
        accepted = ", ".join([*by_parameter, *conductors.index])
        raise InputError(
            [Problem("unknown conductor", f"lines.csv, line {line.name}, column conductor", name, accepted)]
        )
    family, key = by_parameter[name]
    sizes = conductors[conductors["family"] == family]
    match = sizes[sizes["area_mm2"] == parameters.number(key)]
    if match.empty:
        accepted = ", ".join(f"{size:g}" for size in sizes["area_mm2"])
        raise InputError([Problem(f"no {family} conductor of this size", f"parameter {key}",
                                  f"{parameters.number(key):g}", accepted, "add it to conductors.csv")])  # fmt: skip
    return match.iloc[0]


def _lines(net: pp.pandapowerNet, buses: dict[str, int], tables: Tables, parameters: Parameters) -> None:
    for _, line in tables["lines"].iterrows():
        conductor = conductor_of(line, tables["conductors"], parameters)
        is_link = line["role"] == "link"
        resistance, charging, rating = (
            parameters.number(f"link_{what}_factor") if is_link else 1.0
            for what in ("resistance", "charging", "rating")
        )
        pp.create_line_from_parameters(
            net, buses[line["from_bus"]], buses[line["to_bus"]], name=line["name"],
            length_km=line["length_km"] + (parameters.number("link_land_km") if is_link else 0.0),
            r_ohm_per_km=conductor["r_ohm_per_km"] * resistance, x_ohm_per_km=conductor["x_ohm_per_km"],
            c_nf_per_km=conductor["c_nf_per_km"] * charging, max_i_ka=conductor["max_i_a"] * rating / 1000.0,
            type="cs" if conductor["type"] == "cable" else "ol", in_service=line_in_service(line, parameters),
            max_loading_percent=100.0, std_type=conductor["label"], name_ja=line["name_ja"],
        )  # fmt: skip


def _transformers(net: pp.pandapowerNet, buses: dict[str, int], tables: Tables, parameters: Parameters) -> None:
    voltages = tables["buses"]["vn_kv"]
    for _, row in tables["transformers"].iterrows():
        pp.create_transformer_from_parameters(
            net, buses[row["hv_bus"]], buses[row["lv_bus"]], name=row["name"], sn_mva=row["sn_mva"],
            vn_hv_kv=voltages[row["hv_bus"]], vn_lv_kv=voltages[row["lv_bus"]], vk_percent=row["vk_percent"],
            vkr_percent=row["vkr_percent"], pfe_kw=row["pfe_kw"], i0_percent=row["i0_percent"], tap_side="hv",
            tap_neutral=0, tap_min=row["tap_min"], tap_max=row["tap_max"], tap_step_percent=row["tap_step_percent"],
            tap_pos=int(parameters.number(row["tap_parameter"])), tap_changer_type="Ratio", max_loading_percent=100.0,
        )  # fmt: skip


def _reactive_compensation(
    net: pp.pandapowerNet, buses: dict[str, int], tables: Tables, parameters: Parameters, compensation: str
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
    for area_id, row in areas.iterrows():
        mean_mw = row[demand_columns].sum() / HOURS_PER_YEAR / 1000.0
        q_mvar = mean_mw * math.tan(math.acos(row["power_factor"]))
        pp.create_load(net, buses[row["bus"]], p_mw=mean_mw, q_mvar=q_mvar, name=area_id)


def _plants(net: pp.pandapowerNet, buses: dict[str, int], plants: pd.DataFrame) -> None:
    for plant_id, row in plants.iterrows():
        tangent = math.tan(math.acos(row["power_factor"])) * row["q_sign"]
        p_mw = 0.5 * row["contract_mw"]
        pp.create_sgen(net, buses[row["bus"]], p_mw=p_mw, q_mvar=p_mw * tangent, name=plant_id, type=row["kind"])


def _diesels(net: pp.pandapowerNet, buses: dict[str, int], diesels: pd.DataFrame) -> None:
    for diesel_id, row in diesels.iterrows():
        pp.create_sgen(
            net, buses[row["bus"]], p_mw=0.0, sn_mva=row["p_max_mw"], name=diesel_id, type="diesel", in_service=False
        )
