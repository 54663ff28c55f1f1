"""Series for charts: exactly the points or pixel columns asked for (docs/reference/http.md, POST /api/v1/series)."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.native import kernels
from epochal.records import (
    Columns,
    Points,
    Series,
    SeriesAnswer,
    SeriesQuery,
    SmoothedColumns,
)
from epochal.store.cache import ArrayCache
from epochal.store.columns import (
    BlockList,
    ColumnReader,
    SeriesRef,
    WriterRef,
)
from epochal.store.engine import Connection
from epochal.store.lines import Line, cut_lines, cut_parts, drawn, join_lines
from epochal.store.pyramid import LEVELS, Buckets, Level, bucket_counts
from epochal.store.reduce import (
    Grid,
    Strip,
    expand,
    is_sorted,
    join_strips,
    merged_strip,
    reduce_strip,
    visible,
)
from epochal.store.series_points import PointSources, is_plain
from epochal.store.series_sources import Item, LevelKey, Need, Steps
from epochal.store.smoothed import Smoothed

POINTS_PER_PIXEL = 4
"""A series with at most this many values for each pixel is answered with its points."""
_RAW_MARGIN = 8192
"""Values in the two blocks that a range cuts: below this margin the points themselves are looked at."""
VALUES_AT_ONCE = 4_000_000
"""Values to hold together, beside the cache, where every one is looked at: 100 MB with what belongs to them."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def read_series(
    connection: Connection, cache: ArrayCache, query: SeriesQuery, runs: Sequence[str]
) -> SeriesAnswer:
    """Answer `query` for `runs`, those of its runs that the asker may see, inside one snapshot.

    Series stand in the order of the keys, then of the runs asked for; without a range, all series
    of a key share the range of their x. Raises UsageError for an x axis, range or mark that is none.
    """
    read = SeriesRead(ColumnReader(connection, cache), query, runs)
    at_once = None if query.smooth is None else VALUES_AT_ONCE
    return SeriesAnswer(read.version(), read.marks_now(), list(read.stream(at_once)))


