"""Projects, runs and their documents: what the catalog answers and what users change in it.

Functions take a connection inside a transaction. Those that change something lock the run first and raise
the project's version last, in the order that `intake` follows.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from epochal.errors import Conflict, NotFound
from epochal.records import (
    Change,
    Principal,
    ProjectInfo,
    RunDetail,
    RunKey,
    RunSeries,
    SourceInfo,
    WriterInfo,
)
from epochal.store.access import can_see
from epochal.store.commit import RunRow, store_runs, update_states
from epochal.store.documents import RunDocument
from epochal.store.engine import Connection
from epochal.store.line_files import delete_lines, hand_on_all
from epochal.store.listing import RUN_COLUMNS, RUN_TABLES, parse_document, run_info
from epochal.store.media import delete_blobs, delete_rows_of_files, split_media

MAX_CHANGED_RUNS = 100
_SLICE = 256
"""Blocks deleted in one transaction: some 4 MB, a few milliseconds."""
_BLOB_SLICE = 32
"""Media files deleted in one transaction."""


# ------------------------------------------------------------------------------------------------ projects

_PROJECTS = """
SELECT project.id, project.entity, project.name, project.created, project.updated, project.version,
       coalesce(counts.runs, 0), coalesce(counts.running, 0)
FROM project LEFT JOIN (
    SELECT project_id, count(*) AS runs, sum(CASE WHEN state = 'running' THEN 1 ELSE 0 END) AS running
    FROM run WHERE trashed IS NULL AND archived = ? GROUP BY project_id
) AS counts ON counts.project_id = project.id
"""


def list_projects(connection: Connection, principal: Principal) -> list[ProjectInfo]:
    """Return the visible projects, latest change first."""
    rows = connection.rows(_PROJECTS + " ORDER BY project.updated DESC, project.id DESC", [False])
    return [_project_info(row) for row in rows if can_see(principal, row[1])]


def read_project(
    connection: Connection, principal: Principal, entity: str, name: str
) -> tuple[int, ProjectInfo]:
    """Return the id and info of a project. Raises NotFound."""
    row = connection.row(
        "SELECT id, entity, name, created, updated, version FROM project WHERE entity = ? AND name = ?",
        [entity, name],
    )
    if row is None or not can_see(principal, entity):
        raise NotFound(f"there is no project {entity}/{name}")
    # Its own runs only: the counts of all projects of 10,000 runs take 8 ms.
    counts = connection.row(
        "SELECT count(*), coalesce(sum(CASE WHEN state = 'running' THEN 1 ELSE 0 END), 0) FROM run"
        " WHERE project_id = ? AND trashed IS NULL AND archived = ?",
        [row[0], False],
    )
    assert counts is not None
    return row[0], _project_info([*row, *counts])


def find_project(
    connection: Connection, principal: Principal, entity: str, name: str
) -> tuple[int, int]:
    """Return (id, version) of a project. Raises NotFound."""
    sql = "SELECT id, version FROM project WHERE entity = ? AND name = ?"
    row = connection.row(sql, [entity, name]) if can_see(principal, entity) else None
    if row is None:
        raise NotFound(f"there is no project {entity}/{name}")
    return row[0], row[1]


def _project_info(row: Sequence[Any]) -> ProjectInfo:
    _id, entity, name, created, updated, version, runs, running = row
    return ProjectInfo(entity, name, int(runs), int(running), created, updated, version)


def read_changes(
    connection: Connection, since: dict[tuple[str, str], int]
) -> tuple[list[Change], dict[tuple[str, str], int]]:
    """Return what changed since `since`, and the versions now (see `Store.changes`)."""
    versions: dict[tuple[str, str], int] = {}
    changed: list[Change] = []
    for project, entity, name, version in connection.rows(
        "SELECT id, entity, name, version FROM project"
    ):
        versions[entity, name] = version
        before = since.get((entity, name))
        if before == version:
            continue
        runs: tuple[str, ...] | None = None
        if before is not None and before < version:
            rows = connection.rows(
                "SELECT uid FROM run WHERE project_id = ? AND version > ? LIMIT ?",
                [project, before, MAX_CHANGED_RUNS + 1],
            )
            runs = tuple(uid for (uid,) in rows) if len(rows) <= MAX_CHANGED_RUNS else None
        changed.append(Change(entity, name, version, runs))
    return changed, versions


# ------------------------------------------------------------------------------------------------ one run


def read_run(connection: Connection, principal: Principal, uid: str) -> RunDetail:
    """Return a run with its document and writers. Raises NotFound."""
    row = connection.row(
        f"SELECT {RUN_COLUMNS}, project.entity, project.name FROM {RUN_TABLES}"
        " JOIN project ON project.id = run.project_id WHERE run.uid = ?",
        [uid],
    )
    if row is None or not can_see(principal, row[17]):
        raise NotFound(f"there is no run {uid}")
    document = parse_document(row[15])
    writers = connection.rows(
        "SELECT uid, ordinal, label, rank, host, pid, state, started, ended, rows, acknowledged, parent,"
        " damage, dropped FROM writer WHERE run_uid = ? ORDER BY ordinal",
        [uid],
    )
    return RunDetail(
        info=run_info(row[17], row[18], row, document),
        config=document["config"],
        summary=document["summary"],
        metrics=document["metrics"],
        environment=document["environment"],
        writers=[WriterInfo(*writer) for writer in writers],
        wandb=document.get("wandb") or {},
    )


def find_run(
    connection: Connection, principal: Principal, entity: str, project: str, run_id: str
) -> RunDetail:
    """Return the undeleted, or else the latest trashed, run of that id or uid. Raises NotFound."""
    project_id, _version = find_project(connection, principal, entity, project)
    uid = connection.value(
        "SELECT uid FROM run WHERE project_id = ? AND (id = ? OR uid = ?)"
        " ORDER BY CASE WHEN trashed IS NULL THEN 0 ELSE 1 END, CASE WHEN id = ? THEN 0 ELSE 1 END, trashed DESC",
        [project_id, run_id, run_id, run_id],
    )
    if uid is None:
        raise NotFound(f"there is no run {run_id} in {entity}/{project}")
    return read_run(connection, principal, uid)


def lock_run(connection: Connection, principal: Principal, uid: str) -> tuple[RunRow, float | None]:
    """Return a run's row, locked, and when it was moved to the trash (None: it was not). Raises NotFound."""
    row = connection.row(
        "SELECT uid, project_id, state, name, rows, last_step, created, finished, duration, version, doc,"
        f" trashed FROM run WHERE uid = ?{connection.for_update}",
        [uid],
    )
    if row is None or not can_see(
        principal, connection.value("SELECT entity FROM project WHERE id = ?", [row[1]])
    ):
        raise NotFound(f"there is no run {uid}")
    return RunRow(*row[:10], document=RunDocument.parse(row[10])), row[11]


