"""Folding: rows of the tail become axis windows, blocks and pyramids; each call inside one transaction of the caller.

What holds between folds, for each writer:

* Rows below `writer.folded` are in axis windows and blocks, or in the one sparse tail row: the *remainder*. Rows from
  there on are in the other tail rows, which count only for them: a frame of many windows stays
  until its last row is folded.
* The blocks of a series do not overlap in rows, and the values of the remainder come after them. So blocks by row,
  the remainder, and the live tail, one after the other, are the series in the order logged.
* Every fold that changes blocks or the remainder moves `folded` on; `(writer, folded)` names their state.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.formats.block import BLOCK_VALUES, encode_axis, encode_block
from epochal.formats.frame import TailColumn, TailFrame, encode_tail
from epochal.records import Kind
from epochal.store.engine import Connection
from epochal.store.pyramid import (
    PyramidWriter,
    axis_extents,
    encode_extents,
    summarise_values,
    value_flags,
)
from epochal.store.salvage import read_tail

WINDOW = BLOCK_VALUES
"""Rows of a window."""
DENSE = 512
"""Values of a series in a window from which on it gets a block there."""
SHORT = 1024
"""Rows below which what an ended writer has left stays one compressed tail row."""
MANY_FRAMES = 32
"""Tail rows of a live writer above which they are merged: each costs a reader about 20 us."""
REMAINDER_VALUES = 1 << 18
"""Values in a remainder above which its larger series become blocks early: it is rewritten at every fold."""
SLICE_S = 0.03
"""How long one call goes on taking windows."""
SPAN_WINDOWS = 16
"""Windows taken together where few series are dense: sparse ones (an event file's) cost the same for all of them."""
SPAN_VALUES = 1 << 18
"""Values of a span at most, beside a single window's."""
OBJECTS = 64
"""Values from which a series of objects in the remainder becomes a block: a histogram weighs as much as 100 numbers."""

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def is_live(state: str) -> bool:
    """Whether a writer in this state may log more without having been seen to end."""
    return state in ("running", "pending", "preempting")


def fold_due(connection: Connection, writers: Sequence[int] | None = None) -> list[int]:
    """Return the ids of writers (of all, or among `writers`) for which `fold_window` has something to do."""
    columns = "SELECT id, rows - folded, state FROM writer WHERE rows > folded"
    if writers is None:
        rows = connection.rows(columns)
    else:
        rows = connection.rows_among(columns + " AND id IN ({})", list(writers))
    due = {writer: pending >= WINDOW or not is_live(state) for writer, pending, state in rows}
    counts = connection.rows_among(
        "SELECT writer_id, count(*) FROM tail WHERE writer_id IN ({}) GROUP BY writer_id",
        [writer for writer, known in due.items() if not known],
    )
    crowded = {writer for writer, count in counts if count > MANY_FRAMES + 1}
    return sorted(writer for writer, known in due.items() if known or writer in crowded)


def fold_window(connection: Connection, writer_id: int) -> int:
    """Fold what is due of a writer, whose row the caller has locked; returns the windows folded.

    0 when nothing was due. Goes on for about `SLICE_S`; call it again, in another transaction,
    while it does not return 0.
    """
    found = connection.row("SELECT rows, folded, state FROM writer WHERE id = ?", (writer_id,))
    if found is None:
        return 0
    rows, folded, state = found
    ended = not is_live(state)
    if rows - folded < WINDOW and not (ended and rows > folded):
        return _merge_frames(connection, writer_id, folded)
    fold = _Fold(connection, writer_id, folded)
    deadline = time.perf_counter() + SLICE_S
    windows = 0
    while n := fold.span(rows, ended=ended):
        windows += fold.fold_span(n)
        if time.perf_counter() > deadline:
            break
    fold.finish(compress=ended and fold.folded == rows)
    return windows


def _merge_frames(connection: Connection, writer_id: int, folded: int) -> int:
    """Merge the live tail rows of a writer when there are many; returns 1 when it did."""
    sizes = connection.rows(
        "SELECT id, row0, n FROM tail WHERE writer_id = ? AND NOT sparse AND row0 + n > ? ORDER BY row0",
        (writer_id, folded),
    )
    if len(sizes) <= MANY_FRAMES:
        return 0
    # A frame that is large already is not copied again and again; those after it are merged among
    # themselves.
    while len(sizes) > MANY_FRAMES // 2 and sizes[0][2] >= SHORT:
        del sizes[0]
    ids = [row[0] for row in sizes]
    begin, end = max(folded, sizes[0][1]), sizes[-1][1] + sizes[-1][2]
    found = connection.rows_among("SELECT id, row0, n, data FROM tail WHERE id IN ({})", ids)
    frames = [
        read_tail(bytes(data), tail=tail, row0=row0, n=n)
        for tail, row0, n, data in sorted(found, key=lambda row: row[1])
    ]
    steps, times, pieces = _gather(frames, begin, end)
    columns = [
        TailColumn(
            series,
            piece.kind,
            piece.values,
            None if len(piece.rows) == end - begin else piece.rows - begin,
        )
        for series, piece in pieces.items()
    ]
    connection.run_among("DELETE FROM tail WHERE id IN ({})", ids)
    _insert_tail(
        connection, writer_id, begin, len(steps), False, encode_tail(begin, steps, times, columns)
    )
    return 1


@dataclass(slots=True)
class _Piece:
    """Values of one series with their absolute rows (ascending)."""

    kind: Kind
    rows: Integers
    values: Any

    def cut(self, start: int, end: int) -> _Piece:
        part = slice(start, end)
        return _Piece(self.kind, self.rows[part], self.values[part])


@dataclass(slots=True)
class _Rest(_Piece):
    """Values of the remainder, with their steps and times."""

    steps: Integers
    times: Floats

    def cut(self, start: int, end: int) -> _Rest:
        part = slice(start, end)
        return _Rest(
            self.kind, self.rows[part], self.values[part], self.steps[part], self.times[part]
        )


class _Fold:
    """One fold of one writer; blocks are inserted at once, the remainder and the tail are settled by `finish`."""

    def __init__(self, connection: Connection, writer_id: int, folded: int) -> None:
        self.folded = folded
        self._connection = connection
        self._writer_id = writer_id
        self._sizes: list[tuple[int, int, int]] = connection.rows(
            "SELECT id, row0, n FROM tail WHERE writer_id = ? AND NOT sparse ORDER BY row0",
            (writer_id,),
        )
        self._frames: dict[int, TailFrame] = {}
        self._pyramids = PyramidWriter(connection, writer_id)
        self._counts: dict[int, int] = {}
        self._blocks: list[tuple[Any, ...]] = []
        self._rest: dict[int, _Rest] = {}
        self._rest_ids: list[int] = []
        for tail_id, row0, n, data in connection.rows(
            "SELECT id, row0, n, data FROM tail WHERE writer_id = ? AND sparse ORDER BY row0",
            (writer_id,),
        ):
            self._rest_ids.append(tail_id)
            frame = read_tail(bytes(data), tail=tail_id, row0=row0, n=n)
            for column in frame.columns():
                at = slice(None) if column.positions is None else column.positions
                rest = _Rest(
                    column.kind, frame.rows[at], column.values, frame.steps[at], frame.times[at]
                )
                former = self._rest.get(column.series)
                self._rest[column.series] = rest if former is None else _join_rest([former, rest])

    def span(self, rows: int, *, ended: bool) -> int:
        """Return how many of the writer's rows are folded next: whole windows, or what an ended writer has left."""
        left = rows - self.folded
        whole = left // WINDOW
        if not whole:
            return left if ended else 0
        counts: dict[int, int] = {}
        near = self._load_frames(self.folded, self.folded + WINDOW)
        for frame in near:
            for series, count in frame.counts():
                counts[series] = counts.get(series, 0) + count
        per_window = WINDOW / sum(len(frame) for frame in near)
        dense = sum(count * per_window >= DENSE for count in counts.values())
        values = max(1.0, sum(counts.values()) * per_window)
        together = min(whole, SPAN_WINDOWS // max(1, dense), int(SPAN_VALUES // values))
        return max(1, together) * WINDOW

    def fold_span(self, n: int) -> int:
        """Fold the next n rows: whole windows, or what an ended writer has left; returns the number of windows."""
        begin, end = self.folded, self.folded + n
        steps, times, pieces = _gather(self._load_frames(begin, end), begin, end)
        windows = range(begin, end, WINDOW)
        dense: list[int] = []
        for series, piece in pieces.items():
            if n >= SHORT and len(piece.rows) >= DENSE * len(windows):
                dense.append(series)
            else:
                self._add_rest(series, piece, steps, times, begin)
        self._count_blocks(dense)
        bounds = [*windows, end]
        cuts = {series: np.searchsorted(pieces[series].rows, bounds).tolist() for series in dense}
        for i, first in enumerate(windows):
            last = min(first + WINDOW, end)
            window = {s: pieces[s].cut(cuts[s][i], cuts[s][i + 1]) for s in dense}
            at = slice(first - begin, last - begin)
            self._fold_window(first, steps[at], times[at], window)
        self._relieve_rest()
        self._flush()
        self.folded = end
        return len(windows)

    def _add_rest(
        self, series: int, piece: _Piece, steps: Integers, times: Floats, begin: int
    ) -> None:
        """Add values to the remainder; steps and times are those of the rows from `begin` on."""
        at = piece.rows - begin
        rest = _Rest(piece.kind, piece.rows, piece.values, steps[at], times[at])
        former = self._rest.get(series)
        self._rest[series] = rest if former is None else _join_rest([former, rest])

    def _fold_window(
        self, begin: int, steps: Integers, times: Floats, pieces: dict[int, _Piece]
    ) -> None:
        """Make blocks of the series that are dense in a window."""
        n = len(steps)
        shared_rows = False
        full_extents: list[bytes] | None = None
        limits: tuple[Any, ...] = ()
        for series, piece in pieces.items():
            if len(piece.rows) < DENSE:
                if len(piece.rows):
                    self._add_rest(series, piece, steps, times, begin)
                continue
            rows = piece.rows - begin
            if series in self._rest:
                self._add_own_block(series, self._rest.pop(series))
            shared_rows = True
            dense = len(rows) == n
            if dense and full_extents is None:
                full_extents = encode_extents(axis_extents(steps, times))
                limits = _limits(steps, times)
            data = encode_block(piece.kind, piece.values, None if dense else rows)
            if dense:
                assert full_extents is not None
                self._add_block(series, piece, begin, False, limits, data, full_extents)
            else:
                at_steps, at_times = steps[rows], times[rows]
                extents = encode_extents(axis_extents(at_steps, at_times))
                self._add_block(
                    series, piece, begin, False, _limits(at_steps, at_times), data, extents
                )
        if shared_rows or begin == 0:  # the first one also says when the run began
            self._connection.run(
                "INSERT INTO axis (writer_id, row0, n, data) VALUES (?, ?, ?, ?)",
                (self._writer_id, begin, n, encode_axis(steps, times)),
            )

    def finish(self, *, compress: bool) -> None:
        """Write the remainder, drop what was folded, move the writer's mark.

        compress: for a remainder that will stay; one that the next fold reads and writes again is left as it is.
        """
        connection, writer_id = self._connection, self._writer_id
        connection.run_among("DELETE FROM tail WHERE id IN ({})", self._rest_ids)
        connection.run(
            "DELETE FROM tail WHERE writer_id = ? AND NOT sparse AND row0 + n <= ?",
            (writer_id, self.folded),
        )
        if self._rest:
            rows, first, places = _distinct([rest.rows for rest in self._rest.values()])
            steps = np.concatenate([rest.steps for rest in self._rest.values()])[first]
            times = np.concatenate([rest.times for rest in self._rest.values()])[first]
            columns = [
                TailColumn(
                    series, rest.kind, rest.values, None if len(place) == len(rows) else place
                )
                for (series, rest), place in zip(self._rest.items(), places, strict=True)
            ]
            data = encode_tail(int(rows[0]), steps, times, columns, rows=rows, compress=compress)
            _insert_tail(connection, writer_id, int(rows[0]), len(rows), True, data)
        connection.run("UPDATE writer SET folded = ? WHERE id = ?", (self.folded, writer_id))

    def _load_frames(self, begin: int, end: int) -> list[TailFrame]:
        needed = [tail_id for tail_id, row0, n in self._sizes if row0 < end and row0 + n > begin]
        self._frames = {
            tail_id: self._frames[tail_id] for tail_id in needed if tail_id in self._frames
        }
        missing = [tail_id for tail_id in needed if tail_id not in self._frames]
        for tail_id, row0, n, data in self._connection.rows_among(
            "SELECT id, row0, n, data FROM tail WHERE id IN ({})", missing
        ):
            self._frames[tail_id] = read_tail(bytes(data), tail=tail_id, row0=row0, n=n)
        return [self._frames[tail_id] for tail_id in needed]

    def _count_blocks(self, wanted: list[int]) -> None:
        series = [one for one in wanted if one not in self._counts]
        if not series:
            return
        self._counts.update(dict.fromkeys(series, 0))
        self._counts.update(
            self._connection.rows_among(
                "SELECT series_id, count(*) FROM block WHERE series_id IN ({}) AND writer_id = ? GROUP BY series_id",
                series,
                (),
                (self._writer_id,),
            )
        )

    def _add_own_block(self, series: int, rest: _Rest) -> None:
        data = encode_block(rest.kind, rest.values, rest.rows, rest.steps, rest.times)
        extents = encode_extents(axis_extents(rest.steps, rest.times))
        limits = _limits(rest.steps, rest.times)
        self._add_block(series, rest, int(rest.rows[0]), True, limits, data, extents)

    def _add_block(
        self,
        series: int,
        piece: _Piece,
        row0: int,
        own_axis: bool,
        limits: tuple[Any, ...],
        data: bytes,
        extents: list[bytes],
    ) -> None:
        flags = 0
        if piece.kind != "object":
            values = np.asarray(piece.values, dtype=np.float64)
            if piece.kind == "f64" and not np.isfinite(values).all():
                flags = int(np.bitwise_or.reduce(value_flags(values)))
            self._pyramids.append(series, self._counts[series], summarise_values(values), extents)
        self._counts[series] += 1
        n = len(piece.values)
        self._blocks.append((series, self._writer_id, row0, n, own_axis, *limits, flags, data))

    def _relieve_rest(self) -> None:
        """Make blocks of series with 4096 values in the remainder; with fewer when it is large, and of objects."""
        total = sum(len(rest.rows) for rest in self._rest.values())
        least = WINDOW if total <= REMAINDER_VALUES else DENSE
        due = [
            series
            for series, rest in self._rest.items()
            if len(rest.rows) >= (OBJECTS if rest.kind == "object" else least)
        ]
        self._count_blocks(due)
        for series in due:
            rest = self._rest[series]
            n = len(rest.rows)
            whole = max(n // WINDOW * WINDOW, min(n, WINDOW))
            for start in range(0, whole, WINDOW):
                self._add_own_block(series, rest.cut(start, min(start + WINDOW, whole)))
            if whole < n:
                self._rest[series] = rest.cut(whole, n)
            else:
                del self._rest[series]

    def _flush(self) -> None:
        self._connection.many(
            "INSERT INTO block (series_id, writer_id, row0, n, own_axis, step_min, step_max, time_min, time_max,"
            " sorted, flags, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self._blocks,
        )
        self._blocks = []
        self._pyramids.flush()


def _gather(
    frames: Sequence[TailFrame], begin: int, end: int
) -> tuple[Integers, Floats, dict[int, _Piece]]:
    """Return steps and times of rows `begin` to `end` and their values by series.

    frames: live tail rows that hold these rows, by row.
    """
    steps: list[Integers] = []
    times: list[Floats] = []
    found: dict[int, list[_Piece]] = {}
    for frame in frames:
        row0 = int(frame.rows[0])
        start, stop = max(begin - row0, 0), min(end - row0, len(frame))
        if start >= stop:
            continue
        whole = frame.rows[start:stop]
        steps.append(frame.steps[start:stop])
        times.append(frame.times[start:stop])
        for column in frame.columns():
            if column.positions is None:
                piece = _Piece(column.kind, whole, column.values[start:stop])
            else:
                low, high = np.searchsorted(column.positions, (start, stop)).tolist()
                if low == high:
                    continue
                piece = _Piece(
                    column.kind, column.positions[low:high] + row0, column.values[low:high]
                )
            found.setdefault(column.series, []).append(piece)
    return (
        np.concatenate(steps),
        np.concatenate(times),
        {series: _join_pieces(pieces) for series, pieces in found.items()},
    )


def _distinct(parts: list[Integers]) -> tuple[Integers, Integers, list[Integers]]:
    """Return the different rows of ascending `parts`, ascending, an index of each, each part's places.

    places: indexes of a part's rows among the different ones.
    """
    every = np.concatenate(parts)
    low, high = int(every.min()), int(every.max())
    if high - low > 8 * len(every) + 1024:
        rows, first = np.unique(every, return_index=True)
        return rows, first, [np.searchsorted(rows, part) for part in parts]
    # Without sorting: a remainder of 1000 keys has hundreds of thousands of rows, most of them next to each other.
    where = np.full(high - low + 1, -1, dtype=np.int64)
    where[every - low] = np.arange(len(every))
    there = where >= 0
    place = np.cumsum(there) - 1
    return np.flatnonzero(there) + low, where[there], [place[part - low] for part in parts]


def _join_pieces(pieces: list[_Piece]) -> _Piece:
    if len(pieces) == 1:
        return pieces[0]
    rows = np.concatenate([piece.rows for piece in pieces])
    return _Piece(pieces[0].kind, rows, join_values([piece.values for piece in pieces]))


def _join_rest(parts: list[_Rest]) -> _Rest:
    return _Rest(
        parts[0].kind,
        np.concatenate([part.rows for part in parts]),
        join_values([part.values for part in parts]),
        np.concatenate([part.steps for part in parts]),
        np.concatenate([part.times for part in parts]),
    )


def join_values(parts: Sequence[Any]) -> Any:
    """Return arrays, or lists of JSON values, of one kind as one; there is at least one."""
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], list):
        return [value for part in parts for value in part]
    return np.concatenate(parts)


def _limits(steps: Integers, times: Floats) -> tuple[int, int, float, float, bool]:
    """Return smallest and largest step and time, and whether the steps never fall."""
    low, high = float(times.min()), float(times.max())
    if not np.isfinite(times).all():
        low, high = -np.inf, np.inf
    in_order = bool((steps[1:] >= steps[:-1]).all())
    return int(steps.min()), int(steps.max()), low, high, in_order


def _insert_tail(
    connection: Connection, writer_id: int, row0: int, n: int, sparse: bool, data: bytes
) -> None:
    connection.run(
        "INSERT INTO tail (writer_id, row0, n, sparse, data) VALUES (?, ?, ?, ?, ?)",
        (writer_id, row0, n, sparse, data),
    )
