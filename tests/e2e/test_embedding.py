"""Embeddings in a browser: turned, coloured, searched, and neighbours that are scikit-learn's."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors

from epochal.formats import media
from tests.e2e.looking import OpenPage, expect_eventually
from tests.e2e.posting import post
from tests.server.test_media import MediaJournal, digest_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import RunningServer

pytestmark = pytest.mark.browser

COUNT = 200
LOADED = load_digits(return_X_y=True)
VALUES = np.asarray(LOADED[0])[:COUNT].astype("<f4")
DIGITS = np.asarray(LOADED[1])[:COUNT]
CANVAS = ".embedding-canvas"
PICTURE = f"() => document.querySelector('{CANVAS}').toDataURL()"


def log_digits(server: RunningServer, project: str) -> None:
    """Log 200 digits with two columns of labels and pictures, at two steps."""
    journal = MediaJournal(f"{project}-run", project=project)
    ink = VALUES.sum(axis=1).astype(int)
    lines = [f"{digit}\t{amount}" for digit, amount in zip(DIGITS, ink, strict=True)]
    labels = "\n".join(["digit\tink", *lines]).encode()
    sheet = np.zeros((15 * 8, 15 * 8), np.uint8)
    for i, values in enumerate(VALUES):
        row, column = divmod(i, 15)
        sheet[row * 8 : row * 8 + 8, column * 8 : column * 8 + 8] = values.reshape(8, 8) * 15
    packed = io.BytesIO()
    Image.fromarray(sheet).save(packed, "PNG")
    for step, values in ((0, VALUES**2), (7, VALUES)):
        references = []
        for data in (values.tobytes(), labels, packed.getvalue()):
            journal.blob(data)
            references.append(media.blob_reference(digest_of(data), len(data)))
        value = {
            "_type": "embedding",
            "tensor": {**references[0], "dtype": "<f4", "shape": [COUNT, 64]},
            "labels": {**references[1], "header": True},
            "sprite": {**media.image(references[2], "png", 120, 120), "single": [8, 8]},
        }
        journal.row(step, {"digits": value})
    post(server, journal.exit())


def picture(page: Page) -> str:
    """Return what is drawn, once it has come to rest."""
    before = ""
    for _ in range(50):
        now = page.evaluate(PICTURE)
        if now == before:
            return now
        before = now
        page.wait_for_timeout(100)
    raise AssertionError("the picture does not come to rest")


def expect_points(page: Page) -> None:
    expect_eventually(
        page,
        f"() => document.querySelector('{CANVAS}')?.getAttribute('aria-label').includes('200 points')",
    )


def test_the_neighbours_of_a_point_are_those_of_scikit_learn(
    open_page: OpenPage, epochal_server: RunningServer
):
    log_digits(epochal_server, "near")
    page = open_page("local/near/workspace?o:digits=dim:2;pictures:0")
    expect_points(page)
    picture(page)
    box = page.locator(CANVAS).bounding_box()
    assert box
    for across in range(20, 80, 3):  # until a point is under the pointer
        page.mouse.click(box["x"] + box["width"] * across / 100, box["y"] + box["height"] / 2)
        if page.locator(".neighbour-card").count():
            break
    expect_eventually(page, "() => document.querySelectorAll('.neighbour-card li').length === 100")
    card = page.locator(".neighbour-card")
    point = int(card.locator("dd").first.inner_text())
    rows = [int(one.get_attribute("data-row") or "") for one in card.locator("[data-row]").all()]
    for metric in ("cosine", "euclidean"):
        theirs = NearestNeighbors(n_neighbors=101, metric=metric).fit(VALUES.astype(float))
        distances, expected = theirs.kneighbors(VALUES[point : point + 1].astype(float))
        # Of two that are equally near either may come first.
        ours = pairwise_distances(VALUES[[point]].astype(float), VALUES[rows], metric=metric)[0]
        np.testing.assert_allclose(ours, distances[0, 1:], atol=1e-9)
        assert set(rows[:50]) <= set(expected[0].tolist())
        if metric == "cosine":
            page.get_by_role("radio", name="Euclidean").click()
            expect_eventually(
                page,
                """before => [...document.querySelectorAll('.neighbour-card [data-row]')]
                    .map(one => Number(one.dataset.row)).join() !== before""",
                ",".join(map(str, rows)),
            )
            page.wait_for_timeout(50)
            rows = [
                int(one.get_attribute("data-row") or "") for one in card.locator("[data-row]").all()
            ]
    # A neighbour leads on to its own.
    card.locator("[data-row]").first.click()
    expect_eventually(
        page, f"() => document.querySelector('.neighbour-card dd').textContent === '{rows[0]}'"
    )


def test_a_cloud_turns_by_pointer_and_keys_and_comes_back(
    open_page: OpenPage, epochal_server: RunningServer
):
    log_digits(epochal_server, "turned")
    page = open_page("local/turned/workspace?o:digits=pictures:0")
    expect_points(page)
    start = picture(page)
    box = page.locator(CANVAS).bounding_box()
    assert box
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 180, box["y"] + 130, steps=5)
    page.mouse.up()
    dragged = picture(page)
    assert dragged != start
    page.locator(CANVAS).focus()
    page.keyboard.press("ArrowRight")
    assert picture(page) != dragged
    page.keyboard.press("0")
    page.mouse.move(5, 5)
    assert picture(page) == start
    page.get_by_label("Dimensions").select_option("2")
    expect_eventually(page, "() => location.search.includes('dim:2')")
    assert picture(page) != start


def test_colours_search_pictures_and_steps(open_page: OpenPage, epochal_server: RunningServer):
    log_digits(epochal_server, "sought")
    page = open_page("local/sought/workspace?o:digits=pictures:0")
    expect_points(page)
    expect_eventually(page, "() => document.querySelectorAll('.embedding-legend li').length === 10")
    by_digit = picture(page)
    page.get_by_label("Colour by").select_option("ink")
    expect_eventually(page, "() => document.querySelectorAll('.embedding-legend li').length === 0")
    by_ink = picture(page)
    assert by_ink != by_digit
    page.get_by_label("Colour by").select_option("digit")
    page.get_by_label("Find points").fill("7")
    ink = VALUES.sum(axis=1).astype(int)
    expected = sum("7" in f"{d} {i}" for d, i in zip(DIGITS, ink, strict=True))
    expect_eventually(
        page,
        "n => document.querySelector('.embedding-bar [role=status]')?.textContent === `${n} found`",
        int(expected),
    )
    assert picture(page) != by_digit
    page.get_by_label("Find points").fill("")
    plain = picture(page)
    page.get_by_role("checkbox", name="pictures").check()
    expect_eventually(page, f"before => ({PICTURE})() !== before", plain)
    # An earlier step is another embedding.
    page.get_by_role("checkbox", name="pictures").uncheck()
    newest = picture(page)
    page.goto(page.url.split("?")[0] + "?step=0&o:digits=pictures:0")
    expect_eventually(
        page,
        f"() => document.querySelector('{CANVAS}')?.getAttribute('aria-label').includes('step 0:')",
    )
    assert picture(page) != newest


def test_tsne_is_made_with_progress_and_shown(open_page: OpenPage, epochal_server: RunningServer):
    log_digits(epochal_server, "placed")
    page = open_page("local/placed/workspace?o:digits=pictures:0;dim:2")
    expect_points(page)
    by_components = picture(page)
    page.get_by_label("How points are placed").select_option("tsne")
    page.locator(".embedding-progress").wait_for()
    page.get_by_role("button", name="Cancel").click()
    expect_eventually(page, "() => document.querySelector('.embedding-progress') === null")
    assert page.get_by_label("How points are placed").input_value() == "pca"
    page.get_by_label("How points are placed").select_option("tsne")
    expect_eventually(page, "() => document.querySelector('.embedding-progress') !== null")
    expect_eventually(
        page,
        """() => document.querySelector('.embedding-progress') === null
            && !document.querySelector('.embedding-note').textContent.includes('variance')""",
    )
    assert picture(page) != by_components
