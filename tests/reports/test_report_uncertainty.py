"""The section on uncertainty says what ``uncertainty.json`` says, and only if it belongs to the run."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook
from report_fixture import write_run

from reports.document.blocks import Block, FigureBlock, Heading, Paragraph, Table
from reports.document.texts import LANGUAGES, Language, Words
from reports.figures import swings
from reports.reading.detail import choose_focus, read_detail
from reports.reading.labels import kpi_label
from reports.reading.run_folder import read_run
from reports.reading.uncertainty import Unusable, read_uncertainty, study_digest, uncertainty_file
from reports.renderers.workbook import workbook
from reports.sections import uncertainty
from reports.sections.report import document
from twin.metrics.run_folder import Run

CONGESTION, AREA = "curtailed_congestion_percent_of_available", "curtailed_area_balance_mwh"
UNKNOWNS = [
    ("rating", "rating of the link", "連系線の連続許容電流", "estimate"),
    ("demand", "demand of all areas", "全地域の需要", "derived"),
    ("irrelevant", "colour of the cable", "ケーブルの色", "published"),
]


def headline(base: float, p05: float, p95: float) -> dict[str, object]:
    """Return a key figure that the rating carries to 60 %, demand to 20 %, weather to 15 %; 5 % is not explained."""
    return {
        "base": base, "min": p05 - 1, "p05": p05, "p50": base, "p95": p95, "max": p95 + 1, "r2": 0.95,
        "weather_share": 0.15, "rest_share": 0.05, "estimate_share": 0.75,
        "shares": [{"unknown": name, "share": share, "low": 0.5 * share, "high": 1.5 * share}
                   for name, share in (("demand", 0.2), ("rating", 0.6), ("irrelevant", 0.0))],
        "tornado": [{"unknown": name, "at_low": base, "at_high": p95} for name, *_ in UNKNOWNS],
    }  # fmt: skip


def content(run: Run, **changes: object) -> dict[str, object]:
    unknowns = [
        {"name": name, "title_en": english, "title_ja": japanese, "unit": "1", "low": 0.9, "base": 1.0, "high": 1.1,
         "status": status, "source": "somewhere"}
        for name, english, japanese, status in UNKNOWNS
    ]  # fmt: skip
    left = {
        "name": "x",
        "title_en": "circuits",
        "title_ja": "回線数",
        "reason_en": "another grid",
        "reason_ja": "別系統",
    }
    return {
        "study": "fake",
        "study_digest": study_digest(run.manifest["study"]),
        "samples": 240,
        "failed": [],
        "days": run.manifest.get("days"),
        "weather_years": 8,
        "unknowns": unknowns,
        "left_out": [left],
        "headlines": {"uncontrolled": {CONGESTION: headline(1.2, 0.4, 3.4), AREA: headline(50.0, 50.0, 50.0)}},
    } | changes


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return read_run(write_run(tmp_path_factory.mktemp("runs") / "fake", days=2))


@pytest.fixture
def analysed(plain):
    """Return a function that puts an analysis beside the run; taken away at the end."""
    file = uncertainty_file(plain)

    def write(**changes: object) -> Run:
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(content(plain, **changes)), encoding="utf-8")
        return plain

    yield write
    file.unlink(missing_ok=True)


def section(run: Run, language: Language = "en") -> list[Block]:
    return uncertainty.section(run, choose_focus(run), read_uncertainty(run), Words(language))


def text(blocks: list[Block]) -> str:
    return "\n".join(block.text for block in blocks if isinstance(block, Paragraph))


def sentence(run: Run) -> str:
    return uncertainty.sentence(run, choose_focus(run), read_uncertainty(run), Words("en"))


PERSISTED = {
    "persisted_forecast_hours": 48,
    "sunshine_places": [{"place_id": "f", "name_en": "Fukue", "name_ja": "福江"}],
}


@pytest.mark.parametrize(("language", "words"), [("en", "Irradiance at Fukue"), ("ja", "福江の日射量")])
def test_what_stands_in_place_of_measured_inputs_is_said(analysed, language, words):
    assert words not in text(section(analysed(), language))
    said = text(section(analysed(substitutes=PERSISTED), language))
    assert words in said
    assert "48" in said


def test_without_an_analysis_the_report_says_how_to_make_one(plain):
    said = text(section(plain))
    assert f"`goto-twin uncertainty {plain.study['name']}`" in said


def test_how_many_numbers_are_estimates_is_told_anyway(plain):
    counted = replace(plain, study=plain.study | {"sources": {"published": 20, "derived": 30, "estimate": 150}})
    assert "Of the 200 rows of numbers in the tables 75 % are estimates, 15 % are derived" in text(section(counted))


def test_an_analysis_of_another_study_is_not_taken_and_that_is_said(analysed):
    run = analysed(study_digest="of another study")
    assert read_uncertainty(run) == Unusable("other_study")
    assert "belongs to another version of this study" in text(section(run))


@pytest.mark.parametrize("changes", [{"headlines": None}, {"unknowns": []}, {"samples": "many"}])
def test_a_broken_analysis_is_not_taken_and_that_is_said(analysed, changes, caplog):
    run = analysed(**changes)
    assert read_uncertainty(run) == Unusable("broken")
    assert "uncertainty.json" in caplog.text
    assert f"({uncertainty_file(run).parent.name}/uncertainty.json) cannot be read" in text(section(run))
    assert "不確かさ" in text(section(run, "ja"))


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"study_digest": NaN}'])
def test_an_analysis_that_is_no_json_is_broken(analysed, content, caplog):
    run = analysed()
    uncertainty_file(run).write_bytes(content)
    assert read_uncertainty(run) == Unusable("broken")


def test_the_range_the_causes_and_the_estimates_are_told(analysed):
    said = text(section(analysed()))
    assert "240 samples were run. Each draws a value for all 3 unknowns" in said
    assert "one of 8 weather years. None of them failed." in said
    assert "is 1.2 % with the values as they stand and 0.4 to 3.4 % in 90 % of the samples" in said
    assert "comes from: rating of the link 60 %; demand of all areas 20 %." in said
    assert "75 % of the explained variance of this answer rests on estimates (explained: 95 %)" in said
    assert "Not varied: circuits (another grid)." in said
    assert "推定値に基づく割合" in text(section(analysed(), "ja"))


def test_failed_samples_are_told(analysed):
    assert "3 of them could not be solved" in text(section(analysed(failed=["a", "b", "c"])))


def test_the_table_has_the_headlines_that_move(analysed):
    (table,) = [block for block in section(analysed()) if isinstance(block, Table)]
    assert len(table.rows) == 1
    assert table.rows[0][0].startswith("congestion cut over available (%)")
    assert table.rows[0][4:] == ["rating of the link 60 %; demand of all areas 20 %", "15", "75"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_figure_is_the_same_every_time(analysed, language):
    run = analysed()
    found = read_uncertainty(run)
    first, again = (swings.headline(run, choose_focus(run), found, Words(language)) for _ in range(2))
    assert first.svg == again.svg
    assert kpi_label(CONGESTION, Words(language)) in first.caption


def test_the_document_holds_figure_table_and_notes(analysed):
    run = analysed()
    focus = choose_focus(run)
    made = document(run, focus, read_detail(run, focus), read_uncertainty(run), Words("en"))
    headings = [block.text for block in made.blocks if isinstance(block, Heading)]
    assert headings.index("Uncertainty") == headings.index("Curtailment by cause, month and plant") + 1
    assert "uncertainty_en.svg" in made.figures
    assert "uncertainty_en.svg" in {block.file for block in made.blocks if isinstance(block, FigureBlock)}
    first = next(block for block in made.blocks if isinstance(block, Paragraph) and block.is_note)
    assert "Over everything that is not known (240 samples)" in first.text


def test_energies_of_other_days_are_told_apart(analysed):
    run = analysed(days=[1, 7])
    assert "They cover other days than this run" in text(section(run))


def few() -> dict[str, object]:
    """Return the headlines of an analysis with too few samples for shares."""
    nothing = dict.fromkeys(("r2", "weather_share", "rest_share", "estimate_share"))
    return {"uncontrolled": {CONGESTION: headline(1.2, 0.4, 3.4) | nothing | {"shares": []}}}


def test_too_few_samples_for_shares(analysed):
    run = analysed(headlines=few())
    assert "There are too few samples" in text(section(run))
    assert sentence(run) == ""
    picture = swings.headline(run, choose_focus(run), read_uncertainty(run), Words("en"))
    assert "moved alone" in picture.caption
    (table,) = [block for block in section(run) if isinstance(block, Table)]
    assert table.rows[0][4:] == ["–", "–", "–"]


def test_a_scenario_that_was_not_sampled_gives_way_to_one_that_was(analysed):
    run = analysed(headlines={"aware": {CONGESTION: headline(1.2, 0.4, 3.4)}})
    assert 'In "New PV, congestion-aware" the congestion cut' in text(section(run))
    assert sentence(run) == ""


def test_nothing_moves(analysed):
    run = analysed(headlines={"uncontrolled": {AREA: headline(50.0, 50.0, 50.0)}})
    assert "No unknown moves any headline" in text(section(run))
    assert sentence(run) == ""


def test_the_workbook_holds_all_shares(analysed):
    run = analysed()
    focus = choose_focus(run)
    book = load_workbook(io.BytesIO(workbook(run, focus, read_detail(run, focus), read_uncertainty(run))))
    rows = list(book["uncertainty"].values)
    assert dict(zip(rows[0], rows[2], strict=True))["p95"] == 3.4
    shares = list(book["variance_shares"].values)
    assert ("uncontrolled", CONGESTION, "rating", 0.6, 0.3, pytest.approx(0.9), 1.2, 3.4) in shares
    assert [row[0] for row in book["unknowns"].values] == ["name", None, "rating", "demand", "irrelevant"]


def test_the_folder_is_named_after_the_study_wherever_the_run_lies(plain):
    elsewhere = replace(plain, path=Path("/results/try"))
    assert uncertainty_file(elsewhere) == Path(f"/results/{plain.study['name']}_uncertainty/uncertainty.json")
