"""The runs table in Chromium: the first rows, and what a scrolled frame costs.

    python benchmarks/web_table.py [--runs 1000 10000] [--columns 200] [--frames 120] [--data DIR]

Runs have half of the columns in their config and half as logged keys; all of them are in the table.
first rows: from the navigation to the frame in which names of runs stand, with the page's files in the browser's
cache and the server warm (median of 5). A scrolled frame: CPU time of the page's main thread (DevTools' TaskDuration
in thread time) between two frames in a window of 1440 x 900: "rows" moves by 5 rows a frame, "columns" by half a
column, "jumps" to a random row, whose values are not there yet, so that answers are taken in as well.
With --data the store is kept there and used again.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from journal_bytes import START, encode_rows
from web_plots import FLAGS

from epochal.formats import journal
from epochal.records import LOCAL_ADMIN
from epochal.store.sql import open_store

FIRST_BUDGET_MS = 300
FRAME_BUDGET_MS = 20
GROUP = 200
SEEN = """
const look = () => {
    const name = document.querySelector('.grid-row:not([hidden]) .grid-name');
    if (name?.textContent) window.firstRows = performance.now();
    else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
SCROLL = """([how, frames, runs]) => new Promise(done => {
    const box = document.querySelector('.grid');
    let frame = 0, seed = 1;
    const step = () => {
        if (frame++ === frames) return done(frames);
        if (how === 'rows') box.scrollTop += 120;
        else if (how === 'columns') box.scrollLeft += 50;
        else box.scrollTop = (seed = (seed * 48271) % 2147483647) % (runs * 24);
        requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
})"""


def body_of(number: int, columns: int, random: np.random.Generator) -> bytes:
    """Return the journal of one run after its HEAD: settings, three rows, its end."""
    config: dict[str, Any] = {
        "lr": 10.0 ** -(1 + number % 4),
        "optimizer": ["adam", "lion", "sgd"][number % 3],
    }
    for at in range(columns // 2 - 2):
        config[f"setting_{at}"] = (number * (at + 3)) % 7 / 8
    keys = [f"val/metric_{at}" for at in range(columns - columns // 2)]
    steps = np.arange(3, dtype=np.int64)
    values = np.abs(random.standard_normal((3, len(keys))))
    ended = {"exit_code": 0, "state": "finished", "time": START + 60, "dropped": 0}
    return (
        journal.encode_json_record(journal.PATCH, {"config": config})
        + encode_rows(keys, steps, START + np.arange(3.0), values)
        + journal.encode_json_record(journal.EXIT, ended)
    )


def head_of(project: str, number: int) -> tuple[str, bytes]:
    """Return the writer of a run and its HEAD record."""
    uid = f"20261122-010203-{project[-1]}{number:07d}"
    run = {
        "uid": uid,
        "entity": "local",
        "project": project,
        "id": f"run-{number}",
        "name": f"run-{number}",
    }
    writer = {"uid": f"{uid}-w", "host": "box", "pid": 1, "started": START + number}
    return f"{uid}-w", journal.encode_json_record(
        journal.HEAD, {"format": 1, "run": run, "writer": writer}
    )


def fill(folder: Path, project: str, runs: int, columns: int) -> None:
    """Put runs into a project of a store."""
    random = np.random.default_rng(0)
    store = open_store(folder)
    for begin in range(0, runs, GROUP):
        waiting = []
        for number in range(begin, min(runs, begin + GROUP)):
            writer, head = head_of(project, number)
            waiting.append(
                store.submit(LOCAL_ADMIN, writer, 0, head + body_of(number, columns, random))
            )
        for one in waiting:
            one.result()
    store.close()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Run a server over a data folder; yields the address that logs a browser in."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "epochal",
                "up",
                "--data",
                str(folder),
                "--port",
                "0",
                "--no-open",
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        try:
            yield address_in(output, process)
        finally:
            process.terminate()
            process.wait(20)


def address_in(output: Any, process: subprocess.Popen[bytes]) -> str:
    """Return the login address that a server prints, once it answers."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        output.seek(0)
        words = [word for word in output.read().split() if "/login?token=" in word]
        if words:
            urllib.request.urlopen(words[0].split("/login")[0] + "/ready", timeout=20).close()
            return words[0]
        time.sleep(0.05)
    output.seek(0)
    raise SystemExit(f"the server did not start: {output.read()}")


def first_rows(page: Any, address: str) -> float:
    """Return the median milliseconds to the first rows."""
    taken = []
    for _ in range(6):
        page.goto(address)
        page.wait_for_function("() => window.firstRows", timeout=60_000)
        taken.append(page.evaluate("window.firstRows"))
    return statistics.median(taken[1:])


def frame_cost(page: Any, how: str, frames: int, runs: int) -> float:
    """Return the main thread's CPU milliseconds of one scrolled frame."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(one["value"] * 1000 for one in metrics if one["name"] == "TaskDuration")

    page.evaluate("document.querySelector('.grid').scrollTo(0, 0)")
    page.wait_for_timeout(500)
    before = spent()
    page.evaluate(SCROLL, [how, frames, runs])
    cost = (spent() - before) / frames
    session.detach()
    return cost


def all_columns(columns: int) -> str:
    """Return the query that puts every column into the table."""
    names = ["created", "config.lr", "config.optimizer"]
    names += [f"config.setting_{at}" for at in range(columns // 2 - 2)]
    names += [f"summary.val/metric_{at}" for at in range(columns - columns // 2)]
    return "?tcols=" + ",".join(names)


def measure(browser: Any, login: str, runs: int, arguments: argparse.Namespace) -> None:
    """Print the figures of one project."""
    page = browser.new_page(viewport={"width": 1440, "height": 900}, device_scale_factor=1)
    page.add_init_script(SEEN)
    page.goto(login)
    base = login.split("/login")[0]
    first = first_rows(page, f"{base}/local/table-{runs}/table{all_columns(arguments.columns)}")
    line = f"{runs:>8,}{first:>12.0f}"
    for how in ("rows", "columns", "jumps"):
        line += f"{frame_cost(page, how, arguments.frames, runs):>10.1f}"
    cells = page.evaluate("document.querySelectorAll('.grid *').length")
    print(f"{line}{cells:>10,}", flush=True)
    page.close()


def main() -> int:
    """Fill, serve, measure, print."""
    parser = argparse.ArgumentParser(description="The runs table in Chromium.")
    parser.add_argument("--runs", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--columns", type=int, default=200)
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("Chromium is not on PATH (Debian package `chromium`).")
        return 1
    with tempfile.TemporaryDirectory(prefix="epochal-bench-") as temporary:
        folder = arguments.data or Path(temporary)
        for runs in arguments.runs:
            done = folder / f"table-{runs}-{arguments.columns}"
            if not done.exists():
                folder.mkdir(parents=True, exist_ok=True)
                fill(folder, f"table-{runs}", runs, arguments.columns)
                done.touch()
        with served(folder) as login, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            print(
                f"Chromium {browser.version}, no GPU, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
            )
            print(
                f"budgets: first rows {FIRST_BUDGET_MS} ms, a scrolled frame {FRAME_BUDGET_MS} ms of CPU\n"
            )
            print(
                f"{'runs':>8}{'first rows':>12}{'rows':>10}{'columns':>10}{'jumps':>10}{'elements':>10}"
            )
            for runs in arguments.runs:
                measure(browser, login, runs, arguments)
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
