"""What the tables of an island look like: a model of a row and a declaration for each."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

HOURS = [str(hour) for hour in range(24)]
MONTHS = [str(month) for month in range(1, 13)]

FACTOR = "factor"
"""What a row's range is about where it is a factor on several columns at once."""

DemandClass = Literal["residential", "commercial", "public", "industry", "fisheries"]
DayType = Literal["work", "free"]
SiteKind = Literal["existing_plain", "existing_battery", "new"]


def number(unit: str = "1", **limits: Any) -> Any:  # noqa: ANN401 - a default of any type
    """Return a column of numbers that no row leaves empty; `limits` are pydantic's (``gt ge lt le``)."""
    return Field(json_schema_extra={"unit": unit}, allow_inf_nan=False, **limits)


def maybe(unit: str = "1", **limits: Any) -> Any:  # noqa: ANN401 - a default of any type
    """Return a column of numbers that may be empty or missing."""
    return Field(default=None, json_schema_extra={"unit": unit}, allow_inf_nan=False, **limits)


def refers(target: str) -> Any:  # noqa: ANN401 - a default of any type
    """Return a column whose cells name a row, ``<table>.<column>``."""
    return Field(json_schema_extra={"refers": target})


def may_refer(target: str) -> Any:  # noqa: ANN401 - a default of any type
    """Return a column whose cells name a row or are empty."""
    return Field(default="", json_schema_extra={"refers": target})


def whole(unit: str = "1", **limits: Any) -> Any:  # noqa: ANN401 - a default of any type
    """Return a column of whole numbers."""
    return Field(json_schema_extra={"unit": unit}, **limits)


def _flag(text: object) -> object:
    known = {"true": True, "false": False}
    if isinstance(text, str):
        if text.lower() not in known:
            raise ValueError("flag")
        return known[text.lower()]
    return text


def _date(text: object) -> object:
    return datetime.date.fromisoformat(text) if isinstance(text, str) else text


Flag = Annotated[bool, BeforeValidator(_flag)]
Date = Annotated[datetime.date, BeforeValidator(_date)]


class Row(BaseModel):
    """A row of a table: where its numbers come from, and in which range the main one may lie.

    Rows with the same ``varies_with`` have one common unknown; a minus before it: they go down when the others go up.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    status: Literal["published", "derived", "estimate"]
    low: float | None = maybe()
    high: float | None = maybe()
    varies_with: str = ""


class Named(Row):
    """A row with a name in English and Japanese."""

    name: str
    name_ja: str


class Value(Row):
    """A named number."""

    name: str
    value: float = number()
    unit: str = "1"
    name_en: str = ""
    name_ja: str = ""


class Parameter(Row):
    """A number of a process."""

    parameter: str
    value: float = number()


class Month(Row):
    """A row per calendar month."""

    month: int = whole(ge=1, le=12)


def _with_columns(name: str, base: type[Row], columns: list[str]) -> type[Row]:
    """Return `base` with columns of numbers that are no Python names."""
    fields: dict[str, Any] = {
        f"column_{column}": (float, Field(alias=column, allow_inf_nan=False)) for column in columns
    }
    return create_model(name, __base__=base, **fields)


class Bus(Named):
    """A bus; `x`, `y_low` and `y_high` place its bar in the single-line diagram."""

    bus_id: str
    vn_kv: float = number("kV", gt=0)
    latitude: float = number("degree", ge=-90, le=90)
    longitude: float = number("degree", ge=-180, le=180)
    x: float | None = maybe()
    y_low: float | None = maybe()
    y_high: float | None = maybe()
    area: str = may_refer("areas.area_id")


class Conductor(Row):
    """A cable or overhead conductor."""

    conductor_id: str
    name: str
    label: str
    type: Literal["cable", "overhead"]
    family: str
    area_mm2: float = number("mm2", gt=0)
    r_ohm_per_km: float = number("ohm/km", ge=0)
    x_ohm_per_km: float = number("ohm/km", gt=0)
    c_nf_per_km: float = number("nF/km", ge=0)
    max_i_a: float = number("A", gt=0)


class Line(Named):
    """A line; with `size_parameter` its conductor is a family, and a grid parameter gives the size in mm2.

    With `count_parameter` the circuit exists up to the number that a grid parameter gives. Lines of role ``collector``
    belong to a plant: they are not watched after an outage.
    """

    line_id: str
    from_bus: str = refers("buses.bus_id")
    to_bus: str = refers("buses.bus_id")
    length_km: float = number("km", gt=0)
    conductor: str
    size_parameter: str = may_refer("grid_parameters.key")
    circuit: int = whole(ge=1)
    count_parameter: str = may_refer("grid_parameters.key")
    role: Literal["link", "transmission", "collector"]
    outage: Flag


class CableLayer(Row):
    """A layer of a family of cables, rows from the inside outwards; metal has a thermal resistivity of 0."""

    cable: str = refers("conductors.family")
    layer: str
    around: Literal["core", "cable"]
    thickness_mm: float = number("mm", gt=0)
    resistivity_k_m_per_w: float = number("K m/W", ge=0)
    heat_mj_per_m3_k: float = number("MJ/(m3 K)", gt=0)


class CableSection(Named):
    """What the link's cables lie in along a part of their way; with a duct, its two diameters."""

    section: str
    surroundings: str = refers("cable_temperatures.surroundings")
    depth: str = refers("cables.name")
    soil_k_m_per_w: float = number("K m/W", gt=0, le=10)
    spacing_m: float = number("m", gt=0)
    duct_inner_mm: float | None = maybe("mm", gt=0)
    duct_outer_mm: float | None = maybe("mm", gt=0)


