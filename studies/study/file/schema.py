"""The study file: one model a section; the field descriptions are the manual (`goto-twin schema`)."""

from __future__ import annotations

import datetime
import math
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from network_models.island import BUILT_IN, SHIPPED
from twin.core.dotted_keys import flatten
from twin.operation.management.congestion_rules import rule_names

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(gt=0, le=1)]
Percent = Annotated[float, Field(ge=0, le=100)]

AUTO = "auto"
"""A value that is to be found."""

ISLANDS_ONLY = ("year", "compensation", "controls", "conductor_mm2", "parameters")
"""Keys of `[grid]` that mean something only for the network of an island."""


class Section(BaseModel):
    """Base of all sections: unknown keys are errors, types are not guessed, values do not change."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Period(Section):
    """The time that is simulated."""

    fiscal_year: int = Field(ge=1990, le=2100, description="Calendar year in which the island's fiscal year begins.")
    step_minutes: Literal[5, 6, 10, 12, 15, 20, 30, 60] = Field(
        default=30, description="Length of a step in minutes, a divisor of an hour."
    )


class Roles(Section):
    """What the elements of a guest network are for, by their names in the network."""

    link: list[str] = Field(
        min_length=1, description="Names of the lines or transformers whose sum is the link's flow (export positive)."
    )
    curtailable: list[str] = Field(description="Names of the plants (what feeds in) that may be curtailed.")
    site_buses: list[str] = Field(default=[], description="Names of the buses at which small sites are connected.")
    headroom_bus: str | None = Field(
        default=None, description="Name of the bus at which N-1 headroom is measured; default: the link's island end."
    )
    plant_kinds: dict[str, Literal["pv", "wind", "tidal", "steady"]] = Field(
        default={},
        description="What the output of plants of a `type` of the network follows; steady: the same at every step.",
    )
    place: str | None = Field(default=None, description="Weather place of all plants and loads; default: the island's.")
    pv_fleet: str | None = Field(default=None, description="PV fleet (orientation mix) of all PV plants.")
    turbine: str | None = Field(default=None, description="Turbine of all wind plants.")
    hub_height_m: Positive | None = Field(default=None, description="Hub height of all wind plants in m.")
    pv_capacity_factor: Share | None = Field(default=None, description="Capacity factor of all PV plants, a share.")
    wind_capacity_factor: Share | None = Field(default=None, description="Capacity factor of all wind plants, a share.")
    vm_min_pu: Positive | None = Field(default=None, description="Lowest permitted voltage in pu.")
    vm_max_pu: Positive | None = Field(default=None, description="Highest permitted voltage in pu.")
    short_time_factor: Annotated[float, Field(ge=1, le=2)] | None = Field(
        default=None, description="Short-time over continuous rating after an outage."
    )
    compensator_slope_percent: NotNegative | None = Field(
        default=None, description="Slope of the var compensator in percent, if the network has one."
    )


class Grid(Section):
    """The network."""

    model: str = Field(
        default=SHIPPED,
        min_length=1,
        description="An island: name of a shipped one or path of its folder; or a guest network: path of a pandapower "
        "JSON file, or name of a built-in pandapower case. Paths are relative to the study file.",
    )
    island: str | None = Field(
        default=None,
        description="Island whose weather, demand, prices and sites a guest network takes, by name or path; default: "
        f'"{SHIPPED}".',
    )
    year: int | None = Field(
        default=None,
        ge=1990,
        le=2100,
        description="Variant of the island's network: which plants and lines are in service.",
    )
    compensation: Literal["controlled", "fixed"] = Field(
        default="controlled",
        description='"controlled": var compensator with limits; "fixed": no voltage control, nothing moves.',
    )
    controls: Literal["automatic", "fixed"] = Field(
        default="automatic",
        description='"automatic": taps and reactors move from half-hour to half-hour (only with controlled '
        'compensation); "fixed": they stay where the parameters put them.',
    )
    conductor_mm2: int | None = Field(
        default=None,
        gt=0,
        description="Conductor of the submarine link in mm2; resistance, reactance, capacitance and rating change "
        "together. Default: the network's table.",
    )
    parameters: dict[str, float | int | str] = Field(
        default={}, description="Network parameters by name, in place of the values in the network's parameter table."
    )
    roles: Roles | None = Field(default=None, description="Needed for a guest network, forbidden for an island.")

    @property
    def is_island(self) -> bool:
        """Whether the network is that of an island, not a guest."""
        return not self.is_file and self.model not in BUILT_IN

    @property
    def island_name(self) -> str:
        """Name or path of the island that the network is of, or that a guest network stands on."""
        return self.model if self.is_island else self.island or SHIPPED

    @property
    def is_file(self) -> bool:
        """Whether the network is a guest file."""
        return self.model.lower().endswith(".json")

    @model_validator(mode="after")
    def _fits_its_model(self) -> Grid:
        if self.is_island:
            if self.roles is not None:
                raise ValueError("[grid.roles] belongs to guest networks; an island brings its own: remove the table")
            if self.island is not None:
                raise ValueError("`island` belongs to guest networks; `model` names the island: remove the key")
            if self.year is None:
                raise ValueError("the network of an island needs `year` (its variant): add it to [grid]")
            return self
        if self.roles is None:
            raise ValueError("a guest network needs the table [grid.roles] with at least `link` and `curtailable`")
        foreign = [key for key in ISLANDS_ONLY if key in self.model_fields_set]
        if foreign:
            raise ValueError(f"only the network of an island has {', '.join(foreign)}: remove from [grid]")
        return self


class WeatherFile(Section):
    """A weather file of one place."""

    path: str = Field(min_length=1, description="Path, relative to the study file or to the folder given by --data.")
    format: Literal[
        "csv",
        "epw",
        "expanded_amedas",
        "hasp",
        "jma",
        "jma_10min",
        "meteostat",
        "metpv",
        "nasa_power",
        "ninja",
        "nsrdb",
        "open_meteo",
        "pvgis_hourly",
        "pvgis_tmy",
        "solargis",
        "tmy3",
    ] = Field(description='Format of the file; "csv" has pvlib\'s column names, or others that `columns` assigns.')
    variables: list[Literal["ghi", "dni", "dhi", "temp_air", "wind_speed"]] = Field(
        default=[], description="Take only these of the file's variables; empty takes all that it has."
    )
    timezone: str = Field(default="", description='Time zone of times without offset, for "csv" only.')
    station: str = Field(default="", description='Which station, where the file has several, for "jma" only.')
    wind_height_m: Positive | None = Field(
        default=None, description="Height of the anemometer above ground in m, where the file does not say it."
    )
    any_year: bool = Field(
        default=False, description="Take the file's months and days although it is of another year than the study."
    )
    fill_hours: NotNegative = Field(
        default=0.0,
        description="Fill gaps up to this long in h (irradiance as clear as around); longer ones are refused.",
    )
    label: Literal["", "start", "centre", "end"] = Field(
        default="",
        description='What part of its interval a time marks ("centre" for values at instants); empty: as the format '
        "says.",
    )
    air_label: Literal["", "start", "centre", "end"] = Field(
        default="", description='The same for temperature and wind alone, for "csv" only; empty: as `label`.'
    )
    unit: Literal["", "m/s", "km/h", "knots", "mph"] = Field(
        default="", description="Unit of the wind speed; empty: m/s, or as the format says."
    )
    sunshine: Annotated[list[float], Field(min_length=2, max_length=2)] | None = Field(
        default=None,
        description="Angstrom's a and b of sunshine hours where no file has irradiance; default: the island's.",
    )
    columns: dict[Literal["time", "ghi", "dni", "dhi", "temp_air", "wind_speed"], str] = Field(
        default={}, description='Columns of a "csv" by `time` and variable, where they have other names.'
    )


class Weather(Section):
    """The weather, the same for all members of a study."""

    source: Literal["synthetic", "files", "measured", "feed"] = Field(
        default="synthetic",
        description='"synthetic": a seeded year; "files": files per place; "measured": area demand, PV and wind '
        "ranks, curtailment and prices from the folder given by --data; "
        '"feed": demand, free output and wind of an active network management from there, for --days that it has.',
    )
    weather_year: int = Field(
        default=0,
        ge=0,
        description="Number of the synthetic year: 0 has the normal monthly means, others scatter around them.",
    )
    files: dict[str, list[WeatherFile]] = Field(
        default={}, description='Weather files by place, for source = "files": [[weather.files.<place>]].'
    )

    @model_validator(mode="after")
    def _files_when_needed(self) -> Weather:
        if self.source == "files" and not self.files:
            raise ValueError('source = "files" needs [[weather.files.<place>]] with path and format for each place')
        if self.source != "files" and self.files:
            raise ValueError(f'[[weather.files]] is not used with source = "{self.source}": remove it or write "files"')
        return self


class Battery(Section):
    """Battery of a small site; a key that is left out keeps the fleet table's value."""

    battery_kwh: Positive | None = Field(default=None, description="Energy capacity in kWh.")
    battery_kw: Positive | None = Field(
        default=None, description="Largest charging and discharging power, AC side, in kW."
    )
    round_trip_efficiency: Share | None = Field(
        default=None, description="Energy out over energy in, AC to AC, a share above 0 and at most 1."
    )
    soc_min_percent: Percent | None = Field(default=None, description="Lowest state of charge in percent.")
    soc_max_percent: Percent | None = Field(default=None, description="Highest state of charge in percent.")
    reserve_percent: Percent | None = Field(
        default=None, description="Charge kept for blackouts, in percent; the higher of it and soc_min_percent counts."
    )
    standby_w: NotNegative | None = Field(default=None, description="Standby consumption in W, all the time.")
    export_at_night: bool = Field(
        default=False,
        description="Whether a battery that is ordered to discharge may feed into the grid what the site does not use, "
        "up to the export limit.",
    )

    @model_validator(mode="after")
    def _has_room(self) -> Battery:
        low, high = self.soc_min_percent, self.soc_max_percent
        if low is not None and high is not None and high <= low:
            raise ValueError(f"soc_max_percent = {high:g} must be above soc_min_percent = {low:g}")
        reserve = self.reserve_percent
        if reserve is not None and high is not None and high <= reserve:
            raise ValueError(f"soc_max_percent = {high:g} must be above reserve_percent = {reserve:g}")
        return self


