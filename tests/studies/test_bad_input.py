"""Every bad input ends as a user sees it: status 2, plain words with place and remedy, earlier results untouched."""

import json
import sys
from pathlib import Path

import pandapower as pp
import pytest
from shipped import GOTO as TABLES
from shipped import ISLAND

from studies import cli
from studies.study.file.checks import needed_places
from studies.study.file.reading import read_study
from studies.study.file.schema import Grid
from twin.core.errors import InputError
from weather.synthetic.year import synthetic_year

STUDY = """\
schema_version = 1
name = "bad"
title_en = "Bad input"

[period]
fiscal_year = 2022

[grid]
year = 2030

[operation]
area_balance = false
"""
GOTO = "[grid]\nyear = 2030\n"
GUEST = """\
[grid]
model = "guest.json"
roles.link = ["circuit 1", "circuit 2"]
roles.curtailable = ["park"]
"""
SKY = """
[weather]
source = "files"

[[weather.files.fukue]]
path = "sky.csv"
format = "csv"
wind_height_m = 60
"""


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """Run a bad study; return what is told, after checking that nothing else was changed or left behind."""

    def run(text, *options, earlier=True):
        study, out = tmp_path / "study.toml", tmp_path / "out"
        study.write_bytes(text if isinstance(text, bytes) else text.encode())
        if earlier:
            out.mkdir()
            (out / "study.json").write_text('{"members": []}')
        before = contents(tmp_path)
        monkeypatch.setattr(sys, "argv", ["goto-twin", "run", str(study), "--out", str(out), "--jobs", "1", *options])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        told = capsys.readouterr()
        assert caught.value.code == 2
        assert "earlier results are untouched" in told.err
        assert "Traceback" not in told.err
        assert told.out == ""
        assert contents(tmp_path) == before
        return told.err

    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in sorted(folder.rglob("*"))}


@pytest.fixture(scope="module")
def sky():
    """A whole, sound year of Fukue as a plain CSV."""
    return synthetic_year(TABLES, 2022, 0, seed=3).values["fukue"].round(3).rename_axis("time")


@pytest.fixture
def guest_folder(tmp_path, sky):
    write_guest(tmp_path)
    sky.to_csv(tmp_path / "sky.csv")
    return tmp_path


def write_guest(folder, lost_rock=False, bus_of_village="village"):
    net = pp.create_empty_network(f_hz=60.0)
    mainland, port, village = (pp.create_bus(net, 66.0, name=name) for name in ("mainland", "port", bus_of_village))
    pp.create_ext_grid(net, mainland)
    data = {"r_ohm_per_km": 0.1, "x_ohm_per_km": 0.14, "c_nf_per_km": 240.0, "max_i_ka": 0.5}
    for number in (1, 2):
        pp.create_line_from_parameters(net, port, mainland, 50.0, name=f"circuit {number}", **data)
    pp.create_line_from_parameters(net, port, village, 5.0, name="spur", **data)
    pp.create_load(net, village, 10.0, 2.0, name="homes")
    pp.create_sgen(net, port, 20.0, 0.0, name="park", type="PV")
    if lost_rock:
        pp.create_bus(net, 66.0, name="lost rock")
    pp.to_json(net, str(folder / "guest.json"))


def with_fleet(line):
    return f"{STUDY}\n[fleet]\n{line}\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(STUDY + "reserve = 3\n", ["unknown key operation.reserve", "line 13"], id="unknown key"),
        pytest.param(with_fleet("battery.battery_mwh = 0.02"), ["battery_kwh and convert"], id="wrong unit in a name"),
        pytest.param(with_fleet('battery.battery_kwh = "20 kWh"'), ["must be a number"], id="unit in a value"),
        pytest.param(with_fleet("battery.battery_kwh = -20"), ["found: -20", "above 0"], id="negative battery"),
        pytest.param(
            with_fleet("battery.round_trip_efficiency = 1.2"), ["found: 1.2", "at most 1"], id="efficiency above 1"
        ),
        pytest.param(with_fleet("demand_factor = inf"), ["demand_factor"], id="infinite value"),
        pytest.param(
            f"{STUDY}\n[scenario.a]\nweather.weather_year = 2\n",
            ["scenario.a: weather.weather_year cannot differ", "line 15", "second study file"],
            id="scenario overrides weather",
        ),
        pytest.param(
            f"{STUDY}\n[sweep]\nweather.source = ['synthetic']\n", ["weather.source cannot differ"], id="weather swept"
        ),
        pytest.param(
            STUDY.replace(GOTO, GUEST), ["network file does not exist", "guest.json"], id="missing network file"
        ),
        pytest.param(STUDY + SKY, ["weather file does not exist", "sky.csv", "naru has no"], id="missing weather file"),
        pytest.param(
            STUDY + SKY.replace("files.fukue", "files.fukuee"), ["no weather place", "did you mean fukue"],
            id="unknown weather place",
        ),
        pytest.param(
            STUDY + '\n[weather]\nsource = "measured"\n', ["needs a data folder", "--data"], id="measured without data"
        ),
        pytest.param(STUDY.replace("Bad input", "五島").encode("cp932"), ["CP932", "line 3"], id="study in cp932"),
        pytest.param(STUDY.replace(GOTO, "[grid]\nyear = 1700\n"), ["found: 1700", "at least 1990"], id="year"),
    ],
)  # fmt: skip
def test_bad_study_files(refused, text, words):
    told = refused(text)
    for word in words:
        assert word in told


