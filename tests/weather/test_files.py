"""Weather files as people have them: standard years, labels, units of the wind, fine steps, parts, doubled times."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from shipped import GOTO
from typer.testing import CliRunner

from studies.cli import app
from twin.core.clock import fiscal_year
from twin.core.errors import InputError
from weather.climate import read_climates
from weather.conversion import instants_on, irradiance_on
from weather.quality.report import FileQuality, examine, quality_text
from weather.readers.formats import read, read_own_steps
from weather.readers.reading import WeatherFile
from weather.readers.recognition import format_of
from weather.sources import PlaceSource, from_files
from weather.sun import sun_over

CLIMATES = read_climates(GOTO)
FUKUE = CLIMATES["fukue"]
PLACE = FUKUE.place
HOURS = fiscal_year(2022, 60)
CLEAR = 0.9 * sun_over(HOURS, PLACE).clear_sky
TOTAL_KWH = CLEAR.sum() / 1000.0


def sky(wind: float = 4.0) -> pd.DataFrame:
    swing = np.sin(np.arange(len(HOURS)) / 40.0)
    return pd.DataFrame({"ghi": CLEAR, "temp_air": 15.0 + 8.0 * swing, "wind_speed": wind * (1.0 + 0.5 * swing)}, HOURS)


def written(path: Path, frame: pd.DataFrame, **stated: object) -> WeatherFile:
    frame.set_axis(pd.DatetimeIndex(frame.index).map(lambda time: time.isoformat())).to_csv(path, index_label="time")
    return replace(WeatherFile(path, "csv", wind_height_m=10.0), **stated)


def whats(quality: FileQuality) -> list[str]:
    return [problem.what for problem in quality.problems]


def refusal(file: WeatherFile) -> str:
    with pytest.raises(InputError) as caught:
        read(file, PLACE, 2022)
    return str(caught.value)


def epw(path: Path, years: dict[int, int], records: int = 1, change: Callable[[int], dict[int, float]] | None = None):
    """Write an EPW of the clear sky, each month of a year of its own; `change` may replace cells of a row."""
    index = pd.date_range("2023-01-01", "2024-01-01", freq=f"{60 // records}min", inclusive="left", tz="Asia/Tokyo")
    ghi = 0.9 * sun_over(index, PLACE).clear_sky
    lines = ["LOCATION,Fukue,Nagasaki,JPN,own,478430,32.693,128.827,9.0,25.0"] + ["HEADER"] * 6
    lines.append(f"DATA PERIODS,1,{records},Data,Sunday,1/1,12/31")
    for row, (time, value) in enumerate(zip(index, ghi, strict=True)):
        cells: list[object] = [years.get(time.month, 1999), time.month, time.day, time.hour + 1]
        cells += [(time.minute + 60 // records) or 60, "?"] + [0.0] * 29
        cells[6], cells[13], cells[14], cells[15], cells[21] = (
            15.0 + time.month,
            round(value, 1),
            0.0,
            round(value, 1),
            4.0,
        )
        for column, other in (change(row) if change else {}).items():
            cells[column] = other
        lines.append(",".join(map(str, cells)))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return WeatherFile(path, "epw"), ghi.sum() / records / 1000.0


@pytest.mark.parametrize("years", [{1: 1999, 2: 2003, 7: 1988}, {2: 2004}, {2: 2000, 3: 1996}])
@pytest.mark.parametrize("hours", [0.0, 3.0])
def test_months_of_several_years_are_one_year(tmp_path: Path, years: dict[int, int], hours: float):
    """February of a leap year included: 28 February 24:00 is the instant before 1 March."""
    file, total = epw(tmp_path / "typical.epw", years)
    quality = examine(replace(file, fill_hours=hours), FUKUE)
    assert quality.problems == ()
    assert {(one.values, one.missing) for one in quality.variables} == {(8760, 0)}
    assert quality.figures["irradiation_kwh_per_m2"] == pytest.approx(total, rel=1e-3)
    for year in (2022, 2023):
        assert len(read(file, PLACE, year)) == (8760 + 24 * (year == 2023)) * 2


def test_missing_codes_of_a_standard_year_are_filled(tmp_path: Path):
    missing = {13: 9999.0, 14: 9999.0, 15: 9999.0, 6: 99.9}
    file, total = epw(tmp_path / "typical.epw", {2: 2004}, change=lambda row: missing if row in (4000, 4001) else {})
    assert "value missing" in refusal(file)
    quality = examine(replace(file, fill_hours=3.0), FUKUE)
    assert quality.problems == ()
    assert {one.name: one.filled for one in quality.variables}["ghi"] == 2
    assert quality.figures["irradiation_brought_kwh_per_m2"] == pytest.approx(total, rel=1e-3)


def test_an_epw_with_several_records_an_hour(tmp_path: Path):
    file, total = epw(tmp_path / "quarters.epw", {}, records=4)
    quality = examine(file, FUKUE)
    assert quality.problems == ()
    assert quality.interval_minutes == 15.0
    assert quality.figures["irradiation_kwh_per_m2"] == pytest.approx(total, rel=1e-3)
    silent = file.path.read_text(encoding="utf-8").replace("DATA PERIODS,1,4", "DATA PERIODS,1,1")
    file.path.write_text(silent, encoding="utf-8")
    assert examine(file, FUKUE).interval_minutes == 15.0
    doubled = silent
    file.path.write_text(
        doubled.replace(",15,?", ",60,?").replace(",30,?", ",60,?").replace(",45,?", ",60,?"), encoding="utf-8"
    )
    assert refusal(file).count("time occurs twice") == 1


@pytest.mark.parametrize("february", [2012, 2010])
def test_pvgis_typical_year_with_any_february(tmp_path: Path, february: int):
    times = pd.date_range("2023-01-01", periods=8760, freq="h", tz="UTC")
    ghi = 0.9 * sun_over(times, PLACE).clear_sky
    years = np.where(times.month == 2, february, 2015)
    stamps = [f"{year}{time:%m%d:%H%M}" for year, time in zip(years, times, strict=True)]
    rows = [f"{stamp},15.0,{value:.1f},0.0,{value:.1f},4.0" for stamp, value in zip(stamps, ghi, strict=True)]
    head = "Latitude (decimal degrees): 32.693\nLongitude (decimal degrees): 128.827\nElevation (m): 25.0\n"
    head += "Irradiance Time Offset (h): 0.5\nmonth,year\n"
    head += "".join(f"{month},{february if month == 2 else 2015}\n" for month in range(1, 13))
    path = tmp_path / "tmy.csv"
    path.write_text(head + "time(UTC),T2m,G(h),Gb(n),Gd(h),WS10m\n" + "\n".join(rows) + "\n", encoding="utf-8")
    quality = examine(WeatherFile(path, "pvgis_tmy"), FUKUE)
    assert quality.problems == ()
    assert quality.figures["irradiation_kwh_per_m2"] == pytest.approx(ghi.sum() / 1000.0, rel=1e-3)


@pytest.mark.parametrize(
    ("inputs", "seen"),
    [("Slope: - deg.\nAzimuth: - deg.", "Slope: - deg."), ("Slope: 32 deg.\nAzimuth: - deg.", "Azimuth: - deg.")],
)
def test_a_tracking_plane_is_told_in_csv(tmp_path: Path, inputs: str, seen: str):
    head = "Latitude (decimal degrees):\t32.7\nLongitude (decimal degrees):\t128.8\nElevation (m):\t25\n"
    head += f"Radiation database:\tPVGIS-ERA5\n\n\n{inputs}\n"
    rows = "time,G(i),H_sun,T2m,WS10m,Int\n20220101:0030,347.0,19.9,16.0,4.5,0.0\n\nPVGIS (c)\n"
    path = tmp_path / "tracker.csv"
    path.write_text(head + rows, encoding="utf-8")
    found = refusal(WeatherFile(path, "pvgis_hourly"))
    assert "plane is not horizontal" in found
    assert f"tracking plane ({seen})" in found


@pytest.mark.parametrize("mounting", ["vertical_axis", "inclined_axis", "two_axis"])
def test_a_tracking_plane_is_told_in_json(tmp_path: Path, mounting: str):
    hour = {"time": "20220101:0030", "G(i)": 1.0, "H_sun": 1.0, "T2m": 1.0, "WS10m": 1.0, "Int": 0.0}
    inputs = {"mounting_system": {mounting: {"slope": {"value": 0}}}}
    path = tmp_path / "tracker.json"
    whole = {"inputs": inputs, "outputs": {"hourly": [hour]}, "meta": {"inputs": {}}}
    path.write_text(json.dumps(whole), encoding="utf-8")
    assert f"tracking plane ({mounting})" in refusal(WeatherFile(path, "pvgis_hourly"))


@pytest.mark.parametrize(("shift_minutes", "label"), [(60, "end"), (30, "centre")])
def test_the_label_is_found_proposed_and_accepted(tmp_path: Path, shift_minutes: int, label: str):
    late = sky().set_axis(HOURS + pd.Timedelta(minutes=shift_minutes))
    file = written(tmp_path / "sky.csv", late)
    unstated = examine(file, FUKUE, 2022)
    shifted = [problem for problem in unstated.problems if problem.what == "shifted clock"]
    assert f'label = "{label}"' in shifted[0].repair
    assert f"--label {label}" in shifted[0].repair
    stated = examine(replace(file, label=label), FUKUE, 2022)
    assert stated.problems == ()
    assert stated.figures["irradiation_brought_kwh_per_m2"] == pytest.approx(TOTAL_KWH, rel=2e-3)


def test_a_year_of_instants_lacks_nothing_at_midnight(tmp_path: Path):
    """From 0:00 of the first to 23:00 of the last day: the half-hour before midnight is dark."""
    frame = sky().assign(ghi=0.9 * sun_over(HOURS - pd.Timedelta(minutes=30), PLACE).clear_sky)
    file = written(tmp_path / "instants.csv", frame, label="centre")
    assert examine(file, FUKUE).problems == ()
    shorter = written(tmp_path / "shorter.csv", frame.iloc[:-1], label="centre")
    assert "gap" in whats(examine(shorter, FUKUE))


def test_a_standard_year_made_of_instants_is_found_and_accepted(tmp_path: Path):
    """Reanalysis values of the full hour, written into the row of the hour that starts then."""
    instants = pd.date_range("2023-01-01", periods=8760, freq="h", tz="Asia/Tokyo")
    ghi = 0.9 * sun_over(instants - pd.Timedelta(minutes=30), PLACE).clear_sky
    values = [{13: round(value, 1), 15: round(value, 1)} for value in ghi]
    file, _ = epw(tmp_path / "instants.epw", {}, change=lambda row: values[row])
    assert 'label = "centre"' in quality_text(examine(file, FUKUE))
    assert "--label centre" in quality_text(examine(file, FUKUE))
    accepted = examine(replace(file, label="centre"), FUKUE)
    assert accepted.problems == ()
    assert abs(accepted.figures["clock_offset_hours"]) < 0.1


def test_fine_wind_and_temperature_are_averaged():
    """Ten-minute means dated in their middle: the half-hour has the mean of the three, whatever their order."""
    index = fiscal_year(2022)[:96]
    fine = pd.date_range(index[0] + pd.Timedelta(minutes=5), periods=3 * len(index), freq="10min")
    values = np.random.default_rng(1).weibull(2.0, len(fine)) * 6.0
    frame = pd.DataFrame({"wind_speed": values}, fine)
    expected = values.reshape(-1, 3).mean(axis=1)
    assert instants_on(frame, index)["wind_speed"].to_numpy() == pytest.approx(expected)
    assert instants_on(frame[::-1], index)["wind_speed"].to_numpy() == pytest.approx(expected)
    hourly = fiscal_year(2022, 60)[:48]
    assert instants_on(frame, hourly)["wind_speed"].to_numpy() == pytest.approx(values.reshape(-1, 6).mean(axis=1))


def test_instants_at_the_edges_count_half():
    index = fiscal_year(2022)[:2]
    fine = pd.date_range(index[0], periods=7, freq="10min")
    frame = pd.DataFrame({"temp_air": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}, fine)
    assert instants_on(frame, index)["temp_air"].to_list() == pytest.approx([1.5, 4.5])


@pytest.mark.parametrize("minutes", [pytest.param(1, marks=pytest.mark.slow), 10])
def test_the_report_says_that_fine_values_are_averaged(tmp_path: Path, minutes: int):
    index = pd.date_range("2022-04-01", periods=3 * 1440 // minutes, freq=f"{minutes}min", tz="Asia/Tokyo")
    wind = 4.0 + np.random.default_rng(2).standard_normal(len(index)).clip(-3.0, 3.0)
    whole = pd.date_range("2022-04-01", "2023-04-01", freq=f"{minutes}min", inclusive="left", tz="Asia/Tokyo")
    if minutes == 10:
        frame = pd.DataFrame({"temp_air": 15.0, "wind_speed": np.resize(wind, len(whole))}, whole)
        file = written(tmp_path / "wind.csv", frame)
        assert "averaged over each step" in "\n".join(examine(file, FUKUE).done)
        brought = read(file, replace(PLACE, wind_height_m=10.0), 2022)["wind_speed"]
        assert brought.to_numpy() == pytest.approx(frame["wind_speed"].to_numpy().reshape(-1, 3).mean(axis=1))
    else:
        steps = pd.date_range(index[0], periods=144, freq="30min")
        frame = pd.DataFrame({"wind_speed": wind}, index + pd.Timedelta(seconds=30))
        assert instants_on(frame, steps)["wind_speed"].mean() == pytest.approx(wind.mean())


@pytest.mark.parametrize(("unit", "factor"), [("km/h", 3.6), ("knots", 3600.0 / 1852.0), ("mph", 3600.0 / 1609.344)])
def test_other_units_of_the_wind_are_asked_for_and_converted(tmp_path: Path, unit: str, factor: float):
    file = written(tmp_path / "wind.csv", sky(wind=4.0 * factor))
    asked = [problem for problem in examine(file, FUKUE).problems if problem.what == "wrong unit?"]
    assert len(asked) == 1
    assert f"mean {sky(4.0 * factor)['wind_speed'].mean():.1f} at 10 m, normal of fukue there 4.0 m/s" in asked[0].seen
    assert f"4.0 if the file is in {unit}" in asked[0].seen
    assert "unit =" in asked[0].repair
    stated = examine(replace(file, unit=unit), FUKUE)
    assert stated.problems == ()
    assert stated.figures["wind_mean_m_per_s"] == pytest.approx(sky()["wind_speed"].mean())


def test_a_windy_mast_is_accepted_once_its_unit_is_stated(tmp_path: Path):
    """8.2 m/s at 10 m are 11.4 m/s at 60 m over the land of Fukue; at sea they need no statement."""
    file = written(tmp_path / "wind.csv", sky(wind=8.2))
    assert whats(examine(file, FUKUE)) == ["wrong unit?"]
    assert examine(replace(file, unit="m/s"), FUKUE).problems == ()
    assert examine(file, CLIMATES["offshore"]).problems == ()


def test_a_run_asks_for_the_unit_as_the_report_does(tmp_path: Path):
    source = {"fukue": PlaceSource((written(tmp_path / "wind.csv", sky(wind=7.8)),))}
    with pytest.raises(InputError, match="normal of fukue there"):
        from_files({"fukue": PLACE}, source, 2022, climates=CLIMATES)
    stated = {"fukue": PlaceSource((replace(source["fukue"].files[0], unit="knots"),))}
    table = from_files({"fukue": PLACE}, stated, 2022, climates=CLIMATES)
    assert table.values["fukue"]["wind_speed"].mean() == pytest.approx(7.8 * 0.51444 * 1.389, rel=0.01)


def test_energy_of_an_hour_at_sunset_goes_to_the_half_with_sun():
    index = fiscal_year(2022)
    sun = sun_over(HOURS, PLACE)
    dark_but_lit = np.where((sun.clear_sky == 0.0) & (sun.zenith < 96.0), 12.0, CLEAR)
    means = pd.DataFrame({"ghi": dark_but_lit}, HOURS)
    brought = irradiance_on(means, pd.Timedelta(hours=1), PLACE, index)["ghi"]
    assert brought.sum() / 2.0 == pytest.approx(dark_but_lit.sum())
    halves = brought.to_numpy().reshape(-1, 2)
    zenith = sun_over(index, PLACE).zenith.reshape(-1, 2)
    twilight = (sun.clear_sky == 0.0) & (dark_but_lit > 0.0)
    assert twilight.any()
    assert (halves[twilight].argmax(axis=1) == zenith[twilight].argmin(axis=1)).all()
    assert (halves[twilight].min(axis=1) == 0.0).all()


def test_ten_minute_irradiance_above_the_clear_sky_is_no_wrong_unit(tmp_path: Path):
    """Edges of clouds: 1.5 of the clear sky in one ten minutes of an hour, 0.8 in the others."""
    index = pd.date_range("2022-04-01", "2022-07-01", freq="10min", inclusive="left", tz="Asia/Tokyo")
    bright = np.where(np.arange(len(index)) % 6 == 2, 1.5, 0.8)
    file = written(tmp_path / "fine.csv", pd.DataFrame({"ghi": bright * sun_over(index, PLACE).clear_sky}, index))
    assert "wrong unit?" not in whats(examine(file, FUKUE))


@pytest.mark.parametrize("layout", ["csv", "jma", "epw"])
@pytest.mark.parametrize("is_stacked", [True, False])
def test_every_time_twice_is_one_problem(tmp_path: Path, layout: str, is_stacked: bool):
    frame = sky().iloc[:72]
    doubled = pd.concat([frame, frame]) if is_stacked else frame.loc[frame.index.repeat(2)]
    path = tmp_path / "doubled"
    if layout == "csv":
        file = written(path, doubled)
    elif layout == "jma":
        path.write_text(jma_rows(doubled), encoding="utf-8")
        file = WeatherFile(path, "jma", wind_height_m=10.0)
    else:
        file, _ = epw(path, {})
        lines = file.path.read_text(encoding="utf-8").splitlines()
        body = lines[8:80] + lines[8:80] if is_stacked else [line for line in lines[8:80] for _ in range(2)]
        path.write_text("\n".join(lines[:8] + body) + "\n", encoding="utf-8")
    for hours in (0.0, 3.0):
        twice = [one for one in examine(replace(file, fill_hours=hours), FUKUE).problems if "twice" in one.what]
        assert len(twice) == 1
        assert twice[0].seen.startswith("72 times")
    assert "time occurs twice" in refusal(file)


def test_one_time_only_is_no_traceback(tmp_path: Path):
    same = sky().iloc[:1]
    file = written(tmp_path / "same.csv", pd.concat([same] * 5))
    assert "fewer than two different times" in refusal(file)


def jma_rows(
    frame: pd.DataFrame, time: str = "{0.year}/{0.month}/{0.day} {0.hour}:00:00", head: str = "年月日時"
) -> str:
    blank = "," * head.count(",")
    stations, elements = (
        ",".join(["福江"] * 7),
        "気温(℃),気温(℃),風速(m/s),風速(m/s),日射量(MJ/㎡),日射量(MJ/㎡),日射量(MJ/㎡)",
    )
    lines = ["ダウンロードした時刻：2026/08/20 10:20:49", "", f"{blank},{stations}", f"{head},{elements}"]
    lines.append(f"{blank},,品質情報,,品質情報,,品質情報,均質番号")
    for end, row in zip(frame.index + pd.Timedelta(hours=1), frame.itertuples(), strict=True):
        values = f"{row.temp_air:.1f},8,{row.wind_speed:.1f},8,{row.ghi * 0.0036:.3f},8,1"
        lines.append(f"{time.format(end)},{values}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("time", "head"),
    [
        ("{0.year}/{0.month}/{0.day} {0.hour}:00", "年月日時"),
        ("{0.year}/{0.month}/{0.day} {0.hour}:00:00", "年月日時"),
        ("{0.year},{0.month},{0.day},{0.hour}", "年,月,日,時"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
def test_jma_as_downloaded_or_saved_again(tmp_path: Path, time: str, head: str, encoding: str):
    path = tmp_path / "jma.csv"
    path.write_bytes(jma_rows(sky(), time, head).encode(encoding))
    quality = examine(WeatherFile(path, "jma", wind_height_m=10.0), FUKUE)
    assert quality.problems == ()
    assert quality.figures["irradiation_kwh_per_m2"] == pytest.approx(TOTAL_KWH, rel=1e-3)


def test_jma_counts_the_last_hour_as_24(tmp_path: Path):
    path = tmp_path / "jma.csv"
    text = jma_rows(sky(), "{0.year},{0.month},{0.day},{0.hour}", "年,月,日,時")
    lines = text.splitlines()
    for position, line in enumerate(lines):
        if line[:2] == "20" and line.split(",")[3] == "0":
            year, month, day, _, *rest = line.split(",")
            before = pd.Timestamp(int(year), int(month), int(day)) - pd.Timedelta(days=1)
            lines[position] = ",".join([f"{before:%Y}", f"{before.month}", f"{before.day}", "24", *rest])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert examine(WeatherFile(path, "jma", wind_height_m=10.0), FUKUE).problems == ()


def sunshine_file(path: Path, share: np.ndarray, temperature: bool = False) -> WeatherFile:
    """A year of hours with sunshine as JMA writes it; blank nights are none."""
    names = ["日照時間(時間)"] * 3 + ["気温(℃)"] * 3 * temperature
    lines = ["head", "", ",福江" * len(names), "年月日時," + ",".join(names), "," * len(names)]
    lines.append("," + ",".join(["", "品質情報", "均質番号"] * (1 + temperature)))
    up = sun_over(HOURS, PLACE).is_up
    for end, part, is_up in zip(HOURS + pd.Timedelta(hours=1), share, up, strict=True):
        air = ",15.0,8,1" if temperature else ""
        lines.append(f"{end.year}/{end.month}/{end.day} {end.hour}:00:00,{f'{part:.1f}' if is_up else ''},8,1{air}")
    path.write_text("\n".join(lines) + "\n", encoding="cp932")
    return WeatherFile(path, "jma")


def half_days_of_sunshine() -> np.ndarray:
    return np.where(sun_over(HOURS, PLACE).is_up, (np.arange(len(HOURS)) // 24 % 3) / 2.0, 0.0)


def share_of_month(ghi: np.ndarray, month: int) -> float:
    """Irradiation over that above the atmosphere."""
    of_month = HOURS.month == month
    return float(ghi[of_month].sum() / sun_over(HOURS, PLACE).extraterrestrial[of_month].sum())


def line_of_month(share: np.ndarray, month: int, intercept: float, slope: float) -> float:
    of_month = HOURS.month == month
    return float(intercept + slope * share[of_month].sum() / sun_over(HOURS, PLACE).daylight[of_month].sum())


def test_sunshine_hours_become_irradiance_by_the_stated_line(tmp_path: Path):
    """H/Ra = a + b n/N in each month, in place of the island's own lines."""
    share = half_days_of_sunshine()
    stated = replace(sunshine_file(tmp_path / "sunshine.csv", share), sunshine=(0.25, 0.5))
    quality = examine(stated, FUKUE)
    assert quality.problems == ()
    assert "stated line" in quality_text(quality)
    ghi = read(stated, PLACE, 2022, lines=FUKUE.sunshine)["ghi"].to_numpy().reshape(-1, 2).mean(axis=1)
    assert share_of_month(ghi, 7) == pytest.approx(line_of_month(share, 7, 0.25, 0.5), rel=1e-6)


