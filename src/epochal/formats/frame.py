"""Journal bytes to columns, and columns to the bytes of a tail row.

`decode_journal` reads what `journal.read_records` reads, only faster: rows of one schema without j
values all have the same size and the same first 14 bytes, so that whole stretches are found by one
comparison and viewed as a structured array. What is not such a row is taken from the plain reader,
record by record. A FRAME record holds many rows as columns, in the tail layout below, its values raw; the series ids
are indexes into the record's list of keys, the rows are consecutive.

Tail layout (little-endian)::

    frame      version u8 | zero u8, u16 | rows n u32 | columns k u32 | first row i64 | crc32 of the rest u32
               directory: k + 3 entries of 24 bytes; the first three are rows, steps and times
               the arrays, in the order of the directory
    entry      series id i64 | values u32 | value bytes u32 | presence bytes u32 | kind u8 | codec u8 | zero u16
    array      presence (nothing when all rows have a value, else the rows' positions: u32, or the i64 codec of
               `block.py`), then values: raw, or a codec of `block.py`
"""

from __future__ import annotations

import functools
import itertools
import json
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.errors import CorruptBlock
from epochal.formats import block
from epochal.formats.journal import (
    BLOB,
    CRC,
    EXIT,
    FRAME,
    HEAD,
    KIND_OF_LETTER,
    LETTER_OF_KIND,
    LINES,
    MAX_PAYLOAD,
    PATCH,
    PREFIX_SIZE,
    ROW,
    ROW_HEAD,
    SCHEMA,
    BlobPiece,
    Damage,
    LinesRecord,
    Record,
    RowLayout,
    decode_blob_piece,
    decode_lines_record,
    dump_json,
    encode_record,
    read_records,
)
from epochal.records import Column, Frame, Kind

_CONSTANT = PREFIX_SIZE + 2
"""Bytes at the start of a row that are the same for all rows of a schema without j values: prefix and schema id."""
_STEP, _TIME, _VALUES = PREFIX_SIZE + 2, PREFIX_SIZE + 10, PREFIX_SIZE + ROW_HEAD.size
_FORMATS = {"d": "<f8", "q": "<i8", "?": "u1", "j": "<u4"}
_SHORT_STRETCH = 8
"""Rows of one schema in a row below which a numpy comparison costs more than it saves."""


@dataclass(frozen=True, slots=True)
class JournalChunk:
    """What a piece of a journal says.

    patches, in order, head (the first) and exit (the last) are parsed JSON objects; damage offsets
    are relative to the data given; `schemas` is the updated copy; `end` is the number of bytes
    consumed; blobs are the pieces of blobs, in order, and lines the records of lines.
    """

    frame: Frame
    patches: list[dict[str, Any]]
    head: dict[str, Any] | None
    exit: dict[str, Any] | None
    damage: list[Damage]
    schemas: dict[int, list[list[str]]]
    end: int
    blobs: list[BlobPiece] = field(default_factory=list)
    lines: list[LinesRecord] = field(default_factory=list)


@functools.lru_cache(maxsize=256)  # 0.1 ms for 50 keys, as much as decoding 20 rows of them
def _row_dtype(letters: str) -> np.dtype[Any]:
    """Return the type of rows with these kind letters: the record, or with j values its fixed part."""
    formats = [_FORMATS[letter] for letter in letters]
    sizes = [np.dtype(kind).itemsize for kind in formats]
    offsets = list(itertools.accumulate(sizes, initial=_VALUES))
    end = offsets.pop()
    checked = "j" not in letters
    return np.dtype(
        {
            "names": ["step", "time", *map(str, range(len(formats))), *["crc"] * checked],
            "formats": ["<i8", "<f8", *formats, *["<u4"] * checked],
            "offsets": [_STEP, _TIME, *offsets, *[end] * checked],
            "itemsize": end + CRC.size * checked,
        }
    )