class AddedPlant(Section):
    """A plant that the island's table does not have; the rest is as of the island's newest plant of this kind."""

    bus: str = Field(description="Bus of buses.csv at which it is connected.")
    kind: str = Field(description="pv or wind, or another kind that the island has.")
    mw: NotNegative = Field(description="Contract power in MW; 0: not built.")
    firm: bool = Field(default=False, description="Whether it may be cut only after all non-firm plants.")
    trippable: bool = Field(default=False, description="Whether N-1 inter-trip may shed it.")
    battery_mwh: NotNegative = Field(
        default=0.0, description="Battery beside the plant, in MWh; its power empties it in four hours."
    )
    title_en: str = Field(default="", description="Name in English; default: the id.")
    title_ja: str = Field(default="", description="Name in Japanese; default: the English one.")


class Fleet(Section):
    """Plants and small sites."""

    new_pv: bool = Field(default=False, description="Whether the planned small PV sites produce.")
    new_pv_share: Share = Field(default=1.0, description="Share of the planned small PV sites that are built.")
    existing_pv: bool = Field(default=True, description="Whether the existing small PV sites produce.")
    batteries: Literal["none", "existing", "all"] = Field(
        default="none",
        description='Which small sites have a battery: "existing" only at existing PV, "all" at existing and new PV.',
    )
    small_sites: Literal["cut-last", "non-firm"] = Field(
        default="cut-last", description="Whether new small PV sites are cut last or like other non-firm plants."
    )
    when_full: Literal["feed", "curtail"] = Field(
        default="feed", description="What a site does with PV beyond load and battery when its export is held back."
    )
    firmness: Literal["as_listed", "all_non_firm", "all_firm"] = Field(
        default="as_listed", description="Which plants may be cut for congestion: the plant table's, or all, or none."
    )
    demand_response: Literal["none", "plan"] = Field(
        default="none",
        description='Flexible demand: "plan" has the homes with energy monitors, water heaters, cars and commercial '
        "sites of the table demand_response.",
    )
    plant_batteries: Literal["none", "plan"] = Field(
        default="none", description="Batteries beside the plants that move to FIP (table plant_batteries)."
    )
    grid_batteries: Literal["none", "example"] = Field(
        default="none", description="Batteries in the grid (table grid_batteries): a scenario, not in the plan."
    )
    devices: dict[str, dict[str, float]] = Field(
        default={}, description="Further kinds of flexible devices, each with its numbers: [fleet.devices.<kind>]."
    )
    demand_factor: Positive = Field(default=1.0, description="Factor on the demand of all areas.")
    demand_by_year: bool = Field(
        default=False, description="Whether demand follows the table demand_years to the year of the grid."
    )
    pv_fit_years: Annotated[int, Field(ge=1, le=100)] | None = Field(
        default=None,
        description="Years for which PV plants stay in the FIT, from their first day of service; left out: for ever.",
    )
    pv_after_fit: Literal["non-FIT", "retire"] = Field(
        default="non-FIT",
        description='What PV plants do after pv_fit_years: "non-FIT" goes on at the market, "retire" is taken down.',
    )
    contract_mw: dict[str, NotNegative] = Field(
        default={}, description="Contract power by plant id in place of the plant table's, in MW; 0 takes a plant out."
    )
    added_plants: dict[str, AddedPlant] = Field(
        default={}, description="Plants beside those of the island's table, by id: [fleet.added_plants.<id>]."
    )
    battery: Battery = Field(default=Battery(), description="Battery of a small site, in place of the fleet table's.")

    @property
    def which_pv(self) -> dict[str, Any]:
        """Which small sites have PV: the arguments of `twin.resources.sites.SiteFleet.with_pv`."""
        return {"new_pv": self.new_pv, "existing_pv": self.existing_pv, "new_share": self.new_pv_share}


