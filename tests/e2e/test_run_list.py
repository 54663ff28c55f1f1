"""The run list in a real browser: filters with completion, chips, groups, colours, picks, edits, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import epochal
from tests.e2e.digits import log_run
from tests.e2e.looking import OpenPage, expect_eventually, expect_said, wait_for_charts

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import RunningServer

pytestmark = pytest.mark.browser

# Names of the rows from top to bottom; groups with their numbers of runs.
ROWS = """() => [...document.querySelectorAll('.run-row')]
    .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
    .map(row => row.matches('.group-row')
        ? row.querySelector('.group-value').firstChild.data + ' ' + row.querySelector('.badge').innerText
        : row.querySelector('.run-name a')?.innerText ?? '…')"""


BACKGROUND = "swatch => getComputedStyle(swatch).backgroundColor"


def log_sweep(count: int, project: str = "sweep", start: int = 0) -> None:
    """Log `count` short runs: run-0 adam, run-1 sgd, run-2 adam ..., with four learning rates."""
    for number in range(start, start + count):
        with epochal.init(
            project=project,
            name=f"{'day' if number % 3 else 'night'}-{number}",
            id=f"run-{number}",
            tags=["best"] if number == 4 else [],
            config={"optimizer": ["adam", "sgd"][number % 2], "lr": 10.0 ** -(1 + number // 2 % 4)},
        ) as run:
            for step in range(5):
                run.log({"val/loss": number + step / 10})


def expect_count(page: Page, text: str) -> None:
    """Wait until the list says how many runs are drawn, of how many."""
    expect_eventually(page, "t => document.querySelector('.count')?.innerText === t", text)


def expect_rows(page: Page, names: list[str]) -> None:
    """Wait until the rows of the list are these, from top to bottom."""
    expect_eventually(page, f"names => JSON.stringify(({ROWS})()) === JSON.stringify(names)", names)


def expect_in_address(page: Page, text: str) -> None:
    """Wait until the decoded query of the address contains a text."""
    expect_eventually(page, "t => decodeURIComponent(location.search).includes(t)", text)


def stored_run(page: Page, server: RunningServer, run: str, project: str = "sweep") -> Any:
    """Return a run as the server has it now."""
    return page.request.get(f"{server.url}/api/v1/projects/local/{project}/runs/{run}").json()


def expect_stored(page: Page, run: str, condition: str, project: str = "sweep") -> None:
    """Wait until the server's answer of a run (`run` in the condition) fulfils a JavaScript condition."""
    expect_eventually(
        page,
        f"""async address => {{
            const run = await (await fetch(address)).json();
            return {condition};
        }}""",
        f"/api/v1/projects/local/{project}/runs/{run}",
    )


def test_filter_is_completed_with_the_keyboard_and_a_form_writes_the_same_text(
    open_page: OpenPage,
) -> None:
    log_sweep(8)
    page = open_page("local/sweep")
    expect_count(page, "8 of 8")
    field = page.get_by_role("combobox", name="Filter runs")
    choices = page.get_by_role("listbox", name="Choices")

    page.keyboard.press("r")
    page.keyboard.type("optim")
    choices.get_by_text("config.optimizer").wait_for()
    page.keyboard.press("Tab")
    choices.get_by_text("is none of").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    choices.get_by_role("option", name="sgd 4 runs").wait_for()
    page.keyboard.type("s")
    expect_eventually(page, "() => document.querySelectorAll('[role=option]').length === 1")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect_eventually(
        page, "() => document.getElementById('run-filter').value === 'config.optimizer=sgd '"
    )
    expect_count(page, "4 of 4")
    expect_rows(page, ["day-7", "day-5", "night-3", "day-1"])

    page.get_by_role("button", name="Filter by form").click()
    page.get_by_label("Value", exact=True).wait_for()
    assert page.get_by_label("Column", exact=True).input_value() == "config.optimizer"
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("Column", exact=True).nth(1).fill("lr")
    page.get_by_label("Comparison").nth(1).select_option(label="≤")
    page.get_by_label("Value", exact=True).nth(1).fill("0.01")
    expect_in_address(page, "config.optimizer=sgd and lr<=0.01")
    expect_rows(page, ["day-7", "day-5", "night-3"])
    page.get_by_label("And or or").select_option("or")
    expect_in_address(page, "config.optimizer=sgd or lr<=0.01")
    page.keyboard.press("Escape")
    expect_eventually(
        page,
        "() => document.getElementById('run-filter').value === 'config.optimizer=sgd or lr<=0.01'",
    )
    expect_count(page, "7 of 7")

    field.fill("optimizer=sgd and lr<0 and state:finished")
    page.keyboard.press("Enter")
    page.get_by_text("No run passes lr<0.").wait_for()
    page.get_by_role("button", name="Remove it").click()
    expect_in_address(page, "q=optimizer=sgd and state:finished")
    expect_rows(page, ["day-7", "day-5", "night-3", "day-1"])

    field.fill("optimizer=sgd and lr<(")
    page.locator(".filter-mirror mark", has_text="(").wait_for(state="attached")
    page.get_by_role("alert").wait_for()
    expect_rows(page, ["day-7", "day-5", "night-3", "day-1"])


