"""The uncertain inputs of a study: keys, ranges, rows that move together, and what is left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from shipped import GOTO, ISLAND

from studies.experiments.uncertainty.samples import Setting
from studies.experiments.uncertainty.unknowns import left_out, unknowns
from studies.study.file.reading import read_study
from studies.study.file.schema import Study
from twin.core.dotted_keys import flatten, with_values

GOTO_2030 = Path(__file__).parents[2] / "studies" / "goto_2030.toml"


@pytest.fixture(scope="module")
def study():
    return read_study(GOTO_2030)


@pytest.fixture(scope="module")
def found(study):
    return {unknown.name: unknown for unknown in unknowns(study)}


def changed(study: Study, **values: object) -> Study:
    """Return the study with dotted keys (``__`` for the dot) in its base sections."""
    dotted = {key.replace("__", "."): value for key, value in values.items()}
    return Study.model_validate(with_values(study.model_dump(mode="json", exclude_unset=True), dotted))


def reason(study: Study, name: str) -> str:
    return next(one.reason_en for one in left_out(study) if one.name == name)


def test_all_have_names_titles_sources_and_a_base_within_their_range(found):
    for unknown in found.values():
        assert unknown.title_en and unknown.unit and unknown.source
        assert not unknown.title_ja.isascii(), f"{unknown.name}: add a title to unknown_titles.csv"
        for setting in unknown.settings:
            low, high = sorted((setting.low, setting.high))
            assert low <= setting.base <= high
            assert low < high


def test_no_key_belongs_to_two_unknowns(found):
    keys = [setting.key for unknown in found.values() for setting in unknown.settings]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("quantile", [0.0, 0.37, 1.0])
def test_all_unknowns_together_make_a_valid_study(study, found, quantile):
    values = {key: value for unknown in found.values() for key, value in unknown.values(quantile).items()}
    plain = study.model_dump(mode="json", exclude_unset=True, exclude={"scenario", "sweep", "onset", "compare"})
    sampled = Study.model_validate(with_values(plain, values))
    resolved = flatten(sampled.model_dump(mode="json"))
    assert all(resolved[key] == pytest.approx(value) for key, value in values.items())


def test_kamigotos_pv_is_between_10_and_20_mw(found):
    """docs/goto_facts.md 3.3: 10 to 20 MW on Kamigoto, Ojika and Uku."""
    for quantile, total in ((0.0, 10.0), (0.5, 15.0), (1.0, 20.0)):
        assert sum(found["kamigoto_pv"].values(quantile).values()) == pytest.approx(total, abs=0.01)


def test_goto_citys_pv_stays_53_mw_wherever_it_stands(found):
    """P10: 53 MW in the city, of which 3.5 MW (P31) are the small sites."""
    plants = GOTO["plants"].set_index("plant_id")
    existing = plants[
        (plants["kind"] == "pv") & plants["municipality"] & (plants["firmness_parameter"] == "firmness_existing")
    ]["contract_mw"]
    at_fukue = []
    for quantile in (0.0, 0.3, 1.0):
        values = found["goto_city_pv"].values(quantile)
        moved = existing.copy()
        moved.update({key.removeprefix("fleet.contract_mw."): value for key, value in values.items()})
        assert moved.sum() + 3.5 == pytest.approx(53.0, abs=0.02)
        at_fukue.append(values["fleet.contract_mw.fukue_pv_high"])
    assert at_fukue[0] < at_fukue[1] < at_fukue[2]


def test_conductors_are_sizes_that_exist_and_whole_numbers_are_equally_likely(found):
    quantiles = (np.arange(1200) + 0.5) / 1200
    (conductor,) = found["grid.conductor_mm2"].settings
    assert conductor.key == "grid.conductor_mm2"
    sizes, counts = np.unique([conductor.value(q) for q in quantiles], return_counts=True)
    assert sizes.tolist() == [240, 300, 325, 400]
    assert set(counts) == {300}
    drawn = [Setting("k", -1, 0, 1, whole=True).value(q) for q in quantiles]
    assert np.unique(drawn, return_counts=True)[1].tolist() == [400, 400, 400]
    assert all(isinstance(value, int) for value in drawn)


def test_the_ends_and_the_middle_of_a_number():
    setting = Setting("k", 2.0, 3.0, 6.0)
    assert [setting.value(q) for q in (0.0, 0.5, 1.0)] == [2.0, 4.0, 6.0]


def test_the_middle_of_a_sweep_is_the_base(study, found):
    assert found["grid.conductor_mm2"].settings[0].base == 300
    wide = Study.model_validate(
        study.model_dump(mode="json", exclude_unset=True) | {"sweep": {"grid.conductor_mm2": [240, 325, 400]}}
    )
    assert {u.name: u for u in unknowns(wide)}["grid.conductor_mm2"].settings[0].base == 325


def test_a_studys_own_value_is_the_base_or_leaves_the_row_out(study):
    inside = {u.name: u for u in unknowns(changed(study, fleet__demand_factor=0.9))}
    assert inside["fleet.demand_factor"].settings[0].base == 0.9
    outside = changed(study, fleet__demand_factor=0.5)
    assert "fleet.demand_factor" not in {u.name for u in unknowns(outside)}
    assert reason(outside, "fleet.demand_factor") == "the study's own value lies outside the range"


def test_what_a_scenario_sets_is_left_out(study):
    with_scenario = changed(study, scenario__plan_without_new_pv={"fleet": {"demand_factor": 0.9}})
    assert reason(with_scenario, "fleet.demand_factor") == "a scenario of the study sets it"


def test_the_cables_and_their_surroundings_are_unknown_with_the_ranges_of_the_tables(found):
    ranges = {name: (u.settings[0].low, u.settings[0].high) for name, u in found.items()}
    assert ranges["cables.sea_bed_depth_m"] == (0.5, 2.0)
    assert ranges["cable_sections.sea_bed"] == (0.4, 1.0)
    assert ranges["cables.tan_delta"] == (0.0004, 0.001)
    assert ranges["grid.parameters.path_circuits"] == (1, 2)
    assert [len(found[name].settings) for name in ("sea_temperature", "ground_temperature", "cable_make")] == [
        12,
        12,
        8,
    ]
    assert {found["grid.parameters.path_circuits"].settings[0].value(q) for q in (0.0, 0.3, 0.7, 1.0)} == {1, 2}


def test_what_has_no_effect_is_left_out(study, found):
    assert reason(study, "parameters.tidal_rated_speed") == "no tidal plant in service in 2030"
    assert reason(study, "repowering.whale_wind") == "old wind is not repowered in this study"
    assert "outage_rates.cable" not in found
    repowered = changed(study, grid__parameters__kamigoto_wind="repower")
    names = {unknown.name for unknown in unknowns(repowered)}
    assert {"repowering.whale_wind", "grid.parameters.old_wind_decision_year"} <= names
    tidal = {unknown.name for unknown in unknowns(changed(study, grid__year=2025))}
    assert "parameters.tidal_rated_speed" in tidal
    fixed = {unknown.name for unknown in unknowns(changed(study, grid__compensation="fixed"))}
    assert "grid.parameters.svc_fixed_mvar" in fixed
    assert "grid.parameters.svc_set_vm_pu" not in fixed
    assert "grid.parameters.reactor_steps_in_service" in fixed


def test_a_guest_network_has_no_unknowns_of_goto(study):
    plain = study.model_dump(mode="json", include={"schema_version", "name", "title_en", "period", "operation"})
    guest = Study.model_validate(plain | {"grid": {"model": "case14", "roles": {"link": ["a"], "curtailable": ["b"]}}})
    keys = {setting.key for unknown in unknowns(guest) for setting in unknown.settings}
    assert not any(key.startswith(("grid.", "fleet.contract_mw", "inputs.lines", "fleet.battery")) for key in keys)
    assert "fleet.demand_factor" in keys


def test_every_title_belongs_to_an_unknown_or_to_what_is_left_out(study, found):
    names = {*found, *(one.name for one in left_out(study))}
    assert not set(ISLAND.titles()) - names, "remove these rows from studies/unknown_titles.csv"


def test_with_measured_curtailment_nothing_of_the_area_is_unknown(study):
    measured = unknowns(changed(study, weather__source="measured"))
    keys = {setting.key for unknown in measured for setting in unknown.settings}
    assert not any(key.startswith(("inputs.area_", "operation.area_")) for key in keys)
    assert "inputs.parameters.measured_demand_agreement" in keys
