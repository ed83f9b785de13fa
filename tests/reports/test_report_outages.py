"""The section on N-1 over all outages: months joined, parallel circuits folded, what is cut off, what is said."""

from __future__ import annotations

import io
import json
from datetime import datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest
from report_fixture import write_run

from reports.document.texts import LANGUAGES, Words
from reports.reading.detail import choose_focus, read_detail
from reports.reading.outages import all_outages, corridor_name, fold
from reports.reading.run_folder import read_run
from reports.reading.uncertainty import Unusable
from reports.renderers.workbook import workbook
from reports.sections.checks import all_checks
from reports.sections.outages import MOST_OUTAGES, section

CENTRAL = "uncontrolled/conductor_mm2=240,criterion=n-1"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("runs") / "fake", days=2)


def plain(text):
    """Return the text with plain spaces."""
    return text.replace("\u00a0", " ")


def blocks(run, language="en"):
    results = read_run(run)
    focus = choose_focus(results)
    return section(results, focus, read_detail(results, focus), Words(language))


def tables_of(run, language="en"):
    return [block for block in blocks(run, language) if block.kind == "table"]


def test_months_are_joined_worst_with_its_time_and_hours_added(run):
    results = read_run(run)
    found = read_detail(results, choose_focus(results)).all_outages
    link = found.branches.set_index("element").loc["Link 2"]
    assert (link["loading_percent"], link["outage"]) == (98.0, "Link 1")
    assert link["time"] == pd.Timestamp("2030-04-01", tz="Asia/Tokyo")
    assert (link["hours_over_short_time"], link["hours_over_continuous"], link["hours_import_breach"]) == (2.0, 4.0, 0)
    spur = found.single.set_index("outage").loc["Spur"]
    assert spur[["demand_lost_mw", "demand_lost_mwh", "infeed_lost_mw"]].tolist() == [12.0, 20.0, 1.5]
    assert spur["low_vm_pu"] == pytest.approx(0.962)
    assert spur["hours_violated"] == 8.0
    assert "" not in set(found.outages["outage"])
    assert found.corridors["outage"].tolist() == ["Link 1 + Link 2"]


def test_a_month_without_a_loading_leaves_the_other_months_loading():
    losses = [f"{what}_lost_{unit}" for what in ("demand", "infeed") for unit in ("mw", "mwh")]
    zero = dict.fromkeys(["low_vm_pu", "high_vm_pu", "hours_violated", "steps_unsolved", *losses], 0.0)
    rows = pd.DataFrame({"outage": ["A", "A", "B"], "loading_percent": [np.nan, 7.0, np.nan], "element": ["", "X", ""]})
    rows = rows.assign(**zero | {"class": "n-1"})
    branches = pd.DataFrame({"element": ["X"], "loading_percent": [np.nan], "outage": [""], "time": [pd.NaT]})
    hours = ("over_short_time", "over_continuous", "export_breach", "import_breach")
    branches = branches.assign(**{f"hours_{kind}": 0.0 for kind in hours})
    found = all_outages(branches, rows)
    assert found.outages["loading_percent"].tolist() == pytest.approx([7.0, np.nan], nan_ok=True)
    assert found.outages["element"].tolist() == ["X", ""]
    assert np.isnan(found.branches["loading_percent"][0])


def test_parallel_circuits_are_folded_only_where_their_results_mirror():
    rows = pd.DataFrame({
        "element": ["A - B 1", "C 1", "A - B 2", "C 2", "A - B 3", "Line 7", "Other 7"],
        "outage": ["D 2", "X", "D 1", "Y", "D 1", "X", "X"],
        "loading_percent": [80.0, 50.0, 80.02, 50.0, 80.3, 1.0, 1.0],
        "low_vm_pu": [0.95, 1.0, 0.9501, 1.0, 0.95, 1.0, 1.0],
    })  # fmt: skip
    folded = fold(rows, "element", ["outage"])
    assert folded["element"].map(plain).tolist() == ["A - B 1, 2", "C 1", "C 2", "A - B 3", "Line 7", "Other 7"]
    assert folded["outage"].map(plain).tolist() == ["D 2, 1", "X", "Y", "D 1", "X", "X"]
    apart = rows.assign(low_vm_pu=[0.95, 1.0, 0.952, 1.0, 0.95, 1.0, 1.0])
    assert len(fold(apart, "element", ["outage"])) == len(rows)


