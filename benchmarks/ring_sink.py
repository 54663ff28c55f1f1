"""A ring in shared memory beside the first sink: what log() costs, and what is left when the process dies.

The ring is a prototype behind the interface of the product's sink: the caller packs a row into a mapped file and
stores its sequence number last; a thread copies rows into the same journal twenty times a second; a wrap waits for
that thread; after a death the rest is written to the journal at the offset at which the thread had been, so that
writing it twice does no harm. The first sink is the product's: one write() a row in the caller's thread.

Clocks: CPU of the caller's thread and of all threads, without the loop. Deaths: rows whose log() had returned, those
that the journal did not hold when the process was dead, and those lost after the ring was read as well. The decision
is in docs/architecture.md, "Decisions".
"""

from __future__ import annotations

import json
import mmap
import os
import random
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = os.path.dirname(os.path.abspath(__file__))
SIZE = 4 * 1024 * 1024
DATA = 4096
"""Where rows begin: the first page holds the two slots that say how far the thread is."""
PERIOD_S = 0.05
SLOT = struct.Struct("<QQQI")  # turn, position in the ring, offset in the journal, crc of these
ROW = struct.Struct("<QIH2xqd")  # sequence number, bytes, schema id, step, time; the values follow
SKIP = 0xFFFF
DEATHS: dict[str, Callable[[], object]] = {
    "kill -9": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "os._exit": lambda: os._exit(1),
    "abort": os.abort,
    "SIGTERM": lambda: os.kill(os.getpid(), signal.SIGTERM),
}


class Ring:
    """The mapped file: rows from `DATA` on, one after another; the first words of a row are stored last."""

    def __init__(self, path: str) -> None:
        self.path = path
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(descriptor).st_size < SIZE:
            # A sparse mapping raises SIGBUS when the disk is full.
            os.posix_fallocate(descriptor, 0, SIZE)
        self.map = mmap.mmap(descriptor, SIZE)
        os.close(descriptor)
        self.words = memoryview(self.map).cast("Q")
        self.tail, self.turn, self.offset = DATA, 0, 0

    def drained(self, position: int, offset: int) -> None:
        """Note that everything before `position` is in the journal, which ends at `offset`."""
        self.turn += 1
        body = struct.pack("<QQQ", self.turn, position, offset)
        # Two places in turn: a kill while one is written leaves the other.
        SLOT.pack_into(
            self.map, 64 * (self.turn % 2), self.turn, position, offset, zlib.crc32(body)
        )
        self.tail, self.offset = position, offset

    def recall(self) -> tuple[int, int]:
        """Return (position, journal offset) of the newer of the two slots that are whole."""
        found = (0, DATA, 0)
        for place in (0, 64):
            turn, position, offset, crc = SLOT.unpack_from(self.map, place)
            if crc == zlib.crc32(struct.pack("<QQQ", turn, position, offset)):
                found = max(found, (turn, position, offset))
        return found[1], found[2]


def rows_of(
    ring: Ring, position: int, sequence: int | None, layouts: Callable[[int], Any]
) -> tuple[list[bytes], int, int]:
    """Return (ROW records, position and sequence number after them) of the rows committed from `position` on."""
    from epochal.formats.journal import CRC

    records: list[bytes] = []
    words, data = ring.words, ring.map
    while True:
        if position + ROW.size > SIZE:
            position = DATA
        found = words[position >> 3]
        if sequence is None:
            sequence = found
        if found != sequence or not found:
            return records, position, sequence
        _, size, schema, step, when = ROW.unpack_from(data, position)
        if schema == SKIP:
            position, sequence = DATA, sequence + 1
            continue
        layout = layouts(schema)
        values = layout.values.unpack_from(data, position + ROW.size)
        body = layout.fixed.pack(layout.prefix, schema, step, when, *values)
        records.append(body + CRC.pack(zlib.crc32(body)))
        position, sequence = position + size, sequence + 1


