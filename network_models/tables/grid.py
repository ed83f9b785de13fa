"""The grid: buses, lines and their cables, transformers, compensation, areas and the grid's parameters."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from network_models.tables.columns import Flag, Month, Named, Row, may_refer, maybe, number, refers, whole


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
    source_ja: str = ""


class OutageRate(Named):
    """How often and how long elements of a kind are out."""

    element_class: Literal["cable", "overhead", "transformer"] = Field(alias="class")
    per: Literal["100 km", "element"]
    outages_per_year: float = number("1/year", gt=0)
    hours_per_outage: float = number("h", gt=0)
    hours_low: float = number("h", gt=0)
    hours_high: float = number("h", gt=0)
