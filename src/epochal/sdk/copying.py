"""Brings journals from their spools to the data directory, in a thread of their own: a stall there stops nobody.

Copying is idempotent by offset: the copy is as long as what has arrived, and going on means writing the same
bytes at the same place. So it does not matter who copies, how often, or when it was killed.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from epochal.formats.journal import parse_segment_name
from epochal.sdk.directory import write_json
from epochal.sdk.heartbeat import BEAT_S, beat
from epochal.sdk.messages import warn
from epochal.sdk.spool import Spool, known_roots, orphans

if TYPE_CHECKING:
    from epochal.sdk.sink import Sink

POLL_S = 0.25
CHILDREN_S = 2.0
WATCH_S = 2.0
PIECE_BYTES = 256 * 1024
"""Copied and synced in one go: the client of a network file system may send what it has in any order, and a
reader elsewhere must not see a later piece before an earlier one."""
LONGEST_PAUSE_S = 10.0
FAILURES_BEFORE_WARNING = 3


def _write_at(descriptor: int, data: bytes, offset: int) -> int:
    """Write to an open file at `offset`; Windows has no pwrite, and nobody else uses the descriptor."""
    if hasattr(os, "pwrite"):
        return os.pwrite(descriptor, data, offset)
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.write(descriptor, data)


write_at = _write_at
"""The one way to the data directory; tests put a stalling one here."""


def copy_onward(spool: Spool) -> int:
    """Copy what is new in a spool, and remove segments that are complete there; returns the bytes copied.

    Nothing goes to a run whose folder is gone: it was deleted for ever. Raises OSError when the spool or the data
    directory refuses.
    """
    segments = spool.segments()
    if not segments or (len(segments) == 1 and spool.copied == _name_and_size(segments[0][1])):
        return 0
    folder = spool.run_directory
    if not os.path.isdir(folder):
        os.stat(
            os.path.dirname(folder)
        )  # raises where the data directory is not there, or not mounted
        return 0
    copied = 0
    for index, (base, source) in enumerate(segments):
        following = segments[index + 1][0] if index + 1 < len(segments) else None
        now = _name_and_size(source)
        more, is_level = _copy_segment(source, folder, base, following)
        copied += more
        spool.copied = now if is_level else ("", 0)
        if following is not None:
            os.unlink(source)
    return copied


def _name_and_size(path: str) -> tuple[str, int]:
    return path, os.stat(path).st_size


def _copy_segment(source: str, folder: str, base: int, following: int | None) -> tuple[int, bool]:
    """Bring one segment's copy up to its length; returns the bytes copied, and whether both are as long now.

    following: where the next segment begins, None for the last.
    """
    target = os.path.join(folder, os.path.basename(source))
    with open(source, "rb", buffering=0) as reading:
        size = os.fstat(reading.fileno()).st_size
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
        descriptor = os.open(target, flags, 0o666)
        try:
            have = os.fstat(descriptor).st_size
            if have > size:
                _cut_overlap(descriptor, folder, target, base, following, have)
                return 0, False
            reading.seek(have)
            copied = 0
            while data := reading.read(PIECE_BYTES):
                written = write_at(descriptor, data, have + copied)
                os.fsync(descriptor)
                copied += written
                reading.seek(have + copied)
            return copied, True
        finally:
            os.close(descriptor)


def _cut_overlap(
    descriptor: int, folder: str, target: str, base: int, following: int | None, have: int
) -> None:
    """Cut off half a record that was copied before the writer took it back and went on in the next segment."""
    if following is None:
        writer = os.path.basename(target).partition(".")[0]
        parsed = [parse_segment_name(name) for name in os.listdir(folder)]
        later = [found[1] for found in parsed if found and found[0] == writer and found[1] > base]
        following = min(later, default=None)
    if following is not None and base + have > following:
        os.ftruncate(descriptor, following - base)


def drain(spool: Spool) -> int:
    """Copy an orphan to its end, announce it to the local server and take the spool away; returns the bytes copied.

    Raises OSError when the data directory refuses; the spool then stays, unlocked.
    """
    try:
        copied = copy_onward(spool)
        announcement = spool.target.get("announcement")
        entry = spool.directory.active_path(spool.writer)
        if copied and isinstance(announcement, dict) and not os.path.exists(entry):
            write_json(entry, announcement)
        spool.remove()
    finally:
        spool.release()
    return copied


def drain_orphans(
    choice: str | None = None,
    *,
    data: str | None = None,
    refused: Callable[[Spool, OSError], None] = lambda _spool, _error: None,
) -> tuple[int, int]:
    """Copy what killed processes left in the spools of this machine; returns (journals, bytes) copied.

    choice: the spool setting. data: only for this data directory. refused: told of a data directory that refuses.
    """
    journals = size = 0
    for root in known_roots(choice):
        for spool in orphans(root, data=data):
            try:
                size += drain(spool)
                journals += 1
            except OSError as error:
                refused(spool, error)
    return journals, size


def watch_orphans(data: str, choice: str | None = None) -> None:
    """Drain the orphans of a data directory from now on, in a daemon thread: what the local server does."""

    def watch() -> None:
        while True:
            drain_orphans(choice, data=data)
            time.sleep(WATCH_S)

    threading.Thread(target=watch, name="epochal-orphans", daemon=True).start()


class Copier:
    """The thread that copies the journals of this process; it lives while there are any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sinks: list[Sink] = []
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._beaten: dict[str, float] = {}
        self._failures = 0
        self._next_try = 0.0
        self._children_at = 0.0
        self.progressed = time.monotonic()
        """Monotonic time at which bytes were last copied."""
        self.last_error = ""

    def add(self, sink: Sink) -> None:
        """Copy the journal of `sink` while it grows."""
        with self._lock:
            self._sinks.append(sink)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="epochal-copier", daemon=True
                )
                self._thread.start()

    def finish(self, sink: Sink, give_up_s: float) -> bool:
        """Wait until the journal of a closed sink and those of its forked children are copied; False when they are not.

        Gives up when nothing was copied for `give_up_s` seconds; the spool is then left to the next start,
        to ``epochal sync`` or to the server.
        """
        self.progressed = time.monotonic()
        self._next_try = 0.0
        self._wake.set()
        while self._has(sink):
            if time.monotonic() - self.progressed > give_up_s:
                self._drop(sink)
                if sink.spool is not None:
                    sink.spool.release()
                return False
            time.sleep(0.01)
        return True

    def _has(self, sink: Sink) -> bool:
        with self._lock:
            return any(other is sink for other in self._sinks)

    # ---- the thread

    def _run(self) -> None:
        while True:
            self._wake.wait(POLL_S)
            self._wake.clear()
            with self._lock:
                sinks = list(self._sinks)
                if not sinks:
                    self._thread = None
                    return
            if time.monotonic() < self._next_try:
                continue
            try:
                for sink in sinks:
                    self._advance(sink)
                self._drain_children(sinks)
            except OSError as error:
                self._fail(error)
            else:
                self._failures = 0

    def _advance(self, sink: Sink) -> None:
        # Looked at first: what is copied after it is all there is.
        closed = sink.closed and sink.fd < 0
        spool = sink.spool
        if spool is not None:
            complete = closed or sink.folder != spool.folder
            if copy_onward(spool):
                self.progressed = time.monotonic()
            if complete:
                self._drain_children_of(sink, spool)
                spool.remove()
                sink.spool = None
        if closed:
            self._drop(sink)
        elif sink.remote_url is None:
            self._beat(sink)

    def _beat(self, sink: Sink) -> None:
        now = time.monotonic()
        if now - self._beaten.get(sink.writer, 0.0) >= BEAT_S:
            self._beaten[sink.writer] = now
            beat(sink)

    def _drain_children(self, sinks: list[Sink]) -> None:
        """Copy what forked children left that ended without a word, while their parent goes on."""
        now = time.monotonic()
        if now - self._children_at < CHILDREN_S:
            return
        self._children_at = now
        for sink in sinks:
            if sink.spool is not None:
                self._drain_children_of(sink, sink.spool)

    def _drain_children_of(self, sink: Sink, spool: Spool) -> None:
        for child in orphans(spool.root, parent=sink.writer):
            if drain(child):
                self.progressed = time.monotonic()

    def _drop(self, sink: Sink) -> None:
        with self._lock:
            self._sinks = [other for other in self._sinks if other is not sink]

    def _fail(self, error: OSError) -> None:
        self._failures += 1
        self.last_error = error.strerror or str(error)
        self._next_try = time.monotonic() + min(LONGEST_PAUSE_S, POLL_S * 2**self._failures)
        if self._failures == FAILURES_BEFORE_WARNING:
            warn(
                f"cannot copy to the data directory ({self.last_error}); training goes on, rows wait in the spool"
            )
