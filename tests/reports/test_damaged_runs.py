"""Damaged and foreign run folders: one message for every reader, no traceback, never a report as if all were there."""

import json
import os
import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fuzzing import effort
from hypothesis import given
from hypothesis import strategies as st
from report_fixture import write_run

from reports import write_report
from reports.reading.detail import choose_focus, read_detail
from reports.reading.run_folder import read_run
from studies.console import difference_table, headline_tables
from twin.core.errors import InputError
from twin.metrics.run_folder import open_run

MEMBER = "uncontrolled/conductor_mm2=400,criterion=n-1"
TEXTS = {
    "empty": b"", "truncated": b'{"name": "x"', "no text": b"\xff\xfe\x00", "a list": b"[]", "a number": b"3",
    "null": b"null", "nested": b"[" * 100_000, "a text": b'"x"', "NaN": b'{"name": NaN}', "empty object": b"{}",
}  # fmt: skip
WRONG = (None, 3, -1.5, True, "x", "", [], {}, [None], [[]], {"a": None}, "../../etc", "\x00\x1b[2J", 10**400)
RECORDS = ("study.json", "manifest.json", f"{MEMBER}/kpis.json", f"{MEMBER}/manifest.json")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("runs") / "fake", days=1)


@pytest.fixture
def run(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "fake")


def asked_of_all(run):
    """Return the problems that the report, the comparison and the opened run have with a folder; all must agree."""
    with pytest.raises(InputError) as of_report:
        write_report(run)
    for ask in (open_run, lambda path: difference_table(path, path), lambda path: headline_tables(path, 100)):
        try:
            ask(run)
        except InputError as error:
            assert set(error.problems) <= set(of_report.value.problems)
    assert all(str(run) in problem.where for problem in of_report.value.problems)
    assert not (run / "report").exists()
    return of_report.value.problems


@pytest.mark.parametrize("content", list(TEXTS))
@pytest.mark.parametrize("file", RECORDS)
def test_a_record_that_is_none_is_told(run, file, content):
    (run / file).write_bytes(TEXTS[content])
    assert all(problem.repair for problem in asked_of_all(run))


@pytest.mark.parametrize("file", RECORDS)
def test_a_record_that_is_missing_is_told(run, file):
    (run / file).unlink()
    (problem,) = asked_of_all(run)
    assert problem.what in ("the file is missing", "there is no complete run in this folder")


REQUIRED = [
    "name", "title_en", "title_ja", "fiscal_year", "reference", "uncontrolled", "scenarios", "sweep", "members",
    "study", "assumptions", "island", "sources", "units", "currency", "onset", "sample_check", "repeat_command",
]  # fmt: skip


@pytest.mark.parametrize("key", REQUIRED)
def test_a_key_that_is_missing_is_told(run, key):
    study = json.loads((run / "study.json").read_text())
    del study[key]
    (run / "study.json").write_text(json.dumps(study))
    (problem,) = asked_of_all(run)
    assert (problem.what, problem.where) == ("a key is missing", f"{run / 'study.json'}: {key}")


