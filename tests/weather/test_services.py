"""Files of data services, written in their publishers' layout: recognised, and with the sum that was put in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from broken_tables import broken
from shipped import GOTO

from twin.core.clock import fiscal_year
from twin.core.errors import InputError
from weather.climate import read_climates
from weather.quality.report import examine, quality_text
from weather.readers.formats import FORMATS, read
from weather.readers.reading import WeatherFile
from weather.readers.recognition import SIGNS, format_of
from weather.sun import sun_over

FUKUE = read_climates(GOTO)["fukue"]
PLACE = FUKUE.place
HOURS = fiscal_year(2022, 60)
START = HOURS.tz_convert("UTC")
INTERVAL = pd.Timedelta(hours=1)
SUN = sun_over(HOURS, PLACE)
GHI = 0.9 * SUN.clear_sky
TOTAL_KWH = GHI.sum() / 1000.0
TEMPERATURE = 15.0 + 8.0 * np.sin(np.arange(len(HOURS)) / 40.0)
WIND = 4.0 + np.sin(np.arange(len(HOURS)) / 30.0)
INSTANTS = 0.9 * sun_over(HOURS - INTERVAL / 2, PLACE).clear_sky
"""Of the full hours: half an hour at the end of the year is not in the file, at midnight."""
TYPICAL = pd.date_range("2023-01-01", periods=8760, freq="h", tz="Asia/Tokyo")
TYPICAL_GHI = 0.9 * sun_over(TYPICAL, PLACE).clear_sky


def rows(times: pd.DatetimeIndex, style: str, *columns: np.ndarray, separator: str = ",") -> str:
    cells = [[style.format(time) for time in times], *([f"{value:.3f}" for value in column] for column in columns)]
    return "".join(separator.join(row) + "\n" for row in zip(*cells, strict=True))


def nsrdb() -> str:
    keys = "Source,Location ID,City,State,Country,Latitude,Longitude,Time Zone,Elevation,Local Time Zone"
    columns = "Year,Month,Day,Hour,Minute,GHI,DHI,DNI,Temperature,Wind Speed"
    style = "{0.year},{0.month},{0.day},{0.hour},{0.minute}"
    body = rows(START, style, INSTANTS, INSTANTS, 0.0 * INSTANTS, TEMPERATURE, WIND)
    return f"{keys}\nNSRDB,1,-,-,-,32.69,128.83,0,25,9\n{columns}\n{body}"


def typical_year_of(years: dict[int, int], style: str, times: pd.DatetimeIndex, *columns: np.ndarray) -> str:
    """Rows whose months are dated in years of their own; the date may be that of the hour before (24:00)."""
    lines = rows(times, style, *columns).splitlines()
    return "".join(
        line.replace("2023", str(years.get(time.month, 1999))) + "\n" for line, time in zip(lines, times, strict=True)
    )


def nsrdb_typical() -> str:
    head = "\n".join(nsrdb().splitlines()[:3]).replace(",0,25,9", ",9,25,9")
    ghi = 0.9 * sun_over(TYPICAL, PLACE).clear_sky
    style = "{0.year},{0.month},{0.day},{0.hour},30"
    wind = np.full(len(TYPICAL), 4.0)
    body = typical_year_of({2: 2008, 5: 2001}, style, TYPICAL, ghi, ghi, 0.0 * ghi, 15.0 + wind, wind)
    return f"{head}\n{body}"


def tmy3() -> str:
    columns = "Date (MM/DD/YYYY),Time (HH:MM),GHI (W/m^2),DNI (W/m^2),DHI (W/m^2),Dry-bulb (C),Wspd (m/s)"
    lines = []
    for time, value in zip(TYPICAL, TYPICAL_GHI, strict=True):
        year = {2: 2004, 3: 1988}.get(time.month, 1999)
        lines.append(f"{time:%m/%d}/{year},{time.hour + 1:02d}:00,{value:.3f},0.0,{value:.3f},15.0,4.0\n")
    return f'478430,"FUKUE",JP,9.0,32.693,128.827,25\n{columns}\n{"".join(lines)}'


def nasa_power() -> str:
    head = "-BEGIN HEADER-\nNASA/POWER CERES/MERRA2 Native Resolution Hourly Data \nDates: 04/01/2022 in UTC\n"
    head += "ALLSKY_SFC_SW_DWN     CERES SYN1deg All Sky Surface Shortwave Downward Irradiance (Wh/m^2) \n"
    head += (
        "T2M                   MERRA-2 Temperature at 2 Meters (C) \nWS50M  MERRA-2 Wind Speed at 50 Meters (m/s) \n"
    )
    columns = "YEAR,MO,DY,HR,ALLSKY_SFC_SW_DWN,T2M,WS50M"
    body = rows(START, "{0.year},{0.month},{0.day},{0.hour}", GHI, TEMPERATURE, 5.0 * WIND / 4.0)
    return f"{head}-END HEADER-\n{columns}\n{body}"


def nasa_power_in_megajoules() -> str:
    head, _, _ = nasa_power().replace("(Wh/m^2)", "(MJ/hr)").partition("YEAR,MO")
    columns = "YEAR,MO,DY,HR,ALLSKY_SFC_SW_DWN,T2M,WS50M"
    body = rows(START, "{0.year},{0.month},{0.day},{0.hour}", GHI * 0.0036 + 1e-9, TEMPERATURE, WIND)
    return f"{head}{columns}\n{body}"


def open_meteo(epoch: bool = False, offset: int = 0, wind_unit: str = "km/h", factor: float = 3.6) -> str:
    head = "latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation\n"
    head += f"32.7,128.8,25.0,{offset},GMT,GMT\n\n"
    head += f"time,temperature_2m (°C),wind_speed_10m ({wind_unit}),shortwave_radiation (W/m²)\n"
    ends = START + INTERVAL
    if epoch:
        stamps = [str(int(time.timestamp())) for time in ends]
    else:
        stamps = [f"{time + pd.Timedelta(seconds=offset):%Y-%m-%dT%H:%M}" for time in ends]
    body = rows(ends, "{0.year}", TEMPERATURE, WIND * factor, GHI).splitlines()
    return head + "".join(f"{stamp},{line.partition(',')[2]}\n" for stamp, line in zip(stamps, body, strict=True))


def solargis(label: str = "center", unit: str = "Wh/m2", zone: int = 0) -> str:
    head = "#HOURLY VALUES OF SOLAR RADIATION\n#\n#File type: Solargis_TS60\n#Columns:\n"
    head += f"#Time - Time of measurement, time reference UTC+{zone}, {label} of the averaging interval\n"
    head += f"#GHI - Global horizontal irradiation [{unit}], no data value -9\n#\n#Data:\nDate;Time;GHI;flagR;TEMP;WS\n"
    share = {"start": 0.0, "center": 0.5, "end": 1.0}[label]
    times = START + share * INTERVAL + pd.Timedelta(hours=zone)
    return head + rows(times, "{0:%d.%m.%Y};{0:%H:%M}", GHI, 0.0 * GHI, TEMPERATURE, WIND, separator=";")


def ninja() -> str:
    head = (
        "# Renewables.ninja Weather (Point API) - 32.69, 128.83 - Version: 1.0\n# Units: time in UTC, t2m in C\n# {}\n"
    )
    return f"{head}time,local_time,t2m,swgdn\n" + rows(START, "{0:%Y-%m-%d %H:%M},2022", TEMPERATURE, GHI)


def meteostat(has_header: bool = False) -> str:
    names = "date,hour,temp,dwpt,rhum,prcp,snow,wdir,wspd,wpgt,pres,tsun,coco\n" if has_header else ""
    lines = rows(START, "{0:%Y-%m-%d},{0.hour}", TEMPERATURE, WIND * 3.6).splitlines()
    return names + "".join("{},{},{},,,,,,{},,,,\n".format(*line.split(",")) for line in lines)


def metpv() -> str:
    lines = ["43256,FUKUE,32,41.6,128,49.6,25.0"]
    ghi = np.rint(TYPICAL_GHI * 0.36).astype(int).reshape(-1, 24)
    for number, day in enumerate(TYPICAL[::24]):
        year = {2: 2012}.get(day.month, 2014)
        of_element = {1: ghi[number], 2: 0 * ghi[number], 3: ghi[number], 5: ghi[number] * 0 + 150}
        of_element |= {4: 0 * ghi[number], 6: 0 * ghi[number] + 40}
        for element in range(1, 7):
            values = ",".join(map(str, of_element[element]))
            lines.append(f"{element},{day.month},{day.day},{year}.0,{values},0,8888,0,8888,{number + 1}")
    return "\n".join(lines) + "\n"


def expanded_amedas_in_watts() -> str:
    clear = 0.9 * sun_over(TYPICAL + INTERVAL / 2, PLACE).clear_sky
    body = "".join(f"15.0,0.0,{value:.2f},10.0\n" for value in clear)
    return f"福江,標準年\n気温(℃),法線面直達日射量(W/m2),水平面天空日射量(W/m2),太陽高度\n{body}"


CASES: dict[str, tuple[str, Callable[[], str], float]] = {
    "nsrdb": ("nsrdb", nsrdb, TOTAL_KWH),
    "nsrdb, typical year": ("nsrdb", nsrdb_typical, TYPICAL_GHI.sum() / 1000.0),
    "tmy3": ("tmy3", tmy3, TYPICAL_GHI.sum() / 1000.0),
    "nasa_power": ("nasa_power", nasa_power, TOTAL_KWH),
    "nasa_power, MJ": ("nasa_power", nasa_power_in_megajoules, TOTAL_KWH),
    "open_meteo": ("open_meteo", open_meteo, TOTAL_KWH),
    "open_meteo, epoch": ("open_meteo", lambda: open_meteo(epoch=True), TOTAL_KWH),
    "open_meteo, local": ("open_meteo", lambda: open_meteo(offset=32400), TOTAL_KWH),
    "open_meteo, knots": ("open_meteo", lambda: open_meteo(wind_unit="kn", factor=3600 / 1852), TOTAL_KWH),
    "solargis": ("solargis", solargis, TOTAL_KWH),
    "solargis, end": ("solargis", lambda: solargis("end", "W/m2", 9), TOTAL_KWH),
    "solargis, start": ("solargis", lambda: solargis("start"), TOTAL_KWH),
    "ninja": ("ninja", ninja, TOTAL_KWH),
    "metpv": ("metpv", metpv, TYPICAL_GHI.sum() / 1000.0),
    "expanded_amedas, W/m2": ("expanded_amedas", expanded_amedas_in_watts, TYPICAL_GHI.sum() / 1000.0),
}


@pytest.mark.parametrize("case", CASES)
def test_a_services_file_has_its_sum_and_its_clock(tmp_path: Path, case: str):
    name, write, total = CASES[case]
    path = tmp_path / "file.csv"
    path.write_text(write(), encoding="utf-8")
    assert format_of(path) == name
    quality = examine(WeatherFile(path, name, wind_height_m=None if name == "nasa_power" else 10.0), FUKUE)
    assert quality.problems == (), quality.problems
    assert quality.figures["irradiation_kwh_per_m2"] == pytest.approx(total, rel=3e-3)
    assert abs(quality.figures["clock_offset_hours"]) < 0.1
    if "wind_mean_m_per_s" in quality.figures and name != "nasa_power":
        assert quality.figures["wind_mean_m_per_s"] == pytest.approx(4.0, rel=0.01)


@pytest.mark.parametrize("has_header", [False, True])
def test_meteostat_has_temperature_and_wind(tmp_path: Path, has_header: bool):
    path = tmp_path / "47843.csv"
    path.write_text(meteostat(has_header), encoding="utf-8")
    assert format_of(path) == "meteostat"
    frame = read(WeatherFile(path, "meteostat"), replace(PLACE, wind_height_m=10.0), 2022)
    assert set(frame) == {"temp_air", "wind_speed"}
    assert frame["wind_speed"].mean() == pytest.approx(WIND.mean(), rel=0.01)


@pytest.mark.parametrize("factor", [1.0, 2.39])
def test_hasp_in_both_units(tmp_path: Path, factor: float):
    """The same sky in 0.01 MJ/m2 h and in kcal/m2 h."""
    clear = 0.9 * sun_over(TYPICAL + INTERVAL / 2, PLACE).clear_sky
    beam = np.where(clear > 300.0, 900.0, 0.0)
    unit = 0.36 * factor
    lines = []
    for day in range(365):
        hours = slice(24 * day, 24 * day + 24)
        kinds = [np.full(24, 650), np.full(24, 100), beam[hours] * unit, clear[hours] * unit * 0.3]
        kinds += [np.full(24, 30), np.full(24, 10), np.full(24, 40)]
        for kind, values in enumerate(kinds, 1):
            lines.append("".join(f"{round(value):3d}" for value in values) + f" 1 1 1{day % 10}{kind}"[-8:].rjust(8))
    path = tmp_path / "fukue.has"
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    quality = examine(WeatherFile(path, "hasp", wind_height_m=10.0), FUKUE)
    dni = {one.name: one.greatest for one in quality.variables}["dni"]
    assert dni == pytest.approx(900.0, rel=0.01)
    assert ("SI" in quality.notes[0]) == (factor == 1.0)


def test_times_in_local_solar_time_are_refused(tmp_path: Path):
    path = tmp_path / "power.csv"
    path.write_text(nasa_power().replace("in UTC", "in LST"), encoding="utf-8")
    with pytest.raises(InputError, match="local solar time"):
        read(WeatherFile(path, "nasa_power"), PLACE, 2022)


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "csv"])
def test_every_format_has_a_sign_and_no_traceback(tmp_path: Path, name: str):
    """Empty, cut off in the header, or a text of another kind: a problem of the file, whatever reads it."""
    assert name in SIGNS
    whole = next((write() for of, write, _ in CASES.values() if of == name), "time,ghi\n2022-04-01T00:00Z,1\n")
    for text in (
        "",
        whole[:40],
        "\n".join(whole.splitlines()[:1]),
        "a,b\n1,2\n" * 30,
        "{}",
        "\x00\x01",
        "x" * 150_000,
        "a,\rb\n",
    ):
        path = tmp_path / "file.csv"
        path.write_text(text, encoding="utf-8")
        assert examine(WeatherFile(path, name), FUKUE).problems


@pytest.mark.parametrize("case", [case for case in CASES if "," not in case])
def test_a_service_file_read_as_csv_is_named(tmp_path: Path, case: str):
    name, write, _ = CASES[case]
    path = tmp_path / "file.csv"
    path.write_text(write(), encoding="utf-8")
    with pytest.raises(InputError, match=f'format = "{name}"'):
        read(WeatherFile(path, "csv"), PLACE, 2022)


@pytest.mark.parametrize("case", CASES)
def test_broken_files_are_examined_without_a_traceback(tmp_path: Path, case: str):
    name, write, _ = CASES[case]
    raw = "\n".join(write().split("\n")[:90]).encode()
    path = tmp_path / "broken.csv"
    for number in range(6):
        path.write_bytes(broken(raw, 100 * list(CASES).index(case) + number))
        for told in {name, format_of(path)}:
            assert quality_text(examine(WeatherFile(path, told, wind_height_m=10.0, fill_hours=number % 2), FUKUE))


def test_a_fault_of_a_reader_is_no_fault_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Text that cannot be read is told as a problem; what a program raises of itself passes through."""
    path = tmp_path / "file.csv"
    path.write_text(ninja(), encoding="utf-8")

    def raising(error: Exception) -> Callable[[WeatherFile], object]:
        def reader(_: WeatherFile) -> object:
            raise error

        return reader

    monkeypatch.setitem(FORMATS, "ninja", raising(AttributeError("no such attribute")))
    with pytest.raises(AttributeError):
        read(WeatherFile(path, "ninja"), PLACE, 2022)
    monkeypatch.setitem(FORMATS, "ninja", raising(KeyError("HR")))
    with pytest.raises(InputError, match="nothing is called 'HR'"):
        read(WeatherFile(path, "ninja"), PLACE, 2022)


