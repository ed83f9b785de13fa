"""The certificate of a policy: verdict, scores, tables and the worst day on one page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from reports.document.blocks import Block, Columns, Document, Mark, Paragraph, Table, Tile, Tiles, Verdict, figure_block
from reports.document.digits import MILLION_MONEY, NOT_DEFINED, difference, quantity
from reports.document.texts import Words
from reports.figures.certificate import differences, worst_day
from reports.reading.labels import shown_unit, value_label
from reports.reading.substitutes import substitutes
from twin.core.quantities import KPIS
from twin.core.units import MONEY_PER_MILLION

LONG_CELLS, SHORT_CELLS = ("2.1fr", "0.75fr", "1.15fr"), ("1fr", "auto", "auto")
"""Widths of the columns: label, none, each level."""
BESIDE_NONE = (
    "criterion_broken_hours", "forecast_missed_hours", "residual_overload_mwh", "voltage_outside_hours",
    "all_outage_violation_hours", "all_outage_overload_hours", "all_outage_unsolved_cases", "unsolved_half_hours",
    "link_n1_max_loading_percent", "site_export_mwh", "local_use_with_batteries_percent", "battery_cycles_per_year",
    "battery_cycles_max_per_year", "battery_wear_percent_per_year", "clipped_commands", "policy_failures",
    "unmet_service_mwh",
)  # fmt: skip
PAYMENTS = (
    "cash_sites_jpy", "cash_homes_jpy", "cash_plant_owners_jpy", "cash_aggregator_jpy", "cash_retailer_jpy",
    "cash_network_jpy", "cash_outside_jpy",
)  # fmt: skip


def scores(record: Mapping[str, Any], words: Words) -> Table:
    """Return the scores at each error level, and what is gained beside what it costs."""
    rows = _score_rows(record, "energy", "MWh", 1.0, words)
    if has_value(record):
        rows += _score_rows(record, "value", MILLION_MONEY, MONEY_PER_MILLION, words)
    for name in record["levels"][0]["gained_and_lost"]:
        amounts = [difference(level["gained_and_lost"][name], "MWh") for level in record["levels"]]
        rows.append([words(f"certificate.row.{name}"), "", *amounts])
    return _table(
        record,
        words("certificate.caption.scores", count=count_text(record, words)),
        rows,
        LONG_CELLS,
        words,
    )


def has_value(record: Mapping[str, Any]) -> bool:
    """Return whether the policy has a score in money; an island without prices has none."""
    return all("value" in level["scores"] for level in record["levels"])


def _score_rows(record: Mapping[str, Any], name: str, unit: str, per: float, words: Words) -> list[list[str]]:
    found = [level["scores"][name] for level in record["levels"]]
    return [
        [
            words(f"certificate.row.{name}"),
            quantity(found[0]["none"] / per, unit),
            *(quantity(one["mean"] / per, unit) for one in found),
        ],
        [
            words("certificate.row.difference"),
            "",
            *(_with_interval(one["difference"], unit, per, words) for one in found),
        ],
        [words("certificate.row.bound"), "", *(_percent(one["percent_of_bound"]) for one in found)],
        [words("certificate.row.gain"), "", *(_percent(one["percent_of_gain"]) for one in found)],
    ]


def payments(record: Mapping[str, Any], words: Words) -> Table:
    """Return what each party receives less what it pays, with and without the policy."""
    caption = words("certificate.caption.payments", count=count_text(record, words))
    return _table(record, caption, _kpi_rows(record, PAYMENTS, words), SHORT_CELLS, words)


def beside_none(record: Mapping[str, Any], words: Words) -> Table:
    """Return the key figures of grid, devices and people, with and without the policy."""
    caption = words("certificate.caption.beside", count=count_text(record, words))
    return _table(record, caption, _kpi_rows(record, BESIDE_NONE, words), SHORT_CELLS, words)


def _kpi_rows(record: Mapping[str, Any], names: tuple[str, ...], words: Words) -> list[list[str]]:
    runs = [record["none"], *(level["kpis"] for level in record["levels"])]
    return [[words(f"certificate.kpi.{name}"), *(_figure(run[name], name) for run in runs)] for name in names]


def count_text(record: Mapping[str, Any], words: Words) -> str:
    """Return what the numbers are the mean of."""
    count, study = len(record["years"]), record["study"]
    years = "year" if count == 1 else "years"
    if not study["is_part_of_year"]:
        return words(f"certificate.count.{years}", count=count)
    days = f"{study['days']:.0f}"
    return words(f"certificate.count.{years}.{'day' if days == '1' else 'days'}", count=count, days=days)


def _table(
    record: Mapping[str, Any], caption: str, rows: list[list[str]], widths: tuple[str, str, str], words: Words
) -> Table:
    """Return a table; `widths` are those of the label, of none and of a level."""
    factors = [f"{level['error_factor']:g}" for level in record["levels"]]
    header = ["", words("certificate.column.none"), *(words("certificate.column.error", factor=f) for f in factors)]
    tracks = [widths[0], widths[1], *[widths[2]] * len(factors)]
    return Table(caption, header, ["left", *["right"] * (len(header) - 1)], rows, tracks)


def _with_interval(paired: Mapping[str, Any], unit: str, per: float, words: Words) -> str:
    mean = difference(paired["mean"] / per, unit)
    if paired["low"] is None:
        return mean
    low, high = (difference(paired[end] / per, unit) for end in ("low", "high"))
    return f"{mean}\n{low}{words.between}{high}"


def _percent(value: float | None) -> str:
    return NOT_DEFINED if value is None else quantity(value, "%")


def _figure(value: float | None, name: str) -> str:
    if value is None:
        return NOT_DEFINED
    unit, scale = shown_unit(name)
    return quantity(value * scale, unit)


CALIBRATED = 1.0
HASH_LETTERS, DIGEST_LETTERS = 12, 32
SHOWN = 5
"""So many deviations from the shipped study are named on the page; all are in the record."""
MISSING = "missing"
PARTIES = ("cash_sites_jpy", "cash_homes_jpy", "cash_plant_owners_jpy", "cash_aggregator_jpy")
"""Whose money stands in the headline."""

Record = Mapping[str, Any]
"""A certificate's ``certificate.json``."""


