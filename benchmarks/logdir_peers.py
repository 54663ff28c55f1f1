"""A log directory opened by a server: time until all is visible, one tag of all runs, memory; ours and TensorBoard's.

    python benchmarks/logdir_peers.py [--repeats 3] [--sizes 1x200000 100x1000]

Event files of one tag, as torch writes them, in the page cache. "visible s" is from the start of the command until each
run's last point is in an answer over HTTP, "CPU s" what the server and its children used for it. "tag CPU ms" and "tag
kB" are one question for that tag in every run as the server's own page asks it (TensorBoard: timeSeries, at most 1000
points of each run by its reservoir; ours: what 1000 pixels of a chart need of every point). "peak MB" is the largest
resident set of the server and its children, summed. TensorBoard runs with its data server in Rust (load_fast=true) and
with its loader in Python (load_fast=false). Medians; a server that takes longer than ten seconds is measured three
times at most.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent))
import tfevents_decode
from peers import SLOW_REPEATS, SLOW_S, interpreter, table
from server_start import cost_of, free_port, stop, wait_for

TAG = "loss/tag0"
QUESTIONS = 10
COLUMNS = ["visible s", "CPU s", "tag CPU ms", "tag ms", "tag kB", "peak MB"]
FAST = {"TensorBoard (Rust)": "true", "TensorBoard (Python)": "false"}


def peak_mb(process: subprocess.Popen[bytes]) -> float:
    """Return the largest resident sets of a process and its children so far, summed; where unknown, those of now."""
    parent = psutil.Process(process.pid)
    total = 0.0
    for member in [parent, *parent.children(recursive=True)]:
        try:
            text = Path(f"/proc/{member.pid}/status").read_text(encoding="ascii")
            [line] = [line for line in text.splitlines() if line.startswith("VmHWM:")]
            total += int(line.split()[1]) * 1024 / 1e6
        except (OSError, ValueError):
            total += member.memory_info().rss / 1e6
    return total


def measured(
    process: subprocess.Popen[bytes],
    began: float,
    is_visible: Callable[[], bool],
    question: Callable[[], int],
) -> dict[str, float]:
    """Wait until everything is visible, ask, and return the figures."""
    wait_for(is_visible, process)
    visible = time.perf_counter() - began
    cpu, _memory = cost_of(process)
    question()  # what is done once
    before, start = cost_of(process)[0], time.perf_counter()
    sizes = [question() for _ in range(QUESTIONS)]
    seconds, spent = time.perf_counter() - start, cost_of(process)[0] - before
    return {
        "visible s": visible,
        "CPU s": cpu,
        "tag CPU ms": 1e3 * spent / QUESTIONS,
        "tag ms": 1e3 * seconds / QUESTIONS,
        "tag kB": statistics.median(sizes) / 1e3,
        "peak MB": peak_mb(process),
    }


def ours(folder: Path, logs: Path, runs: int, points: int) -> dict[str, float]:
    """Open the directory with our server and an empty data directory."""
    data = folder / "data"
    command = [sys.executable, "-m", "epochal", "up", "--data", str(data), "--port", "0"]
    command += ["--no-open", "--logdir", f"bench:{logs}"]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    uids: list[str] = []
    try:
        with httpx.Client(trust_env=False, timeout=60) as client:

            def is_visible() -> bool:
                about = json.loads((data / "server.json").read_bytes())
                client.headers["Authorization"] = f"Bearer {about['token']}"
                client.base_url = about["url"]
                path = "/api/v1/projects/logdir/bench/runs"
                found = client.get(path, params={"limit": 1000}).json().get("runs", [])
                uids[:] = [run["uid"] for run in found]
                return sum(run["rows"] for run in found) == runs * points

            def question() -> int:
                asked = {"runs": uids, "keys": [TAG], "x": "step", "px": 1000, "mode": "auto"}
                answer = client.post("/api/v1/series", json=asked)
                answer.raise_for_status()
                return answer.num_bytes_downloaded

            return measured(process, began, is_visible, question)
    finally:
        stop(process)


def tensorboard(
    folder: Path, python: str, logs: Path, runs: int, points: int, load_fast: str
) -> dict[str, float]:
    """Open the directory with TensorBoard."""
    port = free_port()
    command = [python, "-m", "tensorboard.main", "--logdir", str(logs), "--port", str(port)]
    command += ["--load_fast", load_fast]
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**os.environ, "HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60
        ) as client:
            form = {"requests": json.dumps([{"plugin": "scalars", "tag": TAG}])}
            path = "/data/plugin/timeseries/timeSeries"

            def is_visible() -> bool:
                [answer] = client.post(path, data=form).json()
                series = answer.get("runToSeries", {})
                return len(series) == runs and all(
                    found[-1]["step"] == points - 1 for found in series.values()
                )

            def question() -> int:
                answer = client.post(path, data=form)
                answer.raise_for_status()
                return answer.num_bytes_downloaded

            return measured(process, began, is_visible, question)
    finally:
        stop(process)


def repeated(work: Callable[[Path], dict[str, float]], repeats: int) -> dict[str, float] | None:
    """Return the medians of `work`, each time in an empty folder; None where it cannot be measured."""
    found: list[dict[str, float]] = []
    began = time.monotonic()
    while len(found) < repeats:
        slow = bool(found) and (time.monotonic() - began) / len(found) > SLOW_S
        if slow and len(found) >= SLOW_REPEATS:
            break
        with tempfile.TemporaryDirectory(prefix="epochal-bench-") as folder:
            try:
                found.append(work(Path(folder)))
            except RuntimeError as error:
                print(f"   it cannot be measured: {error}", flush=True)
                return None
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--sizes", nargs="*", default=["1x200000", "100x1000"], metavar="RUNSxPOINTS"
    )
    args = parser.parse_args()
    python = interpreter("TensorBoard")
    for size in args.sizes:
        runs, points = (int(part) for part in size.split("x"))
        with tempfile.TemporaryDirectory(prefix="epochal-bench-") as logs:
            for run in range(runs):
                path = Path(logs) / f"run{run:03}" / "events.out.tfevents.1.host"
                path.parent.mkdir()
                tfevents_decode.make(path, points, 1)
            given = {"logs": Path(logs), "runs": runs, "points": points}
            rows = [("epochal", repeated(partial(ours, **given), args.repeats))]
            for name, fast in FAST.items() if python else ():
                work = partial(tensorboard, python=python, load_fast=fast, **given)
                rows.append((name, repeated(work, args.repeats)))
        table(f"{runs} runs x {points:,} points", COLUMNS, rows)
        if not python:
            print("TensorBoard            not installed: run_all.py --prepare")


if __name__ == "__main__":
    main()