class _Group:
    """The rows of one schema: where they begin in the data, and their position among all rows of the chunk."""

    def __init__(self, layout: RowLayout, columns: list[list[str]]) -> None:
        self.layout = layout
        self.columns = columns
        self.starts: list[npt.NDArray[np.int64]] = []
        self.orders: list[npt.NDArray[np.int64]] = []
        self.single_starts: list[int] = []
        self.single_orders: list[int] = []
        self.objects: list[list[Any]] = []
        self.constant = layout.prefix + struct.pack("<H", layout.schema_id)
        self.dtype = _row_dtype(layout.letters)
        self.width = self.dtype.itemsize

    def add_stretch(self, start: int, order: int, count: int) -> None:
        """Note `count` rows that follow each other without a gap."""
        self._flush()
        self.starts.append(np.arange(start, start + count * self.width, self.width, dtype=np.int64))
        self.orders.append(np.arange(order, order + count, dtype=np.int64))

    def _flush(self) -> None:
        if self.single_starts:
            self.starts.append(np.array(self.single_starts, dtype=np.int64))
            self.orders.append(np.array(self.single_orders, dtype=np.int64))
            self.single_starts, self.single_orders = [], []

    def collect(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the starts and orders of all rows, ascending."""
        self._flush()
        if not self.starts:
            empty = np.empty(0, dtype=np.int64)
            return empty, empty
        if len(self.starts) == 1:
            return self.starts[0], self.orders[0]
        return np.concatenate(self.starts), np.concatenate(self.orders)

    def view(self, raw: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Return the rows at `starts` as a structured array: a view when they follow each other, else a copy."""
        n = len(starts)
        if n and int(starts[-1]) - int(starts[0]) == (n - 1) * self.width:
            first = int(starts[0])
            return raw[first : first + n * self.width].view(self.dtype)
        gathered = np.lib.stride_tricks.sliding_window_view(raw, self.width)[starts]
        return gathered.reshape(-1).view(self.dtype)


class _Decoder:
    """The state of one `decode_journal` call."""

    def __init__(self, data: bytes, schemas: Mapping[int, Sequence[Sequence[str]]]) -> None:
        self.data = data
        self.raw = np.frombuffer(data, dtype=np.uint8)
        self.view = memoryview(data)
        self.schemas: dict[int, list[list[str]]] = {}
        self.by_id: dict[int, _Group] = {}
        self.by_constant: dict[bytes, _Group] = {}
        self.groups: list[_Group] = []
        self.rows = 0
        self.patches: list[dict[str, Any]] = []
        self.head: dict[str, Any] | None = None
        self.exit: dict[str, Any] | None = None
        self.damage: list[Damage] = []
        self.blobs: list[BlobPiece] = []
        self.lines: list[LinesRecord] = []
        self.frames: list[tuple[int, Frame]] = []  # with the position of the first row among all
        for schema_id, columns in schemas.items():
            self.set_schema(int(schema_id), columns)

    def set_schema(self, schema_id: int, columns: Any) -> None:
        """Give `schema_id` its columns; ValueError when they are no list of distinct [key, kind letter]."""
        checked = [[str(key), str(letter)] for key, letter in columns]
        if self.schemas.get(schema_id) == checked:
            return
        if not all(letter in KIND_OF_LETTER for _, letter in checked):
            message = f"schema {schema_id} has a kind letter other than d, q, ? and j"
            raise ValueError(message)
        if len({(key, letter) for key, letter in checked}) < len(checked):
            message = f"schema {schema_id} names a key twice"
            raise ValueError(message)
        group = _Group(RowLayout(schema_id, "".join(letter for _, letter in checked)), checked)
        former = self.by_id.get(schema_id)
        if former is not None:
            self.by_constant.pop(former.constant, None)
        self.schemas[schema_id] = checked
        self.by_id[schema_id] = group
        self.groups.append(group)
        if not group.layout.objects:
            self.by_constant[group.constant] = group

    def walk(self, *, final: bool) -> int:
        """Read all records; returns the number of bytes consumed."""
        data, size, by_constant = self.data, len(self.data), self.by_constant
        position, last, repeated = 0, None, 0
        while position < size:
            group = by_constant.get(data[position : position + _CONSTANT])
            if group is None or position + group.width > size:
                item = next(read_records(self.view, position, final=final), None)
                if item is None:
                    break
                self._take(item)
                position = item.end
                last = None
                continue
            if group is last:
                repeated += 1
                if repeated >= _SHORT_STRETCH:
                    count = self._stretch(group, position)
                    group.add_stretch(position, self.rows, count)
                    self.rows += count
                    position += count * group.width
                    last = None
                    continue
            else:
                last, repeated = group, 0
            group.single_starts.append(position)
            group.single_orders.append(self.rows)
            self.rows += 1
            position += group.width
        return position

    def _stretch(self, group: _Group, position: int) -> int:
        """Return how many rows of `group` follow each other from `position` on (at least one, which is known)."""
        width = group.width
        room = (len(self.data) - position) // width
        constant = np.frombuffer(group.constant, dtype=np.uint8)
        found, ask = 1, 64
        while found < room:
            count = min(ask, room - found)
            start = position + found * width
            table = self.raw[start : start + count * width].reshape(count, width)
            differs = (table[:, :_CONSTANT] != constant).any(axis=1)
            first = int(differs.argmax())
            if differs[first]:
                return found + first
            found += count
            ask *= 4
        return found

    def _take(self, item: Record | Damage) -> None:
        if isinstance(item, Damage):
            self.damage.append(item)
            return
        try:
            self._take_record(item)
        except (ValueError, TypeError, struct.error, RecursionError, CorruptBlock) as error:
            self.damage.append(Damage(item.start, item.end, str(error) or type(error).__name__))

    def _take_record(self, record: Record) -> None:
        if record.kind == ROW:
            self._take_row(record)
            return
        if record.kind == BLOB:
            self.blobs.append(decode_blob_piece(record.payload))
            return
        if record.kind == FRAME:
            frame = decode_frame_payload(record.payload)
            if len(frame):
                self.frames.append((self.rows, frame))
                self.rows += len(frame)
            return
        if record.kind == LINES:
            self.lines.append(decode_lines_record(record.payload))
            return
        payload = bytes(record.payload)
        if record.kind == SCHEMA:
            (schema_id,) = struct.unpack_from("<H", payload)
            self.set_schema(schema_id, json.loads(payload[2:]))
            return
        if record.kind not in (HEAD, PATCH, EXIT):
            message = f"a record of unknown type {record.kind}"
            raise ValueError(message)
        value = json.loads(payload)
        if not isinstance(value, dict):
            message = f"a record of type {record.kind} holds no JSON object"
            raise ValueError(message)
        if record.kind == HEAD:
            self.head = value if self.head is None else self.head
        elif record.kind == EXIT:
            self.exit = value
        else:
            self.patches.append(value)

    def _take_row(self, record: Record) -> None:
        (schema_id,) = struct.unpack_from("<H", record.payload)
        group = self.by_id.get(schema_id)
        if group is None:
            message = f"a row of the unknown schema {schema_id}"
            raise ValueError(message)
        _step, _time, values = group.layout.decode(record.payload)  # checks the length
        if not group.layout.objects:
            # Its prefix differs from what we write, so that it is not at home in the group's array.
            # No writer of ours does that.
            message = f"a row of schema {schema_id} with a foreign prefix"
            raise ValueError(message)
        group.objects.append([values[i] for i in group.layout.objects])
        group.single_starts.append(record.start)
        group.single_orders.append(self.rows)
        self.rows += 1

    def frame(self) -> Frame:
        """Check the rows' checksums and return the intact ones as columns."""
        if self.frames and sum(len(frame) for _, frame in self.frames) == self.rows:
            return _concatenate([frame for _, frame in self.frames])
        good = np.ones(self.rows, dtype=bool)
        parts: list[tuple[_Group, npt.NDArray[np.int64], npt.NDArray[Any]]] = []
        for group in self.groups:
            starts, orders = group.collect()
            if not len(starts):
                continue
            table = group.view(self.raw, starts)
            if not group.layout.objects:
                intact = self._check(group, starts, table)
                if intact is not None:
                    good[orders[~intact]] = False
                    orders, table = orders[intact], table[intact]
            parts.append((group, orders, table))
        n = int(good.sum())
        if n < self.rows:
            place = np.cumsum(good) - 1
            parts = [(group, place[orders], table) for group, orders, table in parts]
            frames = [(int(place[order]), frame) for order, frame in self.frames]
        else:
            frames = self.frames
        return _assemble(n, parts, frames)

    def _check(
        self, group: _Group, starts: npt.NDArray[np.int64], table: npt.NDArray[Any]
    ) -> npt.NDArray[np.bool_] | None:
        """Return which rows' CRC holds, None when all do; the others are noted as damage."""
        crc32, view, size = zlib.crc32, self.view, group.layout.fixed.size
        sums = np.array([crc32(view[start : start + size]) for start in starts.tolist()], np.uint32)
        intact = sums == table["crc"]
        if intact.all():
            return None
        for start in starts[~intact].tolist():
            self.damage.append(Damage(start, start + group.width, "payload checksum"))
        self.damage.sort(key=lambda damage: damage.start)
        return intact


def _assemble(
    n: int,
    parts: list[tuple[_Group, npt.NDArray[np.int64], npt.NDArray[Any]]],
    frames: list[tuple[int, Frame]],
) -> Frame:
    """Return the frame of n rows from (group, row of each of its records ascending, structured array) and frames.

    frames: whole frames with the row at which each begins.
    """
    steps = np.empty(n, dtype=np.int64)
    times = np.empty(n, dtype=np.float64)
    pieces: dict[tuple[str, str], list[tuple[npt.NDArray[np.int64], Any]]] = {}
    for group, rows, table in parts:
        steps[rows] = table["step"]
        times[rows] = table["time"]
        objects = iter(group.layout.objects)
        nth = {column: i for i, column in enumerate(objects)}
        for i, (key, letter) in enumerate(group.columns):
            if letter == "j":
                values: Any = [row[nth[i]] for row in group.objects]
            elif letter == "?":
                values = table[str(i)] != 0
            else:
                values = np.ascontiguousarray(table[str(i)])
            pieces.setdefault((key, KIND_OF_LETTER[letter]), []).append((rows, values))
    for start, frame in frames:
        steps[start : start + len(frame)] = frame.steps
        times[start : start + len(frame)] = frame.times
    _gather_pieces(frames, pieces)
    columns = tuple(_merge(name, kind, n, found) for (name, kind), found in pieces.items())
    for array in (steps, times):
        array.flags.writeable = False
    return Frame(steps, times, columns)


def _gather_pieces(
    frames: Iterable[tuple[int, Frame]],
    pieces: dict[tuple[str, str], list[tuple[npt.NDArray[np.int64], Any]]],
) -> None:
    """Add the columns of frames that begin at these rows to the pieces by (name, kind)."""
    for start, frame in frames:
        for column in frame.columns:
            own = column.rows
            rows = np.arange(start, start + len(frame)) if own is None else own + start
            pieces.setdefault((column.name, column.kind), []).append((rows, column.values))


def _concatenate(frames: list[Frame]) -> Frame:
    """Return frames that follow each other as one."""
    if len(frames) == 1:
        return frames[0]
    pieces: dict[tuple[str, str], list[tuple[npt.NDArray[np.int64], Any]]] = {}
    starts = list(itertools.accumulate((len(frame) for frame in frames), initial=0))
    n = starts.pop()
    _gather_pieces(zip(starts, frames, strict=True), pieces)
    columns = tuple(_join(name, kind, n, found) for (name, kind), found in pieces.items())
    steps = _frozen(np.concatenate([frame.steps for frame in frames]))
    times = _frozen(np.concatenate([frame.times for frame in frames]))
    return Frame(steps, times, columns)


def _join(name: str, kind: Any, n: int, found: list[tuple[npt.NDArray[np.int64], Any]]) -> Column:
    """Return one column from pieces whose rows ascend from one to the next."""
    rows = np.concatenate([rows for rows, _ in found])
    if kind == "object":
        values: Any = [value for _, piece in found for value in piece]
    else:
        values = _frozen(np.concatenate([piece for _, piece in found]))
    return Column(name, kind, values, None if len(rows) == n else _frozen(rows))


def _merge(name: str, kind: Any, n: int, found: list[tuple[npt.NDArray[np.int64], Any]]) -> Column:
    """Return one column from its pieces in several schemas, in the order of the rows."""
    if len(found) == 1:
        rows, values = found[0]
    else:
        unsorted = np.concatenate([rows for rows, _ in found])
        order = np.argsort(unsorted, kind="stable")
        rows = unsorted[order]
        if kind == "object":
            flat = [value for _, piece in found for value in piece]
            values = [flat[i] for i in order.tolist()]
        else:
            values = np.concatenate([piece for _, piece in found])[order]
    if not isinstance(values, list):
        values.flags.writeable = False
    return Column(name, kind, values, None if len(rows) == n else rows)


def decode_journal(
    data: bytes, schemas: Mapping[int, Sequence[Sequence[str]]], *, final: bool = False
) -> JournalChunk:
    """Return what `data`, journal bytes that begin at a record boundary, say.

    schemas: those known from earlier bytes of the stream, {id: [[key, kind letter], ...]}; not
    changed. Rows of all schemas make up one frame in stream order. Nothing in `data` makes this
    raise: what cannot be read is in `damage`, as `read_records` finds it, together with rows of an
    unknown schema and JSON that cannot be parsed. With `final`, an incomplete last record is
    damage; without, it is not consumed.
    """
    decoder = _Decoder(data, schemas)
    end = decoder.walk(final=final)
    frame = decoder.frame()
    return JournalChunk(
        frame,
        decoder.patches,
        decoder.head,
        decoder.exit,
        decoder.damage,
        decoder.schemas,
        end,
        decoder.blobs,
        decoder.lines,
    )


# ------------------------------------------------------------------------------------------------
# tail rows

VERSION = 1
_HEADER = struct.Struct("<BBHIIqI")
_ENTRY = struct.Struct("<qIIIBBH")  # series, values, value bytes, presence bytes, kind, codec, zero
_RAW, _CODED = 0, 1
_KINDS: tuple[Kind, ...] = ("f64", "i64", "bool", "object")
_DTYPES = {"f64": "<f8", "i64": "<i8", "bool": "|u1"}


@dataclass(frozen=True, slots=True)
class TailColumn:
    """The values of one series in a tail frame.

    values: float64[m], int64[m], bool[m] or a list of m JSON values; positions: int64[m] indexes
    into the frame's rows, None when every row has a value.
    """

    series: int
    kind: Kind
    values: npt.NDArray[Any] | list[Any]
    positions: npt.NDArray[np.int64] | None


class TailFrame:
    """A decoded tail row: rows, steps and times of its rows, and its columns by series id, each decoded when asked for.

    rows: int64[n] absolute row numbers of the writer, ascending; steps: int64[n]; times:
    float64[n]. Arrays are read-only.
    """

    __slots__ = ("_columns", "_data", "_directory", "_offsets", "rows", "size", "steps", "times")

    def __init__(self, data: bytes) -> None:
        try:
            version, _flags, _zero, n, k, row0, crc = _HEADER.unpack_from(data)
        except struct.error:
            message = f"expected a tail frame, got {len(data)} bytes"
            raise CorruptBlock(message) from None
        if version != VERSION:
            message = f"a tail frame of version {version}; this epochal reads version {VERSION}"
            raise CorruptBlock(message)
        start = _HEADER.size + (k + 3) * _ENTRY.size
        if _checksum(data[: _HEADER.size - CRC.size], data[_HEADER.size :]) != crc or start > len(
            data
        ):
            message = f"the checksum of a tail frame of {len(data)} bytes is wrong"
            raise CorruptBlock(message)
        directory = list(_ENTRY.iter_unpack(memoryview(data)[_HEADER.size : start]))
        self._data = data
        self._directory = directory
        self._offsets = list(
            itertools.accumulate((entry[2] + entry[3] for entry in directory), initial=start)
        )
        if self._offsets[-1] != len(data):
            message = f"the arrays of a tail frame end at {self._offsets[-1]}, not at {len(data)}"
            raise CorruptBlock(message)
        self._columns = {entry[0]: i for i, entry in enumerate(directory) if i >= 3}
        self.size = len(data)
        rows = self._values(0) if directory[0][1] else None
        self.rows = _frozen(np.arange(row0, row0 + n, dtype=np.int64)) if rows is None else rows
        self.steps: npt.NDArray[np.int64] = self._values(1)
        self.times: npt.NDArray[np.float64] = self._values(2)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.steps)

    @property
    def series(self) -> Iterable[int]:
        """The ids of the series that have values here, in the order written."""
        return self._columns.keys()

    def counts(self) -> Iterable[tuple[int, int]]:
        """Yield each series that has values here, and how many."""
        return ((entry[0], entry[1]) for entry in self._directory[3:])

    def has(self, series: int) -> bool:
        """Whether a series has values here."""
        return series in self._columns

    def column(self, series: int) -> TailColumn | None:
        """Return the values of a series, None when it has none here."""
        index = self._columns.get(series)
        if index is None:
            return None
        kind = _KINDS[self._directory[index][4]]
        return TailColumn(series, kind, self._values(index), self._positions(index))

    def columns(self) -> list[TailColumn]:
        """Return all columns."""
        return [column for series in self._columns if (column := self.column(series)) is not None]

    def _positions(self, index: int) -> npt.NDArray[np.int64] | None:
        _series, count, _value_bytes, size, _kind, codec, _zero = self._directory[index]
        if not size:
            return None
        start = self._offsets[index]
        if codec == _RAW:
            raw = np.frombuffer(self._data, dtype="<u4", count=count, offset=start)
            return _frozen(raw.astype(np.int64))
        return block.decode_values("i64", self._data[start : start + size], count)

    def _values(self, index: int) -> Any:
        _series, count, size, presence_bytes, kind_code, codec, _zero = self._directory[index]
        start, kind = self._offsets[index] + presence_bytes, _KINDS[kind_code]
        if codec == _CODED:
            return block.decode_values(kind, self._data[start : start + size], count)
        if kind == "object":
            return json.loads(self._data[start : start + size])
        array = np.frombuffer(self._data, dtype=_DTYPES[kind], count=count, offset=start)
        return array.view(np.bool_) if kind == "bool" else array


