"""Tries to bend a certificate: what the system refuses a policy's process, and what is forged is told, no traceback."""

import os
import sys
import time
from contextlib import nullcontext

import numpy as np
import pytest
from policy_views import peak_at, view
from test_process import policy

from twin.core.errors import InputError
from twin.policies.interface import Mode, order_problems
from twin.policies.running import process
from twin.policies.running.decision import decide
from twin.policies.running.process import Walls, described
from twin.policies.running.walls import FILES, NETWORK, SIGNALS
from twin.policies.running.watch import READS, READS_OUTSIDE

TRIES = {
    "the loop's memory": "open(f'/proc/{os.getppid()}/mem', 'rb')",
    "the command line": "open(f'/proc/{os.getppid()}/cmdline').read()",
    "results": "open('runs/truth.csv').read()",
    "results by another name": "os.symlink('runs/truth.csv', 'mine.csv')",
    "results in compiled code": "import pyarrow; pyarrow.OSFile('runs/truth.csv').size()",
    "results by the C library": "import ctypes; assert ctypes.CDLL(None).open(b'runs/truth.csv', 0) >= 0",
    "results by a program": "assert subprocess.run(['cat', 'runs/truth.csv'], capture_output=True).returncode == 0",
    "the maker of weather": "import weather.synthetic.year",
    "a file between runs": "open('note', 'w')",
    "the tool's source": "import twin.policies.running.watch as w; open(w.__file__, 'a')",
    "a date between runs": "os.utime(__file__, (7, 7))",
    "shared memory": "from multiprocessing import shared_memory as s; s.SharedMemory('bend', create=True, size=8)",
    "network": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.1', 9))",
    "stops the loop": "os.kill(os.getppid(), 0)",
    "debugs the loop": "import ctypes; assert ctypes.CDLL(None).ptrace(0x4206, os.getppid(), 0, 0) == 0",
}
SILENCED = """\
import gc, twin.policies.running.watch as w
def silent(*arguments, **named): return None
w._noticed = silent
for one in gc.get_objects():
    if type(one) is type(silent) and one.__qualname__ == 'watch.<locals>.hook': one.__defaults__ = (silent,)
"""
TRY = """\
try:
    {}
    got[{}] = 1.0
except Exception: pass
"""


@pytest.mark.skipif(sys.platform != "linux", reason="walls of Linux")
def test_the_system_refuses_even_a_policy_that_has_silenced_what_is_noticed(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "truth.csv").write_text("1")
    (tmp_path / "beside.py").write_text("VALUE = 3.0")
    (tmp_path / "table.csv").write_text("4.0")
    body = f"got = np.zeros({len(TRIES)})\nimport beside\nown = float(open('table.csv').read())\n"
    body += "".join(TRY.format(line, k) for k, line in enumerate(TRIES.values()))
    body += "plan.price_ratio[:] = beside.VALUE + own\nplan.soc_min_percent[0, 0] = got.sum()\n"
    body += "plan.battery_power_pu[0, 0] = np.flatnonzero(got)[0] if got.any() else -1.0"
    policy(tmp_path, body, SILENCED)
    shut = described(tmp_path / "own.py", "Own", "POLICY", Walls((tmp_path / "runs",)))
    if {FILES, NETWORK, SIGNALS} - set(shut.held):
        pytest.skip(f"this system holds {shut.held} only")
    found, _ = decide(shut, view(peak_at()), "stop", 30.0)
    assert found.price_ratio[0] == 7.0  # its own files it may read
    first = int(found.battery_power_pu[0, 0])
    assert first == -1, f"{list(TRIES)[first]}; {found.soc_min_percent[0, 0]:.0f} in all"


def test_results_in_the_policy_s_own_folder_are_not_its_own(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "truth.csv").write_text("1")
    own = policy(tmp_path, "open('runs/truth.csv').read()\nos.listdir('runs')\nopen('/proc/self/status').read()")
    own.walls = Walls((tmp_path / "runs",))
    with pytest.raises(InputError) if FILES in described(own.file, "Own", "", own.walls).held else nullcontext():
        decide(own, view(peak_at()), "stop", 20.0)
    assert {one.what for one in own.noticed if one.kind == READS_OUTSIDE} >= {str(tmp_path / "runs" / "truth.csv")}


FORGED = """\
import sys
import time
from contextlib import nullcontext
frame = sys._getframe()
while 'pipes' not in frame.f_locals: frame = frame.f_back
frame.f_locals['pipes'].answer({})
"""


@pytest.mark.parametrize(
    "said",
    ["'made', {'cadence': 'x'}", "'made', {}", "'problems', {'problems': [{'zz': 1}]}", "'problems', {}"],
)  # fmt: skip
def test_a_forged_answer_is_told(tmp_path, said):
    with pytest.raises(InputError, match="answered something else"):
        policy(tmp_path, "pass", FORGED.format(said))


def test_what_is_noticed_is_one_line_that_a_file_can_hold(tmp_path):
    body = "try: open(b'/nowhere/\\xff\\n\\ta', 'w')\nexcept OSError: pass"
    own = policy(tmp_path, body).under(log=tmp_path / "log.txt")
    decide(own, view(peak_at()), "stop", 20.0)
    assert [one.what for one in own.noticed if one.kind != READS] == ["/nowhere/\\udcff\\n\\ta"]
    assert (tmp_path / "log.txt").read_text(encoding="utf-8").count("\n") == len(own.noticed)


@pytest.mark.parametrize("name", ["price_ratio", "battery_power_pu", "export_limit_pu"])
@pytest.mark.parametrize("value", [np.longdouble("1e4000"), 1e300], ids=["beyond double precision", "1e300"])
def test_numbers_that_the_loop_cannot_hold_are_refused(name, value):
    seen = view(peak_at())
    plan = seen.plan(Mode.IDLE)
    object.__setattr__(plan, name, np.full(getattr(plan, name).shape, value))
    (problem,) = order_problems(plan, seen)
    assert problem.where == name


def test_a_process_that_holds_more_than_it_may_is_ended(tmp_path, monkeypatch):
    own = policy(tmp_path, "time.sleep(9)")
    monkeypatch.setattr(process, "_memory_bytes", lambda _: 5 << 30)
    with pytest.raises(InputError, match="took more than 4 GB"):
        decide(own, view(peak_at()), "stop", 20.0)
    assert process._memory_bytes(os.getpid()) > 0


def test_what_a_policy_starts_ends_with_it(tmp_path):
    own = policy(tmp_path, "plan.battery_power_pu[:] = subprocess.Popen(['sleep', '99']).pid")
    started = int(decide(own, view(peak_at()), "stop", 20.0)[0].battery_power_pu.max())
    os.kill(started, 0)
    own._stop()
    with pytest.raises(ProcessLookupError):
        for _ in range(100):
            os.kill(started, 0)
            time.sleep(0.1)
