"""What one process holds: its sinks, its two background threads, and what happens to them at fork and exit."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from epochal.sdk import forks
from epochal.sdk.exits import ExitWatch
from epochal.sdk.heartbeat import Heartbeat
from epochal.sdk.messages import warn

if TYPE_CHECKING:
    from epochal.sdk.copying import Copier
    from epochal.sdk.sender import Sender
    from epochal.sdk.sink import Sink

CHILD_GIVE_UP_S = 2.0
"""A forked child does not hold up its parent; what it leaves in its spool, the parent's copier takes."""

exit_watch = ExitWatch()


class Process:
    """The state of this process; a forked child begins with an empty one that remembers its parent's sinks."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Start empty."""
        self.pid = os.getpid()
        self.heartbeat = Heartbeat()
        self.sender: Sender | None = None
        self.copier: Copier | None = None
        self.sinks: list[Sink] = []
        self.child_sinks: list[Sink] = []


process = Process()
_installed = False
_at_exit: list[Callable[[int], None]] = []
_in_child: list[Callable[[], None]] = []


def install(finish_all: Callable[[int], None], in_child: Callable[[], None]) -> None:
    """Set up the hooks of this process.

    `finish_all` gets the exit code when the interpreter ends; `in_child` is called in forked children.
    """
    global _installed
    if _installed:
        return
    _installed = True
    exit_watch.install()
    _at_exit.append(finish_all)
    _in_child.append(in_child)
    atexit.register(_end)
    forks.install()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=after_fork_in_child)


def after_fork_in_child() -> None:
    """Cut every sink of the parent off from its file and threads."""
    parent_sinks = process.sinks
    process.begin()
    for sink in parent_sinks:
        sink.detach_in_child()
    process.sinks = parent_sinks
    for reset in _in_child:
        reset()


def sender() -> Sender:
    """Return the sender of this process."""
    if process.sender is None:
        from epochal.sdk.sender import Sender

        process.sender = Sender()
    return process.sender


def look_after(sink: Sink) -> None:
    """Give `sink` its heartbeat; while its journal lies in a spool, the copier takes care of the data directory."""
    local = sink.remote_url is None
    if sink.spool is None:
        process.heartbeat.add(sink, local=local)
        return
    from epochal.sdk.copying import Copier
    from epochal.sdk.heartbeat import beat

    if local:
        beat(sink)
    process.heartbeat.add(sink, local=False)
    if process.copier is None:
        process.copier = Copier()
    process.copier.add(sink)


def bring_home(sink: Sink, give_up_s: float) -> bool:
    """Wait until the journal of a closed sink is in the data directory; False, with a warning, when it is not."""
    spool, copier = sink.spool, process.copier
    if spool is None or copier is None or copier.finish(sink, give_up_s):
        return True
    reason = f" ({copier.last_error})" if copier.last_error else ""
    warn(
        f"{sink.directory.root} does not take the end of run {sink.run_head.get('name')}{reason}; it is safe in "
        f"{spool.folder} and goes there with the next start of epochal on this machine, or with: epochal sync"
    )
    return False


def writer_started(sink: Sink) -> None:
    """Look after a writer that a forked child has just opened; its parent's sender ships the journal.

    It is put in the outbox here: the parent may end first, or have no sender because the run is offline.
    """
    process.child_sinks.append(sink)
    if sink.offline or sink.remote_url is not None:
        sink.directory.put_in_outbox(sink.run_head["uid"], sink.writer, sink.remote_url)
    look_after(sink)
    multiprocessing: Any = sys.modules.get("multiprocessing.util")
    if multiprocessing is not None:
        # multiprocessing's children end without atexit, but run their finalizers.
        multiprocessing.Finalize(None, end_child_writers, exitpriority=-100)


def end_child_writers(exit_code: int = 0) -> None:
    """Close the writers that this forked child has opened."""
    from epochal.sdk.exits import state_of

    sinks, process.child_sinks = process.child_sinks, []
    for sink in sinks:
        process.heartbeat.remove(sink)
        sink.close(exit_code, state_of(exit_code))
        bring_home(sink, CHILD_GIVE_UP_S)


def _end() -> None:
    end_child_writers(exit_watch.exit_code)
    for finish_all in _at_exit:
        finish_all(exit_watch.exit_code)
