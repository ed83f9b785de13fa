"""The one declaration of all tables of an island: rows, key, what varies, what is absent without a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from network_models.tables.columns import Parameter, PlainRow, Value
from network_models.tables.demand import (
    AreaHours,
    ClassHours,
    ClassMonths,
    DemandClassRow,
    DemandYear,
    MixRow,
    Normal,
    Site,
    SiteDemand,
    SiteKindRow,
    SpecialDay,
    SpecialDemand,
    Visitors,
)
from network_models.tables.devices import AreaBattery, CarPattern, DemandResponse, HomeClass, HotWaterHour, PlantBattery
from network_models.tables.grid import (
    Area,
    Bus,
    CableLayer,
    CableSection,
    CableTemperature,
    Conductor,
    GridParameter,
    Line,
    OutageRate,
    Shunt,
    Transformer,
    VarCompensator,
)
from network_models.tables.market import (
    AreaExport,
    AreaMonth,
    AreaNuclear,
    BuyerRow,
    ForecastError,
    MeasuredColumn,
    MeasuredFile,
    PriceMonth,
    PricePoint,
    RuleDate,
    SunHours,
    SupplyContract,
)
from network_models.tables.plan import Check, Claim, Fact, Reference, Slip, StudyRange
from network_models.tables.plants import (
    ControlOrder,
    Diesel,
    Plant,
    PvAgeing,
    PvFleet,
    PvLoss,
    PvOrientation,
    Repowering,
    TidalConstituent,
    Turbine,
)
from network_models.tables.weather import ClimateNormal, SunshineLine, WeatherPlace
from network_models.tables.zones import FeedColumn, Zone, ZoneUnit

FACTOR = "factor"
"""What a row's range is about where it is a factor on several columns at once."""
Subject = Literal["grid", "resources", "area market", "weather", "devices", "money", "study"]


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
    row: type[PlainRow]
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


def _table(name: str, row: type[PlainRow], key: str, subject: Subject, main: str = "", **facts: Any) -> Declaration:  # noqa: ANN401
    """Declare a table whose main values ``[inputs]`` may set."""
    key_of_study = facts.pop("study_key", f"inputs.{name}.{{row}}" if main else "")
    return Declaration(name, row, tuple(key.split()), subject, main, study_key=key_of_study, **facts)


_RESPONSE = {"absent": "demand response", "counts_with": "fleet.demand_response"}
_MARKET = {"absent": "the market around the island: area balance and prices"}
_CABLE = {"absent": "the link's cables as bodies that warm up"}
_SPECIAL = {"absent": "special days"}
_TIDAL = {"absent": "tidal plants"}
_ZONES = {"absent": "constraint zones of an active network management"}
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
        _table("demand_years", DemandYear, "year", "resources", "per_head", absent="demand of later years"),
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
        _table("sunshine", SunshineLine, "month", "weather", FACTOR, factor_of=("intercept", "slope"),
               absent="irradiance of sunshine hours"),
        _table("control_orders", ControlOrder, "area_control", "grid",
               absent="how plants without remote control are ordered down for congestion"),
        _table("zones", Zone, "zone hypothesis", "grid", "limit_mw", **_ZONES),
        _table("zone_units", ZoneUnit, "zone hypothesis plant", "grid", **_ZONES),
        _table("feed_columns", FeedColumn, "column", "study", absent="a public feed of the network management"),
        _table("study_ranges", StudyRange, "key", "study", "base", study_key="{row}", absent="ranges of study keys"),
    )
}  # fmt: skip
"""All tables of an island by name; the order is that in which an uncertainty analysis counts its unknowns."""
BIBLIOGRAPHY = _table("references", Reference, "key", "study")
"""What an island's sources cite."""
PLAN_DECLARATIONS = (
    BIBLIOGRAPHY,
    _table("plan_claims", Claim, "id", "study"),
    _table("plan_facts", Fact, "name", "study"),
    _table("plan_checks", Check, "claim", "study"),
    _table("plan_slips", Slip, "slip", "study"),
)
"""Tables of a public plan, and the bibliography that they cite: they are read for its audit only."""
