"""The kernels against what they are meant to do, and the compiled ones against numpy's."""

from __future__ import annotations

import contextlib
import importlib.util
import math
import sys
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.native import kernels, plain
from tests.native import reference

compiled: Any = None
with contextlib.suppress(
    ImportError
):  # no C compiler was there: numpy runs everything, and is tested
    compiled = importlib.import_module("epochal.native.compiled")

TWINS: list[Any] = [plain, *([] if compiled is None else [compiled])]
needs_compiled = pytest.mark.skipif(
    compiled is None, reason="system: the kernels are not compiled (python scripts/build_native.py)"
)
twins = pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.__name__.rpartition(".")[2])
numbers = st.floats(-1e9, 1e9)
seeds = st.integers(0, 2**32 - 1)
SMOOTH: dict[str, Any] = {"deadline": None, "max_examples": 100}


def test_the_chosen_twin_is_the_compiled_one_where_it_is_there():
    assert kernels.is_compiled == (compiled is not None)
    chosen = plain if compiled is None else compiled
    for name in kernels.__all__:
        if name != "is_compiled":
            assert getattr(kernels, name) is getattr(chosen, name)


INTERFACES = {1: 2825816126, 2: 1660004827, 3: 3859376435}
"""CRC-32 of _compiled.pyi by its number. A change of it needs a new number here, in __init__.py and in compiled.c."""


@needs_compiled
def test_each_interface_of_the_kernels_has_a_number_of_its_own():
    text = Path(compiled.__file__).with_name("_compiled.pyi").read_bytes()
    assert INTERFACES[compiled.INTERFACE] == zlib.crc32(text)


@needs_compiled
@pytest.mark.parametrize("change", [{"INTERFACE": 0}, {"INTERFACE": None, "crc32": None}])
def test_kernels_of_other_sources_are_left_alone_with_a_sentence(monkeypatch, caplog, change):
    for (
        name,
        value,
    ) in change.items():  # as a checkout leaves them that is pulled and not built anew
        if value is None:
            monkeypatch.delattr(compiled._compiled, name)
        else:
            monkeypatch.setattr(compiled._compiled, name, value)
    monkeypatch.delitem(sys.modules, "epochal.native.compiled")
    spec = importlib.util.find_spec("epochal.native.kernels")
    assert spec is not None
    assert spec.loader is not None
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    assert not again.is_compiled
    assert again.crc32(b"123456789") == 0xCBF43926
    (record,) = caplog.records
    assert "run `python scripts/build_native.py`" in record.getMessage()


def close(found, expected):
    expected = np.asarray(expected)
    size = np.abs(expected).max(initial=1e-300)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * size)


# ------------------------------------------------------------------------------------------------ moving averages


@twins
@settings(**SMOOTH)
@given(st.lists(numbers, max_size=60), st.floats(0, 1, exclude_max=True))
def test_decaying_mean_is_exact_for_weights_close_to_1(twin: Any, values, weight):
    past, size, expected = Fraction(0), Fraction(0), []
    for value in values[:12]:
        past = past * Fraction(weight) + Fraction(value)
        size = size * Fraction(weight) + 1
        expected.append(float(past / size))
    close(twin.decaying_mean(np.array(values[:12]), weight), expected)
    close(twin.decaying_mean(np.array(values), weight), reference._ema(weight, [], values))


@twins
@pytest.mark.parametrize("weight", [0.0, 0.5, 0.99, 0.9999, 1 - 1e-9])
def test_long_series_stay_exact(twin: Any, weight):
    values = np.cumsum(np.random.default_rng(1).standard_normal(30_000))
    close(twin.decaying_mean(values, weight), reference._ema(weight, [], values.tolist()))
    decays = np.full(len(values), weight)
    close(twin.fading_mean(values, decays), reference._ema(weight, [], values.tolist()))


@needs_compiled
@settings(**SMOOTH)
@given(seeds, st.integers(0, 3000), st.sampled_from([0.0, 0.3, 0.999, 1.0]))
def test_moving_averages_are_the_same_in_both(seed, n, weight):
    random = np.random.default_rng(seed)
    values = random.standard_normal(n) * 10.0 ** random.integers(-200, 200)
    decays = random.random(n) ** random.integers(0, 9)
    if weight < 1:
        close(compiled.decaying_mean(values, weight), plain.decaying_mean(values, weight))
    close(compiled.fading_mean(values, decays), plain.fading_mean(values, decays))


