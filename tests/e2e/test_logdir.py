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
ABOUT = "Of **each** step.<script>window.stolen = 1</script> ![far](https://example.org/x.png)"


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
    with SummaryWriter(str(tmp_path / "logs" / "slow"), mode="tfevents") as writer:
        writer.add_scalars("both", {"x": 1.0, "y": 2.0}, 0)
        writer.add_scalar(
            "lr", 0.1, 0, new_style=True, display_name="Learning rate", summary_description=ABOUT
        )
    (tmp_path / "later").mkdir()
    options = ["--logdir", f"logs:{tmp_path / 'logs'}", "--logdir", f"later:{tmp_path / 'later'}"]
    return start_server(*options)


def test_walk_through_1_the_first_chart_needs_no_click(open_page: OpenPage) -> None:
    page = open_page("-/logdir/logs")
    wait_for_charts(page, 2)
    expect(page.locator('figure.panel[data-key="loss/train"]')).to_be_visible()
    expect(page.locator(".run-list")).to_contain_text("fast")


def test_keys_have_names_and_descriptions_and_sub_runs_are_folded_on_request(
    open_page: OpenPage,
) -> None:
    page = open_page("logdir/logs")
    panel = page.locator('figure.panel[data-key="lr"]')
    expect(panel.locator("h3")).to_have_text("Learning rate")
    page.get_by_label("About lr", exact=True).click()
    about = page.get_by_role("dialog", name="About lr")
    expect(about.locator("strong")).to_have_text("each")
    expect(about).to_contain_text("key lr")
    assert page.evaluate("() => window.stolen") is None
    expect(about.locator("script, img")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_placeholder("Panels").fill("learning")
    expect(page.locator("figure.panel")).to_have_count(1)
    page.get_by_placeholder("Panels").fill("")
    # Sub-runs are folded into their run, and shown apart again.
    runs = page.locator(".run-row")
    expect(runs).to_have_count(4)
    page.get_by_label("Sub-runs of add_scalars and add_hparams").click()
    page.get_by_role("menuitemradio", name="folded").click()
    page.wait_for_url("**/logdir/logs-folded**")
    expect(runs).to_have_count(2)  # the folder is read anew
    expect(page.locator("figure.panel h3", has_text="both")).not_to_have_count(0)
    page.get_by_label("Sub-runs of add_scalars and add_hparams").click()
    page.get_by_role("menuitemradio", name="apart").click()
    expect(runs).to_have_count(4)


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
    open_page: OpenPage,
    tmp_path: Path,
    epochal_server: RunningServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = open_page("logdir/later")
    notice = page.locator("main .notice")
    expect(notice).to_contain_text(str(tmp_path / "later"))
    expect(notice).to_contain_text("tfevents")
    expect(page.locator(".run-list .list-notice")).to_have_count(0)
    expect(page.locator(".toast")).to_have_count(0)
    monkeypatch.setenv("EPOCHAL_DIR", str(epochal_server.data))
    with SummaryWriter(str(tmp_path / "later" / "ours"), project="digits") as writer:
        writer.add_scalar("loss", 1.0, 0)
    expect(notice).to_contain_text("here already")
    expect(notice.get_by_role("link", name="local/digits")).to_be_visible()
    write(tmp_path / "later" / "first", 0.1)
    wait_for_charts(page, 2)
    expect_eventually(page, "() => document.querySelectorAll('main .notice').length === 0")