def test_sunshine_hours_become_irradiance_by_the_islands_lines_month_by_month(tmp_path: Path):
    """Two islands' lines: those of the table, and another line in July only."""
    share = half_days_of_sunshine()
    file = sunshine_file(tmp_path / "sunshine.csv", share)
    assert "sunshine.csv" in quality_text(examine(file, FUKUE))
    without = examine(file, replace(FUKUE, sunshine=()))
    assert whats(without) == ["no usable variable"]
    other = tuple((0.3, 0.4) if month == 7 else FUKUE.sunshine[month - 1] for month in range(1, 13))
    for lines in (FUKUE.sunshine, other):
        ghi = read(file, PLACE, 2022, lines=lines)["ghi"].to_numpy().reshape(-1, 2).mean(axis=1)
        for month in (6, 7, 8):
            expected = line_of_month(share, month, *lines[month - 1])
            assert share_of_month(ghi, month) == pytest.approx(expected, rel=1e-6)


def test_the_islands_lines_give_fukues_normals_of_its_sunshine_normals():
    """Published sunshine of Fukue, 1991-2020: the irradiation of its normals within 1.5 % (rounding, days)."""
    hours = np.array([81.5, 107.4, 150.9, 175.7, 191.0, 122.2, 156.9, 197.6, 165.4, 177.7, 127.8, 96.2])
    sun = sun_over(HOURS, PLACE)
    for month, (line, normal) in enumerate(zip(FUKUE.sunshine, FUKUE.ghi_kwh_per_m2_day, strict=True), 1):
        of_month = HOURS.month == month
        daily = sun.extraterrestrial[of_month].sum() / 1000.0 / (of_month.sum() / 24)
        ratio = line[0] + line[1] * hours[month - 1] / sun.daylight[of_month].sum()
        assert daily * ratio == pytest.approx(normal, rel=0.015)


