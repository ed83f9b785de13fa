"""What a policy remembers is plain data: it comes back as it was, and a foreign checkpoint runs no code."""

import collections
import datetime
import json
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fuzzing import effort
from hypothesis import given
from hypothesis import strategies as st
from policy_views import peak_at, view

from studies.study.file.policy_files import load_policy
from twin.core.errors import InputError
from twin.policies.catalogue import POLICIES, shipped_policy
from twin.policies.interface import DAY, Mode
from twin.policies.running.memory import TEXT, recalled, remembered
from twin.policies.running.own_file import policy_of_file


@dataclass
class Note:
    text: str
    after: object = None


class Keeping:
    """Any attributes."""

    cadence = DAY

    def __init__(self, **kept):
        vars(self).update(kept)


def again(policy, new=None):
    new = Keeping() if new is None else new
    return recalled(remembered(policy, new, "test"), new)


def same(a, b):
    """Compare values of any depth; NaN equals NaN, 1 is not 1.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, Note):
        return same(vars(a), vars(b))
    if isinstance(a, list | tuple | collections.deque):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(same(x, y) and same(a[x], b[y]) for x, y in zip(a, b, strict=True))
    return a == b or (a != a and b != b)


SIMPLE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.dates(),
    st.sampled_from(list(Mode)), st.integers(-5, 5).map(np.int8), st.floats().map(np.float64),
    st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2100, 1, 1)).map(
        lambda time: pd.Timestamp(time, tz="Asia/Tokyo")
    ),
)  # fmt: skip
KEYS = st.one_of(st.text(), st.integers(), st.tuples(st.integers(), st.text()))
VALUES = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.lists(inner), st.lists(inner).map(tuple), st.dictionaries(KEYS, inner), st.frozensets(st.integers()),
        st.lists(inner, max_size=3).map(lambda rows: collections.deque(rows, maxlen=5)),
        st.builds(Note, st.text(), inner), st.lists(st.floats()).map(np.array),
    ),
    max_leaves=12,
)  # fmt: skip


@pytest.mark.fuzz
@given(VALUES)
@effort(100)
def test_plain_data_comes_back_as_it_was(value):
    assert same(value, again(Keeping(kept=value)).kept)


def test_one_object_in_two_places_stays_one_object_and_may_hold_itself():
    shared, ring = [1.0], {}
    ring["self"] = ring
    back = again(Keeping(a=shared, b={"inside": shared}, ring=ring))
    back.a.append(2.0)
    assert back.b["inside"] == [1.0, 2.0]
    assert back.ring["self"] is back.ring


def test_a_random_generator_goes_on():
    random = np.random.default_rng(7)
    random.random(3)
    back = again(Keeping(random=random))
    assert back.random.random() == random.random()


def test_what_has_not_changed_need_not_be_plain_and_is_taken_from_the_new_policy():
    new = Keeping(table=pd.DataFrame({"x": [1.0]}), path=Path("x"), seen=0)
    used = pickle.loads(pickle.dumps(new))
    used.seen = 3
    back = recalled(remembered(used, new, "test"), new)
    assert back.seen == 3
    assert back.table is not new.table
    assert back.table.equals(new.table)


def test_what_has_changed_and_is_no_data_is_refused_with_its_place():
    with pytest.raises(InputError) as caught:
        remembered(Keeping(deep=[{"table": pd.DataFrame()}]), Keeping(), "scenario a")
    (problem,) = caught.value.problems
    assert problem.seen == "Keeping.deep[0]['table'] is of type DataFrame"
    assert "restore(state)" in problem.repair


class Stating(Keeping):
    """Keeps a table, and says it in lists."""

    def state(self):
        return {"table": self.table["x"].tolist()}

    def restore(self, state):
        self.table = pd.DataFrame({"x": state["table"]})


def test_a_policy_may_state_itself():
    back = again(Stating(table=pd.DataFrame({"x": [1.0, 2.0]})), Stating())
    assert back.table["x"].tolist() == [1.0, 2.0]


def test_a_policy_within_a_policy_comes_back(tmp_path):
    policy = shipped_policy("mpc")
    outer, new = Keeping(inner=policy), Keeping(inner=shipped_policy("mpc"))
    policy.least_mwh["narao"] = 1.5
    back = again(outer, new)
    assert back.inner.least_mwh == {"narao": 1.5}
    assert back.inner is not policy


@pytest.mark.parametrize("name", list(POLICIES))
def test_shipped_policies_come_back(name):
    policy, new = shipped_policy(name), shipped_policy(name)
    before = policy.decide(view(peak_at()))
    back = again(policy, new)
    np.testing.assert_array_equal(back.decide(view(peak_at())).mode, before.mode)


OWN = """
from dataclasses import dataclass
from twin.policies.interface import DAY, Mode

@dataclass
class Day:
    export: float

class Own:
    cadence = DAY
    def __init__(self):
        self.days = []
        self.last = None
    def decide(self, view):
        self.days.append(Day(float(view.export_limit_mw)))
        self.last = view.plan(Mode.SELF_CONSUMPTION)
        return self.last
"""


def test_a_policy_of_a_user_s_file_keeps_its_own_records_and_its_last_orders(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    policy, new = (policy_of_file(tmp_path / "own.py", "Own", "test") for _ in range(2))
    policy.decide(view(peak_at()))
    back = recalled(remembered(policy, new, "test"), new)
    assert back.days == policy.days
    assert type(back.days[0]) is type(policy.days[0])
    np.testing.assert_array_equal(back.last.export_limit_pu, policy.last.export_limit_pu)


def test_a_policy_in_its_own_process_keeps_them_too(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    policy, new = (load_policy("own.py:Own", tmp_path) for _ in range(2))
    policy.decide(view(peak_at()))
    saved = remembered(policy, new, "test")
    assert remembered(recalled(saved, new), new, "test").keys() == saved.keys() != {TEXT}
    assert b"Day" in b"".join(values.tobytes() for values in saved.values())


class Trap:
    """Would leave a file if it were unpickled."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return Path.touch, (self.file,)


def trees():
    """What a stranger may write in place of what was saved."""
    leaf = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.text(max_size=5))
    names = ["list", "tuple", "set", "dict", "deque", "array", "scalar", "bytes", "time", "date", "enum", "generator",
             "stated", "same", "object", "class", "again", "maxlen", "state", "name", "zone", "unit"]  # fmt: skip
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(names), inner, max_size=3)
        ),
        max_leaves=8,
    )


@pytest.mark.fuzz
@given(trees())
@effort(100)
def test_another_content_is_no_memory_of_this_policy_or_only_data(tree):
    saved = {TEXT: np.frombuffer(json.dumps({"object": {"kept": tree}, "class": None}).encode(), np.uint8)}
    try:
        back = recalled(saved, Keeping())
    except ValueError as error:
        assert "not what policy Keeping remembers" in str(error)
    else:
        assert type(back) is Keeping


def test_a_foreign_checkpoint_runs_no_code(tmp_path):
    trap = pickle.dumps(Trap(tmp_path / "ran"))
    with pytest.raises(ValueError, match="not what policy"):
        recalled({TEXT: np.frombuffer(trap, np.uint8)}, Keeping())
    np.savez(tmp_path / "x.npz", allow_pickle=True, policy=np.array([Trap(tmp_path / "ran")], dtype=object))
    with np.load(tmp_path / "x.npz") as file, pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        dict(file)
    assert not (tmp_path / "ran").exists()
