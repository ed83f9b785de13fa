"""Who gains and who loses: one bar a party and scenario, from the one statement of money."""

from __future__ import annotations

from matplotlib.figure import Figure

from reports.document import digits, style
from reports.document.digits import MILLION_MONEY
from reports.document.style import Picture
from reports.document.texts import Words
from reports.reading.headline import PARTY_KPIS
from reports.reading.labels import point_label, scenario_title
from twin.metrics.run_folder import Run

BAR = 0.8


def gains(run: Run, statement: dict[str, dict[str, float]], base: str, point: str, words: Words) -> Picture:
    """Draw what each party has more than in the base, by scenario."""
    parties, scenarios = list(PARTY_KPIS), list(statement)

    def draw() -> Figure:
        drawing, axes = style.figure(0.9 + 0.17 * len(parties) * max(2, len(scenarios)))
        ax = axes[0, 0]
        height = BAR / len(scenarios)
        for number, scenario in enumerate(scenarios):
            places = [row - BAR / 2 + (number + 0.5) * height for row in range(len(parties))]
            values = [statement[scenario][party] for party in parties]
            colour = style.SERIES[run.scenarios.index(scenario) % len(style.SERIES)]
            ax.barh(places, values, height=height * 0.9, color=colour, label=scenario_title(run, scenario, words))
            for place, value in zip(places, values, strict=True):
                ax.annotate(
                    digits.difference(value, MILLION_MONEY), (value, place), (3 if value >= 0 else -3, 0),
                    textcoords="offset points", va="center", ha="left" if value >= 0 else "right", size=6.5,
                )  # fmt: skip
        style.zero_line(ax, "vertical")
        low, high = ax.get_xlim()
        ax.set_xlim(low - 0.14 * (high - low), high + 0.14 * (high - low))
        ax.set_yticks(range(len(parties)), [words(f"party.{party}") for party in parties])
        ax.set_ylim(len(parties) - 0.5, -0.5)
        ax.grid(visible=False, axis="y")
        ax.set_xlabel(words("axis.money"))
        drawing.legend(*ax.get_legend_handles_labels(), loc="outside upper left", ncols=2)
        return drawing

    caption = words(
        "figure.parties", base=scenario_title(run, base, words), point=point_label(run, point, words)
    )  # fmt: skip
    return Picture("who_gains", caption, draw)
