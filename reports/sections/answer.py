"""The answer on page one: sentences that key figures choose by rules, with their honest sign."""

from __future__ import annotations

import math
from statistics import median
from typing import Any

from reports.document.blocks import Tile
from reports.document.digits import MILLION_MONEY, quantity, span
from reports.document.texts import Words
from reports.reading.detail import Focus
from reports.reading.labels import key_label, scenario_title, value_label
from reports.reading.run_folder import benefit_kpi, controlled_scenarios
from reports.reading.uncertainty import Analysis, Uncertainty
from reports.sections import onset
from twin.core.units import MONEY_PER_MILLION
from twin.metrics.run_folder import Member, Run

CONGESTION = "curtailed_congestion_mwh"
LITTLE_PERCENT = 0.1
"""Below this share of available energy congestion is called little."""
NEUTRAL_MWH = 1.0
"""Below this net benefit in every case control is said to make no difference."""


def sentences(run: Run, focus: Focus, period: str, words: Words) -> list[str]:
    """Return how much congestion there is, where it begins, and what control changes."""
    return [
        _how_much(run, focus, period, words),
        _where(run, focus, words) + onset.sentence(run, words) + _masked(run, focus, words),
        _control(run, words),
    ]


def tiles(run: Run, focus: Focus, words: Words, analysis: Analysis) -> list[Tile]:
    """Return the headline numbers: over the samples where an unknown moves them, else over all sweep points."""
    title = scenario_title(run, focus.scenario, words)

    def range_of(scenario: str, kpi: str, unit: str, label: str) -> Tile:
        if isinstance(analysis, Uncertainty) and analysis.is_of_same_days:
            found = analysis.headline(scenario, kpi)
            if found is not None and found.is_moved:
                label = words("tile.uncertain", label=label, samples=analysis.samples)
                return Tile(span((found.p05, found.p95), unit, words.between), unit, label)
        return Tile(span(run.kpi(scenario, kpi), unit, words.between), unit, label)

    def tile(kpi: str, unit: str, key: str) -> Tile:
        return range_of(focus.scenario, kpi, unit, words(key, scenario=title))

    shown = [
        tile("curtailed_congestion_percent_of_available", "%", "tile.congestion"),
        tile("curtailed_area_balance_mwh", "MWh", "tile.area_balance"),
        tile("n1_export_headroom_before_min_mw", "MW", "tile.headroom"),
    ]
    ranked = rank_controls(run)
    if not ranked:
        return [*shown, tile("link_n1_max_loading_percent", "%", "tile.loading")]
    kpi, best = benefit_kpi(run), ranked[0]
    label = words("tile.benefit", scenario=scenario_title(run, best, words), against=words(f"against.{kpi}"))
    return [*shown, range_of(best, kpi, "MWh", label)]


def rank_controls(run: Run) -> list[str]:
    """Return the controlled scenarios that have a net benefit, the one with the largest median first."""
    kpi = benefit_kpi(run)
    valued = [name for name in controlled_scenarios(run) if all(math.isfinite(value) for value in run.kpi(name, kpi))]
    return sorted(valued, key=lambda scenario: -median(run.kpi(scenario, kpi)))


def _how_much(run: Run, focus: Focus, period: str, words: Words) -> str:
    members = run.of(focus.scenario)
    cut = run.kpi(focus.scenario, CONGESTION)
    percent = run.kpi(focus.scenario, "curtailed_congestion_percent_of_available")
    area = run.kpi(focus.scenario, "curtailed_area_balance_mwh")
    size = "none" if max(cut) == 0 else "little" if max(percent) < LITTLE_PERCENT else "some"
    differences = [ordered - own for ordered, own in zip(area, cut, strict=True)]
    order = (
        "none" if max(area) == 0 else "more" if min(differences) > 0 else "less" if max(differences) < 0 else "mixed"
    )
    amount = words(
        f"answer.congestion.{size}",
        scenario=scenario_title(run, focus.scenario, words),
        period=period,
        count=len(members),
        energy=span(cut, "MWh", words.between),
        percent=span(percent, "%", words.between),
        hours=span(run.kpi(focus.scenario, "congested_hours"), "h", words.between),
    )
    share = words(f"answer.area.{order}", energy=span(area, "MWh", words.between))
    return amount + _forecasting_operator(run, focus, words) + share


