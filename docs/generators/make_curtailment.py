"""Writes docs/validation/<island>.md, its figures and <island>_fitted.json from a study, a feed and an OUT folder.

Text comes from the island's template; without it the page has the tables only.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from reports.document.style import ACCENT, GRID, INK, LIMIT, MUTED, SERIES, figure, look, svg
from studies.experiments.validation.curtailment.compare import (
    BEST,
    COUNTS,
    LOGIT,
    OBSERVED,
    RULE,
    Comparison,
    ZoneScores,
    compare_curtailment,
)
from studies.experiments.validation.curtailment.compare import SERIES as SERIES_FILE
from studies.experiments.validation.curtailment.page import parts_of_page
from studies.study.file.reading import read_study, study_path
from studies.study.islands import island_of

FOLDER = Path(__file__).parent
FIGURES = FOLDER.parent / "figures" / "curtailment"
KINDS = {
    "off in both": "#f4f6f8", "on in both": SERIES[2], "measured only": LIMIT, "modelled only": SERIES[5],
    "not counted": GRID,
}  # fmt: skip


def main(name: str, data: Path, out: Path) -> Path:
    """Score a study and write its page; return the page."""
    study = read_study(study_path(name), data)
    found = compare_curtailment(study, data, out)
    parts = parts_of_page(found)
    island = island_of(study).name
    template = FOLDER / "templates" / f"{island}.template.md"
    page = FOLDER.parent / "validation" / f"{island}.md"
    text = template.read_text(encoding="utf-8") if template.is_file() else "\n\n".join(f"{{{key}}}" for key in parts)
    (page.with_name(f"{island}_fitted.json")).write_bytes((out / "fitted.json").read_bytes())
    page.write_text(text.format_map(parts), encoding="utf-8")
    FIGURES.mkdir(exist_ok=True)
    (FIGURES / f"{island}_mcc.svg").write_bytes(scores(found))
    series = pd.read_parquet(out / SERIES_FILE)
    for zone in found.zones:
        (FIGURES / f"{island}_zone_{zone.zone}.svg").write_bytes(winter(zone, series))
    return page


def scores(found: Comparison) -> bytes:
    """Draw the MCC of rivals, primary and best reading of each zone with its interval."""
    with look():
        drawing, grid = figure(2.2, 1, len(found.zones), sharex=True)
        for axes, zone in zip(grid[0], found.zones, strict=True):
            names = [name for name in (RULE, LOGIT, zone.primary, BEST) if name in zone.intervals]
            for row, name in enumerate(names):
                value, (low, high) = zone.scores[name].mcc, zone.intervals[name]
                colour = MUTED if name in (RULE, LOGIT) else ACCENT
                axes.plot([low, high], [row, row], color=colour, linewidth=2.5, solid_capstyle="butt")
                axes.plot(value, row, "o", color=colour, markersize=5)
                axes.annotate(f"{value:.2f}", (value, row), (0, 5), textcoords="offset points", ha="center", fontsize=7)
            labels = [f"{name} (primary)" if name == zone.primary else name for name in names]
            axes.set_yticks(range(len(names)), labels)
            axes.set_ylim(len(names) - 0.4, -0.6)
            axes.set_xlim(min(-0.05, *(low for low, _ in zone.intervals.values())), 1.0)
            axes.set_xlabel("MCC and its 95 % interval")
            axes.set_title(f"zone {zone.zone}")
        return svg(drawing)


def winter(zone: ZoneScores, series: pd.DataFrame) -> bytes:
    """Draw when a zone was on and when the best reading has it on: a column a day; and the hours of each day."""
    seen, counts, told = (series[f"{zone.zone} {name}"].to_numpy(bool) for name in (OBSERVED, COUNTS, _shown(zone)))
    index = pd.DatetimeIndex(series.index)
    kind = np.select([~counts, seen & told, seen, told], [4, 1, 2, 3], 0)
    step = index[1] - index[0]
    rows = ((index - index.normalize()) // step).to_numpy()
    days = pd.factorize(index.normalize())
    picture = np.full((pd.Timedelta("1D") // step, len(days[1])), 4)
    picture[rows, days[0]] = kind
    begin, end = (mdates.date2num(days[1][k]) for k in (0, -1))
    with look():
        drawing, grid = figure(4.2, 2, 1, sharex=True, height_ratios=[3, 2])
        above, below = grid[:, 0]
        above.imshow(
            picture, aspect="auto", origin="lower", interpolation="nearest", extent=(begin, end + 1, 0, 24),
            cmap=ListedColormap(list(KINDS.values())), vmin=0, vmax=len(KINDS) - 1,
        )  # fmt: skip
        above.grid(visible=False)
        above.set_yticks([0, 6, 12, 18, 24])
        above.set_ylabel("hour (UTC)")
        above.set_title(f"zone {zone.zone}: measured, and {_shown(zone)}")
        keys = [Patch(facecolor=colour, edgecolor=MUTED, linewidth=0.4, label=name) for name, colour in KINDS.items()]
        drawing.legend(handles=keys, loc="outside upper center", ncols=len(KINDS))
        at = mdates.date2num(days[1]) + 0.5
        hours = step / pd.Timedelta("1h")
        for values, name, colour in ((seen, "measured", INK), (told, "modelled", SERIES[1])):
            of_day = np.bincount(days[0], weights=values & counts, minlength=len(at)) * hours
            below.step(at, of_day, where="mid", color=colour, linewidth=1.1, label=name)
        below.set_ylabel("hours on a day")
        below.set_ylim(0, 24)
        below.set_yticks([0, 6, 12, 18, 24])
        below.xaxis_date()
        below.xaxis.set_major_formatter(mdates.ConciseDateFormatter(below.xaxis.get_major_locator()))
        below.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
        return svg(drawing)


def _shown(zone: ZoneScores) -> str:
    return BEST if BEST in zone.scores else zone.primary


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        print(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3] if len(sys.argv) > 3 else scratch)))
