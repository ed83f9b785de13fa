"""Measured series: the rows of a year out of many, and everything that is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from shipped import GOTO

from studies.measured.series import read_measured, read_price
from twin.core.clock import fiscal_year
from twin.core.errors import InputError
from twin.resources.measured import measured_demand_error


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "kyushu_area").mkdir()
    (tmp_path / "jepx").mkdir()
    hours = pd.date_range("2022-03-31", "2023-04-01 23:00", freq="h")
    sun = np.where((hours.hour > 6) & (hours.hour < 18), 3000, 0)
    area = pd.DataFrame({"datetime_start_JST": hours.strftime("%Y-%m-%d %H:%M"), "demand_MWh": 9000})
    area = area.assign(solar_actual_MWh=sun, solar_curtailed_MWh=0, wind_actual_MWh=80, wind_curtailed_MWh=0)
    area.to_csv(tmp_path / "kyushu_area/kyushu_area_supply_demand_hourly_x.csv", index=False)
    forecast = pd.DataFrame({"date": hours.strftime("%Y-%m-%d"), "time": hours.strftime("%H:%M")})
    forecast = forecast.assign(demand_actual_10MW=900, demand_forecast_10MW=909)
    forecast.to_csv(tmp_path / "kyushu_area/kyushu_demand_forecast_hourly_x.csv", index=False)
    halves = pd.date_range("2022-03-31", "2023-04-01 23:30", freq="30min")
    price = pd.DataFrame({"date": halves.strftime("%Y-%m-%d"), "slot": halves.hour * 2 + halves.minute // 30 + 1})
    price.assign(kyushu_price_jpy_per_kwh=14.0).to_csv(tmp_path / "jepx/jepx_kyushu_spot_halfhourly_x.csv", index=False)
    return tmp_path


def _edit(path: Path, change) -> None:
    frame = pd.read_csv(path)
    change(frame).to_csv(path, index=False)


def test_only_the_rows_of_the_fiscal_year_are_read(folder):
    measured = read_measured(GOTO, folder, 2022)
    assert measured.area.index.equals(fiscal_year(2022, 60))
    assert measured.price.index.equals(fiscal_year(2022))
    assert measured_demand_error(measured) == pytest.approx(np.full(17520, 0.01))


def test_missing_files_are_told_together(tmp_path):
    with pytest.raises(InputError) as told:
        read_measured(GOTO, tmp_path, 2022)
    assert [problem.what for problem in told.value.problems] == [
        "no file with the supply and demand of the area in fiscal 2022",
        "no file with the price of the area in fiscal 2022",
    ]
    assert "エリア需要 | demand_MWh" in str(told.value)


def test_gaps_duplicates_and_wrong_units_are_told_together(folder):
    area, price = folder / "kyushu_area/kyushu_area_supply_demand_hourly_x.csv", folder / "jepx"
    _edit(area, lambda frame: pd.concat([frame.drop(index=[100, 101]), frame.iloc[[500]]]))
    _edit(area, lambda frame: frame.assign(demand_MWh=frame["demand_MWh"] / 10))
    _edit(price / "jepx_kyushu_spot_halfhourly_x.csv", lambda frame: frame.assign(kyushu_price_jpy_per_kwh="fourteen"))
    with pytest.raises(InputError) as told:
        read_measured(GOTO, folder, 2022)
    assert [problem.what for problem in told.value.problems] == [
        "rows given twice",
        "times run backwards",
        "out of range",
        "text where a number belongs",
        "gap",
        "looks like another unit",
    ]
    assert "2 missing, the first 2022-04-04 04:00" in str(told.value)
    assert "17616 in all" in str(told.value)


def test_year_outside_the_data(folder):
    with pytest.raises(InputError, match="no file with the price of the area in fiscal 2019"):
        read_measured(GOTO, folder, 2019)


def test_a_year_that_the_files_hold_in_part_only(folder):
    with pytest.raises(InputError, match=r"8760 missing.*2023-05, 2023-06") as told:
        read_measured(GOTO, folder, 2023)
    assert [problem.what for problem in told.value.problems] == ["gap", "gap"]


def test_broken_text_times_and_columns_are_told_by_line(folder):
    area = folder / "kyushu_area/kyushu_area_supply_demand_hourly_x.csv"
    forecast = folder / "kyushu_area/kyushu_demand_forecast_hourly_x.csv"
    price = folder / "jepx/jepx_kyushu_spot_halfhourly_x.csv"
    _edit(area, lambda frame: frame.replace({"2022-04-05 00:00": "5th of April"}))
    forecast.write_bytes(forecast.read_bytes().replace(b"2022-04-01,00:00,900", b"2022-04-01,00:00,\x81,900", 1))
    _edit(price, lambda frame: frame.assign(slot=frame["slot"].where(frame["slot"] != 48, 49)))
    with pytest.raises(InputError) as told:
        read_measured(GOTO, folder, 2022)
    found = {problem.what: problem.seen for problem in told.value.problems}
    assert list(found) == ["time cannot be read", "wrong text encoding"]
    assert "line 26: byte 0x81" in found["wrong text encoding"]
    assert "line 122: '5th of April'" in str(told.value)
    assert "line 49: '49'" in str(told.value)


def test_a_file_without_one_of_the_columns(folder):
    _edit(
        folder / "kyushu_area/kyushu_area_supply_demand_hourly_x.csv",
        lambda frame: frame.rename(columns={"wind_curtailed_MWh": "wind_cut"}),
    )
    with pytest.raises(InputError) as told:
        read_measured(GOTO, folder, 2022)
    (problem,) = told.value.problems
    assert (problem.what, problem.seen) == ("column missing", "no 風力抑制量 | 風力出力制御量 | wind_curtailed_MWh")
    assert "wind_cut" in problem.accepted


def test_short_lines_and_lines_below_an_empty_one(folder):
    area = folder / "kyushu_area/kyushu_area_supply_demand_hourly_x.csv"
    text = area.read_text()
    area.write_text(text + "\nDATE_TIME,something else\n1,2\n")
    assert len(read_measured(GOTO, folder, 2022).area) == 8760
    area.write_text(text.replace("2022-04-05 00:00,9000,0,0,80,0", "2022-04-05 00:00,9000"))
    with pytest.raises(InputError, match="line 122: '2022-04-05 00:00,9000'"):
        read_measured(GOTO, folder, 2022)


def test_times_that_two_files_have(folder):
    area = folder / "kyushu_area/kyushu_area_supply_demand_hourly_x.csv"
    again = folder / "again.csv"
    again.write_bytes(area.read_bytes())
    assert len(read_measured(GOTO, folder, 2022).area) == 8760
    _edit(again, lambda frame: frame.assign(demand_MWh=frame["demand_MWh"] * 1.03))
    with pytest.raises(InputError, match="two files have different values at the same time") as told:
        read_measured(GOTO, folder, 2022)
    assert len(told.value.problems) == 1


def test_two_files_that_contradict_each_other(folder):
    path = folder / "kyushu_area/kyushu_demand_forecast_hourly_x.csv"
    _edit(path, lambda frame: frame.assign(demand_actual_10MW=1000))
    with pytest.raises(InputError, match="differs"):
        read_measured(GOTO, folder, 2022)


def test_the_price_of_a_year_that_is_not_there_whole(folder):
    """The folder begins a day before fiscal 2022: no price of 2021; what is wrong with it does not matter."""
    assert read_price(GOTO, folder, 2021) is None
    assert read_price(GOTO, folder, 2019) is None
    price = read_price(GOTO, folder, 2022)
    assert price is not None
    assert (len(price), price.mean()) == (17520, 14.0)
