"""The places of a study and their monthly normals, read from tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from twin.errors import Problem, raise_if_any
from twin.weather_table import Place

FOLDER = Path(__file__).parent
CLIMATE_VARIABLES = ("ghi_kwh_per_m2_day", "temp_air_mean_c", "temp_air_max_c", "temp_air_min_c")
WIND_VARIABLE = "wind_speed_m_per_s"
STATUSES = ("published", "derived", "estimate")


@dataclass(frozen=True)
class Climate:
    """A place and its monthly normals; arrays have twelve values, January first.

    Attributes
    ----------
    place : Place
    ghi_kwh_per_m2_day : numpy.ndarray
        Mean daily global horizontal irradiation.
    temp_air_mean_c, temp_air_max_c, temp_air_min_c : numpy.ndarray
        Mean temperature, mean of the daily maxima, mean of the daily minima.
    wind_mean_m_per_s : numpy.ndarray
        Mean wind speed at ``place.wind_height_m``: the place's yearly mean times the seasonal factor
        of its wind station.
    weibull_shape : float
        Shape of the wind speed's distribution within a month.
    wind_daily_swing : float
        Half the relative range of the mean daily cycle of the wind.
    """

    place: Place
    ghi_kwh_per_m2_day: np.ndarray
    temp_air_mean_c: np.ndarray
    temp_air_max_c: np.ndarray
    temp_air_min_c: np.ndarray
    wind_mean_m_per_s: np.ndarray
    weibull_shape: float
    wind_daily_swing: float


def read_climates(
    places_csv: Path = FOLDER / "places.csv", normals_csv: Path = FOLDER / "normals.csv"
) -> dict[str, Climate]:
    """Read the places and their monthly normals.

    Parameters
    ----------
    places_csv : pathlib.Path
        One row per place.
    normals_csv : pathlib.Path
        One row per station, variable and month.

    Returns
    -------
    dict of str to Climate
        In the order of the table, by place id.

    Raises
    ------
    InputError
        If a table has impossible values, lacks a source, or a station lacks a month.
    """
    places = pd.read_csv(places_csv)
    normals = pd.read_csv(normals_csv)
    table = normals.pivot_table(index=["station", "variable"], columns="month", values="value")
    raise_if_any([*_place_problems(places, places_csv), *_normal_problems(places, normals, places_csv, normals_csv)])
    return {str(row["place_id"]): _climate(row, table) for _, row in places.iterrows()}


def _climate(row: pd.Series, table: pd.DataFrame) -> Climate:
    season = table.loc[(row["wind_station"], WIND_VARIABLE)].to_numpy(dtype=float)
    return Climate(
        place=Place(
            place_id=str(row["place_id"]),
            latitude=float(row["latitude"]),
            longitude=float(row["longitude"]),
            altitude_m=float(row["altitude_m"]),
            wind_height_m=float(row["wind_height_m"]),
            roughness_length_m=float(row["roughness_length_m"]),
        ),
        **{name: table.loc[(row["climate_station"], name)].to_numpy(dtype=float) for name in CLIMATE_VARIABLES},
        wind_mean_m_per_s=float(row["wind_mean_m_per_s"]) * season / season.mean(),
        weibull_shape=float(row["weibull_shape"]),
        wind_daily_swing=float(row["wind_daily_swing"]),
    )


_ACCEPTED_RANGES = {
    "latitude": (-66.0, 66.0),
    "longitude": (-180.0, 180.0),
    "altitude_m": (-400.0, 5000.0),
    "wind_height_m": (2.0, 300.0),
    "roughness_length_m": (1e-5, 3.0),
    "wind_mean_m_per_s": (0.5, 20.0),
    "weibull_shape": (1.0, 4.0),
    "wind_daily_swing": (0.0, 0.8),
}


def _place_problems(places: pd.DataFrame, path: Path) -> list[Problem]:
    problems = []
    for line, (_, row) in enumerate(places.iterrows(), start=2):
        for column, (low, high) in _ACCEPTED_RANGES.items():
            if not low <= row[column] <= high:
                where = f"{path.name}, line {line}, column {column}"
                problems.append(Problem("value out of range", where, f"{row[column]}", f"{low} to {high}"))
        problems += _provenance_problems(row, path, line)
    for place_id in places["place_id"][places["place_id"].duplicated()]:
        problems.append(
            Problem("place occurs twice", f"{path.name}, place {place_id}", repair="remove one of the rows")
        )
    return problems


def _provenance_problems(row: pd.Series, path: Path, line: int) -> list[Problem]:
    problems = []
    if pd.isna(row["source"]):
        problems.append(Problem("no source", f"{path.name}, line {line}", repair="state where the value comes from"))
    if row["status"] not in STATUSES:
        where = f"{path.name}, line {line}, column status"
        problems.append(Problem("unknown status", where, f"{row['status']}", ", ".join(STATUSES)))
    return problems


def _normal_problems(places: pd.DataFrame, normals: pd.DataFrame, places_csv: Path, normals_csv: Path) -> list[Problem]:
    problems = []
    for line, (_, row) in enumerate(normals.iterrows(), start=2):
        problems += _provenance_problems(row, normals_csv, line)
    months = normals.groupby(["station", "variable"])["month"].agg(lambda month: sorted(month) == list(range(1, 13)))
    needed = {(station, WIND_VARIABLE) for station in places["wind_station"]}
    needed |= {(station, name) for station in places["climate_station"] for name in CLIMATE_VARIABLES}
    for station, variable in sorted(needed):
        if not months.get((station, variable), False):
            where = f"{normals_csv.name}, station {station}, variable {variable}"
            problems.append(
                Problem(
                    "not every month occurs once",
                    where,
                    accepted="months 1 to 12",
                    repair=f"add the rows or name another station in {places_csv.name}",
                )
            )
    return problems
