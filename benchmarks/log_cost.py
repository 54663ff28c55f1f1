"""What one log() costs: the caller's thread, all threads and processes, and its slowest calls beside a busy thread.

Data: noisy floats, float64-valued and float32-valued, 2 and 50 keys, in rows made beforehand.
Three numbers of calls show that a call costs the same however many came before. Clocks: CPU time of
the caller's thread; CPU time of the process and its children, end of the run included; wall time
for the percentiles.
"""

from __future__ import annotations

import json
import random
import struct
import sys
import threading
import time

if len(sys.argv) > 1 and sys.argv[1] == "--worker":
    import os

    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from tools import start
else:
    from peers import fewer, measure, table
    from tools import FLOAT32_TOOLS, TOOLS

COLUMNS = ["caller us", "all us", "p50 us", "p99 us", "p99 busy us"]


def rows(count: int, keys: int, *, float32: bool) -> list[dict[str, float]]:
    source = random.Random(0)
    values = [source.gauss(0, 1) for _ in range(1000 + keys)]
    if float32:
        values = [struct.unpack("f", struct.pack("f", value))[0] for value in values]
    names = [f"metric/{i}" for i in range(keys)]
    return [dict(zip(names, values[i % 1000 :], strict=False)) for i in range(count)]


def cpu_of_all() -> float:
    used = time.process_time()
    try:
        import resource
    except ImportError:
        return used
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used + children.ru_utime + children.ru_stime


def work(options: dict) -> dict[str, float]:
    calls, data = (
        options["calls"],
        rows(options["calls"], options["keys"], float32=options["float32"]),
    )
    nothing, _end = start("nothing")
    began = time.thread_time()
    for step, row in enumerate(data):
        nothing(step, row)
    loop = time.thread_time() - began
    everything = cpu_of_all()
    log, end = start(options["tool"])
    started = cpu_of_all()
    began = time.thread_time()
    for step, row in enumerate(data):
        log(step, row)
    caller = time.thread_time() - began
    step = calls
    quiet = timed(log, data[: calls // 4], step)
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            sum(range(100))

    thread = threading.Thread(target=spin, daemon=True)
    before_busy = cpu_of_all()
    thread.start()
    busy = timed(log, data[: calls // 10], step + calls)
    stop.set()
    thread.join()
    spun = cpu_of_all() - before_busy
    end()
    total = cpu_of_all() - started - spun - loop
    del everything
    return {
        "caller us": (caller - loop) / calls * 1e6,
        "all us": total / (calls * 1.25) * 1e6,
        "p50 us": quiet[len(quiet) // 2] * 1e6,
        "p99 us": quiet[int(len(quiet) * 0.99)] * 1e6,
        "p99 busy us": busy[int(len(busy) * 0.99)] * 1e6,
    }


def timed(log: object, data: list[dict[str, float]], step: int) -> list[float]:
    clock, took = time.perf_counter, []
    for row in data:
        began = clock()
        log(step, row)  # type: ignore[operator]
        took.append(clock() - began)
        step += 1
    return sorted(took)


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"medians of {repeats} runs")
    for keys in (2, 50):
        for float32 in (False, True):
            found = []
            for tool in FLOAT32_TOOLS if float32 else TOOLS:
                # The peers are slower: as many calls as take a second or so.
                ours = 100_000 if keys == 2 else 20_000
                calls = ours if tool == "epochal" else fewer(tool, 2000)
                options = {"calls": calls, "keys": keys, "float32": float32}
                found.append((tool, measure(__file__, tool, repeats, **options)))
            kind = "float32" if float32 else "float64"
            table(
                f"log() of {keys} {kind}-valued metrics, CPU and wall time a call", COLUMNS, found
            )
    found = [
        (str(calls), measure(__file__, "epochal", repeats, calls=calls, keys=2, float32=False))
        for calls in (2000, 20_000, 200_000)
    ]
    table("log() of 2 metrics, ours, by number of calls", COLUMNS, found)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        print(json.dumps(work(json.loads(sys.argv[2]))))
    else:
        main()
