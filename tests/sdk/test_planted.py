"""Each fault planted into the SDK turns its test red; without it the same test is green."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sdk.planted import PLANTS

ROOT = Path(__file__).parents[2]


def run_planted(test: str, plant: str) -> int:
    """Return pytest's exit code. Scripts that a test starts are planted by sitecustomize."""
    site = ROOT / "tests" / "sdk" / "planted_site"
    path = os.pathsep.join(str(folder) for folder in (site, ROOT, ROOT / "src"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", f"tests/sdk/{test}"],
        cwd=ROOT,
        env={**os.environ, "PLANTED_SDK_FAULT": plant, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode in (0, 1), done.stdout
    return done.returncode


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_fault_is_caught(name: str) -> None:
    _plant, test = PLANTS[name]
    assert run_planted(test, "") == 0
    assert run_planted(test, name) == 1
