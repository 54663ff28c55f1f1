"""The run list: filter, sort and page of 1 k, 10 k and 100 k runs x 100 columns, as the server answers it.

    python benchmarks/runs_table.py [--runs 1000 10000 100000] [--keys 5] [--repeats 7]

Each question is asked of the store and its answer made JSON, in this process; a page has 100 runs. first: the run list
is not in memory yet. after a change: one run has got a new name. Runs are written into the database directly: 80
numbers and texts of config, 20 of summary, and `--keys` series each (50 keys of 10,000 runs are 500,000 series).
CPU ms and ms: of this process, all threads, and by the wall clock; the median of the repeats.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from epochal.records import LOCAL_ADMIN, GroupQuery, RunEdit, RunQuery, ValuesQuery
from epochal.server import wire, wire_runs
from epochal.server.answers import encode_json
from epochal.store.sql import SqlStore, open_store

PROJECT = (LOCAL_ADMIN, "local", "bench")
OPTIMISERS = ("adam", "adamw", "sgd", "lion", "rmsprop")


def document(chance: random.Random) -> bytes:
    """Return the document of a run: 100 columns, a fifth of them texts."""
    config: dict[str, Any] = {f"number{i}": chance.random() for i in range(62)}
    config |= {f"layer{i}": chance.randrange(10) for i in range(10)}
    config |= {"lr": chance.choice([1e-4, 3e-4, 1e-3]), "opt": chance.choice(OPTIMISERS)}
    config |= {f"text{i}": f"value {chance.randrange(40)}" for i in range(6)}
    summary = {f"metric{i}": chance.gauss(0, 1) for i in range(20)}
    made = {"config": config, "summary": summary, "metrics": {}, "environment": {}}
    return json.dumps({**made, "tags": chance.sample(["best", "night", "old"], 1)}).encode()


def build(folder: Path, runs: int, keys: int) -> SqlStore:
    """Return a store with runs that were written directly."""
    chance = random.Random(runs)
    store = open_store(folder)
    documents = [document(chance) for _ in range(min(runs, 2000))]
    with store.database.write() as connection:
        connection.run(
            "INSERT INTO project (entity, name, owner, created, updated, version, next_ordinal)"
            " VALUES ('local', 'bench', 'local', 1, 1, 1, ?)",
            [runs],
        )
        connection.many(
            "INSERT INTO run (uid, project_id, id, name, owner, state, ordinal, created, updated, finished,"
            " duration, archived, rows, last_step, version, doc)"
            " VALUES (?, 1, ?, ?, 'local', 'finished', ?, ?, ?, ?, 60, false, 100, 99, 1, ?)",
            (
                (f"run-{i:07}", f"id-{i}", f"night {i}", i, i, i, i, documents[i % len(documents)])
                for i in range(runs)
            ),
        )
        connection.many(
            "INSERT INTO series (run_uid, name, kind, created, count, latest, latest_row, lowest, highest)"
            " VALUES (?, ?, 'f64', 1, 100, ?, 99, ?, ?)",
            (
                (f"run-{i:07}", f"train/key{k}", chance.random(), -1.0, 2.0)
                for i in range(runs)
                for k in range(keys)
            ),
        )
    return store


def page(store: SqlStore, **query: Any) -> bytes:
    return encode_json(wire.runs_of(store.runs(*PROJECT, RunQuery(**query))))


def groups(store: SqlStore) -> bytes:
    asked = GroupQuery(by=["config.opt", "config.lr"], columns=["summary.metric1", "duration"])
    return encode_json(wire_runs.groups_of(store.groups(*PROJECT, asked)))


def questions(store: SqlStore) -> dict[str, Callable[[], object]]:
    """Return what is asked, by what the table calls it."""
    columns = tuple(f"config.number{i}" for i in range(80))
    columns += tuple(f"summary.metric{i}" for i in range(20))
    numbers = count()

    def after_a_change() -> bytes:
        edit = RunEdit(name=f"name {next(numbers)}")
        store.edit_run(LOCAL_ADMIN, "run-0000001", edit)
        return page(store, columns=columns)

    return {
        "newest": lambda: page(store, columns=columns),
        "filter, sort by a number": lambda: page(
            store, filter="number1<0.5 opt=adam", sort="summary.metric1", columns=columns
        ),
        "filter, sort by two texts": lambda: page(
            store, filter="night number2>0.1", sort="config.opt,-config.text1", columns=columns
        ),
        "filter by /regex/": lambda: page(store, filter=r"/night \d*7/", columns=columns),
        "sort by last.KEY": lambda: page(store, sort="last.train/key1", columns=columns),
        "window in the middle": lambda: page(
            store, sort="summary.metric2", offset=500, columns=columns
        ),
        "what differs": lambda: page(store, differs=True, limit=1),
        "groups of two columns": lambda: groups(store),
        "values of a column": lambda: store.values(*PROJECT, ValuesQuery("config.text1")),
        "after a change": after_a_change,
    }


def measured(ask: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Return (CPU ms, ms) of one question."""
    cpu: list[float] = []
    wall: list[float] = []
    for _ in range(repeats):
        began, used = time.perf_counter(), time.process_time()
        ask()
        cpu.append(1000 * (time.process_time() - used))
        wall.append(1000 * (time.perf_counter() - began))
    return statistics.median(cpu), statistics.median(wall)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--keys", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    print(f"{'runs':>8}  {'question':<28}{'CPU ms':>10}{'ms':>10}")
    for runs in options.runs:
        with tempfile.TemporaryDirectory(prefix="epochal-runs-") as folder:
            store = build(Path(folder), runs, options.keys)

            def show(name: str, ask: Callable[[], object], repeats: int, runs: int = runs) -> None:
                cpu, wall = measured(ask, repeats)
                print(f"{runs:>8}  {name:<28}{cpu:>10.1f}{wall:>10.1f}")
                sys.stdout.flush()

            for name, ask in (
                ("first list", lambda store=store: page(store)),
                ("first keys", lambda store=store: store.keys(*PROJECT)),
                ("first last.KEY", lambda store=store: page(store, sort="last.train/key1")),
            ):
                show(name, ask, 1)
            for name, ask in questions(store).items():
                show(name, ask, options.repeats)
            store.close()


if __name__ == "__main__":
    main()
