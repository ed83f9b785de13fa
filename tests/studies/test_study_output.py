"""Results are published whole or not at all, and the manifest holds reproducible facts only."""

import errno
import json
import os
import socket
import subprocess
import sys

import pytest

from studies.execution.folders import (
    DIGEST_FILE,
    held,
    open_partial,
    partial_folder,
    publish,
    require_results_folder,
    writable,
    write_json,
)
from studies.execution.provenance import (
    PACKAGES,
    SOURCE_ROOT,
    digest,
    file_sha256,
    input_files,
    manifest,
    run_log,
    sources_sha256,
)
from studies.experiments.run import StudyRun, study_record
from studies.study.file.members import members
from studies.study.file.reading import STUDIES, read_study, study_path
from twin.core.errors import InputError


@pytest.fixture(scope="module")
def study():
    return read_study(STUDIES / "goto_2030.toml")


ONE, TWO = "1" * 64, "2" * 64


def finish(out, mark, text):
    partial = open_partial(out, mark)
    write_json(partial / "study.json", {"mark": text})
    publish(partial, out)


def mark_in(out):
    return json.loads((out / "study.json").read_text())["mark"]


def test_an_earlier_result_stays_until_the_new_one_is_complete(tmp_path):
    out = tmp_path / "runs" / "a"
    finish(out, ONE, "first")
    partial = open_partial(out, TWO)
    write_json(partial / "study.json", {"mark": "second"})
    assert mark_in(out) == "first"
    publish(partial, out)
    assert mark_in(out) == "second"
    assert [path.name for path in out.parent.iterdir()] == ["a"]
    assert [path.name for path in out.iterdir()] == ["study.json"]


def test_only_the_same_study_is_taken_up_again(tmp_path):
    out = tmp_path / "a"
    partial = open_partial(out, ONE)
    (partial / "checkpoint").write_text("half")
    assert open_partial(out, ONE) == partial
    assert (partial / "checkpoint").exists()
    assert open_partial(out, TWO) == partial
    assert not (partial / "checkpoint").exists()


@pytest.mark.parametrize("content", [None, b"", b"\x00\xff", b"2" * 63])
def test_a_run_whose_digest_is_lost_is_made_again_and_that_is_said(tmp_path, caplog, content):
    partial = open_partial(tmp_path / "a", ONE)
    (partial / "m" / "checkpoints").mkdir(parents=True)
    (partial / "m" / "checkpoints" / "000.json").write_text("{}")
    if content is None:
        (partial / DIGEST_FILE).unlink()
    else:
        (partial / DIGEST_FILE).write_bytes(content)
    assert open_partial(tmp_path / "a", ONE) == partial
    assert [path.name for path in partial.iterdir()] == [DIGEST_FILE]
    assert "everything is made again" in caplog.text


def test_a_folder_of_somebody_else_is_never_replaced(tmp_path):
    for folder in (tmp_path / "a", partial_folder(tmp_path / "b")):
        folder.mkdir()
        (folder / "thesis.txt").write_text("years of work")
    for name in ("a", "b"):
        with pytest.raises(InputError, match="not replaced"):
            open_partial(tmp_path / name, ONE)
    assert len(list(tmp_path.rglob("thesis.txt"))) == 2


def test_a_kill_between_the_two_renames_loses_nothing(tmp_path):
    out = tmp_path / "a"
    finish(out, ONE, "first")
    partial = open_partial(out, TWO)
    out.rename(tmp_path / "a.replaced")
    assert open_partial(out, TWO) == partial
    assert mark_in(out) == "first"


def test_a_kill_just_before_a_complete_run_is_put_in_place_loses_nothing(tmp_path):
    out = tmp_path / "a"
    partial = open_partial(out, ONE)
    for name in ("study.json", "run_log.json"):
        write_json(partial / name, {"mark": "whole"})
    (partial / DIGEST_FILE).unlink()
    assert list(open_partial(out, ONE).iterdir()) == [partial / DIGEST_FILE]
    assert mark_in(out) == "whole"


def test_nothing_of_the_work_is_left_in_a_finished_run(tmp_path):
    partial = open_partial(tmp_path / "a", ONE)
    write_json(partial / "study.json", {"mark": "first"})
    (partial / "m").mkdir()
    for name in ("m/tables.json", "m/link.parquet.tmp", "study.json.tmp", "m/link.parquet"):
        (partial / name).write_text("{}")
    publish(partial, tmp_path / "a")
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert left == ["a/m/link.parquet", "a/study.json"]


