"""How runs look in a real browser: lines in the rows of the list, palettes, tables to put into texts."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

import epochal
from tests.e2e.digits import log_run
from tests.e2e.looking import OpenPage, expect_eventually, pixels, plot, wait_for_charts

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

pytestmark = pytest.mark.browser

# Of the line of a run: its colours, where its leftmost and rightmost ink is, and the columns without ink between.
SPARK = """uid => {
    const canvas = document.querySelector(`.run-row[data-uid="${uid}"] .spark`);
    const {width, height} = canvas;
    const {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
    const inked = [], colours = new Set();
    for (let x = 0; x < width; x++) {
        for (let y = 0; y < height; y++) {
            const at = 4 * (y * width + x);
            if (data[at + 3] > 0 && inked.at(-1) !== x) inked.push(x);
            if (data[at + 3] === 255) colours.add([...data.slice(at, at + 3)].join());
        }
    }
    const gaps = [];
    for (let x = inked[0]; x < inked.at(-1); x++) if (!inked.includes(x)) gaps.push(x);
    return {width, first: inked[0], last: inked.at(-1), gaps, colours: [...colours]};
}"""

# The colour of the swatch of a run.
SWATCH = """uid => getComputedStyle(document.querySelector(`.run-row[data-uid="${uid}"] .swatch`))
    .backgroundColor.match(/\\d+/g).join()"""


def expect_said(page: Page, uid: str, text: str) -> None:
    """Wait until the line of a run says a text to those who do not see it."""
    expect_eventually(
        page,
        """([uid, text]) => document.querySelector(`.run-row[data-uid="${uid}"] .spark`)
              ?.getAttribute('aria-label').includes(text)""",
        [uid, text],
    )


def uid_of(page: Page, name: str) -> str:
    """Return the uid of the run of a row."""
    row = page.locator(".run-row", has_text=name)
    row.wait_for()
    return str(row.get_attribute("data-uid"))


def choose_palette(page: Page, name: str) -> None:
    """Choose a palette of the runs in the theme menu."""
    page.get_by_role("button", name="Theme: as the system").click()
    page.get_by_role("menuitemradio", name=name).click()


def test_rows_have_the_line_of_a_metric(open_page: OpenPage) -> None:
    for number in range(2):
        log_run(number, rows=50)
    with epochal.init(project="digits", name="torn", id="torn", config={"lr": 1.0}) as torn:
        for step in range(40):
            torn.log({"val/loss": math.nan if 15 <= step < 25 else float(step), "train/loss": 3.0})
    live = epochal.init(project="digits", name="live", id="live")
    live.log({"val/loss": 5.0})
    asked: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if request.url.endswith("/api/v1/series") and request.post_data:
            asked.append(json.loads(request.post_data))

    page = open_page("local/digits", settle=False)
    wait_for_charts(page, 6)
    page.on("request", note)
    assert page.locator(".spark").count() == 0
    page.locator('.panel[data-key="val/loss"]').hover()
    page.keyboard.press("p")
    uid = uid_of(page, "torn")
    expect_said(page, uid, "val/loss: last 39, from 0 to 39")
    # What the charts have loaded is not asked for again.
    assert [one for one in asked if one["px"] == 128] == []
    found = page.evaluate(SPARK, uid)
    assert found["first"] <= 3
    assert found["last"] >= found["width"] - 4
    # Of the 44 pixels in which the line may lie the values that are missing take eleven, less its round ends.
    assert 8 <= len(found["gaps"]) <= 12
    assert found["colours"] == [page.evaluate(SWATCH, uid)]
    live.log({"val/loss": 123.0})
    expect_said(page, uid_of(page, "live"), "last 123, from 5 to 123")
    live.finish()

    page.get_by_role("button", name="Columns and sorting").click()
    page.get_by_label("Sparkline").select_option("train/loss")
    expect_said(page, uid, "train/loss: last 3, from 3 to 3")
    expect_eventually(page, "() => location.search.includes('spark=train/loss')")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    expect_said(page, uid, "val/loss")

    # Another palette: lists, charts and pictures at once, and still after a reload.
    before = pixels(page, "val/accuracy")
    colour = page.evaluate(SWATCH, uid)
    choose_palette(page, "deuteranopia")
    expect_eventually(page, f"([uid, old]) => ({SWATCH})(uid) !== old", [uid, colour])
    expect_eventually(
        page, f"uid => ({SPARK})(uid).colours.join() === ({SWATCH})(uid) && '' !== uid", uid
    )
    assert pixels(page, "val/accuracy") != before
    page.reload()
    wait_for_charts(page, 6)
    expect_said(page, uid, "val/loss")
    expect_eventually(page, f"([uid, old]) => ({SWATCH})(uid) !== old", [uid, colour])
    choose_palette(page, "mono+dash")
    plot(page, "val/loss").hover()
    page.get_by_label("More about val/loss", exact=True).click(force=True)
    with page.expect_download() as download:
        page.get_by_role("button", name="Vectors (SVG)").click()
    vectors = download.value.path().read_text(encoding="utf-8")
    assert "stroke-dasharray" in vectors
    assert "#8a8f96" in vectors

    # Where no chart has the line, all rows ask in one question, of the width of the line.
    page.get_by_role("button", name="None", exact=True).click()
    asked.clear()
    page.reload()
    expect_said(page, uid, "val/loss")
    (question,) = [one for one in asked if "val/loss" in one["keys"]]
    assert question["px"] == 128
    assert len(question["runs"]) == 4


def test_table_becomes_text_and_keeps_columns_in_sight(open_page: OpenPage) -> None:
    for number, name in enumerate(["a|b_c", "50% & more"]):
        with epochal.init(
            project="paper", name=name, id=f"run-{number}", config={"lr": 1.5e-7 * (number + 1)}
        ) as run:
            run.log({"val/loss": 0.25 - number, **{f"other/{n}": n for n in range(12)}})
    others = ",".join(f"summary.other/{n}" for n in range(12))
    page = open_page(f"local/paper/table?tcols=config.lr,summary.val/loss,{others}&sort=created")
    page.locator(".grid-name", has_text="a|b_c").wait_for()

    def export(kind: str) -> list[str]:
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=kind).click()
        assert download.value.suggested_filename == {"Markdown": "paper.md"}.get(kind, "paper.tex")
        return download.value.path().read_text(encoding="utf-8").splitlines()

    lines = export("Markdown")
    assert [one.strip() for one in lines[0].split(" | ")][:3] == ["| Run", "lr", "val/loss"]
    assert [one.strip() for one in lines[2].split(" | ")][:3] == [r"| a\|b\_c", "1.5e-7", "0.2500"]
    assert len(lines) == 4
    lines = export("LaTeX")
    assert lines[1] == r"\begin{tabular}{l" + "r" * 14 + "}"
    assert lines[6].startswith(r"50\% \& more & $3 \times 10^{-7}$ & $-0.7500$ & ")

    where = """() => [...document.querySelectorAll('.grid-row:not([hidden]) [aria-colindex="3"], ' +
        '.grid-head[aria-colindex="3"]')].filter(cell => !cell.hidden)
        .map(cell => Math.round(cell.getBoundingClientRect().left))"""
    still = page.evaluate(where)
    assert len(set(still)) == 1
    page.locator('.grid-head[aria-colindex="3"]').hover()
    page.get_by_role("button", name="Column val/loss").click()
    page.get_by_role("menuitem", name="Freeze up to here").click()
    expect_eventually(page, "() => document.querySelectorAll('.grid-cell.frozen').length >= 4")
    assert page.evaluate(where) == still
    page.evaluate("() => document.querySelector('.grid').scrollTo(9999, 0)")
    expect_eventually(page, "() => document.querySelector('.grid').scrollLeft > 100")
    page.locator('.grid-head[aria-colindex="15"]').wait_for()
    assert page.evaluate(where) == still
    texts = page.locator(
        '.grid-row:not([hidden]) [aria-colindex="3"]:not([hidden])'
    ).all_inner_texts()
    assert [text.strip() for text in texts] == ["0.2500", "-0.7500"]
    # A cell of another column is scrolled out from under them.
    page.get_by_role("grid").focus()
    for key in ["Home", "ArrowRight", "ArrowRight", "ArrowRight"]:
        page.keyboard.press(key)
    expect_eventually(page, "() => document.querySelector('.grid').scrollLeft === 0")
    page.reload()
    page.locator(".grid-cell.frozen").first.wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    expect_eventually(page, "() => document.querySelectorAll('.grid-cell.frozen').length === 2")
