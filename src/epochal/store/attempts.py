"""Attempts of a run: whose files of lines a writer goes on with."""

from __future__ import annotations

from epochal.errors import NotFound, RunDeleted
from epochal.records import Principal
from epochal.store.access import can_see
from epochal.store.engine import Connection
from epochal.store.line_files import FileRow, find_file


def check_run(connection: Connection, principal: Principal, run: str) -> None:
    """Raise RunDeleted for a run deleted for ever, NotFound for one that is not there."""
    if connection.value("SELECT 1 FROM tombstone WHERE uid = ?", [run]):
        raise RunDeleted(f"run {run} was deleted for ever")
    entity = connection.value(
        "SELECT project.entity FROM run JOIN project ON project.id = run.project_id WHERE run.uid = ?",
        [run],
    )
    if entity is None or not can_see(principal, entity):
        raise NotFound(f"there is no run {run}")


def latest_attempt(connection: Connection, run: str) -> int:
    """Return the number of a run's newest attempt, 0 without any."""
    return connection.value(
        "SELECT coalesce(max(attempt), 0) FROM client_session WHERE run_uid = ?", [run]
    )


def find_attempt(
    connection: Connection, principal: Principal, run: str, file: str, attempt: int | None
) -> FileRow | None:
    """Return a file of an attempt (None: the newest), None when it has no lines. Raises NotFound and RunDeleted."""
    check_run(connection, principal, run)
    if attempt is None:
        attempt = latest_attempt(connection, run)
    return find_file(connection, run, attempt, file)


def note_writer(connection: Connection, run: str, writer: str, now: float) -> int:
    """Return the attempt of a writer that sends lines; one without a session gets an attempt of its own.

    Writers of clients that share a session are named after the session's, with a dash and more.
    """
    stem = writer.partition("-")[0]
    found = connection.value(
        "SELECT attempt FROM client_session WHERE run_uid = ? AND (writer IN (?, ?) OR events_writer IN (?, ?))",
        [run, writer, stem, writer, stem],
    )
    if found is not None:
        return found
    number, attempt = connection.rows(
        "SELECT coalesce(max(number), 0) + 1, coalesce(max(attempt), 0) + 1 FROM client_session WHERE run_uid = ?",
        [run],
    )[0]
    connection.run(
        "INSERT INTO client_session (run_uid, number, attempt, writer, started) VALUES (?, ?, ?, ?, ?)",
        [run, number, attempt, writer, now],
    )
    return attempt
