"""The certificate as a user gets it: what it holds, who cannot score well, and how a policy that fails ends."""

import json

import pytest

from studies.cli import TRIAL_STATUS
from studies.experiments.certificate import certify
from studies.experiments.certificate.look_ahead import Checks

DAYS = "30:30"
"""A quiet day in April, on which nothing is congested."""
RAISING = """\
from twin.policies.interface import DAY, Mode


class Broken:
    cadence = DAY

    def decide(self, view):
        raise RuntimeError("no plan today")


class Stubborn:
    cadence = DAY

    def decide(self, view):
        return view.plan(Mode.SELF_CONSUMPTION) if view.time.day % 2 else None
"""


@pytest.fixture(scope="module")
def policy_file(workplace):
    file = workplace / "raising.py"
    file.write_text(RAISING, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def earlier(workplace):
    """An earlier certificate, which a failing policy must not touch."""
    folder = workplace / "runs" / "certificates" / "earlier"
    folder.mkdir(parents=True)
    (folder / "certificate.json").write_text('{"policy": "an earlier one"}', encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def held(workplace, once, small_study):
    """Certificate of holding everything back over two years, one quiet day each."""
    asked = ("--study", small_study, "--years", 2, "--days", DAYS, "--jobs", 1)
    answer = once("certify", "hold_behind_meter", *asked)
    assert answer.status == TRIAL_STATUS, answer.err
    assert "Trial of some days, not a certificate" in answer.out
    return workplace / "runs" / "certificates" / "hold_behind_meter-trial"


def read(folder):
    return json.loads((folder / "certificate.json").read_text(encoding="utf-8"))


def left_in(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_unknown_policy_ends_with_status_2(once, small_study):
    answer = once("certify", "no_such_policy", "--study", small_study, "--days", DAYS)
    assert answer.status == 2
    assert "no_such_policy" in answer.err
    assert "Traceback" not in answer.err


def test_a_file_without_the_class_ends_with_status_2(once, small_study, policy_file):
    answer = once("certify", f"{policy_file.name}:Brokn", "--study", small_study, "--days", DAYS)
    assert answer.status == 2
    assert "Broken" in answer.err


def test_a_policy_that_raises_ends_with_its_report_and_leaves_the_earlier_certificate(
    once, small_study, policy_file, earlier
):
    before = left_in(earlier)
    asked = ("--study", small_study, "--years", 1, "--days", DAYS, "--out", earlier)
    answer = once("certify", f"{policy_file.name}:Broken", *asked)
    assert answer.status == 2
    assert "RuntimeError: no plan today" in answer.err
    assert "2030-04-30 00:00" in answer.err
    assert left_in(earlier) == before
    assert [path.name for path in earlier.parent.iterdir()] == [earlier.name]


@pytest.mark.slow
def test_a_policy_that_fails_in_a_worker_leaves_nothing_half_written(
    once, small_study, policy_file, earlier, monkeypatch
):
    clean = Checks("2030-04-29 00:00", "2030-04-30 23:30", True, "", (), 0, False, "")
    monkeypatch.setattr(certify, "check_policy", lambda *_: clean)
    before = left_in(earlier)
    asked = ("--study", small_study, "--years", 1, "--days", "29:30", "--jobs", 1, "--out", earlier)
    answer = once("certify", f"{policy_file.name}:Stubborn", *asked)
    assert answer.status == 2
    assert "decision at 2030-04-30 00:00" in answer.err
    assert left_in(earlier) == before
    assert [path.name for path in earlier.parent.iterdir() if not path.name.startswith("hold")] == [earlier.name]


@pytest.mark.slow
def test_the_folder_holds_the_certificate_and_no_tables(held):
    assert sorted(path.name for path in held.iterdir()) == [
        "certificate.html", "certificate.json", "certificate_en.pdf", "certificate_ja.pdf", "manifest.json",
        "run_log.json",
    ]  # fmt: skip


@pytest.mark.slow
def test_holding_everything_back_uses_no_more_energy_on_a_quiet_day(held):
    """Nothing is congested, so nothing can be won; what the batteries lose is lost."""
    found = read(held)
    for level in found["levels"]:
        energy = level["scores"]["energy"]["difference"]
        assert max(energy["by_year"]) < 0.0
        assert level["gained_and_lost"]["congestion_avoided_mwh"] == 0.0
        assert level["gained_and_lost"]["lost_in_batteries_mwh"] > 0.0


@pytest.mark.slow
def test_what_is_gained_less_what_is_lost_is_the_change_of_the_energy_used(held):
    """Three ways through the tables: cuts, losses, and delivered energy; 0.01 MWh is the loop's own identity."""
    for level in read(held)["levels"]:
        gained, lost = (
            sum(value for name, value in level["gained_and_lost"].items() if ("avoided" in name) == is_gain)
            for is_gain in (True, False)
        )
        assert level["scores"]["energy"]["difference"]["mean"] == pytest.approx(gained - lost, abs=0.01)


@pytest.mark.slow
def test_the_bound_is_above_everybody(held):
    found = read(held)
    for name, kpi in (("energy", "energy_used_mwh"), ("value", "net_supply_jpy")):
        for run in found["runs"]:
            assert run["kpis"][kpi] <= found["bound"][name][found["years"].index(run["year"])] * (1.0 + 1e-9)


@pytest.mark.slow
def test_a_rule_that_does_not_look_at_forecasts_is_the_same_at_all_levels(held):
    first, *others = read(held)["levels"]
    for level in others:
        assert level | {"error_factor": 0.0} == first


@pytest.mark.slow
def test_years_differ_and_checks_are_clean(held):
    found = read(held)
    used = [run["kpis"]["energy_used_mwh"] for run in found["runs"] if run["error_factor"] is None]
    assert len(used) == 2
    assert used[0] != used[1]
    assert (found["checks"]["is_deterministic"], found["checks"]["looks_ahead"]) == (True, False)
