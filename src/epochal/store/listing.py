"""The run list in memory: the runs of one project as columns, kept up to date by the project's change counter.

A cache that needs no invalidation: each use reads the project's version in its own transaction and takes in the runs
whose version is newer. 10,000 runs of 100 columns are 9 MB.
"""

from __future__ import annotations

import base64
import bisect
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from epochal.errors import FilterError, UsageError
from epochal.records import KeyInfo, RunInfo, RunPage, RunQuery
from epochal.store.documents import find_definition
from epochal.store.engine import Connection
from epochal.store.query import (
    BOOL,
    FIELDS,
    FLOAT,
    INTEGER,
    MISSING,
    OTHER,
    TEXT,
    evaluate,
    field_name,
    parse_filter,
)

RUN_COLUMNS = (
    "run.uid, run.id, run.name, run.state, run.ordinal, run.color, run.created, run.updated, run.finished,"
    " run.duration, run.archived, run.trashed, run.rows, run.last_step, run.version, run.doc, writer.host"
)
"""What `run_info` needs, from ``run LEFT JOIN writer ON writer.run_uid = run.uid AND writer.ordinal = 0``."""
RUN_TABLES = "run LEFT JOIN writer ON writer.run_uid = run.uid AND writer.ordinal = 0"

MAX_LIMIT = 1000
MAX_SORT_COLUMNS = 8


def parse_document(stored: bytes) -> dict[str, Any]:
    """Return stored JSON; msgspec is several times faster but does not read NaN and huge integers."""
    try:
        return msgspec.json.decode(stored)
    except msgspec.DecodeError:
        return json.loads(stored)


def run_info(
    entity: str,
    project: str,
    row: Sequence[Any],
    document: Mapping[str, Any],
    columns: Mapping[str, Any] | None = None,
) -> RunInfo:
    """Return the RunInfo of a row of RUN_COLUMNS and its parsed document."""
    return RunInfo(
        uid=row[0],
        entity=entity,
        project=project,
        id=row[1],
        name=row[2],
        state=row[3],
        ordinal=row[4],
        color=row[5],
        created=row[6],
        updated=row[7],
        finished=row[8],
        duration=row[9],
        group=document.get("group"),
        job_type=document.get("job_type"),
        tags=tuple(document.get("tags") or ()),
        notes=document.get("notes"),
        archived=bool(row[10]),
        trashed=row[11] is not None,
        rows=row[12],
        last_step=row[13],
        host=row[16],
        version=row[14],
        columns=columns or {},
    )


