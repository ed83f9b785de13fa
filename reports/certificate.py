"""Writes the certificate of a policy: one page as PDF in each language, and one HTML file in both."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path

import jinja2

from reports.certificate_content import Sheet, sheet
from reports.pdf import typeset
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
