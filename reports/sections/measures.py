"""What could be done, who gains and loses, and who is cut in which order."""

from __future__ import annotations

from reports.document import digits
from reports.document.blocks import Block, Heading, Paragraph, Table, figure_block
from reports.document.digits import MILLION_MONEY, NOT_DEFINED, difference, quantity
from reports.document.texts import Words
from reports.figures import curtailment, parties
from reports.reading.detail import Detail, Focus
from reports.reading.headline import PARTY_KPIS, matrix, money_base, statement
from reports.reading.labels import change_name, change_value, member_label, point_label, scenario_title, value_label
from reports.reading.onset import read_onset
from reports.reading.run_folder import benefit_kpi, congestion_rule, has_market
from reports.sections import answer
from twin.core.units import MONEY_PER_MILLION
from twin.metrics.run_folder import Member, Run

CUSTOMERS, OWNERS = PARTY_KPIS["customers"], PARTY_KPIS["owners"]


def side_by_side(run: Run, focus: Focus, words: Words) -> list[Block]:
    """Return every measure that the run knows in one table, each alone from the same start."""
    start = run.member(focus.scenario, focus.point)
    rows = [_row(words("measure.start", point=point_label(run, focus.point, words)), start, start, words)]
    found = matrix(run, focus.scenario)
    if found.criterion_key is not None:
        others = {key: value for key, value in start.sweep.items() if key != found.criterion_key}
        rows += [
            _row(value_label(found.criterion_key, member.sweep[found.criterion_key], words), member, start, words)
            for member in run.of(focus.scenario)
            if member is not start and all(member.sweep[key] == value for key, value in others.items())
        ]
    rows += [
        _row(scenario_title(run, scenario, words), run.member(scenario, focus.point), start, words)
        for scenario in run.scenarios if scenario != focus.scenario
    ]  # fmt: skip
    rows += _tried(run, words)
    least, of = min((run.member(name, focus.point).kpis[answer.CONGESTION], name) for name in run.scenarios)
    message = words(
        "message.measures", scenario=scenario_title(run, of, words), energy=quantity(least, "MWh"),
        start=quantity(start.kpis[answer.CONGESTION], "MWh"),
    )  # fmt: skip
    names = ("measure", "cut_mwh", "congested_hours", "broken_hours", "energy_change", "import_change", "owners_change",
             "customers_change")  # fmt: skip
    header = [words(f"column.{name}") for name in names]
    table = Table(words("table.measures"), header, ["left", *["right"] * 7], rows, ["2fr", *["1fr"] * 7])
    return [
        Heading(words("section.measures"), message=message, starts_page=True),
        table,
        Paragraph(words("note.measures"), is_note=True),
    ]


def _row(name: str, member: Member, start: Member, words: Words) -> list[str]:
    kpis, first = member.kpis, start.kpis
    is_start = member is start

    def change(names: tuple[str, ...], unit: str, scale: float = 1.0) -> str:
        if is_start:
            return NOT_DEFINED
        return difference(sum((kpis[one] - first[one]) for one in names) * scale, unit)

    return [
        name,
        quantity(kpis[answer.CONGESTION], "MWh"),
        quantity(kpis["congested_hours"], "h"),
        quantity(kpis["criterion_broken_hours"], "h"),
        change(("energy_used_mwh",), "MWh"),
        change(("import_mwh",), "MWh"),
        change(OWNERS, MILLION_MONEY, 1 / MONEY_PER_MILLION),
        change(CUSTOMERS, MILLION_MONEY, 1 / MONEY_PER_MILLION),
    ]


def _tried(run: Run, words: Words) -> list[list[str]]:
    tried = read_onset(run)
    if tried is None:
        return []
    return [
        [words("tried.change", name=change_name(run, one.key, words), value=change_value(run, one, words)),
         quantity(one.cut_mwh, "MWh"), quantity(one.congested_hours, "h"), quantity(one.criterion_broken_hours, "h"),
         *[NOT_DEFINED] * 4]
        for one in tried.changes
    ]  # fmt: skip


