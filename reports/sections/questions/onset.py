"""The pages of `onset` and `hosting`: heat maps of congestion, and what each bus can host."""

from __future__ import annotations

import re

import numpy as np

from reports.document import digits
from reports.document.blocks import Table
from reports.document.style import Picture
from reports.document.texts import Words
from reports.figures.questions import heat_maps, places
from reports.reading.labels import value_label
from reports.sections.questions.page import Page, Record, element
from twin.metrics.questions.congestion_share import largest_size_mw

KINDS = ("pv", "wind")
VOLTAGE = re.compile(r" ?\d+ ?kV$")
"""What a station's bus is called behind the station's name."""
SHARE = "congestion_percent"


def page(record: Record, words: Words) -> Page:
    """Return the page of `onset` in one language."""
    maps = {kind: _map(record, kind) for kind in KINDS}
    panels = [
        (words(f"onset.kind.{kind}"), words("onset.axis.added"), words("onset.axis.rating"), *maps[kind])
        for kind in KINDS
    ]
    lines = words("onset.and").join(digits.plain(line) for line in record["lines"])
    return Page(
        answer=_answer(record, maps, words),
        pictures=[heat_maps("onset", words("onset.figure", lines=lines), panels, record["lines"])],
        tables=[_crossings(record, maps, words), _tried(record, words), *_binding(record, words)],
        turns=[words(f"onset.turn.{name}") for name in ("place", "weather", "rating")],
        notes=[*_bound_by_one(record, words), words("onset.note"), words("note.estimate")],
    )


Map = tuple[list[float], list[float], np.ndarray]
"""Added MW, ratings, and congestion in percent, (ratings, sizes)."""


def _map(record: Record, kind: str) -> Map:
    rows = [row for row in record["rows"] if "tried" not in row and set(row["mw"]) <= {kind}]
    sizes = sorted({row["mw"].get(kind, 0.0) for row in rows})
    ratings = sorted({row["rating"] for row in rows})
    values = np.full((len(ratings), len(sizes)), np.nan)
    for row in rows:
        share = row["kpis"][SHARE]
        at = ratings.index(row["rating"]), sizes.index(row["mw"].get(kind, 0.0))
        values[at] = np.nan if share is None else share
    return sizes, [100.0 * rating for rating in ratings], values


def _crossing(line: float, sizes: list[float], course: np.ndarray, words: Words) -> str:
    """Return the added power at which a course over the sizes passes a line; words where it does not."""
    if course[0] > line:
        return words("onset.passed")
    rise = np.array(course[1:])
    mw, is_found = largest_size_mw(np.array(sizes[1:]), rise, np.zeros_like(rise), line, np.inf)
    return digits.fixed(mw, 0) if is_found else words("onset.above", mw=digits.fixed(sizes[-1], 0))


def _answer(record: Record, maps: dict[str, Map], words: Words) -> list[str]:
    start = record["start_rating"]
    _, ratings, values = maps[KINDS[0]]
    alone = [digits.share(float(value)) for value in (values[0, 0], values[-1, 0])]
    tried = [row for row in record["rows"] if "tried" in row]
    demand = [row for row in tried if row["tried"][0] == "fleet.demand_factor"]
    base = next(row for row in record["rows"] if not row["mw"] and row["rating"] == start and "tried" not in row)
    least = min(demand, key=lambda row: row["tried"][1], default=base)
    criteria = [words("onset.answer.criterion", share=digits.share(row["kpis"][SHARE]), name=_value(row, words))
                for row in tried if row not in demand]  # fmt: skip
    return [
        words("onset.answer.added", rating=digits.plain(100.0 * start), base=digits.share(base["kpis"][SHARE]),
              mwh=digits.quantity(base["kpis"]["curtailed_congestion_mwh"], "MWh"),
              passed=_lines_passed(record, maps, words)),
        words("onset.answer.rating", low=digits.plain(ratings[0]), high=digits.plain(ratings[-1]), most=alone[0],
              least=alone[1]),
        words("onset.answer.rest", demand=digits.share(least["kpis"][SHARE]),
              criteria=words("list.separator").join(criteria),
              least=digits.plain(100.0 * (least["tried"][1] if "tried" in least else 1.0))),
    ]  # fmt: skip


