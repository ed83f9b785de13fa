"""`goto-twin sources`, and a run that refuses numbers which nobody can trace."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from shipped import ISLAND
from typer.testing import CliRunner

from studies import cli
from twin.core.errors import InputError

COMMAND = CliRunner()


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_csv_holds_every_row_and_the_counts_add_up(tmp_path):
    answer = COMMAND.invoke(cli.app, ["sources", "--csv", str(tmp_path / "s.csv")])
    assert answer.exit_code == 0
    rows = rows_of(tmp_path / "s.csv")
    counts = dict(line.split() for line in answer.output.splitlines()[-3:])
    assert {status: int(count) for status, count in counts.items()} == {
        status: sum(row["status"] == status for row in rows) for status in ("published", "derived", "estimate")
    }
    length = next(row for row in rows if (row["table"], row["row"]) == ("lines.csv", "link_1"))
    assert (length["quantity"], length["value"], length["status"]) == ("length_km", "53", "published")


def test_one_status_is_printed():
    answer = COMMAND.invoke(cli.app, ["sources", "--status", "published"])
    assert answer.exit_code == 0
    assert "link_1" in answer.output
    assert "source_short_circuit_mva" not in answer.output
    assert COMMAND.invoke(cli.app, ["sources", "--status", "guess"]).exit_code == 2


def test_a_run_refuses_a_broken_table_before_it_starts(tmp_path):
    island = tmp_path / "broken"
    shutil.copytree(ISLAND.folder, island)
    for table, column, cell in (("battery_wear", "source", ""), ("turbines", "status", "guess")):
        rows = rows_of(island / f"{table}.csv")
        rows[0][column] = cell
        with (island / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    text = (Path(cli.__file__).parent / "goto_2030.toml").read_text(encoding="utf-8")
    study = tmp_path / "study.toml"
    study.write_text(text.replace("[grid]", '[grid]\nmodel = "broken"', 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        COMMAND.invoke(cli.app, ["run", str(study), "--out", str(tmp_path / "out")], catch_exceptions=False)
    told = {problem.where: problem.what for problem in caught.value.problems}
    assert told == {
        "battery_wear.csv line 2, column source": "the cell is empty",
        "turbines.csv line 2, column status": "not one of the known words",
    }
    assert not (tmp_path / "out").exists()
