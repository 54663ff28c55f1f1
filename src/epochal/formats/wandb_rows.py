"""Lines of the wandb client's history and events as the columns of a frame.

A line is one JSON object, whose keys come in any order: what the script logged, and ``_step`` (int), ``_timestamp``
(seconds since the epoch), ``_runtime`` (seconds since the start). It is JSON as Python writes it: NaN, Infinity and
-Infinity stand as literals, integers have any size; Go, which sends it, writes 1.0 as 1. Nested objects are columns
with dotted names, but for those with a ``_type``: they are media (`wandb_values`). Events are what the client measures
of the machine, as ``system.cpu`` and the like. (Recorded from wandb 0.31.0: tests/formats/wandb_rows.jsonl.)

Row i of a frame is line i, whatever the line holds; one that cannot be read is a row without values.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from epochal.formats.wandb_values import convert
from epochal.records import Column, Frame, Kind

Row = dict[str, Any]

_INT64 = (-(2**63), 2**63 - 1)
_EXACT = 2**53
"""Integers up to here are float64 without loss."""
_MAX_DEPTH = 64
_MAX_INTEGER_BITS = 14_000
"""Python refuses to print integers of more than 4300 digits, so that JSON cannot hold them."""
_OWN = frozenset(("_step", "_timestamp", "_runtime", "_wandb"))
_PLAIN = frozenset((float, int, bool, str, type(None)))
_decode_object = msgspec.json.Decoder(dict[str, Any]).decode


def parse_line(line: bytes) -> Row:
    """Return the object of a line. Raises ValueError for what is none.

    Strict JSON is read by msgspec; all else by Python's own parser, which takes NaN, Infinity and lone surrogates, and
    reads 1e400 as infinite.
    """
    try:
        return _decode_object(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        row = json.loads(line.decode("utf-8", "replace"), parse_int=_parse_integer)
    except RecursionError:
        raise ValueError("a line is nested too deeply") from None
    if not isinstance(row, dict):
        raise ValueError(f"a line is no JSON object but {type(row).__name__}")
    return row


def _parse_integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= 4000 else float(digits)


def parse_lines(lines: Sequence[bytes]) -> list[Row | None]:
    """Return the object of each line, None for one that cannot be read."""
    try:
        return list(map(_decode_object, lines))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [_parsed_or_none(line) for line in lines]


def _parsed_or_none(line: bytes) -> Row | None:
    try:
        return parse_line(line)
    except ValueError:
        return None


def rows_to_frame(
    lines: Sequence[bytes], first: int, *, events: bool = False, now: float | None = None
) -> Frame:
    """Return the columns of lines, the first of which is line `first` of its file.

    Numbers are by kind f64, i64 and bool; strings, lists, null, integers beyond 63 bits and media are objects. An
    integer in a column of floats becomes one of them where that loses nothing. `events` are numbered by their whole
    seconds since the start, and ``system.cpu`` is called ``system/cpu``.

    now: the time of rows before the first that says when it was logged (None: the clock's); later ones have the time
    of the row before, a row without a step that of its line.
    """
    return frame_of_rows(parse_lines(lines), first, events=events, now=now)


def frame_of_rows(
    rows: Sequence[Row | None], first: int, *, events: bool = False, now: float | None = None
) -> Frame:
    """Do the same as `rows_to_frame` with lines that are parsed already, None where one cannot be read."""
    flat = [_flat(row, events=events) for row in rows]
    steps = _steps(flat, "_runtime" if events else "_step", first)
    times = _times(flat, time.time() if now is None else now)
    columns: list[Column] = []
    for name, (places, values) in _gather(flat).items():
        where = np.array(places, dtype=np.int64)
        if len(where) > 1 and not (where[1:] > where[:-1]).all():
            order = np.argsort(where, kind="stable")
            where = where[order]
            values = [values[i] for i in order.tolist()]
        columns += _typed(name, where, values, len(flat))
    return Frame(_frozen(steps), _frozen(times), tuple(columns))


# ------------------------------------------------------------------------------------------------ keys


def _flat(row: Row | None, *, events: bool) -> Row:
    """Return a row with nested objects as dotted keys and media as our values: the row itself where it has none."""
    if row is None:
        return {}
    if not events and dict not in set(map(type, row.values())):
        return row
    flat: Row = {}
    _flatten(row, "", 0, flat)
    if events:
        flat = {_event_key(key): value for key, value in flat.items()}
    return flat


def _flatten(row: Row, prefix: str, depth: int, flat: Row) -> None:
    for key, value in row.items():
        name = prefix + key
        if type(value) is not dict:
            flat[name] = value
        elif "_type" in value:
            flat[name] = convert(value)
        elif depth < _MAX_DEPTH and (depth or name not in _OWN):
            _flatten(value, f"{name}.", depth + 1, flat)


def _event_key(key: str) -> str:
    return "system/" + key[7:] if key.startswith("system.") else key


def _gather(rows: Sequence[Row]) -> dict[str, tuple[list[int], list[Any]]]:
    """Return the rows and values of each key. Rows with the same keys are taken together, column by column, in C."""
    groups: dict[frozenset[str], list[int]] = {}
    for i, row in enumerate(rows):
        groups.setdefault(frozenset(row), []).append(i)
    found: dict[str, tuple[list[int], list[Any]]] = {}
    for keys, places in groups.items():
        members = [rows[i] for i in places] if len(groups) > 1 else rows
        # In the order of the first row: which, of keys in a set, would differ from process to process.
        for key in members[0]:
            if key in _OWN or key not in keys:
                continue
            column = found.get(key)
            if column is None:
                found[key] = (list(places), list(map(itemgetter(key), members)))
            else:
                column[0].extend(places)
                column[1].extend(map(itemgetter(key), members))
    return found


# ------------------------------------------------------------------------------------------------ values


def _typed(name: str, rows: npt.NDArray[np.int64], values: list[Any], n: int) -> list[Column]:
    """Return a column for each kind that the values have."""
    types = set(map(type, values))
    if len(types) == 1:
        (only,) = types
        if only is float:
            return [_column(name, "f64", np.array(values, dtype=np.float64), rows, n)]
        if only is bool:
            return [_column(name, "bool", np.array(values, dtype=np.bool_), rows, n)]
        if only is int and (integers := _integers(values)) is not None:
            return [_column(name, "i64", integers, rows, n)]
        if only is str:
            return [_column(name, "object", values, rows, n)]
    places: dict[Kind, list[int]] = {}
    has_floats = float in types
    for i, value in enumerate(values):
        kind = _kind(value, has_floats=has_floats)
        if kind is not None:
            places.setdefault(kind, []).append(i)
    columns: list[Column] = []
    for kind, chosen in places.items():
        some = values if len(chosen) == len(values) else [values[i] for i in chosen]
        array = some if kind == "object" else np.array(some, dtype=_DTYPES[kind])
        columns.append(_column(name, kind, array, rows[np.array(chosen, dtype=np.intp)], n))
    return columns


_DTYPES = {"f64": np.float64, "i64": np.int64, "bool": np.bool_}


def _integers(values: list[Any]) -> npt.NDArray[np.int64] | None:
    try:
        return np.array(values, dtype=np.int64)
    except OverflowError:
        return None


def _kind(value: Any, *, has_floats: bool) -> Kind | None:
    """Return the kind of a value, None for one that cannot be kept as a column."""
    kind = type(value)
    if kind is float:
        return "f64"
    if kind is bool:
        return "bool"
    if kind is int:
        if has_floats and -_EXACT <= value <= _EXACT:
            return "f64"
        if _INT64[0] <= value <= _INT64[1]:
            return "i64"
        return "object" if value.bit_length() <= _MAX_INTEGER_BITS else None
    if kind in _PLAIN or _is_writable(value):
        return "object"
    return None


def _is_writable(value: Any) -> bool:
    """Whether a list or media value can be written as JSON again: not too deep, no integer too long."""
    level: list[Any] = [value]
    for _ in range(_MAX_DEPTH):
        below: list[Any] = []
        for one in level:
            if isinstance(one, list):
                below += one
            elif isinstance(one, dict):
                below += one.values()
            elif type(one) is int and one.bit_length() > _MAX_INTEGER_BITS:
                return False
        if not below:
            return True
        level = below
    return False


def _column(name: str, kind: Kind, values: Any, rows: npt.NDArray[np.int64], n: int) -> Column:
    if not isinstance(values, list):
        _frozen(values)
    return Column(name, kind, values, None if len(rows) == n else _frozen(rows))


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array


# ------------------------------------------------------------------------------------------------ steps and times


def _steps(
    rows: Sequence[Row], key: Literal["_step", "_runtime"], first: int
) -> npt.NDArray[np.int64]:
    """Return the step of each row: `key` as an integer, else the row's number."""
    values = [row.get(key) for row in rows]
    if set(map(type, values)) == {int} and (whole := _integers(values)) is not None:
        return whole
    steps = np.empty(len(rows), dtype=np.int64)
    for i, value in enumerate(values):
        fits = type(value) in (int, float) and _INT64[0] <= value < _INT64[1]  # type: ignore[operator]
        steps[i] = int(value) if fits else first + i  # type: ignore[arg-type]
    return steps


def _times(rows: Sequence[Row], now: float) -> npt.NDArray[np.float64]:
    """Return the time of each row, in seconds since the epoch; one that says none has that of the row before."""
    values = [row.get("_timestamp") for row in rows]
    if set(map(type, values)) == {float}:
        times = np.array(values, dtype=np.float64)
        if np.isfinite(times).all():
            return times
    times = np.empty(len(rows), dtype=np.float64)
    last = now
    for i, value in enumerate(values):
        if type(value) in (int, float) and abs(value) < 1e12:  # type: ignore[arg-type]
            last = float(value)  # type: ignore[arg-type]
        times[i] = last
    return times
