"""Both languages say the same things with the same numbers, in the terms of the glossary."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path
from string import Formatter

import pytest
from report_fixture import ELEMENT_NAMES_JA, SCENARIOS, UNITS, write_run

from docs.generators.make_reference import glossary
from reports.document.blocks import Document, every_block
from reports.document.texts import LANGUAGES, Words, terms
from reports.reading.detail import choose_focus, read_detail
from reports.reading.labels import japanese_element
from reports.reading.run_folder import read_run
from reports.reading.uncertainty import Unusable
from reports.sections.report import document

ROOT = Path(__file__).parents[2]
TEXT_FILES = sorted((ROOT / "reports").glob("*texts.csv"))
ROWS = [
    (file.name, row) for file in TEXT_FILES
    for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines(keepends=True))
]  # fmt: skip
OTHER_WORDS = {
    "負荷率": "常時許容電流比", "連続定格": "常時許容電流",
    "送電容量制約": "系統混雑", "混雑制御率": "系統混雑による出力制御率", "ファーム電源": "ファーム型接続電源",
    "対策前": "出力制御前", "対策後": "出力制御後", "送電正": "島→本土を正", "N-1余裕": "事故後の余裕",
    "逆潮流なし": "逆潮流を抑制", "％": "%",
}  # fmt: skip
"""What the texts said before, and the one term that stands for it."""
HALF_WIDTH = re.compile(r"[\u3040-\u9fff]\([^)]*\)")
COUNTED = re.compile(r"(?<!\d)\d(?=週間|回線|つ|設備)|30(?=分)|(?<=N-)\d|(?<=第)\d")
"""Digits of Japanese words that English writes in letters, and of N-1."""
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
LATIN_OF_JAPANESE = {
    "goto-twin", "MWh", "Mvar", "pandapower", "runpp", "manifest", "json", "SHA", "kWh", "Source", "ABB",
    "XLPE", "guide", "HEMS", "abc", "twin", "code", "seed", "studies", "toml", "run", "csv", "references", "network",
    "models", "goto", "uncertainty", "report", "found", "sweep", "engineering", "fake", "link", "rating",
    "sha", "text", "Not", "not", "days", "inputs", "PPA",
}  # fmt: skip
"""Words in Latin letters that a Japanese edition may hold: units, names of programs, files, keys and publications."""


@pytest.fixture(scope="module")
def editions(tmp_path_factory) -> dict[str, Document]:
    run = read_run(write_run(tmp_path_factory.mktemp("runs") / "fake", days=3))
    focus = choose_focus(run)
    detail = read_detail(run, focus)
    return {language: document(run, focus, detail, Unusable("missing"), Words(language)) for language in LANGUAGES}


def test_no_language_lacks_a_text_or_a_value_of_it():
    assert len({row["key"] for _, row in ROWS}) == len(ROWS)
    for file, row in ROWS:
        fields = [{name for _, name, _, _ in Formatter().parse(row[language]) if name} for language in LANGUAGES]
        assert row["en"] and row["ja"], (file, row["key"])
        assert fields[0] == fields[1] or row["key"].startswith("format"), (file, row["key"])


def test_texts_use_the_terms_and_signs_of_the_glossary():
    found = [(file, row["key"], word) for file, row in ROWS for word in OTHER_WORDS if word in row["ja"]]
    assert found == []
    planning = [row["ja"] for _, row in ROWS if "空容量" in row["ja"]]
    assert all("ではな" in text for text in planning), "nothing here is 空容量"
    assert [(file, row["key"]) for file, row in ROWS if HALF_WIDTH.search(row["ja"])] == []


def test_the_page_of_terms_is_made_of_the_list():
    assert (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8") == glossary(), "run make docs"
    assert len({term.en for term in terms()}) == len(terms())
    assert sum(term.is_in_report for term in terms()) > 30


def plain(document: Document) -> list[str]:
    """Return what a reader reads, block by block."""
    found = []
    for block in every_block(document.blocks):
        parts = []
        for name in ("text", "message", "title", "caption", "sentences", "items", "header", "rows"):
            value = getattr(block, name, "")
            rows = value if isinstance(value, list) else [value]
            parts += [cell for row in rows for cell in (row if isinstance(row, list) else [row])]
        found.append("\n".join(map(str, parts)))
    return found


def test_both_editions_hold_the_same_numbers(editions):
    english, japanese = (plain(editions[language]) for language in LANGUAGES)
    assert len(english) == len(japanese)
    for one, other in zip(english, japanese, strict=True):
        if "fiscal year" in one or "2030-" in one:  # dates are written in another order
            continue
        counts = [Counter(re.sub(r"[-/年月]", " ", number) for number in NUMBER.findall(COUNTED.sub("", text)))
                  for text in (one, other)]  # fmt: skip
        assert counts[0] == counts[1], f"{one}\n{other}"


def test_the_japanese_edition_has_no_english_names(editions):
    english = [*ELEMENT_NAMES_JA, *(unit[1] for unit in UNITS), *(title for title, _ in SCENARIOS.values())]
    for text in plain(editions["ja"]):
        if "本報告書の用語" not in text and "前提条件\n" not in text:  # terms, keys and sources are as they are
            assert [name for name in english if name in text] == []
            words = {word for word in re.findall(r"[A-Za-z]{3,}", text) if word not in LATIN_OF_JAPANESE}
            assert words == set(), text


def test_parallel_circuits_and_corridors_are_named_in_japanese():
    words = Words("ja")
    assert japanese_element("Link 1,\u00a02", ELEMENT_NAMES_JA, words) == "連系線1・2号"
    assert japanese_element("Link 1 + Link 2", ELEMENT_NAMES_JA, words) == "連系線1号＋連系線2号"
    assert japanese_element("unnamed", ELEMENT_NAMES_JA, words) == "unnamed"


def test_every_element_of_goto_has_a_japanese_name():
    for table in ("buses", "lines", "transformers", "shunts", "compensators", "plants"):
        file = ROOT / "network_models" / "goto" / f"{table}.csv"
        for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines(keepends=True)):
            assert row["name_ja"], (table, row)
