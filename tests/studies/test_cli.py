"""The command: exit codes, messages for people, and nothing slow before an input is known to be good."""

import errno
import json
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest
from run_records import MANIFEST, study_record

from studies import cli
from studies.console import HEADLINE
from studies.execution.folders import write_json
from studies.execution.workers import WorkerLostError
from studies.study.file.reading import STUDIES, read_study, study_path
from twin.core.errors import InputError, Problem
from twin.core.quantities import KPIS
from twin.resources.profiles import Substitutes

ROOT = Path(__file__).parents[2]
LONGEST_SECONDS = 2.0
LONGEST_HELP_SECONDS = 1.0


def processor_seconds():
    """Processor time of all ended children: unlike the clock it does not see what else the machine does."""
    times = os.times()
    return times.children_user + times.children_system


def command(*arguments, cwd=ROOT):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    start = processor_seconds()
    answer = subprocess.run(
        [sys.executable, "-c", "from studies.cli import main; main()", *arguments],
        capture_output=True, encoding="utf-8", check=False, cwd=cwd, env=environment,
    )  # fmt: skip
    return answer, processor_seconds() - start


def fastest(*arguments):
    """Run twice: the first may compile bytecode."""
    runs = [command(*arguments) for _ in range(2)]
    return runs[-1][0], min(seconds for _, seconds in runs)


