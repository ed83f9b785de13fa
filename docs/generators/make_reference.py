"""Writes the reference pages: data dictionary, study keys, commands, fields of policies, API (make docs).

``python docs/generators/make_reference.py [FOLDER]``; only the data dictionary is kept in the repository.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer.main

from reports.document.texts import terms
from studies.cli import app
from studies.study.file.schema import Study
from twin.core.quantities import KPIS, TABLES, Quantity
from twin.policies.interface import Batteries, Dispatch, Measured, Outlook, View

FOLDER = Path(__file__).parents[1] / "reference"
PUBLIC = (
    "twin",
    "twin.network.batch",
    "twin.network.result",
    "twin.security.analysis",
    "twin.security.result",
    "twin.policies.interface",
    "twin.devices.device",
    "twin.operation.case",
    "twin.bound.foresight",
    "twin.metrics.kpis",
    "twin.metrics.run_folder",
    "twin.adapters.environment",
    "twin.adapters.pandapower_device",
    "twin.adapters.time_series",
    "twin.core.errors",
    "twin.core.quantities",
    "studies.api",
)
"""Modules that users import."""

HEADER = ("name", "unit", "sign", "range", "meaning", "意味")
OPENING = """# Data dictionary

Generated from `twin/core/quantities.csv` by `make docs`; do not edit. A test holds that it is up to date.

Steps are labelled with their start, in the island's time zone; energies are sums over the simulated days. Generation
is positive for plants, consumption for loads and batteries (charging); the link's flow is positive for export. A figure
that is not defined, e.g. the net benefit of a study without a reference, is `null`. Money is in the island's currency
(JPY for Goto). In formulas `hours` is the length of a step, sums are over solved steps, and a column without a table is
one of `system`.
"""
KEYS = """# Study keys

Every key of a study file, generated from the schema. `goto-twin schema` prints the same as JSON Schema, which editors
understand. A scenario or a sweep names a key with dots: `grid.conductor_mm2`.
"""
COMMANDS = """# Commands

`goto-twin COMMAND --help` prints the same.
"""
FIELDS = """# What a policy is told and orders

Every field of `View` and its parts and of `Dispatch`, generated from the code. Axes: H steps, G site groups, K flexible
devices, L steps of caps. How a policy is written stands in [dispatch policies](../concepts/policies.md).
"""
TOLD = (View, Batteries, Measured, Outlook, Dispatch)
UNITS = {
    "_jpy_per_kwh": "money/kWh", "_per_mw": "MW/MW", "_mwh": "MWh", "_mw": "MW", "_percent": "%", "_pu": "pu",
    "_minutes": "min", "_ratio": "1", "efficiency": "1", "mode": "`Mode`",
}  # fmt: skip
"""Unit by the ending of a field's name, longer ones first."""
API = """# API

What a Python user imports. Everything else may change without notice.
"""
MODULE = """# {name}

```{{eval-rst}}
.. automodule:: {name}
   :members:
```
"""


def write_pages(folder: Path) -> None:
    """Write all reference pages into a folder."""
    pages = {
        "data_dictionary": data_dictionary(),
        "study_keys": study_keys(),
        "commands": commands(),
        "policy_fields": policy_fields(),
        "api": api(),
        **{f"api/{name}": MODULE.format(name=name) for name in PUBLIC},
    }
    (folder / "api").mkdir(parents=True, exist_ok=True)
    for name, text in (pages | {"../glossary": glossary()}).items():
        page = folder / f"{name}.md"
        if not page.is_file() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")


GLOSSARY = """# Glossary

This page gives the English and Japanese terms of this project, and what each means here.

Terms are those of the field and of Japanese utilities. Where a term of a utility means something
that this project does not compute, the table says so. Reports explain those that have a Japanese
definition. The page is made of `reports/glossary.csv`.
"""


