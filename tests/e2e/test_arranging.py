"""Panels that are moved, resized, hidden, selected and listed: what the reader arranges stays so."""

from __future__ import annotations

import itertools
import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.digits import log_run
from tests.e2e.looking import OpenPage, expect_eventually, wait_for_charts
from tests.e2e.test_panels import expect_query
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

ORDER = """want => {
    const places = [...document.querySelectorAll('.panels-all > .panel')].map(one => [
        one.offsetTop, one.offsetLeft, one.dataset.key]);
    places.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    return places.map(([,, key]) => key).join(' ').startsWith(want);
}"""


def expect_order(page: Page, *keys: str) -> None:
    """Wait until these panels are the first of the page, row by row."""
    expect_eventually(page, ORDER, " ".join(keys))


def head(page: Page, key: str) -> tuple[float, float]:
    """Return a point of a panel's head."""
    box = page.locator(f'.panel[data-key="{key}"] figcaption').bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag_head(page: Page, key: str, other: str, fraction: float, end: bool = True) -> None:
    """Drag a panel by its head to a fraction of another panel's width."""
    page.mouse.move(*head(page, key))
    page.mouse.down()
    box = page.locator(f'.panel[data-key="{other}"]').bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * fraction, box["y"] + box["height"] / 2
    # The code that drags is loaded with the first press: the pointer goes on until it follows.
    deadline = time.monotonic() + PATIENCE_S
    for nudge in itertools.cycle((12, 0)):
        page.mouse.move(x - nudge, y, steps=2)
        if nudge == 0 and page.locator(".drop-mark").count() > 0:
            break
        assert time.monotonic() < deadline, f"the drag of {key} does not begin"
    if end:
        page.mouse.up()


