"""Questions: every shipped study asks one; differences are paired; a page has its frame in both languages."""

from types import SimpleNamespace

import numpy as np
import pandapower as pp
import pandas as pd
import pytest
from question_records import RECORDS
from shipped import GOTO, goto
from typer.testing import CliRunner

from docs.generators.make_results import _section
from reports.document.blocks import Answer, Bullets, Table
from reports.document.texts import LANGUAGES, Words
from reports.sections.questions.catalogue import PAGES, TOLD, page_of, sections
from studies.cli import app
from studies.console import TOPICS, listed_studies
from studies.experiments.questions.catalogue import KINDS, experiment_of
from studies.experiments.questions.connect import Connect, NewPlant
from studies.experiments.questions.question import Question, differences
from studies.experiments.uncertainty.unknowns import unknowns
from studies.study.added_plants import above_rating
from studies.study.file.members import WEATHER_YEAR, members, resolved, weather_members
from studies.study.file.reading import read_study, shipped_studies, study_path
from studies.study.file.schema import AddedPlant
from studies.study.grids import member_grids
from studies.study.islands import demand_factor
from studies.study.prices import warn_of_negative_prices
from twin.core.errors import InputError
from twin.metrics.kpis import KEY_FIGURES
from twin.metrics.payments.statement import CASH_KPIS
from twin.resources.sites import build_fleet


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


@pytest.mark.parametrize("kind", [kind for kind in (*KINDS.values(), Connect) if issubclass(kind, Question)])
def test_a_question_keeps_key_figures_that_there_are_and_of_outages_only_where_they_are_judged(kind):
    known = {*KEY_FIGURES, *CASH_KPIS, "congestion_percent"}
    assert set(kind.kpis) <= known
    of_outages = [name for name in kind.kpis if name.startswith(("all_outage_", "redispatch_", "link_controlled_"))]
    assert kind.judges_outages or not of_outages


def test_lines_of_the_results_page_are_short():
    text = _section("Title", "Asks?", ["word " * 60], ["turn " * 40], "goto-twin run x", "about " * 30)
    assert max(len(line) for line in text.splitlines()) <= 100


def test_a_larger_share_of_new_sites_holds_a_smaller_one():

    fleet = build_fleet(GOTO, GOTO["sites"], goto().areas, seed=1)
    new = fleet.groups.kind.to_numpy(str)[fleet.group] == "new"
    before = np.zeros(len(new), dtype=bool)
    for share in (0.1, 0.5, 0.9, 1.0):
        with_pv = fleet.with_pv(new_pv=True, existing_pv=False, new_share=share)
        assert with_pv[new].mean() == pytest.approx(share, abs=0.01)
        assert not with_pv[~new].any()
        assert (with_pv | ~before).all()
        before = with_pv


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (NewPlant("fukuee", 10.0, "wind"), ["--bus: there is no such bus"]),
        (NewPlant("fukue", -1.0, "wind"), ["--mw: this is no power"]),
        (NewPlant("fukue", 10.0, "solar"), ["--kind: the island has no plant of this kind"]),
        (NewPlant("fukue", 10.0, "wind", battery_mwh=-2.0), ["--battery: this is no battery"]),
        (NewPlant("fukuee", float("nan"), "wnd", battery_mwh=-2.0), ["--bus", "--kind", "--mw", "--battery"]),
    ],
)
def test_a_plant_that_cannot_be_is_refused_with_all_that_is_wrong(plant, found):
    study = read_study(study_path("goto_2030"))
    with pytest.raises(InputError) as refused:
        Connect(study, plant)
    texts = [f"{problem.where}: {problem.what}" for problem in refused.value.problems]
    assert len(texts) == len(found)
    assert all(text.startswith(start) for text, start in zip(texts, found, strict=True))


def test_near_names_are_proposed_for_a_bus():
    with pytest.raises(InputError) as refused:
        Connect(read_study(study_path("goto_2030")), NewPlant("fukeu", 10.0, "wind"))
    assert "fukue" in refused.value.problems[0].repair


def test_a_plant_above_its_bus_is_refused_with_what_the_bus_can_carry():
    asked = Connect(read_study(study_path("goto_2030")), NewPlant("ojika_6kv", 80.0, "pv"), days=(1, 1))
    with pytest.raises(InputError) as refused:
        asked.prepare(lambda stage, done, total: None)
    assert refused.value.problems[0].where == "--mw"
    assert "MW at ojika_6kv" in refused.value.problems[0].accepted


