"""Whole runs on other inputs: measured data, networks of guests, weather from files."""

import json

import pandas as pd
import pytest
from conftest import command
from real_data import DATA, needs
from shipped import GOTO

from weather.synthetic.year import synthetic_year

GUEST = """\
schema_version = 1
name = "guest"
title_en = "A radial network of a guest"

[period]
fiscal_year = 2022

[grid]
model = "create_cigre_network_mv_pv_wind"
roles.link = ["trafo:0"]
roles.curtailable = ["PV 3"]
roles.site_buses = ["Bus 3"]
roles.place = "naru"

[weather]
source = "files"

[[weather.files.naru]]
path = "sky.csv"
format = "csv"
wind_height_m = 60

[operation]
area_balance = false
"""


@pytest.mark.slow
@needs()
def test_the_fiscal_2022_study_runs_on_the_measured_data(once, workplace):
    answer = once("run", "goto_fy2022", "--data", DATA, "--days", "1:2")
    assert answer.status == 0, answer.err
    run = workplace / "runs" / "goto_fy2022"
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    assert {name.split("/")[0] for name in manifest["inputs_sha256"]} == {"kyushu_area", "jepx"}
    record = json.loads((run / "study.json").read_text(encoding="utf-8"))
    assert "--data DATA" in record["repeat_command"]
    path = next(iter((DATA / "jepx").glob("*.csv")))
    paid = pd.read_csv(path, encoding="utf-8-sig").query("date == '2022-04-01'")["kyushu_price_jpy_per_kwh"]
    system = pd.read_parquet(run / record["members"][0]["path"] / "system.parquet")
    assert system["price_jpy_per_kwh"].to_numpy()[:48] == pytest.approx(paid.to_numpy())


@pytest.mark.slow
def test_a_guest_network_with_weather_from_a_file_runs_to_its_report(tmp_path):
    sky = synthetic_year(GOTO, 2022, 0, seed=3).values["naru"].round(3).rename_axis("time")
    sky.to_csv(tmp_path / "sky.csv")
    (tmp_path / "guest.toml").write_text(GUEST, encoding="utf-8")
    out = tmp_path / "out"
    answer = command("run", tmp_path / "guest.toml", "--days", "30:31", "--jobs", 1, "--out", out)
    assert answer.status == 0, answer.err
    kpis = json.loads((out / "base" / "base" / "kpis.json").read_text(encoding="utf-8"))
    ledger = pd.read_parquet(out / "base" / "base" / "ledger.parquet")
    assert {"PV 3", "WKA 7"} <= set(ledger["unit"])
    assert kpis["unsolved_half_hours"] == 0
    assert kpis["energy_balance_mismatch_mwh"] == pytest.approx(0.0, abs=1e-3)
    assert kpis["n1_export_headroom_after_min_mw"] is None
    assert (out / "report" / "report_en.pdf").read_bytes().startswith(b"%PDF")
