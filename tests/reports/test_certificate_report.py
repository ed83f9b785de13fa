"""The certificate on paper: one page, both languages, nothing hidden."""

import csv
import re
from pathlib import Path
from string import Formatter

import pytest
from certificate_fixture import checks, criterion, level, record, write

from reports import write_certificate
from reports.document.blocks import Columns, FigureBlock, Paragraph, Tiles, Verdict
from reports.document.texts import LANGUAGES, Words
from reports.sections.documents.certificate import BESIDE_NONE, PAYMENTS, count_text, document, scores

TEXTS = Path(__file__).parents[2] / "reports" / "certificate_texts.csv"
ENGLISH, JAPANESE = Words("en"), Words("ja")


def rows():
    with TEXTS.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_certificate(write(tmp_path_factory.mktemp("certificate"), record()))


def block(values, kind, words=ENGLISH):
    """Return the last block of a kind on the page."""
    return [one for one in document(values, words).blocks if isinstance(one, kind)][-1]


def tiles(values, words=ENGLISH):
    return block(values, Tiles, words).tiles


def notes(values):
    return block(values, Paragraph).text


def headline(values, words=ENGLISH):
    """Return who gains and who loses."""
    return next(one.text for one in document(values, words).blocks if isinstance(one, Paragraph))


def detail(values, name):
    marks = zip(values["verdict"], block(values, Verdict).marks, strict=True)
    return next(mark for found, mark in marks if found["name"] == name)


def test_both_languages_say_the_same_things():
    assert len({row["key"] for row in rows()}) == len(rows())
    for row in rows():
        fields = [{name for _, name, _, _ in Formatter().parse(row[language]) if name} for language in LANGUAGES]
        assert row["en"] and row["ja"] and fields[0] == fields[1], row["key"]
        assert "空容量" not in row["ja"]