def test_the_double_circuit_is_named_by_its_numbers():
    assert corridor_name("A - B 1 + A - B 2") == "A - B 1 + 2"
    assert corridor_name("A 1 + B 2") == "A 1 + B 2"
    assert corridor_name("A + A") == "A + A"


def test_the_fullest_branches_come_first(run):
    rows = [[plain(cell) for cell in row] for row in tables_of(run)[0].rows]
    assert rows[0] == ["Link 1, 2", "98.0", "Link 2, 1", "2030-04-01 00:00", "4.0", "4.0 / 0.0"]
    assert rows[1][:3] == ["Spur", "48.0", "Link 1"]


def test_outages_are_ordered_by_demand_cut_off_and_the_corridor_stands_apart(run):
    assert [[plain(cell) for cell in row] for row in tables_of(run)[1].rows] == [
        ["Source\ncuts off the whole grid", "38.0", "60.0", "–", "1.020", "–", "8.0"],
        ["Spur", "12.0", "1.5", "0.962", "1.020", "58.0", "8.0"],
        ["Sakiyama floating wind", "–", "16.8", "0.972", "1.020", "56.0", "8.0"],
        ["Link 1, 2", "–", "–", "0.932", "1.020", "98.0", "14.0"],
        ["Link 1 + 2\nboth circuits (common corridor)", "38.0", "60.0", "0.992", "1.020", "8.1", "8.0"],
    ]
    assert "5 of the 5 single outages break a limit" in tables_of(run)[1].caption
    assert tables_of(run, "ja")[1].rows[-1][0] == "連系線1・2号\n2回線事故（ルート断）"
    assert tables_of(run, "ja")[1].rows[2][0] == "崎山沖浮体式洋上風力"


def test_an_unsolved_outage_is_named_however_small_it_is(tmp_path):
    run = write_run(tmp_path / "fake", days=1)
    file = run / CENTRAL / "security_outages.parquet"
    rows = pd.read_parquet(file)
    template = (
        rows[rows["outage"] == "Link 1"]
        .iloc[[0]]
        .assign(demand_lost_mw=0.0, infeed_lost_mw=0.0, hours_violated=0.0, loading_percent=np.nan, low_vm_pu=np.nan)
    )
    many = [template.assign(outage=f"Line {c}", hours_violated=99.0) for c in "abcdef"]
    rows = pd.concat([rows, *many, template.assign(outage="Bank", steps_unsolved=3, hours_violated=1.5)])
    rows.to_parquet(file, index=False)
    shown = [row[0] for row in tables_of(run)[1].rows]
    assert "Bank\nwithout a solution in 3 half-hours" in shown
    assert sum(name.startswith("Line") for name in shown) == MOST_OUTAGES["hours_violated"]


def change(run, member, **values):
    file = run / member / "kpis.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def test_hours_are_told_as_a_range_over_the_sweep_with_their_kind(tmp_path):
    run = write_run(tmp_path / "fake", days=1)
    change(run, CENTRAL, all_outage_violation_hours=20.0, all_outage_voltage_only_hours=16.0)
    text = blocks(run)[2].text
    assert "breaks a limit in 12.5 to 20.0 h" in text
    assert "above its continuous rating in 4.0 h" in text and "voltage limits are broken in 8.5 to 16.0 h" in text
    assert "no reason for cuts" in text and "Without a solution" not in text
    change(run, CENTRAL, all_outage_unsolved_cases=7)
    assert "In the intact grid of" in text and "already broken in 8.0 h" in text
    assert "Without a solution: 0 to 7 pairs" in blocks(run)[2].text
    assert "計算不能は0～7件" in blocks(run, "ja")[2].text
    verdicts = {check.key: check.verdict for check in all_checks(read_run(run))}
    assert verdicts["all_outage_unsolved_cases"] == "look"


