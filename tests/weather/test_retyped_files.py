"""Files as people cut, retype and mix them up: the right values, or one problem that names the cause."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from shipped import GOTO, ISLAND

from studies.weather_quality import quality_reports
from twin.core.errors import InputError
from weather.climate import read_climates
from weather.quality.report import FileQuality, examine, quality_text
from weather.quality.sun_clock import daylight_offset_hours
from weather.readers.formats import read_own_steps
from weather.readers.reading import WeatherFile
from weather.sun import sun_over

FUKUE = read_climates(GOTO)["fukue"]
DAYS = pd.date_range("2022-04-01", periods=24 * 20, freq="h", tz="Asia/Tokyo")
GHI = np.round(0.9 * sun_over(DAYS, FUKUE.place).clear_sky, 1)


def table(path: Path, style: str, delimiter: str = ",", decimal: str = ".", days: int = 20) -> WeatherFile:
    frame = pd.DataFrame({"time": DAYS.strftime(style), "ghi": GHI}).iloc[: 24 * days]
    frame.to_csv(path, index=False, sep=delimiter, decimal=decimal)
    return WeatherFile(path, "csv", timezone="Asia/Tokyo")


def told(quality: FileQuality) -> dict[str, str]:
    return {problem.what: problem.seen for problem in quality.problems}


@pytest.mark.parametrize("style", ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d %m %Y %H:%M"])
def test_a_day_above_12_tells_day_from_month(tmp_path: Path, style: str):
    reading = read_own_steps(table(tmp_path / "sky.csv", style), FUKUE.place)
    assert list(reading.means.index) == list(DAYS)


def test_without_a_day_above_12_nobody_knows(tmp_path: Path):
    with pytest.raises(InputError, match="time cannot be read"):
        read_own_steps(table(tmp_path / "sky.csv", "%d/%m/%Y %H:%M", days=12), FUKUE.place)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_decimal_commas_between_other_delimiters(tmp_path: Path, delimiter: str):
    reading = read_own_steps(table(tmp_path / "sky.csv", "%Y-%m-%d %H:%M", delimiter, ","), FUKUE.place)
    assert reading.means["ghi"].to_numpy() == pytest.approx(GHI)


@pytest.mark.parametrize(("hours", "days"), [(-9, 3), (-6, 3), (4, 2), (9, 3), (12, 2)])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Europe/London"])
def test_a_clock_hours_off_is_seen_in_a_few_days_wherever_midnight_is(hours: int, days: int, zone: str):
    index = DAYS.tz_convert(zone)
    index = index[int(np.argmax(index.hour == 0)) :][: 24 * days]
    sun, late = (sun_over(start, FUKUE.place) for start in (index, index - pd.Timedelta(hours=hours)))
    found = daylight_offset_hours(late.clear_sky, sun, index)
    assert (found - hours + 12) % 24 - 12 == pytest.approx(0.0, abs=1.0)
    assert daylight_offset_hours(sun.clear_sky, sun, index) == 0.0


def epw(path: Path, years: list[int], first_hour: int = 1) -> WeatherFile:
    index = pd.date_range("2024-01-01", "2025-01-01", freq="h", inclusive="left", tz="Asia/Tokyo")
    lines = ["LOCATION,Fukue,Nagasaki,JPN,own,478430,32.693,128.827,9.0,25.0"] + ["HEADER"] * 6
    lines.append("DATA PERIODS,1,1,Data,Sunday,1/1,12/31")
    for time in index:
        cells = [str(years[time.month % len(years)]), str(time.month), str(time.day), str(time.hour + first_hour), "0"]
        lines.append(",".join([*cells, "?", "15.0", *["0"] * 6, "0", "0", "0", *["0"] * 19]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return WeatherFile(path, "epw")


def test_an_epw_says_which_hours_and_days_it_cannot_have(tmp_path: Path):
    from_zero = told(examine(epw(tmp_path / "zero.epw", [2024], 0), FUKUE))
    assert "line 9: '2024,1,1,0'" in from_zero["hours do not count from 1 to 24"]
    no_leap_year = told(examine(epw(tmp_path / "leap.epw", [2023]), FUKUE))
    assert "(24 in all)" in no_leap_year["days that the year does not have"]


def pvgis(path: Path, slope: object) -> WeatherFile:
    hours = [
        {"time": f"{time:%Y%m%d:%H%M}", "G(i)": 0.0, "H_sun": 0.0, "T2m": 16.0, "WS10m": 4.0, "Int": 0.0}
        for time in DAYS.tz_convert("UTC")
    ]
    inputs = {"mounting_system": {"fixed": {"slope": {"value": slope}, "azimuth": {"value": 0}}}}
    path.write_text(
        json.dumps({"inputs": inputs, "outputs": {"hourly": hours}, "meta": {"inputs": {}}}), encoding="utf-8"
    )
    return WeatherFile(path, "pvgis_hourly")


@pytest.mark.parametrize(("slope", "seen"), [(None, "slope is not stated"), (35, "slope 35.0 degrees")])
def test_a_plane_of_unknown_slope_is_not_taken_for_horizontal(tmp_path: Path, slope: object, seen: str):
    assert seen in told(examine(pvgis(tmp_path / "pvgis.json", slope), FUKUE))["plane is not horizontal"]


JMA = """head

