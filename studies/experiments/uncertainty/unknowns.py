"""The uncertain inputs of a study: table rows and study keys with a range, as settings to vary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from network_models.reading import island_tables, source_rows
from network_models.tables.declarations import DECLARATIONS, Declaration
from studies.experiments.uncertainty.samples import Setting, Unknown
from studies.study.file.input_names import is_of_sites, sizes_of
from studies.study.file.members import middle_point
from studies.study.file.schema import AUTO, Study
from studies.study.islands import island_of, tables_of
from twin.core.dotted_keys import flatten
from twin.core.tables import STATUSES

KEYS_OF_PARAMETERS = {"conductor_mm2": "grid.conductor_mm2", "short_time_factor": "operation.short_time_factor"}
"""Network parameters that a study sets by a key of their own."""

Title = tuple[str, str, str]
"""Title in English and in Japanese, unit."""
Titles = Mapping[str, Title]


@dataclass(frozen=True)
class RangedRow:
    """A row with a range.

    Attributes
    ----------
    facts : Declaration
        Of the table.
    row : str
        Name of the row.
    group : str
        Name of the unknown that moves it.
    is_opposite : bool
        Whether it goes down when the group goes up.
    key : str
        Dotted study key.
    low, base, high : float
        `base` is the study's value.
    is_whole : bool
    choices : tuple of float
        The only possible values, where not all are.
    title : tuple of str
    source, status : str
    """

    facts: Declaration
    row: str
    group: str
    is_opposite: bool
    key: str
    low: float
    base: float
    high: float
    is_whole: bool
    choices: tuple[float, ...]
    title: Title
    source: str
    status: str


def ranged_rows(study: Study) -> Iterator[RangedRow]:
    """Yield all rows and keys whose two ends differ, with the study's own values as bases; see `RangedRow`."""
    values, tables = _values(study), tables_of(study)
    for facts in DECLARATIONS.values():
        if facts.name not in tables or not facts.main or (facts.subject == "grid" and not study.grid.is_island):
            continue
        if not facts.counts_with or values.get(facts.counts_with, "none") != "none":
            yield from _rows(facts, values, study)


def _values(study: Study) -> dict[str, Any]:
    """Return the study's values by dotted key; the middle one of those that are swept, none that are looked for."""
    sections = study.model_dump(mode="json", include={"grid", "fleet", "operation", "inputs"})
    values = {key: value for key, value in flatten(sections).items() if value not in (None, AUTO)}
    return values | middle_point(study)


def _rows(facts: Declaration, values: Mapping[str, Any], study: Study) -> Iterator[RangedRow]:
    shipped = island_tables(island_of(study))[facts.name]
    rows = source_rows(facts, shipped)
    differ = rows["low"] < rows["high"]
    for row, cells in zip(rows[differ].to_dict("records"), shipped[differ].to_dict("records"), strict=True):
        key = _key(facts, row["row"])
        shared = str(row["varies_with"])
        alone = shared == f"{facts.name}.{row['row']}"
        group = key.removeprefix("inputs.") if alone else shared.removeprefix("-")
        yield RangedRow(
            facts=facts, row=row["row"], group=group, is_opposite=shared.startswith("-"),
            key=key, low=row["low"], base=float(values.get(key, row["value"])), high=row["high"],
            is_whole=cells.get("kind") == "integer" or cells.get("whole") == "yes" or key == "grid.conductor_mm2",
            choices=_sizes(study, row["row"], row["low"], row["high"]) if facts.name == "grid_parameters" else (),
            title=_title(facts, row["row"], cells), source=str(row["source"]), status=str(row["status"]),
        )  # fmt: skip


def _key(facts: Declaration, row: str) -> str:
    if facts.name == "grid_parameters" and row in KEYS_OF_PARAMETERS:
        return KEYS_OF_PARAMETERS[row]
    return (facts.study_key or f"inputs.{facts.name}.{{row}}").format(row=row)


def _sizes(study: Study, parameter: str, low: float, high: float) -> tuple[float, ...]:
    return tuple(size for size in sorted(map(float, sizes_of(island_of(study), parameter))) if low <= size <= high)


def _title(facts: Declaration, row: str, cells: Mapping[Any, Any]) -> Title:
    plain = f"{facts.name}: {row}"
    named = "" if "name" in facts.key else cells.get("name")
    english = cells.get("name_en") or cells.get("title_en") or named or plain
    return str(english), str(cells.get("name_ja") or cells.get("title_ja") or plain), str(cells.get("unit") or "")


Reason = tuple[str, str]
"""In English and in Japanese."""

