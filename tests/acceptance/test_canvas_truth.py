"""The whole journey, from log() to the pixel: what the page paints against every point that was logged.

One million points go through the SDK, the journal, the store, the reduction and the wire into the real page. Its canvas
is read back at three widths, device ratios 1 and 2, over the whole range, in random zooms and while the last tenth
of the points arrives, and each pixel column is held against the brute-force extremes of its points
(`check_picture`, shared with the renderer's own test).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.acceptance import million_points
from tests.e2e.test_plot_pixels import Data, Picture, check_picture, zooms
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# How much of each pixel of the plot area is line: where its colour lies between background and the line.
READ = """([background, line]) => {
    const element = document.querySelector('.full-screen .plot') ?? document.querySelector('.plot');
    const plot = element.plot;
    plot.flush();
    const frame = plot.frame();
    const canvas = element.querySelector('canvas');
    const {data} = canvas.getContext('2d').getImageData(
        frame.left, frame.top, frame.width, frame.height);
    const away = line.map((c, i) => c - background[i]);
    const size = away.reduce((sum, c) => sum + c * c, 0);
    let text = '';
    const row = new Uint8Array(frame.width);
    for (let y = 0; y < frame.height; y++) {
        for (let x = 0; x < frame.width; x++) {
            const at = 4 * (y * frame.width + x);
            const part = away.reduce((sum, c, i) => sum + c * (data[at + i] - background[i]), 0) / size;
            row[x] = Math.round(255 * Math.min(1, Math.max(0, part)));
        }
        text += String.fromCharCode(...row);
    }
    return {frame, cover: btoa(text)};
}"""
COLOURS = """() => {
    const canvas = document.createElement('canvas').getContext('2d');
    const rgb = (text) => {
        canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const panel = document.querySelector('.full-screen .plot') ?? document.querySelector('.plot');
    let element = panel, background = 'rgba(0, 0, 0, 0)';
    while (element && background === 'rgba(0, 0, 0, 0)') {
        background = getComputedStyle(element).backgroundColor;
        element = element.parentElement;
    }
    return [rgb(background), rgb(getComputedStyle(document.querySelector('.swatch, .swatch-dot')).backgroundColor)];
}"""


@pytest.fixture
def writer(epochal_server: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Return the logging process, which has logged all but the last tenth."""
    environment = {**os.environ, "EPOCHAL_DIR": str(epochal_server.data), "EPOCHAL_QUIET": "1"}
    script = Path(million_points.__file__)
    process = subprocess.Popen(
        [sys.executable, script, "truth", "million"], env=environment, stdin=subprocess.PIPE
    )
    wait_for_rows(epochal_server, million_points.SHOWN)
    yield process
    assert process.stdin is not None
    process.stdin.close()
    process.kill()
    process.wait()


def wait_for_rows(server: Any, rows: int) -> None:
    """Wait until the store has that many rows of the run."""
    import httpx

    address = f"{server.url}/api/v1/projects/local/truth/runs/million"
    deadline = time.monotonic() + PATIENCE_S
    while True:
        answer = httpx.get(address, headers=server.headers, trust_env=False, timeout=30)
        if answer.status_code == 200 and answer.json()["rows"] >= rows:
            return
        assert time.monotonic() < deadline, answer.text[:300]
        time.sleep(0.2)


def picture_at_rest(page: Page, colours: list[list[int]]) -> Picture:
    """Return what the plot shows once it has not changed for 600 ms."""
    before: Any = None
    for _ in range(60):
        answer = page.evaluate(READ, colours)
        if before is not None and answer == before:
            return Picture.of(answer)
        before = answer
        page.wait_for_timeout(600)
    raise AssertionError("the chart does not come to rest")


@pytest.mark.parametrize("ratio", [1, pytest.param(2, marks=pytest.mark.soak)])
def test_every_column_spans_what_was_logged(
    epochal_server: Any, chromium: Browser, writer: subprocess.Popen[bytes], ratio: int
) -> None:
    y, spikes = million_points.values()
    shown = million_points.SHOWN
    x = np.arange(len(y), dtype=np.float64)
    so_far = Data(x[:shown], y[:shown], spikes[spikes < shown])
    context = chromium.new_context(
        viewport={"width": 1440, "height": 800}, device_scale_factor=ratio
    )
    page = context.new_page()
    page.goto(epochal_server.login_url)
    address = f"{epochal_server.url}/local/truth/workspace"

    def look(query: str) -> Picture:
        page.goto(f"{address}?full=v{query}")
        page.wait_for_selector(".plot canvas")
        page.wait_for_timeout(500)
        return picture_at_rest(page, page.evaluate(COLOURS))

    seen = 0
    for width in (520, 900, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        found, marks = check_picture(look(""), so_far, columns=True)
        assert found == np.count_nonzero(spikes < shown)
        assert marks > 0
        seen += found
    for view in zooms(ratio, 0, shown - 1, 6):
        check_picture(look(f"&xr={view['x0']},{view['x1']}"), so_far, columns=True)

    # The last tenth arrives while the page is open: nothing is reloaded.
    look("")
    assert writer.stdin is not None
    writer.stdin.write(b"go on\n")
    writer.stdin.flush()
    wait_for_rows(epochal_server, million_points.POINTS)
    colours = page.evaluate(COLOURS)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        picture = picture_at_rest(page, colours)
        if picture.frame["x"][1] >= len(y) - 1 or time.monotonic() > deadline:
            break
    found, _marks = check_picture(picture, Data(x, y, spikes), columns=True)
    assert found == million_points.SPIKES
    context.close()
