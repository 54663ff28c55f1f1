"""The kernels that read the bytes of blocks, in C and in numpy."""

from __future__ import annotations

import importlib
import itertools
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.native.test_kernels import SMOOTH, needs_compiled, seeds, twins


def planes_of(
    values: np.ndarray[Any, Any], packed: list[bool]
) -> tuple[bytes, list[tuple[int, int]]]:
    """Return values uint8[n, width] as planes, some of them packed by zlib; and where each plane lies."""
    planes = [values[:, i].tobytes() for i in range(values.shape[1])]
    parts = [zlib.compress(p) if pack else p for p, pack in zip(planes, packed, strict=True)]
    sizes = [len(p) if pack else 0 for p, pack in zip(parts, packed, strict=True)]
    head = struct.pack(f"<{len(sizes)}I", *sizes)
    ends = np.cumsum([len(head), *map(len, parts)]).tolist()
    return b"".join([head, *parts]), list(itertools.pairwise(ends))


@twins
@settings(**SMOOTH)
@given(seeds, st.integers(0, 400) | st.just(70_000), st.integers(0, 70))
def test_checksums_are_those_of_zlib(twin: Any, seed, n, start):
    data = np.random.default_rng(seed).bytes(n + start)
    assert (
        twin.crc32(data, start) == twin.crc32(memoryview(data), start) == zlib.crc32(data[start:])
    )


@needs_compiled
@pytest.mark.parametrize("n", [*range(0, 140, 7), 4096])
def test_checksums_are_the_same_without_the_instruction(n):
    compiled = importlib.import_module("epochal.native._compiled")
    data = np.random.default_rng(n).bytes(n)
    assert compiled.crc32(data, 0, True) == zlib.crc32(data)


@twins
@settings(**SMOOTH)
@given(seeds, st.sampled_from([1, 2, 4, 8]), st.integers(1, 300), st.integers(0, 9), st.integers(0))
def test_values_are_read_from_planes(twin: Any, seed, width, n, start, pack):
    values = np.random.default_rng(seed).integers(0, 256, (n, width), dtype=np.uint8)
    data, places = planes_of(values, [bool(pack >> i & 1) for i in range(width)])
    found = twin.read_planes(b"x" * start + data + b"rest", start, width, n, zlib.decompress)
    assert found.tobytes() == values.tobytes()
    for _begin, end in places:
        with pytest.raises((ValueError, zlib.error)):
            twin.read_planes(data[: end - 1], 0, width, n, zlib.decompress)


@twins
@pytest.mark.parametrize(
    ("start", "width", "n"), [(-1, 1, 2), (0, 3, 2), (99, 1, 2), (0, 1, 3), (0, 8, 2)]
)
def test_planes_that_are_not_there_are_refused(twin: Any, start, width, n):
    with pytest.raises(ValueError, match=r"plane|values"):
        twin.read_planes(struct.pack("<I", 0) + b"ab", start, width, n, bytes)


@twins
def test_planes_unpacked_to_another_length_are_refused(twin: Any):
    data = struct.pack("<I", 2) + b"ab"
    for unpacked in (b"", b"abc", b"abcdef"):
        with pytest.raises(ValueError, match="plane"):
            twin.read_planes(data, 0, 1, 4, lambda _packed, unpacked=unpacked: unpacked)
    with pytest.raises(ValueError, match="byte 7 of 6"):
        twin.crc32(data, 7)


@needs_compiled
def test_what_is_no_bytes_is_refused():
    compiled = importlib.import_module("epochal.native._compiled")
    data = struct.pack("<I", 2) + b"ab"
    with pytest.raises(ValueError, match="bytes object"):
        compiled.read_planes(data, 0, 1, 4, lambda packed: None, np.empty(4, np.uint8))
    with pytest.raises(ValueError, match="buffer of 5 bytes"):
        compiled.read_planes(data, 0, 1, 4, bytes, np.empty(5, np.uint8))
