"""One metric of 100 runs, read as a chart needs it: ours beside other trackers and plain column stores.

    python benchmarks/read_peers.py [--repeats 5] [--runs 100] [--points 1000] [--many 100000]

Two questions. Every point of 1000-point runs: what a tracker's page asks, through each tool's own reading interface
(for TensorBoard through the loader of its Python server). Smallest and largest value of each of 1000 pixel columns of
100,000-point runs, which only column stores are asked: one Parquet file a run, and a DuckDB table ordered by run and
step. Ours answers both with `Store.series` and the bundle that the server sends, which has first and last as well.

Noisy float32-valued data; writing them is not measured. CPU: all threads of the process that reads, at the first
question (cold: it has read nothing before) and the median of those after it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

FOLDER = os.path.dirname(os.path.abspath(__file__))
PX = 1000
TRACKERS = ("epochal", "TensorBoard", "Aim", "MLflow SQLite", "Parquet", "DuckDB")
COLUMN_STORES = ("epochal", "Parquet", "DuckDB")
COLUMNS = ["warm CPU ms", "warm ms", "cold CPU ms"]

Question = Callable[[], int]
"""Asks once; returns how many values came."""


def curves(runs: int, points: int) -> Any:
    """Return noisy falling curves of float32 values, float64[runs, points]."""
    import numpy as np

    random = np.random.default_rng(0)
    curve = 1 / np.sqrt(1 + np.arange(points) / 100)
    noisy = curve + 0.1 * random.standard_normal((runs, points))
    return noisy.astype(np.float32).astype(float)


def epochal(data: Any, *, columns: bool) -> Question:
    """Fill our store; the question is one of `Store.series` with its bundle."""
    from pathlib import Path

    import numpy as np
    from journal_bytes import clock, deliver, encode_rows, uids
    from series_read import ask, bundle_size

    from epochal.store.sql import open_store

    random = np.random.default_rng(1)
    store = open_store(Path("data"))
    names = list(uids(len(data)))
    steps = np.arange(len(data[0]), dtype=np.int64)
    for name, values in zip(names, data, strict=True):
        times = clock(len(values), random)
        deliver(store, name, encode_rows(["loss"], steps, times, values[:, None]), end=True)
        store.fold()
    store.close()
    reading = open_store(Path("data"))

    def question() -> int:
        answer = ask(reading, names, None)
        bundle_size(answer)
        return sum(len(getattr(one, "y", getattr(one, "min", ()))) for one in answer.series)

    return question


def tensorboard(data: Any, *, columns: bool) -> Question:
    """Write an event file a run; the question loads them as TensorBoard's server does, keeping every point."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboardX import SummaryWriter

    for run, values in enumerate(data):
        writer = SummaryWriter(f"events/{run}")
        for step, value in enumerate(values.tolist()):
            writer.add_scalar("loss", value, step)
        writer.close()

    def question() -> int:
        count = 0
        for run in range(len(data)):
            loaded = EventAccumulator(f"events/{run}", size_guidance={"scalars": 0})
            loaded.Reload()
            count += len(loaded.Scalars("loss"))
        return count

    return question


def aim(data: Any, *, columns: bool) -> Question:
    """Track every value; the question is one of `Repo.query_metrics`."""
    from aim import Repo, Run

    for values in data:
        run: Any = Run(repo=".", system_tracking_interval=None, capture_terminal_logs=False)
        for step, value in enumerate(values.tolist()):
            run.track(value, name="loss", step=step)
        run.close()
    # Queries find only what is in the index, which its server makes in the background.
    command = "from aim.cli.cli import cli_entry_point as main; main()"
    reindex = [sys.executable, "-c", command, "storage", "--repo", ".", "reindex"]
    subprocess.run(reindex, input=b"y\n", check=True, capture_output=True)
    repo: Any = Repo(".")

    def question() -> int:
        found = repo.query_metrics("metric.name == 'loss'", report_mode=0)
        return sum(
            len(metric.values.sparse_numpy()[1])
            for collection in found.iter_runs()
            for metric in collection
        )

    return question


