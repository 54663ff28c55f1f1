"""What the routes share: the store once it is open, the threads that read it, the live notices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import anyio
import anyio.to_thread
from starlette.requests import Request

from epochal.server.answers import NotReady
from epochal.server.assets import StaticFiles
from epochal.server.bodies import ReceiveBudget
from epochal.server.live import Live
from epochal.server.settings import Settings
from epochal.server.sources import Sources
from epochal.store.base import Store
from epochal.store.cache import ArrayCache

if TYPE_CHECKING:
    from epochal.store.logdir import LogDirectories

P = ParamSpec("P")
T = TypeVar("T")

OPENING_PATIENCE_S = 10.0
CATALOG_THREADS = 8
SERIES_THREADS = 4
RECEIVE_THREADS = 32
"""Of files that are received: most of the time they wait for the disk, all for one turn of it."""
CLIENT_THREADS = 6
DERIVED_BYTES = 256 << 20
"""Of answers that cost a while to make from a blob: graphs, projections."""
ANSWERS_BYTES = 64 << 20
"""Of series as they were sent last: 12 panels of 100 runs are 4."""


class ClientGone(Exception):
    """The client went away while its request waited; nobody reads the answer."""


class Turn:
    """Lets one at a time do what takes a whole processor, and counts who waits or works."""

    def __init__(self) -> None:
        self.waiting = 0
        self._semaphore = asyncio.Semaphore(1)

    async def __aenter__(self) -> None:
        self.waiting += 1
        try:
            await self._semaphore.acquire()
        except BaseException:
            self.waiting -= 1
            raise

    async def __aexit__(self, *_error: object) -> None:
        self.waiting -= 1
        self._semaphore.release()


class Service:
    """The store and what stands around it. All methods belong to the event loop's thread."""

    def __init__(self, store: Store | None, settings: Settings) -> None:
        self.settings = settings
        self.budget = ReceiveBudget()
        self.live = Live(self.open_store)
        self.files = StaticFiles(settings.static)
        self.sources = Sources()
        self.logdirs: LogDirectories | None = None
        self.derived = ArrayCache(DERIVED_BYTES)
        self.answers = ArrayCache(ANSWERS_BYTES)
        self.projections = Turn()
        self._store = store
        self._failure: str | None = None
        self._settled = asyncio.Event()
        self._catalog = anyio.CapacityLimiter(CATALOG_THREADS)
        self._clients = anyio.CapacityLimiter(CLIENT_THREADS)
        self._receive = anyio.CapacityLimiter(RECEIVE_THREADS)
        self._series_turns = anyio.CapacityLimiter(SERIES_THREADS)
        self._series_threads = anyio.CapacityLimiter(SERIES_THREADS)
        if store is not None:
            self._settled.set()

    def opened(self, store: Store) -> None:
        """Say that the store can serve now."""
        self._store = store
        self._settled.set()

    def watches(self, logdirs: LogDirectories) -> None:
        """Say what watches log directories for the store."""
        self.logdirs = logdirs

    def failed(self, reason: str) -> None:
        """Say that the store cannot be opened, and why."""
        self._failure = reason
        self._settled.set()

    @property
    def is_open(self) -> bool:
        """Whether the store has been opened."""
        return self._store is not None

    async def open_store(self) -> Store:
        """Return the store, waiting a moment for it at the server's start. Raises NotReady."""
        if self._store is None:
            try:
                async with asyncio.timeout(OPENING_PATIENCE_S):
                    await self._settled.wait()
            except TimeoutError:
                raise NotReady("the store is still being opened; try again") from None
        if self._store is None:
            raise NotReady(f"the store cannot be opened: {self._failure}")
        return self._store

    async def catalog(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a short store call in a thread."""
        return await anyio.to_thread.run_sync(
            lambda: work(*args, **kwargs), limiter=self._catalog, abandon_on_cancel=True
        )

    async def client(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what a script asks in a thread: scripts that read thousands of runs do not keep pages waiting."""
        return await anyio.to_thread.run_sync(
            lambda: work(*args, **kwargs), limiter=self._clients, abandon_on_cancel=True
        )

    async def receive(self, work: Callable[[], T]) -> T:
        """Keep a part of a file that is received, in a thread that may wait for the disk."""
        return await anyio.to_thread.run_sync(work, limiter=self._receive)

    async def part(self, work: Callable[[], T]) -> T:
        """Run one part of an answer that is sent while it is read, in a thread for long reads."""
        async with self._series_turns:
            return await anyio.to_thread.run_sync(work, limiter=self._series_threads)

    async def series(self, request: Request, work: Callable[[], T]) -> T:
        """Run a long read in one of a few threads.

        A page that zooms aborts what it asked for before. Such a request is dropped when its turn comes, so that
        the threads serve what somebody waits for. Raises ClientGone.
        """
        async with self._series_turns:
            if await request.is_disconnected():
                raise ClientGone("the client went away")
            return await anyio.to_thread.run_sync(work, limiter=self._series_threads)
