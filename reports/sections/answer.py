"""The answer on page one: is there congestion and on which criterion, does control help, who pays."""

from __future__ import annotations

import math
from statistics import median

from reports.document.blocks import Block, Table, figure_block
from reports.document.digits import MILLION_MONEY, NOT_DEFINED, difference, fixed, quantity, span
from reports.document.texts import Words
from reports.figures import schematic
from reports.reading.detail import Focus
from reports.reading.headline import (
    NO_MONEY_MILLION,
    Matrix,
    assumed_area_level,
    both_ways,
    matrix,
    money_base,
    statement,
    what_control_takes_back,
)
from reports.reading.labels import point_label, scenario_title, value_label
from reports.reading.run_folder import benefit_kpi, controlled_scenarios
from twin.metrics.comparisons import TIGHTEST_HALF_HOURS
from twin.metrics.run_folder import Member, Run

CONGESTION = "curtailed_congestion_mwh"
LITTLE_PERCENT = 0.1
"""Below this share of available energy congestion is called little."""
NEUTRAL_MWH = 1.0
"""Below this net benefit in every case control is said to make no difference."""
RATING_PERCENT = 100.0


def sentences(run: Run, focus: Focus, period: str, words: Words) -> list[str]:
    """Return how much congestion there is on which criterion, what control changes, and who pays."""
    return [_congestion(run, focus, period, words), _control(run, focus, words), _money(run, focus, words)]


def page_one(run: Run, focus: Focus, words: Words) -> list[Block]:
    """Return the matrix, the small picture, and one line for each of the other sides."""
    ways = both_ways(run, focus.scenario)
    found = matrix(run, focus.scenario)
    lines = _lines(run, focus, words)
    picture = figure_block(schematic.link(run, focus, ways, words), words)
    cells = len(found.members)
    return [*([matrix_table(run, focus, found, words)] if cells > 1 else []), picture, lines]


def _congestion(run: Run, focus: Focus, period: str, words: Words) -> str:
    cut = run.kpi(focus.scenario, CONGESTION)
    percent = run.kpi(focus.scenario, "curtailed_congestion_percent_of_available")
    size = "none" if max(cut) == 0 else "little" if max(percent) < LITTLE_PERCENT else "some"
    found = matrix(run, focus.scenario)
    parts = [_by_criterion(found, number, words) for number in range(len(found.criteria)) if found.row(number)]
    size = "never" if parts == [words("answer.where.none")] else size  # no criterion to name
    names = [value_label(found.criterion_key, one, words) for one in found.criteria] if found.criterion_key else []
    return words(
        f"answer.congestion.{size}", scenario=scenario_title(run, focus.scenario, words), period=period,
        parts=words("answer.separator").join(parts), criteria=words("list.alternatives").join(names),
    ) + _area(run, focus, words)  # fmt: skip


def _by_criterion(found: Matrix, number: int, words: Words) -> str:
    members = found.row(number)
    cut = [member.kpis[CONGESTION] for member in members]
    hours = [member.kpis["congested_hours"] for member in members]
    what = _where(found, members, words)
    amount = {"energy": span(cut, "MWh", words.between), "hours": span(hours, "h", words.between)}
    text = words("answer.where.amount", where=what, **amount) if max(cut) > 0 else what
    if found.criterion_key is None:
        return text
    criterion = value_label(found.criterion_key, found.criteria[number], words)
    return words("answer.criterion", criterion=criterion, what=text)


