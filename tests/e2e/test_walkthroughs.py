"""Questions that people come with, answered in as many clicks and keys as the specification allows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

import epochal
from tests.e2e.digits import log_run, loss
from tests.e2e.looking import (
    OpenPage,
    expect_eventually,
    expect_pixels,
    expect_said,
    pixels,
    plot,
    wait_for_charts,
)

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser


class Hand:
    """Clicks and presses on a page, and counts them: what is typed into a field is one action a word."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions = 0

    def click(self, target: Locator, **how: Any) -> None:
        """Click once."""
        target.click(**how)
        self.actions += 1

    def press(self, key: str) -> None:
        """Press one key (or one chord)."""
        self.page.keyboard.press(key)
        self.actions += 1

    def type(self, word: str) -> None:
        """Type a word into what has the focus."""
        self.page.keyboard.type(word)
        self.actions += 1


def test_which_learning_rate_is_best(open_page: OpenPage) -> None:
    # The best run is neither the first nor the last by name or by age.
    for number, rate in enumerate((0.1, 0.001, 0.01, 0.1, 0.001, 0.01)):
        with epochal.init(
            project="rates", id=f"run-{number}", name=f"run-{number}", config={"lr": rate}
        ) as run:
            end = abs(math.log10(rate) + 2) + number / 100
            for step in range(30):
                run.log({"val/loss": end + 1 / (1 + step), "val/acc": 1 - end / 4})
    page = open_page("local/rates/table")
    hand = Hand(page)
    heading = page.locator('.head-button[aria-label="summary val/loss"]')
    heading.wait_for()
    hand.click(heading)
    expect_eventually(
        page,
        """() => [...document.querySelectorAll('.grid-row:not([hidden])')]
            .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
            .map(row => row.querySelector('.grid-name').textContent)[0] === 'run-2'""",
    )
    assert hand.actions == 1

    page.get_by_role("link", name="Workspace", exact=True).click()
    wait_for_charts(page, 2)
    hand = Hand(page)
    hand.click(page.get_by_role("button", name="Group by: none"))
    hand.click(page.get_by_role("button", name="lr", exact=True))
    expect_said(page, "val/loss", "3 groups")
    assert hand.actions == 2


def test_when_did_it_blow_up(open_page: OpenPage) -> None:
    count, blown = 1_000_000, 613_447
    with epochal.init(project="long", id="long", name="long") as run:
        for step in range(count):
            row = {"loss": math.nan if step == blown else 1 / (1 + step / 1000)}
            if step % 1000 == 0:
                row["lr"] = 0.1
            run.log(row, step=step)
    page = open_page("local/long")
    wait_for_charts(page, 2)
    expect_said(page, "loss", "at 999,999")
    pixels(page, "loss")
    # The mark stands on the bottom edge of the plot, where nothing else of this line is.
    seen = plot(page, "loss").evaluate(
        """(element, step) => {
            const {left, top, width, height, x, ratio} = element.plot.frame();
            const column = left + (step - x[0]) / (x[1] - x[0]) * width;
            const canvas = element.querySelector('canvas').getContext('2d');
            const size = Math.round(8 * ratio);
            const at = (centre) => canvas.getImageData(
                Math.round(centre - size / 2), Math.round(top + height - size), size, size).data.join();
            return {isMarked: at(column) !== at(column - 5 * size),
                    left: column / ratio, top: (top + height / 3) / ratio};
        }""",
        blown,
    )
    assert seen["isMarked"]
    hand = Hand(page)
    hand.click(plot(page, "loss"), position={"x": seen["left"], "y": seen["top"]})
    strip = page.get_by_label("Values at the marks")
    strip.wait_for()
    assert hand.actions == 1
    expect_eventually(page, "() => location.search.startsWith('?step=')")
    marked = float(page.evaluate("() => new URLSearchParams(location.search).get('step')"))
    # A pixel is some two thousand steps: the mark is on the step that was logged nearest to the pointer.
    assert abs(marked - blown) < count / 100
    # It stands in the other panel too.
    expect_eventually(
        page,
        """() => {
            const overlay = document.querySelectorAll('.panel[data-key="lr"] canvas')[1];
            const data = overlay.getContext('2d').getImageData(0, 0, overlay.width, overlay.height).data;
            return data.some(value => value > 0);
        }""",
    )