@pytest.mark.parametrize(
    ("case", "before", "after", "told"),
    [
        ("open_meteo", "time,temp", "date,temp", "no line that starts with time,"),
        ("open_meteo", ",25.0,0,GMT", ",25.0,zero,GMT", "utc_offset_seconds"),
        ("nasa_power", ",MO,DY,", ",MONTH,DY,", "no column MO"),
        ("tmy3", ",15.0,4.0\n", ",warm,4.0\n", "text where a number belongs"),
    ],
)
def test_what_is_wrong_in_a_services_file_is_named(tmp_path: Path, case: str, before: str, after: str, told: str):
    name, write, _ = CASES[case]
    path = tmp_path / "file.csv"
    text = write()
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(InputError, match=told):
        read(WeatherFile(path, name, wind_height_m=10.0), PLACE, 2022)


def test_the_page_names_a_test_of_every_format():
    """The table of formats, and beside each a test that is there."""
    root = Path(__file__).parents[2]
    page = (root / "docs" / "how_to" / "weather_files.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (`.+`) \| (test_\w+)", page, re.MULTILINE)
    tests = "".join(path.read_text(encoding="utf-8") for path in sorted((root / "tests" / "weather").glob("*.py")))
    named = {name: test for names, test in table for name in re.findall(r"`(\w+)`", names)}
    assert set(named) == set(FORMATS)
    assert [test for test in named.values() if f"def {test}(" not in tests] == []
    described = re.findall(r"^\| (`[^|]+`) \| [^|]+ \| [^|]+ \| [^|]+ \| (?:own|pvlib)", page, re.MULTILINE)
    assert {name for names in described for name in re.findall(r"`(\w+)`", names)} == set(FORMATS)
