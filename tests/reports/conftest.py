"""One run and its report, drawn once for all tests that only read them."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_fixture import write_run
from report_page_fixture import write_hostile_run

from reports import write_report


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made run of ten days; a test that changes a run writes one of its own."""
    return write_run(tmp_path_factory.mktemp("runs") / "fake")


@pytest.fixture(scope="session")
def report(run: Path) -> dict[str, Path]:
    """What was written for it."""
    return write_report(run)


@pytest.fixture(scope="session")
def hostile_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three days with all that a page can show, whose every name is hostile."""
    return write_hostile_run(tmp_path_factory.mktemp("runs") / "hostile")


@pytest.fixture(scope="session")
def hostile_report(hostile_run: Path) -> dict[str, Path]:
    """What was written for it."""
    return write_report(hostile_run)