,福江,福江,福江
年月日時,気温(℃),気温(℃),気温(℃)
,,,
,,品質情報,均質番号
"""


def jma(path: Path, style: str, delimiter: str = ",") -> WeatherFile:
    rows = [f"{time.strftime(style)},15.0,8,1" for time in DAYS[1:73]]
    path.write_text((JMA + "\n".join(rows) + "\n").replace(",", delimiter), encoding="cp932")
    return WeatherFile(path, "jma")


def test_jma_pasted_with_tabs_is_read_and_another_order_of_the_date_is_named(tmp_path: Path):
    tabs = read_own_steps(jma(tmp_path / "tabs.csv", "%Y/%m/%d %H:%M", "\t"), FUKUE.place)
    assert len(tabs.instants) == 72
    other = told(examine(jma(tmp_path / "us.csv", "%m/%d/%Y %H:%M"), FUKUE))
    assert "line 7: '04/01/2022 01:00'" in other["time cannot be read"]


def test_a_typical_year_that_was_cut_off_has_a_gap(tmp_path: Path):
    index = pd.date_range("2022-01-01", periods=5000, freq="h", tz="UTC")
    rows = [f"{time:%Y%m%d:%H%M},16.0,80,0.0,0.0,0.0,300,4.0,180,100000" for time in index]
    months = [f"{month},2022" for month in range(1, 13)]
    head = ["Latitude (decimal degrees): 32.693", "Longitude (decimal degrees): 128.827", "Elevation (m): 25"]
    names = "time(UTC),T2m,RH,G(h),Gb(n),Gd(h),IR(h),WS10m,WD10m,SP"
    path = tmp_path / "tmy.csv"
    path.write_text("\n".join([*head, "month,year", *months, names, *rows]) + "\n", encoding="utf-8")
    quality = examine(WeatherFile(path, "pvgis_tmy"), FUKUE)
    assert "NaT" not in quality_text(quality)
    assert "gap" in told(quality)


def test_a_few_days_have_no_yearly_irradiation(tmp_path: Path):
    quality = examine(table(tmp_path / "sky.csv", "%Y-%m-%d %H:%M", days=3), FUKUE)
    assert "the same in a year" not in quality_text(quality)
    assert "global irradiation of the period" in quality_text(quality)


def test_a_file_of_the_area_is_called_what_it_is(tmp_path: Path):
    path = tmp_path / "spot_summary_2023.csv"
    path.write_text("受渡日,時刻コード,エリアプライス九州(円/kWh)\n2023/04/01,1,5.84\n", encoding="cp932")
    text, is_sound = quality_reports(ISLAND, [WeatherFile(path, "")])
    assert not is_sound
    assert "a measured series, no weather" in text
    assert "price of the area, 2023-04-01" in text
