"""The link's circuits as bodies that warm up, from the island's cable tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import pandas as pd

from network_models.build import GridTables, Parameters, conductor_of, line_in_service
from twin.cable.circuit import CableCircuit, Section
from twin.cable.ladder import Duct, Losses, Surroundings, ladder_of, steady_rises_k
from twin.cable.layers import SL_FACTOR_TO, Chain, Layer, chain_of
from twin.core.clock import MONTHS_OF_YEAR
from twin.core.errors import InputError, Problem, raise_if_any

CORES = 3
FITTED_FROM, FITTED_TO = 0.6, 2.0
"""A rating that asks for another factor on the thermal resistances does not belong to the layers."""
VALUES = (
    "limit_c", "flow_conductor_c", "tan_delta", "conductor_fill", "sheath_losses", "armour_losses", "rated_depth_m",
    "rated_soil_k_m_per_w", "rated_temperature_c", "soil_heat_mj_per_m3_k", "duct_wall_k_m_per_w", "duct_air_c",
)  # fmt: skip
"""Rows that cables.csv must have, beside the depths that the sections name."""


def cable_circuits(tables: GridTables, parameters: Parameters, frequency_hz: float) -> tuple[CableCircuit, ...]:
    """Return the link's circuits in the order of its lines; none where the island has no cable tables.

    Raises
    ------
    InputError
        With every problem: layers, depths and ducts that cannot be, a rating that does not fit the layers, a section
        that could not carry any current.
    """
    if tables["cables"].empty:
        return ()
    lines = tables["lines"]
    link = [line for _, line in lines.iterrows() if line["role"] == "link" and line_in_service(line, parameters)]
    return tuple(_circuit(tables, parameters, line, frequency_hz) for line in link)


def check_cable_tables(tables: GridTables) -> None:
    """Check that the rows are there that the other cable tables and the power flow ask for.

    Raises
    ------
    InputError
        With every row that is missing.
    """
    if not tables["cables"].empty:
        raise_if_any(_table_problems(tables))


def _table_problems(tables: GridTables) -> Iterator[Problem]:
    values, sections = tables["cables"]["value"], tables["cable_sections"]
    for name in [*VALUES, *sections["depth"]]:
        if name not in values.index:
            yield Problem("the row is missing", "cables.csv, column name", "", name, f"add the row {name}")
    if sections.empty:
        yield Problem("no section", "cable_sections.csv", "", "a row for each kind of surroundings")
    temperatures = tables["cable_temperatures"]
    for place in sorted(set(sections["surroundings"])):
        months = set(temperatures.loc[temperatures.index == place, "month"])
        missing = sorted(set(range(1, MONTHS_OF_YEAR + 1)) - months)
        if missing:
            seen = f"{place} without month {', '.join(map(str, missing))}"
            yield Problem("months are missing", "cable_temperatures.csv", seen, "twelve rows for each surroundings")


def _circuit(tables: GridTables, parameters: Parameters, line: pd.Series, frequency_hz: float) -> CableCircuit:
    conductor = conductor_of(line, tables["conductors"], parameters)
    value = tables["cables"]["value"]
    cable = _chain(tables, conductor, float(value["conductor_fill"]))
    stated_a = float(conductor["max_i_a"])
    to_earth_v = float(tables["buses"]["vn_kv"][line["from_bus"]]) * 1e3 / math.sqrt(3.0)
    farad_per_m = float(conductor["c_nf_per_km"]) * 1e-12 * parameters.number("link_charging_factor")
    charging_va_per_m = 2.0 * math.pi * frequency_hz * farad_per_m * to_earth_v**2
    losses = Losses(
        limit_c=float(value["limit_c"]),
        limit_ohm_per_m=float(conductor["r_ohm_per_km"]) * 1e-3 * parameters.number("link_resistance_factor"),
        sheath=float(value["sheath_losses"]),
        armour=float(value["armour_losses"]),
        dielectric_w_per_m=CORES * charging_va_per_m * float(value["tan_delta"]),
    )
    factor = _fitted_factor(cable, value, losses, stated_a, str(line.name))
    fitted = cable.scaled(factor)
    problems = list(_place_problems(tables, fitted.diameter_mm))
    raise_if_any(problems)
    sections = tuple(_section(tables, row, fitted, losses) for _, row in tables["cable_sections"].iterrows())
    circuit = CableCircuit(stated_a * parameters.number("link_rating_factor"), factor, sections)
    raise_if_any(
        Problem("the dielectric losses and the surroundings alone bring the conductor to its limit",
                f"cable_sections.csv, section {name}, line {line.name}", f"limit {losses.limit_c:g} degrees Celsius",
                "a current above 0", "lower soil_k_m_per_w, the temperatures or tan_delta")
        for name, current in circuit.continuous_a(together=True).items() if current <= 0.0
    )  # fmt: skip
    return circuit


def _chain(tables: GridTables, conductor: pd.Series, fill: float) -> Chain:
    family = str(conductor["family"])
    rows = tables["cable_layers"][tables["cable_layers"].index == family]
    diameter = math.sqrt(4.0 * float(conductor["area_mm2"]) / (math.pi * fill))
    problems = list(_layer_problems(rows, family, diameter))
    raise_if_any(problems)
    return chain_of(CORES, float(conductor["area_mm2"]), diameter, [_layer(row) for _, row in rows.iterrows()])


def _layer(row: pd.Series) -> Layer:
    heat = float(row["heat_mj_per_m3_k"]) * 1e6
    return Layer(row["layer"], row["around"], float(row["thickness_mm"]), float(row["resistivity_k_m_per_w"]), heat)


def _layer_problems(rows: pd.DataFrame, family: str, diameter: float) -> Iterator[Problem]:
    where = f"cable_layers.csv, cable {family}"
    around = list(rows["around"])
    if not around:
        yield Problem("the cable has no layers", where, "", f"rows for {family}", "add them from the inside outwards")
        return
    thin = rows[~(rows["thickness_mm"].astype(float) > 0.0)]
    if len(thin):
        seen = ", ".join(f"{row.layer} {row.thickness_mm:g} mm" for row in thin.itertuples())
        yield Problem("a layer has no thickness", where, seen, "above 0 mm", "give its thickness or take the row out")
        return
    if any(inner == "cable" and outer == "core" for inner, outer in pairwise(around)):
        seen = ", ".join(rows["layer"])
        yield Problem(
            "a layer around each core stands outside of one around all", where, seen, "the core's layers first"
        )
        return
    of_core, of_cable = rows[rows["around"] == "core"], rows[rows["around"] == "cable"]
    if (of_core["resistivity_k_m_per_w"] == 0.0).all():
        yield Problem("the cores have no insulation", where, ", ".join(of_core["layer"]) or "no layer around the core",
                      "a layer around the core with a thermal resistivity above 0")  # fmt: skip
    if of_cable.empty or of_cable["resistivity_k_m_per_w"].iloc[0] == 0.0:
        yield Problem("nothing fills the space between the cores", where, ", ".join(of_cable["layer"]),
                      "first around the cable: a filler with a thermal resistivity above 0")  # fmt: skip
        return
    core_mm = diameter + 2.0 * float(of_core["thickness_mm"].sum())
    thickest, filler = SL_FACTOR_TO * core_mm, of_cable.iloc[0]
    if filler["thickness_mm"] > thickest:
        yield Problem("the filler is thicker than the formula holds for", f"{where}, layer {filler['layer']}",
                      f"{filler['thickness_mm']:g} mm", f"at most {thickest:.1f} mm on cores of {core_mm:.1f} mm",
                      "give the filler's least thickness over the cores")  # fmt: skip


def _fitted_factor(cable: Chain, value: pd.Series, losses: Losses, stated_a: float, line: str) -> float:
    """Return what the layers' resistances are multiplied by so that the stated rating gives the limit temperature."""
    stated = Surroundings(
        float(value["rated_depth_m"]), float(value["rated_soil_k_m_per_w"]), float(value["soil_heat_mj_per_m3_k"]) * 1e6
    )
    inside_k, outside_k = steady_rises_k(cable, stated, losses, stated_a)
    rise_k = losses.limit_c - float(value["rated_temperature_c"])
    factor = (rise_k - outside_k) / inside_k
    if FITTED_FROM <= factor <= FITTED_TO:
        return factor
    seen = f"{stated_a:g} A: {inside_k:.0f} K inside the cable and {outside_k:.0f} K outside of it"
    accepted = f"{rise_k:g} K together, with {FITTED_FROM:g} to {FITTED_TO:g} times the rise inside"
    change = "too high for its losses: lower" if factor < FITTED_FROM else "too low for its losses: raise"
    repair = f"the rating is {change} max_i_a, or correct the layers and the rated_... values"
    where = f"line {line}: max_i_a in conductors.csv against cable_layers.csv and cables.csv"
    raise InputError([Problem("rating and losses do not fit together", where, seen, accepted, repair)])


