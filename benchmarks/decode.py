"""Points a second through each step of the store's way, on one core.

    python benchmarks/decode.py [--points 10000 100000 1000000] [--keys 2 50] [--repeats 5]

decode: journal bytes to columns, every checksum checked (plain: with the reader that goes record by record). tail:
columns to the bytes of a tail row. fold: tail to blocks and pyramid, SQL and commit included. history: every value back
through `Store.history`, cold and warm. Millions of points for each second of CPU of this process; medians.
window ms: CPU of the longest transaction of the fold, which is what a commit may have to wait for.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from journal_bytes import clock, deliver, encode_rows, noise, uids

from epochal.formats import journal
from epochal.formats.frame import decode_journal, encode_frame
from epochal.records import LOCAL_ADMIN
from epochal.store.fold import fold_window
from epochal.store.sql import SqlStore, open_store


def rate(points: int, repeats: int, work: Callable[[], object]) -> float:
    """Return millions of points for each second of CPU."""
    spent = []
    for _ in range(repeats):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return points / statistics.median(spent) / 1e6


def decode_plainly(data: bytes) -> int:
    """Decode record by record; returns the number of rows."""
    layouts: dict[int, journal.RowLayout] = {}
    rows = 0
    for item in journal.read_records(data):
        assert isinstance(item, journal.Record)
        (schema_id,) = struct.unpack_from("<H", item.payload)
        if item.kind == journal.SCHEMA:
            letters = "".join(letter for _, letter in json.loads(bytes(item.payload[2:])))
            layouts[schema_id] = journal.RowLayout(schema_id, letters)
        else:
            layouts[schema_id].decode(item.payload)
            rows += 1
    return rows


def read_history(store: SqlStore, run: str) -> int:
    """Read all pages; returns the number of values."""
    after, found = None, 0
    while True:
        page = store.history(LOCAL_ADMIN, run, None, after)
        found += sum(len(column.values) for column in page.columns)
        after = page.next
        if after is None:
            return found


def measure(points: int, keys: int, repeats: int) -> None:
    """Print one row of the table."""
    random = np.random.default_rng(0)
    rows = points // keys
    points = rows * keys
    steps = np.arange(rows, dtype=np.int64)
    body = encode_rows(
        [f"k{i}" for i in range(keys)],
        steps,
        clock(rows, random),
        noise(rows, keys, random, float32=True),
    )
    decode = rate(points, repeats, lambda: decode_journal(body, {}))
    plain = rate(points, repeats, lambda: decode_plainly(body))
    frame = decode_journal(body, {}).frame
    ids = {(column.name, column.kind): i for i, column in enumerate(frame.columns)}
    tail = rate(points, repeats, lambda: encode_frame(frame, ids, 0))
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        names = list(itertools.islice(uids(repeats), repeats))
        for name in names:
            deliver(store, name, body, end=True)
        with store.database.read() as connection:
            writers = [row[0] for row in connection.rows("SELECT id FROM writer ORDER BY id")]
        windows: list[float] = []

        def fold_one() -> None:
            writer, going = writers.pop(), 1
            while going:
                begun = time.process_time()
                with store.database.write() as connection:
                    going = fold_window(connection, writer)
                windows.append(1e3 * (time.process_time() - begun))

        folded = rate(points, repeats, fold_one)
        pages = iter(names)
        cold = rate(points, repeats, lambda: read_history(store, next(pages)))
        warm = rate(points, repeats, lambda: read_history(store, names[-1]))
        assert read_history(store, names[0]) == points
        store.close()
    print(
        f"{points:>8} | {keys:>4} | {decode:7.1f} | {plain:7.2f} | {tail:7.1f} | {folded:7.2f} | {cold:12.1f}"
        f" | {warm:12.1f} | {max(windows):9.0f}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--points", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--keys", type=int, nargs="+", default=[2, 50])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(
        f"{'points':>8} | {'keys':>4} | {'decode':>7} | {'plain':>7} | {'tail':>7} | {'fold':>7} | history cold"
        " | history warm | window ms   (million points / CPU s)"
    )
    for keys in options.keys:
        for points in options.points:
            measure(points, keys, options.repeats)


if __name__ == "__main__":
    main()
