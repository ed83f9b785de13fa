"""Another island is a folder of tables and no line of Python: made, run, changed, and a mistake in it explained."""

import json

import pytest

from tests.golden.command_line import command, expect

DAY = "350:350"


@pytest.fixture
def place(tmp_path):
    expect(tmp_path, "new", "work", "--island", "skerries")
    return tmp_path


def _kpis(folder):
    (file,) = folder.glob("uncontrolled/*/kpis.json")
    return json.loads(file.read_text(encoding="utf-8"))


def test_the_folder_holds_tables_only(place):
    kinds = {path.suffix for path in (place / "work").rglob("*") if path.is_file()}
    assert kinds == {".csv", ".toml"}


@pytest.mark.slow
def test_it_runs_and_a_larger_plant_delivers_more(place):
    expect(place, "run", "work/study.toml", "--days", DAY, "--jobs", "1")
    expect(place, "new", "larger", "--island", "skerries")
    table = place / "larger" / "skerries" / "plants.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    head = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    plant = next(number for number, line in enumerate(lines) if line.startswith("town_pv,"))
    cells = lines[plant].split(",")
    for column in map(lines[head].split(",").index, ("contract_mw", "dc_mw")):
        cells[column] = str(2.0 * float(cells[column]))
    lines[plant] = ",".join(cells)
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    expect(place, "run", "larger/study.toml", "--days", DAY, "--jobs", "1", "--out", "runs/larger")
    first, larger = _kpis(place / "runs" / "skerries"), _kpis(place / "runs" / "larger")
    assert larger["available_mwh"] > first["available_mwh"] > 0.0


def test_all_mistakes_of_its_tables_are_told_at_once(place):
    folder = place / "work" / "skerries"
    for name, old, new in (("plants.csv", "published", "rumoured"), ("lines.csv", "estimate", "guess")):
        table = folder / name
        text = table.read_text(encoding="utf-8")
        head, _, rows = text.rpartition("\n#") if "\n#" in text else ("", "", text)
        changed = rows.replace(old, new, 1) if old in rows else rows.replace("estimate", new, 1)
        assert changed != rows, name
        table.write_text(f"{head}\n#{changed}" if head else changed, encoding="utf-8")
    answer = command(place, "run", "work/study.toml", "--days", DAY)
    assert answer.status == 2
    assert "plants.csv" in answer.err
    assert "lines.csv" in answer.err
    assert "Traceback" not in answer.err
