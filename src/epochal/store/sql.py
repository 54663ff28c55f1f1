"""The store on SQLite or PostgreSQL: opens the transactions in which `catalog`, `fold`, `series` and `history` work."""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from epochal.errors import EnvironmentFault, EpochalError, NotFound, RunDeleted, StoreFull
from epochal.native import kernels
from epochal.records import (
    Ack,
    BandsAnswer,
    BandsQuery,
    BulkEdit,
    Change,
    EditOutcome,
    EventKind,
    Frame,
    GroupQuery,
    Groups,
    HistoryPage,
    KeyInfo,
    ObjectsAnswer,
    ObjectsQuery,
    Principal,
    ProjectInfo,
    RunDetail,
    RunEvent,
    RunInfo,
    RunKey,
    RunOrder,
    RunPage,
    RunQuery,
    RunSeries,
    SavedView,
    SeriesAnswer,
    SeriesQuery,
    SourceInfo,
    ValueCounts,
    ValuesQuery,
)
from epochal.store import catalog, schema, views
from epochal.store.access import can_see, must_write
from epochal.store.artifacts.blobs import BlobAccess
from epochal.store.artifacts.interface import Artifacts
from epochal.store.bands import read_bands
from epochal.store.blob_files import BlobFiles
from epochal.store.cache import ArrayCache
from epochal.store.edits import edit_runs
from epochal.store.engine import Connection, Database, PostgresDatabase, SqliteDatabase
from epochal.store.events import read_events
from epochal.store.filters.nodes import Node
from epochal.store.fold import fold_due, fold_window
from epochal.store.groups import group_runs
from epochal.store.history import read_history
from epochal.store.intake import Delivery, Intake
from epochal.store.key_index import KeyIndex
from epochal.store.listing import Listing
from epochal.store.lock import DataLock
from epochal.store.metric_columns import asked_names
from epochal.store.names import check_uid
from epochal.store.objects import read_objects
from epochal.store.ordering import sort_names
from epochal.store.received import ReceivedStore
from epochal.store.registration import create_project
from epochal.store.series import read_series
from epochal.store.sweeps.interface import Sweeps
from epochal.store.together import Together
from epochal.store.value_counts import count_values

logger = logging.getLogger(__name__)

T = TypeVar("T")


def _fold_some(connection: Connection, writers: list[int]) -> tuple[int, list[int]]:
    """Fold for FOLD_S at least; returns the windows folded and the writers that are left, in their order."""
    deadline = time.perf_counter() + FOLD_S
    windows = 0
    for done, writer in enumerate(writers):
        connection.rows(f"SELECT id FROM writer WHERE id = ?{connection.for_update}", [writer])
        while folded := fold_window(connection, writer):
            windows += folded
            if time.perf_counter() > deadline:
                return windows, writers[done:]
        if time.perf_counter() > deadline:
            return windows, writers[done + 1 :]
    return windows, []


RESERVE_SHARE = 0.05
RESERVE_BYTES = 4 << 30
"""Free space left alone: 5 % of the disk, but not more than 4 GiB of a large one."""
FOLD_S = 0.015
"""Short writers are folded together for so long: one fsync each would take longer than the work."""
_KEPT_BYTES, _APART_BYTES = 16 << 20, 4 << 20
_ROOM_CHECK_S = 1.0
_PAUSE_S = 15.0
"""Between two sweeps, above which this process was stopped itself, and says nothing about the silence of others."""
_ATTEMPTS = 8


def open_store(
    data_dir: Path,
    database: str | None = None,
    *,
    url: str | None = None,
    lock: DataLock | None = None,
) -> SqlStore:
    """Return the store of a data directory, locked, made or migrated as needed.

    Args:
        data_dir: the data directory; made when missing, for its owner only.
        database: a ``postgresql://`` URL; without it the store is ``data_dir/store.db``.
        url: where the caller serves, for the message that a second server gets.
        lock: the directory's lock, where the caller has taken it already; the store releases it.

    Raises:
        StoreLocked: another server writes to this data directory.
        EnvironmentFault: the database cannot be opened.
    """
    # The arrays of an answer come and go together: given back to the system after each, they took a quarter of the
    # time of the next one, in page faults (benchmarks/series_read.py).
    kernels.keep_freed(_KEPT_BYTES, _APART_BYTES)
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = lock or DataLock(data_dir, url)
    opened: Database | None = None
    try:
        opened = PostgresDatabase(database) if database else SqliteDatabase(data_dir / "store.db")
        schema.prepare(opened)
        return SqlStore(opened, data_dir=data_dir, lock=lock)
    except BaseException:
        if opened is not None:
            opened.close()
        lock.release()
        raise


