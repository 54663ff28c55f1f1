"""Points of a series in parts: what merging them without copying them together has to come to."""

from __future__ import annotations

import contextlib
import importlib
import platform
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.native import plain

compiled: Any = None
with contextlib.suppress(ImportError):  # no C compiler was there: numpy runs everything
    compiled = importlib.import_module("epochal.native.compiled")

TWINS: list[Any] = [plain, *([] if compiled is None else [compiled])]
twins = pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.__name__.rpartition(".")[2])
needs_compiled = pytest.mark.skipif(
    compiled is None, reason="system: the kernels are not compiled (python scripts/build_native.py)"
)
SMOOTH: dict[str, Any] = {"deadline": None, "max_examples": 150}


def cut_up(random: np.random.Generator, array: Any, ends: list[int]) -> list[Any]:
    return np.split(array, ends)


def series(seed: int, n: int, kind: str, *, steps: bool, smooth: bool) -> list[Any]:
    """Return parts of a series whose x ascend; some parts may be empty."""
    random = np.random.default_rng(seed)
    x = np.sort(random.integers(-20, 80, n)) if steps else np.sort(random.uniform(-20, 80, n))
    y = random.standard_normal(n) * 10.0
    if kind in "df":
        y[random.random(n) < 0.1] = random.choice([np.nan, np.inf, -np.inf])
    y = y.astype({"d": np.float64, "f": np.float32, "l": np.int64, "?": np.bool_}[kind])
    course = random.standard_normal(n)
    ends = np.sort(random.integers(0, n + 1, 3)).tolist()
    courses = cut_up(random, course, ends) if smooth else [None] * 4
    return list(zip(cut_up(random, x, ends), cut_up(random, y, ends), courses, strict=True))


@twins
@settings(**SMOOTH)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 150),
    st.sampled_from("dfl?"),
    st.booleans(),
    st.booleans(),
    st.sampled_from([(-np.inf, np.inf), (0.0, 50.0), (3.0, 3.0), (-90.0, -30.0), (90.0, 99.0)]),
    st.sampled_from([0.0, 0.05, 1.0, 7.0]),
    st.sampled_from([-1, 5, 1000]),
)
def test_parts_are_merged_as_their_points_are(
    twin: Any, seed, n, kind, steps, smooth, span, scale, most
):
    parts = series(seed, n, kind, steps=steps, smooth=smooth)
    origin = 0.0 if steps else 2.5
    pixels = (span[0] if np.isfinite(span[0]) else 1.0, scale)
    found = twin.merge_parts(parts, origin, span, pixels, most, 1000)
    x = np.concatenate([part[0] for part in parts]).astype(np.float64) - origin
    y = np.concatenate([part[1] for part in parts]).astype(np.float64)
    inside = np.flatnonzero((x >= span[0]) & (x <= span[1]))
    assert found.inside == len(inside)
    assert found.begin == max(int((x < span[0]).sum()) - 1, 0)
    assert found.end == min(int((x <= span[1]).sum()) + 1, n)
    if found.inside <= most:
        assert found.columns is None
        return
    cut = slice(found.begin, found.end)
    expected = plain.merge_points(x[cut], x[cut], y[cut], pixels, 1000)
    assert expected is not None
    for name in ("x0", "x1", "first", "min", "max", "last", "flags"):
        np.testing.assert_array_equal(getattr(found.columns, name), getattr(expected, name))
    if not smooth:
        assert found.smoothed is None
        return
    course = np.concatenate([part[2] for part in parts])[cut]
    expected = plain.merge_points(x[cut], x[cut], course, pixels, 1000)
    assert expected is not None
    for name in ("first", "min", "max", "last"):
        np.testing.assert_array_equal(getattr(found.smoothed, name), getattr(expected, name))


@twins
def test_parts_whose_x_falls_or_is_no_number_are_left_to_others(twin: Any):
    def merged(*xs):
        parts = [(np.array(x), np.zeros(len(x)), None) for x in xs]
        return twin.merge_parts(parts, 0.0, (0.0, 9.0), (0.0, 1.0), 0, 100)

    assert merged([1.0, 2.0], [2.0, 3.0]) is not None
    assert merged([1.0, 2.0], [], [1.9, 3.0]) is None
    assert merged([1.0, 3.0, 2.0]) is None
    assert merged([1, 3, 2]) is None
    assert merged([1.0, np.nan, 2.0]) is None
    assert merged([np.nan, 2.0]) is None
    assert merged([1.0, np.inf]) is None
    assert merged([-np.inf, 1.0]) is None


