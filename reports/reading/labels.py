"""How a reader calls scenarios, sweep points, values and key figures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from reports.document.digits import MILLION_MONEY, fixed, plain
from reports.document.texts import Words
from reports.reading.onset import Change, assumption, contract_unit
from twin.core.quantities import KPIS
from twin.core.units import MONEY_PER_MILLION
from twin.metrics.run_folder import Member, Run


def kpi_label(name: str, words: Words) -> str:
    """Return a short name of a key figure, else its meaning from the data dictionary."""
    if words.has(f"kpi.{name}"):
        return words(f"kpi.{name}")
    return KPIS[name].meaning(words.language)


def shown_unit(kpi: str) -> tuple[str, float]:
    """Return the unit in which a key figure is shown, and the factor to it."""
    return (MILLION_MONEY, 1 / MONEY_PER_MILLION) if KPIS[kpi].is_money else (KPIS[kpi].unit, 1.0)


def scenario_title(run: Run, scenario: str, words: Words) -> str:
    """Return a scenario's title in one language."""
    return words.of(run.study["scenarios"][scenario], "title")


def point_label(run: Run, point: str, words: Words) -> str:
    """Return a sweep point as a reader names it, e.g. "300 mm², N-1"."""
    sweep = run.sweep_of(point)
    if not sweep:
        return words("sweep.base")
    return words("sweep.separator").join(value_label(key, value, words) for key, value in sweep.items())


def points_label(run: Run, points: Sequence[str], words: Words) -> str:
    """Return what several sweep points have in common, and how they differ, e.g. "300 mm² (N-1 / N-0)"."""
    sweeps = [run.sweep_of(point) for point in points]
    shared = [key for key in sweeps[0] if all(sweep[key] == sweeps[0][key] for sweep in sweeps)]
    if len(shared) == len(sweeps[0]) or not shared:
        return words("list.alternatives").join(point_label(run, point, words) for point in points)
    separator = words("sweep.separator")
    different = (
        separator.join(value_label(key, value, words) for key, value in sweep.items() if key not in shared)
        for sweep in sweeps
    )
    common = separator.join(value_label(key, sweeps[0][key], words) for key in shared)
    return words("points.alike", common=common, different=words("list.alternatives").join(different))


def value_label(key: str, value: object, words: Words) -> str:
    """Return one swept value with its unit or name."""
    name = f"sweep.{key.rsplit('.', 1)[-1]}"
    return words(name, value=words.choice(name, value)) if words.has(name) else f"{key} = {value}"


def key_label(key: str, words: Words) -> str:
    """Return the name of a swept key."""
    name = key.rsplit(".", 1)[-1]
    return words.choice("sweep_key", name)


def member_label(run: Run, member: Member, words: Words) -> str:
    """Return "scenario, sweep point" for captions."""
    return words(
        "member", scenario=scenario_title(run, member.scenario, words), point=point_label(run, member.point, words)
    )


def change_name(run: Run, key: str, words: Words) -> str:
    """Return what is changed: by the report's words, the run's own facts, else the raw key."""
    if words.has(f"onset_key.{key}"):
        return words(f"onset_key.{key}")
    fact, unit = assumption(run, key), contract_unit(run, key)
    if fact is not None:
        return words.of(fact, "meaning")
    return key if unit is None else words("onset_key.contract", unit=words.of(unit, "name"))


def change_value(run: Run, change: Change, words: Words) -> str:
    """Return the starting value and the tried one with its unit, e.g. "1 → 0.97 pu"."""
    value = _with_unit(run, change.key, change.value, words)
    if change.start is None:
        return value
    return words("tried.from_to", start=_bare(change.key, change.start, words), value=value)


def _with_unit(run: Run, key: str, value: object, words: Words) -> str:
    bare = _bare(key, value, words)
    if words.has(f"onset_value.{key}"):
        return words(f"onset_value.{key}", value=bare)
    fact = assumption(run, key)
    unit = "MW" if contract_unit(run, key) is not None else "" if fact is None else fact["unit"]
    return bare if unit in ("", "1", "-", None) else f"{bare} {unit}"


def _bare(key: str, value: object, words: Words) -> str:
    name = f"onset_value.{key}.{value}"
    return words(name) if words.has(name) else plain(_number(value))


def _number(value: object) -> object:
    """Return a number that is written as text as a number, anything else as it is."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


_NUMBERED_CIRCUITS = re.compile(r"(?P<stem>.*\D)[ \u00a0](?P<first>\d+)(?P<others>(?:(?:,[ \u00a0]| \+ )\d+)+)")


def element_label(run: Run, name: str, words: Words) -> str:
    """Return what a reader calls a bus, a branch or an outage: in Japanese by the run's own names, else as it is.

    Circuits that stand in one row ("A 1, 2") keep their numbers, corridors ("A 1 + A 2") both names.
    """
    units = {unit["unit"]: unit for unit in run.study["units"]}
    if name in units:
        return words.of(units[name], "name")
    if words.language == "en" or not name:
        return name
    return japanese_element(name, run.study.get("element_names_ja") or {}, words)


def japanese_element(name: str, known: Mapping[str, str], words: Words) -> str:
    """Return the Japanese name of an element by the names of the island's tables, else the name itself."""
    if name in known:
        return known[name]
    if words.has(f"element.{name}"):
        return words(f"element.{name}")
    circuits = _NUMBERED_CIRCUITS.fullmatch(name)
    first = known.get(f"{circuits['stem']} {circuits['first']}", "") if circuits else ""
    if circuits and f"{circuits['first']}号" in first:
        numbers = "・".join([circuits["first"], *re.findall(r"\d+", circuits["others"])])
        return first.replace(f"{circuits['first']}号", f"{numbers}号")
    parts = name.split(" + ")
    return "＋".join(japanese_element(part, known, words) for part in parts) if len(parts) > 1 else name


def scenario_facts(run: Run, scenario: str, words: Words) -> str:
    """Return what stands at the small sites of a scenario, e.g. "1,850 sites, 12.3 MW of PV, batteries 8,000 kWh"."""
    facts = (run.study.get("scenario_facts") or {}).get(scenario)
    if facts is None:
        return ""
    sites, pv_mw, battery_kwh = (facts[name] for name in ("sites", "site_pv_mw", "battery_kwh"))
    if facts["sites"] == 0:
        return words("scenario.facts.no_sites")
    key = "scenario.facts" if battery_kwh > 0 else "scenario.facts.no_battery"
    return words(key, sites=fixed(sites, 0), pv=fixed(pv_mw, 1), battery=fixed(battery_kwh, 0))


def contract_by_kind(run: Run, words: Words) -> list[tuple[str, str]]:
    """Return the kinds of plants and the small sites with their MW, the largest first."""
    sums: dict[str, float] = {}
    for unit in run.study["units"]:
        sums[unit["kind"]] = sums.get(unit["kind"], 0.0) + float(unit.get("contract_mw") or 0.0)
    ranked = sorted(((kind, mw) for kind, mw in sums.items() if mw > 0), key=lambda pair: -pair[1])
    return [(words.choice("kind", kind), fixed(mw, 1)) for kind, mw in ranked]
