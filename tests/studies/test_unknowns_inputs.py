"""``[inputs]`` of a study: names are checked, members differ in what they set and in nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studies.study.file.members import Member, label
from studies.study.file.reading import read_study
from studies.study.file.schema import Study
from studies.study.grids import member_grids
from studies.study.inputs import member_inputs, sources_of
from twin.core.dotted_keys import with_values
from twin.core.errors import InputError

GOTO_2030 = Path(__file__).parents[2] / "studies" / "goto_2030.toml"


def written(folder: Path, more: str, scenario: str = "") -> Path:
    """Write the default study with more sections; `scenario` goes into its first scenario."""
    text = GOTO_2030.read_text(encoding="utf-8")
    text = text.replace("fleet.new_pv = false\n", f"fleet.new_pv = false\n{scenario}\n", 1)
    (folder / "study.toml").write_text(f"{text}\n{more}\n", encoding="utf-8")
    return folder / "study.toml"


def problems(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_study(path)
    return str(caught.value)


def test_rows_may_hold_dots_and_slashes():
    settings = with_values({}, {"inputs.turbines.HTW2.0-80": 26.0, "inputs.turbines.E-82/2300": 24.0})
    assert settings == {"inputs": {"turbines": {"HTW2.0-80": 26.0, "E-82/2300": 24.0}}}


def test_the_folder_of_a_swept_row_is_one_folder():
    assert label({"inputs.turbines.E-82/2300": 24.0}) == "E-82-2300=24"
    assert label({"inputs.turbines.HTW2.0-80": 26.0}) == "HTW2.0-80=26"


def test_unknown_tables_and_rows_are_told_together_with_near_names(tmp_path):
    told = problems(written(tmp_path, "[inputs.forecast_error]\npv = 1.1\n[inputs.forecast_errors]\nwindd = 1.1"))
    assert "there is no input table forecast_error" in told
    assert "did you mean forecast_errors?" in told
    assert "the input table forecast_errors has no row windd" in told
    assert "did you mean wind?" in told


def test_a_number_with_a_key_of_its_own_names_that_key(tmp_path):
    assert "write fleet.contract_mw.planned_wind" in problems(written(tmp_path, "[inputs.plants]\nplanned_wind = 9"))


def test_a_table_without_range_column_cannot_be_set(tmp_path):
    assert "there is no input table price_hours" in problems(written(tmp_path, '[inputs.price_hours]\n"0" = 9.0'))


def test_text_is_refused(tmp_path):
    assert "must be a number" in problems(written(tmp_path, '[inputs.forecast_errors]\npv = "much"'))


@pytest.mark.parametrize("key", ["inputs.places.offshore", "inputs.process.wind_cloud", "inputs.site_kinds.new",
                                 "inputs.pv_orientations.reused_panel/20/180"])  # fmt: skip
def test_what_all_members_share_cannot_differ_between_them(tmp_path, key):
    *tables, row = key.split(".")
    told = problems(written(tmp_path, "", scenario=f'{".".join(tables)}."{row}" = 1.0'))
    assert f"{key} cannot differ between members" in told
    assert "[inputs." in told


def test_a_scenario_may_set_other_inputs(tmp_path):
    study = read_study(written(tmp_path, "", scenario="inputs.forecast_errors.wind = 1.2"))
    assert study.scenario["plan_without_new_pv"].overrides["inputs.forecast_errors.wind"] == 1.2


@pytest.fixture(scope="module")
def made():
    """Members: as it stands twice; another demand response; another wind offshore; a longer line."""
    study = read_study(GOTO_2030)
    plain = study.model_dump(mode="json", exclude_unset=True, exclude={"scenario", "sweep", "onset", "compare"})
    values = [{}, {}, {"inputs.forecast_errors.demand": 2.0}, {"inputs.places.offshore": 7.2},
              {"inputs.lines.fukue_sakiyama_1": 9.0}]  # fmt: skip
    members = [
        Member("a", str(k), {}, Study.model_validate(with_values(plain, v)), ("a", str(k)))
        for k, v in enumerate(values)
    ]
    grids = member_grids(members)
    sources = sources_of(members, None)
    return members, grids, sources, member_inputs(members[0].study, members, grids, sources)


@pytest.mark.slow
def test_equal_members_share_everything(made):
    _, grids, sources, inputs = made
    assert inputs.of_member[0] == inputs.of_member[1]
    assert sources[0] is sources[1] is sources[2]
    assert grids.of_member[:4] == (grids.of_member[0],) * 4


@pytest.mark.slow
def test_a_member_has_its_own_value_and_all_else_of_the_others(made):
    _, _, _, inputs = made
    (base, forecast), (changed, other) = inputs.series[inputs.of_member[0]], inputs.series[inputs.of_member[2]]
    assert changed.area_demand_mw is base.area_demand_mw
    assert np.array_equal(other.plant_available_mw, forecast.plant_available_mw)
    errors = [np.abs(f.area_demand_mw - base.area_demand_mw).mean() for f in (forecast, other)]
    assert errors[1] == pytest.approx(2.0 * errors[0], rel=0.02)


@pytest.mark.slow
def test_another_wind_makes_another_sky_and_leaves_the_sun(made):
    members, grids, sources, inputs = made
    means = [s.weather.values["offshore"]["wind_speed"].mean() for s in (sources[0], sources[3])]
    assert means[1] / means[0] == pytest.approx(7.2 / 7.5, rel=0.02)
    plants = grids.models[0].plants
    pv = (plants["kind"] == "pv").to_numpy()
    before, after = (inputs.series[inputs.of_member[k]][0].plant_available_mw for k in (0, 3))
    assert np.array_equal(before[:, pv], after[:, pv])
    assert "places" in members[3].study.inputs


@pytest.mark.slow
def test_a_network_table_moves_the_grid_and_not_the_profiles(made):
    _, grids, _, inputs = made
    lengths = [
        grids.models[grids.of_member[k]].net.line.set_index("name").length_km["Fukue - Sakiyama"] for k in (0, 4)
    ]
    assert lengths == [7.0, 9.0]
    base, changed = (inputs.series[inputs.of_member[k]][0] for k in (0, 4))
    assert changed.plant_available_mw is base.plant_available_mw
