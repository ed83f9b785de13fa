"""The files in `values/`: read and written, one line for each table of each member."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "values"


def path_of(name: str) -> Path:
    """Return the file of a golden."""
    return FOLDER / f"{name}.json"


def read(name: str) -> dict[str, Any]:
    """Return what is kept of a golden."""
    return json.loads(path_of(name).read_text(encoding="utf-8"))


def write(name: str, values: dict[str, Any]) -> None:
    """Keep a golden; keys are sorted, numbers in full."""
    lines = [f"{_text(key)}: {_text(values[key])}" for key in sorted(values)]
    FOLDER.mkdir(exist_ok=True)
    path_of(name).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