def _where(found: Matrix, members: list[Member], words: Words) -> str:
    """Say at which values of what is not known congestion occurs."""
    congested = [member.kpis[CONGESTION] > 0 for member in members]
    count = sum(congested)
    if count == 0:
        return words("answer.where.none")
    if len(members) == 1:
        return words("answer.where.there")
    if count == len(members):
        return words("answer.where.all")
    keys = list(found.columns[0])
    labels = [
        words("sweep.separator").join(value_label(key, member.sweep[key], words) for key in keys) for member in members
    ]
    if len(keys) == 1 and all(_is_number(member.sweep[keys[0]]) for member in members):
        order = sorted(range(len(members)), key=lambda at: members[at].sweep[keys[0]])
        ranked = [congested[at] for at in order]
        if all(ranked[:count]):
            return words("answer.where.below", value=labels[order[count - 1]])
        if all(ranked[-count:]):
            return words("answer.where.above", value=labels[order[-count]])
    some = [label for label, is_congested in zip(labels, congested, strict=True) if is_congested]
    return words("answer.where.some", values=words("list.separator").join(some))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _area(run: Run, focus: Focus, words: Words) -> str:
    """Say what the balance of the area takes, in fact and in the settlement, and what it rests on."""
    physical = run.kpi(focus.scenario, "curtailed_area_balance_mwh")
    if max(physical) == 0:
        return words("answer.area.none")
    settled = run.kpi(focus.scenario, "settled_area_balance_mwh")
    text = words(
        "answer.area", physical=span(physical, "MWh", words.between), settled=span(settled, "MWh", words.between)
    )
    level = assumed_area_level(run)
    if level is None:
        return text
    value, stated = level
    key = "answer.area.level" if stated is None else "answer.area.level.range"
    ends = {} if stated is None else {name: fixed(float(stated[name]), 0) for name in ("low", "high")}
    return text + words(key, level=f"{value:g}", **ends)


def rank_controls(run: Run) -> list[str]:
    """Return the controlled scenarios that have a net benefit, the one with the largest median first."""
    kpi = benefit_kpi(run)
    valued = [name for name in controlled_scenarios(run) if all(math.isfinite(value) for value in run.kpi(name, kpi))]
    return sorted(valued, key=lambda scenario: -median(run.kpi(scenario, kpi)))


def strongest_control(run: Run, focus: Focus) -> str | None:
    """Return the controlled scenario that takes back most of the added loading, else the best of `rank_controls`."""
    back = what_control_takes_back(run, focus)
    judged = {name: found.of_loading_percent for name, found in back.items() if math.isfinite(found.of_loading_percent)}
    if judged:
        return max(judged, key=lambda name: judged[name])
    ranked = rank_controls(run)
    return ranked[0] if ranked else None


def _control(run: Run, focus: Focus, words: Words) -> str:
    ranked, best = rank_controls(run), strongest_control(run, focus)
    if best is None or not ranked:
        return words("answer.control.nothing")
    title, point = scenario_title(run, best, words), point_label(run, focus.busy_point, words)
    back = what_control_takes_back(run, focus).get(best)
    text = ""
    if back is not None:
        shares = {
            "congestion": _share(back.of_congestion_percent), "loading": _share(back.of_loading_percent),
            "added": quantity(max(back.added_mwh, 0.0), "MWh"), "percent": quantity(back.added_percent, "%"),
        }  # fmt: skip
        has = (math.isfinite(back.of_congestion_percent), math.isfinite(back.of_loading_percent))
        key = {(True, True): "both", (True, False): "congestion", (False, True): "loading"}.get(has, "neither")
        text = words(f"answer.back.{key}", scenario=title, point=point, count=TIGHTEST_HALF_HOURS, **shares)
    kpi = benefit_kpi(run)
    energy = run.kpi(best, kpi)
    text += words(
        f"answer.energy.{_sign(energy)}", scenario=title, energy=span([abs(v) for v in energy], "MWh", words.between),
        signed=span(energy, "MWh", words.between), against=words(f"against.{kpi}"),
        good=sum(value > 0 for value in energy), count=len(energy),
    )  # fmt: skip
    cheapest = ranked[0]
    if cheapest == best:
        return text
    least = span(run.kpi(cheapest, kpi), "MWh", words.between)
    return text + words("answer.energy.best", scenario=scenario_title(run, cheapest, words), energy=least)


def _share(percent: float) -> str:
    return fixed(percent, 0) if math.isfinite(percent) else NOT_DEFINED


def _sign(benefit: list[float]) -> str:
    if all(abs(value) < NEUTRAL_MWH for value in benefit):
        return "neutral"
    if min(benefit) > 0:
        return "gain"
    return "cost" if max(benefit) < 0 else "mixed"


