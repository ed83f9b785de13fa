"""The base of an uncertainty analysis is the study's own run; the whole command is repeatable and can be taken up."""

import json
from pathlib import Path

import pytest
from conftest import DAYS, reproducible_files

from studies.read import read_study
from studies.sections import Compare
from studies.uncertainty_block import Setup, run_block
from studies.uncertainty_design import BASE_PART, SAMPLES, Sample
from studies.unknowns import Setting, Unknown

SCENARIOS = ("without", "aware")
SECTION = "\n[uncertainty]\nweather_years = 2\none_at_a_time = 1\n"


@pytest.fixture(scope="module")
def rows(small_study):
    study = read_study(small_study, None, (30, 32))
    study = study.model_copy(update={"compare": Compare(reference="without", uncontrolled="without")})
    source = Setting("grid.parameters.source_vm_pu", 1.0, 1.0, 5.0, False)
    voltage = Unknown("voltage", (source,), "voltage", "電圧", "pu", "test", "estimate")
    setup = Setup(study, None, (30, 32), SCENARIOS, (voltage,))
    return run_block(setup, [Sample(BASE_PART, 0, 0), Sample(SAMPLES, 0, 0, {"voltage": 1.0})])


@pytest.mark.parametrize("position", [0, 1])
def test_the_base_is_the_studys_own_run(run, rows, position):
    """Every headline by the loop's tables and by the samples' own sums."""
    row = rows[position]
    (folder,) = (run / SCENARIOS[position]).iterdir()
    kpis = json.loads((folder / "kpis.json").read_text(encoding="utf-8"))
    names = [name for name in row if name in kpis]
    assert row["failure"] == ""
    assert len(names) >= 17
    for name in names:
        assert row[name] == pytest.approx(kpis[name], rel=1e-9, abs=1e-9), name
    if position:
        assert row["net_benefit_of_control_mwh"] == pytest.approx(kpis["net_benefit_mwh"], rel=1e-9, abs=1e-9)


def test_a_refused_sample_is_left_out_and_named(rows):
    for row in rows[2:]:
        assert "source_vm_pu" in row["failure"]
        assert "export_mwh" not in row


@pytest.mark.slow
def test_the_whole_command(workplace, once, small_study):
    """Two workers give the bytes of one; an interrupted analysis goes on; the study's own digest is in it."""
    study = workplace / "unsure.toml"
    study.write_text(small_study.read_text(encoding="utf-8").replace('"small"', '"unsure"') + SECTION, encoding="utf-8")
    arguments = ("uncertainty", study, "--samples", 24, "--days", DAYS)
    one = once(*arguments, "--jobs", 1, "--out", "runs/one")
    assert one.status == 0, one.err
    assert "what matters most" in one.out
    two = once(*arguments, "--jobs", 2, "--out", "runs/two")
    assert two.status == 0, two.err
    first, second = (reproducible_files(workplace / "runs" / name) for name in ("one", "two"))
    assert set(first) == {"manifest.json", "samples.parquet", "uncertainty.json"}
    assert first == second
    record = json.loads(first["uncertainty.json"])
    assert record["samples"] == 24
    assert len(record["unknowns"]) > 50
    assert record["days"] == [int(day) for day in DAYS.split(":")]
    for scenario in ("without", "aware"):
        export = record["headlines"][scenario]["export_mwh"]
        assert export["min"] <= export["p05"] <= export["p50"] <= export["p95"] <= export["max"]
        assert export["tornado"] or record["headlines"][scenario]["demand_mwh"]["tornado"]
    _goes_on(workplace, once, arguments, first)


def _goes_on(workplace: Path, once, arguments, expected) -> None:
    """Kill by taking a finished block away: the others are not run again."""
    from studies import uncertainty

    blocks = []
    published = uncertainty.publish

    def interrupted(partial, out):
        blocks.extend(sorted((partial / "manifest.json").parent.iterdir()))
        raise KeyboardInterrupt

    uncertainty.publish = interrupted
    try:
        with pytest.raises(KeyboardInterrupt):
            once(*arguments, "--jobs", 2, "--out", "runs/three")
    finally:
        uncertainty.publish = published
    answer = once(*arguments, "--jobs", 1, "--out", "runs/three")
    assert answer.status == 0, answer.err
    assert reproducible_files(workplace / "runs" / "three") == expected
