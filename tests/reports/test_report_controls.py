"""Taps and reactors in the report: positions of the solved half-hours, operations a year."""

import json

import numpy as np
import pandas as pd
import pytest
from report_fixture import write_run

from reports.document.texts import Words
from reports.reading.detail import choose_focus, read_detail
from reports.reading.run_folder import read_run
from reports.sections.tables import voltage_controls

CENTRAL = "uncontrolled/conductor_mm2=240,criterion=n-1"


@pytest.fixture
def run(tmp_path):
    """A day in which the taps go from 0 to -2 and nothing is known of the reactors; one half-hour is unsolved."""
    run = write_run(tmp_path / "fake", days=1)
    file = run / CENTRAL / "system.parquet"
    system = pd.read_parquet(file).assign(main_tap_position=0.0, reactors_in_service=np.nan)
    system.loc[10:, "main_tap_position"] = -2.0
    system.loc[40, ["main_tap_position", "failure"]] = [7.0, "power flow not converged"]
    system.to_parquet(file, index=False)
    kpis = run / CENTRAL / "kpis.json"
    kpis.write_text(json.dumps(json.loads(kpis.read_text()) | {"tap_operations_per_year": 730.0}))
    return run


def test_positions_and_operations_are_shown(run):
    results = read_run(run)
    focus = choose_focus(results)
    table = voltage_controls(results, focus, read_detail(results, focus), Words("en"))
    assert table.rows == [
        ["main transformers, tap position", "\u22122 to 0", "730"],
        ["shunt reactors in service", "–", "–"],
    ]
    assert "0.985 to 1.021 pu" in table.caption
