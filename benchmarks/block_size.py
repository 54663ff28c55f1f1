"""Bytes a point, in the journal and in the store, for noisy curves.

    python benchmarks/block_size.py [--points 10000 100000 1000000] [--keys 2 50]

A point is one value of one key. The journal is what the SDK writes with its first sink: a record a row. The store is
what is left when all is folded: values, presence, steps, float64 times that jitter by 5 %, and the pyramid with
first, smallest, largest and last of every 16, 256 and 4096 values. file: store.db after VACUUM, with SQLite's own
overhead; free: what VACUUM gave back. smooth: a cosine of the step, as a learning rate schedule is.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parent))
from journal_bytes import clock, deliver, encode_rows, noise, uids

from epochal.store.sql import open_store

TABLES = ("block", "axis", "pyramid", "tail")


def values_of(kind: str, rows: int, keys: int) -> npt.NDArray[np.float64]:
    """Return float64[rows, keys] of a kind."""
    random = np.random.default_rng(0)
    if kind == "smooth":
        return np.cos(np.arange(rows)[:, None] / (100 + np.arange(keys)) / 50) * 1e-3
    return noise(rows, keys, random, float32=kind == "float32")


def measure(kind: str, points: int, keys: int) -> None:
    """Print one row of the table."""
    rows = max(1, points // keys)
    random = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        store = open_store(path)
        (name,) = uids(1)
        body = encode_rows(
            [f"k{i}" for i in range(keys)],
            np.arange(rows, dtype=np.int64),
            clock(rows, random),
            values_of(kind, rows, keys),
        )
        journal = deliver(store, name, body, end=True)
        store.fold()
        store.close()
        file = path / "store.db"
        database = sqlite3.connect(file)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = file.stat().st_size
        parts = [
            (database.execute(f"SELECT sum(length(data)) FROM {table}").fetchone()[0] or 0) / points
            for table in TABLES
        ]
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        after = file.stat().st_size
    print(
        f"{points:>8} | {keys:>4} | {kind:<8} | {journal / points:7.2f} | {sum(parts):7.2f} | "
        + " | ".join(f"{part:7.2f}" for part in parts)
        + f" | {after / points:6.2f} | {(before - after) / points:6.2f}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--points", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--keys", type=int, nargs="+", default=[2, 50])
    options = parser.parse_args()
    print(
        f"{'points':>8} | {'keys':>4} | {'values':<8} | journal |   store | "
        + " | ".join(f"{table:>7}" for table in TABLES)
        + " |   file |   free   (bytes a point)"
    )
    for keys in options.keys:
        for kind in ("float32", "float64", "smooth"):
            for points in options.points:
                measure(kind, points, keys)


if __name__ == "__main__":
    main()