class CableTemperature(Month):
    """Temperature of sea bed or ground at a cable's depth."""

    surroundings: str
    temperature_c: float = number("degree C", ge=-5, le=45)


class Transformer(Named):
    """A transformer; those of role ``main`` stand at the mainland's end of the link."""

    transformer_id: str
    hv_bus: str = refers("buses.bus_id")
    lv_bus: str = refers("buses.bus_id")
    sn_mva: float = number("MVA", gt=0)
    vk_percent: float = number("%", gt=0, le=50)
    vkr_percent: float = number("%", ge=0, le=50)
    pfe_kw: float = number("kW", ge=0)
    i0_percent: float = number("%", ge=0, le=20)
    tap_step_percent: float = number("%", ge=0, le=10)
    tap_min: int = whole()
    tap_max: int = whole()
    tap_parameter: str = refers("grid_parameters.key")
    role: Literal["main", "bank", "farm"]
    outage: Flag


class Shunt(Named):
    """A shunt reactor."""

    shunt_id: str
    bus: str = refers("buses.bus_id")
    circuit: str = refers("lines.line_id")
    step: int = whole(ge=1)
    q_parameter: str = refers("grid_parameters.key")
    loss_percent: float = number("%", ge=0, le=10)


class VarCompensator(Named):
    """A static var compensator."""

    compensator_id: str
    bus: str = refers("buses.bus_id")


class Area(Row):
    """An area with demand; `municipality`: the small sites and the flexible demand lie in these."""

    area_id: str
    name_en: str
    name_ja: str
    bus: str = refers("buses.bus_id")
    place: str = refers("places.place_id")
    municipality: Flag
    weight_percent: float = number("%", gt=0, le=100)
    power_factor: float = number(gt=0, le=1)
    residential_kwh: float = number("kWh/year", ge=0)
    commercial_kwh: float = number("kWh/year", ge=0)
    public_kwh: float = number("kWh/year", ge=0)
    industry_kwh: float = number("kWh/year", ge=0)
    fisheries_kwh: float = number("kWh/year", ge=0)


