"""Files of one member: parts (Arrow) and checkpoints while it runs, one Parquet file a table when it is done."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import feather

from twin.operation.outages.all_outages import WORST_KEPT

PARTS, CHECKPOINTS, STATES = "parts", "checkpoints", "states"
FINISHED_LIST = "tables.json"
"""Checksums of a finished member's tables, written last; taken away before a run is published."""
_TEXT_COLUMNS = ["unit", "element", "outage", "before_element", "before_outage", "kind", "area", "device", "failure",
                 "item", "payer", "receiver", "hottest_section", "zone", "order"]  # fmt: skip
_WRITE = {"compression": "zstd", "compression_level": 1, "write_statistics": False, "write_page_checksum": True}


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
    write_arrays(folder / CHECKPOINTS / f"{block:03d}.npz", arrays)


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays by name; the file is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        named: dict[str, Any] = dict(arrays)
        np.savez(file, allow_pickle=False, **named)
    temporary.replace(path)


def close_block(folder: Path, block: int) -> None:
    """List the files of a block with their checksums: from now on a run can go on after it."""
    files = [*sorted((folder / PARTS).glob(f"*/{block:03d}.arrow")), folder / CHECKPOINTS / f"{block:03d}.npz"]
    _write_list(folder, _block_list(folder, block), files)


def load_checkpoint(folder: Path, block: int) -> dict[str, np.ndarray]:
    """Return the state saved after `block`; nothing in it is executed."""
    with np.load(folder / CHECKPOINTS / f"{block:03d}.npz", allow_pickle=False) as file:
        return dict(file)


@dataclass(frozen=True)
class Kept:
    """What of a member's folder can be used again.

    Attributes
    ----------
    done : int
        Last block up to which every file is as it was written, -1 for none.
    is_finished : bool
        Whether the tables are complete and as they were written.
    damaged : tuple of str
        Files that are missing or have another content; what they belong to is made again.
    """

    done: int
    is_finished: bool
    damaged: tuple[str, ...] = ()


def kept(folder: Path) -> Kept:
    """Compare a member's folder with the checksums in its lists."""
    if (folder / FINISHED_LIST).exists():
        damaged = _damaged(folder, folder / FINISHED_LIST)
        return Kept(-1, not damaged, damaged)
    last = max((int(file.stem) for file in (folder / CHECKPOINTS).glob("*.json")), default=-1)
    for block in range(last + 1):
        damaged = _damaged(folder, _block_list(folder, block))
        if damaged:
            return Kept(block - 1, False, damaged)
    lost = (FINISHED_LIST,) if last < 0 and any(folder.glob("*.parquet")) else ()
    return Kept(last, False, lost)


def forget_states(folder: Path) -> None:
    """Remove states that a killed run has left for a judgement of its outages."""
    _remove(folder, STATES)


def forget_after(folder: Path, done: int) -> None:
    """Strike everything after a block from the lists, before it is made again."""
    (folder / FINISHED_LIST).unlink(missing_ok=True)
    for file in (folder / CHECKPOINTS).glob("*.json"):
        if int(file.stem) > done:
            file.unlink()


def blocks_done(folder: Path, blocks: int) -> int:
    """Return how many of some blocks are done, to show the progress; whether they are undamaged is not looked at.

    Whoever looks may look while the member's own process removes the folder.
    """
    if (folder / FINISHED_LIST).exists():
        return blocks
    try:
        return sum(path.suffix == ".json" for path in (folder / CHECKPOINTS).iterdir())
    except FileNotFoundError:
        return 0


def finish(folder: Path) -> None:
    """Join the parts into one file a table, a row group a block, and remove what only a running member needs."""
    joined = []
    for parts in sorted((folder / PARTS).iterdir()):
        temporary = folder / f"{parts.name}.tmp"
        files = sorted(parts.glob("*.arrow"))
        schema = _schema(files)
        with pq.ParquetWriter(temporary, schema, use_dictionary=_text_columns(schema), **_WRITE) as writer:
            for table in _worst_only(parts.name, (feather.read_table(file, memory_map=False) for file in files)):
                writer.write_table(table)
        joined.append(temporary.replace(folder / f"{parts.name}.parquet"))
    _write_list(folder, folder / FINISHED_LIST, joined)
    tidy(folder)


WORST_ONLY = {"outage_loadings": ("worst_percent", WORST_KEPT)}
"""Tables of which only the rows of some half-hours are kept: those with the largest values of a column."""


def _worst_only(name: str, parts: Iterable[pa.Table]) -> Iterable[pa.Table]:
    """Return the parts of a table, of all of them together only the half-hours to be kept."""
    if name not in WORST_ONLY:
        return parts
    column, most = WORST_ONLY[name]
    tables = list(parts)
    ranked = pa.concat_tables([table.select(["time", column]) for table in tables]).to_pandas().drop_duplicates("time")
    ranked = ranked.dropna(subset=[column])
    kept = pa.array(ranked.sort_values([column, "time"], ascending=[False, True])["time"][:most])
    return [table.filter(pc.is_in(table["time"], kept.cast(table["time"].type))) for table in tables]


def tidy(folder: Path) -> None:
    """Remove what only a running member needs."""
    _remove(folder, CHECKPOINTS, PARTS, STATES)


def _remove(folder: Path, *names: str) -> None:
    for name in names:
        if (folder / name).exists():
            shutil.rmtree(folder / name)


def write_table(folder: Path, name: str, table: pa.Table) -> None:
    """Write a table that is made after the run; it is there as a whole or not at all."""
    temporary = folder / f"{name}.tmp"
    pq.write_table(table, temporary, use_dictionary=_text_columns(table.schema), **_WRITE)
    temporary.replace(folder / f"{name}.parquet")


def _schema(files: list[Path]) -> pa.Schema:
    return feather.read_table(files[0], memory_map=True).schema


def _text_columns(schema: pa.Schema) -> list[str]:
    return [name for name in _TEXT_COLUMNS if name in schema.names]


def _block_list(folder: Path, block: int) -> Path:
    return folder / CHECKPOINTS / f"{block:03d}.json"


def _write_list(folder: Path, file: Path, listed: Iterable[Path]) -> None:
    sums = {path.relative_to(folder).as_posix(): _sha256(path) for path in listed}
    temporary = file.with_suffix(".tmp")
    temporary.write_text(json.dumps(sums, indent=1), encoding="utf-8")
    temporary.replace(file)


def _damaged(folder: Path, file: Path) -> tuple[str, ...]:
    """Return the files of a list that are not as they were written; the list itself where it cannot be read."""
    try:
        sums = json.loads(file.read_text(encoding="utf-8"))
        return tuple(name for name, expected in sums.items() if _sha256_or_none(folder / name) != expected)
    except (OSError, ValueError, AttributeError, RecursionError):
        return (file.relative_to(folder).as_posix(),)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sha256_or_none(path: Path) -> str | None:
    return _sha256(path) if path.is_file() else None
