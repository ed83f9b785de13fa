"""Imports run one way and never in a circle; the contracts are in pyproject.toml."""

from pathlib import Path

from importlinter import configuration
from importlinter.application.use_cases import lint_imports

ROOT = Path(__file__).parents[2]


def test_the_contracts_hold(monkeypatch):
    monkeypatch.chdir(ROOT)
    configuration.configure()
    assert lint_imports("pyproject.toml", cache_dir=None)
