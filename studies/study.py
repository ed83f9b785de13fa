"""The study file: which question is asked of which grid under which sky."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from studies.dotted import flatten, is_known, known_keys
from studies.input_names import why_shared
from studies.sections import Compare, Fleet, Grid, Operation, Period, Section, Uncertainty, Weather
from studies.suggestions import nearest

NAME_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_.\-]*$"
FIXED_FOR_ALL = ("weather.", "seed", "period.", "schema_version", "name", "title_", "uncertainty.")
"""Beginnings of keys that neither a scenario nor a sweep may change: all members share them."""

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=80)]


class Settings(Section):
    """The sections that a scenario or a sweep may change."""

    grid: Grid = Field(description="The network.")
    fleet: Fleet = Field(default=Fleet(), description="Plants and small sites.")
    operation: Operation = Field(default=Operation(), description="Operation of grid and sites.")
    inputs: dict[str, dict[str, float]] = Field(
        default={},
        description="Numbers of the input tables (`goto-twin sources`) in place of the tables' own: "
        "[inputs.<table>] <row> = value; in a table whose rows have several numbers, a factor on them.",
    )

    @model_validator(mode="after")
    def _sites_need_buses(self) -> Self:
        roles = self.grid.roles
        if roles is not None and not roles.site_buses and (self.fleet.new_pv or self.fleet.batteries != "none"):
            raise ValueError(
                "a guest network without site buses has no small sites, so fleet.new_pv and fleet.batteries are idle: "
                "name site_buses in [grid.roles], or leave both keys out"
            )
        return self


class Scenario(BaseModel):
    """A scenario: titles, and dotted keys (``fleet.new_pv = true``) in place of the base values."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    title_en: str = Field(default="", description="Title in English; default: the scenario's name.")
    title_ja: str = Field(default="", description="Title in Japanese; default: the English title.")

    @property
    def overrides(self) -> dict[str, Any]:
        """Values by dotted key that replace the base values."""
        return flatten(self.model_extra or {})


class Study(Settings):
    """A study: base sections, scenarios, sweep and comparison."""

    schema_version: Literal[1] = Field(description="Version of this file format: 1.")
    name: Name = Field(description="Name of the study and of its results folder: letters, digits, _ - and dot.")
    title_en: str = Field(min_length=1, description="Title in English.")
    title_ja: str = Field(default="", description="Title in Japanese; default: the English title.")
    seed: int = Field(default=1, ge=0, lt=2**63, description="Seed of all random streams.")
    period: Period = Field(description="The time that is simulated.")
    weather: Weather = Field(default=Weather(), description="The weather, the same for all members.")
    scenario: dict[Name, Scenario] = Field(
        default={}, description="Scenarios by name: [scenario.<name>] with dotted keys in place of base values."
    )
    sweep: dict[str, Any] = Field(
        default={}, description="Dotted key -> list of values; all combinations are run for each scenario."
    )
    onset: dict[str, Any] = Field(
        default={},
        description="Dotted key -> list of values, one at a time at the middle of the sweep in the uncontrolled "
        "scenario: shows from which value on congestion begins; only sums are kept.",
    )
    compare: Compare = Field(default=Compare(), description="Which scenarios the others are compared with.")
    uncertainty: Uncertainty = Field(default=Uncertainty(), description="What `goto-twin uncertainty` samples.")

    _folder: Path = PrivateAttr(default=Path())

    @model_validator(mode="after")
    def _measured_needs_no_level(self) -> Study:
        operation = self.operation
        if self.weather.source == "measured":
            return self
        if operation.area_balance and operation.area_level_percent is None:
            raise ValueError(
                "[operation] area_balance = true needs area_level_percent unless the weather is measured: "
                "add it, or write area_balance = false"
            )
        return self

    @property
    def folder(self) -> Path:
        """Folder of the study file, which relative paths start from."""
        return self._folder

    @property
    def sweep_values(self) -> dict[str, list[Any]]:
        """Values to sweep by dotted key, in the order of the file."""
        return flatten(self.sweep)

    @property
    def onset_values(self) -> dict[str, list[Any]]:
        """Values to try one at a time by dotted key, in the order of the file."""
        return flatten(self.onset)

    def placed_in(self, folder: Path) -> Study:
        """Return the same study with `folder` as the start of its relative paths."""
        study = self.model_copy()
        study._folder = folder
        return study

    def title(self, language: Literal["en", "ja"]) -> str:
        """Return the study's title in a language, in English where there is no other."""
        return (self.title_ja if language == "ja" else "") or self.title_en

    def scenario_title(self, name: str, language: Literal["en", "ja"]) -> str:
        """Return a scenario's title in a language; its English title or its name where there is none."""
        scenario = self.scenario.get(name, Scenario())
        return (scenario.title_ja if language == "ja" else "") or scenario.title_en or name


def why_not_overridable(dotted: str) -> tuple[str, str] | None:
    """Return why a scenario or sweep may not set `dotted` and what to do, or None when it may."""
    if any(dotted.startswith(start) for start in FIXED_FOR_ALL):
        return (
            f"{dotted} cannot differ between members: all run in lock-step on the same weather, seed and period",
            "set it once in its own section, or make a second study file",
        )
    if is_known(Settings, dotted):
        return why_shared(dotted)
    keys = [key for key, _ in known_keys(Settings)]
    return f"unknown key {dotted}", nearest(dotted, keys)
