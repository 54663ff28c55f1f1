"""The log of a run as the wandb client writes it on its own machine: ``run-<id>.wandb``.

Layout (little-endian; core/pkg/leveldb/record.go and core/internal/transactionlog of wandb 0.31, the same files of
wandb 0.12 by wandb/sdk/internal/datastore.py; checked against files of both)::

    header   ":W&B" | magic u16 0xBEE1 | version u8 0
    blocks   of 32,768 bytes, counted from the first byte of the file, so that the first holds 7 bytes less
    chunk    CRC-32 of the type and the payload u32 | length of the payload u16 | type u8 | payload

This is LevelDB's log with zlib's CRC-32 in the place of the masked CRC-32C. A chunk lies within one block; where fewer
than 7 bytes of a block are left they are zero. A record is one chunk of type 1, or one of type 2, any number of type 3
and one of type 4. What a record holds is in `formats/wandb_records.py`.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from epochal.errors import CorruptBlock

BLOCK = 32 * 1024
HEADER = struct.Struct("<4sHB")
_CHUNK = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
IDENTIFIER, MAGIC, VERSION = b":W&B", 0xBEE1, 0
MAX_RECORD = 1 << 31
"""More than protocol buffers can be: a record above this is damage."""


class Record(NamedTuple):
    """A record: its bytes (one protocol buffer) and where it begins and ends in the file."""

    payload: bytes
    start: int
    end: int


class Damage(NamedTuple):
    """Bytes from `start` to `end` that were skipped, for `reason`."""

    start: int
    end: int
    reason: str


class LogReader:
    """Reads the records of a ``.wandb`` file in order, and goes on where it stopped when the file has grown."""

    def __init__(self, file: BinaryIO, position: int = 0) -> None:
        """Read `file` (binary, seekable) from byte `position`: 0, or a `position` of an earlier reader.

        Nothing is read yet.
        """
        self._file = file
        self.position = position
        """Where the next record begins; all before it has been yielded."""
        self._block = b""
        self._block_start = -1

    def read(self, *, final: bool = False) -> Iterator[Record | Damage]:
        """Yield what stands between `position` and the end of the file.

        A record whose end has not been written is left for the next call; with `final` it is yielded as Damage. After
        damage the reader goes on with the next record that it can find. Raises CorruptBlock for a file that is no
        ``.wandb`` file, or one of a version that is not known.
        """
        if self.position < HEADER.size:
            if not self._read_header(final=final):
                return
            self.position = HEADER.size
        self._block_start = -1  # the file may have grown
        parts: list[bytes] = []
        size = 0
        start = at = self.position
        while True:
            block_start = at - at % BLOCK
            if BLOCK - (at - block_start) < _CHUNK.size:
                at = block_start + BLOCK
                continue
            block = self._load(block_start)
            inside = at - block_start
            if len(block) - inside < _CHUNK.size:
                break
            _check, length, kind = _CHUNK.unpack_from(block, inside)
            end = inside + _CHUNK.size + length
            fault = _fault(block, inside)
            if fault == _CUT_OFF:
                break
            if fault:
                parts, size = [], 0
                # Where the length is right, the chunk behind it says so; else nothing in this block can be believed.
                follows = _CHUNK.size <= BLOCK - end and not _fault(block, end)
                at = block_start + (end if follows else BLOCK)
                at = min(at, block_start + len(block)) if len(block) < BLOCK else at
                yield Damage(start, at, fault)
                self.position = start = at
                continue
            opens = kind in (_FULL, _FIRST)
            if opens and parts:
                yield Damage(start, at, "a record without an end")
                start = at
            elif not opens and not parts:
                at = block_start + end
                yield Damage(start, at, "a record without a beginning")
                self.position = start = at
                continue
            payload = block[inside + _CHUNK.size : end]
            parts = [payload] if opens else [*parts, payload]
            size = len(payload) if opens else size + length
            at = block_start + end
            if size > MAX_RECORD:
                yield Damage(start, at, "a record that is too long")
                parts, size = [], 0
                self.position = start = at
            elif kind in (_FULL, _LAST):
                self.position = at
                yield Record(b"".join(parts), start, at)
                parts, size = [], 0
                start = at
        end = self._file.seek(0, 2)
        if final and end > start:
            yield Damage(start, end, "the last record is cut off")
            self.position = end

    def _read_header(self, *, final: bool) -> bool:
        self._file.seek(0)
        data = self._file.read(HEADER.size)
        if len(data) < HEADER.size:
            if final and data:
                raise CorruptBlock(f"a .wandb file of {len(data)} bytes has no header")
            return False
        identifier, magic, version = HEADER.unpack(data)
        if (identifier, magic) != (IDENTIFIER, MAGIC):
            raise CorruptBlock("this is no .wandb file: it does not begin with :W&B")
        if version != VERSION:
            raise CorruptBlock(
                f"a .wandb file of version {version} cannot be read, {VERSION} is known"
            )
        return True

    def _load(self, start: int) -> bytes:
        if self._block_start != start:
            self._file.seek(start)
            self._block = self._file.read(BLOCK)
            self._block_start = start
        return self._block


_CUT_OFF = "the file ends within a chunk"


def _fault(block: bytes, at: int) -> str:
    """Return what is wrong with the chunk at byte `at` of a block, empty when nothing is."""
    if len(block) - at < _CHUNK.size:
        return _CUT_OFF
    check, length, kind = _CHUNK.unpack_from(block, at)
    end = at + _CHUNK.size + length
    if check == 0 and length == 0 and kind == 0:
        # Space that was set aside before it was written; the writer may still come to it.
        return _CUT_OFF if len(block) < BLOCK and not any(block[at:]) else "zeros"
    if end > BLOCK:
        return "a chunk that leaves its block"
    if not _FULL <= kind <= _LAST:
        return "a chunk of no known type"
    if end > len(block):
        return _CUT_OFF
    if zlib.crc32(block[at + _CHUNK.size - 1 : end]) != check:
        return "a checksum does not hold"
    return ""


def write_records(payloads: list[bytes], position: int = 0) -> bytes:
    """Return the bytes of a log of `payloads` from byte `position` of its file on, with the header at 0.

    For tests, which compare it with files of the client.
    """
    out = bytearray() if position else bytearray(HEADER.pack(IDENTIFIER, MAGIC, VERSION))
    for payload in payloads:
        rest, first = memoryview(payload), True
        while first or rest:
            left = BLOCK - (position + len(out)) % BLOCK
            if left < _CHUNK.size:
                out += bytes(left)
                continue
            piece = rest[: left - _CHUNK.size]
            rest = rest[len(piece) :]
            kind = (_FULL if not rest else _FIRST) if first else (_LAST if not rest else _MIDDLE)
            first = False
            body = bytes((kind,)) + piece
            out += _CHUNK.pack(zlib.crc32(body), len(piece), kind) + piece
    return bytes(out)
