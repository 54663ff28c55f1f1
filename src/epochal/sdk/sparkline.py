"""Sparklines of a run's history, from a few hundred rows picked over its journal; a large file is never read whole."""

from __future__ import annotations

import itertools
import json
import math
import os
import struct
from collections.abc import Sequence

from epochal.formats.journal import (
    HEAD,
    KIND_OF_LETTER,
    ROW,
    SCHEMA,
    Record,
    RowLayout,
    find_header,
    parse_segment_name,
    read_records,
)

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_BLOCKS = "_.-=+*#@"
PIECES = 96
PIECE_BYTES = 16 * 1024
HEAD_BYTES = 256 * 1024


def draw(values: Sequence[float], width: int, *, unicode: bool = True) -> str:
    """Return at most `width` block characters for `values`; a value that is not finite is a space."""
    blocks = BLOCKS if unicode else ASCII_BLOCKS
    if len(values) > width:
        edges = [len(values) * i // width for i in range(width + 1)]
        values = [_middle(values[a:b]) for a, b in itertools.pairwise(edges)]
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    # Halved, so that the span of two huge values is finite as well.
    span = high / 2 - low / 2
    if span <= 1e-12 * max(abs(low), abs(high)):
        span = 0.0  # what is left is the rounding of the means
    top = len(blocks) - 1
    return "".join(
        (blocks[round((value / 2 - low / 2) / span * top)] if span else blocks[top // 2])
        if math.isfinite(value)
        else " "
        for value in values
    )


def _middle(values: Sequence[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return math.fsum(value / len(finite) for value in finite) if finite else math.nan


def sample_history(run_directory: str, keys: Sequence[str], width: int) -> dict[str, list[float]]:
    """Return up to a few hundred values of each key, in log order, from the run's largest journal."""
    try:
        names = [name for name in os.listdir(run_directory) if parse_segment_name(name)]
    except OSError:
        return {}
    sizes: dict[str, int] = {}
    for name in names:
        writer = name.partition(".")[0]
        sizes[writer] = sizes.get(writer, 0) + _size(os.path.join(run_directory, name))
    if not sizes:
        return {}
    largest = max(sizes, key=lambda writer: sizes[writer])
    paths = [
        os.path.join(run_directory, name)
        for name in sorted(names)
        if name.partition(".")[0] == largest
    ]
    found: dict[str, list[float]] = {key: [] for key in keys}
    pieces = max(PIECES // len(paths), width // 2)
    for path in paths:
        try:
            _sample_file(path, found, pieces)
        except (OSError, ValueError, struct.error):
            continue
    return found


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _sample_file(path: str, found: dict[str, list[float]], pieces: int) -> None:
    size = _size(path)
    layouts: dict[int, tuple[list[str], RowLayout]] = {}
    with open(path, "rb") as file:
        if size <= pieces * PIECE_BYTES:
            _take(file.read(), layouts, found)
            return
        _take(file.read(HEAD_BYTES), layouts, {})
        for piece in range(pieces):
            file.seek((size - PIECE_BYTES) * piece // (pieces - 1))
            data = file.read(PIECE_BYTES)
            start = find_header(memoryview(data), 0)
            if start is not None:
                _take(data, layouts, found, start, most=8)


def _take(
    data: bytes,
    layouts: dict[int, tuple[list[str], RowLayout]],
    found: dict[str, list[float]],
    start: int = 0,
    most: int | None = None,
) -> None:
    """Add the values of the rows in `data`; of a piece, of each schema at most `most` rows."""
    taken: dict[int, int] = {}
    for record in read_records(data, start):
        if not isinstance(record, Record) or record.kind == HEAD:
            continue
        if record.kind == SCHEMA:
            (schema_id,) = struct.unpack_from("<H", record.payload)
            columns = json.loads(bytes(record.payload[2:]))
            letters = "".join(letter for _key, letter in columns)
            if all(letter in KIND_OF_LETTER for letter in letters):
                layouts[schema_id] = (
                    [key for key, _letter in columns],
                    RowLayout(schema_id, letters),
                )
        elif record.kind == ROW and found:
            (schema_id,) = struct.unpack_from("<H", record.payload)
            known = layouts.get(schema_id)
            count = taken.get(schema_id, 0)
            if known is None or (most is not None and count >= most):
                continue
            taken[schema_id] = count + 1
            names, layout = known
            _step, _time, values = layout.decode(record.payload)
            for name, value in zip(names, values, strict=True):
                if name in found and isinstance(value, (int, float)):
                    found[name].append(_as_float(value))


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
