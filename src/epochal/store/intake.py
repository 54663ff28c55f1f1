"""The way in: journal bytes of many writers become committed rows, one transaction for all that wait.

One thread commits. What arrives while a commit runs goes into the next one, so an idle store answers at once
and a busy one shares each fsync. Within a transaction rows are locked in one order (writers, runs, projects, each
by key), so that two servers on one PostgreSQL do not deadlock; should they still, the transaction is repeated.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any

from epochal.errors import EnvironmentFault, EpochalError, RunDeleted, StoreClosed, UsageError
from epochal.records import Ack
from epochal.store.access import must_write
from epochal.store.commit import Delivery, GroupCommit, Memory, Outcome
from epochal.store.engine import Database, PostgresDatabase
from epochal.store.names import check_uid
from epochal.store.registration import read_head, register_writer

logger = logging.getLogger(__name__)

MAX_GROUP_BYTES = 2 << 20
"""Journal bytes of one commit (beside a single larger piece): about 250 k points, so that commits stay short."""
MAX_GROUP = 2000
_ATTEMPTS = 8


class Intake:
    """The queue of deliveries and the thread that commits them."""

    def __init__(
        self,
        database: Database,
        *,
        check_room: Callable[[], None],
        committed: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Start the thread.

        Args:
            database: where to commit.
            check_room: raises StoreFull while no points can be taken.
            committed: called after every commit that changed a project.
            clock: server time.
        """
        self._database = database
        self._check_room = check_room
        self._committed = committed
        self._clock = clock
        self._queue: SimpleQueue[Delivery | None] = SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._known: set[str] = set()
        self._memory = Memory()
        self._thread = threading.Thread(target=self._serve, name="epochal-intake", daemon=True)
        self._thread.start()

    # ---- any thread

    def submit(self, delivery: Delivery) -> Future[Ack]:
        """Queue a delivery. Raises UsageError, Forbidden and StoreFull at once, the rest through the future."""
        must_write(delivery.principal)
        check_uid("writer", delivery.writer)
        if delivery.offset < 0:
            raise UsageError(f"offset {delivery.offset} is negative")
        if delivery.data:
            self._check_room()
        with self._closing:
            if self._closed:
                raise StoreClosed("the store is closed")
            self._queue.put(delivery)
        return delivery.future

    def forget(self, run: str) -> None:
        """Drop what is remembered of a run that was deleted."""
        self._memory.forget(run)

    def close(self) -> None:
        """Commit what is queued and end the thread."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    # ---- the committing thread

    def _serve(self) -> None:
        waiting: Delivery | None = None
        while True:
            first = waiting or self._queue.get()
            waiting = None
            if first is None:
                return
            group, size, last = [first], first.size, False
            while len(group) < MAX_GROUP:
                try:
                    delivery = self._queue.get_nowait()
                except Empty:
                    break
                if delivery is None:
                    last = True
                    break
                more = delivery.size
                if size + more > MAX_GROUP_BYTES:
                    waiting = delivery
                    break
                group.append(delivery)
                size += more
            self._commit(group)
            if last:
                return

    def _commit(self, group: list[Delivery]) -> None:
        """Commit a group and settle its futures; nothing that one writer sent can fail the others."""
        outcomes: list[Outcome]
        try:
            outcomes = self._attempt(group)
        except EpochalError as error:
            outcomes = [error for _ in group]
        except Exception:
            logger.exception("a commit of %d deliveries failed", len(group))
            outcomes = self._one_by_one(group)
        self._settle(group, outcomes)

    def _one_by_one(self, group: list[Delivery]) -> list[Outcome]:
        by_writer: dict[str, list[int]] = {}
        for i, delivery in enumerate(group):
            by_writer.setdefault(delivery.writer, []).append(i)
        outcomes: list[Outcome] = [StoreClosed("not committed")] * len(group)
        for writer, indexes in by_writer.items():
            try:
                found = self._attempt([group[i] for i in indexes])
            except EpochalError as error:
                found = [error] * len(indexes)
            except Exception as error:
                logger.exception("journal bytes of writer %s cannot be stored", writer)
                message = f"journal bytes of writer {writer} cannot be stored: {error}"
                found = [EnvironmentFault(message) for _ in indexes]
            for i, outcome in zip(indexes, found, strict=True):
                outcomes[i] = outcome
        return outcomes

    def _settle(self, group: list[Delivery], outcomes: list[Outcome]) -> None:
        for delivery, outcome in zip(group, outcomes, strict=True):
            if not delivery.future.set_running_or_notify_cancel():
                continue  # nobody waits any more; the rows are kept all the same
            if isinstance(outcome, Ack):
                delivery.future.set_result(outcome)
            else:
                delivery.future.set_exception(outcome)

    def _attempt(self, group: list[Delivery]) -> list[Outcome]:
        """Commit a group in one transaction, repeating it after a conflict with another server."""
        attempt = 0
        while True:
            try:
                refused = self._register(group)
                with self._database.write() as connection:
                    work = GroupCommit(self._memory, connection, self._clock())
                    outcomes = work.apply(group, refused)
            except Exception as error:
                self._memory.documents.clear()
                attempt += 1
                conflict = isinstance(
                    self._database, PostgresDatabase
                ) and self._database.is_conflict(error)
                if not conflict or attempt == _ATTEMPTS:
                    raise
                time.sleep(0.002 * attempt)
                continue
            work.remember()
            self._known -= work.gone
            if work.touched:
                self._committed()
            return outcomes

    # ---- writers and runs that are new

    def _register(self, group: list[Delivery]) -> dict[str, Outcome]:
        """Make the rows of writers that are not known yet; returns the outcome of those that get none.

        Its own transaction: it locks the project first, which the commit of rows locks last.
        """
        unknown: dict[str, Delivery] = {}
        for delivery in group:
            if delivery.writer not in self._known:
                unknown.setdefault(delivery.writer, delivery)
        if not unknown:
            return {}
        refused: dict[str, Outcome] = {}
        heads: dict[str, tuple[Delivery, Mapping[str, Any]]] = {}
        with self._database.read() as connection:
            names = sorted(unknown)
            seen = {
                uid
                for (uid,) in connection.rows_among(
                    "SELECT uid FROM writer WHERE uid IN ({})", names
                )
            }
            dead = {
                uid
                for (uid,) in connection.rows_among(
                    "SELECT uid FROM tombstone WHERE uid IN ({})", names
                )
            }
        for writer, delivery in unknown.items():
            if writer in dead:
                refused[writer] = RunDeleted(f"the run of writer {writer} was deleted for ever")
            elif writer not in seen:
                try:
                    head = delivery.head or read_head(
                        writer, delivery.offset, delivery.data, final=delivery.final
                    )
                    if head is None:
                        refused[writer] = Ack("", 0, 0)
                    else:
                        heads[writer] = (delivery, head)
                except EpochalError as error:
                    refused[writer] = error
        # By project, because their rows are locked; within it in the order of arrival, which numbers runs and writers.
        in_order = sorted(heads.items(), key=lambda item: _project_of(item[1][1]))
        if in_order:
            with self._database.write() as connection:
                for writer, (delivery, head) in in_order:
                    try:
                        register_writer(connection, delivery.principal, writer, head, self._clock())
                    except EpochalError as error:
                        refused[writer] = error
        if len(self._known) > 100_000:
            self._known.clear()
        self._known.update(writer for writer in unknown if writer not in refused)
        return refused


def _project_of(head: Mapping[str, Any]) -> tuple[str, str]:
    run = head.get("run")
    return (str(run.get("entity")), str(run.get("project"))) if isinstance(run, dict) else ("", "")
