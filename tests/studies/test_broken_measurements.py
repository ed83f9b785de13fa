"""No broken file ends in a traceback: measured pairs and the area's series are read or refused with problems."""

import shutil
from pathlib import Path

import pandas as pd
import publishers
import pytest
from broken_tables import broken
from shipped import GOTO

from studies.experiments.validation.measured_pairs import Reading, read_pair
from studies.measured.series import read_measured
from twin.core.errors import InputError

PAIRS = 60
FOLDERS = 3


def test_broken_pairs_are_read_or_refused(tmp_path: Path):
    times = pd.date_range("2024-04-01", periods=96, freq="30min")
    rows = [f"{time:%Y-%m-%d %H:%M},{1 + (k % 7) / 10:.2f},{5 + k % 5}" for k, time in enumerate(times)]
    raw = "\n".join(["time,power_mw,wind_speed", *rows, ""]).encode()
    refused = 0
    for number in range(PAIRS):
        path = tmp_path / "a.csv"
        path.write_bytes(broken(raw, number))
        try:
            read_pair(path, "wind", 2.0, Reading("Asia/Tokyo", allow_gaps=bool(number % 2)))
        except InputError as error:
            refused += 1
            assert error.problems
    assert refused > PAIRS / 2


def test_broken_series_of_the_area_are_refused(tmp_path: Path):
    hours = pd.date_range("2022-04-01", periods=72, freq="h")
    names = ["nuclear", "thermal", "hydro", "geothermal", "biomass", "pumped_storage", "interconnection"]
    area = pd.DataFrame({f"{name}_MWh": 1.0 for name in names}, index=hours)
    area = area.assign(demand_MWh=9000.0, solar_actual_MWh=100.0, solar_curtailed_MWh=0.0)
    area = area.assign(wind_actual_MWh=80.0, wind_curtailed_MWh=0.0)
    good = tmp_path / "good"
    publishers.write_hourly(good, area)
    publishers.write_half_hourly(good, area)
    publishers.write_days(good, pd.DataFrame({"demand_actual_10MW": 900.0, "demand_forecast_10MW": 909.0}, hours))
    publishers.write_summary(good, pd.Series(10.0, pd.date_range("2022-04-01", periods=144, freq="30min")))
    for number in range(FOLDERS):
        folder = tmp_path / "broken"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for k, path in enumerate(sorted(good.iterdir())):
            raw = path.read_bytes()
            (folder / path.name).write_bytes(broken(raw, 10 * number + k) if (number + k) % 3 == 0 else raw)
        with pytest.raises(InputError) as told:
            read_measured(GOTO, folder, 2022)
        assert told.value.problems
