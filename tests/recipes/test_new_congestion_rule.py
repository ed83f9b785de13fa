"""A new congestion rule is one file beside the shipped ones; here the most effective plant is cut first."""

from pathlib import Path

import numpy as np
import pytest

from studies.api import load_case, run_case
from twin.core.errors import InputError
from twin.core.quantities import CONGESTION_CAUSES
from twin.operation.management import congestion_rules

FILE = Path(__file__).parent / "files" / "congestion_rule" / "twin" / "operation" / "management" / "congestion_rules"
STUDY = """
schema_version = 1
name = "new_rule"
title_en = "A new congestion rule"
[period]
fiscal_year = 2030
[grid]
year = 2030
conductor_mm2 = 240
[operation]
area_balance = false
congestion_rule = "most_effective"
[fleet]
new_pv = true
firmness = "all_non_firm"
"""
WINDY_DAY = 355
AT_LIMIT_PERCENT = 100.01


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


@pytest.fixture
def rule(monkeypatch):
    """The file of the recipe, as if it lay in the package."""
    monkeypatch.setattr(congestion_rules, "__path__", [*congestion_rules.__path__, str(FILE)])


def test_without_the_file_the_rule_is_refused_with_those_that_exist(study):
    with pytest.raises(InputError, match="there is no such congestion rule") as caught:
        load_case(study, days=(WINDY_DAY, WINDY_DAY))
    assert "uniform" in str(caught.value)


@pytest.mark.slow
def test_the_most_effective_plant_is_cut_first_and_the_criterion_holds(study, rule):
    by_rule = run_case(load_case(study, days=(WINDY_DAY, WINDY_DAY)))[0]
    uniform = {"operation.congestion_rule": "uniform"}
    usual = run_case(load_case(study, days=(WINDY_DAY, WINDY_DAY), settings=uniform))[0]
    cut, cut_usual = (_cut_mw(tables) for tables in (by_rule, usual))
    assert cut.to_numpy().sum() > 1.0
    assert (cut > 0.0).sum(axis=1).max() < (cut_usual > 0.0).sum(axis=1).max()
    assert cut.to_numpy().sum() <= cut_usual.to_numpy().sum() + 0.01
    for tables in (by_rule, usual):
        assert np.nanmax(tables["link"]["n1_loading_percent"]) <= AT_LIMIT_PERCENT


def _cut_mw(tables):
    ledger = tables["ledger"]
    total = sum(ledger[f"{cause}_mw"] for cause in CONGESTION_CAUSES)
    return ledger.assign(cut_mw=total).pivot(index="time", columns="unit", values="cut_mw").fillna(0.0)
