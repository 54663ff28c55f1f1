"""The kernels in numpy: what runs where the compiled ones were not built, and what those are tested against.

Sums are never differences of longer sums: one value of 1e30 would leave nothing of those that follow it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from epochal.native.plain_blocks import crc32 as crc32
from epochal.native.plain_blocks import read_planes as read_planes
from epochal.native.plain_counts import Counted as Counted
from epochal.native.plain_counts import count_values as count_values
from epochal.native.plain_counts import first_edges as first_edges
from epochal.native.plain_events import crc32c as crc32c
from epochal.native.plain_events import find_length as find_length
from epochal.native.plain_events import frame_events as frame_events
from epochal.native.plain_events import frame_records as frame_records
from epochal.native.plain_walk import group_values as group_values
from epochal.native.plain_walk import know_scalar as know_scalar
from epochal.native.plain_walk import list_names as list_names
from epochal.native.plain_walk import new_names as new_names
from epochal.native.plain_walk import walk_events as walk_events

Floats = npt.NDArray[np.float64]


class Merged(NamedTuple):
    """Columns: where each begins and ends, first, smallest and largest finite, last value; and flags uint8[n]."""

    x0: Floats
    x1: Floats
    first: Floats
    min: Floats
    max: Floats
    last: Floats
    flags: npt.NDArray[np.uint8]


Part = tuple[npt.NDArray[Any], npt.NDArray[Any], Floats | None]
"""Points of a series: x int64[n] or float64[n], y float64[n], float32[n], int64[n] or bool[n], smoothed y."""


class MergedParts(NamedTuple):
    """Which points a line through a range needs (from begin to before end), how many lie inside, and their columns."""

    begin: int
    end: int
    inside: int
    columns: Merged | None
    smoothed: Merged | None


BUCKET = 16
"""Values of a bucket of `decay_parts`, and of the pyramid's finest level."""


class DecayedParts(NamedTuple):
    """Smoothed values of a series in parts.

    states: float64[parts + 1, 2], sum and size before each part and after the last. low, high: of the finite values
    (inf and -inf without any). buckets: float64[4, n]: first, smallest and largest finite (NaN without one) and last
    smoothed value of every 16 of a part. values: float64[n], of all parts.
    """

    states: Floats
    low: float
    high: float
    buckets: Floats | None
    values: Floats | None


_CELL = 0.5
"""Width of a cell in sigmas. Narrower ones mean more cells, wider ones longer polynomials."""
_TERMS = 14
"""Terms of exp(t v) for |t| <= 3.5 and |v| <= 0.25: the rest is below 2e-12."""
_CUT = 3.0 * (1 + 1e-9)
"""How far the kernel reaches: a value at 3 sigmas is in, whichever way its position was rounded."""


def decaying_mean(values: Floats, weight: float) -> Floats:
    """Return the debiased exponential moving average of finite values: sum of w**k v[i-k] over sum of w**k.

    weight: 0 to less than 1.
    """
    if weight == 0.0 or not len(values):
        return values.copy()
    log = math.log(weight)
    sizes = np.expm1(np.arange(1, len(values) + 1) * log) / math.expm1(log)
    return _recurrence(weight, values) / sizes


def fading_mean(values: Floats, decays: Floats) -> Floats:
    """Return the same with a weight of its own between each value and the one before it.

    decays: float64[n], 0 to 1; the first does not count.
    """
    if not len(values):
        return values.copy()
    return _recurrence(decays, values) / _recurrence(decays, np.ones(len(values)))


