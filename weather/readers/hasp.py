"""HASP weather file: seven lines a day, 24 fields of three characters, the last character names the variable."""

from __future__ import annotations

import pandas as pd

from twin.errors import InputError, Problem
from weather.readers.expanded_amedas import HOURS, hours_of_standard_year
from weather.readers.text import SHOWN, read_text
from weather.reading import Reading, WeatherFile

FIELDS = 24
WIDTH = 3
LINES_PER_DAY = 7
END_OF_FILE = "\x1a"
W_PER_KCAL_PER_HOUR = 1.163


def read_hasp(file: WeatherFile) -> Reading:
    """Read a HASP standard year: temperature, beam and diffuse irradiance, wind speed.

    Parameters
    ----------
    file : WeatherFile
        `wind_height_m` is needed where the wind is used: the format does not hold it.

    Returns
    -------
    Reading
        Hours as in `weather.readers.expanded_amedas.hours_of_standard_year`.

    Raises
    ------
    InputError
        With every line that is out of order or cannot be read.
    """
    lines = [line for line in read_text(file.path, ("ascii",)).splitlines() if line.strip(END_OF_FILE + " ")]
    series: dict[str, list[int]] = {str(kind): [] for kind in range(1, LINES_PER_DAY + 1)}
    unreadable = []
    for position, line in enumerate(lines):
        kind = str(position % LINES_PER_DAY + 1)
        cells = [line[WIDTH * hour : WIDTH * (hour + 1)] for hour in range(FIELDS)]
        if line[-1] != kind or not all(_is_whole_number(cell) for cell in cells):
            unreadable.append(f"line {position + 1}: {line[:30]!r}... ending in {line[-1]!r}, expected {kind!r}")
        else:
            series[kind] += [int(cell) for cell in cells]
    problems = _problems(unreadable, len(lines), file)
    if problems:
        raise InputError(problems)
    return _reading(series, file)


def _is_whole_number(cell: str) -> bool:
    return len(cell) == WIDTH and cell.strip().lstrip("-").isdigit()


def _problems(unreadable: list[str], count: int, file: WeatherFile) -> list[Problem]:
    problems = []
    if count * FIELDS != HOURS * LINES_PER_DAY:
        expected = HOURS * LINES_PER_DAY // FIELDS
        problems.append(Problem("wrong number of lines", str(file.path), f"{count}", f"{expected}"))
    if unreadable:
        more = f" and {len(unreadable) - SHOWN} more" if len(unreadable) > SHOWN else ""
        accepted = "24 whole numbers of 3 characters; the days' lines in the order 1 to 7"
        seen = "; ".join(unreadable[:SHOWN]) + more
        problems.append(Problem("line out of order or unreadable", str(file.path), seen, accepted))
    return problems


def _reading(series: dict[str, list[int]], file: WeatherFile) -> Reading:
    instants = hours_of_standard_year()
    interval = pd.Timedelta(hours=1)
    beam_and_diffuse = {"dni": series["3"], "dhi": series["4"]}
    means = pd.DataFrame(beam_and_diffuse, index=instants - interval / 2) * W_PER_KCAL_PER_HOUR
    temperature = (pd.Series(series["1"], index=instants) - 500) / 10.0
    wind = pd.Series(series["7"], index=instants) / 10.0
    frame = pd.DataFrame({"temp_air": temperature, "wind_speed": wind})
    return Reading(means, interval, frame, is_standard_year=True, wind_height_m=file.wind_height_m)
