"""What frames the pages: keys, undo, drafts, saved views, links, the palette, pages without a frame."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.digits import log_run
from tests.e2e.looking import (
    OpenPage,
    drag,
    expect_eventually,
    expect_pixels,
    pixels,
    wait_for_charts,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import RunningServer

pytestmark = pytest.mark.browser


def expect_query(page: Page, query: str) -> None:
    """Wait until the address has a query ("" for none), decoded."""
    expect_eventually(page, "query => decodeURIComponent(location.search) === query", query)


def expect_view(page: Page, name: str, *, changed: bool) -> None:
    """Wait until the chip in the header names a view, and says whether it was changed."""
    label = f"View: {name}{', changed' if changed else ''}"
    page.get_by_role("button", name=label, exact=True).wait_for()


def choose_in_palette(page: Page, text: str, title: str) -> None:
    """Open the palette, type, wait until the wanted entry is the first, and take it with Enter."""
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name=re.compile("Find runs")).wait_for()
    page.keyboard.type(text)
    expect_eventually(
        page,
        """title => document.querySelector('.palette-option[aria-selected=true] .palette-title')
                   ?.innerText === title""",
        title,
    )
    page.keyboard.press("Enter")
    page.locator(".palette").wait_for(state="detached")


def test_changes_of_the_view_are_undone_by_key_and_from_the_palette(open_page: OpenPage) -> None:
    log_run(0, rows=60)
    page = open_page("local/digits")
    wait_for_charts(page, 9)
    page.keyboard.press("x")
    expect_query(page, "?x=rel")
    page.keyboard.press("l")
    expect_query(page, "?x=rel&ylog=1")
    page.keyboard.press("/")
    page.keyboard.press(
        "Control+z"
    )  # in a field this is the field's own, and it has nothing to undo
    page.keyboard.type(
        "v"
    )  # one letter: how many steps a word is depends on how fast it is written
    expect_query(page, "?x=rel&ylog=1&tags=v")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    expect_query(page, "?x=rel&ylog=1")
    choose_in_palette(page, "undo", "Undo")
    expect_query(page, "?x=rel")
    choose_in_palette(page, "undo", "Undo")
    expect_query(page, "")
    page.keyboard.press("Control+Shift+Z")
    page.keyboard.press("Control+Shift+Z")
    expect_query(page, "?x=rel&ylog=1")
    page.locator(".toast", has_text="Redone: logarithmic y axis").wait_for()

    # The full screen is the back button's, and undoing does not leave it.
    page.keyboard.press("f")
    expect_eventually(page, "() => location.search.includes('full=')")
    page.keyboard.press("Control+z")
    expect_eventually(page, "() => !location.search.includes('ylog')")
    page.locator(".full").wait_for()
    page.go_back()
    page.locator(".full").wait_for(state="detached")


def test_many_changes_of_the_view_in_a_row_end_in_the_address(open_page: OpenPage) -> None:
    log_run(0, rows=30)
    page = open_page("local/digits")
    wait_for_charts(page, 9)
    # As fast as a slider sends them: more than browsers let an address change in 10 s.
    page.evaluate(
        """() => {
            for (let i = 0; i < 301; i++) {
                document.body.dispatchEvent(
                    new KeyboardEvent('keydown', {key: 'l', bubbles: true, cancelable: true}));
            }
        }"""
    )
    expect_query(page, "?ylog=1")
    page.reload()
    wait_for_charts(page, 9)
    expect_query(page, "?ylog=1")


def test_project_opens_as_it_was_left_and_a_link_shows_what_it_says(open_page: OpenPage) -> None:
    log_run(0, rows=60)
    page = open_page("local/digits")
    wait_for_charts(page, 9)
    expect_query(page, "")
    page.keyboard.press("l")
    expect_query(page, "?ylog=1")
    page.get_by_role("link", name="epochal").click()
    page.get_by_role("link", name="digits", exact=True).click()
    wait_for_charts(page, 9)
    expect_query(page, "?ylog=1")

    page.goto(page.url.partition("?")[0] + "?x=wall")
    wait_for_charts(page, 9)
    expect_query(page, "?x=wall")
    page.goto(page.url.partition("?")[0] + "?v=default")
    wait_for_charts(page, 9)
    expect_query(page, "")
    page.reload()
    wait_for_charts(page, 9)
    expect_query(page, "")
    # Neither link has changed the draft; an address that says nothing goes on from it.
    page.get_by_role("link", name="epochal").click()
    page.get_by_role("link", name="digits", exact=True).click()
    wait_for_charts(page, 9)
    expect_query(page, "?ylog=1")

    page.get_by_role("link", name="Table", exact=True).click()
    page.get_by_role("grid").wait_for()
    expect_query(page, "?ylog=1")
    page.get_by_role("link", name="Workspace", exact=True).click()
    wait_for_charts(page, 9)
    expect_query(page, "?ylog=1")


def test_views_are_saved_changed_discarded_renamed_and_deleted(open_page: OpenPage) -> None:
    log_run(0, rows=60)
    page = open_page("local/digits")
    wait_for_charts(page, 9)
    expect_view(page, "Default", changed=False)
    page.keyboard.press("l")
    expect_view(page, "Default", changed=True)
    page.keyboard.press("Control+s")
    dialog = page.get_by_role("dialog", name="Save as a new view")
    dialog.get_by_label("Name").fill("Baseline")
    page.keyboard.press("Enter")
    expect_view(page, "Baseline", changed=False)
    expect_eventually(page, "() => /[/]w[/][a-z0-9]{8}$/.test(location.href)")
    address = page.url

    page.keyboard.press("x")
    expect_view(page, "Baseline", changed=True)
    expect_query(page, "?x=rel&ylog=1")
    page.reload()
    wait_for_charts(page, 9)
    expect_view(page, "Baseline", changed=True)

    def act(item: str) -> None:
        page.get_by_role("button", name=re.compile("^View: ")).click()
        page.get_by_role("menuitem", name=item).click()

    act("Discard the changes")
    expect_view(page, "Baseline", changed=False)
    expect_eventually(page, "address => location.href === address", address)
    page.keyboard.press("x")
    expect_view(page, "Baseline", changed=True)
    page.keyboard.press("Control+s")
    expect_view(page, "Baseline", changed=False)
    page.goto(address)
    wait_for_charts(page, 9)
    page.get_by_label("X axis: relative time").wait_for()

    act("Rename “Baseline”")
    page.get_by_role("dialog", name="Rename the view").get_by_label("Name").fill("Best")
    page.keyboard.press("Enter")
    expect_view(page, "Best", changed=False)
    act("Delete “Best”")
    expect_view(page, "Default", changed=True)
    expect_query(page, "?x=rel&ylog=1")
    page.locator(".toast", has_text="Deleted").get_by_role("button", name="Undo").click()
    expect_view(page, "Best", changed=False)
    expect_eventually(page, "address => location.href === address", address)


def test_long_view_is_kept_by_the_server_and_shows_the_same_pixels(open_page: OpenPage) -> None:
    for number in range(3):
        log_run(number, rows=60)
    page = open_page("local/digits")
    wait_for_charts(page, 9)
    hidden = ",".join(["run-1", *(f"a-run-that-was-called-{number}" for number in range(120))])
    page.goto(f"{page.url}?hide={hidden}&ylog=1")
    wait_for_charts(page, 9)
    expect_eventually(page, "() => /^[?]v=[0-9a-f]{16}$/.test(location.search)")
    expect_eventually(page, "() => document.querySelector('.count').innerText.startsWith('2 of 3')")
    page.mouse.move(5, 500)
    before = pixels(page, "train/loss")
    page.reload()
    wait_for_charts(page, 9)
    expect_pixels(page, "train/loss", before)
    page.keyboard.press("l")
    expect_eventually(page, "() => /^[?]v=[0-9a-f]{16}$/.test(location.search)")
    page.keyboard.press("Control+z")
    page.mouse.move(5, 501)
    expect_pixels(page, "train/loss", before)


def test_palette_finds_charts_runs_columns_and_settings(open_page: OpenPage) -> None:
    for number in range(4):
        log_run(number, rows=30)
    page = open_page("local/digits")
    wait_for_charts(page, 9)
    choose_in_palette(page, "grad", "train/grad_norm")
    page.locator(".full").wait_for()
    expect_query(page, "?full=train/grad_norm")
    page.keyboard.press("Escape")
    page.locator(".full").wait_for(state="detached")
    choose_in_palette(page, "group optimizer", "Group by config.optimizer.name")
    expect_query(page, "?g=config.optimizer.name")
    choose_in_palette(page, "theme dark", "Theme: dark")
    expect_eventually(page, "() => document.documentElement.dataset.theme === 'dark'")
    # What was picked last comes first, then what can be done, in the order of the keys.
    page.keyboard.press("Control+k")
    expect_eventually(
        page,
        "() => document.querySelector('.palette-option .palette-title')?.innerText === 'Theme: dark'",
    )
    page.keyboard.press("Control+k")
    page.locator(".palette").wait_for(state="detached")
    choose_in_palette(page, "run-2", "run-2 finished")
    page.locator(".run-title", has_text="run-2").wait_for()


def test_single_keys_can_be_switched_off(open_page: OpenPage) -> None:
    log_run(0, rows=30)
    page = open_page("local/digits")
    wait_for_charts(page, 9)
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard and pointer")
    sheet.get_by_label("Single keys are shortcuts").uncheck()
    page.keyboard.press("Escape")
    sheet.wait_for(state="detached")
    page.keyboard.press("l")
    choose_in_palette(page, "wall", "X axis: wall time")
    expect_query(page, "?x=wall")
    page.reload()
    wait_for_charts(page, 9)
    page.keyboard.press("l")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name=re.compile("Find runs")).wait_for()
    expect_query(page, "?x=wall")


def test_embedded_chart_stands_alone_in_a_frame(
    open_page: OpenPage, epochal_server: RunningServer
) -> None:
    log_run(0, rows=30)
    page = open_page("local/digits")
    wait_for_charts(page, 9)
    page.evaluate(
        """address => {
            const frame = document.createElement('iframe');
            frame.src = address;
            frame.id = 'embedded';
            frame.style.cssText = 'position: fixed; inset: 0; width: 700px; height: 500px';
            document.body.append(frame);
        }""",
        f"{epochal_server.url}/embed/local/digits?full=val/loss",
    )
    inside = page.frame_locator("#embedded")
    inside.locator('.full .panel[data-key="val/loss"] canvas').first.wait_for()
    assert inside.locator("header").count() == 0
    inside.locator(".full").press("Escape")
    inside.locator(".full").wait_for()


def test_server_of_another_version_asks_to_load_the_page_again(open_page: OpenPage) -> None:
    log_run(0, rows=30)
    page = open_page("local/digits")
    page.locator(".live.live").wait_for()

    def newer(route: Any) -> None:
        route.fulfill(
            status=200,
            content_type="text/event-stream",
            body='event: hello\ndata: {"version": "99.0"}\n\n',
        )

    page.route("**/api/v1/stream*", newer)
    page.evaluate("() => window.dispatchEvent(new Event('online'))")  # the stream is opened anew
    strip = page.locator(".version-strip", has_text="99.0")
    strip.wait_for()
    page.unroute("**/api/v1/stream*")
    strip.get_by_role("button", name="Load it again").click()
    wait_for_charts(page, 9)
    expect_eventually(page, "() => document.querySelector('.version-strip') === null")


def test_drag_of_a_zoom_is_one_step(open_page: OpenPage) -> None:
    log_run(0)
    page = open_page("local/digits")
    wait_for_charts(page, 9)
    drag(page, "train/loss", 0.25, 0.5)
    expect_eventually(page, "() => location.search.includes('xr=')")
    first = page.evaluate("() => location.search")
    drag(page, "train/loss", 0.25, 0.5)
    expect_eventually(
        page, "first => location.search.includes('xr=') && location.search !== first", first
    )
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect_query(page, "")