def document(record: Record, words: Words) -> Document:
    """Return the certificate in one language: one dense page."""
    gains: list[Block] = [scores(record, words), figure_block(differences(record, words), words)]
    beside: list[Block] = [beside_none(record, words)]
    if has_money(record):
        beside.append(payments(record, words))
    return Document(
        language=words.language,
        title=words("certificate.title.trial" if record["is_trial"] else "certificate.title", policy=record["policy"]),
        subtitle=_subtitle(record, words),
        blocks=[
            _verdict(record, words),
            Tiles(_tiles(record, words)),
            Paragraph(_who(record, words)),
            Columns([gains, beside], ["1.17fr", "1fr"]),
            figure_block(worst_day(record, words), words),
            Paragraph(" ".join(_notes(record, words)), is_note=True),
        ],
        footer=_footer(record, words),
        layout="sheet",
    )


def _verdict(record: Record, words: Words) -> Verdict:
    missed = record["criteria"] - sum(criterion["passed"] for criterion in record["verdict"])
    kind = "certificate.trial" if record["is_trial"] else "certificate"
    outcome = words(f"{kind}.passed" if record["passed"] else f"{kind}.failed", count=record["criteria"], failed=missed)
    marks = [_mark(criterion, record, words) for criterion in record["verdict"]]
    rule = words("certificate.rule" if record["limits_shipped"] else "certificate.rule.own")
    return Verdict(words("certificate.verdict") + outcome, rule, record["passed"], marks)


def _subtitle(record: Record, words: Words) -> str:
    study = record["study"]
    ends = (date.fromisoformat(study[name]) for name in ("first_day", "last_day"))
    first, last = (words("format.date", year=day.year, month=day.month, day=day.day) for day in ends)
    part = "certificate.period.day" if study["days"] == 1.0 else "period.part"
    period = words(
        part if study["is_part_of_year"] else "period.year",
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
        deviations=_deviations(record, words),
    )


def _deviations(record: Record, words: Words) -> str:
    """Return how the base case differs from the shipped study's: as many values as find room, and how many more."""
    found = record["deviations"]
    rows = found["differences"]
    if found["shipped"] is None:
        return words("certificate.deviations.unknown")
    if not rows:
        return words("certificate.deviations.none", shipped=found["shipped"])
    shown = [words("certificate.deviation", key=key, here=here, there=there) for key, here, there in rows[:SHOWN]]
    more = [words("certificate.deviations.more", count=len(rows) - SHOWN)] if len(rows) > SHOWN else []
    listed = words("certificate.separator").join([*shown, *more])
    return words("certificate.deviations", shipped=found["shipped"], count=len(rows), listed=listed)


def has_money(record: Record) -> bool:
    """Return whether it is known what anybody receives and pays."""
    return record["none"]["cash_sites_jpy"] is not None


def _in_millions(money: float) -> str:
    return difference(money / MONEY_PER_MILLION, MILLION_MONEY)


