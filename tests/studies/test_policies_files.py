"""A policy in a user's file: its mistakes are told before anything long runs, and other processes find it."""

import copy
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from policy_views import peak_at, view

from studies import cli
from studies.execution.provenance import input_files, manifest, policy_inputs
from studies.study.file.policy_files import load_policy, policy_sources
from studies.study.file.reading import read_study
from twin.core.errors import InputError
from twin.policies.catalogue import POLICIES, shipped_policy
from twin.policies.running.own_file import policy_of_file

HEAD = "from twin.policies.interface import DAY, Mode\n\n\n"
GOOD = f"""{HEAD}class Counting:
    cadence = DAY

    def __init__(self, asked=0):
        self.asked = asked

    def decide(self, view):
        self.asked += 1
        return view.plan(Mode.SELF_CONSUMPTION, export_limit_pu=1.0 / self.asked)
"""
STUDY = """\
schema_version = 1
name = "own"
title_en = "Own policy"

[period]
fiscal_year = 2030

[grid]
year = 2030

[operation]
area_balance = false
policy = "POLICY"
"""


def policy_class(body, head=HEAD, start="class Own:"):
    return head + start + "\n" + "\n".join(f"    {line}" for line in body.splitlines()) + "\n"


def study_with(folder, policy, more=""):
    path = folder / "study.toml"
    path.write_text(STUDY.replace("POLICY", policy) + more)
    return path


