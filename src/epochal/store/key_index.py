"""The keys of a project in memory, kept up to date by the project's change counter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from epochal.records import KeyInfo
from epochal.store.declared_axes import DeclaredAxes
from epochal.store.documents import find_definition
from epochal.store.engine import Connection
from epochal.store.media import split_media


class KeyIndex:
    """The keys of a project, kept up to date like `Listing`; needs the listing's lock."""

    def __init__(self, project: int) -> None:
        self.project = project
        self.version = -1
        self._reset()

    def _reset(self) -> None:
        # name: [kinds, runs, first created, most values, media]
        self._keys: dict[str, list[Any]] = {}
        self._counted = bytearray()  # by series id: whether its run is counted
        self._trashed: set[str] = set()
        self._runs: set[str] = set()
        # name: number of runs by the way in which they declare their axes
        self._ways: dict[str, dict[int, int]] = {}
        self._way_of: dict[str, int] = {}  # as counted there; of runs of way 0 nothing

    def refresh(self, connection: Connection, version: int, declared: DeclaredAxes) -> None:
        """Take in what changed up to `version`; `declared` is that of the listing, up to the same."""
        if version <= self.version:
            return
        changed = self._changed(connection)
        count = connection.value("SELECT count(*) FROM run WHERE project_id = ?", [self.project])
        known = len(self._runs | {uid for uid, _ in changed})
        moved = any(
            (trashed is not None) != (uid in self._trashed)
            for uid, trashed in changed
            if uid in self._runs
        )
        if count != known or moved:
            self.version = -1
            self._reset()
            changed = self._changed(connection)
        self._runs.update(uid for uid, _ in changed)
        self._trashed.update(uid for uid, trashed in changed if trashed is not None)
        self._take(
            connection,
            [uid for uid, trashed in changed if trashed is None],
            declared,
            first=self.version < 0,
        )
        self.version = version

    def _changed(self, connection: Connection) -> list[tuple[Any, ...]]:
        return connection.rows(
            "SELECT uid, trashed FROM run WHERE project_id = ? AND version > ?",
            [self.project, self.version],
        )

    def _take(
        self, connection: Connection, runs: Sequence[str], declared: DeclaredAxes, *, first: bool
    ) -> None:
        if first:
            self._take_all(connection)
            self._take_ways(connection, declared)
            return
        found = connection.rows_among(
            "SELECT id, run_uid, name, kind, created, count, media FROM series WHERE run_uid IN ({})"
            " ORDER BY id",
            runs,
        )
        if found:
            top = max(row[0] for row in found)
            self._counted.extend(bytes(max(0, top + 1 - len(self._counted))))
        counted = self._counted
        before = {(row[1], row[2]) for row in found if counted[row[0]]}
        for run, name in before:
            self._count_way(name, self._way_of.get(run, 0), -1)
        for run in runs:
            self._way_of[run] = declared.way(run)
        for run, name in {(row[1], row[2]) for row in found}:
            self._count_way(name, self._way_of[run], 1)
        for series, run, name, kind, created, count, media in found:
            entry = self._keys.get(name)
            if entry is None:
                entry = self._keys[name] = [[], 0, created, 0, set()]
            if media is not None:
                entry[4].update(split_media(media))
            if kind not in entry[0]:
                entry[0].append(kind)
            if not counted[series]:
                counted[series] = 1
                if (run, name) not in before:
                    before.add((run, name))
                    entry[1] += 1
            entry[2] = min(entry[2], created)
            entry[3] = max(entry[3], count)

    def _take_all(self, connection: Connection) -> None:
        """Count every series of the project: in SQL, because 10,000 runs of 50 keys are 500,000 rows."""
        source = (
            "FROM series JOIN run ON run.uid = series.run_uid"
            " WHERE run.project_id = ? AND run.trashed IS NULL"
        )
        several: list[str] = []
        for name, kind, runs, created, count, first, last in connection.rows(
            "SELECT series.name, kind, count(*), min(series.created), max(count), min(media), max(media)"
            f" {source}"
            " GROUP BY series.name, kind ORDER BY min(series.id)",
            [self.project],
        ):
            entry = self._keys.setdefault(name, [[], 0, created, 0, set()])
            entry[0].append(kind)
            entry[1] += runs
            entry[2] = min(entry[2], created)
            entry[3] = max(entry[3], count)
            entry[4].update(*map(split_media, (first, last)))
            if first != last:
                several.append(name)
        for name, media in connection.rows_among(
            f"SELECT DISTINCT series.name, media {source} AND series.name IN ({{}})",
            several,
            [self.project],
        ):
            self._keys[name][4].update(split_media(media))
        mixed = [name for name, entry in self._keys.items() if len(entry[0]) > 1]
        for name, runs in connection.rows_among(
            f"SELECT series.name, count(DISTINCT run_uid) {source} AND series.name IN ({{}})"
            " GROUP BY series.name",
            mixed,
            [self.project],
        ):
            self._keys[name][1] = runs
        ids = connection.rows(f"SELECT series.id {source}", [self.project])
        if ids:
            places = np.array(ids, dtype=np.int64)[:, 0]
            counted = np.zeros(int(places.max()) + 1, dtype=np.uint8)
            counted[places] = 1
            self._counted = bytearray(counted.tobytes())

    def _count_way(self, name: str, way: int, by: int) -> None:
        counts = self._ways.setdefault(name, {})
        counts[way] = counts.get(way, 0) + by

    def _take_ways(self, connection: Connection, declared: DeclaredAxes) -> None:
        self._ways = {name: {0: entry[1]} for name, entry in self._keys.items()}
        for way, runs in declared.runs_by_way().items():
            alive = [run for run in runs if run in self._runs and run not in self._trashed]
            self._way_of.update(dict.fromkeys(alive, way))
            for name, count in connection.rows_among(
                "SELECT name, count(DISTINCT run_uid) FROM series WHERE run_uid IN ({}) GROUP BY name",
                alive,
            ):
                self._count_way(name, 0, -count)
                self._count_way(name, way, count)

    def keys(self, metrics: Mapping[str, Any], declared: DeclaredAxes) -> list[KeyInfo]:
        """Return the keys in the order in which they first appeared; `metrics` are the project's definitions.

        A key's x is what all runs that have it declare: over a metric that some of them lack, those would be missing.
        """
        found: list[KeyInfo] = []
        for name, (kinds, runs, created, rows, media) in self._keys.items():
            definition = find_definition(metrics, name)
            ways = [way for way, count in self._ways.get(name, {}).items() if count > 0]
            found.append(
                KeyInfo(
                    name=name,
                    kinds=tuple(kinds),
                    runs=runs,
                    x=declared.axis(name, ways),
                    hidden=bool(definition.get("hidden")),
                    first=created,
                    rows=rows,
                    media=tuple(sorted(media)),
                    display_name=_text(definition.get("display_name")),
                    description=_text(definition.get("description")),
                )
            )
        return sorted(found, key=lambda key: key.first)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