@needs_compiled
@settings(**SMOOTH)
@given(seeds, st.integers(0, 1500), st.floats(1e-4, 1e4))
def test_gaussians_are_the_same_in_both(seed, n, sigma):
    random = np.random.default_rng(seed)
    places = np.sort(np.round(np.cumsum(random.exponential(1, n) ** random.integers(1, 4)), 1))
    at = places / sigma
    values = random.standard_normal(n)
    close(compiled.gaussian_mean(at, values), plain.gaussian_mean(at, values))
    if n < 300:
        close(
            plain.gaussian_mean(at, values), reference._gaussian(1.0, at.tolist(), values.tolist())
        )


@settings(**SMOOTH)
@given(st.lists(numbers, max_size=70), st.integers(1, 40))
def test_centred_mean(values, half):
    close(plain.centred_mean(np.array(values), half), reference._mean(2 * half, [], values))


# ------------------------------------------------------------------------------------------------ bytes and buckets


@twins
@settings(**SMOOTH)
@given(seeds, st.sampled_from([1, 2, 4, 8]), st.integers(0, 200))
def test_interleave_puts_the_bytes_of_each_value_together(twin: Any, seed, width, n):
    values = np.random.default_rng(seed).integers(0, 256, (n, width), dtype=np.uint8)
    planes: list[bytes | memoryview] = [values[:, i].tobytes() for i in range(width)]
    assert twin.interleave(planes, n).tobytes() == values.tobytes()


@twins
@settings(**SMOOTH)
@given(
    st.lists(st.integers(0, 2**64 - 1), max_size=50),
    st.sampled_from([1, 2, 4, 8]),
    st.integers(-(2**63), 2**63 - 1),
    st.none() | st.integers(-(2**63), 2**63 - 1),
)
def test_widen_adds_modulo_the_width_of_an_integer(twin: Any, words, width, base, first):
    words = [word % 256**width for word in words]
    data = np.array([list(word.to_bytes(width, "little")) for word in words], dtype=np.uint8)
    planes: list[bytes | memoryview] = [
        data.reshape(-1, width)[:, i].tobytes() for i in range(width)
    ]
    sums = [word + base for word in words]
    if first is not None:
        sums = [first + sum(sums[:i]) for i in range(len(sums) + 1)]
    expected = [(total + 2**63) % 2**64 - 2**63 for total in sums]
    assert twin.widen(planes, len(words), base, first).tolist() == expected


special = st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 1e308, 5e-324])


