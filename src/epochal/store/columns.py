"""Reading columns: the values of series with their rows, steps and times, from blocks, axis windows and tail rows.

One `ColumnReader` serves one answer, inside one snapshot. It asks for everything of a kind in one
statement, and keeps what it decoded in the cache: blocks and axis windows never change, tail rows
neither, and the list of a series' blocks changes only when its writers' `folded` does.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from epochal.errors import CorruptBlock
from epochal.formats.block import (
    Block,
    decode_block,
    decode_block_values,
    decode_steps,
    decode_times,
    evenly_spaced,
)
from epochal.formats.frame import TailColumn, TailFrame
from epochal.records import Kind
from epochal.store.cache import ArrayCache
from epochal.store.engine import Connection
from epochal.store.registration import IS_ASIDE
from epochal.store.salvage import read_tail

logger = logging.getLogger(__name__)

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_CHUNK = 300
_DTYPES: dict[Kind, Any] = {"f64": np.float64, "i64": np.int64, "bool": np.bool_}


class WriterRef(NamedTuple):
    """A writer as this snapshot has it."""

    id: int
    run: str
    ordinal: int
    rows: int
    folded: int
    aside: bool = False
    """Whether no other writer has its keys (`registration.IS_ASIDE`)."""


class SeriesRef(NamedTuple):
    """A series as this snapshot has it; `total` is its number of values."""

    id: int
    run: str
    name: str
    kind: Kind
    total: int


@dataclass(frozen=True, slots=True)
class BlockList:
    """The blocks of a series and writer, by row: arrays of one length, at least one."""

    row0: Integers
    n: Integers
    own_axis: npt.NDArray[np.bool_]
    step_min: Floats
    step_max: Floats
    time_min: Floats
    time_max: Floats
    total: int
    """Values of all blocks."""
    in_order: dict[str, bool]
    """By "step" and "time": whether no block begins before the one before it ends."""


class Clock(Protocol):
    """What has times."""

    @property
    def times(self) -> Floats:
        """float64[n], seconds since the epoch."""
        ...


@dataclass(frozen=True, slots=True)
class _Times:
    times: Floats


class AxisWindow:
    """Rows and steps of an axis window, and its times, the dear part, decoded when asked for.

    grown: called when the times have been decoded, so that a cache can count them.
    """

    __slots__ = ("_data", "_grown", "_times", "rows", "steps")

    def __init__(
        self, row0: int, data: bytes, grown: Callable[[AxisWindow], None] | None = None
    ) -> None:
        self._data = data
        self._grown = grown
        self._times: Floats | None = None
        self.steps = decode_steps(data)
        self.rows = evenly_spaced(row0, 1, len(self.steps))

    @property
    def times(self) -> Floats:
        """float64[n], seconds since the epoch."""
        if self._times is None:
            self._times = decode_times(self._data)
            if self._grown is not None:
                self._grown(self)
        return self._times

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, roughly; evenly spaced steps are kept once for all windows."""
        steps, n = self.steps, len(self.steps)
        even = n > 1 and int(steps[-1]) - int(steps[0]) == (n - 1) * (int(steps[1]) - int(steps[0]))
        arrays = (0 if even else 1) + (0 if self._times is None else 1)
        return 8 * arrays * n + len(self._data) + 500


@dataclass(frozen=True, slots=True)
class Values:
    """Values of one kind in the order logged: rows int64[n] ascending, steps int64[n].

    values: as in `formats.block.Block`: float32 where they were kept so.
    clock, part: whose `times` these are, and which of them (a slice or positions).
    """

    kind: Kind
    rows: Integers
    steps: Integers
    clock: Clock
    part: slice | Integers | None
    values: Any

    @property
    def times(self) -> Floats:
        """float64[n], seconds since the epoch."""
        times = self.clock.times
        return times if self.part is None else times[self.part]

    def __len__(self) -> int:
        """Number of values."""
        return len(self.rows)

    def cut(self, start: int, end: int) -> Values:
        """Return the values from position `start` to before `end`."""
        if start <= 0 and end >= len(self.rows):
            return self
        part = slice(start, end)
        if self.part is None:
            times: slice | Integers = part
        elif isinstance(self.part, slice):
            times = slice(self.part.start + start, self.part.start + end)
        else:
            times = self.part[part]
        return Values(
            self.kind, self.rows[part], self.steps[part], self.clock, times, self.values[part]
        )


