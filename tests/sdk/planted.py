"""Faults planted into the SDK, each of which one test of this folder must catch: a plugin of pytest, off by default.

    PLANTED_SDK_FAULT=no_fork_guard python -m pytest -p tests.sdk.planted tests/sdk/test_process.py

Only `test_planted.py` does that; tests/faults has plants of its own for the fault list of the whole product.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

CHOSEN = os.environ.get("PLANTED_SDK_FAULT", "")


def no_fork_guard() -> None:
    """A forked child goes on with its parent's file and lock."""
    from epochal.sdk import lifetime

    lifetime.after_fork_in_child = lambda: None


def buffered_write() -> None:
    """Rows go to a list, and a thread writes them every 50 ms."""
    from epochal.sdk import sink

    waiting: list[tuple[int, bytes]] = []

    def drain() -> None:
        while True:
            time.sleep(0.05)
            while waiting:
                descriptor, data = waiting.pop(0)
                try:
                    os.write(descriptor, data)
                except OSError:
                    continue

    def write_later(descriptor: int, data: bytes) -> int:
        waiting.append((descriptor, data))
        return len(data)

    sink.write_bytes = write_later
    threading.Thread(target=drain, daemon=True).start()


def unchecked_partial_write() -> None:
    """What the disk took is not looked at."""
    from epochal.sdk.sink import Sink

    Sink.write_failed = lambda self, record, written, error, **options: None  # type: ignore[method-assign]


def no_offset_rewind() -> None:
    """After a lost answer or a restart the sender goes on where it was, whatever the server says."""
    from epochal.sdk import sender

    def go_on(stream: sender.Stream, offset: int) -> int:
        advanced = len(stream.read(stream.chunk))
        stream.offset += advanced
        return advanced

    sender.rewind = go_on


PLANTS: dict[str, tuple[Callable[[], None], str]] = {
    "no_fork_guard": (
        no_fork_guard,
        "test_process.py::test_a_forked_child_logs_as_a_writer_of_its_own",
    ),
    "buffered_write": (
        buffered_write,
        "test_process.py::test_no_row_is_lost_however_the_process_dies",
    ),
    "unchecked_partial_write": (
        unchecked_partial_write,
        "test_disk.py::test_rows_wait_in_memory_and_are_written_when_there_is_room",
    ),
    "no_offset_rewind": (
        no_offset_rewind,
        "test_sender.py::test_segments_are_sent_across_their_borders",
    ),
}
"""Name: (what plants it, the test that must turn red)."""

if CHOSEN:
    PLANTS[CHOSEN][0]()
