"""Reducing to pixels: which items are in a range, and columns at most one pixel wide.

docs/architecture.md, "Exact pixels", says what is promised.

An item is a point or a bucket: smallest and largest x, first, smallest finite, largest finite and last value, flags.
Items are in log order; x may fall from one to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.store.pyramid import Buckets, value_flags

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Grid:
    """Pixel columns: `px` of them between x = lo and x = hi."""

    lo: float
    hi: float
    px: int

    @property
    def scale(self) -> float:
        """Pixels for each unit of x; 0 when all x are the same or too far apart for float64."""
        width = self.hi - self.lo
        return self.px / width if width > 0 and np.isfinite(width) else 0.0

    @property
    def pixel(self) -> float:
        """Width of a pixel in x."""
        width = self.hi - self.lo
        return width / self.px if np.isfinite(width) else np.inf

    def column(self, x: Floats) -> Floats:
        """Return the pixel column of each x, as whole float64 numbers (below 0 and from px on outside of the range)."""
        return np.floor((x - self.lo) * self.scale)


@dataclass(frozen=True, slots=True)
class Strip:
    """Items in log order: x0, x1 float64[n] and their values."""

    x0: Floats
    x1: Floats
    values: Buckets

    def __len__(self) -> int:
        """Number of items."""
        return len(self.x0)

    def take(self, items: Any) -> Strip:
        """Return the items of a slice, mask or index array."""
        values = self.values
        return Strip(
            self.x0[items],
            self.x1[items],
            Buckets(
                values.first[items],
                values.min[items],
                values.max[items],
                values.last[items],
                values.flags[items],
            ),
        )


def points_strip(x: Floats, y: Floats) -> Strip:
    """Return points as items."""
    if np.isfinite(y).all():
        return Strip(x, x, Buckets(y, y, y, y, np.zeros(len(y), dtype=np.uint8)))
    finite = np.where(np.isfinite(y), y, np.nan)
    return Strip(x, x, Buckets(y, finite, finite, y, value_flags(y)))


def join_strips(strips: Sequence[Strip]) -> Strip:
    """Return several strips, one after the other; there is at least one."""
    if len(strips) == 1:
        return strips[0]
    values = [strip.values for strip in strips]
    return Strip(
        np.concatenate([strip.x0 for strip in strips]),
        np.concatenate([strip.x1 for strip in strips]),
        Buckets(
            np.concatenate([part.first for part in values]),
            np.concatenate([part.min for part in values]),
            np.concatenate([part.max for part in values]),
            np.concatenate([part.last for part in values]),
            np.concatenate([part.flags for part in values]),
        ),
    )


def is_sorted(x0: Floats, x1: Floats) -> bool:
    """Whether no item begins before the one before it ends."""
    return bool((x0[1:] >= x1[:-1]).all())


def visible(x0: Floats, x1: Floats, lo: float, hi: float, *, in_order: bool) -> slice | Mask:
    """Return which items a line through them needs between lo and hi.

    Those that touch the range, the neighbour in log order on either side of them, and both ends of a line that
    crosses the range without an item in it. in_order: `is_sorted(x0, x1)`.
    """
    n = len(x0)
    if in_order:
        start = int(x1.searchsorted(lo, side="left"))
        end = int(x0.searchsorted(hi, side="right"))
        return slice(max(0, start - 1), min(n, end + 1))
    below, above = x1 < lo, x0 > hi
    inside = ~(below | above)
    keep = inside.copy()
    keep[:-1] |= inside[1:]
    keep[1:] |= inside[:-1]
    crossing = (below[:-1] & above[1:]) | (above[:-1] & below[1:])
    keep[:-1] |= crossing
    keep[1:] |= crossing
    return keep


def reduce_strip(strip: Strip, grid: Grid, *, in_order: bool, limit: int | None = None) -> Strip:
    """Merge items that follow each other inside one pixel column; those over a boundary stay as they are.

    in_order: `is_sorted` of the strip.
    limit: when more columns than this remain because x goes back and forth, the items are merged by pixel wherever
    they stand, in the order of the pixels: what is drawn between the points is then lost, no value is.
    """
    if len(strip) < 2:
        return strip
    begin = grid.column(strip.x0)
    end = begin if strip.x1 is strip.x0 else grid.column(strip.x1)
    fresh = np.empty(len(strip), dtype=bool)
    fresh[0] = True
    # Both in one pixel and that the same: begin <= end for each makes these two comparisons enough.
    np.not_equal(begin[1:], end[:-1], out=fresh[1:])
    fresh[1:] |= end[1:] != begin[:-1]
    starts = np.flatnonzero(fresh)
    if limit is not None and len(starts) > limit and not in_order:
        order = np.argsort(begin, kind="stable")
        return reduce_strip(strip.take(order), grid, in_order=False)
    if len(starts) == len(strip):
        return strip
    values = strip.values
    ends = np.empty_like(starts)
    ends[:-1], ends[-1] = starts[1:] - 1, len(strip) - 1
    if in_order:
        x0, x1 = strip.x0[starts], strip.x1[ends]
    else:
        x0, x1 = np.minimum.reduceat(strip.x0, starts), np.maximum.reduceat(strip.x1, starts)
    if values.flags.any():
        low, high = np.fmin.reduceat(values.min, starts), np.fmax.reduceat(values.max, starts)
        flags = np.bitwise_or.reduceat(values.flags, starts)
    else:
        low, high = np.minimum.reduceat(values.min, starts), np.maximum.reduceat(values.max, starts)
        flags = np.zeros(len(starts), dtype=np.uint8)
    return Strip(x0, x1, Buckets(values.first[starts], low, high, values.last[ends], flags))


def expand(starts: Integers, counts: Integers) -> Integers:
    """Return start, start + 1, ... (count of them) for each start, one after the other."""
    total = int(counts.sum())
    offsets = np.cumsum(counts) - counts
    return np.arange(total) - np.repeat(offsets - starts, counts)
