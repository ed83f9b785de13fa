"""Measured series as their publishers write them: the same numbers as from the prepared files, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import publishers
import pytest
from real_data import DATA, needs
from shipped import GOTO

from studies.measured.clocks import area_clock_problems, forecast_clock_problems, price_clock_problems
from studies.measured.series import read_measured
from twin.core.errors import InputError, Problem
from twin.resources.measured import Measured

CASES = DATA.parent / "cases" / "files"
needs_data = needs(DATA / "jepx")
FRAMES = ("area", "forecast", "price")


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the publishers' files of two years side by side."""
    folder = tmp_path_factory.mktemp("publishers")
    publishers.write_hourly(folder, publishers.prepared_area(DATA))
    publishers.write_days(folder, publishers.prepared_forecast(DATA))
    publishers.write_summary(folder, publishers.prepared_price(DATA))
    return folder


@needs_data
@pytest.mark.parametrize("year", [pytest.param(2021, marks=pytest.mark.slow), 2022])
def test_publishers_hours_days_and_slots_give_the_same_numbers(raw: Path, year: int):
    found, known = (read_measured(GOTO, folder, year) for folder in (raw, DATA))
    assert found.persisted_hours == 0
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(found, name), getattr(known, name), check_freq=False)


@needs_data
@pytest.mark.parametrize(
    "header", [pytest.param(publishers.HALF_HOURLY, marks=pytest.mark.slow), publishers.WITH_THERMAL_CUTS]
)
def test_half_hours_that_end_at_24_give_the_same_hours(tmp_path: Path, header: str):
    area = publishers.prepared_area(DATA)
    publishers.write_hourly(tmp_path, area[:"2022-12-31"])
    publishers.write_half_hourly(tmp_path, area["2022-12-01":], header)
    publishers.write_summary(tmp_path, publishers.prepared_price(DATA))
    found, known = (read_measured(GOTO, folder, 2022) for folder in (tmp_path, DATA))
    pd.testing.assert_frame_equal(found.area, known.area, check_freq=False)


@needs_data
def test_a_missing_forecast_is_the_last_day_of_the_same_kind_and_said(tmp_path: Path):
    publishers.write_hourly(tmp_path, publishers.prepared_area(DATA))
    publishers.write_summary(tmp_path, publishers.prepared_price(DATA))
    found = read_measured(GOTO, tmp_path, 2022)
    assert found.persisted_hours == 8760
    demand = found.area["demand_MWh"]
    expected = 10.0 * found.forecast["demand_forecast_10MW"]
    for day, same in (("2022-04-04", "2022-04-01"), ("2022-04-09", "2022-04-03"), ("2022-04-01", "2022-03-31")):
        known = publishers.prepared_area(DATA).loc[same, "demand_MWh"].to_numpy()
        assert expected[day].to_numpy() == pytest.approx(known)
    assert (expected / demand - 1).abs().mean() == pytest.approx(0.053, abs=0.01)


@needs_data
def test_days_without_a_forecast_file_are_counted(raw: Path, tmp_path: Path):
    for path in raw.iterdir():
        if path.name not in ("juyo-hourly-20220510.csv", "juyo-hourly-20220511.csv"):
            (tmp_path / path.name).symlink_to(path)
    assert read_measured(GOTO, tmp_path, 2022).persisted_hours == 48


@pytest.fixture(scope="module")
def known() -> Measured:
    return read_measured(GOTO, DATA, 2022)


def moved(frame: pd.DataFrame, rows: int, columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the frame with some columns, or all, some rows further down."""
    return frame.assign(**{name: np.roll(frame[name], rows) for name in columns or frame.columns})


def clock_problems(measured: Measured) -> list[Problem]:
    area, forecast, price = measured.area, measured.forecast, measured.price
    return [
        *area_clock_problems(GOTO, area, [("area.csv", area)]),
        *forecast_clock_problems(area, forecast, "data"),
        *price_clock_problems(area, price, "data"),
    ]


PV, DEMAND = ("solar_actual_MWh", "solar_curtailed_MWh"), ("demand_MWh",)
EXPECTED = ("demand_forecast_10MW",)
WRONG_CLOCKS: dict[str, tuple[str, int, tuple[str, ...], list[str]]] = {
    "area an hour early": ("area", -1, (), ["PV of the area", "-0.9 h off", "demand of the area"]),
    "area an hour late": ("area", 1, (), ["PV of the area", "+1.1 h off", "demand of the area"]),
    "area six hours late": ("area", 6, (), ["PV of the area", "+6.1 h off"]),
    "area a day late": ("area", 24, (), ["weekdays, holidays and hours best 24.0 h earlier"]),
    "PV only": ("area", 1, PV, ["PV of the area", "+1.1 h off"]),
    "demand only": ("area", 1, DEMAND, ["best 1.0 h earlier"]),
    "forecast file": ("forecast", 1, (), ["demand differs between the files", "1.0 h earlier"]),
    "forecast only": ("forecast", 2, EXPECTED, ["fits the demand best 2.0 h earlier"]),
    "price an hour late": ("price", 2, (), ["price of the area", "0.8 h earlier"]),
    "price an hour early": ("price", -2, (), ["price of the area", "1.2 h later"]),
    "price a day late": ("price", 48, (), ["price of the area", "23.8 h earlier"]),
}


@needs_data
@pytest.mark.parametrize(("kind", "rows", "columns", "words"), WRONG_CLOCKS.values(), ids=WRONG_CLOCKS)
def test_a_clock_that_contradicts_the_sun_the_calendar_or_the_others(
    known: Measured, kind: str, rows: int, columns: tuple[str, ...], words: list[str]
):
    told = "\n".join(map(str, clock_problems(replace(known, **{kind: moved(getattr(known, kind), rows, columns)}))))
    for word in words:
        assert word in told


@needs_data
def test_a_year_dated_as_another_is_found_by_its_weekdays(known: Measured):
    area = read_measured(GOTO, DATA, 2021).area.set_axis(known.area.index)
    told = "\n".join(map(str, clock_problems(replace(known, area=area))))
    assert "best 24.0 h earlier" in told
    assert "year of the dates" in told


@needs_data
@pytest.mark.parametrize("hours", [1, 6])
def test_a_file_whose_times_were_moved_is_refused(tmp_path: Path, hours: int):
    """The column says that its times are starts: a file that begins an hour late is no file of ends."""
    for path in sorted(DATA.glob("kyushu_area/*.csv")) + sorted(DATA.glob("jepx/*.csv")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (path,) = tmp_path.glob("*supply_demand*")
    frame = pd.read_csv(path, dtype=str)
    times = pd.DatetimeIndex(frame["datetime_start_JST"]) + pd.Timedelta(hours=hours)
    frame.assign(datetime_start_JST=times.strftime("%Y-%m-%d %H:%M")).to_csv(path, index=False)
    with pytest.raises(InputError, match="PV of the area: shifted clock"):
        read_measured(GOTO, tmp_path, 2022)
