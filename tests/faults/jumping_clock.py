"""Run a Python program under a wall clock that jumps.

    python tests/faults/jumping_clock.py FILE -- [-m MODULE | SCRIPT] ARGUMENT...

FILE holds the seconds by which `time.time` and its kin are wrong at the moment; it is read again at every look at the
clock. The monotonic clock is left alone, as a system leaves it alone.
"""

from __future__ import annotations

import runpy
import sys
import time


def main() -> None:
    """Bend the clock, then run."""
    path, separator, *program = sys.argv[1:]
    if separator != "--" or not program:
        raise SystemExit(__doc__)
    real, real_ns = time.time, time.time_ns

    def offset() -> float:
        try:
            with open(path, encoding="ascii") as file:
                return float(file.read() or 0)
        except (OSError, ValueError):
            return 0.0

    time.time = lambda: real() + offset()
    time.time_ns = lambda: real_ns() + int(offset() * 1e9)
    sys.argv = program[1:] if program[0] == "-m" else program
    if program[0] == "-m":
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    main()
