"""What stands at the small sites of a study: PV, demand and batteries, with the study's values in the tables' place."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from studies.inputs import has_pv
from studies.study import Study
from twin.errors import Problem, raise_if_any
from twin.input_tables import inputs_in_force
from twin.loop.member import BatteryWear, SiteDevices
from twin.profiles.sites import SiteFleet
from twin.profiles.tables import parameter

BEHAVIOUR, WEAR = "battery_behaviour", "battery_wear"
"""Tables of how batteries convert and age."""

_WITH_BATTERY = {"none": (), "existing": ("existing_battery",), "all": ("existing_battery", "new")}


def site_devices(study: Study, fleet: SiteFleet) -> SiteDevices:
    """Return what stands at the sites.

    Raises
    ------
    InputError
        Where the study's values make a battery with what the fleet table has that cannot be.
    """
    settings = study.fleet.battery
    pv = has_pv(fleet, new_pv=study.fleet.new_pv)
    kinds = fleet.groups.kind.to_numpy(str)[fleet.group]
    has_battery = pv & np.isin(kinds, _WITH_BATTERY[study.fleet.batteries]) & (fleet.battery_kwh > 0.0)

    def setting(name: str) -> np.ndarray:
        value, table = getattr(settings, name), getattr(fleet, name)
        return table if value is None else np.full(len(table), value)

    lowest = np.maximum(setting("soc_min_percent"), setting("reserve_percent"))
    highest = setting("soc_max_percent")
    raise_if_any(_range_problems(study, lowest[has_battery], highest[has_battery]))
    with inputs_in_force(study.inputs):
        constant, quadratic = (parameter(name, BEHAVIOUR) for name in ("constant_share", "quadratic_share"))
        wear = BatteryWear(*(parameter(name, WEAR) for name in BatteryWear._fields))
    raise_if_any(_share_problems(constant, quadratic))
    return SiteDevices(
        has_pv=pv,
        demand_kwh=fleet.demand_kwh * study.fleet.demand_factor,
        battery_kwh=setting("battery_kwh") * has_battery,
        battery_kw=setting("battery_kw") * has_battery,
        efficiency=np.sqrt(setting("round_trip_efficiency")),
        soc_min_share=lowest / 100.0,
        soc_max_share=highest / 100.0,
        standby_w=setting("standby_w") * has_battery,
        constant_share=constant,
        quadratic_share=quadratic,
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
