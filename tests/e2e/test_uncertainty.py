"""The base of an uncertainty analysis is the study's own run; the whole command is repeatable and can be taken up."""

import json

import pytest
from conftest import reproducible_files

from studies.experiments.uncertainty import analysis
from studies.experiments.uncertainty.analysis import BENEFIT, run_block
from studies.experiments.uncertainty.samples import BASE_PART, SAMPLES, Sample, Setting, Setup, Unknown
from studies.study.file.reading import read_study
from studies.study.file.schema import Compare

pytestmark = pytest.mark.slow
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
    names = [name for name in row if name in kpis and name != BENEFIT]
    assert row["failure"] == ""
    assert len(names) >= 17
    for name in names:
        assert row[name] == pytest.approx(kpis[name], rel=1e-9, abs=1e-9), name
    if position:
        assert row[BENEFIT] == pytest.approx(kpis["net_benefit_mwh"], rel=1e-9, abs=1e-9)


def test_a_refused_sample_is_left_out_and_named(rows):
    for row in rows[2:]:
        assert "source_vm_pu" in row["failure"]
        assert "export_mwh" not in row


@pytest.fixture
def small_blocks(monkeypatch):
    """Several blocks of few samples."""
    monkeypatch.setattr(analysis, "SAMPLES_PER_BLOCK", 4)


def test_the_whole_command(workplace, once, small_study, small_blocks, monkeypatch):
    """Two workers give the bytes of one, also after an interruption, and a report finds what its contract names."""
    study = workplace / "unsure.toml"
    study.write_text(small_study.read_text(encoding="utf-8").replace('"small"', '"unsure"') + SECTION, encoding="utf-8")
    arguments = ("uncertainty", study, "--samples", 6, "--days", "30:30")
    one = once(*arguments, "--jobs", 1, "--out", "runs/one")
    assert one.status == 0, one.err
    assert "what matters most" in one.out
    files = reproducible_files(workplace / "runs" / "one")
    assert set(files) == {"manifest.json", "samples.parquet", "uncertainty.json"}
    _is_as_agreed(json.loads(files["uncertainty.json"]))

    with monkeypatch.context() as patch:
        patch.setattr(analysis, "most_important", _interrupted)
        assert once(*arguments, "--jobs", 1, "--out", "runs/two").status != 0
    blocks = sorted((workplace / "runs" / "two.partial" / "blocks").iterdir())
    assert len(blocks) == 3
    blocks[0].unlink()
    two = once(*arguments, "--jobs", 2, "--out", "runs/two")
    assert two.status == 0, two.err
    assert reproducible_files(workplace / "runs" / "two") == files


def _interrupted(*_):
    raise KeyboardInterrupt


def _is_as_agreed(record):
    assert (record["study"], record["samples"], record["days"], record["weather_years"]) == ("unsure", 6, [30, 30], 2)
    assert len(record["unknowns"]) > 50
    for scenario in SCENARIOS:
        headlines = record["headlines"][scenario]
        assert len(headlines) >= 16
        for found in headlines.values():
            assert found["min"] <= found["p05"] <= found["p50"] <= found["p95"] <= found["max"]
        moved = {row["unknown"] for found in headlines.values() for row in found["tornado"]}
        assert len(moved) <= 1
    assert any(found["tornado"] for found in headlines.values())


def test_one_and_two_circuits_and_dry_ground_around_a_duct_stand_in_one_block(small_study):
    study = read_study(small_study, None, (30, 30))
    circuits = Setting("grid.parameters.path_circuits", 1, 2, 2, whole=True)
    soil = Setting("inputs.cable_sections.duct", 0.5, 1.0, 1.5)
    moved = {name: Unknown(name, (setting,), name, name, "1", "test", "estimate")
             for name, setting in (("circuits", circuits), ("soil", soil))}  # fmt: skip
    setup = Setup(study, None, (30, 30), SCENARIOS[:1], tuple(moved.values()))
    drawn = ({}, {"circuits": 0.0}, {"soil": 1.0}, {"circuits": 1.0, "soil": 0.5})
    samples = [Sample(SAMPLES, number, 0, quantiles) for number, quantiles in enumerate(drawn)]
    base, one_circuit, dry, as_base = run_block(setup, samples)
    assert not any(row["failure"] for row in (base, one_circuit, dry, as_base))
    assert base["losses_mwh"] == pytest.approx(as_base["losses_mwh"], rel=1e-12)
    assert one_circuit["losses_mwh"] > 1.01 * base["losses_mwh"]
    assert dry["link_conductor_max_c"] > base["link_conductor_max_c"] + 0.1
    assert one_circuit["demand_mwh"] == pytest.approx(base["demand_mwh"], rel=1e-12)
    (alone,) = run_block(setup, samples[1:2])
    assert alone["losses_mwh"] == pytest.approx(one_circuit["losses_mwh"], rel=1e-12)
