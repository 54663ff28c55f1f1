"""Sessions of clients that send lines: which writers their rows go to, and which attempt's files their lines.

An attempt is what such a client calls a run's start: its lines count from 0. A session is one process of it, or what
goes on after a resume or a rewind, and has writers of its own, so that charts draw attempts and sessions apart.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from epochal.errors import NotFound, RunDeleted, UsageError
from epochal.records import Attempt, Principal, RunSession
from epochal.store import catalog
from epochal.store.access import can_see
from epochal.store.attempts import check_run, latest_attempt
from epochal.store.commit import RunRow, store_runs, update_states
from epochal.store.engine import Connection
from epochal.store.line_files import (
    FileRow,
    count_lines,
    drop_files,
    find_file,
    make_file,
    read_lines,
    store_file,
)
from epochal.store.names import random_text

FORK = "fork"
"""The label of the writer that has a fork's inherited rows."""
_SESSION = """
SELECT s.attempt, s.writer, s.events_writer, s.branch_run, s.branch_step, run.stop_requested, project.entity,
       coalesce(w.acknowledged, 0), coalesce(e.acknowledged, 0), tombstone.uid
FROM client_session AS s JOIN run ON run.uid = s.run_uid JOIN project ON project.id = run.project_id
     LEFT JOIN writer AS w ON w.uid = s.writer LEFT JOIN writer AS e ON e.uid = s.events_writer
     LEFT JOIN tombstone ON tombstone.uid = run.uid
WHERE s.run_uid = ? AND s.events_writer IS NOT NULL ORDER BY s.number DESC LIMIT 1
"""


def read_session(connection: Connection, principal: Principal, run: str) -> RunSession | None:
    """Return the latest session of a run, None without any. Raises NotFound and RunDeleted."""
    found = connection.row(_SESSION, [run])
    if found is None:
        check_run(connection, principal, run)
        return None
    attempt, writer, events, branch_run, branch_step, stop, entity, at, events_at, dead = found
    if not can_see(principal, entity):
        raise NotFound(f"there is no run {run}")
    if dead is not None:
        raise RunDeleted(f"run {run} was deleted for ever")
    return RunSession(
        run=run,
        attempt=attempt,
        writer=writer,
        events_writer=events,
        acknowledged=at,
        events_acknowledged=events_at,
        lines=count_lines(connection, run, attempt),
        stop_requested=stop is not None,
        branch=None if branch_run is None else {"run": branch_run, "step": branch_step},
    )


def begin_session(
    connection: Connection,
    principal: Principal,
    run: str,
    attempt: Attempt,
    branch: Mapping[str, Any] | None,
) -> None:
    """Make the row of a new session, and end the writers of the one before (see `Store.begin_session`)."""
    now = time.time()
    check_run(connection, principal, run)
    _lock_writers(connection, run)
    row, _trashed = catalog.lock_run(connection, principal, run)
    before = connection.row(
        "SELECT number, attempt, branch_run, branch_step FROM client_session WHERE run_uid = ?"
        " ORDER BY number DESC LIMIT 1",
        [run],
    )
    number, known, branch_run, branch_step = before or (0, 0, None, None)
    goes_on = attempt == "same" and known > 0
    writer = random_text(12)
    if not goes_on:
        known, branch_run, branch_step = known + 1, None, None
        if branch is not None:
            branch_run, branch_step = _check_branch(branch)
            _inherit(connection, principal, run, known, writer, branch_run, branch_step, now)
    _add_session(connection, run, number + 1, known, writer, now, branch_run, branch_step)
    connection.run("UPDATE run SET stop_requested = NULL WHERE uid = ?", [run])
    _end_writers(connection, run, row)
    store_runs(connection, [row], now)


def rejoin_attempt(connection: Connection, principal: Principal, run: str, writer: str) -> None:
    """Begin a session in the attempt before the latest one's (see `Store.rejoin_attempt`)."""
    now = time.time()
    check_run(connection, principal, run)
    _lock_writers(connection, run)
    row, _trashed = catalog.lock_run(connection, principal, run)
    sessions = connection.rows(
        "SELECT number, attempt, writer, branch_run, branch_step FROM client_session WHERE run_uid = ?"
        " ORDER BY number DESC LIMIT 2",
        [run],
    )
    if len(sessions) < 2 or sessions[0][2] != writer or sessions[0][1] <= sessions[1][1]:
        return
    (number, begun, *_), (_, attempt, _, branch_run, branch_step) = sessions
    counts = count_lines(connection, run, begun)
    if counts["history"] or counts["events"]:
        return
    drop_files(connection, run, begun)
    connection.run(
        "UPDATE client_session SET attempt = ? WHERE run_uid = ? AND number = ?",
        [attempt, run, number],
    )
    # New writers, as every server remembers to which attempt those that it has heard of belong.
    fresh = random_text(12)
    _add_session(connection, run, number + 1, attempt, fresh, now, branch_run, branch_step)
    # The run's end is that of the log, not that of what was begun for it a moment ago.
    connection.run(
        "UPDATE writer SET state = 'finished', ended = ? WHERE uid = ?", [row.created, writer]
    )
    _end_writers(connection, run, row)
    update_states(connection, {run: row}, [run])
    store_runs(connection, [row], now)


