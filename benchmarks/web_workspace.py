"""The workspace in Chromium, against its budgets (100 runs x 40 keys, 500 x 200, 10,000 runs, 12,000 keys).

    npm ci --prefix web && npm ci --prefix web/bench
    python benchmarks/web_workspace.py [--repeats 5] [--data DIR] [--only NAME ...]

Every figure stands beside a calibration of the same minute: uPlot's zoom of 12 panels x 20 runs x 1,000 points, which
takes 37.5 ms (wall) on the quiet reference machine of the budgets. `slower` is how much slower this machine was just
then, `at rest` the figure divided by it: that is what is held against the budget.

ms: of the page's main thread. wall counts from the action to the frame that shows it, cpu is the thread's own time.
Values are float32-valued; no GPU; the server runs on the same two cores, warm: each page is opened once before.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from http_ingest import start
from web_plots import FLAGS, chromium_path, served_page
from workspace_data import SHAPES, build

REFERENCE_MS = 37.5
"""uPlot's zoom of 12 x 20 x 1,000 on the machine on which the budgets were set."""
VIEWPORT = {"width": 1440, "height": 900}
TAB_RESTS_MS = 700
# Whether the panels in view have lines: then nothing covers them any more. Looking costs the page next to nothing.
_IN_VIEW = """[...document.querySelectorAll('.panel')].filter(one => {
    const box = one.getBoundingClientRect();
    return box.bottom > 80 && box.top < innerHeight;
})"""
_DRAWN = """one => one.querySelector('canvas') && !one.querySelector('.skeleton, .panel-cover')"""
ALL_DRAWN = f"() => {{ const all = {_IN_VIEW}; return all.length > 0 && all.every({_DRAWN}); }}"
FIRST_DRAWN = f"() => {_IN_VIEW}.some({_DRAWN})"
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
WATCH_TASKS = """() => {
    window.longTasks = [];
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) window.longTasks.push(entry.duration);
    }).observe({type: 'longtask'});
}"""
SHIFTS = """() => new Promise(done => {
    let sum = 0;
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) sum += entry.value;
    }).observe({type: 'layout-shift', buffered: true});
    setTimeout(() => done(sum), 300);
})"""


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    what: str
    value: float
    unit: str
    budget: float | None = None
    is_time: bool = True


class Bench:
    """A browser, a server with projects, and how slow the machine is."""

    def __init__(self, browser: Any, server: Any, repeats: int) -> None:
        self.browser = browser
        self.server = server
        self.repeats = repeats
        self.context = browser.new_context(viewport=VIEWPORT)
        page = self.context.new_page()
        page.goto(f"{server.url}/login?token={server.token}")
        page.close()

    def open(self, path: str, drawn: str = ALL_DRAWN) -> Any:
        """Return a page whose panels are drawn."""
        page = self.context.new_page()
        page.goto(f"{self.server.url}/{path}")
        page.wait_for_function(drawn, timeout=120_000)
        page.evaluate(TWO_FRAMES)
        return page

    def navigation_ms(self, path: str, drawn: str) -> float:
        """Return the median wall time from navigation to what `drawn` waits for."""
        self.open(path, drawn).close()
        taken: list[float] = []
        for _ in range(self.repeats):
            page = self.context.new_page()
            # In a tab at rest: beside the first page of a new one Chromium loads pages of its own interface
            # (`chrome://omnibox-popup.top-chrome` and some 60 scripts in 156), on the same two cores.
            page.goto("about:blank")
            page.wait_for_timeout(TAB_RESTS_MS)
            page.goto(f"{self.server.url}/{path}", wait_until="commit")
            taken.append(
                page.evaluate(
                    f"""() => new Promise(done => {{
                        const isDrawn = {drawn};
                        const look = () => isDrawn() ? done(performance.now()) : setTimeout(look, 8);
                        look();
                    }})"""
                )
            )
            page.close()
        return statistics.median(taken)


class Thread:
    """CPU and wall time of a page's main thread."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.session = page.context.new_cdp_session(page)
        self.session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def metric(self, name: str) -> float:
        """Return a metric of Chromium's."""
        metrics = self.session.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == name)

    def cpu_ms(self, action: Callable[[int], None], repeats: int) -> float:
        """Return the mean CPU milliseconds of an action, painted."""
        return self.cpu_and_script_ms(action, repeats)[0]

    def cpu_and_script_ms(self, action: Callable[[int], None], repeats: int) -> tuple[float, float]:
        """Return the same, and how much of it is script; the rest is the browser's: events, styles, paint."""
        action(0)
        self.page.evaluate(TWO_FRAMES)
        names = ("TaskDuration", "ScriptDuration")
        before = [self.metric(name) for name in names]
        for i in range(1, repeats + 1):
            action(i)
        self.page.evaluate(TWO_FRAMES)
        whole, script = (self.metric(names[i]) - before[i] for i in range(2))
        return whole * 1000 / repeats, script * 1000 / repeats

    def heap_mb(self) -> float:
        """Return the JavaScript heap after a collection, arrays outside of it included."""
        self.session.send("HeapProfiler.collectGarbage")
        self.page.wait_for_timeout(300)
        usage = self.session.send("Runtime.getHeapUsage")
        return (usage["usedSize"] + usage.get("backingStorageSize", 0)) / 2**20