def test_the_terms_of_the_trade_are_used(written):
    page = written["html"].read_text(encoding="utf-8")
    assert [term for term in ("出力制御", "運用容量", "N-1", "逆潮流", "地産地消率") if term not in page] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_has_one_page(written, language):
    pdf = written[f"pdf_{language}"].read_bytes()
    assert pdf.startswith(b"%PDF")
    assert re.findall(rb"/Count (\d+)", pdf) == [b"1"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_also_the_worst_certificate_has_one_page(tmp_path, language):
    where = "2031-03-12 00:00, battery_power_pu; truth replaced from the same half-hour on"
    verdict = [one | {"passed": False, "where": where} for one in record()["verdict"]]
    found = checks(looks_ahead=True, first_difference=where)
    why = "it is not known what the device can do at most: my_devices.SaltWaterHeaters"
    bound = {"energy": None, "value": None, "missing": why}
    values = record(
        passed=False, verdict=verdict, checks=found, bound=bound, years=[1], policy=f"{'long_' * 8}name.Class"
    )
    pdf = write_certificate(write(tmp_path, values))[f"pdf_{language}"].read_bytes()
    assert re.findall(rb"/Count (\d+)", pdf) == [b"1"]


def test_the_same_record_gives_the_same_bytes(written, tmp_path):
    again = write_certificate(write(tmp_path, record()))
    assert {key: path.read_bytes() for key, path in again.items()} == {
        key: path.read_bytes() for key, path in written.items()
    }


def test_no_text_key_and_no_host_reach_the_reader(written):
    page = written["html"].read_text(encoding="utf-8")
    visible = re.sub(r"<style>.*?</style>|<script>.*?</script>|data:image[^\"]*", "", page, flags=re.DOTALL)
    assert "certificate." not in visible
    assert "{" not in visible
    assert "http" not in re.sub(r'http-equiv|xmlns(:\w+)?="[^"]*"', "", visible)


def test_a_fail_is_on_top_with_its_place():
    verdict = [*record()["verdict"][1:], criterion("criterion_broken_hours", False, 3.5, 2, 2.0)]
    values = record(passed=False, verdict=verdict)
    assert block(values, Verdict).text.endswith("Failed: 1 of 17 criteria are not met.")
    assert block(values, Verdict, JAPANESE).text.endswith("不合格：17項目中1項目に不適合。")
    mark = detail(values, "criterion_broken_hours")
    assert (mark.mark, mark.detail) == ("FAIL", "+3.5\u00a0h (year 2, error ×2)")


def test_what_could_not_be_judged_is_said():
    found = checks(is_deterministic=False, looks_ahead=None, first_unlike="2031-03-12 00:00, mode")
    verdict = [criterion("look_ahead", False), criterion("deterministic", False, where="2031-03-12 00:00, mode")]
    values = record(passed=False, verdict=verdict, checks=found)
    assert detail(values, "look_ahead").detail == "cannot be judged: not deterministic"
    assert detail(values, "deterministic").detail == "differs: 2031-03-12 00:00, mode"


def test_what_chance_explains_is_called_not_distinguishable():
    values = record(levels=[level(factor, -3.0, False) for factor in (0.0, 1.0, 2.0)])
    tile = tiles(values)[0]
    assert (tile.value, tile.unit) == ("+12", "MWh")
    assert "95 %: \u22123.0 to +19, not distinguishable from none" in tile.label
    assert "制御なしと有意差なし" in tiles(values, JAPANESE)[0].label
    assert "not distinguishable" not in tiles(record())[0].label


def test_one_year_has_no_interval_and_says_so():
    values = record(years=[1], levels=[level(factor, None, None) for factor in (0.0, 1.0, 2.0)])
    assert "one year: no interval" in tiles(values)[0].label
    assert "nothing is said about chance" in notes(values)


def test_a_missing_bound_is_said():
    bare = [one | {"scores": {name: score | {"percent_of_bound": None, "percent_of_gain": None}
                              for name, score in one["scores"].items()}} for one in record()["levels"]]  # fmt: skip
    values = record(levels=bare, bound={"energy": None, "value": None, "missing": "a device: cars"})
    assert [tile.value for tile in tiles(values)[2:]] == ["none", "none"]
    assert "No bound: a device: cars." in notes(values)


def test_who_and_what_is_in_the_footer():
    footer = document(record(), ENGLISH).footer
    for part in ("goto_2030", "seed 7", "years 1 to 3", "efefefefefef (changed)", "ab" * 16, "34" * 16, "weights.csv",
                 "2026"):  # fmt: skip
        assert part in footer
    assert "shipped policy" in document(record(policy_sha256=None), ENGLISH).footer


def test_a_given_year_has_no_number():
    worst = record()["worst_day"] | {"year": None}
    values = record(years=[None], worst_day=worst, verdict=[criterion("unsolved_half_hours", False, 2.0, None, 0.0)])
    assert block(values, FigureBlock).caption.startswith("The worst day, 2031-03-18 (error ×2)")
    assert detail(values, "unsolved_half_hours").detail == "+2 (error ×0)"


def test_an_island_without_prices_has_no_value_and_says_so():
    bare = [one | {"scores": {"energy": one["scores"]["energy"]}} for one in record()["levels"]]
    values = record(levels=bare)
    assert [tile.unit for tile in tiles(values)] == ["MWh", "%", "%"]
    assert "no prices" in notes(values)
    assert "no prices" not in notes(record())
    kpis = {name: None if name in PAYMENTS else 12.5 for name in (*BESIDE_NONE, *PAYMENTS)}
    without = record(levels=[one | {"kpis": kpis} for one in bare], none=kpis)
    assert [len(both.columns[1]) for both in document(without, ENGLISH).blocks if isinstance(both, Columns)] == [1]
    assert "million" not in headline(without) and "12.5" in headline(without)
    labels = [row[0] for row in scores(values, ENGLISH).rows]
    assert ENGLISH("certificate.row.energy") in labels and ENGLISH("certificate.row.value") not in labels


def test_a_trial_is_no_certificate():
    values = record(is_trial=True, study=record()["study"] | {"is_part_of_year": True, "days": 1.0}, years=[1])
    page = document(values, ENGLISH)
    assert page.title == "Trial of a dispatch policy, not a certificate: my_policy.MyPolicy"
    assert block(values, Verdict).text.endswith(
        "Trial of some days, not a certificate: all 17 criteria are met in them."
    )
    assert "評価書ではない" in document(values, JAPANESE).title


@pytest.mark.parametrize(
    ("years", "days", "said"),
    [
        (3, None, "mean of 3 years"),
        (1, None, "one year"),
        (1, 1.0, "one day"),
        (1, 7.0, "7 days of one year"),
        (2, 1.0, "mean of 2 years, one day of each"),
        (2, 7.0, "mean of 2 years, 7 days of each"),
    ],
)
def test_what_a_number_is_the_mean_of(years, days, said):
    study = record()["study"] | ({"is_part_of_year": True, "days": days} if days else {})
    assert count_text(record(years=list(range(years)), study=study), ENGLISH) == said


def test_who_loses_stands_in_the_headline():
    mine = dict.fromkeys((*BESIDE_NONE, *PAYMENTS), 12.5) | {"cash_plant_owners_jpy": -2.5e6}
    values = record(levels=[level(factor) | {"kpis": mine} for factor in (0.0, 1.0, 2.0)], clipped_per_decision=7.0)
    assert "owners of plants\u00a0\u22122.50" in headline(values)
    assert "for each decision: 7" in headline(values)


def test_what_is_not_as_in_the_shipped_study_stands_below_the_title():
    rows = [[f"fleet.battery.key_{k}", "200.0", "10.0"] for k in range(7)]
    page = document(record(deviations={"shipped": "goto_2030", "differences": rows}), ENGLISH)
    assert "Differs from the shipped study goto_2030 in 7: fleet.battery.key_0 = 200.0 (there 10.0)" in page.subtitle
    assert page.subtitle.endswith("and 2 more.")
    none = document(record(deviations={"shipped": None, "differences": []}), ENGLISH)
    assert none.subtitle.endswith("no shipped study to compare with.")


def test_what_a_policy_did_beside_deciding_is_named():
    found = criterion("keeps_to_itself", False, 2.0, where="writes: /tmp/log.txt")
    assert detail(record(verdict=[found]), "keeps_to_itself").detail == "2 found, first: writes: /tmp/log.txt"
    shipped = record(own_process=False)
    assert detail(shipped, "keeps_to_itself").detail == "shipped policy, in the simulation's process"


def test_a_criterion_that_a_run_lacks_is_said():
    found = criterion("voltage_outside_hours", False, where="missing")
    assert detail(record(verdict=[found]), "voltage_outside_hours").detail == "not known in every run"


def test_a_missing_forecast_of_demand_is_said():
    said = notes(record(substitutes={"persisted_forecast_hours": 48, "sunshine_places": []}))
    assert "found for 48 h of the year" in said
    assert "found for" not in notes(record())


def test_whether_the_weather_is_public_is_said():
    assert "public" in notes(record())
    assert "certifier's own" in notes(record(held_out="seed"))
    assert "anybody can make them" in notes(record(held_out="years"))