def _money(run: Run, focus: Focus, words: Words) -> str:
    paid, base = statement(run, focus.point), money_base(run)
    best = strongest_control(run, focus)
    if base is None or best is None or best not in paid:
        return words("answer.money.nothing")
    moved = sorted(
        ((party, value) for party, value in paid[best].items() if abs(value) >= NO_MONEY_MILLION),
        key=lambda pair: pair[1],
    )
    names = {"scenario": scenario_title(run, best, words), "base": scenario_title(run, base, words),
             "point": point_label(run, focus.point, words)}  # fmt: skip
    if not moved:
        return words("answer.money.none", **names)
    parties = words("list.separator").join(
        words("answer.party", party=words(f"party.{party}"), money=difference(value, MILLION_MONEY))
        for party, value in moved
    )
    return words("answer.money", parties=parties, **names)


def matrix_table(run: Run, focus: Focus, found: Matrix, words: Words) -> Table:
    """Return criterion x what is not known: congestion cut, hours, and hours with a broken criterion beforehand."""
    labels = [
        words("sweep.separator").join(value_label(key, value, words) for key, value in column.items())
        or words("sweep.base")
        for column in found.columns
    ]
    rows, shades = [], []
    for number, criterion in enumerate(found.criteria):
        name = words("sweep.base") if found.criterion_key is None else value_label(
            found.criterion_key, criterion, words
        )  # fmt: skip
        cells, marks = [], [""]
        for column in range(len(found.columns)):
            member = found.members.get((number, column))
            cells.append(NOT_DEFINED if member is None else _cell(member, words))
            marks.append("" if member is None else _shade(member))
        rows.append([name, *cells])
        shades.append(marks)
    caption = words("table.matrix", scenario=scenario_title(run, focus.scenario, words))
    widths = ["1.3fr", *["1fr"] * len(labels)]
    return Table(caption, [words("column.criterion"), *labels], ["left"] * (1 + len(labels)), rows, widths, shades)


def _cell(member: Member, words: Words) -> str:
    kpis = member.kpis
    return words(
        "matrix.cell", energy=quantity(kpis[CONGESTION], "MWh"), hours=quantity(kpis["congested_hours"], "h"),
        broken=quantity(kpis["criterion_broken_hours"], "h"),
    )  # fmt: skip


def _shade(member: Member) -> str:
    if member.kpis[CONGESTION] == 0:
        return "good"
    return "some" if member.kpis["curtailed_congestion_percent_of_available"] < LITTLE_PERCENT else "much"


def _lines(run: Run, focus: Focus, words: Words) -> Table:
    """Return one line a side: export and import after a trip, diesels, voltage after a trip; ranges over all points."""
    scenario = focus.scenario
    ways = both_ways(run, scenario)
    rows = []
    for name, way in ways.items():
        worst = [value for value in way.worst_percent.values() if math.isfinite(value)]
        if not worst:
            rows.append([words(f"line.{name}"), words("line.never")])
            continue
        state = "over" if max(worst) > RATING_PERCENT else "within"
        rows.append([
            words(f"line.{name}"),
            words(
                f"line.way.{state}", percent=span(worst, "%", words.between),
                headroom=span(way.least_headroom_mw.values(), "MW", words.between),
            ),
        ])  # fmt: skip
    diesel = run.kpi(scenario, "diesel_mwh")
    rows.append([words("line.diesel"), words("line.diesel.some", energy=span(diesel, "MWh", words.between))
                 if max(diesel) > 0 else words("line.diesel.none")])  # fmt: skip
    voltage = {"lowest": span(run.kpi(scenario, "all_outage_low_vm_min_pu"), "pu", words.between),
               "hours": span(run.kpi(scenario, "all_outage_voltage_only_hours"), "h", words.between),
               "intact": span([*run.kpi(scenario, "vm_min_pu"), *run.kpi(scenario, "vm_max_pu")], "pu", words.between),
               "outside": span(run.kpi(scenario, "voltage_outside_hours"), "h", words.between)}  # fmt: skip
    rows.append([words("line.voltage.intact"), words("line.voltage.intact.said", **voltage)])
    rows.append([words("line.voltage.trip"), words("line.voltage.trip.said", **voltage)])
    unsolved = run.kpi(scenario, "unsolved_half_hours")
    if max(unsolved) > 0:
        rows.append([words("line.unsolved"), words("line.unsolved.said", count=span(unsolved, "count", words.between))])
    caption = words("table.lines", scenario=scenario_title(run, scenario, words))
    return Table(caption, [words("column.side"), words("column.found_out")], ["left", "left"], rows, ["1fr", "2.9fr"])
