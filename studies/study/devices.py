"""From a study's settings to devices: sites with batteries, and demand response."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from network_models.tables.declarations import DECLARATIONS
from network_models.tables.demand import DAY_TYPES
from network_models.tables.devices import response_tables, trip_hours
from studies.study.added_plants import BATTERY_HOURS
from studies.study.file.schema import Fleet, Study
from studies.study.islands import clock_of, demand_factor
from twin.core.clock import HOURS_PER_YEAR, MINUTES_OF_HALF_HOUR, MINUTES_OF_HOUR, Clock
from twin.core.errors import InputError, Problem, raise_if_any
from twin.core.tables import HOURS, MONTHS, Tables
from twin.core.units import KWH_PER_MWH
from twin.devices.battery import Batteries, BatteryWear, make_batteries
from twin.devices.cars import Cars
from twin.devices.commercial import Commercial
from twin.devices.device import Device
from twin.devices.homes import Homes
from twin.devices.sites import SiteDevices
from twin.devices.storage import GridBattery, PlantBatteries
from twin.devices.water_heaters import WaterHeaters
from twin.network.model import GridModel
from twin.resources.demand import WATER_HEATING
from twin.resources.sites import SiteFleet

BEHAVIOUR, WEAR = "battery_behaviour", "battery_wear"
"""Tables of how batteries convert and age."""

KW_PER_W = 1e-3
_WITH_BATTERY = {"none": (), "existing": ("existing_battery",), "all": ("existing_battery", "new")}


def site_devices(study: Study, tables: Tables, fleet: SiteFleet) -> SiteDevices:
    """Return what stands at the sites.

    Raises
    ------
    InputError
        Where the study's values make a battery with what the fleet table has that cannot be.
    """
    settings = study.fleet.battery
    pv = fleet.with_pv(**study.fleet.which_pv)
    kinds = fleet.groups.kind.to_numpy(str)[fleet.group]
    has_battery = pv & np.isin(kinds, _WITH_BATTERY[study.fleet.batteries]) & (fleet.battery_kwh > 0.0)

    def setting(name: str) -> np.ndarray:
        value, table = getattr(settings, name), getattr(fleet, name)
        return table if value is None else np.full(len(table), value)

    lowest = np.maximum(setting("soc_min_percent"), setting("reserve_percent"))
    highest = setting("soc_max_percent")
    raise_if_any(_range_problems(study, lowest[has_battery], highest[has_battery]))
    constant, quadratic = (tables.value(name, BEHAVIOUR) for name in ("constant_share", "quadratic_share"))
    wear = BatteryWear(*(tables.value(name, WEAR) for name in BatteryWear._fields))
    raise_if_any(_share_problems(constant, quadratic))
    return SiteDevices(
        has_pv=pv,
        demand_kwh=fleet.demand_kwh * demand_factor(study),
        battery=make_batteries(
            setting("battery_kwh") * has_battery,
            setting("battery_kw") * has_battery,
            np.sqrt(setting("round_trip_efficiency")),
            soc_min_share=lowest / 100.0,
            soc_max_share=highest / 100.0,
            standby=setting("standby_w") * has_battery * KW_PER_W,
            constant_share=constant,
            quadratic_share=quadratic,
        ),
        export_at_night=settings.export_at_night,
        throttle_when_full=study.fleet.when_full == "curtail",
        wear=wear,
    )


def _range_problems(study: Study, lowest: np.ndarray, highest: np.ndarray) -> Iterator[Problem]:
    """Yield the first battery whose lowest charge, with the fleet table's values, is not below the highest."""
    wrong = np.flatnonzero(lowest >= highest)
    if not len(wrong):
        return
    settings = study.fleet.battery
    named = ("reserve_percent", "soc_min_percent", "soc_max_percent")
    given = [name for name in named if getattr(settings, name) is not None]
    key = max(given, key=lambda name: getattr(settings, name) if name != "soc_max_percent" else -1.0)
    seen = f"{getattr(settings, key):g}"
    low, high = lowest[wrong[0]], highest[wrong[0]]
    accepted = f"above the lowest charge, {low:g}" if key == "soc_max_percent" else f"below soc_max_percent, {high:g}"
    yield Problem("the battery has no charge to use", f"{study.name}, fleet.battery.{key}", seen, accepted)