HOLDER = """
import sys, time
from pathlib import Path
from studies.execution.folders import held

with held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_folder_is_held_by_one_run_and_a_killed_one_holds_nothing(tmp_path):
    out = tmp_path / "runs" / "a"
    command = [sys.executable, "-c", HOLDER, str(out)]
    environment = os.environ | {"PYTHONPATH": str(SOURCE_ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InputError) as caught, held(out):
            pass
        (problem,) = caught.value.problems
        assert f"process {holder.pid} on {socket.gethostname()} since" in problem.seen
        holder.kill()
        holder.wait()
    assert (tmp_path / "runs" / "a.lock").exists()
    with held(out):
        assert str(os.getpid()) in (tmp_path / "runs" / "a.lock").read_text()
    assert not any((tmp_path / "runs").iterdir())


def test_a_lock_leaves_no_folder_behind(tmp_path):
    with held(tmp_path / "new" / "runs" / "a"):
        assert (tmp_path / "new" / "runs").is_dir()
    assert not any(tmp_path.iterdir())


def test_what_the_system_refuses_is_told_with_its_path(tmp_path):
    with pytest.raises(InputError) as caught, writable(tmp_path / "a"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    (problem,) = caught.value.problems
    assert problem.where == str(tmp_path / "a.partial")
    assert "No space left" in problem.seen
    with pytest.raises(InputError, match="File name too long"):
        require_results_folder(tmp_path / ("x" * 300))
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        require_results_folder(tmp_path / "file" / "a")


def test_json_is_written_whole(tmp_path):
    write_json(tmp_path / "x.json", {"a": 1})
    with pytest.raises(ValueError, match="Out of range"):
        write_json(tmp_path / "x.json", {"a": float("nan")})
    assert json.loads((tmp_path / "x.json").read_text()) == {"a": 1}


def test_the_manifest_is_the_same_wherever_and_whenever_it_is_made(tmp_path, study):
    texts = []
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "x.csv").write_text("1")
        texts.append(json.dumps(manifest(study, {"x.csv": tmp_path / place / "x.csv"})))
    assert texts[0] == texts[1]
    assert str(tmp_path) not in texts[0]
    assert not {"host", "started", "seconds", "platform"} & set(json.loads(texts[0]))
    assert {"host", "started", "seconds", "workers"} <= set(run_log({"loop": 1.0}, {}, 2, "2030-04-01T00:00:00+09:00"))


def test_the_digest_changes_with_study_days_and_inputs(tmp_path, study):
    source = tmp_path / "x.csv"
    source.write_text("1")
    other = study.model_copy(update={"seed": study.seed + 1})
    digests = [digest(manifest(study, {})), digest(manifest(other, {})), digest(manifest(study, {}, (1, 2)))]
    digests.append(digest(manifest(study, {"x.csv": source})))
    source.write_text("2")
    digests.append(digest(manifest(study, {"x.csv": source})))
    assert len(set(digests)) == 5


def test_an_uncommitted_change_of_the_sources_changes_their_hash(tmp_path):
    (tmp_path / "twin").mkdir()
    (tmp_path / "twin" / "a.py").write_text("x = 1")
    before = sources_sha256(tmp_path)
    (tmp_path / "twin" / "__pycache__").mkdir()
    (tmp_path / "twin" / "__pycache__" / "a.pyc").write_text("compiled")
    assert sources_sha256(tmp_path) == before
    (tmp_path / "twin" / "a.py").write_text("x = 2")
    assert sources_sha256(tmp_path) != before


def test_the_hash_is_of_the_packages_themselves():
    assert [name for name in PACKAGES if not (SOURCE_ROOT / name / "__init__.py").is_file()] == []


def test_known_hash(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert file_sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_measured_inputs_are_named_without_the_users_folders(tmp_path, study):
    (tmp_path / "jepx").mkdir()
    rows = "date,slot,kyushu_price_jpy_per_kwh\n2029-04-01,1,8.0\n2031-03-31,48,8.0\n"
    (tmp_path / "jepx" / "jepx_kyushu_spot_halfhourly_x.csv").write_text(rows)
    (tmp_path / "jepx" / "of_other_years.csv").write_text(rows.replace("2029", "2019").replace("2031", "2021"))
    measured = study.model_copy(update={"weather": study.weather.model_copy(update={"source": "measured"})})
    assert input_files(measured, tmp_path) == {
        "jepx/jepx_kyushu_spot_halfhourly_x.csv": tmp_path / "jepx" / "jepx_kyushu_spot_halfhourly_x.csv"
    }
    assert input_files(study, tmp_path) == {}


def test_the_study_record_lists_what_the_report_needs(study):
    record = study_record(study, members(study))
    assert record["reference"] == "plan_without_new_pv"
    assert list(record["scenarios"]) == list(study.scenario)
    assert record["scenarios"]["new_pv_held"]["title_ja"]
    assert len(record["members"]) == 30
    assert record["members"][0] == {
        "scenario": "plan_without_new_pv",
        "member": "conductor_mm2=240,criterion=n-1",
        "sweep": {"grid.conductor_mm2": 240, "operation.criterion": "n-1"},
        "path": "plan_without_new_pv/conductor_mm2=240,criterion=n-1",
    }
    json.dumps(record)


def test_a_year_from_the_command_line_names_the_folder_and_the_command():
    path = study_path("goto_2030")
    asked = StudyRun(read_study(path, year=2028), None, (1, 2))
    assert asked.study.period.fiscal_year == 2028
    assert asked.folder_name == "goto_2030_2028"
    assert asked._repeat_command() == "goto-twin run studies/goto_2030.toml --year 2028 --days 1:2"
    assert StudyRun(read_study(path)).folder_name == "goto_2030"
