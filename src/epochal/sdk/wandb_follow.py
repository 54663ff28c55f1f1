"""Follows folders of the wandb client: sends the logs in them to a server, and what they and new ones get later."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from epochal.errors import EpochalError, TransportError
from epochal.sdk.wandb_sync import (
    LogSender,
    Mark,
    Sent,
    WandbServer,
    find_logs,
    is_sent,
    write_mark,
)

POLL_S = 1.0
SCAN_S = 3.0
SILENCE_S = 300.0
"""A log without an end that has not grown for so long is one of a process that was killed."""

log = logging.getLogger("epochal.wandb")


class WandbFollower:
    """Sends every log below some paths, and follows those that have no end yet. One thread calls `step` or `run`."""

    def __init__(self, paths: Sequence[Path], server: WandbServer) -> None:
        """Follow the logs at `paths` (as `find_logs` takes them); nothing is read yet."""
        self._paths = paths
        self._server = server
        self._following: dict[Path, LogSender] = {}
        self._done: dict[Path, int] = {}
        self._scanned = 0.0
        self.said: Callable[[Path, Sent], None] = lambda _log, _sent: None
        """Called with each log that was sent to its end, and what was sent of it."""

    def run(self, stopping: threading.Event) -> None:
        """Follow until `stopping` is set; what fails is said once and tried again."""
        self._server.stopped = stopping.is_set
        refusal = ""
        while not stopping.wait(POLL_S):
            try:
                self.step()
            except (EpochalError, OSError) as error:
                if str(error) != refusal:
                    log.warning("logs of wandb wait: %s", error)
                refusal = str(error)
                stopping.wait(10.0)
        for sender in self._following.values():
            sender.close()

    def step(self) -> bool:
        """Send what there is to send now; returns whether a log is still being followed."""
        now = time.monotonic()
        if now - self._scanned > SCAN_S or not self._scanned:
            self._scan()
            self._scanned = now
        for path in list(self._following):
            self._advance(path)
        return bool(self._following)

    def _scan(self) -> None:
        for path in (found for folder in self._paths for found in find_logs(folder)):
            if path in self._following or self._done.get(path) == path.stat().st_size:
                continue
            if is_sent(path, self._server):
                self._done[path] = path.stat().st_size
                self.said(path, Sent(known=True))
            else:
                self._following[path] = LogSender(path, self._server)

    def _advance(self, path: Path) -> None:
        sender = self._following[path]
        try:
            status = path.stat()
            silent = time.time() - status.st_mtime > SILENCE_S
            sender.advance(final=silent)
        except TransportError:
            self._following.pop(path).close()  # what was read and not sent is read again
            self._scanned = 0.0
            raise
        except (EpochalError, OSError) as error:
            sender.sent.problems.append(str(error))
            self._end(path, path.stat().st_size if path.exists() else 0)
            return
        if sender.is_over:
            if sender.run is not None:
                write_mark(path, self._server.name, Mark(status.st_size, sender.run))
            self._end(path, status.st_size)

    def _end(self, path: Path, size: int) -> None:
        sender = self._following.pop(path)
        sender.close()
        self._done[path] = size
        self.said(path, sender.sent)
