"""What the browser tests look at and do with a page, in the words of the page."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}

OpenPage = Callable[..., "Page"]
"""`open_page(path, viewport=WIDE, **context)`; see the fixture of that name."""

# The layout shifts of the page so far, as the browser counts them.
SHIFTS = """() => new Promise(done => {
    const shifts = [];
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) {
            // A number of the list that changes its length begins elsewhere: it is set to the right.
            const moved = entry.sources.map(({node}) => node)
                .filter(node => !node?.parentElement?.closest('.cell'));
            if (moved.length > 0) shifts.push([
                entry.value, ...moved.map(node => node?.className ?? node?.textContent)]);
        }
    }).observe({type: 'layout-shift', buffered: true});
    setTimeout(() => done(shifts), 300);
})"""


def expect_eventually(page: Page, condition: str, argument: Any = None) -> None:
    """Wait until a JavaScript condition holds, one that answers a promise too; fail after PATIENCE_S.

    Not `page.wait_for_function`: it takes a promise for a condition that holds.
    """
    from playwright.sync_api import Error

    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            if page.evaluate(condition, argument):
                return
        except Error as error:  # the page is just being left for another one
            if "context was destroyed" not in error.message and "navigat" not in error.message:
                raise
        assert time.monotonic() < deadline, f"{condition} does not hold ({argument=})"
        page.wait_for_timeout(30)


def wait_for_charts(page: Page, at_least: int = 1) -> None:
    """Wait until panels are in the page and none of those in view is loading."""
    expect_eventually(
        page,
        """n => document.querySelectorAll('.panel canvas').length >= 2 * n
              && document.querySelectorAll('.panel .skeleton').length === 0""",
        at_least,
    )


def plot(page: Page, key: str) -> Any:
    """Return the locator of a panel's plot."""
    return page.locator(f'.panel[data-key="{key}"] .plot')


_PIXELS = """key => document.querySelector(`.panel[data-key="${key}"] .plot canvas`).toDataURL()"""


def pixels(page: Page, key: str) -> str:
    """Return the data canvas of a panel as a data address, once it has been still for 200 ms."""
    before = ""
    for _ in range(50):
        now = page.evaluate(_PIXELS, key)
        if now == before:
            return now
        before = now
        page.wait_for_timeout(200)
    raise AssertionError(f"the chart of {key} does not come to rest")


def expect_pixels(page: Page, key: str, expected: str) -> None:
    """Wait until a panel's data canvas is the picture expected."""
    expect_eventually(page, f"([key, expected]) => ({_PIXELS})(key) === expected", [key, expected])


def hover(page: Page, key: str, fraction: float, height: float = 0.5) -> str:
    """Move the pointer to a fraction of the plot's width, and return the tooltip's text."""
    box = plot(page, key).bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 30)
    page.mouse.move(
        box["x"] + 40 + (box["width"] - 50) * fraction, box["y"] + box["height"] * height
    )
    tooltip = page.locator(".tooltip")
    tooltip.wait_for()
    page.wait_for_timeout(60)
    return tooltip.inner_text()


def step_of(tooltip: str) -> int:
    """Return the step that a tooltip is about."""
    found = re.search(r"step ([\d,]+)", tooltip)
    assert found, tooltip
    return int(found[1].replace(",", ""))


def drag(page: Page, key: str, start: float, end: float) -> None:
    """Drag from one fraction of the plot's width to another."""
    box = plot(page, key).bounding_box()
    y = box["y"] + box["height"] / 2
    left, width = box["x"] + 40, box["width"] - 50
    page.mouse.move(left + width * start, y)
    page.mouse.down()
    page.mouse.move(left + width * (start + end) / 2, y, steps=4)
    page.mouse.move(left + width * end, y, steps=4)
    page.mouse.up()


def expect_said(page: Page, key: str, text: str) -> None:
    """Wait until the sentence that stands for a chart contains a text."""
    expect_eventually(
        page,
        """([key, text]) => document.querySelector(`.panel[data-key="${key}"] .plot`)
              ?.getAttribute('aria-label').includes(text)""",
        [key, text],
    )
