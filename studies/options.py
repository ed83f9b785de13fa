"""Options that several commands of `goto-twin` share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

PROCESSORS = os.cpu_count() or 1

Days = Annotated[
    str | None, typer.Option(metavar="A:B", help="Only these days of the fiscal year, from 1, both included.")
]
Data = Annotated[Path | None, typer.Option(help="Folder with measured data or weather files.")]
Jobs = Annotated[int, typer.Option(min=1, help="Number of parallel workers; default: one per processor.")]