def test_a_filter_takes_lines_out_of_the_charts_and_brings_them_back(open_page: OpenPage) -> None:
    log_sweep(8)
    page = open_page("local/sweep")
    drawn = """count => {
        const plots = [...document.querySelectorAll('.panel *')].filter(one => one.plot);
        return plots.length > 0 && plots.every(one => one.plot.scene.lines.length === count);
    }"""
    expect_eventually(page, drawn, 8)
    field = page.get_by_role("combobox", name="Filter runs")
    field.fill("config.optimizer=sgd")
    page.keyboard.press("Enter")
    # A part of what is there: the server is asked for no series, and the lines go all the same.
    expect_eventually(page, drawn, 4)
    field.fill("")
    page.keyboard.press("Enter")
    expect_eventually(page, drawn, 8)


def test_chips_choose_what_is_drawn_and_latest_follows_a_new_run(open_page: OpenPage) -> None:
    log_sweep(12)
    page = open_page("local/sweep")
    expect_count(page, "12 of 12")
    chips = page.get_by_role("group", name="Shown in the charts")
    chips.get_by_role("button", name="Latest 10").click()
    expect_count(page, "10 of 12")
    chips.get_by_role("button", name="None").click()
    expect_count(page, "0 of 12")
    chips.get_by_role("button", name="Latest", exact=True).click()
    expect_count(page, "1 of 12")
    expect_said(page, "val/loss", "day-11")
    assert chips.locator("[aria-pressed=true]").all_inner_texts() == ["Latest"]

    with epochal.init(project="sweep", name="now", id="now") as run:
        run.log({"val/loss": 1.0})
        run.log({"val/loss": 0.5})
        expect_said(page, "val/loss", "1 run. Last values: now")
        chips.get_by_role("button", name="Running").click()
        expect_count(page, "1 of 13")
        page.get_by_label("Show run-0").or_(page.get_by_label("Show night-0")).click()
        expect_count(page, "2 of 13")
    page.reload()
    expect_count(page, "2 of 13")


def test_edits_of_one_and_of_many_runs_are_kept_and_undone(
    open_page: OpenPage, epochal_server: RunningServer
) -> None:
    log_sweep(6)
    page = open_page("local/sweep")
    expect_count(page, "6 of 6")
    row = page.locator(".run-row", has_text="day-5")
    row.click(button="right", position={"x": 90, "y": 12})
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_label("New name of day-5").fill("the one")
    page.keyboard.press("Enter")
    expect_stored(page, "run-5", "run.name === 'the one'")
    expect_rows(page, ["the one", "day-4", "night-3", "day-2", "day-1", "night-0"])

    for name in ("day-1", "night-3"):
        page.get_by_role("link", name=name).click(modifiers=["Control"])
    page.get_by_role("link", name="the one").click(modifiers=["Shift"])
    bar = page.get_by_role("toolbar", name="Selected runs")
    bar.get_by_text("4 selected").wait_for()
    page.keyboard.press("t")
    page.get_by_label("New tag").fill("keep")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Remove the tag keep").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect_stored(page, "run-4", "run.tags.join() === 'best,keep'")
    assert stored_run(page, epochal_server, "run-2")["tags"] == []
    page.keyboard.press("Control+z")
    expect_stored(page, "run-4", "run.tags.join() === 'best'")
    assert stored_run(page, epochal_server, "run-3")["tags"] == []

    bar.get_by_label("More for the selected runs").click()
    page.get_by_role("menuitem", name="Move to the trash").click()
    expect_rows(page, ["day-2", "night-0"])
    page.locator(".toast", has_text="in the trash").get_by_role("button", name="Undo").click()
    expect_rows(page, ["the one", "day-4", "night-3", "day-2", "day-1", "night-0"])