def test_irradiance_that_another_file_measures_is_not_made_of_sunshine(tmp_path: Path):
    """Temperature of JMA's file beside a file of irradiance and wind; alone it needs its sunshine hours."""
    from_jma = sunshine_file(tmp_path / "jma.csv", half_days_of_sunshine(), temperature=True)
    other = written(tmp_path / "sky.csv", sky().drop(columns="temp_air"))
    made = from_files({"fukue": PLACE}, {"fukue": PlaceSource((from_jma, other))}, 2022, climates=CLIMATES)
    assert made.of_sunshine == ()
    known = read(other, PLACE, 2022)["ghi"]
    pd.testing.assert_series_equal(made.values["fukue"]["ghi"], known, check_freq=False)
    wind = replace(other, variables=("wind_speed",))
    alone = from_files({"fukue": PLACE}, {"fukue": PlaceSource((from_jma, wind))}, 2022, climates=CLIMATES)
    assert alone.of_sunshine == ("fukue",)


def ten_minutes(index: pd.DatetimeIndex, sunshine: np.ndarray, wind: np.ndarray) -> str:
    """Rows as on JMA's page of a day, with a column of dates; the last of a day is 24:00."""
    lines = ["年月日,時分,現地気圧(hPa),気温(℃),平均風速(m/s),風向,日照時間(分)"]
    for start, minutes, speed in zip(index, sunshine, wind, strict=True):
        end = start + pd.Timedelta(minutes=10)
        hour = 24 if end.hour + end.minute == 0 else end.hour
        lines.append(
            f"{start:%Y/%m/%d},{hour}:{end.minute:02d},1010.2,{10 + end.hour / 2:.1f},{speed:.1f} ),北,{minutes}"
        )
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
def test_ten_minute_values_of_jma(tmp_path: Path, encoding: str):
    index = pd.date_range("2022-04-01", periods=144 * 3, freq="10min", tz="Asia/Tokyo")
    minutes = np.where((index.hour >= 8) & (index.hour < 16), 5, 0).astype(object)
    wind = np.repeat([3.0, 6.0, 9.0], len(index) // 3)
    minutes[0] = "--"
    text = ten_minutes(index, minutes, wind).replace("22:30,1010.2,21.0", "22:30,1010.2,///")
    path = tmp_path / "ten.csv"
    path.write_bytes(text.encode(encoding))
    assert format_of(path) == "jma_10min"
    reading = read_own_steps(WeatherFile(path, "jma_10min", wind_height_m=10.0, sunshine=(0.2, 0.5)), PLACE)
    assert reading.interval == pd.Timedelta(minutes=10)
    assert reading.instants["temp_air"].isna().sum() == 3
    assert reading.instants["wind_speed"].dropna().mean() == pytest.approx(6.0)
    assert str(reading.means.index[0]) == "2022-04-01 00:00:00+09:00"
    sun = sun_over(index, PLACE)
    share = 0.5 * (minutes == 5).sum() / sun.daylight.sum()
    total = reading.means["ghi"].sum() / sun.extraterrestrial.sum()
    assert total == pytest.approx(0.2 + 0.5 * share, rel=1e-6)
    path.write_bytes(text.replace("年月日,", "番号,").encode(encoding))
    with pytest.raises(InputError, match="no column with the date"):
        read_own_steps(WeatherFile(path, "jma_10min"), PLACE)


def test_temperature_and_wind_may_have_a_label_of_their_own(tmp_path: Path):
    """A reanalysis: irradiance is the mean of the hour before, temperature is of the instant."""
    hours = fiscal_year(2022, 60)
    ends = hours[:240] + pd.Timedelta(hours=1)
    frame = pd.DataFrame({"ghi": CLEAR.reshape(-1, 2).mean(axis=1)[:240], "temp_air": np.arange(240.0)}, ends)
    path = tmp_path / "era5.csv"
    frame.to_csv(path, index_label="time")
    file = WeatherFile(path, "csv", label="end", air_label="centre")
    reading = read_own_steps(file, PLACE)
    assert reading.means.index[0] == hours[0]
    assert reading.instants.index[0] == ends[0]
    assert read_own_steps(replace(file, air_label=""), PLACE).instants.index[0] == ends[0] - pd.Timedelta(minutes=30)
    assert read_own_steps(replace(file, label="", air_label="end"), PLACE).means.index[0] == ends[0]
    for stated, words in (({"air_label": "middle"}, "unknown label"), ({"format": "epw"}, "belongs to the format csv")):
        with pytest.raises(InputError, match=words):
            read_own_steps(replace(file, **stated), PLACE)


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("time,ghi\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04\x00\x00", "a workbook or archive"),
        (b"%PDF-1.4", "a PDF"),
        (b"\x1f\x8b\x08", "a gzip file"),
    ],
)
def test_what_is_no_text_is_told(tmp_path: Path, raw: bytes, seen: str):
    (tmp_path / "a.csv").write_bytes(raw)
    assert seen in refusal(WeatherFile(tmp_path / "a.csv", "csv"))


