"""Custom scalars: the charts that runs lay out, drawn as the page draws all lines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.digit_media import RATES, STEP, train, write_runs
from tests.e2e.looking import OpenPage, expect_eventually
from tests.e2e.test_accessibility import AXE, Findings
from tests.e2e.test_histogram import writer

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def expect_said(page: Page, chart: str, text: str) -> None:
    """Wait until the sentence that stands for a chart contains a text."""
    expect_eventually(
        page,
        """([chart, text]) => document.querySelector(`[data-chart="${chart}"] .layout-plot`)
              ?.getAttribute('aria-label')?.includes(text)""",
        [chart, text],
    )


def tooltip_at(page: Page, chart: str, step: int) -> str:
    """Move the pointer over a step in a chart, and return the tooltip's text."""
    place = page.evaluate(
        """([chart, step]) => {
            const element = document.querySelector(`[data-chart="${chart}"] .layout-plot`);
            const {left, top, width, height, ratio, x} = element.plot.frame();
            const box = element.getBoundingClientRect();
            return [box.left + (left + (step - x[0]) / (x[1] - x[0]) * width) / ratio,
                    box.top + (top + height / 2) / ratio];
        }""",
        [chart, step],
    )
    page.mouse.move(place[0] - 20, place[1])
    page.mouse.move(*place)
    tooltip = page.locator(".tooltip")
    tooltip.wait_for()
    page.wait_for_timeout(60)
    return tooltip.inner_text()


def test_charts_of_layouts_follow_the_page(
    open_page: OpenPage, tmp_path: Path, data_dir: Path
) -> None:
    write_runs(tmp_path / "runs", writer)
    page = open_page("local/digits?kind=layout")
    # Three runs have one category with two charts; what only one of them has is there as well.
    expect_said(page, "all of them", f"{2 * len(RATES)} run")
    categories = page.locator(".layout-category h4").all_inner_texts()
    assert [text.split()[0] for text in categories] == ["Losses", "Rates"]
    nothing = page.locator('[data-chart="nothing yet"] .panel-cover')
    assert "/rate/.*/" in nothing.inner_text()

    # A chart has the keys that its expression matches, and their logged values under the pointer.
    told = tooltip_at(page, "all of them", 50)
    assert "step 50" in told
    for rate in RATES:
        epoch = train(rate)[50 // STEP]
        assert f"{epoch.loss:.4g}".rstrip("0") in told
        assert f"{0.9 * epoch.loss:.4g}".rstrip("0") in told
    assert "loss/high" not in told

    # A margin chart has the bounds beside the value.
    bands = page.evaluate(
        """() => document.querySelector('[data-chart="with bounds"] .layout-plot').plot
              .groupHitsAt(50).map(({label, center, lo, hi}) => [label, center, lo, hi])"""
    )
    expected = {f"lr-{rate}": train(rate)[50 // STEP].loss for rate in RATES}
    assert len(bands) == len(RATES)
    for label, center, lo, hi in bands:
        loss = expected[label.split("/")[-1]]
        assert [center, lo, hi] == pytest.approx([loss, 0.9 * loss, 1.2 * loss], rel=1e-6)

    # In full screen a chart has all the room, and a table of what its lines hold.
    small = page.locator('[data-chart="all of them"]').bounding_box()
    page.locator('[data-chart="all of them"]').hover()
    page.get_by_label("all of them in full screen").click()
    captions = page.locator(".layout-side caption")
    captions.nth(1).wait_for()
    assert captions.all_inner_texts() == ["loss/test", "loss/low"]
    least = min(epoch.loss for epoch in train(RATES[0]))
    expect_eventually(
        page,
        "text => document.querySelector('.layout-side').innerText.includes(text)",
        f"{least:.4g}".rstrip("0"),
    )
    large = page.locator(".layout-alone .layout-chart").bounding_box()
    assert small
    assert large
    assert large["height"] > 2 * small["height"]
    page.keyboard.press("Escape")
    expect_eventually(page, "() => document.querySelector('.layout-alone') === null")

    # A zoom is that of the page, a click marks the step for all, a hidden run goes.
    box = page.locator('[data-chart="all of them"] .layout-plot').bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.4, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, y, steps=4)
    page.mouse.up()
    expect_eventually(page, "() => location.search.includes('xr=')")
    expect_eventually(
        page,
        """() => {
            const frames = [...document.querySelectorAll('.layout-plot')].slice(0, 2).map(one => one.plot.frame().x);
            return frames[0][0] > 10 && frames[0].every((x, i) => Math.abs(x - frames[1][i]) < 1e-6);
        }""",
    )
    page.locator(".run-row", has_text="lr-2.0").locator(".eye").click()
    expect_said(page, "all of them", f"{2 * (len(RATES) - 1)} run")

    # A category folds, and stays so after a reload.
    page.get_by_role("button", name="Losses").click()
    page.locator('[data-chart="all of them"]').wait_for(state="detached")
    page.reload()
    page.locator(".layout-category").first.wait_for()
    assert page.locator('[data-chart="all of them"]').count() == 0
    page.get_by_role("button", name="Losses").click()
    page.locator('[data-chart="all of them"]').wait_for()

    found = Findings(AXE.read_text(encoding="utf-8"))
    found.look(page, "custom scalars")
    assert not found.lines, "\n".join(found.lines.values())
