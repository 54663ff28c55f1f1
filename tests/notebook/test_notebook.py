"""The notebook's magics in a real kernel, and their output in a real browser: framed, proxied, and without a server."""

from __future__ import annotations

import functools
import http.server
import re
import sys
import threading
from collections.abc import Iterator
from html import escape
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from epochal.sdk.local_server import LocalServer, running_server
from tests.notebook.notebooks import html_of, run_cells, said_of, stop_server

pytestmark = [
    pytest.mark.browser,
    # Files that a kernel's own machinery leaves to the collector are not what is tested here.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

TRAIN = """
import math, epochal
with epochal.init(project="digits", id="first") as run:
    for step in range(200):
        run.log({"loss": math.exp(-step / 50), "accuracy": 1 - math.exp(-step / 30)}, step=step)
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("notebook") / "data"
    yield directory
    stop_server(directory)


@pytest.fixture(scope="module")
def outputs(data: Path) -> list[list[object]]:
    cells = [
        "%load_ext epochal",
        TRAIN,
        "%epochal --project digits --height 700",
        "run.display()",
        "from epochal import notebook\nfound = notebook.list()",
        "notebook.display(height=500)",
        "%epochal --logdir",
        "%epochal --project a --logdir b",
        "%load_ext epochal.notebook.tensorboard",
        f"%tensorboard --logdir {sys.executable}",
    ]
    return run_cells(data, cells)


@pytest.fixture(scope="module")
def server(data: Path, outputs: list[list[object]]) -> LocalServer:
    found = running_server(str(data))
    assert found is not None
    return found


def test_each_cell_shows_its_page_on_one_server(outputs: list[list[object]], server: LocalServer):
    for cell, page in ((2, "local/digits"), (3, "local/digits/runs/first"), (5, "local/digits")):
        html = html_of(outputs[cell])
        assert f"{server.frame}/embed/{page}" in html
        assert f"{server.url}/{page}" in html
        assert "data:image/svg+xml;base64," in html
        assert server.token not in str(outputs)
    assert said_of(outputs[4]).strip() == f"{server.url}  (pid {server.pid})"


def test_what_is_wrong_is_one_sentence_and_no_traceback(outputs: list[list[object]]):
    for cell, words in ((6, "--logdir"), (7, "exclude each other"), (9, "no directory")):
        said = said_of(outputs[cell])
        assert words in said
        assert "Traceback" not in said
        assert len(said.strip().splitlines()) == 1


_CLIENT = httpx.Client(trust_env=False)
"""One for all requests: each new one reads the system's certificates, which took longer than the page waits."""


class _Notebook(http.server.SimpleHTTPRequestHandler):
    """Serves pages with a cell's output, as a notebook's server does, and a proxy below /hub/proxy/PORT."""

    pages: dict[str, str]

    def do_GET(self) -> None:
        """Answer a page, or hand on what is below the proxy's path, its prefix taken off."""
        self._answer("GET", None)

    def do_POST(self) -> None:
        """Hand on a request with a body."""
        self._answer("POST", self.rfile.read(int(self.headers["content-length"])))

    def _answer(self, method: str, body: bytes | None) -> None:
        found = re.match(r"/hub/proxy/(\d+)(/.*)", self.path)
        if found is None:
            text = self.pages.get(self.path, "").encode()
            self._write(200 if text else 404, {"content-type": "text/html; charset=utf-8"}, text)
            return
        if (
            "/api/v1/stream" in self.path
        ):  # the live stream has no end that this little proxy could wait for
            self._write(503, {}, b"")
            return
        sent = {
            name: self.headers[name] for name in ("content-type", "origin") if self.headers[name]
        }
        answer = _CLIENT.request(
            method,
            f"http://127.0.0.1:{found[1]}{found[2]}",
            content=body,
            headers={**sent, "host": "notebooks.example.org"},
        )
        kept = ("content-type", "content-security-policy", "x-frame-options")
        headers = {name: answer.headers[name] for name in kept if name in answer.headers}
        self._write(answer.status_code, headers, answer.content)

    def _write(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def sandboxed(html: str, allowed: str) -> str:
    """Return a frame with a document of its own, which may do what is allowed."""
    return f"<iframe sandbox='{allowed}' style='width: 900px; height: 700px' srcdoc='{escape(html)}'></iframe>"


@pytest.fixture
def notebook_site(outputs: list[list[object]]) -> Iterator[str]:
    html = html_of(outputs[2])
    _Notebook.pages = {
        "/": f"<!doctype html><html><body>{html}</body></html>",
        "/hub": f"<!doctype html><html><body data-base-url='/hub/'>{html}</body></html>",
        # What output of a cell finds in Colab (google.colab.kernel.proxyPort), with the proxy above as theirs.
        "/colab": "<!doctype html><html><body><script>window.google = {colab: {kernel: {proxyPort: async port =>"
        f" location.origin + '/hub/proxy/' + port + '/'}}}}}}</script>{html}</body></html>",
        "/blocked": "<!doctype html><html><head><meta http-equiv='Content-Security-Policy' "
        f"content=\"frame-src 'none'\"></head><body>{html}</body></html>",
        # As an editor shows outputs (VS Code): in a sandboxed document without an address of its own.
        "/webview": f"<!doctype html><html><body>{sandboxed(html, 'allow-scripts allow-same-origin')}</body></html>",
        # The same with an origin that is nobody's: a page in it could keep nothing and ask nobody.
        "/nobody": f"<!doctype html><html><body>{sandboxed(html, 'allow-scripts')}</body></html>",
        "/stripped": re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL),
    }
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Notebook))
    thread = threading.Thread(target=site.serve_forever, daemon=True)
    thread.start()
    yield f"localhost:{site.server_address[1]}"
    site.shutdown()
    site.server_close()
    thread.join()