def test_what_changed_between_two_runs(open_page: OpenPage) -> None:
    for number, rate in enumerate((0.1, 0.01, 0.1)):
        config = {"lr": rate, "net": {"width": 64, "depth": 2 + (number == 2)}}
        with epochal.init(
            project="changed", id=f"run-{number}", name=f"run-{number}", config=config
        ) as run:
            run.log({"loss": 0.5 - number / 8})
    page = open_page("local/changed")
    wait_for_charts(page, 1)
    hand = Hand(page)
    for name in ("run-0", "run-1"):
        hand.click(page.get_by_role("link", name=name, exact=True), modifiers=["Control"])
    hand.press("c")
    page.locator(".compare-table td").first.wait_for()
    assert hand.actions == 3
    assert page.url.endswith("/compare?runs=run-0,run-1")
    rows = """() => Object.fromEntries([...document.querySelectorAll('.compare-table tr.differs')].map(row =>
        [row.children[0].textContent, [...row.children].slice(1).map(cell => cell.innerText.trim())]))"""
    seen = page.evaluate(rows)
    assert seen["lr"] == ["0.1", "0.01"]
    assert seen["loss"] == ["0.5000", "0.3750 −0.1250"]
    assert "net.depth" not in seen
    # A third one, and the baseline that the reader wants; the address says both.
    page.goto(page.url + ",run-2")
    page.get_by_role("button", name="run-2 as baseline").click()
    expect_eventually(page, "() => location.search === '?runs=run-2,run-0,run-1'")
    expect_eventually(page, f"() => ({rows})()['net.depth']?.join() === '3,2,2'")
    page.get_by_role("button", name="Only what differs").click()
    page.get_by_role("rowheader", name="net.width").wait_for()
    page.go_back()
    expect_eventually(page, "() => location.search === '?runs=run-0,run-1,run-2'")


def test_only_the_newest_run_on_the_wall_screen(open_page: OpenPage) -> None:
    for number in range(3):
        log_run(number, rows=40)
    page = open_page("local/digits")
    wait_for_charts(page, 9)
    hand = Hand(page)
    hand.click(page.get_by_role("button", name="Latest", exact=True))
    hand.press("f")
    assert hand.actions == 2
    page.locator(".full").wait_for()
    key = page.locator(".full .panel").get_attribute("data-key")
    said = """([key, text]) => document.querySelector(`.full .panel[data-key="${key}"] .plot`)
                  ?.getAttribute('aria-label').includes(text)"""
    expect_eventually(page, said, [key, "1 run. Last values: run-2"])
    log_run(3, rows=40)
    expect_eventually(page, said, [key, "1 run. Last values: run-3"])


def test_send_this_to_a_colleague(open_page: OpenPage) -> None:
    for number in range(3):
        log_run(number, rows=60)
    page = open_page("local/digits", permissions=["clipboard-read", "clipboard-write"])
    wait_for_charts(page, 9)
    page.get_by_label("Show run-1", exact=True).click()
    page.keyboard.press("l")
    expect_eventually(page, "() => location.search === '?hide=run-1&ylog=1'")
    page.mouse.move(5, 500)
    picture = pixels(page, "val/loss")
    hand = Hand(page)
    hand.press("y")
    page.locator(".toast", has_text="is copied").wait_for()
    assert hand.actions == 1
    link = page.evaluate("() => navigator.clipboard.readText()")

    private = open_page()
    private.goto(link)
    wait_for_charts(private, 9)
    private.mouse.move(5, 500)
    expect_pixels(private, "val/loss", picture)
    assert private.evaluate("() => location.href") == link


def test_without_a_pointer(open_page: OpenPage) -> None:
    for number in range(12):
        log_run(number, rows=40)
    page = open_page("local/digits")
    wait_for_charts(page, 9)
    hand = Hand(page)
    hand.press("r")
    hand.type("run-11")
    expect_eventually(page, "() => document.querySelectorAll('.run-row').length === 1")
    hand.press("Escape")
    expect_eventually(page, "() => document.activeElement.id !== 'run-filter'")
    hand.press("j")
    hand.press("v")
    expect_eventually(page, "() => location.search.includes('hide=run-11')")
    hand.press("r")
    hand.press("Control+a")
    hand.press("Delete")
    hand.press("Escape")
    expect_eventually(page, "() => document.querySelector('.count').innerText === '11 of 12'")

    hand.press("Control+k")
    hand.type("train/loss")
    expect_eventually(
        page,
        """() => document.querySelector('.palette-option[aria-selected=true] .palette-title')
                  ?.innerText === 'train/loss'""",
    )
    hand.press("Enter")
    page.locator('.full .panel[data-key="train/loss"]').wait_for()
    expect_eventually(
        page,
        """() => document.querySelector('.full .panel .plot')
                  ?.getAttribute('aria-label').includes('11 runs')""",
    )
    is_in_chart = "() => document.activeElement.matches('.full .plot')"
    for _ in range(20):
        hand.press("Tab")
        if page.evaluate(is_in_chart):
            break
    assert page.evaluate(is_in_chart)
    hand.press("Home")
    hand.press("ArrowRight")
    spoken = page.locator(".full .panel [aria-live]")
    expect_eventually(
        page,
        """text => document.querySelector('.full .panel [aria-live]')
                  ?.textContent.startsWith(text)""",
        f"step 10: run-0 {loss(0, 1):.4g}, run-1 {loss(1, 1):.4g}, ",
    )
    assert "run-11" not in spoken.inner_text()
    hand.press("Escape")
    page.locator(".full").wait_for()
    hand.press("Escape")
    page.locator(".full").wait_for(state="detached")
    assert hand.actions <= 30
