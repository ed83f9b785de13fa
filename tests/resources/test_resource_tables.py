"""The profile tables: every row has its source, status and range; every parameter is used."""

from pathlib import Path

import pandas as pd
import pytest
from shipped import GOTO

import studies.measured
import twin.resources
from twin.core.errors import InputError

FOLDERS = [Path(package.__file__).parent for package in (twin.resources, studies.measured)]


def test_every_parameter_is_used():
    code = "\n".join(path.read_text(encoding="utf-8") for folder in FOLDERS for path in folder.rglob("*.py"))
    for name in GOTO["parameters"]["name"]:
        assert name in code or name.startswith(("repair_hours_", "ramps_")), name


def test_unknown_parameter_is_told():
    with pytest.raises(InputError, match="no such parameter"):
        GOTO.value("speed_of_light")


def test_area_climatology_has_mean_one_and_the_peak_of_the_facts():
    table = GOTO["area_demand_hours"].set_index(["month", "day_type"])
    hours = table[[str(hour) for hour in range(24)]]
    assert len(hours) == 24
    weighted = hours.groupby("day_type").mean().mean(axis=1) @ pd.Series({"work": 240, "free": 125}) / 365
    assert weighted == pytest.approx(1, abs=0.02)
    assert hours.max().max() == pytest.approx(1.45, abs=0.05)
