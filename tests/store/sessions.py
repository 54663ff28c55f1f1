"""A client's session for tests: lines go to the store as the server's intake sends them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from epochal.formats.frame import encode_frame_record
from epochal.formats.journal import encode_lines_record
from epochal.formats.wandb_rows import rows_to_frame
from epochal.records import LOCAL_ADMIN, Ack, RunSession
from epochal.store.base import Store
from tests.store.journals import START, head


def row(step: int, **values: Any) -> bytes:
    """Return a line of history."""
    return json.dumps({**values, "_step": step, "_timestamp": START + step}).encode()


def rows(start: int, stop: int) -> list[bytes]:
    """Return lines of history with the keys `loss` and `epoch`."""
    return [row(step, loss=1.0 / (step + 1), epoch=step // 10) for step in range(start, stop)]


def lines_of(file: str, first: int, lines: Sequence[bytes]) -> bytes:
    """Return the records of lines, and of the rows in them for those files that have some."""
    record = encode_lines_record(file, first, lines)
    if file in ("history", "events"):
        record += encode_frame_record(rows_to_frame(lines, first, events=file == "events"))
    return record


def make_run(store: Store, run_id: str = "night") -> str:
    """Return the uid of a new run."""
    return store.create_run(LOCAL_ADMIN, "local", "digits", run_id)[0]


def begin(store: Store, run: str, **options: Any) -> RunSession:
    """Return a new session whose writer has said its HEAD."""
    session = store.begin_session(
        LOCAL_ADMIN, run, attempt=options.pop("attempt", "new"), **options
    )
    about = {"patience": 300, "host": "box"}
    store.append(LOCAL_ADMIN, session.writer, 0, head(session.writer, run, about=about), exact=True)
    return current(store, run)


def aside(session: RunSession) -> dict[str, Any]:
    """Return what the HEAD of a session's writer of the machine's rows says of it, as the server's intake does."""
    return {"label": "system", "parent": session.writer}


def current(store: Store, run: str) -> RunSession:
    """Return the latest session of a run, which it has."""
    session = store.session(LOCAL_ADMIN, run)
    assert session is not None
    return session


def send(store: Store, run: str, *records: bytes) -> Ack:
    """Append records at the end of the session's journal."""
    session = current(store, run)
    data = b"".join(records)
    return store.append(LOCAL_ADMIN, session.writer, session.acknowledged, data, exact=True)


def log(store: Store, run: str, lines: Sequence[bytes]) -> Ack:
    """Append history."""
    return send(store, run, lines_of("history", current(store, run).lines["history"], lines))


def values(store: Store, run: str, key: str) -> list[Any]:
    """Return all values of a key, by writer and row."""
    page = store.history(LOCAL_ADMIN, run, [key])
    columns = sorted(page.columns, key=lambda column: column.writer)
    return [value for column in columns for value in column.values]
