"""Other islands: a folder of tables and no Python; parts that are left out; a new folder that runs at once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from network_models.island import find_island
from network_models.new_island import write_island
from network_models.reading import island_tables
from studies import cli
from studies.api import load_case, run_case
from studies.experiments.uncertainty.unknowns import unknowns
from studies.study.file.reading import read_study
from twin.core.errors import InputError

ISLANDS = Path(__file__).parents[1] / "islands"
STUDY = ISLANDS / "mini_study.toml"
COMMAND = CliRunner()


@pytest.fixture
def copied(tmp_path):
    """A study and its island, to be changed."""
    shutil.copytree(ISLANDS / "mini", tmp_path / "mini")
    shutil.copy(STUDY, tmp_path / "study.toml")
    return tmp_path / "study.toml"


def changed(study: Path, before: str, after: str) -> Path:
    text = study.read_text(encoding="utf-8")
    assert before in text
    study.write_text(text.replace(before, after), encoding="utf-8")
    return study


def told(study: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_study(study)
    return str(caught.value)


def test_the_folder_is_what_the_command_writes(tmp_path):
    study = write_island(tmp_path, "mini")
    assert study.read_text(encoding="utf-8") == STUDY.read_text(encoding="utf-8")
    files = {path.name: path.read_bytes() for path in (tmp_path / "mini").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (ISLANDS / "mini").iterdir()}
    assert not any(name.endswith(".py") for name in files)


def test_it_is_small_and_not_in_japan():
    island, tables = find_island("mini", ISLANDS), island_tables(find_island("mini", ISLANDS))
    sizes = [len(tables[name]) for name in ("buses", "places", "plants")]
    assert (*sizes, tables["sites"]["count"].sum()) == (6, 2, 3, 20)
    settings = island.settings
    assert (settings.time_zone, settings.currency, settings.frequency_hz) == ("Europe/London", "GBP", 50.0)
    assert "typhoons" in island.absent() and "typhoons" not in tables


def test_every_table_says_what_it_is():
    for path in (ISLANDS / "mini").glob("*.csv"):
        assert path.read_text(encoding="utf-8").startswith("# ") or path.name == "references.csv", path.name


def test_it_runs_a_day_without_what_it_leaves_out():
    case = load_case(STUDY, scenario="congestion_aware", days=(350, 350))
    tables = run_case(case)[0]
    system = tables["system"]
    assert len(system) == 24 * 6
    assert (system["failure"] == "").all()
    assert (system["area_balance_mw"] == 0.0).all()
    assert system["price_jpy_per_kwh"].isna().all()
    assert case.model.compensator is None and case.model.diesels.empty
    energy = system[["delivered_mw", "diesel_mw", "import_mw"]].sum(axis=1)
    assert energy.min() > 0.0
    assert tables["ledger"]["unit"].nunique() == 3 + len(case.sites.groups)


def test_its_uncertain_rows_are_its_unknowns():
    found = {unknown.name for unknown in unknowns(read_study(STUDY))}
    assert {"fleet.contract_mw.hill_wind", "grid.parameters.link_rating_factor", "lines.link_1"} <= found
    assert not any(name.startswith(("area_", "market.", "demand_response.", "tidal_")) for name in found)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("area_balance = false", "area_balance = true\narea_level_percent = 3", "area balance and prices"),
        ('policy = "congestion_aware"', 'policy = "price"', "area balance and prices"),
        ("new_pv = true", 'new_pv = true\nfleet.demand_response = "plan"', "demand response"),
        ("new_pv = true", 'new_pv = true\nfleet.grid_batteries = "example"', "batteries in the grid"),
        ('model = "mini"', 'model = "mimi"', "no such island"),
    ],
)
def test_what_needs_a_part_that_is_not_there_is_refused(copied, before, after, expected):
    assert expected in told(changed(copied, before, after))


def test_without_the_table_of_sites_there_are_none(copied):
    (copied.parent / "mini" / "sites.csv").unlink()
    assert "small sites" in told(copied)
    plain = copied.read_text(encoding="utf-8").partition("[scenario.uncontrolled]")[0]
    copied.write_text(plain, encoding="utf-8")
    case = load_case(copied, days=(350, 350))
    assert len(case.sites.site_id) == 0
    assert run_case(case)[0]["system"]["delivered_mw"].gt(0.0).any()


def test_a_changed_table_counts_at_once(copied):
    folder = copied.parent
    before = island_tables(find_island("mini", folder))["plants"]["contract_mw"].tolist()
    plants = folder / "mini" / "plants.csv"
    text = plants.read_text(encoding="utf-8").replace(",30,,special_high", ",29,,special_high")
    plants.write_text(text, encoding="utf-8")
    after = island_tables(find_island("mini", folder))["plants"]["contract_mw"].tolist()
    assert (before[0], after[0]) == (30.0, 29.0)


def test_a_name_that_cannot_be_and_files_that_are_there_are_refused(tmp_path):
    with pytest.raises(InputError, match="small letters"):
        write_island(tmp_path, "My Island")
    write_island(tmp_path, "mine")
    with pytest.raises(InputError, match="there already"):
        write_island(tmp_path, "mine")


def test_a_broken_setting_is_told(copied):
    settings = copied.parent / "mini" / "island.toml"
    text = settings.read_text(encoding="utf-8").replace("Europe/London", "Europe/Mini").replace("currency", "curency")
    settings.write_text(text, encoding="utf-8")
    found = told(copied)
    assert "time zone" in found and "unknown key" in found and "key is missing" in found


@pytest.mark.slow
def test_run_certify_and_report_without_a_line_of_python(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for words in (
        ["new", "work", "--island", "mine"],
        ["run", "work/study.toml", "--days", "350:350", "--jobs", "1", "--out", "out"],
        ["report", "out"],
        ["certify", "congestion_aware", "--study", "work/study.toml", "--days", "350:350", "--years", "1", "--jobs",
         "1", "--out", "certificate"],
        ["sources", "--island", "work/mine", "--csv", "sources.csv"],
    ):  # fmt: skip
        answer = COMMAND.invoke(cli.app, words, catch_exceptions=False)
        assert answer.exit_code == (cli.TRIAL_STATUS if words[0] == "certify" else 0), answer.output
    kpis = json.loads((tmp_path / "out" / "congestion_aware" / "base" / "kpis.json").read_text())
    assert kpis["curtailed_congestion_mwh"] is not None
    assert kpis["net_supply_jpy"] is None and kpis["cash_sites_jpy"] is None
    page = (tmp_path / "out" / "report" / "report.html").read_text(encoding="utf-8")
    assert "The island has no tables of" in page and "typhoons" in page
    assert "Goto" not in page.replace("goto-twin", "")
    certificate = json.loads((tmp_path / "certificate" / "certificate.json").read_text())
    assert certificate["is_trial"] and len(certificate["verdict"]) == certificate["criteria"]
    tables = [pd.read_csv(path, comment="#") for path in Path("work/mine").glob("*.csv")]
    assert len(pd.read_csv("sources.csv")) == sum(len(table) for table in tables if "status" in table)
