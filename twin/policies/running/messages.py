"""What a policy's own process and the loop say to each other: frames of bytes, each with its length before it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

_LENGTH_BYTES = 8
LONGEST = 1 << 30
"""Bytes of the longest frame that is taken."""


def write_frame(stream: IO[bytes], payload: bytes) -> None:
    """Write a frame."""
    stream.write(len(payload).to_bytes(_LENGTH_BYTES, "little") + payload)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """Return the next frame; None at the end of the stream, or where no whole frame comes."""
    length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
    if not 0 < length <= LONGEST:
        return None
    payload = stream.read(length)
    return payload if len(payload) == length else None


def packed(kind: str, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> bytes:
    """Return a message of plain values and arrays of numbers; nothing in it is executed when it is read."""
    arrays = arrays or {}
    about = {name: [values.dtype.str, list(values.shape)] for name, values in arrays.items()}
    head = json.dumps({"kind": kind, "facts": facts, "arrays": about}).encode() + b"\n"
    return head + b"".join(np.ascontiguousarray(values).tobytes() for values in arrays.values())


def unpacked(payload: bytes) -> tuple[str, dict[str, Any], dict[str, np.ndarray]]:
    """Return what `packed` was given.

    Raises
    ------
    ValueError
        If it is no such message.
    """
    head, _, rest = payload.partition(b"\n")
    arrays, begin = {}, 0
    try:
        told = json.loads(head)
        for name, (code, shape) in told["arrays"].items():
            kind, count = np.dtype(code), int(np.prod([int(length) for length in shape], dtype=object))
            if kind.kind not in "biuf" or count < 0:
                raise ValueError(f"array {name} of {code} {shape}")
            end = begin + count * kind.itemsize
            arrays[name] = np.frombuffer(rest[begin:end], kind).reshape(shape).copy()
            begin = end
        return str(told["kind"]), dict(told["facts"]), arrays
    except Exception as error:  # whatever a policy's process sends
        raise ValueError(f"{type(error).__name__}: {error}") from error
