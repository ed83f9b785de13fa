"""Draws the pictures of the README from a run: python docs/generators/draw_figures.py RUN docs/figures."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import typst

from network_models.drawing import map_figure, single_line_diagram
from network_models.model import grid_of
from reports.document.style import WIDTH_INCH, Picture, font_folder
from reports.document.texts import LANGUAGES, Language, Words
from reports.figures import link as figures_day
from reports.figures import link as figures_link
from reports.reading.detail import choose_focus, read_detail
from reports.reading.run_folder import read_run

WIDTH_PIXELS = 1200
SUFFIX: dict[Language, str] = {"en": "", "ja": "_ja"}


def draw(run: Path, folder: Path) -> list[Path]:
    """Draw the link's figures of a run and the network of its year, in both languages; return the files."""
    results = read_run(run)
    focus = choose_focus(results)
    detail = read_detail(results, focus)
    model = grid_of("goto", results.study["fiscal_year"])
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for language in LANGUAGES:
        words = Words(language, results.currency)
        pictures = [drawn(results, focus, detail, words) for drawn in (figures_link.duration, figures_day.worst_day)]
        file = folder / f"link_duration_and_worst_day{SUFFIX[language]}.png"
        file.write_bytes(_stacked(pictures))
        files.append(file)
        for name, drawing in (("single_line_diagram", single_line_diagram), ("map", map_figure)):
            file = folder / f"{name}{SUFFIX[language]}.png"
            figure = drawing(model, language)
            figure.savefig(file, dpi=WIDTH_PIXELS / figure.get_figwidth(), metadata={"Software": None})
            files.append(file)
    return files


def _stacked(pictures: list[Picture]) -> bytes:
    """Return the pictures one below the other as PNG."""
    images = "\n".join(f'#image("{picture.name}.svg", width: 100%)' for picture in pictures)
    with tempfile.TemporaryDirectory(prefix="goto-twin-figures-") as name:
        for picture in pictures:
            (Path(name) / f"{picture.name}.svg").write_bytes(picture.svg)
        page = Path(name) / "page.typ"
        page.write_text(f"#set page(width: {WIDTH_INCH}in, height: auto, margin: 0pt)\n{images}\n", encoding="utf-8")
        content = typst.compile(
            page, root=Path(name), format="png", ppi=WIDTH_PIXELS / WIDTH_INCH, font_paths=[font_folder()],
            ignore_system_fonts=True,
        )  # fmt: skip
    if not isinstance(content, bytes):
        raise TypeError(f"typst gave {type(content).__name__} instead of the bytes of a PNG")
    return content


if __name__ == "__main__":
    for written in draw(Path(sys.argv[1]), Path(sys.argv[2])):
        print(written)
