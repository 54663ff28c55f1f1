"""The transaction that commits the deliveries of many writers."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import structs

from epochal.errors import EpochalError, NotFound, OffsetGap, RunDeleted, StoreClosed
from epochal.formats.frame import JournalChunk, decode_journal, encode_frame
from epochal.formats.journal import BlobPiece, LinesRecord, dump_json
from epochal.records import Ack, Column, Frame, Principal
from epochal.store.access import can_see, sees_all
from epochal.store.attempts import note_writer
from epochal.store.documents import RunDocument, is_too_deep
from epochal.store.engine import Connection
from epochal.store.file_rows import put_listed_files
from epochal.store.gains import Gain, measure_columns, store_gains
from epochal.store.line_files import make_file, write_lines
from epochal.store.media import describe_objects, store_blobs, store_series_media
from epochal.store.names import display_name, key_name
from epochal.store.registration import IS_ASIDE, fitting_integer, plausible_time

logger = logging.getLogger(__name__)

_ENDED = ("finished", "failed", "killed", "crashed", "preempted")
_EXIT_STATES = ("finished", "failed", "crashed", "killed", "preempted")
_LONGEST_RUN = 3.2e8
"""Ten years; more is a clock that jumped."""
_REMEMBERED_DOCUMENT_BYTES = 1 << 16
_MAX_SOURCE_CHARACTERS = 1 << 16
_FORGET_ABOVE = 4096
"""Runs and writers whose documents, series ids and schemas are remembered."""


@dataclass(slots=True)
class Delivery:
    """Bytes of one writer that wait for their commit; `head` stands in for a HEAD record that cannot be read.

    frame: rows that need no record (see `Store.submit`).
    """

    principal: Principal
    writer: str
    offset: int
    data: bytes
    final: bool = False
    head: Mapping[str, Any] | None = None
    exact: bool = False
    frame: Frame | None = None
    future: Future[Ack] = field(default_factory=Future)

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return len(self.data) + (0 if self.frame is None else frame_size(self.frame))


@dataclass(slots=True)
class Memory:
    """What one commit learns and the next can use; all is checked against the rows that a transaction locks.

    schemas: {writer: (acknowledged, schemas)}; documents: {run: (version, document)};
    series: {run: {(name, kind): id}}; media: {series: its media}; attempts: {writer: whose lines it sends}.
    """

    schemas: dict[str, tuple[int, dict[int, list[list[str]]]]] = field(default_factory=dict)
    documents: dict[str, tuple[int, RunDocument]] = field(default_factory=dict)
    series: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)
    media: dict[int, frozenset[str]] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)

    def forget(self, run: str) -> None:
        """Drop what is remembered of a run that was deleted."""
        self.documents.pop(run, None)
        self.series.pop(run, None)


@dataclass(slots=True)
class WriterRow:
    """A writer's row, as locked by the transaction, and as it is going to be."""

    id: int
    uid: str
    run: str
    state: str
    seen: float
    ended: float | None
    acknowledged: int
    rows: int
    last_step: int | None
    damage: int
    dropped: int
    schemas: dict[int, list[list[str]]]
    last_time: float | None = None
    schemas_changed: bool = False
    state_changed: bool = False
    source: str | None = None
    """The JSON of a new source."""
    aside: bool = False
    """Its rows, which have steps of their own, count for none of the run's (`registration.IS_ASIDE`)."""
    chunks: list[JournalChunk] = field(default_factory=list)


@dataclass(slots=True)
class RunRow:
    """A run's row, as locked by the transaction, and as it is going to be."""

    uid: str
    project: int
    state: str
    name: str
    rows: int
    last_step: int | None
    created: float
    finished: float | None
    duration: float
    version: int
    document: RunDocument
    document_changed: bool = False


Outcome = Ack | EpochalError


def is_ended(state: str) -> bool:
    """Whether a run or writer in this state has ended."""
    return state in _ENDED


