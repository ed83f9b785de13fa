"""Workers end with their parent, an interrupt and a lost worker are told, large arrays are shared by files."""

import os
import pickle
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from studies.execution.members import SharedArrays
from studies.execution.provenance import SOURCE_ROOT
from studies.execution.workers import Piece, Processes, WorkerLostError, run_pieces

PATIENCE_SECONDS = 100.0
PARENT = """
import os, signal, sys, time
from functools import partial
from pathlib import Path

def sleep_long(file):
    file.write_text(str(os.getpid()))
    time.sleep(600)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
    from studies.execution.workers import Processes
    Processes(2).make([partial(sleep_long, Path(sys.argv[1]) / str(k)) for k in range(2)], print)
"""


def wait_for(happens):
    end = time.monotonic() + PATIENCE_SECONDS
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_alive(process):
    """Whether a process runs; one that has ended and waits for its parent does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_their_parent(tmp_path, how):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = os.environ | {"PYTHONPATH": str(SOURCE_ROOT)}
    command = [sys.executable, str(script), str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as parent:
        try:
            files = [tmp_path / "0", tmp_path / "1"]
            wait_for(lambda: all(file.exists() and file.read_text() for file in files))
            workers = [int(file.read_text()) for file in files]
            assert all(map(is_alive, workers))
            parent.send_signal(how)
            told = parent.communicate(timeout=PATIENCE_SECONDS)[1]
        finally:
            parent.kill()
    wait_for(lambda: not any(map(is_alive, workers)))
    if how == signal.SIGINT:  # the parent's own traceback; the command turns it into one line
        assert told.count("Traceback") == 1
        assert told.rstrip().endswith("KeyboardInterrupt")


def test_a_worker_that_is_ended_from_outside_is_told():
    with pytest.raises(WorkerLostError, match="ended from outside"):
        Processes(1).make([partial(os._exit, 9)], print)


def test_an_answer_that_is_damaged_is_made_again_and_that_is_said(tmp_path, caplog):
    pieces = [Piece(f"{k}", partial(pow, k, 2)) for k in range(4)]
    assert run_pieces(pieces, tmp_path, Processes(1), lambda *_: None, "squares") == [0, 1, 4, 9]
    for name, content in (("0", b""), ("1", b"[1]"), ("3", b'{"sha256": "0", "answer": 8}')):
        (tmp_path / f"{name}.json").write_bytes(content)
    assert run_pieces(pieces, tmp_path, Processes(1), lambda *_: None, "squares") == [0, 1, 4, 9]
    assert caplog.text.count("it is made again") == 3


def test_large_arrays_lie_in_files_once_and_come_back_as_they_were(tmp_path):
    large, small = np.arange(100_000.0).reshape(1000, 100), np.arange(3)
    frame = pd.DataFrame(large[:, :20].copy())
    values = {"large": large, "again": large, "turned": np.asfortranarray(large), "small": small, "frame": frame}
    shared = SharedArrays(tmp_path / "shared")
    saved = [shared.pickled(values), shared.pickled({"large": large})]
    assert max(map(len, saved)) < 3000
    assert len(list((tmp_path / "shared").iterdir())) == 3
    back = pickle.loads(saved[0])
    for name in ("large", "again", "turned", "small"):
        assert type(back[name]) is np.ndarray
        np.testing.assert_array_equal(back[name], values[name])
        assert back[name].flags.f_contiguous == values[name].flags.f_contiguous
    assert back["again"] is back["large"]
    pd.testing.assert_frame_equal(back["frame"], frame)
    back["large"][0, 0] = 7.0  # a page of its own, not the file's
    assert pickle.loads(saved[1])["large"][0, 0] == 0.0
