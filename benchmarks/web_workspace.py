"""The workspace in Chromium, against its budgets (100 runs x 40 keys, 500 x 200, 10,000 runs, 12,000 keys).

    npm ci --prefix web && npm ci --prefix web/bench
    python benchmarks/web_workspace.py [--repeats 5] [--data DIR] [--only NAME ...]

Every figure stands beside a calibration page in the same browser and the same minute: uPlot's zoom of 12 panels x 20
runs x 1,000 points, which takes 37.5 ms by the wall and 50.5 ms of its main thread's CPU time on the quiet reference
machine of the budgets. A time by the wall is divided by how much slower the calibration was by the wall, one of CPU by
how much slower it was in CPU; a navigation each time by the calibrations just before and after it. The quotient,
`calibrated`, is what is held against the budget, so that a slow machine and a fast one come to the same verdict; what
the calibrations of a measurement say of the machine, and how far they lie apart, stands above it. Where they lie far
apart, something else took the processors in the middle of it: no verdict is given on times by the wall then.
Navigations happen in a Chromium of their own that nothing watches (plain_chromium.py). They end when the main thread is
done with the frame that shows the last picture. The budget of the zoom is set beside uPlot's 37.5 ms: its part of
uPlot's CPU is held against it on that scale.

ms: of the page's main thread. wall counts from the action to the frame that shows it, cpu is the thread's own time.
Values are float32-valued; no GPU; the server runs on the same two cores, warm: each page is opened
twice before.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
import psutil
from http_ingest import start
from plain_chromium import PlainChromium, PlainPage
from web_plots import FLAGS, chromium_path, served_page
from workspace_data import SHAPES, build

REFERENCE_MS = 37.5
"""uPlot's zoom of 12 x 20 x 1,000 on the machine on which the budgets were set, by the wall."""
REFERENCE_CPU_MS = 50.5
"""The same in CPU time of the page's main thread: 77.1 of it where 57.3 were taken by the wall, in one run."""
STEADY = 1.5
"""How far apart calibrations by the wall may lie, as a ratio, for a verdict on times by the wall."""
VIEWPORT: Any = {"width": 1440, "height": 900}
TAB_RESTS_MS = 700
FLICK_PX = 120
"""What the list moves in a frame when somebody turns the wheel as quickly as they can: 7,200 pixels a second."""
DRAG_PX = 480
"""The same when the bar is drawn through 10,000 runs in eight seconds: most rows of a frame are new."""
# Notes the canvases that have been painted, and calls whoever waits for one.
WATCH_PICTURES = """(() => {
    window.painted = new WeakSet();
    const put = CanvasRenderingContext2D.prototype.putImageData;
    CanvasRenderingContext2D.prototype.putImageData = function (...all) {
        put.apply(this, all);
        painted.add(this.canvas);
        window.afterPicture?.();
    };
})()"""
# Whether the panels in view show their lines: painted, and nothing covers them. Looking costs the page next to nothing.
_IN_VIEW = """[...document.querySelectorAll('.panel')].filter(one => {
    const box = one.getBoundingClientRect();
    return box.bottom > 80 && box.top < innerHeight;
})"""
_DRAWN = """one => painted.has(one.querySelector('canvas')) && !one.querySelector('.skeleton, .panel-cover')"""
ALL_DRAWN = f"() => {{ const all = {_IN_VIEW}; return all.length > 0 && all.every({_DRAWN}); }}"
FIRST_DRAWN = f"() => {_IN_VIEW}.some({_DRAWN})"
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
WATCH_TASKS = """() => {
    window.longTasks = [];
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) window.longTasks.push(entry.duration);
    }).observe({type: 'longtask'});
}"""
# Counts the frames in which a chart was drawn, and notes when the last one was after the last turn of the wheel.
WATCH_FRAMES = """() => {
    const drawn = window.drawn = {frames: new Set(), turned: 0, last: 0};
    const put = CanvasRenderingContext2D.prototype.putImageData;
    CanvasRenderingContext2D.prototype.putImageData = function (...all) {
        put.apply(this, all);
        drawn.frames.add(document.timeline.currentTime);
        drawn.last = performance.now();
    };
    addEventListener('wheel', () => { drawn.turned = performance.now(); }, {capture: true, passive: true});
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
    clock: Literal["wall", "cpu"] | None = "wall"
    calibrated: float | None = None
    """The figure on the quiet reference machine, where it is known better than by the whole measurement's pace."""


