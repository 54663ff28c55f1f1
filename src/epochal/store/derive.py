"""Columns made anew from lines: of a rewound history, and of the rows that a fork has from its parent.

A row in `derivation` says what is to be done; it is made in the transaction that cuts or inherits the lines and removed
in the one that ends the work. Between them every transaction does a part and notes how far it is, so that whoever
meets the row later, this process or the next, goes on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from epochal.errors import CorruptBlock
from epochal.formats.block import decode_block
from epochal.records import Column, Principal
from epochal.store import catalog
from epochal.store.attempts import check_run, latest_attempt
from epochal.store.client_sessions import FORK, add_writer
from epochal.store.commit import GroupCommit, Memory, RunRow, is_ended, store_runs, update_states
from epochal.store.documents import RunDocument
from epochal.store.engine import Connection
from epochal.store.gains import Gain, measure_columns, store_gains
from epochal.store.line_files import cut_lines, find_file, read_lines
from epochal.store.names import random_text
from epochal.store.salvage import read_tail

logger = logging.getLogger(__name__)

AT_ONCE = 4096
"""Lines of one transaction."""
_SLICE = 256


@dataclass(frozen=True, slots=True)
class Derivation:
    """A row of `derivation`: lines `done` to before `until` of an attempt's history become rows of `writer`."""

    run: str
    attempt: int
    writer: str
    done: int
    until: int
    rewinds: bool


def find_derivation(connection: Connection, run: str) -> Derivation | None:
    """Return what is to be done for a run, its row locked; None when nothing is."""
    row = connection.row(
        "SELECT run_uid, attempt, writer, done, until, rewinds FROM derivation WHERE run_uid = ?"
        f"{connection.for_update}",
        [run],
    )
    if row is None:
        return None
    uid, attempt, writer, done, until, rewinds = row
    return Derivation(uid, attempt, writer, done, until, bool(rewinds))


def unfinished(connection: Connection) -> list[str]:
    """Return the runs for which something is to be done."""
    return [run for (run,) in connection.rows("SELECT run_uid FROM derivation ORDER BY run_uid")]


# ------------------------------------------------------------------------------------------- the cut


def begin_cut(connection: Connection, principal: Principal, run: str, lines: int) -> bool:
    """Cut the newest attempt's history, and note what is to be made anew; returns whether there was anything to cut."""
    check_run(connection, principal, run)
    attempt = latest_attempt(connection, run)
    # Writers before the run, as a commit does: what is under way is in, or is refused.
    connection.rows(
        f"SELECT id FROM writer WHERE run_uid = ? ORDER BY uid{connection.for_update}", [run]
    )
    row, _trashed = catalog.lock_run(connection, principal, run)
    file = find_file(connection, run, attempt, "history")
    if file is None or lines >= file.lines:
        return False
    now = time.time()
    old = _replaced_writers(connection, run, attempt, "")
    sessions = connection.rows(
        "SELECT writer FROM client_session WHERE run_uid = ? AND attempt = ?", [run, attempt]
    )
    connection.many(
        "INSERT INTO tombstone (uid, deleted) VALUES (?, ?) ON CONFLICT DO NOTHING",
        sorted({(uid, now) for (uid,) in sessions}),
    )
    connection.run_among(
        "UPDATE writer SET state = 'crashed', ended = seen WHERE id IN ({})"
        " AND state IN ('running', 'pending', 'preempting')",
        [writer for writer, *_ in old],
    )
    cut_lines(connection, file, lines)
    number, branch_run, branch_step = connection.rows(
        "SELECT number, branch_run, branch_step FROM client_session WHERE run_uid = ? ORDER BY number DESC LIMIT 1",
        [run],
    )[0]
    writer = random_text(12)
    connection.run(
        "INSERT INTO client_session (run_uid, number, attempt, writer, events_writer, started, branch_run, branch_step)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [run, number + 1, attempt, writer, random_text(12), now, branch_run, branch_step],
    )
    ordinal = min((found[2] for found in old), default=None)
    if ordinal is None:
        ordinal = connection.value(
            "SELECT coalesce(max(ordinal) + 1, 0) FROM writer WHERE run_uid = ?", [run]
        )
    state = row.state if is_ended(row.state) else "crashed"
    host = next((found[3] for found in old if found[3]), None)
    add_writer(connection, writer, run, ordinal, None, None, state, now, host)
    connection.run(
        "INSERT INTO derivation (run_uid, attempt, writer, done, until, rewinds) VALUES (?, ?, ?, 0, ?, ?)",
        [run, attempt, writer, lines, True],
    )
    row.rows -= sum(found[4] for found in old)
    row.document.clear_summary()
    row.document_changed = True
    update_states(connection, {run: row}, [run])
    store_runs(connection, [row], now)
    return True


def _replaced_writers(
    connection: Connection, run: str, attempt: int, writer: str
) -> list[tuple[int, str, int, str | None, int]]:
    """Return (id, uid, ordinal, host, rows) of the writers that have the attempt's rows, beside `writer`."""
    return connection.rows(  # type: ignore[return-value]
        "SELECT id, uid, ordinal, host, rows FROM writer WHERE run_uid = ? AND uid <> ? AND (uid IN"
        " (SELECT writer FROM client_session WHERE run_uid = ? AND attempt = ?) OR (label = ? AND parent IN"
        " (SELECT writer FROM client_session WHERE run_uid = ? AND attempt = ?))) ORDER BY id",
        [run, writer, run, attempt, FORK, run, attempt],
    )


