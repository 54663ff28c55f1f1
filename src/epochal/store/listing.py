"""The run list in memory: the runs of one project as columns, kept up to date by the project's change counter.

A cache that needs no invalidation: each use reads the project's version in its own transaction and takes in the runs
whose version is newer. 10,000 runs of 100 columns are 9 MB.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec
import numpy as np

from epochal.errors import UsageError
from epochal.records import FilterPart, RunInfo, RunOrder, RunPage, RunQuery
from epochal.store.declared_axes import DeclaredAxes
from epochal.store.engine import Connection
from epochal.store.filters.evaluation import BOOL, FLOAT, INTEGER, TEXT, Mask, evaluate
from epochal.store.filters.language import conjuncts, parse_filter
from epochal.store.filters.nodes import FIELDS, Node
from epochal.store.metric_columns import MetricColumns, read_metrics, split_name
from epochal.store.ordering import Ordering, Places
from epochal.store.value_column import ValueColumn

RUN_COLUMNS = (
    "run.uid, run.id, run.name, run.state, run.ordinal, run.color, run.created, run.updated, run.finished,"
    " run.duration, run.archived, run.trashed, run.rows, run.last_step, run.version, run.doc, writer.host"
)
"""What `run_info` needs, from ``run LEFT JOIN writer ON writer.run_uid = run.uid AND writer.ordinal = 0``."""
RUN_TABLES = "run LEFT JOIN writer ON writer.run_uid = run.uid AND writer.ordinal = 0"

MAX_LIMIT = 1000
_SLICE = 2000
"""Documents in memory at once while runs are taken in: some 10 MB."""
_ALIVE, _TRASHED, _ARCHIVED = 1, 2, 4


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


def flatten(prefix: str, value: Mapping[str, Any], into: dict[str, Any]) -> None:
    """Add nested config or summary to `into` by dotted names; null counts as absent."""
    for key, child in value.items():
        name = f"{prefix}.{key}"
        if type(child) is dict and child:
            flatten(name, child, into)
        elif child is not None:
            into[name] = child


def _field_values(row: Sequence[Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a filter can name of a row of RUN_COLUMNS, beside config and summary."""
    return {
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
        "group": document.get("group"),
        "job_type": document.get("job_type"),
        "notes": document.get("notes"),
        "tags": [str(tag) for tag in document.get("tags") or ()] or None,
        **_wandb_values(document.get("wandb")),
    }


def _wandb_values(section: Any) -> dict[str, Any]:
    """Return the columns that only runs of the wandb client have."""
    if not isinstance(section, dict):
        return {}
    names = ("commit", "sweep", "description")
    return {f"wandb.{name}": section[name] for name in names if section.get(name)}


@dataclass(frozen=True, slots=True)
class Selection:
    """The places that a question is about, newest first, and how many runs there are without its filter."""

    places: Places
    total: int