def unseen(data: bytes, offset: int, acknowledged: int) -> bytes:
    """Return the part of `data`, which begins at stream `offset`, that lies after what the store has.

    Raises OffsetGap when `data` begins after that.
    """
    if offset > acknowledged:
        message = f"journal bytes from offset {offset} came while the store is at {acknowledged}"
        raise OffsetGap(message, acknowledged)
    return data[acknowledged - offset :]


class GroupCommit:
    """One transaction's work on a group of deliveries; what it learns is remembered only after the commit."""

    def __init__(self, memory: Memory, connection: Connection, now: float) -> None:
        self.memory = memory
        self.connection = connection
        self.now = now
        self.writers: dict[str, WriterRow] = {}
        self.runs: dict[str, RunRow] = {}
        self.new_series: dict[str, dict[tuple[str, str], int]] = {}
        self.gains: dict[int, Gain] = {}
        self.tails: list[tuple[Any, ...]] = []
        self.pieces: list[tuple[WriterRow, BlobPiece]] = []
        self.referred: set[tuple[str, str]] = set()  # (run, digest) that values name
        self.media: dict[int, set[str]] = {}  # by series, where it may be new
        self.known_media: dict[int, frozenset[str]] = {}
        self.lines: list[tuple[WriterRow, LinesRecord]] = []
        self.attempts: dict[str, int] = {}
        self.files: dict[tuple[str, str], Any] = {}  # by run and name: what a patch says of it
        self.beats: list[tuple[Any, ...]] = []
        self.gone: set[str] = set()  # writers without a row: their run was deleted
        self.touched: set[str] = set()  # uids of runs that change for a reader

    def apply(self, group: list[Delivery], refused: Mapping[str, Outcome]) -> list[Outcome]:
        """Do everything but the commit; returns the outcome of each delivery."""
        by_writer: dict[str, list[int]] = {}
        for i, delivery in enumerate(group):
            by_writer.setdefault(delivery.writer, []).append(i)
        self._load_writers(sorted(writer for writer in by_writer if writer not in refused))
        outcomes: list[Outcome] = [StoreClosed("not committed")] * len(group)
        for uid, indexes in by_writer.items():
            row = self.writers.get(uid)
            if row is None:
                missing = refused.get(uid)
                if missing is None:
                    self.gone.add(uid)
                    missing = RunDeleted(f"the run of writer {uid} was deleted for ever")
                for i in indexes:
                    outcomes[i] = missing
                continue
            for i in indexes:
                if self._may_write(group[i].principal, row.uid):
                    outcomes[i] = self._take(row, group[i])
                else:
                    outcomes[i] = NotFound(f"there is no writer {uid}")
        self._store()
        for uid, indexes in by_writer.items():
            row = self.writers.get(uid)
            for i in indexes if row else ():
                if isinstance(outcomes[i], Ack):
                    outcomes[i] = Ack(row.run, row.acknowledged, row.rows)  # type: ignore[union-attr]
        return outcomes

    def add_rows(self, writer: str, frame: Frame) -> None:
        """Add rows that come from no journal to a writer, as if they had been delivered; it gives no sign of life."""
        self._load_writers([writer])
        row = self.writers.get(writer)
        if row is None or not len(frame):
            return
        row.last_step, row.last_time = int(frame.steps[-1]), float(frame.times[-1])
        chunk = JournalChunk(frame, [], None, None, [], row.schemas, 0)
        row.chunks.append(chunk if _storable_names(frame) else _with_storable_names(chunk))
        self._store()

    def remember(self) -> None:
        """Keep what the next transactions can use; called after the commit."""
        memory = self.memory
        for cache in (
            memory.schemas,
            memory.documents,
            memory.series,
            memory.media,
            memory.attempts,
        ):
            if len(cache) > _FORGET_ABOVE:
                cache.clear()
        for uid, row in self.writers.items():
            memory.schemas[uid] = (row.acknowledged, row.schemas)
        for uid, run in self.runs.items():
            if run.document.size_bytes <= _REMEMBERED_DOCUMENT_BYTES:
                memory.documents[uid] = (run.version, run.document)
        for uid, ids in self.new_series.items():
            memory.series.setdefault(uid, {}).update(ids)
        memory.media.update(self.known_media)
        memory.attempts.update(self.attempts)

    # ---- reading

    def _may_write(self, principal: Principal, writer: str) -> bool:
        if sees_all(principal):
            return True
        entity = self.connection.value(
            "SELECT project.entity FROM writer JOIN run ON run.uid = writer.run_uid"
            " JOIN project ON project.id = run.project_id WHERE writer.uid = ?",
            [writer],
        )
        return can_see(principal, entity)

    def _load_writers(self, uids: list[str]) -> None:
        connection = self.connection
        rows = connection.rows_among(
            "SELECT id, uid, run_uid, state, seen, ended, acknowledged, rows, last_step, damage, dropped,"
            f" {IS_ASIDE} FROM writer WHERE uid IN ({{}}) ORDER BY uid{connection.for_update}",
            uids,
        )
        # A statement of its own: while the rows above were waited for, their run may have been deleted.
        dead = {
            uid
            for (uid,) in connection.rows_among("SELECT uid FROM tombstone WHERE uid IN ({})", uids)
        }
        stale: list[str] = []
        for row in rows:
            if row[1] in dead:
                continue
            acknowledged, schemas = self.memory.schemas.get(row[1], (-1, {}))
            if acknowledged != row[6]:
                schemas = {}
                if row[6] > 0:
                    stale.append(row[1])
            self.writers[row[1]] = WriterRow(*row[:11], schemas=schemas, aside=bool(row[11]))
        if stale:
            sql = "SELECT uid, schemas FROM writer WHERE uid IN ({})"
            for uid, schemas in connection.rows_among(sql, stale):
                self.writers[uid].schemas = {
                    int(key): value for key, value in json.loads(schemas).items()
                }

    def _load_runs(self, uids: list[str]) -> None:
        connection = self.connection
        rows = connection.rows_among(
            "SELECT uid, project_id, state, name, rows, last_step, created, finished, duration, version FROM run"
            f" WHERE uid IN ({{}}) ORDER BY uid{connection.for_update}",
            uids,
        )
        stale: list[str] = []
        for row in rows:
            version, document = self.memory.documents.get(row[0], (-1, None))
            if version != row[9] or document is None:
                stale.append(row[0])
                document = None
            self.runs[row[0]] = RunRow(*row, document=document)  # type: ignore[arg-type]
        # Taken out while the transaction changes them: what is rolled back must not stay.
        for uid in uids:
            self.memory.documents.pop(uid, None)
        for uid, document in connection.rows_among(
            "SELECT uid, doc FROM run WHERE uid IN ({})", stale
        ):
            self.runs[uid].document = RunDocument.parse(document)

    # ---- one delivery

    def _take(self, row: WriterRow, delivery: Delivery) -> Outcome:
        """Decode a delivery into `row`; its Ack is filled in when everything of the writer is known."""
        try:
            data = unseen(delivery.data, delivery.offset, row.acknowledged)
        except OffsetGap as error:
            return error
        if delivery.exact and delivery.offset != row.acknowledged:
            message = f"journal bytes from offset {delivery.offset} came where the store is at {row.acknowledged}"
            return OffsetGap(message, row.acknowledged)
        if data:
            rows = delivery.frame if delivery.offset == row.acknowledged else None
            self._decode(row, data, rows, final=delivery.final)
        if delivery.final:
            # No more will come; without an EXIT, nothing said goodbye.
            if row.state in ("pending", "running", "preempting"):
                self._change_state(row, died(row.state), row.last_time or row.seen)
        elif row.state in ("pending", "crashed", "preempted"):
            self._change_state(row, "running", None)
        self.beats.append((self.now, row.id))
        return Ack(row.run, row.acknowledged, row.rows)

    def _decode(self, row: WriterRow, data: bytes, rows: Frame | None, *, final: bool) -> None:
        chunk = decode_journal(data, row.schemas, final=final)
        if chunk.end == 0:
            return
        if rows is not None:
            chunk = replace(chunk, frame=rows)
        for damage in chunk.damage:
            logger.warning(
                "writer %s: %d bytes at offset %d are damaged (%s) and were skipped",
                row.uid,
                damage.end - damage.start,
                row.acknowledged + damage.start,
                damage.reason,
            )
        row.damage += len(chunk.damage)
        row.acknowledged += chunk.end
        if chunk.schemas != row.schemas:
            row.schemas = chunk.schemas
            row.schemas_changed = True
        n = len(chunk.frame)
        if n:
            row.last_step = int(chunk.frame.steps[-1])
            row.last_time = float(chunk.frame.times[-1])
        row.chunks.append(chunk if _storable_names(chunk.frame) else _with_storable_names(chunk))
        if chunk.exit is not None:
            self._take_exit(row, chunk.exit)
        elif row.state in _ENDED and any("source" in patch for patch in chunk.patches):
            self._change_state(row, "running", None)  # an event file that grows on after its end
        elif any(patch.get("state") == "preempting" for patch in chunk.patches):
            self._change_state(row, "preempting", None)

    def _take_exit(self, row: WriterRow, record: Mapping[str, Any]) -> None:
        code = record.get("exit_code")
        state = record.get("state")
        if state not in _EXIT_STATES:
            state = "failed" if isinstance(code, int) and code != 0 else "finished"
        row.dropped = fitting_integer(record.get("dropped"), 62) or 0
        self._change_state(row, state, plausible_time(record.get("time"), self.now))

    def _change_state(self, row: WriterRow, state: str, ended: float | None) -> None:
        row.state_changed = row.state_changed or row.state != state
        row.state, row.ended = state, ended

    # ---- writing

    def _store(self) -> None:
        connection, now = self.connection, self.now
        changed = [row for row in self.writers.values() if row.chunks or row.state_changed]
        # Writers were locked by uid; a later session of a run has the last word on its values.
        changed.sort(key=lambda row: row.id)
        quiet = {row.id for row in changed}
        beats = {id_: seen for seen, id_ in self.beats if id_ not in quiet}
        if beats:
            connection.many(
                "UPDATE writer SET seen = ? WHERE id = ?",
                [(seen, id_) for id_, seen in sorted(beats.items())],
            )
        if not changed:
            return
        self._load_runs(sorted({row.run for row in changed}))
        for row in changed:
            run = self.runs[row.run]
            for chunk in row.chunks:
                self._merge(run, row, chunk)
        if self.tails:
            connection.many(
                "INSERT INTO tail (writer_id, row0, n, sparse, data) VALUES (?, ?, ?, ?, ?)",
                self.tails,
            )
        store_gains(connection, self.gains)
        self._store_media()
        self._store_lines()
        connection.many(
            "UPDATE writer SET state = ?, ended = ?, seen = ?, acknowledged = ?, rows = ?, last_step = ?, damage = ?,"
            " dropped = ? WHERE id = ?",
            [
                (
                    r.state,
                    r.ended,
                    now,
                    r.acknowledged,
                    r.rows,
                    r.last_step,
                    r.damage,
                    r.dropped,
                    r.id,
                )
                for r in changed
            ],
        )
        new_schemas = [(dump_json(r.schemas), r.id) for r in changed if r.schemas_changed]
        if new_schemas:
            connection.many("UPDATE writer SET schemas = ? WHERE id = ?", new_schemas)
        sources = [(r.source, r.id) for r in changed if r.source is not None]
        if sources:
            connection.many("UPDATE writer SET source = ? WHERE id = ?", sources)
        update_states(connection, self.runs, {row.run for row in changed if row.state_changed})
        self.touched = set(self.runs)
        store_runs(connection, self.runs.values(), now)

    def _store_media(self) -> None:
        if self.pieces or self.referred:
            sent = [(row.run, piece) for row, piece in self.pieces]
            refused = store_blobs(self.connection, sent, self.referred, self.now)
            for row, piece in self.pieces:
                if piece.digest in refused:
                    row.damage += 1
                    logger.warning(
                        "writer %s: the bytes of blob %s are not what it says",
                        row.uid,
                        piece.digest,
                    )
        if self.media:
            self.known_media = store_series_media(self.connection, self.media)
        if self.files:
            for run, name in put_listed_files(self.connection, self.files, self.now):
                logger.warning("run %s: the bytes of its file %r are not here", run, name)

    def _store_lines(self) -> None:
        by_file: dict[tuple[str, int, str], list[tuple[WriterRow, LinesRecord]]] = {}
        for row, record in self.lines:
            by_file.setdefault((row.run, self._attempt(row), record.file), []).append((row, record))
        for (run, attempt, name), records in sorted(by_file.items(), key=lambda item: item[0]):
            file = make_file(self.connection, run, attempt, name)
            pieces = [(record.first, record.lines) for _, record in records]
            gaps = write_lines(self.connection, file, pieces)
            for (row, record), gap in zip(records, gaps, strict=True):
                if gap:
                    row.damage += 1
                    logger.warning(
                        "writer %s: lines before line %d of %s are missing",
                        row.uid,
                        record.first,
                        name,
                    )

    def _attempt(self, row: WriterRow) -> int:
        known = self.attempts.get(row.uid) or self.memory.attempts.get(row.uid)
        if known is None:
            known = note_writer(self.connection, row.run, row.uid, self.now)
        self.attempts[row.uid] = known
        return known

    def _merge(self, run: RunRow, row: WriterRow, chunk: JournalChunk) -> None:
        """Take a chunk's rows, summary and patches into the transaction."""
        document, frame = run.document, chunk.frame
        patches = [patch for patch in chunk.patches if not is_too_deep(patch)]
        row.damage += len(chunk.patches) - len(patches)
        for patch in patches:
            document.merge_metrics(patch)
        n = len(frame)
        if n:
            ids = self._series_ids(run.uid, frame)
            self.tails.append((row.id, row.rows, n, False, encode_frame(frame, ids, row.rows)))
            for column, gain in measure_columns(frame.columns, n, run.rows):
                series = ids[column.name, column.kind]
                known = self.gains.setdefault(series, gain)
                if known is not gain:
                    known.add(gain)
                if column.kind == "object":
                    self._take_objects(run, series, column)
            document.derive(frame)
            row.rows += n
            if not row.aside:
                run.rows += n
                run.last_step = row.last_step
            elapsed = float(frame.times[-1]) - run.created
            if run.duration < elapsed < _LONGEST_RUN:
                run.duration = elapsed
            run.document_changed = True
        self.pieces += [(row, piece) for piece in chunk.blobs]
        self.lines += [(row, record) for record in chunk.lines]
        for patch in patches:
            source = patch.get("source")
            if isinstance(source, dict):
                self._take_source(row, source)
                if len(patch) == 1:
                    continue
            row.damage += fitting_integer(patch.get("damage"), 31) or 0
            files = patch.get("files")
            if isinstance(files, dict):
                self.files.update(((run.uid, name), spec) for name, spec in files.items() if name)
            name = document.merge(patch)
            if name is not None:
                run.name = display_name(name, run.name)
            run.document_changed = True

    def _take_objects(self, run: RunRow, series: int, column: Column) -> None:
        found, digests = describe_objects(column)
        if not found <= self.memory.media.get(series, frozenset()):
            self.media.setdefault(series, set()).update(found)
        self.referred.update((run.uid, digest) for digest in digests)

    def _take_source(self, row: WriterRow, source: Mapping[str, Any]) -> None:
        text = dump_json(source).decode("ascii")
        if len(text) > _MAX_SOURCE_CHARACTERS:
            row.damage += 1
        else:
            row.source = text

    def _series_ids(self, run: str, frame: Frame) -> Mapping[tuple[str, str], int]:
        known = self.memory.series.get(run, {})
        new = self.new_series.get(run, {})
        wanted = [(column.name, column.kind) for column in frame.columns]
        missing = [key for key in wanted if key not in known and key not in new]
        if missing:
            self.connection.many(
                "INSERT INTO series (run_uid, name, kind, created, count) VALUES (?, ?, ?, ?, 0)"
                " ON CONFLICT DO NOTHING",
                [(run, name, kind, self.now) for name, kind in missing],
            )
            found = self.connection.rows_among(
                "SELECT name, kind, id FROM series WHERE name IN ({}) AND run_uid = ?",
                sorted({name for name, _ in missing}),
                after=[run],
            )
            new = self.new_series.setdefault(run, {})
            new.update(((name, kind), series) for name, kind, series in found)
        return {**known, **new} if new else known


