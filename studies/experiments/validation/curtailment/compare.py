"""Score every reading of an island's zones against its feed, beside a rule of one line and a logit."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from studies.experiments.validation.curtailment.model import Outcome, ZoneModel
from studies.experiments.validation.curtailment.scores import (
    Difference,
    Logit,
    OnOff,
    chosen_by_other_weeks,
    confusion,
    daily_hours,
    logit,
    logit_by_other_weeks,
    mcc,
    mcc_interval,
    on_off,
    paired_difference,
    picked,
    weeks_of,
)
from studies.measured.feed import Feed, read_feed, required
from studies.study.file.schema import Study
from studies.study.islands import island_of, tables_of
from studies.study.zones import readings_of
from twin.core.errors import InputError, Problem, raise_if_any

THRESHOLD_STEP_MW = 0.25
TIGHT_SHARE = 0.6
"""Hours are tight for the link where the export passes this share of one circuit's limit in the table."""

SERIES, OBSERVED, COUNTS = "series.parquet", "observed", "counts"

RULE, LOGIT, BEST = "generation rule", "logit", "best on the other weeks"
RIVALS = (RULE, LOGIT)


@dataclass(frozen=True)
class Fitted:
    """What was fitted on all rows that count: limits by reading, thresholds of the rule, the logit."""

    limits_mw: dict[str, float]
    rule_mw: float
    depth_mw: list[float]
    logit: dict[str, list[float]]


