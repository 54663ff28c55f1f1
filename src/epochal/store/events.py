"""What happened to runs beside their values (sessions, bad ends, alerts, artifacts), and where on an axis."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from epochal.errors import UsageError
from epochal.records import EventKind, RunEvent
from epochal.store.cache import ArrayCache
from epochal.store.columns import (
    BlockList,
    ColumnReader,
    SeriesRef,
    TailRef,
    Values,
    WriterRef,
    blocks_from_row,
)
from epochal.store.engine import Connection
from epochal.store.registration import IS_ASIDE

MOST_EVENTS = 1000
"""Events of one run in an answer: its latest."""
_BAD_ENDS = ("failed", "crashed", "killed", "preempted")

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def read_events(
    connection: Connection,
    cache: ArrayCache,
    runs: Sequence[str],
    x: str,
    kinds: Collection[EventKind] | None = None,
) -> dict[str, list[RunEvent]]:
    """Return the events of runs by uid, in the order of their times; see `Store.events`."""
    if x not in ("step", "relative", "wall") and not x.startswith("metric:"):
        message = f"x is {x!r}; expected step, relative, wall or metric:<key>"
        raise UsageError(message)
    found = _Events(connection, cache, list(dict.fromkeys(runs)), kinds)
    found.read()
    return found.placed(x)


@dataclass(frozen=True, slots=True)
class _Happening:
    kind: EventKind
    time: float
    title: str
    text: str = ""
    level: str = ""
    step: int | None = None
    """As its sender said."""
    writer: int | None = None
    """The id of the writer whose beginning or end it is."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a writer; `at` is where it was looked for."""

    writer: WriterRef
    row: int
    step: int
    time: float


