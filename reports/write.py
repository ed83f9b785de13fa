"""Writes the report of a run."""

from __future__ import annotations

from pathlib import Path

from reports import html, pdf
from reports.content import document
from reports.detail import read_detail
from reports.run_folder import read_run
from reports.selection import choose_focus
from reports.texts import LANGUAGES, Words
from reports.workbook import workbook


def write_report(run: Path) -> dict[str, Path]:
    """Write the report of a run into its folder ``report/``; the same results give the same bytes.

    Parameters
    ----------
    run : pathlib.Path
        The folder ``runs/<study>``; only its files are read, nothing is computed again.

    Returns
    -------
    dict of str to pathlib.Path
        ``html``, ``pdf_en``, ``pdf_ja``, ``xlsx``, and ``figures`` (the folder of the SVG files).

    Raises
    ------
    twin.errors.InputError
        With every file, key or column that is missing or broken; earlier reports stay untouched.
    """
    results = read_run(run)
    focus = choose_focus(results)
    detail = read_detail(results, focus)
    documents = [document(results, focus, detail, Words(language)) for language in LANGUAGES]
    contents = {"html": ("report.html", html.render(documents).encode())}
    contents |= {f"pdf_{d.language}": (f"report_{d.language}.pdf", pdf.render(d)) for d in documents}
    contents["xlsx"] = ("tables.xlsx", workbook(results, focus, detail))
    return _write(run / "report", contents, {file: p.svg for d in documents for file, p in d.pictures.items()})


def _write(folder: Path, contents: dict[str, tuple[str, bytes]], figures: dict[str, bytes]) -> dict[str, Path]:
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    for file, content in figures.items():
        (folder / "figures" / file).write_bytes(content)
    written = {"figures": folder / "figures"}
    for key, (file, content) in contents.items():
        written[key] = folder / file
        written[key].write_bytes(content)
    return written
