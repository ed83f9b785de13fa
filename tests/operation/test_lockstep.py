"""Members do not see each other; a run that was killed ends with the same bytes."""

import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from loop_fixtures import MONTH_END, WINDY_DAY, devices, make_case, member, records_of, run
from shipped import goto

from studies.execution.members import STAGE, make_tasks, run_tasks
from studies.execution.workers import Processes
from twin.metrics import member_tables as files
from twin.metrics import outages_aside as aside
from twin.metrics import store
from twin.metrics.half_hours import block_of
from twin.metrics.member_tables import write_member_tables
from twin.metrics.outages_aside import follow
from twin.metrics.sample_check import sampled_steps
from twin.metrics.tables import member_tables
from twin.operation import simulate as simulation
from twin.operation.record import over_time
from twin.operation.simulate import month_blocks

FEBRUARY_28_AND_MARCH_1 = (MONTH_END, 2)


class KilledError(Exception):
    """Stands for the end of the process."""


def six_members(inputs):
    batteries, held = devices(inputs.fleet), devices(inputs.fleet, throttle=True)
    return [
        member(inputs, label="a"),
        member(inputs, label="b", criterion="n-1-intertrip", grid=1),
        member(inputs, label="c", operator="forecast", policy="self_consumption", devices=batteries),
        member(inputs, label="d", area_balance=True, policy="congestion_aware", devices=batteries, grid=1),
        member(inputs, label="e", policy="hold_behind_meter", devices=held, uniform_basis="available"),
        member(inputs, label="f", criterion="n-0", devices=devices(inputs.fleet, new_pv=False), twin="other_operator"),
    ]


def make(inputs, members):
    return make_case(inputs, members, [inputs.model, goto(2030, parameters={"link_rating_factor": 0.7})])


def simulated(case, folder, members=None):
    """Run some members of a case into folders by their label; returns all files with their bytes."""
    some = case.members if members is None else [case.members[m] for m in members]
    part = make_case_of(case, some)
    folders = [folder / each.label for each in some]
    write_member_tables(part, folders, sampled_steps(part, 1, 1))
    return files_of(folder)


def make_case_of(case, members):
    return replace(case, members=tuple(members), export_limit_mw=case.export_limit_mw[: len(members)])


def files_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def two_months(goto_year):
    """Members with caps, charge and orders to carry over, and a twin."""
    inputs = goto_year.days(*FEBRUARY_28_AND_MARCH_1)
    return make(inputs, [some for some in six_members(inputs) if some.label in "cdf"])


@pytest.fixture(scope="module")
def uninterrupted(two_months, tmp_path_factory):
    return simulated(two_months, tmp_path_factory.mktemp("whole"))


def test_members_in_lock_step_equal_each_of_them_alone(goto_year):
    inputs = goto_year.days(WINDY_DAY)
    together = make(inputs, six_members(inputs))
    block = block_of(0, over_time(records_of(together)))
    for m, some in enumerate(together.members):
        alone = make_case_of(together, [some])
        of_alone = member_tables(alone, block_of(0, over_time(records_of(alone))), 0)
        for name, table in member_tables(together, block, m).items():
            assert as_bytes(table) == as_bytes(of_alone[name]), f"member {some.label}, table {name}"


def as_bytes(table):
    return [column.combine_chunks().to_pandas().to_numpy().tolist().__repr__() for column in table.columns]


def test_blocks_are_calendar_months(two_months):
    assert month_blocks(two_months.index) == [range(0, 48), range(48, 96)]


def test_the_split_over_workers_does_not_show(two_months, uninterrupted, tmp_path):
    simulated(two_months, tmp_path, [2, 0])
    assert simulated(two_months, tmp_path, [1]) == uninterrupted


def folders_of(case, folder):
    return [folder / member.label for member in case.members]


def test_another_process_that_judges_the_outages_does_not_show(two_months, uninterrupted, tmp_path):
    folders = folders_of(two_months, tmp_path)
    write_member_tables(two_months, folders, sampled_steps(two_months, 1, 1), outages_aside=True)
    assert sorted(file.name for file in (folders[0] / store.STATES).iterdir()) == ["000.npz", "001.npz", "end"]
    assert [store.kept(folder).done for folder in folders] == [-1, -1, -1]
    follow(pickle.loads(pickle.dumps(two_months)), folders)
    assert files_of(tmp_path) == uninterrupted


