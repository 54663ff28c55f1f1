"""A store's metric tables with rows in them, made without the intake: what fold and the readers are tested on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from epochal.formats.frame import encode_frame
from epochal.records import Column, Frame, Kind
from epochal.store.cache import ArrayCache
from epochal.store.engine import SqliteDatabase
from epochal.store.fold import fold_window
from epochal.store.schema import prepare

KINDS: dict[str, Kind] = {"f": "f64", "i": "i64", "b": "bool"}


def frame(steps, times, columns: Mapping[str, object] | None = None, **named) -> Frame:
    """Return a frame; a column is values for all rows or (rows, values), its kind follows from the dtype."""
    built = []
    for name, given in {**(columns or {}), **named}.items():
        rows, values = given if isinstance(given, tuple) else (None, given)
        if isinstance(values, list):
            kind = "object"
        else:
            values = np.asarray(values)
            kind = KINDS[values.dtype.kind]
        rows = None if rows is None else np.asarray(rows, dtype=np.int64)
        if rows is not None and len(rows) == len(steps):
            rows = None
        if len(values):
            built.append(Column(name.split(":")[0], kind, values, rows))
    return Frame(
        np.asarray(steps, dtype=np.int64), np.asarray(times, dtype=np.float64), tuple(built)
    )


class Rows:
    """A database with one project; runs and writers come into being when rows are appended to them."""

    def __init__(self, path: Path) -> None:
        self.database = SqliteDatabase(path / "store.db", network=False)
        prepare(self.database)
        self.cache = ArrayCache()
        self.series: dict[tuple[str, str, str], int] = {}
        self.writers: dict[tuple[str, int], int] = {}
        with self.database.write() as connection:
            connection.run(
                "INSERT INTO entity (name, created) VALUES ('local', 0) ON CONFLICT DO NOTHING"
            )
            self.project = connection.value(
                "INSERT INTO project (entity, name, owner, created, updated, version, next_ordinal)"
                " VALUES ('local', 'p', 'local', 0, 0, 7, 0) RETURNING id"
            )

    def append(self, run: str, ordinal: int, frame: Frame) -> int:
        """Append a frame as the intake does; returns the writer's id."""
        with self.database.write() as connection:
            if not any(known == run for known, _ in self.writers):
                connection.run(
                    "INSERT INTO run (uid, project_id, id, name, owner, state, ordinal, created, updated, duration,"
                    " archived, rows, version, doc) VALUES (?, ?, ?, ?, 'local', 'running', 0, 0, 0, 0, ?, 0, 1, ?)",
                    (run, self.project, run, run, False, b"{}"),
                )
            writer = self.writers.get((run, ordinal))
            if writer is None:
                writer = connection.value(
                    "INSERT INTO writer (uid, run_uid, ordinal, state, started, seen, acknowledged, rows,"
                    " folded, schemas, damage, dropped)"
                    " VALUES (?, ?, ?, 'running', 0, 0, 0, 0, 0, ?, 0, 0) RETURNING id",
                    (f"{run}-{ordinal}", run, ordinal, b"{}"),
                )
                self.writers[run, ordinal] = writer
            ids = {}
            for column in frame.columns:
                key = (run, column.name, column.kind)
                if key not in self.series:
                    self.series[key] = connection.value(
                        "INSERT INTO series (run_uid, name, kind, created, count) VALUES (?, ?, ?, 0, 0) RETURNING id",
                        key,
                    )
                ids[column.name, column.kind] = self.series[key]
                connection.run(
                    "UPDATE series SET count = count + ? WHERE id = ?",
                    (len(column.values), self.series[key]),
                )
            row0 = connection.value("SELECT rows FROM writer WHERE id = ?", (writer,))
            connection.run(
                "INSERT INTO tail (writer_id, row0, n, sparse, data) VALUES (?, ?, ?, ?, ?)",
                (writer, row0, len(frame), False, encode_frame(frame, ids, row0)),
            )
            connection.run("UPDATE writer SET rows = rows + ? WHERE id = ?", (len(frame), writer))
        return writer

    def end(self, run: str, ordinal: int) -> None:
        """Mark a writer as finished."""
        with self.database.write() as connection:
            connection.run(
                "UPDATE writer SET state = 'finished' WHERE id = ?", (self.writers[run, ordinal],)
            )

    def fold(self, run: str, ordinal: int) -> int:
        """Fold until nothing is due; returns the number of windows."""
        total = 0
        while True:
            with self.database.write() as connection:
                windows = fold_window(connection, self.writers[run, ordinal])
            if not windows:
                return total
            total += windows

    def close(self) -> None:
        """Close the database."""
        self.database.close()
