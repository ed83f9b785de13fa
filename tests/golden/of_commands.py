"""Goldens of the other commands: certificate, uncertainty, reports, and what is printed."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from studies.cli import TRIAL_STATUS
from tests.golden import numbers_of
from tests.golden.command_line import ROOT, command, expect
from tests.golden.made_files import write_pair, write_weather
from tests.golden.study_files import variant, write_study
from tests.golden.workplace import QUICK_DAYS, Workplace, quick_study

OWN_POLICY = f"{ROOT / 'examples' / 'own_policy.py'}:OwnPolicy"
SUBJECTS = {
    "wind": ("--capacity-mw", 16, "--turbine", "V80/2000", "--units", 8),
    "pv": ("--capacity-mw", 5, "--dc-mw", 5.8, "--fleet", "ground", "--place", "fukue"),
    "demand": ("--class", "residential"),
}


def certificate(place: Workplace) -> dict[str, Any]:
    """The own policy of the examples over a day of one weather year."""
    study = write_study(place.folder / "certified.toml", quick_study())
    arguments = ("--study", study.name, "--years", 1, "--days", QUICK_DAYS, "--jobs", 1, "--out", "certificate")
    expect(place.folder, "certify", OWN_POLICY, *arguments, status=TRIAL_STATUS)
    return _numbers_of_json(place.folder / "certificate" / "certificate.json")


def uncertainty(place: Workplace) -> dict[str, Any]:
    """Six samples of a day, and one unknown moved alone."""
    table = variant("goto_2030", quick_study(), without=("onset", "sweep", "scenario", "compare"))
    table["uncertainty"] = {"weather_years": 2, "one_at_a_time": 1}
    study = write_study(place.folder / "unsure.toml", table)
    arguments = ("--samples", 6, "--days", QUICK_DAYS, "--jobs", 1, "--out", "unsure")
    expect(place.folder, "uncertainty", study.name, *arguments)
    found = _numbers_of_json(place.folder / "unsure" / "uncertainty.json")
    return found | {"samples.parquet": numbers_of.of_table(pd.read_parquet(place.folder / "unsure/samples.parquet"))}


def report(place: Workplace) -> dict[str, Any]:
    """The pages and the workbook that `goto-twin report` writes again from files of results."""
    folder = place.goto_2030()
    shutil.rmtree(folder / "report")
    expect(place.folder, "report", folder.relative_to(place.folder))
    written = folder / "report"
    return {
        "html": numbers_of.of_html(written / "report.html"),
        "xlsx": numbers_of.of_workbook(written / "tables.xlsx"),
        "files": sorted(path.name for path in written.iterdir() if path.is_file()),
    }


def compare(place: Workplace) -> dict[str, Any]:
    """What `goto-twin compare --all` prints of two runs."""
    first, second = place.quick(), place.quick_with_more_demand()
    folders = [path.relative_to(place.folder) for path in (first, second)]
    return _lines(expect(place.folder, "compare", *folders, "--all"))


def sources(place: Workplace) -> dict[str, Any]:
    """How many numbers have which status, and the numbers themselves."""
    counts = expect(place.folder, "sources", "--csv", "sources.csv").splitlines()[1:]
    rows = pd.read_csv(place.folder / "sources.csv", encoding="utf-8-sig", dtype=str, keep_default_na=False)
    tables = {f"table {name}": _source_numbers(group) for name, group in rows.groupby(rows["table"].map(_file_name))}
    return {"counts": numbers_of.of_text("\n".join(counts))} | tables


def schema(place: Workplace) -> dict[str, Any]:
    """Keys of a study file with their defaults and limits."""
    written = json.loads(expect(place.folder, "schema"))
    models = {"Study": written} | written["$defs"]
    return {name: {key: _limits(field) for key, field in model["properties"].items()} for name, model in models.items()}


def listed(place: Workplace) -> dict[str, Any]:
    """The shipped studies."""
    empty = place.folder / "empty"
    empty.mkdir(exist_ok=True)
    return _lines(expect(empty, "list"))


def validation(place: Workplace) -> dict[str, Any]:
    """What `goto-twin validate` prints of a made-up wind farm, PV plant and demand."""
    found = {}
    for kind, subject in SUBJECTS.items():
        file = write_pair(place.folder / f"{kind}.csv", kind)
        answer = command(place.folder, "validate", kind, file.name, "--timezone", "Asia/Tokyo", *subject)
        found[kind] = {"status": answer.status} | _lines(answer.out + answer.err)
    return found


def weather(place: Workplace) -> dict[str, Any]:
    """The quality report of a sound weather file and of a month that is too short."""
    write_weather(place.folder / "year.csv", "2022-04-01", 365)
    write_weather(place.folder / "month.csv", "2022-04-01", 30)
    found = {}
    for name in ("year", "month"):
        answer = command(
            place.folder, "weather", f"{name}.csv", "--timezone", "Asia/Tokyo", "--wind-height", 10, "--unit", "m/s"
        )
        found[name] = {"status": answer.status} | _lines(answer.out + answer.err)
    return found


def _numbers_of_json(path: Path) -> dict[str, Any]:
    return numbers_of.of_json(json.loads(path.read_text(encoding="utf-8")))


def _file_name(path: str) -> str:
    return Path(path).name


def _source_numbers(rows: pd.DataFrame) -> dict[str, Any]:
    columns = {name: numbers_of.of_text("\n".join(rows[name])) for name in ("value", "low", "high")}
    return {"rows": len(rows)} | columns


def _lines(text: str) -> dict[str, Any]:
    """Return the lines that hold words or numbers, without the spaces that set them in columns."""
    lines = [" ".join(line.split()) for line in text.splitlines() if any(map(str.isalnum, line))]
    return {f"line {number:03}": line for number, line in enumerate(lines)}


def _limits(field: dict[str, Any]) -> str:
    kept = {key: value for key, value in field.items() if key not in ("description", "title")}
    return json.dumps(kept, sort_keys=True, ensure_ascii=False)
