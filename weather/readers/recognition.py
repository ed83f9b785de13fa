"""Which format a file is of, by its first lines."""

from __future__ import annotations

import re
from pathlib import Path

BYTES_READ = 20_000
LINES_READ = 80

SIGNS = {
    "epw": r"\ALOCATION,",
    "nsrdb": r"\A\"?Source,Location ID",
    "tmy3": r"\A[^\n]*\n\"?Date \(MM/DD/YYYY\)",
    "nasa_power": r"-BEGIN HEADER-[\s\S]*NASA",
    "open_meteo": r"\Alatitude,longitude,elevation,utc_offset_seconds",
    "solargis": r"\A#[\s\S]*solargis",
    "ninja": r"\A# *Renewables\.ninja",
    "meteostat": r"\A(?:(?:time|date,hour),temp,dwpt,|\d{4}-\d\d-\d\d,\d{1,2}(?:,[-\d.]*){11}\s)",
    "metpv": r"\A\d{5},[^,\n]+,\d+,[\d.]+,\d+,[\d.]+,[-\d.]+\s+1,1,1,",
    "jma_10min": r"(?:\A|[\n,;\t])時分[,;\t].*(?:気温|風速|日照)",
    "jma": r"ダウンロードした時刻|年月日時,|\A(?:[^\n]*\n){0,4}年,月,日,時",
    "pvgis_tmy": r"\A(?:Latitude \(decimal[\s\S]*month,year|\{[\s\S]*\"(?:tmy_hourly|months_selected)\")",
    "pvgis_hourly": r"\A(?:Latitude \(decimal|\{[\s\S]*\"mounting_system\")",
    "hasp": r"\A[ \d-]{72}[ \d]{7}1\s",
    "expanded_amedas": r"\A[^\n]*\n[^\n]*(?:MJ/|W/m2|W/㎡)[^\n]*\n",
}
"""Pattern of a file's first lines by format; the first that fits counts."""

SUFFIXES = {".epw": "epw", ".has": "hasp"}


def format_of(path: Path) -> str:
    """Return the format of a file, ``csv`` if nothing else is recognised.

    Parameters
    ----------
    path : pathlib.Path
        A file that does not exist is told by its suffix.
    """
    by_suffix = SUFFIXES.get(path.suffix.lower(), "csv")
    if not path.is_file():
        return by_suffix
    text = "\n".join(head_of(path).split("\n")[:LINES_READ]) + "\n"
    return next((name for name, pattern in SIGNS.items() if re.search(pattern, text, re.IGNORECASE)), by_suffix)


def head_of(path: Path) -> str:
    """Return the first lines of a file in the encoding that fits best."""
    with path.open("rb") as stream:
        raw = stream.read(BYTES_READ)
    return _text(raw).replace("\r\n", "\n").replace("\r", "\n")


def _text(raw: bytes) -> str:
    """Return the text in the encoding that fits best; a character cut off at the end does not count."""
    for encoding in ("utf-8-sig", "cp932"):
        for cut in range(4):
            try:
                return raw[: len(raw) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
    return raw.decode("latin-1")
