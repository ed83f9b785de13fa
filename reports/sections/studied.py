"""What was studied, and what readers will ask: the second and the last page before the appendix."""

from __future__ import annotations

from pathlib import Path

from reports.document.blocks import Block, Bullets, FigureBlock, Heading, Paragraph, Table
from reports.document.digits import fixed
from reports.document.texts import Words
from reports.reading.labels import scenario_facts, scenario_title
from reports.reading.network_pictures import network_picture
from reports.reading.run_folder import congestion_rule
from twin.metrics.run_folder import Run

QUESTIONS = ("rating", "criterion", "order", "stability", "capacity")
NEEDED = ("cable", "flows", "operation", "sites", "protection")


def studied(run: Run, words: Words) -> list[Block]:
    """Return the map, the plants by kind and connection, and what each scenario is."""
    count = len(run.scenarios)
    members = len(run.members)
    message = words("message.studied", scenarios=count, members=members, points=len(run.points))
    return [
        Heading(words("section.studied"), message=message, starts_page=True),
        *_map(run.path, words),
        plants(run, words),
        scenarios(run, words),
    ]


def _map(run: Path, words: Words) -> list[Block]:
    svg = network_picture(run, "map", words.language)
    if svg is None:
        return [Paragraph(words("text.no_map"), is_note=True)]
    return [FigureBlock(f"map_{words.language}.svg", words("figure.map"), svg, share=0.72)]


def plants(run: Run, words: Words) -> Table:
    """Return MW by kind of plant and connection."""
    kinds: dict[str, dict[str, float]] = {}
    for unit in run.study["units"]:
        of_kind = kinds.setdefault(unit["kind"], {})
        of_kind[unit["firmness"]] = of_kind.get(unit["firmness"], 0.0) + float(unit.get("contract_mw") or 0.0)
    connections = list(dict.fromkeys(name for sums in kinds.values() for name in sums))
    rows = [
        [words.choice("kind", kind), *(fixed(sums.get(name, 0.0), 1) for name in connections),
         fixed(sum(sums.values()), 1)]
        for kind, sums in kinds.items() if sum(sums.values()) > 0
    ]  # fmt: skip
    header = [words("column.kind"), *(words.choice("firmness", name) for name in connections), words("column.total")]
    return Table(words("table.plants"), header, ["left", *["right"] * (len(connections) + 1)], rows)


def scenarios(run: Run, words: Words) -> Table:
    """Return what each scenario is, in MW, kWh and sites, and in which ways it differs from the base of the study."""
    rows = []
    for name in run.scenarios:
        role = next((role for role in ("reference", "uncontrolled") if run.study[role] == name), "")
        title = scenario_title(run, name, words)
        rows.append([
            f"{title}\n{words(f'role.{role}')}" if role else title,
            scenario_facts(run, name, words) or words("scenario.facts.unknown"),
            _policy(run, name, words),
        ])  # fmt: skip
    header = [words(f"column.{name}") for name in ("scenario", "what_stands", "control_rule")]
    return Table(words("table.what_scenarios"), header, ["left"] * 3, rows, ["1.2fr", "1.3fr", "1fr"])


def _policy(run: Run, scenario: str, words: Words) -> str:
    study = run.study.get("study", {})
    own = study.get("scenario", {}).get(scenario, {})
    policy = own.get("operation", {}).get("policy", study.get("operation", {}).get("policy", "none"))
    return words.choice("policy", policy)


def _answer(run: Run, name: str, words: Words) -> str:
    key = f"ask.{name}.answer"
    own = f"{key}.{congestion_rule(run)}"
    return words(own if words.has(own) else key)


def questions(run: Run, words: Words, starts_page: bool = True) -> list[Block]:
    """Return what readers will ask, each with its answer, and what is needed from them."""
    asked = [
        block for name in QUESTIONS
        for block in (Heading(words(f"ask.{name}"), is_small=True), Paragraph(_answer(run, name, words)))
    ]  # fmt: skip
    return [
        Heading(words("section.questions"), message=words("message.questions"), starts_page=starts_page),
        *asked,
        Heading(words("ask.needed"), is_small=True),
        Bullets([words(f"need.{name}") for name in NEEDED]),
    ]
