"""Runs that are killed at random moments and whose folders are then damaged end with the same bytes, and leave nothing.

``GOTO_TWIN_KILLS=100`` sets how many kills there are.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT, reproducible_files
from small_study import DAYS

from studies.execution.folders import partial_folder

KILLS = int(os.environ.get("GOTO_TWIN_KILLS", "4"))
LONGEST_SECONDS = 600.0
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
DAMAGED_OF_TEN = 5
"""In how many of ten cases a file is harmed after the kill."""


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
def start(small_study, tmp_path):
    """Start the run into ``out`` as a process of its own group."""
    arguments = ["run", small_study, "--days", DAYS, "--jobs", "2", "--out", tmp_path / "out"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def started():
        return subprocess.Popen(
            [sys.executable, "-c", "from studies.cli import main; main()", *map(str, arguments)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True, env=environment,
        )  # fmt: skip

    return started


def workers_of(process):
    """Return the worker processes of a run, without Python's own tracker of semaphores beside them."""
    command = ["pgrep", "-P", str(process.pid), "-f", "spawn_main"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    return [int(line) for line in listed.stdout.split()]


def kill_somehow(process, draw):
    """Kill the process, its group or one of its workers; a worker may be gone before."""
    workers = workers_of(process)
    whom = draw.choice(["process", "group", "worker"] if workers else ["process", "group"])
    try:
        if whom == "group":
            os.killpg(process.pid, draw.choice(SIGNALS))
        elif whom == "worker":
            os.kill(draw.choice(workers), signal.SIGKILL)
        else:
            process.send_signal(draw.choice(SIGNALS))
    except ProcessLookupError:
        return f"{whom}, gone before"
    return whom


def harm_something(folder, draw):
    """Harm a file of the interrupted run that belongs to its work."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files or draw.randrange(10) >= DAMAGED_OF_TEN:
        return "nothing"
    file, harm = draw.choice(files), draw.choice(HARM)
    harm(file)
    return f"{harm.__name__} {file.relative_to(folder)}"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pgrep") is None, reason="finds the workers by pgrep")
def test_any_number_of_kills_and_damages_ends_with_the_same_bytes(run, start, tmp_path):
    out, expected, story = tmp_path / "out", reproducible_files(run), []
    draw = random.Random(20300401)
    begin = time.monotonic()
    assert_ends_well(start(), out, expected, story)
    whole_seconds = time.monotonic() - begin
    kills = 0
    while kills < KILLS:
        shutil.rmtree(out)
        while kills < KILLS:
            process = start()
            try:
                told = process.communicate(timeout=draw.uniform(0.0, whole_seconds))[1]
                assert process.returncode == 0, (story, told)
                break  # it has ended before the kill
            except subprocess.TimeoutExpired:
                kills += 1
                how = kill_somehow(process, draw)
            told = process.communicate(timeout=LONGEST_SECONDS)[1]
            assert "Traceback" not in told, (story, told)
            story.append((how, process.returncode, harm_something(partial_folder(out), draw)))
        assert_ends_well(start(), out, expected, story)


def assert_ends_well(process, out, expected, story):
    told = process.communicate(timeout=LONGEST_SECONDS)[1]
    assert process.returncode == 0, (story, told)
    found = reproducible_files(out)
    assert list(found) == list(expected), story
    assert [name for name in expected if found[name] != expected[name]] == [], story
    assert sorted(path.name for path in out.parent.iterdir()) == ["out"], story
