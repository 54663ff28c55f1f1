"""The Parquet files of ended runs' histories: made once, kept in the data directory, handed out by signed addresses.

A file is named after what is in it (run, first line, end) and never changes. A run has one for each session of its only
attempt, so that a run that was read, resumed and has ended again has the files of before, and one more. Runs that were
started anew, forked or rewound, or went on in the session whose file was handed out already, are read by pages: what a
client has kept of them could be other rows.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.responses import Response

from epochal.errors import EpochalError, NotFound, NotReady
from epochal.records import LOCAL_ADMIN, Principal, RunDetail, RunSession
from epochal.server.media_bytes import bytes_response
from epochal.server.route import Call
from epochal.server.wandb import parquet
from epochal.server.wandb.tickets import read_ticket
from epochal.store.base import Store

PATIENCE_S = 15.0
"""How long a request waits for a file; the client, which gives up after 19 s itself, is then told to ask again."""
LASTING_S = 180.0
"""How long a file may be in the making before pages are read instead: 3,000 rows/s where files give ten times that."""
MAX_WAITING = 2
"""Clients that wait at a time: each takes one of the few threads that answer everybody."""
MIN_ROWS = 2000
"""Histories below this are two pages: no file is made for them."""
KEPT_BYTES = 8 << 30
KEPT_S = 30 * 86400.0
ENDED = frozenset(["finished", "failed", "killed"])
"""States after which a session writes no more; a crashed one may be alive behind a broken network."""
NAME = re.compile(r"[0-9a-zA-Z_-]{1,128}/\d+-\d+\.parquet")

NO_STORE = "private, no-store"
CORS = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}

log = logging.getLogger("epochal.server.wandb")


@dataclass(frozen=True, slots=True)
class Part:
    """Lines `start` to before `stop` of a run's history."""

    run: str
    start: int
    stop: int

    @property
    def name(self) -> str:
        """Where its file lies below the folder of exports."""
        return f"{self.run}/{self.start}-{self.stop}.parquet"


@dataclass(frozen=True, slots=True)
class _Job:
    """The making of a run's files."""

    done: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)


class _Slices:
    """The lines of a part, read anew by each iteration."""

    def __init__(self, store: Store, principal: Principal, part: Part) -> None:
        self._store, self._principal, self._part = store, principal, part

    def __iter__(self) -> Iterator[Sequence[bytes]]:
        part, size = self._part, parquet.SLICE_ROWS
        for start in range(part.start, part.stop, size):
            stop = min(part.stop, start + size)
            yield self._store.read_lines(self._principal, part.run, "history", start, stop)