def test_the_new_plant_stands_in_the_area_of_its_bus_and_before_it_is_there_it_has_no_power():
    asked = Connect(read_study(study_path("goto_2030")), NewPlant("miiraku", 9.2, "wind", firm=True))
    before, after, trip = member_grids(asked.members()).models
    assert before.plants.contract_mw["new_plant"] == 0.0
    new = after.plants.loc["new_plant"]
    assert (new.contract_mw, new.area, new.firmness, new.units) == (9.2, "miiraku", "firm", 4)
    assert after.net.bus.name[new.bus] == "Miiraku 66 kV"
    assert after.plants.drop(index="new_plant").equals(before.plants.drop(index="new_plant"))
    assert not new.trippable
    assert trip.plants.trippable["new_plant"]


def test_an_added_plant_of_a_study_file_is_checked_with_its_line(tmp_path):
    text = study_path("goto_2030").read_text(encoding="utf-8")
    file = tmp_path / "mine.toml"
    file.write_text(text + '\n[fleet.added_plants.planned_pv]\nbus = "nowhere"\nkind = "pv"\nmw = 3.0\n')
    with pytest.raises(InputError) as refused:
        read_study(file)
    assert [problem.what for problem in refused.value.problems] == [
        "the island has a plant of this id",
        "there is no such bus",
    ]
    assert "line" in refused.value.problems[0].where


def test_weather_years_of_a_study_that_has_one_only_are_refused():
    answer = CliRunner().invoke(app, ["run", "goto_2030", "--weather-years", "3"])
    assert answer.exit_code == 2
    assert "one weather year" in answer.output


def test_a_study_file_cannot_ask_what_a_command_asks():
    study = read_study(study_path("holding"))
    asked = study.model_copy(update={"question": study.question.model_copy(update={"kind": "connect"})})
    with pytest.raises(InputError) as refused:
        experiment_of(asked, None, None)
    assert "goto-twin connect" in refused.value.problems[0].repair


def test_pv_leaves_the_fit_after_its_years_and_may_be_taken_down():
    study = read_study(study_path("path_2040"))
    wanted = ("y2033", "y2034", "y2040", "reused_2040")
    of = {member.scenario: member for member in members(study) if member.scenario in wanted}
    plants = dict(zip(of, (model.plants for model in member_grids(list(of.values())).models), strict=True))
    assert (plants["y2033"].scheme["fukue_port_pv"], plants["y2034"].scheme["fukue_port_pv"]) == ("FIT", "non-FIT")
    assert plants["y2034"].scheme["kogamidake_pv"] == "FIT"
    assert plants["y2040"].contract_mw["kogamidake_pv"] == 5.0
    assert plants["reused_2040"].contract_mw[["kogamidake_pv", "fukue_port_pv"]].tolist() == [0.0, 0.0]
    for name in ("planned_pv", "floating_farm", "tamanoura_wind"):
        assert (
            plants["reused_2040"]
            .loc[name, ["scheme", "contract_mw"]]
            .equals(plants["y2033"].loc[name, ["scheme", "contract_mw"]])
        )


def test_demand_follows_the_table_of_years():
    """By hand for 2040: people 0.5875 times 1.4979 per head is 0.88 of the table's demand."""
    study = read_study(study_path("path_2040"))
    of = {member.scenario: demand_factor(member.study) for member in members(study)}
    assert (of["y2024"], of["y2032"], of["y2040"]) == pytest.approx((1.0, 0.94, 0.88), abs=1e-4)
    assert of["retired_2040"] == of["y2040"]
    wanted = [member for member in members(study) if member.scenario in ("y2024", "y2040")]
    total = [model.areas.filter(like="_kwh").to_numpy().sum() for model in member_grids(wanted).models]
    assert total[1] / total[0] == pytest.approx(0.88, abs=1e-4)
    in_2050 = study.model_copy(update={"grid": study.grid.model_copy(update={"year": 2050})})
    with pytest.raises(InputError) as refused:
        demand_factor(in_2050)
    assert "2040" in refused.value.problems[0].accepted


def test_people_and_use_per_head_of_later_years_are_swept_where_demand_follows_them():
    names = {name: {u.name for u in unknowns(read_study(study_path(name)))} for name in ("path_2040", "fip")}
    assert "demand_of_later_years" in names["path_2040"]
    assert "demand_of_later_years" not in names["fip"]


