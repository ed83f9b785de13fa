"""Rows of the calibration record: what is published of the link and the grid behind it."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path

import numpy as np
import pandapower as pp
import pandapower.shortcircuit as sc
from scipy.optimize import brentq

from calibration.rows import Row
from network_models.island import find_island
from network_models.model import grid_of
from network_models.reading import island_tables
from twin.network.model import GridModel
from twin.security.headroom.buses import link_headroom, model_profiles

GOTO = island_tables(find_island())
TOPIC = "Link and grid"
EARTH_RADIUS_KM = 6371.0
PUBLISHED = {240: (54.9, 19.1, 167, 54.0), 300: (60.6, 20.9, 183, 59.7), 400: (67.4, 22.6, 198, 66.5)}
"""Table of docs/goto_facts.md 2.1: MVA, charging of 53 km in Mvar, its current in A, MW with half of it at each end."""
SUBMARINE_KM = 53.0
VN_KV = 66.0
FAR = 1


def rows(data: Path | None) -> list[Row]:
    """Return the rows; `data` is not needed."""
    return [*_cable(), *_export(), *_import(), *_grid()]


def _cable() -> list[Row]:
    found = []
    for area, (mva, mvar, ampere, mw) in PUBLISHED.items():
        q_mvar, i_a = charging(area)
        rounding = "rounding of the published values"
        found += [
            _row(f"Rating of a circuit, {area} mm2", "[abb_xlpe, docs/goto_facts.md 2.1]",
                "MVA", mva, rating_mva(area), 0.005, rounding),
            _row(
                f"Charging of 53 km, {area} mm2", "[abb_xlpe, docs/goto_facts.md 2.1]", "Mvar", mvar, q_mvar, 0.02,
                "the power flow feeds the cable from one end, whose far end rises (Ferranti), the fact is a product",
            ),
            _row(
                f"Charging current of 53 km, {area} mm2", "[abb_xlpe, docs/goto_facts.md 2.1]", "A", ampere, i_a, 0.02,
                "as the charging power",
            ),
            _row(
                f"Power of a circuit with half of the charging at each end, {area} mm2",
                    "[abb_xlpe, docs/goto_facts.md 2.1]", "MW", mw,
                transfer_at_rating_mw(area), 0.02,
                "what arrives at a stiff end; the fact leaves out the voltage of the other end and what its "
                "reactance takes",
            ),
        ]  # fmt: skip
    return found


def _export() -> list[Row]:
    why = (
        "the range of a first prototype, 2 MW to each side for its own controls; export over the survivor counted "
        "at Matsushima, no demand, compensator at 1.0 pu"
    )
    small, large = (export_limit_mw(conductor_mm2=area) for area in (240, 400))
    low, high = (export_limit_mw(svc_set_vm_pu=vm_pu) for vm_pu in (0.97, 1.04))
    set_point = (
        "300 mm2; the range of a first prototype, 2 MW to each side. Here the compensator's limits and slope act, "
        "so that its set point moves the voltage, and with it the limit, less"
    )
    return [
        Row(TOPIC, "N-1 export limit, 240 mm2", "[engineering]", "MW", 46.0, small, 44.0, 48.0, why),
        Row(TOPIC, "N-1 export limit, 400 mm2", "[engineering]", "MW", 61.0, large, 59.0, 63.0, why),
        Row(TOPIC, "N-1 export limit, set point 0.97 pu", "[engineering]", "MW", 45.0, low, 43.0, 47.0, set_point),
        Row(TOPIC, "N-1 export limit, set point 1.04 pu", "[engineering]", "MW", 61.0, high, 59.0, 63.0, set_point),
    ]


def _import() -> list[Row]:
    low, high = (import_limit_mw(area) for area in (240, 400))
    why = (
        "the fact is the cable's power between stiff voltages; in the grid the compensator of 20 Mvar and the "
        "reactors that stay in service leave the survivor more reactive power to carry, and losses are no supply"
    )
    return [
        Row(
            TOPIC,
            "Demand that one circuit supplies, 240 mm2",
            "[model, docs/goto_facts.md 6]",
            "MW",
            54.0,
            low,
            49.0,
            56.0,
            why,
        ),
        Row(
            TOPIC,
            "Demand that one circuit supplies, 400 mm2",
            "[model, docs/goto_facts.md 6]",
            "MW",
            66.0,
            high,
            61.0,
            68.0,
            why,
        ),
    ]


def _grid() -> list[Row]:
    model = grid_of("goto", 2030)
    return [
        Row(
            TOPIC, "Short-circuit level at Fukue 66 kV", "[engineering]",
                "MVA", 310.0, short_circuit_mva("Fukue 66 kV"),
            280.0, 340.0, "about: 10 %; IEC 60909 maximum by pandapower, source of 5 GVA, mainland only",
        ),
        Row(
            TOPIC, "Stand-by diesels in all", "[model, docs/goto_facts.md 3.1]",
                "MW", 81.0, float(model.diesels["p_max_mw"].sum()),
            80.5, 81.5, "sum of the table; which sets are still there is not known",
        ),
        Row(
            TOPIC, "Straight line from the landing at Narao to Fukue", "[model, docs/goto_facts.md 1]",
                "km", 26.0, landing_to_fukue_km(),
            24.0, 28.0, "from the coordinates of the buses, +-2 km for their place",
        ),
        Row(
            TOPIC, "Route from Narao to Fukue", "[model, docs/goto_facts.md 1]", "km", 35.0, path_km(), 31.5, 38.5,
            "sum of the sections of a circuit; docs/goto_facts.md 1 says about 35 km: 10 %",
        ),
    ]  # fmt: skip


def _row(fact: str, source: str, unit: str, published: float, model: float, share: float, why: str) -> Row:
    return Row(TOPIC, fact, source, unit, published, model, published * (1 - share), published * (1 + share), why)


@cache
def export_limit_mw(**parameters: float) -> float:
    """Return the export at Matsushima at which the survivor of a link trip reaches its rating, without any demand."""
    model = grid_of("goto", 2030, parameters=parameters)
    found = link_headroom(model, _idle(model))
    infeed_mw = float(found.headroom_mw[0, 0])
    return infeed_mw - _survivor_losses_mw(model, infeed_mw)


def _survivor_losses_mw(model: GridModel, infeed_mw: float) -> float:
    net = copy.deepcopy(model.net)
    net.sgen["p_mw"], net.sgen["q_mvar"], net.load["p_mw"], net.load["q_mvar"] = 0.0, 0.0, 0.0, 0.0
    pp.create_sgen(net, model.roles.headroom_bus, infeed_mw)
    tripped, survivor = (circuit.element[1] for circuit in model.roles.link)
    net.line.loc[tripped, "in_service"] = False
    pp.runpp(net, numba=False)
    return float(net.res_line["pl_mw"].loc[survivor])


@cache
def import_limit_mw(area_mm2: float) -> float:
    """Return the demand at Narao at which the survivor of a link trip reaches its rating, without any infeed."""
    model = grid_of("goto", 2030, parameters={"conductor_mm2": area_mm2})
    return float(link_headroom(model, _idle(model), direction="demand").headroom_mw[0, 0])


def _idle(model: GridModel) -> dict[str, np.ndarray]:
    return model_profiles(model, np.zeros((1, len(model.plants))), np.zeros((1, len(model.areas))))


@cache
def short_circuit_mva(bus_name: str) -> float:
    """Return the initial short-circuit power that the mainland feeds to a bus."""
    net = copy.deepcopy(grid_of("goto", 2030, compensation="fixed").net)
    net.sgen = net.sgen.drop(index=net.sgen.index)
    net.trafo["power_station_unit"] = False
    sc.calc_sc(net, case="max", ip=False, ith=False)
    return float(net.res_bus_sc["skss_mw"].loc[net.bus.index[net.bus["name"] == bus_name][0]])


def landing_to_fukue_km() -> float:
    """Return the great-circle distance between the buses Narao and Fukue."""
    geo = grid_of("goto", 2030).net.bus.set_index("name")["geo"].map(lambda text: [float(x) for x in _numbers(text)])
    (lon_a, lat_a), (lon_b, lat_b) = (np.radians(geo[name]) for name in ("Narao 66 kV", "Fukue 66 kV"))
    half = np.sin((lat_b - lat_a) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    return float(2.0 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(half)))


def _numbers(text: str) -> list[str]:
    return text[text.index("[") + 1 : text.index("]")].split(",")


def path_km() -> float:
    """Return the length of one circuit from Narao to Fukue."""
    lines = GOTO["lines"].set_index("line_id")
    return float(lines.loc[(lines["count_parameter"] == "path_circuits") & (lines["circuit"] == 1), "length_km"].sum())


def submarine_sizes_mm2() -> list[float]:
    """Return the conductors of the table of 66 kV submarine cables (docs/goto_facts.md 2.1), the smallest first."""
    conductors = GOTO["conductors"].set_index("conductor_id")
    return sorted(conductors.loc[conductors["family"] == "xlpe66", "area_mm2"])


def cable_net(area_mm2: float) -> pp.pandapowerNet:
    """Return 53 km of one circuit behind a stiff source, the far end (bus 1) open."""
    conductors = GOTO["conductors"].set_index("conductor_id")
    row = conductors[(conductors["family"] == "xlpe66") & (conductors["area_mm2"] == area_mm2)].iloc[0]
    net = pp.create_empty_network(f_hz=find_island().settings.frequency_hz)
    near, far = pp.create_buses(net, 2, VN_KV)
    pp.create_ext_grid(net, near)
    pp.create_line_from_parameters(
        net, near, far, SUBMARINE_KM, row["r_ohm_per_km"], row["x_ohm_per_km"], row["c_nf_per_km"],
        row["max_i_a"] / 1000.0,
    )  # fmt: skip
    return net


def rating_mva(area_mm2: float) -> float:
    """Return the continuous rating of a circuit at nominal voltage."""
    return float(np.sqrt(3.0) * VN_KV * cable_net(area_mm2).line["max_i_ka"].iloc[0])


def charging(area_mm2: float) -> tuple[float, float]:
    """Return charging power in Mvar and charging current in A, fed from one end, the other open."""
    net = cable_net(area_mm2)
    pp.runpp(net, numba=False)
    return -float(net.res_line["q_from_mvar"].iloc[0]), 1000.0 * float(net.res_line["i_from_ka"].iloc[0])


def transfer_at_rating_mw(area_mm2: float) -> float:
    """Return the power that arrives at the stiff end when the worse end reaches its rating.

    The far end takes up half of the charging, the stiff near end the rest.
    """
    net = cable_net(area_mm2)
    pp.create_sgen(net, FAR, 0.0, q_mvar=-0.5 * charging(area_mm2)[0])

    def above_rating(p_mw: float) -> float:
        net.sgen["p_mw"] = p_mw
        pp.runpp(net, numba=False)
        return float(net.res_line["loading_percent"].iloc[0]) - 100.0

    brentq(above_rating, 0.0, 1.2 * rating_mva(area_mm2), xtol=1e-3)
    return -float(net.res_line["p_from_mw"].iloc[0])
