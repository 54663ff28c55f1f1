"""Run the system tests of the wandb client against this server: `python scripts/vendor_tests.py CHECKOUT --python P`.

    CHECKOUT    a checkout of https://github.com/wandb/wandb (its folder tests/ is copied, nothing is changed in it)
    P           an interpreter with wandb==0.28.2, `pytest<9` and CHECKOUT/requirements/requirements_test.txt; some
                files also want torch, bokeh, plotly, soundfile, rdkit, moviepy<2, polars and wandb[sweeps]

It starts a server with a port for users (epochal.server.wandb.user_port) over a fresh data directory, runs the files
one by one, and prints passed, failed and skipped of each, and the names of the tests that failed. Nothing of theirs is
kept here. The exit code is 0 when at least `--expect` per cent of the tests that ran have passed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = (
    *("test_core/test_file_stream.py", "test_core/test_resume.py", "test_core/test_metric_full.py"),
    *("test_core/test_wandb_run.py", "test_core/test_public_api.py"),
    *("test_core/test_save_policies.py", "test_core/test_file_upload.py"),
    *("test_core/test_console.py", "test_core/test_offline_sync.py"),
    *("test_core/test_data_types_full.py", "test_core/test_label_full.py", "test_core/test_git.py"),
    *("test_core/test_torch_full.py", "test_api", "test_artifacts", "test_sweep"),
    "test_functional",
)
CONNECT = '''"""Stands where the vendor's tool does: says where the server is."""
import os
print(os.environ["EPOCHAL_TEST_PORTS"])
'''


@dataclass
class Outcome:
    """What one file of tests came to."""

    passed: int = 0
    skipped: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    """The tests that failed, with the last line of each."""
    note: str = ""


def main() -> int:
    """Run the files and print a table; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("files", nargs="*", help="files or folders below tests/system_tests")
    parser.add_argument("--python", required=True, help="the interpreter that has wandb")
    parser.add_argument("--select", default="", help="pytest's -k")
    parser.add_argument("--expect", type=float, default=97.0, metavar="PERCENT")
    parser.add_argument("--limit", type=float, default=900.0, help="seconds for one file")
    parser.add_argument("--test-limit", type=float, default=60.0, help="seconds for one test")
    parser.add_argument(
        "--service-wait",
        type=float,
        default=30.0,
        help="seconds in which the client's own service must have started",
    )
    parser.add_argument("--keep", type=Path, help="folder for logs and reports (default: none)")
    options = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory(prefix="vendor-tests-") as name:
        folder = Path(name)
        suite = copy_suite(options.checkout, folder)
        server = start_server(folder / "data")
        try:
            ports = read_ports(server)
            results = {
                file: run_file(suite, file, options, ports)
                for file in expand(suite, options.files or FILES)
            }
        finally:
            server.terminate()
            server.wait(20)
    return report(results, options.expect)


def copy_suite(checkout: Path, folder: Path) -> Path:
    """Copy the tests to a folder in which the tool that finds a server is ours; returns it."""
    suite = folder / "suite"
    if not (checkout / "tests" / "system_tests").is_dir():
        raise SystemExit(f"{checkout} is no checkout of wandb: it has no tests/system_tests")
    shutil.copytree(checkout / "tests", suite / "tests")
    if (checkout / "pyproject.toml").is_file():
        shutil.copy(checkout / "pyproject.toml", suite)
    (suite / "tools").mkdir()
    (suite / "tools" / "local_wandb_server.py").write_text(CONNECT)
    return suite


def start_server(data: Path) -> subprocess.Popen[str]:
    """Start a server with a port for users."""
    command = [sys.executable, "-m", "epochal.server.wandb.user_port", "--data", str(data)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def read_ports(server: subprocess.Popen[str]) -> str:
    """Return the line in which a server says its ports, once it is ready."""
    assert server.stdout is not None
    line = server.stdout.readline()
    if not line:
        raise SystemExit("the server did not start")
    return line.strip()


def expand(suite: Path, files: tuple[str, ...] | list[str]) -> list[str]:
    """Return the test files that the names stand for."""
    base = suite / "tests" / "system_tests"
    found: list[str] = []
    for name in files:
        place = base / name
        paths = sorted(place.rglob("test_*.py")) if place.is_dir() else [place]
        found += [str(path.relative_to(base)) for path in paths if path.is_file()]
        if not place.exists():
            print(f"{name}: not in this checkout")
    return found


def run_file(suite: Path, file: str, options: argparse.Namespace, ports: str) -> Outcome:
    """Run the tests of one file."""
    started = time.monotonic()
    report_file = suite / f"{file.replace('/', '-')}.xml"
    command = [options.python, "-m", "pytest", f"tests/system_tests/{file}", "-q"]
    command += [f"--junitxml={report_file}", "-p", "no:cacheprovider", "-o", "addopts=", "-n", "1"]
    command += ["-o", f"timeout={options.test_limit:g}"]
    if options.select:
        command += ["-k", options.select]
    binaries = str(Path(options.python).absolute().parent)
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("WANDB_")},
        "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}",
        "EPOCHAL_TEST_PORTS": ports,
        "CI": "true",
        "WANDB_X_SERVICE_WAIT": f"{options.service_wait:g}",
    }
    outcome = Outcome()
    try:
        done = subprocess.run(
            command,
            cwd=suite,
            env=environment,
            capture_output=True,
            text=True,
            timeout=options.limit,
            check=False,
        )
        output = done.stdout + done.stderr
    except subprocess.TimeoutExpired as error:
        outcome.note = f"ended after {options.limit:.0f} s"
        output = (error.stdout or b"").decode(errors="replace")
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        (options.keep / f"{file.replace('/', '-')}.log").write_text(output)
    if report_file.is_file():
        read_report(report_file, outcome)
    elif not outcome.note:
        outcome.note = "no report: " + (output.strip().splitlines() or ["no output"])[-1]
    seconds = time.monotonic() - started
    counts = f"{outcome.passed:4} passed {len(outcome.failed):4} failed {outcome.skipped:4} skipped"
    print(f"{file:<58} {counts} {seconds:6.0f} s  {outcome.note}", flush=True)
    return outcome


def read_report(path: Path, outcome: Outcome) -> None:
    """Add the results of a junit report."""
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = case.get("name", "")
        trouble = case.find("failure")
        trouble = case.find("error") if trouble is None else trouble
        if trouble is not None:
            lines = (trouble.get("message") or trouble.text or "").strip().splitlines()
            outcome.failed[name] = re.sub(r"\s+", " ", lines[0] if lines else "")[:160]
        elif case.find("skipped") is not None:
            outcome.skipped += 1
        else:
            outcome.passed += 1


def report(results: dict[str, Outcome], expect: float) -> int:
    """Print what failed and the sum; returns the exit code."""
    passed = sum(outcome.passed for outcome in results.values())
    failed = sum(len(outcome.failed) for outcome in results.values())
    skipped = sum(outcome.skipped for outcome in results.values())
    for file, outcome in results.items():
        for name, reason in outcome.failed.items():
            print(f"FAILED {file}::{name}\n       {reason}")
    share = 100 * passed / max(1, passed + failed)
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped: {share:.1f} % of those that ran")
    print(json.dumps({"passed": passed, "failed": failed, "skipped": skipped}))
    return 0 if share >= expect else 1


if __name__ == "__main__":
    raise SystemExit(main())
