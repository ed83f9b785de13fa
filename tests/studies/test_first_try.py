"""A first try of a policy and a comparison of several, on the small island."""

import json
import sys
from pathlib import Path

import pytest

from studies import cli

STUDY = Path(__file__).parents[1] / "islands" / "mini_study.toml"
OWN = """\
from twin.policies.interface import DAY, Mode


class Held:
    cadence = DAY

    def decide(self, view):
        open("log.txt", "w").close()
        return view.plan(Mode.SELF_CONSUMPTION, export_limit_pu=0.0)


class Broken:
    cadence = DAY

    def decide(self, view):
        return view.plan(Mode.IDLE, export_limit_pu=-1.0)
"""


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def of(*words):
        monkeypatch.setattr(sys, "argv", ["goto-twin", *map(str, words)])
        try:
            cli.main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        found = capsys.readouterr()
        return status, found.out + found.err

    return of


@pytest.mark.slow
def test_a_first_try_tells_shapes_clips_and_what_else_it_did(told):
    status, text = told("try", "own.py:Held", "--study", STUDY)
    assert status == 0, text
    assert "view.outlook: export_mw (144,)" in text
    assert "first order: export_limit_pu (144, 3), 0 to 0" in text
    clipped = next(line for line in text.splitlines() if line.startswith("commands that devices clip"))
    assert int(clipped.rpartition(" ")[2]) > 0
    assert "beside deciding it writes" in text and "log.txt" in text


@pytest.mark.slow
def test_a_first_try_of_a_broken_policy_ends_with_its_report(told):
    status, text = told("try", "own.py:Broken", "--study", STUDY)
    assert status == 2
    assert "export_limit_pu: outside its range" in text


@pytest.mark.slow
def test_policies_are_compared_in_pairs(told, tmp_path):
    asked = ("--study", STUDY, "--days", "350:350", "--years", 1, "--jobs", 1)
    status, text = told("compare-policies", "self_consumption", "own.py:Held", *asked)
    assert status == 0, text
    assert "net_supply_jpy" in text and "not known here" in text
    record = json.loads((tmp_path / "runs" / "mini_policies" / "policies.json").read_text(encoding="utf-8"))
    names = [one["policy"] for one in record["policies"]]
    assert names == ["none", "self_consumption", "own.Held"]
    for one in record["policies"]:
        found = one["figures"]["energy_used_mwh"]
        of_first = record["policies"][1]["figures"]["energy_used_mwh"]["mean"]
        assert found["against_first"]["mean"] == pytest.approx(found["mean"] - of_first)
