"""Lay a model's power beside what a user measured with the same wind, sun or temperature."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from studies.validate_models import Subject, build_model
from studies.validate_output import draw, tables
from studies.validate_read import DRIVERS, Pair, Reading, read_pair, require
from studies.validate_scores import Comparison, clock_problems, compare
from twin.errors import InputError, Problem, raise_if_any


@dataclass(frozen=True)
class Outcome:
    """What `validate_file` found.

    Attributes
    ----------
    comparison : Comparison
    tables : list of rich.table.Table
    figure : pathlib.Path
        PNG.
    """

    comparison: Comparison
    tables: list[Table]
    figure: Path


def validate_file(kind: str, path: Path, subject: Subject, reading: Reading, out: Path | None = None) -> Outcome:
    """Run the model on the measured driver of a file and compare.

    Parameters
    ----------
    kind : str
        ``wind``, ``pv`` or ``demand``.
    path : pathlib.Path
        See `studies.validate_read.read_pair`.
    subject : Subject
        What was measured.
    reading : Reading
        How the file is to be read.
    out : pathlib.Path, optional
        Folder of the figure; default: beside the file.

    Returns
    -------
    Outcome

    Raises
    ------
    InputError
        With every problem of the options, or every problem of the file.
    """
    require(kind)
    model = build_model(kind, subject)
    pair = read_pair(path, kind, model.capacity_mw, reading, model.problems)
    if not pair.complete.any():
        raise InputError([Problem("power and driver are never measured together", str(path))])
    model_mw = model.power_mw(pair)
    raise_if_any(clock_problems(pair, model_mw, kind, str(path)))
    driver = DRIVERS[kind][0]
    comparison = compare(pair, model_mw, driver, model.capacity_mw)
    figure = _figure(kind, path, out, pair, model_mw, model.label)
    return Outcome(comparison, tables(comparison, driver, model.label), figure)


def _figure(kind: str, path: Path, out: Path | None, pair: Pair, model_mw: np.ndarray, label: str) -> Path:
    folder = out or path.parent
    folder.mkdir(parents=True, exist_ok=True)
    figure = folder / f"{path.stem}_validate_{kind}.png"
    draw(figure, pair, model_mw, DRIVERS[kind][0], f"{path.name}: {label}")
    return figure
