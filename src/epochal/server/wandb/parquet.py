"""History as Parquet files that the client's own reader answers `scan_history` from.

What that reader (wandb 0.27 to 0.31: wandb-core's Arrow reader, written in Rust) does decides what may be in a file:

* every row comes back with every column of its file, a missing value as None: so all rows must have the same keys;
* the columns of a scan are chosen by their place among the leaves of the schema: so no column may have two leaves;
* a file is kept by the client under the run's path and the file's number and never asked for again: so a file that was
  once handed out never changes, and later rows are later files;
* ``_step`` must rise from row to row.

A history that does not fit is read by pages, which take any row.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.formats.wandb_rows import parse_lines
from epochal.server.wandb.arrow_lines import KINDS, read_flat

SLICE_ROWS = 65_536
"""Rows parsed, and written as one row group, at once: the reader's own batch."""
_INT64 = (-(1 << 63), (1 << 63) - 1)
_RANKS = {"null": 0, "int64": 1, "double": 2}

Schema = dict[str, str]
"""The type of each key: null, bool, int64, double, string, or list<...> of one of them."""


class Unfit(Exception):
    """The rows cannot be a file that gives back exactly what was logged."""


class _Wider(Exception):
    """A later row needs a wider type than the rows before it."""

    def __init__(self, schema: Schema) -> None:
        super().__init__()
        self.schema = schema


def write_parts(parts: Sequence[tuple[Path, Iterable[Sequence[bytes]]]]) -> None:
    """Write files of the lines of each part, all or none; a part's lines are asked for again when a type widens.

    parts: (path, lines in slices); the slices must be iterable more than once. All parts have the same keys, each its
    own types. Raises Unfit, and ImportError without pyarrow.
    """
    written: list[tuple[Path, Path]] = []
    keys: frozenset[str] | None = None
    step: int | None = None
    try:
        for path, slices in parts:
            scratch = _scratch(path)
            written.append((scratch, path))
            keys, step = _write_part(scratch, slices, keys, step)
        for scratch, path in written:
            os.replace(scratch, path)
    finally:
        for scratch, _path in written:
            scratch.unlink(missing_ok=True)


def _scratch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    os.close(handle)
    return Path(name)


def _write_part(
    path: Path, slices: Iterable[Sequence[bytes]], keys: frozenset[str] | None, step: int | None
) -> tuple[frozenset[str] | None, int | None]:
    schema: Schema = {}
    while True:
        try:
            return _write_file(path, slices, schema, keys, step)
        except _Wider as wider:
            schema = wider.schema