@dataclass(frozen=True)
class Pace:
    """How many times slower than the reference machine this one is just now, by either clock."""

    wall: float
    cpu: float

    @classmethod
    def between(cls, several: Sequence[Pace]) -> Pace:
        """Return the mean of several."""
        return cls(
            statistics.mean(one.wall for one in several),
            statistics.mean(one.cpu for one in several),
        )


class Calibration:
    """The page with uPlot, and every pace that was measured with it."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.thread = Thread(page)
        self.taken: list[Pace] = []

    def pace(self, repeats: int = 9) -> Pace:
        """Measure how slow the machine is right now."""
        shape = {"panels": 12, "runs": 20, "points": 1_000, "wide": False, "uplotWidth": 1.0}
        spent: list[float] = []
        # The difference of many zooms and one: making the plots does not count.
        for count in (1, 1 + repeats):
            before = self.thread.metric("TaskDuration")
            answer = self.page.evaluate(
                "([shape, count]) => bench.uPlot({...shape, only: 'zoom'}, count)", [shape, count]
            )
            spent.append((self.thread.metric("TaskDuration") - before) * 1000)
        wall = statistics.median(one["painted"] for one in answer["zoom"])
        pace = Pace(wall / REFERENCE_MS, (spent[1] - spent[0]) / repeats / REFERENCE_CPU_MS)
        self.taken.append(pace)
        return pace


class Bench:
    """A browser, a server with projects, and how slow the machine is."""

    def __init__(
        self,
        browser: Any,
        plain: PlainChromium,
        server: Any,
        repeats: int,
        calibration: Calibration,
    ) -> None:
        self.browser = browser
        self.plain = plain
        self.server = server
        self.repeats = repeats
        self.calibration = calibration
        self.context = browser.new_context(viewport=VIEWPORT)
        self.context.add_init_script(WATCH_PICTURES)
        page = self.context.new_page()
        page.goto(f"{server.url}/login?token={server.token}")
        page.close()
        tab = plain.page()
        tab.goto(f"{server.url}/login?token={server.token}")
        tab.wait("document.readyState === 'complete' && !location.pathname.includes('login')")
        tab.close()

    def open(self, path: str, drawn: str = ALL_DRAWN) -> Any:
        """Return a page whose panels are drawn."""
        page = self.context.new_page()
        page.goto(f"{self.server.url}/{path}")
        page.wait_for_function(drawn, timeout=120_000)
        page.evaluate(TWO_FRAMES)
        return page

    def _visit(self, path: str, drawn: str) -> tuple[PlainPage, float]:
        """Open a page in a tab at rest; return it, and after how many milliseconds it was on the screen.

        That is when the main thread is done with the frame in which the last of it was painted.

        Beside the first page of a new tab Chromium loads pages of its own interface
        (`chrome://omnibox-popup.top-chrome` and some 60 scripts in 156), on the same two cores.
        """
        tab = self.plain.page()
        time.sleep(TAB_RESTS_MS / 1000)
        tab.watch_cpu()
        tab.goto(f"{self.server.url}/{path}")
        wall = tab.evaluate(
            f"""{WATCH_PICTURES}; new Promise(done => {{
                const isDrawn = {drawn};
                let isFound = false;
                const framed = () => scheduler.postTask(
                    () => done(performance.now()),
                    {{priority: 'user-blocking'}},
                );
                const look = inFrame => {{
                    if (isFound || !isDrawn()) return;
                    isFound = true;
                    if (inFrame) framed();
                    else requestAnimationFrame(framed);
                }};
                window.afterPicture = () => look(true);
                const again = () => {{
                    look(false);
                    if (!isFound) setTimeout(again, 8);
                }};
                again();
            }})"""
        )
        return tab, wall

    def navigation(self, what: str, path: str, drawn: str, budget: float | None) -> list[Figure]:
        """Return the median times from navigation to what `drawn` waits for.

        By the wall, and what the page's main thread and the server took of the processors for it: an answer and the
        page that waits for it run one after the other, so at rest the first lies between the larger and the sum of
        the others.
        """
        for _ in range(2):
            self._visit(path, drawn)[0].close()
        walls: list[tuple[float, float]] = []
        threads: list[tuple[float, float]] = []
        servers: list[tuple[float, float]] = []
        process = psutil.Process(self.server.process.pid)
        before = self.calibration.pace(5)
        for _ in range(self.repeats):
            served = sum(process.cpu_times()[:2])
            tab, wall = self._visit(path, drawn)
            cpu = tab.metric("TaskDuration") * 1000
            served = (sum(process.cpu_times()[:2]) - served) * 1000
            tab.close()
            after = self.calibration.pace(5)
            pace = Pace.between([before, after])
            before = after
            walls.append((wall, wall / pace.wall))
            threads.append((cpu, cpu / pace.cpu))
            servers.append((served, served / pace.cpu))

        def figure(
            what: str,
            taken: list[tuple[float, float]],
            budget: float | None,
            clock: Literal["wall", "cpu"],
        ) -> Figure:
            measured, calibrated = (statistics.median(one) for one in zip(*taken, strict=True))
            return Figure(what, measured, "ms", budget, clock, calibrated)

        return [
            figure(what, walls, budget, "wall"),
            figure("  of it the page's main thread: cpu", threads, None, "cpu"),
            figure("  of it the server: cpu", servers, None, "cpu"),
        ]


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
        *bench.navigation("100 runs x 40 keys: to the first chart", path, FIRST_DRAWN, 300),
        *bench.navigation("100 runs x 1,000 points: to all panels in view", path, ALL_DRAWN, 800),
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
        Figure("toggle one of 100 runs, panels in view: cpu", cpu, "ms", 50, "cpu"),
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
    page.evaluate(WATCH_FRAMES)
    settled: list[float] = []

    def turn(i: int) -> None:
        wheel(i)
        if i % 8 == 7:
            page.wait_for_timeout(200)
            settled.append(page.evaluate("() => drawn.last - drawn.turned"))

    turns = 32
    paces = [bench.calibration.pace()]
    zoom = thread.cpu_ms(turn, turns)
    # The first turn of `cpu_ms` is not in its mean, but its frames are among those counted.
    frames = page.evaluate("() => drawn.frames.size") * turns / (turns + 1)
    page.close()
    paces.append(bench.calibration.pace())
    a_frame = zoom * turns / frames
    of_uplot = a_frame / (Pace.between(paces).cpu * REFERENCE_CPU_MS)
    return [
        Figure("hover, 12 linked panels x 20 runs: script a frame", hover_script, "ms", 8, "cpu"),
        Figure("hover, 12 linked panels x 20 runs: cpu a frame, all", hover, "ms", None, "cpu"),
        Figure(
            "zoom, 12 linked panels x 20 runs x 1,000: cpu a turn of the wheel",
            zoom,
            "ms",
            None,
            "cpu",
        ),
        # Its budget is set beside uPlot's 36 to 39 ms for the same zoom, and is one of that scale: 0.6 of it at most.
        Figure("  cpu a frame", a_frame, "ms", 20, "cpu", of_uplot * REFERENCE_MS),
        Figure("  cpu a frame, of uPlot's for the same zoom", of_uplot, "", 0.6, None),
        Figure(
            "  from a turn until the last panel shows it",
            statistics.median(settled),
            "ms",
            None,
            "wall",
        ),
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
        Figure("heap, 100 runs x 40 keys x 1,000 points, all seen", heap, "MB", 150, None),
        Figure("panels in the DOM then (of 40)", count, "", 30, None),
        Figure("layout shift (CLS) of that visit", shifts, "", 0.001, None),
    ]


def wide(bench: Bench) -> list[Figure]:
    """500 runs x 200 keys."""
    path = "local/wide?show=all"
    drawn = bench.navigation("500 runs x 200 keys: to all panels in view", path, ALL_DRAWN, None)
    page = bench.open(path)
    click = """i => document.querySelectorAll('.run-row .eye')[2 + (i >> 1)].click()"""
    toggle = in_page(page, click, 8)
    heap = Thread(page).heap_mb()
    page.close()
    return [
        *drawn,
        Figure("500 runs: toggle one", toggle, "ms"),
        Figure("500 runs x 200 keys: heap", heap, "MB", None, None),
    ]


def many(bench: Bench) -> list[Figure]:
    """10,000 runs in the list: to its first rows, and scrolling."""
    rows = "() => document.querySelectorAll('.run-row:not(.waiting)').length > 10"
    what = "10,000 runs: to the first rows of the list"
    first = bench.navigation(what, "local/many", rows, None)
    page = bench.open("local/many", rows)
    thread = Thread(page)
    scroller = page.evaluate_handle(
        """() => {
            let element = document.querySelector('.run-row');
            while (element.scrollHeight <= element.clientHeight + 1) element = element.parentElement;
            return element;
        }"""
    )

    def scroll(pixels: int) -> float:
        """Return the CPU milliseconds of a frame in which the list moves by so many pixels."""
        top = scroller.evaluate("element => element.scrollTop")

        def move(i: int) -> None:
            scroller.evaluate("(element, top) => element.scrollTo(0, top)", top + i * pixels)
            page.evaluate("() => new Promise(requestAnimationFrame)")

        return thread.cpu_ms(move, 60)

    flick, drag = scroll(FLICK_PX), scroll(DRAG_PX)
    page.close()
    return [
        *first,
        Figure(
            "10,000 runs: a flick of the wheel (5 rows a frame), cpu a frame",
            flick,
            "ms",
            16.7,
            "cpu",
        ),
        Figure("  by the bar (20 rows a frame), cpu a frame", drag, "ms", None, "cpu"),
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
        page = bench.open(f"local/{runs.project}?show=all", FIRST_DRAWN)
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
        Figure("live: tasks over 50 ms in 20 s", len(tasks), "", None, None),
        Figure("live: share of a core", 100 * share, "%", None, None),
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


def print_figures(figures: list[Figure], pace: Pace, *, is_steady: bool) -> list[str]:
    """Print the figure as measured, as it were on the quiet reference machine, and the budget; return those missed."""
    missed: list[str] = []
    for one in figures:
        digits = 1 if one.unit else 2
        line = f"  {one.what:62}{one.value:9.{digits}f} {one.unit:3}"
        calibrated = one.value
        if one.clock is not None:
            by = pace.wall if one.clock == "wall" else pace.cpu
            calibrated = one.value / by if one.calibrated is None else one.calibrated
        line += f"{calibrated:11.1f}" if one.clock is not None else f"{'':11}"
        if one.budget is not None:
            holds = calibrated <= one.budget
            is_told = is_steady or one.clock != "wall"
            verdict = ("holds" if holds else "MISSED") if is_told else "no verdict: unsteady"
            line += f"{one.budget:9.4g}  {verdict}"
            if is_told and not holds:
                missed.append(f"{one.what}: {calibrated:.1f} {one.unit} of {one.budget:g}")
        print(line, flush=True)
    return missed


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
            size = (VIEWPORT["width"], VIEWPORT["height"])
            with (
                served_page() as calibration,
                sync_playwright() as playwright,
                PlainChromium(chromium, FLAGS, size) as plain,
            ):
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                page = browser.new_page(viewport=VIEWPORT)
                page.goto(calibration)
                page.wait_for_function("window.bench")
                gauge = Calibration(page)
                gauge.pace()
                print(
                    f"  {'':62}{'measured':>9}    {'calibrated':>11}{'budget':>9}\n"
                    f"  Chromium {browser.version}"
                )
                bench = Bench(browser, plain, server, options.repeats, gauge)
                missed: list[str] = []
                for name in options.only:
                    gauge.taken.clear()
                    gauge.pace()
                    figures = MEASUREMENTS[name](bench)
                    gauge.pace()
                    pace = Pace.between(gauge.taken)
                    apart = [one.wall for one in gauge.taken]
                    print(
                        f"\n  {name}: this machine is {pace.wall:.2f} times slower by the wall"
                        f" ({min(apart):.2f} to {max(apart):.2f}), {pace.cpu:.2f} in CPU"
                    )
                    missed += print_figures(
                        figures, pace, is_steady=max(apart) <= STEADY * min(apart)
                    )
                print(
                    f"\n  {len(missed)} budgets missed" + "".join(f"\n    {one}" for one in missed)
                )
                browser.close()
        finally:
            httpx.get(f"{server.url}/ready", trust_env=False)
            server.process.terminate()
            server.process.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