@twins
def test_more_columns_than_there_is_room_for_are_left_to_others(twin: Any):
    parts = [(np.arange(20), np.arange(20.0), None)]
    assert twin.merge_parts(parts, 0.0, (0.0, 19.0), (0.0, 1.0), 0, 19) is None
    assert twin.merge_parts(parts, 0.0, (0.0, 19.0), (0.0, 1.0), 0, 20) is not None


@twins
def test_places_far_outside_are_in_no_pixel_twice(twin: Any):
    x = np.array([-1e308, -1e300, -1e19, 0.0, 5.0, 1e17, 1e17 + 64, 1e300])
    parts = [(x, np.arange(8.0), None)]
    found = twin.merge_parts(parts, 0.0, (-np.inf, np.inf), (0.0, 10.0), 0, 100)
    expected = plain.merge_points(x, x, np.arange(8.0), (0.0, 10.0), 100)
    assert expected is not None
    if twin is plain:
        assert len(found.columns.x0) == len(expected.x0)
    assert found.columns.min.min() == 0.0
    assert found.columns.max.max() == 7.0
    assert (np.diff(found.columns.x0) > 0).all()


@needs_compiled
@pytest.mark.parametrize(
    "part",
    [
        (np.arange(3), np.arange(2.0), None, "ld"),
        (np.arange(3), np.arange(3.0), np.arange(2.0), "ld"),
        (np.arange(3), np.arange(3.0), None, "fd"),
        (np.arange(3), np.arange(3.0), None, "l"),
        (np.arange(6)[::2], np.arange(3.0), None, "ld"),
        (np.arange(3), None, None, "ld"),
        [np.arange(3), np.arange(3.0), None, "ld"],
    ],
)
def test_parts_that_do_not_fit_together_are_refused(part):
    from epochal.native import _compiled

    good = (np.arange(3), np.arange(3.0), None, "ld")
    with pytest.raises((ValueError, TypeError, BufferError)):
        _compiled.merge_parts(
            (good, part), 0.0, 0.0, 2.0, 0.0, 1.0, 0, np.empty((6, 9)), np.empty(9, np.uint8)
        )


# ------------------------------------------------------------------------------------------------ smoothed buckets


@twins
@settings(**SMOOTH)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 700),
    st.sampled_from("dfl?"),
    st.sampled_from([0.0, 0.3, 0.99, 1 - 1e-9]),
    st.booleans(),
)
def test_smoothing_goes_on_from_part_to_part(twin: Any, seed, n, kind, weight, some_missing):
    random = np.random.default_rng(seed)
    y = np.cumsum(random.standard_normal(n)) * 10.0 ** random.integers(-3, 4)
    if some_missing and kind in "df":
        y[random.random(n) < 0.05] = random.choice([np.nan, np.inf, -np.inf])
    y = y.astype({"d": np.float64, "f": np.float32, "l": np.int64, "?": np.bool_}[kind])
    parts = np.split(y, np.sort(random.integers(0, n + 1, 3)))
    found = twin.decay_parts(parts, weight, (0.0, 0.0), buckets=True, values=True)
    values = y.astype(np.float64)
    known = np.isfinite(values)
    expected = values.copy()
    expected[known] = plain.decaying_mean(values[known], weight)
    size = np.abs(values[known]).max(initial=1e-300)
    close: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-9 * size}
    np.testing.assert_allclose(found.values, expected, **close)
    assert (found.low, found.high) == (
        values[known].min(initial=np.inf),
        values[known].max(initial=-np.inf),
    )
    at, end = 0, 0
    for part in parts:
        begin, end = end, end + len(part)
        for start in range(begin, end, plain.BUCKET):
            piece = expected[start : min(start + plain.BUCKET, end)]
            there = piece[np.isfinite(piece)]
            limits = [there.min(), there.max()] if len(there) else [np.nan, np.nan]
            np.testing.assert_allclose(
                found.buckets[:, at], [piece[0], *limits, piece[-1]], **close
            )
            at += 1
    assert found.buckets.shape == (4, at)
    # Each part by itself, from the state before it, comes to the same.
    for part, state, begin in zip(
        parts, found.states, np.cumsum([0, *map(len, parts)]), strict=False
    ):
        alone = twin.decay_parts([part], weight, tuple(state), buckets=False, values=True)
        np.testing.assert_allclose(alone.values, expected[begin : begin + len(part)], **close)
        assert alone.buckets is None


