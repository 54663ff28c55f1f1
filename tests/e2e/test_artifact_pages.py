"""The pages of artifacts: what there is, what is in a version, what has changed, and where it comes from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from epochal.records import LOCAL_ADMIN
from epochal.store.sql import open_store
from tests.e2e.looking import PHONE, OpenPage, expect_eventually
from tests.e2e.test_accessibility import Findings, axe
from tests.e2e.wandb_values import picture
from tests.server.test_media import digest_of
from tests.store.artifacts import log

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.conftest import RunningServer, ServerStarter

__all__ = ["axe"]

pytestmark = pytest.mark.browser

PROJECT = "kept"
PICTURE = picture(90)
CELL = {
    "_type": "image-file",
    "path": "media/images/one.png",
    "sha256": digest_of(PICTURE),
    "width": 8,
    "height": 8,
    "format": "png",
}
TABLE = json.dumps({"columns": ["picture", "n"], "data": [[CELL, 1], [CELL, 2]]}).encode()
FILES: dict[str, bytes | str] = {
    "weights.bin": b"0" * 3000,
    "notes.txt": b"first\n",
    "old.txt": b"gone soon",
    "guesses.table.json": TABLE,
    "media/images/one.png": PICTURE,
    "far.bin": "s3://bucket/far.bin",
}


@pytest.fixture
def epochal_server(data_dir: Path, start_server: ServerStarter) -> RunningServer:
    """Return a server with a data set, three versions of a model, the runs around them, and a logged table."""
    store = open_store(data_dir)
    try:
        for name in ("train", "eval"):
            store.create_run(LOCAL_ADMIN, "local", PROJECT, name)
        data = log(store, {"x.npy": b"1" * 500}, "digits", project=PROJECT)
        store.artifacts.use(LOCAL_ADMIN, "local", PROJECT, "train", data.id)
        model = data
        for number in range(3):
            files = {**FILES, "notes.txt": f"version {number}\n".encode()}
            if number == 2:
                files["new/weights.bin"] = files.pop("weights.bin")
                del files["old.txt"]
            model = log(
                store,
                files,
                "model",
                project=PROJECT,
                type_="model",
                run="train",
                metadata=json.dumps({"epoch": number, "nested": {"loss": 0.5}}),
                aliases=("best",) if number == 1 else (),
            )
        store.artifacts.use(LOCAL_ADMIN, "local", PROJECT, "eval", model.id)
        log(store, {"t.table.json": TABLE}, "run-a-guesses", project=PROJECT, type_="run_table")
    finally:
        store.close()
    return start_server()


def main_text(page: Page) -> str:
    return page.locator("main").inner_text()


def test_artifacts_are_listed_looked_into_compared_and_traced(
    epochal_server: RunningServer, open_page: OpenPage, axe: str
):
    findings = Findings(axe)
    page = open_page(f"local/{PROJECT}/workspace")
    page.locator(".project-tabs a", has_text="Artifacts").click()
    types = page.locator(".artifact-type > summary")
    types.nth(2).wait_for()
    # What the client makes by itself comes last, folded.
    assert [text.split()[0] for text in types.all_inner_texts()] == [
        "dataset",
        "model",
        "run_table",
    ]
    assert page.locator(".artifact-type[open]").count() == 2
    findings.look(page, "artifacts")
    page.get_by_role("link", name="model", exact=True).click()
    page.locator(".artifact-facts").wait_for()
    assert page.locator(".version-list b").all_inner_texts() == ["v2", "v1", "v0"]
    text = main_text(page)
    for part in ("model:v2", "latest", "epoch", "0.5", "train", "eval", "best"):
        assert part in text, part
    assert f'run.use_artifact("local/{PROJECT}/model:v2", type="model")' in text
    findings.look(page, "overview")
    # Changes since the version before, by digest.
    page.get_by_role("link", name="Changes").click()
    page.get_by_role("status").filter(has_text="added").wait_for()
    said = page.locator(".artifact-diff [role=status]").inner_text()
    assert said == "1 added, 2 removed, 1 changed, 3 the same"
    rows = page.locator(".change-row").all_inner_texts()
    assert [row.split()[2] for row in rows] == [
        *("new/weights.bin", "notes.txt", "old.txt", "weights.bin"),
    ]
    page.get_by_label("Compared with version").select_option("v0")
    expect_eventually(page, "() => location.pathname.endsWith('/model/v2/diff/v0')")
    findings.look(page, "changes")
    # Files: text, a table with its pictures, a reference.
    page.get_by_role("link", name="Files").click()
    page.locator(".file-list").get_by_role("link", name="notes.txt").click()
    page.get_by_text("version 2").wait_for()
    page.locator(".file-list").get_by_role("link", name="guesses.table.json").click()
    expect_eventually(
        page,
        """() => [...document.querySelectorAll('.dt-cell img')]
                .filter(one => one.complete && one.naturalWidth === 8).length === 2""",
    )
    findings.look(page, "table of an artifact")
    page.locator(".file-list").get_by_role("link", name="far.bin").click()
    page.get_by_text("s3://bucket/far.bin").wait_for()
    # Where it comes from and what became of it, from left to right.
    page.get_by_role("link", name="Lineage").click()
    page.locator(".lineage-node").nth(3).wait_for()
    nodes: list[dict[str, Any]] = page.evaluate(
        """() => [...document.querySelectorAll('.lineage-node')].map(one => ({
            label: one.querySelector('b').textContent, left: one.getBoundingClientRect().left,
            here: one.getAttribute('aria-current')}))"""
    )
    places = {node["label"]: node["left"] for node in nodes}
    order = ["digits:v0", "train", "model:v2", "eval"]
    assert sorted(order, key=lambda name: places[name]) == order
    assert [node["label"] for node in nodes if node["here"]] == ["model:v2"]
    page.emulate_media(color_scheme="dark")
    findings.look(page, "lineage, dark")
    # An alias is an address, too, and what is not there is said.
    page.goto(f"{epochal_server.url}/local/{PROJECT}/artifacts/model/model/best")
    page.locator("h1", has_text="model:v1").wait_for()
    page.goto(f"{epochal_server.url}/local/{PROJECT}/artifacts/model/nothing/v0")
    page.get_by_text("cannot be shown").wait_for()
    assert list(findings.lines.values()) == []


def test_artifacts_fit_a_phone(epochal_server: RunningServer, open_page: OpenPage):
    page = open_page(f"local/{PROJECT}/artifacts/model/model", viewport=PHONE)
    page.locator(".artifact-facts").wait_for()
    for tab in ("", "/files", "/diff"):
        page.goto(f"{epochal_server.url}/local/{PROJECT}/artifacts/model/model/v1{tab}")
        page.locator(".artifact-tabs").wait_for()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_label("Version", exact=True).select_option("v0")
    expect_eventually(page, "() => location.pathname.endsWith('/model/v0/diff')")