def _who(record: Record, words: Words) -> str:
    """Return who gains and who loses, how fast the batteries age, and what devices could not follow."""
    mine, none = calibrated(record)["kpis"], record["none"]
    wear = {who: quantity(run["battery_wear_percent_per_year"], "%") for who, run in (("policy", mine), ("none", none))}
    parts = [
        words("certificate.who.wear", **wear),
        words("certificate.who.clipped", count=quantity(record["clipped_per_decision"], "count")),
    ]
    if has_money(record):
        changes = [
            f"{words(f'certificate.kpi.{name}')}\u00a0{_in_millions(mine[name] - none[name])}" for name in PARTIES
        ]
        parts.insert(0, words("certificate.who.money", parties=words("certificate.separator").join(changes)))
    return words("certificate.who") + " ".join(parts)


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
    if criterion["where"] == MISSING:
        return words("certificate.missing")
    if name == "keeps_to_itself":
        of_own = "shut" if "files" in checks["walls"] else "own_process"
        where = of_own if record["own_process"] else "shipped"
        count = f"{criterion['excess']:.0f}"
        found = where if criterion["passed"] else "found"
        return words(f"certificate.keeps_to_itself.{found}", where=criterion["where"], count=count)
    if name == "look_ahead" and checks["looks_ahead"] is None:
        return words("certificate.look_ahead.unknown")
    if name in ("look_ahead", "deterministic"):
        found = "clean" if criterion["passed"] else "found"
        days = {end: checks[end].split(" ")[0] for end in ("first", "last")}
        count = checks["decisions"] + len(checks["replaced_at"])
        return words(f"certificate.{name}.{found}", where=criterion["where"], count=count, **days)
    if criterion.get("limit") is not None:
        return _of_limit(criterion, words)
    unit = KPIS[name].unit if name in KPIS else "count"
    excess = difference(criterion["excess"], unit) + ("" if unit == "count" else f"\u00a0{unit}")
    if criterion["error_factor"] is None or criterion["excess"] == 0.0:
        return excess
    kind = "certificate.excess.given" if criterion["year"] is None else "certificate.excess.at"
    return words(kind, excess=excess, year=criterion["year"], factor=f"{criterion['error_factor']:g}")


def _of_limit(criterion: Mapping[str, Any], words: Words) -> str:
    """Return what somebody loses at worst beside the limit."""
    kind = "certificate.limit.given" if criterion["year"] is None else "certificate.limit.at"
    return words(
        kind,
        excess=difference(criterion["excess"], "%"),
        limit=f"{criterion['limit']:g}",
        year=criterion["year"],
        factor=f"{criterion['error_factor']:g}",
    )


def calibrated(record: Record) -> Mapping[str, Any]:
    """Return the error level that the page's large numbers are of."""
    return next(level for level in record["levels"] if level["error_factor"] == CALIBRATED)


def _tiles(record: Record, words: Words) -> list[Tile]:
    found = calibrated(record)["scores"]
    energy = found["energy"]
    part = record["study"]["is_part_of_year"]
    of_energy = words("certificate.tile.energy.part" if part else "certificate.tile.energy")
    no_share = words("certificate.no_share")
    tiles = [_gain(energy, "MWh", "MWh", 1.0, of_energy, words)]
    if has_value(record):
        of_value, shown = words("certificate.tile.value"), words("certificate.million_money")
        tiles.append(_gain(found["value"], MILLION_MONEY, shown, MONEY_PER_MILLION, of_value, words))
    return [
        *tiles,
        _share(energy["percent_of_gain"], no_share, words("certificate.tile.gain")),
        _share(energy["percent_of_bound"], no_share, words("certificate.tile.bound")),
    ]


def _gain(score: Record, unit: str, shown: str, per: float, label: str, words: Words) -> Tile:
    paired = score["difference"]
    text = label + "\n" + interval_text(paired, unit, per, words)
    return Tile(difference(paired["mean"] / per, unit), shown, text)


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
        words(f"certificate.note.held_out.{record['held_out']}"),
        *([words("certificate.note.no_bound", why=missing)] if missing else []),
        *([] if has_value(record) else [words("certificate.note.no_value")]),
        *([] if has_money(record) else [words("certificate.note.no_money")]),
        interval,
        words(f"certificate.note.full.{record['when_full']}"),
        *substitutes(record, words),
        words("note.estimate"),
    ]


def _footer(record: Record, words: Words) -> str:
    code, unknown = record["code"], words("certificate.footer.unknown")
    made = date.fromisoformat(record["date"])
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
        policy=sha256[:DIGEST_LETTERS] if sha256 else words("certificate.footer.shipped"),
        files=words("certificate.footer.files", files=", ".join(record["policy_files"])) if sha256 else "",
        inputs=record["inputs_sha256"][:DIGEST_LETTERS],
        date=words("format.date", year=made.year, month=made.month, day=made.day),
    )
