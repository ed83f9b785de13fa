"""The uncertain inputs of a study: table rows and study keys with a range, as settings to vary."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from network_models.input_tables import OPTIONAL, PARAMETERS, PLANTS, SETTABLE, TABLES
from studies.study.input_names import SITE_ROWS, settable_tables
from studies.study.members import middle_point
from studies.study.names import flatten
from studies.study.schema import Study
from twin.core.input_tables import STATUSES, InputTable, read_input, source_rows

RANGES = Path(__file__).parents[1] / "ranges.csv"
TITLES = Path(__file__).parents[1] / "unknown_titles.csv"

KEYS_OF_PARAMETERS = {"conductor_mm2": "grid.conductor_mm2", "short_time_factor": "operation.short_time_factor"}
"""Network parameters that a study sets by a key of their own."""

SIZES = {"conductor_mm2": "xlpe66", "path_conductor_mm2": "xlpe66", "path_overhead_mm2": "acsr"}
"""Parameters that name a size of a family in conductors.csv: nothing lies between the sizes."""

Title = tuple[str, str, str]
"""Title in English and in Japanese, unit."""
Titles = Mapping[str, Title]


@dataclass(frozen=True)
class RangedRow:
    """A row with a range.

    Attributes
    ----------
    table, row : str
        File of the table below the packages, and name of the row; ``ranges.csv`` and the key for a study key.
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

    table: str
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
    values = _values(study)
    own = {table.name for table in TABLES} if study.grid.is_goto else set()
    for table in TABLES:
        if table.name in own and table.name not in SETTABLE:
            yield from _rows(table, values)
    idle = {table.name for key, tables in OPTIONAL.items() if values.get(key, "none") == "none" for table in tables}
    for name, table in settable_tables().items():
        if name not in idle and (name not in SETTABLE or name in own):
            yield from _rows(table, values)
    yield from _study_keys(values)


def read_titles() -> Titles:
    """Return title and unit of the unknowns whose rows have none themselves, by the unknown's name."""
    return {row["unknown"]: (row["title_en"], row["title_ja"], row["unit"]) for row in _lines(TITLES)}


def _values(study: Study) -> dict[str, Any]:
    """Return the study's values by dotted key; the middle one of those that are swept."""
    sections = study.model_dump(mode="json", include={"grid", "fleet", "operation", "inputs"})
    values = {key: value for key, value in flatten(sections).items() if value is not None}
    return values | middle_point(study)


def _rows(table: InputTable, values: Mapping[str, Any]) -> Iterator[RangedRow]:
    rows, shipped = source_rows(table), read_input(table)
    differ = rows["low"] < rows["high"]
    for row, facts in zip(rows[differ].to_dict("records"), shipped[differ].to_dict("records"), strict=True):
        key = _key(table, row["row"])
        shared = str(row["varies_with"])
        alone = shared == f"{table.name}.{row['row']}"
        group = key.removeprefix("inputs.") if alone else shared.removeprefix("-")
        yield RangedRow(
            table=table.file, row=row["row"], group=group, is_opposite=shared.startswith("-"),
            key=key, low=row["low"], base=float(values.get(key, row["value"])), high=row["high"],
            is_whole=facts.get("kind") == "integer" or key == "grid.conductor_mm2",
            choices=_sizes(row["row"], row["low"], row["high"]) if _is_network(table, "parameters") else (),
            title=_title(table, row["row"], facts), source=str(row["source"]), status=str(row["status"]),
        )  # fmt: skip


def _key(table: InputTable, row: str) -> str:
    if _is_network(table, "parameters"):
        return KEYS_OF_PARAMETERS.get(row, f"grid.parameters.{row}")
    if _is_network(table, "plants"):
        return f"fleet.contract_mw.{row}"
    if _is_network(table, "sites"):
        return f"fleet.battery.{table.main}"
    return f"inputs.{table.name}.{row}"


def _is_network(table: InputTable, name: str) -> bool:
    return table.package.startswith("network_models") and table.name == name


def _sizes(parameter: str, low: float, high: float) -> tuple[float, ...]:
    if parameter not in SIZES:
        return ()
    conductors = read_input(SETTABLE["conductors"])
    sizes = conductors.loc[conductors["family"] == SIZES[parameter], "area_mm2"]
    return tuple(float(size) for size in sorted(sizes) if low <= size <= high)


def _title(table: InputTable, row: str, facts: Mapping[Any, Any]) -> Title:
    plain = f"{table.name}: {row}"
    named = "" if "name" in table.key else facts.get("name")
    english = facts.get("name_en") or named or plain
    return str(english), str(facts.get("name_ja") or plain), str(facts.get("unit") or "")


def _study_keys(values: Mapping[str, Any]) -> Iterator[RangedRow]:
    for row in _lines(RANGES):
        key = row["key"]
        yield RangedRow(
            table="studies/ranges.csv", row=key, group=key, is_opposite=False, key=key,
            low=float(row["low"]), base=float(values.get(key, row["base"])), high=float(row["high"]),
            is_whole=row["whole"] == "yes", choices=(), title=(row["title_en"], row["title_ja"], row["unit"]),
            source=row["source"], status=row["status"],
        )  # fmt: skip


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


Reason = tuple[str, str]
"""In English and in Japanese."""

NETWORK, PROFILES, WEATHER = "network_models/goto", "twin/resources", "weather"
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


@dataclass(frozen=True)
class Setting:
    """One dotted study key and its range.

    Attributes
    ----------
    key : str
    low, high : float
        Values at the two ends of the unknown; `low` is the larger one where the setting moves against the others.
    base : float
        Value of the study as it is.
    whole : bool
        Whether only whole numbers are possible.
    choices : tuple of float
        The only possible values, ascending, where not every number between the ends is possible.
    """

    key: str
    low: float
    base: float
    high: float
    whole: bool = False
    choices: tuple[float, ...] = ()

    def value(self, quantile: float) -> float | int:
        """Return the value at a quantile, 0 (`low`) to 1 (`high`), uniform between."""
        if self.choices:
            chosen = self.choices[min(int(quantile * len(self.choices)), len(self.choices) - 1)]
            return int(chosen) if self.whole else chosen
        if self.whole:
            count = int(self.high) - int(self.low) + 1
            return int(self.low) + min(int(quantile * count), count - 1)
        return self.low + quantile * (self.high - self.low)


@dataclass(frozen=True)
class Unknown:
    """One uncertain input; it may move several settings together.

    Attributes
    ----------
    name : str
        ``<table>.<row>``, a name that rows share (``varies_with``), or a dotted study key.
    settings : tuple of Setting
    title_en, title_ja, unit : str
    source, status : str
        Of the range's first row; ``status`` is the weakest of all rows.
    """

    name: str
    settings: tuple[Setting, ...]
    title_en: str
    title_ja: str
    unit: str
    source: str
    status: str

    def values(self, quantile: float) -> dict[str, float | int]:
        """Return the value of each dotted key at a quantile: 0 gives low, 1 high, uniform between."""
        return {setting.key: setting.value(quantile) for setting in self.settings}


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
    titles = read_titles()
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
