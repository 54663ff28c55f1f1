"""Bytes of blocks in Python and numpy: see blocks.c."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt


def crc32(data: bytes | bytearray | memoryview, start: int = 0) -> int:
    """Return zlib's CRC-32 of `data` from byte `start` on. Raises ValueError where there is no such byte."""
    if not 0 <= start <= len(data):
        message = f"byte {start} of {len(data)}"
        raise ValueError(message)
    return zlib.crc32(memoryview(data)[start:])


def read_planes(
    data: bytes | memoryview, start: int, width: int, n: int, unpack: Callable[[bytes], bytes]
) -> npt.NDArray[np.uint8]:
    """Return the bytes, uint8[n * width], of n values of 1, 2, 4 or 8 bytes each that stand in planes by significance.

    data: from byte `start` on `width` sizes u32 and as many planes of n bytes: as they are where the size is 0, else
    so many bytes that `unpack` makes the plane of. Raises ValueError for what does not fit, and what `unpack` raises.
    """
    view = memoryview(data)[max(start, 0) :]
    if width not in (1, 2, 4, 8) or start < 0 or len(view) < 4 * width:
        message = f"sizes of {width} planes at byte {start} of {len(data)}"
        raise ValueError(message)
    found = np.empty((n, width), dtype=np.uint8)
    at = 4 * width
    for i, size in enumerate(struct.unpack_from(f"<{width}I", view)):
        piece = view[at : at + (size or n)]
        plane = unpack(bytes(piece)) if size else piece
        if len(piece) != (size or n) or len(plane) != n:
            message = f"a plane of {len(plane)} bytes where {n} were expected"
            raise ValueError(message)
        found[:, i] = np.frombuffer(plane, dtype=np.uint8)
        at += size or n
    return found.reshape(-1)