class _Events:
    def __init__(
        self,
        connection: Connection,
        cache: ArrayCache,
        runs: list[str],
        kinds: Collection[EventKind] | None,
    ) -> None:
        self.connection = connection
        self.reader = ColumnReader(connection, cache)
        self.runs = runs
        self.kinds = kinds
        self.found: dict[str, list[_Happening]] = defaultdict(list)
        self.writers: dict[str, list[WriterRef]] = {}
        self.clocks: dict[int, _WriterRows] = {}

    def _wants(self, *kinds: EventKind) -> bool:
        return self.kinds is None or any(kind in self.kinds for kind in kinds)

    # ---- what happened

    def read(self) -> None:
        if self._wants("start", "resume", "end"):
            self._read_sessions()
        if self._wants("alert"):
            for run, title, text, level, created in self.connection.rows_among(
                "SELECT run_uid, title, text, level, created FROM alert WHERE run_uid IN ({})"
                " ORDER BY id",
                self.runs,
            ):
                self.found[run].append(_Happening("alert", created, title, text, level))
        if self._wants("artifact"):
            self._read_artifacts()

    def _read_sessions(self) -> None:
        """Sessions are the writers of a run's first process: its other ranks, forks and monitors begin beside it."""
        rows = self.connection.rows_among(
            "SELECT run_uid, id, rank, label, state, started, ended FROM writer"
            f" WHERE run_uid IN ({{}}) AND parent IS NULL AND NOT ({IS_ASIDE})"
            " ORDER BY run_uid, ordinal",
            self.runs,
        )
        for run, group in itertools.groupby(rows, key=lambda row: row[0]):
            sessions = list(group)
            first = sessions[0]
            own = [row for row in sessions if row[2:4] == first[2:4]]
            for number, (_run, writer, _rank, _label, state, started, ended) in enumerate(own, 1):
                kind: EventKind = "start" if number == 1 else "resume"
                if self._wants(kind):
                    begin = _Happening(kind, started, str(number), writer=writer)
                    self.found[run].append(begin)
                if state in _BAD_ENDS and self._wants("end"):
                    end = started if ended is None else ended
                    self.found[run].append(_Happening("end", end, state, writer=writer))

    def _read_artifacts(self) -> None:
        for run, name, version, type_, step, created in self.connection.rows_among(
            "SELECT artifact_run.run_uid, artifact_collection.name, artifact.version, artifact_type.name,"
            " artifact.history_step, artifact_run.created FROM artifact_run"
            " JOIN artifact ON artifact.id = artifact_run.artifact_id"
            " JOIN artifact_collection ON artifact_collection.id = artifact.collection_id"
            " JOIN artifact_type ON artifact_type.id = artifact_collection.type_id"
            " WHERE artifact_run.run_uid IN ({}) AND artifact_run.role = 'output'"
            " AND artifact.state = 'committed'",
            self.runs,
        ):
            title = f"{name}:v{version}"
            self.found[run].append(_Happening("artifact", created, title, type_, step=step))

    # ---- where it happened

    def placed(self, x: str) -> dict[str, list[RunEvent]]:
        with_events = [run for run in self.runs if self.found[run]]
        self.writers = {
            run: [writer for writer in own if not writer.aside]
            for run, own in self.reader.writers(with_events).items()
        }
        self._load_rows()
        metric = None
        if x.startswith("metric:"):
            metric = _Metric(self.reader, self.writers, x.removeprefix("metric:"))
        whole = self.reader.writers(with_events) if x in ("relative", "wall") else {}
        origins = self.reader.origins(whole)
        answer: dict[str, list[RunEvent]] = {}
        for run in with_events:
            events: list[RunEvent] = []
            for one in self.found[run]:
                row = self._row_of(run, one)
                step = one.step if one.step is not None else (row.step if row else None)
                time = (
                    row.time if row and one.kind == "end" and one.title == "crashed" else one.time
                )
                place: float | None
                if x == "step":
                    place = None if step is None else float(step)
                elif metric is None:
                    place = self._moment(run, time, origins, relative=x == "relative")
                else:
                    is_begin = one.kind in ("start", "resume")
                    place = metric.at(run, row, or_next=is_begin) if row else None
                events.append(RunEvent(one.kind, time, step, place, one.title, one.text, one.level))
            events.sort(key=lambda event: event.time)
            answer[run] = events[-MOST_EVENTS:]
        return answer

    def _moment(
        self, run: str, time: float, origins: Mapping[str, float], *, relative: bool
    ) -> float | None:
        """Return a time as an axis counts it, kept between the run's first row and its last.

        Scripts begin a little before their first row and end a little after the last one, where no chart reaches.
        """
        begin = origins.get(run)
        if begin is None:
            return None
        lasts = [row.time for writer in self.writers[run] if (row := self.clocks[writer.id].last())]
        inside = max(begin, min(time, max(lasts, default=time)))
        return inside - begin if relative else inside

    def _load_rows(self) -> None:
        writers = [writer for own in self.writers.values() for writer in own]
        windows: dict[int, list[int]] = defaultdict(list)
        for writer, row0 in self.connection.rows_among(
            "SELECT writer_id, row0 FROM axis WHERE writer_id IN ({}) ORDER BY writer_id, row0",
            [writer.id for writer in writers],
        ):
            windows[writer].append(row0)
        tails = self.reader.tails(writers)
        self.reader.load_frames(tail for own in tails.values() for tail in own)
        self.clocks = {
            writer.id: _WriterRows(self.reader, writer, windows[writer.id], tails[writer.id])
            for writer in writers
        }

    def _row_of(self, run: str, one: _Happening) -> _Row | None:
        """Return the row that an event belongs to: of a beginning the first after it, else the last before it."""
        own = self.writers[run]
        if one.writer is not None:
            rows = self.clocks.get(one.writer)
            if rows is not None:
                return rows.first() if one.kind in ("start", "resume") else rows.last()
            # A session that logged nothing.
            return self._latest(own, one.time)
        if one.step is not None:
            by_step = [row for w in own if (row := self.clocks[w.id].up_to_step(one.step))]
            return max(by_step, key=lambda row: row.time, default=None)
        return self._latest(own, one.time)

    def _latest(self, writers: Sequence[WriterRef], time: float) -> _Row | None:
        found = [row for w in writers if (row := self.clocks[w.id].up_to_time(time))]
        return max(found, key=lambda row: row.time, default=None)