class ZoneChoice(Section):
    """A constraint zone of the island, and how it is read."""

    reading: str | None = Field(
        default=None, description="Reading (`hypothesis` of zones.csv); default: the primary one."
    )
    limit_mw: Positive | None = Field(
        default=None, description="Limit in MW, of each circuit where the link is measured; default: the table's."
    )


class Operation(Section):
    """How the grid is operated and how the sites are dispatched."""

    criterion: Literal["n-0", "n-1", "n-1-thermal", "n-1-intertrip"] = Field(
        default="n-1",
        description='Security criterion that congestion management holds: "n-0" in the intact grid only; "n-1" '
        'continuous ratings at once after any outage; "n-1-thermal" the link up to its limit temperature until '
        'redispatch has acted; "n-1-intertrip" short-time ratings until plants are tripped.',
    )
    relief_minutes: Annotated[float, Field(gt=0, le=10080)] = Field(
        default=30.0,
        description="Minutes after an outage until redispatch has acted (an assumption, 15 to 120: ask the operator).",
    )
    policy: str = Field(
        default="none",
        min_length=1,
        description="Dispatch policy of the aggregator: none, self_consumption, hold_behind_meter, congestion_aware, "
        "price, free_hour, linked_price, order_8_10, order_10_14, order_14_16, mpc, "
        "or my_policy.py:MyPolicy (path relative to the study file).",
    )
    on_policy_failure: Literal["stop", "hold_behind_meter"] = Field(
        default="stop",
        description="When a policy raises, orders what is no order or takes too long: end with a report, or hold "
        "behind the meter until its next decision and count it.",
    )
    policy_seconds: Positive = Field(
        default=10.0,
        description="Longest time that one decision of an own policy may take, in s by the clock: depends on the "
        "machine.",
    )
    forecast: Literal["calibrated", "persistence", "climatology", "perfect"] = Field(
        default="calibrated",
        description='What policies are told: "calibrated" is truth with an error that grows with lead time.',
    )
    forecast_error_factor: NotNegative = Field(
        default=1.0, description="Factor on the calibrated error; 0 is a perfect forecast."
    )
    operator: Literal["perfect", "forecast", "zones"] = Field(
        default="perfect",
        description='"perfect": the smallest cut; "forecast": caps fixed ahead from a forecast; "zones": the '
        "island's constraint zones in real time, without forecast.",
    )
    zones: dict[str, ZoneChoice] = Field(
        default={},
        description='Zones by which an operator = "zones" works: [operation.zones.<zone>]; default: all of the island, '
        "each as its table reads it first.",
    )
    congestion_rule: str = Field(
        default="uniform",
        description="Who is cut first among plants of equal connection terms: uniform (one cap on all), or another "
        "file of twin/operation/management/congestion_rules.",
    )
    uniform_basis: Literal["contract", "available"] = Field(
        default="contract", description="What a uniform cut of non-firm plants is proportional to."
    )
    flow_margin_mw: NotNegative | Literal["auto"] = Field(
        default=0.0,
        description='"auto": the smallest that keeps missed hours at missed_hours_level in another weather year; or a '
        "number: margin on the forecast flow when caps are fixed ahead, in MW.",
    )
    missed_hours_level: NotNegative = Field(
        default=20.0,
        description="Hours of a year in which caps fixed ahead may leave the criterion broken, for flow_margin_mw = "
        '"auto" (an assumption: ask the operator).',
    )
    offline_plants: Literal["half-hourly", "as_listed", "windows", "not"] = Field(
        default="half-hourly",
        description='How a forecasting operator cuts plants without remote control: "half-hourly" like all others; '
        '"as_listed" as the table control_orders says; "windows" stopped for the whole window of a day, told the day '
        'before; "not" at all.',
    )
    forecast_lead_half_hours: Annotated[int, Field(ge=1, le=96)] = Field(
        default=4, description="Half-hours between fixing the caps and delivery (an assumption: ask the operator)."
    )
    operator_sees_dispatch: bool = Field(
        default=True, description="Whether the operator's forecast contains the aggregator's plan."
    )
    area_balance: bool = Field(default=True, description="Whether the area's balance orders curtailment.")
    area_level_percent: Percent | None = Field(
        default=None,
        description="Share of controllable energy that the area's balance cuts in a year, in percent; needed with "
        "synthetic weather, measured curtailment is taken otherwise.",
    )
    short_time_factor: Annotated[float, Field(ge=1, le=2)] | None = Field(
        default=None, description="Short-time over continuous rating after an outage; default: the network's table."
    )
    intertrip_cap_mw: NotNegative | None = Field(
        default=None, description="Largest generation that N-1 inter-trip may shed, in MW; left out: no cap."
    )

    @field_validator("flow_margin_mw", mode="before")
    @classmethod
    def _is_a_margin(cls, value: object) -> object:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if value != AUTO and not (is_number and 0.0 <= value < math.inf):  # type: ignore[operator]
            raise ValueError(f'flow_margin_mw must be "{AUTO}" or a number of MW, 0 or more')
        return value

    @field_validator("congestion_rule")
    @classmethod
    def _is_a_rule(cls, value: str) -> str:
        if value not in rule_names():
            raise ValueError(f"there is no such congestion rule; there are {', '.join(rule_names())}")
        return value


