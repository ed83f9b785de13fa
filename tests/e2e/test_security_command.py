"""The security of a study's grid by one command: outages, headroom of buses, inter-trip, and the report on them."""

import json

import numpy as np
import pandas as pd
import pytest
from conftest import reproducible_files

from studies.experiments.security import operation_of
from studies.study.file.members import BASE, middle_point, resolved
from studies.study.file.reading import read_study
from twin import SecurityAnalysis
from twin.security.headroom.buses import headroom
from twin.security.intertrip import intertrip

pytestmark = pytest.mark.slow
BUSES = ("Fukue 66 kV", "Narao 66 kV")
DAY = (30, 30)


@pytest.fixture(scope="module")
def folder(workplace, once, small_study):
    asked = ("--headroom", ",".join(BUSES), "--intertrip", "--days", "30:30", "--out", "runs/secure")
    answer = once("security", small_study, *asked, "--jobs", 1)
    assert answer.status == 0, answer.err
    return workplace / "runs" / "secure"


@pytest.fixture(scope="module")
def operation(small_study):
    study = read_study(small_study, None, DAY)
    return operation_of(resolved(study, [("without", BASE, middle_point(study))])[0], None, DAY)


def test_tables_are_those_of_the_library(folder, operation):
    result = SecurityAnalysis(operation.model).run(operation.profiles, index=operation.index)
    steps = pd.read_parquet(folder / "security_steps.parquet")
    assert len(steps) == 48
    np.testing.assert_array_equal(steps["loading_percent"], result.steps()["loading_percent"])
    outages = pd.read_csv(folder / "security_outages.csv")
    assert outages["outage"].iloc[1:].tolist() == [case.name for case in result.cases[1:]]
    np.testing.assert_allclose(outages["loading_percent"], result.outages()["loading_percent"], rtol=1e-12)
    found = headroom(operation.model, operation.profiles, operation.index, buses=[_bus(operation, n) for n in BUSES])
    table = pd.read_parquet(folder / "headroom.parquet")
    assert table["bus"].unique().tolist() == list(BUSES)
    np.testing.assert_array_equal(table["headroom_mw"], found.headroom_mw.ravel())
    shed = pd.read_parquet(folder / "intertrip.parquet").groupby("outage", sort=False)["shed_mw"].max()
    expected = intertrip(operation.model, operation.profiles, operation.index)
    np.testing.assert_array_equal(shed, expected.summary()["largest_shed_mw"])
    assert {"expected_mwh_per_year", "insufficient_half_hours"} <= set(pd.read_csv(folder / "intertrip_summary.csv"))


def _bus(operation, name):
    return int(operation.model.net.bus.index[operation.model.net.bus.name == name][0])


def test_operating_points_are_what_plants_can_give_and_areas_ask_for(operation):
    plants = operation.model.plants.contract_mw.to_numpy()
    given = operation.profiles["sgen_p_mw"][:, : len(plants)]
    assert (given >= 0.0).all()
    assert (given <= plants + 1e-9).all()
    assert given.sum() > 0.0
    noon, night = (operation.profiles["load_p_mw"][step].sum() for step in (24, 4))
    assert noon < operation.profiles["load_q_mvar"][24].sum() / operation.profiles["load_q_mvar"][4].sum() * night


def test_record_and_report_tell_the_same(folder):
    record = json.loads((folder / "security.json").read_text(encoding="utf-8"))
    assert [row["class"] for row in record["classes"]] == ["n-0", "n-1", "common-corridor"]
    assert [row["bus"] for row in record["headroom"]] == list(BUSES)
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert record["outages"][0]["outage"] in page
    assert all(bus in page for bus in BUSES)
    assert page.count("N-1電制") >= 2
    assert {path.name for path in (folder / "report").glob("*.pdf")} == {"report_en.pdf", "report_ja.pdf"}


def test_two_threads_give_the_same_bytes(folder, once, small_study, workplace):
    asked = ("--headroom", ",".join(BUSES), "--intertrip", "--days", "30:30", "--out", "runs/again", "--jobs", 2)
    assert once("security", small_study, *asked).status == 0
    assert reproducible_files(workplace / "runs" / "again") == reproducible_files(folder)


def test_unknown_bus_is_told_with_the_nearest_before_anything_is_written(once, small_study, workplace):
    answer = once("security", small_study, "--headroom", "Fukue 66,Narao 66 kV", "--out", "runs/never")
    assert answer.status == 2
    assert "Fukue 66 kV" in answer.err
    assert "found: Narao" not in answer.err
    assert not (workplace / "runs" / "never").exists()
