"""The command's own tests start it as a shell does: nothing is loaded before."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def prefork() -> None:
    """Start servers from nothing."""
    return