def encode_frame(frame: Frame, series_ids: Mapping[tuple[str, str], int], row0: int) -> bytes:
    """Return the tail bytes of a frame whose first row is row `row0` of its writer.

    series_ids: series id of each (name, kind) in the frame. Raises KeyError for a column without an
    id.
    """
    columns = [
        TailColumn(series_ids[column.name, column.kind], column.kind, column.values, column.rows)
        for column in frame.columns
    ]
    return encode_tail(row0, frame.steps, frame.times, columns)


def encode_tail(
    row0: int,
    steps: npt.NDArray[np.int64],
    times: npt.NDArray[np.float64],
    columns: Sequence[TailColumn],
    *,
    rows: npt.NDArray[np.int64] | None = None,
    compress: bool = False,
) -> bytes:
    """Return the bytes of a tail row.

    rows: int64[n] absolute rows when they are not `row0` and the following. `compress` is for
    frames that will stay: it is ten times slower and needs a third of the space.
    """
    axes = [
        TailColumn(0, "i64", np.empty(0, np.int64) if rows is None else rows, None),
        TailColumn(0, "i64", steps, None),
        TailColumn(0, "f64", times, None),
    ]
    parts: list[bytes] = []
    directory: list[bytes] = []
    codec = _CODED if compress else _RAW
    for column in [*axes, *columns]:
        presence = b""
        if column.positions is not None:
            if compress:
                presence = block.encode_values("i64", column.positions)
            else:
                presence = column.positions.astype("<u4").tobytes()
        if compress:
            values = block.encode_values(column.kind, column.values)
        elif isinstance(column.values, list):
            values = dump_json(column.values)
        else:
            values = column.values.tobytes()
        parts += (presence, values)
        sizes = len(column.values), len(values), len(presence)
        directory.append(_ENTRY.pack(column.series, *sizes, _KINDS.index(column.kind), codec, 0))
    body = b"".join([*directory, *parts])
    header = _HEADER.pack(VERSION, 0, 0, len(steps), len(columns), row0, 0)[: -CRC.size]
    return b"".join([header, CRC.pack(_checksum(header, body)), body])