def _write_file(
    path: Path,
    slices: Iterable[Sequence[bytes]],
    schema: Schema,
    keys: frozenset[str] | None,
    step: int | None,
) -> tuple[frozenset[str] | None, int | None]:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    writer: Any = None
    try:
        for lines in slices:
            piece = _read(pa, lines)
            if keys is None:
                keys = frozenset(piece.kinds)
            if piece.kinds.keys() != keys:
                raise Unfit("rows have different keys")
            step = _check_steps(piece, step)
            if writer is None:
                schema = {
                    key: _wider(piece.kinds[key], schema.get(key, "null")) for key in piece.kinds
                }
                fields = [(key, _arrow_type(pa, kind)) for key, kind in schema.items()]
                texts: Any = [key for key, kind in schema.items() if "string" in kind]
                # Numbers that hardly repeat take a third of the time without a dictionary, and less room.
                writer = parquet.ParquetWriter(
                    path, pa.schema(fields), compression="zstd", use_dictionary=texts or False
                )
            else:
                wide = {key: _wider(piece.kinds[key], schema[key]) for key in piece.kinds}
                if wide != schema:
                    raise _Wider(wide)
            arrays = [piece.array(key, kind) for key, kind in schema.items()]
            writer.write_table(pa.table(arrays, schema=writer.schema), row_group_size=SLICE_ROWS)
    except (UnicodeEncodeError, pa.ArrowInvalid) as error:
        raise Unfit(str(error)) from None
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise Unfit("there are no rows")
    return keys, step


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows of one set of keys: the narrowest type of each key, sorted, and how a column is had in a type."""

    kinds: Schema
    steps: npt.NDArray[np.int64]
    array: Callable[[str, str], Any]


def _read(pa: Any, lines: Sequence[bytes]) -> _Piece:
    """Return the columns of lines. Raises Unfit."""
    table = read_flat(lines)
    if table is None:
        return _read_exactly(pa, lines)
    if "_step" not in table.column_names or table.schema.field("_step").type != pa.int64():
        raise Unfit("rows have no whole _step")
    kinds = {field.name: KINDS[str(field.type)] for field in table.schema}
    steps = table.column("_step").to_numpy()
    return _Piece(
        kinds, steps, lambda key, kind: table.column(key).cast(_arrow_type(pa, kind), safe=True)
    )


def _read_exactly(pa: Any, lines: Sequence[bytes]) -> _Piece:
    rows = [row for row in parse_lines(lines) if row is not None]
    if len(rows) < len(lines):
        raise Unfit("there are lines that cannot be read")
    names = sorted(rows[0]) if rows else []
    if any(len(row) != len(names) for row in rows):
        raise Unfit("rows have different keys")
    try:
        columns = {key: list(map(itemgetter(key), rows)) for key in names}
    except KeyError:
        raise Unfit("rows have different keys") from None
    steps = columns.get("_step", [])
    if not steps or set(map(type, steps)) != {int}:
        raise Unfit("rows have no whole _step")
    try:
        numbers = np.array(steps, dtype=np.int64)
    except OverflowError:
        raise Unfit("steps are beyond 64 bits") from None
    kinds = {key: _type_of(values) for key, values in columns.items()}
    return _Piece(kinds, numbers, lambda key, kind: _array(pa, columns[key], kind))


def _check_steps(piece: _Piece, last: int | None) -> int:
    steps = piece.steps
    if (steps[1:] <= steps[:-1]).any() or (last is not None and steps[0] <= last):
        raise Unfit("steps do not rise")
    return int(steps[-1])


# ------------------------------------------------------------------------------------------------- types


def _type_of(values: Sequence[Any]) -> str:
    """Return the narrowest type that gives back every one of `values`. Raises Unfit."""
    kinds = set(map(type, values))
    kinds.discard(type(None))
    if not kinds:
        return "null"
    if len(kinds) == 1:
        (kind,) = kinds
        if kind is bool:
            return "bool"
        if kind is str:
            return "string"
        if kind is float:
            return "double"
        if kind is list:
            return _type_of_lists(values)
    if kinds <= {int, float}:
        integers = [value for value in values if type(value) is int]
        if kinds == {int} and _INT64[0] <= min(integers) and max(integers) <= _INT64[1]:
            return "int64"
        # What was logged as 1.0 arrives as 1: a column of both is one of doubles, if that loses nothing.
        if all(_is_double(value) for value in integers):
            return "double"
    raise Unfit(f"values of {', '.join(sorted(kind.__name__ for kind in kinds))} in one column")


def _is_double(value: int) -> bool:
    try:
        return int(float(value)) == value
    except OverflowError:
        return False


def _type_of_lists(values: Sequence[list[Any] | None]) -> str:
    inner = "null"
    for value in values:
        if value is not None:
            inner = _wider(_type_of(value), inner)
    return f"list<{inner}>"


def _wider(one: str, other: str) -> str:
    """Return the type that holds both. Raises Unfit."""
    if one == other or other == "null":
        return one
    if one == "null":
        return other
    if one in _RANKS and other in _RANKS:
        # int64 and double: integers that no double holds would be changed.
        return "double"
    if one.startswith("list<") and other.startswith("list<"):
        return f"list<{_wider(one[5:-1], other[5:-1])}>"
    raise Unfit(f"values of {one} and {other} in one column")


def _arrow_type(pa: Any, kind: str) -> Any:
    if kind.startswith("list<"):
        return pa.list_(_arrow_type(pa, kind[5:-1]))
    # A column of nothing but None has some type: its values are None in any.
    names = {"null": "float64", "double": "float64", "bool": "bool_"}
    return getattr(pa, names.get(kind, kind))()


def _array(pa: Any, values: Sequence[Any], kind: str) -> Any:
    if "double" in kind and not set(map(type, values)) <= {float, type(None)}:
        values = [_doubles(value) for value in values]
    return pa.array(values, _arrow_type(pa, kind))


def _doubles(value: Any) -> Any:
    if type(value) is int:
        if not _is_double(value):
            raise Unfit(f"{value} is no double")
        return float(value)
    return [_doubles(item) for item in value] if type(value) is list else value
