"""Server start: from the command to the first page and to /ready, and the idle memory; peers in the same run.

    python benchmarks/server_start.py [--repeat 5] [--peer tensorboard=COMMAND ...]

The peers are those whose environments are there (run_all.py --prepare), each over an empty folder, and what --peer
names. A peer's COMMAND may contain {port} and {dir}; it has started when http://127.0.0.1:PORT/ answers 200.

"first page" is the time until / answers its HTML, with the cookie of the login link for ours. Memory is the resident
set of the process and its children (the sum), 2 s after the start. Medians of the repeats, by time.perf_counter.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).parent))
from peers import interpreter

PEER_COMMANDS = {
    "TensorBoard": "{python} -m tensorboard.main --logdir {dir} --port {port}",
    "trackio": "{python} -c 'import trackio; trackio.show(open_browser=False, block_thread=True, server_port={port})'",
    "Aim": "{python} -c 'from aim.cli.cli import cli_entry_point as main; main()' up --yes --repo {dir} --port {port}",
    "MLflow SQLite": "{python} -m mlflow server --port {port} --backend-store-uri sqlite:///{dir}/mlflow.db",
}
SETTLE_S = 2.0
PATIENCE_S = 240.0


@dataclass(frozen=True)
class Start:
    """Seconds to the first page and to ready, CPU seconds by each, megabytes when idle."""

    page: float
    page_cpu: float
    ready: float
    cpu: float
    memory: float


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(answers: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.perf_counter() + PATIENCE_S
    while time.perf_counter() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with code {process.returncode}")
        try:
            if answers():
                return
        except (httpx.HTTPError, OSError, ValueError):
            pass
        time.sleep(0.002)
    raise RuntimeError("the server did not answer in time")


def cost_of(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Return CPU seconds and resident megabytes of a process and its children."""
    parent = psutil.Process(process.pid)
    family = [parent, *parent.children(recursive=True)]
    cpu = sum(sum(member.cpu_times()[:2]) for member in family)
    return cpu, sum(member.memory_info().rss for member in family) / 1e6


def stop(process: subprocess.Popen[bytes]) -> None:
    for child in psutil.Process(process.pid).children(recursive=True):
        child.terminate()
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def start_ours(data: Path) -> Start:
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
    description = data / "server.json"
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with httpx.Client(trust_env=False, timeout=5) as client:
            server = {"url": "", "token": ""}

            def page() -> bool:
                server.update(json.loads(description.read_bytes()))
                link = f"{server['url']}/login?token={server['token']}"
                return client.get(link, follow_redirects=True).status_code in (200, 503)

            wait_for(page, process)
            paged = time.perf_counter() - began
            page_cpu = cost_of(process)[0]
            wait_for(lambda: client.get(f"{server['url']}/ready").status_code == 200, process)
            ready = time.perf_counter() - began
        cpu, _memory = cost_of(process)
        time.sleep(SETTLE_S)
        return Start(paged, page_cpu, ready, cpu, cost_of(process)[1])
    finally:
        stop(process)


def start_peer(command: str, folder: Path) -> Start:
    port = free_port()
    words = [
        word.replace("{port}", str(port)).replace("{dir}", str(folder))
        for word in shlex.split(command)
    ]
    began = time.perf_counter()
    process = subprocess.Popen(
        words,
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "TRACKIO_DIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(trust_env=False, timeout=5, follow_redirects=True) as client:
            wait_for(lambda: client.get(f"http://127.0.0.1:{port}/").status_code == 200, process)
        paged = time.perf_counter() - began
        cpu, _memory = cost_of(process)
        time.sleep(SETTLE_S)
        return Start(paged, cpu, paged, cpu, cost_of(process)[1])
    finally:
        stop(process)


def show(name: str, starts: list[Start]) -> None:
    def middle(field: str) -> float:
        return statistics.median(getattr(start, field) for start in starts)

    print(
        f"{name:<26}{middle('page'):>13.3f}{middle('page_cpu'):>8.2f}{middle('ready'):>10.3f}"
        f"{middle('cpu'):>8.2f}{middle('memory'):>10.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND")
    args = parser.parse_args()
    print(
        f"{'server':<26}{'first page s':>13}{'CPU s':>8}{'ready s':>10}{'CPU s':>8}{'idle MB':>10}"
    )
    with tempfile.TemporaryDirectory(prefix="epochal-start-") as folder:
        fresh = [start_ours(_made(Path(folder) / f"fresh-{i}")) for i in range(args.repeat)]
        show("epochal, new directory", fresh)
        again = [start_ours(Path(folder) / "fresh-0") for _ in range(args.repeat)]
        show("epochal, second start", again)
        for name, command in [*known_peers(), *(peer.split("=", 1) for peer in args.peer)]:
            place = _made(Path(folder) / name.replace(" ", "-"))
            try:
                show(name, [start_peer(command, place) for _ in range(args.repeat)])
            except RuntimeError as error:
                print(f"{name:<26}cannot be measured: {error}")


def known_peers() -> list[tuple[str, str]]:
    """Return (name, command) of the peers that are installed."""
    found = [(name, interpreter(name), command) for name, command in PEER_COMMANDS.items()]
    return [
        (name, command.replace("{python}", python)) for name, python, command in found if python
    ]


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


if __name__ == "__main__":
    main()