def make_product_use_the_ring() -> None:
    """Put the ring in the place of the product's sink, in this process."""
    from epochal.sdk import run as runs
    from epochal.sdk import session
    from epochal.sdk.sink import Sink

    class RingSink(Sink):
        """The product's sink, with rows of known schemas going through the ring."""

        def open(self) -> None:
            super().open()
            self.ring = Ring(os.path.join(os.environ["EPOCHAL_RING"], self.writer))
            self.head, self.sequence, self.next = DATA, 1, 1
            self.draining = threading.Lock()
            self.known: dict[int, Any] = {}
            self.packers: dict[int, Any] = {}
            self.ring.drained(DATA, self.size())
            threading.Thread(target=self._keep_draining, daemon=True).start()

        def _keep_draining(self) -> None:
            while not self.closed:
                time.sleep(PERIOD_S)
                self.drain()

        def drain(self) -> None:
            """Bring what is committed to the journal."""
            with self.draining:
                records, position, following = rows_of(
                    self.ring, self.ring.tail, self.next, self.known.__getitem__
                )
                if following == self.next:
                    return
                self.next = following
                data = b"".join(records)
                os.write(self.fd, data)
                self.ring.drained(position, self.ring.offset + len(data))

        def _emit(self, record: bytes, *, droppable: bool = False) -> None:
            if not hasattr(self, "ring"):
                super()._emit(record, droppable=droppable)
                return
            self.drain()
            with self.draining:
                super()._emit(record, droppable=droppable)
                self.ring.drained(self.ring.tail, self.ring.offset + len(record))

        def packer(self, entry: Any) -> Any:
            """Return (pack_into, bytes, schema id) of rows of `entry`."""
            letters = entry.layout.letters
            if not hasattr(entry.layout, "values"):
                layout = SimpleLayout(entry.layout, letters)
                self.known[entry.schema_id] = layout
            packing = struct.Struct("<IH2xqd" + letters)
            size = (ROW.size + struct.calcsize("<" + letters) + 7) & ~7
            self.packers[id(entry)] = found = (packing.pack_into, size)
            return found

        def wrap(self, size: int) -> int:
            """Return where a row of `size` bytes goes, once the thread has read what is there."""
            position = self.head
            if position + size > SIZE:
                if position + ROW.size <= SIZE:
                    struct.pack_into("<IH", self.ring.map, position + 8, 0, SKIP)
                    self.ring.words[position >> 3] = self.sequence
                    self.sequence += 1
                position = DATA
            while 0 <= self.ring.tail - position - 1 < size or (
                position == DATA and self.ring.tail == DATA and self.next != self.sequence
            ):
                self.drain()
            return position

        def close(self, exit_code: int, state: str) -> None:
            self.drain()
            super().close(exit_code, state)
            os.unlink(self.ring.path)

    class SimpleLayout:
        """A row layout and the struct of its values alone."""

        def __init__(self, layout: Any, letters: str) -> None:
            self.prefix, self.fixed = layout.prefix, layout.fixed
            self.values = struct.Struct("<" + letters)

    wall_time = time.time

    def log(self: Any, data: Any, step: int | None = None, commit: bool | None = None) -> None:
        sink = self._sink
        with sink.lock:
            try:
                entry = sink.current
                values = data.values()
                types = [*map(type, values)]
                keys = [*data]
                if keys != entry.key_list or types != entry.type_list:
                    entry = sink.fast.get((tuple(keys), tuple(types)))
                if (
                    entry is not None
                    and commit is not False
                    and (step is None or step.__class__ is int)
                ):
                    place = sink.step if step is None else step
                    pack, size = sink.packers.get(id(entry)) or sink.packer(entry)
                    head = sink.head
                    if head + size > SIZE or 0 <= sink.ring.tail - head - 1 < size:
                        head = sink.wrap(size)
                    pack(
                        sink.ring.map, head + 8, size, entry.schema_id, place, wall_time(), *values
                    )
                    sink.ring.words[head >> 3] = sink.sequence
                    sink.sequence += 1
                    sink.head = head + size
                    sink.step = place + 1
                    sink.current = entry
                    return
            except (AttributeError, TypeError, struct.error):
                pass
            self._log_unusual(sink, data, step, commit)

    session.Sink = RingSink  # type: ignore[misc]
    runs.Run.log = log  # type: ignore[method-assign]


def recover(ring_path: str, journal_path: str) -> None:
    """Write what only the ring of a dead process holds to its journal."""
    from epochal.formats.journal import SCHEMA, Record, RowLayout, read_records

    data = Path(journal_path).read_bytes()
    layouts: dict[int, Any] = {}
    for record in read_records(data):
        if isinstance(record, Record) and record.kind == SCHEMA:
            (schema,) = struct.unpack_from("<H", record.payload)
            letters = "".join(letter for _, letter in json.loads(bytes(record.payload[2:])))
            layouts[schema] = RowLayout(schema, letters)
    ring = Ring(ring_path)
    position, offset = ring.recall()

    class Layout:
        def __init__(self, schema: int) -> None:
            found = layouts[schema]
            self.prefix, self.fixed = found.prefix, found.fixed
            self.values = struct.Struct("<" + found.letters)

    records, _, _ = rows_of(ring, position, None, Layout)
    descriptor = os.open(journal_path, os.O_WRONLY)
    os.pwrite(descriptor, b"".join(records), offset)
    os.close(descriptor)


# ---------------------------------------------------------------------------------------- measuring


