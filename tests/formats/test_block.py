"""Block codecs: everything comes back to the bit, in few bytes, and damage is refused."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from epochal.errors import CorruptBlock
from epochal.formats.block import (
    decode_axis,
    decode_block,
    decode_floats,
    decode_steps,
    decode_values,
    encode_axis,
    encode_block,
    encode_times,
    encode_values,
)

N = 4096
BITS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(width=64).map(lambda value: struct.unpack("<q", struct.pack("<d", value))[0]),
    st.floats(width=32).map(lambda value: struct.unpack("<q", struct.pack("<d", value))[0]),
    st.sampled_from([0x7FF0_0000_DEAD_BEEF, -(2**63), 0x7FF8_0000_0000_0000]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(BITS, max_size=60), st.booleans())
def test_floats_come_back_to_the_bit(bits, as_times):
    values = np.array(bits, dtype=np.int64).view(np.float64)
    data = encode_times(values) if as_times else encode_values("f64", values)
    decoded = decode_values("f64", data, len(values))
    assert decoded.dtype == np.float64
    assert decoded.tobytes() == values.tobytes()
    assert not decoded.flags.writeable
    narrow = decode_floats(data, len(values))
    assert narrow.astype(np.float64).tobytes() == values.tobytes() or np.isnan(values).any()


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.lists(st.integers(-(2**63), 2**63 - 1), max_size=40),
        st.lists(st.integers(-5, 300), max_size=40),
        st.tuples(st.integers(-(2**62), 2**62), st.integers(-(2**60), 2**60)).map(
            lambda pair: [(pair[0] + i * pair[1] + 2**63) % 2**64 - 2**63 for i in range(20)]
        ),
    )
)
def test_integers_come_back(values):
    array = np.array(values, dtype=np.int64)
    decoded = decode_values("i64", encode_values("i64", array), len(values))
    assert decoded.dtype == np.int64
    assert decoded.tolist() == values


@given(arrays.arrays(np.bool_, st.integers(0, 40)))
def test_bools_come_back(values):
    decoded = decode_values("bool", encode_values("bool", values), len(values))
    assert decoded.dtype == np.bool_
    assert decoded.tolist() == values.tolist()


@given(
    st.lists(
        st.recursive(
            st.one_of(st.integers(), st.text(), st.floats(allow_nan=False), st.none()),
            lambda inner: st.lists(inner, max_size=3),
            max_leaves=5,
        ),
        max_size=8,
    )
)
def test_json_values_come_back(values):
    assert decode_values("object", encode_values("object", values), len(values)) == values


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_blocks_come_back_with_any_presence(data):
    n = data.draw(st.integers(1, 300))
    first = data.draw(st.sampled_from([0, 5, 10**12]))
    gaps = data.draw(arrays.arrays(np.int64, n, elements=st.sampled_from([1, 1, 1, 2, 9, 500])))
    positions = first + np.cumsum(gaps) if data.draw(st.booleans()) else None
    values = np.random.default_rng(n).standard_normal(n)
    steps = np.arange(n) * 3
    times = 1.7e9 + np.arange(n) / 7
    own = positions is not None and data.draw(st.booleans())
    block = decode_block(
        encode_block("f64", values, positions, steps if own else None, times if own else None)
    )
    assert np.asarray(block.values).tobytes() == values.tobytes()
    assert (block.positions is None) == (positions is None)
    if positions is not None:
        np.testing.assert_array_equal(block.positions, positions)
    assert (block.steps is not None) == own
    if own:
        np.testing.assert_array_equal(block.steps, steps)
        np.testing.assert_array_equal(block.times, times)


def test_axis_windows_come_back():
    steps, times = np.array([5, 5, -(2**63), 2**63 - 1]), np.array([1.5, math.nan, -math.inf, 0.0])
    data = encode_axis(steps, times)
    np.testing.assert_array_equal(decode_steps(data), steps)
    decoded = decode_axis(data)
    np.testing.assert_array_equal(decoded[0], steps)
    assert decoded[1].tobytes() == times.tobytes()


@pytest.mark.parametrize("kind", ["block", "axis"])
def test_any_flipped_or_missing_byte_is_refused(kind):
    random = np.random.default_rng(0)
    values = random.standard_normal(40)
    rows = np.cumsum(random.integers(1, 4, 40))
    if kind == "block":
        data, decode = encode_block("f64", values, rows, rows, values), decode_block
    else:
        data, decode = encode_axis(rows, values), decode_axis
    decode(data)
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 0x41
        with pytest.raises(CorruptBlock):
            decode(bytes(damaged))
    for size in range(len(data)):
        with pytest.raises(CorruptBlock):
            decode(data[:size])


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["f64", "i64", "bool", "object"]), st.binary(max_size=60), st.integers(0, 30)
)
def test_bytes_that_are_no_values_are_refused_or_decoded(kind, data, n):
    try:
        assert len(decode_values(kind, data, n)) == n
    except CorruptBlock:
        pass


def test_sizes_of_what_is_usual():
    random = np.random.default_rng(0)
    noise = random.standard_normal(N)
    single = noise.astype(np.float32).astype(np.float64)
    assert len(encode_values("f64", single)) < 3.5 * N
    assert len(encode_values("f64", noise)) < 7.2 * N
    assert len(encode_values("f64", np.full(N, 0.1))) < 16
    assert len(encode_values("i64", np.arange(N) * 128)) == 17
    assert len(encode_values("i64", random.integers(0, 200, N) + 2**60)) < 1.1 * N
    assert len(encode_values("bool", random.random(N) < 0.5)) < N / 8 + 20
    jitter = 1.7e9 + np.cumsum(0.01 * (1 + 0.05 * random.standard_normal(N)))
    assert len(encode_times(jitter)) < 1.8 * N
    half = np.flatnonzero(random.random(N) < 0.5)
    presence = len(encode_block("f64", noise[half], half)) - len(
        encode_block("f64", noise[half], None)
    )
    assert presence < N / 8 + 20
    assert len(encode_block("i64", np.arange(400), np.arange(0, 4000, 10))) < 80
