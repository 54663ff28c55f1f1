"""What the answer to a question for series stands on: which there are, where they lie in x, what is loaded of them.

Each (key, run) is answered by a generator (`store.series`) that yields what it needs next, pyramid levels or blocks;
all are advanced together, so that however many series there are, each kind of thing is read in a few statements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from epochal.errors import UsageError
from epochal.records import BandsQuery, Series, SeriesQuery
from epochal.store.columns import (
    BlockList,
    ColumnReader,
    SeriesRef,
    TailRef,
    Values,
    WriterRef,
)
from epochal.store.pyramid import Level, read_levels
from epochal.store.reduce import Grid

Floats = npt.NDArray[np.float64]
LevelKey = tuple[int, int, int]
BlockKey = tuple[int, int, int]


@dataclass(slots=True)
class Need:
    """What a generator waits for; `values` are blocks of which only the values are needed.

    `passing`: blocks that are looked at once, whole series of them, and would only drive what is asked for again out
    of the cache.
    """

    levels: list[LevelKey] = field(default_factory=list)
    blocks: list[tuple[int, int, int, bool]] = field(default_factory=list)
    passing: list[tuple[int, int, int, bool]] = field(default_factory=list)
    values: list[tuple[int, int, int, int]] = field(default_factory=list)


Steps = Generator[Need, None, Series | None]


@dataclass(frozen=True, slots=True)
class Item:
    """One key of one run: the series of its kinds, and those of the metric on the x axis."""

    run: str
    key: str
    refs: list[SeriesRef]
    metric: list[SeriesRef]


def check_axis(query: SeriesQuery | BandsQuery) -> None:
    """Raise UsageError for an x axis, range or width that is none."""
    if query.x not in ("step", "relative", "wall") and not query.x.startswith("metric:"):
        message = f"x is {query.x!r}; expected step, relative, wall or metric:<key>"
        raise UsageError(message)
    if query.px < 1:
        message = f"px is {query.px}; a chart is at least one pixel wide"
        raise UsageError(message)
    if query.range is not None and not query.range[0] <= query.range[1]:
        message = f"range {list(query.range)} does not go from a number up to a number"
        raise UsageError(message)
    if query.log and query.range is not None and not query.range[0] > 0:
        message = f"range {list(query.range)} is not above 0, as a logarithmic axis is"
        raise UsageError(message)


class Sources:
    """What one answer stands on. Raises UsageError for an x axis, range or mark that is none."""

    def __init__(self, reader: ColumnReader, query: SeriesQuery, runs: Sequence[str]) -> None:
        self.reader = reader
        self.query = query
        self.marks = {
            run: _parse_mark(mark) for run, mark in (query.since or {}).items() if run in set(runs)
        }
        runs = list(dict.fromkeys(runs))
        self.runs = runs if query.since is None else [run for run in runs if run in self.marks]
        self.axis: Literal["step", "time"] = "step" if query.x == "step" else "time"
        self.metric = query.x.removeprefix("metric:") if query.x.startswith("metric:") else None
        check_axis(query)
        self.by_step = query.x == "step"
        self.levels: dict[LevelKey, Level] = {}
        self.blocks: dict[BlockKey, Values] = {}
        self.values: dict[BlockKey, npt.NDArray[Any]] = {}
        self.origins: dict[str, float] = {}
        self.writers: dict[str, list[WriterRef]] = {}
        self.lists: dict[tuple[int, int], BlockList] = {}
        self.tails: dict[int, list[TailRef]] = {}

        self.items = self._open()

    def version(self) -> int:
        """Return the change counter of the runs' projects."""
        return max(
            (
                row[0]
                for row in self.reader.connection.rows_among(
                    "SELECT max(p.version) FROM project p WHERE p.id IN"
                    " (SELECT project_id FROM run WHERE uid IN ({}))",
                    self.runs,
                )
                if row[0] is not None
            ),
            default=0,
        )

    def marks_now(self) -> dict[str, str]:
        """Return the mark of each run from which to ask for more."""
        return {run: _mark(self.writers[run]) for run in self.runs}

    def _open(self) -> list[Item]:
        """Read what there is, without the values in blocks; returns what is to be answered."""
        reader, query = self.reader, self.query
        self.writers = reader.writers(self.runs)
        items = self._items()
        self.lists = reader.block_lists(
            (ref for item in items for ref in (*item.refs, *item.metric)), self.writers
        )
        after = {
            writer.id: self.marks[run].get(writer.ordinal, 0)
            for run in self.marks
            for writer in self.writers.get(run, ())
        }
        with_items = {item.run for item in items}
        self.tails = reader.tails(
            (writer for run in with_items for writer in self.writers[run]),
            after=after
            if query.since is not None and self.metric is None and query.smooth is None
            else None,
        )
        reader.load_frames(tail for tails in self.tails.values() for tail in tails)
        if query.x == "relative":
            self.origins = reader.origins({run: self.writers[run] for run in with_items})
        return items

    def _items(self) -> list[Item]:
        names = list(dict.fromkeys(self.query.keys))
        asked = [*names, self.metric] if self.metric is not None else names
        refs: dict[tuple[str, str], list[SeriesRef]] = defaultdict(list)
        for ref in self.reader.series(self.runs, list(dict.fromkeys(asked))):
            refs[ref.name, ref.run].append(ref)
        return [
            Item(run, name, sorted(refs[name, run]), refs.get((self.metric or "", run), []))
            for name in names
            for run in self.runs
            if (name, run) in refs and (self.metric is None or (self.metric, run) in refs)
        ]

    def limits(self) -> tuple[float, float] | None:
        """Return the smallest and largest x of all series; None for no series, or when x is a metric."""
        if self.metric is not None:
            return None
        found = [limits for item in self.items if (limits := self._limits(item)) is not None]
        return (min(lo for lo, _ in found), max(hi for _, hi in found)) if found else None

    # ---- which pixels

    def grids(self, items: list[Item]) -> list[tuple[Item, Grid | None]]:
        """Return each item with its grid; None when its key has no x yet known (a metric) or no values."""
        px = self.query.px
        if self.query.range is not None:
            grid = Grid(float(self.query.range[0]), float(self.query.range[1]), px, self.query.log)
            return [(item, grid) for item in items]
        if self.metric is not None:
            return [(item, None) for item in items]
        limits: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for item in items:
            if (found := self._limits(item)) is not None:
                limits[item.key].append(found)
        grids = {
            key: Grid(min(lo for lo, _ in found), max(hi for _, hi in found), px, self.query.log)
            for key, found in limits.items()
        }
        return [(item, grids.get(item.key)) for item in items]

    def _limits(self, item: Item) -> tuple[float, float] | None:
        """Return the smallest and largest x of an item, on a logarithmic axis of those above 0."""
        low, high = np.inf, -np.inf
        for writer in self.writers[item.run]:
            for ref in item.refs:
                if (blocks := self.lists.get((ref.id, writer.id))) is not None:
                    lows, highs = self.block_x(blocks, item.run)
                    high = max(high, float(highs.max()))
                    if self.query.log:
                        lows = lows[lows > 0]
                    low = min(low, float(lows.min(initial=np.inf)))
                for tail in self.tails[writer.id]:
                    values = self.reader.tail_values(ref.id, tail)
                    if values is not None:
                        x = self.x_of(values, item.run)
                        high = max(high, float(x.max()))
                        low = min(low, self._lowest(x))
        if self.query.log:
            for values in self.reader.load_blocks(self._blocks_over_zero(item)).values():
                low = min(low, self._lowest(self.x_of(values, item.run)))
        return (low, high) if low <= high else None

    def _lowest(self, x: Floats) -> float:
        """Return the smallest x that is drawn, infinity for none."""
        return float((x[x > 0] if self.query.log else x).min(initial=np.inf))

    def _blocks_over_zero(self, item: Item) -> list[tuple[int, int, int, bool]]:
        """Return the blocks whose limits do not say what their smallest x above 0 is."""
        found: list[tuple[int, int, int, bool]] = []
        for writer in self.writers[item.run]:
            for ref in item.refs:
                if (blocks := self.lists.get((ref.id, writer.id))) is not None:
                    lows, highs = self.block_x(blocks, item.run)
                    over = np.flatnonzero((lows <= 0) & (highs > 0)).tolist()
                    found += [
                        (ref.id, writer.id, int(blocks.row0[b]), bool(blocks.own_axis[b]))
                        for b in over
                    ]
        return found

    def block_x(self, blocks: BlockList, run: str) -> tuple[Floats, Floats]:
        """Return the smallest and the largest x of each block."""
        if self.axis == "step":
            return blocks.step_min, blocks.step_max
        origin = self.origins.get(run, 0.0)
        return blocks.time_min - origin, blocks.time_max - origin

    # ---- advancing all generators together

    def run_all(self, steps: list[Steps]) -> list[Series]:
        """Return what the generators answer, in their order; each round loads what all of them wait for."""
        answers: list[Series | None] = [None] * len(steps)
        waiting = list(range(len(steps)))
        while waiting:
            needs: list[Need] = []
            going: list[int] = []
            for i in waiting:
                try:
                    needs.append(next(steps[i]))
                    going.append(i)
                except StopIteration as stop:
                    answers[i] = stop.value
            self._load(needs)
            waiting = going
        return [series for series in answers if series is not None]

    def _load(self, needs: list[Need]) -> None:
        wanted = dict.fromkeys(
            key for need in needs for key in need.levels if key not in self.levels
        )
        missing: list[LevelKey] = []
        for key in wanted:
            count = len(self.lists[key[:2]].n)
            level = self.reader.cache.get(("level", *key, count))
            if level is None:
                missing.append(key)
            else:
                self.levels[key] = level
        if missing:
            values = {key[:2]: self.lists[key[:2]].n for key in missing}
            for key, level in read_levels(self.reader.connection, missing, values).items():
                self.levels[key] = level
                self.reader.cache.put(("level", *key, len(values[key[:2]])), level, level.size)
        blocks = dict.fromkeys(
            block for need in needs for block in need.blocks if block[:3] not in self.blocks
        )
        self.blocks.update(self.reader.load_blocks(blocks))
        passing = dict.fromkeys(
            block for need in needs for block in need.passing if block[:3] not in self.blocks
        )
        self.blocks.update(self.reader.load_blocks(passing, keep=False))
        values = dict.fromkeys(
            block for need in needs for block in need.values if block[:3] not in self.values
        )
        self.values.update(self.reader.load_values(values))

    def has_values(self, ref: SeriesRef, run: str) -> bool:
        """Return whether a series has any value, in blocks or in tail rows."""
        return any(
            (ref.id, writer.id) in self.lists
            or any(self.reader.frame(tail).has(ref.id) for tail in self.tails[writer.id])
            for writer in self.writers[run]
        )

    def x_of(self, values: Values, run: str) -> Floats:
        """Return the x of values: their steps, or their times as the axis counts them."""
        if self.axis == "step":
            return values.steps.astype(np.float64)
        origin = self.origins.get(run)
        return values.times if origin is None else values.times - origin


def _mark(writers: Sequence[WriterRef]) -> str:
    """Return how far writers are; a plus says of one that its keys are no other's, so that no line goes on in it."""
    return ",".join(f"{w.ordinal}:{w.rows}{'+' if w.aside else ''}" for w in writers)


def _parse_mark(mark: str) -> dict[int, int]:
    try:
        pairs = [part.removesuffix("+").split(":") for part in mark.split(",") if part]
        return {int(ordinal): int(rows) for ordinal, rows in pairs}
    except ValueError:
        message = f"{mark!r} is no mark: pass one from `marks` of an earlier answer as it is"
        raise UsageError(message) from None
