"""How long a log directory takes from the server's start until all of it can be asked for over HTTP.

    python benchmarks/logdir_open.py [--runs 1 1000] [--events N]

Time and CPU of the server from its ready answer on, at the first start and at a second one, which reads nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent))
import tfevents_decode


def serve(data: Path, logs: Path, runs: int, rows: int) -> tuple[float, float, float, float]:
    """Start a server; returns seconds to ready, wall seconds and CPU seconds from there to the last row, read MB."""
    (data / "server.json").unlink(missing_ok=True)
    began = time.perf_counter()
    command = [sys.executable, "-m", "epochal", "up", "--data", str(data), "--port", "0"]
    command += ["--no-open", "--logdir", f"bench:{logs}"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while not (data / "server.json").exists():
            time.sleep(0.002)
        about = json.loads((data / "server.json").read_text())
        process = psutil.Process(server.pid)
        headers = {"Authorization": f"Bearer {about['token']}"}
        with httpx.Client(base_url=about["url"], headers=headers, trust_env=False) as client:
            while _status(client) != 200:
                time.sleep(0.002)
            ready = time.perf_counter()
            cpu, before = process.cpu_times(), process.io_counters()
            while _rows(client, runs) < rows:
                time.sleep(0.01)
            seconds = time.perf_counter() - ready
            after, io = process.cpu_times(), process.io_counters()
        spent = after.user + after.system - cpu.user - cpu.system
        return ready - began, seconds, spent, (io.read_chars - before.read_chars) / 1e6
    finally:
        server.terminate()
        server.wait()


def _status(client: httpx.Client) -> int:
    try:
        return client.get("/ready").status_code
    except httpx.TransportError:
        return 0


def _rows(client: httpx.Client, runs: int) -> int:
    path = "/api/v1/projects/logdir/bench/runs"
    answer = client.get(path, params={"limit": min(runs, 1000), "sort": "rows"})
    if answer.status_code != 200:
        return 0
    return sum(run["rows"] for run in answer.json()["runs"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, nargs="*", default=[1, 1000])
    parser.add_argument("--events", type=int, default=1_000_000)
    args = parser.parse_args()
    os.environ.setdefault("EPOCHAL_DIR", tempfile.gettempdir())
    for runs in args.runs:
        with tempfile.TemporaryDirectory() as folder:
            logs, data = Path(folder) / "logs", Path(folder) / "data"
            for i in range(runs):
                path = logs / f"run{i:04d}" / "events.out.tfevents.1.host"
                path.parent.mkdir(parents=True)
                tfevents_decode.make(path, args.events // runs, 1)
            for name in ("first start", "second start"):
                ready, seconds, cpu, read = serve(data, logs, runs, args.events)
                print(
                    f"{runs} runs, {args.events:,} events, {name}: ready after {ready:.2f} s, all rows after "
                    f"{seconds:.2f} s more ({cpu:.2f} s of CPU, {read:.1f} MB read)"
                )


if __name__ == "__main__":
    main()