def list_run_keys(
    connection: Connection, principal: Principal, entity: str, project: str
) -> list[RunKey]:
    """Return the series of a project's listed runs, in the order in which they first appeared. Raises NotFound."""
    project_id, _version = find_project(connection, principal, entity, project)
    rows = connection.rows(
        "SELECT series.run_uid, series.name, series.kind, series.media FROM series"
        " JOIN run ON run.uid = series.run_uid"
        " WHERE run.project_id = ? AND run.trashed IS NULL AND NOT run.archived ORDER BY series.id",
        [project_id],
    )
    return [RunKey(run, name, kind, split_media(media)) for run, name, kind, media in rows]


def list_series(connection: Connection, run: str) -> list[RunSeries]:
    """Return the series of a run, in the order in which they first appeared."""
    rows = connection.rows(
        "SELECT name, kind, count, latest, media FROM series WHERE run_uid = ? ORDER BY id", [run]
    )
    return [
        RunSeries(name, kind, count, latest, split_media(media))
        for name, kind, count, latest, media in rows
    ]


def read_source(
    connection: Connection, principal: Principal, writer: str
) -> tuple[str, Mapping[str, Any]]:
    """Return the run of a writer and what its source says. Raises NotFound without one."""
    row = connection.row(
        "SELECT writer.run_uid, writer.source, project.entity FROM writer JOIN run ON run.uid = writer.run_uid"
        " JOIN project ON project.id = run.project_id WHERE writer.uid = ?",
        [writer],
    )
    if row is None or row[1] is None or not can_see(principal, row[2]):
        raise NotFound(f"there is no writer {writer} whose rows are read from a file")
    return row[0], json.loads(row[1])


def list_sources(
    connection: Connection, principal: Principal, entity: str, project: str
) -> list[SourceInfo]:
    """Return the writers of a project that have a source, by run and ordinal."""
    if not can_see(principal, entity):
        return []
    rows = connection.rows(
        "SELECT writer.uid, writer.run_uid, writer.source, writer.acknowledged, writer.rows FROM writer"
        " JOIN run ON run.uid = writer.run_uid JOIN project ON project.id = run.project_id"
        " WHERE project.entity = ? AND project.name = ? AND writer.source IS NOT NULL"
        " ORDER BY writer.run_uid, writer.ordinal",
        [entity, project],
    )
    return [SourceInfo(uid, run, json.loads(text), *rest) for uid, run, text, *rest in rows]


# ------------------------------------------------------------------------------------------------- deletion


def begin_deletion(connection: Connection, principal: Principal, uid: str) -> list[str]:
    """Leave the tombstones of a trashed run and its writers; returns the writers' uids.

    Its forks get the lines that they have from it as their own.

    Raises Conflict for a run outside the trash.
    """
    # Writers before the run, as `intake` does. What it commits of them is in before the tombstone, or sees it.
    rows = connection.rows(
        f"SELECT uid FROM writer WHERE run_uid = ? ORDER BY uid{connection.for_update}", [uid]
    )
    writers = [found for (found,) in rows]
    _run, trashed = lock_run(connection, principal, uid)
    if trashed is None:
        raise Conflict(f"run {uid} is not in the trash: move it there before deleting it for ever")
    connection.many(
        "INSERT INTO tombstone (uid, deleted) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(dead, time.time()) for dead in [uid, *writers]],
    )
    hand_on_all(connection, uid)
    return writers