def test_workers_without_members_follow_the_others(two_months, uninterrupted, tmp_path):
    workers, folders, told = Processes(5), folders_of(two_months, tmp_path), []
    tasks = make_tasks(two_months, folders, sampled_steps(two_months, 1, 1), workers, tmp_path)
    assert [task.outages_aside for task in tasks] == [True, True, False]  # the last one is a twin
    run_tasks(tasks, workers, tmp_path, lambda *stage: told.append(stage))
    assert told[-1] == (STAGE, 6, 6)
    assert files_of(tmp_path) == uninterrupted


def test_states_that_wait_when_all_is_killed_are_made_again(
    two_months, uninterrupted, tmp_path, tmp_path_factory, monkeypatch
):
    def dies(*_):
        raise KilledError

    folders = folders_of(two_months, tmp_path)
    monkeypatch.setattr(files, "leave_end", dies)
    with pytest.raises(KilledError):
        write_member_tables(two_months, folders, sampled_steps(two_months, 1, 1), outages_aside=True)
    monkeypatch.setattr(aside, "finish", dies)
    monkeypatch.setattr(aside.time, "sleep", dies)
    with pytest.raises(KilledError):  # both months are judged, then nothing comes
        follow(two_months, folders)
    monkeypatch.undo()
    assert [store.kept(folder).done for folder in folders] == [1, 1, 1]
    make_tasks(two_months, folders, sampled_steps(two_months, 1, 1), Processes(2), tmp_path_factory.mktemp("shared"))
    assert not (folders[0] / store.STATES).exists()
    assert simulated(two_months, tmp_path) == uninterrupted


def test_without_the_judgement_of_outages_all_other_tables_are_the_same(two_months, uninterrupted, tmp_path):
    alike = simulated(replace(two_months, judges_outages=False), tmp_path)
    listed = {path for path in uninterrupted if path.suffix == ".parquet"}
    names = {"branches", "outage_loadings", "security", "security_branches", "security_outages"}
    of_outages = {path for path in listed if path.stem in names}
    assert {path.stem for path in of_outages} == names
    assert {path: text for path, text in alike.items() if path.suffix == ".parquet"} == {
        path: uninterrupted[path] for path in listed - of_outages
    }


def test_a_run_killed_in_its_second_month_goes_on_and_ends_with_the_same_bytes(
    two_months, uninterrupted, tmp_path, monkeypatch
):
    begun = []

    class Dying(simulation.Window):
        def __init__(self, case, state, start):
            super().__init__(case, state, start)
            begun.append(start)
            if begun == [0, 48]:
                raise KilledError

    monkeypatch.setattr(simulation, "Window", Dying)
    with pytest.raises(KilledError):
        simulated(two_months, tmp_path)
    assert simulated(two_months, tmp_path) == uninterrupted
    assert begun == [0, 48, 48]


