"""The link over the year: how full it is, the days that make the congestion, import, and the voltage after a trip."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from reports.document import digits
from reports.document.blocks import Block, Heading, Paragraph, figure_block
from reports.document.texts import Words
from reports.figures import days, link, other_side
from reports.reading.detail import Detail, Focus
from reports.reading.labels import element_label, member_label, point_label
from reports.sections import tables
from twin.core.clock import step_hours
from twin.metrics.run_folder import Run


def over_the_year(run: Run, focus: Focus, detail: Detail, words: Words) -> list[Block]:
    """Return the heat map and the fullest hours."""
    kpis = run.member(focus.scenario, focus.point).kpis
    loading = detail.link["n1_before_loading_percent"].to_numpy(float)
    known = loading[np.isfinite(loading)]
    over = step_hours(pd.DatetimeIndex(detail.link.index)) * float((known > 100.0).sum())
    hours = over if len(known) else kpis["criterion_broken_hours"]
    key = "message.link" if len(known) else "message.link.no_survivor"
    message = words(
        key, point=point_label(run, focus.point, words),
        worst=digits.quantity(float(known.max()), "%") if len(known) else "",
        hours=digits.quantity(hours, "h"),
        half=digits.fixed(100.0 * float((known < 50.0).mean()), 0) if len(known) else "",
    )  # fmt: skip
    return [
        Heading(words("section.link"), message=message, starts_page=True),
        figure_block(link.heat_map(run, focus, detail, words), words),
        figure_block(days.fullest_hours(run, focus, detail, words), words),
    ]


def ten_days(run: Run, focus: Focus, detail: Detail, words: Words) -> list[Block]:
    """Return the days with the largest cut, and what binds."""
    member = run.member(focus.scenario, focus.busy_point)
    total = member.kpis["curtailed_congestion_mwh"]
    name = point_label(run, focus.busy_point, words)
    daily = detail.daily_congestion_mwh
    ten = float(np.sort(daily)[::-1][: days.DAYS].sum())
    key = "message.days" if total > 0 else "message.days.none"
    share = digits.fixed(100.0 * ten / total, 0) if total > 0 else ""
    message = words(key, point=name, share=share, count=int((daily > 0).sum()), energy=digits.quantity(total, "MWh"))
    binding: Block = Paragraph(words("text.curtailment.nothing"))
    if len(detail.binding):
        label = member_label(run, run.member(focus.scenario, focus.point), words)
        binding = tables.binding(run, detail, words("table.binding", member=label), words)
    return [
        Heading(words("section.days"), message=message, starts_page=True),
        figure_block(days.ten_days(run, focus, detail, words), words),
        Paragraph(_operators(run, focus, words)),
        binding,
    ]


def _operators(run: Run, focus: Focus, words: Words) -> str:
    """Say what a forecasting operator cuts, and what area balance hides; empty parts where it was not computed."""
    text = ""
    forecast = run.kpi(focus.scenario, "forecast_operator_curtailed_congestion_mwh")
    if any(value > 0 for value in forecast):
        missed = run.kpi(focus.scenario, "forecast_operator_missed_hours")
        energy, hours = digits.span(forecast, "MWh", words.between), digits.span(missed, "h", words.between)
        text += words("answer.forecast", energy=energy, hours=hours)
        text += _orders_ahead(run, focus, words)
    hidden = run.kpi(focus.scenario, "congestion_masked_by_area_balance_mwh")
    if any(value > 0 for value in hidden):
        text += words("answer.masked", energy=digits.span(hidden, "MWh", words.between))
    return text.strip() or words("answer.no_operators")


def _orders_ahead(run: Run, focus: Focus, words: Words) -> str:
    """Say which margin the forecasting operator keeps, and what stands still for whole windows; empty without."""
    text = ""
    margin = run.kpi(focus.scenario, "operator_flow_margin_mw")
    if any(value > 0 for value in margin):
        text += words("answer.margin", margin=digits.span(margin, "MW", words.between))
    stopped = run.kpi(focus.scenario, "forecast_operator_whole_windows_mwh")
    if any(value > 0 for value in stopped):
        days = run.kpi(focus.scenario, "forecast_operator_whole_window_days")
        shown = digits.span(stopped, "MWh", words.between), digits.span(days, "count", words.between)
        text += words("answer.whole_windows", energy=shown[0], days=shown[1])
    return text


def imports(run: Run, focus: Focus, detail: Detail, words: Words) -> list[Block]:
    """Return the import side and the diesels."""
    kpis = run.member(focus.scenario, focus.point).kpis
    headroom = kpis["n1_import_headroom_before_min_mw"]
    state = "undefined" if not math.isfinite(headroom) else "short" if headroom < 0 else "enough"
    diesel = "some" if kpis["diesel_mwh"] > 0 else "none"
    message = words(
        f"message.import.{state}", mw=digits.quantity(kpis["link_max_import_mw"], "MW"),
        left=digits.quantity(headroom, "MW"),
    ) + words(f"message.diesel.{diesel}", energy=digits.quantity(kpis["diesel_mwh"], "MWh"))  # fmt: skip
    picture = link.distribution(run, focus, detail, words)
    return [
        Heading(words("section.import"), message=message, starts_page=True),
        figure_block(other_side.import_by_month(run, focus, detail, words), words),
        Paragraph(words("text.headroom")),
        figure_block(picture, words) if picture else Paragraph(words("text.headroom.undefined")),
    ]


def voltages(run: Run, focus: Focus, detail: Detail, words: Words) -> list[Block]:
    """Return the voltage after a trip by bus and month, and the controls of the intact grid."""
    kpis = run.member(focus.scenario, focus.point).kpis
    lowest, bus = kpis["all_outage_low_vm_min_pu"], ""
    if detail.security is not None:
        worst = int(np.argmin(detail.security["low_vm_pu"].to_numpy(float)))
        bus = element_label(run, str(detail.security["low_bus"].iloc[worst]), words)
    hours = digits.quantity(kpis["all_outage_voltage_only_hours"], "h")
    key = "message.voltage" if bus else "message.voltage.no_bus"
    message = words(key, lowest=digits.quantity(lowest, "pu"), bus=bus, hours=hours)
    figure: list[Block] = [Paragraph(words("text.voltage.missing"), is_note=True)]
    if detail.security is not None:
        figure = [figure_block(other_side.voltage_after_a_trip(run, focus, detail.security, words), words)]
    return [
        Heading(words("section.voltage"), message=message, starts_page=True),
        *figure,
        Paragraph(words("text.voltage")),
        tables.voltage_controls(run, focus, detail, words),
    ]
