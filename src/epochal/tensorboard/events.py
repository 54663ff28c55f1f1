"""Event files: appended to by the caller, written by one thread of the process.

A caller leaves an event in a list; every tenth of a second the thread encodes and writes what is there, for all
files. So `add_scalar` does no input or output of its own, and a file is never more than that behind. `flush`, `close`,
the end of the interpreter and a list that has grown long write at once. A disk that refuses keeps the events in
memory, up to a bound; a forked child begins a file of its own.
"""

from __future__ import annotations

import atexit
import errno
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from epochal.native.varint import encode_varint
from epochal.sdk import forks
from epochal.sdk.messages import warn
from epochal.tensorboard.protos import FILE_VERSION
from epochal.tensorboard.wire import delimited

DRAIN_S = 0.1
MOST_WAITING = 20_000
"""Events that may wait for the thread; the caller who adds one more writes them."""
MOST_WAITING_BYTES = 16 * 1024 * 1024
MOST_HEADS = 100_000
MOST_KEPT = 1_000_000
MOST_KEPT_BYTES = 64 * 1024 * 1024
"""Events and bytes kept for a disk that refuses; beyond them, all are given up."""

Scalar = tuple[str, int, float, float]
"""tag, step, wall time, value: encoded by the thread."""
Framing = Callable[[list[Scalar | bytes], dict[str, bytes], Callable[[str], bytes]], bytes]

write_bytes = os.write
"""The one way to the disk; tests put a failing one here."""

_counter_lock = threading.Lock()
_counter = 0


def _next_name(suffix: str) -> str:
    """Return a file name as torch's writer makes it: seconds, host, process, number of the file in the process."""
    global _counter
    with _counter_lock:
        number = _counter
        _counter += 1
    seconds = f"{int(time.time()):010d}"
    return f"events.out.tfevents.{seconds}.{socket.gethostname()}.{os.getpid()}.{number}{suffix}"


def import_framing() -> Framing:
    """Return what makes records of events; its import loads numpy, which a run alone does not need."""
    from epochal.native.kernels import frame_events

    return frame_events


