"""Every command tells the same headline of the same member, one with every kind of device; a day with congestion."""

import json
import tomllib

import numpy as np
import pytest
from run_records import MANIFEST

from reports.document.texts import Words
from reports.reading.run_folder import read_run
from reports.sections import tables as report_tables
from studies.execution.folders import write_json
from studies.execution.workers import Processes
from studies.experiments.certificate.scores import SCORES, Level, gained_and_lost, score
from studies.experiments.key_figures import own_kpis
from studies.experiments.run import StudyRun
from studies.experiments.runner import Work
from studies.experiments.uncertainty.analysis import BENEFIT, run_block
from studies.experiments.uncertainty.samples import BASE_PART, Sample, Setup
from studies.study.file.reading import study_path
from studies.study.file.schema import Study
from twin.adapters.environment import REWARDS, IslandEnvironment
from twin.bound.link_condition import read_uncontrolled
from twin.core.quantities import KPIS, shown_in
from twin.devices.device import CARS, COMMERCIAL, GRID_BATTERIES, HOMES, PLANT_BATTERIES, WATER_HEATERS
from twin.metrics.comparisons import loss_of_used_energy_mwh
from twin.metrics.kpis import KEY_FIGURES, key_figures
from twin.metrics.member_tables import TablesInMemory, write_member_tables
from twin.metrics.payments.meters import read_meters
from twin.metrics.series import read_table, series_of_folder, series_of_tables
from twin.operation.case import under_policies
from twin.operation.simulate import simulate
from twin.operation.state import stored_at_start_mwh
from twin.policies.interface import HALF_HOUR, Mode

DAY = (354, 354)
BASE, EVERY_DEVICE = "none", "plant_batteries"
CLOSE = {"rel": 1e-9, "abs": 1e-9}


@pytest.fixture(scope="module")
def study():
    """Two scenarios of the policies' study on a link that is too small, without a sweep."""
    content = tomllib.loads(study_path("goto_2030_policies").read_text(encoding="utf-8"))
    del content["sweep"]
    content["scenario"] = {name: content["scenario"][name] for name in (BASE, EVERY_DEVICE)}
    content["scenario"][EVERY_DEVICE]["fleet"]["grid_batteries"] = "example"
    content["scenario"][EVERY_DEVICE]["operation"]["policy"] = "price"
    content["grid"] |= {"parameters": {"link_rating_factor": 0.3}}
    content["fleet"] |= {"small_sites": "non-firm"}
    return Study.model_validate(content)


@pytest.fixture(scope="module")
def run(study, tmp_path_factory):
    """The run of the study as `goto-twin run` leaves it, but for the report's files."""
    folder = tmp_path_factory.mktemp("run")
    experiment = StudyRun(study, None, DAY)
    experiment.prepare(lambda *_: None)
    folders = experiment.folders(folder)
    write_member_tables(experiment.case, folders, [np.zeros(0, dtype=int)] * len(folders))
    write_json(folder / "study.json", experiment.reduce(Work(folder, {}, Processes(1), lambda *_: None)))
    for place in (folder, *(folder / member.path for member in experiment.own)):
        write_json(place / "manifest.json", MANIFEST)
    return experiment.case, folder, experiment.own


@pytest.fixture(scope="module")
def kpis(run):
    _, folder, members = run
    return {m.scenario: json.loads((folder / m.path / "kpis.json").read_text(encoding="utf-8")) for m in members}


def test_the_member_has_every_kind_of_device_and_congestion(run, kpis):
    case, folder, members = run
    devices = set(read_table(folder / members[1].path, "devices")["device"].astype(str))
    assert devices >= {HOMES, WATER_HEATERS, CARS, COMMERCIAL, GRID_BATTERIES, PLANT_BATTERIES}
    assert case.fleet.battery_mwh[1].sum() > 0.0
    mine = kpis[EVERY_DEVICE]
    for name in ("curtailed_congestion_mwh", "battery_losses_mwh", "flexible_losses_mwh", "net_benefit_mwh"):
        assert abs(mine[name]) > 0.01, name


def test_all_key_figures_are_there_and_within_their_ranges(kpis):
    for values in kpis.values():
        assert set(values) == set(KPIS)
        for name, value in values.items():
            low, high = KPIS[name].limits
            assert value is None or low - 1e-9 <= value <= high + 1e-9, name


def test_every_headline_of_the_uncertainty_analysis(study, kpis):
    sample = Sample(BASE_PART, 0, study.weather.weather_year)
    rows = run_block(Setup(study, None, DAY, (BASE, EVERY_DEVICE), ()), [sample])
    assert [row["scenario"] for row in rows] == [BASE, EVERY_DEVICE]
    for row in rows:
        mine = kpis[row["scenario"]]
        told = [name for name in row if name in KPIS]
        assert len(told) >= len(shown_in("sample"))
        assert {name: row[name] for name in told} == pytest.approx({name: mine[name] for name in told}, **CLOSE)
    assert rows[1][BENEFIT] == pytest.approx(kpis[EVERY_DEVICE][BENEFIT], **CLOSE)