def who_gains(run: Run, focus: Focus, words: Words) -> list[Block]:
    """Return the one statement of money by party, and what control costs in energy."""
    paid, base = statement(run, focus.point), money_base(run)
    heading = words("section.parties")
    if not paid or base is None:
        return [Heading(heading, message=words("message.parties.nothing"), starts_page=True)]
    best = answer.strongest_control(run, focus) or next(iter(paid))
    of_best = paid.get(best) or next(iter(paid.values()))
    loser, gainer = min(of_best, key=lambda p: of_best[p]), max(of_best, key=lambda p: of_best[p])
    message = words(
        "message.parties", scenario=scenario_title(run, best, words), loser=words(f"party.{loser}"),
        loss=difference(of_best[loser], MILLION_MONEY), gainer=words(f"party.{gainer}"),
        gain=difference(of_best[gainer], MILLION_MONEY),
    )  # fmt: skip
    titles = [scenario_title(run, scenario, words) for scenario in paid]
    rows = [
        [words(f"party.{party}"), *(difference(of_scenario[party], MILLION_MONEY) for of_scenario in paid.values())]
        for party in PARTY_KPIS
    ]
    sums = [difference(round(sum(of_scenario.values()), 6), MILLION_MONEY) for of_scenario in paid.values()]
    rows.append([words("party.sum"), *sums])
    kpi = benefit_kpi(run)
    energy = [run.member(scenario, focus.point).kpis[kpi] for scenario in paid]
    rows.append([words("party.energy"), *(difference(value, "MWh") for value in energy)])
    align = ["left", *["right"] * len(titles)]
    point = point_label(run, focus.point, words)
    caption = words("table.parties", base=scenario_title(run, base, words), point=point)
    return [
        Heading(heading, message=message, starts_page=True),
        figure_block(parties.gains(run, paid, base, focus.point, words), words),
        Table(caption, [words("column.party"), *titles], align, rows),
        Paragraph(words("note.parties"), is_note=True),
    ]


def cuts(run: Run, focus: Focus, detail: Detail, words: Words) -> list[Block]:
    """Return what is cut by cause and plant, in the order in which plants are cut."""
    kpis = run.member(focus.scenario, focus.point).kpis
    others = ("area_balance", "voltage", "behind_the_meter")
    causes = {"congestion": kpis[answer.CONGESTION]} | {cause: kpis[f"curtailed_{cause}_mwh"] for cause in others}
    largest = max(causes, key=lambda cause: causes[cause])
    key = "message.cuts" if causes[largest] > 0 else "message.cuts.none"
    message = words(
        key, cause=words(f"cause_of_all.{largest}"), energy=quantity(causes[largest], "MWh"),
        percent=digits.quantity(100.0 * causes[largest] / kpis["available_mwh"], "%"),
    )  # fmt: skip
    settled: list[Block] = []
    if has_market(run):
        member = member_label(run, run.member(focus.scenario, focus.point), words)
        physical, booked = (quantity(kpis[f"{how}_area_balance_mwh"], "MWh") for how in ("curtailed", "settled"))
        settled = [Paragraph(words("text.settled", physical=physical, settled=booked, member=member))]
    return [
        Heading(words("section.curtailment"), message=message, starts_page=True),
        Paragraph(_order(run, words)),
        figure_block(curtailment.by_month_and_unit(run, focus, detail, words), words),
        figure_block(curtailment.by_scenario(run, focus, words), words),
        *settled,
        Paragraph(words("text.curtailment"), is_note=True),
    ]


def _order(run: Run, words: Words) -> str:
    named = f".{congestion_rule(run)}"
    rule = named if words.has(f"text.order{named}") else ""
    return words(f"text.order{rule}{'' if has_market(run) else '.no_area'}")
