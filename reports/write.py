"""Write documents into results folders: a run's report, a policy's certificate, the sections of any experiment."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from reports.document.blocks import Block, Document
from reports.document.style import SLIDE_SUFFIXES, Picture
from reports.document.texts import LANGUAGES, Language, Words
from reports.reading.comparison import read_comparison
from reports.reading.detail import Detail, Focus, choose_focus, read_detail
from reports.reading.explorer import explorer
from reports.reading.network_pictures import network_picture
from reports.reading.run_folder import read_run
from reports.reading.uncertainty import Analysis, read_uncertainty
from reports.renderers import html, pdf
from reports.renderers.workbook import comparison_workbook, workbook
from reports.sections import report
from reports.sections.documents import certificate, comparison
from twin.core.clock import MINUTES_OF_HOUR
from twin.core.errors import Problem, raise_if_any
from twin.metrics.run_folder import Run

Format = Literal["html", "pdf", "xlsx", "figures", "slides"]
FORMATS: tuple[Format, ...] = get_args(Format)
DEFAULT_FORMATS = FORMATS[:-1]
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


def write_report(
    run: Path, languages: Sequence[Language] = LANGUAGES, formats: Collection[Format] = DEFAULT_FORMATS
) -> dict[str, Path]:
    """Write the report of a run into its folder ``report/``; the same results give the same bytes.

    Parameters
    ----------
    run : pathlib.Path
        The folder ``runs/<study>``; only its files are read, nothing is computed again.
    languages : sequence of str
        Editions; the workbook is the same for all.
    formats : collection of str
        Of `FORMATS`.

    Returns
    -------
    dict of str to pathlib.Path
        What was written: ``html``, ``pdf_en``, ``pdf_ja``, ``xlsx``, ``figures`` (the folder of the SVG files) and
        ``slides`` (the folder of the figures at 16:9).

    Raises
    ------
    twin.core.errors.InputError
        With every file, key or column that is missing or broken; earlier reports stay untouched.
    """
    results = read_run(run)
    focus = choose_focus(results)
    detail, analysis = read_detail(results, focus), read_uncertainty(results)
    documents = _of_run(results, focus, detail, analysis, languages)
    files: Files = {}
    if "xlsx" in formats:
        files["xlsx"] = ("tables.xlsx", workbook(results, focus, detail, analysis))
    if "html" in formats:
        drawings = {
            f"{name}_{language}": svg
            for name in DRAWINGS
            for language in languages
            if (svg := network_picture(run, name, language)) is not None
        }
        page = html.render(documents, explorer(results, focus), drawings)
        files["html"] = (f"{REPORT}.html", page.encode())
    return _write(run / REPORT, _documents(REPORT, documents, formats) | files, documents, formats)


def run_documents(run: Path, languages: Sequence[Language] = LANGUAGES) -> list[Document]:
    """Return the report of a run, a document a language; no figure is drawn yet."""
    results = read_run(run)
    focus = choose_focus(results)
    return _of_run(results, focus, read_detail(results, focus), read_uncertainty(results), languages)


def _of_run(
    results: Run, focus: Focus, detail: Detail, analysis: Analysis, languages: Sequence[Language]
) -> list[Document]:
    minutes = round(detail.hours * MINUTES_OF_HOUR)
    words = [Words(language, results.currency, minutes) for language in languages]
    return [report.document(results, focus, detail, analysis, each) for each in words]


def write_comparison(
    runs: Sequence[Path],
    folder: Path,
    languages: Sequence[Language] = LANGUAGES,
    formats: Collection[Format] = DEFAULT_FORMATS,
) -> dict[str, Path]:
    """Write what differs between runs into ``<folder>/report/``, in the files of a run's report.

    Parameters
    ----------
    runs : sequence of pathlib.Path
        Results folders; the others are compared with the first.
    folder : pathlib.Path
    languages, formats
        As of `write_report`.

    Raises
    ------
    twin.core.errors.InputError
        With everything that keeps the runs from being opened or compared.
    """
    found = read_comparison(runs)
    documents = [comparison.document(found, Words(each, found.runs[0].currency)) for each in languages]
    files: Files = {}
    if "xlsx" in formats:
        files["xlsx"] = ("tables.xlsx", comparison_workbook(found.runs, found.names, found.inputs))
    if "html" in formats:
        files["html"] = (f"{REPORT}.html", html.render(documents).encode())
    return _write(folder / REPORT, _documents(REPORT, documents, formats) | files, documents, formats)


Files = dict[str, tuple[str, bytes]]
"""Name below the folder and content, by what the file is."""


def _documents(name: str, documents: Sequence[Document], formats: Collection[Format] = DEFAULT_FORMATS) -> Files:
    """Return the documents, one a language, as PDF."""
    if "pdf" not in formats:
        return {}
    return {f"pdf_{one.language}": (f"{name}_{one.language}.pdf", pdf.render(one)) for one in documents}


def _rendered(name: str, documents: Sequence[Document]) -> Files:
    """Return the documents, one a language, as HTML and PDF."""
    return {"html": (f"{name}.html", html.render(documents).encode())} | _documents(name, documents)


def _write(
    folder: Path,
    files: Files,
    pictures_of: Sequence[Document] = (),
    formats: Collection[Format] = DEFAULT_FORMATS,
) -> dict[str, Path]:
    """Write files into a folder, and the pictures of some documents into its folders ``figures`` and ``slides``.

    Earlier files stay until all new ones lie beside them.

    Raises
    ------
    InputError
        With every place where a file cannot be put.
    """
    written = {key: folder / name for key, (name, _) in files.items()}
    contents = {folder / name: content for name, content in files.values()}
    folders = [folder]
    if pictures_of and "figures" in formats:
        written["figures"] = folder / "figures"
        for document in pictures_of:
            contents |= {written["figures"] / name: figure.svg for name, figure in document.figures.items()}
    if pictures_of and "slides" in formats:
        written["slides"] = folder / "slides"
        for document in pictures_of:
            contents |= {written["slides"] / name: content for name, content in _slides(document).items()}
    folders += [written[name] for name in ("figures", "slides") if name in written]
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


def _slides(document: Document) -> dict[str, bytes]:
    """Return the figures at 16:9 by file name, each as SVG and as PNG; a drawing of the network is none of them."""
    drawn = {name: figure.picture for name, figure in document.figures.items() if isinstance(figure.picture, Picture)}
    return {
        str(Path(name).with_suffix(f".{suffix}")): picture.slide(suffix)
        for name, picture in drawn.items()
        for suffix in SLIDE_SUFFIXES
    }
