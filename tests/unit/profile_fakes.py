"""Small made-up grid, sites and weather for the profile tests."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pvlib

from twin.core.clock import Clock
from twin.core.weather_table import Place, WeatherTable

PLACES = {
    "fukue": Place("fukue", 32.7, 128.84, 25.0, 10.0, 0.1),
    "offshore": Place("offshore", 32.66, 128.98, 0.0, 10.0, 0.0002),
}


def weather(step_minutes: int = 60, year: int = 2030) -> WeatherTable:
    """Clear skies times a smooth random clearness, a sinusoidal temperature, Rayleigh wind with a memory."""
    clock = Clock(step_minutes=step_minutes)
    index = clock.fiscal_year(year)
    rng = np.random.default_rng(1)
    values = {name: _place_weather(index, place, rng) for name, place in PLACES.items()}
    return WeatherTable(index, PLACES, values, clock)


def _place_weather(index: pd.DatetimeIndex, place: Place, rng: np.random.Generator) -> pd.DataFrame:
    middle = index + (index[1] - index[0]) / 2
    sky = pvlib.location.Location(place.latitude, place.longitude, altitude=place.altitude_m).get_clearsky(
        middle, model="haurwitz"
    )
    per_day = round(pd.Timedelta("1D") / (index[1] - index[0]))
    clear = np.repeat(rng.uniform(0.2, 1.0, len(index) // per_day), per_day)
    ghi = sky["ghi"].to_numpy() * clear
    dhi = ghi * (1 - 0.8 * clear**2)
    zenith = pvlib.solarposition.get_solarposition(middle, place.latitude, place.longitude)["zenith"].to_numpy()
    dni = np.where(zenith < 87, (ghi - dhi) / np.clip(np.cos(np.radians(zenith)), 0.05, None), 0.0)
    day_of_year = index.dayofyear.to_numpy()
    temperature = 17 - 10 * np.cos(2 * np.pi * (day_of_year - 30) / 365) + 3 * np.sin(2 * np.pi * (index.hour - 9) / 24)
    smooth = pd.Series(rng.standard_normal((len(index), 2))[:, 0]).ewm(span=12).mean().to_numpy()
    smooth2 = pd.Series(rng.standard_normal(len(index))).ewm(span=12).mean().to_numpy()
    wind = np.hypot(smooth / smooth.std(), smooth2 / smooth2.std()) * 4.0
    columns = {"ghi": ghi, "dni": dni, "dhi": dhi, "temp_air": temperature, "wind_speed": wind}
    return pd.DataFrame(columns, index=index)


def plants() -> pd.DataFrame:
    columns = [
        "plant_id", "kind", "place", "contract_mw", "dc_mw", "scheme", "area_rule", "area_control", "pv_fleet",
        "turbine", "units", "hub_height_m", "capacity_factor_target", "availability",
    ]  # fmt: skip
    nan = float("nan")
    rows = [
        ("sun_online", "pv", "fukue", 5.0, 5.8, "FIT", "new", "online", "ground", None, nan, nan, nan, 0.98),
        ("sun_offline", "pv", "fukue", 2.0, 2.0, "FIT", "old", "offline", "mixed", None, nan, nan, nan, 1.0),
        ("farm", "wind", "offshore", 16.8, nan, "FIP", "unlimited", "online", None, "HTW2.1-80", 8, 60.0, 0.35, 0.93),
        ("hill", "wind", "fukue", 1.2, nan, "FIT", "old", "offline", None, "E48/800", 2, 50.0, 0.17, 0.92),
        ("tide", "tidal", "fukue", 1.1, nan, "non-FIT", "unlimited", "online", None, None, 1, nan, nan, 0.9),
        ("switched_off", "wind", "nowhere", 0.0, nan, "FIT", "old", "online", None, None, nan, nan, nan, nan),
    ]
    return pd.DataFrame(rows, columns=columns).set_index("plant_id")


def areas() -> pd.DataFrame:
    rows = [
        ("town", "fukue", True, 48e6, 34e6, 8e6, 15e6, 9e6),
        ("village", "fukue", True, 5e6, 3e6, 1e6, 2e6, 1e6),
        ("elsewhere", "offshore", False, 20e6, 14e6, 4e6, 6e6, 4e6),
    ]
    kwh = [f"{name}_kwh" for name in ("residential", "commercial", "public", "industry", "fisheries")]
    return pd.DataFrame(rows, columns=["area_id", "place", "municipality", *kwh]).set_index("area_id")


def sites(new: int = 20) -> pd.DataFrame:
    columns = [
        "kind", "class", "count", "pv_dc_kw", "pv_ac_kw", "battery_kwh", "battery_kw", "round_trip_efficiency",
        "soc_min_percent", "soc_max_percent", "demand_kwh", "cut",
    ]  # fmt: skip
    nan = float("nan")
    rows = [
        ("existing_plain", "residential", 30, 5.0, 5.0, 0.0, 0.0, nan, nan, nan, 5000.0, "cut-last"),
        ("existing_battery", "commercial", 10, 5.0, 5.0, 20.0, 5.0, 0.9, 5, 95, 23400.0, "cut-last"),
        ("new", "residential", new, 10.0, 10.0, 20.0, 5.0, 0.9, 5, 95, 4167.0, "non-firm"),
    ]
    return pd.DataFrame(rows, columns=columns)


def model() -> SimpleNamespace:
    return SimpleNamespace(plants=plants(), areas=areas())
