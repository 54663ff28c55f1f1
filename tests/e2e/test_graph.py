"""Graphs in a browser: opened, searched, and the path through a node lit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from epochal.formats import media
from tests.e2e.looking import OpenPage, expect_eventually
from tests.e2e.posting import post
from tests.server.test_media import MediaJournal, digest_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import RunningServer

pytestmark = pytest.mark.browser
FILES = Path(__file__).parent.parent / "formats" / "graphs"

LABELS = """() => [...document.querySelectorAll('.graph-box')].map(box => box.dataset.path)"""
LIT = """() => [...document.querySelectorAll('.graph-box.lit:not(.open)')].map(box => box.dataset.path)"""


def log_graph(server: RunningServer, name: str, form: str, project: str) -> None:
    data = (FILES / name).read_bytes()
    journal = MediaJournal(f"{project}-run", project=project).blob(data)
    reference = media.blob_reference(digest_of(data), len(data))
    journal.row(0, {"graph": {"_type": "graph", **reference, "format": form}, "loss": 0.5})
    post(server, journal.exit())


def boxes(page: Page) -> list[str]:
    return page.evaluate(LABELS)


def wait_for_box(page: Page, path: str) -> None:
    expect_eventually(page, f"path => ({LABELS})().includes(path)", path)


def box(page: Page, path: str):
    return page.locator(f'.graph-box[data-path="{path}"]')


def test_groups_open_by_click_and_by_enter_and_the_address_says_so(
    open_page: OpenPage, epochal_server: RunningServer
):
    log_graph(epochal_server, "torch_add_graph.pb", "graphdef", "opened")
    page = open_page("local/opened/workspace")
    wait_for_box(page, "Net/Linear[fc]")
    assert "Net/Linear[fc]/105" not in boxes(page)
    box(page, "Net/Linear[fc]").click()
    wait_for_box(page, "Net/Linear[fc]/105")
    inner, outer = (
        box(page, path).bounding_box() for path in ("Net/Linear[fc]/105", "Net/Linear[fc]")
    )
    assert inner
    assert outer
    assert outer["x"] <= inner["x"]
    assert inner["y"] + inner["height"] <= outer["y"] + outer["height"]
    expect_eventually(page, "() => decodeURIComponent(location.search).includes('Linear[fc]')")
    page.reload()
    wait_for_box(page, "Net/Linear[fc]/105")
    # The arrows lead from box to box, and Enter closes an open one.
    box(page, "Net/Linear[fc]").focus()
    page.keyboard.press("Enter")
    expect_eventually(page, f"() => !({LABELS})().includes('Net/Linear[fc]/105')")
    before = page.evaluate("() => document.activeElement.dataset.path")
    assert before == "Net/Linear[fc]"
    page.keyboard.press("ArrowUp")
    assert page.evaluate("() => document.activeElement.dataset.path") == "Net/input"


def test_a_search_opens_what_a_node_is_in_and_says_what_it_is(
    open_page: OpenPage, epochal_server: RunningServer
):
    log_graph(epochal_server, "torch_add_graph.pb", "graphdef", "searched")
    page = open_page("local/searched/workspace")
    wait_for_box(page, "Net/Linear[fc]")
    page.get_by_label("Find a node").fill("relu input")
    page.keyboard.press("Enter")
    path = "Net/Sequential[features]/ReLU[1]/input.3"
    wait_for_box(page, path)
    card = page.locator(".graph-card")
    assert "aten::relu" in card.inner_text()
    assert "[1, 2, 6, 6]" in card.inner_text()
    assert "picked" in (box(page, path).get_attribute("class") or "")
    # It stands in the middle of what is left of the panel.
    middle, panel = box(page, path).bounding_box(), page.locator(".graph-svg").bounding_box()
    assert middle
    assert panel
    assert abs(middle["x"] + middle["width"] / 2 - panel["x"] - panel["width"] / 2) < 160
    # What it reads leads on.
    card.get_by_role("button", name="input.1").click()
    expect_eventually(
        page,
        "() => document.querySelector('.graph-card').innerText.includes('aten::_convolution')",
    )


def test_the_path_through_a_node_is_lit(open_page: OpenPage, epochal_server: RunningServer):
    log_graph(epochal_server, "keras3_functional.json", "keras", "lit")
    page = open_page("local/lit/workspace?o:graph=open:")
    wait_for_box(page, "add")
    box(page, "side").click()
    page.get_by_role("radio", name="Ancestors").click()
    expect_eventually(page, f"() => ({LIT})().join() === 'meta,side'")
    page.get_by_role("radio", name="Descendants").click()
    expect_eventually(page, f"() => ({LIT})().join() === 'side,add,probabilities'")
    lit_edges = page.locator(".graph-edge.lit").count()
    assert lit_edges == 2
    page.get_by_role("radio", name="Both").click()
    assert page.locator(".graph-card [role=status]").inner_text() == "4 of 8 nodes"
    # A closed group is lit when something in it is.
    box(page, "probabilities").click()
    page.get_by_role("radio", name="Ancestors").click()
    expect_eventually(page, f"() => ({LIT})().includes('block')")


def test_a_graph_is_moved_and_zoomed(open_page: OpenPage, epochal_server: RunningServer):
    log_graph(epochal_server, "branches.onnx", "onnx", "moved")
    page = open_page("local/moved/workspace")
    wait_for_box(page, "choose")
    start = box(page, "choose").bounding_box()
    panel = page.locator(".graph-svg").bounding_box()
    assert start
    assert panel
    page.mouse.move(panel["x"] + 20, panel["y"] + 20)
    page.mouse.down()
    page.mouse.move(panel["x"] + 60, panel["y"] + 50, steps=4)
    page.mouse.up()
    moved = box(page, "choose").bounding_box()
    assert moved
    assert moved["x"] == pytest.approx(start["x"] + 40, abs=1)
    assert moved["y"] == pytest.approx(start["y"] + 30, abs=1)
    page.get_by_label("Zoom in (+)").click()
    larger = box(page, "choose").bounding_box()
    assert larger
    assert larger["width"] == pytest.approx(1.25 * moved["width"], rel=0.05)
    page.get_by_label("Show all of it (0)").click()
    back = box(page, "choose").bounding_box()
    assert back
    assert back["x"] == pytest.approx(start["x"], abs=1)


def test_boxes_have_the_colours_of_what_a_run_of_the_graph_took(
    open_page: OpenPage, epochal_server: RunningServer
):
    names = {"graph": "tensorflow_library.pb", "graph/step1": "timings.pb", "alone": "timings.pb"}
    journal = MediaJournal("timed-run", project="timed")
    row = {}
    for key, name in names.items():
        data = (FILES / name).read_bytes()
        journal = journal.blob(data)
        form = "graphdef" if key == "graph" else "profile"
        reference = media.blob_reference(digest_of(data), len(data))
        row[key] = {"_type": "graph", **reference, "format": form}
    post(epochal_server, journal.row(0, row).exit())
    page = open_page("local/timed/workspace?kind=graph")
    graph = page.locator('.panel[data-key="graph"]')
    fill = """([key, path]) => document.querySelector(
        `.panel[data-key="${key}"] [data-path="${path}"] > .graph-face`)?.style.fill"""
    graph.get_by_label("Colours of the graph").select_option("time")
    expect_eventually(page, f"at => ({fill})(at)?.includes('55.0%')", ["graph", "dense"])
    assert page.evaluate(fill, ["graph", "init"]) == ""
    assert "42 µs" in graph.locator(".graph-scale").inner_text()
    graph.locator('[data-path="dense"]').click()
    card = graph.locator(".graph-card")
    expect_eventually(
        page, "() => document.querySelector('.graph-card')?.innerText.includes('in 1 of 3 nodes')"
    )
    assert all(text in card.inner_text() for text in ("42 µs", "1.02 kB", "/device:CPU:0"))
    # Products of matrices are known without a run: 2 outputs of 4 products each.
    graph.get_by_label("Colours of the graph").select_option("flops")
    expect_eventually(page, f"at => ({fill})(at)?.includes('55.0%')", ["graph", "dense/MatMul"])
    assert "16" in graph.locator(".graph-scale").inner_text()
    # Metadata of a run is drawn on the graph that it belongs to; without one it is a table.
    expect_eventually(page, f"at => ({fill})(at)?.includes('55.0%')", ["graph/step1", "dense"])
    alone = page.locator('.panel[data-key="alone"] tbody tr')
    alone.wait_for()
    assert alone.inner_text().split() == ["dense/MatMul", "42", "µs", "1.02", "kB"]
