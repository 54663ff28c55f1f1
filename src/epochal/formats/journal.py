"""The journal: the append-only byte stream of one writer, on disk and on the wire.

Standard library only: this is what a training process loads. `formats/frame.py` decodes whole stretches with numpy.

Layout (little-endian; the reasons are in docs/architecture.md, "The journal")::

    record   magic "eP" | type u8 | version u8 | payload length u32 | crc32(these 8 bytes) u32
             payload
             crc32(all of the above) u32
    HEAD     JSON {"format": 1, "run": {...}, "writer": {...}}; first record of every segment
    SCHEMA   schema id u16 | JSON [[key, kind letter], ...]
    ROW      schema id u16 | step i64 | time f64 | values packed in schema order, then the JSON bytes of the j values
    PATCH    JSON {"config"|"summary"|"metrics"|"run"|"environment"|"wandb"|"source"|"files": {...},
                   "replace": [section, ...], "state": "preempting", "damage": n}
    EXIT     JSON {"exit_code", "state", "time", "dropped"}
    BLOB     sha256 of the whole blob, 32 bytes | its size u64 | offset u64 | the bytes from there on
    FRAME    JSON length u32 | JSON [[key, kind letter], ...] | many rows as columns (`formats/frame.py`)
    LINES    file u8 (0 history, 1 events, 2 output, 3 summary) | number of the first line u64 | `formats/lines.py`

A blob comes in pieces that begin at multiples of 2 MiB and are that long, but for the last; they stand before the row
that refers to it. The source of a PATCH says where a writer's rows come from (an event file); the latest one counts.
Its files are {name: {"blob": sha256, "size", "md5" (base64), "mimetype"}}; the sections under "replace" are emptied
before it is merged; its damage counts lines that could not be read. LINES are kept as they are, beside the rows that
were made from them: lines of history and events are never changed once they are there, those of output and summary are.

A segment file is named ``<writer>.<base offset, 15 digits>.ep``; the offsets of a stream run on over its segments.
JSON here is what Python's `json` writes: NaN and Infinity literals and integers of any size are allowed, surrogates
are escaped.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from epochal.formats.lines import decode_lines, encode_lines

FORMAT = 1
MAGIC = b"eP"
HEAD, SCHEMA, ROW, PATCH, EXIT, BLOB, FRAME, LINES = 1, 2, 3, 4, 5, 6, 7, 8

KindLetter = Literal["d", "q", "?", "j"]
KIND_OF_LETTER = {"d": "f64", "q": "i64", "?": "bool", "j": "object"}
LETTER_OF_KIND = {kind: letter for letter, kind in KIND_OF_LETTER.items()}

PREFIX = struct.Struct("<2sBBI")
CRC = struct.Struct("<I")
PREFIX_SIZE = PREFIX.size + CRC.size  # 12
OVERHEAD = PREFIX_SIZE + CRC.size  # 16 bytes a record beside its payload
ROW_HEAD = struct.Struct("<Hqd")  # schema id, step, time
MAX_PAYLOAD = 64 * 1024 * 1024
"""A length above this is damage: no record that we write comes near it (a j value is refused above 16 MiB)."""

BLOB_HEAD = struct.Struct("<32sQQ")  # sha256, size of the blob, offset of the piece
BLOB_PIECE = 2 * 1024 * 1024
"""Bytes of a piece of a blob: a request of 8 MiB, the most that a server takes, holds a whole number of them."""
MAX_BLOB = 1 << 30
"""Bytes of a blob at most: what is larger belongs into files."""

LINES_HEAD = struct.Struct("<BQ")  # file, number of the first line
LINE_FILES = ("history", "events", "output", "summary")
"""A run's files of lines, in the order of their numbers."""
APPEND = (1 << 62) - 1
"""The number of the first line where lines go to the end of their file, whatever that has."""


def record_prefix(kind: int, length: int) -> bytes:
    """Return the 12 bytes before a payload of `length` bytes."""
    prefix = PREFIX.pack(MAGIC, kind, FORMAT, length)
    return prefix + CRC.pack(zlib.crc32(prefix))


def encode_record(kind: int, payload: bytes) -> bytes:
    """Return a whole record."""
    body = record_prefix(kind, len(payload)) + payload
    return body + CRC.pack(zlib.crc32(body))


def encode_json_record(kind: int, value: Any) -> bytes:
    """Return a record whose payload is `value` as JSON."""
    return encode_record(kind, dump_json(value))


