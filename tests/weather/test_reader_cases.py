"""Real and made files of readers against values computed elsewhere; skipped where their folder is not there."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest
from real_data import DATA, needs
from shipped import GOTO

from weather.climate import Climate, read_climates
from weather.quality.report import FileQuality, examine
from weather.readers.reading import WeatherFile
from weather.readers.recognition import format_of

FILES = DATA.parent / "cases" / "files"
FUKUE = read_climates(GOTO)["fukue"]

pytestmark = needs(FILES)


def case(start: str, folder: Path) -> Path:
    """Return the case whose name begins with `start`, unpacked."""
    path = next(iter(sorted(FILES.glob(f"{start}*"))))
    if path.suffix != ".gz":
        return path
    unpacked = folder / path.stem
    unpacked.write_bytes(gzip.decompress(path.read_bytes()))
    return unpacked


def at(latitude: float, longitude: float) -> Climate:
    return replace(FUKUE, place=replace(FUKUE.place, latitude=latitude, longitude=longitude))


def report(start: str, folder: Path, climate: Climate = FUKUE, **stated: object) -> FileQuality:
    path = case(start, folder)
    return examine(replace(WeatherFile(path, format_of(path)), **stated), climate)


@pytest.mark.parametrize(
    ("start", "climate", "kwh"),
    [
        ("01", FUKUE, 1538.1),
        ("02", FUKUE, 1538.1),
        ("03", FUKUE, 1651.9),
        ("16", at(35.69, 139.76), 1388.0),
    ],
)
def test_standard_years_have_the_sum_known_elsewhere(tmp_path: Path, start: str, climate: Climate, kwh: float):
    for hours in (0.0, 3.0):
        quality = report(start, tmp_path, climate, wind_height_m=10.0, fill_hours=hours)
        assert quality.problems == ()
        assert quality.figures["irradiation_kwh_per_m2"] == pytest.approx(kwh, rel=1e-3)


@pytest.mark.parametrize(
    ("start", "name", "climate"),
    [
        ("12", "jma", FUKUE),
        ("17", "metpv", at(35.88, 139.76)),
        ("19", "csv", at(50.775, 6.083)),
        ("30", "nsrdb", at(36.73, -4.42)),
        ("31", "open_meteo", at(41.86, 12.54)),
        ("32", "solargis", at(37.09, -2.36)),
        ("34", "ninja", at(53.55, 10.0)),
    ],
)
def test_short_files_lack_the_rest_of_the_year_only(tmp_path: Path, start: str, name: str, climate: Climate):
    quality = report(start, tmp_path, climate, wind_height_m=10.0)
    assert quality.file.format == name
    assert [problem.what for problem in quality.problems] == ["gap"]


@pytest.mark.parametrize(
    ("start", "what", "seen"),
    [
        ("06", "time occurs twice", "72 times"),
        ("07", "plane is not horizontal", "Slope: -"),
        ("08", "plane is not horizontal", "two_axis"),
        ("18", "shifted clock", "+1.0 h off"),
        ("21", "wrong text encoding", "line 1: byte 0xa1"),
    ],
)
def test_what_is_wrong_is_told_once(tmp_path: Path, start: str, what: str, seen: str):
    problems = report(start, tmp_path, wind_height_m=10.0).problems
    told = [problem for problem in problems if problem.what == what]
    assert len(told) == 1
    assert seen in told[0].seen


def test_ends_of_hours_are_accepted_where_they_are_stated(tmp_path: Path):
    quality = report("18", tmp_path, wind_height_m=10.0, label="end")
    assert [problem.what for problem in quality.problems] == ["gap"]
    assert abs(quality.figures["clock_offset_hours"]) < 0.05