def _checksum(header: bytes, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(header))


def decode_tail(data: bytes) -> TailFrame:
    """Return the rows of a tail row. Raises CorruptBlock when `data` is not what `encode_tail` returned."""
    return TailFrame(data)


# ------------------------------------------------------------------------------------------------
# rows as columns in the journal

_LENGTH = struct.Struct("<I")
MAX_FRAME_ROWS = 1 << 20
"""Rows of a FRAME record at most: each is decoded whole."""


def encode_frame_record(frame: Frame) -> bytes:
    """Return the FRAME record of `frame`, whose columns are its own in their order.

    Raises ValueError above 2**20 rows, and for a record that would be larger than the journal's limit.
    """
    if len(frame) > MAX_FRAME_ROWS:
        message = f"a frame of {len(frame)} rows; write at most {MAX_FRAME_ROWS} in one record"
        raise ValueError(message)
    names = dump_json([[column.name, LETTER_OF_KIND[column.kind]] for column in frame.columns])
    ids = {(column.name, column.kind): i for i, column in enumerate(frame.columns)}
    payload = b"".join((_LENGTH.pack(len(names)), names, encode_frame(frame, ids, 0)))
    if len(payload) > MAX_PAYLOAD:
        message = f"a frame of {len(payload)} bytes; write at most {MAX_PAYLOAD} in one record"
        raise ValueError(message)
    return encode_record(FRAME, payload)