class Exports:
    """Makes and finds files, one run at a time. Usable from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._turn = threading.Semaphore(1)
        self._waiting = threading.Semaphore(MAX_WAITING)
        self._jobs: dict[tuple[Part, ...], _Job] = {}
        self._unfit: OrderedDict[tuple[Part, ...], str] = OrderedDict()

    def find(
        self, store: Store, principal: Principal, detail: RunDetail, session: RunSession
    ) -> list[str] | None:
        """Return the names of the files that are a run's whole history, made if need be; None when there are none.

        Raises NotReady while they are being made.
        """
        parts = parts_of(detail, session)
        if not parts or parts in self._unfit or self._has_others(parts):
            return None
        if not self._are_there(parts):
            job = self._make(store, principal, parts)
            if self._waiting.acquire(blocking=False):
                try:
                    job.done.wait(PATIENCE_S)
                finally:
                    self._waiting.release()
            if not job.done.is_set() and time.monotonic() - job.began < LASTING_S:
                raise NotReady(f"the history of run {parts[0].run} is being made a file: ask again")
            if not self._are_there(parts):
                return None
        return [part.name for part in parts]

    def path(self, name: str) -> Path:
        """Return where a file lies. Raises NotFound for what is none of ours."""
        path = self.folder / name
        if NAME.fullmatch(name) is None or not path.is_file():
            raise NotFound(f"there is no export {name[:200]!r}; ask for it again")
        return path

    def _has_others(self, parts: Sequence[Part]) -> bool:
        """Whether files of the run were handed out that are none of these."""
        given = {path.name for path in (self.folder / parts[0].run).glob("*-*.parquet")}
        return not given <= {part.name.rpartition("/")[2] for part in parts}

    def _are_there(self, parts: Iterable[Part]) -> bool:
        return all((self.folder / part.name).is_file() for part in parts)

    def _make(self, store: Store, principal: Principal, parts: tuple[Part, ...]) -> _Job:
        with self._lock:
            job = self._jobs.get(parts)
            if job is None:
                job = self._jobs[parts] = _Job()
                work = threading.Thread(
                    target=self._work, args=(store, principal, parts, job.done), daemon=True
                )
                work.start()
        return job

    def _work(
        self, store: Store, principal: Principal, parts: tuple[Part, ...], done: threading.Event
    ) -> None:
        try:
            with self._turn:
                self._tidy(store)
                parquet.write_parts(
                    [(self.folder / part.name, _Slices(store, principal, part)) for part in parts]
                )
        except (parquet.Unfit, ImportError) as reason:
            self._unfit[parts] = str(reason)
            while len(self._unfit) > 10_000:
                self._unfit.popitem(last=False)
        except (EpochalError, OSError) as fault:
            log.warning("the history of run %s is read by pages: %s", parts[0].run, fault)
        except Exception:
            log.exception("the history of run %s could not be exported", parts[0].run)
            self._unfit[parts] = "failed"
        finally:
            with self._lock:
                del self._jobs[parts]
            done.set()

    def _tidy(self, store: Store) -> None:
        """Remove files of runs that are gone, those not asked for in a month, and the oldest above the limit."""
        if not self.folder.is_dir():
            return
        for folder in self.folder.iterdir():
            if folder.is_dir() and _is_gone(store, folder.name):
                shutil.rmtree(folder, ignore_errors=True)
        found = [(path, path.stat()) for path in self.folder.glob("*/*") if path.is_file()]
        found.sort(key=lambda pair: pair[1].st_mtime)
        size = sum(status.st_size for _path, status in found)
        now = time.time()
        for path, status in found:
            kept_s = (
                KEPT_S if path.suffix == ".parquet" else 3600.0
            )  # else what a killed server left
            if now - status.st_mtime > kept_s or size > KEPT_BYTES:
                path.unlink(missing_ok=True)
                size -= status.st_size


def _is_gone(store: Store, run: str) -> bool:
    try:
        store.run(LOCAL_ADMIN, run)  # who sees the runs of every entity
    except NotFound:
        return True
    return False


async def download(call: Call) -> Response:
    """Answer a file that a ticket allows, or a part of it."""
    ticket = read_ticket(call.service.settings.keys, call.path("ticket"), "GET")
    if ticket.purpose != "history":
        raise NotFound("this address is for something else")
    name: str = ticket.subject["name"]
    path = exports_in(call.service.settings.data).path(name)
    file = await call.service.part(partial(open, path, "rb"))

    def read_part(start: int, end: int) -> bytes:
        return os.pread(file.fileno(), end - start, start)

    async def read(start: int, end: int) -> bytes:
        return await call.service.part(partial(read_part, start, end))

    size = os.fstat(file.fileno()).st_size
    response = await bytes_response(call.request, size, read, etag=name, cache=NO_STORE)
    response.background = BackgroundTask(file.close)
    response.headers.update(CORS)
    return response


def parts_of(detail: RunDetail, session: RunSession) -> tuple[Part, ...]:
    """Return the parts that make up a run's history for good, none when it may still change, or once was another."""
    total = session.lines.get("history", 0)
    if detail.info.state not in ENDED or session.attempt != 1 or session.branch or total < MIN_ROWS:
        return ()
    parts: list[Part] = []
    start = 0
    for writer in detail.writers:
        if writer.parent is None and writer.rows:
            # Rows without a journal were made from lines: after a rewind.
            if writer.label is not None or not writer.acknowledged:
                return ()
            if writer.state not in (*ENDED, "crashed"):
                return ()
            parts.append(Part(detail.info.uid, start, start + writer.rows))
            start += writer.rows
    return tuple(parts) if start == total else ()


_EXPORTS: dict[str, Exports] = {}
_LOCK = threading.Lock()


def exports_in(data_dir: str | None) -> Exports:
    """Return the exports below a data directory; without one they lie where temporary files do."""
    with _LOCK:
        key = data_dir or ""
        if key not in _EXPORTS:
            base = Path(data_dir) if data_dir else Path(tempfile.mkdtemp(prefix="epochal-"))
            _EXPORTS[key] = Exports(base / "exports")
        return _EXPORTS[key]
