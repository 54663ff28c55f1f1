"""The writer of one journal: rows and patches become records, each appended with one write() in the caller's thread.

`Run.log` inlines the hot path (see there); everything that is not a plain row of a known schema
comes here. The fast path is open only while `current` and `fast` hold entries, so a fork, a full
disk, a held-back row or the end of the run close it by emptying them, at no cost to the calls in
between.
"""

from __future__ import annotations

import errno
import os
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from epochal.formats.journal import (
    CRC,
    EXIT,
    HEAD,
    PATCH,
    PREFIX_SIZE,
    RowLayout,
    encode_blob,
    encode_json_record,
    encode_schema,
    segment_name,
)
from epochal.formats.row_packer import PackNumber, number_packer, row_packer
from epochal.sdk.directory import DataDirectory, announcement, remove_quietly
from epochal.sdk.messages import warn
from epochal.sdk.metrics import Metrics, Tracker
from epochal.sdk.names import make_writer_uid
from epochal.sdk.spool import Spool, make_spool
from epochal.sdk.values import INT64_MAX

SEGMENT_BYTES = 64 * 1024 * 1024
BACKLOG_BYTES = 64 * 1024 * 1024
RECORD_OVERHEAD = 120
"""Bytes that Python adds to a record held in memory: object headers and the pair that holds it."""
MAX_RECORD = 4 * 1024 * 1024
"""Rows and schemas above this are split: a record must fit in one request of 8 MiB."""
MAX_SCHEMA_ID = 65_535
MAX_CACHED_KEYS = 200_000
RETRY_SLICE = 1024 * 1024
"""Bytes written in one go while the caller may be waiting for the lock."""

MAX_MEDIA = 256 * 1024 * 1024
"""Bytes of a blob at most; the store would take 1 GiB, a training should not wait for that."""
REMEMBERED_BLOBS = 10_000

write_bytes = os.write
"""The one way to the disk; tests put a failing one here."""


class Entry:
    """What is known of rows with the same keys and Python types: how they are packed, and the last of them."""

    __slots__ = (
        "key_list",
        "keys",
        "last",
        "layout",
        "order",
        "pack",
        "pack_row",
        "prefix",
        "schema_id",
        "size",
        "tracked",
        "type_list",
        "types",
    )

    def __init__(
        self, keys: tuple[str, ...] | None, types: tuple[type, ...] | None, layout: RowLayout
    ) -> None:
        self.keys = keys
        self.types = types
        # None for an entry without types of its own: it never takes the fast path.
        self.key_list = None if keys is None or types is None else list(keys)
        self.type_list = None if types is None else list(types)
        self.layout = layout
        self.pack = layout.fixed.pack
        self.pack_row = None if keys is None or types is None else row_packer(layout, keys, types)
        self.prefix = layout.prefix
        self.schema_id = layout.schema_id
        self.size = layout.size
        self.order = 0
        self.last = b""
        self.tracked: list[tuple[int, Tracker]] | None = None

    def values(self) -> tuple[int, float, dict[str, Any]]:
        """Return step, time and values of the last row."""
        step, wall_time, values = self.layout.decode(self.last[PREFIX_SIZE : -CRC.size])
        return step, wall_time, dict(zip(self.keys or (), values, strict=True))


NO_ENTRY = Entry(None, None, RowLayout(0, ""))


