"""Key figures of a member: one function each, whether its tables are in files or several members are in arrays.

A function is registered under the name that it has in `twin/core/quantities.csv`, where its formula stands too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from twin.cable.ratings import MOST_MINUTES
from twin.core.clock import HOURS_OF_DAY, HOURS_PER_YEAR
from twin.core.quantities import CONGESTION_CAUSES, CutCause
from twin.core.units import KWH_PER_MWH
from twin.metrics.series import HasColumns, MemberSeries, series_of_folder

CONGESTED_ABOVE_MW = 0.01
SUPPORTED_ABOVE_MVAR = 0.001
FULL_PERCENT = 100.0

KeyFigure = Callable[[MemberSeries], np.ndarray]
"""A value for one member, (M,) values for several; NaN where it is not defined."""
KEY_FIGURES: dict[str, KeyFigure] = {}
"""By name; comparisons of members are in `twin.metrics.comparisons`, cash in `twin.metrics.payments`."""


def key_figure(function: KeyFigure) -> KeyFigure:
    """Register a key figure under the function's name."""
    KEY_FIGURES[function.__name__] = function
    return function


def key_figures(series: MemberSeries, names: Iterable[str] | None = None) -> dict[str, np.ndarray]:
    """Return some key figures, or all that need no other member."""
    return {name: KEY_FIGURES[name](series) for name in (KEY_FIGURES if names is None else names)}


def member_kpis(
    folder: Path, stored_at_start_mwh: float, battery_mwh: float, hours: float, names: Iterable[str] | None = None
) -> dict[str, float | None]:
    """Return a member's key figures, without the ones that compare members.

    Half-hours that did not solve are counted and left out of energies and hours. Clipped commands, policy failures,
    operations and what the batteries sum up over the run are of all half-hours.

    Parameters
    ----------
    folder : pathlib.Path
        With the member's tables.
    stored_at_start_mwh : float
        Energy in batteries before the first half-hour.
    battery_mwh : float
        Capacity of the sites' batteries.
    hours : float
        Length of a half-hour.
    names : iterable of str, optional
        Only these.
    """
    found = key_figures(series_of_folder(folder, hours, stored_at_start_mwh, battery_mwh), names)
    return {name: or_none(value) for name, value in found.items()}


def or_none(value: Any) -> float | None:  # noqa: ANN401 - a number of any kind
    """Return a number, None where it is not defined."""
    return None if np.isnan(value) else float(value)


# --- power of each step, of any table with these columns


def congestion_mw(columns: HasColumns) -> Any:  # noqa: ANN401 - of the kind of the columns
    """Return what congestion cuts, all its causes together."""
    n0, n1, firm = (columns[cause.column] for cause in CONGESTION_CAUSES)
    return n0 + n1 + firm


def is_congested(columns: HasColumns) -> Any:  # noqa: ANN401 - of the kind of the columns
    """Return whether a cut for congestion is more than rounding noise."""
    return congestion_mw(columns) > CONGESTED_ABOVE_MW


def ordered_off(columns: HasColumns) -> Any:  # noqa: ANN401 - of the kind of the columns
    """Return whether plants are ordered off, for the area balance or at the link."""
    return (columns["area_balance_share"] > 0.0) | (columns["plants_congestion_mw"] > CONGESTED_ABOVE_MW)


def energy_used_mw(columns: HasColumns) -> Any:  # noqa: ANN401 - of the kind of the columns
    """Return what is delivered less the losses of batteries and shifted demand."""
    return columns["delivered_mw"] - columns["battery_losses_mw"] - columns["flexible_losses_mw"]


def net_supply_step_mwh(series: MemberSeries) -> np.ndarray:
    """Return what the islands' renewables supply net of storage and shifted demand, step by step."""
    taken = series["battery_losses_mw"] + series["flexible_demand_mw"]
    return np.asarray(series.hours * (series["delivered_mw"] - taken) - series.stored_change_mwh)


# --- energies


def _energy_of(column: str, series: MemberSeries) -> np.ndarray:
    return series.energy_mwh(series[column])


