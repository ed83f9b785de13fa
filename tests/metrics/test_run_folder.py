"""A run opened for reading: members, key figures, tables and the labelled dataset; what is broken is told."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from report_fixture import write_run

import twin
from twin.core.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "example"
    write_run(folder)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    return twin.open_run(folder)


def test_key_figures_are_a_row_a_member(run):
    assert list(run.kpis.index.names) == ["scenario", "point"]
    assert len(run.kpis) == len(run.members) == len(run.scenarios) * len(run.points)
    member = run.members[-1]
    kpis = json.loads((member.folder / "kpis.json").read_text(encoding="utf-8"))
    assert run.kpis.loc[(member.scenario, member.point), "delivered_mwh"] == kpis["delivered_mwh"]


def test_a_table_of_one_member_is_the_file_and_of_several_they_stand_below_each_other(run):
    scenario, point = run.scenarios[0], run.points[0]
    member = run.member(scenario, point)
    one = run.table("link", scenario=scenario, point=point)
    pd.testing.assert_frame_equal(one, pd.read_parquet(member.folder / "link.parquet"))
    several = run.table("link", columns=["time", "export_mw"])
    assert list(several.columns) == ["scenario", "point", "time", "export_mw"]
    assert len(several) == len(one) * len(run.members)


def test_the_dataset_is_labelled_and_holds_the_same_numbers(run):
    xarray = pytest.importorskip("xarray")
    dataset = run.dataset()
    assert isinstance(dataset, xarray.Dataset)
    scenario, point = run.scenarios[0], run.points[0]
    table = run.table("link", scenario=scenario, point=point)
    loading = dataset["circuit_1_loading_percent"].sel(scenario=scenario, point=point)
    np.testing.assert_array_equal(loading.to_numpy(), table["circuit_1_loading_percent"].to_numpy())
    assert pd.Timestamp(dataset["time"].to_numpy()[0], tz="UTC") == table["time"].iloc[0]
    assert dataset["circuit_1_loading_percent"].attrs["units"] == "%"
    ledger = run.dataset("ledger")
    assert ledger["delivered_mw"].dims == ("scenario", "point", "time", "unit")
    total = run.table("ledger", scenario=scenario, point=point)["delivered_mw"].sum()
    assert float(ledger["delivered_mw"].sel(scenario=scenario, point=point).sum()) == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda run: run.table("link", scenario="nobody"), "no such scenario"),
        (lambda run: run.table("link", point="nowhere"), "no such sweep point"),
        (lambda run: run.table("lnk", scenario=run.scenarios[0], point=run.points[0]), "no such table"),
        (lambda run: run.table("link", columns=["speed"]), "no such column"),
        (lambda run: run.dataset("security_branches"), "without a time axis|no such table"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(run, ask, told):
    with pytest.raises(InputError, match=told):
        ask(run)


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("study.json", "[]", "not a JSON object"),
        ("study.json", '{"name": "x", "scenarios": {}}', "a key is missing"),
        ("study.json", '{"name": "x", "scenarios": {}, "members": 3}', "members"),
        ("study.json", '{"name": "x", "scenarios": {}, "members": []}', "members"),
        ("study.json", "{", "not JSON"),
        ("manifest.json", None, "missing"),
    ],
)
def test_a_broken_folder_is_told(folder, tmp_path, file, text, told):
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    if text is None:
        (broken / file).unlink()
    else:
        (broken / file).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=told):
        twin.open_run(broken)


def test_key_figures_that_are_no_numbers_are_told(folder, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    file = twin.open_run(broken).members[0].folder / "kpis.json"
    file.write_text('{"delivered_mwh": "much", "diesel_mwh": null, "is_fine": true}', encoding="utf-8")
    with pytest.raises(InputError) as error:
        twin.open_run(broken)
    assert [problem.what for problem in error.value.problems] == ["not a number", "not a number"]


def test_no_folder_is_told(tmp_path):
    with pytest.raises(InputError, match="no complete run"):
        twin.open_run(tmp_path / "nothing")
