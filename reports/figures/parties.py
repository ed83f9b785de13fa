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


def gains(run: Run, statement: dict[str, dict[str, float]], base: str, point: str, words: Words) -> Picture:
    """Draw what each party has more than in the base, by scenario."""
    parties, scenarios = list(PARTY_KPIS), list(statement)

    def draw() -> Figure:
        drawing, axes = style.figure(0.9 + 0.17 * len(parties) * max(2, len(scenarios)))
        ax = axes[0, 0]
        series = {
            scenario_title(run, scenario, words): (
                [statement[scenario][party] for party in parties],
                style.SERIES[run.scenarios.index(scenario) % len(style.SERIES)],
            )
            for scenario in scenarios
        }
        style.grouped_bars(ax, series, lambda value: digits.difference(value, MILLION_MONEY))
        ax.set_yticks(range(len(parties)), [words(f"party.{party}") for party in parties])
        ax.set_xlabel(words("axis.money"))
        drawing.legend(*ax.get_legend_handles_labels(), loc="outside upper left", ncols=2)
        return drawing

    caption = words(
        "figure.parties", base=scenario_title(run, base, words), point=point_label(run, point, words)
    )  # fmt: skip
    return Picture("who_gains", caption, draw)
