"""Writes the certificate of a policy: one page as PDF in each language, and one HTML file in both."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import jinja2
import typst

from reports.certificate_content import Sheet, sheet
from reports.pdf import CREATED_AT_UNIX_SECONDS
from reports.style import font_folder
from reports.texts import LANGUAGES, Words

RECORD = "certificate.json"


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
    sheets = [sheet(record, Words(language)) for language in LANGUAGES]
    contents = {"html": ("certificate.html", _html(sheets).encode())}
    contents |= {f"pdf_{one.language}": (f"certificate_{one.language}.pdf", _pdf(one)) for one in sheets}
    for file, content in contents.values():
        (folder / file).write_bytes(content)
    return {key: folder / file for key, (file, _) in contents.items()}


def _pdf(one: Sheet) -> bytes:
    """Return a sheet as PDF; no fonts and no files of the machine are used."""
    with tempfile.TemporaryDirectory(prefix="goto-twin-certificate-") as name:
        folder = Path(name)
        template = folder / "certificate.typ"
        template.write_bytes((files("reports") / "templates" / "certificate.typ").read_bytes())
        (folder / "sheet.json").write_text(json.dumps(one.content(), ensure_ascii=False), encoding="utf-8")
        for picture in one.pictures:
            (folder / f"{picture.name}.svg").write_bytes(picture.svg)
        pdf = typst.compile(
            template,
            root=folder,
            font_paths=[font_folder()],
            ignore_system_fonts=True,
            format="pdf",
            timestamp=CREATED_AT_UNIX_SECONDS,
        )
    if not isinstance(pdf, bytes):
        raise TypeError(f"typst gave {type(pdf).__name__} instead of the bytes of a PDF")
    return pdf


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
