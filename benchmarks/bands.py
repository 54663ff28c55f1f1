"""Groups as bands: one key over many runs in four groups, mean and standard deviation, 1000 pixels.

    python benchmarks/bands.py [--runs 100] [--points 1000 10000 100000] [--repeats 5]

first: a newly opened store, whose decoded blocks and whose SQLite page cache are empty; again: the same question once
more; zoom 10 %: at a random place, another one each time. numpy: the same bands from arrays in memory, without reading
anything (what the interpolation and the statistics cost). CPU milliseconds of this thread, medians.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from series_read import PX, build, ranges
from smoothing import spent

from epochal.records import LOCAL_ADMIN, BandsQuery
from epochal.store.sql import SqlStore, open_store

GROUPS = 4


def ask(store: SqlStore, runs: list[str], within: tuple[float, float] | None) -> object:
    """Ask for the bands of one key."""
    groups = [(f"group {i}", runs[i::GROUPS]) for i in range(GROUPS)]
    return store.bands(LOCAL_ADMIN, BandsQuery(groups, ["loss"], range=within, px=PX))


def plainly(runs: int, points: int) -> float:
    """Return what interpolation and statistics take on arrays."""
    values = np.random.default_rng(0).standard_normal((runs, points))
    steps, grid = np.arange(float(points)), np.linspace(0, points - 1, min(2 * PX, points))

    def work() -> None:
        for i in range(GROUPS):
            sampled = np.stack([np.interp(grid, steps, row) for row in values[i::GROUPS]])
            sampled.mean(axis=0)
            sampled.std(axis=0, ddof=1)

    return statistics.median(spent(work) for _ in range(5))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--points", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(f"{options.runs} runs in {GROUPS} groups, one key, {PX} px; CPU ms")
    print(f"{'points':>8} | {'first':>8} | {'again':>8} | {'zoom 10%':>8} | {'numpy':>8}")
    for points in options.points:
        with tempfile.TemporaryDirectory() as folder:
            runs, _size = build(Path(folder), options.runs, points, float32=True)
            first: list[float] = []
            for _ in range(options.repeats):
                store = open_store(Path(folder))
                first.append(spent(lambda: ask(store, runs, None)))  # noqa: B023
                store.close()
            store = open_store(Path(folder))
            ask(store, runs, None)
            again = [spent(lambda: ask(store, runs, None)) for _ in range(options.repeats)]  # noqa: B023
            zooms = ranges(points, 0.1)
            zoomed = [spent(lambda: ask(store, runs, next(zooms))) for _ in range(options.repeats)]  # noqa: B023
            store.close()
            medians = [statistics.median(column) for column in (first, again, zoomed)]
            figures = [*medians, plainly(options.runs, points)]
            print(
                f"{points:>8} | " + " | ".join(f"{figure:8.1f}" for figure in figures), flush=True
            )


if __name__ == "__main__":
    main()
