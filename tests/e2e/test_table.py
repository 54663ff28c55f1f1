"""The runs table and the sheet of a run, in a real browser over the real server."""

from __future__ import annotations

import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import epochal
from epochal.formats import journal
from tests.e2e.digits import STEPS, log_run, loss
from tests.e2e.looking import PHONE, OpenPage, expect_eventually
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import RunningServer

pytestmark = pytest.mark.browser

COLUMNS = "config.lr,config.optimizer.name,summary.val/loss"

# The texts of the rows in view, from the top: the name, then the cells in the order of the columns.
ROWS = """() => [...document.querySelectorAll('.grid-row:not([hidden])')]
    .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
    .map(row => [row.querySelector('.grid-name').textContent,
        ...[...row.querySelectorAll('.grid-cell:not(.name):not([hidden])')]
            .sort((a, b) => a.ariaColIndex - b.ariaColIndex)
            .map(cell => cell.textContent.trim())])"""


def rows(page: Page) -> list[list[str]]:
    """Return the texts of the rows that are in the document."""
    return page.evaluate(ROWS)


def expect_rows(page: Page, expected: list[list[str]]) -> None:
    """Wait until the table has exactly these rows."""
    deadline = time.monotonic() + PATIENCE_S
    while (found := rows(page)) != expected and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert found == expected


def expect_names(page: Page, expected: list[str]) -> None:
    """Wait until the runs in the table are these, in this order."""
    expect_eventually(
        page,
        f"expected => JSON.stringify(({ROWS})().map(row => row[0])) === JSON.stringify(expected)",
        expected,
    )


def heading(page: Page, name: str) -> Any:
    """Return the button of a column's heading."""
    return page.locator(f'.head-button[aria-label="{name}"]')


def focus_cell(page: Page, row: int, column: int) -> None:
    """Press on a cell (columns count from the first after the names), which does nothing else."""
    page.locator(
        f'.grid-row:not([hidden])[aria-rowindex="{row + 2}"] '
        f'.grid-cell[aria-colindex="{column + 2}"]:not([hidden])'
    ).click()


def test_table_shows_what_was_logged_and_sorts_by_several_columns(open_page: OpenPage) -> None:
    for number in range(4):
        with epochal.init(
            project="sweep",
            name=f"run-{number}",
            id=f"run-{number}",
            config={"lr": 0.1 * (number + 1), "opt": ("adam", "sgd")[number % 2]},
        ) as run:
            run.log({"loss": 2.0, "count": 7})
            run.log({"loss": (0.5, 0.25, 12.125, float("nan"))[number], "count": 1234567})
    page = open_page("local/sweep/table?tcols=config.opt,config.lr,summary.loss,min.loss")
    expected = [
        ["run-3", "sgd", "0.4", "NaN", "2"],
        ["run-2", "adam", "0.3000", "12.13", "2"],
        ["run-1", "sgd", "0.2", "0.2500", "0.2500"],
        ["run-0", "adam", "0.1", "0.5000", "0.5000"],
    ]
    expect_rows(page, expected)
    heading(page, "config opt").click()
    heading(page, "config lr").click(modifiers=["Shift"])
    heading(page, "config lr").click(modifiers=["Shift"])
    expect_names(page, ["run-2", "run-0", "run-3", "run-1"])
    assert (
        page.locator("[role=columnheader][aria-sort=descending]").inner_text().startswith("config")
    )
    expect_eventually(page, "() => location.search.includes('sort=config.opt%2C-config.lr')")
    page.reload()
    expect_names(page, ["run-2", "run-0", "run-3", "run-1"])
    # The smallest and the largest of what came out are marked.
    page.locator(".grid-cell.most", has_text="12.13").wait_for()
    page.locator(".grid-cell.least", has_text="0.2500").first.wait_for()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="CSV").click()
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert lines[0].endswith(",config.opt,config.lr,summary.loss,min.loss")
    assert [line.split(",")[2] for line in lines[1:]] == ["run-2", "run-0", "run-3", "run-1"]
    assert lines[1].endswith(",adam,0.30000000000000004,12.125,2.0")
    # The workspace shows the same view, and back.
    page.fill("#run-filter", "opt = sgd")
    expect_names(page, ["run-3", "run-1"])
    page.get_by_role("link", name="Workspace", exact=True).click()
    expect_eventually(page, "() => document.querySelectorAll('.run-row').length === 2")
    page.get_by_role("link", name="Table", exact=True).click()
    expect_names(page, ["run-3", "run-1"])


