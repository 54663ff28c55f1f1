"""Smoothed charts from the store: one key over many runs, every raw value smoothed, 1000 pixels.

    python benchmarks/smoothing.py [--runs 100] [--points 1000 10000 100000] [--repeats 5]

first: a newly opened store, whose decoded blocks and whose SQLite page cache are empty. cached: the same question
again; zoom 10 %: at a random place, another one each time, smoothed values cached. kernel: the smoothing alone, in
nanoseconds a value, by the twin in use and by numpy. CPU milliseconds of this thread, medians; float32-valued noise.
A first reading makes a zstd context for each packed plane of bytes, in which the library asks the processor twice what
it can do (`cpuid`). A virtual machine answers that itself, 6 us each: what they take is said below each length.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from series_read import PX, build, ranges

from epochal.formats import block
from epochal.native import kernels, plain
from epochal.records import LOCAL_ADMIN, SeriesQuery, Smoothing
from epochal.store.sql import SqlStore, open_store

KINDS = (
    Smoothing("ema", 0.99),
    Smoothing("time", 0.99),
    Smoothing("gaussian", 100.0),
    Smoothing("mean", 101),
)


def spent(work: Callable[[], object]) -> float:
    """Return milliseconds of CPU of this thread."""
    gc.collect()
    begun = time.thread_time()
    work()
    return 1e3 * (time.thread_time() - begun)


def ask(
    store: SqlStore, runs: list[str], smoothing: Smoothing, within: tuple[float, float] | None
) -> object:
    """Ask for one key of all runs."""
    query = SeriesQuery(runs, ["loss"], "step", within, PX, smooth=smoothing)
    return store.series(LOCAL_ADMIN, query)


def kernel(twin: ModuleType, smoothing: Smoothing, points: int) -> float:
    """Return nanoseconds a value."""
    values = np.random.default_rng(0).standard_normal(points)
    amount = smoothing.amount
    calls: dict[str, Callable[[], object]] = {
        "ema": lambda: twin.decaying_mean(values, amount),
        "time": lambda: twin.fading_mean(values, np.full(points, amount)),
        "gaussian": lambda: twin.gaussian_mean(np.arange(points) / amount, values),
        "mean": lambda: twin.centred_mean(values, int(amount) // 2),
    }
    return 1e6 * min(spent(calls[smoothing.kind]) for _ in range(5)) / points


def contexts(folder: Path, runs: list[str]) -> tuple[int, float]:
    """Return how many zstd contexts a first reading makes, and the microseconds of CPU that one takes here."""
    store = open_store(folder)
    made = block.zstd.ZstdDecompressor
    with patch.object(block.zstd, "ZstdDecompressor", side_effect=made) as counted:
        ask(store, runs, KINDS[0], None)
    store.close()
    count = 2_000
    return counted.call_count, 1e3 * spent(lambda: [made() for _ in range(count)]) / count


def measure(folder: Path, runs: list[str], points: int, repeats: int) -> None:
    """Print one row for each kind."""
    for smoothing in KINDS:
        first: list[float] = []
        for _ in range(repeats):
            store = open_store(folder)
            first.append(spent(lambda: ask(store, runs, smoothing, None)))  # noqa: B023
            store.close()
        store = open_store(folder)
        ask(store, runs, smoothing, None)
        cached = [spent(lambda: ask(store, runs, smoothing, None)) for _ in range(repeats)]  # noqa: B023
        zooms = ranges(points, 0.1)
        zoomed = [spent(lambda: ask(store, runs, smoothing, next(zooms))) for _ in range(repeats)]  # noqa: B023
        store.close()
        figures = [statistics.median(column) for column in (first, cached, zoomed)]
        times = [kernel(twin, smoothing, points) for twin in (kernels, plain)]
        shown = " | ".join(f"{figure:8.1f}" for figure in (*figures, *times))
        print(f"{points:>8} | {smoothing.kind:<9} | {shown}")
    count, each = contexts(folder, runs)
    print(
        f"{'':8} | of each first: {count:,} zstd contexts x {each:.1f} us = {1e-3 * count * each:.1f} ms"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--points", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    twin = "compiled" if kernels.is_compiled else "numpy"
    print(f"{options.runs} runs, one key, {PX} px; CPU ms; kernels: {twin}")
    print(
        f"{'points':>8} | {'kind':<9} | {'first':>8} | {'cached':>8} | {'zoom 10%':>8} | {'ns/value':>8} | {'numpy':>8}"
    )
    for points in options.points:
        with tempfile.TemporaryDirectory() as folder:
            runs, _size = build(Path(folder), options.runs, points, float32=True)
            measure(Path(folder), runs, points, options.repeats)


if __name__ == "__main__":
    main()
