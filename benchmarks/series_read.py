"""Charts from the store: one key over 100 runs, full range and zooms, warm and cold.

    python benchmarks/series_read.py [--runs 100] [--points 1000 10000 100000] [--repeats 5] [--float64]

Ours: `Store.series` and the bundle that the server sends (1000 pixels). cold: a newly opened store, whose
decoded blocks and whose SQLite page cache are empty (the operating system's page cache is not).
warm: after three questions of the kind.
zoom n %: a range of that share at a random place, each time another one.
duckdb: a table (run, step, value) ordered by run and step in a file, the same question as minimum and maximum by pixel
column (which is less: no first and last, no exact edges), warm. Printed where duckdb is installed.
CPU ms: of this process, all threads, per question; the median of the repeats.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from journal_bytes import clock, deliver, encode_rows, noise, uids

from epochal.formats.bundle import BundleWriter
from epochal.records import LOCAL_ADMIN, Columns, SeriesAnswer, SeriesQuery
from epochal.store.sql import SqlStore, open_store

PX = 1000
Zooms = Iterator[tuple[float, float] | None]


def build(folder: Path, runs: int, points: int, *, float32: bool) -> tuple[list[str], float]:
    """Fill a store; returns the runs and bytes of the database a point."""
    random = np.random.default_rng(0)
    store = open_store(folder)
    names = list(uids(runs))
    for name in names:
        values = noise(points, 2, random, float32=float32)
        steps = np.arange(points, dtype=np.int64)
        deliver(
            store,
            name,
            encode_rows(["loss", "acc"], steps, clock(points, random), values),
            end=True,
        )
        store.fold()
    store.close()
    size = (folder / "store.db").stat().st_size
    return names, size / (runs * points * 2)


def bundle_size(answer: SeriesAnswer) -> int:
    """Return the bytes of the bundle that the server makes of an answer."""
    writer = BundleWriter()
    header = []
    for series in answer.series:
        if isinstance(series, Columns):
            arrays = [
                writer.add_axis(series.x0),
                writer.add_axis(series.x1),
                writer.add(series.flags),
            ]
            arrays += [
                writer.add_values(a) for a in (series.first, series.min, series.max, series.last)
            ]
        else:
            arrays = [writer.add_axis(series.x), writer.add_values(series.y)]
        header.append({"run": series.run, "key": series.key, "arrays": arrays})
    return len(writer.finish({"series": header}))


def ranges(points: int, share: float) -> Iterator[tuple[float, float] | None]:
    """Yield ranges of a share of the steps at random places."""
    random = np.random.default_rng(1)
    while True:
        if share >= 1:
            yield None
            continue
        low = random.uniform(0, points * (1 - share))
        yield low, low + points * share


def ask(
    store: SqlStore, runs: list[str], within: tuple[float, float] | None, x: str = "step"
) -> SeriesAnswer:
    """Ask for one key of all runs."""
    return store.series(LOCAL_ADMIN, SeriesQuery(runs, ["loss"], x, within, PX))


def measure(repeats: int, question: Callable[[], object]) -> tuple[float, float]:
    """Return the median wall and CPU milliseconds of a question."""
    walls, cpus = [], []
    for _ in range(repeats):
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        question()
        walls.append(1e3 * (time.perf_counter() - wall))
        cpus.append(1e3 * (time.process_time() - cpu))
    return statistics.median(walls), statistics.median(cpus)


def ours(folder: Path, runs: list[str], points: int, repeats: int) -> None:
    """Print our rows."""
    for label, share, x in (
        ("full", 1.0, "step"),
        ("zoom 30 %", 0.3, "step"),
        ("zoom 10 %", 0.1, "step"),
        ("zoom 1 %", 0.01, "step"),
        ("full, x = relative", 1.0, "relative"),
    ):
        zooms = ranges(points, share)

        def question(store: SqlStore, zooms: Zooms = zooms, x: str = x) -> SeriesAnswer:
            return ask(store, runs, next(zooms), x)

        cold: list[tuple[float, float]] = []
        for _ in range(repeats):
            store = open_store(folder)
            cold.append(measure(1, partial(question, store)))
            store.close()
        cold_wall, cold_cpu = (statistics.median(column) for column in zip(*cold, strict=True))
        store = open_store(folder)
        for _ in range(3):
            answer = question(store)
        wall, cpu = measure(repeats, partial(question, store))
        size = bundle_size(answer)
        _, bundle_cpu = measure(repeats, partial(bundle_size, answer))
        store.close()
        kind = type(answer.series[0]).__name__.lower()
        print(
            f"{points:>8} | {label:<18} | {cold_wall:8.1f} | {cold_cpu:8.1f}"
            f" | {wall:8.1f} | {cpu:8.1f} | {bundle_cpu:8.1f} | {size / 1e6:6.2f} | {kind}"
        )


def duckdb_rows(folder: Path, runs: list[str], points: int, repeats: int, *, float32: bool) -> None:
    """Print the peer's rows."""
    try:
        import duckdb
    except ModuleNotFoundError:
        return
    random = np.random.default_rng(0)
    peer = duckdb.connect(str(folder / "peer.duckdb"))
    peer.execute("CREATE TABLE points (run INTEGER, step BIGINT, value DOUBLE)")
    for run in range(len(runs)):
        step, value = np.arange(points), noise(points, 2, random, float32=float32)[:, 0].copy()
        peer.register("batch", {"step": step, "value": value})
        peer.execute(f"INSERT INTO points SELECT {run}, step, value FROM batch")
    for label, share in (("full", 1.0), ("zoom 10 %", 0.1), ("zoom 1 %", 0.01)):
        zooms = ranges(points, share)

        def question(zooms: Iterator[tuple[float, float] | None] = zooms) -> None:
            low, high = next(zooms) or (0, points)
            peer.execute(
                "SELECT run, floor((step - ?) * ?) AS px, min(value), max(value) FROM points"
                " WHERE step BETWEEN ? AND ? GROUP BY run, px ORDER BY run, px",
                [low, PX / (high - low), low, high],
            ).fetchnumpy()

        question()
        wall, cpu = measure(repeats, question)
        print(
            f"{points:>8} | {'duckdb ' + label:<18} | {'':8} | {'':8} | {wall:8.1f} | {cpu:8.1f} |"
        )
    peer.close()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--points", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--float64", action="store_true", help="values that are no float32")
    options = parser.parse_args()
    kind = "float64" if options.float64 else "float32"
    print(f"{options.runs} runs, one key, {PX} px, {kind}-valued; ms, medians of {options.repeats}")
    print(
        f"{'points':>8} | {'question':<18} | {'cold':>8} | {'cold CPU':>8} | {'warm':>8} | {'warm CPU':>8}"
        f" | {'bundling':>8} | {'MB':>6} |"
    )
    for points in options.points:
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            runs, size = build(Path(folder), options.runs, points, float32=not options.float64)
            ours(Path(folder), runs, points, options.repeats)
            duckdb_rows(Path(folder), runs, points, options.repeats, float32=not options.float64)
            print(
                f"{'':>8} | {size:.2f} bytes a point, built in {time.perf_counter() - begun:.0f} s"
            )


if __name__ == "__main__":
    main()