def test_a_study_file_of_another_version_is_told_how_to_be_mended(tmp_path):
    text = study_path("fip").read_text(encoding="utf-8").replace("schema_version = 1", "schema_version = 0")
    (tmp_path / "old.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_study(tmp_path / "old.toml")
    (problem,) = refused.value.problems
    assert "another version" in problem.what
    assert (problem.seen, problem.accepted) == ("0", "1")
    assert "schema_version = 1" in problem.repair


def test_prices_below_zero_are_allowed_and_told(caplog):
    values = {"inputs.market.retail_price": -2.0, "inputs.market.ppa_price": 20.0}
    study = read_study(study_path("fip"))
    (member, *_) = resolved(study, [("fit", "base", values)])
    warn_of_negative_prices([member])
    assert "retail_price" in caplog.text
    assert "ppa_price" not in caplog.text
    caplog.clear()
    warn_of_negative_prices(members(study))
    assert not caplog.text


PV = "fleet.added_plants.added_pv.mw = 20.0"


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("onset", PV, 'fleet.added_plants.added_pv.bus = "fukeu"', ["there is no such bus"]),
        ("onset", PV, "fleet.added_plants.other = { mw = 3.0, kind = 'pv' }",
         ["scenario.pv_20: fleet.added_plants.other.bus is missing"]),
        ("fip", "fip_rest = {", "fip_none = {",
         ["the file is not valid TOML: a key, a table or a scenario is in it twice"]),
    ],
)  # fmt: skip
def test_a_question_file_with_a_slip_in_a_scenario_tells_it_once_with_its_line(tmp_path, name, old, new, told):
    text = study_path(name).read_text(encoding="utf-8")
    assert old in text
    line = next(number for number, one in enumerate(text.splitlines(), start=1) if old in one)
    (tmp_path / "mine.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_study(tmp_path / "mine.toml")
    assert [problem.what for problem in refused.value.problems] == told
    assert f"line {line}" in refused.value.problems[0].where


def test_a_question_without_a_scenario_to_compare_with_is_refused_before_anything_is_made():
    study = read_study(study_path("fip"))
    alone = study.model_copy(update={"compare": study.compare.model_copy(update={"reference": None})})
    with pytest.raises(InputError) as refused:
        experiment_of(alone, None, None).prepare(lambda stage, done, total: None)
    (problem,) = refused.value.problems
    assert problem.what == "the question has nothing to compare with"
    assert "fip_none" in problem.accepted


@pytest.mark.parametrize("kind", TOLD)
def test_a_kind_of_question_is_refused_before_a_run_where_its_page_lacks_a_scenario(kind):
    other = read_study(study_path("fip" if kind != "fip" else "tariffs"))
    asked = other.model_copy(update={"question": other.question.model_copy(update={"kind": kind})})
    with pytest.raises(InputError) as refused:
        experiment_of(asked, None, None).prepare(lambda stage, done, total: None)
    (problem,) = refused.value.problems
    assert "tells of scenarios" in problem.what
    assert all(name in problem.accepted for name in TOLD[kind])
    own = next(one for one in shipped_studies() if one.stem == kind)
    assert set(TOLD[kind]) <= set(read_study(own).scenario)


@pytest.mark.parametrize(
    ("mw", "battery_mwh", "told"),
    [
        ((5.0, 4.0), 0.0, []),
        ((6.0, 4.0), 0.0, ["fleet.added_plants.a, b, mw"]),
        ((5.0, 4.0), 40.0, ["fleet.added_plants.a, b, battery"]),
        ((10.0, 0.0), 0.0, ["fleet.added_plants.a, mw"]),
    ],
)
def test_plants_at_one_bus_count_together_and_with_what_stands_there(mw, battery_mwh, told):
    """By hand: 10 MVA of transformers at the bus, another plant of 0.8 MW."""
    net = pp.create_empty_network()
    high, low = pp.create_bus(net, 66.0), pp.create_bus(net, 6.6)
    pp.create_transformer_from_parameters(net, high, low, 10.0, 66.0, 6.6, 0.5, 8.0, 0.0, 0.0)
    plants = pd.DataFrame({"bus": [low, low, low, high], "contract_mw": [*mw, 0.8, 50.0]}, index=["a", "b", "c", "d"])
    model = SimpleNamespace(net=net, plants=plants)
    added = {
        name: AddedPlant(bus="low", kind="pv", mw=power, battery_mwh=battery_mwh)
        for name, power in zip("ab", mw, strict=True)
    }
    assert [problem.where for problem in above_rating(model, added)] == told
