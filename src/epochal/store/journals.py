"""The local pick-up: journals under the data directory's ``active/`` go into the store while they grow.

docs/architecture.md, "The data directory", describes the files. Nothing is written to a journal, and
ten thousand old runs cost nothing: only ``active/`` is looked at, and only when something in it changed.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from epochal.errors import (
    EnvironmentFault,
    EpochalError,
    NotFound,
    OffsetGap,
    RunDeleted,
    UsageError,
)
from epochal.formats.journal import (
    EXIT,
    FORMAT,
    HEAD,
    MAGIC,
    Record,
    parse_segment_name,
    read_records,
    segment_name,
)
from epochal.records import LOCAL_ADMIN, Ack, Principal
from epochal.store.base import Store
from epochal.store.names import check_uid

logger = logging.getLogger(__name__)

POLL_S = 0.25
PIECE_BYTES = 4 << 20
MAX_PIECE_BYTES = 96 << 20
"""A piece grows up to this when not even one record fits into it: records have at most 64 MiB."""
ROUND_BYTES = 32 << 20
"""Read in one round; with more than that waiting newest journals first, so that a new run is seen soon."""
BEAT_S = 8.0
"""A beat of a quiet writer is passed on when it was silent for so long; writers beat every 10 s."""
DEAD_AFTER_S = 12.0
"""A process that is gone is believed dead after one missed beat: its pid may belong to another container."""
STALE_AFTER_S = 60.0
STALE_POLL_S = 5.0
REFUSED_POLL_S = 60.0
FAULT_PAUSE_S = 2.0
KEEP_S = 7 * 86400.0
CLEAN_EVERY_S = 3600.0
CLEAN_FIRST_S = 60.0
CLEAN_SLICE = 20
"""Folders of old runs looked at in one round."""
TAIL_BYTES = 1 << 16


@dataclass(slots=True)
class Journal:
    """One writer's journal as the collector follows it."""

    writer: str
    entry: Path
    folder: Path
    about: Mapping[str, Any]
    offset: int = 0  # acknowledged by the store
    base: int = 0  # of the segment that holds `offset`
    known: bool = False  # whether `offset` was asked for
    tried: tuple[int, int] = (-1, -1)  # (offset, bytes) of a piece that holds no whole record yet
    piece: int = PIECE_BYTES
    ended: bool = False
    beat_ns: int = -1
    beat_at: float = 0.0
    beat_pending: bool = False
    sent_at: float = 0.0
    next_poll: float = 0.0
    waiting: list[tuple[Future[Ack], bytes, bool]] = field(default_factory=list)


