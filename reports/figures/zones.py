"""Constraint zones over the days in which they cut most: flow against limit, and when units are held or stopped."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reports.document import style
from reports.document.style import Picture
from reports.document.texts import Words
from reports.reading.labels import member_label
from reports.reading.zones import ZonesOfMember
from twin.metrics.run_folder import Run

SHOWN_DAYS = 5
SECONDS_OF_HOUR = 3600.0
HELD, STOPPED = style.CAUSE_COLOURS["congestion_n0"], style.CAUSE_COLOURS["congestion_n1"]


def flows(run: Run, found: ZonesOfMember, words: Words) -> Picture:
    """Draw flow, limit and status of each zone over consecutive days, those with the largest cut."""
    first, last = busiest_days(found.states)

    def draw() -> Figure:
        zones = list(found.facts)
        drawing, axes = style.figure(0.5 + 1.5 * len(zones), rows=len(zones), columns=1, sharex=True)
        for ax, zone in zip(axes[:, 0], zones, strict=True):
            times = found.states["time"]
            states = found.states[(found.states["zone"].astype(str) == zone) & (times >= first) & (times < last)]
            hour = (states["time"] - first).dt.total_seconds().to_numpy(float) / SECONDS_OF_HOUR
            flow, limit, status = (states[name].to_numpy(float) for name in ("flow_mw", "limit_mw", "status"))
            low, high = min(0.0, float(np.nanmin(flow))), 1.15 * float(max(np.nanmax(flow), limit.max()))
            for name, shown, colour in (("held", status == 0.5, HELD), ("stopped", status == 1.0, STOPPED)):
                ax.fill_between(hour, low, high, where=shown, color=colour, alpha=0.35, step="post",
                                label=words(f"zones.{name}"))  # fmt: skip
            ax.plot(hour, flow, color=style.QUANTITY_COLOURS["export"], linewidth=0.9, label=words("zones.flow"))
            ax.plot(hour, limit, color=style.LIMIT, linewidth=0.8, drawstyle="steps-post", label=words("zones.limit"))
            ax.set(ylim=(low, high), ylabel=words("axis.power"))
            ax.set_title(words.of(found.facts[zone], "title"), size=7.5)
        days = pd.date_range(first, last, freq="D")
        ticks = [(day - first).total_seconds() / SECONDS_OF_HOUR for day in days]
        axes[-1, 0].set(xlim=(0, ticks[-1]), xticks=ticks)
        axes[-1, 0].set_xticklabels([day.strftime(words("format.day")) for day in days])
        drawing.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper left", ncols=4)
        return drawing

    caption = words("figure.zones", member=member_label(run, found.member, words))
    return Picture(f"zones_{found.member.scenario}", caption, draw)


def busiest_days(states: pd.DataFrame) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the begin and the end of the `SHOWN_DAYS` consecutive days with the largest cut."""
    daily = states.groupby(states["time"].dt.normalize())["cut_mw"].sum()
    count = min(SHOWN_DAYS, len(daily))
    at = int(np.argmax(np.convolve(daily.to_numpy(float), np.ones(count), "valid")))
    return daily.index[at], daily.index[at + count - 1] + pd.DateOffset(days=1)