class Sink:
    """One writer session of a run: owns the journal file, the step counter and the backlog of a failing disk.

    Threads: every method takes `lock`, which is reentrant because a signal handler may log while
    its own thread does. `on_child_writer` is called in a forked child when it has opened its own
    writer.
    """

    def __init__(
        self,
        directory: DataDirectory,
        run_head: dict[str, Any],
        writer_head: dict[str, Any],
        *,
        metrics: Metrics,
        on_child_writer: Callable[[Sink], None],
        remote_url: str | None = None,
        offline: bool = False,
        spool_root: str | None = None,
        step: int = 0,
    ) -> None:
        self.directory = directory
        self._on_child_writer = on_child_writer
        self.run_head = run_head
        self.writer_head = writer_head
        self.metrics = metrics
        self.remote_url = remote_url
        self.offline = offline
        self.spool_root = spool_root
        self.spool: Spool | None = None
        """Where the journal lies until it is copied to the data directory; None when it is written there."""
        self.folder = directory.run_directory(run_head["uid"])
        """Where new segments are made: the spool, or the folder of the run."""
        self.lock = threading.RLock()
        self.step = step
        self.fd = -1
        self.base = 0
        self.path = ""
        self.closed = False
        self.detached = False
        self.session = 0
        """How many forks lie between this process and the one that opened the sink."""
        self.dropped = 0
        self.current = NO_ENTRY
        self.fast: dict[tuple[tuple[str, ...], tuple[type, ...]], Entry] = {}
        self.single: dict[str, tuple[Entry, PackNumber]] = {}
        """Entries of rows of one float64, by its key, and what packs them: the fast path of `append_number`."""
        self.counter = 0
        self._entries: dict[Any, Entry] = {}
        self._layouts: dict[tuple[tuple[str, ...], str], RowLayout] = {}
        self._cached_keys = 0
        self._next_schema = 0
        self._forgotten: dict[str, Any] = {}
        self._torn: tuple[bytes, int] | None = None
        self._kept: deque[bytes] = deque()
        self._backlog: deque[tuple[bytes, bool]] = deque()
        self._backlog_bytes = 0
        self._deferring = False
        self._held_back = False
        self._sent_blobs: set[bytes] = set()
        self._failure = ""
        self.made_progress = False
        """Whether the last `retry` wrote anything."""

    @property
    def writer(self) -> str:
        """Uid of this writer."""
        return str(self.writer_head["uid"])

    # ---- opening, rolling, closing

    def open(self) -> None:
        """Create the journal.

        A disk that refuses is retried by the heartbeat; records wait in memory.
        """
        with self.lock:
            self._open_spool()
            self._open_segment(0)

    def _open_spool(self) -> None:
        """Make the spool of this writer, where one is wanted."""
        self.spool, self.folder = None, self.directory.run_directory(self.run_head["uid"])
        if self.spool_root is None:
            return
        is_local = self.remote_url is None
        target = {
            "data": self.directory.root,
            "run": self.run_head["uid"],
            "announcement": announcement(self.run_head, self.writer_head) if is_local else None,
        }
        try:
            self.spool = make_spool(self.spool_root, self.writer, target)
        except OSError as error:
            warn(
                f"cannot make a spool in {self.spool_root} ({error.strerror or error}); rows go to "
                f"{self.directory.root} directly, and wait when that does"
            )
        else:
            self.folder = self.spool.folder

    def _open_segment(self, base: int) -> None:
        self.base = base
        self.path = os.path.join(self.folder, segment_name(self.writer, base))
        self.fd = self._open_file()
        self._emit(
            encode_json_record(
                HEAD, {"format": 1, "run": self.run_head, "writer": self.writer_head}
            )
        )

    def _open_file(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        try:
            return os.open(self.path, flags, 0o666)
        except OSError:
            return -1

    def roll(self) -> None:
        """Go on in a new segment, which repeats the head and every schema still in use."""
        with self.lock:
            if self.fd < 0 or self.closed or self._backlog or self._torn or self._kept:
                return
            self._roll()

    def _roll(self, folder: str | None = None) -> None:
        self._move(folder or self.folder, self.base + os.stat(self.path).st_size)
        head = encode_json_record(
            HEAD, {"format": 1, "run": self.run_head, "writer": self.writer_head}
        )
        schemas = [
            encode_schema(layout.schema_id, list(zip(keys, letters, strict=True)))
            for (keys, letters), layout in self._layouts.items()
        ]
        if self._deferring:
            # These must come before what is waiting.
            self._kept.extendleft(reversed([head, *schemas]))
        else:
            for record in (head, *schemas):
                self._emit(record)

    def _move(self, folder: str, base: int) -> None:
        """Close the segment and open the one that begins at `base`."""
        if self.fd >= 0:
            os.close(self.fd)
        self.base = base
        self.path = os.path.join(folder, segment_name(self.writer, base))
        self.fd = self._open_file()

    def size(self) -> int:
        """Return the bytes in the segment that is open."""
        return os.fstat(self.fd).st_size if self.fd >= 0 else 0

    def end_offset(self) -> int:
        """Return the stream offset after the last byte on disk."""
        with self.lock:
            return self.base + self.size()

    def close(self, exit_code: int, state: str) -> None:
        """Write EXIT, bring everything to the disk and close the journal. Idempotent."""
        with self.lock:
            if self.closed:
                return
            self.closed = True
            self._close_fast_path()
            if self.detached:
                return
            self.retry(everything=True)
            value = {
                "exit_code": exit_code,
                "state": state,
                "time": time.time(),
                "dropped": self.dropped,
            }
            self._emit(encode_json_record(EXIT, value))
            self.retry(everything=True)
            waiting = sum(droppable for _record, droppable in self._backlog)
            if waiting:
                self.dropped += waiting
                warn(
                    f"{waiting} rows could not be written to {self.path} ({self._failure}) and are lost"
                )
            self.sync()
            if self.fd >= 0:
                os.close(self.fd)
                self.fd = -1

    def sync(self) -> None:
        """Bring the journal to the disk, for the loss of power; a killed process loses nothing."""
        try:
            descriptor = os.dup(self.fd)
        except OSError:
            return
        try:
            os.fsync(descriptor)
        except OSError:
            pass  # reported when a write fails; the store has its own durability
        finally:
            os.close(descriptor)

    # ---- fork

    def detach_in_child(self) -> None:
        """Forget the parent's file and lock; the first record of this process opens its own writer."""
        self.lock = threading.RLock()
        self._close_fast_path()
        self.session += 1
        self.detached = not self.closed
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1
        if self.spool is not None:
            self.spool.release()  # here only: the parent's lock is on its own descriptor
        self._reset_layouts()
        self._forgotten = {}
        self._torn = None
        self._kept.clear()
        self._backlog.clear()
        self._backlog_bytes = 0
        self._deferring = False
        self._held_back = False
        self._sent_blobs.clear()
        self.dropped = 0

    def _attach_child(self) -> None:
        parent = self.writer
        self.writer_head = {
            **self.writer_head,
            "uid": make_writer_uid(parent),
            "parent": parent,
            "pid": os.getpid(),
            "started": time.time(),
        }
        self.detached = False
        self._open_spool()
        self._open_segment(0)
        self._on_child_writer(self)

    # ---- records

    def patch(self, value: dict[str, Any]) -> None:
        """Append a PATCH record."""
        with self.lock:
            if self.closed:
                return
            record = encode_json_record(PATCH, value)
            if len(record) > 7 * 1024 * 1024:
                names = ", ".join(value)
                warn(
                    f"{names}: {len(record)} bytes of JSON are more than the 7 MiB that a record holds; not recorded"
                )
                return
            self._before_record()
            self._emit(record)

    def append(self, values: dict[str, tuple[str, Any]], step: int | None) -> Entry | None:
        """Append a row of {key: (kind letter, packed value)}; returns its entry, None when the row had to be split.

        `step` None takes the counter. An empty row counts as well.
        """
        with self.lock:
            self._before_record()
            if step is None:
                step = min(self.step, INT64_MAX)
            self.current = NO_ENTRY
            self.step = step + 1
            return self._append(values, step, time.time())

    def append_number(self, key: str, value: float, step: int, wall_time: float) -> None:
        """Append a row of one float64 at a step (an int64) and time of the caller's.

        What `SummaryWriter.add_scalar` calls, as cheap as `Run.log`. Nothing is recorded once the sink is closed.
        """
        with self.lock:
            known = self.single.get(key)
            if known is None:
                self._append_first_number(key, value, step, wall_time)
                return
            entry, pack_number = known
            record = pack_number(step, wall_time, value)
            self.step = step + 1
            self.counter += 1
            entry.order = self.counter
            entry.last = record
            if entry.tracked is not None:
                self.track(entry, [value])
            try:
                written = write_bytes(self.fd, record)
            except OSError as error:
                self.write_failed(record, 0, error)
                return
            if written != entry.size:
                self.write_failed(record, written, None)

    def _append_first_number(self, key: str, value: float, step: int, wall_time: float) -> None:
        if self.closed:
            return
        self._before_record()
        self.current = NO_ENTRY
        self.step = step + 1
        entry = self._append({key: ("d", value)}, step, wall_time)
        if entry is not None and not (self._deferring or self._held_back):
            self.single[key] = entry, number_packer(entry.layout, key)

    def append_media(
        self,
        values: dict[str, tuple[str, Any]],
        blobs: Sequence[tuple[bytes, bytes]],
        step: int,
        wall_time: float,
    ) -> None:
        """Append a row of {key: (kind letter, packed value)} behind the blobs that its values refer to.

        blobs: SHA-256 (32 bytes) and the bytes of each. step: an int64. A blob that this writer has sent already is
        not written again. The row does not enter the last values: a summary of histograms helps nobody. Raises
        ValueError for a blob above MAX_MEDIA.
        """
        for _digest, data in blobs:
            if len(data) > MAX_MEDIA:
                raise ValueError(
                    f"{len(data)} bytes are more than the {MAX_MEDIA} of a file in a run"
                )
        with self.lock:
            if self.closed:
                return
            self._before_record()
            for digest, data in blobs:
                self._append_blob(digest, data)
            self.current = NO_ENTRY
            self.step = step + 1
            self._append(values, step, wall_time, is_last=False)

    def _append_blob(self, digest: bytes, data: bytes) -> None:
        if digest in self._sent_blobs:
            return
        for record in encode_blob(data, digest):
            self._emit(record, droppable=True)
        if not self._deferring and len(self._sent_blobs) < REMEMBERED_BLOBS:
            self._sent_blobs.add(digest)

    def _append(
        self,
        values: dict[str, tuple[str, Any]],
        step: int,
        wall_time: float,
        *,
        is_last: bool = True,
    ) -> Entry | None:
        size = sum(len(key) for key in values) * 2 + sum(
            len(value) if letter == "j" else 8 for letter, value in values.values()
        )
        if size > MAX_RECORD and len(values) > 1:
            items = list(values.items())
            half = len(items) // 2
            self._append(dict(items[:half]), step, wall_time, is_last=is_last)
            self._append(dict(items[half:]), step, wall_time, is_last=is_last)
            return None
        keys = tuple(values)
        letters = "".join([letter for letter, _value in values.values()])
        entry = self._entries.get((keys, letters))
        if entry is None:
            entry = self._add_entry((keys, letters), Entry(keys, None, self._layout(keys, letters)))
        record = entry.layout.encode(step, wall_time, [value for _letter, value in values.values()])
        if is_last:
            self.counter += 1
            entry.order = self.counter
            entry.last = record
            if entry.tracked is not None:
                self.track(entry, [value for _letter, value in values.values()])
        self._emit(record, droppable=True)
        return entry

    def learn(self, keys: tuple[str, ...], types: tuple[type, ...], letters: str) -> None:
        """Let rows of these keys and Python types take the fast path from now on."""
        with self.lock:
            if self.closed or self.detached or self._deferring or self._held_back:
                return
            layout = self._layouts.get((keys, letters))
            if layout is None:
                return
            entry = self._entries.get((keys, types))
            if entry is None:
                entry = self._add_entry((keys, types), Entry(keys, types, layout))
            self.fast[keys, types] = entry

    def hold_back(self, held_back: bool) -> None:
        """Keep rows off the fast path while the caller holds values back for the next row."""
        with self.lock:
            self._held_back = held_back
            self._reopen_fast_path()

    def track(self, entry: Entry, values: Sequence[Any]) -> None:
        """Feed the keys whose summary is more than their last value."""
        for index, tracker in entry.tracked or ():
            tracker.add(values[index])

    def retrack(self) -> None:
        """Look again which entries hold tracked keys, after a define_metric."""
        with self.lock:
            last = self.last_values()
            for entry in self._entries.values():
                entry.tracked = self.metrics.trackers(entry.keys or (), entry.layout.letters)
            self.metrics.seed(last)

    def last_values(self) -> dict[str, Any]:
        """Return the last value of every key, in the order of their last change."""
        with self.lock:
            merged = dict(self._forgotten)
            for entry in sorted(self._entries.values(), key=lambda entry: entry.order):
                if entry.order:
                    merged.update(entry.values()[2])
            return merged

    def _before_record(self) -> None:
        if self.detached:
            self._attach_child()

    def _layout(self, keys: tuple[str, ...], letters: str) -> RowLayout:
        layout = self._layouts.get((keys, letters))
        if layout is not None:
            return layout
        if self._cached_keys + len(keys) > MAX_CACHED_KEYS and self._layouts:
            self._forget_layouts()
        if self._next_schema > MAX_SCHEMA_ID:
            # A script that logs other keys at each call: ids begin again where a new segment
            # begins.
            self._forget_layouts()
            self._next_schema = 0
            if not self._deferring:
                self._roll()
        # The lock does not keep out a signal handler of this thread, which may log at any call below: the id is
        # taken before the first of them, and no row finds the layout before its schema is in the journal.
        schema_id = self._next_schema
        self._next_schema = schema_id + 1
        layout = RowLayout(schema_id, letters)
        self._emit(encode_schema(schema_id, list(zip(keys, letters, strict=True))))
        self._layouts[keys, letters] = layout
        self._cached_keys += len(keys)
        return layout

    def _add_entry(self, name: Any, entry: Entry) -> Entry:
        entry.tracked = self.metrics.trackers(entry.keys or (), entry.layout.letters)
        self._entries[name] = entry
        return entry

    def _forget_layouts(self) -> None:
        self._forgotten = self.last_values()
        self._reset_layouts()

    def _reset_layouts(self) -> None:
        self._entries = {}
        self._layouts = {}
        self._cached_keys = 0
        self._close_fast_path()

    def _close_fast_path(self) -> None:
        self.current = NO_ENTRY
        self.fast = {}
        self.single = {}

    def _reopen_fast_path(self) -> None:
        self.current = NO_ENTRY
        if self.closed or self.detached or self._deferring or self._held_back:
            self.fast = {}
            return
        self.fast = {
            (entry.keys, entry.types): entry
            for entry in self._entries.values()
            if entry.keys is not None and entry.types is not None
        }

    # ---- the disk and its failures

    def _emit(self, record: bytes, *, droppable: bool = False) -> None:
        if self._deferring:
            self._defer(record, droppable=droppable)
            return
        try:
            written = write_bytes(self.fd, record)
        except OSError as error:
            self.write_failed(record, 0, error, droppable=droppable)
            return
        if written != len(record):
            self.write_failed(record, written, None, droppable=droppable)

    def write_failed(
        self, record: bytes, written: int, error: OSError | None, *, droppable: bool = True
    ) -> None:
        """Take over a record of which the disk took only `written` bytes; called with the lock held."""
        self._deferring = True
        self._close_fast_path()
        if error is not None and error.errno == errno.EBADF:
            self.fd = -1  # the script closed every file, as daemons do: ours is opened again
        if written:
            self._torn = (record, written)
        else:
            self._defer(record, droppable=droppable)
        if self._leave_spool(error):
            self.retry(everything=True)
        elif error is None or error.errno == errno.EFBIG:
            self.retry()  # says what is wrong, or goes on in a new segment
        if self._deferring and not self._failure:
            self._failure = (
                error.strerror if error else None
            ) or "the disk took only part of a record"
            warn(
                f"cannot write to {self.path or self.directory.root} ({self._failure}); training goes on, "
                f"rows wait in memory (up to {BACKLOG_BYTES // 2**20} MB) until it works again"
            )

    def _defer(self, record: bytes, *, droppable: bool) -> None:
        self._backlog.append((record, droppable))
        self._backlog_bytes += len(record) + RECORD_OVERHEAD
        while self._backlog_bytes > BACKLOG_BYTES and self._backlog:
            oldest, may_go = self._backlog.popleft()
            self._backlog_bytes -= len(oldest) + RECORD_OVERHEAD
            if may_go:
                self.dropped += 1
            else:
                self._kept.append(oldest)  # without its schema no later row could be read

    def retry(self, *, everything: bool = False) -> bool:
        """Write what waits in memory, a slice or everything; returns True when nothing waits any more."""
        with self.lock:
            if not self._deferring:
                return True
            rolled = False
            budget = RETRY_SLICE
            self.made_progress = False
            while everything or budget > 0:
                if self.fd < 0:
                    self.fd = self._open_file()
                    if self.fd < 0:
                        return False
                record = self._next_waiting()
                if record is None:
                    self._deferring = False
                    self._failure = ""
                    self._reopen_fast_path()
                    return True
                whole, start = record
                try:
                    written = write_bytes(self.fd, whole[start:])
                except OSError as error:
                    if error.errno == errno.EFBIG and not rolled and self._roll_at_limit():
                        rolled = True
                        continue
                    return False
                self.made_progress = self.made_progress or written > 0
                budget -= written
                self._advance(whole, start, written)
                rolled = False if written else rolled
            return False

    def _next_waiting(self) -> tuple[bytes, int] | None:
        if self._torn is not None:
            return self._torn
        if self._kept:
            return self._kept[0], 0
        if self._backlog:
            return self._backlog[0][0], 0
        return None

    def _advance(self, record: bytes, start: int, written: int) -> None:
        if self._torn is not None:
            self._torn = None
        elif self._kept:
            self._kept.popleft()
        else:
            self._backlog.popleft()
            self._backlog_bytes -= len(record) + RECORD_OVERHEAD
        if start + written < len(record):
            self._torn = (record, start + written)

    def _leave_spool(self, error: OSError | None) -> bool:
        """Go on in the data directory itself when the disk of the spool takes no more; returns whether it does."""
        spool = self.spool
        if spool is None or self.folder != spool.folder:
            return False
        size = _size_of(self.path)
        if error is not None and error.errno in (errno.EBADF, errno.EFBIG) and size:
            return False  # no trouble of the disk
        folder = self.directory.run_directory(self.run_head["uid"])
        try:
            if size:
                self._take_back_torn()
                self._roll(folder)
            else:
                # Not even a head: the segment begins over there, with what waits.
                remove_quietly(self.path)
                self._move(folder, self.base)
        except OSError:
            return False
        self.folder = folder
        reason = error.strerror if error else "it took only part of a record"
        warn(f"cannot write to the spool {spool.folder} ({reason}); the run goes on in {folder}")
        return True

    def _take_back_torn(self) -> None:
        """Cut half a record off the segment; it will come whole in the next one. Raises OSError."""
        if self._torn is not None:
            record, written = self._torn
            os.truncate(self.path, os.stat(self.path).st_size - written)
            self._torn = None
            self._kept.appendleft(record)

    def _roll_at_limit(self) -> bool:
        """Go on in a new segment when this file may not grow (RLIMIT_FSIZE); returns whether that makes sense."""
        if self.size() < 64 * 1024:
            return False  # a limit below that holds not even the head
        try:
            self._take_back_torn()
            self._roll()
        except (OSError, struct.error):
            return False
        return True


def _size_of(path: str) -> int:
    """Return the size of a file, 0 when there is none."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