def in_page(page: Any, script: str, repeats: int) -> float:
    """Return the median wall milliseconds of a script in the page, until the second frame after it."""
    taken = page.evaluate(
        f"""async repeats => {{
            const frames = {TWO_FRAMES};
            const taken = [];
            for (let i = 0; i < repeats; i++) {{
                await frames();
                const began = performance.now();
                await ({script})(i);
                await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
                taken.push(performance.now() - began);
            }}
            return taken;
        }}""",
        repeats,
    )
    return statistics.median(taken)


# ------------------------------------------------------------------------------------- measurements


def first_charts(bench: Bench) -> list[Figure]:
    """Navigation to the first chart and to all panels of the first viewport."""
    path = "local/hundred?show=all"
    return [
        Figure(
            "100 runs x 40 keys: to the first chart",
            bench.navigation_ms(path, FIRST_DRAWN),
            "ms",
            300,
        ),
        Figure(
            "100 runs x 1,000 points: to all panels in view",
            bench.navigation_ms(path, ALL_DRAWN),
            "ms",
            800,
        ),
    ]


def toggling(bench: Bench) -> list[Figure]:
    """Toggle one of 100 runs with all panels of the viewport in sight."""
    page = bench.open("local/hundred?show=all&d=compact")
    click = """i => document.querySelectorAll('.run-row .eye')[2 + (i >> 1)].click()"""
    wall = in_page(page, click, 12)
    thread = Thread(page)
    cpu = thread.cpu_ms(lambda i: page.evaluate(f"({click})({i})"), 12)
    page.close()
    return [
        Figure("toggle one of 100 runs, panels in view: wall", wall, "ms", 50),
        Figure("toggle one of 100 runs, panels in view: cpu", cpu, "ms", 50),
    ]


def hovering(bench: Bench) -> list[Figure]:
    """Hover over linked panels, and zoom them."""
    page = bench.open("local/small?d=compact")
    thread = Thread(page)
    box = page.locator(".panel .plot").first.bounding_box()

    def move(i: int) -> None:
        page.mouse.move(box["x"] + 60 + (i * 13) % (box["width"] - 80), box["y"] + 60)
        page.evaluate("() => new Promise(requestAnimationFrame)")

    def wheel(i: int) -> None:
        page.keyboard.down("Control")
        page.mouse.wheel(0, -60 if i % 8 < 4 else 60)
        page.keyboard.up("Control")
        page.evaluate("() => new Promise(requestAnimationFrame)")

    hover, hover_script = thread.cpu_and_script_ms(move, 60)
    zoom = thread.cpu_ms(wheel, 32)
    page.close()
    return [
        Figure("hover, 12 linked panels x 20 runs: script a frame", hover_script, "ms", 8),
        Figure("hover, 12 linked panels x 20 runs: cpu a frame, all", hover, "ms"),
        Figure("zoom, 12 linked panels x 20 runs x 1,000: cpu a frame", zoom, "ms", 20),
    ]


def memory(bench: Bench) -> list[Figure]:
    """The heap after all panels of 100 x 40 x 1,000 have been in sight, and the panels in the DOM."""
    page = bench.open("local/hundred?show=all")
    panels = page.locator("#panels")
    height = panels.evaluate("element => element.scrollHeight")
    for top in range(0, height, 700):
        panels.evaluate("(element, top) => element.scrollTo(0, top)", top)
        page.evaluate(TWO_FRAMES)
        page.wait_for_function(ALL_DRAWN, timeout=60_000)
    heap = Thread(page).heap_mb()
    count = page.evaluate("() => document.querySelectorAll('.panel').length")
    shifts = page.evaluate(SHIFTS)
    page.close()
    return [
        Figure("heap, 100 runs x 40 keys x 1,000 points, all seen", heap, "MB", 150, False),
        Figure("panels in the DOM then (of 40)", count, "", 30, False),
        Figure("layout shift (CLS) of that visit", shifts, "", 0.001, False),
    ]


def wide(bench: Bench) -> list[Figure]:
    """500 runs x 200 keys."""
    path = "local/wide?show=all"
    drawn = bench.navigation_ms(path, ALL_DRAWN)
    page = bench.open(path)
    click = """i => document.querySelectorAll('.run-row .eye')[2 + (i >> 1)].click()"""
    toggle = in_page(page, click, 8)
    heap = Thread(page).heap_mb()
    page.close()
    return [
        Figure("500 runs x 200 keys: to all panels in view", drawn, "ms"),
        Figure("500 runs: toggle one", toggle, "ms"),
        Figure("500 runs x 200 keys: heap", heap, "MB", None, False),
    ]


