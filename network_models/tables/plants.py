"""Plants: connection, PV fleets and their losses, turbines, tidal currents, diesel sets."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from network_models.tables.columns import Date, Flag, Named, Row, may_refer, maybe, number, refers, whole


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


class ControlOrder(Row):
    """How plants of a kind of remote control follow orders for congestion, told the day before or by half-hour."""

    area_control: Literal["online", "offline", "none"]
    congestion: Literal["half-hourly", "windows", "not"]


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
