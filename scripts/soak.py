"""Run what is too long for every change, and end with one line: the verdict.

    python scripts/soak.py                     everything
    python scripts/soak.py --skip-benchmarks   the kill loops, planted faults and fuzzing only
    python scripts/soak.py -- -k kill -x       words after -- go to pytest

It runs `pytest -m soak` (kill loops under load, each fault of the list with its planted defect, long
fuzzing of the parsers), so that what is wrong is known first, then benchmarks/run_all.py with its
peers. Nothing else may run on the machine meanwhile.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import environments  # beside this file

ROOT = Path(__file__).resolve().parent.parent
NO_TEST_COLLECTED = 5
TEST_TIMEOUT_S = 3600


def main() -> int:
    """Run the soak and return 0 only when all of it passed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--skip-benchmarks", action="store_true")
    parser.add_argument("pytest_arguments", nargs="*", metavar="PYTEST_ARGUMENT")
    options = parser.parse_args()
    started = time.monotonic()

    troubles: list[str] = []
    for environment in (environments.FRAMEWORKS, environments.OBJECT_STORES):
        environments.install(Path(sys.executable), *environment)
    command = [sys.executable, "-m", "pytest", "-m", "soak", "--timeout", str(TEST_TIMEOUT_S)]
    code = subprocess.run(
        [*command, *options.pytest_arguments],
        cwd=ROOT,
        env={**os.environ, "CI": "true"},  # a component that is missing is a failure here as well
        check=False,
    ).returncode
    if code == NO_TEST_COLLECTED:
        troubles.append("no soak test was found")
    elif code != 0:
        troubles.append(f"pytest -m soak ended with code {code}")
    if not options.skip_benchmarks:
        benchmarks = [sys.executable, str(ROOT / "benchmarks" / "run_all.py"), "--peers"]
        if subprocess.run(benchmarks, cwd=ROOT, check=False).returncode != 0:
            troubles.append("a benchmark could not measure")

    minutes = (time.monotonic() - started) / 60
    print(
        f"\nsoak: FAILED after {minutes:.0f} min: {'; '.join(troubles)}"
        if troubles
        else f"\nsoak: passed in {minutes:.0f} min"
    )
    return 1 if troubles else 0


if __name__ == "__main__":
    raise SystemExit(main())
