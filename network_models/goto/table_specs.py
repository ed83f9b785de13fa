"""What the tables of Goto look like: columns, types, ranges and references."""

from __future__ import annotations

from network_models.tables import Column, TableSpec

LINE_ROLES = ("link", "path", "kamigoto", "fukue", "collector")
FAMILIES = ("xlpe66", "acsr", "xlpe22")
VOLTAGE_CLASSES = ("special_high", "high", "low")
PLANT_GROUPS = ("existing", "floating_farm", "planned", "kamigoto_wind", "onshore_wind_2010")
DEMAND_CLASSES = ("residential", "commercial", "public", "industry", "fisheries")
SITE_KINDS = ("existing_plain", "existing_battery", "new")
FIRMNESS = ("firm", "non-firm", "cut-last")

BUS = "buses.bus_id"
AREA = "areas.area_id"
PLACES = ("fukue", "west_fukue", "naru", "kamigoto", "offshore")


def _number(name: str, minimum: float | None = None, maximum: float | None = None, required: bool = True) -> Column:
    return Column(name, "number", required, minimum, maximum)


def _positive(name: str, required: bool = True, maximum: float | None = None) -> Column:
    return Column(name, "number", required, maximum=maximum, above=0)


_NAMES = (Column("name"), Column("name_ja"))
_VARIES = Column("varies_with", required=False)
"""Rows with the same word have one common unknown; a minus before it: they go down when the others go up."""

BUSES = TableSpec("buses", ("bus_id",), (
    Column("bus_id"), *_NAMES, _positive("vn_kv"), _number("latitude", -90, 90), _number("longitude", -180, 180),
    _number("x", required=False), _number("y_low", required=False), _number("y_high", required=False),
    Column("area", required=False, refers_to=AREA),
))  # fmt: skip

CONDUCTORS = TableSpec("conductors", ("conductor_id",), (
    Column("conductor_id"), Column("name"), Column("label"), Column("type", choices=("cable", "overhead")),
    Column("family", choices=FAMILIES), _positive("area_mm2"), _number("r_ohm_per_km", 0), _positive("x_ohm_per_km"),
    _number("c_nf_per_km", 0), _positive("max_i_a"), _VARIES,
), main="max_i_a")  # fmt: skip

LINES = TableSpec("lines", ("line_id",), (
    Column("line_id"), *_NAMES, Column("from_bus", refers_to=BUS), Column("to_bus", refers_to=BUS),
    _positive("length_km"), Column("conductor"), Column("circuit", "integer", minimum=1),
    Column("role", choices=LINE_ROLES), Column("outage", "flag"), _VARIES,
), main="length_km")  # fmt: skip

TRANSFORMERS = TableSpec("transformers", ("transformer_id",), (
    Column("transformer_id"), *_NAMES, Column("hv_bus", refers_to=BUS), Column("lv_bus", refers_to=BUS),
    _positive("sn_mva"), _positive("vk_percent", maximum=50), _number("vkr_percent", 0, 50), _number("pfe_kw", 0),
    _number("i0_percent", 0, 20), _number("tap_step_percent", 0, 10), Column("tap_min", "integer"),
    Column("tap_max", "integer"), Column("tap_parameter", refers_to="parameters.key"),
    Column("role", choices=("main", "bank", "farm")), Column("outage", "flag"), _VARIES,
), main="sn_mva")  # fmt: skip

SHUNTS = TableSpec("shunts", ("shunt_id",), (
    Column("shunt_id"), *_NAMES, Column("bus", refers_to=BUS), Column("circuit", refers_to="lines.line_id"),
    Column("step", "integer", minimum=1), Column("q_parameter", refers_to="parameters.key"),
    _number("loss_percent", 0, 10),
))  # fmt: skip

COMPENSATORS = TableSpec("compensators", ("compensator_id",), (
    Column("compensator_id"), *_NAMES, Column("bus", refers_to=BUS),
))  # fmt: skip

