"""Synthetic weather against real standard years; the distance between two real stations is the yardstick."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wasserstein_distance

from twin.clock import fiscal_year
from twin.weather_table import Place
from weather.climate import read_climates
from weather.readers import read
from weather.reading import WeatherFile
from weather.sun import sun_over
from weather.synthetic import synthetic_year

DATA = Path(os.environ.get("GOTO_TWIN_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
YAKUSHIMA_FILE = DATA / "weather" / "yakushima_standard_year_hourly.csv"
MIYAZAKI_FILE = DATA / "weather" / "miyazaki_standard_year.has"
YAKUSHIMA = Place("yakushima", 30.38, 130.66, 36.0, 10.0, 0.1)
MIYAZAKI = Place("miyazaki", 31.94, 131.41, 9.0, 10.0, 0.1)

pytestmark = pytest.mark.skipif(not YAKUSHIMA_FILE.exists(), reason=f"no real weather files at {DATA}")
YEAR = fiscal_year(2022)
SYNTHETIC_YEARS = range(1, 9)
Sample = dict[str, np.ndarray]


def statistics(ghi: pd.Series, place: Place) -> Sample:
    """Daily clear-sky index, its hour-to-hour steps, lengths of runs of clear (above 0.7) and dull (below 0.4) days.

    Hours begin at half past, as those of the real files do.
    """
    clear = np.roll(sun_over(YEAR, place).clear_sky, -1).reshape(-1, 24, 2).mean(axis=2)
    hourly = np.roll(ghi.to_numpy(), -1).reshape(-1, 24, 2).mean(axis=2)
    index = hourly / np.where(clear > 80.0, clear, np.nan)
    steps = np.diff(index, axis=1)
    daily = hourly.sum(axis=1) / clear.sum(axis=1)
    return {
        "daily index": daily,
        "hourly steps": steps[np.isfinite(steps)],
        "clear runs": run_lengths(daily > 0.7),
        "dull runs": run_lengths(daily < 0.4),
    }


def run_lengths(flags: np.ndarray) -> np.ndarray:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return edges[1::2] - edges[::2]


def synthetic_like(real: pd.Series, place: Place) -> Sample:
    normals = (real.groupby(real.index.month).mean() * 24 / 1000).to_numpy()
    climate = replace(read_climates()["fukue"], place=place, ghi_kwh_per_m2_day=normals)
    years = [
        synthetic_year(2022, year, 1, climates={place.place_id: climate}).values[place.place_id]["ghi"]
        for year in SYNTHETIC_YEARS
    ]
    samples = [statistics(ghi, place) for ghi in years]
    return {name: np.concatenate([sample[name] for sample in samples]) for name in samples[0]}


@pytest.fixture(scope="module")
def real() -> dict[str, pd.Series]:
    return {
        "yakushima": read(WeatherFile(YAKUSHIMA_FILE, "expanded_amedas"), YAKUSHIMA, 2022)["ghi"],
        "miyazaki": read(WeatherFile(MIYAZAKI_FILE, "hasp", wind_height_m=10.0), MIYAZAKI, 2022)["ghi"],
    }


@pytest.mark.parametrize("place", [YAKUSHIMA, MIYAZAKI], ids=lambda place: place.place_id)
def test_clearness_is_as_far_from_a_real_year_as_real_years_are_from_each_other(
    real: dict[str, pd.Series], place: Place
):
    stations = [statistics(real[station.place_id], station) for station in (YAKUSHIMA, MIYAZAKI)]
    own = stations[0] if place is YAKUSHIMA else stations[1]
    synthetic = synthetic_like(real[place.place_id], place)
    for name in own:
        yardstick = wasserstein_distance(stations[0][name], stations[1][name])
        assert wasserstein_distance(synthetic[name], own[name]) < yardstick, name