class EventFile:
    """One event file in `folder`, which is made at once, so that a run is seen from its start.

    writer: what the first event's source_metadata says. Threads: any may add; a file has one writing thread at a time.
    Raises OSError when the folder or the file cannot be made.
    """

    def __init__(self, folder: str, suffix: str = "", writer: str = "") -> None:
        self.folder = folder
        self.suffix = suffix
        self.writer = writer
        self.pending: list[Scalar | bytes] = []
        """What waits: scalars, and encoded events. `append` to it, then `wake` when `is_scheduled` is not set."""
        self.is_scheduled = False
        self.closed = False
        self.path = ""
        self._fd = -1
        self._lock = threading.RLock()
        self._unwritten = b""
        self._waiting_bytes = 0
        self._has_warned = False
        self._heads: dict[str, bytes] = {}
        # Here, not in the thread: a child forked while the thread imports would wait for that import for ever.
        import_framing()
        self._open()
        drain.add(self)

    def _open(self) -> None:
        os.makedirs(self.folder, exist_ok=True)
        while self._fd < 0:
            self.path = os.path.join(self.folder, _next_name(self.suffix))
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
            try:
                self._fd = os.open(self.path, flags | getattr(os, "O_BINARY", 0), 0o666)
            except FileExistsError:
                continue  # another host of the same name, on a shared disk
        version = delimited(3, FILE_VERSION.encode())
        source = delimited(10, delimited(1, self.writer.encode("utf-8", "replace")))
        wall_time = b"\x09" + struct.pack("<d", time.time())
        self.pending.insert(0, wall_time + version + source)
        self.wake()

    def add(self, event: bytes) -> None:
        """Append an encoded event."""
        self.pending.append(event)
        self._waiting_bytes += len(event)
        if not self.is_scheduled:
            self.wake()
        if self._waiting_bytes > MOST_WAITING_BYTES:
            self.write()

    @property
    def has_leftover(self) -> bool:
        """Whether the disk has not taken everything yet."""
        return bool(self._unwritten)

    def wake(self) -> None:
        """Let the thread come by."""
        self.is_scheduled = True
        drain.wake()

    def write(self) -> None:
        """Write what waits. A disk that refuses is named in one warning; the events wait on."""
        with self._lock:
            self.is_scheduled = False
            if self._fd < 0 and not self._reopen():
                return
            # Only the end of the list changes under us: this many are there for good.
            count = len(self.pending)
            batch = self.pending[:count]
            del self.pending[:count]
            self._waiting_bytes = 0
            if batch:
                try:
                    self._unwritten += self._encode(batch)
                except Exception as error:  # never the training's trouble
                    self._say(f"{len(batch)} events of {self.path} could not be written: {error}")
            if self._unwritten:
                self._write_out()

    def _reopen(self) -> bool:
        """Open a file that the script has closed, or the own one of a forked child; returns whether one is open."""
        if self.closed or not (self.pending or self._unwritten):
            return False
        try:
            if self.path:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
                self._fd = os.open(self.path, flags, 0o666)
            else:
                self._open()
        except OSError as error:
            self._complain(error)
            return False
        return True

    def _encode(self, batch: list[Scalar | bytes]) -> bytes:
        found = import_framing()(batch, self._heads, _scalar_head)
        if len(self._heads) > MOST_HEADS:
            self._heads.clear()
        return found

    def _write_out(self) -> None:
        view = memoryview(self._unwritten)
        try:
            while view:
                view = view[write_bytes(self._fd, view) :]
        except OSError as error:
            if error.errno == errno.EBADF:
                self._fd = -1  # the script closed every file, as daemons do: ours is opened again
            self._complain(error)
        # What a full disk took of a record stays there: the rest follows where it left off.
        self._unwritten = bytes(view)

    def _complain(self, error: OSError) -> None:
        self._say(
            f"cannot write to {self.path or self.folder} ({error.strerror or error}); training goes on, events "
            f"wait in memory (up to {MOST_KEPT_BYTES // 2**20} MB) until it works again"
        )
        if len(self._unwritten) > MOST_KEPT_BYTES or len(self.pending) > MOST_KEPT:
            # A record may be torn where the disk stopped: readers look for the next intact one.
            self._unwritten = b""
            self.pending.clear()

    def _say(self, message: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            warn(message)

    def flush(self) -> None:
        """Write what waits, now."""
        self.write()

    def close(self) -> None:
        """Write what waits and close the file. Idempotent."""
        with self._lock:
            if self.closed:
                return
            self.write()
            self.closed = True
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
        drain.remove(self)

    def begin_again_in_child(self) -> None:
        """In a forked child: leave the parent's file, and what waits, to the parent.

        The child's own file is made with its first event.
        """
        self._lock = threading.RLock()
        self.pending = []
        self._unwritten = b""
        self._waiting_bytes = 0
        self.is_scheduled = False
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1
        self.path = ""


def _scalar_head(tag: str) -> bytes:
    """Return what stands between step and value in the event of a scalar: its summary without the float32."""
    name = delimited(1, tag.encode("utf-8", "surrogatepass")) + b"\x15"  # ... simple_value
    value = b"\x0a" + encode_varint(len(name) + 4) + name
    return b"\x2a" + encode_varint(len(value) + 4) + value


class _Drain:
    """The thread that writes the event files of this process, and ends what nobody holds any more."""

    def __init__(self) -> None:
        self.files: list[EventFile] = []
        self._abandoned: list[Callable[[], object]] = []
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.RLock()
        self._event = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, file: EventFile) -> None:
        """Write `file` from now on; it is held until it is closed."""
        with self._lock:
            self.files.append(file)

    def remove(self, file: EventFile) -> None:
        """Forget a closed file."""
        with self._lock:
            if file in self.files:
                self.files.remove(file)

    def abandon(self, end: Callable[[], object]) -> None:
        """Call `end` in the thread: what a garbage writer leaves behind. Called by the collector, at any time."""
        self._abandoned.append(end)
        self._event.set()

    def wake(self) -> None:
        """Let the thread write, a tenth of a second from now."""
        self._event.set()
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._start()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="epochal-events", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return  # the interpreter is ending: `write_all` takes the rest
        self._thread = thread
        multiprocessing: Any = sys.modules.get("multiprocessing.util")
        if multiprocessing is not None:
            # multiprocessing's children end without atexit, but run their finalizers.
            multiprocessing.Finalize(None, self.write_all, exitpriority=-100)

    def _run(self) -> None:
        while True:
            self._event.wait()
            time.sleep(DRAIN_S)
            self._event.clear()
            self.write_all()

    def write_all(self) -> None:
        """Write what waits in every file."""
        with self._lock:
            files = list(self.files)
        for file in files:
            try:
                if file.is_scheduled or file.has_leftover:
                    file.write()
            except Exception as error:  # never the training's trouble
                warn(f"events of {file.path} could not be written: {error}")
        while self._abandoned:
            self._abandoned.pop()()

    def begin_in_child(self) -> None:
        """Begin anew in a forked child."""
        self._begin()
        self._abandoned.clear()
        for file in self.files:
            file.begin_again_in_child()


drain = _Drain()
atexit.register(drain.write_all)
forks.install()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=drain.begin_in_child)
