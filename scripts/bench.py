"""Run the benchmarks, each in a process of its own, and say which of them ended badly.

    python scripts/bench.py             all of benchmarks/
    python scripts/bench.py log store   benchmarks/log.py and benchmarks/store.py

A benchmark is a script under benchmarks/ that prints a table: our figure, the peer's figure measured
in the same run on the same data, the ratio. It exits with another code than 0 only when it could not
measure, or when what it measured was wrong (a lost point): no speed is a failure by itself.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"


def scripts() -> dict[str, Path]:
    """Return the benchmarks by name: the modules of benchmarks/ that can be run."""
    return {
        path.stem: path
        for path in sorted(FOLDER.glob("*.py"))
        if path.stem != "run_all"
        and 'if __name__ == "__main__"' in path.read_text(encoding="utf-8")
    }


def run(names: list[str]) -> list[str]:
    """Run the named benchmarks (all of them for an empty list); return the names that failed."""
    available = scripts()
    unknown = [name for name in names if name not in available]
    if unknown:
        raise SystemExit(
            f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(available)}"
        )
    failed: list[str] = []
    for name in names or available:
        print(f"\n== benchmark {name}", flush=True)
        started = time.monotonic()
        code = subprocess.run([sys.executable, str(available[name])], check=False).returncode
        seconds = time.monotonic() - started
        print(
            f"   {name}: {seconds:.0f} s" + (f", FAILED (code {code})" if code else ""), flush=True
        )
        if code:
            failed.append(name)
    return failed


if __name__ == "__main__":
    wrong = run(sys.argv[1:])
    print(f"\nFAILED: {', '.join(wrong)}" if wrong else "\nevery benchmark ran")
    raise SystemExit(1 if wrong else 0)
