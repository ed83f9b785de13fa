"""Writes docs/plan_audit.md: every claim of the city's plan, Japanese first (make audit).

``python docs/generators/make_audit.py [RUN]`` after ``goto-twin audit``; only the run's ``plan_audit.json`` is read.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reports.document.texts import Language, Words
from reports.sections.documents import audit

FOLDER = Path(__file__).parent
RUN = FOLDER.parents[1] / "runs" / "goto_plan_audit"
WIDTH = 100
"""Longest line of the page, tables apart."""


def main(arguments: Sequence[str]) -> int:
    """Write the page."""
    run = Path(arguments[0]) if arguments else RUN
    record = json.loads((run / "plan_audit.json").read_text(encoding="utf-8"))
    (FOLDER.parent / "plan_audit.md").write_text(page(record), encoding="utf-8")
    return 0


def page(record: Mapping[str, Any]) -> str:
    """Return the page."""
    template = (FOLDER / "templates" / "plan_audit.template.md").read_text(encoding="utf-8")
    both: dict[str, Words] = {language: Words(language) for language in ("ja", "en")}
    parts = {f"answer_{name}": _lines(audit.answer(record, words), name) for name, words in both.items()}
    slips = [slip for slip in record["slips"] if slip["is_there"]]
    for name, words in both.items():
        first = [audit.slip_text(slip, words) for slip in slips if slip["first_page"]]
        parts[f"first_{name}"] = _bullets(first, name)
        parts[f"slips_{name}"] = _bullets([audit.slip_text(slip, words) for slip in slips], name)
    return template.format(counts=_counts(record, both), claims=_claims(record, both), **parts)


def _counts(record: Mapping[str, Any], both: Mapping[str, Words]) -> str:
    rows = [f"| {both['ja'](f'audit.tile.{name}')} / {both['en'](f'audit.tile.{name}')} | {record['counts'][name]} |"
            for name in audit.COUNTS]  # fmt: skip
    return "\n".join(["| 判定 / verdict | 件数 / claims |", "|---|---|", *rows])


def _claims(record: Mapping[str, Any], both: Mapping[str, Words]) -> str:
    columns = (
        "項目 / claim",
        "計画 / plan",
        "計算 / computed",
        "判定 / verdict",
        "理由 / reason",
        "計算方法 / tested with",
    )
    lines = [f"| id | {' | '.join(columns)} |", "|" + "---|" * 7]
    for row in record["claims"]:
        unit = audit.unit_text(row)
        verdicts = [audit.verdict_text(row, words).split("\n") for words in both.values()]
        verdict = " / ".join(each[0] for each in verdicts) + " ".join(["", *verdicts[0][1:]])
        tested = audit.tested_with(row, both["en"])
        formula = tested.split(": ", 1)
        cells = [
            row["id"],
            " / ".join(audit.claim_text(row, words) for words in both.values()) + f" ({row['where']})",
            f"{audit.stated_text(row)} {unit}".strip(),
            audit.computed_text(row),
            verdict,
            " / ".join(audit.because_text(row, words) for words in both.values()),
            formula[0] + (f": {_code(formula[1])}" if len(formula) > 1 else ""),
        ]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def _code(formula: str) -> str:
    return f"`` {formula} ``" if "`" in formula else f"`{formula}`"


def _bullets(texts: Sequence[str], language: str) -> str:
    return "\n".join(f"- {_wrapped(text, language, '  ')}" for text in texts)


def _lines(texts: Sequence[str], language: str) -> str:
    return "\n\n".join(_wrapped(text, language) for text in texts)


def _wrapped(text: str, language: Language | str, indent: str = "") -> str:
    """Return a text in short lines; Japanese is broken after a mark only."""
    if language != "ja":
        return textwrap.fill(text, WIDTH - 2, subsequent_indent=indent, break_long_words=False)
    return f"\n{indent}".join(_joined(re.split(r"(?<=[。、])", text)))


def _joined(pieces: Sequence[str]) -> Iterator[str]:
    line = ""
    for piece in pieces:
        if len(line) + len(piece) > WIDTH - 4:
            yield line
            line = ""
        line += piece
    if line:
        yield line


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
