"""Meshes in a browser: one is orbited and the others follow; colours, wireframe, points, steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from epochal.formats import media
from tests.e2e.looking import OpenPage, expect_eventually
from tests.e2e.posting import post
from tests.server.test_media import MediaJournal, digest_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import RunningServer

pytestmark = pytest.mark.browser

# A tetrahedron with a red, a green, a blue and a white corner.
CORNERS = np.array([[[1, 1, 1], [-1, -1, 1], [1, -1, -1], [-1, 1, -1]]], "<f4")
FACES = np.array([[[0, 2, 1], [0, 3, 2], [0, 1, 3], [1, 2, 3]]], "<i4")
COLORS = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], "|u1")


def reference(journal: MediaJournal, array: np.ndarray) -> dict[str, Any]:
    data = array.tobytes()
    journal.blob(data)
    place = media.blob_reference(digest_of(data), len(data))
    return {**place, "dtype": array.dtype.str, "shape": list(array.shape)}


def log_meshes(server: RunningServer, project: str) -> None:
    """Log tetrahedra of two runs at two steps, and a cloud of points that fills the view with red."""
    for run in ("first", "second"):
        journal = MediaJournal(f"{project}-{run}", project=project)
        for step in (0, 5):
            mesh = {
                "_type": "mesh",
                "vertices": reference(journal, (CORNERS * [1, 1 + step, 1]).astype("<f4")),
                "faces": reference(journal, FACES),
                "colors": reference(journal, COLORS),
                "config": {
                    "camera": {"cls": "PerspectiveCamera", "fov": 60},
                    "lights": [{"cls": "AmbientLight", "color": "#ffffff", "intensity": 1}],
                },
            }
            journal.row(step, {"shape": mesh})
        if run == "first":
            grid = np.linspace(-1, 1, 15)
            points = np.stack(np.meshgrid(grid, grid, grid), -1).reshape(1, -1, 3).astype("<f4")
            red = np.tile(np.array([255, 0, 0], "|u1"), (1, points.shape[1], 1))
            cloud = {
                "_type": "mesh",
                "vertices": reference(journal, points),
                "colors": reference(journal, red),
                "config": {},
            }
            journal.row(0, {"cloud": cloud})
        post(server, journal.exit())


def canvas(key: str, run: str) -> str:
    return f'.panel[data-key="{key}"] .mesh-one[data-run="{run}"] canvas'


def ready(page: Page, selector: str) -> None:
    expect_eventually(
        page, "one => document.querySelector(one)?.dataset.ready === 'true'", selector
    )


def picture(page: Page, selector: str) -> str:
    """Return what is drawn, once it has come to rest."""
    before = ""
    for _ in range(50):
        now = page.evaluate("one => document.querySelector(one).toDataURL()", selector)
        if now == before:
            return now
        before = now
        page.wait_for_timeout(100)
    raise AssertionError("the picture does not come to rest")


# How many pixels of a canvas are of a colour: red, green, blue, each within 40.
PAINTED = """([one, color]) => {
    const canvas = document.querySelector(one);
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4)
        if (color.every((value, j) => Math.abs(data[i + j] - value) < 40)) count++;
    return count;
}"""


def test_a_mesh_is_orbited_and_the_second_follows(
    open_page: OpenPage, epochal_server: RunningServer
):
    log_meshes(epochal_server, "orbit")
    page = open_page("local/orbit/workspace")
    one, other = canvas("shape", "orbit-first"), canvas("shape", "orbit-second")
    ready(page, one)
    ready(page, other)
    before = picture(page, one), picture(page, other)
    assert before[0] == before[1]
    box = page.locator(one).bounding_box()
    assert box
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 90, steps=5)
    page.mouse.up()
    turned = picture(page, one), picture(page, other)
    assert turned[0] != before[0]
    assert turned[0] == turned[1]
    assert page.locator(one).get_attribute("data-turn") == page.locator(other).get_attribute(
        "data-turn"
    )
    # Unlinked, the second stays where it is.
    page.locator('.panel[data-key="shape"]').get_by_label("linked cameras").uncheck()
    page.locator(one).focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert picture(page, one) != turned[0]
    assert picture(page, other) == turned[1]
    page.locator('.panel[data-key="shape"]').get_by_role("button", name="Reset view").click()
    assert picture(page, one) == before[0]


def test_colours_are_as_logged_or_by_height(open_page: OpenPage, epochal_server: RunningServer):
    log_meshes(epochal_server, "colours")
    page = open_page("local/colours/workspace")
    cloud = canvas("cloud", "colours-first")
    ready(page, cloud)
    picture(page, cloud)
    red = page.evaluate(PAINTED, [cloud, [255, 0, 0]])
    assert red > 3000
    panel = page.locator('.panel[data-key="cloud"]')
    panel.get_by_label("Size of the points").fill("1")
    picture(page, cloud)
    assert 0 < page.evaluate(PAINTED, [cloud, [255, 0, 0]]) < red / 3
    panel.get_by_label("Colour of the mesh").select_option("height")
    picture(page, cloud)
    assert page.evaluate(PAINTED, [cloud, [255, 0, 0]]) == 0
    expect_eventually(page, "() => location.search.includes('color:height')")


def test_logged_lights_are_as_bright_as_in_tensorboard(
    open_page: OpenPage, epochal_server: RunningServer
):
    log_meshes(epochal_server, "lights")
    page = open_page("local/lights/workspace?o:shape=color:none")
    one = canvas("shape", "lights-first")
    ready(page, one)
    picture(page, one)
    # In full light from everywhere, one colour is that very colour (see scene.ts).
    assert page.evaluate(PAINTED, [one, [0x6B, 0x7F, 0xAE]]) > 1000


def test_wireframe_steps_and_how_many_contexts(open_page: OpenPage, epochal_server: RunningServer):
    log_meshes(epochal_server, "wire")
    page = open_page("local/wire/workspace")
    one = canvas("shape", "wire-first")
    ready(page, one)
    filled = picture(page, one)
    painted = "one => !(" + PAINTED + ")([one, [255, 255, 255]])"
    assert page.evaluate(painted, one) is False
    before = page.evaluate(PAINTED, [one, [255, 255, 255]])
    page.locator('.panel[data-key="shape"]').get_by_label("wireframe").check()
    assert picture(page, one) != filled
    assert page.evaluate(PAINTED, [one, [255, 255, 255]]) > before
    page.locator('.panel[data-key="shape"]').get_by_label("wireframe").uncheck()
    assert picture(page, one) == filled
    # The step before is another shape, and the panel says which.
    page.goto(page.url.split("?")[0] + "?step=0")
    ready(page, one)
    expect_eventually(
        page,
        "one => document.querySelector(one).getAttribute('aria-label').includes('at step 0')",
        one,
    )
    assert picture(page, one) != filled
    assert "4 vertices, 4 triangles" in (page.locator(one).get_attribute("aria-label") or "")
    # One context for all of the page: canvases of the cells have two dimensions.
    kinds = page.evaluate(
        "() => [...document.querySelectorAll('.mesh-cell canvas')].map(one => !!one.getContext('2d'))"
    )
    assert kinds == [True, True, True]


def test_without_webgl_the_panel_says_so(open_page: OpenPage, epochal_server: RunningServer):
    log_meshes(epochal_server, "without")
    page = open_page("local/without/workspace?kind=line")
    page.evaluate(
        """() => {
            const before = HTMLCanvasElement.prototype.getContext;
            HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
                return kind.startsWith('webgl') ? null : before.call(this, kind, ...more);
            };
        }"""
    )
    page.get_by_role("button", name="kind").first.click()
    page.get_by_role("menuitemradio", name="Meshes").click()
    page.locator(".mesh-error").first.wait_for()
    assert "no WebGL" in page.locator(".mesh-error").first.inner_text()
