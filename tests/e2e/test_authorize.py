"""The page that shows the API key: its buttons copy, in both themes, and axe-core finds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from tests.e2e.looking import OpenPage
from tests.e2e.test_accessibility import Findings, axe

if TYPE_CHECKING:
    from tests.conftest import RunningServer

__all__ = ["axe"]
pytestmark = pytest.mark.browser


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_key_and_the_lines_are_copied(
    epochal_server: RunningServer,
    open_page: OpenPage,
    axe: str,
    theme: Literal["light", "dark"],
):
    page = open_page(
        "authorize",
        color_scheme=theme,
        permissions=["clipboard-read", "clipboard-write"],
    )
    read = "() => navigator.clipboard.readText()"
    page.get_by_role("button", name="Copy key").click()
    page.get_by_text("The key has been copied").wait_for()
    assert page.evaluate(read) == epochal_server.token
    page.get_by_role("button", name="Copy lines").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Both lines have been copied").wait_for()
    assert page.evaluate(read).splitlines() == [
        f"export WANDB_BASE_URL={epochal_server.url}",
        f"export WANDB_API_KEY={epochal_server.token}",
    ]

    findings = Findings(axe)
    findings.look(page, f"/authorize, {theme}")
    assert not findings.lines, "\n".join(findings.lines.values())


def test_without_a_clipboard_the_key_is_selected(
    epochal_server: RunningServer, open_page: OpenPage
):
    page = open_page("authorize")
    page.evaluate(
        "() => { navigator.clipboard.writeText = async () => { throw new Error('none here'); }; }"
    )
    page.get_by_role("button", name="Copy key").click()
    page.get_by_text("The key has been copied").wait_for()
    assert page.evaluate("() => getSelection().toString()") == epochal_server.token