def _name_of_cut(cause: CutCause) -> str:
    return "unavailable_mwh" if cause is CutCause.UNAVAILABLE else f"curtailed_{cause}_mwh"


_ENERGIES = ("demand", "available", "delivered", "diesel", "import", "export", "losses", "battery_losses",
             "flexible_losses", "unsupplied", "residual_overload", "whole_windows")  # fmt: skip
KEY_FIGURES |= {f"{name}_mwh": partial(_energy_of, f"{name}_mw") for name in _ENERGIES}
KEY_FIGURES |= {_name_of_cut(cause): partial(_energy_of, cause.column) for cause in CutCause}
KEY_FIGURES |= {"settled_area_balance_mwh": partial(_energy_of, "area_balance_settled_mw")}


@key_figure
def curtailed_congestion_mwh(series: MemberSeries) -> np.ndarray:
    """Return the energy cut for congestion."""
    return series.energy_mwh(congestion_mw(series))


@key_figure
def stored_change_mwh(series: MemberSeries) -> np.ndarray:
    """Return the change of the energy in batteries, without the unsolved steps."""
    return series.total(series.stored_change_mwh)


@key_figure
def energy_used_mwh(series: MemberSeries) -> np.ndarray:
    """Return the energy that is used: delivered less losses of batteries and shifted demand."""
    return series.energy_mwh(energy_used_mw(series))


@key_figure
def net_supply_jpy(series: MemberSeries) -> np.ndarray:
    """Return the net supply at the area price of its step."""
    return series.total(net_supply_step_mwh(series) * series["price_jpy_per_kwh"]) * KWH_PER_MWH


def energy_balance(kpis: Mapping[str, Any]) -> dict[str, Any]:
    """Return both sides of the energy identity, part by part, and what is missing between them.

    Parameters
    ----------
    kpis : mapping of str to float or numpy.ndarray
        Energies by name.
    """
    supply = {name: kpis[name] for name in ("delivered_mwh", "diesel_mwh", "import_mwh")}
    parts = ("losses_mwh", "battery_losses_mwh", "stored_change_mwh", "export_mwh")
    use = {"supplied_mwh": kpis["demand_mwh"] - kpis["unsupplied_mwh"], **{name: kpis[name] for name in parts}}
    both = {"supply": sum(supply.values()), "use": sum(use.values())}
    mismatch = {"energy_balance_mismatch_mwh": both["supply"] - both["use"]}
    return {**supply, "supply": both["supply"], **use, "use": both["use"], **mismatch}


_BALANCED = ("delivered_mwh", "diesel_mwh", "import_mwh", "demand_mwh", "unsupplied_mwh", "losses_mwh",
             "battery_losses_mwh", "stored_change_mwh", "export_mwh")  # fmt: skip


@key_figure
def energy_balance_mismatch_mwh(series: MemberSeries) -> np.ndarray:
    """Return supply less use less the change of stored energy."""
    return np.asarray(energy_balance(key_figures(series, _BALANCED))["energy_balance_mismatch_mwh"])


@key_figure
def unsolved_available_mwh(series: MemberSeries) -> np.ndarray:
    """Return the available energy of the unsolved steps."""
    return np.asarray(series.hours * np.where(series.solved, 0.0, series["available_mw"]).sum(axis=0))


# --- shares


