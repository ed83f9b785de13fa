"""Questions: every shipped study asks one; differences are paired; a page has its frame in both languages."""

import numpy as np
import pytest

from docs.generators.make_results import _section
from reports.document.blocks import Answer, Bullets, Table
from reports.document.texts import LANGUAGES, Words
from reports.sections.questions.catalogue import PAGES, page_of, sections
from studies.console import TOPICS, listed_studies
from studies.experiments.questions.catalogue import KINDS
from studies.experiments.questions.question import differences
from studies.study.members import WEATHER_YEAR, weather_members
from studies.study.reading import read_study, shipped_studies
from tests.fixtures.question_records import RECORDS


@pytest.mark.parametrize("path", shipped_studies(), ids=lambda path: path.stem)
def test_every_shipped_study_asks_a_question_that_something_answers(path):
    asked = {line.split()[1] for line in listed_studies() if line.startswith("  run ")}
    assert path.stem in asked
    text = path.read_text(encoding="utf-8")
    kind = next(line for line in text.splitlines() if line.startswith("kind = ")).split('"')[1]
    assert kind in KINDS


def test_below_every_heading_there_is_something():
    lines = list(listed_studies())
    headings = [number for number, line in enumerate(lines) if not line.startswith("  ")]
    assert [lines[number] for number in headings] == [text for text in TOPICS.values() if text in lines]
    assert all(lines[number + 1].startswith("  ") for number in headings)


def test_members_of_a_question_are_every_scenario_in_every_year_with_nothing_of_the_question_in_them():
    study = read_study(next(path for path in shipped_studies() if path.stem == "holding")).in_weather_years(2)
    found = weather_members(study)
    assert len(found) == 2 * len(study.scenario) * 2
    assert {member.sweep[WEATHER_YEAR] for member in found} == {1, 2}
    assert all(member.study.question is None for member in found)
    assert len({member.path for member in found}) == len(found)


def test_differences_are_paired_by_weather_year():
    rows = [
        {"scenario": name, "point": "base", "year": year, "kpis": {"cut": value, "money": None}}
        for name, values in (("none", (10.0, 100.0)), ("held", (8.0, 97.0)))
        for year, value in enumerate(values, start=1)
    ]
    (found,) = differences(rows, "none")
    assert found["paired"]["cut"]["mean"] == pytest.approx(-2.5)
    assert found["paired"]["cut"]["by_year"] == pytest.approx((-2.0, -3.0))
    assert found["paired"]["money"] is None


def test_every_kind_with_a_page_has_a_record_to_try_it():
    assert set(RECORDS) == set(PAGES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", PAGES)
def test_a_page_has_question_answer_tables_and_what_would_change_it(kind, language):
    record, words = RECORDS[kind], Words(language)
    blocks = sections(record, words)
    answer = next(block for block in blocks if isinstance(block, Answer))
    assert 2 <= len(answer.sentences) <= 5
    assert len(next(block for block in blocks if isinstance(block, Bullets)).items) >= 2
    for table in (block for block in blocks if isinstance(block, Table)):
        assert {len(row) for row in table.rows} <= {len(table.header)}
    texts = " ".join([*answer.sentences, *page_of(record, words).turns])
    assert "nan" not in texts.lower().split()


def test_lines_of_the_results_page_are_short():
    text = _section("Title", "Asks?", ["word " * 60], ["turn " * 40], "goto-twin run x", "about " * 30)
    assert max(len(line) for line in text.splitlines()) <= 100


def test_a_larger_share_of_new_sites_holds_a_smaller_one():
    from studies.study.inputs import build_fleet
    from tests.fixtures.shipped import GOTO, goto

    fleet = build_fleet(GOTO, GOTO["sites"], goto().areas, seed=1)
    new = fleet.groups.kind.to_numpy(str)[fleet.group] == "new"
    before = np.zeros(len(new), dtype=bool)
    for share in (0.1, 0.5, 0.9, 1.0):
        with_pv = fleet.with_pv(new_pv=True, existing_pv=False, new_share=share)
        assert with_pv[new].mean() == pytest.approx(share, abs=0.01)
        assert not with_pv[~new].any()
        assert (with_pv | ~before).all()
        before = with_pv
