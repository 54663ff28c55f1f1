"""The page of web/bench/pixels.html, built once: the renderer alone, without a server of ours."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import require_component

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WEB = Path(__file__).resolve().parents[2] / "web"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the test's output is for its failures."""


@pytest.fixture(scope="session")
def plot_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with the built page, into which tests may put files beside it."""
    npx = shutil.which("npx")
    if npx is None or not (WEB / "node_modules" / "vite").is_dir():
        require_component("vite", "install Node 20.19 or newer and run `npm ci` in web/")
    target = tmp_path_factory.mktemp("plot-page")
    built = subprocess.run(
        [npx, "vite", "build", "--config", "bench/vite.config.ts", "--outDir", str(target)],
        cwd=WEB,
        env={**os.environ, "BENCH_PAGES": "pixels"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return target


@pytest.fixture(scope="session")
def plot_address(plot_folder: Path) -> Iterator[str]:
    """Return the address of the page on a loopback server of its own."""
    handler = functools.partial(_Quiet, directory=str(plot_folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/pixels.html"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def plot_page(
    chromium: Browser, plot_address: str, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """Return the page at the device ratio that the test's parameter `ratio` names (1 without one)."""
    call = getattr(request.node, "callspec", None)
    ratio = call.params.get("ratio", 1) if call else 1
    context = chromium.new_context(
        viewport={"width": 1440, "height": 500}, device_scale_factor=ratio
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(plot_address)
    page.wait_for_function("window.pixels")
    yield page
    context.close()
    assert problems == []