class Listing:
    """The runs of one project as columns. Every method but the constructor needs `lock` held.

    A *place* is a run's index in every column. The places of runs deleted for ever stay empty.
    """

    def __init__(self, project: int, entity: str, name: str) -> None:
        self.project = project
        self.entity = entity
        self.name = name
        self.version = -1
        self.lock = threading.RLock()
        self.metrics: dict[str, Any] = {}
        self.declared = DeclaredAxes()
        self._places: dict[str, int] = {}
        self._rows: list[tuple[Any, ...] | None] = []
        self._fields: list[dict[str, Any]] = []  # group, job_type, tags, notes
        self._texts: list[str] = []
        self._columns: dict[str, ValueColumn] = {}
        self._metric_columns = MetricColumns(project)
        self._flags = np.zeros(0, dtype=np.uint8)  # _ALIVE, _TRASHED, _ARCHIVED
        self._newest: Places | None = None
        self._capacity = self._size = 0

    # ---- keeping up

    def refresh(self, connection: Connection, version: int) -> None:
        """Take in what changed up to the project's `version`, as read in the transaction of `connection`."""
        if version <= self.version:
            return  # another thread has read a later snapshot meanwhile
        for rows in self._changed(connection):
            known = [row for row in rows if row[0] in self._places]
            new = [row for row in rows if row[0] not in self._places]
            for row in known:
                self._take(row)
            if new:
                self._take_new(new)
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

    def _changed(self, connection: Connection) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows of runs that have changed, by version, some thousand documents at a time."""
        changed = connection.rows(
            "SELECT uid FROM run WHERE project_id = ? AND version > ? ORDER BY version",
            [self.project, self.version],
        )
        sql = f"SELECT {RUN_COLUMNS} FROM {RUN_TABLES} WHERE run.uid IN ({{}}) ORDER BY run.version"
        for start in range(0, len(changed), _SLICE):
            yield connection.rows_among(sql, [uid for (uid,) in changed[start : start + _SLICE]])

    def load(self, connection: Connection, version: int, names: Iterable[str]) -> None:
        """Make the columns ``last.KEY``, ``min.KEY``, ``max.KEY`` and ``best.KEY`` among `names` ready.

        version: the project's, in the transaction of `connection`.
        """
        keys = [parts[1] for name in names if (parts := split_name(name))]
        self._metric_columns.load(connection, version, keys, self._places, len(self._rows))

    def _reserve(self, size: int) -> None:
        """Make every column as long as `size` runs."""
        if size > self._capacity:
            self._capacity = max(size, self._capacity * 3 // 2, 64)
            self._flags = np.concatenate(
                [self._flags, np.zeros(self._capacity - len(self._flags), np.uint8)]
            )
        if size > len(self._rows):
            for column in self._columns.values():
                column.grow(self._capacity, size)
        self._size = size

    def _made_column(self, name: str) -> ValueColumn:
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = ValueColumn(self._capacity, self._size)
        return column

    def _take(self, row: tuple[Any, ...]) -> None:
        """Take in a run that is here already."""
        document = parse_document(row[15])
        place = self._places[row[0]]
        self._keep(place, row, document)
        values = _field_values(row, document)
        flatten("config", document.get("config") or {}, values)
        flatten("summary", document.get("summary") or {}, values)
        for name, column in self._columns.items():
            if name not in values:
                column.set(place, None)
        for name, value in values.items():
            self._made_column(name).set(place, value)

    def _take_new(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Take in runs that are new here, column by column: a third of the time that one after the other takes."""
        first, n = len(self._rows), len(rows)
        self._reserve(first + n)
        self._newest = None
        self._rows += [None] * n
        self._fields += [{}] * n
        self._texts += [""] * n
        documents = [parse_document(row[15]) for row in rows]
        for place, (row, document) in enumerate(zip(rows, documents, strict=True), start=first):
            self._places[row[0]] = place
            self._keep(place, row, document)
        places = np.arange(first, first + n, dtype=np.intp)
        self._fill("", [_field_values(*pair) for pair in zip(rows, documents, strict=True)], places)
        for section in ("config", "summary"):
            self._fill(f"{section}.", [doc.get(section) or {} for doc in documents], places)

    def _fill(self, prefix: str, sections: Sequence[Mapping[str, Any]], places: Places) -> None:
        """Fill columns with one section of the document of each new run, nested ones under dotted names."""
        for key in dict.fromkeys(chain.from_iterable(sections)):
            values = [section.get(key) for section in sections]
            types = set(map(type, values))
            if dict in types:
                nested = [value if type(value) is dict else {} for value in values]
                self._fill(f"{prefix}{key}.", nested, places)
                values = [None if type(value) is dict and value else value for value in values]
            if any(value is not None for value in values):
                self._made_column(prefix + key).fill(places, values)

    def _keep(self, place: int, row: tuple[Any, ...], document: Mapping[str, Any]) -> None:
        """Keep what a run is beside its columns."""
        fields = {key: document.get(key) for key in ("group", "job_type", "tags", "notes")}
        self._rows[place] = (*row[:15], None, row[16])
        self._fields[place] = fields
        texts = [row[2], row[1], fields["group"], fields["job_type"], *(fields["tags"] or ())]
        texts.append(fields["notes"])
        self._texts[place] = "\n".join(str(text) for text in texts if text).casefold()
        trashed, archived = row[11] is not None, bool(row[10])
        self._flags[place] = _ALIVE | trashed * _TRASHED | archived * _ARCHIVED
        metrics = document.get("metrics") or {}
        self.metrics.update(metrics)
        self.declared.keep(row[0], metrics)

    def _drop(self, place: int) -> None:
        self._rows[place] = None
        self._fields[place] = {}
        self._texts[place] = ""
        self._flags[place] = 0
        self._newest = None
        for column in self._columns.values():
            column.set(place, None)
        self._metric_columns.drop(place)

    # ---- what filters and orderings see

    def __len__(self) -> int:
        """Number of places; those of deleted runs are empty."""
        return len(self._rows)

    def column(self, name: str) -> ValueColumn | None:
        """Return a column, None when no run has it; a bare name is config.NAME, else summary.NAME.

        Statistics of keys (``last.KEY``) are there once `load` has been asked for them.
        """
        found = self._columns.get(name)
        if found is not None or name in FIELDS:
            return found
        found = self._metric_columns.column(name, self.metrics)
        if found is not None and found.kinds.any():
            return found
        return self._columns.get(f"config.{name}") or self._columns.get(f"summary.{name}")

    def texts(self) -> Sequence[str]:
        """Return, for each place, the case-folded texts that plain words are looked for in."""
        return self._texts

    def age_key(self, place: int) -> tuple[float, str]:
        """Return (created, uid) of a run, by which the newest stands first among equals."""
        row = self._rows[place]
        assert row is not None
        return row[6], row[0]

    def run_names(self, place: int) -> tuple[str, str]:
        """Return (uid, id) of a run."""
        row = self._rows[place]
        assert row is not None
        return row[0], row[1]

    # ---- which runs

    def visible(self, *, trashed: bool = False, archived: bool = False) -> Mask:
        """Return which places a question is about at all: those in the trash, or else those that are not."""
        flags = self._flags[: len(self._rows)]
        if trashed:
            return flags & (_ALIVE | _TRASHED) == _ALIVE | _TRASHED
        looked_at = _ALIVE | _TRASHED if archived else _ALIVE | _TRASHED | _ARCHIVED
        return flags & looked_at == _ALIVE

    def select(self, query: RunQuery, condition: Node | None = None) -> Selection:
        """Return the runs of a query that pass its filter, and a condition beside it. Raises FilterError."""
        visible = self.visible(trashed=query.trashed, archived=query.archived)
        total = int(np.count_nonzero(visible))
        mask = visible
        if query.filter.strip():
            mask = mask & evaluate(parse_filter(query.filter), self)
        if condition is not None:
            mask = mask & evaluate(condition, self)
        newest = self._by_age()
        return Selection(newest[mask[newest]], total)

    def _by_age(self) -> Places:
        """Return the places of all runs, newest first; kept until runs come or go."""
        if self._newest is None:
            there = [place for place, row in enumerate(self._rows) if row is not None]
            self._newest = np.array(sorted(there, key=self.age_key, reverse=True), dtype=np.intp)
        return self._newest

    # ---- answers

    def page(
        self, connection: Connection, query: RunQuery, condition: Node | None = None
    ) -> RunPage:
        """Return a page of runs. Raises UsageError for a cursor of another order, or beside an offset."""
        selection = self.select(query, condition)
        ordering = Ordering(self, query.sort)
        order = ordering.sort(selection.places).tolist()
        if query.cursor and query.offset:
            raise UsageError("a page begins after a cursor or at an offset, not at both")
        start = ordering.find(order, query.cursor) if query.cursor else query.offset
        limit = max(1, min(query.limit, MAX_LIMIT))
        chosen = order[start : start + limit]
        last = len(chosen) and start + limit < len(order)
        return RunPage(
            runs=self.infos(connection, chosen, query.columns),
            next=ordering.cursor(chosen[-1]) if last else None,
            total=selection.total,
            matched=len(order),
            version=self.version,
            differing=self.differing(selection.places) if query.differs else None,
            culprit=None if order else self._culprit(query),
        )

    def _culprit(self, query: RunQuery) -> FilterPart | None:
        """Return the first part of the filter that no run passes; None when only several together exclude all."""
        visible = self.visible(trashed=query.trashed, archived=query.archived)
        if visible.any():
            for part in conjuncts(query.filter):
                if not (visible & evaluate(part.node, self)).any():
                    return FilterPart(part.start, part.end, query.filter[part.start : part.end])
        return None

    def order(self, query: RunQuery, condition: Node | None = None) -> RunOrder:
        """Return all runs of a query in order, with its columns. Raises FilterError."""
        places = Ordering(self, query.sort).sort(self.select(query, condition).places)
        names: list[str] = []
        for name in query.columns:
            names += self._present(places) if name == "*" else [name]
        return RunOrder([self.run_names(place)[0] for place in places.tolist()], names)

    def _present(self, places: Places) -> list[str]:
        """Return, by name, the config and summary columns that some of the runs at `places` have."""
        names = sorted(self.document_columns())
        return [name for name in names if self._columns[name].kinds[places].any()]

    def places(self, uids: Iterable[str]) -> list[int]:
        """Return the places of those of these runs that are there, in their order."""
        return [self._places[uid] for uid in uids if uid in self._places]

    def infos(
        self, connection: Connection, places: Sequence[int], names: Sequence[str]
    ) -> list[RunInfo]:
        """Return the runs at `places` with the columns `names` (``*``: all of config and summary)."""
        wanted = [*names, *(self.document_columns() if "*" in names else ())]
        columns = [(name, self.column(name)) for name in dict.fromkeys(wanted)]
        there = [(name, column) for name, column in columns if column is not None]
        uids = [self.run_names(place)[0] for place in places]
        absent = [name for name, column in columns if column is None]
        metrics = read_metrics(connection, uids, absent, self.metrics)
        found: list[RunInfo] = []
        for uid, place in zip(uids, places, strict=True):
            row = self._rows[place]
            assert row is not None
            values = {name: column.get(place) for name, column in there if column.kinds[place]}
            values.update(metrics[uid])
            found.append(run_info(self.entity, self.name, row, self._fields[place], values))
        return found

    def document_columns(self) -> list[str]:
        """Return the names of the config and summary columns."""
        return [name for name in self._columns if name.startswith(("config.", "summary."))]

    def differing(self, places: Places) -> list[str]:
        """Return, by name, the config and summary columns in which not all runs at `places` are alike.

        A missing value is unlike every value; 1 and 1.0 are alike.
        """
        names = sorted(self.document_columns())
        return [name for name in names if not self._columns[name].is_constant(places)]

    def describe_columns(self) -> list[tuple[str, str, int]]:
        """Return (name, type, number of runs) of the config and summary columns of runs that are not in the trash."""
        present = self.visible(archived=True)
        found: list[tuple[str, str, int]] = []
        for name in sorted(self.document_columns()):
            kinds = self._columns[name].kinds[present]
            counts = np.bincount(kinds, minlength=6)
            count = int(counts[1:].sum())
            if not count:
                continue
            number, text = int(counts[FLOAT] + counts[INTEGER]), int(counts[TEXT])
            kind = {number: "number", text: "text", int(counts[BOOL]): "bool"}.get(count, "mixed")
            found.append((name, kind, count))
        return found
