"""Files of one member: parts (Arrow) and checkpoints while it runs, one Parquet file a table when it is done."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather

PARTS, CHECKPOINTS = "parts", "checkpoints"
_TEXT_COLUMNS = ["unit", "element", "outage", "before_element", "before_outage", "kind", "area", "device", "failure",
                 "item", "payer", "receiver"]  # fmt: skip
_WRITE = {"compression": "zstd", "compression_level": 1, "write_statistics": False}


def write_part(folder: Path, block: int, tables: Mapping[str, pa.Table]) -> None:
    """Write the tables of one block; a part is there as a whole or not at all."""
    for name, table in tables.items():
        path = folder / PARTS / name / f"{block:03d}.arrow"
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp")
        feather.write_feather(table, str(temporary), compression="uncompressed")
        temporary.replace(path)


def save_checkpoint(folder: Path, block: int, arrays: Mapping[str, np.ndarray]) -> None:
    """Save a member's state after `block`."""
    path = folder / CHECKPOINTS / f"{block:03d}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        named: dict[str, Any] = dict(arrays)
        np.savez(file, **named)
    temporary.replace(path)


def last_checkpoint(folder: Path) -> int:
    """Return the last block whose state is saved, -1 without one.

    Whoever looks at the progress may look while the member's own process removes the folder.
    """
    try:
        files = [path for path in (folder / CHECKPOINTS).iterdir() if path.suffix == ".npz"]
    except FileNotFoundError:
        return -1
    return max((int(path.stem) for path in files), default=-1)


def load_checkpoint(folder: Path, block: int) -> dict[str, np.ndarray]:
    """Return the state saved after `block`."""
    with np.load(folder / CHECKPOINTS / f"{block:03d}.npz") as file:
        return dict(file)


def is_finished(folder: Path) -> bool:
    """Return whether the member's tables are complete."""
    return (folder / "system.parquet").exists() and not (folder / PARTS).exists()


def finish(folder: Path) -> None:
    """Join the parts into one file a table, a row group a block, and remove what only a running member needs.

    Checkpoints go first: without them a run that is killed here begins anew and never joins half removed parts.
    """
    for parts in sorted((folder / PARTS).iterdir()):
        tables = [feather.read_table(file, memory_map=False) for file in sorted(parts.glob("*.arrow"))]
        temporary = folder / f"{parts.name}.tmp"
        schema = tables[0].schema
        with pq.ParquetWriter(temporary, schema, use_dictionary=_text_columns(schema), **_WRITE) as writer:
            for table in tables:
                writer.write_table(table)
        temporary.replace(folder / f"{parts.name}.parquet")
    shutil.rmtree(folder / CHECKPOINTS)
    shutil.rmtree(folder / PARTS)


def write_table(folder: Path, name: str, table: pa.Table) -> None:
    """Write a table that is made after the run; it is there as a whole or not at all."""
    temporary = folder / f"{name}.tmp"
    pq.write_table(table, temporary, use_dictionary=_text_columns(table.schema), **_WRITE)
    temporary.replace(folder / f"{name}.parquet")


def _text_columns(schema: pa.Schema) -> list[str]:
    return [name for name in _TEXT_COLUMNS if name in schema.names]