class PlannedOutage(Section):
    """A branch that is out of service for some days: maintenance, or a repair."""

    element: str = Field(min_length=1, description="Name of a branch of the network's outage list.")
    first: str = Field(description='First day, "YYYY-MM-DD".')
    last: str = Field(description='Last day, "YYYY-MM-DD".')

    @field_validator("first", "last", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        text = value.isoformat() if isinstance(value, datetime.date) else value
        if isinstance(text, str):
            datetime.date.fromisoformat(text)
        return text

    @property
    def days(self) -> tuple[datetime.date, datetime.date]:
        """First and last day."""
        return datetime.date.fromisoformat(self.first), datetime.date.fromisoformat(self.last)

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.first > self.last:
            raise ValueError(f"the outage ends on {self.last}, before it begins on {self.first}: exchange the days")
        return self


class Uncertainty(Section):
    """What `goto-twin uncertainty` samples."""

    samples: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=200, description="Samples in which every unknown varies (Latin hypercube)."
    )
    weather_years: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=16, description="Synthetic weather years 1, 2, ... that the samples are spread over."
    )
    one_at_a_time: Annotated[int, Field(ge=0)] = Field(
        default=24,
        description="Unknowns that are also moved alone, to both ends: those that the samples show to matter most.",
    )
    scenarios: list[str] = Field(
        default=[],
        description="Scenarios that are sampled; default: the uncontrolled one (else the first) and the last one with "
        "a policy.",
    )


