"""Study files and island tables with anything changed: valid, or refused in words with their place."""

import shutil

import pytest
from fuzzing import effort, told_well
from hypothesis import given
from hypothesis import strategies as st

from network_models.island import find_island
from network_models.new_island import write_island
from network_models.reading import island_tables
from studies.study.file.reading import STUDIES, read_study
from twin.core.errors import InputError

pytestmark = pytest.mark.fuzz

VALUES = (
    "nan", "inf", "-inf", "1e400", "-1", "0", "1.5", "true", '""', '"x"', "[]", "{}", "[nan]", "[1, 1.0]", "[true, 1]",
    "[inf, nan]", "{a = nan}", "1979-05-27", "07:32:00", "9" * 30, r'"\u0000"', r'"a\u0000.py:X"', r'"\u001b[2J.json"',
    f'"{"x" * 300}.json"', f'"{"y" * 300}.py:A"', '"../.."', '"con"', '"none"', '"."', '["A", "a"]', "[[1], [2]]",
)  # fmt: skip
KEYS = (
    "schema_version", "name", "title_en", "seed", "period.fiscal_year", "period.step_minutes", "grid.model",
    "grid.island", "grid.year", "grid.roles", "grid.roles.link", "grid.parameters",
    "grid.parameters.link_rating_factor",
    "inputs.market.x", "inputs.places.offshore", "fleet.contract_mw.haenkaze", "fleet.devices.x.y", "fleet.battery",
    "operation.policy", "operation.criterion", "weather.source", "weather.files.fukue", "compare.reference",
    "uncertainty.scenarios", "scenario.report.title_en", 'scenario."A b".fleet', 'sweep."grid.year"',
    'sweep."grid.parameters.link_rating_factor"', 'sweep."operation.policy"', 'onset."operation.criterion"',
    'onset."fleet.contract_mw.haenkaze"',
)  # fmt: skip
CHARACTERS = "\"'[]{}=.,#\t\r\x00\x1b\u202eé日"


@st.composite
def changed_lines(draw, text):
    """Return a text with up to three lines replaced, added, removed, exchanged or cut into."""
    lines = text.splitlines()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        how = draw(st.sampled_from(["value", "key", "drop", "swap", "cut", "cut"]))
        if how == "value" and "=" in lines[at]:
            lines[at] = f"{lines[at].partition('=')[0]}= {draw(st.sampled_from(VALUES))}"
        elif how == "key":
            lines.insert(0, f"{draw(st.sampled_from(KEYS))} = {draw(st.sampled_from(VALUES))}")
        elif how == "drop" and len(lines) > 1:
            del lines[at]
        elif how == "swap":
            lines[at], lines[at - 1] = lines[at - 1], lines[at]
        else:
            place = draw(st.integers(0, len(lines[at])))
            lines[at] = lines[at][:place] + draw(st.sampled_from(CHARACTERS)) + lines[at][place:]
    return "\n".join(lines)


STUDY_TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(STUDIES.glob("*.toml"))}


@pytest.mark.parametrize("name", list(STUDY_TEXTS))
@given(data=st.data())
@effort(40)
def test_a_changed_study_file(tmp_path, name, data):
    file = tmp_path / "study.toml"
    file.write_text(data.draw(changed_lines(STUDY_TEXTS[name])), encoding="utf-8", newline="\n")
    try:
        read_study(file)
    except InputError as error:
        told_well(error)


@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-16"))))
@effort(30)
def test_any_bytes_as_a_study_file(tmp_path, content):
    (tmp_path / "study.toml").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_study(tmp_path / "study.toml")
    told_well(caught.value)


@pytest.fixture(scope="module")
def island(tmp_path_factory):
    place = tmp_path_factory.mktemp("island")
    write_island(place, "mine")
    return place / "mine"


CELLS = (
    "",
    "nan",
    "inf",
    "-1",
    "0",
    "1e400",
    "x",
    "true",
    "é日",
    "\x00",
    "\x1b[2J",
    "1,5",
    '"',
    "9" * 30,
    "2030-13-01",
)


@given(data=st.data())
@effort(40)
def test_a_changed_table_of_an_island(tmp_path, island, data):
    place = tmp_path / "mine"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(island, place)
    file = place / data.draw(st.sampled_from(sorted(path.name for path in island.iterdir() if path.is_file())))
    lines = file.read_text(encoding="utf-8").splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    cells = lines[at].split(",")
    cells[data.draw(st.integers(0, len(cells) - 1))] = data.draw(st.sampled_from(CELLS))
    how = data.draw(st.sampled_from(["cell", "cell", "drop", "twice", "bytes"]))
    lines[at : at + 1] = {"cell": [",".join(cells)], "drop": [], "twice": [lines[at]] * 2, "bytes": [lines[at]]}[how]
    content = "\n".join(lines).encode("utf-8", "surrogateescape")
    if how == "bytes":
        cut = data.draw(st.integers(0, len(content)))
        content = content[:cut] + data.draw(st.binary(max_size=3)) + content[cut + 1 :]
    file.write_bytes(content)
    try:
        island_tables(find_island(str(place)))
    except InputError as error:
        told_well(error)
