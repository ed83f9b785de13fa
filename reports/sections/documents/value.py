"""The report on the ledger of matching: where energy and certificates go, shares in both definitions, who pays whom."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from reports.document import digits
from reports.document.blocks import Answer, Block, Heading, Paragraph, Table, Tile, Tiles, figure_block, numbered
from reports.document.texts import Words
from reports.figures.value import where_energy_goes

Record = Mapping[str, Any]
MILLION = 1e6
SHARES = ("local_use_percent", "local_supply_percent", "local_supply_of_year_percent")


def sections(record: Record, words: Words) -> list[Block]:
    """Return the report of the ledger in one language, from its record ``value.json``; the last scenario is told."""
    last = record["scenarios"][-1]
    found = last["figures"]
    city = record["municipality"].get(words.language) or record["municipality"]["en"]
    names = ("use", "supply", "year")
    tiles = [
        Tile(_percent(found[key]), "", words(f"value.tile.{name}")) for name, key in zip(names, SHARES, strict=True)
    ]
    tiles.append(Tile(digits.fixed(found["co2_avoided_t"], 0), "", words("value.tile.co2")))
    blocks = [
        Paragraph(words("value.about", city=city), is_note=True),
        *([] if record["is_year"] else [Paragraph(words("results.days"), is_note=True)]),
        Heading(words("title.question"), is_small=True),
        Paragraph(words("value.question")),
        Answer(words("title.answer"), answer(record, words)),
        Tiles(tiles),
        figure_block(where_energy_goes(record, words), words),
        _energy(record, words),
        _certificates(last, record, words),
        _money(last, record, words),
        _more(record, words),
        _paid(record, words),
        Paragraph(words("value.note.order"), is_note=True),
        Paragraph(words("value.note.kept"), is_note=True),
        *_negative(record, words),
        *_left_out(last, words),
    ]
    return numbered(blocks, words)


def answer(record: Record, words: Words) -> list[str]:
    """Return the sentences of the answer, of the last scenario."""
    last, values = record["scenarios"][-1], record["values"]
    found = last["figures"]
    energy = {
        name: digits.quantity(found[f"{name}_mwh"], "MWh") for name in ("local", "generated", "partner", "market")
    }
    use, supply, year = (_percent(found[key]) for key in SHARES)
    return [
        words("value.answer.energy", title=words.of(last, "title"), use=use, **energy),
        words("value.answer.shares", supply=supply, year=year),
        words(
            "value.answer.money",
            used=digits.quantity(found["certificates_used_mwh"], "MWh"),
            co2=digits.fixed(found["co2_avoided_t"], 0),
            factor=digits.plain(values["emission_factor"]),
            fund=_million(found["fund_jpy"]),
        ),
        words(
            "value.answer.turn",
            ownership=digits.plain(values["local_ownership"]),
            spread=digits.plain(values["imbalance_spread"]),
        ),
    ]


def buyer_name(name: str, record: Record, words: Words) -> str:
    """Return the name of a buyer or of the market."""
    known = {row["buyer_id"]: row for row in record["buyers"]}
    return words.of(known[name], "name") if name in known else words.choice("value.party", name)


def _energy(record: Record, words: Words) -> Table:
    columns = ("scenario", "generated", "local", "partner", "market", "use", "supply", "year")
    rows = []
    for one in record["scenarios"]:
        energy = [one["figures"][f"{name}_mwh"] for name in ("generated", "local", "partner", "market")]
        shares = [_percent(one["figures"][key]) for key in SHARES]
        rows.append([words.of(one, "title"), *(digits.quantity(mwh, "MWh") for mwh in energy), *shares])
    header = [words(f"value.column.{name}") for name in columns]
    return Table(words("value.table.energy"), header, ["left"] + ["right"] * 7, rows)


def _certificates(one: Record, record: Record, words: Words) -> Table:
    rows = [
        [
            words(f"value.class.{row['certificate']}"),
            buyer_name(row["buyer"], record, words),
            digits.quantity(row["mwh"], "MWh"),
        ]
        for row in one["certificates_mwh"]
    ]
    header = [words(f"value.column.{name}") for name in ("certificate", "buyer", "mwh")]
    caption = words("value.table.certificates", title=words.of(one, "title"))
    return Table(caption, header, ["left", "left", "right"], rows)


def _money(one: Record, record: Record, words: Words) -> Table:
    rows = [
        [
            words(f"value.item.{row['item']}"),
            buyer_name(row["payer"], record, words),
            buyer_name(row["receiver"], record, words),
            _million(row["jpy"]),
        ]
        for row in one["payments"]
    ]
    header = [words(f"value.column.{name}") for name in ("item", "payer", "receiver")]
    header.append(words("question.million", money=words.money))
    caption = words("value.table.money", title=words.of(one, "title"))
    return Table(caption, header, ["left", "left", "left", "right"], rows)


def _more(record: Record, words: Words) -> Table:
    header = [
        words(f"value.column.{name}")
        for name in ("scenario", "above", "below", "imbalance", "kept", "small_pv", "fund")
    ]
    rows = [
        [
            words.of(one, "title"),
            *(digits.quantity(one["figures"][f"{name}_plan_mwh"], "MWh") for name in ("above", "below")),
            *(_million(one["figures"][f"{name}_jpy"]) for name in ("imbalance", "kept", "small_pv", "fund")),
        ]
        for one in record["scenarios"]
    ]
    return Table(words("value.table.more"), header, ["left"] + ["right"] * 6, rows)


def _paid(record: Record, words: Words) -> Table:
    items = list(record["scenarios"][0]["paid"])
    header = [words("value.column.scenario"), *(words(f"value.paid.{item}") for item in items)]
    rows = [[words.of(one, "title"), *(_million(one["paid"][item]) for item in items)] for one in record["scenarios"]]
    return Table(words("value.table.paid"), header, ["left"] + ["right"] * len(items), rows)


def _negative(record: Record, words: Words) -> list[Block]:
    names = ", ".join(record["negative_prices"])
    return [Paragraph(words("value.note.negative", names=names), is_note=True)] if names else []


def _left_out(one: Record, words: Words) -> list[Block]:
    found: list[Block] = []
    if one["unsolved_steps"]:
        found.append(Paragraph(words("value.note.unsolved", steps=one["unsolved_steps"]), is_note=True))
    if one["clipped_mwh"] > 0.0:
        found.append(
            Paragraph(words("value.note.clipped", mwh=digits.quantity(one["clipped_mwh"], "MWh")), is_note=True)
        )
    return found


def _percent(value: float | None) -> str:
    return digits.NOT_DEFINED if value is None or math.isnan(value) else digits.fixed(value, 1)


def _million(jpy: float) -> str:
    return digits.fixed(jpy / MILLION, 2 if abs(jpy) < 10 * MILLION else 1)