def _share_problems(constant: float, quadratic: float) -> Iterator[Problem]:
    for name, value in (("constant_share", constant), ("quadratic_share", quadratic)):
        if not 0.0 <= value <= 1.0:
            yield Problem("not a share", f"inputs.{BEHAVIOUR}.{name}", f"{value:g}", "0 to 1")
    if constant + quadratic > 1.0:
        seen, accepted = f"{constant + quadratic:g}", "at most 1"
        yield Problem("constant_share and quadratic_share exceed the whole", f"inputs.{BEHAVIOUR}", seen, accepted)


Response = Mapping[str, pd.DataFrame]
"""Tables of demand response, indexed by their keys."""


def demand_response(study: Study, tables: Tables, model: GridModel) -> tuple[Device, ...]:
    """Return the flexible demand that a study has, in the municipality only.

    Raises
    ------
    InputError
        For a guest network, and for an island without these tables.
    """
    if study.fleet.demand_response == "none":
        return ()
    if not study.grid.is_island:
        repair = 'write fleet.demand_response = "none" and add devices of your own'
        raise InputError([Problem("these homes stand on an island only", "[fleet] demand_response", "plan", "none",
                                  repair)])  # fmt: skip
    response = response_tables(tables)
    return (
        _homes(response, model.areas),
        _water_heaters(tables, response, model.areas, clock_of(study)),
        _cars(response, model.areas, clock_of(study)),
        _commercial(response, model.areas),
    )


def _municipal_kwh(areas: pd.DataFrame, demand_class: str) -> np.ndarray:
    """Return a class's yearly demand in the areas of the municipality, 0 elsewhere; (A,)."""
    return np.where(areas["municipality"].to_numpy(bool), areas[f"{demand_class}_kwh"].to_numpy(float), 0.0)


def _homes(response: Response, areas: pd.DataFrame) -> Homes:
    values, classes = response["demand_response"]["value"], response["home_classes"]
    municipal_kwh = _municipal_kwh(areas, "residential")
    with_monitor = municipal_kwh.sum() * values["homes_with_monitor"] / values["homes_in_city"]
    return Homes(
        energy_kwh=with_monitor * classes["share"].to_numpy(),
        elasticity=float(values["homes_elasticity"]) * classes["sensitivity"].to_numpy(),
        flexible_share=float(values["homes_flexible_share"]),
        return_hours=float(values["homes_return_hours"]),
        efficiency=_one_way(values["homes_shift_loss"]),
        area_share=municipal_kwh / municipal_kwh.sum(),
    )


def _water_heaters(tables: Tables, response: Response, areas: pd.DataFrame, clock: Clock) -> WaterHeaters:
    values = response["demand_response"]["value"]
    spread = float(values["water_heaters_draw_spread"])
    by_hour = response["hot_water_hours"]["share"].sort_index().to_numpy()
    by_month = tables["demand_class_months"].set_index("class").loc[WATER_HEATING, MONTHS].to_numpy(float)
    per_hour = MINUTES_OF_HOUR // clock.step_minutes
    a_day = np.repeat(by_hour, per_hour) / per_hour * float(values["water_heaters_draw_kwh"])
    of_months = (by_month / by_month.mean())[:, None, None] * a_day[:, None]
    municipal_kwh = _municipal_kwh(areas, "residential")
    return WaterHeaters(
        units=np.full(2, float(values["water_heaters"]) / 2.0),
        power_kw=float(values["water_heaters_power_kw"]),
        heat_per_energy=float(values["water_heaters_heat_per_energy"]),
        tank_kwh=float(values["water_heaters_tank_kwh"]),
        draw_kwh=of_months * np.array([1.0 - spread, 1.0 + spread]),
        fill_share=_fill_share(
            tables, float(values["water_heaters_habit_from"]), float(values["water_heaters_habit_until"]), clock
        ),
        standing_loss_per_hour=float(values["water_heaters_standing_loss"]),
        reserve_share=float(values["water_heaters_reserve"]),
        area_share=municipal_kwh / municipal_kwh.sum(),
    )


