"""Cable tables: the fit to the stated rating, and one message for each thing that cannot be."""

import numpy as np
import pytest
from shipped import GOTO, ISLAND, goto

from network_models.model import build_grid
from network_models.reading import island_tables
from twin.cable.ratings import continuous_rating_a
from twin.core.errors import InputError
from twin.core.tables import Tables


def with_cell(table: str, row: int, column: str, value: object) -> Tables:
    frames = {name: GOTO[name] for name in GOTO}
    frames[table] = frames[table].copy()
    frames[table][column] = frames[table][column].astype(object)
    frames[table].loc[row, column] = value
    return Tables(frames, GOTO.holidays, GOTO.name)


def position(table: str, column: str, name: str) -> int:
    return int(np.flatnonzero(GOTO[table][column] == name)[0])


def problems(tables: Tables, **parameters: float) -> list[str]:
    with pytest.raises(InputError) as caught:
        build_grid(ISLAND, tables, 2030, parameters=parameters)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("mm2", [240, 300, 400])
def test_the_stated_rating_gives_the_limit_in_the_stated_conditions(mm2):
    stated = {f"sea/{month}": 20.0 for month in range(1, 13)}
    tables = island_tables(ISLAND, {"cable_sections": {"sea_bed": 1.0}, "cable_temperatures": stated})
    circuit = build_grid(ISLAND, tables, 2030, parameters={"conductor_mm2": mm2}).cables[0]
    sea_bed = circuit.sections[0].ladder
    by_the_other = sea_bed.dielectric_k  # the stated conditions have no second cable: its heat is a few mK at 50 m
    assert by_the_other < 0.5
    assert float(continuous_rating_a(sea_bed, 20.0)) == pytest.approx(circuit.rated_a, rel=1e-4)
    assert 0.9 < circuit.fitted_factor < 1.6


def test_a_section_in_warm_dry_ground_carries_less_than_the_stated_rating():
    circuit = goto(2030).cables[0]
    alone, together = circuit.continuous_a(together=False), circuit.continuous_a(together=True)
    assert alone["duct"] < alone["landfall"] < circuit.rated_a < alone["sea_bed"]
    assert all(together[name] < alone[name] for name in alone)


@pytest.mark.parametrize(
    ("table", "key", "name", "column", "value", "expected"),
    [
        ("cable_layers", "layer", "filler", "resistivity_k_m_per_w", 0.0, "nothing fills the space between the cores"),
        ("cable_layers", "layer", "filler", "thickness_mm", 30.0, "the filler is thicker than the formula holds for"),
        ("cable_layers", "layer", "serving", "thickness_mm", -1.0, "a layer has no thickness"),
        ("cable_layers", "layer", "filler", "around", "core", "nothing fills the space between the cores"),
        ("cable_layers", "layer", "lead sheath", "around", "cable", "stands outside of one around all"),
        ("cable_layers", "layer", "serving", "resistivity_k_m_per_w", 60.0, "the rating is too high for its losses"),
        ("cables", "name", "limit_c", "value", 40.0, "the rating is too high for its losses"),
        ("cables", "name", "rated_temperature_c", "value", -60.0, "the rating is too low for its losses"),
        ("cables", "name", "sea_bed_depth_m", "value", 0.05, "the cable is not buried"),
        ("cables", "name", "tan_delta", "name", "tan_dleta", "add the row tan_delta"),
        ("cable_sections", "section", "duct", "duct_inner_mm", 100.0, "the duct does not hold the cable"),
        ("cable_sections", "section", "duct", "duct_outer_mm", 240.0, "the duct does not hold the cable"),
        ("cable_sections", "section", "duct", "spacing_m", 0.1, "the circuits overlap"),
        ("cable_temperatures", "month", 3, "month", 2, "sea without month 3"),
    ],
)
def test_what_cannot_be_is_told_once(table, key, name, column, value, expected):
    tables = with_cell(table, position(table, key, name), column, value)
    found = problems(tables)
    assert len(found) == 1
    assert expected in found[0]


def test_a_rating_below_its_losses_is_told_with_both_rises():
    row = position("conductors", "conductor_id", "xlpe66_300")
    (found,) = problems(with_cell("conductors", row, "max_i_a", 1000.0))
    assert "K inside the cable" in found
    assert "70 K together" in found
    assert "lower max_i_a" in found


def test_an_operator_may_allow_less_than_the_maker():
    whole, third = goto(2030).cables[0], goto(2030, parameters={"link_rating_factor": 0.3}).cables[0]
    assert third.rated_a == 0.3 * whole.rated_a
    assert third.fitted_factor == whole.fitted_factor


def test_ground_that_takes_no_heat_is_told_by_section():
    (found,) = problems(with_cell("cables", position("cables", "name", "tan_delta"), "value", 0.3))
    assert "rating and losses do not fit together" in found


def test_cores_without_any_layer_are_told():
    frames = {name: GOTO[name] for name in GOTO}
    frames["cable_layers"] = frames["cable_layers"][frames["cable_layers"]["layer"] == "filler"]
    (found,) = problems(Tables(frames, GOTO.holidays, GOTO.name))
    assert "the cores have no insulation" in found


def test_an_island_without_cable_tables_has_no_cables():
    names = {"cables", "cable_layers", "cable_sections", "cable_temperatures"}
    tables = Tables({name: GOTO[name] for name in GOTO if name not in names}, GOTO.holidays, GOTO.name)
    assert build_grid(ISLAND, tables, 2030).cables == ()