def mlflow(data: Any, *, columns: bool) -> Question:
    """Log in batches of 1000; the question asks for the history of each run, as its charts do."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric

    client = MlflowClient("sqlite:///mlflow.db")
    experiment = client.create_experiment("bench")
    runs: list[str] = []
    for values in data:
        run = client.create_run(experiment).info.run_id
        metrics = [
            Metric("loss", value, 1000 * step, step) for step, value in enumerate(values.tolist())
        ]
        for start in range(0, len(metrics), 1000):
            client.log_batch(run, metrics=metrics[start : start + 1000])
        runs.append(run)
    return lambda: sum(len(client.get_metric_history(run, "loss")) for run in runs)


def parquet(data: Any, *, columns: bool) -> Question:
    """Write one file a run (zstd); the question reads them all, and reduces to pixel columns where there are more."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    for run, values in enumerate(data):
        written = pa.table({"step": np.arange(len(values)), "loss": values})
        pq.write_table(written, f"{run}.parquet", compression="zstd")

    def question() -> int:
        count = 0
        for run in range(len(data)):
            values = pq.read_table(f"{run}.parquet")["loss"].to_numpy()
            if columns:
                starts = np.linspace(0, len(values), PX, endpoint=False).astype(int)
                smallest = np.minimum.reduceat(values, starts)
                largest = np.maximum.reduceat(values, starts)
                values = np.stack([smallest, largest], axis=1)
            count += len(values)
        return count

    return question


def duckdb(data: Any, *, columns: bool) -> Question:
    """Fill a table ordered by run and step; the question is SQL."""
    import duckdb as engine
    import numpy as np

    database = engine.connect("peer.duckdb")
    database.execute("CREATE TABLE points (run INTEGER, step BIGINT, value DOUBLE)")
    for run, values in enumerate(data):
        database.register("batch", {"step": np.arange(len(values)), "value": values})
        database.execute(f"INSERT INTO points SELECT {run}, step, value FROM batch")
    sql = "SELECT run, step, value FROM points ORDER BY run, step"
    if columns:
        sql = (
            f"SELECT run, step * {PX} // {len(data[0])} AS px, min(value), max(value) FROM points"
            " GROUP BY run, px ORDER BY run, px"
        )
    return lambda: len(database.execute(sql).fetchnumpy()["run"])


def work(options: dict[str, Any]) -> dict[str, float]:
    """Fill one tool and ask it; return milliseconds."""
    makers = {
        "epochal": epochal,
        "TensorBoard": tensorboard,
        "Aim": aim,
        "MLflow SQLite": mlflow,
        "Parquet": parquet,
        "DuckDB": duckdb,
    }
    data = curves(options["runs"], options["points"])
    question = makers[options["tool"]](data, columns=options["columns"])
    wanted = options["runs"] * (PX if options["columns"] else options["points"])
    del data
    walls: list[float] = []
    cpus: list[float] = []
    for _ in range(options["asked"] + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        came = question()
        cpus.append(1e3 * (time.process_time() - cpu))
        walls.append(1e3 * (time.perf_counter() - wall))
        # Ours sends a bucket that straddles two pixels as a column of its own.
        assert wanted <= came <= 3 * wanted, f"{came} values came where {wanted} were asked for"
    return {
        "warm CPU ms": statistics.median(cpus[1:]),
        "warm ms": statistics.median(walls[1:]),
        "cold CPU ms": cpus[0],
    }


def main() -> None:
    from peers import measure, table

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--many", type=int, default=100_000)
    options = parser.parse_args()
    asked = {"runs": options.runs, "asked": options.repeats}
    few = [
        (tool, measure(__file__, tool, 1, points=options.points, columns=False, **asked))
        for tool in TRACKERS
    ]
    table(f"every point of {options.runs} runs of {options.points}", COLUMNS, few)
    many = [
        (tool, measure(__file__, tool, 1, points=options.many, columns=True, **asked))
        for tool in COLUMN_STORES
    ]
    table(f"{PX} pixel columns of {options.runs} runs of {options.many}", COLUMNS, many)


if __name__ == "__main__":
    sys.path.insert(0, FOLDER)
    if sys.argv[1:2] == ["--worker"]:
        print(json.dumps(work(json.loads(sys.argv[2]))))
    else:
        main()