def _lines_passed(record: Record, maps: dict[str, Map], words: Words) -> str:
    """Return at which added power each line is passed at the link's own rating; lines that nothing passes together."""
    parts, never, most = [], [], 0.0
    for line in record["lines"]:
        at = {}
        for kind, (sizes, ratings, values) in maps.items():
            text = _crossing(line, sizes, values[ratings.index(100.0 * record["start_rating"])], words)
            at[kind] = f"{text} MW" if text[-1].isdigit() else text
            most = max(most, sizes[-1])
        beyond = words("onset.above", mw=digits.fixed(most, 0))
        if all(beyond in text for text in at.values()):
            never.append(digits.plain(line))
        else:
            parts.append(words("onset.answer.line", line=digits.plain(line), **at))
    if never:
        lines = words("onset.both").join(never)
        parts.append(words("onset.answer.never", lines=lines, mw=digits.fixed(most, 0)))
    return words("onset.then").join(parts)


def _crossings(record: Record, maps: dict[str, Map], words: Words) -> Table:
    _, ratings, none = maps[KINDS[0]]
    rows = [
        [digits.plain(rating), digits.share(float(none[at, 0])),
         *(_crossing(line, sizes, values[at], words) for sizes, _, values in maps.values() for line in record["lines"])]
        for at, rating in enumerate(ratings)
    ]  # fmt: skip
    header = [words(f"onset.column.{name}") for name in ("rating", "none")]
    header += [words("onset.column.line", kind=words(f"onset.kind.{kind}"), line=digits.plain(line))
               for kind in maps for line in record["lines"]]  # fmt: skip
    return Table(words("onset.table.crossings"), header, ["right"] * len(header), rows)


def _tried(record: Record, words: Words) -> Table:
    base = [row for row in record["rows"] if not row["mw"] and row["rating"] == record["start_rating"]]
    rows = []
    for row in base:
        key, _ = row.get("tried", ("", ""))
        name = words.choice("onset.tried", key) if key else words("onset.tried.none")
        kpis = row["kpis"]
        rows.append([
            name, _value(row, words),
            digits.quantity(kpis["curtailed_congestion_mwh"], "MWh"), digits.share(kpis[SHARE]),
            digits.quantity(kpis["congested_hours"], "h"), digits.quantity(kpis["criterion_broken_hours"], "h"),
        ])  # fmt: skip
    columns = ("what", "value", "mwh", "percent", "hours", "broken")
    header = [words(f"onset.column.{name}") for name in columns]
    return Table(words("onset.table.tried"), header, ["left", "left"] + ["right"] * 4, rows)


def _value(row: Record, words: Words) -> str:
    """Return what is tried in a row, as a reader knows it."""
    key, value = row.get("tried", ("", ""))
    return value_label(key.rpartition(".")[2], value, words) if key else digits.NOT_DEFINED


def _bound_by_one(record: Record, words: Words) -> list[str]:
    """Return what binds where it is one branch after one outage, or nothing: no table is needed."""
    if not record["binding"]:
        return [words("onset.binding.none")]
    if len(record["binding"]) > 1:
        return []
    (one,) = record["binding"]
    outage = element(record, one["outage"], words) if one["outage"] else words("outage.none")
    return [words("onset.binding.one", element=element(record, one["element"], words), outage=outage,
                  mwh=digits.quantity(one["mwh"], "MWh"))]  # fmt: skip


def _binding(record: Record, words: Words) -> list[Table]:
    rows = [
        [element(record, one["element"], words), element(record, one["outage"], words),
         digits.quantity(one["mwh"], "MWh")]
        for one in record["binding"][:5]
    ]  # fmt: skip
    header = [words(f"onset.column.{name}") for name in ("element", "outage", "mwh")]
    return [Table(words("onset.table.binding"), header, ["left", "left", "right"], rows)] if len(rows) > 1 else []


