"""What the wandb client logs, on the page: tables and their charts, pages, figures, objects, files."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.looking import PHONE, OpenPage, expect_eventually
from tests.e2e.posting import keep_query, post
from tests.e2e.test_accessibility import Findings, axe
from tests.e2e.wandb_values import CLASSES, ROWS, SPEC, log_wandb

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.conftest import RunningServer

__all__ = ["axe"]

pytestmark = pytest.mark.browser


@pytest.fixture
def logged(epochal_server: RunningServer) -> RunningServer:
    """Return a server with two runs of the wandb client."""
    for run in (0, 1):
        post(epochal_server, log_wandb(run))
    keep_query(epochal_server, SPEC)
    return epochal_server


def panel(page: Page, key: str) -> Any:
    return page.locator(f'.panel[data-key="{key}"]')


def column(page: Page, name: str) -> list[str]:
    """Return the texts of a column of the table of guesses, of the rows in sight."""
    return page.evaluate(
        """name => {
            const panel = document.querySelector('.panel[data-key="guesses"]');
            const heads = [...panel.querySelectorAll('[role=columnheader]')];
            const index = heads.find(one => one.textContent === name).ariaColIndex;
            return [...panel.querySelectorAll(`[role=gridcell][aria-colindex="${index}"]`)]
                .map(one => one.textContent);
        }""",
        name,
    )


def expect_status(page: Page, text: str) -> None:
    expect_eventually(
        page,
        """text => document.querySelector('.panel[data-key="guesses"] [role=status]')?.textContent === text""",
        text,
    )


def test_tables_are_searched_sorted_grouped_joined_and_saved(
    logged: RunningServer, open_page: OpenPage, axe: str
):
    page = open_page("local/wandb/workspace?tags=guesses")
    table = panel(page, "guesses")
    expect_status(page, f"{2 * ROWS:,} rows")
    # Only what is in sight is in the page, and pictures of cells are those that were logged.
    assert table.locator("[role=row]").count() < 40
    expect_eventually(
        page,
        """() => { const [one] = document.querySelectorAll('.dt-cell img');
                  return one?.complete && one.naturalWidth === 8; }""",
    )
    table.get_by_role("button", name="score").click()
    table.get_by_role("button", name="score").click()
    expect_eventually(
        page, "() => document.querySelector('[aria-sort=descending]')?.textContent === 'score'"
    )
    assert column(page, "score")[0] == "6.998"
    assert "sort" in page.url
    table.get_by_role("button", name="filters").click()
    table.get_by_label("Filter count").fill("> 490")
    # 491 to 499 but 497, of both runs: every seventh has no count.
    expect_status(page, f"{2 * 8} of {2 * ROWS:,} rows")
    table.get_by_label("Filter class").fill("= owl")
    table.get_by_label("Search guesses").fill("bob row")
    expect_status(page, f"2 of {2 * ROWS:,} rows")
    # Owls are 491, 494 and 497, and that has no count.
    with page.expect_download() as download:
        table.get_by_label("Save guesses as CSV").click()
    text = download.value.path().read_text("utf-8")
    lines = list(csv.reader(io.StringIO(text)))
    assert lines[0] == ["run", "picture", "name", "class", "score", "right", "count"]
    assert [line[2] for line in lines[1:]] == ["row 494", "row 491"]
    # What is set stands in the address.
    page.reload()
    expect_status(page, f"2 of {2 * ROWS:,} rows")
    table.get_by_label("Search guesses").fill("")
    table.get_by_label("Filter class").fill("")
    table.get_by_label("Filter count").fill("")
    table.get_by_label("Group rows by").select_option("class")
    expect_status(page, "3 groups")
    assert sorted(column(page, "class")) == sorted(CLASSES)
    table.locator("[role=row].pressable").filter(has_text="dog").click()
    expect_status(page, f"{2 * 167} of {2 * ROWS:,} rows")
    table.get_by_label("How the runs' tables stand").select_option("join")
    table.get_by_label("Column by which runs are joined").select_option("name")
    expect_eventually(
        page,
        """() => document.querySelector('.panel[data-key="guesses"] [role=grid]')
                .ariaColCount === '11'""",
    )
    expect_status(page, f"{ROWS} rows")
    # The keyboard goes from cell to cell.
    grid = table.get_by_role("grid")
    grid.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    expect_eventually(
        page,
        "last => document.querySelector('.dt-cell.at')?.parentElement.ariaRowIndex === last",
        str(ROWS + 1),
    )
    table.get_by_label("How the runs' tables stand").select_option("beside")
    assert table.get_by_role("grid").count() == 2
    findings = Findings(axe)
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        findings.look(page, f"tables, {theme}")
    assert list(findings.lines.values()) == []


MARKS = """key => document.querySelector(`.panel[data-key="${key}_table"] .chart-plot`)?.plot?.chart()
    .marks.map(mark => ({...mark, xs: [...(mark.xs ?? [])], ys: [...(mark.ys ?? [])],
                         x1: [...(mark.x1 ?? [])], y1: [...(mark.y1 ?? [])]}))"""


def test_charts_of_wandb_plot_are_drawn_of_their_tables(
    logged: RunningServer, open_page: OpenPage, axe: str
):
    page = open_page("local/wandb/workspace?tags=_table")
    expect_eventually(
        page,
        """() => document.querySelectorAll('.chart-plot').length >= 4
                && !document.querySelector('.media-skeleton')""",
    )
    # As many points as epochs by the newest step, a line for each run.
    lines = page.evaluate(MARKS, "line")
    assert sorted(line["label"] for line in lines) == ["ada", "bob"]
    assert all(line["xs"] == [0, 1, 2, 3, 4, 5, 6] for line in lines)
    assert panel(page, "line_table").locator("h3").inner_text() == "Loss"
    series = page.evaluate(MARKS, "series")
    assert {line["label"] for line in series} == {
        f"{run} · {name}" for run in ("ada", "bob") for name in ("loss", "twice")
    }
    # The table is one press away, and back.
    panel(page, "line_table").get_by_role("button", name="table", exact=True).click()
    panel(page, "line_table").get_by_role("grid").wait_for()
    panel(page, "line_table").get_by_role("button", name="table", exact=True).click()
    page.goto(f"{logged.url}/local/wandb/workspace?tags=_table&step=0")
    expect_eventually(page, f"() => ({MARKS})('line')?.every(({{xs}}) => xs.length === 2)")
    for key in ("scatter", "bar", "histogram", "pr", "roc"):
        page.goto(f"{logged.url}/local/wandb/workspace?tags={key}_table")
        expect_eventually(page, f"key => (({MARKS})(key)?.length ?? 0) >= 2", key)
    # A matrix for each run, whose cells are read.
    page.goto(f"{logged.url}/local/wandb/workspace?tags=confusion_table")
    charts = panel(page, "confusion_table").locator(".chart-plot")
    expect_eventually(page, "() => document.querySelectorAll('.chart-plot').length === 2")
    charts.nth(0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    said = panel(page, "confusion_table").locator("[aria-live]").first
    assert said.inner_text().startswith("ada, Actual cat, Predicted dog, count 1")
    box = charts.nth(1).bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 14)
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 16)
    assert charts.nth(1).locator(".media-tip").inner_text().split() == [
        *("bob", "Actual", "cat", "Predicted", "owl", "count", "0"),
    ]
    findings = Findings(axe)
    findings.look(page, "charts")
    assert list(findings.lines.values()) == []


def test_pages_run_in_a_frame_that_reaches_nothing_and_the_rest_is_drawn_or_saved(
    logged: RunningServer, open_page: OpenPage, axe: str, tmp_path: Path
):
    page = open_page("local/wandb/workspace?tags=/^(page|figure|cloud|cube|water)$/")
    panel(page, "page").locator("iframe").nth(1).wait_for()
    frame = page.frame_locator('.panel[data-key="page"] iframe >> nth=0')
    frame.locator("#said", has_text="run").wait_for()
    assert page.evaluate("() => window.HACKED") is None
    inner = next(one for one in page.frames if "/api/v1/pages/" in one.url)
    assert inner.title() == "of no origin"
    assert inner.evaluate("() => self.origin") == "null"
    # Of a kind that has a WebGL program of its own, which plotly makes as text.
    figure = panel(page, "figure")
    figure.scroll_into_view_if_needed()
    figure.frame_locator("iframe >> nth=0").locator(".gtitle", has_text="Growth").wait_for()
    expect_eventually(
        page,
        """() => document.querySelector('.panel[data-key="figure"] iframe').title.endsWith(', Growth')""",
    )
    drawing = next(one for one in page.frames if "/figure-frame" in one.url)
    assert drawing.evaluate("() => self.origin") == "null"
    assert drawing.evaluate("() => window.HACKED") is None
    for key, said in (("cloud", "200 vertices"), ("cube", "5 vertices, 3 triangles")):
        panel(page, key).scroll_into_view_if_needed()
        expect_eventually(
            page,
            """([key, said]) => document.querySelector(`.panel[data-key="${key}"] canvas`)
                    ?.getAttribute('aria-label').includes(said)""",
            [key, said],
        )
    panel(page, "water").scroll_into_view_if_needed()
    with page.expect_download() as download:
        panel(page, "water").get_by_role("link").first.click()
    assert download.value.suggested_filename == "water.pdb"
    assert download.value.path().read_bytes() == b"ATOM"
    findings = Findings(axe)
    findings.look(page, "media of wandb")
    assert list(findings.lines.values()) == []


def test_custom_charts_are_drawn_without_compiling_anything(
    logged: RunningServer, open_page: OpenPage, axe: str
):
    page = open_page("local/wandb/workspace?tags=custom_table")
    # The policy of the page forbids to compile expressions, of which this one has some: `open_page` would say so.
    drawn = """() => { const canvas = document.querySelector('.vega-plot canvas');
        if (!canvas) return 0;
        const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const colors = new Set();
        for (let i = 0; i < data.length; i += 4)
            if (data[i + 3] === 255) colors.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
        return [0x3958bf, 0xc74c0e].filter(one => colors.has(one)).length; }"""
    expect_eventually(page, f"() => ({drawn})() === 2")
    findings = Findings(axe)
    findings.look(page, "custom chart")
    # Anybody can have a table drawn otherwise, and what is wrong with that is said.
    panel(page, "custom_table").hover()
    page.get_by_label("More about custom_table").click()
    field = page.get_by_label("Draw it as Vega-Lite says")
    field.fill('{"mark": "arc", "encoding": {"theta": {"field": "n"}, "url": {"field": 3}}')
    page.get_by_role("button", name="Draw", exact=True).click()
    panel(page, "custom_table").get_by_role("alert").wait_for()
    assert "no JSON" in panel(page, "custom_table").get_by_role("alert").inner_text()
    panel(page, "custom_table").get_by_role("button", name="table", exact=True).click()
    panel(page, "custom_table").get_by_role("grid").wait_for()
    assert list(findings.lines.values()) == []


def test_boxes_and_masks_lie_over_images_and_are_hidden_by_class(
    logged: RunningServer, open_page: OpenPage, axe: str
):
    page = open_page("local/wandb/workspace?tags=scan")
    # The share of a mask's pixels that are painted, and where the box stands, in percent.
    painted = """() => { const canvas = document.querySelector('canvas.image-layer');
        if (!canvas || canvas.width !== 8) return null;
        const {data} = canvas.getContext('2d').getImageData(0, 0, 8, 8);
        let count = 0;
        for (let i = 3; i < data.length; i += 4) if (data[i] > 0) count += 1;
        return count / 64; }"""
    expect_eventually(page, f"() => ({painted})() === 1")
    box = page.locator(".image-box").first
    box.wait_for()
    style = box.evaluate("one => [one.style.left, one.style.top, one.style.width]")
    assert style == ["25%", "50%", "50%"]
    assert box.locator("span").get_attribute("data-text") == "car, sure 0.9"
    findings = Findings(axe)
    findings.look(page, "boxes and masks")
    panel(page, "scan").hover()
    page.get_by_label("More about scan").click()
    page.get_by_label("road: none").uncheck()
    expect_eventually(page, f"() => ({painted})() === 0.5")
    page.get_by_label("cars: car").uncheck()
    expect_eventually(page, "() => document.querySelectorAll('.image-box').length === 0")
    page.reload()
    expect_eventually(page, f"() => ({painted})() === 0.5")
    assert page.locator(".image-box").count() == 0
    assert list(findings.lines.values()) == []


def test_tables_and_charts_fit_a_phone(logged: RunningServer, open_page: OpenPage):
    page = open_page("local/wandb/workspace?kind=table", viewport=PHONE)
    expect_status(page, f"{2 * ROWS:,} rows")
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]