def truncated(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def zeroed(file):
    file.write_bytes(bytes(file.stat().st_size))


def flipped(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


DAMAGE = {
    "checkpoint truncated": ("d/checkpoints/000.npz", truncated),
    "checkpoint deleted": ("c/checkpoints/000.npz", Path.unlink),
    "part zeroed": ("d/parts/sample_check/000.arrow", zeroed),
    "part flipped": ("c/parts/link/000.arrow", flipped),
    "part of a twin deleted": ("f/parts/system/000.arrow", Path.unlink),
    "list truncated": ("d/checkpoints/000.json", truncated),
    "list of something else": ("d/checkpoints/000.json", lambda file: file.write_text("[[[")),
    "list deleted": ("d/checkpoints/000.json", Path.unlink),
}


@pytest.fixture(scope="module")
def interrupted(two_months, tmp_path_factory):
    """A run that was killed in its second month."""
    folder = tmp_path_factory.mktemp("interrupted")
    with pytest.MonkeyPatch.context() as patch:
        real = simulation.Window

        def dies(case, state, start):
            if start == 48:
                raise KilledError
            return real(case, state, start)

        patch.setattr(simulation, "Window", dies)
        with pytest.raises(KilledError):
            simulated(two_months, folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("what", list(DAMAGE))
def test_what_is_damaged_after_a_kill_is_found_and_made_again(two_months, uninterrupted, interrupted, tmp_path, what):
    file, harm = DAMAGE[what]
    shutil.copytree(interrupted, tmp_path / "run")
    harm(tmp_path / "run" / file)
    found = store.kept(tmp_path / "run" / file.partition("/")[0])
    assert found.done == -1
    assert bool(found.damaged) == (what != "list deleted")
    assert simulated(two_months, tmp_path / "run") == uninterrupted


def test_a_checkpoint_of_another_case_is_not_taken(two_months, uninterrupted, interrupted, tmp_path, caplog):
    shutil.copytree(interrupted, tmp_path / "run")
    saved = store.load_checkpoint(tmp_path / "run" / "d", 0)
    store.save_checkpoint(tmp_path / "run" / "d", 0, saved | {"soc_kwh": saved["soc_kwh"][:-1]})
    store.close_block(tmp_path / "run" / "d", 0)
    assert simulated(two_months, tmp_path / "run") == uninterrupted
    assert "is not of this member" in caplog.text


@pytest.mark.parametrize("harm", [flipped, pytest.param(Path.unlink, marks=pytest.mark.slow)])
def test_a_finished_member_is_made_again_alone_where_a_table_is_damaged(
    two_months, uninterrupted, tmp_path, monkeypatch, harm
):
    simulated(two_months, tmp_path)
    harm(tmp_path / "d" / "sample_check.parquet")
    assert store.kept(tmp_path / "d").damaged == ("sample_check.parquet",)
    real, run = simulation.Window, []
    monkeypatch.setattr(simulation, "Window", lambda case, *args: run.append(len(case.members)) or real(case, *args))
    assert simulated(two_months, tmp_path) == uninterrupted
    assert set(run) == {1}


@pytest.mark.parametrize("place", ["save_checkpoint", pytest.param("write_part", marks=pytest.mark.slow)])
@pytest.mark.parametrize("call", [pytest.param(1, marks=pytest.mark.slow), 4])
def test_a_run_killed_while_it_writes_ends_with_the_same_bytes(
    two_months, uninterrupted, tmp_path, monkeypatch, place, call
):
    real, calls = getattr(files, place), []

    def dies_once(*arguments):
        calls.append(1)
        if len(calls) == call + 1:
            raise KilledError
        real(*arguments)

    monkeypatch.setattr(files, place, dies_once)
    with pytest.raises(KilledError):
        simulated(two_months, tmp_path)
    assert simulated(two_months, tmp_path) == uninterrupted


@pytest.mark.slow
def test_a_run_killed_while_it_tidies_up_loses_no_month(two_months, uninterrupted, tmp_path, monkeypatch):
    real, removed = store.shutil.rmtree, []

    def dies_half_way(folder):
        if folder.name == store.PARTS and not removed:
            removed.append(next(iter(folder.rglob("000.arrow"))))
            removed[0].unlink()
            raise KilledError
        real(folder)

    monkeypatch.setattr(store.shutil, "rmtree", dies_half_way)
    with pytest.raises(KilledError):
        simulated(two_months, tmp_path)
    assert not removed[0].exists()
    assert simulated(two_months, tmp_path) == uninterrupted


def test_a_finished_run_is_not_run_again(two_months, uninterrupted, tmp_path, monkeypatch):
    simulated(two_months, tmp_path)
    monkeypatch.setattr(simulation, "Window", None)
    assert simulated(two_months, tmp_path) == uninterrupted


def test_a_month_more_does_not_change_the_one_before(goto_year, two_months):
    inputs = goto_year.days(MONTH_END)
    first_day = make(inputs, two_months.members)
    records, of_two = records_of(first_day), run(two_months, range(44))[1]
    for t in range(44):
        assert np.array_equal(records[t].injections.unit_mw, of_two[t].injections.unit_mw)