def _fill_share(tables: Tables, begin_hour: float, end_hour: float, clock: Clock) -> np.ndarray:
    """Return the share of what a tank lacks that habit heats in each step of the day, (D,).

    Between the two hours tanks are filled in the proportions of the demand model's water heating: the share is a
    step's weight over those from then to the end.
    """
    hours = tables["demand_class_hours"].set_index(["class", "day_type"]).loc[(WATER_HEATING, "work"), HOURS]
    per_hour, of_day = MINUTES_OF_HOUR // clock.step_minutes, clock.steps_of_day
    weight = np.repeat(hours.to_numpy(float), per_hour)
    begin, end = round(begin_hour * per_hour), round(end_hour * per_hour)
    night = np.arange(begin, end + of_day) % of_day
    still_to_come = np.cumsum(weight[night][::-1])[::-1]
    share = np.zeros(of_day)
    share[night] = weight[night] / still_to_come
    return share


def cars_of(study: Study, tables: Tables, model: GridModel) -> Cars:
    """Return the cars of an island's tables, whether a study drives them or not."""
    return _cars(response_tables(tables), model.areas, clock_of(study))


def _cars(response: Response, areas: pd.DataFrame, clock: Clock) -> Cars:
    values, patterns = response["demand_response"]["value"], response["car_patterns"]
    half_hours = trip_hours(patterns, "leave"), trip_hours(patterns, "back")
    steps = MINUTES_OF_HALF_HOUR / clock.step_minutes
    leave = np.floor(half_hours[0] * steps)
    municipal_kwh = _municipal_kwh(areas, "residential")
    return Cars(
        cars=float(values["cars"]) * patterns["share"].to_numpy(),
        battery=make_batteries(
            np.full(len(patterns), float(values["cars_battery_kwh"])),
            float(values["cars_power_kw"]),
            float(values["cars_efficiency"]),
            soc_min_share=float(values["cars_reserve"]),
        ),
        leave=leave.astype(np.int64),
        back=np.where(half_hours[1] > half_hours[0], np.ceil(half_hours[1] * steps), leave).astype(np.int64),
        trip_kwh=np.stack([patterns[f"{day}_trip_kwh"].to_numpy(float) for day in DAY_TYPES]),
        home_kwh=float(municipal_kwh.sum() / values["homes_in_city"]),
        area_share=municipal_kwh / municipal_kwh.sum(),
        steps_of_day=clock.steps_of_day,
    )


def _commercial(response: Response, areas: pd.DataFrame) -> Commercial:
    values = response["demand_response"]["value"]
    municipal_kwh = _municipal_kwh(areas, "commercial")
    mean_mw = float(values["commercial_flexible_share"]) * municipal_kwh.sum() / HOURS_PER_YEAR / KWH_PER_MWH
    return Commercial(
        energy_kwh=float(municipal_kwh.sum()),
        flexible_share=float(values["commercial_flexible_share"]),
        buffer_mwh=mean_mw * float(values["commercial_buffer_hours"]),
        return_hours=float(values["commercial_return_hours"]),
        efficiency=_one_way(values["commercial_shift_loss"]),
        down_share=float(values["commercial_down_share"]),
        down_hours=float(values["commercial_down_hours"]),
        area_share=municipal_kwh / municipal_kwh.sum(),
    )


def _one_way(loss_share: float) -> float:
    return float(np.sqrt(1.0 - loss_share))


_COMMON = ("round_trip_efficiency", "soc_min_percent", "soc_max_percent")