def test_a_date_outside_the_data(refused, tmp_path):
    assert "365:366" in refused(STUDY, "--days", "365:366")
    data = tmp_path / "data"
    data.mkdir()
    (data / "area.csv").write_text("datetime_start_JST,demand_MWh\n2016-04-01 00:00,1\n2019-03-31 23:00,1\n")
    (data / "price.csv").write_text("date,slot,kyushu_price_jpy_per_kwh\n2016-04-01,1,1\n2019-03-31,48,1\n")
    measured = STUDY + '\n[weather]\nsource = "measured"\n'
    told = refused(measured, "--data", str(tmp_path / "data"), earlier=False)
    assert "the fiscal year lies outside the measured data" in told
    assert "2016-04-01 to 2019-03-31" in told


def test_all_problems_of_the_file_and_the_command_line_at_once(refused, tmp_path):
    text = with_fleet("battery.battery_kwh = -20\nbattery.round_trip_efficiency = 95\nnew_pw = true") + SKY
    told = refused(text, "--data", str(tmp_path / "nowhere"), "--days", "9:8")
    for word in ("-20", "95", "new_pw", "sky.csv", "nowhere", "9:8"):
        assert word in told
    assert told.startswith("10 problems found")


def test_a_bus_that_does_not_exist(refused, guest_folder):
    text = STUDY.replace(GOTO, GUEST + 'roles.site_buses = ["vilage"]\nroles.headroom_bus = "harbour"\n')
    told = refused(text)
    assert "grid.roles.site_buses: there is no such bus" in told
    assert "village" in told
    assert "grid.roles.headroom_bus: there is no such bus" in told


@pytest.mark.parametrize(("roles", "words"), [
    ('roles.link = ["circit"]', ["grid.roles.link: there is no such line or trafo", "circit"]),
    ('roles.link = ["line:0", "line:0"]', ["grid.roles.link: the element is named twice"]),
    ('roles.link = 3\nroles.plant_kinds = {a = "b"}', ["must be a list", '"pv", "wind", "tidal", "steady"']),
])  # fmt: skip
def test_roles_are_checked_when_the_study_is_read(guest_folder, roles, words):
    text = STUDY.replace(
        GOTO, "\n".join(line for line in GUEST.splitlines() if "roles.link" not in line) + f"\n{roles}\n"
    )
    (guest_folder / "study.toml").write_text(text)
    with pytest.raises(InputError) as caught:
        read_study(guest_folder / "study.toml")
    told = str(caught.value)
    for word in words:
        assert word in told
    assert "<class" not in told


def test_a_network_with_two_islands_and_weather_with_a_gap_are_told_together(refused, guest_folder, sky):
    write_guest(guest_folder, lost_rock=True)
    sky.drop(sky.index[5000:5003]).to_csv(guest_folder / "sky.csv")
    told = refused(STUDY.replace(GOTO, GUEST) + SKY)
    assert "lost rock" in told
    assert "gap" in told
    assert str(sky.index[5000])[:16] in told


