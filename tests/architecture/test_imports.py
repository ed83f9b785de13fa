"""Imports run one way: studies -> reports, network_models, weather -> twin."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALLOWED = {
    "twin": set(),
    "network_models": {"twin"},
    "weather": {"twin"},
    "reports": {"twin"},
    "studies": {"twin", "network_models", "weather", "reports"},
}
MODULES = [path for package in ALLOWED for path in sorted((ROOT / package).rglob("*.py"))]


def imported(source):
    """Return the top-level names that a source imports anywhere, inside functions and type checks too."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("<relative>" if node.level else node.module.split(".")[0])
    return names


def forbidden(package, source):
    return imported(source) & (set(ALLOWED) | {"<relative>", "tests", "benchmarks"}) - ALLOWED[package] - {package}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_run_one_way(path):
    assert forbidden(path.relative_to(ROOT).parts[0], path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    ("package", "source", "found"),
    [
        ("twin", "def f():\n    import weather.sun", {"weather"}),
        ("twin", "from studies import cli", {"studies"}),
        ("reports", "import network_models", {"network_models"}),
        ("weather", "from .. import twin", {"<relative>"}),
        ("weather", "from twin.core.clock import TIMEZONE", set()),
        ("studies", "import reports, weather, twin, network_models", set()),
    ],
)
def test_the_check_itself_sees_forbidden_imports(package, source, found):
    assert forbidden(package, source) == found
