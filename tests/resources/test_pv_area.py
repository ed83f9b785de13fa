"""The area's PV in the calibration record: statistics by hand, and what the rows say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from calibration import pv
from calibration.pv import INDEX, day_spread, duration_distance, month_hour, shape_distance_percent, steps
from calibration.rows import ABSENT, DIFFERS, FITS
from real_data import DATA, needs

FOLDER = Path(__file__).parents[2] / "docs" / "generators" / "calibration"

NOON = (INDEX.hour == 12).astype(float)


def test_month_and_hour_start_in_april_and_are_in_units_of_the_mean():
    only_april = NOON * (INDEX.month == 4)
    means = month_hour(only_april)
    assert means.shape == (12, 24)
    assert means[0, 12] == pytest.approx(8760 / 30)
    assert means.sum() == pytest.approx(8760 / 30)
    assert month_hour(np.array([NOON, NOON * 5])) == pytest.approx(month_hour(NOON))


def test_shape_distance_by_hand():
    """One of 288 values differs by half the highest: 50 % / sqrt(288)."""
    one = month_hour(NOON)
    other = one.copy()
    other[3, 12] *= 0.5
    assert shape_distance_percent(one, other) == pytest.approx(50 / np.sqrt(288))


def test_duration_distance_by_hand():
    """Half the hours at twice the mean against all at the mean: each hour is one mean away."""
    half = np.tile([0.0, 2.0], 4380)
    assert duration_distance(half, np.full(8760, 7.0)) == pytest.approx(1.0)


def test_steps_and_spread_of_days_by_hand():
    assert np.abs(steps(np.tile([1.0, 3.0], 4380))) == pytest.approx(1.0)
    days = np.where(np.arange(365) % 2 == 0, 0.5, 1.5)
    output = NOON * np.repeat(days, 24)
    months = INDEX.month.to_numpy()[::24]
    relative = np.concatenate([days[months == month] / days[months == month].mean() for month in range(1, 13)])
    assert day_spread(output) == pytest.approx(relative.std(ddof=1))
    assert day_spread(NOON) == pytest.approx(0, abs=1e-12)


def test_shares_of_places_and_fleets_add_up_to_one():
    for name in ("places", "fleets"):
        table = pd.read_csv(FOLDER / f"pv_area_{name}.csv")
        assert table["share"].sum() == pytest.approx(1, abs=1e-9)
        assert table["source"].str.len().min() > 5
        assert set(table["status"]) <= {"published", "derived", "estimate"}


@pytest.mark.slow
def test_published_yields_are_met_and_what_contradicts_them_stays_red():
    verdicts = {row.fact: row.verdict for row in pv.rows(None)}
    assert verdicts.pop("Yearly and hourly shape of the area's PV") == ABSENT
    assert list(verdicts.values()) == [FITS, DIFFERS, FITS, DIFFERS]


@pytest.mark.slow
@needs(DATA / "kyushu_area")
def test_the_area_is_met_where_the_record_says_so(tmp_path):
    rows = [row for row in pv.rows(DATA) if "area" in row.fact.lower()]
    assert sum(row.verdict == FITS for row in rows) >= 5
    first, again = (pv.figures(tmp_path / name, DATA) for name in ("one", "two"))
    assert [figure.path.read_bytes() for figure in first] == [figure.path.read_bytes() for figure in again]