def test_runs_move_to_another_project_and_back(
    open_page: OpenPage, epochal_server: RunningServer
) -> None:
    log_sweep(4)
    log_sweep(1, project="elsewhere", start=9)
    page = open_page("local/sweep?base=run-1")
    expect_rows(page, ["day-1", "night-3", "day-2", "night-0"])
    for name in ("day-1", "day-2"):
        page.get_by_role("link", name=name).click(modifiers=["Control"])
    bar = page.get_by_role("toolbar", name="Selected runs")
    bar.get_by_label("More for the selected runs").click()
    page.get_by_role("menuitem", name="Move to a project…").click()
    field = page.get_by_role("dialog", name="Project of 2 runs").get_by_label("Project")
    expect_eventually(
        page, "() => document.querySelector('#known-names')?.innerHTML.includes('elsewhere')"
    )
    field.fill("elsewhere")
    page.keyboard.press("Enter")
    # The baseline leads the list whatever the filter says, and leaves it with the others.
    expect_rows(page, ["night-3", "night-0"])
    expect_said(page, "val/loss", "2 runs. Last values: night-0 0.4000 at 4, night-3 3.400 at 4")
    bar.wait_for(state="detached")
    assert stored_run(page, epochal_server, "run-1", "elsewhere")["name"] == "day-1"
    toast = page.locator(".toast", has_text="2 runs are in project “elsewhere” now")
    toast.get_by_role("button", name="Undo").click()
    expect_rows(page, ["day-1", "night-3", "day-2", "night-0"])

    # A run's own page has the same questions, and goes along.
    page.get_by_role("link", name="night-3").click()
    page.get_by_role("link", name="Open page").click()
    page.get_by_label("Actions for night-3").click()
    page.get_by_role("menuitem", name="Group…").click()
    page.get_by_role("dialog").get_by_label("Group").fill("late")
    page.keyboard.press("Enter")
    expect_stored(page, "run-3", "run.group === 'late'")
    page.get_by_label("Actions for night-3").click()
    page.get_by_role("menuitem", name="Move to a project…").click()
    page.get_by_role("dialog").get_by_label("Project").fill("a new one")
    page.keyboard.press("Enter")
    page.wait_for_url("**/local/a%20new%20one/runs/run-3")
    page.locator("h1", has_text="night-3").wait_for()


def test_pins_and_the_baseline_lead_and_stay_whatever_is_filtered(open_page: OpenPage) -> None:
    log_sweep(6)
    page = open_page("local/sweep")
    expect_count(page, "6 of 6")
    page.locator(".run-row", has_text="day-2").click(button="right", position={"x": 90, "y": 12})
    page.get_by_role("menuitem", name="Pin to the top").click()
    expect_rows(page, ["day-2", "day-5", "day-4", "night-3", "day-1", "night-0"])
    page.keyboard.press("r")
    page.keyboard.type("night")
    page.keyboard.press("Enter")
    expect_rows(page, ["day-2", "night-3", "night-0"])
    expect_count(page, "3 of 3")
    page.keyboard.press("Escape")

    # The keys of the list: down to the second row, compare with it, hide it, show it alone.
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("b")
    page.locator(".run-row.cursor", has_text="night-3").locator(
        ".badge", has_text="base"
    ).wait_for()
    expect_in_address(page, "base=run-3")
    page.keyboard.press("v")
    expect_in_address(page, "hide=run-3")
    page.keyboard.press("h")
    expect_eventually(page, "() => !location.search.includes('hide=')")
    page.keyboard.press("s")
    expect_in_address(page, "only=run-3")
    page.reload()
    expect_rows(page, ["day-2", "night-3", "night-0"])
    expect_count(page, "1 of 3")


def test_the_values_of_a_row_are_seen_while_the_pointer_is_on_it(open_page: OpenPage) -> None:
    log_sweep(3)
    page = open_page("local/sweep?cols=config.lr,last.val/loss")
    row = page.locator(".run-row", has_text="day-1")
    row.hover()
    menu = row.get_by_label("Actions for day-1").bounding_box()
    assert menu
    for cell in row.locator(".cell").all():
        box = cell.bounding_box()
        assert box
        assert menu["x"] + menu["width"] <= box["x"]
    # The name gives way.
    name = row.locator(".run-name a").bounding_box()
    assert name
    assert name["x"] + name["width"] <= menu["x"]


def test_the_baseline_has_the_colour_of_its_line(open_page: OpenPage) -> None:
    log_sweep(2)
    page = open_page("local/sweep?base=run-0")
    ink = page.evaluate("() => getComputedStyle(document.body).color")
    swatch = page.locator(".run-row", has_text="night-0").locator(".swatch")
    assert ink in swatch.evaluate("s => getComputedStyle(s).backgroundImage")
    page.keyboard.press("j")
    page.keyboard.press("b")
    expect_eventually(page, "() => !location.search.includes('base=')")
    assert swatch.evaluate("s => getComputedStyle(s).backgroundImage") == "none"


