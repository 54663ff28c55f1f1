"""The wire format of protocol buffers, read field by field without a schema.

Source: the encoding page of the protocol buffers documentation. A message is a sequence of fields; a field is a
varint key (number << 3 | wire type) and a value: 0 a varint, 1 eight bytes, 2 a varint length and that many bytes,
5 four bytes. Groups (3, 4) are obsolete and refused.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from epochal.errors import CorruptBlock

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

Value = int | memoryview
"""A varint as an unsigned integer; all else as a view of the bytes, not copied."""


def read_fields(data: memoryview) -> Iterator[tuple[int, int, Value]]:
    """Yield (field number, wire type, value) of a message in the order written.

    Raises CorruptBlock where the bytes are no message; what came before has been yielded by then.
    """
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at, end)
        number, wire = key >> 3, key & 7
        if number == 0:
            raise CorruptBlock(f"a protocol buffer has no field 0 (before byte {at})")
        if wire == VARINT:
            value, at = _varint(data, at, end)
            yield number, wire, value
            continue
        if wire == BYTES:
            size, at = _varint(data, at, end)
        elif wire == FIXED64:
            size = 8
        elif wire == FIXED32:
            size = 4
        else:
            raise CorruptBlock(f"a protocol buffer has no wire type {wire} (before byte {at})")
        if at + size > end:
            raise CorruptBlock(
                f"field {number} of a protocol buffer ends {at + size - end} bytes too late"
            )
        yield number, wire, data[at : at + size]
        at += size


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
    return value - (1 << 64) if value >= 1 << 63 else value


def ints_of(value: Value) -> list[int]:
    """Return what one occurrence of a repeated int64 field adds, packed or not."""
    if isinstance(value, int):
        return [int_of(value)]
    found: list[int] = []
    at, end = 0, len(value)
    while at < end:
        number, at = _varint(value, at, end)
        found.append(int_of(number))
    return found


def floats_of(value: Value) -> list[float]:
    """Return what one occurrence of a repeated float field adds, packed or not."""
    data = bytes_of(value)
    if len(data) % 4:
        raise CorruptBlock(f"{len(data)} bytes of a protocol buffer are no whole number of floats")
    return list(struct.unpack(f"<{len(data) // 4}f", data))


def _varint(data: memoryview, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
        if shift > 63:
            raise CorruptBlock(
                f"a number of a protocol buffer is longer than 64 bits (before byte {at})"
            )
    raise CorruptBlock("a number of a protocol buffer is cut off")
