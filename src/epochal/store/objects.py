"""Values of object series: which of them a page wants, read with as little of the others as possible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import structs

from epochal.records import ObjectIndex, ObjectsAnswer, ObjectSeries, ObjectsQuery, StoredObject
from epochal.store.cache import ArrayCache
from epochal.store.columns import ColumnReader, SeriesRef, Values, WriterRef
from epochal.store.engine import Connection
from epochal.store.media import split_media

Integers = npt.NDArray[np.int64]


def read_objects(
    connection: Connection, cache: ArrayCache, query: ObjectsQuery, runs: Sequence[str]
) -> ObjectsAnswer:
    """Answer `query` for `runs`, those of its runs that the asker may see, inside one snapshot.

    Series stand in the order of the keys, then of the runs; a run without object values of a key has no entry.
    """
    return ObjectsAnswer(
        _version(connection, runs), list(_Reading(connection, cache, query, runs).all())
    )


def _version(connection: Connection, runs: Sequence[str]) -> int:
    rows = connection.rows_among(
        "SELECT max(version) FROM project WHERE id IN (SELECT project_id FROM run WHERE uid IN ({}))",
        list(runs),
    )
    return max((row[0] for row in rows if row[0] is not None), default=0)


class _Reading:
    """One answer in the making."""

    def __init__(
        self, connection: Connection, cache: ArrayCache, query: ObjectsQuery, runs: Sequence[str]
    ) -> None:
        self.query = query
        self.reader = ColumnReader(connection, cache)
        keys = list(dict.fromkeys(query.keys))
        self.writers = self.reader.writers(list(dict.fromkeys(runs)))
        places = {key: i for i, key in enumerate(keys)}
        at_run = {run: i for i, run in enumerate(self.writers)}
        found = [
            ref for ref in self.reader.series(list(self.writers), keys) if ref.kind == "object"
        ]
        self.series = sorted(found, key=lambda ref: (places[ref.name], at_run[ref.run]))
        self.media = dict(
            connection.rows_among(
                "SELECT id, media FROM series WHERE id IN ({})", [ref.id for ref in self.series]
            )
        )
        self.metric = self._metric_series()
        own = [writer for ref in self.series for writer in self.writers[ref.run]]
        self.uids = dict(
            connection.rows_among(
                "SELECT id, uid FROM writer WHERE id IN ({})", sorted({w.id for w in own})
            )
        )
        numbers = [ref for refs in self.metric.values() for ref in refs]
        self.lists = self.reader.block_lists([*self.series, *numbers], self.writers)
        self.tails = self.reader.tails(own)

    def all(self) -> Iterator[ObjectSeries]:
        """Yield the series that have values."""
        self._load_newest()
        for ref in self.series:
            index: ObjectIndex | None = None
            if self.query.pick == "last" and not self.query.index:
                picked = self._newest(ref)
            else:
                parts = [(w, part) for w in self.writers[ref.run] for part in self._parts(ref, w)]
                index = self._with_x(ref.run, parts, _index(parts))
                picked = self._picked(parts, index)
            if not picked:
                continue
            yield ObjectSeries(
                run=ref.run,
                key=ref.name,
                media=split_media(self.media.get(ref.id)),
                total=ref.total,
                marks=",".join(f"{w.ordinal}:{w.rows}" for w in self.writers[ref.run]),
                values=picked,
                index=index if self.query.index else None,
            )

    # ---- the newest

    def _load_newest(self) -> None:
        """Read the tails of all series in one statement."""
        self.reader.load_frames(
            tail
            for writer in {ref.run for ref in self.series}
            for w in self.writers[writer]
            for tail in self.tails[w.id]
        )

    def _newest(self, ref: SeriesRef) -> list[StoredObject]:
        for writer in reversed(self.writers[ref.run]):
            for tail in reversed(self.tails[writer.id]):
                values = self.reader.tail_values(ref.id, tail)
                if values is not None and len(values):
                    return [self._stored(writer, values, len(values) - 1)]
            blocks = self.lists.get((ref.id, writer.id))
            if blocks is None:
                continue
            key = (ref.id, writer.id, int(blocks.row0[-1]))
            values = self.reader.load_blocks([(*key, bool(blocks.own_axis[-1]))])[key]
            if isinstance(values.values, list):
                return [self._stored(writer, values, len(values) - 1)]
        return []

    # ---- some of all

    def _parts(self, ref: SeriesRef, writer: WriterRef) -> list[Values]:
        """Return all object values of a series and writer, in log order; damaged blocks are left out."""
        return [part for part in self._all_parts(ref, writer) if isinstance(part.values, list)]

    def _all_parts(self, ref: SeriesRef, writer: WriterRef) -> list[Values]:
        parts: list[Values] = []
        blocks = self.lists.get((ref.id, writer.id))
        if blocks is not None:
            rows = blocks.row0.tolist()
            wanted = [
                (ref.id, writer.id, row0, bool(own))
                for row0, own in zip(rows, blocks.own_axis, strict=True)
            ]
            loaded = self.reader.load_blocks(wanted)
            parts += [loaded[ref.id, writer.id, row0] for row0 in rows]
        for tail in self.tails[writer.id]:
            values = self.reader.tail_values(ref.id, tail)
            if values is not None:
                parts.append(values)
        return [part for part in parts if len(part)]

    # ---- places on another axis than that of the steps

    def _metric_series(self) -> dict[str, list[SeriesRef]]:
        """Return the numeric series of the metric that is the axis, by run."""
        found: dict[str, list[SeriesRef]] = {}
        name = self.query.x.removeprefix("metric:")
        if name != self.query.x:
            for ref in self.reader.series(list({ref.run for ref in self.series}), [name]):
                if ref.kind != "object":
                    found.setdefault(ref.run, []).append(ref)
        return found

    def _with_x(
        self, run: str, parts: list[tuple[WriterRef, Values]], index: ObjectIndex
    ) -> ObjectIndex:
        axis = self.query.x
        if axis == "step":
            return index
        if axis == "wall":
            x = index.times
        elif axis == "relative":
            x = index.times - self.reader.origins({run: self.writers[run]}).get(run, 0.0)
        else:
            places = [self._metric_at(run, writer, values.rows) for writer, values in parts]
            x = np.concatenate(places) if places else np.empty(0)
        return structs.replace(index, x=x)

    def _metric_at(self, run: str, writer: WriterRef, rows: Integers) -> npt.NDArray[np.float64]:
        """Return what the metric was last at some rows of a writer, float64[n]; NaN before it was logged."""
        held = [part for ref in self.metric.get(run, ()) for part in self._all_parts(ref, writer)]
        if not held:
            return np.full(len(rows), np.nan)
        at = np.concatenate([part.rows for part in held])
        values = np.concatenate([np.asarray(part.values, np.float64) for part in held])
        order = np.argsort(
            at, kind="stable"
        )  # integers and floats of one key are series of their own
        before = np.searchsorted(at[order], rows, side="right") - 1
        return np.where(before >= 0, values[order][before], np.nan)

    def _picked(
        self, parts: list[tuple[WriterRef, Values]], index: ObjectIndex
    ) -> list[StoredObject]:
        chosen = choose(index.steps, self.query, index.x)
        starts = np.cumsum([0, *(len(part) for _, part in parts)])
        found: list[StoredObject] = []
        for position in chosen.tolist():
            at = int(np.searchsorted(starts, position, side="right")) - 1
            found.append(self._stored(*parts[at], position - int(starts[at])))
        return found

    def _stored(self, writer: WriterRef, values: Values, at: int) -> StoredObject:
        return StoredObject(
            writer=writer.ordinal,
            source=self.uids[writer.id],
            row=int(values.rows[at]),
            step=int(values.steps[at]),
            time=float(values.cut(at, at + 1).times[0]),
            value=values.values[at],
        )


def choose(
    steps: Integers, query: ObjectsQuery, x: npt.NDArray[np.float64] | None = None
) -> Integers:
    """Return the positions, ascending, of the values that a query picks among those with these steps in log order.

    x: their places on the query's axis; None: the steps are.
    """
    none = np.empty(0, dtype=np.int64)
    if not len(steps):
        return none
    if query.pick == "last":
        return np.array([len(steps) - 1])
    if query.pick == "at":
        places = steps if x is None else x
        before = np.flatnonzero(places <= query.at)
        if not len(before):
            return none
        return before[np.flatnonzero(places[before] == places[before].max())[-1:]]
    inside = np.arange(len(steps))
    if query.range is not None:
        lo, hi = query.range
        inside = np.flatnonzero((steps >= lo) & (steps <= hi))
    if len(inside) <= query.n:
        return inside
    if query.n == 1:
        return inside[-1:]
    return inside[np.linspace(0, len(inside) - 1, query.n).round().astype(np.int64)]


def _index(parts: list[tuple[WriterRef, Values]]) -> ObjectIndex:
    def joined(arrays: list[npt.NDArray[Any]], kind: type[Any]) -> npt.NDArray[Any]:
        return np.concatenate(arrays) if arrays else np.empty(0, dtype=kind)

    return ObjectIndex(
        writers=joined([np.full(len(p), w.ordinal, np.int64) for w, p in parts], np.int64),
        rows=joined([part.rows for _, part in parts], np.int64),
        steps=joined([part.steps for _, part in parts], np.int64),
        times=joined([part.times for _, part in parts], np.float64),
    )