class TailRef(NamedTuple):
    """A tail row of a writer; `start` is the first position whose row counts (those before are folded)."""

    id: int
    row0: int
    n: int
    sparse: bool
    start: int


class ColumnReader:
    """Reads columns in one snapshot; not for several threads at once (the cache is)."""

    def __init__(self, connection: Connection, cache: ArrayCache) -> None:
        self.connection = connection
        self.cache = cache
        self.damaged: set[tuple[int, int, int]] = set()
        """Blocks (series, writer, row0) that could not be read; NaN stands for their values in `load_blocks`."""
        self._frames: dict[int, TailFrame] = {}

    # ---- what there is

    def writers(self, runs: Sequence[str]) -> dict[str, list[WriterRef]]:
        """Return the writers of each run that have rows, by ordinal."""
        found: dict[str, list[WriterRef]] = {run: [] for run in runs}
        for row in self.connection.rows_among(
            f"SELECT id, run_uid, ordinal, rows, folded, {IS_ASIDE} FROM writer"
            " WHERE run_uid IN ({}) AND rows > 0",
            list(runs),
        ):
            writer = WriterRef(row[0], row[1], row[2], row[3], row[4], aside=bool(row[5]))
            found[writer.run].append(writer)
        for writers in found.values():
            writers.sort(key=lambda writer: writer.ordinal)
        return found

    def series(self, runs: Sequence[str], names: Sequence[str] | None) -> list[SeriesRef]:
        """Return the series of the runs with these names (None: all)."""
        columns = "SELECT id, run_uid, name, kind, count FROM series WHERE run_uid IN ({})"
        if names is None:
            return [SeriesRef(*row) for row in self.connection.rows_among(columns, list(runs))]
        found: list[SeriesRef] = []
        for start in range(0, len(names), _CHUNK):
            chunk = list(names[start : start + _CHUNK])
            query = f"{columns} AND name IN ({','.join('?' * len(chunk))})"
            found += [
                SeriesRef(*row) for row in self.connection.rows_among(query, list(runs), (), chunk)
            ]
        return found

    def block_lists(
        self, series: Iterable[SeriesRef], writers: dict[str, list[WriterRef]]
    ) -> dict[tuple[int, int], BlockList]:
        """Return the blocks of each (series, writer) that has any."""
        lists: dict[tuple[int, int], BlockList] = {}
        missing: list[tuple[int, tuple[Any, ...], list[WriterRef]]] = []
        for ref in series:
            own = [writer for writer in writers[ref.run] if writer.folded]
            if not own:
                continue
            key = ("blocks", ref.id, tuple((writer.id, writer.folded) for writer in own))
            cached = self.cache.get(key)
            if cached is None:
                missing.append((ref.id, key, own))
            else:
                lists.update(cached)
        if not missing:
            return lists
        rows = self.connection.rows_among(
            "SELECT series_id, writer_id, row0, n, own_axis, step_min, step_max, time_min, time_max"
            " FROM block WHERE series_id IN ({}) ORDER BY series_id, writer_id, row0",
            [series_id for series_id, _, _ in missing],
        )
        split = _split_blocks(rows)
        for series_id, key, own in missing:
            found = {
                (series_id, writer.id): split[series_id, writer.id]
                for writer in own
                if (series_id, writer.id) in split
            }
            size = 300 + sum(600 + 49 * len(blocks.n) for blocks in found.values())
            self.cache.put(key, found, size)
            lists.update(found)
        return lists

    def tails(
        self, writers: Iterable[WriterRef], *, after: dict[int, int] | None = None
    ) -> dict[int, list[TailRef]]:
        """Return the tail rows of each writer in the order in which their values follow: the remainder first.

        after: only those that have rows at or after this one, by writer id.
        """
        known = {writer.id: writer for writer in writers}
        found: dict[int, list[TailRef]] = {writer_id: [] for writer_id in known}
        for tail_id, writer_id, row0, n, sparse in self.connection.rows_among(
            "SELECT id, writer_id, row0, n, sparse FROM tail WHERE writer_id IN ({})", list(known)
        ):
            start = 0 if sparse else max(0, known[writer_id].folded - row0)
            first = 0 if after is None or sparse else after.get(writer_id, 0) - row0
            if start < n and first < n:
                found[writer_id].append(TailRef(tail_id, row0, n, bool(sparse), start))
        for tails in found.values():
            tails.sort(key=lambda tail: (not tail.sparse, tail.row0))
        return found

    # ---- decoding

    def load_frames(self, tails: Iterable[TailRef]) -> None:
        """Make sure that these tail rows are decoded."""
        missing: list[int] = []
        for tail in tails:
            if tail.id not in self._frames:
                frame = self.cache.get(("tail", tail.id))
                if frame is None:
                    missing.append(tail.id)
                else:
                    self._frames[tail.id] = frame
        for tail_id, row0, n, data in self.connection.rows_among(
            "SELECT id, row0, n, data FROM tail WHERE id IN ({})", missing
        ):
            frame = read_tail(bytes(data), tail=tail_id, row0=row0, n=n)
            self._frames[tail_id] = frame
            self.cache.put(("tail", tail_id), frame, frame.size + 24 * len(frame) + 1000)

    def frame(self, tail: TailRef) -> TailFrame:
        """Return a loaded tail row."""
        return self._frames[tail.id]

    def tail_values(self, series_id: int, tail: TailRef) -> Values | None:
        """Return the values of a series in a loaded tail row, None when it has none."""
        frame = self._frames[tail.id]
        if not frame.has(series_id):
            return None
        key = ("tail values", tail.id, series_id)
        whole: Values | None = self.cache.get(key)
        if whole is None:
            column = frame.column(series_id)
            assert column is not None
            whole = _frame_values(frame, column)
            self.cache.put(key, whole, 300 + 16 * len(whole))
        if not tail.start:
            return whole
        start = int(np.searchsorted(whole.rows, tail.row0 + tail.start))
        return whole.cut(start, len(whole)) if start < len(whole) else None

    def load_blocks(
        self, wanted: Iterable[tuple[int, int, int, bool]], *, keep: bool = True
    ) -> dict[tuple[int, int, int], Values]:
        """Return the values of blocks (series, writer, row0, own_axis) by their first three.

        keep: in the cache, when they were not there.
        """
        found: dict[tuple[int, int, int], Values] = {}
        decoded: dict[tuple[int, int, int], Block] = {}
        missing: list[tuple[int, int, int]] = []
        shared: set[tuple[int, int]] = set()
        for series_id, writer_id, row0, own_axis in wanted:
            key = (series_id, writer_id, row0)
            values = self.cache.get(("block", *key))
            if values is not None:
                found[key] = values
                continue
            missing.append(key)
            if not own_axis:
                shared.add((writer_id, row0))
        if not missing:
            return found
        axes = self._axes(sorted(shared), keep=keep)
        for series_id, writer_id, row0, data in self._rows_of(
            "block", ("series_id", "writer_id", "row0"), missing
        ):
            key = (series_id, writer_id, row0)
            try:
                decoded[key] = decode_block(bytes(data))
            except CorruptBlock as error:
                found[key] = self._lost_block(key, error)
        for key, block in decoded.items():
            try:
                values = _block_values(key[2], block, axes.get(key[1:]))
            except CorruptBlock as error:
                found[key] = self._lost_block(key, error)
                continue
            if keep:
                gathered = 24 * len(values) if block.positions is not None else 0
                self.cache.put(("block", *key), values, block.size + gathered)
            found[key] = values
        return found

    def load_values(
        self, wanted: Iterable[tuple[int, int, int, int]]
    ) -> dict[tuple[int, int, int], npt.NDArray[Any]]:
        """Return only the numbers of blocks (series, writer, row0, n) by their first three, in whatever type fits.

        For those who look at every value once: what is decoded here is not kept. NaN for a damaged block.
        """
        found: dict[tuple[int, int, int], npt.NDArray[Any]] = {}
        missing: dict[tuple[int, int, int], int] = {}
        for *key, n in wanted:
            block = (key[0], key[1], key[2])
            values: Values | None = self.cache.get(("block", *block))
            if values is None:
                missing[block] = n
            else:
                found[block] = values.values
        for series_id, writer_id, row0, data in self._rows_of(
            "block", ("series_id", "writer_id", "row0"), list(missing)
        ):
            key = (series_id, writer_id, row0)
            try:
                numbers = decode_block_values(bytes(data))
                if len(numbers) != missing[key]:
                    message = f"{len(numbers)} values where {missing[key]} were expected"
                    raise CorruptBlock(message)
                found[key] = numbers
            except CorruptBlock as error:
                found[key] = self._lost_block(key, error).values
        return found

    def _lost_block(self, key: tuple[int, int, int], error: CorruptBlock) -> Values:
        """Return what stands for a damaged block: NaN between its limits, so that a chart shows it."""
        self.damaged.add(key)
        if self.cache.get(("damaged", *key)) is None:
            self.cache.put(("damaged", *key), True, 200)
            logger.error(
                "the block of series %d, writer %d from row %d on is damaged and left out: %s",
                *key,
                error,
            )
        n, step_min, step_max, time_min, time_max = self.connection.rows(
            "SELECT n, step_min, step_max, time_min, time_max FROM block"
            " WHERE series_id = ? AND writer_id = ? AND row0 = ?",
            key,
        )[0]
        rows = np.arange(key[2], key[2] + n, dtype=np.int64)
        with np.errstate(invalid="ignore"):
            steps = np.linspace(step_min, step_max, n).astype(np.int64)
            times = np.linspace(time_min, time_max, n)
        return Values("f64", rows, steps, _Times(times), None, np.full(n, np.nan))

    def axis_window(self, writer_id: int, row0: int) -> AxisWindow | None:
        """Return the window of a writer's rows that begins at a row, None where it is damaged or missing."""
        return self._axes([(writer_id, row0)], keep=True).get((writer_id, row0))

    def _axes(
        self, wanted: list[tuple[int, int]], *, keep: bool
    ) -> dict[tuple[int, int], AxisWindow]:
        """Return axis windows (writer, row0)."""
        found: dict[tuple[int, int], AxisWindow] = {}
        missing: list[tuple[int, int]] = []
        for key in wanted:
            axis = self.cache.get(("axis", *key))
            if axis is None:
                missing.append(key)
            else:
                found[key] = axis
        for writer_id, row0, data in self._rows_of("axis", ("writer_id", "row0"), missing):
            try:
                axis = found[writer_id, row0] = AxisWindow(
                    row0, bytes(data), self._keep_axis(writer_id, row0) if keep else None
                )
            except CorruptBlock as error:
                logger.error(
                    "the axis of writer %d from row %d on is damaged: %s", writer_id, row0, error
                )
                continue
            if keep:
                self.cache.put(("axis", writer_id, row0), axis, axis.size)
        return found

    def _keep_axis(self, writer_id: int, row0: int) -> Callable[[AxisWindow], None]:
        cache = self.cache
        return lambda axis: cache.put(("axis", writer_id, row0), axis, axis.size)

    def _rows_of(
        self, table: str, columns: tuple[str, ...], keys: Sequence[tuple[int, ...]]
    ) -> list[tuple[Any, ...]]:
        """Return the key columns and data of the rows with these keys, in few statements.

        A join, because SQLite scans the table for ``(a, b) IN (VALUES ...)``.
        """
        found: list[tuple[Any, ...]] = []
        one = f"({','.join('?' * len(columns))})"
        named = ", ".join(columns)
        match = " AND ".join(f"{table}.{column} = wanted.{column}" for column in columns)
        picked = ", ".join(f"{table}.{column}" for column in columns)
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            values = ",".join([one] * len(chunk))
            query = (
                f"WITH wanted ({named}) AS (VALUES {values}) SELECT {picked}, {table}.data"
                f" FROM wanted JOIN {table} ON {match}"
            )
            found += self.connection.rows(query, [part for key in chunk for part in key])
        return found

    # ---- the time at which a run began

    def origins(self, writers: dict[str, list[WriterRef]]) -> dict[str, float]:
        """Return the time of each run's first row: its first writer's, or the machine's should that begin before."""
        begins = {run: _that_begin(own) for run, own in writers.items() if own}
        times: dict[int, float] = {}
        missing: list[int] = []
        for writer in itertools.chain.from_iterable(begins.values()):
            origin = self.cache.get(("origin", writer.id))
            if origin is None:
                missing.append(writer.id)
            else:
                times[writer.id] = origin
        if missing:
            axes = self.connection.rows_among(
                "SELECT writer_id, data FROM axis WHERE writer_id IN ({}) AND row0 = 0", missing
            )
            for writer_id, data in axes:
                try:
                    origin = float(decode_times(bytes(data))[0])
                except CorruptBlock:
                    continue  # `_axes` says so; the writer's start will do
                times[writer_id] = self._keep_origin(writer_id, origin)
            for writer_id in missing:
                if writer_id not in times:
                    times[writer_id] = self._keep_origin(writer_id, self._tail_origin(writer_id))
        return {run: min(times[writer.id] for writer in own) for run, own in begins.items()}

    def _keep_origin(self, writer_id: int, origin: float) -> float:
        if origin == 0.0:  # its row was damaged
            started = "SELECT started FROM writer WHERE id = ?"
            origin = float(self.connection.value(started, (writer_id,)))
        self.cache.put(("origin", writer_id), origin, 200)
        return origin

    def _tail_origin(self, writer_id: int) -> float:
        found = self.connection.row(
            "SELECT id, row0, n, data FROM tail WHERE writer_id = ? ORDER BY row0, id LIMIT 1",
            (writer_id,),
        )
        if found is None:
            return 0.0
        tail, row0, n, data = found
        return float(read_tail(bytes(data), tail=tail, row0=row0, n=n).times[0])


