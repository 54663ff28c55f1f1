"""The run list as one table, for other programs: CSV and Parquet."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from epochal.records import RunInfo
from epochal.server.answers import PackageMissing, plain
from epochal.server.csv_text import cell, encode, line

FIELDS = (
    "uid",
    "id",
    "name",
    "state",
    "group",
    "job_type",
    "tags",
    "notes",
    "created",
    "updated",
    "finished",
    "duration",
    "rows",
    "last_step",
    "host",
    "archived",
)
"""What every run has, before the columns asked for; times are seconds since the epoch."""
SLICE_RUNS = 1000
"""Runs read and sent at once."""
PARQUET = "application/vnd.apache.parquet"


def table_columns(asked: Sequence[str]) -> list[str]:
    """Return the columns after the fields, each once."""
    return [name for name in dict.fromkeys(asked) if name not in FIELDS]


def header_line(columns: Sequence[str]) -> bytes:
    """Return the names of the columns as CSV."""
    return encode(line(cell(name) for name in (*FIELDS, *columns)))


def run_lines(runs: Iterable[RunInfo], columns: Sequence[str]) -> bytes:
    """Return runs as lines of CSV."""
    return encode("".join(line(map(cell, run_values(run, columns))) for run in runs))


def run_values(run: RunInfo, columns: Sequence[str]) -> Iterator[Any]:
    """Yield a run's fields and columns, None for what it does not have."""
    for name in FIELDS:
        value = getattr(run, name)
        yield list(value) or None if name == "tags" else value
    for name in columns:
        yield run.columns.get(name)


# ------------------------------------------------------------------------------------------------- Parquet


def load_pyarrow() -> tuple[Any, Any]:
    """Return pyarrow and its Parquet part. Raises PackageMissing."""
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError:
        message = "Parquet needs the package pyarrow where the server runs: pip install 'epochal[parquet]'"
        raise PackageMissing(message) from None
    return pyarrow, parquet


def write_parquet(slices: Iterable[Sequence[RunInfo]], columns: Sequence[str]) -> bytes:
    """Return runs as a Parquet file, each column in the one type that all its values have.

    Numbers of which some are no integers of 64 bits are doubles; texts beside other values are all JSON.
    """
    pa, parquet = load_pyarrow()
    names = [*FIELDS, *columns]
    values: list[list[Any]] = [[] for _ in names]
    for runs in slices:
        for run in runs:
            for into, value in zip(values, run_values(run, columns), strict=True):
                into.append(value)
    arrays = [
        pa.array(found, pa.list_(pa.string())) if name == "tags" else typed_array(pa, found)
        for name, found in zip(names, values, strict=True)
    ]
    buffer = io.BytesIO()
    written: list[str] = [name.encode("utf-8", "replace").decode() for name in names]
    parquet.write_table(pa.table(arrays, names=written), buffer, compression="zstd")
    return buffer.getvalue()


def typed_array(pa: Any, values: Sequence[Any]) -> Any:
    """Return values, None for a missing one, as an array of the narrowest type that keeps all of them."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {int} and all(v is None or -(1 << 63) <= v < 1 << 63 for v in values):
        return pa.array(values, pa.int64())
    if kinds and kinds <= {int, float}:
        return pa.array([None if v is None else _double(v) for v in values], pa.float64())
    if kinds <= {str}:
        texts = [None if v is None else _utf8(v) for v in values]
    else:
        texts = [
            None if v is None else _utf8(json.dumps(plain(v), ensure_ascii=False)) for v in values
        ]
    return pa.array(texts, pa.string())


def _double(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _utf8(text: str) -> str:
    """Return text without halves of surrogate pairs, which no file can hold."""
    return text.encode("utf-8", "replace").decode()
