"""A report that cannot be written ends with its places, and the earlier one stays."""

import errno
import os
from pathlib import Path

import pytest

from reports import write_sections
from reports.document.blocks import Paragraph
from twin.core.errors import InputError

TITLES = {"en": "Example", "ja": "例"}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a report that says something; how a page becomes a PDF is not what is tested here."""
    monkeypatch.setattr("reports.renderers.pdf.render", lambda document: b"PDF")
    return lambda said: write_sections(tmp_path, TITLES, lambda words: [Paragraph(said)])


def files_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_all_places_that_are_taken_are_told_at_once_and_nothing_is_written(write, tmp_path):
    report = tmp_path / "report"
    for name in ("report.html", "report_ja.pdf"):
        (report / name).mkdir(parents=True)
    (report / "figures").write_text("mine")
    with pytest.raises(InputError) as caught:
        write("new")
    told = {problem.where: problem.what for problem in caught.value.problems}
    assert set(told) == {str(report / name) for name in ("figures", "report.html", "report_ja.pdf")}
    assert list(files_of(tmp_path).values()) == [b"mine"]


def test_a_file_in_place_of_the_folder_is_told(write, tmp_path):
    (tmp_path / "report").write_text("mine")
    with pytest.raises(InputError, match="is a file; a folder is needed"):
        write("new")
    assert (tmp_path / "report").read_text() == "mine"


def test_a_disk_that_is_full_half_way_leaves_the_earlier_report(write, tmp_path, monkeypatch):
    write("earlier")
    before, real, written = files_of(tmp_path), Path.write_bytes, []

    def write_bytes(self, content):
        written.append(self)
        if len(written) > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))
        return real(self, content)

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    with pytest.raises(OSError, match="No space left"):
        write("new")
    assert files_of(tmp_path) == before
