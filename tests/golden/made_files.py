"""Measured files that nobody measured: smooth formulas, written as a user's CSV."""

from pathlib import Path

import numpy as np
import pandas as pd


def times(first_day: str, days: int, step_minutes: int) -> pd.DatetimeIndex:
    """Return local times of Japan without offset."""
    return pd.date_range(first_day, periods=days * 1440 // step_minutes, freq=f"{step_minutes}min", name="time")


def sky(index: pd.DatetimeIndex) -> pd.DataFrame:
    """Return plausible sun, temperature and wind for every time, from sines only."""
    day = index.dayofyear.to_numpy() + index.year.to_numpy() * 365
    hour = index.hour.to_numpy() + index.minute.to_numpy() / 60 + 0.25
    season = np.cos(2 * np.pi * (index.dayofyear.to_numpy() - 172) / 365)
    half_day_hours = 5.4 + 0.9 * season
    height = np.clip(np.cos(np.pi / 2 * (hour - 12.4) / half_day_hours), 0.0, None)
    height[np.abs(hour - 12.4) > half_day_hours] = 0.0
    clearness = 0.6 + 0.3 * np.sin(1.7 * day)
    gust = np.sin(2 * np.pi * np.arange(len(index)) / 37) + 0.5 * np.sin(2 * np.pi * np.arange(len(index)) / 11)
    return pd.DataFrame(
        {
            "ghi": (700.0 + 220.0 * season) * height**1.5 * clearness,
            "temp_air": 17.0 + 8.0 * season + 3.0 * np.sin(2 * np.pi * (hour - 8) / 24) + 2.0 * np.sin(0.9 * day),
            "wind_speed": 6.5 + 1.5 * np.sin(0.6 * day) + 1.5 * gust,
        },
        index,
    )


def write_weather(path: Path, first_day: str, days: int) -> Path:
    """Write hourly weather."""
    return _write(path, sky(times(first_day, days, 60)))


def write_pair(path: Path, kind: str, days: int = 90) -> Path:
    """Write half-hourly power and what drove it: ``wind``, ``pv`` or ``demand``."""
    frame = sky(times("2024-04-01", days, 30))
    hour = frame.index.hour.to_numpy()
    power_mw = {
        "wind": 16.0 * np.clip((frame["wind_speed"] - 3.0) / 10.0, 0.0, 1.0) ** 2,
        "pv": np.minimum(5.8 * frame["ghi"] / 1150.0, 5.0),
        "demand": 3.0 + 0.8 * np.sin(2 * np.pi * (hour - 17) / 24) + 0.05 * np.abs(frame["temp_air"] - 18.0),
    }[kind]
    driver = {"wind": "wind_speed", "pv": "ghi", "demand": "temp_air"}[kind]
    return _write(path, pd.DataFrame({"power_mw": power_mw, driver: frame[driver]}, frame.index))


def _write(path: Path, frame: pd.DataFrame) -> Path:
    frame.set_axis(frame.index.strftime("%Y-%m-%d %H:%M")).to_csv(path, index_label="time", float_format="%.4f")
    return path
