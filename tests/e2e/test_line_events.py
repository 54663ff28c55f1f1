"""Events and notes on the x axis, a chart zoomed alone, one y axis for a section."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

import epochal
from tests.e2e.digits import STEPS, values
from tests.e2e.looking import OpenPage, drag, expect_eventually, plot, wait_for_charts

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

FRAME = """key => document.querySelector(`.panel[data-key="${key}"] .plot`).plot.frame()"""


def frame(page: Page, key: str) -> Any:
    """Return what a chart shows: `x`, `y`, and where."""
    return page.evaluate(FRAME, key)


def below(page: Page, key: str, x: float) -> tuple[float, float]:
    """Return the place on the page below the x axis of a chart at a position."""
    box = plot(page, key).bounding_box()
    left = page.evaluate(
        """([key, x]) => document.querySelector(`.panel[data-key="${key}"] .plot`).plot.leftOf(x)""",
        [key, x],
    )
    return box["x"] + left, box["y"] + box["height"] - 15


def log_two_sessions() -> None:
    """Log a run that fails at step 990 and is resumed."""
    for exit_code, rows in ((3, range(100)), (0, range(100, STEPS))):
        run = epochal.init(project="digits", name="run-0", id="run-0", resume="allow")
        for row in rows:
            run.log(values(0, row), step=10 * row)
        run.finish(exit_code)


def test_flags_notes_own_zoom_and_one_y_axis(open_page: OpenPage) -> None:
    log_two_sessions()
    page = open_page("local/digits")
    wait_for_charts(page, 6)
    key, other = "train/loss", "train/accuracy"

    # The end of the first session stands at its last step; pointer and keyboard read it.
    expect_eventually(
        page,
        """key => document.querySelector(`.panel[data-key="${key}"] .plot`)
                .plot.options.flags?.length >= 2""",
        key,
    )
    page.mouse.move(*below(page, key, 990))
    tip = page.locator(".flag-tip")
    tip.wait_for()
    assert "failed" in tip.inner_text()
    assert "resumed (session 2)" in tip.inner_text()
    page.mouse.move(5, 5)
    plot(page, key).focus()
    page.keyboard.press("PageDown")
    spoken = page.locator(f'.panel[data-key="{key}"] .sr').inner_text()
    assert spoken == "run-0 failed at step 990"

    # A note by double-click below the axis; it is in the address, and undone.
    page.keyboard.press("Escape")
    page.mouse.dblclick(*below(page, key, 500))
    form = page.get_by_role("dialog", name=re.compile("New note"))
    form.get_by_label("Text of the note").fill("warm-up ends")
    page.keyboard.press("Enter")
    expect_eventually(page, "() => /note=[45]\\d\\d;;warm-up%20ends/.test(location.search)")
    page.keyboard.press("Control+z")
    expect_eventually(page, "() => !location.search.includes('note=')")
    page.keyboard.press("Control+Shift+z")
    expect_eventually(page, "() => location.search.includes('note=')")
    note = float(re.search(r"note=(\d+)", page.url)[1])  # type: ignore[index]
    page.mouse.click(*below(page, other, note))
    page.get_by_role("dialog", name=re.compile("^Note at")).get_by_text("Delete").click()
    expect_eventually(page, "() => !location.search.includes('note=')")

    # One chart zoomed alone: the others stay as they are, and so does it with theirs.
    whole = frame(page, other)["x"]
    page.locator(f'.panel[data-key="{key}"]').hover()
    page.get_by_role("button", name=f"More about {key}").click()
    page.get_by_text("Zoom this chart alone").click()
    drag(page, key, 0.2, 0.6)
    expect_eventually(page, "() => /xr:train\\/loss=\\d/.test(location.search)")
    assert frame(page, other)["x"] == whole
    assert frame(page, key)["x"][1] < whole[1]
    page.keyboard.press("Control+z")
    expect_eventually(page, "() => /xr:train\\/loss=own/.test(location.search)")
    assert frame(page, key)["x"] == whole

    # One y axis: what all charts of the section fit in.
    apart = [frame(page, one)["y"] for one in (key, other)]
    assert apart[0] != apart[1]
    page.get_by_role("button", name="Section train").click()
    page.get_by_text("Same y in its charts").click()
    expect_eventually(
        page,
        f"([a, b]) => String(({FRAME})(a).y) === String(({FRAME})(b).y)",
        [key, other],
    )
    shared = frame(page, key)["y"]
    assert shared[0] <= min(lo for lo, _ in apart)
    assert shared[1] >= max(hi for _, hi in apart)
    expect_eventually(page, "() => location.search.includes('samey=train')")