def test_columns_are_found_moved_shaded_and_left_out(open_page: OpenPage) -> None:
    for number in range(3):
        log_run(number)
    page = open_page(f"local/digits/table?tcols={COLUMNS}")
    expect_rows(
        page,
        [
            [f"run-{n}", f"{0.001 * (n + 1):g}", "adam", f"{1.1 * loss(n, STEPS - 1):.4g}"]
            for n in (2, 1, 0)
        ],
    )
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("searchbox", name="Find a column").fill("train loss")
    page.get_by_role("button", name="max of train/loss").click()
    page.keyboard.press("Escape")
    heading(page, "max train/loss").wait_for()
    expect_eventually(
        page,
        "text => [...document.querySelectorAll('.grid-cell')].some(c => c.textContent.trim() === text)",
        f"{loss(0, 0):.4g}",
    )
    # The same optimizer everywhere says nothing.
    page.get_by_role("button", name="Only what differs").click()
    heading(page, "config optimizer.name").wait_for(state="detached")
    heading(page, "config lr").wait_for()
    page.get_by_role("button", name="Only what differs").click()
    heading(page, "config optimizer.name").wait_for()
    # Keys move and widen the column under the cursor.
    focus_cell(page, 0, 1)
    page.keyboard.press("Alt+ArrowLeft")
    page.keyboard.press("Alt+Shift+ArrowRight")
    expect_eventually(
        page, "() => /tcols=config.optimizer.name~w\\d+,config.lr/.test(location.search)"
    )
    heading(page, "config lr").hover()
    page.get_by_role("button", name="Column lr").click()
    page.get_by_role("menuitemradio", name="Bars").click()
    page.locator(".grid-cell.bar").first.wait_for()
    share = page.locator(".grid-cell.bar").first.evaluate(
        "c => c.style.getPropertyValue('--share')"
    )
    assert float(share) == 1.0
    # So does the pointer.
    start = heading(page, "config lr").locator(".head-label").bounding_box()
    target = heading(page, "config optimizer.name").bounding_box()
    height = target["y"] + 20
    page.mouse.move(start["x"] + start["width"] - 4, height)
    page.mouse.down()
    page.mouse.move(target["x"] + 60, height, steps=5)
    page.mouse.move(target["x"] + 20, height, steps=5)
    page.mouse.up()
    expect_eventually(
        page, "() => /tcols=config.lr~bar,config.optimizer.name/.test(location.search)"
    )


def test_cells_are_edited_undone_and_copied_by_keys(open_page: OpenPage) -> None:
    for number in range(3):
        log_run(number, rows=5)
    page = open_page(
        "local/digits/table?tcols=notes,tags,config.lr",
        permissions=["clipboard-read", "clipboard-write"],
    )
    expect_names(page, ["run-2", "run-1", "run-0"])
    focus_cell(page, 1, 0)
    page.keyboard.press("Enter")
    page.locator(".cell-editor").fill("a good one")
    page.keyboard.press("Enter")
    expect_eventually(page, f"() => ({ROWS})()[1][1] === 'a good one'")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.locator(".cell-editor").fill("baseline, best")
    page.keyboard.press("Escape")
    page.locator(".cell-editor").wait_for(state="detached")
    assert rows(page)[1][2] == ""
    page.keyboard.press("Enter")
    page.locator(".cell-editor").fill("baseline, best")
    page.keyboard.press("Enter")
    expect_eventually(page, f"() => ({ROWS})()[1][2] === 'baseline, best'")
    page.reload()
    expect_eventually(page, f"() => ({ROWS})()[1]?.[2] === 'baseline, best'")
    assert rows(page)[1][1] == "a good one"

    # A rectangle of cells, with the names of its columns above it.
    focus_cell(page, 0, 1)
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Control+c")
    page.get_by_text("4 cells copied").wait_for()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == "tags\tconfig.lr\n\t0.003\nbaseline, best\t0.002"

    # What was written is taken back, on the page and on the server.
    focus_cell(page, 2, 0)
    page.keyboard.press("F2")
    page.locator(".cell-editor").fill("wrong run")
    page.keyboard.press("Enter")
    expect_eventually(page, f"() => ({ROWS})()[2][1] === 'wrong run'")
    page.locator(".toast", has_text="run-0").get_by_role("button", name="Undo").click()
    expect_eventually(page, f"() => ({ROWS})()[2][1] === ''")
    page.reload()
    expect_eventually(page, f"() => ({ROWS})()[2]?.[1] === ''")


def test_sheet_of_a_run_opens_over_table_and_charts(open_page: OpenPage) -> None:
    for number in range(2):
        log_run(number)
    page = open_page(f"local/digits/table?tcols=tags,{COLUMNS}")
    expect_names(page, ["run-1", "run-0"])
    page.locator(".grid-name", has_text="run-1").click()
    sheet = page.locator(".run-sheet")
    sheet.get_by_text("Config").wait_for()
    text = sheet.inner_text()
    for expected in ("run-1", "finished", "lr", "0.002", "train/loss", "python"):
        assert expected in text
    assert Path(sys.argv[0]).name in sheet.locator(".command code").first.inner_text()
    sheet.get_by_role("button", name="Add a tag").click()
    sheet.locator("input.tag-add").fill("baseline")
    page.keyboard.press("Enter")
    expect_eventually(page, f"() => ({ROWS})()[0][1] === 'baseline'")
    # The cursor takes the sheet along.
    focus_cell(page, 1, 1)
    sheet.get_by_text("0.001", exact=True).wait_for()
    page.keyboard.press("Escape")
    sheet.wait_for(state="detached")

    page.get_by_role("link", name="Workspace", exact=True).click()
    page.locator(".run-name a", has_text="run-0").click()
    sheet.get_by_text("Config").wait_for()
    page.get_by_role("link", name="Open page").click()
    page.locator(".run-head h1", has_text="run-0").wait_for()
    assert sheet.count() == 0


