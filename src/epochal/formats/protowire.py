"""The wire format of protocol buffers, read field by field without a schema and without copies.

Source: the encoding page of the protocol buffers documentation. A message is a sequence of fields; a field is a
varint key (number << 3 | wire type) and a value: 0 a varint, 1 eight bytes, 2 a varint length and that many bytes,
5 four bytes. Groups (3, 4) are obsolete and refused.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from epochal.errors import CorruptBlock

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_SIZES = {FIXED64: 8, FIXED32: 4}


class Bytes(Protocol):
    """What messages are read from: bytes, or a file that looks like them."""

    def __len__(self) -> int: ...
    def __getitem__(self, key: Any, /) -> Any: ...


class Span(NamedTuple):
    """From where to where something stands in the bytes."""

    start: int
    end: int


class Field(NamedTuple):
    """A field: its number and wire type; the value of a varint (unsigned), else where the value stands."""

    number: int
    wire: int
    value: int
    span: Span


NOWHERE = Span(0, 0)
"""The span of what is not there."""

Value = int | memoryview
"""A varint as an unsigned integer; all else as a view of the bytes, not copied."""


def read_spans(data: Bytes, span: Span) -> Iterator[Field]:
    """Yield the fields of the message that stands in `span`, in the order written.

    Raises CorruptBlock where the bytes are no message; what came before has been yielded by then.
    """
    at, end = span
    while at < end:
        key, at = read_varint(data, at, end)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = read_varint(data, at, end)
            yield Field(number, wire, value, NOWHERE)
            continue
        if wire == BYTES:
            size, at = read_varint(data, at, end)
        elif wire in _SIZES:
            size = _SIZES[wire]
        else:
            raise CorruptBlock(f"a protocol buffer has no wire type {wire}")
        if size > end - at or number == 0:
            raise CorruptBlock(f"field {number} of {size} bytes does not fit into its message")
        yield Field(number, wire, 0, Span(at, at + size))
        at += size


def read_varint(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return a varint (uint64) and where it ends. Raises CorruptBlock."""
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    raise CorruptBlock("a number of a protocol buffer has no end")


def signed(value: int, bits: int = 64) -> int:
    """Return a varint as the signed integer that it stands for."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def read_fields(data: memoryview) -> Iterator[tuple[int, int, Value]]:
    """Yield (field number, wire type, value) of a whole message, as `read_spans` does; it has no field 0."""
    for number, wire, value, span in read_spans(data, Span(0, len(data))):
        if number == 0:
            raise CorruptBlock("a protocol buffer has no field 0")
        yield number, wire, value if wire == VARINT else data[span.start : span.end]


def text_of(value: Value) -> str:
    """Return a string field as text; what is no UTF-8 is replaced. Raises CorruptBlock for a number."""
    return str(bytes_of(value), "utf-8", "replace")


def bytes_of(value: Value) -> memoryview:
    """Return a field that is a message, a text or bytes. Raises CorruptBlock for a number."""
    if isinstance(value, int):
        raise CorruptBlock("a protocol buffer has a number where a text or a message belongs")
    return value


def int_of(value: Value) -> int:
    """Return a varint field as int64. Raises CorruptBlock for anything else."""
    if not isinstance(value, int):
        raise CorruptBlock("a protocol buffer has bytes where a number belongs")
    return signed(value)


def ints_of(value: Value) -> list[int]:
    """Return what one occurrence of a repeated int64 field adds, packed or not."""
    if isinstance(value, int):
        return [int_of(value)]
    found: list[int] = []
    at, end = 0, len(value)
    while at < end:
        number, at = read_varint(value, at, end)
        found.append(int_of(number))
    return found


def floats_of(value: Value) -> list[float]:
    """Return what one occurrence of a repeated float field adds, packed or not."""
    data = bytes_of(value)
    if len(data) % 4:
        raise CorruptBlock(f"{len(data)} bytes of a protocol buffer are no whole number of floats")
    return list(struct.unpack(f"<{len(data) // 4}f", data))
