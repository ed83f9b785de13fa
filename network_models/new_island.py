"""Write the folder of a new island: commented tables that run at once."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from network_models.island import SETTINGS, find_island
from network_models.tables.declarations import DECLARATIONS, Declaration
from twin.core.errors import InputError, Problem

TEMPLATE = Path(__file__).parent / "template"
STUDY = "study.toml"
REFERENCES = "references.csv"
NAME = re.compile(r"[a-z][a-z0-9_]*")

OF_PARTS_LEFT_OUT = (
    "tidal_", "repair_hours_tidal", "area_balance_", "offline_", "measured_", "price_mean", "price_floor",
    "demand_tourism_share",
)  # fmt: skip
"""Beginnings of parameters that only parts which the example leaves out would read."""


def write_island(folder: Path, name: str) -> Path:
    """Write an invented island and a study of it, for a user to put an own one in its place.

    Tables of what is the same anywhere (panels, turbines, batteries, the weather's process) are those of the shipped
    island, with its sources.

    Parameters
    ----------
    folder : pathlib.Path
        Gets ``study.toml`` and the folder `name` with ``island.toml`` and the tables.
    name : str
        Small letters, digits and underscores.

    Returns
    -------
    pathlib.Path
        The study file.

    Raises
    ------
    InputError
        Where the name cannot be used, or one of the files exists already.
    """
    place, study = folder / name, folder / STUDY
    problems = []
    if not NAME.fullmatch(name):
        problems.append(Problem("this cannot be an island's name", "--island", name, "small letters, digits and _"))
    for path in (place, study):
        if path.exists():
            problems.append(Problem("this is there already", str(path), repair="name another folder or island"))
    if problems:
        raise InputError(problems)
    place.mkdir(parents=True)
    for template, path in ((SETTINGS, place / SETTINGS), (STUDY, study)):
        text = (TEMPLATE / f"{template}.in").read_text(encoding="utf-8")
        path.write_text(text.format(name=name), encoding="utf-8")
    shipped = find_island().folder
    for facts in DECLARATIONS.values():
        own = TEMPLATE / facts.file
        if own.is_file() or not facts.absent:
            rows = own if own.is_file() else shipped / facts.file
            _write_table(facts, rows.read_text(encoding="utf-8-sig"), place / facts.file)
    (place / REFERENCES).write_bytes((shipped / REFERENCES).read_bytes())
    return study


def _write_table(facts: Declaration, text: str, path: Path) -> None:
    rows = list(csv.reader(io.StringIO(text)))
    kept = [row for row in rows if facts.name != "parameters" or not row[0].startswith(OF_PARTS_LEFT_OUT)]
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows(kept)
    path.write_text("".join(f"# {line}\n" for line in _comments(facts)) + table.getvalue(), encoding="utf-8")


def _comments(facts: Declaration) -> list[str]:
    """Return what a table is, and what its columns hold where their names do not say it."""
    lines = " ".join((facts.row.__doc__ or "").split())
    found = [lines.replace("`", "")]
    units = []
    for name, field in facts.columns().items():
        extra = field.json_schema_extra or {}
        unit, target = extra.get("unit", "1"), extra.get("refers", "")
        if target:
            units.append(f"{name}: a {target.partition('.')[2]} of {target.partition('.')[0]}.csv")
        elif unit != "1" and name not in ("low", "high"):
            units.append(f"{name}: {unit}")
    if units and len(units) < len(facts.columns()):
        found.append("; ".join(units))
    if facts.main:
        what = "the factor on the row's numbers" if facts.main == "factor" else facts.main
        found.append(f"low and high: range of {what}, empty where it does not vary")
    return found