@twins
@settings(**SMOOTH)
@given(st.lists(numbers | special, min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_extremes_are_those_of_the_finite_values(twin: Any, values, random):
    starts = [0, *(i for i in range(1, len(values)) if random.random() < 0.3)]
    low, high = twin.extremes(np.array(values), np.array(starts))
    for i, start in enumerate(starts):
        part = values[start : [*starts[1:], len(values)][i]]
        finite = [value for value in part if math.isfinite(value)]
        assert low[i] == min(finite) if finite else math.isnan(low[i])
        assert high[i] == max(finite) if finite else math.isnan(high[i])


# ------------------------------------------------------------------------------------------------ pixel columns


def merge_plainly(begins, ends, x0, x1, values, flags, pixels):
    """Return columns, one item after the other."""
    found = []
    before = None
    for i in range(len(flags)):
        here = [math.floor((place - pixels[0]) * pixels[1]) for place in (begins[i], ends[i])]
        first, low, high, last = (float(array[i]) for array in values)
        if before is not None and here[0] == before[1] and here[1] == before[0]:
            column = found[-1]
            column[0], column[1] = min(column[0], x0[i]), max(column[1], x1[i])
            column[3] = (
                low if math.isnan(column[3]) else min(column[3], low) if low == low else column[3]
            )
            column[4] = (
                high
                if math.isnan(column[4])
                else max(column[4], high)
                if high == high
                else column[4]
            )
            column[5], column[6] = last, column[6] | int(flags[i])
        else:
            found.append([x0[i], x1[i], first, low, high, last, int(flags[i])])
        before = here
    return found


@twins
@settings(**SMOOTH)
@given(seeds, st.integers(0, 120), st.sampled_from([np.float32, np.float64]), st.booleans())
def test_items_inside_a_pixel_become_one(twin: Any, seed, n, dtype, in_order):
    random = np.random.default_rng(seed)
    x0 = random.integers(-10, 100, n) / 2
    if in_order:
        x0 = np.sort(x0)
    x1 = x0 + random.integers(0, 3, n) / 4
    flags = random.choice([0, 0, 0, 1, 6], n).astype(np.uint8)
    low = random.standard_normal(n).astype(dtype)
    low[random.random(n) < 0.2] = np.nan
    values = (
        random.standard_normal(n).astype(dtype),
        low,
        low + 1,
        random.standard_normal(n).astype(dtype),
    )
    pixels = (3.0, float(random.choice([0.0, 0.1, 1.0, 7.0])))
    expected = merge_plainly(x0, x1, x0, x1, values, flags, pixels)
    found = twin.merge_columns((x0, x1), (x0, x1), values, flags, pixels, n)
    np.testing.assert_array_equal(
        np.array(expected).reshape(-1, 7), np.stack([np.asarray(a, float) for a in found], axis=-1)
    )
    assert found.flags.dtype == np.uint8
    if len(expected):
        few = twin.merge_columns((x0, x1), (x0, x1), values, flags, pixels, len(expected) - 1)
        assert few is None
    # Smoothed values that go with them: as if they were merged alone.
    course = tuple(array.astype(np.float64)[::-1] for array in values)
    both = twin.merge_smoothed((x0, x1), (x0, x1), values, course, flags, pixels, n)
    alone = twin.merge_columns((x0, x1), (x0, x1), course, flags, pixels, n)
    np.testing.assert_array_equal(np.stack(both[0][:6]), np.stack(found[:6]))
    np.testing.assert_array_equal(np.stack(both[1]), np.stack(alone[2:6]))


@twins
@settings(**SMOOTH)
@given(st.lists(st.tuples(st.floats(0, 50), numbers | special), max_size=80))
def test_points_inside_a_pixel_become_one(twin: Any, points):
    x = np.array([place for place, _ in points])
    y = np.array([value for _, value in points])
    flags = [1 if v != v else 2 if v == math.inf else 4 if v == -math.inf else 0 for _, v in points]
    finite = np.where(np.isfinite(y), y, np.nan)
    pixels = (0.5, 0.25)
    expected = merge_plainly(x, x, x, x, (y, finite, finite, y), flags, pixels)
    found = twin.merge_points(x, x, y, pixels, len(x))
    np.testing.assert_array_equal(
        np.array(expected).reshape(-1, 7), np.stack([np.asarray(a, float) for a in found], axis=-1)
    )


@needs_compiled
def test_places_far_outside_are_no_undefined_numbers():
    x = np.array([-1e308, -1e30, 0.0, 1e30, 1e308])
    y = np.arange(5.0)
    for scale in (1e10, 1e300):
        found, expected = (t.merge_points(x, x, y, (0.0, scale), 5) for t in (compiled, plain))
        assert len(found.x0) <= 5
        assert found.max.max() == expected.max.max() == 4


@needs_compiled
@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.decaying_mean(np.zeros(3), 0.5, np.zeros(4)),
        lambda c: c.fading_mean(np.zeros(3), np.zeros(2), np.zeros(3)),
        lambda c: c.gaussian_mean(np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(2)),
        lambda c: c.interleave((b"ab", b"a"), np.zeros(4, np.uint8)),
        lambda c: c.interleave((b"ab",) * 3, np.zeros(6, np.uint8)),
        lambda c: c.interleave((b"ab", b"ab"), np.zeros(5, np.uint8)),
        lambda c: c.interleave((b"ab", "ab"), np.zeros(4, np.uint8)),
        lambda c: c.widen((b"ab",), np.zeros(2, np.int64), 0, 0, True),
        lambda c: c.widen((), np.zeros(0, np.int64), 0, 0, False),
        lambda c: c.extremes(np.zeros(3), np.array([0, 3]), np.zeros(2), np.zeros(2)),
        lambda c: c.extremes(np.zeros(3), np.array([0, 0]), np.zeros(2), np.zeros(2)),
        lambda c: c.extremes(np.zeros(3), np.array([-1]), np.zeros(1), np.zeros(1)),
        lambda c: c.merge_columns((np.zeros(1),) * 9, (np.zeros(1),) * 7, 8, 0.0, 1.0),
        lambda c: c.merge_columns((np.zeros(1),) * 8, (np.zeros(1),) * 7, 8, 0.0, 1.0),
        lambda c: c.merge_columns((np.zeros(1),) * 13, (np.zeros(1),) * 7, 8, 0.0, 1.0),
        lambda c: c.decaying_mean(np.zeros(6)[::2], 0.5, np.zeros(3)),
        lambda c: c.decaying_mean(np.zeros(3), 0.5, bytes(24)),
    ],
)
def test_wrong_buffers_are_refused(call):
    with pytest.raises((ValueError, TypeError, BufferError)):
        call(importlib.import_module("epochal.native._compiled"))
