"""The runner without any power flow: what is published, what is left after a problem, what is not done twice."""

import json
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace

import pytest

from reports.document.blocks import Heading
from studies.execution.folders import partial_folder
from studies.execution.workers import Piece, Processes
from studies.experiments import runner
from studies.experiments.runner import Experiment, Work, run_experiment
from studies.study.file.reading import read_study, study_path
from twin.core.errors import InputError, Problem
from twin.resources.profiles import Substitutes


def answer(value, done):
    """Leave a trace of each time it is made."""
    done.append(value)
    return value


class Counting(Experiment):
    record_file = "counting.json"
    scratch = ("answers",)
    fails_with = None

    def __init__(self, study, done):
        super().__init__(study)
        self.done = done

    def prepare(self, progress):
        pass

    def simulate(self, work):
        if self.fails_with is not None:
            (work.folder / "half.txt").write_text("half")
            raise self.fails_with
        self.values = work.run_pieces(
            "answers", [Piece(f"{k}", partial(answer, k, self.done)) for k in range(3)], "answers"
        )

    def reduce(self, work):
        return {"sum": sum(self.values)}

    def sections(self, record, words):
        return [Heading(words.either("Sum", "合計"))]


@pytest.fixture(scope="module")
def study():
    return read_study(study_path("goto_2030"), None, None)


@pytest.fixture
def in_this_process(monkeypatch):
    """Make the pieces here, so that their traces are seen."""

    def made(self, calls, answered, polled=None):
        for k, call in enumerate(calls):
            answered(k, call())

    monkeypatch.setattr(Processes, "make", made)


def quiet(*_):
    pass


def test_a_finished_experiment_holds_record_manifest_and_report(study, tmp_path, in_this_process):
    folder = run_experiment(Counting(study, []), tmp_path / "out", Processes(1), quiet)
    assert sorted(path.name for path in folder.iterdir()) == [
        "counting.json",
        "manifest.json",
        "report",
        "run_log.json",
    ]
    assert json.loads((folder / "counting.json").read_text()) == {"sum": 3}
    assert "合計" in (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert {"inputs", "answers", "reduction", "report"} == set(
        json.loads((folder / "run_log.json").read_text())["seconds"]
    )


@dataclass(frozen=True)
class FakeCase:
    profiles: tuple = ((None, SimpleNamespace(substitutes=Substitutes(48, ("fukue",)))),)
    outlooks: tuple = ()
    judges_outages: bool = True


def test_what_stands_in_place_of_measured_inputs_is_known_after_the_members_have_run(study, tmp_path, monkeypatch):
    for name in ("sampled_steps", "make_tasks", "run_tasks"):
        monkeypatch.setattr(runner, name, lambda *_: {})
    asked = Counting(study, [])
    assert asked.substitutes() == Substitutes()
    asked.case = FakeCase()
    asked.run_members(Work(tmp_path, {}, Processes(1), quiet), 2)
    assert asked.case.profiles == ()
    record = asked.substitutes_record()
    assert record["persisted_forecast_hours"] == 48
    assert [place["name_ja"] for place in record["sunshine_places"]] == ["福江"]


def test_what_was_finished_before_a_kill_is_not_made_again(study, tmp_path, in_this_process, monkeypatch):
    killed, again = [], []

    def killed_here(self, work):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Counting, "reduce", killed_here)
        with pytest.raises(KeyboardInterrupt):
            run_experiment(Counting(study, killed), tmp_path / "out", Processes(1), quiet)
    (partial_folder(tmp_path / "out") / "answers" / "1.json").unlink()
    run_experiment(Counting(study, again), tmp_path / "out", Processes(1), quiet)
    assert (killed, again) == ([0, 1, 2], [1])


def test_an_unusable_input_leaves_nothing_half_written_and_earlier_results_alone(study, tmp_path, in_this_process):
    out = run_experiment(Counting(study, []), tmp_path / "out", Processes(1), quiet)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    failing = Counting(study, [])
    failing.fails_with = InputError([Problem("no", "here")])
    with pytest.raises(InputError):
        run_experiment(failing, out, Processes(1), quiet)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_an_experiment_of_another_kind_does_not_take_up_what_it_finds(study, tmp_path, in_this_process, monkeypatch):
    class Other(Counting):
        pass

    killed, other = [], []
    with monkeypatch.context() as patch:
        patch.setattr(Counting, "report", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run_experiment(Counting(study, killed), tmp_path / "out", Processes(1), quiet)
    run_experiment(Other(study, other), tmp_path / "out", Processes(1), quiet)
    assert other == [0, 1, 2]


def test_answers_of_workers_come_in_order_whatever_their_number(study, tmp_path):
    from studies.execution.workers import run_pieces

    told = []
    pieces = [Piece(f"{k}", partial(pow, k, 2), weight=k + 1) for k in range(4)]
    for jobs in (1, 2):
        found = run_pieces(pieces, tmp_path / f"{jobs}", Processes(jobs), lambda *made: told.append(made), "squares")
        assert found == [0, 1, 4, 9]
        assert told[-1] == ("squares", 10, 10)
