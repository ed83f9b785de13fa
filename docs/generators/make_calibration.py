"""Writes docs/validation/calibration.md and its figures: published facts beside the model's values (make validate).

``python docs/generators/make_calibration.py [DATA]``. It is a record: what does not fit stays in it and is
no failure. The exit status is 1 if a row cannot be computed although its data are there, or if there are fewer than
40 rows.
"""

from __future__ import annotations

import importlib
import math
import sys
import textwrap
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parent
TEMPLATES = FOLDER / "templates"
PAGES = FOLDER.parent / "validation"
# the topic "plan" makes its sites with the tests' own fixtures
sys.path[:0] = [str(FOLDER), str(FOLDER.parents[1] / "tests" / "fixtures")]

from calibration import firm_capacity  # noqa: E402
from calibration.rows import ABSENT, DIFFERS, FITS, Figure, Row  # noqa: E402

DATA = FOLDER.parents[2] / "shared" / "data"
FIGURES = FOLDER.parent / "figures" / "calibration"
FEWEST_ROWS = 40
WIDTH = 100
"""Longest line of the page, tables apart."""
MARK = {FITS: "fits", DIFFERS: "🟥 **does not fit**", ABSENT: "not computed"}
TOPICS = ("weather", "pv", "wind", "demand", "market", "plan", "grid", "firm_capacity")


def main(arguments: Sequence[str]) -> int:
    """Write the page and its figures; return the exit status."""
    given = Path(arguments[0]) if arguments else DATA
    data = given if given.is_dir() else None
    found: list[Row] = []
    figures: list[Figure] = []
    FIGURES.mkdir(parents=True, exist_ok=True)
    for module in topics():
        started = time.process_time()
        found += module.rows(data)
        if hasattr(module, "figures"):
            figures += module.figures(FIGURES, data)
        print(f"{module.__name__}: {time.process_time() - started:.0f} s CPU", file=sys.stderr)
    template = (TEMPLATES / "calibration.template.md").read_text(encoding="utf-8")
    (PAGES / "calibration.md").write_text(page(template, found, figures), encoding="utf-8")
    started = time.process_time()
    written = firm_capacity.written(TEMPLATES / "firm_capacity.template.md")
    (PAGES / "firm_capacity.md").write_text(written, encoding="utf-8")
    print(f"{firm_capacity.__name__}, its page: {time.process_time() - started:.0f} s CPU", file=sys.stderr)
    print(summary(found))
    return status(found, data is not None)


def topics() -> list[ModuleType]:
    """Return the modules of the topics, in their order."""
    return [importlib.import_module(f"calibration.{name}") for name in TOPICS]


def status(rows: Sequence[Row], has_data: bool) -> int:
    """Return the exit status and tell why it is not 0."""
    wrong = [
        f"not computed although its data are there: {row.fact}" for row in rows if has_data and row.verdict == ABSENT
    ]
    if len(rows) < FEWEST_ROWS:
        wrong.append(f"{len(rows)} rows, at least {FEWEST_ROWS} are needed")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


def summary(rows: Sequence[Row]) -> str:
    """Return how many rows there are of each verdict."""
    count = {verdict: sum(row.verdict == verdict for row in rows) for verdict in MARK}
    return f"{len(rows)} rows: {count[FITS]} fit, {count[DIFFERS]} do not fit, {count[ABSENT]} not computed."


def page(template: str, rows: Sequence[Row], figures: Sequence[Figure]) -> str:
    """Return the page."""
    topic_rows = _by_topic(rows)
    return template.format(
        summary=summary(rows),
        by_topic=_table(
            ("Topic", "Rows", "Fit", "Do not fit", "Not computed"),
            [
                (of[0].topic, len(of), *(sum(row.verdict == verdict for row in of) or "" for verdict in MARK))
                for of in topic_rows
            ],
        ),
        differing="\n\n".join(_explained(of) for of in _by_topic([row for row in rows if row.verdict == DIFFERS])),
        topics="\n\n".join(f"### {of[0].topic}\n\n{topic_table(of)}" for of in topic_rows),
        figures="\n\n".join(
            f"![{figure.path.stem.replace('_', ' ')}](../{figure.path.relative_to(PAGES.parent).as_posix()})\n\n"
            f"{_wrapped(figure.caption)}"
            for figure in figures
        ),
    )


def _by_topic(rows: Sequence[Row]) -> list[list[Row]]:
    topics = dict.fromkeys(row.topic for row in rows)
    return [[row for row in rows if row.topic == topic] for topic in topics]


def _explained(rows: Sequence[Row]) -> str:
    lines = [f"**{rows[0].topic}**", ""]
    for row in rows:
        both = f"model {number(row.model, row)}, published {number(row.published, row)} {unit(row)}".rstrip()
        text = f"- {row.fact} ({row.source}): {both}. {row.why[:1].upper()}{row.why[1:].rstrip('.')}."
        lines.append(_wrapped(text, "  "))
    return "\n".join(lines)


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def topic_table(rows: Iterable[Row]) -> str:
    """Return the table of a topic."""
    head = ("Fact", "Source", "Unit", "Published", "Model", "Difference", "%", "Accepted", "Why", "Verdict")
    return _table(
        head,
        [
            (
                row.fact, row.source, unit(row), number(row.published, row), number(row.model, row),
                *differences(row), accepted(row), row.why, MARK[row.verdict],
            )
            for row in rows
        ],
    )  # fmt: skip


def accepted(row: Row) -> str:
    """Return the accepted range, nothing where it would have come from data that are not there."""
    return "" if math.isnan(row.low) else f"{number(row.low, row)} to {number(row.high, row)}"


def unit(row: Row) -> str:
    """Return the unit, nothing for a pure number."""
    return "" if row.unit in ("1", "-") else row.unit


def differences(row: Row) -> tuple[str, str]:
    """Return model minus published, and in percent of the published value (none of 0, and none of percentages)."""
    if math.isnan(row.model):
        return "", ""
    apart = row.model - row.published
    text = _signed(apart, decimals(row))
    if row.published == 0.0 or row.unit == "%":
        return text, ""
    return text, _signed(100.0 * apart / abs(row.published), 1)


def _signed(value: float, digits: int) -> str:
    text = f"{value:+z.{digits}f}"
    return text.removeprefix("+") if float(text) == 0.0 else text


def number(value: float, row: Row) -> str:
    """Return a value with the digits that all numbers of its row have."""
    return "" if math.isnan(value) else f"{value:z,.{decimals(row)}f}"


def decimals(row: Row) -> int:
    """Return how many decimals show the width of the accepted range by two digits, and the published value by three."""
    width = row.high - row.low
    sizes = [1 - math.floor(math.log10(width))] if width > 0 else []
    if row.published and not math.isnan(row.published):
        sizes.append(2 - math.floor(math.log10(abs(row.published))))
    return max(0, min(sizes)) if sizes else 0


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
