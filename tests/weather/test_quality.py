"""The quality report: what a sound and a broken file say, as data and as text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from shipped import GOTO
from typer.testing import CliRunner

from studies.cli import app
from twin.core.clock import Clock, fiscal_year
from weather.climate import read_climates
from weather.quality.report import FileQuality, examine, quality_text
from weather.readers.reading import WeatherFile
from weather.sun import sun_over
from weather.synthetic.year import synthetic_year

FUKUE = read_climates(GOTO)["fukue"]
HOURS = fiscal_year(2022, 60)


@pytest.fixture(scope="module")
def hourly() -> pd.DataFrame:
    return synthetic_year(GOTO, 2022, 1, seed=1, clock=Clock(step_minutes=60), climates={"fukue": FUKUE}).values[
        "fukue"
    ]


def written(path: Path, frame: pd.DataFrame, **stated: object) -> WeatherFile:
    frame.set_axis(frame.index.map(lambda time: time.isoformat())).to_csv(path, index_label="time")
    return replace(WeatherFile(path, "csv", wind_height_m=10.0), **stated)


def by_name(quality: FileQuality) -> dict[str, tuple[int, int, int, int]]:
    return {one.name: (one.values, one.missing, one.doubled, one.filled) for one in quality.variables}


def test_sound_file(tmp_path: Path, hourly: pd.DataFrame):
    quality = examine(written(tmp_path / "sky.csv", hourly[["ghi", "temp_air", "wind_speed"]]), FUKUE)
    assert quality.problems == ()
    assert (quality.fiscal_year, quality.interval_minutes) == (2022, 60.0)
    assert by_name(quality)["ghi"] == (8760, 0, 0, 0)
    figures = quality.figures
    assert figures["irradiation_kwh_per_m2"] == pytest.approx(hourly["ghi"].sum() / 1000)
    assert figures["irradiation_brought_kwh_per_m2"] == pytest.approx(hourly["ghi"].sum() / 1000, rel=1e-9)
    assert figures["irradiation_over_normal"] == pytest.approx(hourly["ghi"].sum() / 1000 / 1326, rel=0.005)
    assert abs(figures["clock_offset_hours"]) < 0.1
    assert 0.95 < figures["clearest_hours_of_clear_sky"] < 1.15
    done = "\n".join(quality.done)
    assert "dni and dhi computed from ghi" in done
    assert "from 10 m to 60 m by the logarithmic law, factor 1.389" in done
    assert "no problem found" in quality_text(quality)


def test_gaps_doubled_rows_and_a_stuck_sensor_are_counted(tmp_path: Path, hourly: pd.DataFrame):
    frame = hourly[["ghi", "temp_air"]].copy()
    frame.iloc[300:302, 0] = np.nan
    frame.iloc[1000:1020, 1] = 17.3
    broken = pd.concat([frame.drop(frame.index[500:503]), frame[700:701]])
    quality = examine(written(tmp_path / "sky.csv", broken), FUKUE)
    assert by_name(quality)["ghi"] == (8756, 5, 1, 0)
    stuck = {one.name: one.stuck for one in quality.variables}
    assert stuck == {"ghi": 0, "temp_air": 20}
    found = {problem.what for problem in quality.problems}
    assert {"gap", "time occurs twice", "value missing"} <= found
    assert str(frame.index[500]) in quality_text(quality)
    assert quality.figures["irradiation_kwh_per_m2_year"] == pytest.approx(hourly["ghi"].sum() / 1000, rel=0.005)


def test_short_gaps_are_filled_where_asked(tmp_path: Path, hourly: pd.DataFrame):
    clear = sun_over(HOURS, FUKUE.place).clear_sky
    frame = pd.DataFrame({"ghi": 0.9 * clear, "temp_air": hourly["temp_air"].to_numpy()}, HOURS)
    holes = frame.drop(HOURS[204:207])
    quality = examine(written(tmp_path / "short.csv", holes, fill_hours=3.0), FUKUE)
    assert quality.problems == ()
    assert by_name(quality)["ghi"] == (8757, 3, 0, 3)
    assert quality.figures["irradiation_brought_kwh_per_m2"] == pytest.approx(0.9 * clear.sum() / 1000, rel=1e-6)
    longer = examine(written(tmp_path / "long.csv", frame.drop(HOURS[204:208]), fill_hours=3.0), FUKUE)
    assert {problem.what for problem in longer.problems} == {"value missing"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda frame: frame.assign(ghi=frame["ghi"] * 0.0036), "MJ/m2 per hour?"),
        (lambda frame: frame.assign(ghi=np.roll(frame["ghi"], -3)), "sun highest at 09:2"),
        (lambda frame: frame.assign(wind_speed=frame["wind_speed"] * 3.6), "km/h or 0.1 m/s?"),
        (lambda frame: frame.assign(temp_air=frame["temp_air"] * 1.8 + 32.0), "Kelvin, Fahrenheit"),
    ],
)
def test_wrong_units_and_clocks_are_named(tmp_path: Path, hourly: pd.DataFrame, change, expected: str):
    quality = examine(written(tmp_path / "sky.csv", change(hourly[["ghi", "temp_air", "wind_speed"]])), FUKUE)
    assert expected in quality_text(quality)


def test_foreign_daylight_saving_is_named(tmp_path: Path, hourly: pd.DataFrame):
    """A logger on a European clock, its times taken as Japan's: an hour is missing in March, doubled in October."""
    local = hourly.set_axis(
        (HOURS - pd.Timedelta(hours=9)).tz_localize(None).tz_localize("UTC").tz_convert("Europe/Paris")
    )
    wall = (local.index.tz_localize(None) + pd.Timedelta(hours=8)).tz_localize("Asia/Tokyo")
    quality = examine(written(tmp_path / "sky.csv", local[["ghi", "temp_air"]].set_axis(wall)), FUKUE)
    assert "a clock with daylight saving" in {problem.what for problem in quality.problems}
    assert "+1.0 h off in May to September" in quality_text(quality)