def test_the_scores_of_a_certificate(run, kpis):
    case, folder, members = run
    of_certificate = [own_kpis(one.study, case, m, folder / one.path, None) for m, one in enumerate(members)]
    none, mine = of_certificate
    assert mine == {name: kpis[EVERY_DEVICE][name] for name in mine}
    level = Level(1.0, (None,), [mine])
    for name in SCORES.values():
        assert score(name, level, [none], None)["mean"] == kpis[EVERY_DEVICE][name]
    used = kpis[EVERY_DEVICE]["energy_used_mwh"] - kpis[BASE]["energy_used_mwh"]
    found = gained_and_lost(level, [none])
    gained = found["congestion_avoided_mwh"] + found["other_cuts_avoided_mwh"]
    lost = sum(value for name, value in found.items() if name.startswith("lost"))
    assert gained - lost == pytest.approx(used, abs=1e-6)
    theirs, ours = (series_of_folder(folder / one.path, case.step_hours) for one in members)
    assert -loss_of_used_energy_mwh(ours, theirs).sum() == pytest.approx(used, **CLOSE)


class Rest:
    """Orders no power of any battery."""

    cadence = HALF_HOUR

    def decide(self, view):
        return view.plan(Mode.POWER)


@pytest.mark.parametrize(
    ("reward", "figure"),
    [pytest.param(*pair, marks=[] if pair[0] == "value" else pytest.mark.slow) for pair in REWARDS.items()],
)
def test_the_rewards_of_the_environment_add_up_to_the_key_figure(run, reward, figure):
    case = run[0]
    env = IslandEnvironment(case, 1, reward=reward, orders=("power", "devices"))
    rest = np.zeros(len(env.action_names))
    env.reset(options={"start": 0})
    rewards = [env.step(rest)[1] for _ in range(len(case.index))]
    alone = under_policies(case, 1, [Rest()])
    kept = TablesInMemory(alone)
    simulate(alone, kept)
    frames = {name: table.to_pandas() for name, table in kept.tables()[0].items()}
    series = series_of_tables(frames, case.step_hours, stored_at_start_mwh(alone, 0))
    sign = -1.0 if reward == "congestion" else 1.0
    assert sum(rewards) == pytest.approx(sign * float(KEY_FIGURES[figure](series)), abs=1e-5)


def test_what_the_bound_starts_from(run, kpis):
    case, folder, members = run
    found = read_uncontrolled(case, 0, folder / members[0].path, stored_at_start_mwh(case, 0))
    told = (found.energy_used_mwh, found.net_supply_jpy, found.congestion_mwh)
    names = ("energy_used_mwh", "net_supply_jpy", "curtailed_congestion_mwh")
    assert told == pytest.approx(tuple(kpis[BASE][name] for name in names), **CLOSE)


def test_what_the_meters_of_the_payments_read(run, kpis):
    """Meters read the ledger, which is in single precision."""
    case, folder, members = run
    meters = read_meters(folder / members[1].path, case.grid.models[case.members[1].grid].plants)
    sites = read_table(folder / members[1].path, "sites")
    of_sites = case.step_hours * sites["pv_mw"].sum()
    assert meters.produced.sum() + of_sites == pytest.approx(kpis[EVERY_DEVICE]["delivered_mwh"], rel=1e-6)
    flexible = sum(mwh.sum() for name, mwh in meters.devices.items() if name not in (GRID_BATTERIES, PLANT_BATTERIES))
    system = read_table(folder / members[1].path, "system")
    assert flexible == pytest.approx(case.step_hours * system["flexible_demand_mw"].sum(), **CLOSE)


def test_the_numbers_of_the_report(run, kpis):
    results, words = read_run(run[1]), Words("en")
    table = report_tables.points_congestion(results, words)
    assert table.rows[0][2] == report_tables.digits.quantity(kpis[EVERY_DEVICE]["curtailed_congestion_mwh"], "MWh")
    balance = report_tables.energy_balance(results, results.points[0], words)
    losses = next(row for row in balance.rows if row[0] == words("balance.battery_losses_mwh"))
    assert losses[2] == report_tables.digits.fixed(kpis[EVERY_DEVICE]["battery_losses_mwh"], 1)
    shown = {row[0] for row in report_tables.scenarios(results, results.points[0], words).rows}
    assert report_tables.kpi_label("net_benefit_mwh", words) in shown
    assert abs(kpis[EVERY_DEVICE]["energy_balance_mismatch_mwh"]) < 1e-6


def test_the_net_benefit_is_the_change_of_use_less_what_area_balance_and_outages_change(kpis):
    """Nobody may be forgotten: losses of plant and grid batteries and of shifted demand count as those of sites."""
    base, mine = kpis[BASE], kpis[EVERY_DEVICE]
    used = mine["energy_used_mwh"] - base["energy_used_mwh"]
    others = base["curtailed_area_balance_mwh"] - mine["curtailed_area_balance_mwh"]
    assert mine["net_benefit_mwh"] == pytest.approx(used - others, abs=1e-6)


def test_a_member_of_a_block_has_the_figures_that_it_has_alone(run):
    case, folder, members = run
    alone = [series_of_folder(folder / one.path, case.step_hours) for one in members]
    names = shown_in("sample")
    tables = {
        name: {key: np.stack([one.tables[name][key] for one in alone], axis=1) for key in alone[0].tables[name]}
        for name in ("system", "link", "cable")
    }
    together = type(alone[0])(tables, case.step_hours)
    found = key_figures(together, names)
    for m, one in enumerate(alone):
        expected = {name: float(value) for name, value in key_figures(one, names).items()}
        assert {name: float(found[name][m]) for name in names} == pytest.approx(expected, **CLOSE)