class SeriesRead(PointSources):
    """One answer in the making."""

    def stream(self, at_once: int | None) -> Iterator[Series]:
        """Yield the series, `at_once` values of them in memory together (None: all); may be asked for again."""
        batch: list[tuple[Item, Grid | None]] = []
        values = 0
        for item, grid in self.grids(self.items):
            total = sum(ref.total for ref in item.refs)
            if at_once is not None and batch and values + total > at_once:
                yield from self.run_all([self._steps(*each) for each in batch])
                batch, values = [], 0
                self.blocks.clear()
                self.values.clear()
            batch.append((item, grid))
            values += total
        yield from self.run_all([self._steps(*each) for each in batch])

    # ---- one series

    def _steps(self, item: Item, grid: Grid | None) -> Steps:
        refs = [ref for ref in item.refs if self.has_values(ref, item.run)]
        smoothed = (yield from self._smoothed(item, refs)) if self.query.smooth else None
        if (
            is_plain(refs)
            and grid is not None
            and self.query.mode == "auto"
            and not self.marks
            and self.metric is None
        ):
            level = self._choose_level(refs[0], item.run, grid)
            if level is not None:
                return (yield from self._columns(item, refs[0], grid, level, smoothed))
        return (yield from self._raw(item, refs, grid, smoothed))

    def _choose_level(self, ref: SeriesRef, run: str, grid: Grid) -> int | None:
        """Return the coarsest level whose buckets are on average finer than a pixel; None for the points themselves."""
        most, inside = 0, 0.0
        low, high = np.inf, -np.inf
        densities: list[float] = []
        for writer in self.writers[run]:
            blocks = self.lists.get((ref.id, writer.id))
            if blocks is None:
                continue
            lows, highs = self.block_x(blocks, run)
            if not grid.log and self.query.range is None:  # all of it, without a look at each block
                most += blocks.total
                inside += blocks.total
                low, high = min(low, float(lows.min())), max(high, float(highs.max()))
                continue
            n = blocks.n
            if blocks.in_order[self.axis] and not np.isnan(highs[-1]):
                touching = slice(
                    int(highs.searchsorted(grid.lo)), int(lows.searchsorted(grid.hi, side="right"))
                )
                lows, highs, n = lows[touching], highs[touching], n[touching]
            begin, end = np.maximum(lows, grid.lo), np.minimum(highs, grid.hi)
            touched = begin <= end
            if not touched.any():
                continue
            if not touched.all():
                begin, end, n = begin[touched], end[touched], n[touched]
                lows, highs = lows[touched], highs[touched]
            width = highs - lows
            share = np.divide(end - begin, width, out=np.ones(len(n)), where=width > 0)
            share[np.isnan(share)] = 0.0  # of infinitely many
            most += int(n.sum())
            inside += float((n * share).sum())
            low, high = min(low, float(begin.min())), max(high, float(end.max()))
            if grid.log:
                # The pixels on the right hold most; where they hold less, the buckets are made finer.
                pixels = (grid.place(end) - grid.place(begin)) * grid.scale
                densities.append(float((n * share / np.maximum(pixels, 1.0)).max()))
        if most <= POINTS_PER_PIXEL * grid.px + _RAW_MARGIN:
            return None
        if grid.log:
            per_pixel = max(densities, default=0.0)
        else:
            pixels = (high - low) * grid.scale
            if not pixels > 0:
                return LEVELS[-1]  # all at one x, or so far apart that float64 cannot tell
            per_pixel = inside / max(pixels, 1.0)
        fitting = [level for level in LEVELS if level <= per_pixel]
        return fitting[-1] if fitting else None

    # ---- columns from the pyramid

    def _columns(
        self, item: Item, ref: SeriesRef, grid: Grid, level: int, smoothed: Smoothed | None
    ) -> Steps:
        with_blocks = [w for w in self.writers[item.run] if (ref.id, w.id) in self.lists]
        keys = [(ref.id, writer.id, level) for writer in with_blocks]
        yield Need(levels=keys)
        if not all(key in self.levels for key in keys):
            return (yield from self._raw(item, [ref], grid, smoothed))  # a damaged pyramid
        limit = 8 * grid.px + 64
        by_writer: list[list[Strip]] = []
        for writer in self.writers[item.run]:
            reduced: list[Strip] = []
            if (ref.id, writer.id) in self.lists:
                strip, in_order = yield from self._refined(
                    item.run, ref, writer, grid, level, smoothed
                )
                reduced.append(reduce_strip(strip, grid, in_order=in_order, limit=limit))
            for line in self._tail_lines(item, ref, writer, smoothed):
                # Out of the range altogether, it still has the neighbour of the last block's values.
                in_order = is_sorted(line.x, line.x)
                seen = line.take(visible(line.x, line.x, grid.lo, grid.hi, in_order=in_order))
                reduced.append(seen.reduced(grid, limit=limit))
            by_writer.append([strip for strip in reduced if len(strip)])
        return _columns_record(item, ref.total, by_writer)

    def _tail_lines(
        self, item: Item, ref: SeriesRef, writer: WriterRef, smoothed: Smoothed | None
    ) -> list[Line]:
        found = [
            values
            for tail in self.tails[writer.id]
            if (values := self.reader.tail_values(ref.id, tail)) is not None
        ]
        if not found:
            return []
        x = np.concatenate([self.x_of(values, item.run) for values in found])
        y = np.concatenate([drawn(values)[1] for values in found])
        course = smoothed.tail(writer.id, len(y)) if smoothed is not None else None
        return [Line(x, y, course).placed(log=self.query.log)]

    def _refined(
        self,
        run: str,
        ref: SeriesRef,
        writer: WriterRef,
        grid: Grid,
        level: int,
        smoothed: Smoothed | None,
    ) -> Generator[Need, None, tuple[Strip, bool]]:
        """Return buckets of `level` around the range, finer where they are wider than a pixel; and whether sorted."""
        blocks = self.lists[ref.id, writer.id]

        def items(level: int, x0: Floats, x1: Floats, chosen: Any) -> Strip:
            buckets = self.levels[ref.id, writer.id, level].buckets
            course = None
            if smoothed is not None:
                course = smoothed.buckets(writer.id, level, blocks.n)
            return Strip(x0, x1, buckets, course).take(chosen)

        x0, x1, in_order, widest = self._level_x(run, (ref.id, writer.id, level))
        seen = visible(x0, x1, grid.lo, grid.hi, in_order=in_order)
        if not grid.log and widest <= grid.pixel:
            return items(level, x0, x1, seen), in_order
        kept = np.arange(len(x0))[seen]
        value0 = np.cumsum(blocks.n) - blocks.n
        strips: list[Strip] = []
        positions: list[Integers] = []
        while True:
            current = self.levels[ref.id, writer.id, level]
            x0, x1, _, _ = self._level_x(run, (ref.id, writer.id, level))
            low, high = x0[kept], x1[kept]
            wide = (low <= grid.hi) & (high >= grid.lo)
            if grid.log:  # what has no place is cut off, bucket by bucket and point by point
                placed = high > 0
                kept, low, high, wide = kept[placed], low[placed], high[placed], wide[placed]
                wide = (wide & (grid.place(high) - grid.place(low) > grid.pixel)) | (low <= 0)
            else:
                wide &= high - low > grid.pixel
            fine = kept[~wide]
            wide = kept[wide]
            strips.append(items(level, x0, x1, fine))
            positions.append(_value_positions(current, value0, level, fine))
            if not len(wide):
                break
            block_of = np.searchsorted(current.first, wide, side="right") - 1
            within = wide - current.first[block_of]
            finer = level // 16
            if level > LEVELS[0]:
                yield Need(levels=[(ref.id, writer.id, finer)])
            if (ref.id, writer.id, finer) not in self.levels:  # the points, or a damaged pyramid
                strip, position = yield from self._points_of(
                    run, ref, writer, blocks, block_of, within * level, level, smoothed
                )
                strips.append(strip)
                positions.append(position)
                break
            first = self.levels[ref.id, writer.id, finer].first
            counts = np.minimum(16, bucket_counts(blocks.n[block_of], finer) - within * 16)
            kept = expand(first[block_of] + within * 16, counts)
            level = finer
        order = np.argsort(np.concatenate(positions), kind="stable")
        joined = join_strips(strips).take(order)
        return joined, is_sorted(joined.x0, joined.x1)

    def _points_of(
        self,
        run: str,
        ref: SeriesRef,
        writer: WriterRef,
        blocks: BlockList,
        block_of: Integers,
        starts: Integers,
        size: int,
        smoothed: Smoothed | None,
    ) -> Generator[Need, None, tuple[Strip, Integers]]:
        """Return the points of buckets of `size` from value `starts` of their blocks, and their positions."""
        needed = np.unique(block_of)
        keys = [(ref.id, writer.id, int(blocks.row0[b]), bool(blocks.own_axis[b])) for b in needed]
        yield Need(blocks=keys)
        value0 = np.cumsum(blocks.n) - blocks.n
        lines: list[Line] = []
        positions: list[Integers] = []
        for b, key in zip(needed.tolist(), keys, strict=True):
            begins = starts[block_of == b]
            at = expand(begins, np.minimum(size, blocks.n[b] - begins))
            values = self.blocks[key[:3]]
            course = None
            if smoothed is not None:
                course = smoothed.block(writer.id, b, int(value0[b]), values.values)[at]
            lines.append(Line(self.x_of(values, run)[at], drawn(values)[1][at], course))
            positions.append(value0[b] + at)
        position, line = np.concatenate(positions), join_lines(lines)
        known = np.isfinite(line.x)
        if self.query.log:
            known &= line.x > 0
        if not known.all():
            line, position = line.take(known), position[known]
        return line.strip(), position

    def _level_x(self, run: str, key: LevelKey) -> tuple[Floats, Floats, bool, float]:
        low, high, in_order, widest = self.levels[key].x(self.axis)
        origin = self.origins.get(run)
        if origin is None:
            return low, high, in_order, widest
        return low - origin, high - origin, in_order, widest

    # ---- points

    def _raw(
        self, item: Item, refs: list[SeriesRef], grid: Grid | None, smoothed: Smoothed | None
    ) -> Steps:
        writers = self.writers[item.run]
        mark = self.marks.get(item.run)
        from_row = mark
        if smoothed is not None and not is_plain(refs):
            grid_of_blocks = from_row = None  # their values are told apart only when all are there
        else:
            grid_of_blocks = grid
        need = Need()
        for writer in writers:
            for ref in refs:
                need.blocks += self._block_keys(ref, writer, item.run, grid_of_blocks, from_row)
            for ref in item.metric:
                need.blocks += self._block_keys(ref, writer, item.run, None, None)
        yield need
        if grid is not None and self._is_straight(item, refs):
            parts = [self._parts(refs[0], writer, item.run, grid, smoothed) for writer in writers]
            found = self._straight(item, refs[0], [part for part in parts if part], grid)
            if found is not None:
                return found
        lines: list[Line] = []
        for writer in writers:
            row = mark.get(writer.ordinal, 0) if mark is not None else 0
            rows, line = self._merged(
                item.run, refs, writer, grid_of_blocks, from_row, smoothed=smoothed
            )
            if item.metric:
                known, x = self._metric_x(item, writer, rows)
                rows, line = rows[known], line.take(known)._replace(x=x)
            if row:
                line = line.take(slice(int(np.searchsorted(rows, row)), None))
            plain = self.by_step and not self.query.log
            lines.append(line if plain else line.placed(log=self.query.log))
        return self._points_or_columns(item, sum(ref.total for ref in refs), lines, grid)

    def _is_straight(self, item: Item, refs: list[SeriesRef]) -> bool:
        """Return whether points may be looked at where they lie: nothing is merged by row, dropped or moved."""
        return is_plain(refs) and not (self.marks or item.metric or self.query.log)

    def _parts(
        self,
        ref: SeriesRef,
        writer: WriterRef,
        run: str,
        grid: Grid,
        smoothed: Smoothed | None,
    ) -> list[kernels.Part]:
        """Return the points of a series and writer around the range as they lie in blocks and tail rows."""
        keys = self._block_keys(ref, writer, run, grid, None)
        found = [self.blocks[key[:3]] for key in keys]
        for tail in self.tails[writer.id]:
            values = self.reader.tail_values(ref.id, tail)
            if values is not None:
                found.append(values)
        courses: list[Floats | None] = [None] * len(found)
        if smoothed is not None:
            courses = [*self._smoothed_blocks(smoothed, (ref.id, writer.id), keys)]
            left = sum(len(values) for values in found[len(keys) :])
            for values in found[len(keys) :]:
                courses.append(smoothed.tail(writer.id, left)[: len(values)])
                left -= len(values)
        return [
            (values.steps if self.by_step else values.times, values.values, course)
            for values, course in zip(found, courses, strict=True)
        ]

    def _straight(
        self, item: Item, ref: SeriesRef, lines: list[list[kernels.Part]], grid: Grid
    ) -> Series | None:
        """Return the answer from points as they lie, None where x falls or is not finite."""
        span = (-np.inf, np.inf) if self.query.range is None else (grid.lo, grid.hi)
        origin = self.origins.get(item.run, 0.0)
        most = sys.maxsize if self.query.mode == "points" else POINTS_PER_PIXEL * grid.px
        room = grid.px + 64  # points in order of x: one column a pixel, and what is outside

        def merged(parts: list[kernels.Part], most: int) -> kernels.MergedParts | None:
            return kernels.merge_parts(parts, origin, span, grid.pixels, most, room)

        found = [merged(parts, most) for parts in lines]
        sound = [each for each in found if each is not None]
        if len(sound) < len(found):
            return None
        seen = [
            (parts, each)
            for parts, each in zip(lines, sound, strict=True)
            if each.end - each.begin > 1 or each.inside  # else the whole line is on one side
        ]
        if sum(each.inside for _parts, each in seen) <= most:
            points = [cut_parts(parts, origin, each.begin, each.end) for parts, each in seen]
            starts = [0, *itertools.accumulate(len(line.x) for line in points)][: len(points)]
            return Points(item.run, item.key, ref.total, tuple(starts), *join_lines(points))
        strips: list[Strip] = []
        for parts, each in seen:
            whole = each if each.columns is not None else merged(parts, -1)
            if whole is None or whole.columns is None:
                return None
            strips.append(merged_strip(whole.columns, whole.smoothed))
        return _columns_record(item, ref.total, [[strip] for strip in strips])

    def _points_or_columns(
        self, item: Item, total: int, lines: list[Line], grid: Grid | None
    ) -> Series | None:
        lines = [line for line in lines if len(line.x)]
        if not lines:
            return None
        if grid is None:
            lo = min(float(line.x.min()) for line in lines)
            hi = max(float(line.x.max()) for line in lines)
            grid = Grid(lo, hi, self.query.px, self.query.log)
        if self.query.range is None:  # all are inside
            cut, count = lines, sum(len(line.x) for line in lines)
        else:
            cut, count = cut_lines(lines, grid)
        if self.query.mode == "points" or count <= POINTS_PER_PIXEL * grid.px:
            starts = [0, *itertools.accumulate(len(line.x) for line in cut)][: len(cut)]
            return Points(item.run, item.key, total, tuple(starts), *join_lines(cut))
        limit = 8 * grid.px + 64
        strips = [line.reduced(grid, limit=limit) for line in cut]
        return _columns_record(item, total, [[strip] for strip in strips])


def _value_positions(level: Level, value0: Integers, size: int, buckets: Integers) -> Integers:
    """Return the position among all values of the first value of each bucket."""
    block_of = np.searchsorted(level.first, buckets, side="right") - 1
    return value0[block_of] + (buckets - level.first[block_of]) * size


def _columns_record(item: Item, total: int, by_writer: list[list[Strip]]) -> Columns | None:
    filled = [join_strips(strips) for strips in by_writer if strips]
    if not filled:
        return None
    starts = [0, *itertools.accumulate(len(strip) for strip in filled[:-1])]
    strip = join_strips(filled)
    values: Buckets = strip.values
    return Columns(
        item.run,
        item.key,
        total,
        tuple(starts),
        all(is_sorted(part.x0, part.x1) for part in filled),
        strip.x0,
        strip.x1,
        values.first.astype(np.float64, copy=False),
        values.min.astype(np.float64, copy=False),
        values.max.astype(np.float64, copy=False),
        values.last.astype(np.float64, copy=False),
        values.flags,
        None if strip.smoothed is None else SmoothedColumns(*strip.smoothed),
    )