class _WriterRows:
    """The rows of a writer, a window at a time: times and steps are taken not to fall from one window to the next."""

    def __init__(
        self, reader: ColumnReader, writer: WriterRef, windows: list[int], tails: list[TailRef]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._windows = windows
        self._tails = [reader.frame(tail) for tail in tails]
        self._starts = [0 if tail.sparse else tail.start for tail in tails]

    def first(self) -> _Row | None:
        found = [self._at(rows, steps, times, 0) for rows, steps, times in self._ends(0)]
        return min(found, key=lambda row: row.row, default=None)

    def last(self) -> _Row | None:
        found = [self._at(rows, steps, times, -1) for rows, steps, times in self._ends(-1)]
        return max(found, key=lambda row: row.row, default=None)

    def up_to_time(self, time: float) -> _Row | None:
        return self._up_to(time, by_time=True)

    def up_to_step(self, step: int) -> _Row | None:
        return self._up_to(step, by_time=False)

    def _up_to(self, limit: float, *, by_time: bool) -> _Row | None:
        found: list[_Row] = []
        low, high = 0, len(self._windows)
        while low < high:
            middle = (low + high) // 2
            part = self._window(middle)
            key = None if part is None else (part[2] if by_time else part[1])
            if key is not None and len(key) and key[0] <= limit:
                low = middle + 1
            else:
                high = middle
        parts = [] if low == 0 else [self._window(low - 1)]
        for rows, steps, times in [part for part in (*parts, *self._tail_parts()) if part]:
            before = np.flatnonzero((times if by_time else steps) <= limit)
            if len(before):
                found.append(self._at(rows, steps, times, int(before[-1])))
        return max(found, key=lambda row: row.row, default=None)

    def _ends(self, end: int) -> list[tuple[Integers, Integers, Floats]]:
        windows = [self._window(end)] if self._windows else []
        return [part for part in (*windows, *self._tail_parts()) if part and len(part[0])]

    def _window(self, index: int) -> tuple[Integers, Integers, Floats] | None:
        axis = self._reader.axis_window(self._writer.id, self._windows[index])
        return None if axis is None else (axis.rows, axis.steps, axis.times)

    def _tail_parts(self) -> list[tuple[Integers, Integers, Floats]]:
        return [
            (frame.rows[start:], frame.steps[start:], frame.times[start:])
            for frame, start in zip(self._tails, self._starts, strict=True)
        ]

    def _at(self, rows: Integers, steps: Integers, times: Floats, i: int) -> _Row:
        return _Row(self._writer, int(rows[i]), int(steps[i]), float(times[i]))


class _Metric:
    """A logged key as an axis: its value at a row is the last one logged until then by the same writer."""

    def __init__(
        self, reader: ColumnReader, writers: Mapping[str, list[WriterRef]], name: str
    ) -> None:
        self._reader = reader
        self._refs: dict[str, list[SeriesRef]] = defaultdict(list)
        for ref in reader.series(list(writers), [name]):
            if ref.kind != "object":
                self._refs[ref.run].append(ref)
        series = [ref for refs in self._refs.values() for ref in refs]
        self._lists = reader.block_lists(series, dict(writers))
        own = [writer for run in self._refs for writer in writers[run]]
        self._tails = reader.tails(own)
        reader.load_frames(tail for tails in self._tails.values() for tail in tails)

    def at(self, run: str, row: _Row, *, or_next: bool) -> float | None:
        """Return the value at a row; where none was logged yet, and with `or_next`, the first one after it."""
        before: tuple[int, float] | None = None
        after: tuple[int, float] | None = None
        for ref in self._refs.get(run, []):
            for values in self._near(ref, row):
                numbers = np.asarray(values.values, dtype=np.float64)
                at = int(values.rows.searchsorted(row.row, side="right"))
                known = np.flatnonzero(np.isfinite(numbers[:at]))
                if len(known):
                    one = (int(values.rows[known[-1]]), float(numbers[known[-1]]))
                    before = one if before is None else max(before, one)
                further = np.flatnonzero(np.isfinite(numbers[at:]))
                if len(further):
                    one = (int(values.rows[at + further[0]]), float(numbers[at + further[0]]))
                    after = one if after is None else min(after, one)
        found = before if before is not None or not or_next else after
        return None if found is None else found[1]

    def _near(self, ref: SeriesRef, row: _Row) -> list[Values]:
        writer = row.writer
        found: list[Values] = []
        blocks: BlockList | None = self._lists.get((ref.id, writer.id))
        if blocks is not None:
            i = blocks_from_row(blocks, row.row)
            near = range(max(0, i - 1), min(len(blocks.n), i + 2))
            wanted = [
                (ref.id, writer.id, int(blocks.row0[b]), bool(blocks.own_axis[b])) for b in near
            ]
            found += self._reader.load_blocks(wanted).values()
        for tail in self._tails.get(writer.id, []):
            if (values := self._reader.tail_values(ref.id, tail)) is not None:
                found.append(values)
        return found
