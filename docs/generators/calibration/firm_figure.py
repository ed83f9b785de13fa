"""The figure of firm capacity over the unknown rating."""

from __future__ import annotations

import numpy as np
from firm_capacity import COINCIDENCES, DEMANDS_MW, FLEETS, plan
from link_cable import rating_mva
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.document import style

SHOWN_MVA = np.arange(35.0, 80.5, 0.5)
CABLES_MM2 = (240, 300, 400)
COINCIDENCES_SHOWN = (0.6, 0.7, 0.8, 0.9)
FACTORS = (1.1, 1.2, 1.3)
MOST_MW = 30.0
STATE_BAND = "#e3ebf2"


def drawn() -> Figure:
    """Return two panels: what is spare without inter-trip, and what inter-trip adds where nothing is spare."""
    drawing, axes = style.figure(4.6, 1, 2)
    spare, trip = axes[0]
    for panel in (spare, trip):
        panel.axvspan(rating_mva(CABLES_MM2[0]), rating_mva(CABLES_MM2[-1]), color=STATE_BAND, zorder=0)
        panel.set_xlim(SHOWN_MVA[0], SHOWN_MVA[-1])
        panel.set_xlabel("continuous rating of a circuit, MVA")
        _cables(panel)
    _spare(spare)
    _trip(trip)
    return drawing


def _cables(axes: Axes) -> None:
    top = axes.secondary_xaxis("top")
    top.set_xticks([rating_mva(area) for area in CABLES_MM2], [f"{area}" for area in CABLES_MM2])
    top.set_xlabel("cable of table 2.1, mm²", fontsize=7.5)
    top.tick_params(labelsize=7.5)


def _spare(axes: Axes) -> None:
    ladder = plan(next(iter(FLEETS)))
    low, middle, high = DEMANDS_MW
    for colour, share in zip(style.SERIES, COINCIDENCES_SHOWN, strict=False):
        mw = [
            [ladder.assumed.firm_mw(mva, ladder.state(demand, share)) for mva in SHOWN_MVA]
            for demand in (low, middle, high)
        ]
        axes.fill_between(SHOWN_MVA, mw[0], mw[2], color=colour, alpha=0.15)
        axes.plot(SHOWN_MVA, mw[1], color=colour, label=f"{share:g} of all contracts")
    for fleet, style_of_line in zip(FLEETS, ("-", "--"), strict=True):
        highest = plan(fleet).highest
        mw = [highest.firm_mw(mva) for mva in SHOWN_MVA]
        axes.plot(
            SHOWN_MVA,
            mw,
            color=style.INK,
            linestyle=style_of_line,
            label="highest half-hour" + (", with the farm" if "farm" in fleet else ""),
        )
    axes.axhspan(0.0, 1.0, color=style.LIMIT, alpha=0.6, zorder=3, label="P21 with P22: 0 to 1 MW")
    axes.set_ylim(-MOST_MW, MOST_MW)
    axes.set_ylabel("spare firm capacity 2024 (N-1), MW")
    axes.set_title("P21: nothing spare")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, fontsize=6.5)


def _trip(axes: Axes) -> None:
    ladder = plan(next(iter(FLEETS)))
    states = [ladder.state(demand, share) for demand in DEMANDS_MW for share in COINCIDENCES]
    zero = np.array([ladder.assumed.rating_mva(0.0, state) for state in states])
    order = np.argsort(zero)
    for colour, factor in zip(style.SERIES, FACTORS, strict=False):
        mw = np.array([ladder.assumed.firm_mw(factor * mva, state) for mva, state in zip(zero, states, strict=True)])
        axes.plot(zero[order], mw[order], color=colour, label=f"short-time factor {factor:g}")
    axes.axhspan(14.0, 15.0, color=style.LIMIT, alpha=0.6, zorder=3, label="P22: 14 MW as the most")
    axes.set_ylim(0.0, MOST_MW)
    axes.set_ylabel("capacity by inter-trip where nothing is spare, MW")
    axes.set_title("P22: 14 MW that trips")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, fontsize=6.5)
