"""Files of a run by their names, alerts, and what is said about a run beside its rows."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from epochal.errors import NotFound, UsageError
from epochal.records import BlobInfo, Principal, RunAlert, RunFile, RunState
from epochal.store import catalog
from epochal.store.attempts import check_run, latest_attempt
from epochal.store.commit import is_ended, store_runs
from epochal.store.documents import is_too_deep
from epochal.store.engine import Connection
from epochal.store.file_rows import entity_of, file_name, store_files
from epochal.store.line_files import make_file, write_lines
from epochal.store.media import held_in, remove_unowned
from epochal.store.names import display_name, storable

MAX_ALERT = 10_000
"""Characters of an alert's text."""
_LEVELS = ("INFO", "WARN", "ERROR")
_COLUMNS = "name, digest, md5, size, mimetype, updated"


def lock_live_run(connection: Connection, principal: Principal, run: str) -> None:
    """Lock a run that something is going to be kept for. Raises NotFound and RunDeleted."""
    connection.rows(f"SELECT uid FROM run WHERE uid = ?{connection.for_update}", [run])
    check_run(connection, principal, run)


def put_file(
    connection: Connection,
    principal: Principal,
    run: str,
    name: str,
    blob: BlobInfo | str,
    mimetype: str | None,
) -> tuple[RunFile, bool]:
    """Return what `Store.put_file` does, and whether bytes have gone of which there may be a file."""
    name = file_name(name)
    lock_live_run(connection, principal, run)
    digest = blob.digest if isinstance(blob, BlobInfo) else blob
    # Before anything is decided about it: its last run may be on its way out.
    found = connection.row(
        f"SELECT size, md5 FROM blob WHERE digest = ? AND complete{connection.for_update}", [digest]
    )
    if found is None or (
        not isinstance(blob, BlobInfo)
        and not held_in(connection, [digest], entity_of(connection, run))
    ):
        raise NotFound(f"there is no blob {digest[:64]}")
    size, md5 = found
    if isinstance(blob, BlobInfo):
        md5 = blob.md5
    kind = None if mimetype is None else storable(mimetype)[:256]
    file = RunFile(name, digest, md5, size, kind, time.time())
    former = store_files(connection, run, [file])
    gone = remove_unowned(connection, former)
    _touch(connection, principal, run)
    return file, bool(gone)


def list_files(
    connection: Connection,
    principal: Principal,
    run: str,
    names: Sequence[str] | None,
    like: str | None,
) -> list[RunFile]:
    """See `Store.files`."""
    check_run(connection, principal, run)
    columns = f"SELECT {_COLUMNS} FROM run_file"
    if names is not None:
        wanted = list(dict.fromkeys(storable(name) for name in names))
        rows = connection.rows_among(
            f"{columns} WHERE name IN ({{}}) AND run_uid = ?", wanted, after=[run]
        )
    else:
        rows = connection.rows(f"{columns} WHERE run_uid = ?", [run])
    files = [RunFile(*row) for row in rows]
    if like is not None:
        # Here and not in SQL: the engines do not agree on the case of letters.
        fits = _like(like).fullmatch
        files = [file for file in files if fits(file.name)]
    return sorted(files, key=lambda file: file.name)