def test_missing_and_doubled_hour_of_changed_clocks_is_explained(tmp_path: Path, hourly: pd.DataFrame):
    naive = HOURS.tz_localize(None)
    spring = (naive >= "2023-03-26 02:00") & (naive < "2023-03-26 03:00")
    autumn = (naive >= "2022-10-30 02:00") & (naive < "2022-10-30 03:00")
    frame = pd.concat([hourly[["ghi"]][~spring], hourly[["ghi"]][autumn]])
    quality = examine(written(tmp_path / "sky.csv", frame), FUKUE)
    explained = [problem.what for problem in quality.problems if "daylight saving" in problem.repair]
    assert {"gap", "time occurs twice"} <= set(explained)


def test_a_leap_day_must_be_there_or_be_asked_for(tmp_path: Path):
    index = fiscal_year(2023, 60)
    clear = pd.DataFrame({"ghi": 0.9 * sun_over(index, FUKUE.place).clear_sky}, index)
    without = clear[~((index.month == 2) & (index.day == 29))]
    lacking = examine(written(tmp_path / "real.csv", without), FUKUE)
    assert any(problem.what == "gap" and "2024-02-29" in problem.seen for problem in lacking.problems)
    asked = examine(written(tmp_path / "any.csv", without, any_year=True, fill_hours=24.0), FUKUE)
    assert asked.problems == ()


def test_unreadable_files_give_a_report(tmp_path: Path):
    path = tmp_path / "sky.csv"
    path.write_text("time,ghi\n2022-04-01T00:00+09:00,ten\n2022-04-01T01:00+09:00,0\n", encoding="utf-8")
    assert "line 2: 'ten'" in quality_text(examine(WeatherFile(path, "csv"), FUKUE))
    assert "file not found" in quality_text(examine(WeatherFile(tmp_path / "none.epw", "epw"), FUKUE))


def test_command_prints_the_report(tmp_path: Path, hourly: pd.DataFrame):
    written(tmp_path / "sky.csv", hourly[["ghi", "temp_air"]])
    told = CliRunner().invoke(app, ["weather", str(tmp_path / "sky.csv"), "--place", "kamigoto"])
    assert told.exit_code == 0
    assert "at kamigoto, 32.97 N 129.16 E" in told.output
    broken = CliRunner().invoke(app, ["weather", str(tmp_path / "none.epw")])
    assert broken.exit_code == 1
    assert "file not found" in broken.output