def _recurrence(decay: float | Floats, values: Floats) -> Floats:
    """Return r[i] = decay[i] r[i-1] + values[i], by blocks side by side and what each hands to the next."""
    n = len(values)
    length = math.isqrt(n) + 1
    blocks = -(-n // length)

    def lay_out(array: Floats) -> Floats:
        padded = np.zeros(length * blocks)
        padded[:n] = array
        return np.ascontiguousarray(padded.reshape(blocks, length).T)

    found = lay_out(values)
    shape = found.shape
    decays = lay_out(decay) if isinstance(decay, np.ndarray) else np.full(shape, decay)
    for i in range(1, length):
        found[i] += decays[i] * found[i - 1]
    passed = np.cumprod(decays, axis=0)
    carries = np.zeros(blocks)
    for i in range(1, blocks):
        carries[i] = found[-1, i - 1] + passed[-1, i - 1] * carries[i - 1]
    found += passed * carries
    return found.T.reshape(-1)[:n]


def centred_mean(values: Floats, half: int) -> Floats:
    """Return the mean of each finite value and the `half` ones on either side; fewer, on both sides, at the ends."""
    n = len(values)
    found = np.empty(n)
    ends = min(half, (n + 1) // 2)
    counts = 2.0 * np.arange(ends) + 1
    found[:ends] = np.cumsum(values[: 2 * ends])[::2][:ends] / counts
    found[n - ends :] = (np.cumsum(values[::-1][: 2 * ends])[::2][:ends] / counts)[::-1]
    width = 2 * half + 1
    if n < width:
        return found
    # Sums of blocks as wide as the window, from either end: a window is the end of one and the beginning of the next.
    padded = np.zeros(-(-n // width) * width)
    padded[:n] = values
    tiles = padded.reshape(-1, width)
    forward = np.cumsum(tiles, axis=1).reshape(-1)
    backward = np.cumsum(tiles[:, ::-1], axis=1)[:, ::-1].reshape(-1)
    starts = np.arange(n - width + 1)
    sums = backward[: len(starts)].copy()
    over = starts % width != 0
    sums[over] += forward[starts[over] + width - 1]
    found[half : n - half] = sums / width
    return found


def gaussian_mean(positions: Floats, values: Floats) -> Floats:
    """Return the mean of the finite values around each one, weighted by exp(-d**2 / 2) up to a distance d of 3.

    positions: float64[n] ascending, in sigmas. Cost grows with n alone, however many values are within reach:
    cells keep sums of v**p exp(-v**2 / 2) (v from the cell's middle), of which the kernel is a polynomial.
    """
    n = len(values)
    if not n:
        return values.copy()
    ones = np.ones(n)
    sums, sizes = np.zeros(n), np.zeros(n)
    for flipped in (False, True):
        # To the left with the cell itself, then the same to the right in a mirror without it.
        order = slice(None, None, -1) if flipped else slice(None)
        at = -positions[order] if flipped else positions
        cells = np.floor(positions / _CELL)
        cells = -cells[order] if flipped else cells
        middle = (0.5 if not flipped else -0.5) * _CELL
        inner = at - cells * _CELL - middle
        for weighted, total in ((values[order], sums), (ones, sizes)):
            total[order] += _one_side(at, cells, inner, weighted, 1 if flipped else 0)
    return sums / sizes


def _one_side(at: Floats, cells: Floats, inner: Floats, values: Floats, nearest: int) -> Floats:
    """Return the kernel's sum over values at or before each one, from the cell `nearest` cells before it on."""
    n = len(at)
    starts = np.concatenate([[0], np.flatnonzero(cells[1:] != cells[:-1]) + 1])
    ends = np.append(starts[1:], n)
    names = cells[starts]
    moments = np.empty((_TERMS, n))
    moments[0] = np.exp(-0.5 * inner * inner) * values
    for power in range(1, _TERMS):
        np.multiply(moments[power - 1], inner, out=moments[power])
    for begin, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if end - begin > 1:  # from each value to the end of its cell
            piece = moments[:, begin:end]
            piece[:] = np.cumsum(piece[:, ::-1], axis=1)[:, ::-1]
    first = np.searchsorted(at, at - _CUT, side="left")
    found = np.zeros(n)
    for offset in range(nearest, int(_CUT / _CELL) + 2):
        wanted = cells - offset
        index = np.minimum(np.searchsorted(names, wanted), len(names) - 1)
        begin = np.maximum(starts[index], first)
        there = np.flatnonzero((names[index] == wanted) & (begin < ends[index]))
        if not len(there):
            continue
        taken = moments[:, begin[there]]
        distance = inner[there] + offset * _CELL
        series = taken[-1]
        for power in range(_TERMS - 2, -1, -1):
            series = taken[power] + series * (distance / (power + 1))
        found[there] += np.exp(-0.5 * distance * distance) * series
    return found


def merge_columns(
    places: tuple[Floats, Floats],
    x: tuple[Floats, Floats],
    values: tuple[npt.NDArray[Any], ...],
    flags: npt.NDArray[np.uint8],
    pixels: tuple[float, float],
    room: int,
) -> Merged | None:
    """Merge items that follow each other inside one pixel; those over a boundary stay as they are.

    places, x: where each item begins and ends, to find its pixels and to say so; float64[n].
    values: first, smallest and largest finite (NaN without one), last; float64[n] or float32[n].
    pixels: the place of the first one's left edge, and pixels for each unit. None when there are more than `room`.
    """
    if not len(flags):
        none = np.empty(0)
        return Merged(none, none, none, none, none, none, flags)
    with np.errstate(over="ignore"):  # as far outside as can be is far enough
        begin = np.floor((places[0] - pixels[0]) * pixels[1])
        end = begin if places[1] is places[0] else np.floor((places[1] - pixels[0]) * pixels[1])
    fresh = np.empty(len(flags), dtype=bool)
    fresh[0] = True
    # Both in one pixel and that the same: begin <= end for each makes these two comparisons enough.
    np.not_equal(begin[1:], end[:-1], out=fresh[1:])
    fresh[1:] |= end[1:] != begin[:-1]
    starts = np.flatnonzero(fresh)
    if len(starts) > room:
        return None
    ends = np.append(starts[1:], len(flags)) - 1
    first, low, high, last = values
    some = bool(flags.any())
    return Merged(
        np.minimum.reduceat(x[0], starts),
        np.maximum.reduceat(x[1], starts),
        first[starts].astype(np.float64),
        np.fmin.reduceat(low, starts).astype(np.float64),
        np.fmax.reduceat(high, starts).astype(np.float64),
        last[ends].astype(np.float64),
        np.bitwise_or.reduceat(flags, starts) if some else np.zeros(len(starts), dtype=np.uint8),
    )


def merge_smoothed(
    places: tuple[Floats, Floats],
    x: tuple[Floats, Floats],
    values: tuple[npt.NDArray[Any], ...],
    course: tuple[npt.NDArray[Any], ...],
    flags: npt.NDArray[np.uint8],
    pixels: tuple[float, float],
    room: int,
) -> tuple[Merged, tuple[Floats, ...]] | None:
    """Merge items and their smoothed values at once: the columns, and first, smallest, largest and last of the latter.

    See `merge_columns`; course: as `values`, float64[n].
    """
    merged = merge_columns(places, x, values, flags, pixels, room)
    if merged is None:
        return None
    smoothed = merge_columns(places, x, course, flags, pixels, len(merged.flags))
    assert smoothed is not None  # the same columns
    return merged, (smoothed.first, smoothed.min, smoothed.max, smoothed.last)


def merge_points(
    places: Floats, x: Floats, y: Floats, pixels: tuple[float, float], room: int
) -> Merged | None:
    """Merge points, float64[n], as `merge_columns` does items."""
    flags = np.zeros(len(y), dtype=np.uint8)
    finite = y
    if not np.isfinite(y).all():
        flags[np.isnan(y)] = 1
        flags[np.isposinf(y)] = 2
        flags[np.isneginf(y)] = 4
        finite = np.where(flags, np.nan, y)
    return merge_columns((places, places), (x, x), (y, finite, finite, y), flags, pixels, room)


def merge_parts(
    parts: Sequence[Part],
    origin: float,
    span: tuple[float, float],
    pixels: tuple[float, float],
    most: int,
    room: int,
) -> MergedParts | None:
    """Merge those points of a line in parts that it needs in a range, as `merge_points` does.

    origin: taken from x where that is float64. span: the range; its neighbours on either side are needed as well.
    Merged is only what has more than `most` points inside. None when x falls or is not finite, or for more than
    `room` columns. Smoothed values have the flags of the values.
    """
    if not parts:
        return MergedParts(0, 0, 0, None, None)
    x = _ascending(parts, origin)
    if x is None:
        return None
    begin, end = int(x.searchsorted(span[0])), int(x.searchsorted(span[1], side="right"))
    inside = end - begin
    begin, end = max(begin - 1, 0), min(end + 1, len(x))
    if inside <= most:
        return MergedParts(begin, end, inside, None, None)
    cut = slice(begin, end)
    y = np.concatenate([y.astype(np.float64) for _x, y, _course in parts])
    merged = merge_points(x[cut], x[cut], y[cut], pixels, room)
    if merged is None:
        return None
    courses = [course for _x, _y, course in parts if course is not None]
    smoothed = None
    if courses:
        smoothed = merge_points(x[cut], x[cut], np.concatenate(courses)[cut], pixels, room)
        assert smoothed is not None
        smoothed = smoothed._replace(flags=merged.flags)
    return MergedParts(begin, end, inside, merged, smoothed)


def _ascending(parts: Sequence[Part], origin: float) -> Floats | None:
    """Return the x of all parts; None where they fall or are not finite."""
    x = np.concatenate(
        [
            np.empty(0),
            *(x.astype(np.float64) if x.dtype.kind == "i" else x - origin for x, _y, _c in parts),
        ]
    )
    return x if np.isfinite(x).all() and (x[1:] >= x[:-1]).all() else None


def sample_parts(
    parts: Sequence[Part], origin: float, positions: Floats
) -> tuple[Floats, bool] | None:
    """Return a line's values at ascending positions, and whether each was logged there.

    Between two points lies what is between their values, outside of the line NaN; of several values at one x the
    last logged counts. None where x falls or is not finite, or a value that counts is not.
    """
    x = _ascending(parts, origin)
    if x is None:
        return None
    y = np.concatenate([np.empty(0), *(y for _x, y, _course in parts)], dtype=np.float64)
    last = np.append(x[1:] != x[:-1], True)[: len(x)]
    x, y = x[last], y[last]
    found = np.full(len(positions), np.nan)
    if not len(x):
        return found, True
    right = np.searchsorted(x, positions)
    inside = right < len(x)
    inside[inside] = (right[inside] > 0) | (positions[inside] == x[0])
    at, right = positions[inside], right[inside]
    left = np.maximum(right - 1, 0)
    logged = x[right] == at
    if not (np.isfinite(y[right]).all() and np.isfinite(y[left[~logged]]).all()):
        return None
    gap = np.where(logged, 1.0, x[right] / 2 - x[left] / 2)
    share = np.where(logged, 1.0, (at / 2 - x[left] / 2) / gap)
    with np.errstate(invalid="ignore"):
        between = y[left] * (1 - share) + y[right] * share
    found[inside] = np.where(logged, y[right], between)
    return found, bool(logged.all())


def decay_parts(
    parts: Sequence[npt.NDArray[Any]],
    weight: float,
    state: tuple[float, float],
    *,
    buckets: bool,
    values: bool,
) -> DecayedParts:
    """Smooth values that go on from a state, as `decaying_mean` does from (0, 0); others than finite pass through.

    parts: float64, float32, int64 or bool. Of values above 2**960 nothing but low and high can be relied on.
    """
    whole = np.concatenate([np.empty(0), *parts], dtype=np.float64)
    known = np.isfinite(whole)
    finite = whole[known]
    passed = np.cumsum(np.concatenate([[0], known]))
    ends = np.cumsum([0, *(len(part) for part in parts)])
    decay = np.full(len(finite), weight)
    with np.errstate(over="ignore", invalid="ignore"):
        left = np.cumprod(decay)
        sums = np.concatenate([[state[0]], _recurrence(decay, finite) + left * state[0]])
        ones = _recurrence(decay, np.ones(len(finite)))
        sizes = np.concatenate([[state[1]], ones + left * state[1]])
        smoothed = whole.copy()
        smoothed[known] = sums[1:] / sizes[1:]
    at = passed[ends]
    found = None
    if buckets:
        starts = np.concatenate(
            [
                np.arange(begin, end, BUCKET)
                for begin, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)
            ]
            or [np.empty(0, np.int64)]
        )
        found = np.empty((4, len(starts)))
        if len(starts):
            last = np.append(starts[1:], len(whole)) - 1
            found[:] = smoothed[starts], *extremes(smoothed, starts), smoothed[last]
    return DecayedParts(
        np.stack([sums[at], sizes[at]], axis=1),
        float(finite.min(initial=np.inf)),
        float(finite.max(initial=-np.inf)),
        found,
        smoothed if values else None,
    )


def keep_freed(kept: int, apart: int, /) -> bool:
    """Tell the C library (glibc) to keep up to `kept` freed bytes for each thread that uses much memory.

    apart: bytes from which on a piece of memory is had from the system, and given back to it, by itself. Returns
    whether it was told; without compiled kernels nobody can tell it.
    """
    del kept, apart
    return False


def widen(
    planes: list[bytes | memoryview], n: int, base: int, first: int | None
) -> npt.NDArray[np.int64]:
    """Return `base` added to n unsigned integers whose bytes stand in planes, modulo 2**64.

    first: the integers are the steps that follow it, and n + 1 sums are returned.
    """
    with np.errstate(over="ignore"):
        words = interleave(planes, n).view(f"<u{len(planes)}").astype(np.uint64)
        found = (words + np.uint64(base % (1 << 64))).view(np.int64)
        return found if first is None else np.cumsum(np.concatenate([[first], found]))


def interleave(planes: list[bytes | memoryview], n: int) -> npt.NDArray[np.uint8]:
    """Return n values whose bytes stand in planes by significance as one array of bytes."""
    width = len(planes)
    found = np.empty((n, width), dtype=np.uint8)
    for i, plane in enumerate(planes):
        found[:, i] = np.frombuffer(plane, dtype=np.uint8, count=n)
    return found.reshape(-1)


def extremes(
    values: npt.NDArray[Any], starts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the smallest and largest finite value from each of `starts` (ascending, the first 0) to the next.

    NaN where there is none.
    """
    if np.isfinite(values).all():
        return np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    finite = np.where(np.isfinite(values), values, np.nan)
    return np.fmin.reduceat(finite, starts), np.fmax.reduceat(finite, starts)
