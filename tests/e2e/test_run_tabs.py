"""The tabs of a run's page: console, machine, files, code, artifacts, and stopping the script."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.digits import log_run
from tests.e2e.looking import PHONE, WIDE, OpenPage, expect_eventually, wait_for_charts
from tests.e2e.test_accessibility import Findings, axe
from tests.e2e.wandb_posts import WandbRun
from tests.e2e.wandb_values import picture

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import RunningServer

__all__ = ["axe"]

pytestmark = pytest.mark.browser

ONNX = Path(__file__).parents[1] / "formats" / "graphs" / "dynamo.onnx"
PATCH = b"""diff --git a/settings.py b/settings.py
--- a/settings.py
+++ b/settings.py
@@ -1 +1,2 @@
-lr = 0.1
+lr = 0.01
+momentum = 0.9
"""
FILES = {
    "code/train.py": b'import torch\n\n\ndef train(lr=0.1):\n    """Trains."""\n    return lr\n',
    "diff.patch": PATCH,
    "requirements.txt": b"numpy==2.3.5\ntorch==2.9.1\n",
    "predictions.csv": b"id,label,note\n" + b"".join(b"%d,%d,\n" % (i, i % 7) for i in range(3000)),
    "metrics.json": b'{"best": {"loss": 0.1}, "curve": [1, NaN, 3]}',
    "media/x.png": picture(90),
    "media/evil.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="top.HACKED=1">'
    b"<script>top.HACKED = 1</script><rect width='9' height='9'/></svg>",
    "page.html": b"<script>top.HACKED = 1</script><b>bold</b>",
    "weights.bin": bytes(range(256)) * 8,
    "odd & #1 %41.txt": b"found\n",
    "empty.txt": b"",
}
GPUS = 12


def full_run(server: RunningServer) -> WandbRun:
    """Return a run that has something for every tab."""
    run = WandbRun(server, "full")
    run.log([{"loss": 1 / (i + 1)} for i in range(20)])
    run.print("\x1b[1mbegin\x1b[0m", *(f"step {i} loss={1 / (i + 1):.4f}" for i in range(5000)))
    run.print("\x1b[31mred\x1b[0m warning", error=True)
    run.measure(
        [
            {
                "system.cpu": 50 + 20 * math.sin(i),
                "system.network.sent": 1000 * i,
                "system.network.recv": 900 * i,
                **{f"system.gpu.{g}.gpu": 40 + g + i for g in range(GPUS)},
            }
            for i in range(30)
        ]
    )
    files = {**FILES, "model.onnx": ONNX.read_bytes()}
    run.save(files)
    return run


def tabs(page: Page) -> list[str]:
    return page.locator(".tabs a").all_inner_texts()


def shown_lines(page: Page) -> list[str]:
    return page.locator(".text-line > code").all_inner_texts()


def test_tabs_are_those_that_a_run_has_something_for(
    open_page: OpenPage, epochal_server: RunningServer
) -> None:
    log_run(0, rows=3)
    page = open_page("local/digits/runs/run-0")
    wait_for_charts(page, 3)
    page.get_by_role("link", name="System").wait_for()
    assert tabs(page) == ["Charts", "Overview", "System"]
    assert page.locator('.panel[data-key^="system/"]').count() == 0
    page.goto(f"{epochal_server.url}/local/digits/runs/run-0/logs")
    page.get_by_text("This run has printed nothing").wait_for()

    run = WandbRun(epochal_server, "live")
    page.goto(f"{epochal_server.url}/local/digits/runs/live")
    page.get_by_role("heading", name="live").wait_for()
    assert tabs(page) == ["Charts", "Overview"]
    run.print("hello")
    page.get_by_role("link", name="Logs").click()
    page.get_by_text("hello", exact=True).wait_for()
    run.save({"code/train.py": b"x = 1\n"})
    page.get_by_role("link", name="Code").click()
    page.get_by_text("train.py", exact=True).wait_for()
    assert page.url.endswith("/runs/live/code")
    page.go_back()
    page.locator(".log-page").wait_for()


def test_console_is_followed_searched_and_linked(
    open_page: OpenPage, epochal_server: RunningServer
) -> None:
    run = full_run(epochal_server)
    page = open_page("local/digits/runs/full/logs")
    # A run that goes on is shown from its end.
    page.get_by_text("red warning").wait_for()
    red = page.locator(".text-line.stderr code span").first
    assert red.evaluate("one => getComputedStyle(one).color") == "rgb(180, 35, 24)"
    assert len(shown_lines(page)) < 150
    run.print(" 10%|#   |")
    page.get_by_text("10%|#   |").wait_for()
    run.print("100%|####|", "last", at=5002)
    page.get_by_text("100%|####|").wait_for()
    page.get_by_text("last", exact=True).wait_for()
    assert page.get_by_text("10%|#   |", exact=True).count() == 0

    page.keyboard.press("/")
    page.keyboard.type("LOSS=0.0002")
    expect_eventually(page, "() => document.querySelector('.find-count').textContent === '1,000'")
    page.keyboard.press("Enter")
    page.locator(".text-line.current mark").wait_for()
    first = page.locator(".text-line.current .line-number").inner_text()
    page.keyboard.press("Enter")
    expect_eventually(
        page,
        "n => document.querySelector('.text-line.current .line-number')?.textContent === n",
        str(int(first) + 1),
    )
    page.get_by_role("button", name="Only matches").click()
    page.get_by_role("searchbox").fill("")
    page.get_by_role("radio", name="stderr").click()
    expect_eventually(page, "() => document.querySelectorAll('.text-line').length === 1")

    page.goto(f"{epochal_server.url}/local/digits/runs/full/logs#L2500")
    page.reload()
    line = page.locator(".text-line.current", has_text="step 2498 ")
    line.wait_for()
    page.get_by_role("button", name="Line 2501: link to it").click()
    assert page.url.endswith("#L2501")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download").click()
    text = Path(saved.value.path()).read_text("utf-8")
    assert text.splitlines()[-1] == "last"
    assert len(text.splitlines()) == 5004


def test_machine_files_and_code_are_shown(
    open_page: OpenPage, epochal_server: RunningServer
) -> None:
    full_run(epochal_server)
    page = open_page("local/digits/runs/full/system")
    look_at_machine(page)
    page.get_by_role("link", name="Files", exact=True).click()
    look_at_files(page)
    page.get_by_role("link", name="Code", exact=True).click()
    look_at_code(page)


def look_at_machine(page: Page) -> None:
    titles = page.locator(".system-chart h3")
    titles.first.wait_for()
    assert titles.all_inner_texts() == [
        "GPU utilisation %",
        "CPU of this process %",
        "Network traffic B",
    ]
    strips = page.locator(".system-chart canvas[role=img]").first
    expect_eventually(
        page,
        """() => document.querySelector('.system-chart canvas[role=img]')
            .ariaLabel.includes('GPU 0 69 %')""",
    )
    box = strips.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] * 5.5 / GPUS)
    page.locator(".strip-said").wait_for()
    assert page.locator(".strip-said").inner_text().startswith("GPU 5: 74 % at ")
    assert page.locator(".system-legend").inner_text().split() == [
        *("received", "26,100"),
        *("sent", "29,000"),
    ]
    page.get_by_role("button", name="Lines", exact=True).click()
    expect_eventually(page, "() => document.querySelectorAll('.system-legend li').length === 14")


def look_at_files(page: Page) -> None:
    page.get_by_text("12 files").wait_for()

    def look(name: str) -> None:
        page.get_by_role("link", name=name.rpartition("/")[2]).click()
        page.get_by_role("heading", name=name).wait_for()

    look("predictions.csv")
    page.get_by_text("3,000 rows of 3 columns").wait_for()
    page.get_by_role("button", name="label: sort").click()
    page.get_by_role("button", name="label: sort").click()
    expect_eventually(
        page, "() => document.querySelector('.cells-row').innerText.split('\\n')[2] === '6'"
    )
    look("metrics.json")
    page.locator(".json-tree").get_by_text("0.1").wait_for()
    look("odd & #1 %41.txt")
    page.get_by_text("found", exact=True).wait_for()
    page.reload()
    page.get_by_text("found", exact=True).wait_for()
    look("weights.bin")
    page.get_by_text("This is no text").wait_for()
    look("empty.txt")
    page.get_by_text("The file is empty").wait_for()
    look("media/evil.svg")
    page.get_by_text("9 × 9").wait_for()
    look("media/x.png")
    page.get_by_text("8 × 8").wait_for()
    look("page.html")
    page.locator(".text-lines").get_by_text("bold").wait_for()
    assert page.evaluate("() => window.HACKED") is None
    look("model.onnx")
    page.locator(".graph-svg .graph-name").get_by_text("features").wait_for()
    page.get_by_role("searchbox", name="Find a file").fill("train")
    expect_eventually(page, "() => document.querySelectorAll('.file-row a').length === 1")


def look_at_code(page: Page) -> None:
    page.locator(".t-keyword").first.wait_for()
    assert page.locator(".t-keyword").all_inner_texts() == ["import", "def", "return"]
    page.get_by_role("link", name="Changes since the commit").click()
    page.locator(".patch-added").first.wait_for()
    assert page.locator(".patch-added code").all_inner_texts() == ["lr = 0.01", "momentum = 0.9"]
    assert page.locator(".patch-removed code").all_inner_texts() == ["lr = 0.1"]
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("heading", name="Run it again").wait_for()
    page.locator(".command pre").get_by_text("diff.patch").wait_for()
    assert "2 × NVIDIA H100 (85.5 GB)" in page.locator(".overview").inner_text()
    page.get_by_text("torch", exact=True).wait_for()


def test_script_is_stopped_from_the_menu(
    open_page: OpenPage, epochal_server: RunningServer
) -> None:
    log_run(0, rows=3)
    other = WandbRun(epochal_server, "other")
    other.print("one")
    run = WandbRun(epochal_server, "long")
    assert run.print("one") == {"stopped": False}
    # Of several runs at once, from the list: those that can be stopped, which the ended one cannot.
    page = open_page("local/digits/workspace")
    for name in ("other", "run-0"):
        page.locator(".run-row", has_text=name).click(button="right")
        page.get_by_role("menuitem", name="Copy the id").wait_for()
        if name == "other":
            page.get_by_role("menuitem", name="Stop the script").wait_for()
        page.get_by_role("menuitem", name="Select").click()
    page.get_by_role("button", name="More for the selected runs").click()
    page.get_by_role("menuitem", name="Stop the scripts of 1").click()
    page.get_by_role("menuitem", name="Really stop?").click()
    page.get_by_text("“other” is asked to stop").wait_for()
    assert other.print("two") == {"stopped": True}
    other.finish(255)
    page.goto(f"{epochal_server.url}/local/digits/runs/long")
    page.get_by_role("link", name="Logs").wait_for()
    page.get_by_role("button", name="Actions for long").click()
    page.get_by_role("menuitem", name="Stop the script").click()
    page.get_by_role("menuitem", name="Really stop?").click()
    page.get_by_text("is asked to stop").wait_for()
    assert run.print("two") == {"stopped": True}
    page.get_by_role("button", name="Actions for long").click()
    page.locator(".menu-said").wait_for()
    page.keyboard.press("Escape")
    run.finish(255)
    page.get_by_role("button", name="Actions for long").click()
    page.locator(".menu-said").wait_for(state="detached")
    page.goto(f"{epochal_server.url}/local/digits/runs/run-0")
    page.get_by_role("link", name="System").wait_for()
    page.get_by_role("button", name="Actions for run-0").click()
    page.get_by_role("menuitem", name="Copy the id").wait_for()
    assert page.get_by_role("menuitem", name="Stop the script").count() == 0


SCENES = {
    "overview": ".alerts, .overview",
    "logs": ".text-line.stderr",
    "system": ".system-legend b",
    "files": ".file-row",
    "files/predictions.csv": ".cells-row",
    "files/metrics.json": ".json-leaf",
    "files/media/x.png": ".file-image img",
    "code/code/train.py": ".t-keyword",
    "code/diff.patch": ".patch-added",
    "artifacts": ".notice",
}


def test_no_tab_has_grave_findings(
    open_page: OpenPage, epochal_server: RunningServer, axe: str
) -> None:
    full_run(epochal_server)
    found = Findings(axe)
    for scheme, viewport in (("light", WIDE), ("dark", PHONE)):
        page = open_page("local/digits/runs/full", color_scheme=scheme, viewport=viewport)
        for path, landmark in SCENES.items():
            # What is dark by its colours alone is looked at where there are colours.
            if scheme == "dark" and not path.startswith(("logs", "system", "code")):
                continue
            page.goto(f"{epochal_server.url}/local/digits/runs/full/{path}")
            page.locator(landmark).first.wait_for()
            found.look(page, f"{path}, {scheme}")
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), path
    assert list(found.lines.values()) == []
