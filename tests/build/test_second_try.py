"""A check of pytest's gives each failed test one more chance, names those that took it, and hides no other failure."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts.second_try import MOST_SECOND_TRIES, Outcome, run_pytest

FLAKY = """
from pathlib import Path

def test_passes_at_try_{passes}():
    tries = Path(__file__).with_name("tries-{name}")
    tries.write_text(tries.read_text() + "x" if tries.exists() else "x")
    assert len(tries.read_text()) >= {passes}
"""
PASSING = "def test_passes():\n    pass\n"


def check(folder: Path, *parallel: str) -> Outcome:
    """Run the tests of `folder` as a check of scripts/test.py would."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    pytest_here = (sys.executable, "-m", "pytest", "-q")
    return run_pytest((*pytest_here, *parallel), pytest_here, folder)


def flaky(folder: Path, name: str, passes: int) -> str:
    """Write a test that fails until its `passes`-th try; returns its id."""
    (folder / f"test_{name}.py").write_text(FLAKY.format(name=name, passes=passes))
    return f"test_{name}.py::test_passes_at_try_{passes}"


@pytest.mark.parametrize("parallel", [(), ("-n", "2", "--dist", "loadfile")])
def test_a_test_that_passes_at_its_second_try_is_named(tmp_path: Path, parallel: tuple[str, ...]):
    name = flaky(tmp_path, "flaky", 2)
    (tmp_path / "test_good.py").write_text(PASSING)
    assert check(tmp_path, *parallel) == Outcome(0, (name,))


def test_a_test_that_fails_twice_fails_the_check_and_is_not_tried_again(tmp_path: Path):
    flaky(tmp_path, "broken", 3)
    flaky(tmp_path, "flaky", 2)
    assert check(tmp_path) == Outcome(1)
    assert (tmp_path / "tries-broken").read_text() == "xx"


def test_without_a_failure_nothing_runs_twice(tmp_path: Path):
    flaky(tmp_path, "good", 1)
    assert check(tmp_path) == Outcome(0)
    assert (tmp_path / "tries-good").read_text() == "x"


def test_many_failures_are_not_tried_again(tmp_path: Path):
    for number in range(MOST_SECOND_TRIES + 1):
        flaky(tmp_path, f"flaky{number}", 2)
    assert check(tmp_path) == Outcome(1)
    assert (tmp_path / "tries-flaky0").read_text() == "x"


def test_a_file_that_cannot_be_collected_fails_the_check(tmp_path: Path):
    (tmp_path / "test_broken.py").write_text("import a_module_that_is_not_there\n")
    (tmp_path / "test_good.py").write_text(PASSING)
    assert check(tmp_path).code != 0


def test_a_pytest_that_dies_fails_the_check(tmp_path: Path):
    (tmp_path / "test_dies.py").write_text("import os\n\ndef test_dies():\n    os._exit(1)\n")
    assert check(tmp_path) == Outcome(1)
