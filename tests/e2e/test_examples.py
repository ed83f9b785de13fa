"""The examples run, and what they print is true; once more as a user runs them among the slow tests."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from studies.study.file.policy_files import load_policy

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = ("zones", "researcher_ten_lines", "own_device", "own_network", "reinforcement_learning")
MOST_LINES = {"own_policy": 30, "own_device": 60, "researcher_ten_lines": 20}


@pytest.fixture
def printed(monkeypatch, capsys):
    """Run an example in this process and return its numbers line by line."""
    monkeypatch.syspath_prepend(EXAMPLES)

    def run(name):
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        return numbers(capsys.readouterr().out)

    yield run
    sys.modules.pop("own_policy", None)


def numbers(text):
    return [[float(x) for x in re.findall(r"-?\d+\.\d+|\d+", line)] for line in text.splitlines()]


def test_three_orders_of_cuts_take_off_the_same_and_the_zone_stays_at_its_limit(printed):
    lines = printed("zones")
    assert [sum(cut) for cut in lines[:3]] == pytest.approx([2.0, 2.0, 2.0])
    assert max(mw for _, mw, _ in lines[3:]) == 12.0
    assert {status for _, _, status in lines[3:]} == {0.0, 0.5}


def test_ten_lines_compare_policies(printed):
    none, hold, own = printed("researcher_ten_lines")
    used, congestion, behind = range(3)
    assert none[behind] == 0.0
    assert none[congestion] > own[congestion]
    assert hold[behind] >= own[behind] > 0.0
    assert min(none[used], hold[used], own[used]) > 100.0


@pytest.mark.slow
def test_the_ice_plant_keeps_its_energy(printed):
    (more, less, melted), (left, beyond) = printed("own_device")
    # printed with three digits
    assert more - less - melted == pytest.approx(left, abs=2e-3)
    assert more > less > 0.5
    assert beyond > 0


def test_a_network_of_ones_own_is_congested_and_pandapower_agrees(printed):
    (cut, *_), (loading,), (vm,) = printed("own_network")
    assert cut > 1.0
    # congestion management brings the worst branch to its rating, within 0.002 %
    assert loading == pytest.approx(100.0, abs=0.01)
    assert 0.9 < vm < 1.1


@pytest.mark.slow
def test_a_random_agent_runs_a_day(printed):
    head, (used, clipped) = printed("reinforcement_learning")
    assert head[-2:] == [85.0, 57.0]
    assert used > 100.0
    assert clipped > 0


def test_the_own_policy_is_one_for_study_files():
    policy = load_policy("own_policy.py:OwnPolicy", EXAMPLES)
    assert policy.cadence.half_hours == 6


@pytest.mark.parametrize("name", MOST_LINES)
def test_examples_are_short(name):
    assert len((EXAMPLES / f"{name}.py").read_text(encoding="utf-8").splitlines()) < MOST_LINES[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_as_a_user_runs_it(name):
    answer = subprocess.run(
        [sys.executable, "-W", "error", f"{name}.py"],
        cwd=EXAMPLES,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert len(answer.stdout.splitlines()) >= 2