DECIDE = "def decide(self, view):\n    return view.plan(Mode.IDLE)"
BAD = {
    "syntax": ("def broken(:\n", ["cannot be imported: SyntaxError", "line 1: def broken(:"]),
    "import": ("import numpy\nimport no_such_package\n", ["ModuleNotFoundError", "no_such_package", "line 2"]),
    "raises": ("x = 1\ny = 1 / 0\n", ["ZeroDivisionError: division by zero", "line 2: y = 1 / 0"]),
    "leaves": ("import sys\nsys.exit(0)\n", ["cannot be imported: SystemExit", "line 2"]),
    "no class": (
        policy_class("cadence = DAY\n" + DECIDE, start="class Orn:"),
        ["no such class", "a class with decide; in own.py: Orn", "did you mean Orn?"],
    ),
    "only helpers": (HEAD, ["no such class", "in own.py: none"]),
    "instance": (
        policy_class("cadence = DAY\n" + DECIDE, start="class Real:") + "Own = Real()\n",
        ["Own is no class", "object of type Real", "write own.py:Real"],
    ),
    "arguments": (
        policy_class(f"cadence = DAY\ndef __init__(self, share, room=1):\n    pass\n{DECIDE}"),
        ["needs arguments", "own.py:Own(share)", "defaults for all"],
    ),
    "init": (
        policy_class(f"cadence = DAY\ndef __init__(self):\n    self.table = open('none.csv')\n{DECIDE}"),
        ["cannot be made: FileNotFoundError", "line 7"],
    ),
    "no decide": (policy_class("cadence = DAY"), ["no method decide", "own.py:Own", "def decide(self, view)"]),
    "no cadence": (policy_class(DECIDE), ["has no cadence", "GATE_CLOSURE or Cadence(...)"]),
    "neither": (policy_class("pass"), ["no method decide", "has no cadence"]),
    "cadence": (policy_class("cadence = 6\n" + DECIDE), ["cadence is no Cadence", "own.py:Own: 6"]),
    "bad cadence": (policy_class("cadence = Cadence(7)", head="from twin.policies.interface import Cadence\n"),
                    ["decisions do not fit the day", "line 3"]),
    "signature": (
        policy_class("cadence = DAY\ndef decide(self, view, state):\n    pass"),
        ["another signature", "own.py:Own: def decide(self, view, state)"],
    ),
    "no self": (policy_class("cadence = DAY\ndef decide():\n    pass"), ["another signature", "def decide()"]),
    "generator": (policy_class("cadence = DAY\ndef decide(self, view):\n    yield 1"), ["decide is async or yields"]),
    "lambda": (
        policy_class(f"cadence = DAY\ndef __init__(self):\n    self.rule = lambda x: x\n{DECIDE}"),
        ["cannot be sent to another process", "own.py:Own"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(BAD))
def test_what_is_wrong_with_a_policy_file_is_told_with_the_line_of_the_study(tmp_path, name):
    """As the policy's own process finds it; that the study tells it is tested with some of them."""
    text, words = BAD[name]
    (tmp_path / "own.py").write_text(text)
    with pytest.raises(InputError) as caught:
        policy_of_file(tmp_path / "own.py", "Own", "study.toml, line 13")
    assert {problem.where for problem in caught.value.problems} == {"study.toml, line 13"}
    for word in words:
        assert word in str(caught.value)
    assert [file.name for file in tmp_path.iterdir()] == ["own.py"]


@pytest.mark.parametrize("name", ["leaves", "neither"])
def test_a_study_tells_what_the_policys_process_has_found(tmp_path, name):
    text, words = BAD[name]
    (tmp_path / "own.py").write_text(text)
    path = study_with(tmp_path, "own.py:Own")
    with pytest.raises(InputError) as caught:
        read_study(path)
    assert {problem.where for problem in caught.value.problems} == {f"{path}, line 13"}
    for word in words:
        assert word in str(caught.value)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["own.py", "study.toml"]


def test_a_file_cannot_change_the_study_that_names_it(tmp_path):
    """It is never imported here, so what it patches is patched in its own process."""
    (tmp_path / "own.py").write_text("import twin.core.errors\ntwin.core.errors.patched = True\n" + GOOD)
    read_study(study_with(tmp_path, "own.py:Counting"))
    assert not hasattr(sys.modules["twin.core.errors"], "patched")


def test_a_file_that_is_missing_is_told_with_those_that_are_there(tmp_path):
    (tmp_path / "mine.py").write_text(GOOD)
    with pytest.raises(InputError, match=r"no such policy file[^$]*in this folder: mine\.py"):
        read_study(study_with(tmp_path, "my.py:Counting"))
    with pytest.raises(InputError, match=r"class is missing[^$]*in mine\.py: Counting"):
        read_study(study_with(tmp_path, "mine.py"))


def test_names_are_checked_in_scenarios_and_sweeps_and_each_once(tmp_path):
    more = '\n[scenario.a]\noperation.policy = "prise"\n\n[scenario.b]\noperation.policy = "own.py:Own"\n'
    more += '\n[sweep]\noperation.policy = ["price", "prise", "holds"]\n'
    with pytest.raises(InputError) as caught:
        read_study(study_with(tmp_path, "price", more))
    told = [(problem.where.rsplit(" ", 1)[-1], problem.seen, problem.repair) for problem in caught.value.problems]
    assert told[0] == ("16", "'prise'", "did you mean price?")
    assert [line for line, *_ in told] == ["16", "19", "22"]
    assert "free_hour" in caught.value.problems[0].accepted


def test_shipped_names_need_no_file(tmp_path):
    for name in POLICIES:
        assert read_study(study_with(tmp_path, name)).operation.policy == name
        assert load_policy(name, tmp_path) is not load_policy(name, tmp_path)
        assert pickle.loads(pickle.dumps(shipped_policy(name))).cadence == shipped_policy(name).cadence


def test_a_bad_policy_file_ends_the_command_with_status_2(tmp_path, monkeypatch, capsys):
    (tmp_path / "own.py").write_text(BAD["raises"][0])
    study = study_with(tmp_path, "own.py:Own")
    monkeypatch.setattr(sys, "argv", ["goto-twin", "run", str(study), "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    told = capsys.readouterr().err
    assert caught.value.code == 2
    assert "1 problem found; earlier results are untouched." in told
    assert f"{tmp_path / 'own.py'}, line 2: y = 1 / 0" in told
    assert "Traceback" not in told
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_decision_that_fails_in_a_worker_ends_the_command_with_status_2(tmp_path, monkeypatch, capsys):
    (tmp_path / "own.py").write_text(policy_class("cadence = DAY\ndef decide(self, view):\n    return 1 / 0"))
    study, out = study_with(tmp_path, "own.py:Own"), tmp_path / "out"
    options = ["--out", str(out), "--days", "1:1", "--jobs", "1"]
    monkeypatch.setattr(sys, "argv", ["goto-twin", "run", str(study), *options])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    told = capsys.readouterr().err
    assert caught.value.code == 2
    assert "policy own.py:Own, scenario base, base, decision at 2030-04-01 00:00: ZeroDivisionError" in told
    assert f"{tmp_path / 'own.py'}, line 7, in decide: return 1 / 0" in told
    assert "Traceback" not in told
    assert not out.exists()


def test_copies_do_not_share_what_they_remember(tmp_path):
    (tmp_path / "own.py").write_text(GOOD)
    policy = load_policy("own.py:Counting", tmp_path)
    other = copy.deepcopy(policy)
    for expected in (1.0, 0.5):
        assert policy.decide(view(peak_at())).export_limit_pu.max() == expected
    assert other.decide(view(peak_at())).export_limit_pu.max() == 1.0
    assert policy.name == "own.py:Counting"


@pytest.mark.slow
def test_another_process_decides_alike_and_goes_on_from_what_is_remembered(tmp_path):
    (tmp_path / "rule.py").write_text("def limit(asked):\n    return 1.0 / asked\n")
    text = GOOD.replace("1.0 / self.asked", "limit(self.asked)")
    (tmp_path / "own.py").write_text("from rule import limit\n" + text)
    policy = load_policy("own.py:Counting", tmp_path)
    policy.decide(view(peak_at()))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = pool.submit(policy.decide, view(peak_at())).result()
    assert np.array_equal(found.export_limit_pu, policy.decide(view(peak_at())).export_limit_pu)
    assert found.export_limit_pu.max() == 0.5


def test_a_file_that_is_changed_is_read_again_and_running_workers_refuse_it(tmp_path):
    (tmp_path / "own.py").write_text(GOOD)
    saved = pickle.dumps(load_policy("own.py:Counting", tmp_path))
    (tmp_path / "own.py").write_text(GOOD.replace("export_limit_pu=1.0", "export_limit_pu=0.5"))
    assert load_policy("own.py:Counting", tmp_path).decide(view(peak_at())).export_limit_pu.max() == 0.5
    with pytest.raises(InputError, match="changed while the run was under way"):
        pickle.loads(saved)


def test_the_file_and_those_beside_it_that_it_imports_are_inputs_of_the_run(tmp_path):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "own.py").write_text("from forecast import f\n" + GOOD)
    (tmp_path / "policies" / "forecast.py").write_text("def f():\n    import weights_of_mine\n")
    (tmp_path / "policies" / "weights_of_mine.py").write_text("import own\n")
    (tmp_path / "policies" / "unused.py").write_text("")
    more = '\n[scenario.a]\nfleet.new_pv = true\n\n[scenario.b]\noperation.policy = "policies/own.py:Counting"\n'
    study = read_study(study_with(tmp_path, "none", more))
    names = {"policies/own.py", "policies/forecast.py", "policies/weights_of_mine.py"}
    assert set(input_files(study, None)) == names
    before = manifest(study, input_files(study, None))["inputs_sha256"]
    (tmp_path / "policies" / "forecast.py").write_text("def f():\n    import weights_of_mine as w\n")
    after = manifest(study, input_files(study, None))["inputs_sha256"]
    assert {name for name in names if before[name] != after[name]} == {"policies/forecast.py"}
    assert policy_sources("none", tmp_path) == {}
    absolute = f"{tmp_path / 'policies' / 'own.py'}:Counting"
    assert set(policy_inputs(absolute, tmp_path)) == {"own.py", "forecast.py", "weights_of_mine.py"}