OF_BATTERIES = ("fleet.battery.", "inputs.battery_behaviour.")
OUTSIDE = {
    "battery_wear": ("ages the batteries, outside the simulated headlines", "蓄電池劣化の推計のみに使用"),
    **dict.fromkeys(
        ("market", "investment", "matching", "buyers"),
        ("moves payments only, outside the simulated headlines", "収支の試算のみに使用"),
    ),
    "outage_rates": ("weighs outages, outside the simulated headlines", "停電頻度の評価のみに使用"),
}
"""Tables that move nothing of what is simulated."""

START_POSITIONS = ("main_tap_position", "reactor_steps_in_service")
CONTROL_BANDS = (
    "main_tap_target_vm_pu", "main_tap_dead_band_pu", "main_tap_delay_half_hours", "main_tap_most_steps",
    "reactor_out_percent", "reactor_in_percent", "reactor_delay_half_hours", "reactor_most_steps",
)  # fmt: skip
AFTER_OUTAGE = ("main_tap_step_minutes", "reactor_step_minutes")
COMPENSATOR = ("svc_set_vm_pu", "svc_slope_percent", "svc_q_min_mvar", "svc_q_max_mvar")
GENERATOR_TABLES = ("process", "typhoons")
VARIED_OF_GENERATOR = (
    "clear_day_persistence", "cloud_day_length_km", "wind_synoptic_hours", "wind_synoptic_length_km",
    "wind_local_share", "wind_cloud", "wind_climate_share", "approaches_per_year",
)  # fmt: skip
"""Of the generator's numbers those that make sun and wind coincide, or last, at several plants."""

AREA_PARAMETERS = ("area_", "price_")
"""Beginnings of the parameters from which the area's curtailment and prices are made."""


def why_left_out(row: RangedRow, study: Study) -> Reason | None:
    """Return why a row is no unknown of a study, in English and Japanese, or None where it is one."""
    table, subject = row.facts.name, row.facts.subject
    if any(row.key in scenario.overrides for scenario in study.scenario.values()):
        return "a scenario of the study sets it", "シナリオで設定済み"
    if not row.low <= row.base <= row.high:
        return "the study's own value lies outside the range", "スタディの設定値が範囲外"
    if row.key.startswith(OF_BATTERIES) and set(_settings("fleet.batteries", study)) == {"none"}:
        return "no scenario has batteries", "蓄電池を含むシナリオなし"
    if table in OUTSIDE:
        return OUTSIDE[table]
    if subject == "grid":
        return _network(table, row.row, study)
    if subject in ("resources", "area market"):
        return _profiles(table, row.row, study)
    if subject == "weather":
        return _weather(table, row.row, study)
    if row.key == "operation.area_level_percent" and study.weather.source == "measured":
        return "curtailment is measured", "出力制御は実績値"
    return None


def _network(table: str, row: str, study: Study) -> Reason | None:
    if table == "grid_parameters":
        return _parameter(row, study)
    if table == "plants" and not _in_service(study, plant_id=row):
        return f"not in service in {study.grid.year}", f"{study.grid.year}年度は運転対象外"
    if table == "repowering" and "repower" not in _old_wind(study):
        return "old wind is not repowered in this study", "既設風力の更新なし"
    return None


def _parameter(name: str, study: Study) -> Reason | None:
    controlled = study.grid.compensation == "controlled"
    automatic = controlled and study.grid.controls == "automatic"
    if name == "old_wind_decision_year" and set(_old_wind(study)) == {"keep"}:
        return "old wind stays in this study", "既設風力は継続運転"
    if name in AFTER_OUTAGE:
        return "moves the states after an outage only", "事故後の状態にのみ影響"
    if automatic and name in START_POSITIONS:
        return "only where the controls start", "自動制御の初期位置のみに影響"
    if not automatic and name in CONTROL_BANDS:
        return "taps and reactors are fixed in this study", "タップ・リアクトルは固定"
    if controlled == (name == "svc_fixed_mvar") and name in (*COMPENSATOR, "svc_fixed_mvar"):
        return "the other kind of compensation is used", "別の補償方式を使用"
    return None


def _profiles(table: str, row: str, study: Study) -> Reason | None:
    if is_of_sites(island_of(study), table, row):
        return "all members have the same small sites", "全ケースで同一の小規模需要家を使用"
    tidal = table.startswith("tidal_") or row.startswith(("tidal_", "repair_hours_tidal"))
    if tidal and not _in_service(study, kind="tidal"):
        return f"no tidal plant in service in {study.grid.year}", f"{study.grid.year}年度は潮流発電なし"
    of_area = DECLARATIONS[table].subject == "area market" or (
        table == "parameters" and row.startswith(AREA_PARAMETERS)
    )
    if study.weather.source == "measured" and of_area:
        return "curtailment and prices are measured", "出力制御・価格は実績値"
    if table == "demand_years" and "True" not in _settings("fleet.demand_by_year", study):
        return "demand does not follow the years in this study", "年度別需要を使用しない"
    if row.startswith("ramps_"):
        return "moves runs inside the half-hour only", "30分内の変動の計算にのみ影響"
    if row.startswith("measured_") and study.weather.source != "measured":
        return "no measured series in this study", "実績データを使用しない"
    return None