class Plant(Row):
    """A plant; the last three columns name grid parameters that decide for it in place of the table.

    `age_parameter` is ``keep``, ``repower`` or ``retire`` from the fiscal year ``old_wind_decision_year`` on.
    """

    plant_id: str
    name_en: str
    name_ja: str
    kind: Literal["pv", "wind", "tidal"]
    area: str = refers("areas.area_id")
    place: str = refers("places.place_id")
    bus: str = refers("buses.bus_id")
    contract_mw: float = number("MW", ge=0)
    dc_mw: float | None = maybe("MW", ge=0)
    voltage_class: Literal["special_high", "high", "low"]
    firmness: Literal["firm", "non-firm", "cut-last"]
    scheme: Literal["FIT", "FIP", "non-FIT"]
    area_rule: Literal["old", "new", "unlimited", "exempt"]
    area_control: Literal["online", "offline", "none"]
    trippable: Flag
    in_service_from: Date
    in_service_to: Date | None = None
    municipality: Flag
    pv_fleet: str = may_refer("pv_fleets.fleet")
    turbine: str = may_refer("turbines.turbine")
    units: int | None = Field(default=None, ge=1)
    hub_height_m: float | None = maybe("m", gt=0)
    capacity_factor_target: float = number(gt=0, le=1)
    availability: float = number(gt=0, le=1)
    age_parameter: str = may_refer("grid_parameters.key")
    firmness_parameter: str = may_refer("grid_parameters.key")
    trippable_parameter: str = may_refer("grid_parameters.key")


class Repowering(Row):
    """What stands in an old farm's place."""

    plant_id: str = refers("plants.plant_id")
    turbine: str = refers("turbines.turbine")
    units: int = whole(ge=1)
    hub_height_m: float = number("m", gt=0)
    capacity_factor_target: float = number(gt=0, le=1)
    availability: float = number(gt=0, le=1)


class Diesel(Named):
    """A diesel set."""

    diesel_id: str
    bus: str = refers("buses.bus_id")
    p_max_mw: float = number("MW", gt=0)
    p_min_mw: float = number("MW", ge=0)
    start_half_hours: int = whole(ge=0)
    available: Flag


class GridParameter(Row):
    """A number or choice of the grid, as ``[grid.parameters]`` of a study may set it."""

    key: str
    value: str
    unit: str = ""
    kind: Literal["number", "integer", "choice"]
    choices: str = ""
    possible_low: float | None = maybe()
    possible_high: float | None = maybe()
    name_en: str
    name_ja: str


class Site(Row):
    """Customer sites of a kind and class; sizes and yearly demand are the mean of one."""

    kind: SiteKind
    demand_class: DemandClass = Field(alias="class")
    count: int = whole(ge=0)
    pv_dc_kw: float = number("kW", ge=0)
    pv_ac_kw: float = number("kW", ge=0)
    battery_kwh: float = number("kWh", ge=0)
    battery_kw: float = number("kW", ge=0)
    round_trip_efficiency: float | None = maybe(gt=0, le=1)
    soc_min_percent: float | None = maybe("%", ge=0, le=100)
    soc_max_percent: float | None = maybe("%", ge=0, le=100)
    reserve_percent: float | None = maybe("%", ge=0, le=100)
    standby_w: float | None = maybe("W", ge=0)
    demand_kwh: float = number("kWh/year", ge=0)
    cut: Literal["cut-last", "non-firm"]


class OutageRate(Named):
    """How often and how long elements of a kind are out."""

    element_class: Literal["cable", "overhead", "transformer"] = Field(alias="class")
    per: Literal["100 km", "element"]
    outages_per_year: float = number("1/year", gt=0)
    hours_per_outage: float = number("h", gt=0)
    hours_low: float = number("h", gt=0)
    hours_high: float = number("h", gt=0)


class BatteryRow(Row):
    """A battery beside a plant or in the grid."""

    power_mw: float = number("MW", ge=0)
    energy_mwh: float = number("MWh", ge=0)
    round_trip_efficiency: float = number(gt=0, le=1)
    soc_min_percent: float = number("%", ge=0, le=100)
    soc_max_percent: float = number("%", ge=0, le=100)