def hosting_page(record: Record, words: Words) -> Page:
    """Return the page of `hosting` in one language."""
    buses = list(dict.fromkeys(row["bus"] for row in record["hosting"]))
    of = {(row["bus"], row["kind"]): row for row in record["hosting"]}
    sizes = record["sizes_mw"]
    panels = [
        (words(f"onset.kind.{kind}"), words("onset.axis.size"), "", [float(k) for k in range(len(sizes))],
         [float(k) for k in range(len(buses))], np.array([of[bus, kind]["own_percent"] for bus in buses]))
        for kind in KINDS
    ]  # fmt: skip
    names = [words.of(of[bus, KINDS[0]], "bus") for bus in buses]
    answer = [_hosted(record, kind, words) for kind in KINDS]
    answer.append(words("hosting.answer.limits", own=digits.plain(record["most"]["own"]),
                        others=digits.plain(record["most"]["others"])))  # fmt: skip
    ticks = ([digits.plain(size) for size in sizes], names)
    return Page(
        answer=answer,
        pictures=[_map_of_places(record, words), heat_maps("hosting", words("hosting.figure"), panels, (), ticks)],
        tables=[_hosting_table(record, words)],
        turns=[words(f"hosting.turn.{name}") for name in ("one", "rating", "transformer")],
        notes=[words("hosting.note", sizes=words("list.separator").join(digits.plain(size) for size in sizes)),
               words("note.estimate")],
    )  # fmt: skip


def _map_of_places(record: Record, words: Words) -> Picture:
    panels = [
        (words(f"onset.kind.{kind}"),
         [(VOLTAGE.sub("", words.of(row, "bus")), row["longitude"], row["latitude"], row["mw"],
           f"{_mw(row, words)} MW")
          for row in record["hosting"] if row["kind"] == kind])
        for kind in KINDS
    ]  # fmt: skip
    return places("hosting_map", words("hosting.figure.map"), panels)


def _hosted(record: Record, kind: str, words: Words) -> str:
    rows = sorted((row for row in record["hosting"] if row["kind"] == kind), key=lambda row: row["mw"])
    name = words(f"onset.kind.{kind}")
    told = {"kind": f"{name[:1].upper()}{name[1:]}", "low": words.of(rows[0], "bus"), "high": words.of(rows[-1], "bus")}
    if len({_mw(row, words) for row in rows}) == 1:
        return words("hosting.answer.same", kind=told["kind"], mw=_mw(rows[0], words))
    return words("hosting.answer", low_mw=_mw(rows[0], words), high_mw=_mw(rows[-1], words), **told)


def _mw(row: Record, words: Words) -> str:
    text = digits.fixed(row["mw"], 0)
    return text if row["is_limited"] else words("onset.above", mw=text)


def _hosting_table(record: Record, words: Words) -> Table:
    of_bus: dict[str, list[str]] = {}
    for kind in KINDS:
        for row in (row for row in record["hosting"] if row["kind"] == kind):
            cells = [f"{digits.share(own)} / {digits.share(max(others, 0.0))}"
                     for own, others in zip(row["own_percent"], row["others_percent"], strict=True)]  # fmt: skip
            of_bus.setdefault(words.of(row, "bus"), []).extend([_mw(row, words), *cells])
    columns = [words("hosting.column.mw"),
               *(words("hosting.column.size", mw=digits.plain(mw)) for mw in record["sizes_mw"])]  # fmt: skip
    header = [words("hosting.column.bus"),
              *(words("hosting.column.of_kind", kind=words(f"onset.kind.{kind}"), column=column)
                for kind in KINDS for column in columns)]  # fmt: skip
    rows = [[bus, *cells] for bus, cells in of_bus.items()]
    return Table(words("hosting.table"), header, ["left"] + ["right"] * (len(header) - 1), rows)
