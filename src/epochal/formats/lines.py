"""Lines in a block: any bytes in each, byte for byte as they came.

Standard library only, as all that the journal's module imports.

Layout (little-endian)::

    lines n u32 | length of each u32 | the lines, one after the other
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence

COUNT = struct.Struct("<I")


def encode_lines(lines: Sequence[bytes]) -> bytes:
    """Return lines as one block."""
    n = len(lines)
    return b"".join((struct.pack(f"<I{n}I", n, *map(len, lines)), *lines))


def decode_lines(block: bytes | memoryview) -> list[bytes]:
    """Return the lines of a block. Raises ValueError for bytes that are none."""
    data = bytes(block)
    if len(data) < COUNT.size:
        message = f"a block of lines of {len(data)} bytes has no count"
        raise ValueError(message)
    (n,) = COUNT.unpack_from(data)
    start = COUNT.size * (n + 1)
    if len(data) < start:
        message = f"a block of {n} lines ends after {len(data)} bytes"
        raise ValueError(message)
    ends = list(itertools.accumulate(struct.unpack_from(f"<{n}I", data, COUNT.size), initial=start))
    if ends[-1] != len(data):
        message = f"a block of lines has {len(data)} bytes where {ends[-1]} were expected"
        raise ValueError(message)
    return [data[a:b] for a, b in itertools.pairwise(ends)]
