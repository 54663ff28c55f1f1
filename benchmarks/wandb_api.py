"""Bulk reads by the wandb client's own Api: scan_history by files and by pages, and runs of a project of 10,000.

    python benchmarks/wandb_api.py [--rows 1000000] [--page-rows 100000] [--runs 10000] [--client PYTHON]

The server is a process of its own; the reader is the client in another (`--client`: an interpreter that has wandb; this
one without it). A run with `--rows` rows of the same eight keys is read as Parquet files; one of `--page-rows` rows of
which every tenth has a further key, by pages. Both were given to the store as the client sends them. rows/s are those
that a script sees, by the wall clock; most of the time is the client's: its own CPU and that of the server are printed
beside it. first: the file is made and fetched; again: the client has kept it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parent))

from runs_table import document

from epochal.records import LOCAL_ADMIN
from epochal.server.wandb.intake import RunIntake
from epochal.store.sql import SqlStore, open_store

CHUNK = 10_000

READER = """
import itertools, json, sys, time
import wandb
task, path, *rest = sys.argv[1:]
api = wandb.Api(timeout=120)
began, cpu = time.perf_counter(), time.process_time()
if task == "runs":
    count = sum(1 for run in api.runs(path, per_page=int(rest[0])) if run.name)
elif task == "scan":
    keys = json.loads(rest[1])
    scan = api.run(path).scan_history(keys=keys, page_size=int(rest[0]))
    count = sum(1 for row in scan)
elif task == "export":
    import pyarrow.parquet as parquet
    found = api.run(path).download_history_exports(rest[0])
    assert not found.errors, found
    count = sum(parquet.read_table(file).num_rows for file in found.paths)
print(json.dumps([count, time.perf_counter() - began, time.process_time() - cpu]))
"""


def rows(count: int, sparse: bool) -> Iterator[list[str]]:
    """Yield lines of history as the client sends them, some thousand at a time."""
    chance = random.Random(1)
    lines: list[str] = []
    for step in range(count):
        row: dict[str, Any] = {f"metric/{i}": chance.random() for i in range(5)}
        row |= {"epoch": step // 100, "lr": 0.001, "flag": step % 2 == 0}
        if sparse and step % 10 == 0:
            row["val/loss"] = chance.random()
        row |= {"_step": step, "_timestamp": 1.79e9 + step / 10, "_runtime": step / 10}
        lines.append(json.dumps(row, separators=(",", ":")))
        if len(lines) == CHUNK:
            yield lines
            lines = []
    if lines:
        yield lines


def log(store: SqlStore, name: str, count: int, *, sparse: bool) -> float:
    """Give the store a run; returns the rows it takes in a second."""
    intake = RunIntake(store, LOCAL_ADMIN)
    intake.upsert({"project": "bench", "name": name, "config": "{}", "host": "h", "program": "p"})
    offset, took = 0, 0.0
    for lines in rows(count, sparse):
        content = {"wandb-history.jsonl": {"offset": offset, "content": lines}}
        body = json.dumps({"files": content}).encode()
        began = time.perf_counter()
        intake.stream("local", "bench", name, body)
        took += time.perf_counter() - began
        offset += len(lines)
    intake.stream("local", "bench", name, b'{"complete": true, "exitcode": 0}')
    return count / took


def add_runs(store: SqlStore, count: int) -> None:
    """Write runs with 100 columns into the database."""
    chance = random.Random(2)
    documents = [document(chance) for _ in range(min(count, 1000))]
    now = time.time()
    store.create_project(LOCAL_ADMIN, "local", "many")
    with store.database.write() as connection:
        project = connection.value("SELECT id FROM project WHERE name = 'many'")
        connection.many(
            "INSERT INTO run (uid, project_id, id, name, owner, state, ordinal, created, updated, finished,"
            " duration, archived, rows, last_step, version, doc)"
            " VALUES (?, ?, ?, ?, 'local', 'finished', ?, ?, ?, ?, 60, ?, 100, 99, 1, ?)",
            [
                (
                    *(f"u{i}", project, f"r{i}", f"run {i}", i, now + i, now + i, now + i, False),
                    documents[i % len(documents)],
                )
                for i in range(count)
            ],
        )
        connection.run("UPDATE project SET version = 1 WHERE id = ?", [project])


class Served:
    """A server over a data directory, and a reader of it."""

    def __init__(self, data: Path, python: str) -> None:
        words = [sys.executable, "-m", "epochal", "up", "--no-open", "--port", "0"]
        self.folder = data.parent / "client"
        self.folder.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [*words, "--data", str(data)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        described = data / "server.json"
        while not described.exists():
            time.sleep(0.05)
        self.about = json.loads(described.read_bytes())
        self.python = python

    def read(self, *arguments: str) -> tuple[int, float, float, float]:
        """Return (items, seconds, the reader's CPU, the server's CPU) of a task."""
        cache = {f"WANDB_{name}_DIR": str(self.folder) for name in ("CACHE", "CONFIG", "DATA")}
        environment = {
            **os.environ,
            **cache,
            "HOME": str(self.folder),
            "WANDB_BASE_URL": self.about["url"],
            "WANDB_API_KEY": self.about["token"],
            "WANDB_ERROR_REPORTING": "false",
            "WANDB_SILENT": "true",
        }
        before = psutil.Process(self.process.pid).cpu_times()
        printed = subprocess.run(
            [self.python, "-c", READER, *arguments],
            env=environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        after = psutil.Process(self.process.pid).cpu_times()
        count, took, cpu = json.loads(printed.splitlines()[-1])
        return count, took, cpu, after.user + after.system - before.user - before.system

    def stop(self) -> None:
        """End the server."""
        self.process.terminate()
        self.process.wait(30)


def main() -> None:
    """Print what each way of reading gives in a second."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--page-rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--client", default=sys.executable)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="epochal-") as scratch:
        data = Path(scratch) / "data"
        store = open_store(data)
        taken = log(store, "even", args.rows, sparse=False)
        log(store, "sparse", args.page_rows, sparse=True)
        add_runs(store, args.runs)
        store.close()
        print(f"file_stream to disk: {taken:,.0f} rows/s of 11 values")
        served = Served(data, args.client)
        even, sparse, keys = "local/bench/even", "local/bench/sparse", '["epoch", "lr"]'
        try:
            for label, *task in (
                ("runs, pages of 50", "runs", "local/many", "50"),
                ("runs, pages of 1000", "runs", "local/many", "1000"),
                ("scan by pages of 1000", "scan", sparse, "1000", "null"),
                ("scan by pages of 10000", "scan", sparse, "10000", "null"),
                ("scan of files, first", "scan", even, "10000", "null"),
                ("scan of files, again", "scan", even, "10000", "null"),
                ("scan of files, page_size 1000", "scan", even, "1000", "null"),
                ("download_history_exports", "export", even, str(served.folder / "exports")),
                ("scan of files, keys, kept", "scan", even, "10000", keys),
            ):
                count, took, cpu, server = served.read(*task)
                rate = f"{count / took:>12,.0f}/s"
                print(
                    f"{label:32}{rate}  {count:,} in {took:.1f} s; CPU s: {cpu:.1f} + server {server:.2f}"
                )
        finally:
            served.stop()


if __name__ == "__main__":
    main()
