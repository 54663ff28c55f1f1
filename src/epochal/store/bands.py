"""Groups of runs as a centre and a band over x (docs/reference/http.md, POST /api/v1/bands).

All groups of a key share their positions: the x that were logged while they are few, else an even grid. A run counts
at a position with the value that it logged there, else with what lies between its two neighbours, never outside of
its own range.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from epochal.native import kernels
from epochal.records import Band, BandsAnswer, BandsQuery, Points, Series, SeriesQuery
from epochal.store.cache import ArrayCache
from epochal.store.columns import ColumnReader, SeriesRef
from epochal.store.engine import Connection
from epochal.store.reduce import Grid
from epochal.store.series import VALUES_AT_ONCE, SeriesRead
from epochal.store.series_sources import Item, check_axis
from epochal.store.statistics import spread

Floats = npt.NDArray[np.float64]
Course = tuple[Floats, Floats]
"""A run's x, strictly ascending, and its values there, all finite."""

POSITIONS = 2000
"""Positions of a band at most."""
_PROBED_AT_ONCE = 50 * POSITIONS
"""Values to look at together while it is not known whether the positions are few: one long run answers that."""


def read_bands(
    connection: Connection, cache: ArrayCache, query: BandsQuery, runs: Sequence[str]
) -> BandsAnswer:
    """Answer `query` for `runs`, those of its runs that the asker may see, inside one snapshot.

    Bands stand in the order of the keys, then of the groups; a group none of whose runs has a value in range has
    none. Raises UsageError for an x axis or a range that is none.
    """
    check_axis(query)
    reader = ColumnReader(connection, cache)
    bands: list[Band] = []
    version = 0
    for key in dict.fromkeys(query.keys):
        asked = SeriesQuery(
            runs, [key], query.x, None, query.px, "points", smooth=query.smooth, log=query.log
        )
        read = _Read(reader, asked, runs)
        version = version or read.version()
        bands += _bands(query, key, read)
    return BandsAnswer(version, bands)


class _Read(SeriesRead):
    """Series as points; once the positions are known, those in order of x as their values there."""

    positions: Floats | None = None

    def __init__(self, reader: ColumnReader, query: SeriesQuery, runs: Sequence[str]) -> None:
        super().__init__(reader, query, runs)
        self.samples: dict[str, tuple[Floats, bool]] = {}
        """By run: see `_sample`."""

    def _straight(
        self, item: Item, ref: SeriesRef, lines: list[list[kernels.Part]], grid: Grid
    ) -> Series | None:
        if self.positions is None or len(lines) != 1:
            return super()._straight(item, ref, lines, grid)
        parts = [(x, y if course is None else course, None) for x, y, course in lines[0]]
        found = kernels.sample_parts(parts, self.origins.get(item.run, 0.0), self.positions)
        if found is None or np.isnan(found[0]).all():
            # Nothing at any position: whether the run has a finite value elsewhere, its points tell.
            return super()._straight(item, ref, lines, grid)
        self.samples[item.run] = found
        return Points(item.run, item.key, ref.total, (), np.empty(0), np.empty(0))


def _bands(query: BandsQuery, key: str, read: _Read) -> Iterator[Band]:
    grid = _positions(query, read)
    if not len(grid):
        return
    read.positions = grid
    samples = {run: _sample(course, grid) for run, course in _courses(read, VALUES_AT_ONCE)}
    samples |= read.samples
    for name, runs in query.groups:
        members = [run for run in dict.fromkeys(runs) if run in samples]
        if not members:
            continue
        values = np.stack([samples[run][0] for run in members])
        there = ~np.isnan(values).all(axis=0)
        if there.any():
            found = spread(values[:, there], query.center, query.band)
            all_exact = all(samples[run][1] for run in members)
            yield Band(name, key, len(members), grid[there], *found, all_exact)


def _courses(read: SeriesRead, at_once: int) -> Iterator[tuple[str, Course]]:
    """Yield each run with its values by x: finite ones alone, and of several at one x the last logged."""
    for series in read.stream(at_once):
        assert isinstance(series, Points)
        x, y = series.x, series.y if series.smoothed is None else series.smoothed
        known = np.isfinite(y) & np.isfinite(x)
        if not known.all():
            x, y = x[known], y[known]
        if not (x[1:] > x[:-1]).all():
            order = np.argsort(x, kind="stable")
            x, y = x[order], y[order]
            last = np.append(x[1:] != x[:-1], True)
            x, y = x[last], y[last]
        if len(x):
            yield series.run, (x, y)


def _positions(query: BandsQuery, read: SeriesRead) -> Floats:
    """Return where the bands have their values, ascending; none when no run has one in or across the range."""
    lo, hi = query.range if query.range is not None else (-math.inf, math.inf)
    logged: Floats | None = np.empty(0)
    outside = [-math.inf, math.inf]  # the nearest on either side: lines run out of the frame
    low, high = math.inf, -math.inf
    limits = read.limits()
    for _run, (x, _y) in _courses(read, _PROBED_AT_ONCE):
        begin, end = np.searchsorted(x, lo), np.searchsorted(x, hi, side="right")
        low, high = min(low, float(x[0])), max(high, float(x[-1]))
        if begin > 0:
            outside[0] = max(outside[0], float(x[begin - 1]))
        if end < len(x):
            outside[1] = min(outside[1], float(x[end]))
        if logged is not None:
            logged = np.union1d(logged, x[begin:end])
            logged = logged if len(logged) <= POSITIONS else None
        if logged is None and limits is not None:
            low, high = limits
            break
    if logged is not None:
        return np.union1d(logged, [x for x in outside if math.isfinite(x)])
    return _even(max(low, lo), min(high, hi), min(2 * query.px, POSITIONS), log=query.log)


def _even(low: float, high: float, count: int, *, log: bool) -> Floats:
    """Return `count` positions from low to high, even in x or in log10(x)."""
    share = np.linspace(0.0, 1.0, count)
    if log:
        begin, end = math.log10(low), math.log10(high)
        grid = 10 ** (begin * (1 - share) + end * share)
    else:
        grid = low * (1 - share) + high * share  # high - low may overflow
    grid[0], grid[-1] = low, high
    return np.unique(np.clip(grid, low, high))


def _sample(course: Course, grid: Floats) -> tuple[Floats, bool]:
    """Return a run's values at the positions, NaN outside of its range; and whether all were logged there."""
    x, y = course
    right = np.searchsorted(x, grid)
    inside = (right < len(x)) & ((right > 0) | (grid == x[0]))
    found = np.full(len(grid), np.nan)
    at, right = grid[inside], right[inside]
    left = np.maximum(right - 1, 0)
    logged = x[right] == at
    gap = np.where(logged, 1.0, x[right] / 2 - x[left] / 2)
    share = np.where(logged, 1.0, (at / 2 - x[left] / 2) / gap)
    found[inside] = np.where(logged, y[right], y[left] * (1 - share) + y[right] * share)
    return found, bool(logged.all())