def decode_frame_payload(payload: bytes | memoryview) -> Frame:
    """Return the frame of a FRAME payload.

    Raises ValueError, TypeError or CorruptBlock for one that `encode_frame_record` would not have written.
    """
    view = memoryview(payload)
    if len(view) < _LENGTH.size:
        raise ValueError(f"a frame of {len(view)} bytes")
    (length,) = _LENGTH.unpack_from(view)
    start = _LENGTH.size + length
    names = [(str(key), str(letter)) for key, letter in json.loads(bytes(view[4:start]))]
    if len(set(names)) < len(names):
        raise ValueError("a frame names a key twice")
    data = bytes(view[start:])
    n = _check_layout(data)
    tail = TailFrame(data)
    columns: list[Column] = []
    for found in tail.columns():
        if not 0 <= found.series < len(names):
            raise ValueError(f"a frame of {len(names)} keys has values of key {found.series}")
        name, letter = names[found.series]
        if KIND_OF_LETTER.get(letter) != found.kind:
            raise ValueError(f"the values of a key of kind {letter!r} are {found.kind}")
        values = found.values
        if found.kind == "bool":
            values = _frozen(np.asarray(values).view(np.uint8) != 0)
        columns.append(Column(name, found.kind, values, _checked_rows(found, n)))
    return Frame(tail.steps, tail.times, tuple(columns))


