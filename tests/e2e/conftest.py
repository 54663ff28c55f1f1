"""What the browser tests share: runs that are really logged, and a page that is logged in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.looking import WIDE, OpenPage
from tests.e2e.plot_page import plot_address, plot_folder, plot_page
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.conftest import RunningServer

__all__ = ["plot_address", "plot_folder", "plot_page"]


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the runs of these tests from printing."""
    monkeypatch.setenv("EPOCHAL_QUIET", "1")


@pytest.fixture
def foreign_requests() -> list[str]:
    """Return the addresses beyond the server that a page of this test asked for; checked at its end."""
    return []


def wait_until_read(data: Path, timeout_s: float = PATIENCE_S) -> None:
    """Wait until the server has read every journal of ended runs in a data directory."""
    deadline = time.monotonic() + timeout_s
    while any((data / "active").glob("*.json")):
        if time.monotonic() > deadline:
            raise AssertionError(f"the server has not read the journals within {timeout_s} s")
        time.sleep(0.02)


@pytest.fixture
def open_page(
    chromium: Browser, epochal_server: RunningServer, foreign_requests: list[str]
) -> Iterator[OpenPage]:
    """Return `open_page(path, viewport=WIDE, settle=True, **context)`, which opens a page, logged in.

    With `settle` it waits until the server has read what was logged so far: the page then has no
    reason to move.

    The test fails when a page raises an error, asks another origin for anything, or is refused
    something by the content security policy.
    """
    contexts = []
    problems: list[str] = []

    def open_(path: str = "", viewport: Any = WIDE, settle: bool = True, **settings: Any) -> Page:
        if settle:
            wait_until_read(epochal_server.data)
        context = chromium.new_context(viewport=viewport, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"error: {error}"))
        page.on(
            "console",
            lambda message: (
                problems.append(message.text) if "Content Security" in message.text else None
            ),
        )
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((epochal_server.url, "blob:", "data:"))
                else foreign_requests.append(request.url)
            ),
        )
        # The cookie, as a browser gets it by the link, without a page that is only left again.
        answer = context.request.get(epochal_server.login_url, max_redirects=0)
        assert answer.status == 303, answer.status_text
        page.goto(f"{epochal_server.url}/{path}")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert problems == []
    assert foreign_requests == []
