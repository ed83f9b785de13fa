"""The report on the business at small sites: capital, yearly balance, payback, lives, what would turn it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reports.document import digits
from reports.document.blocks import Answer, Block, Heading, Paragraph, Table, Tile, Tiles, figure_block, numbered
from reports.document.texts import Words
from reports.figures.value import payback

Record = Mapping[str, Any]
LIVES = ("pv_tax_life", "battery_tax_life", "pv_life", "battery_life")
ITEMS = ("ppa", "ppa_surplus", "battery_lease", "ppa_running_cost")
MILLION, THOUSAND = 1e6, 1e3


def sections(record: Record, words: Words) -> list[Block]:
    """Return the report of the business in one language, from its record ``ppa.json``."""
    stated = record["cases"][0]
    pv_kw = digits.fixed(record["pv_kw"], 0)
    tiles = [
        Tile(digits.fixed(record["capital_jpy"] / MILLION, 0), "", words("ppa.tile.capital")),
        Tile(digits.fixed(record["subsidy_jpy"] / MILLION, 0), "", words("ppa.tile.subsidy")),
        Tile(years_text(stated["payback_years"], words), "", words("ppa.tile.payback")),
        Tile(years_text(stated["payback_without_years"], words), "", words("ppa.tile.without")),
    ]
    grid = record["sensitivity"]
    blocks: list[Block] = [
        Paragraph(words("ppa.about", batteries=record["batteries"], pv_kw=pv_kw), is_note=True),
        Heading(words("title.question"), is_small=True),
        Paragraph(words("ppa.question")),
        Answer(words("title.answer"), answer(record, words)),
        Tiles(tiles),
        figure_block(payback(record, words), words),
        _cases(record, words),
        _lives(record, words),
        _by_lives(record, words),
        _grid(words("ppa.table.with"), grid, grid["with_subsidy"], words),
        _grid(words("ppa.table.without"), grid, grid["without_subsidy"], words),
    ]
    return numbered(blocks, words)


def answer(record: Record, words: Words) -> list[str]:
    """Return the sentences of the answer; the model's case is that with the shortest payback."""
    stated, *modelled = record["cases"]
    values = record["values"]
    found = [words("ppa.answer.stated", **_paybacks(stated, words))]
    if modelled:
        best = min(modelled, key=lambda case: case["payback_years"] or float("inf"))
        own, planned = (digits.quantity(case["own_mwh"], "MWh") for case in (best, stated))
        title = words.of(best, "title")
        found.append(words("ppa.answer.model", **_paybacks(best, words), title=title, own=own, stated=planned))
    else:
        found.append(words("ppa.partial"))
    short = [words(f"ppa.life.{name}", years=digits.plain(values[name])) for name in shorter_lives(record)]
    if short:
        found.append(words("ppa.answer.lives.short", lives=words("ppa.and").join(short)))
    else:
        found.append(words("ppa.answer.lives.long"))
    found.append(_renewal(record, words))
    life, needed = digits.plain(values["battery_life"]), stated["battery_break_even_without_jpy"]
    if needed <= 0.0:
        return [*found, words("ppa.answer.never", life=life)]
    cost, most = (digits.fixed(each / THOUSAND, 0) for each in (values["battery_cost"], needed))
    return [*found, words("ppa.answer.turn", without=most, life=life, cost=cost)]


def _renewal(record: Record, words: Words) -> str:
    stated, values = record["cases"][0], record["values"]
    after = digits.fixed(stated["after_contract_jpy"] / MILLION, 0)
    told = {"after": after, "years": digits.plain(values["contract_years"])}
    if stated["replaced_jpy"] == 0.0:
        return words("ppa.answer.no_renewal", low=digits.plain(record["shortest_life"]), **told)
    replaced = digits.fixed((stated["replaced_jpy"] or 0.0) / MILLION, 0)
    return words("ppa.answer.renewal", replaced=replaced, **told)


def shorter_lives(record: Record) -> list[str]:
    """Return which lives are shorter than the payback with the plan's energies."""
    years = record["cases"][0]["payback_years"]
    return [name for name in LIVES if years is None or record["values"][name] < years]


def years_text(years: float | None, words: Words) -> str:
    """Return a payback in years, or that it never comes."""
    return words("ppa.never") if years is None else digits.fixed(years, 1)


def _paybacks(case: Record, words: Words) -> dict[str, str]:
    return {
        "with_subsidy": years_text(case["payback_years"], words),
        "without": years_text(case["payback_without_years"], words),
    }


def _cases(record: Record, words: Words) -> Table:
    header = [words(f"ppa.column.{name}") for name in ("case", "own", "surplus", *ITEMS, "balance", "with", "without")]
    header.append(words("ppa.column.after", years=digits.plain(record["values"]["contract_years"])))
    rows = []
    for case in record["cases"]:
        name = words("ppa.case.stated") if case["name"] == "stated" else words.of(case, "title")
        money = [case["items_jpy"][item] for item in ITEMS] + [case["balance_jpy"]]
        rows.append(
            [
                name,
                *(digits.quantity(case[energy], "MWh") for energy in ("own_mwh", "surplus_mwh")),
                *(digits.fixed(jpy / MILLION, 1) for jpy in money),
                years_text(case["payback_years"], words),
                years_text(case["payback_without_years"], words),
                digits.fixed(case["after_contract_jpy"] / MILLION, 0),
            ]
        )
    return Table(words("ppa.table.cases"), header, ["left"] + ["right"] * (len(header) - 1), rows)


def _lives(record: Record, words: Words) -> Table:
    values, short = record["values"], shorter_lives(record)
    header = [words(f"ppa.column.{name}") for name in ("life", "shorter")]
    rows = [
        [words(f"ppa.life.{name}", years=digits.plain(values[name])), words("ppa.yes" if name in short else "ppa.no")]
        for name in LIVES
    ]
    years = years_text(record["cases"][0]["payback_years"], words)
    return Table(words("ppa.table.lives", years=years), header, ["left", "left"], rows)


def _by_lives(record: Record, words: Words) -> Table:
    grid, column = record["by_lives"], "ppa.column.battery_years"
    header = [words("ppa.column.pv_years")]
    header += [words(column, years=digits.plain(life)) for life in grid["battery_life"]]
    rows = [
        [digits.plain(life), *(digits.fixed(jpy / MILLION, 0) for jpy in row)]
        for life, row in zip(grid["pv_life"], grid["left_jpy"], strict=True)
    ]
    years = digits.plain(record["values"]["contract_years"])
    return Table(words("ppa.table.lives_left", years=years), header, ["right"] * len(header), rows)


def _grid(caption: str, grid: Record, years: Sequence[Sequence[float | None]], words: Words) -> Table:
    header = [words("ppa.column.cost"), *(f"{digits.quantity(own, 'MWh')} MWh" for own in grid["own_mwh"])]
    rows = [
        [digits.fixed(cost / THOUSAND, 0), *(years_text(value, words) for value in row)]
        for cost, row in zip(grid["battery_cost_jpy"], years, strict=True)
    ]
    return Table(caption, header, ["right"] * len(header), rows)
