"""Home, a run's page, empty states and a phone, in a real browser over the real server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import epochal
from tests.e2e.digits import log_run
from tests.e2e.looking import (
    PHONE,
    OpenPage,
    expect_eventually,
    expect_said,
    pixels,
    wait_for_charts,
)

if TYPE_CHECKING:
    from tests.conftest import RunningServer

pytestmark = pytest.mark.browser


def test_empty_home_shows_how_to_begin_and_sees_the_first_run(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_text("Nothing has been logged yet").wait_for()
    snippet = page.locator(".snippet").inner_text()
    assert "epochal.init(" in snippet
    page.get_by_role("button", name="elsewhere").click()
    assert page.url.rstrip("/") in page.locator(".snippet").inner_text()
    with epochal.init(project="first", name="first", id="first") as run:
        run.log({"loss": 1.0})
        page.get_by_role("link", name="first", exact=True).wait_for()
        page.get_by_text("Running now").wait_for()
        run.log({"loss": 0.5})
    page.get_by_role("link", name="first", exact=True).click()
    wait_for_charts(page, 1)
    assert page.url.endswith("/local/first")
    page.go_back()
    page.locator(".projects").wait_for()


def test_snippet_of_the_empty_page_works(
    open_page: OpenPage, epochal_server: RunningServer
) -> None:
    page = open_page()
    page.get_by_text("Nothing has been logged yet").wait_for()
    script = page.locator(".snippet pre").inner_text()
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
    page.get_by_role("link", name="first-steps", exact=True).wait_for()


@pytest.mark.parametrize("way", ["SummaryWriter", "wandb"])
def test_snippets_of_a_project_that_is_not_there_bring_it(
    way: str, open_page: OpenPage, epochal_server: RunningServer, tmp_path: Path
) -> None:
    page = open_page("local/first-steps")
    page.get_by_role("button", name=way, exact=True).click()
    page.locator(".snippet pre", has_text="train/loss").wait_for()
    script = page.locator(".snippet pre").inner_text().replace('"..."', repr(epochal_server.token))
    # What the test's own process is told says where the data directory is, too.
    env = {name: value for name, value in os.environ.items() if not name.startswith("EPOCHAL_")}
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120, cwd=tmp_path, env=env)
    wait_for_charts(page, 1)
    expect_said(page, "train/loss", "at 999")


def test_project_without_charts_says_so(open_page: OpenPage) -> None:
    with epochal.init(project="words", name="words", id="words") as run:
        run.log({"text": "only words"})
    page = open_page("local/words")
    page.get_by_text("No charts yet").wait_for()
    page.get_by_role("link", name="words", exact=True).first.wait_for()


def test_addresses_that_lead_nowhere_say_so(open_page: OpenPage) -> None:
    log_run(0, rows=3)
    page = open_page("local/digits/runs/missing")
    page.get_by_text("cannot be shown").wait_for()
    page.get_by_role("link", name="All runs of digits").click()
    wait_for_charts(page, 9)
    page = open_page("local/digits/no/such/page")
    page.get_by_text("There is no such page").wait_for()


def test_run_page_shows_charts_and_overview_and_edits(open_page: OpenPage) -> None:
    log_run(0)
    log_run(1)
    page = open_page("local/digits/runs/run-1")
    wait_for_charts(page, 9)
    expect_said(page, "train/loss", "train/loss over step, 1 run.")
    assert page.locator(".run-row").count() == 0

    page.get_by_role("link", name="Overview").click()
    page.get_by_text("Environment").wait_for()
    text = page.locator(".overview").inner_text()
    for expected in ("lr", "0.002", "optimizer", "adam", "train/loss", "host", "python"):
        assert expected in text
    assert Path(sys.argv[0]).name in page.locator(".command code").inner_text()

    page.locator("h1 .inline-edit").click()
    page.locator("h1 input").fill("renamed")
    page.keyboard.press("Enter")
    page.locator("h1", has_text="renamed").wait_for()
    page.get_by_role("button", name="Notes:").click()
    page.locator(".run-notes textarea").fill("a good one")
    page.keyboard.press("Control+Enter")
    page.locator(".run-notes", has_text="a good one").wait_for()
    page.get_by_role("button", name="Add a tag").click()
    page.locator("input.tag-add").fill("baseline")
    page.keyboard.press("Enter")
    page.locator(".tag", has_text="baseline").wait_for()
    page.reload()
    page.locator("h1", has_text="renamed").wait_for()
    page.get_by_text("a good one").wait_for()
    page.locator(".tag", has_text="baseline").wait_for()
    run = epochal.Api().run("digits/run-1") if hasattr(epochal, "Api") else None
    assert run is None or run.name == "renamed"


def test_trash_and_archive_can_be_undone(open_page: OpenPage) -> None:
    for number in range(3):
        log_run(number, rows=5)
    page = open_page("local/digits")
    wait_for_charts(page, 9)
    count = "n => document.querySelector('.count').innerText === n"

    def act(name: str, action: str) -> None:
        page.get_by_label(f"Actions for {name}").click(force=True)
        page.get_by_role("menuitem", name=action).click()

    act("run-1", "Move to the trash")
    expect_eventually(page, count, "2 of 2")
    page.get_by_role("button", name="Undo").click()
    expect_eventually(page, count, "3 of 3")
    act("run-1", "Move to the trash")
    expect_eventually(page, count, "2 of 2")
    page.locator(".count").click()
    page.get_by_role("menuitemradio", name="Trash").click()
    page.get_by_role("link", name="run-1", exact=True).wait_for()
    act("run-1", "Delete for ever")
    page.get_by_role("menuitem", name="Really delete").click()
    page.get_by_text("The trash is empty").wait_for()
    page.locator(".count").click()
    page.get_by_role("menuitemradio", name="Runs", exact=True).click()
    expect_eventually(page, count, "2 of 2")
    act("run-2", "Archive")
    expect_eventually(page, count, "1 of 1")
    page.locator(".toast", has_text="archived").get_by_role("button", name="Undo").click()
    expect_eventually(page, count, "2 of 2")


def test_phone_shows_charts_in_one_column_and_the_runs_in_a_sheet(open_page: OpenPage) -> None:
    log_run(0)
    log_run(1)
    page = open_page("local/digits", viewport=PHONE, has_touch=True, device_scale_factor=2)
    wait_for_charts(page, 2)
    box = page.locator(".panel").first.bounding_box()
    assert box
    assert 340 <= box["width"] <= 390
    assert page.evaluate("() => document.documentElement.scrollWidth") == PHONE["width"]
    assert page.locator(".run-list").is_hidden()
    page.get_by_role("button", name="Run list").tap()
    page.get_by_label("Show run-1", exact=True).tap()
    expect_eventually(page, "() => document.querySelector('.count').innerText === '1 of 2'")
    page.get_by_role("button", name="Close the run list").tap(position={"x": 380, "y": 400})
    assert page.locator(".run-list").is_hidden()
    assert pixels(page, "epoch").startswith("data:image/png")
    page = open_page("local/digits/runs/run-1/overview", viewport=PHONE)
    page.get_by_text("Environment").wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize("path", ["", "local/digits", "local/digits/runs/run-0/overview"])
def test_every_control_has_a_name(open_page: OpenPage, path: str) -> None:
    log_run(0, rows=5)
    page = open_page(path)
    page.locator(".projects, .panel canvas, .overview .command").first.wait_for()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, textarea, a, [role=img]')]
            .filter(one => one.checkVisibility({visibilityProperty: true}))
            .filter(one => !(one.getAttribute('aria-label') || one.innerText || one.title
                             || one.closest('label')))
            .map(one => one.outerHTML.slice(0, 200))"""
    )
    assert nameless == []
    assert page.locator("h1").count() == 1
