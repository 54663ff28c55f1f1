"""Tensors in a browser: as a table, as a picture whose values are read, slice by slice, and saved for numpy."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from epochal.tensorboard import SummaryWriter
from tests.e2e.looking import OpenPage, expect_eventually

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.conftest import RunningServer

pytestmark = pytest.mark.browser

# The colour of the canvas' pixel that a value is painted in.
PIXEL = """([canvas, x, y]) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data]"""
VIRIDIS_ENDS = [68, 1, 84], [253, 231, 37]


def weights(name: str, step: int) -> np.ndarray[Any, Any]:
    """Return the float32[3, 20, 30] that a run logs at a step."""
    random = np.random.default_rng([len(name), step])
    values = random.normal(0, 1 + step, (3, 20, 30)).astype(np.float32)
    values[0, 4, 7] = np.nan
    return values


@pytest.fixture
def page(open_page: OpenPage, epochal_server: RunningServer, tmp_path: Path) -> Page:
    """Return the workspace of two runs that log a large tensor and small ones."""
    for name in ("ada", "bobby"):
        with SummaryWriter(tmp_path / name, project="tensors") as writer:
            for step in (0, 5):
                writer.add_tensor("weights", weights(name, step), step)
                writer.add_tensor("small", np.arange(6).reshape(2, 3) / 7 + step, step)
                writer.add_tensor("half", np.array([1.5, -0.25], np.float16), step)
    return open_page("local/tensors/workspace?kind=tensor")


def panel(page: Page, key: str) -> Locator:
    return page.locator(f'.panel[data-key="{key}"]')


def point_at(page: Page, picture: Locator, row: int, column: int) -> None:
    box = picture.bounding_box()
    assert box
    page.mouse.move(
        box["x"] + box["width"] * (column + 0.5) / 30, box["y"] + box["height"] * (row + 0.5) / 20
    )


def test_tensors_are_tables_pictures_and_files(page: Page):
    # A small one is a table of what was logged, with its type and shape.
    small = panel(page, "small")
    small.locator("table").first.wait_for()
    assert "float64 [2, 3]" in small.inner_text()
    cell = small.locator("tbody tr").first.locator("td").nth(2)
    assert (cell.inner_text(), cell.get_attribute("title")) == ("5.286", str(2 / 7 + 5))
    assert "float16 [2]" in panel(page, "half").inner_text()
    # A large one is a picture: the pointer reads the same value of each run, of the first matrix.
    large = panel(page, "weights")
    pictures = large.locator("canvas")
    pictures.nth(1).wait_for()
    runs = large.locator(".run-tag-name").all_inner_texts()
    names = [run.rpartition("/")[2] for run in runs]
    assert sorted(names) == ["ada", "bobby"]
    point_at(page, pictures.first, 12, 3)
    for name, foot in zip(names, large.locator(".tensor-foot").all_inner_texts(), strict=True):
        value = weights(name, 5)[0, 12, 3]
        assert foot == f"[0, 12, 3] = {np.format_float_positional(value, trim='-')}"
    # The colours reach from the least to the largest value of both runs; NaN is transparent.
    lows = [np.nanmin(weights(name, 5)) for name in names]
    least = int(np.argmin(lows))
    where = np.unravel_index(np.nanargmin(weights(names[least], 5)), (3, 20, 30))
    page.get_by_label("Place in dimension 0, of 3").fill(str(where[0]))
    handle = pictures.nth(least).element_handle()
    place = [handle, int(where[2]), int(where[1])]
    expect_eventually(
        page,
        f"place => ({PIXEL})(place).join() === '{','.join(map(str, VIRIDIS_ENDS[0]))},255'",
        place,
    )
    page.get_by_label("Place in dimension 0, of 3").fill("0")
    expect_eventually(page, f"place => ({PIXEL})(place)[3] === 0", [handle, 7, 4])
    # The slice is in the address, and the step slider leads to the other step.
    page.get_by_label("Place in dimension 0, of 3").fill("2")
    expect_eventually(page, "() => decodeURIComponent(location.search).includes('at:2')")
    page.keyboard.press("Escape")
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("ArrowLeft")
    expect_eventually(
        page,
        """() => document.querySelector('[data-key="weights"] .run-cell-label')
              .innerText.includes('step 0')""",
    )
    # The keyboard reads value by value.
    page.mouse.move(5, 5)
    pictures.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    value = weights(names[0], 0)[2, 0, 1]
    text = np.format_float_positional(value, trim="-")
    expect_eventually(
        page,
        "text => document.querySelector('[data-key=weights] .tensor-foot').innerText === text",
        f"[2, 0, 1] = {text}",
    )
    # What is saved is what was logged.
    with page.expect_download() as download:
        page.get_by_label(f"Save weights of {runs[0]} as .npy").click()
    saved = np.load(io.BytesIO(download.value.path().read_bytes()))
    assert saved.dtype == np.float32
    assert np.array_equal(saved, weights(names[0], 0), equal_nan=True)
    # Other colours, by the menu.
    large.get_by_label("More about weights").click()
    page.get_by_role("radio", name="magma").click()
    expect_eventually(page, "() => decodeURIComponent(location.search).includes('map:magma')")
    page.get_by_role("radio", name="values").click()
    large.locator("table").first.wait_for()
    assert large.locator("tbody tr").first.locator("td").nth(1).get_attribute("title") == text
