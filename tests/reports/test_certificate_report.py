"""The certificate on paper: one page, both languages, nothing hidden."""

import csv
import re
from pathlib import Path
from string import Formatter

import pytest
from certificate_fixture import checks, criterion, level, record, write

from reports import write_certificate
from reports.document.blocks import FigureBlock, Paragraph, Tiles, Verdict
from reports.document.texts import LANGUAGES, Words
from reports.sections.certificate import document, scores

TEXTS = Path(__file__).parents[2] / "reports" / "certificate_texts.csv"
ENGLISH, JAPANESE = Words("en"), Words("ja")


def rows():
    with TEXTS.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_certificate(write(tmp_path_factory.mktemp("certificate"), record()))


def block(values, kind, words=ENGLISH):
    """Return the only block of a kind on the page."""
    (found,) = [one for one in document(values, words).blocks if isinstance(one, kind)]
    return found


def tiles(values, words=ENGLISH):
    return block(values, Tiles, words).tiles


def notes(values):
    return block(values, Paragraph).text


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
    assert "http" not in visible


def test_a_fail_is_on_top_with_its_place():
    verdict = [*record()["verdict"][1:], criterion("criterion_broken_hours", False, 3.5, 2, 2.0)]
    values = record(passed=False, verdict=verdict)
    assert block(values, Verdict).text.endswith("Failed: 1 of 12 criteria are not met.")
    assert block(values, Verdict, JAPANESE).text.endswith("不合格：12項目中1項目に不適合。")
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
    for part in ("goto_2030", "seed 7", "years 1 to 3", "efefefefefef (changed)", "ab" * 32):
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
    labels = [row[0] for row in scores(values, ENGLISH).rows]
    assert ENGLISH("certificate.row.energy") in labels and ENGLISH("certificate.row.value") not in labels