@needs_compiled
@settings(**SMOOTH)
@given(st.integers(0, 2**32 - 1), st.integers(0, 9000), st.sampled_from([0.9, 0.999, 0.99999]))
def test_decayed_parts_are_the_same_in_both(seed, n, weight):
    random = np.random.default_rng(seed)
    parts = np.split(random.standard_normal(n).astype(np.float32), [n // 3, n // 2])
    state = (float(random.standard_normal()), float(random.random() + 1))
    ours, other = (
        twin.decay_parts(parts, weight, state, buckets=True, values=True)
        for twin in (compiled, plain)
    )
    for a, b in zip(ours, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


@needs_compiled
@pytest.mark.parametrize(
    ("parts", "codes", "states", "span", "buckets", "out"),
    [
        ((np.zeros(3),), "", np.zeros((2, 2)), np.zeros(2), None, None),
        ((np.zeros(3),), "x", np.zeros((2, 2)), np.zeros(2), None, None),
        ((np.zeros(3, np.uint8),), "d", np.zeros((2, 2)), np.zeros(2), None, None),
        ((np.zeros(3),), "d", np.zeros((1, 2)), np.zeros(2), None, None),
        ((np.zeros(3),), "d", np.zeros((2, 2)), np.zeros(1), None, None),
        ((np.zeros(17),), "d", np.zeros((2, 2)), np.zeros(2), np.zeros((4, 1)), None),
        ((np.zeros(17),), "d", np.zeros((2, 2)), np.zeros(2), None, np.zeros(16)),
        ((np.zeros(17), None), "dd", np.zeros((3, 2)), np.zeros(2), None, None),
        ((np.zeros(34)[::2],), "d", np.zeros((2, 2)), np.zeros(2), None, None),
    ],
)
def test_buffers_that_do_not_fit_are_refused(parts, codes, states, span, buckets, out):
    from epochal.native import _compiled

    with pytest.raises((ValueError, TypeError, BufferError)):
        _compiled.decay_parts(parts, codes, 0.5, states, span, buckets, out)


# ------------------------------------------------------------------------------------------------ values at positions


@twins
@settings(**SMOOTH)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 60),
    st.sampled_from("dfl?"),
    st.booleans(),
    st.booleans(),
)
def test_values_at_positions_are_interpolated_between_the_last_logged(
    twin: Any, seed, n, kind, steps, some_missing
):
    random = np.random.default_rng(seed)
    x = np.sort(random.integers(0, 30, n)) if steps else np.sort(random.integers(0, 60, n) / 2)
    y = (random.standard_normal(n) * 10).astype({"l": np.int64, "?": np.bool_}.get(kind, "d"))
    if some_missing and kind in "df":
        y[random.random(n) < 0.1] = np.nan
    y = y.astype(np.float32) if kind == "f" else y
    origin = 0.0 if steps else 2.5
    positions = np.unique(random.integers(-20, 80, 40) / 2)
    ends = np.sort(random.integers(0, n + 1, 3)).tolist()
    parts = [(a, b, None) for a, b in zip(np.split(x, ends), np.split(y, ends), strict=True)]
    found = twin.sample_parts(parts, origin, positions)
    last = {float(a) - origin: float(b) for a, b in zip(x, y, strict=True)}
    places, logged = np.array(list(last)), np.array(list(last.values()))
    within = np.zeros(len(positions), bool)
    if last:
        within = (positions >= places[0]) & (positions <= places[-1])
    expected = np.full(len(positions), np.nan)
    if within.any():
        expected[within] = np.interp(positions[within], places, logged)
    if found is None:
        assert np.isnan(logged).any()
        return
    np.testing.assert_allclose(found[0], expected, rtol=1e-12, atol=1e-12)
    assert np.isnan(found[0][~within]).all()
    assert found[1] == all(at in last for at in positions[within].tolist())


@twins
def test_positions_of_lines_that_go_back_are_left_to_others(twin: Any):
    positions = np.array([0.5, 1.0])
    for x in ([1.0, 0.0], [0.0, np.nan], [0.0, np.inf]):
        assert twin.sample_parts([(np.array(x), np.zeros(2), None)], 0.0, positions) is None
    empty, exact = twin.sample_parts([], 0.0, positions)
    assert np.isnan(empty).all()
    assert exact


# ------------------------------------------------------------------------------------------------ memory


def test_the_c_library_is_told_to_keep_freed_memory_only_by_compiled_kernels():
    assert plain.keep_freed(1 << 20, 1 << 20) is False
    if compiled is not None:
        assert compiled.keep_freed(16 << 20, 4 << 20) == (platform.libc_ver()[0] == "glibc")
        with pytest.raises(TypeError):
            compiled.keep_freed("much", 1)