AREAS = TableSpec("areas", ("area_id",), (
    Column("area_id"), Column("name_en"), Column("name_ja"), Column("bus", refers_to=BUS),
    Column("place", choices=PLACES), Column("goto_city", "flag"), _positive("weight_percent", maximum=100),
    _positive("power_factor", maximum=1), *(_number(f"{name}_kwh", 0) for name in DEMAND_CLASSES),
))  # fmt: skip

PLANTS = TableSpec("plants", ("plant_id",), (
    Column("plant_id"), Column("name_en"), Column("name_ja"), Column("kind", choices=("pv", "wind", "tidal")),
    Column("area", refers_to=AREA), Column("place", choices=PLACES), Column("bus", refers_to=BUS),
    _number("contract_mw", 0), _number("dc_mw", 0, required=False), Column("voltage_class", choices=VOLTAGE_CLASSES),
    Column("firmness", choices=FIRMNESS), Column("scheme", choices=("FIT", "FIP", "non-FIT")),
    Column("area_rule", choices=("old", "new", "unlimited", "exempt")),
    Column("area_control", choices=("online", "offline", "none")), Column("trippable", "flag"),
    Column("in_service_from", "date"), Column("in_service_to", "date", required=False), Column("goto_city", "flag"),
    Column("pv_fleet", required=False), Column("turbine", required=False),
    Column("units", "integer", required=False, minimum=1), _positive("hub_height_m", required=False),
    _positive("capacity_factor_target", maximum=1), _positive("availability", maximum=1),
    Column("group", choices=PLANT_GROUPS), _VARIES,
), main="contract_mw")  # fmt: skip

REPOWERING = TableSpec("repowering", ("plant_id",), (
    Column("plant_id", refers_to="plants.plant_id"), Column("turbine"), Column("units", "integer", minimum=1),
    _positive("hub_height_m"), _positive("capacity_factor_target", maximum=1), _positive("availability", maximum=1),
), main="capacity_factor_target")  # fmt: skip

DIESELS = TableSpec("diesels", ("diesel_id",), (
    Column("diesel_id"), *_NAMES, Column("bus", refers_to=BUS), _positive("p_max_mw"), _number("p_min_mw", 0),
    Column("start_half_hours", "integer", minimum=0), Column("available", "flag"),
))  # fmt: skip

PARAMETERS = TableSpec("parameters", ("key",), (
    Column("key"), Column("value"), Column("unit", required=False),
    Column("kind", choices=("number", "integer", "choice")), Column("choices", required=False),
    _number("possible_low", required=False), _number("possible_high", required=False), Column("name_en"),
    Column("name_ja"),
))  # fmt: skip

SITES = TableSpec("sites", ("kind", "class"), (
    Column("kind", choices=SITE_KINDS), Column("class", choices=DEMAND_CLASSES[:3]),
    Column("count", "integer", minimum=0),
    _number("pv_dc_kw", 0), _number("pv_ac_kw", 0), _number("battery_kwh", 0), _number("battery_kw", 0),
    _positive("round_trip_efficiency", required=False, maximum=1), _number("soc_min_percent", 0, 100, required=False),
    _number("soc_max_percent", 0, 100, required=False), _number("reserve_percent", 0, 100, required=False),
    _number("standby_w", 0, required=False), _number("demand_kwh", 0), Column("cut", choices=("cut-last", "non-firm")),
), main="battery_kw")  # fmt: skip

OUTAGE_RATES = TableSpec("outage_rates", ("class",), (
    Column("class", choices=("cable", "overhead", "transformer")), *_NAMES,
    Column("per", choices=("100 km", "element")),
    _positive("outages_per_year"), _positive("hours_per_outage"), _positive("hours_low"), _positive("hours_high"),
), main="outages_per_year")  # fmt: skip

GRID_TABLES = (
    BUSES, CONDUCTORS, LINES, TRANSFORMERS, SHUNTS, COMPENSATORS, AREAS, PLANTS, REPOWERING, DIESELS, PARAMETERS, SITES,
    OUTAGE_RATES,
)  # fmt: skip
