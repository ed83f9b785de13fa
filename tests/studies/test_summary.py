"""The headline on the terminal: a column a scenario, ranges over the sweep, no line wider than the terminal."""

import json

import pytest
from rich.console import Console
from run_records import MANIFEST, study_record

from studies.console import HEADLINE, difference_table, headline_tables
from studies.execution.folders import write_json
from twin.core.quantities import KPIS

SCENARIOS = ("plan_without_new_pv", "new_pv_uncontrolled", "new_pv_self_consumption", "new_pv_congestion_aware")


def write_index(folder, entries):
    """Write what every complete run has beside its members."""
    members = [
        entry | {"scenario": entry["path"].split("/")[0], "member": entry["path"].split("/")[1]} for entry in entries
    ]
    write_json(folder / "study.json", study_record(folder.name, members))
    for place in (folder, *(folder / member["path"] for member in members)):
        write_json(place / "manifest.json", MANIFEST)


@pytest.fixture
def run(tmp_path):
    paths = [f"{scenario}/conductor_mm2={size}" for scenario in SCENARIOS for size in (240, 300)]
    write_index(tmp_path, [{"path": path, "sweep": {"size": int(path[-3:])}} for path in paths])
    for number, path in enumerate(paths):
        values = dict.fromkeys(KPIS, 123456.0) | {"congested_hours": float(number), "net_benefit_mwh": None}
        write_json(tmp_path / path / "kpis.json", values)
    return tmp_path


def printed(run, width):
    console = Console(width=width)
    with console.capture() as capture:
        console.print(*headline_tables(run, width), sep="\n")
    return capture.get()


@pytest.mark.parametrize("width", [80, 100, 200])
def test_nothing_is_cut_off(run, width):
    text = printed(run, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for words in ("aware", "available, MWh", "n1 export headroom after min, MW", "6.00 to 7.00"):
        assert words in text


def test_equal_members_give_one_figure_and_undefined_ones_a_dash(run):
    rows = [line for line in printed(run, 200).splitlines() if line.startswith("│")]
    assert len(rows) == len(HEADLINE)
    assert all("to" not in row.replace("after min", "") for row in rows if "available" in row)
    (benefit,) = (row for row in rows if "net benefit, MWh" in row)
    assert [cell.strip() for cell in benefit.split("│")[2:-1]] == ["-"] * len(SCENARIOS)


def test_both_net_benefits_say_what_they_are_against(run):
    record = json.loads((run / "study.json").read_text(encoding="utf-8"))
    write_json(run / "study.json", record | {"reference": SCENARIOS[0], "uncontrolled": SCENARIOS[1]})
    text = printed(run, 200)
    assert f"net benefit: against {SCENARIOS[0]}" in text
    assert f"net benefit of control: against {SCENARIOS[1]}" in text


def test_a_swept_member_is_compared_with_the_one_that_has_its_values(tmp_path):
    swept, fixed = tmp_path / "swept", tmp_path / "fixed"
    points = {size: f"held/conductor_mm2={size}" for size in (240, 300)}
    entries = [{"path": path, "sweep": {"grid.conductor_mm2": size}} for size, path in points.items()]
    write_index(swept, entries)
    write_index(fixed, [{"path": "held/base", "sweep": {}}])
    members = [(swept / path, size) for size, path in points.items()] + [(fixed / "held" / "base", 300)]
    for number, (folder, size) in enumerate(members):
        write_json(folder / "kpis.json", dict.fromkeys(KPIS, 0.0) | {"available_mwh": float(number)})
        write_json(folder / "manifest.json", MANIFEST | {"study": {"grid": {"conductor_mm2": size}}})
    console = Console(width=200)
    with console.capture() as capture:
        console.print(difference_table(swept, fixed))
    rows = [line for line in capture.get().splitlines() if "available_mwh" in line]
    assert len(rows) == 1
    assert "conductor_mm2=300" in rows[0]
    assert "+1.00" in rows[0]
    assert "only in the first: held/conductor_mm2=240" in capture.get()