def percent(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return a share, NaN of nothing."""
    out = np.full_like(np.asarray(part, dtype=float), np.nan)
    return np.asarray(100.0 * np.divide(part, whole, out=out, where=np.asarray(whole > 0.0)))


@key_figure
def curtailed_congestion_percent_of_available(series: MemberSeries) -> np.ndarray:
    """Return the congestion cut over what was available."""
    return percent(curtailed_congestion_mwh(series), series.total(series["available_mw"]) * series.hours)


@key_figure
def curtailed_congestion_percent_of_nonfirm(series: MemberSeries) -> np.ndarray:
    """Return the congestion cut of non-firm plants over what they had available."""
    return percent(series.total(series["nonfirm_congestion_mw"]), series.total(series["nonfirm_available_mw"]))


def battery_intake_mw(series: MemberSeries) -> np.ndarray:
    """Return what all batteries take less what they give, losses included."""
    return np.asarray(series["battery_losses_mw"] + series.stored_change_mwh / series.hours)


def _local_with_batteries(over: str, series: MemberSeries) -> np.ndarray:
    at_hand_mw = series["delivered_mw"] - battery_intake_mw(series)
    return percent(series.total(np.minimum(at_hand_mw, series["demand_mw"])), series.total(series[over]))


def _local(prefix: str, over: str, series: MemberSeries) -> np.ndarray:
    met_mw = np.minimum(series[f"{prefix}delivered_mw"], series[f"{prefix}demand_mw"])
    return percent(series.total(met_mw), series.total(series[f"{prefix}{over}"]))


KEY_FIGURES |= {
    f"{prefix}local_{name}_percent": partial(_local, prefix, over)
    for prefix in ("", "municipality_")
    for name, over in (("supply", "demand_mw"), ("use", "delivered_mw"))
} | {
    "local_supply_with_batteries_percent": partial(_local_with_batteries, "demand_mw"),
    "local_use_with_batteries_percent": partial(_local_with_batteries, "delivered_mw"),
}


# --- hours and counts


_FLAGS = {
    "criterion_broken_hours": "criterion_broken",
    "forecast_missed_hours": "forecast_missed",
    "voltage_outside_hours": "voltage_outside",
    "bank_reverse_flow_hours": "bank_reverse_flow",
}
KEY_FIGURES |= {name: partial(_energy_of, column) for name, column in _FLAGS.items()}


@key_figure
def congested_hours(series: MemberSeries) -> np.ndarray:
    """Return the hours with a congestion cut."""
    return series.time(is_congested(series))


@key_figure
def whole_window_days(series: MemberSeries) -> np.ndarray:
    """Return the days on which plants without remote control stand still; a run begins at midnight."""
    stopped = series.solved & (series["whole_windows_mw"] > CONGESTED_ABOVE_MW)
    days = np.arange(0, len(stopped), round(HOURS_OF_DAY / series.hours))
    return np.asarray(np.logical_or.reduceat(stopped, days, axis=0).sum(axis=0), dtype=float)


@key_figure
def voltage_support_hours(series: MemberSeries) -> np.ndarray:
    """Return the hours in which plants leave their own power factor."""
    return series.time(np.abs(series["plants_q_support_mvar"]) > SUPPORTED_ABOVE_MVAR)


@key_figure
def unsolved_half_hours(series: MemberSeries) -> np.ndarray:
    """Return the number of steps without a solution."""
    return np.asarray((~series.solved).sum(axis=0), dtype=float)


def _count_of(column: str, series: MemberSeries) -> np.ndarray:
    return np.asarray(series[column].sum(axis=0), dtype=float)


KEY_FIGURES |= {
    "clipped_commands": partial(_count_of, "clipped_commands"),
    "policy_failures": partial(_count_of, "policy_failed"),
    "negative_demand_half_hours": partial(_count_of, "negative_demand_areas"),
}


def _moves(column: str, series: MemberSeries) -> np.ndarray:
    """Return how many steps a control moves in a year; 0 where there is none."""
    moved = np.nansum(np.abs(np.diff(np.asarray(series[column], dtype=float), axis=0)), axis=0)
    return np.asarray(moved * HOURS_PER_YEAR / series.hours / len(series.solved))


KEY_FIGURES |= {
    "tap_operations_per_year": partial(_moves, "main_tap_position"),
    "reactor_operations_per_year": partial(_moves, "reactors_in_service"),
}


# --- sites, devices, batteries


@key_figure
def self_consumption_mwh(series: MemberSeries) -> np.ndarray:
    """Return what the sites cover of their demand themselves."""
    return series.energy_mwh(series.tables["sites"]["self_consumption_mw"])


@key_figure
def site_export_mwh(series: MemberSeries) -> np.ndarray:
    """Return what the sites feed in."""
    return series.energy_mwh(series.tables["sites"]["export_mw"])


@key_figure
def site_export_in_area_balance_mwh(series: MemberSeries) -> np.ndarray:
    """Return what the sites feed in while the area orders plants off."""
    return series.energy_mwh(series.tables["sites"]["export_mw"] * (series["area_balance_share"] > 0.0))


@key_figure
def battery_cycles_per_year(series: MemberSeries) -> np.ndarray:
    """Return the full cycles of the average battery of the sites."""
    discharged = series.energy_mwh(series.tables["sites"]["discharge_mw"])
    per_year = HOURS_PER_YEAR / series.hours / np.maximum(series.solved.sum(axis=0), 1)
    share = percent(discharged, np.asarray(series.battery_mwh, dtype=float)) / 100.0
    return np.asarray(np.nan_to_num(share) * per_year)


@key_figure
def unmet_service_mwh(series: MemberSeries) -> np.ndarray:
    """Return hot water and energy of leaving cars that were not given."""
    return series.total(series.tables["devices"]["service_mwh"])


@key_figure
def called_contracts_mwh(series: MemberSeries) -> np.ndarray:
    """Return the load that called contracts took off."""
    return series.total(series.tables["devices"]["contracts_mwh"])


def _of_batteries(columns: tuple[str, ...], of: Callable[[np.ndarray], float], series: MemberSeries) -> np.ndarray:
    """Return a figure of the sites' batteries for a year, 0 without any."""
    table = series.tables["batteries"]
    there = table["battery_kwh"] > 0.0
    values = sum((np.asarray(table[column], dtype=float)[there] for column in columns), np.zeros(int(there.sum())))
    return np.asarray(HOURS_PER_YEAR / (series.hours * len(series.solved)) * of(values) if there.any() else 0.0)


_WEAR = ("cycle_loss_percent", "calendar_loss_percent")
KEY_FIGURES |= {
    "battery_wear_percent_per_year": partial(_of_batteries, _WEAR, np.mean),
    "battery_wear_max_percent_per_year": partial(_of_batteries, _WEAR, np.max),
    "battery_cycles_max_per_year": partial(_of_batteries, ("cycles",), np.max),
}


def _of_average_sites(column: str, series: MemberSeries) -> np.ndarray:
    return np.asarray(series.tables["averages"][column].sum() / KWH_PER_MWH)


KEY_FIGURES |= {
    "average_fleet_self_consumption_mwh": partial(_of_average_sites, "average_self_consumed_kwh"),
    "average_fleet_site_export_mwh": partial(_of_average_sites, "average_exported_kwh"),
}


# --- the link, voltages, outages


def _largest(table: str, column: str, series: MemberSeries) -> np.ndarray:
    return series.statistic(series.tables[table][column], np.max)


def survivor_before_max_percent(series: MemberSeries) -> np.ndarray:
    """Return the highest loading of the link's survivor before management."""
    return _largest("link", "n1_before_loading_percent", series)


def _p99(values: np.ndarray) -> float:
    return float(np.quantile(values, 0.99))


def _fuller_circuit_percent(series: MemberSeries) -> np.ndarray:
    link = series.tables["link"]
    circuits = [name for name in link if name.startswith("circuit_") and name.endswith("_loading_percent")]
    return np.asarray(np.fmax.reduce([link[name] for name in circuits]))


@key_figure
def link_n0_max_loading_percent(series: MemberSeries) -> np.ndarray:
    """Return the worst loading of a circuit of the link, intact grid."""
    return series.statistic(_fuller_circuit_percent(series), np.max)


@key_figure
def link_n0_p99_loading_percent(series: MemberSeries) -> np.ndarray:
    """Return the loading of the fuller circuit that is passed in 1 % of the time."""
    return series.statistic(_fuller_circuit_percent(series), _p99)


@key_figure
def link_n1_p99_loading_percent(series: MemberSeries) -> np.ndarray:
    """Return the survivor's loading that is passed in 1 % of the time."""
    return series.statistic(series.tables["link"]["n1_loading_percent"], _p99)


KEY_FIGURES |= {
    "link_n1_max_loading_percent": partial(_largest, "link", "n1_loading_percent"),
    "intertrip_max_shed_mw": partial(_largest, "n1", "intertrip_shed_mw"),
    "redispatch_max_mw": partial(_largest, "security", "redispatch_mw"),
    "link_controlled_max_loading_percent": partial(_largest, "security", "link_controlled_loading_percent"),
    "all_outage_max_loading_percent": partial(_largest, "security", "loading_percent"),
}


@key_figure
def redispatch_hours(series: MemberSeries) -> np.ndarray:
    """Return the hours in which the trip of a circuit would need redispatch."""
    return series.time(np.asarray(series.tables["security"]["redispatch_mw"]) > CONGESTED_ABOVE_MW)


CONDUCTOR_ABOVE_C = (50, 70, 90)


def _cable_columns(end: str, series: MemberSeries) -> np.ndarray | None:
    """Return the columns of the table ``cable`` with an end, (columns, T); None without the table."""
    if "cable" not in set(series.tables):
        return None
    cable = series.tables["cable"]
    return np.array([cable[name] for name in cable if name.endswith(end)], dtype=float)


def _unknown(series: MemberSeries) -> np.ndarray:
    """Return NaN for each member."""
    return np.full(series.solved.shape[1:], np.nan)


def _of_cable(end: str, of: Callable[..., Any], series: MemberSeries) -> np.ndarray:
    found = _cable_columns(end, series)
    return _unknown(series) if found is None else series.statistic(of(found, axis=0), of)


def _hours_above(limit_c: int, series: MemberSeries) -> np.ndarray:
    found = _cable_columns("_conductor_c", series)
    return _unknown(series) if found is None else series.time(np.any(found > limit_c, axis=0))


@key_figure
def link_conductor_mean_c(series: MemberSeries) -> np.ndarray:
    """Return the mean temperature of the hotter conductor, weighted with the losses."""
    found = _cable_columns("_conductor_c", series)
    if found is None:
        return _unknown(series)
    weight = np.nan_to_num(_fuller_circuit_percent(series) ** 2)
    total = series.total(weight)
    return np.asarray(series.total(np.nan_to_num(found.max(axis=0)) * weight) / total if total > 0.0 else np.nan)


@key_figure
def link_survivor_limited_hours(series: MemberSeries) -> np.ndarray:
    """Return the hours in which the survivor could not carry its flow for a week."""
    found = _cable_columns("survivor_minutes", series)
    return _unknown(series) if found is None else series.time(np.less(found[0], MOST_MINUTES))


_OF_CABLE: dict[str, KeyFigure] = {
    "link_conductor_max_c": partial(_of_cable, "_conductor_c", np.max),
    **{f"link_conductor_above_{limit_c}_hours": partial(_hours_above, limit_c) for limit_c in CONDUCTOR_ABOVE_C},
    **{f"link_{name}_min_a": partial(_of_cable, f"{name}_a", np.min)
       for name in ("emergency_30min", "emergency_2h", "emergency_24h", "cyclic_rating")},
    "link_survivor_min_minutes": partial(_of_cable, "survivor_minutes", np.min),
}  # fmt: skip
KEY_FIGURES |= _OF_CABLE
OF_CABLE = frozenset({*_OF_CABLE, "link_conductor_mean_c", "link_survivor_limited_hours"})
"""Key figures for which the table ``cable`` is needed."""


@key_figure
def link_max_export_mw(series: MemberSeries) -> np.ndarray:
    """Return the largest export over the link."""
    return np.asarray(np.fmax(series.statistic(series.tables["link"]["export_mw"], np.max), 0.0))


@key_figure
def link_max_import_mw(series: MemberSeries) -> np.ndarray:
    """Return the largest import over the link."""
    return np.asarray(np.fmax(series.statistic(-series.tables["link"]["export_mw"], np.max), 0.0))


_HEADROOMS = tuple(f"n1_{side}_headroom_{when}" for side in ("export", "import") for when in ("before", "after"))
_OF_HEADROOM: dict[str, Callable[[np.ndarray], Any]] = {
    "min": np.min, "p05": lambda values: np.quantile(values, 0.05), "median": np.median,
}  # fmt: skip


def _headroom(name: str, statistic: str, series: MemberSeries) -> np.ndarray:
    return series.statistic(series.tables["link"][f"{name}_mw"], _OF_HEADROOM[statistic], limited=True)


KEY_FIGURES |= {
    f"{name}_{statistic}_mw": partial(_headroom, name, statistic) for name in _HEADROOMS for statistic in _OF_HEADROOM
}


@key_figure
def headroom_undefined_half_hours(series: MemberSeries) -> np.ndarray:
    """Return the solved steps in which a headroom is not known, of the headroom that misses most."""
    missing = [series.total(np.isnan(series.tables["link"][f"{name}_mw"])) for name in _HEADROOMS]
    return np.asarray(np.max(missing, axis=0))


def _vm_pu(of: Callable[[np.ndarray], Any], series: MemberSeries) -> np.ndarray:
    of_buses = [series.statistic(np.asarray(x, dtype=float), of) for x in series.tables["bus"].values()]
    known = np.array(of_buses)[~np.isnan(of_buses)]
    return np.asarray(of(known) if len(known) else np.nan)


KEY_FIGURES |= {"vm_min_pu": partial(_vm_pu, np.min), "vm_max_pu": partial(_vm_pu, np.max)}


def _outage_flags(series: MemberSeries) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where single outages break a limit, overload a branch, have no solution; unsolved steps too."""
    security = series.tables["security"]
    violating = security["violating_outages"] > 0
    return violating, violating & (security["loading_percent"] > FULL_PERCENT), security["unsolved_outages"] > 0


@key_figure
def all_outage_violation_hours(series: MemberSeries) -> np.ndarray:
    """Return the hours with a single outage that breaks a limit or has no solution."""
    return np.asarray(series.hours * _outage_flags(series)[0].sum(axis=0))


@key_figure
def all_outage_overload_hours(series: MemberSeries) -> np.ndarray:
    """Return those with an overload."""
    return np.asarray(series.hours * _outage_flags(series)[1].sum(axis=0))


@key_figure
def all_outage_voltage_only_hours(series: MemberSeries) -> np.ndarray:
    """Return those in which only voltages leave their limits."""
    violating, overloaded, unsolved = _outage_flags(series)
    return np.asarray(series.hours * (violating & ~overloaded & ~unsolved).sum(axis=0))


@key_figure
def all_outage_unsolved_cases(series: MemberSeries) -> np.ndarray:
    """Return the pairs of outage and step without a solution."""
    return np.asarray(series.tables["security"]["unsolved_outages"].sum(axis=0), dtype=float)


@key_figure
def all_outage_low_vm_min_pu(series: MemberSeries) -> np.ndarray:
    """Return the lowest watched voltage after any single outage."""
    return series.statistic(series.tables["security"]["low_vm_pu"], np.min)


@key_figure
def redispatch_short_hours(series: MemberSeries) -> np.ndarray:
    """Return the hours in which taking back all infeed would not be enough."""
    return series.time(series.tables["security"]["redispatch_short"])


def _lowest_vm_pu(column: str, series: MemberSeries) -> np.ndarray:
    return series.statistic(series.tables["security"][column], np.min)


def _low_voltage_hours(state: str, series: MemberSeries) -> np.ndarray:
    return series.time(series.tables["security"][f"{state}low_voltage"])


@key_figure
def all_outage_controlled_overload_hours(series: MemberSeries) -> np.ndarray:
    """Return the hours with an overload after a single outage once the controls have acted."""
    return series.time(np.asarray(series.tables["security"]["controlled_loading_percent"]) > FULL_PERCENT)


KEY_FIGURES |= {
    "all_outage_controlled_low_vm_min_pu": partial(_lowest_vm_pu, "controlled_low_vm_pu"),
    "all_outage_controlled_max_loading_percent": partial(_largest, "security", "controlled_loading_percent"),
    **{f"link_{state}_low_vm_min_pu": partial(_lowest_vm_pu, f"link_{state}_low_vm_pu")
       for state in ("at_once", "controlled", "redispatched")},
    **{f"all_outage_{state}low_voltage_hours": partial(_low_voltage_hours, state) for state in ("", "controlled_")},
}  # fmt: skip