_WRITERS_OF_RUN = "(SELECT id FROM writer WHERE run_uid = ?)"
_SERIES_OF_RUN = "(SELECT id FROM series WHERE run_uid = ?)"


def delete_slice(connection: Connection, uid: str) -> bool:
    """Delete a part of what a run holds; returns whether something was left to delete."""
    place = "ctid" if connection.dialect == "postgresql" else "rowid"
    for table, owner in (
        ("tail", f"writer_id IN {_WRITERS_OF_RUN}"),
        ("axis", f"writer_id IN {_WRITERS_OF_RUN}"),
        ("pyramid", f"series_id IN {_SERIES_OF_RUN}"),
        ("block", f"series_id IN {_SERIES_OF_RUN}"),
    ):
        among = f"(SELECT {place} FROM {table} WHERE {owner} LIMIT {_SLICE})"
        if connection.run(f"DELETE FROM {table} WHERE {place} IN {among}", [uid]):
            _give_back(connection)
            return True
    if delete_lines(connection, uid, _BLOB_SLICE):
        _give_back(connection)
        return True
    if delete_rows_of_files(connection, uid, _SLICE) or delete_blobs(connection, uid, _BLOB_SLICE):
        _give_back(connection)
        return True
    among = f"(SELECT {place} FROM series WHERE run_uid = ? LIMIT {_SLICE * 8})"
    return connection.run(f"DELETE FROM series WHERE {place} IN {among}", [uid]) > 0


def end_deletion(connection: Connection, uid: str) -> None:
    """Delete the run itself; its project changes."""
    project = connection.value(
        f"SELECT project_id FROM run WHERE uid = ?{connection.for_update}", [uid]
    )
    if project is None:
        return
    # A writer that registered after the tombstones were left.
    connection.run(
        "INSERT INTO tombstone (uid, deleted) SELECT uid, ? FROM writer WHERE run_uid = ? ON CONFLICT DO NOTHING",
        [time.time(), uid],
    )
    for table in ("derivation", "client_session", "alert", "artifact_run", "writer"):
        connection.run(f"DELETE FROM {table} WHERE run_uid = ?", [uid])
    connection.run("DELETE FROM run WHERE uid = ?", [uid])
    connection.run(
        "UPDATE project SET version = version + 1, updated = ? WHERE id = ?", [time.time(), project]
    )
    _give_back(connection)


def _give_back(connection: Connection) -> None:
    """Give up to 8 MiB that the deletion has freed in SQLite's file back to the disk."""
    if connection.dialect == "sqlite":
        connection.rows("PRAGMA incremental_vacuum(1024)")


def unfinished_deletions(connection: Connection) -> list[str]:
    """Return the runs whose deletion had begun when a server ended."""
    rows = connection.rows("SELECT run.uid FROM tombstone JOIN run ON run.uid = tombstone.uid")
    return [uid for (uid,) in rows]


# ----------------------------------------------------------------------------------------- signs of life


def running_writers(connection: Connection) -> list[tuple[str, float, float | None]]:
    """Return (uid, last sign of life, patience in seconds) of the writers that are thought to live."""
    rows = connection.rows(
        "SELECT uid, seen, patience FROM writer WHERE state IN ('running', 'pending', 'preempting')"
    )
    return [(uid, seen, patience) for uid, seen, patience in rows]


def mark_crashed(connection: Connection, writers: Sequence[tuple[str, float | None]]) -> list[str]:
    """Mark living writers crashed, or preempted where they were going to be; returns those marked.

    writers: (uid, last sign of life); one that has given another sign since is left alone, unless that is None.
    """
    marked: list[str] = []
    runs: set[str] = set()
    for uid, seen in sorted(writers):
        condition = "" if seen is None else " AND seen = ?"
        found = connection.rows(
            "UPDATE writer SET state = CASE state WHEN 'preempting' THEN 'preempted' ELSE 'crashed' END,"
            " ended = seen WHERE uid = ? AND state IN ('running', 'pending', 'preempting')"
            f"{condition} RETURNING run_uid",
            [uid] if seen is None else [uid, seen],
        )
        if found:
            marked.append(uid)
            runs.add(found[0][0])
    if not runs:
        return []
    rows = connection.rows_among(
        "SELECT uid, project_id, state, name, rows, last_step, created, finished, duration, version, doc FROM run"
        f" WHERE uid IN ({{}}) ORDER BY uid{connection.for_update}",
        sorted(runs),
    )
    by_uid = {row[0]: RunRow(*row[:10], document=RunDocument.parse(row[10])) for row in rows}
    update_states(connection, by_uid, runs)
    store_runs(connection, by_uid.values(), time.time())
    return marked
