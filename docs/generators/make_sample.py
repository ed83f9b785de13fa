"""Write the sample of a report (docs/sample, the English edition as PDF) and the pictures of its first page."""

from __future__ import annotations

import sys
from pathlib import Path

from docs.generators.draw_figures import SUFFIX
from reports.document.texts import LANGUAGES
from reports.renderers import pdf
from reports.write import run_documents

DOCS = Path(__file__).parents[1]
EDITION = "en"
"""One edition is enough to see what a report is; both would be two megabytes."""
DOTS_PER_INCH = 72.0


def main(run: Path, folder: Path = DOCS) -> list[Path]:
    """Write the files from a run of a full year and return where they lie."""
    written = {}
    for language, document in zip(LANGUAGES, run_documents(run), strict=True):
        first, *_ = pdf.page_pictures(document, DOTS_PER_INCH)
        written[folder / "figures" / f"report_page_one{SUFFIX[language]}.png"] = first
        if language == EDITION:
            written[folder / "sample" / f"report_{language}.pdf"] = pdf.render(document)
    for file, content in written.items():
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    return list(written)


if __name__ == "__main__":
    for file in main(Path(sys.argv[1])):
        print(file)