def _that_begin(writers: list[WriterRef]) -> list[WriterRef]:
    """Return the first of a run's writers, which are given by ordinal, and the first of the machine's metrics."""
    aside = next((writer for writer in writers if writer.aside), writers[0])
    return [writers[0]] if aside is writers[0] else [writers[0], aside]


def _split_blocks(rows: list[tuple[Any, ...]]) -> dict[tuple[int, int], BlockList]:
    """Return the block lists by (series, writer) from rows in that order."""
    if not rows:
        return {}
    series, writers, row0, n, own_axis, *limits = zip(*rows, strict=True)
    ids = np.array([series, writers], dtype=np.int64)
    columns: list[npt.NDArray[Any]] = [
        np.array(row0, dtype=np.int64),
        np.array(n, dtype=np.int64),
        np.array(own_axis, dtype=bool),
        *(np.array(limit, dtype=np.float64) for limit in limits),
    ]
    starts = [0, *(np.flatnonzero((ids[:, 1:] != ids[:, :-1]).any(axis=0)) + 1).tolist(), len(rows)]
    # Copies: a view would keep the blocks of all series in memory for one.
    return {
        (series[a], writers[a]): _block_list(*(column[a:b].copy() for column in columns))
        for a, b in itertools.pairwise(starts)
    }


