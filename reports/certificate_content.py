"""What stands on a certificate, in one language; both renderers (typst, HTML) draw exactly this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from reports.answer import Tile
from reports.certificate_figure import differences, worst_day
from reports.certificate_tables import beside_none, payments, scores
from reports.digits import difference, quantity
from reports.document import Table
from reports.selection import value_label
from reports.style import Picture
from reports.texts import Language, Words
from twin.schema import KPIS
from twin.units import JPY_PER_MILLION

CALIBRATED = 1.0
HASH_LETTERS = 12

Record = Mapping[str, Any]
"""A certificate's ``certificate.json``."""


@dataclass(frozen=True)
class Mark:
    """One criterion of the verdict."""

    name: str
    mark: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class Sheet:
    """A certificate in one language."""

    language: Language
    labels: dict[str, str]
    title: str
    subtitle: str
    verdict: str
    passed: bool
    marks: list[Mark]
    tiles: list[Tile]
    tables: list[Table]
    pictures: list[Picture]
    notes: list[str]
    footer: str

    def content(self) -> dict[str, Any]:
        """Return everything but the drawings as plain dicts and lists; pictures as captions by name."""
        values = asdict(self)
        return values | {"pictures": {picture.name: picture.caption for picture in self.pictures}}


def sheet(record: Record, words: Words) -> Sheet:
    """Return the certificate in one language."""
    failed = sum(not criterion["passed"] for criterion in record["verdict"])
    outcome = "certificate.passed" if record["passed"] else "certificate.failed"
    return Sheet(
        language=words.language,
        labels={"verdict": words("certificate.verdict"), "rule": words("certificate.rule")},
        title=words("certificate.title", policy=record["policy"]),
        subtitle=_subtitle(record, words),
        verdict=words(outcome, count=len(record["verdict"]), failed=failed),
        passed=record["passed"],
        marks=[_mark(criterion, record, words) for criterion in record["verdict"]],
        tiles=_tiles(record, words),
        tables=[scores(record, words), beside_none(record, words), payments(record, words)],
        pictures=[differences(record, words), worst_day(record, words)],
        notes=_notes(record, words),
        footer=_footer(record, words),
    )


def _subtitle(record: Record, words: Words) -> str:
    study = record["study"]
    ends = (date.fromisoformat(study[name]) for name in ("first_day", "last_day"))
    first, last = (words("format.date", year=day.year, month=day.month, day=day.day) for day in ends)
    period = words(
        "period.part" if study["is_part_of_year"] else "period.year",
        fiscal_year=study["fiscal_year"], days=f"{study['days']:.0f}", first=first, last=last,
    )  # fmt: skip
    point = [value_label(key.rpartition(".")[2], value, words) for key, value in record["sweep"].items()]
    return words(
        "certificate.subtitle",
        study=words.of(study, "title"),
        scenario=words.of(study, "scenario"),
        point=words("sweep.separator").join(point) or words("sweep.base"),
        period=period,
        years=_years(record, words),
    )


def _years(record: Record, words: Words) -> str:
    years = record["years"]
    kind = "given" if years[0] is None else "one" if len(years) == 1 else "many"
    return words(f"certificate.years.{kind}", first=years[0], last=years[-1])


def _mark(criterion: Mapping[str, Any], record: Record, words: Words) -> Mark:
    name, passed = criterion["name"], criterion["passed"]
    return Mark(
        name=words(f"certificate.criterion.{name}"),
        mark=words("certificate.mark.pass" if passed else "certificate.mark.fail"),
        passed=passed,
        detail=_detail(criterion, record, words),
    )


def _detail(criterion: Mapping[str, Any], record: Record, words: Words) -> str:
    name, checks = criterion["name"], record["checks"]
    if name == "look_ahead" and checks["looks_ahead"] is None:
        return words("certificate.look_ahead.unknown")
    if name in ("look_ahead", "deterministic"):
        found = "clean" if criterion["passed"] else "found"
        days = {end: checks[end].split(" ")[0] for end in ("first", "last")}
        count = checks["decisions"] + len(checks["replaced_at"])
        return words(f"certificate.{name}.{found}", where=criterion["where"], count=count, **days)
    unit = KPIS[name].unit if name in KPIS else "count"
    excess = difference(criterion["excess"], unit) + ("" if unit == "count" else f"\u00a0{unit}")
    if criterion["error_factor"] is None or criterion["excess"] == 0.0:
        return excess
    kind = "certificate.excess.given" if criterion["year"] is None else "certificate.excess.at"
    return words(kind, excess=excess, year=criterion["year"], factor=f"{criterion['error_factor']:g}")


def calibrated(record: Record) -> Mapping[str, Any]:
    """Return the error level that the page's large numbers are of."""
    return next(level for level in record["levels"] if level["error_factor"] == CALIBRATED)


def _tiles(record: Record, words: Words) -> list[Tile]:
    found = calibrated(record)["scores"]
    energy, value = found["energy"], found["value"]
    part = record["study"]["is_part_of_year"]
    of_energy = words(
        "certificate.tile.energy.part" if part else "certificate.tile.energy", days=f"{record['study']['days']:.0f}"
    )
    no_share = words("certificate.no_share")
    return [
        Tile(
            difference(energy["difference"]["mean"], "MWh"), "MWh",
            of_energy + "\n" + interval_text(energy["difference"], "MWh", 1.0, words),
        ),
        Tile(
            difference(value["difference"]["mean"] / JPY_PER_MILLION, "MJPY"), words("certificate.mjpy"),
            words("certificate.tile.value") + "\n" + interval_text(value["difference"], "MJPY", JPY_PER_MILLION, words),
        ),
        _share(energy["percent_of_gain"], no_share, words("certificate.tile.gain")),
        _share(energy["percent_of_bound"], no_share, words("certificate.tile.bound")),
    ]  # fmt: skip


def _share(percent: float | None, no_share: str, label: str) -> Tile:
    return Tile(no_share, "", label) if percent is None else Tile(quantity(percent, "%"), "%", label)


def interval_text(paired: Mapping[str, Any], unit: str, per: float, words: Words) -> str:
    """Return a confidence interval with what it means; with one year that there is none."""
    if paired["low"] is None:
        return words("certificate.tile.one_year")
    kind = "interval" if paired["is_distinguishable"] else "not_distinguishable"
    low, high = (difference(paired[end] / per, unit) for end in ("low", "high"))
    return words(f"certificate.tile.{kind}", low=low, high=high)


def _notes(record: Record, words: Words) -> list[str]:
    count = len(record["years"])
    interval = words("certificate.note.interval", count=count) if count > 1 else words("certificate.note.one_year")
    missing = record["bound"]["missing"]
    return [
        words("certificate.note.pairs"),
        *([words("certificate.note.no_bound", why=missing)] if missing else []),
        interval,
        words(f"certificate.note.full.{record['when_full']}"),
        words("note.estimate"),
    ]


def _footer(record: Record, words: Words) -> str:
    code, unknown = record["code"], words("certificate.footer.unknown")
    commit = code.get("git_commit") or unknown
    sha256 = record["policy_sha256"]
    return words(
        "certificate.footer",
        study=record["study"]["name"],
        seed=record["study"]["seed"],
        years=_years(record, words),
        version=code["version"],
        commit=commit[:HASH_LETTERS],
        dirty=words("certificate.footer.dirty") if code.get("git_dirty") else "",
        sources=code["sources_sha256"][:HASH_LETTERS],
        policy=sha256 or words("certificate.footer.shipped"),
    )