# ------------------------------------------------------------------------------------------- the work


def work_on(connection: Connection, run: str) -> bool:
    """Do a part of what is to be done for a run; returns whether something may be left."""
    # The writer first: locked in this order by every commit.
    found = find_derivation(connection, run)
    if found is None:
        return False
    if connection.value("SELECT 1 FROM tombstone WHERE uid = ?", [run]):
        return False  # it is being deleted
    if found.rewinds and _delete_some(connection, found):
        return True
    if found.done < found.until:
        _derive_some(connection, found)
        return True
    if found.rewinds:
        _recount(connection, run)
    connection.run("DELETE FROM derivation WHERE run_uid = ?", [run])
    return False


def _delete_some(connection: Connection, found: Derivation) -> bool:
    """Delete a part of the columns that are made anew; returns whether there were any."""
    old = _replaced_writers(connection, found.run, found.attempt, found.writer)
    place = "ctid" if connection.dialect == "postgresql" else "rowid"
    series = "series_id IN (SELECT id FROM series WHERE run_uid = ?) AND"
    for writer, uid, *_rest in old:
        for table, owner in (("tail", ""), ("axis", ""), ("pyramid", series), ("block", series)):
            among = f"(SELECT {place} FROM {table} WHERE {owner} writer_id = ? LIMIT {_SLICE})"
            parameters = [found.run, writer] if owner else [writer]
            if connection.run(f"DELETE FROM {table} WHERE {place} IN {among}", parameters):
                return True
        connection.run("DELETE FROM writer WHERE uid = ?", [uid])
    return False


def _derive_some(connection: Connection, found: Derivation) -> None:
    from epochal.formats.wandb_rows import rows_to_frame

    stop = min(found.done + AT_ONCE, found.until)
    file = find_file(connection, found.run, found.attempt, "history")
    try:
        lines = [] if file is None else read_lines(connection, file, found.done, stop)
    except CorruptBlock as error:
        logger.error(
            "run %s: rows %d to %d are left out: %s", found.run, found.done, stop - 1, error
        )
        lines = []
    if lines:
        commit = GroupCommit(Memory(), connection, time.time())
        commit.add_rows(found.writer, rows_to_frame(lines, found.done))
    connection.run("UPDATE derivation SET done = ? WHERE run_uid = ?", [stop, found.run])


# ------------------------------------------------------------------------------------------- what series say


def _recount(connection: Connection, run: str) -> None:
    """Set what the series of a run say of their values from what is there."""
    row = connection.row(
        "SELECT uid, project_id, state, name, rows, last_step, created, finished, duration, version, doc FROM run"
        f" WHERE uid = ?{connection.for_update}",
        [run],
    )
    if row is None:
        return
    changed = RunRow(*row[:10], document=RunDocument.parse(row[10]))
    gains: dict[int, Gain] = {}
    before = 0
    for writer, rows, folded in connection.rows(
        "SELECT id, rows, folded FROM writer WHERE run_uid = ? ORDER BY ordinal", [run]
    ):
        for series, column in _pieces(connection, run, writer, folded):
            [(_, gain)] = measure_columns([column], rows + 1, before)
            known = gains.setdefault(series, gain)
            if known is not gain:
                known.add(gain)
        before += rows
    connection.run(
        "UPDATE series SET count = 0, latest = NULL, latest_row = NULL, lowest = NULL, highest = NULL"
        " WHERE run_uid = ?",
        [run],
    )
    store_gains(connection, gains)
    store_runs(connection, [changed], time.time())


def _pieces(
    connection: Connection, run: str, writer: int, folded: int
) -> Iterator[tuple[int, Column]]:
    """Yield (series, its values in rows of the writer), each value once, those of one series in the order of rows."""
    after = (-1, -1)
    while True:
        rows: list[tuple[Any, ...]] = connection.rows(
            "SELECT series_id, row0, own_axis, data FROM block WHERE series_id IN"
            " (SELECT id FROM series WHERE run_uid = ?) AND writer_id = ? AND (series_id, row0) > (?, ?)"
            f" ORDER BY series_id, row0 LIMIT {_SLICE}",
            [run, writer, *after],
        )
        for series, row0, own_axis, data in rows:
            try:
                block = decode_block(bytes(data))
            except CorruptBlock:
                continue  # named in the log by whoever reads it
            at = block.positions
            if at is None:
                at = np.arange(len(block.values), dtype=np.int64)
            yield series, Column("", block.kind, block.values, at if own_axis else at + row0)
        if len(rows) < _SLICE:
            break
        after = rows[-1][:2]
    tails = connection.rows(
        "SELECT id, row0, n, sparse FROM tail WHERE writer_id = ? ORDER BY sparse DESC, row0",
        [writer],
    )
    for tail, row0, n, sparse in tails:
        data = connection.value("SELECT data FROM tail WHERE id = ?", [tail])
        frame = read_tail(bytes(data), tail=tail, row0=row0, n=n)
        for column in frame.columns():
            at = frame.rows if column.positions is None else frame.rows[column.positions]
            values = column.values
            if not sparse and len(at) and int(at[0]) < folded:
                first = int(np.searchsorted(at, folded))
                at, values = at[first:], values[first:]
            if len(at):
                yield column.series, Column("", column.kind, values, at)