def many(bench: Bench) -> list[Figure]:
    """10,000 runs in the list: to its first rows, and scrolling."""
    rows = "() => document.querySelectorAll('.run-row:not(.waiting)').length > 10"
    first = bench.navigation_ms("local/many", rows)
    page = bench.open("local/many", rows)
    thread = Thread(page)
    scroller = page.evaluate_handle(
        """() => {
            let element = document.querySelector('.run-row');
            while (element.scrollHeight <= element.clientHeight + 1) element = element.parentElement;
            return element;
        }"""
    )

    def scroll(i: int) -> None:
        scroller.evaluate("(element, top) => element.scrollTo(0, top)", i * 480)
        page.evaluate("() => new Promise(requestAnimationFrame)")

    cost = thread.cpu_ms(scroll, 60)
    page.close()
    return [
        Figure("10,000 runs: to the first rows of the list", first, "ms"),
        Figure("10,000 runs: scrolling the list by a screen, cpu a frame", cost, "ms", 16.7),
    ]


def tags(bench: Bench) -> list[Figure]:
    """12,000 keys: a keystroke in the panel filter."""
    page = bench.open("local/tags", FIRST_DRAWN)
    texts = "['m', 'me', 'metric_1', 'metric_12', 'train', 'layer3/metric_77', '']"
    typed = in_page(
        page,
        f"""i => {{
            const field = document.getElementById('panel-filter');
            field.value = {texts}[i % 7];
            field.dispatchEvent(new Event('input', {{bubbles: true}}));
        }}""",
        14,
    )
    page.close()
    return [Figure("12,000 keys: a keystroke in the panel filter", typed, "ms", 50)]


def live(bench: Bench) -> list[Figure]:
    """20 runs x 40 keys, a row each a second, while the page shows them."""
    from live_runs import LiveRuns

    with LiveRuns(bench.server, runs=20, keys=40) as runs:
        page = bench.open("local/live?show=all", FIRST_DRAWN)
        page.evaluate(WATCH_TASKS)
        thread = Thread(page)
        before = thread.metric("TaskDuration")
        began = time.monotonic()
        runs.log_for(seconds=20)
        share = (thread.metric("TaskDuration") - before) / (time.monotonic() - began)
        tasks = page.evaluate("() => window.longTasks")
        page.close()
    return [
        Figure("live, 20 runs x 40 keys x 1 Hz: longest task", max(tasks, default=0.0), "ms", 50),
        Figure("live: tasks over 50 ms in 20 s", len(tasks), "", None, False),
        Figure("live: share of a core", 100 * share, "%", None, False),
    ]


MEASUREMENTS: dict[str, Callable[[Bench], list[Figure]]] = {
    "first_charts": first_charts,
    "toggling": toggling,
    "hovering": hovering,
    "memory": memory,
    "wide": wide,
    "many": many,
    "tags": tags,
    "live": live,
}


def calibration_ms(page: Any) -> float:
    """Return what uPlot's zoom takes right now."""
    shape = {"panels": 12, "runs": 20, "points": 1_000, "wide": False, "uplotWidth": 1.0}
    answer = page.evaluate("shape => bench.uPlot({...shape, zoomOnly: true}, 9)", shape)
    return statistics.median(one["painted"] for one in answer["zoom"])


def print_figures(figures: list[Figure], slower: float) -> None:
    """Print lines with the figure as measured, as it were on the quiet reference machine, and the budget."""
    for one in figures:
        line = f"  {one.what:58}{one.value:10.1f} {one.unit:3}"
        rested = one.value / slower if one.is_time else one.value
        line += f"{rested:10.1f}" if one.is_time else f"{'':10}"
        if one.budget is not None:
            line += f"{one.budget:10.4g}  {'kept' if rested <= one.budget else 'MISSED'}"
        print(line, flush=True)


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="The workspace in Chromium, against its budgets.")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--data", type=Path, help="keep the projects here and use them again")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, default=list(MEASUREMENTS))
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    chromium = chromium_path()
    if chromium is None:
        print("Chromium is not on PATH (Debian package `chromium`).")
        return 1
    with tempfile.TemporaryDirectory(prefix="epochal-bench-") as folder:
        data = options.data or Path(folder)
        build(data, list(SHAPES))
        server = start(data)
        try:
            with served_page() as calibration, sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                page = browser.new_page(viewport=VIEWPORT)
                page.goto(calibration)
                page.wait_for_function("window.bench")
                calibration_ms(page)
                print(
                    f"  {'':58}{'measured':>10}    {'at rest':>10}{'budget':>10}\n"
                    f"  Chromium {browser.version}"
                )
                bench = Bench(browser, server, options.repeats)
                for name in options.only:
                    before = calibration_ms(page)
                    figures = MEASUREMENTS[name](bench)
                    slower = (before + calibration_ms(page)) / 2 / REFERENCE_MS
                    print(f"\n  {name}: this machine {slower:.2f} times slower")
                    print_figures(figures, slower)
                browser.close()
        finally:
            httpx.get(f"{server.url}/ready", trust_env=False)
            server.process.terminate()
            server.process.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