def test_the_frame_shows_the_charts_beside_a_local_notebook(chromium: Browser, notebook_site: str):
    page = chromium.new_page()
    page.goto(f"http://{notebook_site}/")
    frame = page.frame_locator("iframe[title=epochal]")
    expect(frame.locator("figure.panel[data-key=loss]")).to_be_visible()
    expect(page.locator("img")).to_have_count(0)
    assert page.context.cookies() == []
    page.close()


def test_the_frame_finds_its_way_through_a_hub(
    chromium: Browser, notebook_site: str, server: LocalServer
):
    # Chromium takes every name below localhost for this machine, and the page for one of another host.
    port = notebook_site.rpartition(":")[2]
    page = chromium.new_page()
    page.goto(f"http://notebooks.localhost:{port}/hub")
    frame = page.frame_locator("iframe[title=epochal]")
    expect(frame.locator("figure.panel[data-key=loss]")).to_be_visible()
    source = page.locator("iframe").get_attribute("src") or ""
    assert f"notebooks.localhost:{port}/hub/proxy/{server.port}/-/frame/" in source
    page.goto(f"http://notebooks.localhost:{port}/colab")
    expect(frame.locator("figure.panel[data-key=loss]")).to_be_visible()
    assert f"/hub/proxy/{server.port}/-/frame/" in (
        page.locator("iframe").get_attribute("src") or ""
    )
    page.close()


def test_the_frame_shows_the_charts_in_an_editors_sandbox(chromium: Browser, notebook_site: str):
    page = chromium.new_page()
    page.goto(f"http://{notebook_site}/webview")
    output = page.frame_locator("iframe[sandbox]")
    frame = output.frame_locator("iframe[title=epochal]")
    expect(frame.locator("figure.panel[data-key=loss]")).to_be_visible()
    expect(output.locator("img")).to_have_count(0)
    page.goto(f"http://{notebook_site}/nobody")
    expect(output.locator("img")).to_be_visible()
    expect(output.locator("iframe")).to_have_css("visibility", "hidden")
    page.close()


def test_without_scripts_the_picture_stands(chromium: Browser, notebook_site: str):
    page = chromium.new_page()
    page.goto(f"http://{notebook_site}/stripped")
    picture = page.locator("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 300
    assert page.locator("iframe").count() == 0
    # Where frames are refused, it is there as well, and the frame is never seen.
    page.goto(f"http://{notebook_site}/blocked")
    expect(picture).to_be_visible()
    expect(page.locator("iframe")).to_have_css("visibility", "hidden")
    page.close()
