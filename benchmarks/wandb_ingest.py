"""Rows of the wandb client over HTTP: what 20 live runs cost the server, and how fast it takes a backlog.

    python benchmarks/wandb_ingest.py [--seconds 60] [--interval 15] [--rows 100000]

Bodies are as wandb-core 0.31 sends them (a row is a JSON text in the JSON body, keys in random order, a summary with
each request) and are made beforehand. Live: 20 clients, 20 keys, 10 steps/s, a request of each every 15 s, which is
the client's own pace, evenly spread; CPU is the server's process, all threads, as a share of one core. Backlog: the
same clients one request after the other. Last, what the lines and the columns of these rows take on disk.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from pathlib import Path

import httpx
import psutil
from http_ingest import Server, start

CLIENTS, KEYS, STEPS_PER_S = 20, 20, 10
BACKLOG_ROWS = 1000
UPSERT = """mutation UpsertBucket($name: String, $project: String, $host: String, $program: String,
  $config: JSONString) {
  upsertBucket(input: {name: $name, modelName: $project, host: $host, jobProgram: $program, config: $config}) {
    bucket { id name } inserted } }"""


def bodies(number: int, rows: int, each: int) -> list[bytes]:
    """Return the requests of one run: a random walk in every key, `each` rows in a request."""
    chance = random.Random(number)
    names = [f"group{k % 5}/metric_{k}" for k in range(KEYS)]
    values = dict.fromkeys(names, 0.0)
    found: list[bytes] = []
    now = time.time()
    for first in range(0, rows, each):
        lines: list[str] = []
        for step in range(first, min(first + each, rows)):
            for name in names:
                values[name] += chance.gauss(0, 1)
            own = {
                "_step": step,
                "_timestamp": now + step / STEPS_PER_S,
                "_runtime": step / STEPS_PER_S,
            }
            items = [*values.items(), *own.items()]
            chance.shuffle(items)
            lines.append(json.dumps(dict(items), separators=(",", ":")))
        files = {
            "wandb-history.jsonl": {"offset": first, "content": lines},
            "wandb-summary.json": {"offset": 0, "content": [lines[-1]]},
        }
        found.append(json.dumps({"files": files}, separators=(",", ":")).encode())
    return found


async def create(client: httpx.AsyncClient, run: str) -> str:
    """Create a run as the client does; returns where its rows go."""
    config = json.dumps({"lr": {"value": 0.1}, "_wandb": {"value": {"t": {"5": "0.31.0"}}}})
    variables = {
        "name": run,
        "project": "bench",
        "host": "bench",
        "program": "train.py",
        "config": config,
    }
    answer = await client.post("/graphql", json={"query": UPSERT, "variables": variables})
    answer.raise_for_status()
    assert "errors" not in answer.json(), answer.text
    return f"/files/local/bench/{run}/file_stream"


async def post(client: httpx.AsyncClient, path: str, body: bytes) -> None:
    answer = await client.post(path, content=body, headers={"Content-Type": "application/json"})
    answer.raise_for_status()


async def live(server: Server, seconds: float, interval: float) -> None:
    each = max(1, int(interval * STEPS_PER_S))
    count = max(1, round(seconds / interval))
    runs = [bodies(number, each * count, each) for number in range(CLIENTS)]
    async with server.client() as client:
        paths = [await create(client, f"live-{number}") for number in range(CLIENTS)]
        process = psutil.Process(server.process.pid)
        before, began = process.cpu_times(), time.monotonic()

        async def one(number: int) -> None:
            for i, body in enumerate(runs[number]):
                at = began + (i + number / CLIENTS) * interval
                await asyncio.sleep(max(0.0, at - time.monotonic()))
                await post(client, paths[number], body)

        await asyncio.gather(*map(one, range(CLIENTS)))
        await asyncio.sleep(max(0.0, began + count * interval - time.monotonic()))
        spent, wall = cpu_s(process, before), time.monotonic() - began
    share = 100 * spent / wall
    print(
        f"live     {CLIENTS} clients x {KEYS} keys x {STEPS_PER_S} steps/s, a request each {interval:g} s,"
        f" {wall:.0f} s: {share:.1f} % of a core"
        f" ({1e6 * spent / (CLIENTS * KEYS * each * count):.1f} us a scalar)"
    )


async def backlog(server: Server, rows: int) -> None:
    made = [bodies(number, rows // CLIENTS, BACKLOG_ROWS) for number in range(CLIENTS)]
    scalars = CLIENTS * (rows // CLIENTS) * KEYS
    size = sum(len(body) for run in made for body in run)
    async with server.client() as client:
        paths = [await create(client, f"backlog-{number}") for number in range(CLIENTS)]
        process = psutil.Process(server.process.pid)
        before, began = process.cpu_times(), time.monotonic()

        async def one(number: int) -> None:
            for body in made[number]:
                await post(client, paths[number], body)

        await asyncio.gather(*map(one, range(CLIENTS)))
        wall, spent = time.monotonic() - began, cpu_s(process, before)
    print(
        f"backlog  {scalars:,} scalars, {size / 1e6:.0f} MB of JSON: {scalars / wall:,.0f} scalars/s,"
        f" {wall:.2f} s wall, {spent:.2f} s CPU ({scalars / spent:,.0f} scalars/s of a core)"
    )


def cpu_s(process: psutil.Process, before: object) -> float:
    now = process.cpu_times()
    return now.user + now.system - before.user - before.system  # type: ignore[attr-defined]


def sizes(data: Path) -> str:
    """Return what tables take on disk."""
    import sqlite3

    with sqlite3.connect(f"file:{data / 'store.db'}?mode=ro", uri=True) as connection:
        found = connection.execute(
            "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 8"
        ).fetchall()
    return ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in found)


async def measure(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="epochal-bench-") as folder:
        server = start(Path(folder))
        try:
            if options.seconds > 0:
                await live(server, options.seconds, options.interval)
            if options.rows > 0:
                await backlog(server, options.rows)
        finally:
            server.process.terminate()
            server.process.wait()
        print(f"disk     {sizes(Path(folder))}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="how long the live part lasts")
    parser.add_argument(
        "--interval", type=float, default=15, help="seconds between requests of a run"
    )
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the backlog, all runs")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
