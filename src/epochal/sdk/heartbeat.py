"""The one background thread of a process: heartbeats, fsync, new segments and what a failing disk left in memory."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from epochal.sdk import sink as sinks
from epochal.sdk import spool as spools
from epochal.sdk.directory import announcement, write_json

if TYPE_CHECKING:
    from epochal.sdk.sink import Sink

BEAT_S = 10.0
SYNC_S = 5.0
TICK_S = 1.0


class Heartbeat:
    """Looks after the sinks of this process once a second; the thread lives while there are any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sinks: list[tuple[Sink, bool]] = []
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()

    def add(self, sink: Sink, *, local: bool) -> None:
        """Look after `sink`; a `local` one is announced in ``active/``, now and with every beat."""
        if local:
            beat(sink)
        with self._lock:
            self._sinks.append((sink, local))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="epochal-heartbeat", daemon=True
                )
                self._thread.start()

    def remove(self, sink: Sink) -> None:
        """Stop looking after `sink`."""
        with self._lock:
            self._sinks = [pair for pair in self._sinks if pair[0] is not sink]
        self._wake.set()

    def is_local(self, sink: Sink) -> bool:
        """Return whether `sink` is announced in ``active/``."""
        return any(local for other, local in self._sinks if other is sink)

    def _run(self) -> None:
        beaten = synced = time.monotonic()
        while True:
            self._wake.wait(TICK_S)
            with self._lock:
                self._wake.clear()
                sinks_now = list(self._sinks)
                if not sinks_now:
                    self._thread = None
                    return
            now = time.monotonic()
            beating, syncing = now - beaten >= BEAT_S, now - synced >= SYNC_S
            for sink, local in sinks_now:
                tend(sink, beating=beating and local, syncing=syncing)
            beaten = now if beating else beaten
            synced = now if syncing else synced


def tend(sink: Sink, *, beating: bool, syncing: bool) -> None:
    """Do for one sink what is due; a failure here waits for the next round."""
    try:
        while not sink.retry():
            if not sink.made_progress:
                break
        if sink.size() >= (sinks.SEGMENT_BYTES if sink.spool is None else spools.SEGMENT_BYTES):
            sink.roll()
        if syncing:
            sink.sync()
        if beating:
            beat(sink)
    except OSError:
        return


def beat(sink: Sink) -> None:
    """Touch the in-tray entry of `sink`, or make it when it is missing."""
    path = sink.directory.active_path(sink.writer)
    try:
        os.utime(path)
    except OSError:
        try:
            spool = sink.spool.folder if sink.spool is not None else None
            write_json(path, announcement(sink.run_head, sink.writer_head, spool))
        except OSError:
            return  # a full disk: the server finds the journal with a later beat
