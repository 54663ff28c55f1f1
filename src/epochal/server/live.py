"""Change notices: one task asks the store what changed and tells every page that listens.

The task runs while somebody listens. It is woken by this process's commits and looks twice a second by itself for
those of other servers, at most four times a second altogether. What a subscriber has not been sent yet is merged,
not queued: a slow page costs one notice a project, however far behind it is.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

import anyio.to_thread
from starlette.types import Receive, Scope, Send

from epochal.errors import EpochalError
from epochal.records import Change
from epochal.store.base import Store

MINIMUM_INTERVAL_S = 0.25
POLL_INTERVAL_S = 0.5
FAILURE_INTERVAL_S = 2.0
COMMENT_INTERVAL_S = 15.0
SEND_PATIENCE_S = 30.0
MOST_RUNS = 100

Versions = dict[tuple[str, str], int]
log = logging.getLogger("epochal.server")


class Subscriber:
    """One listening page: what it has not been told yet."""

    def __init__(self, project: str | None) -> None:
        self.project = project
        self.closed = False
        self._pending: dict[str, Change] = {}
        self._changed = asyncio.Event()

    def offer(self, changes: Sequence[Change]) -> None:
        """Merge what this page wants of `changes` into what it has not been told yet."""
        for change in changes:
            name = f"{change.entity}/{change.project}"
            if self.project not in (None, name):
                continue
            before = self._pending.get(name)
            self._pending[name] = change if before is None else _merged(before, change)
            self._changed.set()

    def close(self) -> None:
        """End the subscription: `wait` returns at once from now on."""
        self.closed = True
        self._changed.set()

    async def wait(self, timeout_s: float) -> list[Change]:
        """Return what changed, oldest project first; an empty list after `timeout_s` or `close`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return []
        if not self.closed:
            self._changed.clear()
        changes = list(self._pending.values())
        self._pending.clear()
        return changes


class Live:
    """Watches the store for all subscribers of this process. Belongs to the event loop's thread."""

    def __init__(self, open_store: Callable[[], Awaitable[Store]]) -> None:
        self._open_store = open_store
        self._subscribers: set[Subscriber] = set()
        self._task: asyncio.Task[None] | None = None
        self._baseline: asyncio.Future[Versions] | None = None
        self._stopped = False

    async def subscribe(self, project: str | None, seen: int | None = None) -> Subscriber:
        """Return a subscriber who hears of every change from now on, or from version `seen` of `project`.

        Raises NotReady while there is no store.
        """
        store = await self._open_store()
        subscriber = Subscriber(project)
        if self._stopped:
            subscriber.close()
            return subscriber
        self._subscribers.add(subscriber)
        if self._task is None or self._baseline is None:
            self._baseline = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._watch(store, self._baseline))
        try:
            versions = await asyncio.shield(self._baseline)
        except BaseException:
            self.unsubscribe(subscriber)
            raise
        if project is not None and seen is not None:
            entity, _, name = project.partition("/")
            now = versions.get((entity, name))
            if now is not None and now != seen:
                subscriber.offer([Change(entity, name, now, None)])
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Forget a subscriber; the last one ends the watch."""
        self._subscribers.discard(subscriber)
        if not self._subscribers and self._task is not None:
            self._task.cancel()
            self._task = None
            self._baseline = None

    async def stop(self) -> None:
        """End every stream, and refuse new ones: the server is stopping."""
        self._stopped = True
        for subscriber in self._subscribers:
            subscriber.close()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _watch(self, store: Store, baseline: asyncio.Future[Versions]) -> None:
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(woken.set)
            except RuntimeError:  # the loop has ended; so has this watch
                pass

        unwatch = store.watch(wake)
        try:
            versions = await self._first_versions(store, baseline)
            while True:
                asked = time.monotonic()
                try:
                    async with asyncio.timeout(POLL_INTERVAL_S):
                        await woken.wait()
                except TimeoutError:
                    pass
                await asyncio.sleep(max(0.0, asked + MINIMUM_INTERVAL_S - time.monotonic()))
                woken.clear()
                versions.update(await self._tell(store, versions))
        finally:
            unwatch()
            if not baseline.done():
                baseline.cancel()

    async def _first_versions(self, store: Store, baseline: asyncio.Future[Versions]) -> Versions:
        while True:
            try:
                _changes, versions = await anyio.to_thread.run_sync(store.changes, {})
            except EpochalError as error:
                log.warning("live notices wait: %s", error)
                await asyncio.sleep(FAILURE_INTERVAL_S)
                continue
            # one dictionary from here on: a later subscriber's `seen` is compared with the versions of that moment
            baseline.set_result(versions)
            return versions

    async def _tell(self, store: Store, versions: Versions) -> Versions:
        try:
            changes, now = await anyio.to_thread.run_sync(store.changes, dict(versions))
        except EpochalError as error:
            log.warning("live notices wait: %s", error)
            await asyncio.sleep(FAILURE_INTERVAL_S)
            return versions
        if changes:
            for subscriber in self._subscribers:
                subscriber.offer(changes)
        return now


def _merged(before: Change, after: Change) -> Change:
    if before.runs is None or after.runs is None:
        return Change(after.entity, after.project, after.version, None)
    runs = tuple(dict.fromkeys(before.runs + after.runs))
    return Change(
        after.entity, after.project, after.version, runs if len(runs) <= MOST_RUNS else None
    )


class EventStream:
    """The server-sent events of one subscriber, as an ASGI response."""

    def __init__(self, live: Live, subscriber: Subscriber, version: str) -> None:
        self._live = live
        self._subscriber = subscriber
        self._version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send notices until the client goes away, the server stops, or the client stops reading."""
        gone = asyncio.create_task(self._close_when_gone(receive))
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [
                        (b"content-type", b"text/event-stream; charset=utf-8"),
                        (b"cache-control", b"no-store"),
                        (b"x-accel-buffering", b"no"),  # nginx would hold notices back
                    ],
                }
            )
            await _send_in_time(send, hello(self._version))
            while not self._subscriber.closed:
                changes = await self._subscriber.wait(COMMENT_INTERVAL_S)
                text = b"".join(map(notice, changes)) if changes else b":\n\n"
                await _send_in_time(send, text)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (TimeoutError, OSError):
            log.info("a client that does not read its notices was dropped")
        finally:
            self._live.unsubscribe(self._subscriber)
            gone.cancel()

    async def _close_when_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._subscriber.close()


async def _send_in_time(send: Send, text: bytes) -> None:
    async with asyncio.timeout(SEND_PATIENCE_S):
        await send({"type": "http.response.body", "body": text, "more_body": True})


def hello(version: str) -> bytes:
    """Return the event that a stream opens with; it names the server's version."""
    return b"event: hello\ndata: " + json.dumps({"version": version}).encode() + b"\n\n"


def notice(change: Change) -> bytes:
    """Return the event that tells of a change."""
    data = {
        "project": f"{change.entity}/{change.project}",
        "version": change.version,
        "runs": None if change.runs is None else list(change.runs),
    }
    return b"event: change\nid: %d\ndata: %s\n\n" % (change.version, json.dumps(data).encode())
