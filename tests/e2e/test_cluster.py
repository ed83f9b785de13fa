"""The same run on a Dask cluster of two workers of which one is killed at work: the same bytes."""

import os
import signal
import threading
import time

import pytest
from conftest import command, reproducible_files
from small_study import DAYS

distributed = pytest.importorskip("distributed")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

PATIENCE_SECONDS = 300.0


@pytest.fixture
def cluster(monkeypatch):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "1")
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as made, distributed.Client(made, set_as_default=False) as client:
        yield client


def kill_one_at_work(client, killed):
    """Kill the first worker that has something to do."""
    pids = client.run(os.getpid)
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        busy = [worker for worker, tasks in client.processing().items() if tasks]
        if busy and busy[0] in pids:
            os.kill(pids[busy[0]], signal.SIGKILL)
            killed.append(busy[0])
            return
        time.sleep(0.1)


def test_a_cluster_that_loses_a_worker_gives_the_same_bytes(cluster, run, small_study, tmp_path):
    killed = []
    killer = threading.Thread(target=kill_one_at_work, args=(cluster, killed))
    killer.start()
    address = cluster.scheduler.address
    answer = command("run", small_study, "--days", DAYS, "--scheduler", address, "--out", tmp_path / "small")
    killer.join()
    assert answer.status == 0, answer.err
    assert len(killed) == 1
    found, expected = reproducible_files(tmp_path / "small"), reproducible_files(run)
    assert list(found) == list(expected)
    assert [name for name in expected if found[name] != expected[name]] == []


def test_a_scheduler_that_is_not_there_is_told(small_study, tmp_path, monkeypatch):
    monkeypatch.setattr("studies.execution.cluster.SECONDS_TO_ANSWER", 1.0)
    answer = command("run", small_study, "--scheduler", "tcp://127.0.0.1:9", "--out", tmp_path / "small")
    assert answer.status == 2
    assert "no scheduler answers" in answer.err