@pytest.mark.parametrize(
    ("column", "time", "value", "words"),
    [
        ("temp_air", "2022-08-01 12:00", "", ["temp_air"]),
        ("temp_air", "2022-08-01 12:00", "NaN", ["temp_air"]),
        ("ghi", "2022-08-01 23:30", 50.0, ["irradiance at night", "ghi", "2022-08-01 23:30"]),
        ("wind_speed", "2022-08-01 12:00", -5.0, ["wind_speed", "2022-08-01 12:00"]),
    ],
    ids=["empty cell", "NaN", "irradiance at night", "negative wind"],
)
def test_bad_weather_values(refused, guest_folder, sky, column, time, value, words):
    changed = sky.astype(object)
    changed.loc[time, column] = value
    changed.to_csv(guest_folder / "sky.csv")
    told = refused(STUDY.replace(GOTO, GUEST) + SKY)
    for word in ("sky.csv", *words):
        assert word in told


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("時刻,ghi,備考\n2022-04-01T00:00+09:00,0,晴\n".encode("cp932"), ["no column 'time'", "時刻,ghi,備考"]),
        ("time,ghi\n".encode("utf-16"), ["UTF-16", "save the file as UTF-8"]),
        (b"", ["sky.csv"]),
        (b'time,ghi\n"2022-04-01T00:00+09:00,0\n1,2,3,4\n', ["sky.csv"]),
        (b"PK\x03\x04\x00\x00\xff\xfe\x00", ["sky.csv"]),
    ],
    ids=["cp932", "utf-16", "empty", "no table", "spreadsheet"],
)
def test_a_weather_csv_that_is_no_utf8_table(refused, guest_folder, content, words):
    (guest_folder / "sky.csv").write_bytes(content)
    told = refused(STUDY.replace(GOTO, GUEST) + SKY)
    for word in ("sky.csv", *words):
        assert word in told


def test_a_time_zone_that_does_not_exist(refused, guest_folder, sky):
    sky.tz_localize(None).to_csv(guest_folder / "sky.csv")
    told = refused(STUDY.replace(GOTO, GUEST) + SKY + 'timezone = "Asia/Tokio"\n')
    assert "Asia/Tokio" in told


def test_small_sites_on_a_guest_network_without_site_buses(refused, guest_folder):
    told = refused(STUDY.replace(GOTO, GUEST) + "\n[scenario.a]\nfleet.new_pv = true\n")
    assert "no small sites" in told
    assert "name site_buses in [grid.roles]" in told


def test_wrong_names_for_plants_of_a_guest_network(refused, guest_folder):
    told = refused(STUDY.replace(GOTO, GUEST + 'roles.pv_fleet = "groud"\n'))
    assert "groud" in told
    told = refused(STUDY.replace(GOTO, GUEST + 'roles.place = "tokyo"\n'), earlier=False)
    assert "no weather place" in told


def test_measured_tables_in_the_wrong_encoding_and_with_a_gap(refused, tmp_path):
    folder = tmp_path / "data"
    area = folder / "kyushu_area" / "kyushu_area_supply_demand_hourly_x.csv"
    price = folder / "jepx" / "jepx_kyushu_spot_halfhourly_x.csv"
    for path in (area, price):
        path.parent.mkdir(parents=True)
    area.write_bytes(b"datetime_start_JST,demand_MWh\n2022-04-01 00:00,9000\n2023-03-31 23:00,\x81\n")
    price.write_text("date,slot,kyushu_price_jpy_per_kwh\n2022-04-01,1,8.0\n2023-03-31,48,8.0\n")
    told = refused(STUDY.replace(GOTO, GUEST) + '\n[weather]\nsource = "measured"\n', "--data", str(folder))
    assert "network file does not exist" in told
    write_guest(tmp_path)
    told = refused(
        STUDY.replace(GOTO, GUEST) + '\n[weather]\nsource = "measured"\n', "--data", str(folder), earlier=False
    )
    assert "wrong text encoding" in told
    assert "line 3: byte 0x81" in told
    assert "17518 missing, the first 2022-04-01 00:30" in told


def test_a_results_folder_that_is_not_ours(refused, tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    told = refused(STUDY, "--out", str(tmp_path), earlier=False)
    assert "is not replaced" in told
    told = refused(STUDY, "--out", str(tmp_path / "mine.txt" / "below"), earlier=False)
    assert "is a file" in told


def test_every_place_of_goto_needs_weather():
    assert len(needed_places(Grid(year=2030), ISLAND)) == 5


def test_the_guest_of_these_tests_is_sound(guest_folder):
    from network_models.guest import guest

    roles = {"link": ["circuit 1", "circuit 2"], "curtailable": ["park"]}
    assert list(guest(guest_folder / "guest.json", roles).plants.index) == ["park"]
    assert json.loads((guest_folder / "guest.json").read_text())