def work(options: dict[str, Any]) -> dict[str, float]:
    """Log in a loop; return CPU microseconds a call."""
    os.environ["EPOCHAL_RING"] = os.getcwd()
    if options["sink"] == "ring":
        make_product_use_the_ring()
    from log_cost import rows

    import epochal

    calls = options["calls"]
    data = rows(calls, options["keys"], float32=False)
    began = time.thread_time()
    for step, row in enumerate(data):
        nothing(row, step)
    loop = time.thread_time() - began
    run = epochal.init(project="bench", settings={"environment": False})
    log = run.log
    log(data[0], 0)
    whole = time.process_time()
    began = time.thread_time()
    for step, row in enumerate(data):
        log(row, step)
    caller = time.thread_time() - began
    run.finish()
    whole = time.process_time() - whole
    return {"caller us": (caller - loop) / calls * 1e6, "all us": (whole - loop) / calls * 1e6}


def nothing(row: dict[str, float], step: int) -> None:
    """Stand for a log() that does nothing."""


def die(options: dict[str, Any]) -> None:
    """Log until `seconds` are over, counting the calls that returned where a kill cannot take it back; then die."""
    os.environ["EPOCHAL_RING"] = os.getcwd()
    if options["sink"] == "ring":
        make_product_use_the_ring()
    import epochal

    descriptor = os.open("count", os.O_RDWR | os.O_CREAT)
    os.ftruncate(descriptor, 8)
    counter = memoryview(mmap.mmap(descriptor, 8)).cast("q")
    run = epochal.init(project="bench", settings={"environment": False})
    until = time.monotonic() + options["seconds"]
    row = 0
    while time.monotonic() < until:
        run.log({"i": row, "v": row / 3}, row)
        row += 1
        counter[0] = row
    DEATHS[options["death"]]()


def trial(sink: str, death: str, seconds: float) -> tuple[int, int, int]:
    """Let one process die; return (rows returned, rows in its journal then, rows lost after recovery)."""
    with tempfile.TemporaryDirectory(prefix="epochal-ring-") as folder:
        options = json.dumps({"sink": sink, "death": death, "seconds": seconds})
        subprocess.run(
            [sys.executable, __file__, "--die", options],
            cwd=folder,
            env={**os.environ, "EPOCHAL_DIR": f"{folder}/data", "EPOCHAL_QUIET": "1"},
            capture_output=True,
            check=False,
        )
        (returned,) = struct.unpack("<q", Path(folder, "count").read_bytes())
        (journal,) = Path(folder, "data", "runs").glob("*/*.ep")
        there = rows_in(journal)
        ring = Path(folder, journal.name.partition(".")[0])
        if ring.exists():
            recover(str(ring), str(journal))
        after = rows_in(journal)
        assert after == list(range(len(after))), "rows are doubled or out of order"
        return returned, len(there), max(returned - len(after), 0)


def rows_in(journal: Path) -> list[int]:
    """Return the steps of the rows of a journal."""
    from epochal.formats.journal import ROW as ROW_KIND
    from epochal.formats.journal import ROW_HEAD, Record, read_records

    return [
        ROW_HEAD.unpack_from(record.payload)[1]
        for record in read_records(journal.read_bytes(), final=True)
        if isinstance(record, Record) and record.kind == ROW_KIND
    ]


def main() -> None:
    from peers import measure

    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"medians of {repeats} runs, float64-valued rows, CPU time a call")
    print(f"{'':<14}{'keys':>6}{'caller us':>12}{'all us':>12}")
    for keys, calls in ((2, 100_000), (50, 20_000)):
        for sink in ("first sink", "ring"):
            found = measure(__file__, "epochal", repeats, sink=sink, keys=keys, calls=calls)
            if found is None:
                raise SystemExit(1)
            print(f"{sink:<14}{keys:>6}{found['caller us']:>12.2f}{found['all us']:>12.2f}")
    print(
        f"\n{repeats} deaths of each kind after 0.1 to 0.6 s in a tight loop; medians, losses summed"
    )
    print(f"{'':<14}{'death':>10}{'rows':>10}{'not in the journal':>20}{'lost':>8}")
    choose = random.Random(0)
    lost_rows = 0
    for sink in ("first sink", "ring"):
        for death in DEATHS:
            trials = [trial(sink, death, choose.uniform(0.1, 0.6)) for _ in range(repeats)]
            behind = statistics.median(max(returned - there, 0) for returned, there, _ in trials)
            lost = sum(one[2] for one in trials)
            lost_rows += lost
            rows = statistics.median(one[0] for one in trials)
            print(f"{sink:<14}{death:>10}{rows:>10.0f}{behind:>20.0f}{lost:>8}")
    if lost_rows:
        raise SystemExit(f"{lost_rows} rows were lost")


if __name__ == "__main__":
    sys.path.insert(0, FOLDER)
    if sys.argv[1:2] == ["--worker"]:
        print(json.dumps(work(json.loads(sys.argv[2]))))
    elif sys.argv[1:2] == ["--die"]:
        die(json.loads(sys.argv[2]))
    else:
        main()
