"""The networks of the agreement table, pandapower's own and the Goto variants, each with the way to build it."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from functools import partial

import pandapower.networks as pn
from pandapower import pandapowerNet
from random_networks import random_network, shuffled
from shipped import goto

SEED = 2030
Builder = Callable[[], pandapowerNet]

IEEE = (
    *("case4gs", "case5", "case6ww", "case9", "case11_iwamoto", "case14", "case24_ieee_rts", "case30", "case_ieee30"),
    *("case33bw", "case39", "case57", "case89pegase", "case118", "case145", "case_illinois200", "case300"),
)
LARGE = ("case1354pegase", "case1888rte", "GBnetwork", "case2848rte", "case2869pegase", "case3120sp")
TRANSMISSION = ("GBreducednetwork", "iceland")
KERBER = (
    *("create_kerber_landnetz_freileitung_1", "create_kerber_landnetz_freileitung_2"),
    *("create_kerber_landnetz_kabel_1", "create_kerber_landnetz_kabel_2", "create_kerber_dorfnetz"),
    *("create_kerber_vorstadtnetz_kabel_1", "create_kerber_vorstadtnetz_kabel_2"),
    *("kb_extrem_landnetz_freileitung", "kb_extrem_dorfnetz_trafo", "kb_extrem_vorstadtnetz_trafo_2"),
    *("kb_extrem_landnetz_kabel", "kb_extrem_landnetz_freileitung_trafo", "kb_extrem_landnetz_kabel_trafo"),
    *("kb_extrem_dorfnetz", "kb_extrem_vorstadtnetz_1", "kb_extrem_vorstadtnetz_trafo_1"),
)
EXAMPLES = (
    *("example_simple", "example_multivoltage", "panda_four_load_branch", "four_loads_with_branches_out"),
    *("simple_four_bus_system", "simple_mv_open_ring_net", "mv_oberrhein", "lv_schutterwald"),
)
CIGRE: dict[str, Builder] = {
    "create_cigre_network_hv": pn.create_cigre_network_hv,
    "create_cigre_network_mv": pn.create_cigre_network_mv,
    "create_cigre_network_mv(with_der='pv_wind')": partial(pn.create_cigre_network_mv, with_der="pv_wind"),
    "create_cigre_network_mv(with_der='all')": partial(pn.create_cigre_network_mv, with_der="all"),
    "create_cigre_network_lv": pn.create_cigre_network_lv,
}
LOW_VOLTAGE: dict[str, Builder] = {
    "create_dickert_lv_network": pn.create_dickert_lv_network,
    "create_dickert_lv_network('middle', 'C&OHL', 'multiple')": partial(
        pn.create_dickert_lv_network, "middle", "C&OHL", "multiple"
    ),
    "create_synthetic_voltage_control_lv_network('rural_1')": partial(
        pn.create_synthetic_voltage_control_lv_network, "rural_1"
    ),
    "create_synthetic_voltage_control_lv_network('suburb_1')": partial(
        pn.create_synthetic_voltage_control_lv_network, "suburb_1"
    ),
    "ieee_european_lv_asymmetric": pn.ieee_european_lv_asymmetric,
} | {
    f"create_synthetic_voltage_control_lv_network('{name}')": partial(
        pn.create_synthetic_voltage_control_lv_network, name
    )
    for name in ("rural_2", "village_1", "village_2")
}
RANDOM: dict[str, Builder] = {f"random({seed})": partial(random_network, seed) for seed in range(16)}
SHUFFLED_OF = (
    *("case14", "case_ieee30", "case39", "case57", "case118", "case300", "create_cigre_network_hv"),
    *("create_cigre_network_mv", "example_multivoltage", "example_simple", "mv_oberrhein", "GBreducednetwork"),
)
"""Networks that are compared once more with other bus numbers and orders of rows."""
GOTO_VARIANTS: tuple[tuple[int, str, dict[str, float | str]], ...] = (
    (2024, "controlled", {"conductor_mm2": 240}),
    (2024, "fixed", {"conductor_mm2": 300}),
    (2026, "controlled", {"conductor_mm2": 300, "reactor_location": "line", "main_tap_position": -3}),
    (2026, "fixed", {"conductor_mm2": 400, "svc_fixed_mvar": 8.0, "reactor_steps_in_service": 1}),
    (2030, "controlled", {"conductor_mm2": 240, "svc_set_vm_pu": 1.03, "bank_tap_position": 3}),
    (2030, "controlled", {"conductor_mm2": 300}),
    (2030, "controlled", {"conductor_mm2": 400, "kamigoto_wind": "retire", "source_vm_pu": 1.03}),
    (2030, "fixed", {"conductor_mm2": 240, "reactor_location": "line", "reactor_steps_in_service": 1}),
    (2030, "fixed", {"conductor_mm2": 300}),
    (2030, "fixed", {"conductor_mm2": 400, "path_circuits": 1, "source_short_circuit_mva": 2000}),
)
FAST = (
    *("case4gs", "case14", "case33bw", "case118", "create_cigre_network_hv", "create_cigre_network_mv"),
    *("create_cigre_network_mv(with_der='all')", "create_cigre_network_lv", "create_kerber_landnetz_freileitung_1"),
    *("create_kerber_landnetz_kabel_2", "kb_extrem_landnetz_freileitung", "create_dickert_lv_network"),
    *("create_synthetic_voltage_control_lv_network('rural_1')", "example_simple", "example_multivoltage"),
    *("panda_four_load_branch", "four_loads_with_branches_out", "simple_four_bus_system", "simple_mv_open_ring_net"),
    *("random(0)", "shuffled(case39)"),
)
"""What the fast tests solve beside some Goto variants; building the networks takes most of their time."""
NOTICE = "tap_dependency_table is missing"
"""pandapower's notice about the format of its own case files."""
REFUSED = {"ieee_european_lv_asymmetric"}
"""Unbalanced loads, which ``runpp`` would quietly replace by their sum."""


def builders() -> dict[str, Builder]:
    """Return a builder for each network, by name."""
    named: dict[str, Builder] = {name: partial(_from_library, name) for name in (*IEEE, *TRANSMISSION, *LARGE)}
    named |= CIGRE | {name: partial(_from_library, name) for name in KERBER} | LOW_VOLTAGE
    named |= {name: partial(_from_library, name) for name in EXAMPLES}
    named |= RANDOM | {f"shuffled({name})": partial(_shuffled, name) for name in SHUFFLED_OF}
    return {goto_name(*v): partial(_goto_net, *v) for v in GOTO_VARIANTS} | named


def build(name: str) -> pandapowerNet:
    """Build a network once; the random choices of pandapower's Kerber networks are seeded."""
    state = random.getstate()
    random.seed(SEED)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", NOTICE)
            return builders()[name]()
    finally:
        random.setstate(state)


def goto_name(year: int, compensation: str, parameters: dict[str, float | str]) -> str:
    """Return for example ``goto(2030, fixed, conductor_mm2=300)``."""
    return f"goto({', '.join([str(year), compensation, *(f'{k}={v}' for k, v in parameters.items())])})"


def _from_library(name: str) -> pandapowerNet:
    return getattr(pn, name)()


def _shuffled(name: str) -> pandapowerNet:
    return shuffled(getattr(pn, name)(), SEED)


def _goto_net(year: int, compensation: str, parameters: dict[str, float | str]) -> pandapowerNet:
    return goto(year, compensation, parameters).net
