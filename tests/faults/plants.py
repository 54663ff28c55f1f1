"""Planted faults: changes of the product, made from outside, each of which one fault test must catch.

Off unless ``EPOCHAL_TEST_PLANT`` names one, which only the soak's `test_every_plant_is_caught` does. The product never
reads that variable: `processes.python` starts servers and trainings through `planted.py`, and `conftest.py` plants in
the process of pytest.
"""

from __future__ import annotations

import functools
import math
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

ACTIVE: str | None = os.environ.get("EPOCHAL_TEST_PLANT") or None
"""The plant of this process; read at import, before the fixtures clean the environment."""


@dataclass(frozen=True)
class Plant:
    """A fault that can be switched on: how it is made, and the test (below tests/faults) that turns red."""

    apply: Callable[[], None]
    test: str


# ------------------------------------------------------------------------------------------- server


def acknowledge_before_commit() -> None:
    """The store answers as soon as it has queued the bytes; the commit follows 50 ms later."""
    from epochal.records import Ack
    from epochal.store.commit import Delivery
    from epochal.store.intake import Intake

    submit = Intake.submit

    def submit_later(self: Intake, delivery: Delivery) -> Future[Ack]:
        early: Future[Ack] = Future()
        late = Delivery(
            delivery.principal, delivery.writer, delivery.offset, delivery.data, delivery.final
        )

        def commit() -> None:
            try:
                submit(self, late)
            except Exception:
                return

        timer = threading.Timer(0.05, commit)
        timer.daemon = True
        timer.start()
        early.set_result(Ack("", delivery.offset + len(delivery.data), 0))
        return early

    Intake.submit = submit_later


def deduplication_off() -> None:
    """The store takes the bytes that it is given, whether it has them or not."""
    from epochal.store import commit

    commit.unseen = lambda data, offset, acknowledged: data


def checksum_off() -> None:
    """The server does not compare X-Epochal-Crc32 with what arrived."""
    from epochal.server.routes import journal

    journal._check_sum = lambda declared, data: None


def wall_clock_sweep() -> None:
    """Silence is measured on a clock that can jump."""
    from epochal.store import sql

    wall, sleeping = (lambda: time.time()), time.sleep

    class WallClock:
        monotonic = staticmethod(wall)
        time = staticmethod(wall)
        sleep = staticmethod(sleeping)

    sql.time = WallClock  # type: ignore[assignment]


def bad_record_refuses_batch() -> None:
    """One record that cannot be read makes the store refuse everything that came with it."""
    from epochal.errors import UsageError
    from epochal.store import commit

    decode = commit.decode_journal

    def decode_or_refuse(*arguments: Any, **options: Any) -> Any:
        chunk = decode(*arguments, **options)
        if chunk.damage:
            raise UsageError(f"record at {chunk.damage[0].start}: {chunk.damage[0].reason}")
        return chunk

    commit.decode_journal = decode_or_refuse


def record_checks_off() -> None:
    """Readers of journals and blocks believe every checksum."""
    import zlib

    from epochal.formats import block, frame, journal

    class Agreeing(int):
        """A checksum that equals any other."""

        def __eq__(self, other: object) -> bool:
            return True

        def __ne__(self, other: object) -> bool:
            return False

        __hash__ = int.__hash__

    class Zlib:
        crc32 = staticmethod(lambda data, start=0: Agreeing(zlib.crc32(data, start)))
        error = zlib.error
        compress = staticmethod(zlib.compress)
        decompress = staticmethod(zlib.decompress)
        decompressobj = staticmethod(zlib.decompressobj)
        compressobj = staticmethod(zlib.compressobj)

    for module in (block, frame, journal):
        if hasattr(module, "zlib"):
            module.zlib = Zlib  # type: ignore[assignment]
    # numpy compares the sums of plain rows all at once, where an obliging int is only an int.
    frame._Decoder._check = lambda self, group, starts, table: None  # type: ignore[method-assign]


# --------------------------------------------------------------------------------------------- SDK


def buffered_writes() -> None:
    """`log` puts its record on a list, and a thread writes the list five times a second."""
    from epochal.sdk import sink

    waiting: list[tuple[int, bytes]] = []
    lock = threading.Lock()

    def flush() -> None:
        while True:
            time.sleep(0.2)
            with lock:
                records, waiting[:] = list(waiting), []
            for descriptor, record in records:
                try:
                    os.write(descriptor, record)
                except OSError:
                    pass

    def write_later(descriptor: int, record: bytes) -> int:
        with lock:
            waiting.append((descriptor, bytes(record)))
        return len(record)

    sink.write_bytes = write_later
    threading.Thread(target=flush, daemon=True).start()


def unchecked_writes() -> None:
    """Nobody looks how much of a record the disk took."""
    from epochal.sdk import sink

    def write_unchecked(descriptor: int, record: bytes) -> int:
        os.write(descriptor, record)
        return len(record)

    sink.write_bytes = write_unchecked


def finish_never_gives_up() -> None:
    """`finish` waits for the server for as long as it takes."""
    from epochal.sdk import session

    resolve = session.resolve

    @functools.wraps(resolve)
    def resolve_patiently(*arguments: Any) -> Any:
        resolved = resolve(*arguments)
        resolved.finish_timeout_s = math.inf
        return resolved

    session.resolve = resolve_patiently


def server_away_raises() -> None:
    """`finish` raises when the server does not answer."""
    from epochal.errors import TransportError
    from epochal.sdk import session

    def refuse_to_wait(run: Any, sink: Any) -> None:
        raise TransportError(f"{sink.remote_url} does not answer")

    session._wait_for_server = refuse_to_wait


def fork_guard_off() -> None:
    """A forked child goes on with its parent's journal and locks."""
    from epochal.sdk import lifetime

    lifetime.after_fork_in_child = lambda: None


PLANTS = {
    "acknowledge_before_commit": Plant(acknowledge_before_commit, "test_f01_server_killed.py"),
    "deduplication_off": Plant(deduplication_off, "test_f01_server_killed.py"),
    "buffered_writes": Plant(buffered_writes, "test_f02_training_killed.py"),
    "finish_never_gives_up": Plant(finish_never_gives_up, "test_f04_server_away.py"),
    "server_away_raises": Plant(server_away_raises, "test_f04_server_away.py"),
    "deduplication_off_lost_answers": Plant(deduplication_off, "test_f05_lost_answers.py"),
    "checksum_off": Plant(checksum_off, "test_f05_lost_answers.py"),
    "unchecked_writes": Plant(unchecked_writes, "test_f07_disk_full.py"),
    "record_checks_off": Plant(record_checks_off, "test_f10_damaged_bytes.py"),
    "wall_clock_sweep": Plant(wall_clock_sweep, "test_f12_clock_jumps.py"),
    "bad_record_refuses_batch": Plant(bad_record_refuses_batch, "test_f18_hostile_values.py"),
    "fork_guard_off": Plant(fork_guard_off, "test_f19_processes.py"),
}
