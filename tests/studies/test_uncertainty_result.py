"""From rows to ranges: failed samples are left out in sight, swings and estimates are counted by hand."""

from pathlib import Path

import numpy as np
import pytest

from studies.console import uncertainty_tables
from studies.experiments.uncertainty.samples import (
    BASE_PART,
    ONE_AT_A_TIME,
    SAMPLES,
    YEARS,
    Row,
    Sample,
    Setting,
    Setup,
    Unknown,
)
from studies.experiments.uncertainty.variance import failures, most_important, sample_table, summary, without_failed
from studies.study.file.reading import read_study, study_path

COUNT = 120
BASE_MWH = 100.0


def unknown(name: str, status: str) -> Unknown:
    return Unknown(name, (Setting(f"fleet.{name}", 0.0, 0.5, 10.0),), name, name, "", "test", status)


UNKNOWNS = (unknown("strong", "published"), unknown("weak", "estimate"), unknown("idle", "estimate"))


def mwh(sample: Sample) -> float:
    """Weather years scatter with 5 MWh; strong moves 60 MWh from end to end, weak 30."""
    moved = sum(w * (sample.quantiles.get(n, 0.5) - 0.5) for n, w in (("strong", 60.0), ("weak", 30.0)))
    year = 0.0 if sample.weather_year == 0 else 5.0 * (-1) ** (sample.weather_year or 0)
    return BASE_MWH + moved + year


@pytest.fixture(scope="module")
def setup() -> Setup:
    study = read_study(study_path("goto_2030"), None, None)
    return Setup(study, None, None, ("one",), UNKNOWNS)


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    rng = np.random.default_rng(1)
    columns = {some.name: (rng.permutation(COUNT) + rng.random(COUNT)) / COUNT for some in UNKNOWNS}
    drawn = [Sample(SAMPLES, k, 1 + k % 2, {n: float(c[k]) for n, c in columns.items()}) for k in range(COUNT)]
    years = [Sample(YEARS, k, 1 + k) for k in range(16)]
    alone = [Sample(ONE_AT_A_TIME, k, 0, {"strong": float(k)}) for k in range(2)]
    return [Sample(BASE_PART, 0, 0), *years, *drawn, *alone]


@pytest.fixture(scope="module")
def rows(samples) -> list[Row]:
    found = []
    for sample in samples:
        head = {"part": sample.part, "number": sample.number, "scenario": "one", "weather_year": sample.weather_year}
        failed = (sample.part, sample.number) == (SAMPLES, 7)
        values = {} if failed else {"export_mwh": mwh(sample), "import_mwh": 3.0}
        found.append({**head, "failure": "refused" if failed else "", **values})
    return found


def test_ranges_swings_and_shares(setup, samples, rows):
    found = summary(setup, sample_table(setup, samples, rows))["one"]["export_mwh"]
    kept = np.array([mwh(s) for s in samples if s.part == SAMPLES and s.number != 7])
    assert found["base"] == BASE_MWH
    assert (found["min"], found["max"]) == (kept.min(), kept.max())
    assert found["p50"] == pytest.approx(np.median(kept))
    # 60^2 / 12 = 300, 30^2 / 12 = 75 and the years' 25: of 400
    variance = kept.var(ddof=1)
    assert found["weather_share"] == pytest.approx(25.0 * 16 / 15 / variance)
    shares = {row["unknown"]: row["share"] for row in found["shares"]}
    # a squared coefficient scatters by 2 sqrt(share * rest / n)
    assert shares["strong"] == pytest.approx(300.0 / variance, abs=4 * 2 * np.sqrt(0.75 * 0.0625 / COUNT))
    assert shares["weak"] == pytest.approx(75.0 / variance, abs=4 * 2 * np.sqrt(0.1875 * 0.0625 / COUNT))
    assert shares["strong"] / (shares["strong"] + shares["weak"]) == pytest.approx(
        1 - found["estimate_share"], abs=0.01
    )
    assert found["rest_share"] == pytest.approx(max(0.0, 1 - found["r2"] - found["weather_share"]))
    assert found["tornado"] == [{"unknown": "strong", "at_low": 70.0, "at_high": 130.0}]
    strong = found["shares"][0]
    assert strong["low"] < strong["share"] < strong["high"]
    # RBD-FAST of 4 harmonics and 119 samples: noise about 2 sqrt(S (1 - S) 4 / n)
    assert strong["rbd_fast"] == pytest.approx(strong["share"], abs=3 * 2 * np.sqrt(0.75 * 0.25 * 4 / COUNT))


def test_a_headline_that_nothing_moves_has_a_range_and_no_shares(setup, samples, rows):
    found = summary(setup, sample_table(setup, samples, rows))["one"]["import_mwh"]
    assert found["min"] == found["max"] == found["base"] == 3.0
    assert (found["r2"], found["shares"], found["tornado"]) == (None, [], [])


def test_a_failed_sample_is_named_with_its_values(setup, samples, rows):
    table = sample_table(setup, samples, rows)
    (failed,) = failures(setup, samples, table)
    sample = next(s for s in samples if (s.part, s.number) == (SAMPLES, 7))
    assert (failed["part"], failed["number"], failed["why"]) == (SAMPLES, 7, "refused")
    assert failed["values"]["fleet.strong"] == pytest.approx(10.0 * sample.quantiles["strong"])
    assert len(table) - len(without_failed(table)) == 1


def test_what_matters_most(setup, samples, rows):
    table = sample_table(setup, samples, rows)
    assert most_important(setup, table, 2) == ["strong", "weak"]
    few = [row for row in rows if row["part"] != SAMPLES or row["number"] < 3]
    assert len(most_important(setup, sample_table(setup, samples, few), 1)) == 1


def test_the_table_on_the_terminal(setup, samples, rows, tmp_path: Path):
    import io
    import json

    from rich.console import Console

    table = sample_table(setup, samples, rows)
    record = {"study": "some", "samples": COUNT, "failed": failures(setup, samples, table),
              "unknowns": [{"name": some.name, "title_en": some.title_en} for some in UNKNOWNS],
              "headlines": summary(setup, table)}  # fmt: skip
    (tmp_path / "uncertainty.json").write_text(json.dumps(record), encoding="utf-8")
    text = io.StringIO()
    Console(file=text, width=160).print(*uncertainty_tables(tmp_path))
    assert "120 samples, 1 failed and left out" in text.getvalue()
    largest = record["headlines"]["one"]["export_mwh"]["shares"][0]["share"]
    assert f"strong {100 * largest:.0f} %" in text.getvalue()


def test_an_input_error_keeps_its_problems_on_the_way_out_of_a_worker():
    import pickle

    from twin.core.errors import InputError, Problem

    error = pickle.loads(pickle.dumps(InputError([Problem("what", "where"), Problem("more", "there")])))
    assert [problem.where for problem in error.problems] == ["where", "there"]