def dump_json(value: Any) -> bytes:
    """Return compact ASCII JSON; non-finite floats become the literals NaN, Infinity and -Infinity."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def encode_schema(schema_id: int, columns: Sequence[tuple[str, str]]) -> bytes:
    """Return the SCHEMA record that gives `schema_id` (0 to 65535) its keys and kind letters."""
    return encode_record(
        SCHEMA, struct.pack("<H", schema_id) + dump_json([list(c) for c in columns])
    )


def encode_blob(data: bytes | memoryview, digest: bytes | None = None) -> Iterator[bytes]:
    """Yield the BLOB records of `data`, in order; an empty blob is one record too.

    digest: SHA-256 of `data` (32 bytes) where the caller knows it. Raises ValueError above 1 GiB.
    """
    view = memoryview(data).cast("B")
    size = len(view)
    if size > MAX_BLOB:
        message = f"a blob of {size} bytes is too large, {MAX_BLOB} are kept"
        raise ValueError(message)
    if digest is None:
        import hashlib  # 3.5 ms that `import epochal` should not cost

        digest = hashlib.sha256(view).digest()
    for start in range(0, max(size, 1), BLOB_PIECE):
        head = BLOB_HEAD.pack(digest, size, start)
        yield encode_record(BLOB, b"".join((head, view[start : start + BLOB_PIECE])))


class BlobPiece(NamedTuple):
    """One piece of a blob: SHA-256 of the whole in hexadecimal digits, its size, where the piece begins, its bytes."""

    digest: str
    total: int
    offset: int
    data: bytes


def decode_blob_piece(payload: bytes | memoryview) -> BlobPiece:
    """Return the piece of a BLOB payload. Raises ValueError for one that is not cut as pieces are."""
    view = memoryview(payload)
    if len(view) < BLOB_HEAD.size:
        message = f"a piece of a blob of {len(view)} bytes has no head"
        raise ValueError(message)
    digest, total, offset = BLOB_HEAD.unpack_from(view)
    data = bytes(view[BLOB_HEAD.size :])
    if total > MAX_BLOB or offset % BLOB_PIECE or offset > total:
        message = f"a piece at {offset} of a blob of {total} bytes"
        raise ValueError(message)
    if len(data) != min(BLOB_PIECE, total - offset) or (not data and total):
        message = f"a piece of {len(data)} bytes at {offset} of a blob of {total}"
        raise ValueError(message)
    return BlobPiece(digest.hex(), total, offset, data)


class LinesRecord(NamedTuple):
    """Lines of one of a run's files (a name of LINE_FILES), and the number of the first."""

    file: str
    first: int
    lines: list[bytes]


def encode_lines_record(file: str, first: int, lines: Sequence[bytes]) -> bytes:
    """Return the LINES record of `lines`, whose first has the number `first` in `file` (a name of LINE_FILES)."""
    head = LINES_HEAD.pack(LINE_FILES.index(file), first)
    return encode_record(LINES, head + encode_lines(lines))


def decode_lines_record(payload: bytes | memoryview) -> LinesRecord:
    """Return what a LINES payload says. Raises ValueError for one that is none."""
    view = memoryview(payload)
    if len(view) < LINES_HEAD.size:
        message = f"a record of lines of {len(view)} bytes has no head"
        raise ValueError(message)
    number, first = LINES_HEAD.unpack_from(view)
    if number >= len(LINE_FILES) or first >= 1 << 62:
        message = f"lines of file {number} from line {first} on"
        raise ValueError(message)
    return LinesRecord(LINE_FILES[number], first, decode_lines(view[LINES_HEAD.size :]))


