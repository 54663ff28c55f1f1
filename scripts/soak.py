"""Run what is too long for every change, and end with one line: the verdict.

    python scripts/soak.py                     everything
    python scripts/soak.py --continue          what a stopped soak of the same commit had not passed yet
    python scripts/soak.py --skip-benchmarks   the kill loops, planted faults and fuzzing only
    python scripts/soak.py -- -k kill -x       words after -- go to pytest

It runs `pytest -m soak` (kill loops under load, each fault of the list with its planted defect, long
fuzzing of the parsers), so that what is wrong is known first, then benchmarks/run_all.py with its
peers. Nothing else may run on the machine meanwhile.

It takes one to two hours, longer than many a machine is lent for: what passed is kept under build/soak by
its commit, and `--continue` leaves it out. A tree with uncommitted changes has no commit, so nothing is
kept of it.
"""

from __future__ import annotations

import argparse
import os
import shutil
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
    parser.add_argument("--continue", dest="go_on", action="store_true")
    parser.add_argument("--skip-benchmarks", action="store_true")
    parser.add_argument("pytest_arguments", nargs="*", metavar="PYTEST_ARGUMENT")
    options = parser.parse_args()
    started = time.monotonic()

    commit = commit_of_tree()
    if options.go_on and commit is None:
        parser.error("--continue wants a tree without uncommitted changes; commit them first")
    folder = ROOT / "build" / "soak" / (commit or "uncommitted")
    if not options.go_on:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "sittings.txt").open("a", encoding="utf-8") as sittings:
        sittings.write(time.strftime("%Y-%m-%d %H:%M\n"))

    troubles: list[str] = []
    for environment in (
        environments.FRAMEWORKS,
        environments.OBJECT_STORES,
        environments.JUPYTERLAB,
    ):
        environments.install(Path(sys.executable), *environment)
    record = folder / "tests.txt"
    code = run_tests(record, options.pytest_arguments)
    if code == NO_TEST_COLLECTED and not record.is_file():
        troubles.append("no soak test was found")
    elif code not in (0, NO_TEST_COLLECTED):
        troubles.append(f"pytest -m soak ended with code {code}")
    if not options.skip_benchmarks:
        kept = folder / "benchmarks"
        benchmarks = [sys.executable, str(ROOT / "benchmarks" / "run_all.py"), "--peers"]
        benchmarks += ["--keep", str(kept), "--missing"]
        if subprocess.run(benchmarks, cwd=ROOT, check=False).returncode != 0:
            troubles.append("a benchmark could not measure")

    minutes = (time.monotonic() - started) / 60
    what = f"{commit[:7] if commit else 'an uncommitted tree'}, {counted(record)} tests in all"
    times = len((folder / "sittings.txt").read_text(encoding="utf-8").splitlines())
    if times > 1:
        what += f", {times} sittings"
    print(
        f"\nsoak: FAILED after {minutes:.0f} min ({what}): {'; '.join(troubles)}"
        if troubles
        else f"\nsoak: passed in {minutes:.0f} min ({what})"
    )
    return 1 if troubles else 0


def run_tests(record: Path, arguments: list[str]) -> int:
    """Run the soak tests that `record` does not hold, add to it what passes, and return pytest's code."""
    command = [sys.executable, "-m", "pytest", "-m", "soak", "--timeout", str(TEST_TIMEOUT_S)]
    command += ["-p", "soak_record", "--durations", "30", *arguments]
    environment = dict(os.environ)
    environment["CI"] = "true"  # a component that is missing is a failure here as well
    environment["EPOCHAL_SOAK_RECORD"] = str(record)
    paths = [str(Path(__file__).resolve().parent), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def counted(record: Path) -> int:
    """Return how many tests `record` holds."""
    return len(record.read_text(encoding="utf-8").splitlines()) if record.is_file() else 0


def commit_of_tree() -> str | None:
    """Return the commit that is checked out, or None where files that git knows differ from it."""
    git = ["git", "-C", str(ROOT)]
    try:
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--untracked-files=no"],
            capture_output=True, check=True, text=True,
        ).stdout  # fmt: skip
        head = subprocess.run(
            [*git, "rev-parse", "HEAD"], capture_output=True, check=True, text=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
    # The benchmarks write their page as they end: it is what a soak makes, not what it tests.
    changes = [line for line in changed.splitlines() if not line.endswith("docs/benchmarks.md")]
    return None if changes else head


if __name__ == "__main__":
    raise SystemExit(main())