def places(value, path=()):
    """Yield the path of every value in JSON."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from places(part, (*path, key))


def put(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(copy[path[0]], path[1:], new)
    return copy


def looked_at(run):
    """Read a run as far as its report does before it draws."""
    results = read_run(run)
    focus = choose_focus(results)
    return read_detail(results, focus)


@pytest.mark.fuzz
@given(data=st.data())
@effort(20)
def test_any_other_value_in_a_record_is_read_or_told(run, sound, data):
    file = data.draw(st.sampled_from(RECORDS))
    content = json.loads((sound / file).read_text())
    path = data.draw(st.sampled_from(list(places(content))))
    (run / file).write_text(json.dumps(put(content, path, data.draw(st.sampled_from(WRONG)))))
    for ask in (looked_at, lambda path: difference_table(path, path), lambda path: headline_tables(path, 100)):
        try:
            ask(run)
        except InputError as error:
            assert "<class" not in str(error)
    shutil.copy(sound / file, run / file)


TABLES = ("system", "link", "ledger", "sites", "security_branches", "security_outages", "sample_check")


@pytest.mark.parametrize("table", TABLES)
def test_a_table_that_is_missing_or_empty_or_none_is_told(run, table):
    file = run / MEMBER / f"{table}.parquet"
    whole = pq.read_table(file)
    emptied = [] if table == "sample_check" else [lambda: pq.write_table(whole.slice(0, 0), file)]
    for harm in (lambda: file.write_bytes(b"x" * 100), *emptied, file.unlink):  # of a short run no state may be drawn
        harm()
        (problem,) = asked_of_all(run)
        assert str(file) in problem.where


@pytest.mark.parametrize(("table", "column", "values"), [
    ("link", "time", pa.array(range(48))),
    ("link", "time", pa.array(pd.date_range("2030-04-01", periods=48, freq="30min"))),
    ("link", "export_mw", pa.array(["much"] * 48)),
    ("system", "demand_mw", pa.array([None] * 48, type=pa.null())),
])  # fmt: skip
def test_a_column_of_another_kind_is_told(run, table, column, values):
    file = run / MEMBER / f"{table}.parquet"
    whole = pq.read_table(file)
    pq.write_table(whole.set_column(whole.column_names.index(column), column, values), file)
    (problem,) = asked_of_all(run)
    assert problem.what == "a column of another kind"
    assert problem.where.endswith(f": {column}")


def test_a_flipped_bit_in_a_table_is_found_by_its_checksums_or_changes_no_value(run):
    member = read_run(run).members[0]
    file = member.folder / "link.parquet"
    whole = member.table("link")
    pq.write_table(pq.read_table(file), file, use_dictionary=False, write_page_checksum=True)
    content, draw, found = file.read_bytes(), np.random.default_rng(1), 0
    flips = 60
    group = pq.read_metadata(file).row_group(0)
    parts = [group.column(k) for k in range(group.num_columns)]
    values_end = max(part.data_page_offset + part.total_compressed_size for part in parts)  # then the file's own head
    for at in draw.integers(4, values_end, flips):
        harmed = bytearray(content)
        harmed[at] ^= 1 << int(draw.integers(8))
        file.write_bytes(harmed)
        try:
            pd.testing.assert_frame_equal(member.table("link"), whole)
        except InputError as error:
            assert "link.parquet" in str(error)
            found += 1
    assert found > flips / 2


@pytest.mark.parametrize("change", [
    {"members": "twice"}, {"reference": "nobody"}, {"uncontrolled": "nobody"}, {"members": "lost"}, {"path": "../x"},
    {"path": "/tmp"}, {"path": "a\x00b"}, {"onset": "nowhere"},
])  # fmt: skip
def test_records_that_do_not_fit_together_are_told(run, change):
    study = json.loads((run / "study.json").read_text())
    first = study["members"][0]
    row = {"key": "", "value": "", "scenario": "x", "member": "y", "curtailed_congestion_mwh": 0.0,
           "congested_hours": 0.0, "criterion_broken_hours": 0.0}  # fmt: skip
    changed = {
        "twice": [*study["members"], first], "lost": study["members"][1:], "nowhere": [row],
    }  # fmt: skip
    for key, value in change.items():
        if key == "path":
            first["path"] = value
        else:
            study[key] = changed.get(value, value)
    (run / "study.json").write_text(json.dumps(study))
    assert all(problem.where.startswith(str(run / "study.json")) for problem in asked_of_all(run))


def rewritten(run, table, change):
    file = run / MEMBER / f"{table}.parquet"
    pq.write_table(change(pq.read_table(file)), file)
    return file


@pytest.mark.parametrize(("change", "what"), [
    (lambda table: table.slice(0, 47), "other steps than in system.parquet"),
    (lambda table: pa.concat_tables([table, table]), "times occur twice or out of order"),
    (lambda table: table.take(list(range(47, -1, -1))), "times occur twice or out of order"),
])  # fmt: skip
def test_a_table_with_other_steps_than_the_system_is_told(run, change, what):
    file = rewritten(run, "link", change)
    (problem,) = asked_of_all(run)
    assert (problem.what, problem.where) == (what, str(file))


def test_a_ledger_of_another_island_is_told(run):
    file = rewritten(run, "ledger", lambda table: table.set_column(
        table.column_names.index("unit"), "unit", pa.array(["elsewhere", *table["unit"].to_pylist()[1:]])
    ))  # fmt: skip
    (problem,) = asked_of_all(run)
    assert (problem.what, problem.where, problem.seen) == ("units that the study does not have", str(file), "elsewhere")


@pytest.mark.parametrize("file", RECORDS)
def test_a_record_that_is_a_pipe_is_not_waited_for(run, file):
    (run / file).unlink()
    os.mkfifo(run / file)
    (problem,) = asked_of_all(run)
    assert problem.what in ("is no file", "there is no complete run in this folder")
