"""Bundles: arrays come back as they were, or as their exact equal in fewer bytes."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from epochal.errors import CorruptBlock
from epochal.formats.bundle import BundleWriter, read_bundle

DTYPES = [np.float64, np.float32, np.int64, np.int32, np.uint8, np.bool_]


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(DTYPES).flatmap(lambda dtype: arrays.arrays(dtype, st.integers(0, 20))),
        max_size=5,
    )
)
def test_arrays_come_back_aligned(given_arrays):
    writer = BundleWriter()
    references = [writer.add(array) for array in given_arrays]
    data = writer.finish({"arrays": references, "name": "loss ✓"})
    header, array = read_bundle(data)
    assert header["name"] == "loss ✓"
    (length,) = struct.unpack_from("<I", data, 4)
    assert (8 + length) % 8 == 0
    for reference, expected in zip(header["arrays"], given_arrays, strict=True):
        assert reference["offset"] % 8 == 0
        got = array(reference)
        assert got.tobytes() == expected.tobytes()
        assert not got.flags.writeable or not len(got)


@settings(deadline=None)
@given(arrays.arrays(np.int64, st.integers(0, 20)))
def test_values_are_narrowed_only_to_the_bit(bits):
    values = bits.view(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        single = values.astype(np.float32).astype(np.float64)
    for narrowable in (values, single):
        writer = BundleWriter()
        reference = writer.add_values(narrowable)
        _, array = read_bundle(writer.finish({}))
        assert array(reference).astype(np.float64).tobytes() == narrowable.tobytes()


def test_float32_values_take_four_bytes():
    writer = BundleWriter()
    assert writer.add_values(np.array([0.5, -0.0, np.nan]))["dtype"] == "f4"
    assert writer.add_values(np.array([0.1]))["dtype"] == "f8"


@pytest.mark.parametrize(
    ("axis", "dtype"),
    [
        (np.arange(5.0) * 3 + 7, "affine"),
        (np.array([1.0, 2.0, 4.0]), "f4"),
        (np.array([0.1, 0.2, 0.3, 0.4]), "f8"),
        (np.array([2.0]), "f4"),
        (np.array([]), "f4"),
        (np.array([np.inf, np.inf]), "f4"),
    ],
)
def test_axes_are_affine_only_where_that_is_exact(axis, dtype):
    writer = BundleWriter()
    reference = writer.add_axis(axis)
    assert reference["dtype"] == dtype
    _, array = read_bundle(writer.finish({}))
    np.testing.assert_array_equal(array(reference).astype(np.float64), axis)


def test_what_is_no_bundle_is_refused():
    writer = BundleWriter()
    reference = writer.add(np.arange(3.0))
    data = writer.finish({"a": reference})
    for size in range(8 + struct.unpack_from("<I", data, 4)[0]):
        with pytest.raises(CorruptBlock):
            read_bundle(data[:size])
    with pytest.raises(CorruptBlock):
        read_bundle(b"PK" + data)
    _, array = read_bundle(data[:-1])
    with pytest.raises(CorruptBlock, match="has no 24 bytes"):
        array(reference)
