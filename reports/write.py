"""Write documents into results folders: a run's report, a policy's certificate, the sections of any experiment."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from reports.document.blocks import Block, Document
from reports.document.texts import LANGUAGES, Language, Words
from reports.reading.detail import choose_focus, read_detail
from reports.reading.run_folder import read_run
from reports.renderers import html, pdf
from reports.renderers.workbook import workbook
from reports.sections import certificate, report
from twin.core.clock import MINUTES_OF_HOUR

CERTIFICATE, REPORT = "certificate", "report"
"""Files are named for it; a report lies in a folder of this name."""


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
    return _write(folder, CERTIFICATE, documents)


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
    return _with_figures(folder / REPORT, documents) | _write(folder / REPORT, REPORT, documents)


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
    detail = read_detail(results, focus)
    minutes = round(detail.hours * MINUTES_OF_HOUR)
    words = [Words(language, results.currency, minutes) for language in LANGUAGES]
    documents = [report.document(results, focus, detail, each) for each in words]
    tables = workbook(results, focus, detail)
    written = _with_figures(run / REPORT, documents) | _write(run / REPORT, REPORT, documents)
    written["xlsx"] = run / REPORT / "tables.xlsx"
    written["xlsx"].write_bytes(tables)
    return written


def _write(folder: Path, name: str, documents: Sequence[Document]) -> dict[str, Path]:
    """Write the documents, one a language, as HTML and PDF; nothing is written unless all can be made."""
    contents = {"html": (f"{name}.html", html.render(documents).encode())}
    contents |= {f"pdf_{one.language}": (f"{name}_{one.language}.pdf", pdf.render(one)) for one in documents}
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in contents.values():
        (folder / file).write_bytes(content)
    return {key: folder / file for key, (file, _) in contents.items()}


def _with_figures(folder: Path, documents: Sequence[Document]) -> dict[str, Path]:
    """Write the figures of documents as files of their own."""
    figures = folder / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    for document in documents:
        for file, svg in document.pictures.items():
            (figures / file).write_bytes(svg)
    return {"figures": figures}