def _like(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a pattern of SQL's LIKE; a backslash takes the next character as it is."""
    parts = re.findall(r"\\?.", pattern, re.DOTALL)
    meanings = {"%": ".*", "_": "."}
    return re.compile(
        "".join(meanings.get(part) or re.escape(part[-1]) for part in parts), re.DOTALL
    )


def delete_files(
    connection: Connection, principal: Principal, run: str, names: Sequence[str]
) -> int:
    """See `Store.delete_files`."""
    lock_live_run(connection, principal, run)
    wanted = list(dict.fromkeys(storable(name) for name in names))
    rows = connection.rows_among(
        "SELECT digest FROM run_file WHERE name IN ({}) AND run_uid = ?", wanted, after=[run]
    )
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        marks = ",".join("?" * len(part))
        connection.run(
            f"DELETE FROM run_file WHERE name IN ({marks}) AND run_uid = ?", [*part, run]
        )
    digests = sorted({digest for (digest,) in rows})
    kept = {
        digest
        for (digest,) in connection.rows_among(
            "SELECT digest FROM run_file WHERE digest IN ({}) AND run_uid = ?", digests, after=[run]
        )
    }
    gone = [digest for digest in digests if digest not in kept]
    # A picture is deleted where a logged value shows it, too: that is what its owner wants.
    connection.run_among("DELETE FROM blob_ref WHERE run_uid = ? AND digest IN ({})", gone, [run])
    remove_unowned(connection, gone)
    if rows:
        _touch(connection, principal, run)
    return len(rows)


def _touch(connection: Connection, principal: Principal, run: str) -> None:
    """Raise a run's version, so that pages that show it look again."""
    row, _trashed = catalog.lock_run(connection, principal, run)
    store_runs(connection, [row], time.time())


# ------------------------------------------------------------------------------------------- alerts


def add_alert(
    connection: Connection,
    principal: Principal,
    run: str,
    title: str,
    text: str,
    level: str,
    wait_s: float,
) -> bool:
    """See `Store.add_alert`."""
    title = display_name(title, "")
    if not title:
        raise UsageError("an alert needs a title")
    if level not in _LEVELS:
        raise UsageError(f"the level of an alert is one of {', '.join(_LEVELS)}, not {level!r:.40}")
    lock_live_run(connection, principal, run)
    now = time.time()
    latest = connection.value(
        "SELECT max(created) FROM alert WHERE run_uid = ? AND title = ?", [run, title]
    )
    if latest is not None and now - latest < wait_s:
        return False
    connection.run(
        "INSERT INTO alert (run_uid, title, text, level, created) VALUES (?, ?, ?, ?, ?)",
        [run, title, storable(text)[:MAX_ALERT], level, now],
    )
    _touch(connection, principal, run)
    return True


def list_alerts(connection: Connection, principal: Principal, run: str) -> list[RunAlert]:
    """See `Store.alerts`."""
    check_run(connection, principal, run)
    rows = connection.rows(
        "SELECT title, text, level, created FROM alert WHERE run_uid = ? ORDER BY id", [run]
    )
    return [RunAlert(*row) for row in rows]


# ------------------------------------------------------------------------------------------- said about a run


def request_stop(connection: Connection, principal: Principal, run: str) -> None:
    """See `Store.request_stop`."""
    check_run(connection, principal, run)
    row, _trashed = catalog.lock_run(connection, principal, run)
    now = time.time()
    connection.run("UPDATE run SET stop_requested = ? WHERE uid = ?", [now, run])
    store_runs(connection, [row], now)


def set_state(connection: Connection, principal: Principal, run: str, state: RunState) -> None:
    """See `Store.set_state`."""
    if state not in get_args(RunState):
        raise UsageError(f"{state!r:.40} is not a state of a run: {', '.join(get_args(RunState))}")
    check_run(connection, principal, run)
    now = time.time()
    if is_ended(state):
        connection.run(
            "UPDATE writer SET state = ?, ended = ? WHERE run_uid = ? AND state IN"
            " ('running', 'pending', 'preempting')",
            [state, now, run],
        )
    row, _trashed = catalog.lock_run(connection, principal, run)
    row.state = state
    row.finished = (row.finished or now) if is_ended(state) else None
    store_runs(connection, [row], now)


def change_document(
    connection: Connection, principal: Principal, run: str, patch: Mapping[str, Any]
) -> None:
    """See `Store.change_document`."""
    if is_too_deep(patch):
        raise UsageError("a patch of a run's document is nested too deeply")
    check_run(connection, principal, run)
    row, _trashed = catalog.lock_run(connection, principal, run)
    row.document.merge_metrics(patch)
    name = row.document.merge(patch)
    if name is not None:
        row.name = display_name(name, row.name)
    row.document_changed = True
    started = (patch.get("run") or {}).get("started")
    if isinstance(started, int | float) and 0 < started < row.created:
        # Sent long after it was logged, as from a folder of a machine without a network.
        row.created = float(started)
        connection.run("UPDATE run SET created = ? WHERE uid = ?", [row.created, run])
    line = (patch.get("lines") or {}).get("summary")
    if line is not None:
        file = make_file(connection, run, latest_attempt(connection, run), "summary")
        write_lines(connection, file, [(0, [line.encode("utf-8", "replace")])])
    store_runs(connection, [row], time.time())
