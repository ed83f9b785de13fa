"""The terms of a report in both languages, from the project's one list of terms."""

from __future__ import annotations

from reports.document.blocks import Table
from reports.document.texts import Words, terms


def table(words: Words) -> Table:
    """Return the terms that a report uses, each with the other language's word and its definition."""
    other = "ja" if words.language == "en" else "en"
    rows = []
    for term in terms():
        if term.is_in_report:
            definition = getattr(term, f"definition_{words.language}").replace("**", "").replace("`", "")
            rows.append([getattr(term, words.language), getattr(term, other), definition])
    header = [words(f"column.{name}") for name in ("term", "other_language", "definition")]
    return Table(words("table.glossary"), header, ["left"] * 3, rows, ["1fr", "1fr", "2.6fr"])
