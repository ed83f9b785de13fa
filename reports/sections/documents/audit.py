"""The report on a plan's audit: a page for the city's officials, numbers that do not meet, every claim."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from reports.document import digits
from reports.document.blocks import Answer, Block, Bullets, Heading, Paragraph, Table, Tile, Tiles
from reports.document.texts import Words

Record = Mapping[str, Any]
MOST_DIGITS = 2
FEW, MANY = 10.0, 1000.0
"""Below the first a value gets two more digits than the stated one where they differ, below the second one."""


def sections(record: Record, words: Words) -> list[Block]:
    """Return the report of an audit in one language, from its record ``plan_audit.json``."""
    return [
        *first_page(record, words),
        Heading(words("audit.slips")),
        Paragraph(words("audit.slips.text"), is_note=True),
        Bullets([slip_text(slip, words) for slip in record["slips"] if slip["is_there"]]),
        *_unknown(record, words),
        Heading(words("audit.claims")),
        Paragraph(words("audit.claims.text"), is_note=True),
        *(_table(topic, record["claims"], words) for topic in dict.fromkeys(row["topic"] for row in record["claims"])),
    ]


def first_page(record: Record, words: Words) -> list[Block]:
    """Return the page for officials: question, answer, counts, what to settle first."""
    city = record["municipality"].get(words.language) or record["municipality"]["en"]
    counts = record["counts"]
    tiles = [Tile(str(counts[name]), "", words(f"audit.tile.{name}")) for name in COUNTS]
    first = [slip_text(slip, words) for slip in record["slips"] if slip["is_there"] and slip["first_page"]]
    return [
        Paragraph(words("audit.about", city=city, year=record["fiscal_year"]), is_note=True),
        Heading(words("title.question"), is_small=True),
        Paragraph(words("audit.question")),
        Answer(words("title.answer"), answer(record, words)),
        Tiles(tiles),
        Heading(words("audit.first"), is_small=True),
        Bullets(first),
    ]


COUNTS = ("reproduced", "by_input", "differs", "not_testable")


def answer(record: Record, words: Words) -> list[str]:
    """Return the sentences of the answer."""
    own = [row for row in record["claims"] if row["basis"] == "arithmetic"]
    fit = sum(row["verdict"] == "reproduced" for row in own)
    found = sum(slip["is_there"] for slip in record["slips"])
    partial = [] if record["is_year"] else [words("audit.partial")]
    return [
        words("audit.answer.counts", all=len(record["claims"]), **record["counts"]),
        words("audit.answer.sums", tested=len(own), fit=fit),
        words("audit.answer.energy", found=found),
        words("audit.answer.turn"),
        *partial,
    ]


def slip_text(slip: Record, words: Words) -> str:
    """Return the sentence of a slip with its numbers, and its claims."""
    values = {name: digits.fixed(slip[name], slip["digits"]) for name in ("stated", "computed")}
    return f"{words.of(slip, 'text').format(**values)} ({', '.join(slip['claims'].split())})"


def _unknown(record: Record, words: Words) -> list[Block]:
    names = [slip["slip"] for slip in record["slips"] if slip["computed"] is None]
    return [Paragraph(words("audit.unknown", names=", ".join(names)), is_note=True)] if names else []


def _table(topic: str, claims: Sequence[Record], words: Words) -> Table:
    header = [words(f"audit.column.{name}") for name in ("claim", "stated", "computed", "verdict", "because")]
    rows = [
        [
            f"{row['id']} {claim_text(row, words)}\n{where_text(row, words)}",
            f"{stated_text(row)}\n{unit_text(row)}",
            computed_text(row),
            verdict_text(row, words),
            f"{because_text(row, words)}\n{tested_with(row, words)}",
        ]
        for row in claims
        if row["topic"] == topic
    ]
    widths = ["1.1fr", "auto", "auto", "auto", "1.9fr"]
    return Table(words.choice("audit.topic", topic), header, ["left", "right", "right", "left", "left"], rows, widths)


def claim_text(row: Record, words: Words) -> str:
    """Return the claim in words."""
    return str(row["claim_ja"] if words.language == "ja" else row["claim"])


def where_text(row: Record, words: Words) -> str:
    """Return where the plan says it; in Japanese as section and pages only."""
    text = str(row["where"])
    places = re.findall(r"section ([\d.]+), pages? ([\d-]+)( on)?", text)
    if words.language == "en" or not places:
        return text
    return "、".join(
        words("audit.place", section=section, pages=pages + ("～" if on else "")) for section, pages, on in places
    )


def because_text(row: Record, words: Words) -> str:
    """Return why a claim is confirmed, differs or is not testable."""
    if row["verdict"] == "not_testable" and row["basis"] != "none":
        return words("audit.needs_year" if row["basis"] == "run" else "audit.not_known")
    return words.of(row, "because")


def tested_with(row: Record, words: Words) -> str:
    """Return what a claim was tested with: the basis and the formula."""
    basis = words(f"audit.basis.{row['basis']}")
    return f"{basis}: {row['formula']}" if row["formula"] else basis


def unit_text(row: Record) -> str:
    """Return the unit, nothing for a count or a rule."""
    return "" if row["unit"] in ("count", "rule") else str(row["unit"])


def stated_text(row: Record) -> str:
    """Return the stated value as the plan prints it."""
    return digits.fixed(row["value"], _decimals(row["value"]))


def computed_text(row: Record) -> str:
    """Return the computed value, with more digits than the stated one where only they show a difference."""
    return digits.NOT_DEFINED if row["computed"] is None else digits.fixed(row["computed"], _shown(row))


def verdict_text(row: Record, words: Words) -> str:
    """Return the verdict and, where it differs, by how much."""
    text = words(f"audit.verdict.{row['verdict']}")
    if row["verdict"] != "differs":
        return text
    value = digits.fixed(row["difference"], _shown(row))
    value = f"+{value}" if row["difference"] > 0 else value
    share = "" if row["unit"] == "%" or not row["value"] else f" ({100 * row['difference'] / row['value']:+.1f} %)"
    return f"{text}\n{value}{share.replace('-', digits.MINUS)}"


def _decimals(value: float) -> int:
    return 0 if float(value).is_integer() else min(len(f"{value:.10g}".partition(".")[2]), MOST_DIGITS + 1)


def _shown(row: Record) -> int:
    own = _decimals(row["value"])
    apart = abs(row["difference"])
    if not apart >= 10.0**-own / 2:
        return own
    size = abs(row["computed"])
    needed = max(0, 1 - math.floor(math.log10(apart))) if apart < FEW else 0
    return max(own, min(needed, MOST_DIGITS if size < MANY else 0, 1 if size >= FEW else MOST_DIGITS))
