"""Write the report of a run, the certificate of a policy, and the report on a grid's security."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path

import jinja2

from reports.document.texts import LANGUAGES, Words
from reports.reading.detail import read_detail
from reports.reading.run_folder import read_run
from reports.reading.selection import choose_focus
from reports.renderers import html, pdf
from reports.renderers.pdf import typeset
from reports.renderers.workbook import workbook
from reports.sections import security
from reports.sections.certificate import Sheet, sheet
from reports.sections.content import document

RECORD = "certificate.json"
SECURITY_RECORD = "security.json"


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
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    sheets = [sheet(record, Words(language, record["study"]["currency"])) for language in LANGUAGES]
    contents = {"html": ("certificate.html", _html(sheets).encode())}
    contents |= {f"pdf_{one.language}": (f"certificate_{one.language}.pdf", _pdf(one)) for one in sheets}
    for file, content in contents.values():
        (folder / file).write_bytes(content)
    return {key: folder / file for key, (file, _) in contents.items()}


def _pdf(one: Sheet) -> bytes:
    return typeset("certificate", one.content(), {f"{picture.name}.svg": picture.svg for picture in one.pictures})


def _html(sheets: Sequence[Sheet]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reports"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    pictures = {
        f"{picture.name}_{one.language}": "data:image/svg+xml;base64," + base64.b64encode(picture.svg).decode()
        for one in sheets
        for picture in one.pictures
    }
    template = environment.get_template("certificate.html.j2")
    return template.render(sheets=[one.content() for one in sheets], pictures=pictures)


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
    documents = [document(results, focus, detail, Words(language, results.currency)) for language in LANGUAGES]
    contents = {"html": ("report.html", html.render(documents).encode())}
    contents |= {f"pdf_{d.language}": (f"report_{d.language}.pdf", pdf.render(d)) for d in documents}
    contents["xlsx"] = ("tables.xlsx", workbook(results, focus, detail))
    return _write(run / "report", contents, {file: p.svg for d in documents for file, p in d.pictures.items()})


def write_security(folder: Path) -> dict[str, Path]:
    """Write the report of a security analysis into ``report/``; the same record gives the same bytes.

    Parameters
    ----------
    folder : pathlib.Path
        With ``security.json``, the only file that is read.

    Returns
    -------
    dict of str to pathlib.Path
        ``html``, ``pdf_en``, ``pdf_ja``, and ``figures`` (the folder of the SVG files).
    """
    record = json.loads((folder / SECURITY_RECORD).read_text(encoding="utf-8"))
    documents = [security.document(record, Words(language)) for language in LANGUAGES]
    contents = {"html": ("security.html", html.render(documents).encode())}
    contents |= {f"pdf_{d.language}": (f"security_{d.language}.pdf", pdf.render(d)) for d in documents}
    return _write(folder / "report", contents, {file: p.svg for d in documents for file, p in d.pictures.items()})


def _write(folder: Path, contents: dict[str, tuple[str, bytes]], figures: dict[str, bytes]) -> dict[str, Path]:
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    for file, content in figures.items():
        (folder / "figures" / file).write_bytes(content)
    written = {"figures": folder / "figures"}
    for key, (file, content) in contents.items():
        written[key] = folder / file
        written[key].write_bytes(content)
    return written
