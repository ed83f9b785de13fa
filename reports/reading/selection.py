"""Which member the detailed figures show, and how sweep points are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.document.texts import Words
from reports.reading.run_folder import Member, Run

NO_CONTROL_NEEDED = ("reference", "uncontrolled")


@dataclass(frozen=True)
class Focus:
    """What the detailed figures show.

    Attributes
    ----------
    scenario : str
        The uncontrolled scenario, else the reference, else the first.
    point : str
        The central sweep point: the middle value of every swept key.
    busy_point : str
        `point` where it is congested, else the sweep point with the most congested hours.
    """

    scenario: str
    point: str
    busy_point: str


def choose_focus(run: Run) -> Focus:
    """Choose by rules, not by result: the central sweep point of the scenario without control."""
    scenario = run.study["uncontrolled"] or run.study["reference"] or run.scenarios[0]
    central = {key: values[(len(values) - 1) // 2] for key, values in run.study["sweep"].items()}
    members = run.of(scenario)
    point = next((member.point for member in members if member.sweep == central), members[0].point)
    busiest = max(members, key=lambda member: member.kpis["congested_hours"])
    is_busy = run.member(scenario, point).kpis["congested_hours"] > 0
    return Focus(scenario, point, point if is_busy else busiest.point)


def controlled_scenarios(run: Run) -> tuple[str, ...]:
    """Return the scenarios that are neither the reference nor the uncontrolled one."""
    others = {run.study[role] for role in NO_CONTROL_NEEDED}
    return tuple(scenario for scenario in run.scenarios if scenario not in others)


def scenario_title(run: Run, scenario: str, words: Words) -> str:
    """Return a scenario's title in one language."""
    return words.of(run.study["scenarios"][scenario], "title")


def point_label(run: Run, point: str, words: Words) -> str:
    """Return a sweep point as a reader names it, e.g. "300 mm², N-1"."""
    sweep = run.sweep_of(point)
    if not sweep:
        return words("sweep.base")
    return words("sweep.separator").join(value_label(key, value, words) for key, value in sweep.items())


def points_label(run: Run, points: Sequence[str], words: Words) -> str:
    """Return what several sweep points have in common, and how they differ, e.g. "300 mm² (N-1 / N-0)"."""
    sweeps = [run.sweep_of(point) for point in points]
    shared = [key for key in sweeps[0] if all(sweep[key] == sweeps[0][key] for sweep in sweeps)]
    if len(shared) == len(sweeps[0]) or not shared:
        return words("list.alternatives").join(point_label(run, point, words) for point in points)
    separator = words("sweep.separator")
    different = (
        separator.join(value_label(key, value, words) for key, value in sweep.items() if key not in shared)
        for sweep in sweeps
    )
    common = separator.join(value_label(key, sweeps[0][key], words) for key in shared)
    return words("points.alike", common=common, different=words("list.alternatives").join(different))


def value_label(key: str, value: object, words: Words) -> str:
    """Return one swept value with its unit or name."""
    name = f"sweep.{key.rsplit('.', 1)[-1]}"
    return words(name, value=words.choice(name, value)) if words.has(name) else f"{key} = {value}"


def key_label(key: str, words: Words) -> str:
    """Return the name of a swept key."""
    name = key.rsplit(".", 1)[-1]
    return words.choice("sweep_key", name)


def member_label(run: Run, member: Member, words: Words) -> str:
    """Return "scenario, sweep point" for captions."""
    return words(
        "member", scenario=scenario_title(run, member.scenario, words), point=point_label(run, member.point, words)
    )
