"""Runs pytest, and what failed of it once more alone: a busy machine shall not cost a change its check.

A test that fails twice fails the check. One that needed the second try is named in the results, so
that nobody overlooks it: it waits for something wrongly, or the product does.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TESTS_FAILED = 1
"""Exit code of pytest when it ran to its end and tests failed; any other one is not about tests."""
MOST_SECOND_TRIES = 10
"""More failures than this are no accident of timing, and running them again would only cost time."""


@dataclass(frozen=True)
class Outcome:
    """How a check ended: its exit code, and the tests that passed only at their second try."""

    code: int
    second_tries: tuple[str, ...] = ()


def run_pytest(command: Sequence[str], again: Sequence[str], root: Path) -> Outcome:
    """Run `command`, then the tests that failed in it, named at the end of `again`, in a fresh process.

    command, again: pytest command lines with the same selection of tests; `again` is the calmer one.
    Every test is tried at most twice.
    """
    with tempfile.TemporaryDirectory(prefix="epochal-pytest-") as cache:
        remembering = ("-o", f"cache_dir={cache}")
        code = subprocess.run([*command, *remembering], cwd=root, check=False).returncode
        failed = _failed_tests(Path(cache)) if code == TESTS_FAILED else []
    if not failed:
        return Outcome(code)
    if len(failed) > MOST_SECOND_TRIES:
        print(f"\n{len(failed)} tests failed: too many for a second try", flush=True)
        return Outcome(code)
    print(f"\n== second try, alone: {' '.join(failed)}", flush=True)
    # By name and not by --last-failed, which runs everything when it does not find its tests again.
    second = subprocess.run(
        [*again, "-p", "no:cacheprovider", *failed], cwd=root, check=False
    ).returncode
    return Outcome(second) if second != 0 else Outcome(0, tuple(failed))


def _failed_tests(cache: Path) -> list[str]:
    """Return the ids of the tests that pytest's cache holds as failed; empty when it died before writing."""
    try:
        found = json.loads((cache / "v" / "cache" / "lastfailed").read_bytes())
    except (OSError, ValueError):
        return []
    return sorted(found)
