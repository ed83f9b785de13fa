"""Where congestion begins: the section, the figure and the sentence say what `onset` of study.json says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from report_fixture import SCENARIOS, write_run

from reports.document.blocks import Heading, Table
from reports.document.texts import LANGUAGES, Words
from reports.figures.swings import tornado
from reports.reading.detail import choose_focus, read_detail
from reports.reading.labels import change_name, change_value
from reports.reading.onset import read_onset
from reports.reading.run_folder import read_run
from reports.reading.uncertainty import Unusable
from reports.sections import onset
from reports.sections.onset import sentence
from reports.sections.report import document
from twin.core.errors import InputError
from twin.metrics.run_folder import Run

POINT = "conductor_mm2=240,criterion=n-1"
START = ("", "", 16.04, 3.0, 3.5)
TRIED = [
    ("grid.parameters.link_rating_factor", 0.9, 45.1, 5.5, 5.5),
    ("grid.parameters.kamigoto_wind", "retire", 0.0, 0.0, 0.0),
    ("fleet.demand_factor", 0.8, 50.8, 5.5, 6.0),
    ("fleet.demand_factor", 1.2, 0.72, 1.0, 2.5),
    ("fleet.firmness", "all_non_firm", 16.4, 3.0, 3.5),
    ("fleet.contract_mw.kishuku_wind", 25.0, 99.43, 6.5, 7.0),
    ("operation.my_own_key", 3, 16.04, 3.0, 3.5),
]
MINUS = "\u2212"


def row(key, value, cut, congested, broken):
    return {
        "key": key,
        "value": value,
        "scenario": "uncontrolled",
        "member": POINT,
        "curtailed_congestion_mwh": cut,
        "congested_hours": congested,
        "criterion_broken_hours": broken,
    }


@pytest.fixture(scope="module")
def untried(tmp_path_factory):
    return read_run(write_run(tmp_path_factory.mktemp("runs") / "fake", days=1, scenarios=dict(SCENARIOS)))


def tried(run: Run, *rows: tuple) -> Run:
    onset = [row(*values) for values in rows]
    wind = run.study["assumptions"][0] | {"key": "kamigoto_wind", "value": "keep", "unit": ""}
    settings = {"fleet": {"firmness": "as_listed", "demand_factor": 1.0}}
    study = run.study | {"onset": onset, "study": settings, "assumptions": [*run.study["assumptions"], wind]}
    return replace(run, study=study)


@pytest.fixture(scope="module")
def run(untried):
    return tried(untried, START, *TRIED)


def parts(run: Run, language: str = "en"):
    focus = choose_focus(run)
    return document(run, focus, read_detail(run, focus), Unusable("missing"), Words(language))


def test_the_table_repeats_the_numbers_of_the_study(run):
    table = onset.table(run, read_onset(run), Words("en"))
    assert table.rows[0] == ["starting case: 240 mm², N-1", "–", "16", "–", "3.0", "3.5"]
    assert {tuple(cells) for cells in table.rows[1:]} == {
        ("rating of the link", "0.9 times", "45", "+29", "5.5", "5.5"),
        ("Kamigoto wind", "kept → retired", "0", f"{MINUS}16", "0.0", "0.0"),
        ("demand", "1 → 0.8 times", "51", "+35", "5.5", "6.0"),
        ("demand", "1 → 1.2 times", "0.72", f"{MINUS}15", "1.0", "2.5"),
        ("connection of plants", "as listed → all non-firm", "16", "+0.36", "3.0", "3.5"),
        ("capacity of Kishuku wind", "16.4 → 25 MW", "99", "+83", "6.5", "7.0"),
        ("operation.my_own_key", "3", "16", "0", "3.0", "3.5"),
    }


def test_rows_are_grouped_by_key_and_the_strongest_comes_first(run):
    changes = read_onset(run).changes
    assert [change.key for change in changes] == [
        "fleet.contract_mw.kishuku_wind", "fleet.demand_factor", "fleet.demand_factor",
        "grid.parameters.link_rating_factor", "grid.parameters.kamigoto_wind", "fleet.firmness", "operation.my_own_key",
    ]  # fmt: skip
    assert [change.value for change in changes[1:3]] == [0.8, 1.2]


def test_both_languages_have_the_section_and_the_figure(run):
    for language, title in (("en", "Where congestion begins"), ("ja", "混雑が生じる条件")):
        report = parts(run, language)
        assert title in [block.text for block in report.blocks if isinstance(block, Heading)]
        assert f"congestion_onset_{language}.svg" in report.figures
    values = {cell for block in report.blocks if isinstance(block, Table) for cells in block.rows for cell in cells}
    assert {"継続→廃止", "電源一覧どおり→全電源ノンファーム型接続", "1→0.8倍", "16.4→25 MW"} <= values


def test_page_one_names_the_largest_growth_and_what_makes_it_vanish(run):
    heading = onset.section(run, Words("en"))[0]
    text = heading.message
    assert "At 240 mm², N-1 it is 16 MWh" in text
    assert "grows most with capacity of Kishuku wind (16.4 → 25 MW), to 99 MWh" in text
    assert "vanishes with Kamigoto wind (kept → retired)" in text
    assert "上五島風力（継続→廃止）で解消する" in sentence(run, Words("ja"))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([START, TRIED[3]], ["no tried value makes it grow", "falls most with demand (1 → 1.2 times), to 0.72 MWh"]),
        ([START, TRIED[2]], ["grows most with demand (1 → 0.8 times)", "no tried value makes it fall"]),
        ([START, TRIED[6]], ["no tried value makes it grow and no tried value makes it fall"]),
        (
            [("", "", 0.0, 0.0, 0.0), TRIED[1], TRIED[0]],
            ["there is none", "begins with rating of the link (0.9 times)"],
        ),
        ([("", "", 0.0, 0.0, 0.0), TRIED[1]], ["none of 1 values tried one at a time brings any"]),
    ],
)
def test_the_sentence_follows_the_numbers(untried, rows, words):
    said = sentence(tried(untried, *rows), Words("en"))
    assert [part for part in words if part not in said] == []


def test_it_begins_at_the_value_with_the_least_congestion_of_a_key(untried):
    nothing = ("", "", 0.0, 0.0, 0.0)
    factors = [("fleet.demand_factor", value, cut, 1.0, 1.0) for value, cut in ((0.7, 30.0), (0.8, 4.0), (0.9, 0.0))]
    said = sentence(tried(untried, nothing, *factors), Words("en"))
    assert "0.8 times" in said and "0.7" not in said and "0.9" not in said


@pytest.mark.parametrize("onset", [None, [], [row(*START)]])
def test_nothing_tried_gives_no_section(untried, onset):
    run = replace(untried, study=untried.study if onset is None else untried.study | {"onset": onset})
    for language in LANGUAGES:
        assert tornado(run, Words(language)) is None
        assert sentence(run, Words(language)) == ""


def test_the_other_sections_do_not_need_it(untried):
    run = replace(untried, study=untried.study | {"onset": []})
    titles = [block.text for block in parts(run).blocks if isinstance(block, Heading)]
    assert "Where congestion begins" not in titles and "How full the link is" in titles


def test_without_any_congestion_the_table_stands_alone(untried):
    run = tried(untried, ("", "", 0.0, 0.0, 0.0), TRIED[1])
    report = parts(run)
    assert "congestion_onset_en.svg" not in report.figures
    assert any("Neither the starting case nor any" in getattr(block, "text", "") for block in report.blocks)


def test_other_parameters_are_named_by_the_runs_own_assumptions(untried):
    rating = {"key": "svc_slope_percent", "value": "3", "unit": "%", "meaning_en": "slope", "meaning_ja": "スロープ"}
    run = tried(untried, START, ("grid.parameters.svc_slope_percent", 5.0, 17.0, 3.0, 3.5))
    run = replace(run, study=run.study | {"assumptions": [rating]})
    change = read_onset(run).changes[0]
    assert change_name(run, change.key, Words("en")) == "slope"
    assert change_value(run, change, Words("en")) == "3 → 5 %"


def test_broken_rows_are_named(tmp_path):
    run = write_run(tmp_path / "fake", days=1)
    file = run / "study.json"
    study = json.loads(file.read_text())
    for rows, message in (
        ([{"key": ""}], "onset.0.value: a key is missing"),
        ([row(*TRIED[0])], "the first row is not the start"),
        ([row(*START) | {"member": "nowhere"}], "the start is no member"),
    ):
        file.write_text(json.dumps(study | {"onset": rows}))
        with pytest.raises(InputError, match=message):
            read_run(run)