def _check_layout(data: bytes) -> int:
    """Return the number of rows of tail bytes from elsewhere. Raises ValueError unless `TailFrame` can read them.

    A store's own frames are read without this: a checksum stands on them that nobody else has made.
    """
    if len(data) < _HEADER.size:
        raise ValueError(f"a frame of {len(data)} bytes")
    n, k = _HEADER.unpack_from(data)[3:5]
    end = _HEADER.size + (k + 3) * _ENTRY.size
    if n > MAX_FRAME_ROWS or end > len(data):
        raise ValueError(f"a frame of {n} rows and {k} keys in {len(data)} bytes")
    entries = list(_ENTRY.iter_unpack(memoryview(data)[_HEADER.size : end]))
    axes = [(entry[1], entry[3], entry[4]) for entry in entries[:3]]
    if axes != [(0, 0, 1), (n, 0, 1), (n, 0, 0)]:
        raise ValueError(f"the steps and times of a frame of {n} rows are {axes}")
    for _series, count, size, presence, kind, codec, _zero in entries:
        fits = kind == 3 or (kind < 3 and size == count * (1 if kind == 2 else 8))
        if not fits or codec != _RAW or presence not in (0, 4 * count):
            raise ValueError(f"{size} bytes of kind {kind} and codec {codec} for {count} values")
    if len({entry[0] for entry in entries[3:]}) < k:
        raise ValueError("a frame has a key twice")
    return n


def _checked_rows(column: TailColumn, n: int) -> npt.NDArray[np.int64] | None:
    """Return the rows of a column of a frame of n rows, None for all. Raises ValueError where they cannot be that."""
    rows, values = column.positions, column.values
    if isinstance(values, list) is not (column.kind == "object"):
        raise ValueError("the objects of a frame are no list")
    if len(values) != (n if rows is None else len(rows)):
        raise ValueError(f"a key of a frame of {n} rows has {len(values)} values")
    if rows is None or not len(rows):
        return rows
    if int(rows[-1]) >= n or not (rows[1:] > rows[:-1]).all():
        raise ValueError(f"the rows of a key do not ascend within the {n} of its frame")
    return None if len(rows) == n else rows


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array
