"""An island: a folder with ``island.toml`` and its tables, found by name or path."""

from __future__ import annotations

import csv
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from network_models.tables.declarations import DECLARATIONS
from twin.core.errors import InputError, Problem

FOLDER = Path(__file__).parent
SETTINGS, TITLES = "island.toml", "unknown_titles.csv"
SHIPPED = "goto"
"""The island that studies take where they name none."""

BUILT_IN = (
    "case4gs", "case6ww", "case9", "case14", "case24_ieee_rts", "case30", "case33bw", "case39", "case57", "case118",
    "create_cigre_network_hv", "create_cigre_network_mv", "create_cigre_network_mv_pv_wind",
    "four_loads_with_branches_out", "mv_oberrhein", "panda_four_load_branch",
    "simple_four_bus_system", "simple_mv_open_ring_net",
)  # fmt: skip
"""Names of ``pandapower.networks``; ``create_cigre_network_mv_pv_wind`` is the CIGRE network with its PV and wind."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Names(_Section):
    """A name in English and Japanese."""

    en: str = Field(min_length=1)
    ja: str = ""

    def in_language(self, language: str) -> str:
        """Return the name in a language, in English where there is no other."""
        return (self.ja if language == "ja" else "") or self.en


class GridRoles(_Section):
    """What the buses of the grid are for; all are rows of ``buses.csv``."""

    source_bus: str = Field(description="Bus of the ideal source behind the mainland's impedance.")
    head_end_bus: str = Field(description="Bus at which import and export are counted.")
    headroom_bus: str = Field(description="Bus at which the link's headroom is measured.")
    watched_kv: float = Field(gt=0, description="Buses of this rated voltage are held within the voltage band.")


class Settings(_Section):
    """The file ``island.toml``."""

    name: Names = Field(description="Name of the island.")
    municipality: Names = Field(description="Name of the municipality whose areas have `municipality` = true.")
    time_zone: str = Field(description="Name in the IANA data base, e.g. Europe/London.")
    currency: str = Field(min_length=3, max_length=3, description="ISO 4217 code.")
    first_month: int = Field(default=4, ge=1, le=12, description="Month in which the fiscal year begins.")
    holidays: str = Field(default="", description="Country of the public holidays, ISO 3166: JP, GB-SCT; empty: none.")
    frequency_hz: float = Field(gt=0, description="Frequency of the grid.")
    first_year: int = Field(description="First fiscal year that the tables describe.")
    last_year: int = Field(description="Last fiscal year that the tables describe.")
    default_place: str = Field(description="Weather place of what names none: a guest network, a measured plant.")
    default_pv_fleet: str = Field(description="PV fleet of a guest network's plants that name none.")
    default_turbine: str = Field(description="Turbine of a guest network's plants that name none.")
    default_study: str = Field(default="", description="Study that commands take where none is named.")
    plan_study: str = Field(default="", description="Study whose members `goto-twin audit` runs where none is named.")
    grid: GridRoles = Field(description="What the buses are for.")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("no such time zone")
        return str(ZoneInfo(value))


@dataclass(frozen=True)
class Island:
    """An island's settings and where its tables lie.

    Attributes
    ----------
    folder : pathlib.Path
    settings : Settings
    """

    folder: Path
    settings: Settings

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.name

    def has(self, table: str) -> bool:
        """Tell whether the island has a table."""
        return (self.folder / DECLARATIONS[table].file).is_file()

    def absent(self) -> tuple[str, ...]:
        """Return what the island leaves out, in words."""
        missing = {facts.absent: None for name, facts in DECLARATIONS.items() if facts.absent and not self.has(name)}
        return tuple(missing)

    def cells(self, table: str) -> list[dict[str, str]]:
        """Return the rows of a table as text, for names; none where the island leaves it out."""
        path = self.folder / DECLARATIONS[table].file
        return _cells(path, changed(path))

    def titles(self) -> dict[str, tuple[str, str, str]]:
        """Return title in English and Japanese, and unit, of unknowns whose rows have none themselves, by name."""
        rows = _cells(self.folder / TITLES, changed(self.folder / TITLES))
        return {row["unknown"]: (row["title_en"], row["title_ja"], row["unit"]) for row in rows}

    def column(self, table: str, column: str) -> list[str]:
        """Return a column of a table as text."""
        return [row.get(column, "") for row in self.cells(table)]


def shipped_islands() -> list[str]:
    """Return the names of the islands that come with the package."""
    return sorted(path.parent.name for path in FOLDER.glob(f"*/{SETTINGS}"))


def find_folder(model: str, folder: Path = Path()) -> Path | None:
    """Return the folder of an island given by name or by a path relative to `folder`; None where there is none."""
    for candidate in (FOLDER / model, folder / model):
        if (candidate / SETTINGS).is_file():
            return candidate.resolve()
    return None


def find_island(model: str = SHIPPED, folder: Path = Path()) -> Island:
    """Return an island.

    Parameters
    ----------
    model : str
        Name of a shipped island, or path of a folder.
    folder : pathlib.Path
        Where a relative path starts: the study file's folder.

    Raises
    ------
    InputError
        Where there is none, or its ``island.toml`` cannot be used: all problems at once.
    """
    found = find_folder(model, folder)
    if found is None:
        accepted = f"{', '.join(shipped_islands())}, or a folder with {SETTINGS}"
        raise InputError([Problem("there is no such island", "grid model", model, accepted)])
    return _island_in(found, changed(found / SETTINGS))


def changed(path: Path) -> int:
    """Return when a file was last written, in ns; 0 where there is none. What is cached by it is read anew."""
    return path.stat().st_mtime_ns if path.is_file() else 0


@functools.lru_cache(maxsize=64)
def _island_in(folder: Path, _: int) -> Island:
    path = folder / SETTINGS
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(f"the file cannot be read: {error}", str(path), repair="correct it")]) from None
    try:
        return Island(folder, Settings.model_validate(values))
    except ValidationError as error:
        raise InputError([_problem(path, found) for found in error.errors()]) from None


def _problem(path: Path, found: Mapping[str, object]) -> Problem:
    place = found["loc"]
    key = ".".join(map(str, place)) if isinstance(place, tuple) else str(place)
    fields = ", ".join(Settings.model_fields)
    if found["type"] == "missing":
        return Problem("the key is missing", f"{path}, {key}", repair=f"add {key}")
    if found["type"] == "extra_forbidden":
        return Problem("unknown key", f"{path}, {key}", repr(found["input"]), fields, "correct or remove the key")
    return Problem(str(found["msg"]), f"{path}, {key}", repr(found["input"]))


@functools.lru_cache(maxsize=512)
def _cells(path: Path, _: int) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    lines = without_comments(path.read_text(encoding="utf-8-sig"))
    return list(csv.DictReader(line for line in lines if line))


def without_comments(text: str) -> list[str]:
    """Return the lines of a table; those that begin with # are empty, so that the others keep their numbers."""
    return ["" if line.startswith("#") else line for line in text.splitlines()]
