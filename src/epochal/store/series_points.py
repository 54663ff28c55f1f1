"""The points of a series by row, all kinds of its key merged, and their smoothed values."""

from __future__ import annotations

import itertools
from collections.abc import Generator
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.store.columns import SeriesRef, WriterRef, blocks_from_row
from epochal.store.lines import Line, drawn, join_lines
from epochal.store.reduce import Grid
from epochal.store.series_sources import Item, Need, Sources
from epochal.store.smoothed import Course, Decayed, Decaying, Smoothed, decay
from epochal.store.smoothing import LARGEST, needs_x, smooth, successions

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class PointSources(Sources):
    """What one answer stands on, and the points that it may come down to."""

    def _metric_x(
        self, item: Item, writer: WriterRef, rows: Integers
    ) -> tuple[npt.NDArray[np.bool_], Floats]:
        """Return at which rows the metric on the x axis is known, and its values there."""
        x_rows, x_line = self._merged(item.run, item.metric, writer, None, None)
        at = np.searchsorted(x_rows, rows, side="right") - 1
        known = at >= 0
        return known, x_line.y[at[known]]

    def _block_keys(
        self,
        ref: SeriesRef,
        writer: WriterRef,
        run: str,
        grid: Grid | None,
        mark: dict[int, int] | None,
    ) -> list[tuple[int, int, int, bool]]:
        """Return which blocks of a series and writer a line between lo and hi needs, from the marked row on."""
        blocks = self.lists.get((ref.id, writer.id))
        if blocks is None:
            return []
        first, end = 0, len(blocks.n)
        among: list[int] | None = None
        if grid is not None and self.query.range is not None and self.metric is None:
            lows, highs = self.block_x(blocks, run)
            if blocks.in_order[self.axis]:
                first, end = _blocks_in_range(lows, highs, grid)
            else:
                among = _scattered_blocks_in_range(lows, highs, grid)
        if mark is not None:
            first = max(first, blocks_from_row(blocks, mark.get(writer.ordinal, 0)))
        chosen = range(first, end) if among is None else [b for b in among if b >= first]
        return [(ref.id, writer.id, int(blocks.row0[b]), bool(blocks.own_axis[b])) for b in chosen]

    def _merged(
        self,
        run: str,
        refs: list[SeriesRef],
        writer: WriterRef,
        grid: Grid | None,
        mark: dict[int, int] | None,
        *,
        smoothed: Smoothed | None = None,
    ) -> tuple[Integers, Line]:
        """Return rows and points of all kinds of a key, by row."""
        kinds: list[tuple[Integers, Floats, Floats]] = []
        courses: list[Floats] = []
        for ref in refs:
            keys = self._block_keys(ref, writer, run, grid, mark)
            parts = [self.blocks[key[:3]] for key in keys]
            from_tails = 0
            for tail in self.tails[writer.id]:
                tail_values = self.reader.tail_values(ref.id, tail)
                if tail_values is not None:
                    parts.append(tail_values)
                    from_tails += len(tail_values)
            for values in parts:
                at, y = drawn(values)
                kinds.append((values.rows[at], self.x_of(values, run)[at], y))
            if smoothed is not None and is_plain(refs):
                courses += self._smoothed_blocks(smoothed, (ref.id, writer.id), keys)
                courses.append(smoothed.tail(writer.id, from_tails))
        if not kinds:
            return np.empty(0, np.int64), Line(np.empty(0), np.empty(0), *courses)
        rows, x, y = kinds[0] if len(kinds) == 1 else map(np.concatenate, zip(*kinds, strict=True))
        line = Line(x, y, np.concatenate(courses) if courses else None)
        if len(refs) > 1:
            order = np.argsort(rows, kind="stable")
            rows, line = rows[order], line.take(order)
        if smoothed is not None and not is_plain(refs):
            line = line._replace(smoothed=smoothed.tail(writer.id, len(rows)))
        return rows, line

    # ---- smoothing

    def _smoothed_blocks(
        self, smoothed: Smoothed, series: tuple[int, int], keys: list[tuple[int, int, int, bool]]
    ) -> list[Floats]:
        """Return the smoothed values of these blocks, which are loaded, of a series and writer."""
        if not keys:
            return []
        blocks = self.lists[series]
        begins = np.cumsum(blocks.n) - blocks.n
        at = np.searchsorted(blocks.row0, [key[2] for key in keys])
        return [
            smoothed.block(series[1], b, int(begins[b]), self.blocks[key[:3]].values)
            for b, key in zip(at.tolist(), keys, strict=True)
        ]

    def _smoothed(self, item: Item, refs: list[SeriesRef]) -> Generator[Need, None, Smoothed]:
        """Return what is kept of the smoothed series, from the cache where it has not grown."""
        smoothing = self.query.smooth
        assert smoothing is not None
        over_x = needs_x(smoothing)
        axis = (self.metric or self.axis) if over_x else None
        writers = self.writers[item.run]
        key = (
            "smoothed",
            smoothing,
            axis,
            tuple(ref.id for ref in refs),
            tuple((writer.id, writer.rows, writer.folded) for writer in writers),
        )
        found: Smoothed | None = self.reader.cache.get(key)
        if found is not None:
            return found
        by_value = is_plain(refs) and not over_x
        need = Need()
        for writer in writers:
            if by_value:
                need.values += self._value_keys(refs[0], writer)
                continue
            for ref in (*refs, *item.metric):
                need.passing += self._block_keys(ref, writer, item.run, None, None)
        yield need
        if by_value and smoothing.kind == "ema":
            found = self._decayed(refs[0], writers, smoothing.amount)
        if found is None:
            if by_value:
                lines = [self._all_values(refs[0], writer) for writer in writers]
            else:
                lines = [self._all_points(item, refs, writer) for writer in writers]
            courses = self._smooth_sessions(item, refs, lines)
            ids = [writer.id for writer in writers]
            found = Course(dict(zip(ids, courses, strict=True)))
        self.reader.cache.put(key, found, found.size)
        return found

    def _decayed(self, ref: SeriesRef, writers: list[WriterRef], weight: float) -> Smoothed | None:
        """Return the exponential moving average of a series of one kind; None for numbers too large for it."""
        given: dict[int, tuple[list[Any], list[Any]]] = {}
        for writer in writers:
            blocks = [self.values[key[:3]] for key in self._value_keys(ref, writer)]
            tails = [
                values.values
                for tail in self.tails[writer.id]
                if (values := self.reader.tail_values(ref.id, tail)) is not None
            ]
            given[writer.id] = blocks, tails
        filled = [writer for writer in writers if any(map(len, given[writer.id]))]
        found: dict[int, Decaying] = {}
        for succession in self._successions([ref], filled):
            members = {filled[i].id: given[filled[i].id] for i in succession}
            decaying = decay(weight, members, LARGEST)
            if decaying is None:
                return None
            found |= decaying
        return Decayed(found)

    def _successions(self, refs: list[SeriesRef], filled: list[WriterRef]) -> list[list[int]]:
        spans = [self._span(refs, writer) for writer in filled] if len(filled) > 1 else [(0.0, 0.0)]
        return successions(spans[: len(filled)])

    def _value_keys(self, ref: SeriesRef, writer: WriterRef) -> list[tuple[int, int, int, int]]:
        blocks = self.lists.get((ref.id, writer.id))
        if blocks is None:
            return []
        counted = zip(blocks.row0.tolist(), blocks.n.tolist(), strict=True)
        return [(ref.id, writer.id, row0, n) for row0, n in counted]

    def _all_values(self, ref: SeriesRef, writer: WriterRef) -> Line:
        """Return all values of a series and writer; x is not looked up."""
        parts = [self.values[key[:3]] for key in self._value_keys(ref, writer)]
        parts += [
            drawn(values)[1]
            for tail in self.tails[writer.id]
            if (values := self.reader.tail_values(ref.id, tail)) is not None
        ]
        y = np.concatenate(parts, dtype=np.float64) if parts else np.empty(0)
        return Line(y, y)

    def _all_points(self, item: Item, refs: list[SeriesRef], writer: WriterRef) -> Line:
        """Return all points of a series and writer, with NaN as x where that is not known."""
        rows, line = self._merged(item.run, refs, writer, None, None)
        if not item.metric:
            return line
        known, values = self._metric_x(item, writer, rows)
        x = np.full(len(rows), np.nan)
        x[known] = values
        return line._replace(x=x)

    def _smooth_sessions(
        self, item: Item, refs: list[SeriesRef], lines: list[Line]
    ) -> list[Floats]:
        """Return the smoothed values of each session, those that follow each other smoothed as one."""
        smoothing = self.query.smooth
        assert smoothing is not None
        writers = self.writers[item.run]
        filled = [i for i, line in enumerate(lines) if len(line.y)]
        found = [line.y for line in lines]
        for succession in self._successions(refs, [writers[i] for i in filled]):
            members = [filled[i] for i in succession]
            whole = join_lines([lines[i] for i in members])
            smoothed = smooth(smoothing, whole.x, whole.y)
            ends = list(itertools.accumulate(len(lines[i].y) for i in members))
            for i, end in zip(members, ends, strict=True):
                found[i] = smoothed[end - len(lines[i].y) : end]
        return found

    def _span(self, refs: list[SeriesRef], writer: WriterRef) -> tuple[float, float]:
        """Return the earliest and the latest time of a writer's values."""
        begin, end = np.inf, -np.inf
        for ref in refs:
            if (blocks := self.lists.get((ref.id, writer.id))) is not None:
                begin = min(begin, float(blocks.time_min.min()))
                end = max(end, float(blocks.time_max.max()))
            for tail in self.tails[writer.id]:
                if (values := self.reader.tail_values(ref.id, tail)) is not None:
                    times = values.times
                    begin, end = min(begin, float(times.min())), max(end, float(times.max()))
        return begin, end