Kind = Literal["run", "audit", "holding", "onset", "hosting", "connect", "intertrip", "tariffs", "fip", "blackout",
               "path", "maintenance"]  # fmt: skip
Topic = Literal["curtailment", "connection", "security", "money", "plan"]


class Question(Section):
    """The question that a study answers, and the kind of experiment that answers it."""

    kind: Kind = Field(
        default="run",
        description="What `goto-twin run` carries out: run (all scenarios and their report), or the kind of one of the "
        "shipped questions, with a page of its own.",
    )
    topic: Topic = Field(default="curtailment", description="Heading below which `goto-twin list` shows the study.")
    asks_en: str = Field(min_length=1, description="The question in English.")
    asks_ja: str = Field(min_length=1, description="The question in Japanese.")
    weather_years: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=0, description="Synthetic weather years 1, 2, ... that every scenario is run in; 0: the normal year."
    )


class Compare(Section):
    """Which scenarios the others are compared with."""

    reference: str | None = Field(default=None, description="Scenario that net benefit is counted against.")
    counterfactuals: bool = Field(
        default=True, description="Whether each member is also run without area balance and under the other operator."
    )
    uncontrolled: str | None = Field(
        default=None, description="Scenario with the same PV and no control, for the net benefit of control."
    )


NAME_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_.\-]*$"

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=80)]