def flatten(prefix: str, value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield (dotted name, value) of nested config or summary; null counts as absent."""
    for key, child in value.items():
        name = f"{prefix}.{key}"
        if isinstance(child, dict) and child:
            yield from flatten(name, child)
        elif child is not None:
            yield name, child


class ValueColumn:
    """One value for each run: numbers in an array, everything else beside it."""

    __slots__ = ("_kinds", "_numbers", "_size", "others")

    def __init__(self, capacity: int, size: int) -> None:
        self._kinds = np.zeros(capacity, dtype=np.uint8)
        self._numbers = np.zeros(capacity, dtype=np.float64)
        self._size = size
        self.others: dict[int, Any] = {}

    @property
    def kinds(self) -> npt.NDArray[np.uint8]:
        """MISSING, FLOAT, INTEGER, BOOL, TEXT or OTHER for each run."""
        return self._kinds[: self._size]

    @property
    def numbers(self) -> npt.NDArray[np.float64]:
        """The value where the kind is FLOAT, INTEGER or BOOL."""
        return self._numbers[: self._size]

    def grow(self, capacity: int, size: int) -> None:
        """Make room for `capacity` runs, `size` of which are there."""
        if capacity > len(self._kinds):
            more = capacity - len(self._kinds)
            self._kinds = np.concatenate([self._kinds, np.zeros(more, np.uint8)])
            self._numbers = np.concatenate([self._numbers, np.zeros(more)])
        self._size = size

    def set(self, i: int, value: Any) -> None:
        """Set the value of run `i`; None removes it."""
        if self._kinds[i] and self.others:
            self.others.pop(i, None)
        if type(value) is float:
            self._kinds[i] = FLOAT
            self._numbers[i] = value
        elif type(value) is bool:
            self._kinds[i] = BOOL
            self._numbers[i] = value
        elif type(value) is int:
            self._kinds[i] = INTEGER
            if abs(value) > 1 << 53:
                self.others[i] = value
            try:
                self._numbers[i] = value
            except OverflowError:
                self._numbers[i] = np.inf if value > 0 else -np.inf
        elif value is None:
            self._kinds[i] = MISSING
        else:
            self._kinds[i] = TEXT if isinstance(value, str) else OTHER
            self.others[i] = value

    def get(self, i: int) -> Any:
        """Return the value of run `i`, None without one."""
        kind = self._kinds[i]
        if kind == MISSING:
            return None
        if i in self.others:
            return self.others[i]
        number = float(self._numbers[i])
        return number if kind == FLOAT else bool(number) if kind == BOOL else int(number)


class Listing:
    """The runs of one project as columns. Every method but the constructor needs `lock` held."""

    def __init__(self, project: int, entity: str, name: str) -> None:
        self.project = project
        self.entity = entity
        self.name = name
        self.version = -1
        self.lock = threading.RLock()
        self.metrics: dict[str, Any] = {}
        self._places: dict[str, int] = {}
        self._rows: list[tuple[Any, ...] | None] = []
        self._fields: list[dict[str, Any]] = []  # group, job_type, tags, notes
        self._texts: list[str] = []
        self._columns: dict[str, ValueColumn] = {}
        self._capacity = 0

    # ---- keeping up

    def refresh(self, connection: Connection, version: int) -> None:
        """Take in what changed up to the project's `version`, as read in the transaction of `connection`."""
        if version <= self.version:
            return  # another thread has read a later snapshot meanwhile
        rows = connection.rows(
            f"SELECT {RUN_COLUMNS} FROM {RUN_TABLES} WHERE run.project_id = ? AND run.version > ?"
            " ORDER BY run.version",
            [self.project, self.version],
        )
        new = sum(row[0] not in self._places for row in rows)
        self._reserve(len(self._rows) + new)
        for row in rows:
            self._take(row)
        count = connection.value("SELECT count(*) FROM run WHERE project_id = ?", [self.project])
        if count != len(self._places):
            there = {
                uid
                for (uid,) in connection.rows(
                    "SELECT uid FROM run WHERE project_id = ?", [self.project]
                )
            }
            for uid in [uid for uid in self._places if uid not in there]:
                self._drop(self._places.pop(uid))
        self.version = version

    def _reserve(self, size: int) -> None:
        if size > self._capacity:
            self._capacity = max(size, self._capacity * 3 // 2, 64)
            for column in self._columns.values():
                column.grow(self._capacity, len(self._rows))

    def _take(self, row: tuple[Any, ...]) -> None:
        document = parse_document(row[15])
        place = self._places.get(row[0])
        if place is None:
            place = self._places[row[0]] = len(self._rows)
            self._rows.append(None)
            self._fields.append({})
            self._texts.append("")
            for column in self._columns.values():
                column.grow(self._capacity, len(self._rows))
        fields = {key: document.get(key) for key in ("group", "job_type", "tags", "notes")}
        self._rows[place] = (*row[:15], None, row[16])
        self._fields[place] = fields
        tags = [str(tag) for tag in fields["tags"] or ()]
        texts = (row[2], row[1], fields["group"], fields["job_type"], *tags, fields["notes"])
        self._texts[place] = "\n".join(str(text) for text in texts if text).casefold()
        values = {
            "uid": row[0],
            "id": row[1],
            "name": row[2],
            "state": row[3],
            "ordinal": row[4],
            "created": row[6],
            "updated": row[7],
            "finished": row[8],
            "duration": row[9],
            "archived": bool(row[10]),
            "rows": row[12],
            "last_step": row[13],
            "host": row[16],
            "group": fields["group"],
            "job_type": fields["job_type"],
            "notes": fields["notes"],
            "tags": tags or None,
        }
        values.update(flatten("config", document.get("config") or {}))
        values.update(flatten("summary", document.get("summary") or {}))
        for name, column in self._columns.items():
            if name not in values:
                column.set(place, None)
        for name, value in values.items():
            column = self._columns.get(name)
            if column is None:
                column = self._columns[name] = ValueColumn(self._capacity, len(self._rows))
            column.set(place, value)
        self.metrics.update(document.get("metrics") or {})

    def _drop(self, place: int) -> None:
        self._rows[place] = None
        self._fields[place] = {}
        self._texts[place] = ""
        for column in self._columns.values():
            column.set(place, None)

    # ---- what a filter sees

    def __len__(self) -> int:
        """Number of places; those of deleted runs are empty."""
        return len(self._rows)

    def column(self, name: str) -> ValueColumn | None:
        """Return a column, None when no run has it; a bare name is config.NAME, else summary.NAME."""
        found = self._columns.get(name)
        if found is not None or name in FIELDS:
            return found
        return self._columns.get(f"config.{name}") or self._columns.get(f"summary.{name}")

    def texts(self) -> Sequence[str]:
        """Return, for each place, the case-folded texts that plain words are looked for in."""
        return self._texts

    # ---- answers

    def page(self, query: RunQuery) -> RunPage:
        """Return a page of runs."""
        visible = np.fromiter(
            (
                row is not None
                and (row[11] is not None) == query.trashed
                and (query.archived or query.trashed or not row[10])
                for row in self._rows
            ),
            bool,
            len(self._rows),
        )
        mask = (
            visible & evaluate(parse_filter(query.filter), self)
            if query.filter.strip()
            else visible
        )
        ordering = _Ordering(self, query.sort)
        order = ordering.sort(np.flatnonzero(mask))
        start = ordering.find(order, query.cursor) if query.cursor else 0
        limit = max(1, min(query.limit, MAX_LIMIT))
        chosen = order[start : start + limit]
        last = len(chosen) and start + limit < len(order)
        return RunPage(
            runs=[self._info(i, query.columns) for i in chosen],
            next=ordering.cursor(chosen[-1]) if last else None,
            total=int(visible.sum()),
            matched=len(order),
            version=self.version,
        )

    def _info(self, place: int, names: Sequence[str]) -> RunInfo:
        row = self._rows[place]
        assert row is not None
        if "*" in names:
            wanted = [name for name in self._columns if name.startswith(("config.", "summary."))]
        else:
            wanted = list(names)
        columns: dict[str, Any] = {}
        for name in wanted:
            column = self.column(name)
            value = None if column is None else column.get(place)
            if value is not None:
                columns[name] = value
        return run_info(self.entity, self.name, row, self._fields[place], columns)

    def describe_columns(self) -> list[tuple[str, str, int]]:
        """Return (name, type, number of runs) of the config and summary columns of runs that are not in the trash."""
        present = np.fromiter(
            (row is not None and row[11] is None for row in self._rows), bool, len(self._rows)
        )
        found: list[tuple[str, str, int]] = []
        for name in sorted(self._columns):
            if not name.startswith(("config.", "summary.")):
                continue
            kinds = self._columns[name].kinds[present]
            counts = np.bincount(kinds, minlength=6)
            count = int(counts[1:].sum())
            if not count:
                continue
            number, text = int(counts[FLOAT] + counts[INTEGER]), int(counts[TEXT])
            kind = {number: "number", text: "text", int(counts[BOOL]): "bool"}.get(count, "mixed")
            found.append((name, kind, count))
        return found

    def sort_value(self, name: str, place: int) -> tuple[int, Any]:
        """Return (group, value) by which a run sorts: numbers, then texts, then what has neither, then missing."""
        column = self.column(name)
        kind = MISSING if column is None else column.kinds[place]
        if column is None or kind == MISSING:
            return 3, 0
        if kind <= BOOL:
            number = float(column.numbers[place])
            return (2, 0) if np.isnan(number) else (0, number)
        value = column.others[place]
        if isinstance(value, list | tuple):
            return 1, ",".join(map(str, value)).casefold()
        return 1, str(value).casefold()

    def created(self, place: int) -> tuple[float, str]:
        """Return (created, uid) of a run: newest first among equals."""
        row = self._rows[place]
        assert row is not None
        return row[6], row[0]


class _Ordering:
    """A sort order by several columns: missing last in either direction, the newest first among equals."""

    def __init__(self, listing: Listing, text: str) -> None:
        self.listing = listing
        names = [part.strip() for part in text.split(",") if part.strip()] or ["-created"]
        if len(names) > MAX_SORT_COLUMNS:
            raise FilterError(
                f"runs are sorted by at most {MAX_SORT_COLUMNS} columns, not {len(names)}"
            )
        self.keys = [(field_name(name.lstrip("-+")), name.startswith("-")) for name in names]

    def sort(self, places: npt.NDArray[np.intp]) -> list[int]:
        """Return places in order."""
        listing = self.listing
        created = listing.column("created")
        if created is None or not len(places):
            return []
        ties = np.argsort([listing.created(i)[1] for i in places.tolist()], kind="stable")[::-1]
        places = places[ties]
        places = places[np.argsort(-created.numbers[places], kind="stable")]
        for name, descending in reversed(self.keys):
            groups, values = self._ranks(name, places)
            values = -values if descending else values
            places = places[np.lexsort((values, groups))]
        return places.tolist()

    def _ranks(
        self, name: str, places: npt.NDArray[np.intp]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Return the group and the rank in it of each place."""
        column = self.listing.column(name)
        if column is None:
            return np.zeros(len(places), np.int8), np.zeros(len(places))
        kinds = column.kinds[places]
        values = np.where((kinds >= FLOAT) & (kinds <= BOOL), column.numbers[places], 0.0)
        groups = np.where(kinds == MISSING, 3, np.where(kinds <= BOOL, 0, 1)).astype(np.int8)
        is_nan = np.isnan(values)
        groups[is_nan], values[is_nan] = 2, 0.0
        texts = np.flatnonzero(groups == 1)
        if len(texts):
            found = [self.listing.sort_value(name, i)[1] for i in places[texts].tolist()]
            ranks = {text: rank for rank, text in enumerate(sorted(set(found)))}
            values[texts] = [ranks[text] for text in found]
        return groups, values

    def cursor(self, place: int) -> str:
        """Return the cursor after a run: its place in the order by value, which stays when other runs come or go."""
        values = [self.listing.sort_value(name, place) for name, _ in self.keys]
        text = json.dumps([[list(value) for value in values], *self.listing.created(place)])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def find(self, order: Sequence[int], cursor: str) -> int:
        """Return the index in `order` of the first run after `cursor`."""
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            values, created, uid = json.loads(base64.urlsafe_b64decode(padded.encode()))
            if len(values) != len(self.keys):
                raise ValueError
            key = self._key(
                [(int(group), value) for group, value in values], (float(created), str(uid))
            )
            listing = self.listing

            def key_of(place: int) -> tuple[Any, ...]:
                found = [listing.sort_value(name, place) for name, _ in self.keys]
                return self._key(found, listing.created(place))

            return bisect.bisect_right(order, key, key=key_of)
        except (ValueError, TypeError) as error:
            raise UsageError(
                "the cursor belongs to another sort order; ask for the first page again"
            ) from error

    def _key(
        self, values: Sequence[tuple[int, Any]], created: tuple[float, str]
    ) -> tuple[Any, ...]:
        parts: list[Any] = []
        for (group, value), (_name, descending) in zip(values, self.keys, strict=True):
            parts += [group, _Reversed(value) if descending else value]
        return (*parts, -created[0], _Reversed(created[1]))


class _Reversed:
    """A value that sorts the other way round."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Reversed) -> bool:
        return other.value < self.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and other.value == self.value

    __hash__ = None  # type: ignore[assignment]


class KeyIndex:
    """The keys of a project, kept up to date like `Listing`; needs the listing's lock."""

    def __init__(self, project: int) -> None:
        self.project = project
        self.version = -1
        self._reset()

    def _reset(self) -> None:
        self._keys: dict[str, list[Any]] = {}  # name: [kinds, runs, first created, most values]
        self._counted = bytearray()  # by series id: whether its run is counted
        self._trashed: set[str] = set()
        self._runs: set[str] = set()

    def refresh(self, connection: Connection, version: int) -> None:
        """Take in what changed up to `version`."""
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
            connection, [uid for uid, trashed in changed if trashed is None], first=self.version < 0
        )
        self.version = version

    def _changed(self, connection: Connection) -> list[tuple[Any, ...]]:
        return connection.rows(
            "SELECT uid, trashed FROM run WHERE project_id = ? AND version > ?",
            [self.project, self.version],
        )

    def _take(self, connection: Connection, runs: Sequence[str], *, first: bool) -> None:
        if first:
            self._take_all(connection)
            return
        found = connection.rows_among(
            "SELECT id, run_uid, name, kind, created, count FROM series WHERE run_uid IN ({})"
            " ORDER BY id",
            runs,
        )
        if found:
            top = max(row[0] for row in found)
            self._counted.extend(bytes(max(0, top + 1 - len(self._counted))))
        counted = self._counted
        before = {(row[1], row[2]) for row in found if counted[row[0]]}
        for series, run, name, kind, created, count in found:
            entry = self._keys.get(name)
            if entry is None:
                entry = self._keys[name] = [[], 0, created, 0]
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
        for name, kind, runs, created, count in connection.rows(
            f"SELECT series.name, kind, count(*), min(series.created), max(count) {source}"
            " GROUP BY series.name, kind ORDER BY min(series.id)",
            [self.project],
        ):
            entry = self._keys.setdefault(name, [[], 0, created, 0])
            entry[0].append(kind)
            entry[1] += runs
            entry[2] = min(entry[2], created)
            entry[3] = max(entry[3], count)
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

    def keys(self, metrics: Mapping[str, Any]) -> list[KeyInfo]:
        """Return the keys in the order in which they first appeared; `metrics` are the project's definitions."""
        found: list[KeyInfo] = []
        for name, (kinds, runs, created, rows) in self._keys.items():
            definition = find_definition(metrics, name)
            x = definition.get("step_metric")
            found.append(
                KeyInfo(
                    name=name,
                    kinds=tuple(kinds),
                    runs=runs,
                    x=x if isinstance(x, str) and x else None,
                    hidden=bool(definition.get("hidden")),
                    first=created,
                    rows=rows,
                )
            )
        return sorted(found, key=lambda key: key.first)
