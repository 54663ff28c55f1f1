"""The kernels of event files in numpy and Python: checksums, framing (the walk is in `plain_walk.py`).

CRC-32C is linear: the checksum of a text is that of its pieces, each shifted by what follows it. So pieces of one
length are worked on side by side, a byte of each at a time.
"""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.native.varint import encode_varint

Buffer = bytes | bytearray | memoryview
Words = npt.NDArray[Any]  # uint32

_POLYNOMIAL = 0x82F63B78
_FULL = 0xFFFFFFFF
_HEAD = struct.Struct("<QI")
_FOOT = struct.Struct("<I")
_TIME = struct.Struct("<Bd")
_FLOAT32 = struct.Struct("<f")
_SHORT = 512
"""Bytes up to which one lookup after the other costs less than setting up arrays."""
_LANE = 256
"""Bytes of each piece that is worked on beside others."""
_WINDOW = 1 << 16
"""Places searched for a length at a time."""


def _make_table() -> list[int]:
    table: list[int] = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
        table.append(crc)
    return table


_TABLE = _make_table()
_WORDS: Words = np.array(_TABLE, dtype=np.uint32)


def crc32c(data: Buffer, crc: int = 0) -> int:
    """Return the CRC-32C of `data` after bytes whose checksum is `crc`: 0xE3069283 for b"123456789"."""
    view = memoryview(data).cast("B")
    crc ^= _FULL
    if len(view) > _SHORT:
        return _shift_word(crc, len(view)) ^ _raw(np.frombuffer(view, dtype=np.uint8)) ^ _FULL
    table = _TABLE
    for byte in view:
        crc = crc >> 8 ^ table[(crc ^ byte) & 255]
    return crc ^ _FULL


def masked_crc32c(data: Buffer) -> int:
    """Return the checksum as records hold it: rotated right by 15 bits, plus 0xA282EAD8."""
    return mask(crc32c(data))


def mask(crc: int) -> int:
    """Return `crc` as records hold it."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & _FULL


def frame_records(payloads: list[bytes]) -> bytes:
    """Return the records of these payloads: length, masked checksum of it, payload, masked checksum of that."""
    parts: list[bytes] = []
    for payload in payloads:
        length = struct.pack("<Q", len(payload))
        parts += (
            length,
            _FOOT.pack(masked_crc32c(length)),
            payload,
            _FOOT.pack(masked_crc32c(payload)),
        )
    return b"".join(parts)


def frame_events(
    items: list[tuple[str, int, float, float] | bytes],
    heads: dict[str, bytes],
    make_head: Callable[[str], bytes],
) -> bytes:
    """Return the records of encoded events and of scalars (tag, step, wall time, value).

    heads: what stands between step and value in the events of a tag, its summary without the float32 at its end;
    `make_head` makes one that is missing. A value beyond float32 becomes infinite, a step of 0 is left out, both as
    protobuf does.
    """
    payloads: list[bytes] = []
    for item in items:
        if isinstance(item, bytes):
            payloads.append(item)
            continue
        tag, step, wall_time, value = item
        head = heads.get(tag)
        if head is None:
            head = heads[tag] = make_head(tag)
        try:
            number = _FLOAT32.pack(value)
        except OverflowError:
            number = _FLOAT32.pack(math.copysign(math.inf, value))
        place = b"\x10" + encode_varint(step) if step else b""
        payloads.append(_TIME.pack(9, wall_time) + place + head + number)
    return frame_records(payloads)


def find_length(data: Buffer, start: int) -> int:
    """Return the first offset from `start` on whose 12 bytes are a length and its checksum, -1 without one."""
    raw = np.frombuffer(data, dtype=np.uint8)
    last = len(raw) - _HEAD.size
    for begin in range(max(start, 0), last + 1, _WINDOW):
        count = min(_WINDOW, last + 1 - begin)
        crc = np.full(count, _FULL, dtype=np.uint32)
        for i in range(8):
            crc = crc >> 8 ^ _WORDS[(crc ^ raw[begin + i : begin + i + count]) & 255]
        held = np.zeros(count, dtype=np.uint32)
        for i in range(4):
            held |= raw[begin + 8 + i : begin + 8 + i + count].astype(np.uint32) << (8 * i)
        hits = np.flatnonzero(mask_words(~crc) == held)
        if len(hits):
            return begin + int(hits[0])
    return -1


def mask_words(crc: Words) -> Words:
    """Return checksums as records hold them."""
    return (crc >> 15 | crc << 17) + np.uint32(0xA282EAD8)


def checksums(rows: npt.NDArray[np.uint8]) -> Words:
    """Return the CRC-32C of each row of uint8[n, length]."""
    crc = np.full(len(rows), _FULL, dtype=np.uint32)
    for column in np.ascontiguousarray(rows.T):
        crc = crc >> 8 ^ _WORDS[(crc ^ column) & 255]
    return ~crc


def _raw(raw: npt.NDArray[np.uint8]) -> int:
    """Return the checksum without complements: lanes side by side, then pairs of them, pairs of pairs, ..."""
    lanes = 1 << max(0, (-(-len(raw) // _LANE) - 1).bit_length())
    padded = np.zeros(lanes * _LANE, dtype=np.uint8)  # zeros before a text do not change it
    padded[len(padded) - len(raw) :] = raw
    crc = np.zeros(lanes, dtype=np.uint32)
    for column in np.ascontiguousarray(padded.reshape(lanes, _LANE).T):
        crc = crc >> 8 ^ _WORDS[(crc ^ column) & 255]
    length = _LANE
    while len(crc) > 1:
        crc = _shift_words(crc[::2], length) ^ crc[1::2]
        length *= 2
    return int(crc[0])


@functools.lru_cache(maxsize=256)
def _power(count: int) -> int:
    """Return x to the 8 `count` modulo the polynomial: what `count` more bytes multiply a checksum by."""
    result, base = 1 << 31, 1 << 30  # 1 and x, the highest power in the lowest bit
    bits = 8 * count
    while bits:
        if bits & 1:
            result = _multiply(result, base)
        base = _multiply(base, base)
        bits >>= 1
    return result


def _multiply(a: int, b: int) -> int:
    product = 0
    for bit in range(31, -1, -1):
        if a >> bit & 1:
            product ^= b
        b = b >> 1 ^ (_POLYNOMIAL if b & 1 else 0)
    return product


def _shift_word(crc: int, count: int) -> int:
    return _multiply(_power(count), crc)


@functools.lru_cache(maxsize=64)
def _shift_tables(count: int) -> Words:
    """Return uint32[4, 256]: what each byte of a checksum becomes after `count` more bytes."""
    power = _power(count)
    tables = np.zeros((4, 256), dtype=np.uint32)
    for place in range(4):
        for bit in range(8):
            tables[place, 1 << bit] = _multiply(power, 1 << (8 * place + bit))
        for byte in range(256):
            low = byte & -byte
            tables[place, byte] = tables[place, low] ^ tables[place, byte ^ low]
    return tables


def _shift_words(crc: Words, count: int) -> Words:
    tables = _shift_tables(count)
    return (
        tables[0][crc & 255]
        ^ tables[1][crc >> 8 & 255]
        ^ tables[2][crc >> 16 & 255]
        ^ tables[3][crc >> 24]
    )