def test_an_unknown_table_in_cp932_is_shown(tmp_path: Path):
    path = tmp_path / "logger.csv"
    path.write_bytes("日時,気温(℃),風速(m/s)\n2022/4/1 1:00,10.2,3.1\n".encode("cp932"))
    told = refusal(WeatherFile(path, "csv"))
    assert 'time = "日時", temp_air = "気温(℃)", wind_speed = "風速(m/s)"' in told


def test_unreadable_lines_of_a_year_are_one_problem(tmp_path: Path):
    path = tmp_path / "jma.csv"
    path.write_text(jma_rows(sky(), "{0.year}/{0.month}/{0.day} noon"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read(WeatherFile(path, "jma", wind_height_m=10.0), PLACE, 2022)
    assert len(caught.value.problems) == 1
    assert "8760 in all" in str(caught.value)


@pytest.mark.parametrize("cut", [4000, 4380])
def test_files_that_go_on_in_time_are_joined(tmp_path: Path, cut: int):
    """With an overlap that agrees; one that disagrees is told."""
    frame = sky()
    files = tuple(
        written(tmp_path / f"{number}.csv", part)
        for number, part in enumerate((frame.iloc[: cut + 24], frame.iloc[cut:]))
    )
    table = from_files({"fukue": PLACE}, {"fukue": PlaceSource(files)}, 2022)
    assert table.values["fukue"]["ghi"].sum() / 2000.0 == pytest.approx(TOTAL_KWH)
    told = CliRunner().invoke(app, ["weather", *(str(file.path) for file in files), "--join", "--wind-height", "10"])
    assert told.exit_code == 0, told.output
    assert "2 files joined in time" in told.output
    written(files[1].path, frame.iloc[cut:] + 1.0)
    with pytest.raises(InputError, match="time occurs twice"):
        from_files({"fukue": PLACE}, {"fukue": PlaceSource(files)}, 2022)


@pytest.mark.parametrize(
    "style",
    [
        "{0.year}-{0.month:02d}-{0.day:02d} {0.hour:02d}:00",
        "{0.year}/{0.month}/{0.day} {0.hour}:00",
        "{0.day:02d}.{0.month:02d}.{0.year} {0.hour:02d}:00",
        "{0.year}-{0.month:02d}-{0.day:02d}T{0.hour:02d}:00:00+09:00",
        "{0.year}{0.month:02d}{0.day:02d} {0.hour:02d}00",
    ],
)
@pytest.mark.parametrize("last_hour", [0, 24])
def test_times_as_people_write_them(tmp_path: Path, style: str, last_hour: int):
    frame = sky()
    ends = frame.index + pd.Timedelta(hours=1)
    cells = [style.format(end) for end in ends]
    if last_hour == 24:
        midnight = [end.hour == 0 for end in ends]
        eve = [
            style.format(end - pd.Timedelta(hours=1)).replace("23:00", "24:00").replace(" 2300", " 2400")
            for end in ends
        ]
        cells = [late if is_last else cell for late, is_last, cell in zip(eve, midnight, cells, strict=True)]
    path = tmp_path / "sky.csv"
    frame.set_axis(cells).to_csv(path, index_label="time")
    quality = examine(WeatherFile(path, "csv", timezone="Asia/Tokyo", wind_height_m=10.0, label="end"), FUKUE)
    assert quality.problems == ()
    assert quality.figures["irradiation_kwh_per_m2"] == pytest.approx(TOTAL_KWH)


def test_an_unknown_table_is_shown_and_guessed_and_then_read(tmp_path: Path):
    path = tmp_path / "export.csv"
    frame = sky()
    frame.columns = pd.Index(["GHI (W/m2)", "Temperature", "Wind Speed"])
    body = frame.set_axis(frame.index.strftime("%Y-%m-%d %H:%M")).to_csv(index_label="Date/Time", sep=";")
    path.write_text("Export of a logger\nserial 17\n" + body, encoding="utf-8")
    found = refusal(WeatherFile(path, "csv"))
    assert "line 3: Date/Time;GHI (W/m2);Temperature;Wind Speed / 2022-04-01 00:00;0.0;" in found
    guess = 'time = "Date/Time", ghi = "GHI (W/m2)", temp_air = "Temperature", wind_speed = "Wind Speed"'
    assert f"columns = {{ {guess} }}" in found
    options = ["--column", "time=Date/Time", "--column", "ghi=GHI (W/m2)", "--column", "temp_air=Temperature"]
    told = CliRunner().invoke(app, ["weather", str(path), *options, "--timezone", "Asia/Tokyo"])
    assert told.exit_code == 0, told.output
    assert f"{TOTAL_KWH:.3f}" in told.output


def test_a_foreign_byte_is_named_by_line_and_value(tmp_path: Path):
    path = tmp_path / "scada.csv"
    path.write_bytes(b"time,ghi\n2022-04-01 00:00,1\n# (\xa1\xe3)\n")
    assert "line 3: byte 0xa1" in refusal(WeatherFile(path, "csv"))


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"label": "middle"}, "centre, end, start"),
        ({"unit": "kts"}, "km/h, knots, m/s, mph"),
        ({"columns": (("sun", "a"),)}, "unknown name"),
    ],
)
def test_statements_that_cannot_be_meant(tmp_path: Path, stated: dict[str, object], words: str):
    assert words in refusal(written(tmp_path / "sky.csv", sky().iloc[:48], **stated))
