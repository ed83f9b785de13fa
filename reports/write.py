"""Write documents into results folders: a run's report, a policy's certificate, the sections of any experiment."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reports.document.blocks import Block, Document
from reports.document.texts import LANGUAGES, Language, Words
from reports.reading.detail import choose_focus, read_detail
from reports.reading.explorer import explorer
from reports.reading.network_pictures import network_picture
from reports.reading.run_folder import read_run
from reports.reading.uncertainty import read_uncertainty
from reports.renderers import html, pdf
from reports.renderers.workbook import workbook
from reports.sections import certificate, report
from twin.core.clock import MINUTES_OF_HOUR
from twin.core.errors import Problem, raise_if_any

CERTIFICATE, REPORT = "certificate", "report"
"""Files are named for it; a report lies in a folder of this name."""
DRAWINGS = ("single_line", "map")
"""Views of the network that a run draws, the one that is shown first in front."""


def write_certificate(folder: Path) -> dict[str, Path]:
    """Write the certificate beside its record; the same record gives the same bytes.

    Parameters
    ----------
    folder : pathlib.Path
        With ``certificate.json``, the only file that is read.

    Returns
    -------
    dict of str to pathlib.Path
        ``html``, ``pdf_en``, ``pdf_ja``.
    """
    record = json.loads((folder / f"{CERTIFICATE}.json").read_text(encoding="utf-8"))
    currency, minutes = (record["study"][name] for name in ("currency", "step_minutes"))
    documents = [certificate.document(record, Words(each, currency, minutes)) for each in LANGUAGES]
    return _write(folder, _rendered(CERTIFICATE, documents))


def write_sections(
    folder: Path, titles: Mapping[Language, str], sections: Callable[[Words], list[Block]]
) -> dict[str, Path]:
    """Write what an experiment tells of its results into its folder ``report/``.

    Parameters
    ----------
    folder : pathlib.Path
        Results folder.
    titles : mapping of str to str
        By language.
    sections : callable
        Gives the blocks in the language of the words.

    Returns
    -------
    dict of str to pathlib.Path
        ``html``, ``pdf_en``, ``pdf_ja``, and ``figures`` (the folder of the SVG files).
    """
    documents = []
    for language in LANGUAGES:
        words = Words(language)
        footer = words("page.of", page="<page>", pages="<pages>")
        documents.append(Document(language, titles[language], words("report.of_experiment"), sections(words), footer))
    return _write(folder / REPORT, _rendered(REPORT, documents), documents)


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
    twin.core.errors.InputError
        With every file, key or column that is missing or broken; earlier reports stay untouched.
    """
    results = read_run(run)
    focus = choose_focus(results)
    detail, analysis = read_detail(results, focus), read_uncertainty(results)
    minutes = round(detail.hours * MINUTES_OF_HOUR)
    words = [Words(language, results.currency, minutes) for language in LANGUAGES]
    documents = [report.document(results, focus, detail, analysis, each) for each in words]
    tables = {"xlsx": ("tables.xlsx", workbook(results, focus, detail, analysis))}
    drawings = {
        f"{name}_{language}": svg
        for name in DRAWINGS
        for language in LANGUAGES
        if (svg := network_picture(run, name, language)) is not None
    }
    page = html.render(documents, explorer(results, focus), drawings)
    return _write(run / REPORT, _rendered(REPORT, documents, page) | tables, documents)


Files = dict[str, tuple[str, bytes]]
"""Name below the folder and content, by what the file is."""


def _rendered(name: str, documents: Sequence[Document], page: str | None = None) -> Files:
    """Return the documents, one a language, as HTML and PDF."""
    pages: Files = {"html": (f"{name}.html", (html.render(documents) if page is None else page).encode())}
    return pages | {f"pdf_{one.language}": (f"{name}_{one.language}.pdf", pdf.render(one)) for one in documents}


def _write(folder: Path, files: Files, pictures_of: Sequence[Document] = ()) -> dict[str, Path]:
    """Write files into a folder, and the pictures of some documents into its folder ``figures``.

    Earlier files stay until all new ones lie beside them.

    Raises
    ------
    InputError
        With every place where a file cannot be put.
    """
    written = {key: folder / name for key, (name, _) in files.items()}
    contents = {folder / name: content for name, content in files.values()}
    figures = folder / "figures"
    for document in pictures_of:
        written["figures"] = figures
        contents |= {figures / name: figure.svg for name, figure in document.figures.items()}
    folders = [folder, *([figures] if pictures_of else [])]
    wrong = [Problem("is a file; a folder is needed", str(place)) for place in folders if place.is_file()]
    wrong += [Problem("is a folder; a file is to be written there", str(file)) for file in contents if file.is_dir()]
    raise_if_any(replace(problem, repair="move it away") for problem in wrong)
    for place in folders:
        place.mkdir(parents=True, exist_ok=True)
    beside = {file.with_name(f"{file.name}.tmp"): file for file in contents}
    try:
        for temporary, file in beside.items():
            temporary.write_bytes(contents[file])
        for temporary, file in beside.items():
            temporary.replace(file)
    finally:
        for temporary in beside:
            temporary.unlink(missing_ok=True)
    return written
