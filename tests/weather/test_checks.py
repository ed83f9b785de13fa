"""Each broken weather file is named: what, where, when."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from shipped import GOTO

from twin.core.errors import InputError
from twin.core.weather_table import WeatherTable
from weather.climate import read_climates
from weather.quality.checks import check_weather, frame_problems
from weather.synthetic.year import synthetic_year

FUKUE = read_climates(GOTO)["fukue"]
Break = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="module")
def year() -> WeatherTable:
    return synthetic_year(GOTO, 2030, 1, seed=3, climates={"fukue": FUKUE})


def problems_of(year: WeatherTable, broken: pd.DataFrame) -> str:
    return "\n".join(map(str, frame_problems(broken, FUKUE.place, year.index, "file.csv, place fukue")))


def changed(column: str, value: float, time: str) -> Break:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[time, column] = value
        return frame

    return change


def scaled(column: str, factor: float, shift: float = 0.0) -> Break:
    return lambda frame: frame.assign(**{column: frame[column] * factor + shift})


def shifted(steps: int) -> Break:
    def shift(frame: pd.DataFrame) -> pd.DataFrame:
        columns = ["ghi", "dni", "dhi"]
        return frame.assign(**{name: np.roll(frame[name], steps) for name in columns})

    return shift


@pytest.mark.parametrize(
    ("break_it", "expected"),
    [
        (lambda frame: frame.drop(frame.index[100:102]), ["gap", "2030-04-03 02:00"]),
        (lambda frame: pd.concat([frame[:5], frame[4:]]), ["time occurs twice", "2030-04-01 02:00"]),
        (lambda frame: frame.tz_localize(None), ["times without time zone"]),
        (lambda frame: frame.drop(columns="dni"), ["variable missing", "dni"]),
        (changed("temp_air", np.nan, "2030-08-01 12:00"), ["value missing", "temp_air", "2030-08-01 12:00"]),
        (changed("dhi", -3.0, "2030-08-01 12:00"), ["negative irradiance", "dhi", "2030-08-01 12:00"]),
        (changed("ghi", 50.0, "2030-08-01 23:30"), ["irradiance at night", "ghi", "2030-08-01 23:30"]),
        (changed("ghi", 1900.0, "2030-08-01 12:00"), ["more than above the atmosphere", "2030-08-01 12:00"]),
        (changed("temp_air", 65.0, "2030-08-01 12:00"), ["implausible value", "temp_air", "-40.0 to 50.0"]),
        (changed("wind_speed", 99.0, "2030-08-01 12:00"), ["implausible value", "wind_speed", "99"]),
        (scaled("dni", 0.5), ["do not fit together"]),
        (scaled("ghi", 0.001), ["wrong unit?", "kW/m2"]),
        (scaled("ghi", 0.0036), ["wrong unit?", "MJ/m2 per hour"]),
        (scaled("ghi", 0.5), ["wrong unit?", "Wh per half-hour"]),
        (scaled("temp_air", 1.0, 273.15), ["wrong unit?", "temp_air", "Kelvin"]),
        (scaled("wind_speed", 10.0), ["wrong unit?", "wind_speed", "0.1 m/s"]),
        (shifted(-6), ["shifted clock", "sun highest at 09:2", "-3.0 h"]),
        (shifted(18), ["shifted clock", "+9.0 h"]),
        (shifted(1), ["shifted clock", "+0.5 h"]),
    ],
)
def test_broken_weather_is_named(year: WeatherTable, break_it: Break, expected: list[str]):
    found = problems_of(year, break_it(year.values["fukue"].copy()))
    for words in expected:
        assert words in found


def test_sound_weather_has_no_problem(year: WeatherTable):
    assert problems_of(year, year.values["fukue"]) == ""


def test_all_problems_come_at_once(year: WeatherTable):
    broken = year.values["fukue"].copy()
    broken.loc["2030-08-01 12:00", ["ghi", "temp_air"]] = [-1.0, 60.0]
    with pytest.raises(InputError) as caught:
        check_weather(WeatherTable(year.index, year.places, {"fukue": broken}), {"fukue": "sky.csv"})
    assert {problem.what for problem in caught.value.problems} == {"negative irradiance", "implausible value"}
    assert all(problem.where.startswith("sky.csv, place fukue") for problem in caught.value.problems)
