"""The same study gives the same bytes: again, with other workers, after a kill; earlier results are never harmed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT, command, reproducible_files
from small_study import DAYS

from studies.execution import folders
from studies.execution.folders import DIGEST_FILE, partial_folder
from studies.experiments import run as study_run
from studies.experiments import runner

LONGEST_SECONDS = 240.0
POLL_SECONDS = 0.005


@pytest.mark.slow
def test_a_killed_run_is_taken_up_and_ends_with_the_same_bytes(run, small_study, tmp_path, monkeypatch):
    out = tmp_path / "out"
    shutil.copytree(run, out)
    (out / "earlier.txt").write_text("earlier results")
    earlier = reproducible_files(out)
    arguments = ["run", small_study, "--days", DAYS, "--jobs", "2", "--out", out]
    kill_after_first_checkpoint(arguments, out)
    assert reproducible_files(out) == earlier
    assert (partial_folder(out) / DIGEST_FILE).is_file()

    taken_up = []

    def open_partial(*args):
        folder = folders.open_partial(*args)
        taken_up.append(any(folder.glob("*/*/checkpoints/*.json")))
        return folder

    monkeypatch.setattr(runner, "open_partial", open_partial)
    answer = command(*arguments)
    assert answer.status == 0, answer.err
    assert taken_up == [True]
    assert not partial_folder(out).exists()
    assert_same(reproducible_files(out), reproducible_files(run))


def kill_after_first_checkpoint(arguments, out):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", "from studies.cli import main; main()", *map(str, arguments)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, env=environment,
    )  # fmt: skip
    end = time.monotonic() + LONGEST_SECONDS
    while not list(partial_folder(out).glob("*/*/checkpoints/*.json")):
        assert process.poll() is None, "the run ended before its first checkpoint"
        assert time.monotonic() < end
        time.sleep(POLL_SECONDS)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def assert_same(found, expected):
    assert list(found) == list(expected)
    assert [name for name in expected if found[name] != expected[name]] == []


@pytest.mark.slow
def test_a_report_is_written_again_to_the_same_bytes(run, tmp_path):
    copy = tmp_path / "small"
    shutil.copytree(run, copy)
    shutil.rmtree(copy / "report")
    answer = command("report", copy)
    assert answer.status == 0, answer.err
    assert_same(reproducible_files(copy), reproducible_files(run))


def test_compare_finds_no_difference_between_equal_runs(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    answer = command("compare", run, copy, "--all", "--out", tmp_path / "compared", "--format", "xlsx")
    assert answer.status == 0
    assert [path.name for path in (tmp_path / "compared" / "report").iterdir()] == ["tables.xlsx"]
    assert "_mwh" not in answer.out


@pytest.mark.parametrize("broken", ["operation.flow_margin_mw = -1", 'grid.model = "none.json"'])
def test_earlier_results_stay_when_a_later_run_fails(run, small_study, tmp_path, broken):
    earlier = Path(shutil.copytree(run, tmp_path / "small"))
    text = small_study.read_text(encoding="utf-8").replace("fleet.new_pv = false", f"fleet.new_pv = false\n{broken}")
    (tmp_path / "broken.toml").write_text(text, encoding="utf-8")
    assert command("run", tmp_path / "broken.toml", "--out", earlier).status == 2
    assert_same(reproducible_files(earlier), reproducible_files(run))


def test_a_run_that_breaks_off_leaves_the_earlier_one(run, small_study, tmp_path, monkeypatch):
    earlier = Path(shutil.copytree(run, tmp_path / "small"))

    def fail(*_):
        raise RuntimeError("out of luck")

    monkeypatch.setattr(study_run, "study_case", fail)
    with pytest.raises(RuntimeError, match="out of luck"):
        command("run", small_study, "--days", DAYS, "--out", earlier)
    assert_same(reproducible_files(earlier), reproducible_files(run))