def grid_batteries(study: Study, tables: Tables, model: GridModel) -> tuple[Device, ...]:
    """Return the batteries in the grid that a study has.

    Raises
    ------
    InputError
        Where the table names an area that the network does not have.
    """
    if study.fleet.grid_batteries == "none":
        return ()
    return (GridBattery(_batteries_at(tables, "grid_batteries", model.areas.index)),)


def plant_batteries(study: Study, tables: Tables, model: GridModel) -> tuple[Device, ...]:
    """Return the batteries beside plants that a study has; a plant that is out of service has none.

    Raises
    ------
    InputError
        Where the table names a plant that the network does not have.
    """
    added = {name: plant.battery_mwh for name, plant in study.fleet.added_plants.items() if plant.battery_mwh > 0.0}
    if study.fleet.plant_batteries == "none" and not added:
        return ()
    there = _batteries_at(tables, "plant_batteries", model.plants.index)
    if study.fleet.plant_batteries == "none":
        there = there._replace(energy=np.zeros_like(there.energy), power=np.zeros_like(there.power))
    own_mwh = pd.Series(added, dtype=float).reindex(model.plants.index).fillna(0.0).to_numpy()
    in_service = model.plants["contract_mw"].to_numpy(float) > 0.0
    energy, power = there.energy + own_mwh, there.power + own_mwh / BATTERY_HOURS
    return (PlantBatteries(there._replace(energy=energy * in_service, power=power * in_service)),)


def _batteries_at(tables: Tables, name: str, elements: pd.Index) -> Batteries:
    """Return the battery of each element, MWh and MW; efficiency and limits of charge are those that all rows share."""
    frame, key = tables[name], DECLARATIONS[name].key[0]
    problems = [
        Problem(f"no such {key} in the network", f"{name}.csv, {key}", str(element), ", ".join(map(str, elements)))
        for element in frame[key]
        if element not in elements
    ]
    if len(frame[list(_COMMON)].drop_duplicates()) > 1:
        problems.append(Problem("rows differ", f"{name}.csv", ", ".join(_COMMON), "one value in all rows"))
    raise_if_any(problems)
    of_element = frame.set_index(key).reindex(elements)[["power_mw", "energy_mwh"]].fillna(0.0)
    round_trip, low, high = (float(frame[column].iloc[0]) for column in _COMMON)
    return make_batteries(
        of_element["energy_mwh"].to_numpy(float), of_element["power_mw"].to_numpy(float), np.sqrt(round_trip),
        soc_min_share=low / 100.0, soc_max_share=high / 100.0,
    )  # fmt: skip


Maker = Callable[[Study, Tables, GridModel], tuple[Device, ...]]

DEVICE_KINDS: dict[str, Maker] = {
    "demand_response": demand_response,
    "grid_batteries": grid_batteries,
    "plant_batteries": plant_batteries,
}
"""All kinds of flexible devices, by the key of ``[fleet]`` that has them. A kind that is no key of its own is had by a
table ``[fleet.devices.<kind>]``, whose numbers its maker finds in ``study.fleet.devices``."""


def flexible_devices(study: Study, tables: Tables, model: GridModel) -> tuple[Device, ...]:
    """Return the demand response and the batteries in the grid and beside plants that a study has.

    Raises
    ------
    InputError
        Where ``[fleet.devices]`` names a kind that is not known.
    """
    with_keys = {kind for kind in DEVICE_KINDS if kind in Fleet.model_fields}
    by_table = [kind for kind in DEVICE_KINDS if kind not in with_keys]
    raise_if_any(
        Problem(
            "no such kind of device",
            f"{study.name}, fleet.devices",
            kind,
            ", ".join(by_table) or "none",
            "add its maker to DEVICE_KINDS in studies/study/devices.py",
        )
        for kind in study.fleet.devices
        if kind not in by_table
    )
    had = with_keys | set(study.fleet.devices)
    return tuple(device for kind, make in DEVICE_KINDS.items() if kind in had for device in make(study, tables, model))
