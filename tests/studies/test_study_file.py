"""A study file gives all its problems at once, in plain words, with line and remedy."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from studies.study.file.explaining import findings, literal_choices
from studies.study.file.reading import read_study, shipped_studies
from studies.study.file.schema import Study, WeatherFile
from twin.core.errors import InputError

GOOD = """\
schema_version = 1
name = "small"
title_en = "Small"

[period]
fiscal_year = 2030

[grid]
year = 2030

[weather]
source = "synthetic"

[fleet]
battery.battery_kwh = 20

[operation]
area_level_percent = 6

[scenario.without]
fleet.new_pv = false

[scenario.with]
fleet.new_pv = true

[compare]
reference = "without"
"""
GRID = "[grid]\nyear = 2030\n"


def problems(tmp_path, text, data=None, days=None):
    path = tmp_path / "study.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as caught:
        read_study(path, data, days)
    return caught.value.problems


def only_problem(tmp_path, text, **options):
    found = problems(tmp_path, text, **options)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


def line_of(text, start):
    return next(number for number, line in enumerate(text.splitlines(), start=1) if line.startswith(start))


def test_the_good_file_is_accepted(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(GOOD)
    study = read_study(path)
    assert study.fleet.battery.battery_kwh == 20
    assert study.folder == tmp_path


@pytest.mark.parametrize(
    ("old", "new", "line", "what", "more"),
    [
        ('name = "small"', 'name = "small"\ntitle_jp = "x"', "title_jp", "unknown key title_jp", "title_ja"),
        ("[fleet]", "[fleeet]", "[fleeet]", "unknown key fleeet", "did you mean fleet?"),
        (GRID, GRID + "yaer = 2030\n", "yaer", "unknown key grid.yaer", "year"),
        ("battery.battery_kwh = 20", "battery.battery_mwh = 20", "battery.", "unknown key", "battery_kwh and convert"),
        ("battery.battery_kwh = 20", "battery.battery_kwh = -20", "battery.", "cannot have", "above 0"),
        ("battery.battery_kwh = 20", 'battery.battery_kwh = "20 kWh"', "battery.", "a number", "without quotes"),
        ("battery.battery_kwh = 20", "battery.battery_kwh = nan", "battery.", "cannot have", "above 0"),
        ("battery.battery_kwh = 20", "battery.round_trip_efficiency = 95", "battery.", "cannot have", "at most 1"),
        ("battery.battery_kwh = 20", "contract_mw.tomi_wind = 1", "contract_mw", "no plant tomi_wind", "tomie_wind"),
        ("battery.battery_kwh = 20", "new_pv = 1", "new_pv", "must be true or false", "planned small PV"),
        ("area_level_percent = 6", "area_level_percent = 600", "area_level", "cannot have", "at most 100"),
        ("area_level_percent = 6", 'policy = "holds_behind_meter"\narea_level_percent = 6', "policy", "unknown value",
         "did you mean hold_behind_meter?"),
        ("area_level_percent = 6", "", "[operation]", "area_level_percent", "area_balance = false"),
        ("fiscal_year = 2030", "fiscal_year = 2030\nstep_minutes = 7", "step_minutes", "unknown value", "20, 30, 60"),
        ("fiscal_year = 2030", "fiscal_year = 30", "fiscal_year", "cannot have", "at least 1990"),
        ("fiscal_year = 2030", "", "[period]", "period.fiscal_year is missing", "add fiscal_year"),
        ('source = "synthetic"', 'source = "files"', "[weather]", "needs [[weather.files.<place>]]", ""),
        ('source = "synthetic"', 'source = "measured"', "", "needs a data folder", "--data"),
        (GRID, '[grid]\nmodel = "case9"\n', "[grid]", "needs the table [grid.roles]", "link"),
        (GRID, GRID + 'roles.link = ["a"]\nroles.curtailable = []\n', "[grid]",
         "[grid.roles] belongs to guest networks", "remove"),
        (GRID, GRID + "conductor_mm2 = 310\n", "conductor", "no link conductor", "300"),
        (GRID, GRID + "parameters.svc_set_vm = 1.0\n", "parameters",
         "no network parameter svc_set_vm", "svc_set_vm_pu"),
        (GRID, GRID + "parameters.svc_set_vm_pu = 66\n", "parameters", "cannot have", "1.2"),
        ("fleet.new_pv = true", "weather.weather_year = 2", "weather.weather_year", "cannot differ", "once"),
        ("fleet.new_pv = true", "seed = 2", "seed", "cannot differ between members", "second study file"),
        ("fleet.new_pv = true", "fleet.new_pvs = true", "fleet.new_pvs", "unknown key fleet.new_pvs", "fleet.new_pv"),
        ("fleet.new_pv = true", 'fleet.batteries = "some"', "fleet.batteries", "unknown value", "existing"),
        ("fleet.new_pv = true", "fleet.battery.battery_kwh = -1", "fleet.battery", "scenario.with:", "above 0"),
        ("[scenario.with]", '[scenario."with space"]', '[scenario."with', "scenario.with space", "Scenarios by name"),
        ('reference = "without"', 'reference = "withot"', "reference", "does not exist", "did you mean without"),
        ("[compare]", '[sweep]\nseed = [1, 2]\n[compare]', "seed", "cannot differ between members", "second study"),
        ("[compare]", '[sweep]\ngrid.conductor_mm2 = 300\n[compare]', "grid.conductor", "must be a list", "300"),
        ("[compare]", '[sweep]\ngrid.conductor_mm2 = []\n[compare]', "grid.conductor", "must be a list", ""),
        ("[compare]", '[sweep]\ngrid.conductor_mm2 = [300, 300]\n[compare]', "grid.conductor", "value twice", ""),
        ("[compare]", '[sweep]\noperation.criterion = ["n-1", "n-2"]\n[compare]', "operation.crit", "unknown", "n-2"),
    ],
)  # fmt: skip
def test_one_problem_is_named_with_line_and_remedy(tmp_path, old, new, line, what, more):
    assert old in GOOD
    text = GOOD.replace(old, new)
    problem = only_problem(tmp_path, text)
    assert what in problem.what
    assert more in str(problem)
    if line not in ("", "[operation]"):
        expected = text.splitlines().index(next(row for row in text.splitlines() if row.startswith(line))) + 1
        assert problem.where.endswith(f"study.toml, line {expected}"), problem.where


def test_all_problems_come_at_once_in_the_order_of_the_file(tmp_path):
    text = GOOD.replace("new_pv = true", 'batteries = "some"').replace("battery_kwh = 20", "battery_kwh = -20")
    text = text.replace("fiscal_year = 2030", "fiscal_year = 30").replace('"without"', '"nobody"')
    found = problems(tmp_path, text, days=(3, 2))
    lines = [line_of(text, start) for start in ("fiscal_year", "battery.battery_kwh", "fleet.batteries", "reference")]
    assert [problem.where.rsplit(" ", 1)[-1] for problem in found[:-1]] == [str(line) for line in lines]
    assert found[-1].where == "--days"


def test_a_base_problem_is_not_repeated_for_each_scenario(tmp_path):
    problem = only_problem(tmp_path, GOOD.replace("battery.battery_kwh = 20", "battery.battery_kwh = -20"))
    assert "scenario" not in problem.what


def test_a_combination_that_is_wrong_only_together_is_found(tmp_path):
    text = GOOD.replace("area_level_percent = 6", "area_balance = false")
    text = text.replace("fleet.new_pv = true", "operation.area_balance = true")
    problem = only_problem(tmp_path, text)
    assert problem.where == "scenario with, base"
    assert "area_level_percent" in problem.what


@pytest.mark.parametrize(
    ("days", "good"), [((1, 365), True), ((365, 365), True), ((0, 3), False), ((2, 1), False), ((1, 366), False)]
)
def test_days_are_days_of_the_fiscal_year(tmp_path, days, good):
    path = tmp_path / "study.toml"
    path.write_text(GOOD)
    if good:
        assert read_study(path, days=days).name == "small"
    else:
        assert "not in the fiscal year" in only_problem(tmp_path, GOOD, days=days).what


def test_a_leap_fiscal_year_has_366_days(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(GOOD.replace("fiscal_year = 2030", "fiscal_year = 2031"))
    assert read_study(path, days=(366, 366)).period.fiscal_year == 2031


def test_missing_files_and_folders(tmp_path):
    text = GOOD.replace('"synthetic"', '"files"\nfiles.fukue = [{ path = "no.csv", format = "csv" }]')
    missing, *other_places = problems(tmp_path, text)
    assert "weather.files.fukue" in missing.where
    assert all("has no weather file" in problem.what for problem in other_places)
    assert (
        "no such folder"
        in problems(tmp_path, text, data=tmp_path / "nowhere")[0].what
        + problems(tmp_path, text, data=tmp_path / "nowhere")[-1].what
    )
    guest = GOOD.replace(
        "year = 2030\n\n[w",
        'model = "grid.json"\nroles.link = ["a"]\nroles.curtailable = ["b"]\nroles.site_buses = ["c"]\n\n[w',
    )
    assert "network file does not exist" in only_problem(tmp_path, guest).what
    with pytest.raises(InputError, match="no such file"):
        read_study(tmp_path / "nothing.toml")


@pytest.mark.parametrize(
    ("key", "value"), [("demand_response", "plan"), ("plant_batteries", "plan"), ("grid_batteries", "example")]
)
def test_devices_of_goto_in_another_network_are_told_when_the_study_is_read(tmp_path, key, value):
    guest = GOOD.replace(
        "year = 2030\n\n[w",
        'model = "create_cigre_network_mv_pv_wind"\nroles.link = ["a"]\nroles.curtailable = ["b"]\n'
        'roles.site_buses = ["c"]\n\n[w',
    )
    wanted = guest.replace("fleet.new_pv = true", f'fleet.{key} = "{value}"')
    assert wanted != guest
    told = f"fleet.{key}: these devices stand on an island only"
    (problem,) = [found for found in problems(tmp_path, wanted) if found.what == told]  # beside the unknown roles
    assert "study.toml, line" in problem.where


def test_a_year_outside_the_measured_data(tmp_path):
    (tmp_path / "area.csv").write_text("datetime_start_JST,demand_MWh\n2021-04-01 00:00,1\n2023-03-31 23:00,1\n")
    (tmp_path / "price.csv").write_text("date,slot,kyushu_price_jpy_per_kwh\n2021-04-01,1,1\n2023-03-31,48,1\n")
    measured = GOOD.replace('"synthetic"', '"measured"')
    found = problems(tmp_path, measured, data=tmp_path)
    assert {problem.what for problem in found} == {"the fiscal year lies outside the measured data"}
    assert "2021-04-01 to 2023-03-31" in found[0].accepted
    (tmp_path / "good.toml").write_text(measured.replace("fiscal_year = 2030", "fiscal_year = 2022"))
    assert read_study(tmp_path / "good.toml", tmp_path).weather.source == "measured"


def test_the_entry_of_a_list_of_files_is_named(tmp_path):
    text = (
        GOOD.replace('"synthetic"', '"files"')
        + """
