"""Batteries beside plants and in the grid, as a study switches them on."""

import numpy as np
import pytest
from shipped import GOTO, goto

from studies.study.devices import grid_batteries, plant_batteries
from studies.study.file.members import Member
from studies.study.file.schema import Study
from studies.study.grids import member_grids, with_schemes
from studies.study.islands import tables_of
from twin.core.errors import InputError

PLAIN = {
    "schema_version": 1, "name": "test", "title_en": "Test", "period": {"fiscal_year": 2030}, "grid": {"year": 2030},
    "operation": {"area_level_percent": 6.0},
}  # fmt: skip


def study(fleet, inputs=None):
    return Study.model_validate(PLAIN | {"fleet": fleet, "inputs": inputs or {}})


@pytest.fixture(scope="module")
def model():
    return goto(2030)


def test_without_the_switches_there_are_none(model):
    assert grid_batteries(study({}), GOTO, model) == ()
    assert plant_batteries(study({}), GOTO, model) == ()
    assert with_schemes(study({}), GOTO, model.plants) is model.plants


def test_the_tables_are_taken_with_the_study_s_own_values(model):
    values = {"plant_batteries": {"floating_farm": 30.0}, "grid_batteries": {"narao": 40.0}}
    own = study({"plant_batteries": "plan", "grid_batteries": "example"}, values)
    beside = plant_batteries(own, tables_of(own), model)[0].battery
    at = model.plants.index.get_loc("floating_farm")
    assert (beside.energy[at], beside.power[at]) == (30.0, 4.2)
    assert np.count_nonzero(beside.energy) == 3
    assert set(beside.efficiency) == {np.sqrt(0.88)}
    (in_grid,) = grid_batteries(own, tables_of(own), model)
    assert in_grid.battery.energy[model.areas.index.get_loc("narao")] == 40.0
    assert in_grid.battery.energy.sum() == 60.0


def test_a_plant_that_is_out_of_service_has_no_battery(model):
    gone = model.plants.assign(contract_mw=model.plants.contract_mw.where(model.plants.index != "haenkaze", 0.0))
    (beside,) = plant_batteries(
        study({"plant_batteries": "plan"}), GOTO, model.__class__(**vars(model) | {"plants": gone})
    )
    assert beside.battery.energy[model.plants.index.get_loc("haenkaze")] == 0.0


def test_plants_with_a_battery_move_to_fip_in_their_own_members_only():
    members = [Member(name, "base", {}, study({"plant_batteries": name}), (name, "base")) for name in ("none", "plan")]
    grids = member_grids(members)
    schemes = [grids.models[grid].plants.scheme["floating_farm"] for grid in grids.of_member]
    assert schemes == ["FIT", "FIP"]


def test_a_network_without_these_plants_refuses_the_batteries(model):
    other = model.__class__(**vars(model) | {"plants": model.plants.drop(index="haenkaze")})
    with pytest.raises(InputError) as caught:
        plant_batteries(study({"plant_batteries": "plan"}), GOTO, other)
    (problem,) = caught.value.problems
    assert problem.seen == "haenkaze"
    assert "floating_farm" in problem.accepted
