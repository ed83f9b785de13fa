"""Writes docs/results.md: what the finished studies answer (make studies).

``python docs/generators/make_results.py [RUNS]``; only the records in the runs' folders are read.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reports.document.texts import Words
from reports.sections.documents import audit, ppa, value
from reports.sections.questions.catalogue import page_of
from reports.sections.questions.page import stretch

DOCS = Path(__file__).parents[1]
RUNS = DOCS.parent / "runs"
WIDTH = 100
"""Longest line of the page."""
WORDS = Words("en")
HEAD = """# Results: what the studies answer

Written by `make studies` from the finished runs; every answer is that of the study's own report.
A study that was run for some days only says so. Nothing is scaled up to a year.
Each is repeated by the command below its answer and ends in a report in English and Japanese.
"""


NONE = "No run is kept here yet: `make studies` writes them."


def main(arguments: Sequence[str]) -> int:
    """Write the page."""
    runs = Path(arguments[0]) if arguments else RUNS
    (DOCS / "results.md").write_text(page(runs), encoding="utf-8")
    return 0


def page(runs: Path) -> str:
    """Return the page of all finished runs in a folder, in the order of their titles."""
    found = sorted(_answers(runs))
    sections = [text for _, text in found] or [NONE]
    return "\n".join([HEAD, *sections]).rstrip() + "\n"


def _answers(runs: Path) -> Iterator[tuple[str, str]]:
    """Yield the title and the section of each run."""
    for file in sorted(runs.glob("*/question.json")):
        record = json.loads(file.read_text(encoding="utf-8"))
        told = page_of(record, WORDS)
        yield (record["title_en"],
               _section(record["title_en"], record["asks_en"], told.answer, told.turns, record["command"],
                        stretch(record, WORDS)))  # fmt: skip
    for name, answer in (("plan_audit", audit.answer), ("value", value.answer), ("ppa", ppa.answer)):
        for file in sorted(runs.glob(f"*/{name}.json")):
            record = json.loads(file.read_text(encoding="utf-8"))
            title = WORDS(f"results.{name}")
            yield title, _section(title, WORDS(f"results.{name}.asks"), answer(record, WORDS), [],
                                  _command(name, file.parent), _is_year(record))  # fmt: skip


def _command(name: str, folder: Path) -> str:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    study, days = manifest["study"]["name"], manifest["days"]
    command = f"goto-twin {'audit' if name == 'plan_audit' else name} {study}"
    return command + (f" --days {days[0]}:{days[1]}" if days else "")


def _is_year(record: Mapping[str, Any]) -> str:
    return WORDS("results.year" if record.get("is_year", True) else "results.days")


def _section(
    title: str, asks: str, answer: Sequence[str], turns: Sequence[str], command: str, about: str
) -> str:  # fmt: skip
    lines = [f"## {title}", "", *_wrapped(f"*{asks}*"), ""]
    lines += [line for sentence in answer for line in (*_wrapped(sentence), "")]
    if turns:
        lines += [WORDS("question.turns") + ":", ""]
        lines += [line for turn in turns for line in _wrapped(turn, "- ", "  ")] + [""]
    return "\n".join([*lines, *_wrapped(about), "", f"`{command}`", ""])


def _wrapped(text: str, first: str = "", later: str = "") -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
