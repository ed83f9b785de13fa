"""The report says what the results files say, in both languages, and the same every time."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from report_fixture import SCENARIOS, SWEEP, write_run

from reports import write_report
from reports.document.blocks import Answer
from reports.document.digits import quantity
from reports.document.style import alike
from reports.document.texts import LANGUAGES, Words, text_keys
from reports.reading.detail import choose_focus, read_detail
from reports.reading.headline import assumed_area_level, statement
from reports.reading.labels import points_label
from reports.reading.run_folder import read_run
from reports.reading.uncertainty import Unusable
from reports.sections.answer import page_one, sentences
from reports.sections.checks import all_checks
from reports.sections.report import document
from reports.sections.tables import provenance
from twin.metrics.comparisons import taken_back, worst_by_direction
from twin.metrics.run_folder import Run

CENTRAL = "conductor_mm2=240,criterion=n-1"
OTHER = "conductor_mm2=400,criterion=n-1"


def change_kpis(run: Path, scenario: str, member: str, **values: float) -> Path:
    file = run / scenario / member / "kpis.json"
    kpis = json.loads(file.read_text()) | values
    kpis["curtailed_congestion_mwh"] = sum(kpis[f"curtailed_congestion_{part}_mwh"] for part in ("n0", "n1", "firm"))
    file.write_text(json.dumps(kpis))
    return run


def answer(run: Path, language: str = "en") -> list[str]:
    results = read_run(run)
    return sentences(
        results, choose_focus(results), {"en": "fiscal year 2030", "ja": "2030年度"}[language], Words(language)
    )


def said(run: Path, language: str = "en") -> str:
    results = read_run(run)
    focus = choose_focus(results)
    report = document(results, focus, read_detail(results, focus), Unusable("missing"), Words(language))
    return " ".join(getattr(block, "text", "") for block in report.blocks)


def without_congestion(results_path: Path, *members: str) -> Path:
    for member in members:
        change_kpis(results_path, "uncontrolled", member, curtailed_congestion_n1_mwh=0, congested_hours=0,
                    curtailed_congestion_firm_mwh=0, curtailed_congestion_percent_of_available=0)  # fmt: skip
    return results_path


def test_all_files_are_written(run, report):
    assert {key: path.relative_to(run).as_posix() for key, path in report.items()} == {
        "figures": "report/figures",
        "html": "report/report.html",
        "pdf_en": "report/report_en.pdf",
        "pdf_ja": "report/report_ja.pdf",
        "xlsx": "report/tables.xlsx",
    }
    assert report["pdf_ja"].read_bytes().startswith(b"%PDF")
    assert len(list(report["figures"].glob("*.svg"))) == 26


def test_page_one_states_the_key_figures(report):
    page = html.unescape(report["html"].read_text(encoding="utf-8"))
    folder = report["html"].parents[1]
    kpis = [json.loads((folder / "uncontrolled" / point / "kpis.json").read_text()) for point in (CENTRAL, OTHER)]
    cut = [k["curtailed_congestion_n1_mwh"] + k["curtailed_congestion_firm_mwh"] for k in kpis]
    assert cut[0] > 10 and cut[1] == 0
    assert f"under N-1 at 240 mm² and below (0 to {cut[0]:.0f} MWh cut" in page
    assert f"N-1基準では240mm²以下で系統混雑が生じる（出力制御0～{cut[0]:.0f} MWh" in page
    assert f"caps ahead from a forecast takes 0 to {cut[0] * 1.4:.0f} MWh" in page
    lowest, highest = sorted(k["n1_export_headroom_before_min_mw"] for k in kpis)
    assert f"Least room: {lowest:.1f} to {highest:.1f} MW".replace("-", "\u2212") in page


def test_what_is_chosen_and_what_is_not_known_are_never_one_range(tmp_path):
    sweep = {"conductor_mm2": [240, 400], "criterion": ["n-0", "n-1", "n-1-intertrip"]}
    run = read_run(write_run(tmp_path / "fake", days=2, sweep=sweep))
    found = page_one(run, choose_focus(run), Words("en"))[0]
    assert [row[0] for row in found.rows] == ["N-0", "N-1", "N-1 with inter-trip"]
    assert found.header[1:] == ["240 mm²", "400 mm²"]
    for row, criterion in zip(found.rows, sweep["criterion"], strict=True):
        for cell, conductor in zip(row[1:], sweep["conductor_mm2"], strict=True):
            kpis = run.member("uncontrolled", f"conductor_mm2={conductor},criterion={criterion}").kpis
            assert cell.startswith(f"{quantity(kpis['curtailed_congestion_mwh'], 'MWh')} MWh\n")


def test_all_parties_stand_in_one_statement_that_adds_up_to_zero(run):
    results = read_run(run)
    paid = statement(results, CENTRAL)
    assert paid["aware"]["customers"] == pytest.approx(-3.5)
    assert sum(paid["aware"].values()) == pytest.approx(0.0, abs=1e-9)
    assert "customers \u22123.50" in answer(run)[2] and "aggregator +1.50" in answer(run)[2]
    assert "million JPY" in answer(run)[2] and "JPY" not in " ".join(answer(run)[:2])


def test_what_control_takes_back_has_no_share_where_nothing_was_added():
    loading = {name: np.full(60, value) for name, value in (("reference", 80.0), ("uncontrolled", 90.0),
                                                            ("controlled", 85.0))}  # fmt: skip
    congestion = {"reference": 10.0, "uncontrolled": 110.0, "controlled": 30.0}
    found = taken_back(congestion, loading)
    assert (found.of_congestion_percent, found.of_loading_percent) == (pytest.approx(80.0), pytest.approx(50.0))
    nothing = taken_back({**congestion, "uncontrolled": 10.5}, {**loading, "uncontrolled": np.full(60, 80.05)})
    assert np.isnan(nothing.of_congestion_percent) and np.isnan(nothing.of_loading_percent)


def test_export_and_import_are_judged_apart():
    loading, export = np.array([120.0, 90.0, 50.0, np.nan]), np.array([10.0, -8.0, 2.0, -20.0])
    assert worst_by_direction(loading, export) == {"export": 120.0, "import": 90.0}
    assert np.isnan(worst_by_direction(loading[:1], export[:1])["import"])


def test_a_changed_key_figure_changes_the_report(tmp_path):
    run = change_kpis(write_run(tmp_path / "fake"), "uncontrolled", CENTRAL, curtailed_congestion_n1_mwh=4321.4)
    for language in LANGUAGES:
        assert "4,321 MWh" in answer(run, language)[0]


def test_the_report_says_where_congestion_begins(run, tmp_path):
    assert "under N-1 at 240 mm² and below" in answer(run)[0]
    nowhere = without_congestion(write_run(tmp_path / "nowhere", days=2), CENTRAL, OTHER)
    assert answer(nowhere)[0].startswith("There is no congestion")
    assert "in any case under N-1" in answer(nowhere)[0]
    larger = without_congestion(write_run(tmp_path / "larger", days=2), CENTRAL)
    change_kpis(larger, "uncontrolled", OTHER, curtailed_congestion_n1_mwh=7.0)
    assert "under N-1 at 400 mm² and above" in answer(larger)[0]


def test_congestion_that_area_balance_hides_is_told(tmp_path):
    run = write_run(tmp_path / "fake", days=2)
    assert "hides congestion" not in said(run)
    change_kpis(run, "uncontrolled", CENTRAL, congestion_masked_by_area_balance_mwh=21.0)
    assert "without it 0 to 21 MWh more" in said(run)
    assert "0～21 MWh増加" in said(run, "ja")


def test_a_check_that_fails_is_shown_as_failed(tmp_path):
    run = write_run(tmp_path / "fake", days=2)
    verdicts = {check.key: check.verdict for check in all_checks(read_run(run))}
    assert verdicts["energy_balance_mismatch_mwh"] == verdicts["sample.max_vm_error_pu"] == "ok"
    change_kpis(run, "aware", OTHER, energy_balance_mismatch_mwh=-0.02, unsolved_half_hours=1)
    verdicts = {check.key: check.verdict for check in all_checks(read_run(run))}
    assert verdicts["energy_balance_mismatch_mwh"] == verdicts["unsolved_half_hours"] == "look"


def test_little_congestion_is_called_little(tmp_path):
    run = write_run(tmp_path / "fake")
    change_kpis(run, "uncontrolled", CENTRAL, curtailed_congestion_percent_of_available=0.09)
    assert answer(run)[0].startswith("There is little congestion")
    assert answer(run, "ja")[0].startswith("「新設太陽光・制御なし」（2030年度）における系統混雑はわずかである")


@pytest.mark.parametrize(
    ("benefit", "english", "japanese"),
    [
        ((120.0, 30.0), "It saves 30 to 120 MWh net", "正味30～120 MWh増加する"),
        ((-120.0, -30.0), "It costs 30 to 120 MWh net", "正味30～120 MWh減少する"),
        ((-120.0, 30.0), "it brings \u2212120 to 30 MWh", "増加は2ケース中1ケース"),
        ((0.2, -0.3), "makes no difference to net energy", "ほぼ変わらない"),
    ],
)
def test_the_sign_of_control_is_told_honestly(tmp_path, benefit, english, japanese):
    run = write_run(tmp_path / "fake", days=2)
    for member, value in zip((CENTRAL, OTHER), benefit, strict=True):
        change_kpis(run, "aware", member, net_benefit_of_control_mwh=value, net_benefit_of_control_jpy=value * 1e4)
    assert english in answer(run)[1]
    assert japanese in answer(run, "ja")[1]


def test_tables_behind_the_figures_agree_with_the_key_figures(run):
    results = read_run(run)
    focus = choose_focus(results)
    detail = read_detail(results, focus)
    kpis = results.member(focus.scenario, focus.point).kpis
    assert focus.scenario == "uncontrolled" and focus.point == CENTRAL
    assert detail.cuts_by_month["area_balance_mw"].sum() == pytest.approx(kpis["curtailed_area_balance_mwh"])
    assert detail.cuts_by_unit["congestion_n1_mw"].sum() == pytest.approx(kpis["curtailed_congestion_n1_mwh"])
    assert detail.binding["energy_mwh"].sum() == pytest.approx(kpis["curtailed_congestion_n1_mwh"])
    assert np.count_nonzero(detail.congested) * detail.hours == kpis["congested_hours"]
    assert set(detail.charge_percent) == {"aware"}


def test_one_scenario_without_sweep_is_reported(tmp_path):
    run = write_run(tmp_path / "one", days=3, scenarios={"reference": SCENARIOS["reference"]}, sweep={})
    results: Run = read_run(run)
    focus = choose_focus(results)
    report = document(results, focus, read_detail(results, focus), Unusable("missing"), Words("en"))
    (answer,) = [block for block in report.blocks if isinstance(block, Answer)]
    assert "no controlled scenario" in answer.sentences[1]
    assert "Who pays cannot be told" in answer.sentences[2]
    assert "battery_charge_en.svg" not in report.figures


def test_the_page_loads_nothing_from_a_network(report):
    page = report["html"].read_text(encoding="utf-8")
    assert not re.search(r"""(src|href|url|import|fetch)\s*[=(]\s*["']?\s*(https?:)?//""", page)
    assert "<img" not in page and "<link" not in page and "<script src" not in page


@pytest.mark.slow
def test_a_second_report_has_the_same_bytes(run, report):
    first = {path.name: path.read_bytes() for path in (run / "report").rglob("*") if path.is_file()}
    write_report(run)
    assert {path.name: path.read_bytes() for path in (run / "report").rglob("*") if path.is_file()} == first


def test_no_text_key_reaches_the_reader(report):
    page = report["html"].read_text(encoding="utf-8")
    dotted = [key for key in text_keys() if "." in key]
    visible = re.sub(r"<style>.*?</style>|<script.*?</script>|data:[^\")]*", "", page, flags=re.DOTALL)
    assert set(re.findall(r"[\w.]+", visible)).isdisjoint(dotted)
    assert "{" not in visible


def test_every_sweep_point_of_the_study_is_named(report):
    page = report["html"].read_text(encoding="utf-8")
    for value in SWEEP["conductor_mm2"]:
        assert f"{value} mm², N-1" in page and f"{value}mm²・N-1基準" in page


def test_a_link_without_a_second_circuit_is_reported(tmp_path):
    run = write_run(tmp_path / "fake", days=2)
    for file in run.rglob("link.parquet"):
        link = pd.read_parquet(file)
        link.loc[:, link.columns.str.contains("n1_|circuit_2")] = np.nan
        link.to_parquet(file, index=False)
    results = read_run(run)
    focus = choose_focus(results)
    report = document(results, focus, read_detail(results, focus), Unusable("missing"), Words("en"))
    assert "n1_headroom_en.svg" not in report.figures
    assert any("no second circuit" in getattr(block, "text", "") for block in report.blocks)


def test_unsolved_half_hours_are_left_out_of_the_energies(tmp_path):
    run = write_run(tmp_path / "fake")
    solved = read_detail(read_run(run), choose_focus(read_run(run)))
    file = run / "uncontrolled" / CENTRAL / "system.parquet"
    system = pd.read_parquet(file)
    worst = system["congestion_n1_mw"].idxmax()
    lost_mwh = system.loc[worst, "congestion_n1_mw"] * 0.5
    system.loc[worst, "failure"] = "not converged"
    system.to_parquet(file, index=False)
    detail = read_detail(read_run(run), choose_focus(read_run(run)))
    for table in ("cuts_by_month", "cuts_by_unit"):
        before, after = (getattr(d, table)["congestion_n1_mw"].sum() for d in (solved, detail))
        assert before - after == pytest.approx(lost_mwh)


def test_curves_that_coincide_are_drawn_once():
    curves = {"a": np.array([1.0, np.nan, 3.0]), "b": np.array([1.0, np.nan, 3.2]), "c": np.array([1.0, np.nan, 3.01])}
    assert alike(curves, apart=0.05) == [["a", "c"], ["b"]]
    assert alike(curves, apart=0.5) == [["a", "b", "c"]]


def test_sweep_points_drawn_as_one_are_named_by_what_they_share(run):
    results = read_run(run)
    assert points_label(results, [CENTRAL], Words("en")) == "240 mm², N-1"
    assert points_label(results, [CENTRAL, OTHER], Words("en")) == "N-1 (240 mm² / 400 mm²)"


def test_checksums_are_short_enough_for_the_page(run):
    results = read_run(run)
    inputs = {"area/a_long_name_of_a_measured_series_fy2021_fy2022.csv": "0123456789abcdef" * 4}
    changed = replace(results, manifest=results.manifest | {"inputs_sha256": inputs})
    assert "0123456789abcdef…" in [value for _, value in provenance(changed, Words("en")).rows]


def test_a_measured_level_of_the_area_s_orders_is_not_an_assumed_one():
    operation = {"area_balance": True, "area_level_percent": None}
    assert assumed_area_level(SimpleNamespace(study={"study": {"operation": operation}})) is None
    assumed = SimpleNamespace(study={"study": {"operation": operation | {"area_level_percent": 6}}})
    assert assumed_area_level(assumed) == (6.0, None)
