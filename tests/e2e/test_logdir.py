"""A folder of event files in the browser: the first chart without a click, bookmarks, a folder still empty."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from playwright.sync_api import expect

from epochal.tensorboard import SummaryWriter
from tests.conftest import RunningServer, ServerStarter
from tests.e2e.looking import OpenPage, expect_eventually, wait_for_charts

pytestmark = pytest.mark.browser
STEPS = 60


def write(folder: Path, rate: float) -> None:
    with SummaryWriter(str(folder), mode="tfevents") as writer:
        for step in range(STEPS):
            writer.add_scalar("loss/train", math.exp(-rate * step), step)
            writer.add_scalar("accuracy", 1 - math.exp(-rate * step), step)


@pytest.fixture
def epochal_server(start_server: ServerStarter, tmp_path: Path) -> RunningServer:
    """Return a server of one folder with two runs and one that is empty."""
    write(tmp_path / "logs" / "fast", 0.2)
    write(tmp_path / "logs" / "slow", 0.05)
    (tmp_path / "later").mkdir()
    options = ["--logdir", f"logs:{tmp_path / 'logs'}", "--logdir", f"later:{tmp_path / 'later'}"]
    return start_server(*options)


def test_walk_through_1_the_first_chart_needs_no_click(open_page: OpenPage) -> None:
    page = open_page("-/logdir/logs")
    wait_for_charts(page, 2)
    expect(page.locator('figure.panel[data-key="loss/train"]')).to_be_visible()
    expect(page.locator(".run-list")).to_contain_text("fast")


def test_walk_through_9_both_bookmarks_open_the_same_selection(open_page: OpenPage) -> None:
    found: list[list[str]] = []
    for bookmark in ("#scalars&tagFilter=loss", "?tagFilter=loss&smoothing=0.8#timeseries"):
        page = open_page(bookmark)
        page.wait_for_url("**/logdir/logs?**")
        wait_for_charts(page, 1)
        found.append(
            page.locator("figure.panel").evaluate_all("all => all.map(p => p.dataset.key)")
        )
    assert found == [["loss/train"], ["loss/train"]]
    assert "sm=ema:0.8" in page.url


def test_an_empty_folder_says_where_is_looked_and_fills_by_itself(
    open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page("logdir/later")
    notice = page.locator("main .notice")
    expect(notice).to_contain_text(str(tmp_path / "later"))
    expect(notice).to_contain_text("tfevents")
    expect(page.locator(".run-list .list-notice")).to_have_count(0)
    write(tmp_path / "later" / "first", 0.1)
    wait_for_charts(page, 2)
    expect_eventually(page, "() => document.querySelectorAll('main .notice').length === 0")