def _place_problems(tables: GridTables, cable_mm: float) -> Iterator[Problem]:
    value = tables["cables"]["value"]
    for name, row in tables["cable_sections"].iterrows():
        where = f"cable_sections.csv, section {name}"
        widest = cable_mm
        if not math.isnan(row["duct_inner_mm"]):
            inner, outer = float(row["duct_inner_mm"]), float(row["duct_outer_mm"])
            widest = outer
            if not cable_mm < inner < outer:
                yield Problem("the duct does not hold the cable", where, f"{inner:g} to {outer:g} mm",
                              f"wider than {cable_mm:.0f} mm inside, and wider outside")  # fmt: skip
        if 2.0e3 * float(value[row["depth"]]) <= widest:
            yield Problem("the cable is not buried", f"cables.csv, {row['depth']}", f"{value[row['depth']]:g} m",
                          f"the depth of its axis, above {widest / 2000.0:.3f} m")  # fmt: skip
        if float(row["spacing_m"]) * 1e3 < widest:
            yield Problem("the circuits overlap", where, f"spacing_m {row['spacing_m']:g}", f"from {widest / 1e3:.2f}")


def _section(tables: GridTables, row: pd.Series, cable: Chain, losses: Losses) -> Section:
    value, temperatures = tables["cables"]["value"], tables["cable_temperatures"]
    duct = None
    if not math.isnan(row["duct_inner_mm"]):
        duct = Duct(float(row["duct_inner_mm"]), float(row["duct_outer_mm"]), float(value["duct_wall_k_m_per_w"]),
                    float(value["duct_air_c"]))  # fmt: skip
    there = Surroundings(
        float(value[row["depth"]]), float(row["soil_k_m_per_w"]), float(value["soil_heat_mj_per_m3_k"]) * 1e6,
        float(row["spacing_m"]), duct,
    )  # fmt: skip
    of_place = temperatures[temperatures.index == row["surroundings"]].sort_values("month")
    return Section(str(row.name), ladder_of(cable, there, losses), of_place["temperature_c"].to_numpy(float))