def main(monkeypatch, capsys, *arguments):
    """Run the command in this process; return exit code, stdout and stderr."""
    monkeypatch.setattr(sys, "argv", ["goto-twin", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    captured = capsys.readouterr()
    return caught.value.code, captured.out, captured.err


def a_run(folder, change=0.0, members=("a/base", "b/base"), **kpis):
    listed = [{"path": path, "scenario": path[0], "member": "base", "sweep": {}} for path in members]
    write_json(folder / "study.json", study_record(folder.name, listed))
    for place in (folder, *(folder / path for path in members)):
        write_json(place / "manifest.json", MANIFEST)
    for number, path in enumerate(members):
        values = {name: float(number) for name in KPIS} | {"available_mwh": 1000.0 + change} | kpis
        write_json(folder / path / "kpis.json", values)
    return folder


@pytest.fixture
def fake_engine(monkeypatch):
    """Stand in for the engine; remembers what it was asked for."""
    asked = {}

    class StudyRun:
        def __init__(self, study, data, days):
            self.study, self.folder_name = study, study.name
            asked.update(study=study, data=data, days=days)

        def substitutes(self):
            return Substitutes(48, ("fukue",))

        def expected(self, processors):
            return f"soon on {processors}"

    def run_experiment(experiment, out, workers, progress):
        asked.update(out=out, jobs=workers.count)
        for done in (1, 2):
            progress("members", done, 2)
        a_run(out)
        (out / "report").mkdir()
        (out / "report" / "report.html").write_text("")
        return out

    for name, content in (("run", StudyRun), ("runner", run_experiment)):
        module = types.ModuleType(f"studies.experiments.{name}")
        setattr(module, content.__name__, content)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return asked


def test_a_wrong_study_as_a_real_command(tmp_path):
    path = tmp_path / "study.toml"
    text = (STUDIES / "goto_2030.toml").read_text(encoding="utf-8")
    path.write_text(text.replace("fleet.new_pv = false", "fleet.new_pw = false\nseed = 3"), encoding="utf-8")
    answer, seconds = fastest("run", str(path))
    assert answer.returncode == 2
    assert "2 problems found; earlier results are untouched." in answer.stderr
    assert "unknown key fleet.new_pw" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert seconds < LONGEST_SECONDS


def test_a_missing_study_as_a_real_command():
    answer, seconds = fastest("run", "goto_2031")
    assert answer.returncode == 2
    assert "goto_2030" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert seconds < LONGEST_SECONDS


def test_a_wrong_encoding_as_a_real_command(tmp_path):
    path = tmp_path / "study.toml"
    path.write_bytes((STUDIES / "goto_2030.toml").read_text(encoding="utf-8").encode("cp932"))
    answer, seconds = fastest("run", str(path))
    assert answer.returncode == 2
    assert "CP932" in answer.stderr
    assert "line 5" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert seconds < LONGEST_SECONDS


def test_help_is_quick():
    answer, seconds = fastest("--help")
    assert answer.returncode == 0
    assert {"run", "report", "compare", "list", "schema", "doctor"} <= set(answer.stdout.split())
    assert seconds < LONGEST_HELP_SECONDS


def test_run_hands_the_checked_study_on_and_tells_where_the_results_are(tmp_path, monkeypatch, capsys, fake_engine):
    out = tmp_path / "x"
    code, printed, _ = main(monkeypatch, capsys, "run", "goto_2030", "--out", out, "--days", "1:2", "--jobs", "2")
    assert code == 0
    assert (fake_engine["out"], fake_engine["days"], fake_engine["jobs"], fake_engine["data"]) == (out, (1, 2), 2, None)
    assert fake_engine["study"].name == "goto_2030"
    assert "1,000" in printed
    assert "Demand forecast: missing in 48 h of the year, persistence in its place." in printed
    assert "Irradiance of fukue: computed from sunshine hours." in printed
    assert f"Report:  {out / 'report' / 'report.html'}" in printed


def test_the_default_results_folder_has_the_studys_name(tmp_path, monkeypatch, capsys, fake_engine):
    monkeypatch.chdir(tmp_path)
    assert main(monkeypatch, capsys, "run", "goto_2030")[0] == 0
    assert fake_engine["out"] == Path("runs/goto_2030")


def test_a_bad_input_leaves_earlier_results_alone(tmp_path, monkeypatch, capsys, fake_engine):
    run = a_run(tmp_path / "runs" / "goto_2030")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    code, _, told = main(
        monkeypatch, capsys, "run", "goto_2030", "--out", run, "--days", "9:1", "--data", tmp_path / "no"
    )
    assert code == 2
    assert "2 problems found" in told
    assert fake_engine == {}
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_an_input_error_of_the_engine_ends_with_status_2(monkeypatch, capsys, fake_engine):
    def run_experiment(*_):
        raise InputError([Problem("weather has a gap", "fukue.csv, 2022-05-01 12:00")])

    monkeypatch.setattr(sys.modules["studies.experiments.runner"], "run_experiment", run_experiment)
    code, _, told = main(monkeypatch, capsys, "run", "goto_2030")
    assert code == 2
    assert told.endswith(
        "1 problem found; earlier results are untouched.\n\nfukue.csv, 2022-05-01 12:00: weather has a gap\n"
    )


def ending_with(error, monkeypatch):
    def run_experiment(*_):
        raise error

    monkeypatch.setattr(sys.modules["studies.experiments.runner"], "run_experiment", run_experiment)


@pytest.mark.parametrize(("error", "status", "told"), [
    (KeyboardInterrupt(), 130, "Interrupted. What is finished is kept"),
    (WorkerLostError("a worker was ended"), 1, "Stopped: a worker was ended. What is finished is kept"),
    (OSError(errno.ENOSPC, "No space left on device", "runs/x"), 2, "runs/x: the operating system refuses"),
    (PermissionError(errno.EACCES, "Permission denied", "runs/x"), 2, "found: Permission denied"),
])  # fmt: skip
def test_what_ends_a_run_from_outside_is_told_without_a_traceback(
    monkeypatch, capsys, fake_engine, error, status, told
):
    ending_with(error, monkeypatch)
    code, _, said = main(monkeypatch, capsys, "run", "goto_2030")
    assert code == status
    assert told in said
    assert "Traceback" not in said


def test_a_cluster_needs_its_extra(monkeypatch, capsys, fake_engine):
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, said = main(monkeypatch, capsys, "run", "goto_2030", "--scheduler", "tcp://127.0.0.1:9")
    assert code == 2
    assert 'pip install "goto-twin[cluster]"' in said


def test_an_unexpected_error_keeps_its_traceback(monkeypatch, fake_engine):
    def run_experiment(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(sys.modules["studies.experiments.runner"], "run_experiment", run_experiment)
    monkeypatch.setattr(sys, "argv", ["goto-twin", "run", "goto_2030"])
    with pytest.raises(ZeroDivisionError):
        cli.main()


@pytest.mark.parametrize("days", ["1-2", "a:b", "1:2:3", ""])
def test_days_that_are_no_range(monkeypatch, capsys, days):
    code, _, told = main(monkeypatch, capsys, "run", "goto_2030", "--days", days)
    assert code == 2
    assert "A:B" in told


def test_compare_shows_what_differs(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("reports.write_comparison", lambda *_: {})  # the report is looked at in tests/reports and e2e
    first, second = a_run(tmp_path / "first"), a_run(tmp_path / "second", change=250.0, members=("b/base", "c/base"))
    code, printed, _ = main(monkeypatch, capsys, "compare", first, second, "--all")
    assert code == 0
    rows = [row for row in printed.splitlines() if " available_mwh " in row]
    assert len(rows) == 1
    assert "b/base" in rows[0]
    assert "+250.00" in rows[0]
    assert "only in the first: a/base" in printed
    assert "only in the second: c/base" in printed


def test_compare_needs_two_runs_with_a_member_in_common(tmp_path, monkeypatch, capsys):
    first = a_run(tmp_path / "first", members=("a/base",))
    code, _, told = main(monkeypatch, capsys, "compare", first, a_run(tmp_path / "second", members=("b/base",)))
    assert code == 2
    assert "no member in common" in told
    code, _, told = main(monkeypatch, capsys, "compare", first, tmp_path / "nothing")
    assert code == 2
    assert "no complete run" in told


def test_report_needs_a_complete_run(tmp_path, monkeypatch, capsys):
    run = a_run(tmp_path / "run")
    (run / "a" / "base" / "kpis.json").unlink()
    code, _, told = main(monkeypatch, capsys, "report", run)
    assert code == 2
    assert "kpis.json" in told
    assert "the file is missing" in told


def test_list_names_studies_and_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    a_run(tmp_path / "runs" / "mine")
    code, printed, _ = main(monkeypatch, capsys, "list")
    assert code == 0
    assert "goto_2030" in printed
    assert "goto_fy2022" in printed
    assert str(Path("runs/mine")) in printed


def test_a_shipped_study_is_meant_where_a_folder_has_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("goto_2030").mkdir()
    assert study_path("goto_2030") == STUDIES / "goto_2030.toml"
    Path("mine").mkdir()
    assert study_path("mine") == Path("mine")  # told as a folder by the reader
    with pytest.raises(InputError, match="is a folder"):
        read_study(study_path("mine"))


def test_schema_is_json_schema(monkeypatch, capsys):
    code, printed, _ = main(monkeypatch, capsys, "schema")
    assert code == 0
    schema = json.loads(printed)
    assert schema["additionalProperties"] is False
    assert {"period", "grid", "weather", "fleet", "operation", "scenario", "sweep", "compare"} <= set(
        schema["properties"]
    )


def test_doctor_names_what_is_missing(monkeypatch, capsys):
    code, printed, _ = main(monkeypatch, capsys, "doctor")
    assert code == 0, printed
    monkeypatch.setattr("studies.doctor.package_versions", lambda: {"pandapower": None})
    code, printed, _ = main(monkeypatch, capsys, "doctor")
    assert code == 1
    assert "MISSING pandapower" in printed
    assert "repair" in printed


def test_version(monkeypatch, capsys):
    code, printed, _ = main(monkeypatch, capsys, "--version")
    assert code == 0
    assert printed.startswith("goto-twin 0.")


def test_headline_figures_are_in_the_data_dictionary():
    assert set(HEADLINE) <= set(KPIS)