def test_groups_are_a_tree_with_means_and_members(open_page: OpenPage) -> None:
    log_sweep(8)
    page = open_page("local/sweep?g=config.optimizer,config.lr&sort=summary.val/loss")
    tree = ["adam 4", "0.1 1", "0.01 1", "0.001 1", "0.0001 1"]
    tree += ["sgd 4", "0.1 1", "0.01 1", "0.001 1", "0.0001 1"]
    expect_rows(page, tree)
    mean = page.locator(".group-row", has_text="adam").locator(".spread")
    # The last losses of run-0, 2, 4 and 6 are 0.4, 2.4, 4.4 and 6.4.
    expect_eventually(
        page,
        """() => [...document.querySelectorAll('.group-row .spread')].some(
            cell => cell.title.startsWith('mean 3.400, ') && cell.title.endsWith('of 4 runs'))""",
    )
    assert mean.last.inner_text().startswith("3.4")

    # A group has another colour, which is a part of the view, until it has its own again.
    swatch = page.get_by_label("Colour of group adam · 0.1", exact=True)
    before = swatch.locator(".swatch").evaluate(BACKGROUND)
    swatch.click()
    page.get_by_role("dialog").get_by_label("Colour 4", exact=True).click()
    expect_in_address(page, 'gc:["adam",0.1]=3')
    chosen = swatch.locator(".swatch").evaluate(BACKGROUND)
    assert chosen != before
    page.reload()
    expect_rows(page, tree)
    assert swatch.locator(".swatch").evaluate(BACKGROUND) == chosen
    swatch.click()
    page.get_by_role("button", name="Back to its own colour").click()
    expect_eventually(page, "() => !location.search.includes('gc:')")
    assert swatch.locator(".swatch").evaluate(BACKGROUND) == before

    page.get_by_role("button", name="sgd optimizer").click()
    expect_rows(page, tree[:6])
    page.locator(".group-row .run-name", has_text="0.001").click()
    expect_rows(page, [*tree[:4], "day-4", *tree[4:6]])

    page.get_by_label("Show group sgd", exact=True).click()
    expect_eventually(
        page,
        "() => document.querySelector('[aria-label=\"Show group sgd\"]').ariaPressed === 'false'",
    )
    page.get_by_label("Show group adam · 0.1", exact=True).click(modifiers=["Alt"])
    expect_count(page, "1 of 8")
    expect_said(page, "val/loss", "1 ")
    page.reload()
    expect_rows(page, tree)
    expect_count(page, "1 of 8")


def test_one_paint_colours_rows_and_legend_by_value_and_by_name(open_page: OpenPage) -> None:
    log_sweep(8)
    page = open_page("local/sweep")
    expect_count(page, "8 of 8")
    colours = """() => Object.fromEntries([...document.querySelectorAll('.run-row')].map(row => [
        row.querySelector('a').innerText,
        getComputedStyle(row.querySelector('.swatch')).backgroundColor]))"""
    distinct = f"n => new Set(Object.values(({colours})())).size === n"
    expect_eventually(page, distinct, 8)

    page.get_by_label("Colours", exact=True).click()
    page.get_by_role("menuitemradio", name="config.lr").click()
    page.get_by_role("note", name="Colours: config.lr").wait_for()
    expect_eventually(page, distinct, 4)
    found = page.evaluate(colours)
    assert found["night-0"] == found["day-1"] != found["day-2"]
    legend = page.get_by_role("note").inner_text()
    assert "0.0001" in legend
    assert "0.1" in legend

    page.get_by_label("Colours", exact=True).click()
    page.get_by_label("Regular expression of the part").fill("^[a-z]+")
    page.keyboard.press("Enter")
    page.get_by_role("note", name="Colours: /^[a-z]+/").wait_for()
    expect_eventually(page, distinct, 2)
    found = page.evaluate(colours)
    assert found["night-0"] == found["night-3"] != found["day-1"]
    expect_in_address(page, "color=re:^[a-z]+")
    page.get_by_role("button", name="Colour by run again").click()
    expect_eventually(page, distinct, 8)


def eye_of(page: Page, name: str) -> tuple[float, float]:
    """Return the middle of a run's eye."""
    box = page.get_by_label(f"Show {name}", exact=True).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_rows_stay_under_the_pointer_and_eyes_are_painted(open_page: OpenPage) -> None:
    log_run(0, rows=5)
    log_run(1, rows=5)
    log_run(2, rows=5)
    log_run(3, rows=5)
    page = open_page("local/digits")
    wait_for_charts(page, 9)
    expect_rows(page, ["run-3", "run-2", "run-1", "run-0"])
    first, last = (eye_of(page, name) for name in ("run-3", "run-1"))
    page.mouse.move(*first)
    page.mouse.down()
    page.mouse.move(*last, steps=8)
    page.mouse.up()
    expect_count(page, "1 of 4")

    log_run(4, rows=5)
    page.get_by_role("button", name="1 new run").wait_for()
    assert page.evaluate(ROWS) == ["run-3", "run-2", "run-1", "run-0"]
    page.mouse.move(700, 20)
    expect_rows(page, ["run-4", "run-3", "run-2", "run-1", "run-0"])
