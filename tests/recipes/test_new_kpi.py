"""Recipe: a new key figure is a row in quantities.csv and a function in twin/metrics, two files; all else follows."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from reports.document.texts import Words
from reports.reading.run_folder import read_run
from reports.sections import tables
from studies.execution.folders import write_json
from twin.core.quantities import KPIS, QUANTITIES_FILE, read_quantities, shown_in
from twin.metrics import kpis as metrics
from twin.metrics.series import MemberSeries

ROW = {
    "name": "night_import_mwh", "kind": "kpi", "unit": "MWh", "sign": "not negative", "range": "0..",
    "shown": "report sample", "meaning_en": "energy taken from the mainland where nothing is exported",
    "meaning_ja": "夜間の受電電力量", "formula": "hours x sum of import_mw where export_mw = 0",
}  # fmt: skip


def night_import_mwh(series: MemberSeries) -> np.ndarray:
    """Return the energy taken from the mainland where nothing is exported."""
    return series.energy_mwh(np.where(series["export_mw"] > 0.0, 0.0, series["import_mw"]))


@pytest.fixture
def new_kpi(tmp_path, monkeypatch):
    """Touch the two files of the recipe: a copy of the table, and a registered function."""
    copy = tmp_path / "quantities.csv"
    shutil.copy(QUANTITIES_FILE, copy)
    with copy.open("a", encoding="utf-8", newline="") as lines:
        csv.DictWriter(lines, list(ROW)).writerow(ROW)
    monkeypatch.setitem(KPIS, ROW["name"], read_quantities(copy).kpis[ROW["name"]])
    monkeypatch.setitem(metrics.KEY_FIGURES, ROW["name"], None)
    return metrics.key_figure(night_import_mwh)


def test_it_is_in_the_key_figures_and_in_the_table_of_the_report(new_kpi, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "unit")
    from report_fixture import write_run

    run = write_run(tmp_path / "run")
    of_run = read_run(run)
    hours = 0.5
    for number, member in enumerate(of_run.members):
        system = {"failure": np.array(["", "", "x"]), "export_mw": np.array([0.0, 3.0, 0.0]),
                  "import_mw": np.array([4.0 + number, 9.0, 9.0])}  # fmt: skip
        found = metrics.key_figures(MemberSeries({"system": system}, hours), [ROW["name"]])
        kept = {name: None if np.isnan(value) else value for name, value in member.kpis.items()}
        write_json(member.folder / "kpis.json", kept | {name: float(value) for name, value in found.items()})
    results = read_run(run)
    assert results.members[0].kpis[ROW["name"]] == pytest.approx(2.0)
    table = tables.scenarios(results, results.points[0], Words("en"))
    row = next(row for row in table.rows if row[0] == ROW["meaning_en"])
    assert row[1] == "MWh"
    assert row[2].startswith("2")


def test_a_row_without_its_function_is_noticed(new_kpi, monkeypatch):
    monkeypatch.delitem(metrics.KEY_FIGURES, ROW["name"])
    assert ROW["name"] in shown_in("sample")
    with pytest.raises(KeyError, match=ROW["name"]):
        metrics.key_figures(MemberSeries({"system": {}}, 0.5), [ROW["name"]])