class PlantBattery(BatteryRow):
    """A battery beside a plant, and the scheme that the plant moves to."""

    plant: str = refers("plants.plant_id")
    scheme: Literal["FIT", "FIP", "non-FIT"]


class AreaBattery(BatteryRow):
    """A battery in the grid."""

    area: str = refers("areas.area_id")


class DemandResponse(Value):
    """A number of the flexible demand, with what is possible."""

    possible_low: float = number()
    possible_high: float = number()


class HomeClass(Row):
    """Homes that respond alike."""

    home_class: str = Field(alias="class")
    share: float = number(ge=0, le=1)
    sensitivity: float = number(ge=0)


class HotWaterHour(Row):
    """Share of the day's hot water drawn in an hour."""

    hour: int = whole("h", ge=0, le=23)
    share: float = number(ge=0, le=1)


class CarPattern(Row):
    """Cars that leave and come back at the same hours."""

    pattern: str
    share: float = number(ge=0, le=1)
    work_leave_hour: float = number("h", ge=0, le=24)
    work_back_hour: float = number("h", ge=0, le=24)
    work_trip_kwh: float = number("kWh", ge=0)
    free_leave_hour: float = number("h", ge=0, le=24)
    free_back_hour: float = number("h", ge=0, le=24)
    free_trip_kwh: float = number("kWh", ge=0)
    name_en: str = ""
    name_ja: str = ""


class PvFleet(Row):
    """A kind of PV plant."""

    fleet: str
    power_per_kelvin: float = number("1/K", lt=0)
    faiman_u0: float = number("W/(m2 K)", gt=0)
    faiman_u1: float = number("W s/(m3 K)", ge=0)
    albedo: float = number(ge=0, le=1)
    inverter_efficiency: float = number(gt=0, le=1)
    dc_ac_ratio: float = number(gt=0)
    output_factor: float = number(gt=0)


class PvLoss(Row):
    """A loss of PV in percent, a column ``<fleet>_percent`` for each fleet."""

    model_config = ConfigDict(extra="allow")

    loss: str


class PvAgeing(Row):
    """How a fleet ages."""

    fleet: str = refers("pv_fleets.fleet")
    degradation_per_year: float = number("1/year", ge=0, lt=1)
    years_before: float = number("year", ge=0)
    in_service_year: int = whole("year")


class PvOrientation(Row):
    """An orientation in a fleet's mix."""

    fleet: str = refers("pv_fleets.fleet")
    tilt: float = number("degree", ge=0, le=90)
    azimuth: float = number("degree", ge=0, le=360)
    share: float = number(ge=0, le=1)


class Turbine(Row):
    """A wind turbine, its curve by its type in windpowerlib's library."""

    turbine: str
    library_type: str
    cut_out_speed: float = number("m/s", gt=0)


class TidalConstituent(Row):
    """A harmonic of the tidal current."""

    constituent: str
    per_hour_angle: float = number()
    per_moon: float = number()
    per_sun: float = number()
    per_perigee: float = number()
    offset_degrees: float = number("degree")
    speed_degrees_per_hour: float = number("degree/h", gt=0)
    ratio_to_m2: float = number(ge=0)
    lag_degrees: float = number("degree")


class DemandClassRow(Row):
    """How a class of demand follows the temperature."""

    demand_class: DemandClass = Field(alias="class")
    heating_below_c: float = number("degree C")
    heating_per_kelvin: float = number("1/K", ge=0)
    cooling_above_c: float = number("degree C")
    cooling_per_kelvin: float = number("1/K", ge=0)


class ClassDay(Row):
    """A component of demand on a kind of day."""

    component: str = Field(alias="class", json_schema_extra={"refers": "demand_class_months.class"})
    day_type: DayType


