"""The comparison of zones and feed as tables of a page and on the screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table

from studies.experiments.validation.curtailment.compare import BEST, LOGIT, RULE, Comparison, ZoneScores
from studies.experiments.validation.curtailment.scores import Difference, OnOff

SHOWN_LIMITS = 13
"""So many limits, evenly over the range, are shown of a curve."""


def parts_of_page(found: Comparison) -> dict[str, str]:
    """Return the tables of a page as Markdown: ``feed``, ``unscored``, and ``<table>_<zone>`` for each zone."""
    parts = {
        "feed": _markdown(("Found in the feed", ""), [(name.replace("_", " "), value) for name, value in
                                                      found.feed.items()]),
        "unscored": _markdown(
            ("Zone", "Rows that count", "On, % of them"),
            [(name, row["rows"], f"{100 * row['on_share']:.1f}") for name, row in found.unscored.items()],
        ),
    }  # fmt: skip
    for zone in found.zones:
        parts |= {f"{name}_{zone.zone}": text for name, text in _parts_of_zone(zone).items()}
    return parts


def _parts_of_zone(zone: ZoneScores) -> dict[str, str]:
    return {
        "rows": f"{zone.rows}",
        "base": f"{100 * zone.base_rate:.1f}",
        "scores": _markdown(
            ("Reading", "Accuracy", "Precision", "Recall", "F1", "MCC", "MCC, stuck rows too", "Limit on all rows, MW"),
            [(_name(zone, name), *_cells(score), f"{zone.scores_with_stuck[name].mcc:.3f}",
              f"{zone.limits_mw[name]:g}" if name in zone.limits_mw else "") for name, score in zone.scores.items()],
        ),
        "verdict": _markdown(
            ("Model", "Against", "Difference in MCC", "95 % interval", "Verdict"),
            [(_name(zone, name), rival, *_difference(one)) for name, row in zone.differences.items()
             for rival, one in row.items()],
        ),
        "depth": _markdown(
            ("", "Exact, %", "Mean error, parts"),
            [(_name(zone, name), f"{100 * row['exact']:.1f}", f"{row['mean_error']:.2f}") for name, row in
             zone.depth.items()],
        ),
        "daily": _markdown(
            ("", "Mean h/day", "Observed h/day", "Mean error, h", "Correlation"),
            [(_name(zone, name), f"{row['hours']:.1f}", f"{row['observed_hours']:.1f}",
              f"{row['mean_error_hours']:.2f}", f"{row['correlation']:.2f}") for name, row in zone.daily.items()],
        ),
        "outages": _markdown(
            ("Limit, MW a circuit", "On with one circuit, %", "On with two in tight hours, %", "MCC with one circuit"),
            [(row["limit_mw"], f"{100 * float(row['one_circuit']):.1f}", f"{100 * float(row['two_tight']):.1f}",
              f"{float(row['one_circuit_mcc']):.2f}" if "one_circuit_mcc" in row else "") for row in _thinned(zone)],
        ),
        "energy": _markdown(
            ("Unit", "Cut, % of its potential"),
            [(name, f"{value:.1f}") for name, value in zone.energy_cut_percent.items()],
        ),
        "slopes": _markdown(
            ("Reading", "Largest error of the linear flow, MW", "Mean", "States without solution"),
            [(name, f"{largest:.2f}", f"{mean:.2f}", unsolved) for name, (largest, mean, unsolved) in
             zone.slopes.items()],
        ),
        "table_mcc": "" if zone.at_table is None else f"{zone.at_table.mcc:.3f}",
        "choices": ", ".join(dict.fromkeys(zone.choices)),
        **_words_of_zone(zone),
    }  # fmt: skip


def _words_of_zone(zone: ZoneScores) -> dict[str, str]:
    """Return single numbers and verdicts that a page's text names."""
    names = {"primary": zone.primary, "rule": RULE, "logit": LOGIT, "best": BEST}
    words = {f"mcc_{word}": f"{zone.scores[name].mcc:.2f}" for word, name in names.items() if name in zone.scores}
    first = f"{zone.primary}_"
    words |= {f"mcc_{name.removeprefix(first)}": f"{score.mcc:.2f}" for name, score in zone.scores.items()
              if name.startswith(first)}  # fmt: skip
    for rival, word in ((RULE, "rule"), (LOGIT, "logit")):
        words[f"verdict_{word}"] = zone.differences[zone.primary][rival].verdict
        if BEST in zone.differences:
            words[f"verdict_best_{word}"] = zone.differences[BEST][rival].verdict
    for row in zone.outages[:1]:
        words |= {
            f"observed_{word}": f"{100 * float(row[name]):.1f}"
            for word, name in (("one", "one_circuit"), ("tight", "two_tight"))
        }
    limit = zone.limits_mw[zone.primary]
    words["limit"] = f"{limit:g}"
    for row in zone.outages[1:]:
        if row["limit_mw"] == limit:
            words |= {name: f"{100 * float(row[name]):.1f}" for name in ("one_circuit", "two_tight")}
    return words


def _thinned(zone: ZoneScores) -> list[dict[str, float | str]]:
    """Return the observed row, some limits, and the one that is best on all rows."""
    observed, curve = zone.outages[:1], zone.outages[1:]
    step = max(1, (len(curve) - 1) // (SHOWN_LIMITS - 1))
    best = zone.limits_mw[zone.primary]
    return [*observed, *(row for k, row in enumerate(curve) if k % step == 0 or row["limit_mw"] == best)]


def _name(zone: ZoneScores, name: str) -> str:
    return f"**{name}**" if name in (zone.primary, BEST) else f"*{name}*" if name in (RULE, LOGIT) else name


def _cells(score: OnOff) -> tuple[str, ...]:
    values = score.accuracy, score.precision, score.recall, score.f1, score.mcc
    return tuple(f"{value:.3f}" for value in values)


def _difference(one: Difference) -> tuple[str, str, str]:
    return f"{one.mcc:+.3f}", f"{one.low:+.3f} to {one.high:+.3f}", one.verdict


def _markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join(str(cell) for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines) if len(lines) > 2 else "None."


def tables(found: Comparison) -> list[Table]:
    """Return the scores and differences of each zone for the screen."""
    shown = []
    for zone in found.zones:
        how = "as fitted before" if found.fitted_before else "limits chosen by the other weeks"
        title = f"zone {zone.zone}: {zone.rows} rows, on in {100 * zone.base_rate:.1f} % ({how})"
        scores = Table(title=title, title_justify="left")
        for column in ("reading", "accuracy", "precision", "recall", "F1", "MCC"):
            scores.add_column(column, justify="left" if column == "reading" else "right")
        for name, score in zone.scores.items():
            scores.add_row(f"{name} (primary)" if name == zone.primary else name, *_cells(score))
        against = Table(title="difference in MCC", title_justify="left")
        for column in ("model", "against", "difference", "95 % interval", "verdict"):
            against.add_column(column)
        for name, row in zone.differences.items():
            for rival, one in row.items():
                against.add_row(name, rival, *_difference(one))
        shown += [scores, against]
    return shown
