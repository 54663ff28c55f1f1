"""Reducing to pixels: which items are in a range, and columns at most one pixel wide.

docs/architecture.md, "Exact pixels", says what is promised.

An item is a point or a bucket: smallest and largest x, first, smallest finite, largest finite and last value, flags.
Items are in log order; x may fall from one to the next.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from epochal.native import kernels
from epochal.store.pyramid import Buckets, value_flags

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Grid:
    """Pixel columns: `px` of them between x = lo and x = hi, even in x or, on a logarithmic axis, in log10(x).

    log: lo is above 0, and what is not has no place.
    """

    lo: float
    hi: float
    px: int
    log: bool = False

    @property
    def width(self) -> float:
        """From lo to hi, in units of the axis."""
        return math.log10(self.hi) - math.log10(self.lo) if self.log else self.hi - self.lo

    @property
    def scale(self) -> float:
        """Pixels for each unit of the axis; 0 when all x are the same or too far apart for float64."""
        width = self.width
        return self.px / width if width > 0 and np.isfinite(width) else 0.0

    @property
    def pixel(self) -> float:
        """Width of a pixel in units of the axis."""
        width = self.width
        return width / self.px if np.isfinite(width) else np.inf

    def place(self, x: Floats) -> Floats:
        """Return x in units of the axis; -inf on a logarithmic axis for what is not above 0."""
        if not self.log:
            return x
        placed = np.full(len(x), -np.inf)
        return np.log10(x, out=placed, where=x > 0)

    @property
    def pixels(self) -> tuple[float, float]:
        """Place of the first pixel's left edge, and pixels for each unit of the axis."""
        return (math.log10(self.lo) if self.log else self.lo), self.scale

    def column(self, x: Floats) -> Floats:
        """Return the pixel column of each x, as whole float64 numbers (below 0 and from px on outside of the range)."""
        low, scale = self.pixels
        return np.floor((self.place(x) - low) * scale)


class Envelope(NamedTuple):
    """First, smallest and largest finite and last value of each item: float64[n]."""

    first: Floats
    min: Floats
    max: Floats
    last: Floats

    def take(self, items: Any) -> Envelope:
        """Return those of a slice, mask or index array."""
        return Envelope(*(array[items] for array in self))


@dataclass(frozen=True, slots=True)
class Strip:
    """Items in log order: x0, x1 float64[n] and their values, with smoothed ones beside them where asked for.

    Smoothed values are the values themselves where those are not finite.
    """

    x0: Floats
    x1: Floats
    values: Buckets
    smoothed: Envelope | None = None

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
            self.smoothed.take(items) if self.smoothed is not None else None,
        )


def points_strip(x: Floats, y: Floats, smoothed: Floats | None = None) -> Strip:
    """Return points as items."""
    known = np.isfinite(y)
    course = None
    if known.all():
        if smoothed is not None:
            course = Envelope(smoothed, smoothed, smoothed, smoothed)
        return Strip(x, x, Buckets(y, y, y, y, np.zeros(len(y), dtype=np.uint8)), course)
    finite = np.where(known, y, np.nan)
    if smoothed is not None:
        finite_smoothed = np.where(known, smoothed, np.nan)
        course = Envelope(smoothed, finite_smoothed, finite_smoothed, smoothed)
    return Strip(x, x, Buckets(y, finite, finite, y, value_flags(y)), course)


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
        _join_envelopes([strip.smoothed for strip in strips if strip.smoothed is not None]),
    )


def _join_envelopes(parts: Sequence[Envelope]) -> Envelope | None:
    """Return several envelopes, one after the other; None for none (all strips have one, or no strip has)."""
    if not parts:
        return None
    return Envelope(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


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
    begin = grid.place(strip.x0)
    places = (begin, begin if strip.x1 is strip.x0 else grid.place(strip.x1))
    x, values = (strip.x0, strip.x1), strip.values
    room = len(strip) if limit is None or in_order else limit
    few = (
        2 * grid.px + 64
    )  # items in order, none wider than a pixel: one a pixel, one over each boundary
    given = (values.first, values.min, values.max, values.last)
    for most in (few, room) if few < room else (room,):
        if strip.smoothed is None:
            merged = kernels.merge_columns(places, x, given, values.flags, grid.pixels, most)
            if merged is not None:
                return merged_strip(merged, None)
        else:
            both = kernels.merge_smoothed(
                places, x, given, strip.smoothed, values.flags, grid.pixels, most
            )
            if both is not None:
                raw = merged_strip(both[0], None)
                return Strip(raw.x0, raw.x1, raw.values, Envelope(*both[1]))
    order = np.argsort(grid.column(strip.x0), kind="stable")
    return reduce_strip(strip.take(order), grid, in_order=False)


def reduce_points(
    x: Floats,
    y: Floats,
    smoothed: Floats | None,
    grid: Grid,
    *,
    in_order: bool,
    limit: int | None = None,
) -> Strip:
    """Do what `reduce_strip` does with points, without making items of them first."""
    if len(x) < 2:
        return points_strip(x, y, smoothed)
    places = grid.place(x)
    room = len(x) if limit is None or in_order else limit
    merged = kernels.merge_points(places, x, y, grid.pixels, room)
    if merged is None:
        order = np.argsort(grid.column(x), kind="stable")
        smoothed = smoothed[order] if smoothed is not None else None
        return reduce_points(x[order], y[order], smoothed, grid, in_order=False)
    course = None
    if smoothed is not None:
        course = kernels.merge_points(places, x, smoothed, grid.pixels, len(merged.flags))
    return merged_strip(merged, course)


def merged_strip(merged: kernels.Merged, course: kernels.Merged | None) -> Strip:
    """Return merged columns as items; course: those of their smoothed values."""
    values = Buckets(merged.first, merged.min, merged.max, merged.last, merged.flags)
    smoothed = None
    if course is not None:
        smoothed = Envelope(course.first, course.min, course.max, course.last)
    return Strip(merged.x0, merged.x1, values, smoothed)


def expand(starts: Integers, counts: Integers) -> Integers:
    """Return start, start + 1, ... (count of them) for each start, one after the other."""
    total = int(counts.sum())
    offsets = np.cumsum(counts) - counts
    return np.arange(total) - np.repeat(offsets - starts, counts)
