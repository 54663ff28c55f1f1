"""Lines of flat JSON objects as an Arrow table, by Arrow's own reader: for files of a million rows.

It takes 4 us for a row of 11 values, outside of Python's lock, where parsing and gathering the columns in Python takes
10 within it. It says less, though: a key that is missing is null as null is, integers beyond 64 bits and those among
floats become floats, texts that look like dates become dates. `read_flat` gives what is certain to be what was logged,
and leaves the rest to the exact reader (`parquet`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from epochal.formats.wandb_rows import parse_line

BLOCK = 1 << 20
"""Bytes that are parsed at once; a line that is longer is left to the exact reader."""
EXACT = float(1 << 53)
KINDS = {"int64": "int64", "double": "double", "bool": "bool", "string": "string"}


def read_flat(lines: Sequence[bytes]) -> Any | None:
    """Return a `pyarrow.Table` of lines that all have the same keys and only plain values, None of any others.

    Its columns are int64, double, bool or string, without nulls, sorted by name; row i is line i.
    Raises ImportError without pyarrow.
    """
    import pyarrow as pa
    import pyarrow.json as json

    data = b"\n".join(lines)
    # What is nested is told by its brackets; those in a text only cost time.
    flat = data.count(b"{") == len(lines) and b"[" not in data
    if not flat or not all(lines) or max(map(len, lines), default=BLOCK) >= BLOCK // 2:
        return None
    reading = json.ReadOptions(use_threads=False, block_size=BLOCK)
    try:
        table = json.read_json(pa.BufferReader(data), read_options=reading)
        table.validate(full=True)
    except (pa.ArrowException, UnicodeError):
        return None
    if table.num_rows != len(lines):
        return None
    table = table.select(sorted(table.column_names))
    for field, column in zip(table.schema, table.columns, strict=True):
        if str(field.type) not in KINDS or column.null_count:
            return None
        if field.type == pa.float64():
            large = np.flatnonzero(np.abs(column.to_numpy()) >= EXACT)
            if not all(_is_float(lines[row], field.name) for row in large.tolist()):
                return None
    return table


def _is_float(line: bytes, key: str) -> bool:
    """Whether a line says a number as a float, not as an integer that became one."""
    try:
        return type(parse_line(line).get(key)) is float
    except ValueError:
        return False
