"""The part of the SQL store that keeps what clients send as it is: sessions, lines, files, alerts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from epochal.errors import EnvironmentFault, UsageError
from epochal.records import (
    Attempt,
    BlobInfo,
    LineFile,
    Principal,
    RunAlert,
    RunFile,
    RunSession,
    RunState,
)
from epochal.store import client_sessions, derive, line_files, media, run_files
from epochal.store.access import must_write
from epochal.store.attempts import find_attempt
from epochal.store.base import BlobSink, Store
from epochal.store.blob_files import BlobFiles
from epochal.store.engine import Connection, Database
from epochal.store.registration import create_run
from epochal.store.together import Together

logger = logging.getLogger(__name__)

T = TypeVar("T")


class ReceivedStore(Store):
    """See `Store` for the contract; `SqlStore` gives the transactions."""

    database: Database
    blob_files: BlobFiles
    together: Together

    def _change(self, work: Callable[[Connection], T], *, notify: bool = True) -> T:
        """Do `work` in a transaction, again after a conflict with another server; tells the watchers."""
        raise NotImplementedError

    # ---- runs and sessions

    def create_run(
        self,
        principal: Principal,
        entity: str,
        project: str,
        run_id: str,
        *,
        about: Mapping[str, Any] | None = None,
        state: RunState = "pending",
    ) -> tuple[str, bool]:
        """See `Store.create_run`."""
        must_write(principal)
        return self._change(
            lambda connection: create_run(
                connection, principal, entity, project, run_id, about or {}, state, time.time()
            )
        )

    def begin_session(
        self,
        principal: Principal,
        run: str,
        *,
        attempt: Attempt,
        branch: Mapping[str, Any] | None = None,
    ) -> RunSession:
        """See `Store.begin_session`."""
        must_write(principal)
        self._derive(run)
        self._change(
            lambda connection: client_sessions.begin_session(
                connection, principal, run, attempt, branch
            )
        )
        self._derive(run)
        found = self.session(principal, run)
        assert found is not None
        return found

    def rejoin_attempt(self, principal: Principal, run: str, writer: str) -> None:
        """See `Store.rejoin_attempt`."""
        must_write(principal)
        self._change(
            lambda connection: client_sessions.rejoin_attempt(connection, principal, run, writer)
        )

    def session(self, principal: Principal, run: str) -> RunSession | None:
        """See `Store.session`."""
        while True:
            with self.database.read() as connection:
                found = client_sessions.read_session(connection, principal, run)
                if not connection.value("SELECT 1 FROM derivation WHERE run_uid = ?", [run]):
                    return found
            self._derive(run)

    def request_stop(self, principal: Principal, run: str) -> None:
        """See `Store.request_stop`."""
        must_write(principal)
        self._change(lambda connection: run_files.request_stop(connection, principal, run))

    def set_state(self, principal: Principal, run: str, state: RunState) -> None:
        """See `Store.set_state`."""
        must_write(principal)
        self._change(lambda connection: run_files.set_state(connection, principal, run, state))

    def change_document(self, principal: Principal, run: str, patch: Mapping[str, Any]) -> None:
        """See `Store.change_document`."""
        must_write(principal)
        self._change(
            lambda connection: run_files.change_document(connection, principal, run, patch)
        )

    # ---- lines

    def read_lines(
        self,
        principal: Principal,
        run: str,
        file: LineFile,
        start: int = 0,
        stop: int | None = None,
        attempt: int | None = None,
    ) -> list[bytes]:
        """See `Store.read_lines`."""
        with self.database.read() as connection:
            found = find_attempt(connection, principal, run, file, attempt)
            if found is None:
                return []
            end = found.lines if stop is None else min(stop, found.lines)
            return line_files.read_lines(connection, found, max(0, start), end)

    def line_total(
        self, principal: Principal, run: str, file: LineFile, attempt: int | None = None
    ) -> int:
        """See `Store.line_total`."""
        with self.database.read() as connection:
            found = find_attempt(connection, principal, run, file, attempt)
            return 0 if found is None else found.lines

    def lines_up_to(self, principal: Principal, run: str, step: float) -> int:
        """See `Store.lines_up_to`."""
        with self.database.read() as connection:
            found = find_attempt(connection, principal, run, "history", None)
            return 0 if found is None else client_sessions.count_up_to(connection, found, step)

    def cut_history(self, principal: Principal, run: str, lines: int) -> None:
        """See `Store.cut_history`."""
        must_write(principal)
        if lines < 0:
            raise UsageError(f"a history cannot be cut to {lines} lines")
        self._derive(run)
        self._change(lambda connection: derive.begin_cut(connection, principal, run, lines))
        self._derive(run)

    def _derive(self, run: str) -> None:
        """Finish what is to be made anew of a run's columns, by whomever it was begun."""
        with self.database.read() as connection:
            if not connection.value("SELECT 1 FROM derivation WHERE run_uid = ?", [run]):
                return
        while self._change(partial(derive.work_on, run=run), notify=False):
            pass
        self._change(lambda _connection: None)

    def _finish_derivations(self) -> None:
        with self.database.read() as connection:
            unfinished = derive.unfinished(connection)
        for run in unfinished:
            try:
                self._derive(run)
            except EnvironmentFault:
                raise
            except Exception:
                logger.exception(
                    "the columns of run %s cannot be made anew; its lines are there", run
                )

    # ---- files

    def receive_blob(self, principal: Principal) -> BlobSink:
        """See `Store.receive_blob`."""
        must_write(principal)
        return self.blob_files.receive()

    def find_blob_by_md5(self, principal: Principal, md5: str) -> str | None:
        """See `Store.find_blob_by_md5`."""
        with self.database.read() as connection:
            return media.find_by_md5(connection, principal, md5)

    def put_file(
        self,
        principal: Principal,
        run: str,
        name: str,
        blob: BlobInfo | str,
        mimetype: str | None = None,
    ) -> RunFile:
        """See `Store.put_file`."""
        must_write(principal)
        file, has_gone = self.together(
            lambda connection: run_files.put_file(connection, principal, run, name, blob, mimetype)
        )
        if has_gone:
            self.blob_files.sweep()
        return file

    def files(
        self,
        principal: Principal,
        run: str,
        *,
        names: Sequence[str] | None = None,
        like: str | None = None,
    ) -> Sequence[RunFile]:
        """See `Store.files`."""
        with self.database.read() as connection:
            return run_files.list_files(connection, principal, run, names, like)

    def delete_files(self, principal: Principal, run: str, names: Sequence[str]) -> int:
        """See `Store.delete_files`."""
        must_write(principal)
        count = self._change(
            lambda connection: run_files.delete_files(connection, principal, run, names)
        )
        self.blob_files.sweep()
        return count

    def read_blob(
        self, principal: Principal, digest: str, start: int = 0, size: int | None = None
    ) -> tuple[int, bytes]:
        """See `Store.read_blob`."""
        with self.database.read() as connection:
            total, place = media.find_blob(connection, principal, digest)
            end = total if size is None else min(total, start + size)
            if place is None:
                return total, b"".join(media.read_blob(connection, digest, start, end))
        return total, self.blob_files.read(digest, start, end) if start < end else b""

    # ---- alerts

    def add_alert(
        self,
        principal: Principal,
        run: str,
        title: str,
        text: str,
        level: str = "INFO",
        wait_s: float = 0.0,
    ) -> bool:
        """See `Store.add_alert`."""
        must_write(principal)
        return self._change(
            lambda connection: run_files.add_alert(
                connection, principal, run, title, text, level, wait_s
            )
        )

    def alerts(self, principal: Principal, run: str) -> Sequence[RunAlert]:
        """See `Store.alerts`."""
        with self.database.read() as connection:
            return run_files.list_alerts(connection, principal, run)