def test_groups_show_their_means_and_picked_rows_their_actions(open_page: OpenPage) -> None:
    for number, (opt, last) in enumerate([("adam", 1.0), ("adam", 2.0), ("sgd", 5.0)]):
        config = {"opt": opt}
        with epochal.init(
            project="groups", name=f"run-{number}", id=f"run-{number}", config=config
        ) as run:
            run.log({"loss": last})
    page = open_page("local/groups/table?g=config.opt&tcols=config.opt,summary.loss,tags")
    adam = page.locator(".group-table tbody tr", has_text="adam")
    # 1.5 and the deviation of a sample of two, in two digits.
    adam.get_by_text("1.500 ± 0.71").wait_for()
    assert adam.locator("td").first.inner_text() == "2"
    page.get_by_role("button", name="Show group adam").click()
    expect_eventually(page, "() => location.search.includes('ghide=')")
    expect_eventually(
        page, "() => document.querySelectorAll('.grid-row.off:not([hidden])').length === 2"
    )

    # Rows chosen with their names are picked; the bar does something with all of them.
    expect_names(page, ["run-2", "run-1", "run-0"])
    page.get_by_role("grid").focus()
    page.keyboard.press("Shift+ArrowDown")
    page.get_by_text("2 selected").wait_for()
    # The menu of a row is the run list's.
    page.locator(".grid-name", has_text="run-0").click(button="right")
    page.get_by_role("menuitem", name="Rename").click()
    page.locator(".cell-editor").fill("renamed")
    page.keyboard.press("Enter")
    expect_names(page, ["run-2", "run-1", "renamed"])


def test_table_of_many_runs_keeps_few_cells_and_shows_the_last(
    open_page: OpenPage, epochal_server: RunningServer
) -> None:
    for number in range(450):
        log_by_journal(epochal_server, number)
    page = open_page("local/many/table?tcols=config.number,summary.loss&sort=config.number")
    page.get_by_role("grid", name="Runs").wait_for()
    expect_eventually(page, f"() => ({ROWS})()[0]?.[1] === '0'")
    assert page.get_by_role("grid").get_attribute("aria-rowcount") == "451"
    page.get_by_role("grid").focus()
    page.keyboard.press("Control+End")
    expect_eventually(page, f"() => ({ROWS})().at(-1)?.join() === 'many-449,449,0.4490'")
    assert page.locator(".grid-row").count() < 80
    active = page.get_by_role("grid").get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").inner_text().strip() == "0.4490"
    page.keyboard.press("Control+Home")
    expect_eventually(page, f"() => ({ROWS})()[0]?.join() === 'many-0,0,0'")
    # Sorted by the server: the other end comes first without being looked at.
    page.get_by_role("grid").press("ArrowRight")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect_eventually(page, f"() => ({ROWS})()[0]?.join() === 'many-449,449,0.4490'")


def log_by_journal(server: RunningServer, number: int) -> None:
    """Send the journal of a small run to the server, as a sender on another machine would."""
    uid = f"20261122-010203-m{number:07d}"
    run = {
        "uid": uid,
        "entity": "local",
        "project": "many",
        "id": f"m{number}",
        "name": f"many-{number}",
    }
    started = 1_790_000_000.0 + number
    writer = {"uid": f"{uid}-w", "host": "box", "pid": 1, "started": started}
    end = {"exit_code": 0, "state": "finished", "time": started + 1, "dropped": 0}
    body = (
        journal.encode_json_record(journal.HEAD, {"format": 1, "run": run, "writer": writer})
        + journal.encode_json_record(journal.PATCH, {"config": {"number": number}})
        + journal.encode_schema(0, [("loss", "d")])
        + journal.RowLayout(0, "d").encode(0, started, [number / 1000])
        + journal.encode_json_record(journal.EXIT, end)
    )
    request = urllib.request.Request(
        f"{server.url}/api/v1/journal/{uid}-w?offset=0", body, server.headers, method="POST"
    )
    urllib.request.urlopen(request, timeout=60).close()


def test_table_on_a_phone_keeps_the_names_in_sight(open_page: OpenPage) -> None:
    for number in range(2):
        log_run(number, rows=5)
    page = open_page(
        f"local/digits/table?tcols={COLUMNS}", viewport=PHONE, has_touch=True, device_scale_factor=2
    )
    expect_names(page, ["run-1", "run-0"])
    assert page.evaluate("() => document.documentElement.scrollWidth") == PHONE["width"]
    page.evaluate("() => document.querySelector('.grid').scrollTo(400, 0)")
    expect_eventually(page, "() => document.querySelector('.grid').scrollLeft > 0")
    box = page.locator(".grid-name", has_text="run-1").bounding_box()
    assert box
    assert 0 <= box["x"] < 148
    page.locator(".grid-name", has_text="run-1").tap()
    page.locator(".run-sheet").get_by_text("Config").wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth") == PHONE["width"]
