"""Write the sample of a report (docs/sample) from a run of a full year: one edition, the workbook, and page one."""

from __future__ import annotations

import sys
from pathlib import Path

from reports import write_report
from reports.document.texts import LANGUAGES
from reports.renderers.pdf import page_pictures
from reports.write import run_documents

SAMPLE = Path(__file__).parents[1] / "sample"
EDITION = "en"
DOTS_PER_INCH = 100.0


def main(run: Path, folder: Path = SAMPLE) -> list[Path]:
    """Write the files and return where they lie."""
    folder.mkdir(exist_ok=True)
    written = write_report(run, [EDITION], ["pdf", "xlsx"])
    contents = {path.name: path.read_bytes() for path in written.values()}
    for language, document in zip(LANGUAGES, run_documents(run), strict=True):
        contents[f"page_one_{language}.png"] = page_pictures(document, DOTS_PER_INCH)[0]
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


if __name__ == "__main__":
    for file in main(Path(sys.argv[1])):
        print(file)
