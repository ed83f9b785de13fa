"""A policy in a process of its own: what it cannot reach, how it ends, and that its orders are the same."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
from policy_views import peak_at, view

from twin.core.errors import InputError
from twin.policies.interface import DAY, ORDERS, Dispatch, Measured, Mode
from twin.policies.running import process
from twin.policies.running.decision import Asked, decide, decide_all
from twin.policies.running.messages import packed, unpacked
from twin.policies.running.process import OTHER, Conditions, described
from twin.policies.running.watch import CONNECTS, READS, READS_OUTSIDE, STARTS, WRITES

HEAD = """\
import collections, gc, itertools, os, pathlib, socket, subprocess, sys, time
import numpy as np
from twin.policies.interface import DAY, ORDERS, Mode
"""


def policy(folder, body, more=""):
    """Return a policy whose decide has some lines; `plan` is what it gives."""
    lines = ["plan = view.plan(Mode.SELF_CONSUMPTION)", *body.splitlines(), "return plan"]
    text = f"{HEAD}{more}\nclass Own:\n    cadence = DAY\n    memo = {{}}\n    def decide(self, view):\n"
    (folder / "own.py").write_text(text + "".join(f"        {line}\n" for line in lines))
    return described(folder / "own.py", "Own", "POLICY")


def failure(own, seconds=20.0):
    with pytest.raises(InputError) as caught:
        decide(own, view(peak_at()), "stop", seconds, "scenario a, base")
    (problem,) = caught.value.problems
    assert problem.where == "policy own.py:Own, scenario a, base, decision at 2030-05-01 06:00"
    assert "soc_percent" in problem.seen
    return problem


def test_orders_come_back_as_they_were_given(tmp_path):
    own = policy(tmp_path, "plan.soc_min_percent[:] = view.outlook.export_mw[:6, None] + view.time.hour\n"
                           "plan.battery_power_pu[0] = 0.1 + 0.2")  # fmt: skip
    forecast = peak_at(2)
    found, is_fallback = decide(own, view(forecast), "stop", 20.0)
    expected = view(forecast).plan(Mode.SELF_CONSUMPTION)
    expected.soc_min_percent[:] = forecast[:6, None] + 6
    expected.battery_power_pu[0] = 0.1 + 0.2
    assert not is_fallback
    assert own.cadence == DAY
    for name in ORDERS:
        assert np.array_equal(getattr(found, name), getattr(expected, name)), name


def test_nothing_of_the_loop_is_in_its_memory(tmp_path):
    held_here = Dispatch.constant(7, 11, Mode.IDLE)
    own = policy(tmp_path, "from twin.policies.interface import Dispatch\n"
                           "found = [o for o in gc.get_objects() if isinstance(o, Dispatch) and o is not plan]\n"
                           "frame, depth = sys._getframe(), 0\n"
                           "while frame.f_back: frame, depth = frame.f_back, depth + 1\n"
                           "heavy = {'twin.operation.case', 'twin.resources.profiles', 'studies'} & set(sys.modules)\n"
                           "plan.soc_min_percent[:] = 10.0 * len(found) + 50.0 * len(heavy)")  # fmt: skip
    assert held_here.mode.shape == (7, 11)
    assert decide(own, view(peak_at()), "stop", 20.0)[0].soc_min_percent.max() == 0.0


ENDINGS = {
    "os._exit": ("os._exit(0)", "its process ended: exit status 0", ""),
    "killed": ("os.kill(os.getpid(), 9)", "signal 9 (SIGKILL)", ""),
    "segfault": ("import ctypes; ctypes.string_at(0)", "signal 11 (SIGSEGV)", "own.py"),
    "other exception": ("class Panic(BaseException): pass\nraise Panic('boom')", "Panic: boom", "raise Panic"),
    "endless loop": ("while True: pass", "longer than policy_seconds = 0.5", "while True: pass"),
    "swallows": ("while True:\n    try:\n        time.sleep(9)\n    except Exception: pass", "longer than", "sleep(9)"),
    "too much memory": ("hold = [np.empty(2**28) for _ in range(9)]", "MemoryError", "np.empty"),
    "no order": ("plan = 3", "decide returned no order", "int; accepted"),
    "text": ("plan.mode.resize(0, refcheck=False)", "the orders cannot be obeyed", "mode: wrong shape: (0,)"),
}


@pytest.mark.parametrize("name", list(ENDINGS))
def test_whatever_ends_it_is_told_with_who_when_and_what_it_saw(tmp_path, name):
    body, what, seen = ENDINGS[name]
    problem = failure(policy(tmp_path, body), 0.5 if name in ("endless loop", "swallows") else 20.0)
    assert what in problem.what
    assert seen in problem.seen


@pytest.mark.slow
def test_an_endless_call_of_compiled_code_is_ended_and_its_line_told(tmp_path):
    body = "collections.deque(itertools.repeat(None), maxlen=0)"
    problem = failure(policy(tmp_path, body), 0.5)
    assert problem.what == "the decision took longer than policy_seconds = 0.5 and could not be interrupted"
    assert 'own.py", line 10 in decide' in problem.seen


@pytest.mark.slow
def test_a_process_that_does_not_end_itself_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "PATIENCE_SECONDS", 0.5)
    body = "import faulthandler; faulthandler.disable()\nimport signal; signal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
    body += "signal.signal(signal.SIGABRT, signal.SIG_IGN)\n"
    problem = failure(policy(tmp_path, body + ENDINGS["endless loop"][0].replace("pass", "0; os.getpid()")), 0.2)
    assert "longer than policy_seconds = 0.2" in problem.what


def test_the_fallback_takes_over_and_the_next_decision_begins_anew(tmp_path):
    own = policy(tmp_path, "if view.outlook.export_mw.max() > 50: os._exit(3)\nplan.soc_min_percent[:] = 7.0")
    found, is_fallback = decide(own, view(peak_at(3)), "hold_behind_meter", 20.0)
    assert is_fallback
    assert (found.export_limit_pu == 0.0).all()
    found, is_fallback = decide(own, view(peak_at()), "hold_behind_meter", 20.0)
    assert (is_fallback, found.soc_min_percent.max()) == (False, 7.0)


def test_members_do_not_share_what_a_class_remembers(tmp_path):
    own = policy(tmp_path, "self.memo[len(self.memo)] = 1\nplan.soc_min_percent[:] = len(self.memo)")
    one, two = own.under(), own.under()
    counts = [decide_all([Asked(who, view(peak_at()), "stop", 20.0) for who in (one, two)]) for _ in range(2)]
    assert [[d.soc_min_percent.max() for d, _ in both] for both in counts] == [[1.0, 1.0], [2.0, 2.0]]


def test_a_copy_goes_on_from_what_is_remembered(tmp_path):
    own = policy(tmp_path, "self.asked = getattr(self, 'asked', 0) + 1\nplan.soc_min_percent[:] = self.asked")

    def asked(who):
        return decide(who, view(peak_at()), "stop", 20.0)[0].soc_min_percent.max()

    new = own.state()
    assert asked(own) == 1.0
    own.restore(new)
    assert asked(own) == 1.0
    state = own.state()
    again = pickle.loads(pickle.dumps(own))
    assert (asked(own), asked(own)) == (2.0, 3.0)
    own.restore(state)
    assert (asked(own), asked(again)) == (2.0, 2.0)
    assert asked(copy.deepcopy(own)) == 3.0


def test_what_is_measured_is_asked_of_the_loop_only_when_it_is_read(tmp_path):
    own, asked = policy(tmp_path, "plan.soc_min_percent[:] = view.measured_export_mw + view.caps_mw.sum()"), []

    def measured():
        asked.append(1)
        return Measured(12.0, np.zeros(2), np.zeros(2), np.array([3.0]))

    seen = replace(view(peak_at()), measured=measured)
    assert own.answer(seen, 20.0).soc_min_percent.max() == 15.0
    assert asked == [1]


@pytest.mark.parametrize(
    ("body", "kind", "what"),
    [
        pytest.param(
            "(pathlib.Path(__file__).parent / 'table.csv').read_text()", READS, "table.csv", marks=pytest.mark.slow
        ),
        ("(pathlib.Path(__file__).parent / 'table.csv').write_text('1')", WRITES, "table.csv"),
        pytest.param(
            "(pathlib.Path(__file__).parents[1] / 'truth.csv').read_text()", READS_OUTSIDE, "truth.csv",
            marks=pytest.mark.slow,
        ),
        ("os.open('/proc/%d/mem' % os.getppid(), os.O_RDONLY)", READS_OUTSIDE, "/mem"),
        pytest.param("import weather", READS_OUTSIDE, "/weather/", marks=pytest.mark.slow),
        ("socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.1', 9))", CONNECTS, "127.0.0.1"),
        pytest.param("subprocess.run(['true'])", STARTS, "true", marks=pytest.mark.slow),
    ],
    ids=["reads", "writes", "outside", "memory of the loop", "weather", "network", "program"],
)  # fmt: skip
def test_what_it_does_beside_deciding_is_noticed(tmp_path, body, kind, what):
    folder = tmp_path / "policy"
    folder.mkdir()
    (folder / "table.csv").write_text("1")
    (tmp_path / "truth.csv").write_text("1")
    own = policy(folder, body).under(log=tmp_path / "log" / "noticed.txt")
    decide(own, view(peak_at()), "stop", 20.0)
    beside = [one for one in own.noticed if not one.what.endswith("own.py")]
    assert any(one.kind == kind and what in one.what for one in beside), own.noticed
    assert {one.kind for one in beside} <= {kind, READS}
    assert f"{kind}\t" in (tmp_path / "log" / "noticed.txt").read_text()


def test_hash_seed_clock_and_zone_are_what_the_conditions_say(tmp_path):
    body = "plan.soc_min_percent[:, 0] = hash('a') % 97\nplan.soc_min_percent[:, 1] = time.localtime().tm_hour"
    own = policy(tmp_path, body)
    usual, other = (
        decide(own.under(conditions), view(peak_at()), "stop", 20.0)[0].soc_min_percent[0]
        for conditions in (Conditions(), OTHER)
    )
    assert usual[0] != other[0]
    assert usual[1] != other[1]


def test_a_message_is_read_without_executing_anything():
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.zeros((0, 2), dtype=np.int8)}
    kind, facts, back = unpacked(packed("orders", {"x": 1}, arrays))
    assert (kind, facts) == ("orders", {"x": 1})
    for name, values in arrays.items():
        assert np.array_equal(back[name], values)
        assert back[name].dtype == values.dtype
    with pytest.raises(ValueError, match="array a of"):
        unpacked(b'{"kind": "orders", "facts": {}, "arrays": {"a": ["|O", [1]]}}\n12345678')
    with pytest.raises(ValueError, match=r"reshape|size"):
        unpacked(b'{"kind": "orders", "facts": {}, "arrays": {"a": ["<f8", [3]]}}\n12345678')
    with pytest.raises(ValueError, match="KeyError"):
        unpacked(b"{}\n")
