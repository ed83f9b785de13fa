"""Which rows with a range cannot move the results of a study, and why: they are left out of its unknowns."""

from __future__ import annotations

import datetime

from network_models.input_tables import PARAMETERS, PLANTS
from studies.input_names import SITE_ROWS
from studies.study import Study
from studies.unknown_rows import RangedRow
from twin.input_tables import read_input

Reason = tuple[str, str]
"""In English and in Japanese."""

NETWORK, PROFILES, WEATHER = "network_models/goto", "twin/profiles", "weather"
OUTSIDE_THE_LOOP = ("outage_rates.csv",)
PRICE_TABLES = ("market.csv",)
WEAR_TABLES = ("battery_wear.csv",)
OF_BATTERIES = ("fleet.battery.", "inputs.battery_behaviour.")
START_POSITIONS = ("main_tap_position", "reactor_steps_in_service")
CONTROL_BANDS = (
    "main_tap_target_vm_pu", "main_tap_dead_band_pu", "main_tap_delay_half_hours", "main_tap_most_steps",
    "reactor_out_percent", "reactor_in_percent", "reactor_delay_half_hours", "reactor_most_steps",
)  # fmt: skip
COMPENSATOR = ("svc_set_vm_pu", "svc_slope_percent", "svc_q_min_mvar", "svc_q_max_mvar")
GENERATOR_TABLES = ("process.csv", "typhoons.csv")
VARIED_OF_GENERATOR = (
    "clear_day_persistence", "cloud_day_length_km", "wind_synoptic_hours", "wind_synoptic_length_km",
    "wind_local_share", "wind_cloud", "wind_climate_share", "approaches_per_year",
)  # fmt: skip
"""Of the generator's numbers those that make sun and wind coincide, or last, at several plants."""

OF_THE_AREA = ("area_", "parameters.csv area_", "parameters.csv price_")
"""Profile tables and parameters from which the area's curtailment and prices are made."""

OLD_WIND = ("kamigoto_wind", "onshore_wind_2010")


def why_left_out(row: RangedRow, study: Study) -> Reason | None:
    """Return why a row is no unknown of a study, in English and Japanese, or None where it is one."""
    folder, _, file = row.table.rpartition("/")
    if any(row.key in scenario.overrides for scenario in study.scenario.values()):
        return "a scenario of the study sets it", "シナリオで設定済み"
    if not row.low <= row.base <= row.high:
        return "the study's own value lies outside the range", "スタディの設定値が範囲外"
    if file in WEAR_TABLES:
        return "ages the batteries, outside the simulated headlines", "蓄電池劣化の推計のみに使用"
    if row.key.startswith(OF_BATTERIES) and set(_settings("fleet.batteries", study)) == {"none"}:
        return "no scenario has batteries", "蓄電池を含むシナリオなし"
    if file in PRICE_TABLES:
        return "moves payments only, outside the simulated headlines", "収支の試算のみに使用"
    if file in OUTSIDE_THE_LOOP:
        return "weighs outages, outside the simulated headlines", "停電頻度の評価のみに使用"
    if folder == NETWORK:
        return _network(file, row.row, study)
    if folder == PROFILES:
        return _profiles(file, row.row, study)
    if folder == WEATHER:
        return _weather(file, row.row, study)
    if row.key == "operation.area_level_percent" and study.weather.source == "measured":
        return "curtailment is measured", "出力制御は実績値"
    return None


def _network(file: str, row: str, study: Study) -> Reason | None:
    if file == "parameters.csv":
        return _parameter(row, study)
    if file == "plants.csv" and not _in_service(row, study):
        return f"not in service in {study.grid.year}", f"{study.grid.year}年度は運転対象外"
    if file == "repowering.csv" and "repower" not in _old_wind(study):
        return "old wind is not repowered in this study", "既設風力の更新なし"
    return None


def _parameter(name: str, study: Study) -> Reason | None:
    controlled = study.grid.compensation == "controlled"
    automatic = controlled and study.grid.controls == "automatic"
    if name == "path_circuits":
        return (
            "another number of circuits is another grid: make it a study of its own",
            "回線数の変更は別系統となるため、別スタディで検討",
        )
    if name == "old_wind_decision_year" and set(_old_wind(study)) == {"keep"}:
        return "old wind stays in this study", "既設風力は継続運転"
    if automatic and name in START_POSITIONS:
        return "only where the controls start", "自動制御の初期位置のみに影響"
    if not automatic and name in CONTROL_BANDS:
        return "taps and reactors are fixed in this study", "タップ・リアクトルは固定"
    if controlled == (name == "svc_fixed_mvar") and name in (*COMPENSATOR, "svc_fixed_mvar"):
        return "the other kind of compensation is used", "別の補償方式を使用"
    return None


def _profiles(file: str, row: str, study: Study) -> Reason | None:
    if f"{file.removesuffix('.csv')}.{row}".startswith(SITE_ROWS):
        return "all members have the same small sites", "全ケースで同一の小規模需要家を使用"
    tidal = file.startswith("tidal_") or row.startswith(("tidal_", "repair_hours_tidal"))
    if tidal and not _in_service("naru_tidal", study):
        return f"no tidal plant in service in {study.grid.year}", f"{study.grid.year}年度は潮流発電なし"
    if study.weather.source == "measured" and f"{file} {row}".startswith(OF_THE_AREA):
        return "curtailment and prices are measured", "出力制御・価格は実績値"
    if row.startswith("measured_") and study.weather.source != "measured":
        return "no measured series in this study", "実績データを使用しない"
    return None


def _weather(file: str, row: str, study: Study) -> Reason | None:
    if study.weather.source == "files":
        return "the weather comes from files", "気象はファイルから読込"
    if file == "places.csv":
        return (
            "wind farms are scaled to their capacity factors, which vary",
            "風力は設備利用率に合わせて補正するため影響なし",
        )
    if file in GENERATOR_TABLES and row not in VARIED_OF_GENERATOR:
        return "a detail of the weather years, which vary as a whole", "気象年の生成条件(気象年ごと変化)"
    return None


def _settings(key: str, study: Study) -> list[str]:
    """Return the values of a key of `[fleet]` in the base sections, the scenarios and the sweep."""
    scenarios = (scenario.overrides.get(key) for scenario in study.scenario.values())
    values = [getattr(study.fleet, key.removeprefix("fleet.")), *scenarios, *study.sweep_values.get(key, [])]
    return [str(value) for value in values if value is not None]


def _old_wind(study: Study) -> tuple[str, ...]:
    """Return what the study does with the old wind farms; a scenario may decide too."""
    shipped = read_input(PARAMETERS).set_index("key")["value"]
    decided = [study.grid.parameters, *(scenario.overrides for scenario in study.scenario.values())]
    found = [values[key] for values in decided for name in OLD_WIND
             for key in (name, f"grid.parameters.{name}") if key in values]  # fmt: skip
    return tuple(map(str, found or shipped[list(OLD_WIND)]))


def _in_service(plant: str, study: Study) -> bool:
    if not study.grid.is_goto or study.grid.year is None:
        return False
    row = read_input(PLANTS).set_index("plant_id").fillna({"in_service_to": "9999"}).loc[plant]
    day = datetime.date(study.grid.year, 4, 1).isoformat()
    return bool(row["in_service_from"] <= day <= row["in_service_to"])
