"""A workspace on paper: white, with all its panels, broken between them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import epochal
from tests.e2e.looking import OpenPage, expect_eventually, wait_for_charts

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

KEYS = 30
# The ground of every chart, once there are so many: the corner of the plot, where no line is.
GROUNDS = """() => [...new Set([...document.querySelectorAll('.panel .plot canvas:first-of-type')].map(canvas =>
    [...canvas.getContext('2d').getImageData(1, 1, 1, 1).data].slice(0, 3).join()))]"""


def log_many_keys() -> None:
    """Log a run whose charts take several screens."""
    with epochal.init(project="paper", name="long") as run:
        for step in range(20):
            run.log({f"part{key % 3}/k{key}": key + step * step for key in range(KEYS)})


def count_of_pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def panels(page: Page) -> int:
    return page.locator(".panel").count()


def test_all_panels_come_to_paper_and_it_is_white(open_page: OpenPage) -> None:
    log_many_keys()
    page = open_page("local/paper", color_scheme="dark")
    wait_for_charts(page, 9)
    assert panels(page) < KEYS
    assert page.evaluate(GROUNDS) != ["255,255,255"]
    # In place of the dialog, which nobody could close here: what it would have before it.
    page.evaluate(
        f"""() => {{
            window.print = () => {{
                dispatchEvent(new Event('beforeprint'));
                window.printed = {{
                    panels: document.querySelectorAll('.panel').length,
                    empty: document.querySelectorAll('.panel .skeleton, .panel .panel-cover').length,
                    grounds: ({GROUNDS})(),
                }};
            }};
        }}"""
    )
    page.keyboard.press("Control+p")
    expect_eventually(page, "() => window.printed !== undefined")
    assert page.evaluate("() => window.printed") == {
        "panels": KEYS,
        "empty": 0,
        "grounds": ["255,255,255"],
    }
    pages = count_of_pages(page.pdf(format="A4"))
    assert 1 < pages < 12, "several, and none of them empty"
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    expect_eventually(page, "most => document.querySelectorAll('.panel').length < most", KEYS)
    expect_eventually(page, f"() => ({GROUNDS})().join() !== '255,255,255'")
    # In a frame that may open no dialog nothing comes of it, and the page is as it was.
    page.evaluate("() => { window.print = () => { window.tried = true; }; }")
    page.keyboard.press("Control+p")
    expect_eventually(page, "() => window.tried === true")
    expect_eventually(page, "most => document.querySelectorAll('.panel').length < most", KEYS)
