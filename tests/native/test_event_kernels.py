"""The kernels of event files: numpy's and the compiled ones find the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.native import plain
from tests.native.test_kernels import compiled, needs_compiled, twins

LENGTHS = [0, 1, 3, 7, 8, 9, 15, 63, 64, 511, 512, 513, 1000, 4095, 4096, 65_537, 300_001]


def noise(n: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).bytes(n)


@needs_compiled
@pytest.mark.parametrize("n", LENGTHS)
def test_checksums_are_the_same_in_both_and_without_the_instruction(n):
    data = noise(n, n)
    for begun in (0, 1, 0x12345678, 0xFFFFFFFF):
        expected = compiled.crc32c(data, begun)
        assert compiled.crc32c(data, begun, True) == expected
        assert plain.crc32c(data, begun) == expected


@twins
@settings(deadline=None)
@given(st.binary(max_size=1500), st.data())
def test_a_checksum_goes_on_where_it_stopped(twin: Any, data, random):
    cut = random.draw(st.integers(0, len(data)))
    view = memoryview(data)
    assert twin.crc32c(view[cut:], twin.crc32c(view[:cut])) == twin.crc32c(data)


@needs_compiled
@given(st.lists(st.binary(max_size=600), max_size=6))
def test_records_are_the_same_in_both(payloads):
    assert plain.frame_records(payloads) == compiled.frame_records(payloads)


@twins
def test_frame_records_takes_a_list_of_bytes(twin: Any):
    with pytest.raises(TypeError):
        twin.frame_records([b"whole", "text"])


@needs_compiled
@settings(deadline=None)
@given(st.binary(max_size=200), st.lists(st.binary(max_size=30), max_size=3), st.integers(0, 300))
def test_lengths_are_found_at_the_same_places(before, payloads, start):
    data = before + plain.frame_records(payloads) + before[:11]
    found = plain.find_length(data, start)
    assert compiled.find_length(data, start) == found
    if payloads and start <= len(before):
        assert start <= found <= len(before)