class ClassYear(Row):
    """A component of demand over the year."""

    component: str = Field(alias="class")


class MixRow(Row):
    """A component's share of the demand of the area around."""

    component: str = Field(alias="class", json_schema_extra={"refers": "demand_class_months.class"})
    share: float = number(ge=-1, le=1)


class MonthDay(Month):
    """A month and a kind of day."""

    day_type: DayType


class Visitors(Month):
    """Visitors of a month over the mean month."""

    visitors: float = number(ge=0)


class Normal(Month):
    """Mean temperature of a month that demand was counted at."""

    temperature_c: float = number("degree C", ge=-60, le=60)


class SpecialDay(Month):
    """A day of a period on which people do not work as on others."""

    day: int = whole(ge=1, le=31)
    period: str


class SpecialDemand(Row):
    """What a period does to a component of demand."""

    period: str = refers("special_days.period")
    component: str = Field(alias="class", json_schema_extra={"refers": "demand_class_months.class"})
    effect: Literal["works", "homecoming"]
    demand_ratio: float = number(gt=0)


class SiteKindRow(Row):
    """The PV of a kind of small sites."""

    kind: SiteKind
    pv_fleet: str = refers("pv_fleets.fleet")
    pv_spread: float = number(ge=0)


class SiteDemand(Row):
    """How sites of a class differ from each other."""

    demand_class: DemandClass = Field(alias="class")
    variants: int = whole(ge=1)
    size_spread: float = number(ge=0)
    shift_sd_hours: float = number("h", ge=0)
    season_spread: float = number(ge=0)
    habit_cv: float = number(ge=0)
    day_cv: float = number(ge=0)
    noise_cv: float = number(ge=0)
    noise_cv_spread: float = number(ge=0)
    noise_correlation: float = number(ge=0, lt=1)
    brief_share: float = number(ge=0, le=1)
    breaker_at_sd: float = number(gt=0)


class AreaMonth(Month):
    """The area around the island in a month."""

    must_run_mw: float = number("MW", ge=0)
    local_ghi_kwh_m2_day: float = number("kWh/m2", gt=0)
    sun_spread: float = number(ge=0)
    sun_highest: float = number(gt=0)
    wind_mw: float = number("MW", ge=0)


class AreaNuclear(Month):
    """Nuclear output of the area in a month."""

    nuclear_mw: float = number("MW", ge=0)


class AreaExport(Month):
    """What the area's interconnector takes at most."""

    export_mw: float = number("MW", ge=0)


class RuleDate(Row):
    """From which fiscal year a rule of area balance is in force."""

    rule: Literal["online_proxy", "fit_before_fip"]
    fiscal_year_from: int = whole("year")


class PriceMonth(Month):
    """Usual area price of a month."""

    price_jpy_per_kwh: float = number("currency/kWh", ge=0)


class PricePoint(Row):
    """Price over the month's usual one at a net demand of the area."""

    net_demand_mw: float = number("MW")
    price_ratio: float = number(ge=0)


class ForecastError(Row):
    """How large forecast errors are."""

    quantity: Literal["pv", "wind", "demand"]
    sd_1h: float = number(ge=0)
    sd_6h: float = number(ge=0)
    sd_24h: float = number(ge=0)
    bias_24h: float = number()
    correlation: float = number(ge=0, lt=1)
    slow_share: float = number(ge=0, le=1)
    slow_correlation: float = number(ge=0, lt=1)


class MeasuredFile(Row):
    """A layout of files of measured series: what stamps a row, what a time marks, and the step.

    ``label_from`` = ``column``: the column's name says what a time marks; ``publisher``: files that go round have other
    labels too, so that the first time of the days decides, and the publisher's ``label`` where it does not.
    """

    layout: str
    file: Literal["area", "forecast", "price"]
    time_columns: str
    label: Literal["start", "end", "slot"]
    label_from: Literal["column", "publisher"]
    step_minutes: int = whole("min", ge=1, le=60)


