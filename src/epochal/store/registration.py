"""The rows of writers that are new, and of the runs, projects and entities that they name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from epochal.errors import NotFound, OffsetGap, RunDeleted, UsageError
from epochal.formats.journal import HEAD, Record, read_records
from epochal.records import Principal
from epochal.store.access import can_see, must_write
from epochal.store.documents import RunDocument
from epochal.store.engine import Connection
from epochal.store.names import (
    DEFAULT_ENTITY,
    DEFAULT_PROJECT,
    check_name,
    check_uid,
    display_name,
    new_run_uid,
    storable,
)

_MOST_PATIENCE_S = 86400.0


IS_ASIDE = "label = 'system' AND parent IS NOT NULL"
"""Of a writer: it measures the machine beside another one of its session, under keys that no other writer has."""


def read_head(writer: str, offset: int, data: bytes, *, final: bool) -> Mapping[str, Any] | None:
    """Return the HEAD that an unknown writer's first bytes begin with, None when it is not complete yet.

    Raises OffsetGap for bytes from further on, and UsageError when there is something else.
    """
    if offset > 0:
        message = f"writer {writer} is not known here: send its journal from offset 0"
        raise OffsetGap(message, 0)
    record = next(read_records(data, final=final), None)
    if record is None:
        return None
    if isinstance(record, Record) and record.kind == HEAD:
        try:
            head = json.loads(bytes(record.payload))
            if isinstance(head, dict):
                return head
        except (ValueError, RecursionError):
            pass
    raise UsageError(f"the journal of writer {writer} does not begin with an intact HEAD record")


def register_writer(
    connection: Connection, principal: Principal, writer: str, head: Mapping[str, Any], now: float
) -> None:
    """Make the row of a new writer, and those of its run, project and entity where they are missing."""
    run = head.get("run")
    about = head.get("writer")
    if not isinstance(run, dict) or not isinstance(about, dict):
        raise UsageError(f"the HEAD of writer {writer} names no run and writer")
    uid = check_uid("run", run.get("uid"))
    entity = check_name("entity", run.get("entity") or DEFAULT_ENTITY)
    project = check_name("project", run.get("project") or DEFAULT_PROJECT)
    run_id = check_name("run id", run.get("id") or uid)
    if not can_see(principal, entity):
        raise NotFound(f"there is no entity {entity!r}")
    if connection.value("SELECT 1 FROM tombstone WHERE uid IN (?, ?)", [uid, writer]):
        raise RunDeleted(f"run {uid} was deleted for ever")
    started = plausible_time(about.get("started"), now)
    found = connection.row(
        "SELECT run.uid, project.entity, project.id FROM run JOIN project ON project.id = run.project_id WHERE uid = ?",
        [uid],
    )
    if found is not None and not can_see(principal, found[1]):
        raise NotFound(f"there is no run {uid}")
    if found is not None:
        # Only to order the writers of this run: ordinals are handed out under the project's lock.
        connection.rows(f"SELECT id FROM project WHERE id = ?{connection.for_update}", [found[2]])
        target = found[0]
    else:
        project_id = _ensure_project(connection, principal, entity, project, now)
        named = connection.value(
            "SELECT uid FROM run WHERE project_id = ? AND id = ? AND trashed IS NULL",
            [project_id, run_id],
        )
        target = named or _create_run(
            connection, principal, project_id, uid, run_id, run, started, now
        )
    ordinal = connection.value(
        "SELECT coalesce(max(ordinal) + 1, 0) FROM writer WHERE run_uid = ?", [target]
    )
    connection.run(
        "INSERT INTO writer (uid, run_uid, ordinal, label, rank, host, pid, parent, state, started, ended, seen,"
        " acknowledged, rows, folded, last_step, schemas, damage, dropped, patience)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, NULL, ?, 0, 0, 0, NULL, ?, 0, 0, ?) ON CONFLICT DO NOTHING",
        [
            writer,
            target,
            ordinal,
            _text(about.get("label")),
            fitting_integer(about.get("rank"), 31),
            _text(about.get("host")),
            fitting_integer(about.get("pid"), 63),
            _text(about.get("parent")),
            started,
            now,
            b"{}",
            _patience(about.get("patience")),
        ],
    )
    # The rows that a fork has from its parent are no process's: whoever goes on is whom the list shows.
    connection.run(
        "UPDATE writer SET host = ? WHERE run_uid = ? AND label = 'fork' AND host IS NULL AND ordinal = 0",
        [_text(about.get("host")), target],
    )


def create_project(
    connection: Connection, principal: Principal, entity: str, name: str, now: float
) -> int:
    """Return the id of a project, made where there is none of that name, its row locked.

    Raises UsageError for what is no name, NotFound for an entity that is not visible, Forbidden.
    """
    must_write(principal)
    check_name("entity", entity)
    check_name("project", name)
    if not can_see(principal, entity):
        raise NotFound(f"there is no entity {entity!r}")
    return _ensure_project(connection, principal, entity, name, now)


def create_run(
    connection: Connection,
    principal: Principal,
    entity: str,
    project: str,
    run_id: str,
    about: Mapping[str, Any],
    state: str,
    now: float,
) -> tuple[str, bool]:
    """See `Store.create_run`."""
    check_name("entity", entity)
    check_name("project", project)
    check_name("run id", run_id)
    if not can_see(principal, entity):
        raise NotFound(f"there is no entity {entity!r}")
    if state not in ("pending", "running"):
        message = f"a new run is pending or running, not {state!r:.40}"
        raise UsageError(message)
    project_id = _ensure_project(connection, principal, entity, project, now)
    found = connection.value(
        "SELECT uid FROM run WHERE project_id = ? AND id = ? AND trashed IS NULL",
        [project_id, run_id],
    )
    if found is not None:
        return found, False
    uid = new_run_uid()
    return _create_run(connection, principal, project_id, uid, run_id, about, now, now, state), True


def _ensure_project(
    connection: Connection, principal: Principal, entity: str, name: str, now: float
) -> int:
    """Return the id of a project, made when it is missing, its row locked."""
    select = f"SELECT id FROM project WHERE entity = ? AND name = ?{connection.for_update}"
    found = connection.value(select, [entity, name])
    if found is None:
        connection.run(
            "INSERT INTO entity (name, created) VALUES (?, ?) ON CONFLICT DO NOTHING", [entity, now]
        )
        connection.run(
            "INSERT INTO project (entity, name, owner, created, updated, version, next_ordinal)"
            " VALUES (?, ?, ?, ?, ?, 0, 0) ON CONFLICT DO NOTHING",
            [entity, name, principal.name, now, now],
        )
        found = connection.value(select, [entity, name])
    return found


def _create_run(
    connection: Connection,
    principal: Principal,
    project: int,
    uid: str,
    run_id: str,
    head: Mapping[str, Any],
    started: float,
    now: float,
    state: str = "running",
) -> str:
    ordinal = connection.value(
        "UPDATE project SET next_ordinal = next_ordinal + 1, version = version + 1, updated = ? WHERE id = ?"
        " RETURNING next_ordinal - 1",
        [now, project],
    )
    version = connection.value("SELECT version FROM project WHERE id = ?", [project])
    document = RunDocument()
    document.merge_run(head)
    connection.run(
        "INSERT INTO run (uid, project_id, id, name, owner, state, ordinal, color, created, updated, finished,"
        " duration, archived, trashed, rows, last_step, version, doc)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, NULL, 0, ?, NULL, 0, NULL, ?, ?)",
        [
            uid,
            project,
            run_id,
            display_name(head.get("name"), run_id),
            principal.name,
            state,
            ordinal,
            started,
            now,
            False,
            version,
            document.encode(),
        ],
    )
    return uid


def _patience(value: object) -> float | None:
    return (
        float(value) if isinstance(value, int | float) and 0 < value <= _MOST_PATIENCE_S else None
    )


def _text(value: object) -> str | None:
    return storable(str(value))[:1024] if value is not None else None


def fitting_integer(value: object, bits: int) -> int | None:
    """Return `value` when it is an integer of at most `bits` bits and a sign, else None."""
    fits = isinstance(value, int) and -(1 << bits) <= value < (1 << bits)
    return int(value) if fits else None  # type: ignore[call-overload]


def plausible_time(value: object, fallback: float) -> float:
    """Return `value` when it is a time in seconds, else `fallback`."""
    return float(value) if isinstance(value, int | float) and abs(value) < 1e12 else fallback