def test_nothing_broken_is_said_so(tmp_path):
    run = write_run(tmp_path / "fake", days=1)
    nothing = {f"all_outage_{kind}_hours": 0.0 for kind in ("violation", "overload", "voltage_only")}
    for member in (run / "uncontrolled").iterdir():
        change(run, member.relative_to(run), **nothing)
    assert "no single outage breaks a limit" in blocks(run)[2].text
    assert "単一事故による制約違反は発生しない" in blocks(run, "ja")[2].text


def test_a_sound_intact_grid_is_not_mentioned(tmp_path):
    run = write_run(tmp_path / "fake", days=1)
    file = run / CENTRAL / "security_outages.parquet"
    rows = pd.read_parquet(file)
    rows.assign(hours_violated=rows["hours_violated"].where(rows["class"] != "n-0", 0.0)).to_parquet(file, index=False)
    assert "intact grid" not in blocks(run)[2].text and "健全時" not in blocks(run, "ja")[2].text


def test_radial_supply_and_low_voltage_are_explained_in_both_languages(run):
    said = {language: " ".join(getattr(block, "text", "") for block in blocks(run, language)) for language in LANGUAGES}
    assert "lose their customers by design" in said["en"] and "no reason for cuts" in said["en"]
    assert "供給支障" in said["ja"] and "設備構成によるもの" in said["ja"] and "空容量" not in said["ja"]


def test_the_workbook_holds_all_rows_as_numbers(run):
    results = read_run(run)
    focus = choose_focus(results)
    book = openpyxl.load_workbook(
        io.BytesIO(workbook(results, focus, read_detail(results, focus), Unusable("missing")))
    )
    assert book.sheetnames == [
        "kpis", "months", "worst_half_hours", "n1_branches", "n1_outages", "assumptions", "dictionary",
    ]  # fmt: skip
    for sheet in book:
        assert sheet.auto_filter.ref.startswith("A2:") and sheet.freeze_panes.endswith("3")
    head, units, *rows = book["n1_outages"].values
    assert dict(zip(head, units, strict=True))["demand_lost_mwh"] == "MWh"
    source = dict(zip(head, next(row for row in rows if row[2] == "Source"), strict=True))
    assert source["demand_lost_mw"] == 38.0 and source["loading_percent"] is None
    assert f"{source['scenario']}/{source['member']}" == CENTRAL
    head, _, *rows = book["n1_branches"].values
    assert [row[head.index("time")] for row in rows] == [datetime(2030, 4, 1)] * 3


def test_the_planners_rows_add_up_to_the_key_figures(run):
    results = read_run(run)
    focus = choose_focus(results)
    book = openpyxl.load_workbook(
        io.BytesIO(workbook(results, focus, read_detail(results, focus), Unusable("missing")))
    )
    head, units, *rows = book["months"].values
    months = pd.DataFrame(rows, columns=head)
    member = results.member(focus.scenario, focus.point)
    own = months[(months["scenario"] == member.scenario) & (months["member"] == member.point)]
    for name in ("curtailed_congestion_mwh", "congested_hours", "curtailed_area_balance_mwh"):
        assert own[name].sum() == pytest.approx(member.kpis[name]), name
    assert dict(zip(head, units, strict=True))["export_mwh"] == "MWh"
    worst = pd.DataFrame(list(book["worst_half_hours"].values)[2:], columns=next(book["worst_half_hours"].values))
    link = member.table("link")["n1_before_loading_percent"]
    fullest = link.sort_values(ascending=False).head(50).tolist()
    assert worst["n1_before_loading_percent"].tolist() == pytest.approx(fullest)
    cell = book["kpis"].cell(3, 1 + next(book["kpis"].values).index("available_mwh"))
    assert cell.number_format == "#,##0.0" and book["kpis"].cell(2, cell.column).value == "MWh"