class MeasuredColumn(Row):
    """A quantity of measured series, how its column is called in the layouts (``|`` between), and what is possible."""

    file: Literal["area", "forecast", "price"]
    quantity: str
    columns: str
    unit: str
    lowest: float = number()
    highest: float = number()
    mean_low: float = number()
    mean_high: float = number()


class WeatherPlace(Row):
    """A place with weather."""

    place_id: str
    name_en: str
    name_ja: str
    latitude: float = number("degree", ge=-66, le=66)
    longitude: float = number("degree", ge=-180, le=180)
    altitude_m: float = number("m", ge=-400, le=5000)
    wind_height_m: float = number("m", ge=2, le=300)
    roughness_length_m: float = number("m", ge=1e-5, le=3)
    wind_mean_m_per_s: float = number("m/s", ge=0.5, le=20)
    weibull_shape: float = number(ge=1, le=4)
    wind_daily_swing: float = number(ge=0, le=0.8)
    climate_station: str
    wind_station: str


class ClimateNormal(Month):
    """A monthly normal of a station."""

    station: str
    variable: str
    value: float = number()


class StudyRange(Row):
    """A study key that nobody knows the right value of."""

    key: str
    base: float = number()
    whole: Literal["yes", "no"]
    unit: str
    title_en: str
    title_ja: str


ClassHours = _with_columns("ClassHours", ClassDay, HOURS)
ClassMonths = _with_columns("ClassMonths", ClassYear, MONTHS)
AreaHours = _with_columns("AreaHours", MonthDay, HOURS)
SunHours = _with_columns("SunHours", Month, HOURS)

Subject = Literal["grid", "resources", "area market", "weather", "devices", "money", "study"]


class BuyerRow(Row):
    """A buyer of the plants' energy; the lowest rank is served first, what nobody asks for is the market's."""

    buyer_id: str
    name_en: str
    name_ja: str
    is_local: Flag
    rank: int = whole(ge=1)
    demand: Literal["municipality", "own"]
    yearly_mwh: float | None = maybe("MWh", ge=0)
    energy_price: float | None = maybe("JPY/kWh")
    energy_adder: float = number("JPY/kWh")
    certificate_price: float = number("JPY/kWh", ge=0)
    fund_price: float = number("JPY/kWh", ge=0)


class SupplyContract(Row):
    """A share of a plant's energy and certificates that a buyer has bought before any matching."""

    plant: str = refers("plants.plant_id")
    buyer: str = refers("buyers.buyer_id")
    share_percent: float = number("%", gt=0, le=100)


@dataclass(frozen=True)
class Declaration:
    """A table: its rows, its key, what varies in it, and what an island without it does not have.

    Attributes
    ----------
    name : str
        ``<name>.csv`` in the island's folder.
    row : type
        Model of a row.
    key : tuple of str
        Columns that name a row; joined by ``/``.
    main : str
        Column that ``low`` and ``high`` are about; `FACTOR` where they are a factor on all of `factor_of`; empty where
        no row of the table varies.
    subject : str
        What the table is about.
    factor_of : tuple of str
        Columns that the factor multiplies; ``*<end>`` stands for all columns that end so.
    absent : str
        What an island without this table does not have; empty: an island cannot be without it.
    study_key : str
        Dotted key by which a study sets the main value of a row, ``{row}`` is its name; empty: it cannot.
    counts_with : str
        Study key that is not ``none`` where the table counts; empty: always.
    """

    name: str
    row: type[Row]
    key: tuple[str, ...]
    subject: Subject
    main: str = ""
    factor_of: tuple[str, ...] = ()
    absent: str = ""
    study_key: str = ""
    counts_with: str = ""

    @property
    def file(self) -> str:
        """Name of the file."""
        return f"{self.name}.csv"

    @property
    def is_input(self) -> bool:
        """Whether ``[inputs.<table>]`` of a study may set the main values."""
        return self.study_key.startswith("inputs.")

    def columns(self) -> dict[str, Any]:
        """Return the declared columns by their name in the file: pydantic's fields."""
        return {field.alias or name: field for name, field in self.row.model_fields.items()}

    def multiplied(self, columns: list[str]) -> list[str]:
        """Return which of some columns the factor of a row multiplies."""
        ends = tuple(name[1:] for name in self.factor_of if name.startswith("*"))
        return [name for name in columns if name in self.factor_of or (bool(ends) and name.endswith(ends))]


