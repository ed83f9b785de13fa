"""Every format through the same chain: real files where there are any, else files written as their publishers do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from real_data import DATA, needs
from shipped import GOTO

from twin.core.clock import Clock, fiscal_year
from twin.core.errors import InputError
from twin.core.weather_table import Place
from weather.climate import read_climates
from weather.conversion import wind_at_height
from weather.quality.checks import frame_problems
from weather.readers.formats import FORMATS, read
from weather.readers.reading import WeatherFile
from weather.sources import PlaceSource, from_files
from weather.sun import sun_over
from weather.synthetic.year import synthetic_year

YAKUSHIMA_FILE = DATA / "weather" / "yakushima_standard_year_hourly.csv"
MIYAZAKI_FILE = DATA / "weather" / "miyazaki_standard_year.has"
needs_data = needs(YAKUSHIMA_FILE)

YAKUSHIMA = Place("yakushima", 30.38, 130.66, 36.0, 10.0, 0.1)
MIYAZAKI = Place("miyazaki", 31.94, 131.41, 9.0, 10.0, 0.1)
FUKUE = read_climates(GOTO)["fukue"].place
YEAR = fiscal_year(2022)
HOURS = fiscal_year(2022, 60)
AROUND = pd.date_range("2022-03-31", "2023-04-02", freq="h", inclusive="left", tz="Asia/Tokyo")


@pytest.fixture(scope="module")
def hourly() -> pd.DataFrame:
    climates = {"fukue": read_climates(GOTO)["fukue"]}
    return synthetic_year(GOTO, 2022, 1, seed=1, clock=Clock(step_minutes=60), climates=climates).values["fukue"]


def problems(file: WeatherFile, place: Place = FUKUE) -> str:
    with pytest.raises(InputError) as caught:
        read(file, place, 2022)
    return str(caught.value)


@needs_data
def test_expanded_amedas_on_the_fiscal_year():
    frame = read(WeatherFile(YAKUSHIMA_FILE, "expanded_amedas"), YAKUSHIMA, 2022)
    assert frame.index.equals(YEAR)
    assert frame["ghi"].sum() / 2000 == pytest.approx(1241, rel=0.002)
    assert frame["dhi"].sum() / 2000 == pytest.approx(0.265042 * 8760 / 3.6, rel=0.005)
    first_of_january = frame.loc["2023-01-01", "temp_air"]
    assert first_of_january.loc["2023-01-01 00:45":"2023-01-01 01:15"].to_list() == pytest.approx([12.4], abs=0.01)
    assert frame_problems(frame.assign(wind_speed=3.0), YAKUSHIMA, YEAR, "yakushima") == []


@needs_data
def test_rows_of_expanded_amedas_stand_at_the_stated_hour():
    altitude = pd.read_csv(YAKUSHIMA_FILE, encoding="cp932", skiprows=2, header=None).dropna(how="all")[3].to_numpy()
    instants = pd.date_range("2023-01-01 01:00", periods=8760, freq="h", tz="Asia/Tokyo")
    sun = sun_over(instants - pd.Timedelta(minutes=30), YAKUSHIMA)
    up = altitude > 0
    assert np.abs(altitude - (90 - sun.zenith))[up].mean() < 0.1


@needs_data
def test_hasp_has_wind_and_passes_the_checks():
    frame = read(WeatherFile(MIYAZAKI_FILE, "hasp", wind_height_m=10.0), MIYAZAKI, 2022)
    assert frame["wind_speed"].mean() == pytest.approx(2.398, abs=0.01)
    assert frame["temp_air"].mean() == pytest.approx(17.418, abs=0.01)
    assert frame_problems(frame, MIYAZAKI, YEAR, "miyazaki") == []


@needs_data
def test_real_year_shifted_by_an_hour_is_found():
    frame = read(WeatherFile(MIYAZAKI_FILE, "hasp", wind_height_m=10.0), MIYAZAKI, 2022)
    late = frame.assign(**{name: np.roll(frame[name], 2) for name in ("ghi", "dni", "dhi")})
    assert "+1.0 h off" in "\n".join(map(str, frame_problems(late, MIYAZAKI, YEAR, "miyazaki")))


@needs_data
def test_places_from_files_and_same_as():
    sky = WeatherFile(YAKUSHIMA_FILE, "expanded_amedas")
    wind = WeatherFile(MIYAZAKI_FILE, "hasp", ("wind_speed",), wind_height_m=10.0)
    places = {"yakushima": YAKUSHIMA, "kuchinoerabu": Place("kuchinoerabu", 30.44, 130.22, 20.0, 10.0, 0.1)}
    sources = {"yakushima": PlaceSource((sky, wind)), "kuchinoerabu": PlaceSource(same_as="yakushima")}
    table = from_files(places, sources, 2022)
    pd.testing.assert_frame_equal(table.values["yakushima"], table.values["kuchinoerabu"])
    with pytest.raises(InputError) as caught:
        from_files(places, {"yakushima": PlaceSource((sky,)), "uji": PlaceSource()}, 2022)
    assert "place kuchinoerabu: place without weather" in str(caught.value)
    assert "place uji: unknown place" in str(caught.value)


def write_plain(path: Path, frame: pd.DataFrame, offset: bool = True) -> WeatherFile:
    times = frame.index if offset else frame.index.tz_localize(None)
    frame.set_axis(times.map(lambda time: time.isoformat())).to_csv(path, index_label="time")
    return WeatherFile(path, "csv", timezone="" if offset else "Asia/Tokyo", wind_height_m=FUKUE.wind_height_m)


@pytest.mark.parametrize("offset", [True, False])
def test_plain_csv_keeps_the_energy_of_each_hour(tmp_path: Path, hourly: pd.DataFrame, offset: bool):
    file = write_plain(tmp_path / "sky.csv", hourly[["ghi", "temp_air", "wind_speed"]], offset)
    frame = read(file, FUKUE, 2022)
    assert frame.index.equals(YEAR)
    halves = frame["ghi"].to_numpy().reshape(-1, 2)
    assert halves.mean(axis=1) == pytest.approx(hourly["ghi"].to_numpy(), abs=1e-9)
    assert frame["temp_air"].mean() == pytest.approx(hourly["temp_air"].mean(), abs=0.01)
    assert frame["wind_speed"].mean() == pytest.approx(hourly["wind_speed"].mean(), rel=0.01)
    assert frame_problems(frame, FUKUE, YEAR, "sky") == []


def test_ten_minute_values_are_averaged(tmp_path: Path):
    index = fiscal_year(2022, 10)
    sun = sun_over(index, FUKUE)
    frame = read(write_plain(tmp_path / "sky.csv", pd.DataFrame({"ghi": sun.clear_sky}, index)), FUKUE, 2022)
    assert frame["ghi"].to_numpy() == pytest.approx(sun.clear_sky.reshape(-1, 3).mean(axis=1), abs=1e-9)


def test_half_hours_of_a_clear_hour_have_its_shape(tmp_path: Path):
    clear = sun_over(YEAR, FUKUE).clear_sky
    hours = pd.DataFrame({"ghi": clear.reshape(-1, 2).mean(axis=1)}, HOURS)
    frame = read(write_plain(tmp_path / "sky.csv", hours), FUKUE, 2022)
    assert np.abs(frame["ghi"].to_numpy() - clear).max() < 1.0


def test_beam_and_diffuse_give_global(tmp_path: Path, hourly: pd.DataFrame):
    frame = read(write_plain(tmp_path / "sky.csv", hourly[["dni", "dhi"]]), FUKUE, 2022)
    assert frame["ghi"].sum() / 2 == pytest.approx(hourly["ghi"].sum(), rel=0.01)


def test_logarithmic_wind_profile_by_hand():
    place = Place("mast", 32.7, 128.8, 0.0, 60.0, 0.1)
    assert wind_at_height(pd.Series([5.0]), 10.0, place)[0] == pytest.approx(5.0 * 6.39693 / 4.60517)


def test_jma_hourly_with_quality(tmp_path: Path, hourly: pd.DataFrame):
    path = tmp_path / "jma.csv"
    path.write_bytes(jma_text(hourly).encode("cp932"))
    file = WeatherFile(path, "jma", wind_height_m=10.0)
    frame = read(file, FUKUE, 2022)
    hours = frame["ghi"].to_numpy().reshape(-1, 2).mean(axis=1)
    assert hours == pytest.approx(hourly["ghi"].to_numpy(), abs=0.005 / 0.0036)
    noon = frame.loc["2022-07-01 11:45":"2022-07-01 12:15", "temp_air"]
    assert noon.mean() == pytest.approx(hourly.loc["2022-07-01 11:00", "temp_air"], abs=0.5)
    path.write_bytes(jma_text(hourly, poor="2022/7/1 12:00:00").encode("cp932"))
    assert "first 2022-07-01 11:00" in problems(file)
    path.write_bytes(jma_text(hourly).replace("2022/7/1 12:00:00,", "2022/7/1 12:00:00,x").encode("cp932"))
    assert "text where a number belongs" in problems(file)
    path.write_bytes(jma_text(hourly).replace(",福江,福江,福江\n", ",福江,福江,有川\n").encode("cp932"))
    assert "which station?" in problems(file)
    assert "height of the wind speed unknown" in problems(WeatherFile(path, "jma", station="福江"))


def jma_text(hourly: pd.DataFrame, poor: str = "") -> str:
    lines = ["ダウンロードした時刻：2024/05/01 12:00:00", "", "," + ",".join(["福江"] * 11)]
    lines.append("年月日時," + ",".join(["気温(℃)"] * 3 + ["風速(m/s)"] * 5 + ["日射量(MJ/㎡)"] * 3))
    lines.append(",,,,,,風向,風向,,,,")
    lines.append(",,品質情報,均質番号,,品質情報,,品質情報,均質番号,,品質情報,均質番号")
    for end, row in zip(hourly.index + pd.Timedelta(hours=1), hourly.itertuples(), strict=True):
        time = f"{end.year}/{end.month}/{end.day} {end.hour}:00:00"
        flag = 1 if time == poor else 8
        lines.append(f"{time},{row.temp_air:.1f},8,1,{row.wind_speed:.1f},8,北,8,1,{row.ghi * 0.0036:.2f},{flag},1")
    return "\n".join(lines) + "\n"


def test_epw(tmp_path: Path, hourly: pd.DataFrame):
    path = tmp_path / "fukue.epw"
    path.write_text(epw_text(hourly), encoding="utf-8")
    frame = read(WeatherFile(path, "epw"), FUKUE, 2022)
    hours = frame["ghi"].to_numpy().reshape(-1, 2).mean(axis=1)
    assert hours == pytest.approx(hourly["ghi"].to_numpy(), abs=1.0)
    lift = np.log(600) / np.log(100)
    assert frame["wind_speed"].mean() == pytest.approx(hourly["wind_speed"].mean() * lift, rel=0.01)
    path.write_text("not an EPW\n", encoding="utf-8")
    assert "not an EPW file" in problems(WeatherFile(path, "epw"))


def epw_text(hourly: pd.DataFrame) -> str:
    lines = ["LOCATION,Fukue,Nagasaki,JPN,test,478430,32.69,128.83,9.0,25.0"] + ["HEADER"] * 7
    for time, row in zip(hourly.index, hourly.itertuples(), strict=True):
        cells = [time.year, time.month, time.day, time.hour + 1, 60, "?"] + [0.0] * 29
        cells[6], cells[13], cells[14], cells[15], cells[21] = (
            round(value, 1) for value in (row.temp_air, row.ghi, row.dni, row.dhi, row.wind_speed)
        )
        lines.append(",".join(map(str, cells)))
    return "\n".join(lines) + "\n"


def test_pvgis_tmy_csv_and_json(tmp_path: Path):
    year = pd.date_range("2022-01-01", periods=8760, freq="h", tz="UTC")
    offset = pd.Timedelta(hours=0.1761)
    ghi = sun_over((year + offset).round("10min") - pd.Timedelta(minutes=30), FUKUE).clear_sky
    rows = pd.DataFrame({"time(UTC)": year.strftime("%Y%m%d:%H%M"), "T2m": 20.0, "G(h)": ghi, "WS10m": 5.0})
    rows = rows.assign(**{"Gb(n)": 0.0, "Gd(h)": ghi})
    head = "Latitude (decimal degrees): 32.7\r\nLongitude (decimal degrees): 128.8\r\nElevation (m): 25\r\n"
    head += "Irradiance Time Offset (h): 0.1761\r\nmonth,year\r\n" + "".join(f"{m},2022\r\n" for m in range(1, 13))
    csv_path, json_path = tmp_path / "tmy.csv", tmp_path / "tmy.json"
    csv_path.write_bytes((head + rows.to_csv(index=False, lineterminator="\r\n")).encode())
    meta = {"meta": {"inputs": {}}, "inputs": {"location": {"irradiance_time_offset": 0.1761}}}
    outputs = {"months_selected": [], "tmy_hourly": rows.to_dict("records")}
    json_path.write_text(json.dumps(meta | {"outputs": outputs}), encoding="utf-8")
    from_csv, from_json = (read(WeatherFile(path, "pvgis_tmy"), FUKUE, 2022) for path in (csv_path, json_path))
    pd.testing.assert_frame_equal(from_csv, from_json)
    assert from_csv["ghi"].sum() == pytest.approx(sun_over(YEAR, FUKUE).clear_sky.sum(), rel=0.002)
    assert frame_problems(from_csv, FUKUE, YEAR, "tmy") == []


def test_pvgis_hourly_must_be_horizontal(tmp_path: Path):
    times = AROUND.tz_convert("UTC") + pd.Timedelta(minutes=10)
    ghi = sun_over(times - pd.Timedelta(minutes=30), FUKUE).clear_sky
    columns = {"time": times.strftime("%Y%m%d:%H%M"), "G(i)": ghi, "H_sun": 0, "T2m": 20.0, "WS10m": 5.0, "Int": 0}
    head = "Latitude (decimal degrees): 32.7\nLongitude (decimal degrees): 128.8\nElevation (m): 25\n"
    head += "Radiation database: PVGIS-SARAH3\n\nSlope: {slope} deg.\nAzimuth: 0 deg.\n"
    table = pd.DataFrame(columns).to_csv(index=False)
    flat, tilted = tmp_path / "flat.csv", tmp_path / "tilted.csv"
    flat.write_text(head.format(slope=0) + table, encoding="utf-8")
    tilted.write_text(head.format(slope=30) + table, encoding="utf-8")
    frame = read(WeatherFile(flat, "pvgis_hourly"), FUKUE, 2022)
    assert frame["ghi"].sum() == pytest.approx(sun_over(YEAR, FUKUE).clear_sky.sum(), rel=0.002)
    assert "plane is not horizontal" in problems(WeatherFile(tilted, "pvgis_hourly"))


def test_leap_day_repeats_the_day_before(tmp_path: Path, hourly: pd.DataFrame):
    file = write_plain(tmp_path / "sky.csv", hourly[["ghi", "temp_air", "wind_speed"]])
    frame = read(WeatherFile(file.path, "csv", wind_height_m=60.0, any_year=True), FUKUE, 2023)
    assert len(frame) == 366 * 48
    days = [frame.loc[f"2024-02-{day}", "ghi"].sum() for day in (28, 29)]
    assert days[0] == pytest.approx(days[1])


def test_foreign_year_and_gap_are_named(tmp_path: Path, hourly: pd.DataFrame):
    whole = hourly[["ghi", "temp_air"]]
    cut = write_plain(tmp_path / "cut.csv", whole.drop(whole.index[5000]))
    assert f"gap\n    found: 1 time: {whole.index[5000]}" in problems(cut)
    doubled = write_plain(tmp_path / "doubled.csv", pd.concat([whole[:9], whole[8:]]))
    assert "time occurs twice" in problems(doubled)
    with pytest.raises(InputError, match="gap"):
        read(write_plain(tmp_path / "whole.csv", whole), FUKUE, 2030)


@pytest.mark.parametrize(
    ("content", "timezone", "expected"),
    [
        ("time,ghi\n2022-04-01T00:00,0\n2022-04-01T00:30,0\n", "", "times without time zone"),
        ("time,ghi\n2022-10-30T02:30,0\n2022-10-30T03:30,0\n", "Europe/Berlin", "time cannot be read"),
        ("time,ghi\n2022-04-01T00:00+09:00,none\n2022-04-01T00:30+09:00,0\n", "", "line 2: 'none'"),
        ("time,ghi\n2022-04-01T00:00+09:00,0\nyesterday+09:00,0\n", "", "line 3: 'yesterday"),
        ("when,sunshine\n1,2\n3,4\n", "", "no column 'time'"),
    ],
)
def test_broken_plain_files(tmp_path: Path, content: str, timezone: str, expected: str):
    path = tmp_path / "sky.csv"
    path.write_text(content, encoding="utf-8")
    assert expected in problems(WeatherFile(path, "csv", timezone=timezone))


def test_byte_order_mark_and_cp932_are_read(tmp_path: Path, hourly: pd.DataFrame):
    path = tmp_path / "sky.csv"
    write_plain(path, hourly[["ghi"]])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read(WeatherFile(path, "csv"), FUKUE, 2022)["ghi"].max() > 500
    head, _, body = path.read_bytes()[3:].decode().partition("\n")
    path.write_bytes(f"{head},備考\n{body}".encode("cp932"))
    assert read(WeatherFile(path, "csv"), FUKUE, 2022)["ghi"].max() > 500


@pytest.mark.parametrize("name", [*FORMATS, "grib"])
def test_missing_files_and_unknown_formats(tmp_path: Path, name: str):
    found = problems(WeatherFile(tmp_path / "nothing.csv", name))
    assert ("unknown weather format" if name == "grib" else "file not found") in found


def test_broken_hasp_and_expanded_amedas(tmp_path: Path):
    path = tmp_path / "short.has"
    path.write_text(" 10" * 24 + " 0 1 102\n", encoding="ascii")
    assert "wrong number of lines" in problems(WeatherFile(path, "hasp"))
    assert "expected '1'" in problems(WeatherFile(path, "hasp"))
    path.write_text("somewhere\nno units\n1,2\n", encoding="utf-8")
    found = problems(WeatherFile(path, "expanded_amedas"))
    for words in ("wrong number of hours", "too few columns", "no unit in the header"):
        assert words in found
