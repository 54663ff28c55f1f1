"""Points a second of one process until they are durable, bytes a point on disk, and how many are lost.

Data: rows of two noisy metrics, float64-valued and float32-valued, logged as fast as the loop can.
Clocks: wall time from the first call until `finish` has returned, which for ours means that the
journal has been through fsync; and the CPU time of the process in between, which a busy machine
does not change. Lost is counted by reading our history back.
"""

from __future__ import annotations

import json
import os
import random
import struct
import sys
import time

if len(sys.argv) > 1 and sys.argv[1] == "--worker":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from peers import folder_bytes
    from tools import start
else:
    from peers import fewer, measure, table
    from tools import FLOAT32_TOOLS, TOOLS

COLUMNS = ["points/s", "points/CPU s", "bytes/point", "lost points", "finish s"]
SIZES = (10_000, 100_000, 500_000)


def work(options: dict) -> dict[str, float]:
    count, source = options["rows"], random.Random(0)
    values = [source.gauss(0, 1) for _ in range(10_007)]
    if options["float32"]:
        values = [struct.unpack("f", struct.pack("f", value))[0] for value in values]
    # Made beforehand, so that the figure is the tracker's and not that of making the rows.
    rows = [{"loss": values[i], "accuracy": values[i * 7 % 10_007]} for i in range(10_007)]
    log, end = start(options["tool"])
    used = time.process_time()
    began = time.perf_counter()
    for i in range(count):
        log(i, rows[i % 10_007])
    logged = time.perf_counter()
    end()
    ended = time.perf_counter()
    used = time.process_time() - used
    size = folder_bytes(os.getcwd())
    lost = float("nan")
    if options["tool"] == "epochal":
        import epochal

        history = epochal.Api().runs("bench")[0].history()
        wanted = [values[i % 10_007] for i in range(count)]
        same = history["loss"].tolist() == wanted
        lost = 0 if same else 2 * count - len(history["loss"]) - len(history["accuracy"]) or 1
    return {
        "points/s": 2 * count / (ended - began),
        "points/CPU s": 2 * count / used,
        "bytes/point": size / (2 * count),
        "lost points": lost,
        "finish s": ended - logged,
    }


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"medians of {repeats} runs")
    worst = 0.0
    for float32 in (False, True):
        rows = [
            (
                tool,
                measure(
                    __file__,
                    tool,
                    repeats,
                    rows=100_000 if tool == "epochal" else fewer(tool, 5000),
                    float32=float32,
                ),
            )
            for tool in (FLOAT32_TOOLS if float32 else TOOLS)
        ]
        table(
            f"two {'float32' if float32 else 'float64'}-valued metrics, until durable",
            COLUMNS,
            rows,
        )
    by_size = [
        (f"{size} rows", measure(__file__, "epochal", min(repeats, 3), rows=size, float32=False))
        for size in SIZES
    ]
    table("ours, by number of rows", COLUMNS, by_size)
    for _name, figures in by_size:
        worst = max(worst, figures["lost points"] if figures else 1)
    if worst:
        raise SystemExit(f"{worst} points were lost")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        print(json.dumps(work(json.loads(sys.argv[2]))))
    else:
        main()