def test_panels_are_moved_resized_selected_hidden_and_listed(open_page: OpenPage) -> None:
    log_run(0, rows=20)
    page = open_page("local/digits")
    wait_for_charts(page, 9)
    expect_order(page, "optim/lr", "epoch", "perf/examples_per_s", "train/loss", "train/accuracy")

    # By the head: in the section, and into another one. Escape leaves everything where it is.
    drag_head(page, "train/loss", "train/accuracy", 0.9)
    expect_query(page, "mv=train/accuracy,train")
    expect_order(page, "optim/lr", "epoch", "perf/examples_per_s", "train/accuracy", "train/loss")
    drag_head(page, "val/top5", "train/accuracy", 0.1, end=False)
    page.keyboard.press("Escape")
    page.mouse.up()
    page.locator(".drop-mark").wait_for(state="detached")
    expect_query(page, absent="top5")
    drag_head(page, "val/top5", "train/accuracy", 0.1)
    expect_order(page, "optim/lr", "epoch", "perf/examples_per_s", "val/top5", "train/accuracy")
    page.keyboard.press("Control+z")
    expect_query(page, "mv=train/accuracy,train", absent="top5")

    # By the menu, and with the keyboard alone.
    page.get_by_label("More about train/loss", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Move and size…").press("Enter")
    page.get_by_role("button", name="Left", exact=True).press("Enter")
    expect_query(page, absent="mv=")
    page.get_by_role("button", name="Wider", exact=True).press("Enter")
    page.get_by_role("button", name="Taller", exact=True).press("Enter")
    expect_query(page, "size:train/loss=2x2")
    page.keyboard.press("Escape")
    expect_order(
        page,
        *("optim/lr", "epoch", "perf/examples_per_s"),
        *("train/loss", "train/accuracy", "train/grad_norm", "val/loss"),
    )

    # By the corner, in steps of the grid; one drag is undone at once.
    corner = page.locator('.panel[data-key="train/loss"] .panel-corner').bounding_box()
    assert corner is not None
    x, y = corner["x"] + 6, corner["y"] + 6
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 200, y - 100, steps=4)
    page.mouse.move(x - 380, y - 260, steps=4)
    page.mouse.up()
    expect_query(page, absent="size:")
    page.keyboard.press("Control+z")
    expect_query(page, "size:train/loss=2x2")
    page.reload()
    wait_for_charts(page, 7)
    box = page.locator('.panel[data-key="train/loss"]').bounding_box()
    small = page.locator('.panel[data-key="train/accuracy"]').bounding_box()
    assert box is not None
    assert small is not None
    assert (box["width"], box["height"]) == pytest.approx(
        # Browsers place boxes on 64ths of a pixel.
        (2 * small["width"] + 10, 2 * small["height"] + 10),
        abs=0.1,
    )

    # Several at once: Shift on their heads, then the boxes.
    page.keyboard.down("Shift")
    page.mouse.click(*head(page, "epoch"))
    page.keyboard.up("Shift")
    page.get_by_label("Select optim/lr", exact=True).check()
    bar = page.get_by_role("toolbar", name="Selected panels")
    bar.get_by_text("2 panels selected").wait_for()
    bar.get_by_role("button", name="Move to a section").click()
    page.get_by_role("dialog").get_by_role("button", name="train", exact=True).click()
    expect_query(page, "mv=optim/lr,train,train/grad_norm;epoch,train,optim/lr")
    bar.get_by_role("button", name="Hide").click()
    bar.wait_for(state="detached")
    expect_query(page, "off=optim/lr,epoch")
    page.get_by_role("button", name="2 hidden · show").click()
    expect_query(page, "mv=optim/lr", absent="off=")

    # A manual workspace shows what was there, and what is added.
    page.locator("#panel-filter").fill("val")
    expect_order(page, "val/loss val/accuracy val/top5")
    page.get_by_role("button", name="View: Default, changed").click()
    page.get_by_role("menuitemradio", name="Manual").click()
    expect_query(page, "man:val=val/loss,val/accuracy,val/top5", absent="tags=")
    page.get_by_role("button", name="Add a panel or a section").click()
    page.get_by_role("menuitem", name="Section…").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Both")
    page.keyboard.press("Enter")
    expect_query(page, "man:Both=")
    page.get_by_label("Section Both", exact=True).click(force=True)
    page.get_by_role("button", name="Add a panel…").click()
    for key in ("train/loss", "val/loss"):
        page.get_by_label("Search for a key").fill(key)
        page.get_by_role("dialog").get_by_role("button", name=key, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    expect_query(page, "man:Both=train/loss", "m:train/loss=val/loss")
    expect_order(page, "val/loss val/accuracy val/top5 train/loss")
    page.get_by_label("Section Both", exact=True).click(force=True)
    page.get_by_role("button", name="Rename…").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Loss, both")
    page.keyboard.press("Enter")
    page.locator(".section-head", has_text="Loss, both").wait_for()
    page.reload()
    wait_for_charts(page, 4)
    expect_order(page, "val/loss val/accuracy val/top5 train/loss")
    page.get_by_role("button", name="View: Default, changed").click()
    page.get_by_role("menuitemradio", name="Automatic").click()
    expect_query(page, "mv=optim/lr", absent="man:")


def test_sections_follow_what_the_view_says_of_the_keys(open_page: OpenPage) -> None:
    log_run(0)
    page = open_page("local/digits")
    wait_for_charts(page, 9)

    def expect_sections(*titles: str) -> None:
        expect_eventually(
            page,
            "titles => [...document.querySelectorAll('.section-head')]"
            ".map(head => head.firstElementChild.nextSibling.data).join() === titles",
            ",".join(titles),
        )

    def choose(label: str) -> None:
        page.get_by_role("button", name=re.compile("^View: ")).click()
        page.get_by_role("menuitemradio", name=label).click()

    expect_sections("Charts", "train", "val", "system")
    choose("None: all in one section")
    expect_query(page, "sec=none")
    expect_sections("Charts", "system")
    choose("A regular expression…")
    dialog = page.get_by_role("dialog", name="Sections by a regular expression")
    dialog.get_by_label("Regular expression").fill("(loss")
    assert dialog.get_by_role("button", name="Save").is_disabled()
    dialog.get_by_label("Regular expression").fill("(loss|accuracy)$")
    page.keyboard.press("Enter")
    expect_query(page, "sec=re:(loss|accuracy)$")
    expect_sections("Charts", "loss", "accuracy", "system")
    page.reload()
    expect_sections("Charts", "loss", "accuracy", "system")
    choose("First part of the key")
    expect_query(page, absent="sec=")
    expect_sections("Charts", "train", "val", "system")


def test_a_section_has_columns_and_a_height_of_its_own(open_page: OpenPage) -> None:
    log_run(0)
    page = open_page("local/digits")
    wait_for_charts(page, 9)

    def box(key: str) -> tuple[float, float]:
        found = page.locator(f'.panel[data-key="{key}"]').bounding_box()
        assert found
        return found["width"], found["height"]

    width, height = box("train/loss")
    page.get_by_label("Section train", exact=True).click(force=True)
    page.get_by_role("button", name="Size of its panels…").click()
    page.get_by_role("radiogroup", name="Columns of the section").get_by_text("2").click()
    page.get_by_role("radiogroup", name="Height of its panels").get_by_text(
        "high", exact=True
    ).click()
    expect_query(page, "grid:train=2x1.5")
    page.keyboard.press("Escape")
    expect_eventually(
        page,
        """([width, height]) => {
            const box = document.querySelector('.panel[data-key="train/loss"]').getBoundingClientRect();
            return box.width > 1.4 * width && Math.abs(box.height - 1.5 * height) < 2;
        }""",
        [width, height],
    )
    assert box("val/loss") == (width, height)
    page.reload()
    wait_for_charts(page, 6)
    assert box("train/loss")[1] > 1.4 * height
    page.get_by_label("Section train", exact=True).click(force=True)
    page.get_by_role("button", name="Reset its settings").click()
    expect_query(page, absent="grid:")