def _block_list(
    row0: Integers,
    n: Integers,
    own_axis: npt.NDArray[np.bool_],
    step_min: Floats,
    step_max: Floats,
    time_min: Floats,
    time_max: Floats,
) -> BlockList:
    in_order = {
        "step": bool((step_min[1:] >= step_max[:-1]).all()),
        "time": bool((time_min[1:] >= time_max[:-1]).all()),
    }
    limits = (step_min, step_max, time_min, time_max)
    return BlockList(row0, n, own_axis, *limits, int(n.sum()), in_order)


def blocks_from_row(blocks: BlockList, row: int) -> int:
    """Return the index of the first block that can hold `row` or a later one."""
    return max(0, int(np.searchsorted(blocks.row0, row, side="right")) - 1)


def join(parts: Sequence[Values]) -> Values | None:
    """Return values of one kind, one after the other, as one; None for none. Floats are float64."""
    if not parts:
        return None
    first = parts[0]
    if len(parts) == 1:
        if isinstance(first.values, list):
            return first
        return replace(first, values=first.values.astype(_DTYPES[first.kind], copy=False))
    values = [part.values for part in parts]
    return Values(
        first.kind,
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.steps for part in parts]),
        _Times(np.concatenate([part.times for part in parts])),
        None,
        [value for part in values for value in part]
        if isinstance(first.values, list)
        else np.concatenate(values, dtype=_DTYPES[first.kind]),
    )


def _frame_values(frame: TailFrame, column: TailColumn) -> Values:
    if column.positions is None:
        return Values(column.kind, frame.rows, frame.steps, frame, None, column.values)
    at = column.positions
    return Values(column.kind, frame.rows[at], frame.steps[at], frame, at, column.values)


def _block_values(row0: int, block: Block, axis: AxisWindow | None) -> Values:
    if block.steps is not None:
        assert block.positions is not None
        assert block.times is not None
        clock = _Times(block.times)
        return Values(block.kind, block.positions, block.steps, clock, None, block.values)
    if axis is None:
        message = f"the axis window at row {row0} is missing"
        raise CorruptBlock(message)
    at = block.positions
    if at is None:
        return Values(block.kind, axis.rows, axis.steps, axis, None, block.values)
    return Values(block.kind, axis.rows[at], axis.steps[at], axis, at, block.values)