def _forecasting_operator(run: Run, focus: Focus, words: Words) -> str:
    """Say what an operator cuts who does not know the future; empty where the run did not compute it."""
    cut = run.kpi(focus.scenario, "forecast_operator_curtailed_congestion_mwh")
    if not any(value > 0 for value in cut):
        return ""
    missed = run.kpi(focus.scenario, "forecast_operator_missed_hours")
    energy, hours = span(cut, "MWh", words.between), span(missed, "h", words.between)
    return words("answer.forecast", energy=energy, hours=hours)


def _where(run: Run, focus: Focus, words: Words) -> str:
    members = run.of(focus.scenario)
    loading = quantity(max(run.kpi(focus.scenario, "link_n1_max_loading_percent")), "%")
    key = _onset_key(run)
    if key is None:
        return words("answer.onset.not_swept", loading=loading)
    if all(member.kpis[CONGESTION] == 0 for member in members):
        return words("answer.onset.never", loading=loading)
    parts = [_onset(key, group, words) for group in _groups(key, members)]
    return words("answer.onset", key=key_label(key, words), parts=words("list.separator").join(parts))


def _masked(run: Run, focus: Focus, words: Words) -> str:
    """Say how much congestion the area balance hides; empty where it hides none in every case or was not computed."""
    hidden = run.kpi(focus.scenario, "congestion_masked_by_area_balance_mwh")
    if not any(value > 0 for value in hidden):
        return ""
    return words("answer.masked", energy=span(hidden, "MWh", words.between))


def _onset_key(run: Run) -> str | None:
    """Return the first swept key whose values are numbers, else the first that is swept at all."""
    swept = {key: values for key, values in run.study["sweep"].items() if len(values) > 1}
    numeric = (key for key, values in swept.items() if all(_is_number(value) for value in values))
    return next(numeric, next(iter(swept), None))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _groups(key: str, members: tuple[Member, ...]) -> list[list[Member]]:
    """Return the members grouped by the values of all other swept keys."""
    groups: dict[str, list[Member]] = {}
    for member in members:
        others = {name: value for name, value in member.sweep.items() if name != key}
        groups.setdefault(repr(others), []).append(member)
    return list(groups.values())


def _onset(key: str, group: list[Member], words: Words) -> str:
    values = [member.sweep[key] for member in group]
    if all(_is_number(value) for value in values):
        group = sorted(group, key=lambda member: member.sweep[key])
    what = _where_congested(key, group, words)
    others = [value_label(name, value, words) for name, value in group[0].sweep.items() if name != key]
    if not others:
        return what
    return words("onset.context", context=words("sweep.separator").join(others), what=what)


def _where_congested(key: str, group: list[Member], words: Words) -> str:
    labels = [value_label(key, member.sweep[key], words) for member in group]
    congested = [member.kpis[CONGESTION] > 0 for member in group]
    count = sum(congested)
    every = words("sweep.separator").join(labels)
    if count == len(group):
        return words("onset.all", values=every)
    if count == 0:
        return words("onset.none", values=every)
    if _is_number(group[0].sweep[key]) and all(congested[:count]):
        return words("onset.below", value=labels[count - 1])
    if _is_number(group[0].sweep[key]) and all(congested[-count:]):
        return words("onset.above", value=labels[-count])
    some = [label for label, is_congested in zip(labels, congested, strict=True) if is_congested]
    return words("onset.some", values=words("sweep.separator").join(some))


def _control(run: Run, words: Words) -> str:
    ranked = rank_controls(run)
    if not ranked:
        return words("answer.benefit.no_control")
    kpi = benefit_kpi(run)
    best = run.kpi(ranked[0], kpi)
    text = words(f"answer.benefit.{_sign(best)}", **_benefit_values(run, ranked[0], kpi, words))
    if len(ranked) == 1:
        return text
    worst = span(run.kpi(ranked[-1], kpi), "MWh", words.between)
    return text + words("answer.benefit.worst", scenario=scenario_title(run, ranked[-1], words), energy=worst)


def _sign(benefit: list[float]) -> str:
    if all(abs(value) < NEUTRAL_MWH for value in benefit):
        return "neutral"
    if min(benefit) > 0:
        return "gain"
    return "cost" if max(benefit) < 0 else "mixed"


def _benefit_values(run: Run, scenario: str, kpi: str, words: Words) -> dict[str, Any]:
    energy = run.kpi(scenario, kpi)
    money = [value / MONEY_PER_MILLION for value in run.kpi(scenario, kpi.replace("_mwh", "_jpy"))]
    return {
        "scenario": scenario_title(run, scenario, words),
        "energy": span(energy, "MWh", words.between),
        "money": span(money, MILLION_MONEY, words.between),
        "against": words(f"against.{kpi}"),
        "good": sum(value > 0 for value in energy),
        "count": len(energy),
    }
