"""Which page answers which kind of question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reports.document.blocks import Block
from reports.document.texts import Words
from reports.sections.questions import comparisons, connect, holding, onset
from reports.sections.questions.page import Page, blocks

PAGES: Mapping[str, Callable[[Mapping[str, Any], Words], Page]] = {
    "connect": connect.page,
    "holding": holding.page,
    "onset": onset.page,
    "hosting": onset.hosting_page,
    "intertrip": comparisons.intertrip,
    "tariffs": comparisons.tariffs,
    "fip": comparisons.fip,
    "blackout": comparisons.blackout,
    "path": comparisons.path,
    "maintenance": comparisons.maintenance,
}
"""By ``kind`` of the record."""

TOLD: Mapping[str, tuple[str, ...]] = {
    "holding": (holding.HELD,),
    "intertrip": ("cap_14", "no_cap"),
    "tariffs": ("habit", "free_hour", "free_hour_1600", "free_hour_4000", "linked_price", "price", "signals",
                "order_8_10", "order_10_14", "order_14_16"),
    "fip": ("fit", "fit_alone", "fip_none", "fip_alone", "fip_rest", "fip_price", "fip_aware", "fip_grid_half",
            "fip_grid_example", "fip_grid_double"),
}  # fmt: skip
"""Scenarios that the sentences of a page tell of by name: a study of the kind has them all."""


def page_of(record: Mapping[str, Any], words: Words) -> Page:
    """Return what a record's page says, in the language of the words."""
    return PAGES[record["kind"]](record, words)


def sections(record: Mapping[str, Any], words: Words) -> list[Block]:
    """Return the blocks of a record's page, in the language of the words."""
    return blocks(record, page_of(record, words), words)
