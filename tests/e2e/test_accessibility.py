"""axe-core over every page and what opens on it: nothing serious or critical, in both themes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.digits import log_run
from tests.e2e.looking import OpenPage, wait_for_charts

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import RunningServer

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")

RUN_AXE = """async () => {
    const {violations} = await axe.run(document, {resultTypes: ['violations']});
    return violations.flatMap(({id, impact, nodes}) => nodes.map(
        ({target, failureSummary, html}) => ({id, impact, target: target.join(' '), html, failureSummary})));
}"""


@pytest.fixture(scope="module")
def axe(require_component: Callable[[str, str], Any]) -> str:
    """Return the source of axe-core, from the packages that the web interface is built with."""
    if not AXE.exists():
        require_component("axe-core", f"no {AXE}; run `npm ci` in web/")
    return AXE.read_text(encoding="utf-8")


class Findings:
    """What axe-core finds serious or critical, each once, with where it was first seen."""

    def __init__(self, axe: str) -> None:
        self.axe = axe
        self.lines: dict[tuple[str, str], str] = {}

    def look(self, page: Page, where: str) -> None:
        """Look at a page as it stands."""
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(self.axe)
        for one in page.evaluate(RUN_AXE):
            if one["impact"] in GRAVE:
                line = f"{where}: {one['id']} at {one['target']}: {one['html'][:200]}"
                explained = one["failureSummary"].replace("\n", " ")
                self.lines.setdefault((one["id"], one["target"]), f"{line}\n    {explained}")


def project_scenes(page: Page) -> Iterator[str]:
    """Bring the workspace into each state worth looking at, and yield its name."""
    wait_for_charts(page, 6)
    yield "workspace"
    page.keyboard.press("Control+k")
    page.locator(".palette-option").first.wait_for()
    yield "palette"
    page.keyboard.press("Control+k")
    page.locator(".palette").wait_for(state="detached")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard and pointer").wait_for()
    yield "sheet of keys"
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Keyboard and pointer").wait_for(state="detached")
    for label in ("View: Default", "Share", "X axis: step", "Group by: none", "Colours"):
        page.get_by_role("button", name=label, exact=True).click()
        page.locator(".popover").locator("button, input").first.wait_for()
        yield f"menu {label}"
        page.keyboard.press("Escape")
        page.locator(".popover").wait_for(state="detached")
    page.locator('.panel[data-key="epoch"] figcaption').click(modifiers=["Shift"])
    page.get_by_label("Select optim/lr", exact=True).check()
    page.get_by_label("More about train/loss", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Move and size…").click()
    page.get_by_role("button", name="Usual size").wait_for()
    yield "selected panels, and the place and size of one"
    page.keyboard.press("Escape")
    page.locator(".popover").wait_for(state="detached")
    page.get_by_role("button", name="Select no panel").click()
    page.locator(".run-row").first.click(button="right", position={"x": 90, "y": 12})
    page.locator(".popover").wait_for()
    yield "menu of a run"
    page.keyboard.press("Escape")
    page.locator(".popover").wait_for(state="detached")
    page.keyboard.press("Control+s")
    page.get_by_role("dialog", name="Save as a new view").wait_for()
    yield "dialog that saves a view"
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Save as a new view").wait_for(state="detached")
    page.get_by_role("link", name="run-1", exact=True).click()
    page.locator(".run-sheet").wait_for()
    yield "sheet of a run"
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    page.locator(".full").wait_for()
    yield "full screen"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_grave_findings(
    open_page: OpenPage, epochal_server: RunningServer, axe: str, scheme: str
) -> None:
    for number in range(3):
        log_run(number, rows=20, tags=["baseline"])
    page = open_page(color_scheme=scheme)
    found = Findings(axe)

    page.locator(".projects").wait_for()
    found.look(page, "home")
    page.goto(f"{epochal_server.url}/local/digits")
    for scene in project_scenes(page):
        found.look(page, scene)
    for path, landmark in {
        "local/digits?g=config.lr&color=by:config.lr&q=lr>0": ".group-row",
        "local/digits/table": "[role=grid]",
        "local/digits/compare?runs=run-0,run-1": ".compare-table td",
        "local/digits/runs/run-1": ".panel canvas",
        "local/digits/runs/run-1/overview": ".overview",
        "local/digits/no/such/page": ".notice",
        "embed/local/digits?full=val/loss": ".full .panel canvas",
    }.items():
        page.goto(f"{epochal_server.url}/{path}")
        page.locator(landmark).first.wait_for()
        found.look(page, path)
    page.goto(f"{epochal_server.url}/login")
    page.get_by_label("Token").wait_for()
    found.look(page, "login")
    assert not found.lines, "\n".join(found.lines.values())