class Settings(Section):
    """The sections that a scenario or a sweep may change."""

    grid: Grid = Field(description="The network.")
    fleet: Fleet = Field(default=Fleet(), description="Plants and small sites.")
    operation: Operation = Field(default=Operation(), description="Operation of grid and sites.")
    outages: dict[str, PlannedOutage] = Field(
        default={},
        description="Branches that are out of service for some days, known to the operator, by any name: "
        "[outages.<name>].",
    )
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
    question: Question | None = Field(default=None, description="The question that the study answers.")

    _folder: Path = PrivateAttr(default=Path())
    _asked_year: int | None = PrivateAttr(default=None)
    _asked_weather_years: int | None = PrivateAttr(default=None)

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

    @property
    def asked_year(self) -> int | None:
        """Fiscal year that the command line put in place of the file's."""
        return self._asked_year

    def placed_in(self, folder: Path, asked_year: int | None = None) -> Study:
        """Return the same study with `folder` as the start of its relative paths."""
        study = self.model_copy()
        study._folder, study._asked_year = folder, asked_year
        return study

    @property
    def asked_weather_years(self) -> int | None:
        """Number of weather years that the command line put in place of the question's."""
        return self._asked_weather_years

    def in_weather_years(self, years: int) -> Study:
        """Return the same study with another number of weather years for its question."""
        if self.question is None:
            return self
        study = self.model_copy(update={"question": self.question.model_copy(update={"weather_years": years})})
        study._asked_weather_years = years
        return study

    def title(self, language: Literal["en", "ja"]) -> str:
        """Return the study's title in a language, in English where there is no other."""
        return (self.title_ja if language == "ja" else "") or self.title_en

    def scenario_title(self, name: str, language: Literal["en", "ja"]) -> str:
        """Return a scenario's title in a language; its English title or its name where there is none."""
        scenario = self.scenario.get(name, Scenario())
        return (scenario.title_ja if language == "ja" else "") or scenario.title_en or name
