"""Nobody outside twin/metrics adds up what a key figure is made of."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = ("twin", "studies", "reports", "network_models", "weather", "docs/generators", "examples", "benchmarks")
PART = re.compile(
    r"congestion_n0|congestion_n1|congestion_firm|CONGESTION_CAUSES|CONGESTION_COLUMNS|battery_losses|flexible_losses"
    r"|behind_the_meter|plants_congestion|sites_lost|(?<![A-Za-z_])curtailed_|BEHIND_THE_METER"
)
SUMS = ("sum", "nansum", "cumsum", "fsum", "add", "subtract", "reduce", "diff")
SOURCES = [
    path
    for place in PLACES
    for path in sorted((ROOT / place).rglob("*.py"))
    if not path.is_relative_to(ROOT / "twin" / "metrics")
]


def names_a_part(node, tainted):
    """Whether an expression names a part of a key figure, or a constant of the file that holds such names."""
    for inner in ast.walk(node):
        text = inner.value if isinstance(inner, ast.Constant) else getattr(inner, "attr", getattr(inner, "id", ""))
        if isinstance(text, str) and (PART.search(text) or text in tainted):
            return True
    return False


def tainted_names(tree):
    """Return the module's constants that hold names of parts, directly or by other such constants."""
    found = set()
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    for _ in assigned:
        for node in assigned:
            if names_a_part(node.value, found):
                found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def is_sum(node):
    if isinstance(node, ast.Call):
        called = node.func
        return getattr(called, "attr", getattr(called, "id", "")) in SUMS
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add | ast.Sub):
        return False
    return not any(isinstance(side, ast.List | ast.Tuple | ast.JoinedStr) for side in (node.left, node.right))


def sums_of_parts(source):
    """Return the lines that add up parts of key figures."""
    tree = ast.parse(source)
    tainted = tainted_names(tree)
    return sorted({node.lineno for node in ast.walk(tree) if is_sum(node) and names_a_part(node, tainted)})


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_key_figure_is_computed_outside_the_metrics(path):
    assert sums_of_parts(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("cut = sum(ledger.cut_mw[cause] for cause in CONGESTION_CAUSES)", True),
        ("cut = system[[cause.column for cause in CONGESTION_CAUSES]].sum(axis=1)", True),
        ("_MINE = [c.column for c in CONGESTION_CAUSES]\ncut = system[_MINE].sum(axis=1)", True),
        ("lost = kpis['battery_losses_mwh'] + kpis['flexible_losses_mwh']", True),
        ("used = system['delivered_mw'] - system['battery_losses_mw']", True),
        ("losses = record.sites.battery_losses_mw.sum(axis=1)", True),
        ("cut = held + ledger.cut_mw['behind_the_meter']", True),
        ("SHOWN = ('curtailed_voltage_mwh', 'battery_losses_mwh')", False),
        ("for cause in CONGESTION_CAUSES:\n    relieve(cause)", False),
        ("total = system['demand_mw'].sum()", False),
    ],
)
def test_the_search_itself_finds_sums(source, found):
    assert bool(sums_of_parts(source)) == found