def frame_size(frame: Frame) -> int:
    """Return about how many bytes the numbers of a frame are."""
    cells = sum(len(column.values) * (1 if column.rows is None else 2) for column in frame.columns)
    return 8 * (2 * len(frame) + cells)


def _storable_names(frame: Frame) -> bool:
    return all(key_name(column.name) == column.name for column in frame.columns)


def _with_storable_names(chunk: JournalChunk) -> JournalChunk:
    """Return `chunk` with names that the database can hold; two keys that would become one get a number."""
    taken: set[tuple[str, str]] = set()
    columns: list[Column] = []
    for column in chunk.frame.columns:
        name = stem = key_name(column.name)
        number = 2
        while (name, column.kind) in taken:
            name, number = f"{stem} ({number})", number + 1
        taken.add((name, column.kind))
        columns.append(structs.replace(column, name=name))
    return replace(chunk, frame=structs.replace(chunk.frame, columns=tuple(columns)))


def died(state: str) -> str:
    """Return the state of a writer in `state` that has ended without a word."""
    return "preempted" if state == "preempting" else "crashed"


def update_states(connection: Connection, runs: Mapping[str, RunRow], uids: Iterable[str]) -> None:
    """Set the state of runs from that of their root writers, whose rows are already updated.

    running while one is alive (preempting when all of these are), else the state of the one that ended last; finished
    is when that was.
    """
    by_run: dict[str, list[tuple[str, float | None, float, str | None]]] = {}
    for uid, state, ended, seen, parent in connection.rows_among(
        "SELECT run_uid, state, ended, seen, parent FROM writer WHERE run_uid IN ({})", sorted(uids)
    ):
        by_run.setdefault(uid, []).append((state, ended, seen, parent))
    for uid, writers in by_run.items():
        run = runs[uid]
        roots = [writer for writer in writers if writer[3] is None] or writers
        alive = [writer for writer in roots if writer[0] not in _ENDED]
        if alive:
            preempted = all(writer[0] == "preempting" for writer in alive)
            run.state, run.finished = "preempting" if preempted else "running", None
            continue
        state, ended, seen, _parent = max(roots, key=lambda writer: writer[1] or writer[2])
        run.state, run.finished = state, ended or seen
        if run.duration < run.finished - run.created < _LONGEST_RUN:
            run.duration = run.finished - run.created


def store_runs(connection: Connection, runs: Iterable[RunRow], now: float) -> None:
    """Write changed runs back and raise their projects' versions, once each; the projects' rows are locked last."""
    rows = list(runs)
    versions: dict[int, int] = {}
    for project in sorted({run.project for run in rows}):
        versions[project] = connection.value(
            "UPDATE project SET version = version + 1, updated = ? WHERE id = ? RETURNING version",
            [now, project],
        )
    for run in rows:
        run.version = versions[run.project]
    connection.many(
        "UPDATE run SET state = ?, name = ?, rows = ?, last_step = ?, updated = ?, finished = ?,"
        " duration = ?, version = ? WHERE uid = ?",
        [
            (r.state, r.name, r.rows, r.last_step, now, r.finished, r.duration, r.version, r.uid)
            for r in rows
        ],
    )
    documents = [(run.document.encode(), run.uid) for run in rows if run.document_changed]
    if documents:
        connection.many("UPDATE run SET doc = ? WHERE uid = ?", documents)