class SqlStore(ReceivedStore):
    """See `Store` for the contract. `data_dir` is where journals of deleted runs are removed, None for nowhere."""

    def __init__(
        self,
        database: Database,
        *,
        data_dir: Path | None = None,
        lock: DataLock | None = None,
        reserve_bytes: int | None = None,
    ) -> None:
        """Serve a prepared database (see `open_store`)."""
        self.database = database
        self.data_dir = data_dir
        self.lock = lock
        self._reserve_bytes = reserve_bytes
        self._room_checked = -_ROOM_CHECK_S
        self._room_missing: str | None = None
        self._watchers: dict[int, Callable[[], None]] = {}
        self._watch_lock = threading.Lock()
        self._next_watcher = 0
        self._listings: dict[int, tuple[Listing, KeyIndex]] = {}
        self._listings_lock = threading.Lock()
        self._last_signs: dict[str, tuple[float, float]] = {}
        self._last_sweep = time.monotonic()
        self._fold_lock = threading.Lock()
        self._unfoldable: set[int] = set()
        self._cache = ArrayCache()
        self._closed = False
        self.intake = Intake(database, check_room=self._check_room, committed=self._notify)
        self.together = Together(self._change)
        self.blob_files = BlobFiles(
            None if data_dir is None else data_dir / "blobs",
            database,
            self._change,
            self.together,
            self._check_room,
        )
        self._artifacts = Artifacts(database, self._change, BlobAccess(database, self.blob_files))
        self._sweeps = Sweeps(database, self._change, self.together)
        self._finish_deletions()
        self._artifacts.tidy()
        self._finish_derivations()
        self.blob_files.clean()

    # ---- inbound

    def submit(
        self,
        principal: Principal,
        writer: str,
        offset: int,
        data: bytes,
        *,
        final: bool = False,
        exact: bool = False,
        frame: Frame | None = None,
    ) -> Future[Ack]:
        """See `Store.submit`."""
        return self._submit(
            Delivery(principal, writer, offset, data, final, exact=exact, frame=frame)
        )

    def adopt(
        self,
        principal: Principal,
        writer: str,
        head: dict[str, Any],
        data: bytes,
        *,
        final: bool = False,
    ) -> Ack:
        """Append the first bytes of a journal whose HEAD is damaged; `head` says from elsewhere what it said."""
        return self._submit(Delivery(principal, writer, 0, data, final, head)).result()

    def _submit(self, delivery: Delivery) -> Future[Ack]:
        try:
            return self.intake.submit(delivery)
        except EpochalError as error:
            delivery.future.set_exception(error)
            return delivery.future

    def acknowledged(self, principal: Principal, writer: str) -> int:
        """See `Store.acknowledged`."""
        check_uid("writer", writer)
        with self.database.read() as connection:
            if connection.value("SELECT 1 FROM tombstone WHERE uid = ?", [writer]):
                raise RunDeleted(f"the run of writer {writer} was deleted for ever")
            row = connection.row(
                "SELECT writer.acknowledged, project.entity FROM writer JOIN run ON run.uid = writer.run_uid"
                " JOIN project ON project.id = run.project_id WHERE writer.uid = ?",
                [writer],
            )
        return row[0] if row is not None and can_see(principal, row[1]) else 0

    def mark_crashed(self, principal: Principal, writers: Sequence[str]) -> None:
        """See `Store.mark_crashed`."""
        must_write(principal)
        self._mark_crashed([(writer, None) for writer in writers])

    def _mark_crashed(self, writers: Sequence[tuple[str, float | None]]) -> list[str]:
        return (
            self._change(lambda connection: catalog.mark_crashed(connection, writers))
            if writers
            else []
        )

    def sweep_silent(self, silence_s: float = 40.0) -> list[str]:
        """See `Store.sweep_silent`."""
        now = time.monotonic()
        if now - self._last_sweep > _PAUSE_S:
            self._last_signs.clear()
        self._last_sweep = now
        with self.database.read() as connection:
            running = catalog.running_writers(connection)
        signs: dict[str, tuple[float, float]] = {}
        patience: dict[str, float | None] = {}
        for uid, seen, patient in running:
            patience[uid] = patient
            before = self._last_signs.get(uid)
            signs[uid] = before if before is not None and before[0] == seen else (seen, now)
        self._last_signs = signs
        # Equality of `seen` is checked again in the transaction: another server may have heard of the writer.
        return self._mark_crashed(
            [
                (uid, seen)
                for uid, (seen, since) in signs.items()
                if now - since >= (patience[uid] or silence_s)
            ]
        )

    def fold(self, *, idle_s: float = 30.0) -> int:
        """See `Store.fold`. Live writers are folded by whole windows, ended ones to their last row."""
        windows = 0
        with self._fold_lock:
            self.blob_files.tidy()
            with self.database.read() as connection:
                due = fold_due(connection)
            due = [writer for writer in due if writer not in self._unfoldable]
            alone = False
            while due:
                group = due[:1] if alone else due
                try:
                    folded, left = self._change(partial(_fold_some, writers=group), notify=False)
                except EnvironmentFault:
                    raise
                except Exception:
                    # One writer that cannot be folded must not keep the others in the tail: find it, and go on.
                    if len(group) > 1:
                        alone = True
                        continue
                    logger.exception(
                        "the rows of writer %d cannot be folded; they stay in the tail, and readable",
                        group[0],
                    )
                    self._unfoldable.add(group[0])
                    folded, left = 0, []
                due = left + due[len(group) :]
                windows += folded
                # The mutex of SQLite is not fair: let a waiting commit have it.
                time.sleep(0.0005)
        return windows

    # ---- outbound

    def series(self, principal: Principal, query: SeriesQuery) -> SeriesAnswer:
        """See `Store.series`."""
        with self.database.read() as connection:
            visible = self._visible(connection, principal, query.runs)
            return read_series(connection, self._cache, query, visible)

    def series_state(self, principal: Principal, runs: Sequence[str]) -> Hashable:
        """See `Store.series_state`."""
        with self.database.read() as connection:
            visible = self._visible(connection, principal, runs)
            # Each change of a run raises its project's version.
            versions = connection.rows_among(
                "SELECT id, version FROM project WHERE id IN"
                " (SELECT project_id FROM run WHERE uid IN ({}))",
                visible,
            )
        return tuple(visible), tuple(sorted(set(map(tuple, versions))))

    def bands(self, principal: Principal, query: BandsQuery) -> BandsAnswer:
        """See `Store.bands`."""
        runs = list(dict.fromkeys(run for _name, members in query.groups for run in members))
        with self.database.read() as connection:
            visible = self._visible(connection, principal, runs)
            return read_bands(connection, self._cache, query, visible)

    def events(
        self,
        principal: Principal,
        runs: Sequence[str],
        x: str = "step",
        kinds: Collection[EventKind] | None = None,
    ) -> Mapping[str, Sequence[RunEvent]]:
        """See `Store.events`."""
        with self.database.read() as connection:
            visible = self._visible(connection, principal, runs)
            return read_events(connection, self._cache, visible, x, kinds)

    def history(
        self,
        principal: Principal,
        run: str,
        keys: Sequence[str] | None,
        after: str | None = None,
        limit: int = 1_000_000,
    ) -> HistoryPage:
        """See `Store.history`."""
        with self.database.read() as connection:
            if not self._visible(connection, principal, [run]):
                raise NotFound(f"there is no run {run}")
            return read_history(connection, self._cache, run, keys, after, limit)

    def objects(self, principal: Principal, query: ObjectsQuery) -> ObjectsAnswer:
        """See `Store.objects`."""
        with self.database.read() as connection:
            visible = self._visible(connection, principal, query.runs)
            return read_objects(connection, self._cache, query, visible)

    def source(self, principal: Principal, writer: str) -> tuple[str, Mapping[str, Any]]:
        """See `Store.source`."""
        with self.database.read() as connection:
            return catalog.read_source(connection, principal, writer)

    def sources(self, principal: Principal, entity: str, project: str) -> Sequence[SourceInfo]:
        """See `Store.sources`."""
        with self.database.read() as connection:
            return catalog.list_sources(connection, principal, entity, project)

    # ---- catalog

    def projects(self, principal: Principal) -> Sequence[ProjectInfo]:
        """See `Store.projects`."""
        with self.database.read() as connection:
            return catalog.list_projects(connection, principal)

    def project(self, principal: Principal, entity: str, name: str) -> ProjectInfo:
        """See `Store.project`."""
        with self.database.read() as connection:
            return catalog.read_project(connection, principal, entity, name)[1]

    def create_project(self, principal: Principal, entity: str, name: str) -> ProjectInfo:
        """See `Store.create_project`."""
        now = time.time()
        self._change(lambda connection: create_project(connection, principal, entity, name, now))
        return self.project(principal, entity, name)

    def runs(
        self,
        principal: Principal,
        entity: str,
        project: str,
        query: RunQuery,
        *,
        condition: Node | None = None,
    ) -> RunPage:
        """See `Store.runs`."""
        sorts = (name for name, _ in sort_names(query.sort))
        names = asked_names(query.filter, sorts, condition=condition)
        with self._listed(principal, entity, project, names) as (connection, listing):
            return listing.page(connection, query, condition)

    def run_order(
        self,
        principal: Principal,
        entity: str,
        project: str,
        query: RunQuery,
        *,
        condition: Node | None = None,
    ) -> RunOrder:
        """See `Store.run_order`."""
        sorts = (name for name, _ in sort_names(query.sort))
        names = asked_names(query.filter, sorts, condition=condition)
        with self._listed(principal, entity, project, names) as (_connection, listing):
            return listing.order(query, condition)

    def listed_runs(
        self,
        principal: Principal,
        entity: str,
        project: str,
        uids: Sequence[str],
        columns: Sequence[str],
    ) -> Sequence[RunInfo]:
        """See `Store.listed_runs`."""
        with self._listed(principal, entity, project) as (connection, listing):
            return listing.infos(connection, listing.places(uids), columns)

    def columns(
        self, principal: Principal, entity: str, project: str
    ) -> Sequence[tuple[str, str, int]]:
        """See `Store.columns`."""
        with self._listed(principal, entity, project) as (_connection, listing):
            return listing.describe_columns()

    def values(
        self, principal: Principal, entity: str, project: str, query: ValuesQuery
    ) -> ValueCounts:
        """See `Store.values`."""
        names = asked_names(query.filter, [query.column])
        with self._listed(principal, entity, project, names) as (_connection, listing):
            return count_values(listing, query)

    def groups(self, principal: Principal, entity: str, project: str, query: GroupQuery) -> Groups:
        """See `Store.groups`."""
        names = asked_names(query.filter, query.by, query.columns, [query.sort.lstrip("-+")])
        with self._listed(principal, entity, project, names) as (_connection, listing):
            return group_runs(listing, query)

    def keys(self, principal: Principal, entity: str, project: str) -> Sequence[KeyInfo]:
        """See `Store.keys`."""
        with self.database.read() as connection:
            project_id, version = catalog.find_project(connection, principal, entity, project)
            listing, index = self._listing(project_id, entity, project)
            with listing.lock:
                listing.refresh(connection, version)
                index.refresh(connection, version, listing.declared)
                return index.keys(listing.metrics, listing.declared)

    def run_keys(self, principal: Principal, entity: str, project: str) -> Sequence[RunKey]:
        """See `Store.run_keys`."""
        with self.database.read() as connection:
            return catalog.list_run_keys(connection, principal, entity, project)

    def run_series(self, principal: Principal, run: str) -> Sequence[RunSeries]:
        """See `Store.run_series`."""
        with self.database.read() as connection:
            if not self._visible(connection, principal, [run]):
                raise NotFound(f"there is no run {run}")
            return catalog.list_series(connection, run)

    @contextmanager
    def _listed(
        self, principal: Principal, entity: str, project: str, names: Iterable[str] = ()
    ) -> Iterator[tuple[Connection, Listing]]:
        """Yield a connection and the run list of a project as it sees it, locked, with the columns `names` loaded."""
        with self.database.read() as connection:
            project_id, version = catalog.find_project(connection, principal, entity, project)
            listing, _index = self._listing(project_id, entity, project)
            with listing.lock:
                listing.refresh(connection, version)
                listing.load(connection, version, names)
                yield connection, listing

    def _listing(self, project_id: int, entity: str, name: str) -> tuple[Listing, KeyIndex]:
        with self._listings_lock:
            found = self._listings.pop(project_id, None) or (
                Listing(project_id, entity, name),
                KeyIndex(project_id),
            )
            self._listings[project_id] = found  # last: the least recently used are first
            if len(self._listings) > 64:
                del self._listings[next(iter(self._listings))]
            return found

    def run(self, principal: Principal, uid: str) -> RunDetail:
        """See `Store.run`."""
        with self.database.read() as connection:
            return catalog.read_run(connection, principal, uid)

    def find_run(self, principal: Principal, entity: str, project: str, run_id: str) -> RunDetail:
        """See `Store.find_run`."""
        with self.database.read() as connection:
            return catalog.find_run(connection, principal, entity, project, run_id)

    def edit_runs(self, principal: Principal, edits: Sequence[BulkEdit]) -> EditOutcome:
        """See `Store.edit_runs`."""
        must_write(principal)
        return self._change(lambda connection: edit_runs(connection, principal, edits))

    def delete_run(self, principal: Principal, uid: str) -> None:
        """See `Store.delete_run`."""
        must_write(principal)
        writers = self._change(
            lambda connection: catalog.begin_deletion(connection, principal, uid)
        )
        self._delete(uid)
        self.blob_files.sweep()
        self._remove_journals(uid, writers)

    def _delete(self, uid: str) -> None:
        while self._change(lambda connection: catalog.delete_slice(connection, uid), notify=False):
            pass
        self._change(lambda connection: catalog.end_deletion(connection, uid))
        self.intake.forget(uid)

    def _finish_deletions(self) -> None:
        with self.database.read() as connection:
            unfinished = catalog.unfinished_deletions(connection)
        for uid in unfinished:
            self._delete(uid)

    def _remove_journals(self, uid: str, writers: Sequence[str]) -> None:
        """Remove a deleted run's folder; `uid` and `writers` were checked to be plain names when they came in."""
        if self.data_dir is None:
            return
        shutil.rmtree(self.data_dir / "runs" / uid, ignore_errors=True)
        for writer in writers:
            (self.data_dir / "active" / f"{writer}.json").unlink(missing_ok=True)

    # ---- artifacts

    @property
    def artifacts(self) -> Artifacts:
        """See `Store.artifacts`."""
        return self._artifacts

    @property
    def sweeps(self) -> Sweeps:
        """See `Store.sweeps`."""
        return self._sweeps

    # ---- views and links

    def views(self, principal: Principal, entity: str, project: str) -> Sequence[SavedView]:
        """See `Store.views`."""
        with self.database.read() as connection:
            return views.list_views(connection, principal, entity, project)

    def create_view(
        self, principal: Principal, entity: str, project: str, name: str, query: str
    ) -> SavedView:
        """See `Store.create_view`."""
        must_write(principal)
        return self._change(
            lambda connection: views.create_view(
                connection, principal, entity, project, name, query
            )
        )

    def edit_view(
        self, principal: Principal, view: str, name: str | None, query: str | None
    ) -> SavedView:
        """See `Store.edit_view`."""
        must_write(principal)
        return self._change(
            lambda connection: views.edit_view(connection, principal, view, name, query)
        )

    def delete_view(self, principal: Principal, view: str) -> None:
        """See `Store.delete_view`."""
        must_write(principal)
        self._change(lambda connection: views.delete_view(connection, principal, view))

    def restore_view(self, principal: Principal, view: str) -> SavedView:
        """See `Store.restore_view`."""
        must_write(principal)
        return self._change(lambda connection: views.restore_view(connection, principal, view))

    def keep_query(self, principal: Principal, query: str) -> str:
        """See `Store.keep_query`."""
        must_write(principal)
        return self._change(
            lambda connection: views.keep_query(connection, principal, query), notify=False
        )

    def find_query(self, principal: Principal, digest: str) -> str:
        """See `Store.find_query`."""
        with self.database.read() as connection:
            return views.find_query(connection, principal, digest)

    # ---- notices

    def changes(
        self, since: dict[tuple[str, str], int]
    ) -> tuple[list[Change], dict[tuple[str, str], int]]:
        """See `Store.changes`."""
        with self.database.read() as connection:
            return catalog.read_changes(connection, since)

    def watch(self, callback: Callable[[], None]) -> Callable[[], None]:
        """See `Store.watch`."""
        with self._watch_lock:
            number = self._next_watcher
            self._next_watcher += 1
            self._watchers[number] = callback
        return lambda: self._watchers.pop(number, None) and None

    def _visible(
        self, connection: Connection, principal: Principal, runs: Sequence[str]
    ) -> list[str]:
        """Return those of `runs` that are there and that `principal` may see, in their order."""
        rows = connection.rows_among(
            "SELECT run.uid, project.entity FROM run JOIN project ON project.id = run.project_id"
            " WHERE run.uid IN ({})",
            list(dict.fromkeys(runs)),
        )
        visible = {uid for uid, entity in rows if can_see(principal, entity)}
        return [uid for uid in runs if uid in visible]

    def _notify(self) -> None:
        for callback in list(self._watchers.values()):
            try:
                callback()
            except Exception:
                logger.exception("a watcher of the store failed")

    def _change(self, work: Callable[[Connection], T], *, notify: bool = True) -> T:
        """Do `work` in a transaction, again after a conflict with another server; tells the watchers."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self.database.write() as connection:
                    result = work(connection)
                break
            except Exception as error:
                conflict = isinstance(
                    self.database, PostgresDatabase
                ) and self.database.is_conflict(error)
                if not conflict or attempt == _ATTEMPTS:
                    raise
                time.sleep(0.002 * attempt)
        else:
            raise AssertionError("unreachable")
        if notify:
            self._notify()
        return result

    # ---- room

    def _check_room(self) -> None:
        """Raise StoreFull while the reserve of the disk is reached; looks at the disk once a second at most."""
        if self.data_dir is None:
            return
        now = time.monotonic()
        if now - self._room_checked >= _ROOM_CHECK_S:
            self._room_checked = now
            usage = shutil.disk_usage(self.data_dir)
            reserve = self._reserve_bytes
            if reserve is None:
                reserve = min(int(usage.total * RESERVE_SHARE), RESERVE_BYTES)
            self._room_missing = None
            if usage.free < reserve:
                self._room_missing = (
                    f"only {usage.free >> 20} MiB are free where {self.data_dir} lies,"
                    f" {reserve >> 20} MiB are kept in reserve: free some space, logging goes on by itself"
                )
        if self._room_missing:
            raise StoreFull(self._room_missing)

    # ---- life

    def usage(self) -> dict[str, int]:
        """See `Store.usage`."""
        found: dict[str, int] = {}
        if isinstance(self.database, SqliteDatabase):
            for suffix in ("", "-wal", "-journal"):
                path = self.database.path.with_name(self.database.path.name + suffix)
                if path.exists():
                    found[path.name] = path.stat().st_size
            with self.database.read() as connection:
                blobs = connection.value(
                    "SELECT coalesce(sum(size), 0) FROM blob WHERE complete AND place IS NULL"
                )
                files = connection.value(
                    "SELECT coalesce(sum(size), 0) FROM blob WHERE place = 'file'"
                )
                lines = connection.value("SELECT coalesce(sum(stored), 0) FROM line_file")
            # They are in the file, and told apart because they are what can fill a disk.
            name = self.database.path.name
            found[name] = max(0, found.get(name, 0) - blobs - lines)
            found["lines"] = lines
            found["blobs"] = blobs + files
        else:
            with self.database.read() as connection:
                rows = connection.rows(
                    "SELECT relname::text, pg_total_relation_size(oid) FROM pg_class"
                    " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY relname"
                )
            found.update(rows)
        if self.data_dir is not None:
            found["runs"] = _folder_size(self.data_dir / "runs")
        return found

    def close(self) -> None:
        """See `Store.close`."""
        if self._closed:
            return
        self._closed = True
        self.intake.close()
        self.database.close()
        if self.lock is not None:
            self.lock.release()


def _folder_size(folder: Path) -> int:
    total = 0
    for place, _folders, files in os.walk(folder):
        for name in files:
            try:
                total += os.stat(os.path.join(place, name)).st_size
            except OSError:
                # Removed meanwhile.
                continue
    return total
