"""TFRecord framing, in which event files are written: records with checksums, one after the other, and nothing else.

Layout (little-endian; tensorflow/core/lib/io/record_writer.h, the same in torch/utils/tensorboard and tensorboardX)::

    length   u64: bytes of the payload
    check    u32: masked CRC-32C of these 8 bytes
    payload
    check    u32: masked CRC-32C of the payload

CRC-32C is Castagnoli's; masked means rotated right by 15 bits, plus 0xA282EAD8 (modulo 2**32), so that a checksum of
data with checksums in it stays a good one. There is no header, no index, and nothing that says where a record begins:
after a damaged length, a reader looks for the next twelve bytes that are a length and its checksum, and believes them
when the payload's checksum holds too.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from epochal.errors import CorruptBlock
from epochal.native.kernels import crc32c, find_length, frame_records

__all__ = [
    "HEAD_SIZE",
    "MAX_PAYLOAD",
    "OVERHEAD",
    "Damage",
    "Record",
    "crc32c",
    "find_record",
    "find_record_in",
    "is_intact",
    "mask_crc32c",
    "masked_crc32c",
    "payload_size",
    "read_record_at",
    "read_records",
    "write_record",
    "write_records",
]

_LENGTH = struct.Struct("<Q")
_HEAD = struct.Struct("<QI")
_CHECK = struct.Struct("<I")
HEAD_SIZE = _HEAD.size  # 12
OVERHEAD = HEAD_SIZE + _CHECK.size  # 16 bytes a record beside its payload
MAX_PAYLOAD = (1 << 31) - 1
"""More than protobuf can write: a length above this is damage, whatever its checksum says."""
_PIECE = 1 << 20

Buffer = bytes | bytearray | memoryview


class Record(NamedTuple):
    """A record: its payload (a view), the offsets at which it begins and ends, and whether the payload's CRC holds."""

    payload: memoryview
    start: int
    end: int
    intact: bool


class Damage(NamedTuple):
    """Bytes from `start` to `end` that are no record."""

    start: int
    end: int


def masked_crc32c(data: Buffer) -> int:
    """Return the checksum of `data` as records hold it."""
    return mask_crc32c(crc32c(data))


def mask_crc32c(crc: int) -> int:
    """Return a CRC-32C as records hold it."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def write_record(payload: bytes) -> bytes:
    """Return the record of one payload."""
    return frame_records([payload])


def write_records(payloads: Sequence[bytes]) -> bytes:
    """Return the records of many payloads, one after the other; many times faster than one at a time."""
    return frame_records(payloads if isinstance(payloads, list) else list(payloads))


def payload_size(head: Buffer) -> int | None:
    """Return the length that the first 12 bytes of a record hold, None when their checksum does not hold."""
    if len(head) < HEAD_SIZE:
        return None
    length, check = _HEAD.unpack_from(head)
    if masked_crc32c(memoryview(head)[: _LENGTH.size]) != check or length > MAX_PAYLOAD:
        return None
    return length


def read_record_at(file: BinaryIO, offset: int) -> bytes:
    """Return the payload of the record that begins at byte `offset`.

    Raises CorruptBlock when the file ends before the record does, or one of its checksums does not hold.
    """
    file.seek(offset)
    size = payload_size(file.read(HEAD_SIZE))
    if size is None:
        raise CorruptBlock(f"no record begins at byte {offset}")
    data = file.read(size + _CHECK.size)
    if len(data) < size + _CHECK.size:
        raise CorruptBlock(f"the record at byte {offset} is cut off")
    payload = data[:size]
    if masked_crc32c(payload) != _CHECK.unpack_from(data, size)[0]:
        raise CorruptBlock(f"the checksum of the record at byte {offset} does not hold")
    return payload


def read_records(data: Buffer, start: int = 0, *, final: bool = False) -> Iterator[Record | Damage]:
    """Yield the records of `data` from `start`, stopping before an incomplete last one.

    A record whose payload is damaged is yielded with `intact` false. After a damaged length the reader goes on at the
    next record that is intact as a whole; where there is none it stops, as the rest may not have arrived yet, and with
    `final` says that the rest is damage.
    """
    view = memoryview(data)
    position, size = start, len(view)
    while position < size:
        length = payload_size(view[position : position + HEAD_SIZE])
        end = position + OVERHEAD + (length or 0)
        if length is None or (end > size and final):
            whole = size - position >= HEAD_SIZE
            found = find_record(view, position + 1) if whole else None
            if found is None and not final:
                return
            yield Damage(position, size if found is None else found)
            position = size if found is None else found
            continue
        if end > size:
            return
        payload = view[position + HEAD_SIZE : end - _CHECK.size]
        (check,) = _CHECK.unpack_from(view, end - _CHECK.size)
        yield Record(payload, position, end, masked_crc32c(payload) == check)
        position = end


def find_record(data: Buffer, start: int) -> int | None:
    """Return the offset of the first record at or after `start` that is intact as a whole, None without one."""
    view = memoryview(data)
    while True:
        start = find_length(view, start)
        if start < 0:
            return None
        (length,) = _LENGTH.unpack_from(view, start)
        begin, end = start + HEAD_SIZE, start + HEAD_SIZE + length
        if end + _CHECK.size <= len(view) and length <= MAX_PAYLOAD:
            (check,) = _CHECK.unpack_from(view, end)
            if masked_crc32c(view[begin:end]) == check:
                return start
        start += 1


def find_record_in(file: BinaryIO, start: int, size: int) -> tuple[int | None, int]:
    """Return where the first record at or after `start` is that is intact as a whole, and where to go on searching.

    None where there is none: then the search goes on, when the file has grown, at the second number. A mebibyte of the
    file is in memory at a time. size: bytes of the file.
    """
    while size - start >= OVERHEAD:
        file.seek(start)
        data = file.read(min(_PIECE, size - start))
        place = find_length(data, 0)
        if place < 0:
            start += max(1, len(data) - HEAD_SIZE + 1)
            continue
        (length,) = _LENGTH.unpack_from(data, place)
        start += place
        if length <= MAX_PAYLOAD:
            if start + length + OVERHEAD > size:
                return None, start
            if is_intact(file, start, length):
                return start, start
        start += 1
    return None, start


def is_intact(file: BinaryIO, record: int, length: int) -> bool:
    """Whether the checksum of the payload (of `length` bytes) of the record at byte `record` holds."""
    file.seek(record + HEAD_SIZE)
    crc, left = 0, length
    while left > 0:
        data = file.read(min(_PIECE, left))
        if not data:
            return False
        crc = crc32c(data, crc)
        left -= len(data)
    check = file.read(_CHECK.size)
    return len(check) == _CHECK.size and _CHECK.unpack(check)[0] == mask_crc32c(crc)
