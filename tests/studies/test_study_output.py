"""Results are published whole or not at all, and the manifest holds reproducible facts only."""

import json

import pytest

from studies.experiments.folders import open_partial, partial_folder, publish, write_json
from studies.experiments.provenance import (
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
from studies.study.members import members
from studies.study.reading import STUDIES, read_study, study_path
from twin.core.errors import InputError


@pytest.fixture(scope="module")
def study():
    return read_study(STUDIES / "goto_2030.toml")


def finish(out, mark, text):
    partial, _ = open_partial(out, mark)
    write_json(partial / "study.json", {"mark": text})
    publish(partial, out)


def test_an_earlier_result_stays_until_the_new_one_is_complete(tmp_path):
    out = tmp_path / "runs" / "a"
    finish(out, "1", "first")
    partial, resumed = open_partial(out, "2")
    assert not resumed
    write_json(partial / "study.json", {"mark": "second"})
    assert json.loads((out / "study.json").read_text())["mark"] == "first"
    publish(partial, out)
    assert json.loads((out / "study.json").read_text())["mark"] == "second"
    assert [path.name for path in out.parent.iterdir()] == ["a"]
    assert [path.name for path in out.iterdir()] == ["study.json"]


def test_only_the_same_study_is_taken_up_again(tmp_path):
    out = tmp_path / "a"
    partial, _ = open_partial(out, "1")
    (partial / "checkpoint").write_text("half")
    assert open_partial(out, "1") == (partial, True)
    assert (partial / "checkpoint").exists()
    assert open_partial(out, "2") == (partial, False)
    assert not (partial / "checkpoint").exists()


def test_a_folder_of_somebody_else_is_never_replaced(tmp_path):
    for folder in (tmp_path / "a", partial_folder(tmp_path / "b")):
        folder.mkdir()
        (folder / "thesis.txt").write_text("years of work")
    for name in ("a", "b"):
        with pytest.raises(InputError, match="not replaced"):
            open_partial(tmp_path / name, "1")
    assert len(list(tmp_path.rglob("thesis.txt"))) == 2


def test_a_kill_between_the_two_renames_loses_nothing(tmp_path):
    out = tmp_path / "a"
    finish(out, "1", "first")
    partial, _ = open_partial(out, "2")
    out.rename(tmp_path / "a.replaced")
    assert open_partial(out, "2") == (partial, True)
    assert json.loads((out / "study.json").read_text())["mark"] == "first"


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
    assert {"host", "started", "seconds", "workers"} <= set(run_log({"loop": 1.0}, 2, "2030-04-01T00:00:00+09:00"))


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