def _table(name: str, row: type[Row], key: str, subject: Subject, main: str = "", **facts: Any) -> Declaration:  # noqa: ANN401
    """Declare a table whose main values ``[inputs]`` may set."""
    key_of_study = facts.pop("study_key", f"inputs.{name}.{{row}}" if main else "")
    return Declaration(name, row, tuple(key.split()), subject, main, study_key=key_of_study, **facts)


_RESPONSE = {"absent": "demand response", "counts_with": "fleet.demand_response"}
_MARKET = {"absent": "the market around the island: area balance and prices"}
_CABLE = {"absent": "the link's cables as bodies that warm up"}
_SPECIAL = {"absent": "special days"}
_TIDAL = {"absent": "tidal plants"}

DECLARATIONS = {
    table.name: table
    for table in (
        _table("grid_parameters", GridParameter, "key", "grid", "value", study_key="grid.parameters.{row}"),
        _table("plants", Plant, "plant_id", "grid", "contract_mw", study_key="fleet.contract_mw.{row}"),
        _table("sites", Site, "kind class", "grid", "battery_kw", study_key="fleet.battery.battery_kw",
               absent="small sites and their batteries"),
        _table("outage_rates", OutageRate, "class", "grid", "outages_per_year", study_key="",
               absent="how often outages come"),
        _table("areas", Area, "area_id", "grid"),
        _table("buses", Bus, "bus_id", "grid"),
        _table("compensators", VarCompensator, "compensator_id", "grid", absent="a var compensator"),
        _table("shunts", Shunt, "shunt_id", "grid", absent="shunt reactors"),
        _table("diesels", Diesel, "diesel_id", "grid", absent="diesel sets"),
        _table("parameters", Value, "name", "resources", "value"),
        _table("pv_fleets", PvFleet, "fleet", "resources", "output_factor"),
        _table("pv_losses", PvLoss, "loss", "resources", FACTOR, factor_of=("*_percent",)),
        _table("pv_ageing", PvAgeing, "fleet", "resources", "degradation_per_year"),
        _table("pv_orientations", PvOrientation, "fleet tilt azimuth", "resources", "share"),
        _table("turbines", Turbine, "turbine", "resources"),
        _table("wind_parameters", Value, "name", "resources", "value"),
        _table("tidal_constituents", TidalConstituent, "constituent", "resources", "ratio_to_m2", **_TIDAL),
        _table("demand_classes", DemandClassRow, "class", "resources", FACTOR,
               factor_of=("heating_per_kelvin", "cooling_per_kelvin")),
        _table("demand_class_hours", ClassHours, "class day_type", "resources"),
        _table("demand_class_months", ClassMonths, "class", "resources"),
        _table("area_demand_mix", MixRow, "class", "resources"),
        _table("demand_tourism_months", Visitors, "month", "resources", absent="a season of visitors"),
        _table("demand_special_days", SpecialDemand, "period class effect", "resources", "demand_ratio", **_SPECIAL),
        _table("area_demand_hours", AreaHours, "month day_type", "resources"),
        _table("temperature_normals", Normal, "month", "resources"),
        _table("special_days", SpecialDay, "month day", "resources", **_SPECIAL),
        _table("site_kinds", SiteKindRow, "kind", "resources", "pv_spread"),
        _table("site_demand", SiteDemand, "class", "resources", "noise_cv"),
        _table("area_parameters", Value, "name", "area market", "value", **_MARKET),
        _table("area_months", AreaMonth, "month", "area market", **_MARKET),
        _table("area_sun_hours", SunHours, "month", "area market", **_MARKET),
        _table("area_nuclear", AreaNuclear, "month", "area market", "nuclear_mw", **_MARKET),
        _table("area_export_limits", AreaExport, "month", "area market", "export_mw", **_MARKET),
        _table("area_rule_dates", RuleDate, "rule", "area market", "fiscal_year_from", **_MARKET),
        _table("price_months", PriceMonth, "month", "area market", **_MARKET),
        _table("price_curve", PricePoint, "net_demand_mw", "area market", **_MARKET),
        _table("forecast_errors", ForecastError, "quantity", "resources", FACTOR,
               factor_of=("sd_1h", "sd_6h", "sd_24h", "bias_24h")),
        _table("measured_files", MeasuredFile, "layout", "resources", absent="measured series"),
        _table("measured_columns", MeasuredColumn, "quantity", "resources", absent="measured series"),
        _table("battery_behaviour", Value, "name", "resources", "value"),
        _table("battery_wear", Value, "name", "resources", "value"),
        _table("places", WeatherPlace, "place_id", "weather", "wind_mean_m_per_s"),
        _table("normals", ClimateNormal, "station variable month", "weather", "value"),
        _table("process", Parameter, "parameter", "weather", "value"),
        _table("typhoons", Parameter, "parameter", "weather", "value", absent="typhoons"),
        _table("conductors", Conductor, "conductor_id", "grid", "max_i_a"),
        _table("lines", Line, "line_id", "grid", "length_km"),
        _table("cables", Value, "name", "grid", "value", **_CABLE),
        _table("cable_layers", CableLayer, "cable layer", "grid", "thickness_mm", **_CABLE),
        _table("cable_sections", CableSection, "section", "grid", "soil_k_m_per_w", **_CABLE),
        _table("cable_temperatures", CableTemperature, "surroundings month", "grid", "temperature_c", **_CABLE),
        _table("transformers", Transformer, "transformer_id", "grid", "sn_mva", absent="transformers"),
        _table("repowering", Repowering, "plant_id", "grid", "capacity_factor_target", absent="repowering of old wind"),
        _table("demand_response", DemandResponse, "name", "devices", "value", **_RESPONSE),
        _table("home_classes", HomeClass, "class", "devices", **_RESPONSE),
        _table("hot_water_hours", HotWaterHour, "hour", "devices", **_RESPONSE),
        _table("car_patterns", CarPattern, "pattern", "devices", FACTOR, factor_of=("work_trip_kwh", "free_trip_kwh"),
               **_RESPONSE),
        _table("plant_batteries", PlantBattery, "plant", "devices", "energy_mwh", absent="batteries beside plants",
               counts_with="fleet.plant_batteries"),
        _table("grid_batteries", AreaBattery, "area", "devices", "energy_mwh", absent="batteries in the grid",
               counts_with="fleet.grid_batteries"),
        _table("market", Value, "name", "money", "value", absent="tariffs and payments"),
        _table("investment", Value, "name", "money", "value", absent="capital and lives of the small sites"),
        _table("matching", Value, "name", "money", "value", absent="buyers of the plants' energy"),
        _table("buyers", BuyerRow, "buyer_id", "money", "yearly_mwh", absent="buyers of the plants' energy"),
        _table("supply_contracts", SupplyContract, "plant buyer", "money", absent="buyers of the plants' energy"),
        _table("study_ranges", StudyRange, "key", "study", "base", study_key="{row}", absent="ranges of study keys"),
    )
}  # fmt: skip
"""All tables of an island by name; the order is that in which an uncertainty analysis counts its unknowns."""

DEMAND_CLASSES: tuple[str, ...] = get_args(DemandClass)
WATER_HEATING = "water_heating"
"""Component of residential demand that has courses of its own."""
