"""A pytest plugin that remembers which soak tests passed, so that a soak which was stopped can go on.

`scripts/soak.py` loads it by `-p soak_record` and names the record by EPOCHAL_SOAK_RECORD: a text file
with one node id a line, in the order in which the tests passed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

RECORD = Path(os.environ["EPOCHAL_SOAK_RECORD"])

_troubled: set[str] = set()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the record holds."""
    if not RECORD.is_file():
        return
    passed = set(RECORD.read_text(encoding="utf-8").splitlines())
    left_out = [item for item in items if item.nodeid in passed]
    if left_out:
        items[:] = [item for item in items if item.nodeid not in passed]
        config.hook.pytest_deselected(items=left_out)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write a test down when its setup, its call and its teardown have all passed."""
    if not report.passed:
        _troubled.add(report.nodeid)
    if report.when == "teardown" and report.nodeid not in _troubled:
        with RECORD.open("a", encoding="utf-8") as record:
            record.write(f"{report.nodeid}\n")
