"""Goldens of `goto-twin run`: every shipped study, what the studies leave out, networks of guests."""

import tomllib
from typing import Any

from tests.fixtures.real_data import DATA
from tests.fixtures.small_study import DAYS, STUDY
from tests.golden import numbers_of
from tests.golden.command_line import ROOT
from tests.golden.made_files import write_weather
from tests.golden.study_files import variant
from tests.golden.workplace import QUICK_DAYS, SPRING_DAYS, Workplace

GUEST_DAYS = "60:61"

CORNERS: dict[str, dict[str, Any]] = {
    "forecast_operator": {
        "operator": "forecast", "flow_margin_mw": 1.0, "forecast_lead_half_hours": 6, "policy": "congestion_aware",
    },
    "blind_operator": {"operator": "forecast", "operator_sees_dispatch": False, "policy": "price"},
    "persistence": {"forecast": "persistence", "policy": "congestion_aware", "uniform_basis": "available"},
    "climatology": {"forecast": "climatology", "policy": "mpc", "criterion": "n-0"},
    "perfect_forecast": {"forecast": "perfect", "policy": "mpc", "area_balance": False},
    "intertrip_capped": {"criterion": "n-1-intertrip", "intertrip_cap_mw": 5.0, "short_time_factor": 1.0},
}  # fmt: skip


def shipped_2030(place: Workplace) -> dict[str, Any]:
    """All scenarios of goto_2030 over three days."""
    return numbers_of.of_run(place.goto_2030())


def shipped_policies(place: Workplace) -> dict[str, Any]:
    """All policies with all devices, and the batteries of the grid, which no shipped scenario has."""
    study = variant("goto_2030_policies", {"sweep": {"grid": {"conductor_mm2": [240]}}})
    study["sweep"] = {"grid": {"conductor_mm2": [240]}, "fleet": {"small_sites": ["non-firm"]}}
    study["scenario"]["grid_batteries"] = {
        "title_en": "Batteries in the grid",
        "title_ja": "系統用蓄電池",
        "fleet": {"grid_batteries": "example", "plant_batteries": "plan"},
        "operation": {"policy": "price"},
    }
    return numbers_of.of_run(place.run("policies", study, SPRING_DAYS, jobs=2))


def shipped_2022(place: Workplace) -> dict[str, Any]:
    """All scenarios of goto_fy2022 on the measured input, over the end of a month."""
    study = variant("goto_fy2022", {"sweep": {"grid": {"conductor_mm2": [240]}}})
    return numbers_of.of_run(place.run("fy2022", study, DAYS, "--data", DATA, jobs=2))


def corners(place: Workplace) -> dict[str, Any]:
    """Operators, forecasts and criteria that the shipped studies leave out."""
    study = variant("goto_2030_policies", {"fleet": {"demand_response": "none"}}, without=("sweep", "scenario"))
    study["grid"]["conductor_mm2"] = 240
    study["scenario"] = {
        name: {"title_en": name, "title_ja": name, "operation": settings} for name, settings in CORNERS.items()
    }
    study["scenario"]["own_battery"] = {
        "title_en": "Other batteries",
        "title_ja": "別の蓄電池",
        "fleet": {"battery": {"battery_kwh": 6.0, "export_at_night": True, "reserve_percent": 30.0}},
        "operation": {"policy": "self_consumption"},
    }
    study["compare"] = {"reference": "forecast_operator", "counterfactuals": False}
    return numbers_of.of_run(place.run("corners", study, "355:356"))


def fixed_grid(place: Workplace) -> dict[str, Any]:
    """A grid in which nothing moves, with other inputs and another weather year."""
    study = variant("goto_2030", {}, without=("onset", "sweep", "scenario", "compare"))
    study["grid"] = {"year": 2030, "compensation": "fixed", "conductor_mm2": 300}
    study["fleet"] = {"new_pv": True, "batteries": "existing", "contract_mw": {"planned_wind": 25.0}}
    study["weather"] = {"weather_year": 2}
    study["inputs"] = {"area_parameters": {"offline_by_proxy_share": 0.0}}
    return numbers_of.of_run(place.run("fixed_grid", study, QUICK_DAYS))


def guest_example(place: Workplace) -> dict[str, Any]:
    """The network of the examples over two days."""
    study = tomllib.loads((ROOT / "examples" / "own_network.toml").read_text(encoding="utf-8"))
    return numbers_of.of_run(place.run("guest", study, GUEST_DAYS))


def guest_weather(place: Workplace) -> dict[str, Any]:
    """The same network under weather from a file."""
    study = tomllib.loads((ROOT / "examples" / "own_network.toml").read_text(encoding="utf-8"))
    write_weather(place.folder / "sky.csv", "2030-04-01", 365)
    file = {"path": "sky.csv", "format": "csv", "timezone": "Asia/Tokyo", "wind_height_m": 60}
    study["weather"] = {"source": "files", "files": {"fukue": [file]}}
    return numbers_of.of_run(place.run("guest_weather", study, GUEST_DAYS))


def small(place: Workplace) -> dict[str, Any]:
    """The two members that the tests of whole commands run, which compare them with these values too."""
    return numbers_of.of_run(place.run("small", tomllib.loads(STUDY), DAYS))


def quick(place: Workplace) -> dict[str, Any]:
    """Two scenarios over a day."""
    return numbers_of.of_run(place.quick())
