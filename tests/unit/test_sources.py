"""`goto-twin sources`, and a run that refuses numbers which nobody can trace."""

from __future__ import annotations

import csv

import pytest
from typer.testing import CliRunner

from studies import cli, sources
from twin.core.errors import InputError
from twin.core.input_tables import InputTable

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
    length = next(row for row in rows if (row["table"], row["row"]) == ("network_models/goto/lines.csv", "link_1"))
    assert (length["quantity"], length["value"], length["status"]) == ("length_km", "53", "published")


def test_one_status_is_printed():
    answer = COMMAND.invoke(cli.app, ["sources", "--status", "published"])
    assert answer.exit_code == 0
    assert "link_1" in answer.output
    assert "source_short_circuit_mva" not in answer.output
    assert COMMAND.invoke(cli.app, ["sources", "--status", "guess"]).exit_code == 2


def test_a_run_refuses_a_broken_table_before_it_starts(tmp_path, monkeypatch):
    (tmp_path / "package_for_run").mkdir()
    (tmp_path / "package_for_run" / "__init__.py").write_text("")
    (tmp_path / "package_for_run" / "numbers.csv").write_text("name,value,source,status\na,1,,estimate\nb,1,x,no\n")
    monkeypatch.syspath_prepend(tmp_path)
    broken = InputTable("package_for_run", "numbers", ("name",), "value")
    monkeypatch.setattr(sources, "declared_tables", lambda: (broken,))
    with pytest.raises(InputError) as caught:
        COMMAND.invoke(cli.app, ["run", "goto_2030", "--out", str(tmp_path / "out")], catch_exceptions=False)
    assert [problem.what for problem in caught.value.problems] == ["no source", "unknown status"]
    assert not (tmp_path / "out").exists()