def glossary() -> str:
    """Return the page of all terms, part by part."""
    lines = [GLOSSARY]
    for part in dict.fromkeys(term.part for term in terms()):
        rows = [
            (one.en, one.ja, one.definition_en + (f" ({one.definition_ja})" if one.definition_ja else ""))
            for one in terms() if one.part == part
        ]  # fmt: skip
        lines += [f"## {part}", "", *_table(("English", "日本語", "definition"), rows), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def data_dictionary() -> str:
    """Return the page: key figures, then the columns of each table, in English and Japanese."""
    lines = [OPENING, "## Key figures (`kpis.json`)", "", *_quantities(KPIS.values(), formula=True)]
    for name, columns in TABLES.items():
        lines += ["", f"## Table `{name}.parquet`", "", *_quantities(columns.values())]
    return "\n".join(lines) + "\n"


def _quantities(quantities: Iterable[Quantity], *, formula: bool = False) -> list[str]:
    header = (*HEADER, "formula") if formula else HEADER
    rows = []
    for one in quantities:
        cells = (f"`{one.name}`", one.unit or "-", one.sign, one.range or "-", one.meaning_en, one.meaning_ja)
        rows.append((*cells, one.formula) if formula else cells)
    return _table(header, rows)


def study_keys() -> str:
    """Return the page of all keys of a study file, section by section."""
    schema = Study.model_json_schema()
    return "\n".join([KEYS, *_section("", schema, schema["$defs"])]) + "\n"


def _section(path: str, section: dict[str, Any], known: dict[str, Any]) -> Iterator[str]:
    inner: list[tuple[str, dict[str, Any]]] = []
    rows = []
    for key, value in section["properties"].items():
        target = known.get(_model_of(value))
        if target is not None:
            inner.append((f"{path}.{key}".lstrip("."), target))
        else:
            default = "needed" if key in section.get("required", ()) else f"`{_toml(value.get('default'))}`"
            rows.append((f"`{key}`", _kind(value), default, value.get("description", "").replace("<", "\\<")))
    if rows:
        yield from (f"## {f'[{path}]' if path else 'The top of the file'}", "")
        yield from _table(("key", "value", "default", "meaning"), rows)
        yield ""
    for name, target in inner:
        yield from _section(name, target, known)


def _model_of(value: dict[str, Any]) -> str:
    """Return the name of the section's model that a key holds, directly, by name, in a list, or optionally."""
    for one in (value, value.get("additionalProperties"), value.get("items"), *value.get("anyOf", ())):
        if isinstance(one, dict):
            if "$ref" in one:
                return str(one["$ref"]).rpartition("/")[2]
            if one is not value and (found := _model_of(one)):
                return found
    return ""


def _kind(value: dict[str, Any]) -> str:
    """Return what a key takes, in words."""
    if "enum" in value:
        return ", ".join(f"`{_toml(one)}`" for one in value["enum"])
    if "const" in value:
        return f"`{_toml(value['const'])}`"
    if "anyOf" in value:
        return " or ".join(_kind(one) for one in value["anyOf"] if one.get("type") != "null")
    kind = {"boolean": "true or false", "integer": "whole number", "array": "list", "object": "table"}
    bounds = {
        "exclusiveMinimum": "above {}", "minimum": "from {}", "exclusiveMaximum": "below {}", "maximum": "to {}",
    }  # fmt: skip
    limits = [text.format(value[name]) for name, text in bounds.items() if name in value]
    return " ".join([kind.get(value.get("type", ""), value.get("type", "any")), *limits])


def _toml(value: object) -> str:
    """Return a value as it stands in a study file; what is left out is a dash."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def policy_fields() -> str:
    """Return the page of all fields of what a policy sees and orders."""
    lines = [FIELDS]
    for kind in TOLD:
        text = inspect.getdoc(kind) or ""
        lines += [f"## `{kind.__name__}`", "", text.partition("\n")[0].replace("`", ""), ""]
        lines += [*_table(("field", "type and shape", "unit", "meaning"), field_rows(text)), ""]
    return "\n".join(lines)


def field_rows(text: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, type with shape, unit and meaning of each attribute of a numpydoc text."""
    part = text.partition("Attributes\n----------\n")[2]
    for block in re.split(r"\n(?=\S)", part.strip("\n")):
        head, _, meaning = block.partition("\n")
        names, _, kind = head.partition(" : ")
        for name in names.split(", "):
            unit = next((unit for ending, unit in UNITS.items() if name.endswith(ending)), "-")
            said = " ".join(meaning.split()) or f"see `{kind}` below"
            yield f"`{name}`", kind.replace("numpy.ndarray", "array"), unit, said


def commands() -> str:
    """Return the page of the command line, command by command."""
    group = typer.main.get_command(app)
    lines = [COMMANDS]
    for name, command in sorted(getattr(group, "commands", {}).items()):
        lines += [f"## goto-twin {name}", "", " ".join((command.help or "").split()), ""]
        rows = [
            (f"`{_argument(parameter)}`", " ".join((getattr(parameter, "help", "") or "").split()))
            for parameter in command.params
            if parameter.name != "help"
        ]
        lines += [*_table(("argument", "meaning"), rows), ""] if rows else []
    return "\n".join(lines)


def _argument(parameter: Any) -> str:  # noqa: ANN401 - typer wraps click's own class
    """Return how an argument or an option is written on the command line."""
    return " ".join(parameter.opts) if parameter.opts[0].startswith("-") else str(parameter.name).upper()


def api() -> str:
    """Return the page that lists the public modules, each with what it is for."""
    rows = [(f"[{name}](api/{name}.md)", _first_line(name)) for name in PUBLIC]
    tree = ["", "```{toctree}", ":hidden:", "", *(f"api/{name}" for name in PUBLIC), "```", ""]
    return "\n".join([API, *_table(("module", "what it is for"), rows), *tree])


def _first_line(module: str) -> str:
    found = find_spec(module)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(module)
    text = ast.get_docstring(ast.parse(Path(found.origin).read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [_row(header), _row(["---"] * len(header)), *(_row(row) for row in rows)]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    write_pages(parser.parse_args().folder)
