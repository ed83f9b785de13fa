"""Runs that are killed at random moments and whose folders are then damaged end with the same bytes, and leave nothing.

``GOTO_TWIN_KILLS=100`` sets how many kills there are. Each is told as it happens: see them with ``pytest -s``.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import preloaded
import pytest
from conftest import reproducible_files

from studies import ONE_THREAD
from studies.execution.folders import partial_folder

ISLANDS = Path(__file__).parents[1] / "islands"
DAYS = "30:62"
"""30 April to 1 June: three blocks, so that there are two checkpoints."""
KILLS = int(os.environ.get("GOTO_TWIN_KILLS", "4"))
ENOUGH_KILLS = 40
"""From so many kills on, each stage has to be hit."""
LONGEST_SECONDS = 600.0
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
PATIENCE = 8
"""Of so many starts, one is left in peace: then the next kills meet a run from its beginning."""
DAMAGED_OF_TEN = 5
"""In how many of ten cases a file is harmed after the kill."""
STAGES = ("inputs", "simulation", "reduction", "report")
"""As the run's log calls them."""


def truncate(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def zero(file):
    file.write_bytes(bytes(file.stat().st_size))


def flip(file):
    content = bytearray(file.read_bytes() or b"x")
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


HARM = (truncate, zero, flip, Path.unlink)


@pytest.fixture
def study(tmp_path):
    """The study of the mini island with two scenarios, each with its counterfactuals, by half-hours."""
    shutil.copytree(ISLANDS / "mini", tmp_path / "mini")
    text = (ISLANDS / "mini_study.toml").read_text(encoding="utf-8").replace("step_minutes = 10\n", "")
    first, _, last = text.partition("[scenario.self_consumption]")
    path = tmp_path / "study.toml"
    path.write_text(first + last[last.index("[scenario.congestion_aware]") :], encoding="utf-8")
    return path


def arguments(study, out, jobs):
    return ["run", study, "--days", DAYS, "--jobs", jobs, "--out", out]


def wait_for(process, file, stage):
    """Wait until a run is in a stage, or beyond it, or has ended."""
    while process.is_alive() and STAGES.index(stage_in(file)) < STAGES.index(stage):
        time.sleep(0.02)


def stage_in(file):
    """Return what the file says; it may just be written."""
    found = file.read_text(encoding="utf-8")
    return found if found in STAGES else STAGES[0]


def workers_of(process):
    listed = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in listed.stdout.split()]


def kill_somehow(process, draw):
    """Kill the process, its group or one of its workers; a worker may be gone before."""
    workers = workers_of(process)
    whom = draw.choice(["process", "group", "worker"] if workers else ["process", "group"])
    sent = signal.SIGKILL if whom == "worker" else draw.choice(SIGNALS)
    try:
        if whom == "group":
            os.killpg(process.pid, sent)
        else:
            os.kill(draw.choice(workers) if whom == "worker" else process.pid, sent)
    except ProcessLookupError:
        return f"{whom}, gone before"
    return f"{sent.name} to {whom}"


def harm_something(folder, draw):
    """Harm a file of the interrupted run that belongs to its work."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files or draw.randrange(10) >= DAMAGED_OF_TEN:
        return "no harm"
    file, harm = draw.choice(files), draw.choice(HARM)
    harm(file)
    return f"{harm.__name__} {file.relative_to(folder)}"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pgrep") is None, reason="finds the workers by pgrep")
def test_any_number_of_kills_and_damages_ends_with_the_same_bytes(study, tmp_path, monkeypatch):
    for key, value in ONE_THREAD.items():
        monkeypatch.setenv(key, value)
    out, told, stage = tmp_path / "runs" / "out", tmp_path / "told.txt", tmp_path / "stage.txt"
    expected, seconds = files_of_command(study, tmp_path / "whole"), {}
    draw, hit, begin, since = random.Random(20300401), Counter(), time.monotonic(), 0
    while not seconds or hit.total() < KILLS or since:
        process = preloaded.start(arguments(study, out, draw.choice([1, 2])), told, stage)
        if seconds and hit.total() < KILLS and draw.randrange(PATIENCE):
            wanted = draw.choice(STAGES)
            wait_for(process, stage, wanted)
            process.join(draw.uniform(0.0, seconds[wanted]))
            if process.is_alive():
                how, where, since = kill_somehow(process, draw), stage_in(stage), since + 1
                hit[where] += 1
                process.join(LONGEST_SECONDS)
                assert "Traceback" not in told.read_text(encoding="utf-8"), told.read_text(encoding="utf-8")
                how += f" in {where}: status {process.exitcode}, then {harm_something(partial_folder(out), draw)}"
                print(f"{time.monotonic() - begin:5.0f} s, kill {hit.total()}: {how}", flush=True)
                continue
        process.join(LONGEST_SECONDS)
        assert process.exitcode == 0, told.read_text(encoding="utf-8")
        assert_as_expected(out, expected)
        print(f"{time.monotonic() - begin:5.0f} s, it has ended after {since} kills with the same bytes", flush=True)
        seconds = seconds or json.loads((out / "run_log.json").read_text(encoding="utf-8"))["seconds"]
        shutil.rmtree(out)
        since = 0
    print(f"{hit.total()} kills: {dict(hit)}")
    assert KILLS < ENOUGH_KILLS or set(hit) == set(STAGES), hit


def files_of_command(study, out):
    """Return the files of a run that nobody disturbed, by the command as users have it."""
    command = [sys.executable, "-c", "from studies.cli import main; main()", *map(str, arguments(study, out, 2))]
    subprocess.run(command, check=True, capture_output=True)
    return reproducible_files(out)


def assert_as_expected(out, expected):
    found = reproducible_files(out)
    assert list(found) == list(expected)
    assert [name for name in expected if found[name] != expected[name]] == []
    assert sorted(path.name for path in out.parent.iterdir()) == ["out"]