class RowLayout:
    """How rows of one schema are packed: the struct of the fixed part and, without j values, the constant prefix.

    `letters` are the kind letters in schema order. `pack_row` of a schema without j values is meant to be inlined
    by the sink: ``body = layout.fixed.pack(layout.prefix, schema_id, step, time, *values)``, then the CRC of `body`.
    """

    __slots__ = ("fixed", "letters", "objects", "prefix", "schema_id", "size")

    def __init__(self, schema_id: int, letters: str) -> None:
        self.schema_id = schema_id
        self.letters = letters
        self.objects = tuple(i for i, letter in enumerate(letters) if letter == "j")
        self.fixed = struct.Struct("<12sHqd" + letters.replace("j", "I"))
        self.prefix = record_prefix(ROW, self.fixed.size - PREFIX_SIZE)
        self.size = self.fixed.size + CRC.size
        """Bytes of a whole record when the schema has no j values."""

    def encode(self, step: int, time: float, values: Sequence[Any]) -> bytes:
        """Return the ROW record; j values are given as JSON bytes. Raises struct.error for one that does not fit."""
        if not self.objects:
            body = self.fixed.pack(self.prefix, self.schema_id, step, time, *values)
            return body + CRC.pack(zlib.crc32(body))
        fixed = list(values)
        tail = b"".join(fixed[i] for i in self.objects)
        for i in self.objects:
            fixed[i] = len(fixed[i])
        prefix = record_prefix(ROW, self.fixed.size - PREFIX_SIZE + len(tail))
        body = self.fixed.pack(prefix, self.schema_id, step, time, *fixed) + tail
        return body + CRC.pack(zlib.crc32(body))

    def decode(self, payload: bytes | memoryview) -> tuple[int, float, list[Any]]:
        """Return (step, time, values) of a ROW payload, j values parsed. Raises ValueError or struct.error."""
        size = self.fixed.size - PREFIX_SIZE
        data = bytes(payload)
        _prefix, _schema, step, time, *values = self.fixed.unpack(self.prefix + data[:size])
        position = size
        for i in self.objects:
            end = position + values[i]
            values[i] = json.loads(data[position:end])
            position = end
        if position != len(data):
            message = f"a row of schema {self.schema_id} has {len(data)} bytes where {position} were expected"
            raise ValueError(message)
        return step, time, values


class Record(NamedTuple):
    """One intact record: its type, its payload (a view) and the offset in `data` at which it begins and ends."""

    kind: int
    payload: memoryview
    start: int
    end: int


class Damage(NamedTuple):
    """Bytes that are no intact record: `start` to `end` in `data` were skipped, for `reason`."""

    start: int
    end: int
    reason: str


def read_records(
    data: bytes | memoryview, start: int = 0, *, final: bool = False
) -> Iterator[Record | Damage]:
    """Yield the records of `data` from `start`, skipping what is damaged and stopping before an incomplete last one.

    A header whose CRC fails is damage: the reader goes on at the next header whose CRC holds. Where there is none, a
    live journal (`final` false) is not read further: the bytes may not have arrived yet. With `final`, the rest is
    reported as damage.
    """
    view = memoryview(data)
    size = len(view)
    position = start
    while position < size:
        header = parse_header(view, position)
        if header is None:
            found = find_header(view, position + 1)
            if found is None:
                if final:
                    yield Damage(position, size, "no intact record follows")
                return
            yield Damage(position, found, "damaged header")
            position = found
            continue
        kind, length = header
        end = position + OVERHEAD + length
        if end > size:
            if not final:
                return
            # The length may be right and the end torn off, or a record may begin inside what the length claims.
            found = find_header(view, position + 1)
            yield Damage(position, size if found is None else found, "torn record")
            if found is None:
                return
            position = found
            continue
        if CRC.unpack_from(view, end - CRC.size)[0] != zlib.crc32(view[position : end - CRC.size]):
            yield Damage(position, end, "payload checksum")
        else:
            yield Record(kind, view[position + PREFIX_SIZE : end - CRC.size], position, end)
        position = end


def parse_header(view: memoryview, position: int) -> tuple[int, int] | None:
    """Return (type, payload length) of an intact header at `position`, None when there is none."""
    if position + PREFIX_SIZE > len(view) or bytes(view[position : position + 2]) != MAGIC:
        return None
    if CRC.unpack_from(view, position + PREFIX.size)[0] != zlib.crc32(
        view[position : position + PREFIX.size]
    ):
        return None
    _magic, kind, version, length = PREFIX.unpack_from(view, position)
    if version != FORMAT or length > MAX_PAYLOAD:
        return None
    return kind, length


def find_header(view: memoryview, position: int) -> int | None:
    """Return the offset of the first intact header at or after `position`, None when there is none."""
    data = view.obj if isinstance(view.obj, bytes) and len(view.obj) == len(view) else bytes(view)
    while True:
        position = data.find(MAGIC, position)
        if position < 0:
            return None
        if parse_header(view, position) is not None:
            return position
        position += 1


def segment_name(writer: str, base: int) -> str:
    """Return the file name of the segment of `writer` that begins at stream offset `base`."""
    return f"{writer}.{base:015d}.ep"


def parse_segment_name(name: str) -> tuple[str, int] | None:
    """Return (writer, base offset) of a segment file name, None for any other name."""
    parts = name.split(".")
    if len(parts) != 3 or parts[2] != "ep" or not (parts[1].isascii() and parts[1].isdigit()):
        return None
    return parts[0], int(parts[1])
