"""Panels and their settings: what falls from page to section to panel, what a panel gives away, marks."""

from __future__ import annotations

import csv
import os
import struct
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import epochal
from tests.e2e.digits import STEPS, log_run, loss, values
from tests.e2e.looking import (
    SHIFTS,
    OpenPage,
    expect_eventually,
    expect_said,
    hover,
    plot,
    step_of,
    wait_for_charts,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import RunningServer

pytestmark = pytest.mark.browser


def open_menu(page: Page, key: str) -> None:
    """Open the menu of a panel."""
    plot(page, key).hover()
    page.get_by_label(f"More about {key}", exact=True).click(force=True)


def expect_query(page: Page, *parts: str, absent: str = "") -> None:
    """Wait until the address has these parts and not the other."""
    expect_eventually(
        page,
        """([parts, absent]) => {
            const query = decodeURIComponent(location.search);
            return parts.every(part => query.includes(part)) && !(absent && query.includes(absent));
        }""",
        [list(parts), absent],
    )


def keys_shown(page: Page) -> list[str]:
    """Return the keys of the panels that are in the page, in their order."""
    return page.locator(".panel").evaluate_all("all => all.map(one => one.dataset.key)")


def scale(page: Page, key: str) -> str:
    """Return whether the tick labels of a panel say that y is logarithmic, by its pressed button."""
    button = page.get_by_label(f"log: Logarithmic y axis of {key}", exact=True)
    return "log" if button.get_attribute("aria-pressed") == "true" else "linear"


def test_settings_fall_from_the_page_to_a_section_to_a_panel(open_page: OpenPage) -> None:
    log_run(0)
    log_run(1)
    page = open_page("local/digits")
    wait_for_charts(page, 9)
    page.get_by_label("Smoothing: none").click()
    page.get_by_role("radio", name="EMA", exact=True).click()
    slider = page.get_by_label("Smoothing: weight of the past", exact=True)
    slider.focus()
    page.keyboard.press("End")
    expect_query(page, "sm=ema:0.99")
    page.keyboard.press("Escape")
    page.keyboard.press("-")
    page.get_by_label("Smoothing: 0.94 EMA").wait_for()
    expect_query(page, "sm=ema:0.94")

    # A section goes its own way, and says so.
    page.get_by_label("Section train", exact=True).click(force=True)
    page.get_by_role("button", name="Settings of its charts").click()
    page.get_by_label("log y", exact=True).check(force=True)
    expect_query(page, "s:train=ylog:1")
    page.keyboard.press("Escape")
    assert page.locator(".section-line", has_text="train").locator(".changed-dot").count() == 1
    assert [scale(page, key) for key in ("train/loss", "val/loss")] == ["log", "linear"]

    # A panel of that section goes back; what is as elsewhere is no change.
    open_menu(page, "train/loss")
    page.get_by_role("button", name="Settings…").click()
    page.get_by_label("log y", exact=True).uncheck(force=True)
    page.get_by_role("radio", name="clip 1 %").click()
    expect_query(page, "p:train/loss=ylog:0;out:p1")
    page.get_by_label("Reset log y").click()
    expect_query(page, "p:train/loss=out:p1", absent="ylog:0")
    assert page.locator('[data-key="train/loss"] .changed-dot').count() == 1
    page.keyboard.press("Escape")
    page.reload()
    wait_for_charts(page, 9)
    assert [scale(page, key) for key in ("train/loss", "val/loss")] == ["log", "linear"]
    open_menu(page, "train/loss")
    page.get_by_role("button", name="Reset its settings").click()
    expect_query(page, "s:train=ylog:1", absent="p:train")

    # Any metric is an axis; the key that chooses it does not open the list again.
    page.get_by_label("X axis: step").click()
    page.get_by_label("Search for a metric to draw over").fill("epo")
    page.keyboard.press("Enter")
    expect_query(page, "x=epoch")
    page.locator(".popover").wait_for(state="detached")
    expect_said(page, "val/loss", "val/loss over epoch, 2 runs")


def test_panels_are_merged_hidden_and_found(open_page: OpenPage) -> None:
    log_run(0)
    log_run(1)
    page = open_page("local/digits")
    wait_for_charts(page, 9)
    open_menu(page, "train/loss")
    page.get_by_role("button", name="Merge with another key").click()
    # The same measure of another part is offered at once; others are searched for.
    page.get_by_role("button", name="val/loss", exact=True).click()
    page.get_by_label("Search for a key to draw in this chart").fill("top5")
    page.keyboard.press("Enter")
    expect_query(page, "m:train/loss=val/loss,val/top5")
    page.get_by_label("Take val/top5 out").click()
    page.keyboard.press("Escape")
    expect_query(page, "m:train/loss=val/loss", absent="top5")
    expect_eventually(page, "() => !document.querySelector('.panel[data-key=\"val/loss\"]')")
    expect_said(page, "train/loss", "run-1 · val/loss")
    text = hover(page, "train/loss", 0.5)
    row = step_of(text) // 10
    for number in range(2):
        assert f"run-{number} · train/loss" in text
        assert f"{loss(number, row) * 1.1:.4g}" in text.replace("0.1100", "0.11"), text

    # The filter finds a panel by every key in it, and keeps its element.
    page.evaluate(
        """() => { document.querySelector('.panel[data-key="train/loss"]').isMine = true; }"""
    )
    page.locator("#panel-filter").fill("val/loss")
    expect_eventually(page, "() => document.querySelectorAll('.panel').length === 1")
    assert keys_shown(page) == ["train/loss"]
    assert page.evaluate("() => document.querySelector('.panel').isMine")
    page.locator("#panel-filter").fill("")
    wait_for_charts(page, 8)

    open_menu(page, "train/accuracy")
    page.get_by_role("button", name="Hide this chart").click()
    expect_eventually(page, "() => !document.querySelector('.panel[data-key=\"train/accuracy\"]')")
    page.get_by_role("button", name="Show 1 hidden").click()
    page.locator('.panel[data-key="train/accuracy"]').wait_for()


def test_a_panel_gives_away_pictures_values_and_python(
    open_page: OpenPage, epochal_server: RunningServer, tmp_path: Path
) -> None:
    log_run(0)
    log_run(1)
    page = open_page("local/digits", permissions=["clipboard-read", "clipboard-write"])
    wait_for_charts(page, 9)
    size = plot(page, "train/loss").bounding_box()
    assert size is not None

    def save(item: str) -> Path:
        open_menu(page, "train/loss")
        with page.expect_download() as download:
            page.get_by_role("button", name=item).click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        return path

    picture = save("Image (PNG)")
    assert picture.name == "digits-train-loss.png"
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", data[16:24])
    assert width >= 2 * int(size["width"])
    assert height >= 2 * int(size["height"])

    texts = [
        "".join(node.itertext())
        for node in ElementTree.parse(save("Vectors (SVG)")).iter()
        if node.tag.endswith("}text")
    ]
    assert "train/loss" in texts
    assert "run-1" in texts

    with save("Every value (CSV)").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * STEPS
    found = {(row["name"], int(row["step"])): float(row["train/loss"]) for row in rows}
    assert found["run-1", 70] == loss(1, 7)

    open_menu(page, "train/loss")
    page.get_by_role("button", name="Copy as Python").click()
    page.get_by_text("The Python is in the clipboard").wait_for()
    snippet = page.evaluate("() => navigator.clipboard.readText()")
    environment = {**os.environ, "EPOCHAL_API_KEY": epochal_server.token}
    answer = subprocess.run(
        [sys.executable, "-c", snippet],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert f"run-0 train/loss {STEPS} {loss(0, STEPS - 1)}" in answer.stdout


def test_tooltip_stands_still_after_alt(open_page: OpenPage) -> None:
    log_run(0)
    log_run(1)
    page = open_page("local/digits?base=run-0")
    wait_for_charts(page, 9)
    text = hover(page, "train/loss", 0.4)
    row = step_of(text) // 10
    # Beside the step stands how long the run had been going, once the pointer rests.
    expect_eventually(
        page, r"() => /step [\d,]+ · .* [mµ]?s/.test(document.querySelector('.tooltip').innerText)"
    )
    page.keyboard.press("Alt")
    page.locator(".tooltip.frozen").wait_for()
    box = plot(page, "train/loss").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 40)
    page.mouse.move(box["x"] + 80, box["y"] + 50)
    frozen = page.locator(".tooltip.frozen").inner_text()
    assert step_of(frozen) == 10 * row
    assert f"{loss(1, row):.4g}" in frozen
    page.keyboard.press("Escape")
    page.locator(".tooltip.frozen").wait_for(state="detached")


def test_densities_show_more_and_the_legend_replaces_the_list(open_page: OpenPage) -> None:
    for number in range(3):
        log_run(number)
    with epochal.init(project="digits", name="elsewhere") as run:
        run.log({"train/loss": 0.5})
    page = open_page("local/digits?fold=system")
    wait_for_charts(page, 9)
    assert page.locator(".legend").count() == 0
    columns = """n => {
        const lefts = [...document.querySelectorAll('.panel')].map(one => one.style.left);
        return new Set(lefts).size === n;
    }"""
    expect_eventually(page, columns, 3)
    page.keyboard.press("d")
    # Nine panels are in sections of three: the section with the most of them decides.
    expect_eventually(
        page, "() => document.querySelector('.panel').getBoundingClientRect().width < 290"
    )
    page.keyboard.press("d")
    expect_eventually(
        page, "() => document.querySelector('.panel').getBoundingClientRect().width < 150"
    )
    expect_query(page, "d=sparkline")
    # Nothing but the plot is in a tiny chart: its area reaches to the edges.
    frame = page.locator('.panel[data-key="train/loss"] .plot').evaluate("one => one.plot.frame()")
    assert frame["left"] <= 8 * frame["ratio"]
    page.keyboard.press("d")
    page.keyboard.press("[")
    page.locator(".legend li", has_text="run-2").first.wait_for()
    assert "run-0" in page.locator('[data-key="val/loss"] .legend').inner_text()
    # It names the runs that have a line in this chart.
    named = """(key) => [...document.querySelectorAll(`[data-key="${key}"] .legend li`)]
        .map(one => one.title).join(', ')"""
    assert "elsewhere" in page.evaluate(named, "train/loss")
    assert "elsewhere" not in page.evaluate(named, "val/loss")
    page.keyboard.press("[")
    expect_eventually(page, "() => !document.querySelector('.legend')")
    page.reload()
    wait_for_charts(page, 9)
    assert page.evaluate(SHIFTS) == []


def test_panels_without_lines_say_why_and_what_to_do(open_page: OpenPage) -> None:
    log_run(0)
    page = open_page("local/digits?x=no/such")
    page.get_by_text("None of the runs shown has this over no/such.").first.wait_for()
    cover = page.locator('.panel[data-key="train/loss"]')
    cover.get_by_role("button", name="Over step").click()
    expect_query(page, "p:train/loss=x:step")
    expect_said(page, "train/loss", "train/loss over step, 1 run")
    page.get_by_label("X axis: no/such").click()
    page.get_by_role("radio", name="step", exact=True).click()
    wait_for_charts(page, 9)
    page.get_by_label("Show run-0", exact=True).click()
    # Once for all panels; on the full screen there is only one.
    said = page.get_by_text("The only run of the list is hidden").locator("visible=true")
    said.wait_for()
    assert said.count() == 1
    page.locator('.panel[data-key="train/loss"]').hover()
    page.keyboard.press("f")
    page.get_by_role("dialog").get_by_text("The only run of the list is hidden").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Show the newest").click()
    expect_said(page, "train/loss", "1 run")
    assert page.locator(".no-runs").count() == 0

    field = page.get_by_role("combobox", name="Filter runs")
    field.fill("nothing-is-called-so")
    page.keyboard.press("Enter")
    page.locator(".no-runs").get_by_text("No run passes the filter.").wait_for()
    page.locator(".no-runs").get_by_role("button", name="Clear the filter").click()
    expect_said(page, "train/loss", "1 run")


def mark_rows(page: Page) -> list[list[Any]]:
    """Return the cells of the strip's table."""
    return page.locator(".mark-strip tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    )


def test_clicks_pin_a_step_and_a_range(open_page: OpenPage) -> None:
    log_run(0)
    log_run(1)
    page = open_page("local/digits?step=500")
    wait_for_charts(page, 9)
    page.locator(".mark-strip").get_by_text("step 500").wait_for()
    box = plot(page, "train/accuracy").bounding_box()
    assert box is not None
    # Where no line is: a second mark, which makes a range of them.
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] - 40)
    strip = page.locator(".mark-strip")
    strip.get_by_text("train/accuracy").wait_for()
    expect_eventually(page, "() => /[?&]step=500,\\d+/.test(decodeURIComponent(location.search))")
    expect_eventually(
        page,
        "() => document.querySelectorAll('.mark-strip tbody tr').length === 2"
        " && document.querySelector('.mark-strip th:last-child').innerText === 'points'",
    )
    end = int(page.evaluate("() => location.search").split("500,")[1].split("&")[0])
    inside = [values(1, row)["train/accuracy"] for row in range(STEPS) if 500 <= 10 * row <= end]
    cells = mark_rows(page)[1]
    assert cells[0] == "run-1"
    assert float(cells[1]) == pytest.approx(sum(inside) / len(inside), rel=1e-3)
    assert float(cells[2]) == pytest.approx(min(inside), rel=1e-3)
    assert float(cells[3]) == pytest.approx(max(inside), rel=1e-3)
    assert int(cells[5]) == len(inside)
    page.keyboard.press("Escape")
    strip.wait_for(state="detached")
    expect_query(page, absent="step=")