def _add_session(
    connection: Connection,
    run: str,
    number: int,
    attempt: int,
    writer: str,
    now: float,
    branch_run: str | None,
    branch_step: int | None,
) -> None:
    connection.run(
        "INSERT INTO client_session (run_uid, number, attempt, writer, events_writer, started, branch_run, branch_step)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [run, number, attempt, writer, random_text(12), now, branch_run, branch_step],
    )


def _end_writers(connection: Connection, run: str, row: RunRow) -> None:
    """End the writers of a run's sessions that have not ended; the new session has none yet."""
    ended = connection.run(
        "UPDATE writer SET state = CASE state WHEN 'preempting' THEN 'preempted' ELSE 'crashed' END, ended = seen"
        " WHERE state IN ('running', 'pending', 'preempting') AND uid IN"
        " (SELECT writer FROM client_session WHERE run_uid = ?"
        " UNION ALL SELECT events_writer FROM client_session WHERE run_uid = ?)",
        [run, run],
    )
    if ended:
        update_states(connection, {run: row}, [run])


def _lock_writers(connection: Connection, run: str) -> None:
    """Lock the writers of a run's sessions, before the run, as `intake` does."""
    if connection.for_update:
        connection.rows(
            "SELECT id FROM writer WHERE run_uid = ? AND state IN ('running', 'pending', 'preempting')"
            f" ORDER BY uid{connection.for_update}",
            [run],
        )


# ------------------------------------------------------------------------------------------- forks


def _check_branch(branch: Mapping[str, Any]) -> tuple[str, int]:
    run, step = branch.get("run"), branch.get("step")
    if not isinstance(run, str) or not isinstance(step, int) or abs(step) >= 1 << 63:
        message = f"a branch is a run's uid and a step, not {dict(branch)!r:.100}"
        raise UsageError(message)
    return run, step


def _inherit(
    connection: Connection,
    principal: Principal,
    run: str,
    attempt: int,
    writer: str,
    parent: str,
    step: int,
    now: float,
) -> None:
    """Give a new attempt the rows of another run up to a step: its lines by reference, its columns to be derived."""
    check_run(connection, principal, parent)
    # Its lines must be there until the reference is.
    connection.rows(f"SELECT uid FROM run WHERE uid = ?{connection.for_update}", [parent])
    source = find_file(connection, parent, latest_attempt(connection, parent), "history")
    count = 0 if source is None else count_up_to(connection, source, step)
    if source is None or not count:
        return
    file = make_file(connection, run, attempt, "history")
    file.parent = source.parent if source.parent is not None and count <= source.base else source.id
    file.lines = file.base = count
    store_file(connection, file)
    inherited = f"{writer}-{FORK}"
    ordinal = connection.value(
        "SELECT coalesce(max(ordinal) + 1, 0) FROM writer WHERE run_uid = ?", [run]
    )
    add_writer(connection, inherited, run, ordinal, FORK, writer, "finished", now)
    connection.run(
        "INSERT INTO derivation (run_uid, attempt, writer, done, until, rewinds) VALUES (?, ?, ?, 0, ?, ?)",
        [run, attempt, inherited, count, False],
    )


def add_writer(
    connection: Connection,
    uid: str,
    run: str,
    ordinal: int,
    label: str | None,
    parent: str | None,
    state: str,
    now: float,
    host: str | None = None,
) -> None:
    """Make the row of a writer whose rows come from no journal."""
    connection.run(
        "INSERT INTO writer (uid, run_uid, ordinal, label, host, parent, state, started, ended, seen,"
        " acknowledged, rows, folded, schemas, damage, dropped)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, 0, 0)",
        [uid, run, ordinal, label, host, parent, state, now, now, now, b"{}"],
    )


def count_up_to(connection: Connection, file: FileRow, step: float) -> int:
    """Return how many lines of a history come before the first whose ``_step`` is above `step`.

    Steps never fall within an attempt, so that a few lines are looked at, not all.
    """
    low, high = 0, file.lines
    while low < high:
        middle = (low + high) // 2
        at, found = _step_from(connection, file, middle, high)
        if found is None or found > step:
            high = middle
        else:
            low = at + 1
    return low


def _step_from(
    connection: Connection, file: FileRow, start: int, stop: int
) -> tuple[int, float | None]:
    """Return the first line from `start` on that says its step, and that step; (stop, None) without one."""
    while start < stop:
        for at, line in enumerate(
            read_lines(connection, file, start, min(stop, start + 64)), start
        ):
            found = step_of(line)
            if found is not None:
                return at, found
        start += 64
    return stop, None


def step_of(line: bytes) -> float | None:
    """Return the ``_step`` of a row of JSON, None where it has none that is a number."""
    from epochal.formats.wandb_rows import parse_line

    try:
        step = parse_line(line).get("_step")
    except ValueError:
        return None
    return step if isinstance(step, int | float) and not isinstance(step, bool) else None