@dataclass
class ZoneScores:
    """All scores of one zone.

    Attributes
    ----------
    zone, primary : str
    rows, base_rate : int, float
        Rows that count, and how often the zone is on in them.
    scores : dict of str to OnOff
        By rival and reading; readings with their limit chosen by the other weeks, or as fitted before.
    scores_with_stuck : dict of str to OnOff
        The same predictions where rows with a stuck display count too.
    intervals : dict of str to tuple of float
        95 % interval of the MCC of rivals, primary and best reading, from blocks of three days.
    limits_mw : dict of str to float
        The limit that is best on all rows.
    at_table : OnOff
        The primary reading with the limit of the table, nothing fitted.
    differences : dict of str to dict of str to Difference
        Of the primary and of the best reading to each rival.
    choices : list of str
        Reading that is best on the other weeks, week by week.
    depth : dict of str to dict of str to float
        Exact share and mean error of how many parts are on, by rival and primary.
    daily : dict of str to dict of str to float
        Mean error in hours and correlation.
    outages : list of dict
        Share on with one circuit, and with two in tight hours, by limit; observed in the first row.
    energy_cut_percent : dict of str to float
        Of each unit's potential, primary reading at the limit that is best on all rows.
    slopes : dict of str to tuple
        Largest and mean error of the linear flow and unsolved states, by reading.
    """

    zone: str
    primary: str
    rows: int
    base_rate: float
    scores: dict[str, OnOff] = field(default_factory=dict)
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    limits_mw: dict[str, float] = field(default_factory=dict)
    scores_with_stuck: dict[str, OnOff] = field(default_factory=dict)
    at_table: OnOff | None = None
    differences: dict[str, dict[str, Difference]] = field(default_factory=dict)
    choices: list[str] = field(default_factory=list)
    depth: dict[str, dict[str, float]] = field(default_factory=dict)
    daily: dict[str, dict[str, float]] = field(default_factory=dict)
    outages: list[dict[str, float | str]] = field(default_factory=list)
    energy_cut_percent: dict[str, float] = field(default_factory=dict)
    slopes: dict[str, tuple[float, float, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """What `compare_curtailment` found: the feed's record, scores by zone, hours on of zones without a reading."""

    study: str
    feed: dict[str, float | str]
    zones: list[ZoneScores]
    unscored: dict[str, dict[str, float]]
    fitted_before: bool


def compare_curtailment(study: Study, data: Path | None, out: Path, fitted: Path | None = None) -> Comparison:
    """Run all readings of the study's zones on a feed and score them.

    Parameters
    ----------
    study : Study
        Whose island, tables, year and seed count.
    data : pathlib.Path or None
        Folder of the feed.
    out : pathlib.Path
        Gets ``curtailment.json``, `SERIES` and, where something is fitted, ``fitted.json``. `SERIES` has a column
        ``<zone> <name>`` for what was observed, whether the row counts, and what each rival and reading told.
    fitted : pathlib.Path, optional
        A ``fitted.json``: its limits, thresholds and logit are taken, nothing is fitted.

    Raises
    ------
    InputError
        Where the island has no zones, no zone has rows that count, or they lie in one week and nothing was fitted
        before; or with every problem of the files.
    """
    island, tables = island_of(study), tables_of(study)
    if "zones" not in tables:
        raise InputError([Problem("the island has no zones", f"{island.folder}/zones.csv", repair="add the tables")])
    before = _read_fitted(fitted) if fitted else None
    feed = read_feed(tables, required(data))
    model = ZoneModel(island, tables, study.period.fiscal_year, feed)
    names = list(dict.fromkeys(tables["zones"]["zone"]))
    raise_if_any([
        Problem("no status of this zone in the feed", "feed_columns.csv", name)
        for name in names if name not in feed.zone_of.values()
    ])  # fmt: skip
    counted = _zones_that_count(feed, names, before is not None)
    scored, kept, series = [], {}, []
    for name in counted:
        of_zone, own, told = _zone(model, name, study.seed, None if before is None else before[name])
        scored.append(of_zone)
        series.append(told.add_prefix(f"{name} "))
        kept[name] = asdict(own)
    rest = {name: _hours(feed, name) for name in dict.fromkeys(feed.zone_of.values()) if name not in counted}
    found = Comparison(study.name, feed.record, scored, rest, before is not None)
    out.mkdir(parents=True, exist_ok=True)
    (out / "curtailment.json").write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
    pd.concat(series, axis=1).to_parquet(out / SERIES)
    if before is None:
        (out / "fitted.json").write_text(json.dumps(kept) + "\n", encoding="utf-8")
    return found


def _read_fitted(path: Path) -> dict[str, Fitted]:
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return {zone: Fitted(**of_zone) for zone, of_zone in values.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        accepted = "fitted.json of an earlier comparison"
        raise InputError([Problem("what was fitted cannot be read", str(path), str(error), accepted)]) from None


def _zones_that_count(feed: Feed, names: list[str], is_fitted: bool) -> list[str]:
    """Return the zones with rows that count; a display that was stuck or away all the time is left unscored."""
    counted = [name for name in names if feed.counts(name).any()]
    if not counted:
        seen = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in feed.record.items() if key != "files")
        raise InputError([Problem("no row of any zone counts", "the feed", seen, "status that is there and moves")])
    weeks = weeks_of(feed.index)
    repair = "take a longer feed, or name what was fitted before with --fitted"
    raise_if_any([
        Problem("a limit cannot be chosen by other weeks", f"zone {name}", "rows that count in one week", "two", repair)
        for name in counted if not is_fitted and len(np.unique(weeks[feed.counts(name)])) < 2
    ])  # fmt: skip
    return counted


def _zone(model: ZoneModel, zone: str, seed: int, before: Fitted | None) -> tuple[ZoneScores, Fitted, pd.DataFrame]:
    feed = model.feed
    seen, counts, weeks = feed.zone_on(zone), feed.counts(zone), weeks_of(feed.index)
    outcomes = [model.run(reading) for reading in readings_of(model.tables, zone)]
    primary = outcomes[0]
    found = ZoneScores(zone, primary.reading.name, int(counts.sum()), float(seen[counts].mean()))
    best_limit = {one.reading.name: _best(one, seen, counts, before) for one in outcomes}
    found.limits_mw = {one.reading.name: float(one.limits_mw[best_limit[one.reading.name]]) for one in outcomes}
    found.slopes = {one.reading.name: one.slope_error_mw for one in outcomes}
    told = {one.reading.name: _told(one, seen, counts, weeks, before, best_limit) for one in outcomes}
    if before is None:
        every = np.stack(list(told.values()), axis=1)
        choice = chosen_by_other_weeks(seen, every, counts, weeks)
        told[BEST] = picked(every, choice, weeks)
        found.choices = [outcomes[k].reading.name for k in choice]
    own = _rivals(feed, seen, counts, weeks, before, told)
    found.scores = {name: on_off(seen[counts], values[counts]) for name, values in told.items()}
    moves = ~feed.stands_still
    found.scores_with_stuck = {name: on_off(seen[moves], values[moves]) for name, values in told.items()}
    at_table = int(np.abs(primary.limits_mw - float(primary.reading.row["limit_mw"])).argmin())
    found.at_table = on_off(seen[counts], primary.status[counts, at_table] > 0.0)
    for name in (primary.reading.name, BEST) if BEST in told else (primary.reading.name,):
        found.differences[name] = {
            rival: paired_difference(seen[counts], told[name][counts], told[rival][counts], feed.index[counts], seed)
            for rival in RIVALS
        }
    for name in (RULE, LOGIT, *found.differences):
        found.daily[name] = _daily(feed, seen, told[name], counts)
        found.intervals[name] = mcc_interval(seen[counts], told[name][counts], feed.index[counts], seed)
    _depth(found, feed, primary, counts, weeks, before, own, best_limit)
    _outages(found, feed, primary, seen, counts)
    k = best_limit[primary.reading.name]
    cut = 1.0 - primary.delivered_mw[k] / primary.potential_mw
    found.energy_cut_percent = dict(zip(primary.reading.units, (100.0 * cut).tolist(), strict=True))
    limits = dict(found.limits_mw)
    series = pd.DataFrame({OBSERVED: seen, COUNTS: counts, **told}, index=feed.index)
    return found, Fitted(limits, own["rule_mw"], own["depth_mw"], own["logit"]), series


def _best(one: Outcome, seen: np.ndarray, counts: np.ndarray, before: Fitted | None) -> int:
    if before is not None:
        return int(np.abs(one.limits_mw - before.limits_mw[one.reading.name]).argmin())
    every = [confusion(seen[counts], told) for told in (one.status[counts] > 0.0).T]
    return int(mcc(np.array(every)).argmax())


def _told(
    one: Outcome,
    seen: np.ndarray,
    counts: np.ndarray,
    weeks: np.ndarray,
    before: Fitted | None,
    best_limit: dict[str, int],
) -> np.ndarray:
    on = one.status > 0.0
    if before is not None:
        result: np.ndarray = on[:, best_limit[one.reading.name]]
        return result
    return picked(on, chosen_by_other_weeks(seen, on, counts, weeks), weeks)


def _rivals(
    feed: Feed,
    seen: np.ndarray,
    counts: np.ndarray,
    weeks: np.ndarray,
    before: Fitted | None,
    told: dict[str, np.ndarray],
) -> dict[str, Any]:
    """Add what rule and logit tell, and return what was fitted of them.

    The rule has what the model may not have: measured output under management.
    """
    generation = np.nan_to_num(feed.series("uncontrolled") + feed.series("controlled"))
    inputs = np.column_stack([np.nan_to_num(feed.series(n)) for n in ("demand", "uncontrolled", "wind", "circuit_out")])
    levels = np.arange(0.0, generation[counts].max(), THRESHOLD_STEP_MW)
    above = generation[:, None] > levels
    if before is None:
        told[RULE] = picked(above, chosen_by_other_weeks(seen, above, counts, weeks), weeks)
        told[LOGIT] = logit_by_other_weeks(seen, inputs, counts, weeks)
        every = np.array([confusion(seen[counts], values) for values in above[counts].T])
        rule_mw = float(levels[mcc(every).argmax()])
        of_inputs = asdict(logit(seen[counts], inputs[counts]))
    else:
        rule_mw, of_inputs = before.rule_mw, before.logit
        told[RULE] = generation > rule_mw
        told[LOGIT] = Logit(**of_inputs).tell(inputs)
    return {"rule_mw": rule_mw, "depth_mw": [], "logit": of_inputs}


def _depth(
    found: ZoneScores,
    feed: Feed,
    primary: Outcome,
    counts: np.ndarray,
    weeks: np.ndarray,
    before: Fitted | None,
    own: dict[str, Any],
    best_limit: dict[str, int],
) -> None:
    """Score how many parts of a zone are on: held units in their turn, against thresholds on generation."""
    parts = [name for name, of_zone in feed.zone_of.items() if of_zone == found.zone]
    if len(parts) < 2:
        return
    on = np.asarray(feed.status[parts].to_numpy(float) > 0.0)
    depth = on.sum(axis=1)
    generation = np.nan_to_num(feed.series("uncontrolled") + feed.series("controlled"))
    levels = np.arange(0.0, generation[counts].max(), THRESHOLD_STEP_MW)
    above = generation[:, None] > levels
    rule = np.zeros(len(depth), dtype=int)
    for number in range(1, len(parts) + 1):
        reached = depth >= number
        if before is None:
            rule += picked(above, chosen_by_other_weeks(reached, above, counts, weeks), weeks)
            every = np.array([confusion(reached[counts], values) for values in above[counts].T])
            own["depth_mw"].append(float(levels[mcc(every).argmax()]))
        else:
            rule += generation > before.depth_mw[number - 1]
    if before is not None:
        own["depth_mw"] = before.depth_mw
    status = primary.status > 0.0
    seen = np.asarray(on.any(axis=1))
    if before is None:
        choice = chosen_by_other_weeks(seen, status, counts, weeks)
        held = picked(primary.held, choice, weeks)
    else:
        held = primary.held[:, best_limit[primary.reading.name]]
    for name, told in ((RULE, rule), (primary.reading.name, np.minimum(held, len(parts)))):
        error = told[counts] - depth[counts]
        found.depth[name] = {"exact": float((error == 0).mean()), "mean_error": float(np.abs(error).mean())}


def _daily(feed: Feed, seen: np.ndarray, told: np.ndarray, counts: np.ndarray) -> dict[str, float]:
    of_seen = daily_hours(seen, counts, feed.index, feed.step_hours)
    of_told = daily_hours(told, counts, feed.index, feed.step_hours)
    varies = of_told.std() > 0.0 and of_seen.std() > 0.0
    return {
        "observed_hours": float(of_seen.mean()),
        "hours": float(of_told.mean()),
        "mean_error_hours": float((of_told - of_seen).abs().mean()),
        "correlation": float(of_seen.corr(of_told)) if varies else 0.0,
    }


def _outages(found: ZoneScores, feed: Feed, primary: Outcome, seen: np.ndarray, counts: np.ndarray) -> None:
    """Share on with one circuit, and with two where measured export is tight, for each limit of a zone of the link."""
    row = primary.reading.row
    if row["measures"] == "line":
        return
    export = np.nan_to_num(feed.series("uncontrolled") + feed.series("controlled") - feed.series("demand"))
    one = counts & (feed.series("circuit_out") > 0.0)
    tight = counts & ~(feed.series("circuit_out") > 0.0) & (export > TIGHT_SHARE * float(row["limit_mw"]))
    if not one.any() or not tight.any():
        return
    found.outages.append(
        {"limit_mw": "observed", "one_circuit": float(seen[one].mean()), "two_tight": float(seen[tight].mean())}
    )
    for k, limit in enumerate(primary.limits_mw):
        on = primary.status[:, k] > 0.0
        of_limit = on_off(seen[one], on[one])
        found.outages.append({
            "limit_mw": float(limit), "one_circuit": float(on[one].mean()), "two_tight": float(on[tight].mean()),
            "one_circuit_mcc": of_limit.mcc,
        })  # fmt: skip


def _hours(feed: Feed, zone: str) -> dict[str, float]:
    counts, on = feed.counts(zone), feed.zone_on(zone)
    return {"rows": int(counts.sum()), "on_share": float(on[counts].mean()) if counts.any() else 0.0}