def _weather(table: str, row: str, study: Study) -> Reason | None:
    if study.weather.source == "files":
        return "the weather comes from files", "気象はファイルから読込"
    if table == "sunshine":
        return "no irradiance is made of sunshine hours", "日照時間からの日射量推計を使用しない"
    if table == "places":
        return (
            "wind farms are scaled to their capacity factors, which vary",
            "風力は設備利用率に合わせて補正するため影響なし",
        )
    if table in GENERATOR_TABLES and row not in VARIED_OF_GENERATOR:
        return "a detail of the weather years, which vary as a whole", "気象年の生成条件(気象年ごと変化)"
    return None


def _settings(key: str, study: Study) -> list[str]:
    """Return the values of a key of `[fleet]` in the base sections, the scenarios and the sweep."""
    scenarios = (scenario.overrides.get(key) for scenario in study.scenario.values())
    values = [getattr(study.fleet, key.removeprefix("fleet.")), *scenarios, *study.sweep_values.get(key, [])]
    return [str(value) for value in values if value is not None]


def _old_wind(study: Study) -> tuple[str, ...]:
    """Return what the study does with the old wind farms; a scenario may decide too."""
    island = island_of(study)
    names = set(island.column("plants", "age_parameter")) - {""}
    shipped = {row["key"]: row["value"] for row in island.cells("grid_parameters") if row["key"] in names}
    decided = [study.grid.parameters, *(scenario.overrides for scenario in study.scenario.values())]
    found = [values[key] for values in decided for name in names
             for key in (name, f"grid.parameters.{name}") if key in values]  # fmt: skip
    return tuple(map(str, found or shipped.values()))


def _in_service(study: Study, **of: str) -> bool:
    """Tell whether a plant with some values of ``plants.csv`` is in service on 1 April of the grid's year."""
    if not study.grid.is_island or study.grid.year is None:
        return False
    day = f"{study.grid.year}-04-01"
    return any(
        row["in_service_from"] <= day and day <= (row["in_service_to"] or "9999")
        for row in island_of(study).cells("plants")
        if all(row[column] == value for column, value in of.items())
    )


@dataclass(frozen=True)
class LeftOut:
    """A row or key with a range that the analysis of a study does not vary, and why."""

    name: str
    title_en: str
    title_ja: str
    reason_en: str
    reason_ja: str


def unknowns(study: Study) -> tuple[Unknown, ...]:
    """Return the uncertain inputs of a study: every row and key with a range that can move its results.

    Rows with the same ``varies_with`` are one unknown; with a minus before the name they move the other way.

    Parameters
    ----------
    study : Study
        Its own values are the bases; of a swept key the middle one.
    """
    return _sorted_out(study)[0]


def left_out(study: Study) -> tuple[LeftOut, ...]:
    """Return the rows and keys with a range that are no unknowns of this study, with the reason."""
    return _sorted_out(study)[1]


def _sorted_out(study: Study) -> tuple[tuple[Unknown, ...], tuple[LeftOut, ...]]:
    titles = island_of(study).titles()
    groups: dict[str, list[RangedRow]] = {}
    without: dict[str, LeftOut] = {}
    for row in ranged_rows(study):
        why = why_left_out(row, study)
        if why is None:
            groups.setdefault(row.group, []).append(row)
        else:
            english, japanese, _ = titles.get(row.group) or row.title
            without.setdefault(f"{row.group} {why}", LeftOut(row.group, english, japanese, *why))
    return tuple(_unknown(name, rows, titles) for name, rows in groups.items()), tuple(without.values())


def _unknown(name: str, rows: list[RangedRow], titles: Titles) -> Unknown:
    settings: dict[str, Setting] = {}
    for row in rows:
        low, high = (row.high, row.low) if row.is_opposite else (row.low, row.high)
        settings.setdefault(row.key, Setting(row.key, low, row.base, high, row.is_whole, row.choices))
    weakest = max(rows, key=lambda row: STATUSES.index(row.status))
    title = titles.get(name) or rows[0].title
    return Unknown(name, tuple(settings.values()), *title, rows[0].source, weakest.status)
