"""One transaction for what many threads want to change at the same time.

A transaction ends with a wait for the disk, which costs the same for one change and for a hundred: 128 small files of a
run, sent at once, wait for a few of them instead of 256.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from epochal.errors import EpochalError
from epochal.store.engine import Connection

T = TypeVar("T")

MOST = 64
"""Changes in one transaction, which nobody else can write beside."""


class Changer(Protocol):
    """Does work in a transaction, again after a conflict."""

    def __call__(self, work: Callable[[Connection], T], *, notify: bool = True) -> T:
        """Return what `work` returns."""
        ...


class _Change:
    """What one thread waits for."""

    __slots__ = ("error", "is_done", "notify", "result", "work")

    def __init__(self, work: Callable[[Connection], Any], *, notify: bool) -> None:
        self.work = work
        self.notify = notify
        self.is_done = False
        self.result: Any = None
        self.error: BaseException | None = None

    def end(self, result: Any = None, error: BaseException | None = None) -> None:
        self.result, self.error, self.is_done = result, error, True


class Together:
    """Does changes as `change` does, those that come while another one is written in one transaction.

    An EpochalError of one of them takes back that one alone; any other error, and then each is done by itself.
    """

    def __init__(self, change: Changer) -> None:
        self._change = change
        self._turn = threading.Lock()
        self._guard = threading.Lock()
        self._waiting: list[_Change] = []

    def __call__(self, work: Callable[[Connection], T], *, notify: bool = True) -> T:
        """Return what `work` returns, when it is durable; `work` may be done again, as after any conflict."""
        mine = _Change(work, notify=notify)
        with self._guard:
            self._waiting.append(mine)
        with self._turn:
            # Whoever had the turn before has done this one too, unless there were too many.
            while not mine.is_done:
                with self._guard:
                    batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                self._do(batch)
        if mine.error is not None:
            raise mine.error
        return mine.result

    def _do(self, batch: list[_Change]) -> None:
        if len(batch) > 1:
            try:
                outcomes = self._change(
                    lambda connection: [_outcome(connection, one.work) for one in batch],
                    notify=any(one.notify for one in batch),
                )
            except Exception:  # of the database: it is found by doing them one by one
                pass
            else:
                for one, (result, error) in zip(batch, outcomes, strict=True):
                    one.end(result, error)
                return
        for one in batch:
            try:
                one.end(self._change(one.work, notify=one.notify))
            except BaseException as error:
                one.end(error=error)


def _outcome(
    connection: Connection, work: Callable[[Connection], Any]
) -> tuple[Any, EpochalError | None]:
    connection.run("SAVEPOINT one_of_many")
    try:
        result, error = work(connection), None
    except EpochalError as refused:
        connection.run("ROLLBACK TO SAVEPOINT one_of_many")
        result, error = None, refused
    connection.run("RELEASE SAVEPOINT one_of_many")
    return result, error
