"""Fixtures of more than one folder; the heavy imports wait until a test asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from loop_fixtures import Inputs


def pytest_collection(session: pytest.Session) -> None:
    """Build pandapower's own tables and networks once in each process that runs tests."""
    if hasattr(session.config, "workerinput") or session.config.getoption("numprocesses", None) is None:
        from kept_tables import keep_tables

        keep_tables()


@pytest.fixture(scope="session")
def goto_year() -> Inputs:
    """The real goto grid of 2030 with its synthetic year; tests cut days out of it."""
    from loop_fixtures import make_inputs

    return make_inputs()
