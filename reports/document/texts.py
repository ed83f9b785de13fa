"""The words of reports and certificates in both languages, from the tables of texts."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from twin.core.clock import MINUTES_OF_HALF_HOUR

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


_FILES = (
    "texts.csv", "page_texts.csv", "certificate_texts.csv", "security_texts.csv", "plan_texts.csv",
    "question_texts.csv",
)  # fmt: skip


_OTHER_STEP: dict[Language, tuple[tuple[str, str], ...]] = {
    "en": (("Half-hourly", "{n}-minute"), ("half-hourly", "{n}-minute"), ("Half-hour", "Step"), ("half-hour", "step")),
    "ja": (("30分", "{n}分"), ("コマ", "時間帯")),
}
"""What stands in the texts for half-hours, and what in its place in a study with another step of n minutes."""


@cache
def _table() -> dict[str, dict[str, str]]:
    texts = [(files("reports") / name).read_text(encoding="utf-8") for name in _FILES]
    return {row["key"]: row for text in texts for row in csv.DictReader(io.StringIO(text, newline=""))}


def text_keys() -> tuple[str, ...]:
    """Return the keys of all texts."""
    return tuple(_table())


@dataclass(frozen=True)
class Term:
    """A term of the project in both languages with its definition; without a Japanese one it stands in no report."""

    part: str
    en: str
    ja: str
    definition_en: str
    definition_ja: str

    @property
    def is_in_report(self) -> bool:
        """Whether reports explain it."""
        return bool(self.definition_ja)


@cache
def terms() -> tuple[Term, ...]:
    """Return the project's terms in the order of ``reports/glossary.csv``; docs/glossary.md is made of it."""
    text = (files("reports") / "glossary.csv").read_text(encoding="utf-8")
    return tuple(Term(**row) for row in csv.DictReader(io.StringIO(text, newline="")))


@dataclass(frozen=True)
class Words:
    """The words of one language; amounts of money are in `currency`, a code of three letters.

    The texts speak of half-hours; in a study with another step they speak of steps.
    """

    language: Language
    currency: str = "JPY"
    step_minutes: int = MINUTES_OF_HALF_HOUR

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the text of `key` with `values` put in; a missing key raises `KeyError`."""
        text = _table()[key][self.language]
        if self.step_minutes != MINUTES_OF_HALF_HOUR:
            for half_hour, other in _OTHER_STEP[self.language]:
                text = text.replace(half_hour, other.replace("{n}", str(self.step_minutes)))
        return text.format(currency=self.money, **values)

    def has(self, key: str) -> bool:
        """Return whether there is a text for `key`."""
        return key in _table()

    def of(self, record: Mapping[str, Any], field: str) -> str:
        """Return ``<field>_en`` or ``<field>_ja`` of a record."""
        return str(record[f"{field}_{self.language}"])

    def either(self, english: str, japanese: str) -> str:
        """Return one of two texts, for words that stand in no table: those of a user's own experiment."""
        return {"en": english, "ja": japanese}[self.language]

    def choice(self, key: str, value: object) -> str:
        """Return the text of ``<key>.<value>``, or the bare value where the table has none (a user's own name)."""
        name = f"{key}.{value}"
        return self(name) if self.has(name) else str(value)

    def unit(self, unit: str) -> str:
        """Return a unit as it is written."""
        return self.choice("unit", unit)

    @property
    def money(self) -> str:
        """Name of the island's currency."""
        name = f"currency.{self.currency}"
        return _table()[name][self.language] if self.has(name) else self.currency

    @property
    def between(self) -> str:
        """What stands between the ends of a range."""
        return self("range.between")
