"""The step slider: it leads the media of all panels, marks the charts, and is led by them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.looking import OpenPage, expect_eventually, wait_for_charts
from tests.e2e.media_runs import LAST, NAMES, STEPS, gray, log_media, offset
from tests.e2e.test_accessibility import Findings, axe
from tests.e2e.test_media_panels import shown, wait_for_images

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import RunningServer

__all__ = ["axe"]

pytestmark = pytest.mark.browser
KNOWN = "samples/known"


def wait_for_steps(page: Page, *steps: int) -> None:
    """Wait until the images of the panel are of these steps, in the order of the runs, and are decoded."""
    expect_eventually(
        page,
        """([key, steps]) => {
            const cells = [...document.querySelectorAll(`.panel[data-key="${key}"] .image-cell`)];
            return JSON.stringify(cells.map(one => Number(one.dataset.step))) === JSON.stringify(steps)
                && cells.every(one => one.querySelector('img').complete);
        }""",
        [KNOWN, list(steps)],
    )


def at(step: int) -> list[int]:
    """Return the true step of each run's media at a step of the page."""
    return [
        max(one + offset(name) for one in STEPS if one + offset(name) <= step) for name in NAMES
    ]


def test_four_runs_are_compared_at_one_step_with_two_actions(
    open_page: OpenPage, epochal_server: RunningServer, tmp_path: Path, axe: str
):
    log_media(tmp_path)
    page = open_page("local/media/workspace")
    wait_for_charts(page)
    # First action: only images (two clicks of one menu); second: a place on the slider.
    page.get_by_role("button", name="Kind:").click()
    page.get_by_role("menuitemradio", name="Images").click()
    wait_for_steps(page, *at(LAST))
    track = page.get_by_role("slider", name="Step", exact=True)
    box = track.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 8 + (box["width"] - 16) * 50 / LAST, box["y"] + box["height"] / 2)
    wait_for_steps(page, *at(50))
    assert at(50) == [50, 50, 45, 50]
    expect_eventually(page, "() => location.search.includes('step=50')")
    assert "kind=image" in page.url
    known = {
        name: (gray(name, at(50)[i] - offset(name)), at(50)[i]) for i, name in enumerate(NAMES)
    }
    expect_eventually(
        page,
        """([key, urls]) => document.querySelectorAll(`.panel[data-key="${key}"] img`).length === urls""",
        [KNOWN, len(NAMES)],
    )
    assert shown(page, KNOWN) == known
    # A reload shows the same; the keys go on from there, and End follows the newest again.
    page.reload()
    wait_for_steps(page, *at(50))
    track.wait_for()  # with it come its keys
    page.keyboard.press("ArrowRight")
    wait_for_steps(page, *at(55))
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    wait_for_steps(page, *at(45))
    track.focus()
    page.keyboard.press("Home")
    expect_eventually(page, "() => /[?&]step=0(&|$)/.test(location.search)")
    page.keyboard.press("End")
    wait_for_steps(page, *at(LAST))
    # The address follows four times a second.
    expect_eventually(page, "() => !location.search.includes('step=')")
    findings = Findings(axe)
    findings.look(page, "slider")
    assert list(findings.lines.values()) == []
    # Playing ends at the newest, and has shown what lies between.
    page.get_by_role("button", name="steps a second").click()
    page.get_by_role("menuitemradio", name="30 steps").click()
    page.evaluate(
        """key => {
            window.seen = new Set();
            const look = () => {
                const cell = document.querySelector(`.panel[data-key="${key}"] .image-cell`);
                if (cell) window.seen.add(Number(cell.dataset.step));
                requestAnimationFrame(look);
            };
            look();
        }""",
        KNOWN,
    )
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_role("button", name="Pause", exact=True).wait_for()
    page.get_by_role("button", name="Play", exact=True).wait_for()
    wait_for_steps(page, *at(LAST))
    assert set(STEPS) <= set(page.evaluate("() => [...window.seen]"))


def test_a_step_pinned_in_a_chart_leads_the_images_and_the_slider_marks_the_charts(
    open_page: OpenPage, epochal_server: RunningServer, tmp_path: Path
):
    log_media(tmp_path)
    page = open_page("local/media/workspace")
    wait_for_charts(page)
    wait_for_steps(page, *at(LAST))
    plot = page.locator('.panel[data-key="loss"] .plot')
    left, top = plot.evaluate(
        """element => {
            const box = element.getBoundingClientRect();
            const [hit] = element.plot.hitsAt(33);
            return [box.left + hit.left, box.top + 20];
        }"""
    )
    page.mouse.click(left, top)
    expect_eventually(page, "() => /[?&]step=3[234](&|$)/.test(location.search)")
    wait_for_steps(page, *at(33))
    page.get_by_role("complementary", name="Values at the marks").wait_for()
    page.get_by_role("button", name="Next step").hover()
    drawn = (
        "() => [...document.querySelectorAll('.plot canvas')].map(one => one.toDataURL()).join()"
    )
    before = page.evaluate(drawn)
    page.get_by_role("button", name="Next step").click()
    wait_for_steps(page, *at(35))
    expect_eventually(page, f"before => ({drawn})() !== before", before)
    # The slider's step is marked in the charts; what the lines hold there no longer covers the pictures.
    expect_eventually(page, "() => location.search.includes('step=35')")
    assert page.get_by_role("complementary", name="Values at the marks").count() == 0
    page.get_by_role("button", name="Newest").click()
    wait_for_steps(page, *at(LAST))
    wait_for_images(page, KNOWN, len(NAMES))
    # On another axis the slider goes by that: here by the loss, which is 1 / (1 + step) and a whole number a run.
    page.goto(page.url.split("?")[0] + "?x=loss&step=1.05@metric:loss")
    wait_for_steps(page, 0, 20)
    slider = page.get_by_role("slider", name="loss", exact=True)
    assert float(slider.get_attribute("aria-valuenow") or "") == 1.05
    page.get_by_role("button", name="Next step").click()
    wait_for_steps(page, 0, 10)
    assert slider.get_attribute("aria-valuetext") == "loss 1.091"
    page.goto(page.url.split("?")[0] + "?x=rel")
    wait_for_steps(page, *at(LAST))
    slider = page.get_by_role("slider", name="Relative time", exact=True)
    slider.focus()
    page.keyboard.press("Home")
    # One run logged its first image soonest, whichever: cyd does at a step of its own.
    expect_eventually(
        page,
        """([key, first]) => {
            const cells = [...document.querySelectorAll(`.panel[data-key="${key}"] .image-cell`)];
            return cells.length === 1 && first.includes(Number(cells[0].dataset.step));
        }""",
        [KNOWN, [offset(name) for name in NAMES]],
    )
    assert "@relative" in page.url
