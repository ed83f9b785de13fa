"""A fake but plausible run folder that follows docs/concepts/architecture.md ("Results") and `twin.core.quantities`."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from report_outage_fixture import outage_tables

from twin.core.clock import DEFAULT_CLOCK
from twin.core.quantities import KPIS, TABLES, CutCause

SCENARIOS = {
    "reference": ("Plan without new small PV", "新設小規模太陽光なし(計画)"),
    "uncontrolled": ("New PV, uncontrolled", "新設太陽光・制御なし"),
    "aware": ("New PV, congestion-aware", "新設太陽光・混雑考慮制御"),
}
SWEEP: dict[str, list[Any]] = {"conductor_mm2": [240, 400], "criterion": ["n-1"]}
UNITS = [
    ("offshore", "Sakiyama floating wind", "崎山沖浮体式洋上風力", "wind", "firm", "fukue", 16.8),
    ("kamigoto_wind", "Kamigoto wind", "上五島風力", "wind", "firm", "kamigoto", 16.0),
    ("kishuku_wind", "Kishuku wind", "岐宿風力", "wind", "non-firm", "fukue", 16.4),
    ("kojindake_pv", "Kojindake PV", "荒神岳太陽光", "pv", "firm", "fukue", 5.0),
    ("new_pv_hv", "New PV, high voltage", "新設太陽光(高圧)", "pv", "non-firm", "fukue", 12.0),
    ("new_sites", "Small PV, new sites", "小規模太陽光(新設)", "new", "cut-last", "fukue", 7.0),
    (
        "battery_sites",
        "Small PV with battery",
        "小規模太陽光(蓄電池併設)",
        "existing_battery",
        "cut-last",
        "fukue",
        1.5,
    ),
]
RATING_MW = {240: 20.0, 300: 27.0, 400: 34.0}
HOURS = 0.5


@dataclass(frozen=True)
class Weather:
    """Shared by all members: per half-hour solar and wind shares, demand and price."""

    index: pd.DatetimeIndex
    solar: np.ndarray
    wind: np.ndarray
    demand_mw: np.ndarray
    price: np.ndarray


def make_weather(days: int) -> Weather:
    index = pd.date_range("2030-04-01", periods=48 * days, freq="30min", tz=DEFAULT_CLOCK.timezone, name="time")
    draw = np.random.default_rng(7)
    hour = index.hour.to_numpy() + index.minute.to_numpy() / 60
    day = np.arange(len(index)) // 48
    clear = np.repeat(draw.beta(2, 1.2, days), 48)
    solar = np.clip(np.sin((hour - 6) / 12 * np.pi), 0, None) ** 1.2 * clear
    noise = np.convolve(draw.normal(size=len(index) + 47), np.ones(48) / 48, "valid") * 7
    wind = np.clip(0.38 + noise * 0.35 + 0.12 * np.cos((day - 280) / 365 * 2 * np.pi), 0, 1)
    demand = 22 + 5 * np.sin((hour - 9) / 24 * 2 * np.pi) + 4 * np.cos((day - 130) / 365 * 4 * np.pi)
    price = np.where((solar > 0.6), 0.01, 11 + 5 * np.sin((hour - 12) / 24 * 2 * np.pi))
    return Weather(index, solar, wind, demand, price)


def write_run(
    run: Path,
    days: int = 14,
    scenarios: dict[str, tuple[str, str]] | None = None,
    sweep: dict[str, list[Any]] | None = None,
    rating_factor: float = 1.0,
) -> Path:
    """Write a run folder; a larger `rating_factor` makes congestion vanish."""
    scenarios = SCENARIOS if scenarios is None else scenarios
    sweep = SWEEP if sweep is None else sweep
    weather = make_weather(days)
    members = []
    results: dict[tuple[str, str], dict[str, float]] = {}
    for name, values in itertools.product(scenarios, itertools.product(*sweep.values())):
        point = dict(zip(sweep, values, strict=True))
        member = ",".join(f"{key}={value}" for key, value in point.items()) or "base"
        folder = run / name / member
        folder.mkdir(parents=True)
        rating = RATING_MW[point.get("conductor_mm2", 300)] * rating_factor
        rating *= 1.15 if point.get("criterion") == "n-1-intertrip" else 1.0
        kpis = _write_member(folder, weather, name, rating)
        reference = results.get(("uncontrolled", member))
        saved = 0.0 if reference is None else _congestion(reference) - _congestion(kpis)
        kpis["net_benefit_of_control_mwh"] = saved - kpis["battery_losses_mwh"]
        kpis["net_benefit_of_control_jpy"] = kpis["net_benefit_of_control_mwh"] * 8000
        results[(name, member)] = kpis
        base = results.get((next(iter(scenarios)), member), kpis)
        kpis["net_benefit_mwh"] = _congestion(base) - _congestion(kpis) - kpis["battery_losses_mwh"]
        kpis["net_benefit_jpy"] = kpis["net_benefit_mwh"] * 8000
        (folder / "kpis.json").write_text(json.dumps(kpis))
        (folder / "manifest.json").write_text("{}")
        members.append({"scenario": name, "member": member, "sweep": point, "path": f"{name}/{member}"})
    _write_study(run, scenarios, sweep, members, days)
    return run


def _congestion(kpis: dict[str, float]) -> float:
    return sum(kpis[f"curtailed_congestion_{part}_mwh"] for part in ("n0", "n1", "firm"))


def _write_member(folder: Path, weather: Weather, scenario: str, rating_mw: float) -> dict[str, float]:
    steps, units = len(weather.index), len(UNITS)
    contract = np.array([unit[6] for unit in UNITS])
    wind = np.array([unit[3] == "wind" for unit in UNITS])
    available = np.where(wind, weather.wind[:, None], weather.solar[:, None]) * contract
    if scenario == "reference":
        available[:, 5] = 0.0
    stored, charge, discharge = _batteries(weather, scenario)
    cuts = {cause: np.zeros((steps, units)) for cause in CutCause}
    cuts["unavailable"] = 0.05 * available * wind
    ordered = np.where((weather.solar > 0.75), 0.15, 0.0)
    cuts["area_balance"] = ordered[:, None] * (available - cuts["unavailable"]) * np.array([0, 1, 1, 1, 1, 0, 0])
    left = available - cuts["unavailable"] - cuts["area_balance"]
    charging = charge - discharge
    export_before = left.sum(axis=1) - weather.demand_mw - charging
    excess = np.clip(export_before - rating_mw, 0, None)
    pool = left[:, [2, 4]]
    taken = np.minimum(excess, pool.sum(axis=1))
    share = np.divide(pool, pool.sum(axis=1)[:, None], out=np.zeros_like(pool), where=pool.sum(axis=1)[:, None] > 0)
    cuts["congestion_n1"][:, [2, 4]] = share * taken[:, None]
    firm = np.minimum(excess - taken, left[:, 0])
    cuts["congestion_firm"][:, 0] = firm
    delivered = available - sum(cuts.values())
    losses = 0.02 * delivered.sum(axis=1) + 0.4
    battery_losses = 0.1 * charge
    net = delivered.sum(axis=1) - weather.demand_mw - losses - charging
    export = np.clip(net, 0, None)
    survivor_before, survivor = export_before / rating_mw * 100, (net + losses) / rating_mw * 100
    frames = {
        "ledger": _ledger(weather, available, delivered, cuts),
        "link": _link(weather, net, survivor_before, survivor, rating_mw),
        "n1": _n1(weather, survivor_before, survivor),
        "bus": pd.DataFrame({"time": weather.index, "Fukue 66 kV": 1.0 + 0.01 * weather.solar}),
        "system": _system(weather, available, delivered, net, losses, battery_losses, stored).assign(
            **{cause.column: values.sum(axis=1) for cause, values in cuts.items()}
        ),
        "sites": _sites(weather, delivered, charge, discharge, stored),
        **outage_tables(weather.index),
    }
    for name, frame in frames.items():
        columns = [column for column in TABLES[name] if column not in frame and not column.startswith("<")]
        frame.assign(**dict.fromkeys(columns, 0.0)).to_parquet(folder / f"{name}.parquet", index=False)
    kpis = dict.fromkeys(KPIS, 0.0)
    kpis |= {
        "demand_mwh": weather.demand_mw.sum() * HOURS,
        "available_mwh": available.sum() * HOURS,
        "delivered_mwh": delivered.sum() * HOURS,
        "import_mwh": np.clip(-net, 0, None).sum() * HOURS,
        "export_mwh": export.sum() * HOURS,
        "losses_mwh": losses.sum() * HOURS,
        "battery_losses_mwh": battery_losses.sum() * HOURS,
        "stored_change_mwh": (charging - battery_losses).sum() * HOURS,
        "unavailable_mwh": cuts["unavailable"].sum() * HOURS,
        **{f"curtailed_{cause}_mwh": cuts[cause].sum() * HOURS for cause in CutCause if cause != "unavailable"},
        "settled_area_balance_mwh": cuts["area_balance"].sum() * HOURS * 1.1,
        "congested_hours": ((taken + firm) > 0.01).sum() * HOURS,
        "criterion_broken_hours": (excess > 0).sum() * HOURS,
        "link_n0_max_loading_percent": np.abs(survivor).max() / 2,
        "link_n0_p99_loading_percent": np.percentile(np.abs(survivor), 99) / 2,
        "link_n1_max_loading_percent": np.abs(survivor).max(),
        "link_n1_p99_loading_percent": np.percentile(np.abs(survivor), 99),
        "link_max_export_mw": export.max(),
        "link_max_import_mw": np.clip(-net, 0, None).max(),
        "local_supply_percent": 61.2,
        "local_use_percent": 58.4,
        "vm_min_pu": 0.985,
        "vm_max_pu": 1.021,
        "battery_cycles_per_year": 212.0,
        "all_outage_violation_hours": 12.5,
        "all_outage_overload_hours": 4.0,
        "all_outage_voltage_only_hours": 8.5,
        "all_outage_max_loading_percent": 98.0,
        "all_outage_low_vm_min_pu": 0.932,
    }
    kpis["curtailed_congestion_mwh"] = _congestion(kpis)
    kpis["curtailed_congestion_percent_of_available"] = _congestion(kpis) / kpis["available_mwh"] * 100
    kpis["perfect_operator_curtailed_congestion_mwh"] = _congestion(kpis)
    kpis["forecast_operator_curtailed_congestion_mwh"] = _congestion(kpis) * 1.4
    kpis["forecast_operator_missed_hours"] = kpis["congested_hours"] * 0.1
    for side, sign in (("export", 1), ("import", -1)):
        for when, flow in (("before", export_before), ("after", net + losses)):
            headroom = rating_mw - sign * flow
            for stat, percent in (("min", 0), ("p05", 5), ("median", 50)):
                kpis[f"n1_{side}_headroom_{when}_{stat}_mw"] = np.percentile(headroom, percent)
    return {name: float(value) for name, value in kpis.items()}


def _batteries(weather: Weather, scenario: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if scenario != "aware":
        nothing = np.zeros(len(weather.index))
        return nothing, nothing, nothing
    hour = weather.index.hour.to_numpy()
    charge = np.where((hour >= 10) & (hour < 14), 4.0 * weather.solar, 0.0)
    daily = charge.reshape(-1, 48).sum(axis=1)
    evening = ((hour >= 18) & (hour < 22)).astype(float)
    discharge = evening / 8 * np.repeat(daily * 0.9, 48)
    stored = np.cumsum((charge * 0.9 - discharge) * HOURS)
    return np.clip(stored, 0, None), charge, discharge


def _ledger(
    weather: Weather, available: np.ndarray, delivered: np.ndarray, cuts: dict[str, np.ndarray]
) -> pd.DataFrame:
    steps, units = available.shape
    congestion = cuts["congestion_n0"] + cuts["congestion_n1"] + cuts["congestion_firm"]
    bound = congestion.ravel() > 0
    return pd.DataFrame(
        {
            "time": np.repeat(weather.index, units),
            "unit": pd.Categorical(np.tile([unit[0] for unit in UNITS], steps)),
            "available_mw": available.ravel(),
            "delivered_mw": delivered.ravel(),
            **{cause.column: values.ravel() for cause, values in cuts.items()},
            "area_balance_settled_mw": cuts["area_balance"].ravel() * 1.1,
            "element": pd.Categorical(np.where(bound, "Link circuit 1", "")),
            "outage": pd.Categorical(np.where(bound, "Link circuit 2", "")),
        }
    )


def _link(weather: Weather, net: np.ndarray, before: np.ndarray, after: np.ndarray, rating_mw: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": weather.index,
            "export_mw": net,
            "circuit_1_loading_percent": np.abs(after) / 2,
            "circuit_2_loading_percent": np.abs(after) / 2,
            **{f"circuit_{n}_{end}_mw": net / 2 for n in (1, 2) for end in ("mainland", "island")},
            "n1_before_loading_percent": np.abs(before),
            "n1_loading_percent": np.abs(after),
            "n1_export_headroom_before_mw": rating_mw * (1 - before / 100),
            "n1_export_headroom_after_mw": rating_mw * (1 - after / 100),
            "n1_import_headroom_before_mw": rating_mw * (1 + before / 100),
            "n1_import_headroom_after_mw": rating_mw * (1 + after / 100),
        }
    )


def _n1(weather: Weather, before: np.ndarray, after: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": weather.index,
            "before_loading_percent": np.abs(before),
            "before_element": "Link circuit 1",
            "before_outage": "Link circuit 2",
            "loading_percent": np.abs(after),
            "element": "Link circuit 1",
            "outage": "Link circuit 2",
            "intertrip_shed_mw": 0.0,
            "outages_solved": 2,
        }
    )


def _system(
    weather: Weather,
    available: np.ndarray,
    delivered: np.ndarray,
    net: np.ndarray,
    losses: np.ndarray,
    battery_losses: np.ndarray,
    stored: np.ndarray,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": weather.index,
            "demand_mw": weather.demand_mw,
            "delivered_mw": delivered.sum(axis=1),
            "available_mw": available.sum(axis=1),
            "municipality_demand_mw": weather.demand_mw * 0.62,
            "municipality_delivered_mw": delivered[:, [0, 2, 3, 4, 5, 6]].sum(axis=1),
            "diesel_mw": 0.0,
            "import_mw": np.clip(-net, 0, None),
            "export_mw": np.clip(net, 0, None),
            "losses_mw": losses,
            "battery_losses_mw": battery_losses,
            "stored_mwh": stored,
            "unsupplied_mw": 0.0,
            "residual_overload_mw": 0.0,
            "compensator_q_mvar": 3.0,
            "price_jpy_per_kwh": weather.price,
            "failure": "",
        }
    )


def _sites(
    weather: Weather, delivered: np.ndarray, charge: np.ndarray, discharge: np.ndarray, stored: np.ndarray
) -> pd.DataFrame:
    frames = []
    for kind, unit, share in (("existing_battery", 6, 0.3), ("new", 5, 0.7)):
        frames.append(
            pd.DataFrame(
                {
                    "time": weather.index,
                    "kind": kind,
                    "pv_mw": delivered[:, unit],
                    "load_mw": 1.0,
                    "self_consumption_mw": np.minimum(delivered[:, unit], 1.0),
                    "export_mw": np.clip(delivered[:, unit] - 1.0, 0, None),
                    "import_mw": np.clip(1.0 - delivered[:, unit], 0, None),
                    "charge_mw": charge * share,
                    "discharge_mw": discharge * share,
                    "throttled_mw": 0.0,
                    "soc_percent": np.clip(10 + stored * 4 * (0.8 + 0.4 * share), 0, 100),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _write_study(
    run: Path,
    scenarios: dict[str, tuple[str, str]],
    sweep: dict[str, list[Any]],
    members: list[dict[str, Any]],
    days: int,
) -> None:
    study = {
        "name": run.name,
        "title_en": "Goto 2030: new small PV behind the 66 kV link",
        "title_ja": "五島2030年度：66kV連系線と小規模太陽光",
        "fiscal_year": 2030,
        "reference": "reference" if "reference" in scenarios else None,
        "uncontrolled": "uncontrolled" if "uncontrolled" in scenarios else None,
        "scenarios": {name: {"title_en": en, "title_ja": ja} for name, (en, ja) in scenarios.items()},
        "sweep": sweep,
        "members": members,
        "assumptions": [
            {
                "key": "link.rating_a",
                "value": 480,
                "unit": "A",
                "low": 430,
                "high": 545,
                "source": "ABB XLPE guide",
                "status": "estimate",
                "meaning_en": "continuous rating of a link circuit",
                "meaning_ja": "連系線1回線の連続定格電流",
            },
            {
                "key": "area_balance.level_percent",
                "value": 6.0,
                "unit": "%",
                "low": 3.0,
                "high": 9.0,
                "source": "facts 6.1",
                "status": "derived",
                "meaning_en": "area-balance cut over controllable energy",
                "meaning_ja": "需給バランス制約による制御率",
            },
        ],
        "units": [
            dict(zip(("unit", "name_en", "name_ja", "kind", "firmness", "area", "contract_mw"), unit, strict=True))
            for unit in UNITS
        ],
        "sample_check": {"half_hours": 50, "max_vm_error_pu": 3.2e-9, "max_loading_error_percent": 1.4e-6},
        "currency": "JPY",
        "island": {"name": "goto", "absent": []},
        "repeat_command": "goto-twin run studies/goto_2030.toml",
    }
    (run / "study.json").write_text(json.dumps(study, ensure_ascii=False))
    (run / "manifest.json").write_text(
        json.dumps({"study": {}, "days": [1, days], "seed": 2030, "inputs_sha256": {}, "code": {"sha256": "0123abc"}})
    )
    (run / "run_log.json").write_text(json.dumps({"seconds": 1.0}))
