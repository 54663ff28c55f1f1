"""The line plot beside uPlot, in the same Chromium and on the same data.

    npm ci --prefix web && npm ci --prefix web/bench
    python benchmarks/web_plots.py [--repeat 15] [--rounds 3]

"cpu" is the CPU time of the page's main thread for one zoom or toggle, painted: the figure to trust when the
machine is busy. The others are wall clock.

Milliseconds, medians over the repeats of all rounds; float64 values, device ratio 1, no GPU. Ours and uPlot
take turns in each round. "toggle" hides or shows one run in all panels, "slider" smooths every line anew (raw
values behind it), "band zoom" zooms five groups with all runs faintly behind them. "painted" counts until the
pixels are in the canvas (one of them is read back); "script" is the call alone, after which uPlot's recorded
strokes still wait to be painted. uPlot is measured with its own line width of 1 pixel, for which Chromium has a
short cut, and with our 1.5. First draws include making the plots.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WEB = Path(__file__).resolve().parent.parent / "web"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
Medians = dict[tuple[str, str, str], float]
# Title, shape, and the budgets of ui_spec.md 12 by measurement.
SHAPES: list[tuple[str, dict[str, Any], dict[str, float]]] = [
    (
        "12 panels x 20 runs x 1,000",
        {"panels": 12, "runs": 20, "points": 1_000, "wide": False},
        {"zoom": 20, "hover": 8},
    ),
    (
        "12 panels x 100 runs x 1,000",
        {"panels": 12, "runs": 100, "points": 1_000, "wide": False},
        {"toggle": 50},
    ),
    (
        "1 panel x 100 runs x 1,000",
        {"panels": 1, "runs": 100, "points": 1_000, "wide": True},
        {},
    ),
    (
        "1 panel x 100 runs x 10,000",
        {"panels": 1, "runs": 100, "points": 10_000, "wide": True},
        {"zoom": 25, "first": 100},
    ),
    ("1 run x 10,000", {"panels": 1, "runs": 1, "points": 10_000, "wide": True}, {}),
    ("1 run x 100,000", {"panels": 1, "runs": 1, "points": 100_000, "wide": True}, {}),
    (
        "1 run x 1,000,000",
        {"panels": 1, "runs": 1, "points": 1_000_000, "wide": True},
        {"zoom": 16, "first": 150},
    ),
]
CONTESTANTS = (("ours", 1.5), ("uPlot", 1.0), ("uPlot", 1.5))
WHAT = (
    *("first", "zoom", "highlight", "hover", "append"),
    *("toggle", "slider", "smooth zoom", "band zoom"),
)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def chromium_path() -> str | None:
    """Return where Chromium is, None when it is not on PATH."""
    names = ("chromium", "google-chrome", "chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@contextmanager
def served_page() -> Iterator[str]:
    """Build the bench page and serve it on loopback; yields its address."""
    npx = shutil.which("npx")
    missing = [folder for folder in (WEB, WEB / "bench") if not (folder / "node_modules").is_dir()]
    if npx is None or missing:
        raise SystemExit(f"npm packages are missing: run `npm ci` in {missing or 'web/'}")
    with tempfile.TemporaryDirectory(prefix="epochal-bench-") as folder:
        subprocess.run(
            [
                npx,
                "vite",
                "build",
                "--config",
                "bench/vite.config.ts",
                "--outDir",
                folder,
                "--logLevel",
                "error",
            ],
            cwd=WEB,
            env={**os.environ, "BENCH_PAGES": "index"},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        handler = functools.partial(_Quiet, directory=folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/index.html"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def measure(page: Any, shape: dict[str, Any], repeat: int, rounds: int) -> Medians:
    """Return the median milliseconds by (contestant, measurement, script or painted)."""
    samples: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for _ in range(rounds):
        for name, width in CONTESTANTS:
            answer = page.evaluate(
                "([name, shape, repeat]) => bench[name](shape, repeat)",
                [name, {**shape, "uplotWidth": width}, repeat],
            )
            who = name if name == "ours" else f"{name} {width:g}"
            for what, taken in answer.items():
                for kind in ("script", "painted"):
                    samples[who, what, kind] += [one[kind] for one in taken]
    return {key: statistics.median(values) for key, values in samples.items()}


def cpu_of(
    page: Any,
    shape: dict[str, Any],
    what: str,
    repeat: int,
    rounds: int,
    contestants: tuple[tuple[str, float], ...] = CONTESTANTS,
) -> dict[str, float]:
    """Return the main thread's CPU milliseconds of one zoom or toggle, by contestant: the median of the rounds.

    Taken as the difference between many of them and one, so that making the plots does not count.
    """
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(one["value"] * 1000 for one in metrics if one["name"] == "TaskDuration")

    taken: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for name, width in contestants:
            costs = []
            for count in (1, 1 + repeat):
                before = spent()
                page.evaluate(
                    "([name, shape, repeat]) => bench[name](shape, repeat)",
                    [name, {**shape, "uplotWidth": width, "only": what}, count],
                )
                costs.append(spent() - before)
            taken[name if name == "ours" else f"{name} {width:g}"].append(
                (costs[1] - costs[0]) / repeat
            )
    session.detach()
    return {who: statistics.median(values) for who, values in taken.items()}


def print_table(
    title: str, medians: Medians, cpu: dict[str, float], budgets: dict[str, float]
) -> None:
    """Print one shape's figures, with the ratios of painted times to uPlot's."""
    print(f"\n{title}")
    print(f"  {'':12}{'ours':>16}{'budget':>8}{'uPlot, 1 px':>16}{'ratio':>7}", end="")
    print(f"{'uPlot, 1.5 px':>18}{'ratio':>7}")
    print(
        f"  {'':12}{'script painted':>16}{'':8}{'script painted':>16}{'':7}{'script painted':>18}"
    )
    for what in WHAT:
        if ("ours", what, "painted") not in medians:
            continue
        ours = medians["ours", what, "painted"]
        line = f"  {what:12}{medians['ours', what, 'script']:8.1f}{ours:8.1f}"
        line += f"{budgets[what]:8.0f}" if what in budgets else f"{'':8}"
        for width, columns in (("1", 16), ("1.5", 18)):
            key = (f"uPlot {width}", what, "painted")
            if key in medians:
                script = medians[f"uPlot {width}", what, "script"]
                line += f"{script:{columns - 8}.1f}{medians[key]:8.1f}{ours / medians[key]:7.2f}"
        print(line)
    line = f"  {'zoom, cpu':12}{'':8}{cpu['ours']:8.1f}{'':8}"
    for width, columns in (("1", 16), ("1.5", 18)):
        peer = cpu[f"uPlot {width}"]
        line += f"{peer:{columns}.1f}{cpu['ours'] / peer:7.2f}"
    print(line)


def main() -> int:
    """Measure every shape and print the tables."""
    parser = argparse.ArgumentParser(description="The line plot beside uPlot.")
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    chromium = chromium_path()
    if chromium is None:
        print("Chromium is not on PATH (Debian package `chromium`).")
        return 1
    with served_page() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, device_scale_factor=1)
        page.goto(address)
        page.wait_for_function("window.bench")
        print(f"Chromium {browser.version}, no GPU, {os.cpu_count()} cores; ms, medians")
        # Code that runs for the first time, and the first use of a font, belong to nobody's figure.
        measure(page, {"panels": 2, "runs": 4, "points": 900, "wide": False}, 8, 1)
        for title, shape, budgets in SHAPES:
            medians = measure(page, shape, arguments.repeat, arguments.rounds)
            cpu = cpu_of(page, shape, "zoom", arguments.repeat, arguments.rounds)
            print_table(title, medians, cpu, budgets)
            toggles = cpu_of(
                page, shape, "toggle", arguments.repeat, arguments.rounds, CONTESTANTS[:1]
            )
            # One repeat hides a run and shows it again.
            print(f"  {'toggle, cpu':12}{'':8}{toggles['ours'] / 2:8.1f}")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
