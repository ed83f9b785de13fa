"""What is curtailed and why: by scenario, by month, by plant."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.document import digits, style
from reports.document.style import Picture
from reports.document.texts import Words
from reports.reading.detail import CURTAILMENT_CAUSES, Detail, Focus
from reports.reading.labels import member_label, point_label, scenario_title
from twin.metrics.run_folder import Run

MOST_UNITS = 14
CUT_COLUMNS = [cause.column for cause in CURTAILMENT_CAUSES]


def by_scenario(run: Run, focus: Focus, words: Words) -> Picture:
    """Draw the energy curtailed by cause for every scenario at the central sweep point."""
    names = [style.wrapped(scenario_title(run, scenario, words)) for scenario in run.scenarios]
    kpis = [run.member(scenario, focus.point).kpis for scenario in run.scenarios]
    cuts = {cause: [values[f"curtailed_{cause}_mwh"] for values in kpis] for cause in CURTAILMENT_CAUSES}

    def draw() -> Figure:
        drawing, axes = style.figure(0.95 + 0.3 * len(names))
        _stack(axes[0, 0], pd.DataFrame(cuts, index=names), words)
        axes[0, 0].set_xlabel(words("axis.energy"))
        handles, labels = axes[0, 0].get_legend_handles_labels()
        if handles:
            drawing.legend(handles, labels, loc="outside upper left", ncols=4, handlelength=1.0)
        return drawing

    caption = words("figure.by_scenario", point=point_label(run, focus.point, words))
    return Picture("curtailment_by_scenario", caption, draw)


def by_month_and_unit(run: Run, focus: Focus, detail: Detail, words: Words) -> Picture:
    """Draw the energy curtailed by cause, per month and per plant or group of sites."""
    months = detail.cuts_by_month[CUT_COLUMNS].set_axis(list(CURTAILMENT_CAUSES), axis=1)
    units = detail.cuts_by_unit[CUT_COLUMNS].set_axis(list(CURTAILMENT_CAUSES), axis=1)
    shares = units.sum(axis=1) / detail.cuts_by_unit["available_mw"] * 100
    units = units[units.sum(axis=1) > 0].assign(share=shares)
    units = units.loc[units.drop(columns="share").sum(axis=1).sort_values(ascending=False).index]
    shown = _with_rest(units, detail.cuts_by_unit["available_mw"], words).rename(index=_unit_names(run, words))

    def draw() -> Figure:
        drawing, axes = style.figure(0.9 + max(2.0, 0.21 * len(shown)), columns=2, width_ratios=[1, 1])
        left, right = axes[0]
        _columns(left, months, words)
        left.set_title(words("curtailment.by_month"))
        left.set_ylabel(words("axis.energy"))
        _stack(right, shown.drop(columns="share"), words, shown["share"].to_list())
        right.set_title(words("curtailment.by_unit"))
        right.set_xlabel(words("axis.energy"))
        handles, labels = right.get_legend_handles_labels()
        drawing.legend(handles, labels, loc="outside upper left", ncols=4, handlelength=1.0)
        return drawing

    member = run.member(focus.scenario, focus.point)
    caption = words("figure.by_month_and_unit", member=member_label(run, member, words))
    return Picture("curtailment_by_month_and_plant", caption, draw)


def _unit_names(run: Run, words: Words) -> dict[str, str]:
    return {unit["unit"]: words.of(unit, "name") for unit in run.study["units"]}


def _with_rest(units: pd.DataFrame, available: pd.Series, words: Words) -> pd.DataFrame:
    if len(units) <= MOST_UNITS:
        return units
    rest = units.iloc[MOST_UNITS - 1 :]
    total = rest.sum()
    total["share"] = rest.drop(columns="share").to_numpy().sum() / available[rest.index].sum() * 100
    together = pd.DataFrame([total], index=[words("curtailment.rest", count=len(rest))])
    return pd.concat([units.iloc[: MOST_UNITS - 1], together])


def _tick(value: float, _: float) -> str:
    return digits.fixed(value, 0) if float(value).is_integer() else digits.plain(round(float(value), 9))


def _stack(ax: Axes, cuts: pd.DataFrame, words: Words, shares: list[float] | None = None) -> None:
    left = np.zeros(len(cuts))
    for cause in cuts.columns:
        values = cuts[cause].to_numpy()
        if values.max(initial=0) > 0:
            colour, label = style.CAUSE_COLOURS[cause], words(f"cause.{cause}")
            ax.barh(range(len(cuts)), values, left=left, height=0.68, color=colour, label=label)
            left += values
    for row, total in enumerate(left):
        text = digits.quantity(total, "MWh") + (f" ({digits.quantity(shares[row], '%')} %)" if shares else "")
        ax.annotate(text, (total, row), (3, 0), textcoords="offset points", va="center", size=7)
    ax.set_yticks(range(len(cuts)), cuts.index)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.set_xlim(0, left.max(initial=0) * (1.45 if shares else 1.12) or 1)
    ax.locator_params(axis="x", nbins=4 if shares else 8)
    ax.xaxis.set_major_formatter(_tick)


def _columns(ax: Axes, months: pd.DataFrame, words: Words) -> None:
    lower = np.zeros(len(months))
    for cause in months.columns:
        values = months[cause].to_numpy()
        if values.max(initial=0) > 0:
            ax.bar(range(len(months)), values, bottom=lower, width=0.72, color=style.CAUSE_COLOURS[cause])
            lower += values
    ax.set_xticks(range(len(months)), [str(month.month) for month in months.index])
    ax.grid(visible=False, axis="x")
    ax.yaxis.set_major_formatter(_tick)
    ax.set_xlabel(words("axis.month"))
