"""Sustained ingest over HTTP: 50 runs x 50 keys into the embedded store, counted when the server calls it durable.

    python benchmarks/http_ingest.py [--points 100000 1000000 10000000] [--encoding identity] [--watch]

The journals are encoded beforehand, so that the figure is the server's and not the clients'. Each of the 50 clients
sends its next piece when the one before is acknowledged. CPU is the server's process, all threads. --watch adds a page
that listens to the change notices and draws one key of all runs after each. A journal carries float64 always; that
values are float32 shows in the store.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import psutil

from epochal.formats import journal

RUNS, KEYS = 50, 50
PIECE_ROWS = 400


@dataclass(frozen=True)
class Piece:
    """Some records of one writer and the stream offset at which they begin."""

    offset: int
    body: bytes


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    token: str
    process: subprocess.Popen[bytes]

    def client(self) -> httpx.AsyncClient:
        """Return a client that is authorised there."""
        return httpx.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.token}"},
            limits=httpx.Limits(max_connections=RUNS + 4),
            trust_env=False,
            timeout=120,
        )


def start(data: Path) -> Server:
    command = [
        sys.executable,
        "-m",
        "epochal",
        "up",
        "--no-open",
        "--port",
        "0",
        "--data",
        str(data),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            described = json.loads((data / "server.json").read_bytes())
            if httpx.get(f"{described['url']}/ready", trust_env=False).status_code == 200:
                return Server(described["url"], described["token"], process)
        except (OSError, ValueError, httpx.HTTPError):
            time.sleep(0.02)
    raise SystemExit(f"the server ended at once, with code {process.returncode}")


def pieces(name: str, number: int, rows: int, *, wide: bool) -> list[Piece]:
    """Return the journal of one run: a random walk in every key."""
    random = np.random.default_rng(number)
    values = np.cumsum(random.normal(size=(rows, KEYS)), axis=0)
    if not wide:
        values = values.astype(np.float32).astype(np.float64)
    uid = f"{name}-{number}"
    now = time.time()
    head = {
        "format": 1,
        "run": {"uid": uid, "entity": "local", "project": name, "id": uid, "name": uid},
        "writer": {"uid": f"{uid}-w", "host": "bench", "pid": 1, "started": now},
    }
    layout = journal.RowLayout(1, "d" * KEYS)
    keys = [(f"group{k % 5}/metric_{k}", "d") for k in range(KEYS)]
    opening = journal.encode_json_record(journal.HEAD, head) + journal.encode_schema(1, keys)
    found: list[Piece] = []
    offset, part = 0, [opening]
    for row, line in enumerate(values.tolist()):
        part.append(layout.encode(row, now + row * 0.1, line))
        if len(part) >= PIECE_ROWS or row == rows - 1:
            body = b"".join(part)
            found.append(Piece(offset, body))
            offset, part = offset + len(body), []
    return found


def packed(body: bytes, encoding: str) -> bytes:
    if encoding == "zstd":
        from epochal.server.bodies import zstd_module

        return zstd_module().compress(body, 1)
    return body


async def send(
    client: httpx.AsyncClient, writer: str, journals: list[Piece], encoding: str
) -> None:
    for piece in journals:
        headers = {"Content-Encoding": encoding} if encoding != "identity" else {}
        answer = await client.post(
            f"/api/v1/journal/{writer}",
            params={"offset": piece.offset},
            content=piece.body,
            headers=headers,
        )
        answer.raise_for_status()


async def watch(server: Server, project: str) -> None:
    """Do what an open page does: listen, and draw one key of all runs after each notice."""
    uids = [f"{project}-{number}" for number in range(RUNS)]
    asked = {"runs": uids, "keys": ["group0/metric_0"], "x": "step", "px": 500}
    async with (
        server.client() as client,
        client.stream("GET", "/api/v1/stream", params={"project": f"local/{project}"}) as stream,
    ):
        async for line in stream.aiter_lines():
            if line.startswith("data:"):
                await client.post("/api/v1/series", json=asked)


async def ingest(
    server: Server, project: str, rows: int, options: argparse.Namespace, *, wide: bool
) -> None:
    journals = []
    for number in range(RUNS):
        made = pieces(project, number, rows, wide=wide)
        journals.append([Piece(p.offset, packed(p.body, options.encoding)) for p in made])
    process = psutil.Process(server.process.pid)
    watcher = asyncio.create_task(watch(server, project)) if options.watch else None
    before = sum(process.cpu_times()[:2])
    began = time.perf_counter()
    async with server.client() as client:
        await asyncio.gather(
            *(
                send(client, f"{project}-{number}-w", journals[number], options.encoding)
                for number in range(RUNS)
            )
        )
    seconds = time.perf_counter() - began
    cpu = sum(process.cpu_times()[:2]) - before
    if watcher is not None:
        watcher.cancel()
    points = RUNS * KEYS * rows
    kind = "float64" if wide else "float32"
    print(
        f"{points:>12,}{kind:>10}{seconds:>10.2f}{points / seconds:>14,.0f}{points / cpu:>18,.0f}"
        f"{process.memory_info().rss / 1e6:>10.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--points", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--encoding", choices=["identity", "zstd"], default="identity")
    parser.add_argument("--watch", action="store_true")
    options = parser.parse_args()
    print(
        f"{RUNS} runs x {KEYS} keys, {options.encoding}"
        + (", beside a page" if options.watch else "")
    )
    print(f"{'points':>12}{'values':>10}{'s':>10}{'points/s':>14}{'points/CPU s':>18}{'MB':>10}")
    for points in options.points:
        for wide in (False, True):
            with tempfile.TemporaryDirectory(prefix="epochal-ingest-") as folder:
                server = start(Path(folder))
                try:
                    project = f"ingest-{points}-{'wide' if wide else 'narrow'}"
                    rows = max(1, points // (RUNS * KEYS))
                    asyncio.run(ingest(server, project, rows, options, wide=wide))
                finally:
                    server.process.terminate()
                    server.process.wait(20)


if __name__ == "__main__":
    main()