[[weather.files.fukue]]
path = "a.csv"
format = "csv"
[[weather.files.fukue]]
path = "b.csv"
format = "epv"
[[weather.files.naru]]
path = "c.csv"
format = "csv"
wind_height = 10
"""
    )
    found = problems(tmp_path, text)
    assert [problem.where.rsplit(" ", 1)[-1] for problem in found] == [
        str(text.splitlines().index(line) + 1) for line in ('format = "epv"', "wind_height = 10")
    ]
    assert "did you mean metpv or epw?" in found[0].repair
    assert "wind_height_m" in found[1].repair


def test_the_weather_formats_are_those_that_have_a_reader():
    from weather.readers.formats import FORMATS

    assert set(literal_choices(WeatherFile.model_fields["format"])) == set(FORMATS)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (GOOD.replace("Small", "五島").encode("cp932"), "looks like CP932"),
        (GOOD.encode("utf-16"), "saved as UTF-16"),
        (GOOD.encode() + b"# \x81\xff\xff", "not a UTF-8 text"),
        (GOOD.replace("fiscal_year = 2030", "fiscal_year = 2030 MW").encode(), "not valid TOML"),
        (GOOD.encode() + b"[fleet]\n", "not valid TOML"),
    ],
)
def test_unreadable_files(tmp_path, content, what):
    problem = only_problem(tmp_path, content)
    assert what in problem.what
    assert problem.repair


def test_the_line_of_a_wrong_byte_is_named(tmp_path):
    text = GOOD.replace('title_en = "Small"', 'title_en = "Small"\ntitle_ja = "五島"')
    assert only_problem(tmp_path, text.encode("cp932")).where.endswith("line 4")


def test_a_file_saved_by_windows_is_read(tmp_path):
    path = tmp_path / "study.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert read_study(path).name == "small"


def test_every_field_is_described():
    schema = Study.model_json_schema()
    models = {"Study": schema, **schema["$defs"]}
    undescribed = [
        f"{model}.{name}"
        for model, content in models.items()
        for name, entry in content["properties"].items()
        if "description" not in entry and "description" not in models[entry.get("$ref", "/Study").rsplit("/", 1)[-1]]
    ]
    assert undescribed == []
    assert models["Operation"]["properties"]["flow_margin_mw"]["description"].endswith("in MW.")


@pytest.mark.parametrize("path", shipped_studies(), ids=lambda path: path.stem)
def test_shipped_studies_are_short_and_named_like_their_file(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 70
    assert findings(Study, tomllib.loads(text)) == []
    assert tomllib.loads(text)["name"] == path.stem


def test_a_study_is_checked_without_slow_imports(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(GOOD)
    code = (
        "import sys; from pathlib import Path; from studies.study.file.reading import read_study; import studies.cli\n"
        f"read_study(Path({str(path)!r}))\n"
        "print({'pandapower', 'pvlib', 'numba', 'pandas', 'scipy', 'matplotlib'} & set(sys.modules))"
    )
    root = Path(__file__).parents[2]
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert answer.stdout.strip() == "set()"
