"""A training script whose every returned `log` call is counted where a kill cannot take it back.

    python training.py COUNTER ROWS PAUSE_S [key=value ...]

COUNTER is a file of 8 bytes, mapped into memory: the number of rows whose `log` has returned. Row i has n = i and
v = value_of(i). ROWS 0 means for ever. The rest are settings of `epochal.init` (values are JSON). Prints one line of
JSON at the end: init_s, finish_s, slowest_log_s, median_log_s.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
import time
from typing import Any


def value_of(row: int) -> float:
    """Return the value that row `row` logs as ``v``."""
    return (row * 2654435761 % 1000003) / 7


def main() -> None:
    """Train."""
    path, rows, pause_s = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    options: dict[str, Any] = {}
    for text in sys.argv[4:]:
        key, _, value = text.partition("=")
        options[key] = json.loads(value)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    os.ftruncate(descriptor, 8)
    # One store of 8 bytes: struct.pack_into clears the bytes first, and a kill in between would leave 0.
    counter = memoryview(mmap.mmap(descriptor, 8)).cast("q")

    import epochal

    began = time.perf_counter()
    run = epochal.init(**options)
    init_s = time.perf_counter() - began
    took: list[float] = []
    row = 0
    while rows == 0 or row < rows:
        began = time.perf_counter()
        run.log({"n": row, "v": value_of(row)}, step=row)
        took.append(time.perf_counter() - began)
        row += 1
        counter[0] = row
        if pause_s:
            time.sleep(pause_s)
    began = time.perf_counter()
    run.finish()
    took.sort()
    print(
        json.dumps(
            {
                "init_s": init_s,
                "finish_s": time.perf_counter() - began,
                "slowest_log_s": took[-1],
                "p99_log_s": took[int(len(took) * 0.99)],
                "median_log_s": took[len(took) // 2],
            }
        )
    )


if __name__ == "__main__":
    main()