def is_plain(refs: list[SeriesRef]) -> bool:
    """Return whether a key has values of one kind, all of which can be drawn: as the pyramid has them."""
    return len(refs) == 1 and refs[0].kind != "object"


def _blocks_in_range(lows: Floats, highs: Floats, grid: Grid) -> tuple[int, int]:
    """Return from which block to before which one, of blocks in order, a line between lo and hi needs."""
    first = int(highs.searchsorted(grid.lo))
    end = int(lows.searchsorted(grid.hi, side="right"))
    # A block that begins before the range holds the left neighbour itself, and so on the right. What follows the last
    # block, the remainder and the live tail, may begin in the range: the line to it comes from that block.
    if first == len(lows) or not lows[first] < grid.lo:
        first = max(first - 1, 0)
    if end == 0 or not highs[end - 1] > grid.hi:
        end = min(end + 1, len(lows))
    return first, end


def _scattered_blocks_in_range(lows: Floats, highs: Floats, grid: Grid) -> list[int]:
    """Return which blocks, in any order of x, a line between lo and hi needs."""
    keep = (highs >= grid.lo) & (lows <= grid.hi)
    keep[:-1] |= keep[1:] & ~(lows[1:] < grid.lo)
    keep[1:] |= keep[:-1] & ~(highs[:-1] > grid.hi)
    below, above = highs < grid.lo, lows > grid.hi
    crossing = (below[:-1] & above[1:]) | (above[:-1] & below[1:])
    keep[:-1] |= crossing
    keep[1:] |= crossing
    keep[-1] |= bool(highs[-1] < grid.lo)
    return np.flatnonzero(keep).tolist()
