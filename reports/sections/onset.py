"""Names of the values that were tried one at a time, and the sentence on them for page one."""

from __future__ import annotations

from reports.document.digits import plain, quantity
from reports.document.texts import Words
from reports.reading.onset import Change, Onset, assumption, contract_unit, read_onset
from reports.reading.run_folder import Run
from reports.reading.selection import point_label


def change_name(run: Run, key: str, words: Words) -> str:
    """Return what is changed: by the report's words, the run's own facts, else the raw key."""
    if words.has(f"onset_key.{key}"):
        return words(f"onset_key.{key}")
    fact, unit = assumption(run, key), contract_unit(run, key)
    if fact is not None:
        return words.of(fact, "meaning")
    return key if unit is None else words("onset_key.contract", unit=words.of(unit, "name"))


def change_value(run: Run, change: Change, words: Words) -> str:
    """Return the starting value and the tried one with its unit, e.g. "1 → 0.97 pu"."""
    value = _with_unit(run, change.key, change.value, words)
    if change.start is None:
        return value
    return words("tried.from_to", start=_bare(change.key, change.start, words), value=value)


def sentence(run: Run, words: Words) -> str:
    """Return what of the tried values adds or removes most congestion; empty where nothing was tried."""
    onset = read_onset(run)
    if onset is None:
        return ""
    point = point_label(run, onset.point, words)
    if not onset.start.is_congested:
        return _beginning(run, onset, point, words)
    energy = quantity(onset.start.cut_mwh, "MWh")
    return words("tried.some", point=point, energy=energy, up=_growth(run, onset, words), down=_fall(run, onset, words))


def _beginning(run: Run, onset: Onset, point: str, words: Words) -> str:
    """Name for each key the value with the least congestion: there it begins."""
    least = {change.key: change for change in onset.changes if change.is_congested}
    if not least:
        return words("tried.never", point=point, count=len(onset.changes))
    return words("tried.begins", point=point, changes=_list(run, list(least.values()), words))


def _growth(run: Run, onset: Onset, words: Words) -> str:
    most = max(onset.changes, key=lambda change: change.difference_mwh)
    if quantity(most.difference_mwh, "MWh") == "0" or most.difference_mwh < 0:
        return words("tried.up.none")
    return words("tried.up", change=_phrase(run, most, words), energy=quantity(most.cut_mwh, "MWh"))


def _fall(run: Run, onset: Onset, words: Words) -> str:
    gone = [change for change in onset.changes if not change.is_congested]
    if gone:
        return words("tried.down.gone", changes=_list(run, gone, words))
    least = min(onset.changes, key=lambda change: change.difference_mwh)
    if quantity(least.difference_mwh, "MWh") == "0" or least.difference_mwh > 0:
        return words("tried.down.none")
    return words("tried.down", change=_phrase(run, least, words), energy=quantity(least.cut_mwh, "MWh"))


def _list(run: Run, changes: list[Change], words: Words) -> str:
    return words("list.separator").join(_phrase(run, change, words) for change in changes)


def _phrase(run: Run, change: Change, words: Words) -> str:
    return words("tried.change", name=change_name(run, change.key, words), value=change_value(run, change, words))


def _with_unit(run: Run, key: str, value: object, words: Words) -> str:
    bare = _bare(key, value, words)
    if words.has(f"onset_value.{key}"):
        return words(f"onset_value.{key}", value=bare)
    fact = assumption(run, key)
    unit = "MW" if contract_unit(run, key) is not None else "" if fact is None else fact["unit"]
    return bare if unit in ("", "1", "-", None) else f"{bare} {unit}"


def _bare(key: str, value: object, words: Words) -> str:
    name = f"onset_value.{key}.{value}"
    return words(name) if words.has(name) else plain(_number(value))


def _number(value: object) -> object:
    """Return a number that is written as text as a number, anything else as it is."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