class JournalCollector:
    """The thread that reads journals into the store; it starts with the object and ends with `close`."""

    def __init__(
        self,
        store: Store,
        data_dir: Path,
        *,
        principal: Principal = LOCAL_ADMIN,
        poll_s: float = POLL_S,
    ) -> None:
        self._store = store
        self._principal = principal
        self._poll_s = poll_s
        self._active = data_dir / "active"
        self._outbox = data_dir / "outbox"
        self._runs = data_dir / "runs"
        self._host = host_name()
        self._journals: dict[str, Journal] = {}
        self._listed_ns = -1
        self._cleaning: Iterator[None] | None = None
        self._clean_at = time.monotonic() + CLEAN_FIRST_S
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="epochal-journals", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread after its round. Idempotent."""
        self._stop.set()
        self._thread.join()

    # ---- the thread

    def _serve(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            pause = self._poll_s
            try:
                if self.collect():
                    pause = 0.0
                self._clean_a_little()
            except EnvironmentFault as error:
                logger.warning("journals wait: %s", error)
                pause = FAULT_PAUSE_S
            except Exception:
                logger.exception("a round over the journals failed")
                pause = FAULT_PAUSE_S

    def collect(self) -> bool:
        """Do one round; returns whether there is more to read at once."""
        now = time.monotonic()
        self._list()
        due = [journal for journal in self._journals.values() if now >= journal.next_poll]
        due.sort(key=lambda journal: journal.about.get("started") or 0.0)
        if not self._fit_in_one_round(due):
            # Newest first: a run that has just begun is looked for, a backlog is not.
            due.reverse()
        room = ROUND_BYTES
        more = False
        for journal in due:
            if room <= 0:
                more = True
                break
            room -= self._send(journal, now)
        for journal in due:
            more = self._settle(journal, now) or more
        return more

    def _fit_in_one_round(self, due: list[Journal]) -> bool:
        """Whether all that is due is read in one round: then runs are registered in the order in which they began.

        A run's ordinal, and by it its colour, is the place at which it was registered.
        """
        room = ROUND_BYTES
        for journal in due:
            path = journal.folder / segment_name(journal.writer, journal.base)
            try:
                room -= min(path.stat().st_size, journal.piece)
            except OSError:
                continue
            if room <= 0:
                return False
        return True

    def _list(self) -> None:
        """Take in entries that came, and drop those that went."""
        try:
            status = self._active.stat()
        except OSError:
            self._journals.clear()
            return
        # Beats change entries, not the folder. A folder changed a moment ago may change again within its clock's tick.
        recent = abs(time.time() - status.st_mtime) < 3
        if status.st_mtime_ns == self._listed_ns and not recent:
            return
        self._listed_ns = status.st_mtime_ns
        names = {
            name.removesuffix(".json")
            for name in os.listdir(self._active)
            if name.endswith(".json")
        }
        for writer in [writer for writer in self._journals if writer not in names]:
            del self._journals[writer]
        for writer in names - self._journals.keys():
            journal = self._open(writer)
            if journal is not None:
                self._journals[writer] = journal

    def _open(self, writer: str) -> Journal | None:
        """Return the journal of an entry; None when the entry cannot be read (yet) or names no run."""
        entry = self._active / f"{writer}.json"
        try:
            about = json.loads(entry.read_bytes())
            check_uid("writer", writer)
            folder = self._runs / check_uid("run", about["run"])
        except (OSError, ValueError, KeyError, TypeError, EpochalError):
            return None
        if isinstance(about.get("path"), str):
            folder = Path(about["path"])
        return Journal(writer, entry, folder, about)

    # ---- reading

    def _send(self, journal: Journal, now: float) -> int:
        """Submit what is new of a journal; returns the number of bytes."""
        self._feel_beat(journal, now)
        if not journal.known:
            try:
                journal.offset = self._store.acknowledged(self._principal, journal.writer)
            except RunDeleted:
                self._forget(journal)
                return 0
            journal.known = True
        # Before reading: what a spool still holds may arrive, and the spool go, between the two.
        complete = not _is_spooled(journal)
        data = self._read(journal)
        if data:
            last = complete and self._is_dead(journal, now) and self._is_last(journal, len(data))
            if last or journal.tried != (journal.offset, len(data)):
                self._submit(journal, data, now, final=last)
                return len(data)
        elif journal.ended or self._ends_with_exit(journal):
            self._retire(journal)
            return 0
        elif complete and self._is_dead(journal, now):
            self._submit(journal, self._bridge(journal), now, final=True)
            return 0
        if journal.beat_pending and journal.offset and now - journal.sent_at >= BEAT_S:
            self._submit(journal, b"", now, final=False)
        elif now - journal.beat_at >= STALE_AFTER_S:
            journal.next_poll = now + STALE_POLL_S
        return 0

    def _submit(self, journal: Journal, data: bytes, now: float, *, final: bool) -> None:
        future = self._store.submit(
            self._principal, journal.writer, journal.offset, data, final=final
        )
        journal.waiting.append((future, data, final))
        journal.sent_at = now
        journal.beat_pending = False

    def _read(self, journal: Journal) -> bytes:
        """Return the next piece of a journal, empty when there is nothing new."""
        while True:
            path = journal.folder / segment_name(journal.writer, journal.base)
            try:
                with path.open("rb") as file:
                    size = os.fstat(file.fileno()).st_size
                    start = journal.offset - journal.base
                    if 0 <= start < size:
                        file.seek(start)
                        return file.read(journal.piece)
            except OSError:
                size = -1
            base = self._next_segment(journal, size)
            if base is None:
                return b""
            journal.base = base

    def _next_segment(self, journal: Journal, size: int) -> int | None:
        """Return the base of the segment that holds the journal's offset, None when it is not there (yet)."""
        following = journal.folder / segment_name(journal.writer, journal.offset)
        if journal.offset != journal.base and following.exists():
            return journal.offset
        if size >= 0 and journal.offset <= journal.base + size:
            return None
        before = [base for base in self._segments(journal) if base <= journal.offset]
        return before[-1] if before and before[-1] != journal.base else None

    def _segments(self, journal: Journal) -> list[int]:
        """Return the bases of a journal's segments, ascending."""
        try:
            names = os.listdir(journal.folder)
        except OSError:
            return []
        parsed = (parse_segment_name(name) for name in names)
        return sorted(
            found[1] for found in parsed if found is not None and found[0] == journal.writer
        )

    def _is_last(self, journal: Journal, length: int) -> bool:
        end = journal.offset + length
        return length < journal.piece and all(base < end for base in self._segments(journal))

    def _bridge(self, journal: Journal) -> bytes:
        """Return zeros up to the next segment when bytes before it are lost: damage that the stream goes on after."""
        further = [base for base in self._segments(journal) if base > journal.offset]
        return bytes(further[0] - journal.offset) if further else b""

    # ---- what became of it

    def _settle(self, journal: Journal, now: float) -> bool:
        """Take the outcomes of what was submitted; returns whether the journal has more at once."""
        more = False
        waiting, journal.waiting = journal.waiting, []
        for future, data, final in waiting:
            try:
                ack = future.result()
            except OffsetGap as gap:
                journal.offset, more = gap.offset, True
            except RunDeleted:
                self._forget(journal)
                return False
            except UsageError as error:
                more = self._adopt(journal, data, final, error, now) or more
            else:
                more = self._advance(journal, ack, data, final) or more
        return more

    def _advance(self, journal: Journal, ack: Ack, data: bytes, final: bool) -> bool:
        moved = ack.offset > journal.offset
        if moved and ends_with_exit(data[: ack.offset - journal.offset]):
            journal.ended = True
        if moved:
            journal.piece = PIECE_BYTES
            journal.tried = (-1, -1)
        elif len(data) >= journal.piece and journal.piece < MAX_PIECE_BYTES:
            journal.piece *= 4
            moved = True
        else:
            journal.tried = (journal.offset, len(data))
        journal.offset = ack.offset
        if final and not self._read(journal) and not self._bridge(journal):
            self._retire(journal)
            return False
        return moved and bool(data)

    def _adopt(
        self, journal: Journal, data: bytes, final: bool, error: UsageError, now: float
    ) -> bool:
        """Let ``run.json`` and the entry stand in for a HEAD that is damaged on disk."""
        adopt = getattr(self._store, "adopt", None)
        run = _read_object(journal.folder / "run.json")
        if adopt is not None and run is not None and journal.offset == 0 and data:
            record = next(read_records(data, final=True), None)
            if not (isinstance(record, Record) and record.kind == HEAD):
                about = {**journal.about, "uid": journal.writer}
                head = {"run": {**run, "uid": journal.about["run"]}, "writer": about}
                try:
                    journal.offset = adopt(
                        self._principal, journal.writer, head, data, final=final
                    ).offset
                except EpochalError as again:
                    logger.warning("journal %s cannot be taken in: %s", journal.writer, again)
                else:
                    return journal.offset > 0
        logger.warning("journal %s in %s waits: %s", journal.writer, journal.folder, error)
        journal.next_poll = now + REFUSED_POLL_S
        return False

    def _ends_with_exit(self, journal: Journal) -> bool:
        """Whether the journal ends with an EXIT that the store has (looked at after a restart)."""
        if journal.tried == (journal.offset, 0):
            return False
        journal.tried = (journal.offset, 0)
        path = journal.folder / segment_name(journal.writer, journal.base)
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if journal.base + size != journal.offset or not size:
                    return False
                file.seek(max(0, size - TAIL_BYTES))
                return ends_with_exit(file.read())
        except OSError:
            return False

    def _retire(self, journal: Journal) -> None:
        """Take a journal that the store has to the last byte out of the in-tray."""
        journal.entry.unlink(missing_ok=True)
        self._journals.pop(journal.writer, None)

    def _forget(self, journal: Journal) -> None:
        """Remove the journal of a run that was deleted for ever."""
        self._retire(journal)
        for base in self._segments(journal):
            (journal.folder / segment_name(journal.writer, base)).unlink(missing_ok=True)
        _remove_when_empty(journal.folder)

    # ---- signs of life

    def _feel_beat(self, journal: Journal, now: float) -> None:
        try:
            beat_ns = journal.entry.stat().st_mtime_ns
        except OSError:
            return
        if beat_ns == journal.beat_ns:
            return
        if journal.beat_ns < 0:
            # Seen for the first time: how old the beat is, by the only clock there is.
            age = max(0.0, time.time() - beat_ns / 1e9)
            journal.beat_at = now - age
            journal.beat_pending = age < DEAD_AFTER_S
        else:
            journal.beat_at = now
            journal.beat_pending = True
        journal.beat_ns = beat_ns

    def _is_dead(self, journal: Journal, now: float) -> bool:
        """Whether the process of a journal on this machine is gone, and its beat with it."""
        if now - journal.beat_at < DEAD_AFTER_S or journal.about.get("host") != self._host:
            return False
        pid = journal.about.get("pid")
        return isinstance(pid, int) and not is_process(pid, journal.about.get("started"))

    # ---- old journals

    def _clean_a_little(self) -> None:
        """Go on with removing journals that ended a week ago; a slice in each round."""
        if self._cleaning is None:
            if time.monotonic() < self._clean_at:
                return
            self._cleaning = self._clean()
        if next(self._cleaning, self) is self:
            self._cleaning = None
            self._clean_at = time.monotonic() + CLEAN_EVERY_S

    def _clean(self) -> Iterator[None]:
        try:
            names = os.listdir(self._runs)
        except OSError:
            return
        for i, name in enumerate(names):
            try:
                self._clean_run(self._runs / name)
            except (OSError, EpochalError) as error:
                logger.debug("journals of %s stay: %s", name, error)
            if i % CLEAN_SLICE == CLEAN_SLICE - 1:
                yield

    def _clean_run(self, folder: Path) -> None:
        old: dict[str, list[tuple[int, Path]]] = {}
        young: set[str] = set()
        limit = time.time() - KEEP_S
        for item in os.scandir(folder):
            parsed = parse_segment_name(item.name)
            if parsed is not None:
                old.setdefault(parsed[0], []).append((parsed[1], Path(item.path)))
                if item.stat().st_mtime > limit:
                    young.add(parsed[0])
        for writer, segments in old.items():
            if writer not in young and not self._is_wanted(writer):
                self._remove_old(folder, writer, sorted(segments))

    def _is_wanted(self, writer: str) -> bool:
        name = f"{writer}.json"
        return (self._active / name).exists() or (self._outbox / name).exists()

    def _remove_old(self, folder: Path, writer: str, segments: list[tuple[int, Path]]) -> None:
        base, last = segments[-1]
        try:
            if self._store.acknowledged(self._principal, writer) < base + last.stat().st_size:
                return
            detail = self._store.run(self._principal, folder.name)
        except NotFound:
            return
        except RunDeleted:
            detail = None
        if detail is not None:
            states = {found.uid: found.state for found in detail.writers}
            if states.get(writer, "running") in ("running", "pending"):
                return
            known = {
                "last_step": detail.info.last_step,
                "config": detail.config,
                "summary": detail.summary,
            }
            temporary = folder / "resume.json.tmp"
            temporary.write_text(json.dumps(known), encoding="ascii")
            temporary.replace(folder / "resume.json")
        for _base, path in segments:
            path.unlink(missing_ok=True)
        if detail is None:
            _remove_when_empty(folder)


def ends_with_exit(data: bytes) -> bool:
    """Whether journal bytes end with an intact EXIT record."""
    start = data.rfind(MAGIC + bytes([EXIT, FORMAT]))
    if start < 0:
        return False
    record = next(read_records(data, start), None)
    return isinstance(record, Record) and record.kind == EXIT and record.end == len(data)


def host_name() -> str:
    """Return the name of this machine, as the SDK writes it into entries."""
    if hasattr(os, "uname"):
        return os.uname().nodename
    return os.environ.get("COMPUTERNAME") or socket.gethostname()


def is_process(pid: int, started: object) -> bool:
    """Whether `pid` is a live process that was there before `started` (epoch seconds, when known)."""
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return not isinstance(started, int | float) or process.create_time() <= started + 2
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def _read_object(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _is_spooled(journal: Journal) -> bool:
    """Whether the end of a journal still lies in a folder of this machine, from which it is copied."""
    spool = journal.about.get("spool")
    return isinstance(spool, str) and os.path.isdir(spool)


def _remove_when_empty(folder: Path) -> None:
    """Remove a run's folder that has no journal left."""
    try:
        if not any(parse_segment_name(name) for name in os.listdir(folder)):
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return
