"""A fault test counts only when it fails on a planted fault: each plant must turn its own test red."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.plants import PLANTS

ROOT = Path(__file__).parents[2]
FAILED = 1

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]


def run_fault_test(name: str, plant: str | None) -> subprocess.CompletedProcess[str]:
    """Run one file of tests/faults in its short form, with or without a plant."""
    environment = {**os.environ, "CI": "true"}
    environment.pop("EPOCHAL_TEST_PLANT", None)
    if plant is not None:
        environment["EPOCHAL_TEST_PLANT"] = plant
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-x"]
    return subprocess.run(
        [*command, str(ROOT / "tests" / "faults" / name)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=1700,
        check=False,
    )


@pytest.mark.parametrize("name", sorted({plant.test for plant in PLANTS.values()}))
def test_fault_test_passes_without_a_plant(name: str) -> None:
    done = run_fault_test(name, None)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.parametrize("plant", PLANTS)
def test_every_plant_is_caught(plant: str) -> None:
    done = run_fault_test(PLANTS[plant].test, plant)
    assert done.returncode == FAILED, (
        f"{plant} went unnoticed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
    )
    # An error outside a test (a plant that does not find its seam any more) would prove nothing.
    assert "1 failed" in done.stdout, done.stdout[-4000:]
    assert " error" not in done.stdout.strip().splitlines()[-1], done.stdout[-4000:]
