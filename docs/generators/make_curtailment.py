"""Writes docs/validation/<island>.md and <island>_fitted.json from a study, a folder with the feed, and an OUT folder.

Text comes from the island's template; without it the page has the tables only.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from studies.experiments.validation.curtailment.compare import compare_curtailment
from studies.experiments.validation.curtailment.page import parts_of_page
from studies.study.islands import island_of
from studies.study.reading import read_study, study_path

FOLDER = Path(__file__).parent


def main(name: str, data: Path, out: Path) -> Path:
    """Score a study and write its page; return the page."""
    study = read_study(study_path(name), data)
    parts = parts_of_page(compare_curtailment(study, data, out))
    island = island_of(study).name
    template = FOLDER / "templates" / f"{island}.template.md"
    page = FOLDER.parent / "validation" / f"{island}.md"
    text = template.read_text(encoding="utf-8") if template.is_file() else "\n\n".join(f"{{{key}}}" for key in parts)
    (page.with_name(f"{island}_fitted.json")).write_bytes((out / "fitted.json").read_bytes())
    page.write_text(text.format_map(parts), encoding="utf-8")
    return page


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        print(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3] if len(sys.argv) > 3 else scratch)))
