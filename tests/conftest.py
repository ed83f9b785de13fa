"""Fixtures of more than one folder; the heavy imports wait until a test asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from loop_fixtures import Inputs


@pytest.fixture(scope="session")
def goto_year() -> Inputs:
    """The real goto grid of 2030 with its synthetic year; tests cut days out of it."""
    from loop_fixtures import make_inputs

    return make_inputs()
