"""What a run leaves behind: every file, table, key figure and page that was promised."""

import json
import re
import socket
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import SAID

from tests.golden import kept_values, numbers_of
from tests.golden.differences import differences, leaves, report
from twin.core.quantities import KPIS, TABLES

OF_GOTO = tuple(name for name in TABLES if name != "zones")
"""Goto has no constraint zones."""
MEMBERS = ("without/conductor_mm2=240", "aware/conductor_mm2=240")
ASKED_FOR = """
demand_mwh available_mwh delivered_mwh diesel_mwh import_mwh export_mwh losses_mwh battery_losses_mwh stored_change_mwh
unsupplied_mwh curtailed_congestion_n0_mwh curtailed_congestion_n1_mwh curtailed_congestion_firm_mwh
curtailed_area_balance_mwh curtailed_voltage_mwh curtailed_behind_the_meter_mwh unavailable_mwh residual_overload_mwh
congestion_masked_by_area_balance_mwh curtailed_congestion_percent_of_available curtailed_congestion_percent_of_nonfirm
congested_hours criterion_broken_hours link_n0_max_loading_percent link_n0_p99_loading_percent
link_n1_max_loading_percent link_n1_p99_loading_percent link_max_export_mw link_max_import_mw
n1_export_headroom_before_min_mw n1_export_headroom_before_p05_mw n1_export_headroom_before_median_mw
n1_export_headroom_after_min_mw n1_export_headroom_after_p05_mw n1_export_headroom_after_median_mw
n1_import_headroom_before_min_mw n1_import_headroom_before_p05_mw n1_import_headroom_before_median_mw
n1_import_headroom_after_min_mw n1_import_headroom_after_p05_mw n1_import_headroom_after_median_mw
vm_min_pu vm_max_pu self_consumption_mwh site_export_mwh battery_cycles_per_year local_supply_percent local_use_percent
municipality_local_supply_percent municipality_local_use_percent net_benefit_mwh unsolved_half_hours clipped_commands
""".split()  # noqa: SIM905 - one name a line would fill a page
"""Key figures by the names of the task."""

ROUNDING = 1e-6


@pytest.fixture(params=MEMBERS)
def member(run, request):
    return run / request.param


@pytest.fixture
def kpis(member):
    return json.loads((member / "kpis.json").read_text(encoding="utf-8"))


def test_every_file_is_there_and_nothing_half_written(run):
    names = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert {"study.json", "manifest.json", "run_log.json", "report/report.html"} <= names
    for member in MEMBERS:
        own = {
            f"{member}/{name}" for name in ("kpis.json", "manifest.json", *(f"{table}.parquet" for table in OF_GOTO))
        }
        assert own <= names
    assert not [name for name in names if re.search(r"tmp|parts|checkpoint|sha256", name)]
    assert list(run.parent.glob(f"{run.name}.*")) == []


def test_the_study_record_names_the_members(run):
    record = json.loads((run / "study.json").read_text(encoding="utf-8"))
    assert [entry["path"] for entry in record["members"]] == list(MEMBERS)
    assert {entry["scenario"] for entry in record["members"]} == {"without", "aware"}
    assert record["members"][0]["sweep"] == {"grid.conductor_mm2": 240}
    check = record["sample_check"]
    assert check["half_hours"] >= 50
    assert check["unsolved"] == 0
    assert check["max_vm_error_pu"] < check["tolerance_pu"]


def test_no_number_of_it_has_changed(run):
    now = numbers_of.of_run(run)
    found = differences(kept_values.read("run_small"), now)
    assert not found, report(found, sum(1 for _ in leaves(now)))


@pytest.mark.parametrize("name", OF_GOTO)
def test_the_columns_are_those_of_the_data_dictionary(member, name):
    columns = pq.read_schema(member / f"{name}.parquet").names
    if name in ("bus", "branches", "outage_loadings"):  # a column for each
        assert columns[0] == "time"
        assert len(columns) > 1
    else:
        assert sorted(columns) == sorted(TABLES[name])


def test_every_half_hour_of_the_days_is_there(member):
    time = pd.DatetimeIndex(pd.read_parquet(member / "system.parquet")["time"])
    assert str(time.tz) == "Asia/Tokyo"
    expected = pd.date_range("2030-04-30", "2030-05-03", freq="30min", tz="Asia/Tokyo", inclusive="left")
    assert time.tolist() == expected.tolist()


def test_every_key_figure_has_its_sign(kpis):
    assert set(kpis) == set(KPIS)
    assert set(ASKED_FOR) <= set(kpis)
    wrong = [name for name, value in kpis.items() if KPIS[name].sign == "not negative" and (value or 0.0) < -ROUNDING]
    assert wrong == []


def test_energy_is_kept(kpis):
    supply = kpis["delivered_mwh"] + kpis["diesel_mwh"] + kpis["import_mwh"]
    use = kpis["demand_mwh"] - kpis["unsupplied_mwh"] + kpis["losses_mwh"] + kpis["battery_losses_mwh"]
    assert supply == pytest.approx(use + kpis["stored_change_mwh"] + kpis["export_mwh"], abs=0.01)


def test_the_ledger_adds_up(member, kpis):
    ledger = pd.read_parquet(member / "ledger.parquet")
    cuts = [name for name in TABLES["ledger"] if name.endswith("_mw") and "settled" not in name]
    cuts = [name for name in cuts if name not in ("available_mw", "delivered_mw", "battery_mw")]
    assert (ledger["available_mw"] - ledger["delivered_mw"] - ledger[cuts].sum(axis=1)).abs().max() < 1e-4
    assert ledger["available_mw"].sum() / 2 == pytest.approx(kpis["available_mwh"], rel=1e-5)


def test_the_manifest_holds_only_what_can_be_repeated(run):
    for path in (run / "manifest.json", *(run / member / "manifest.json" for member in MEMBERS)):
        facts = json.loads(path.read_text(encoding="utf-8"))
        assert set(facts) == {"study", "days", "seed", "inputs_sha256", "code", "packages"}
        assert facts["days"] == [30, 32]
        text = path.read_text(encoding="utf-8")
        assert socket.gethostname() not in facts["code"].values()
        assert str(run.parent.parent) not in text
    log = json.loads((run / "run_log.json").read_text(encoding="utf-8"))
    assert {"started", "seconds", "host", "workers"} <= set(log)


def test_the_report_opens_without_a_network(run):
    html = (run / "report" / "report.html").read_text(encoding="utf-8")
    assert re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//[^"' >]+""", html) == []
    assert re.findall(r"""(?:url\(|@import)\s*["']?https?:""", html) == []
    for language in ("en", "ja"):
        assert f'lang="{language}"' in html
        pdf = (run / "report" / f"report_{language}.pdf").read_bytes()
        assert pdf.startswith(b"%PDF-")
        assert pdf.rstrip().endswith(b"%%EOF")


def test_the_summary_tells_the_figures_and_where_the_report_is(run):
    said = (run.parent / Path(SAID).name).read_text(encoding="utf-8")
    for words in ("key figures", "without", "aware", "net benefit, MWh", "report.html", "report_ja.pdf"):
        assert words in said
