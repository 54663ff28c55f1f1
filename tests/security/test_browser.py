"""A real browser that is logged in visits a hostile page, on another port of this machine and under a rebound name."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.conftest import CHROMIUM_FLAGS, RunningServer
from tests.server.journals import Journal

pytestmark = pytest.mark.browser

HOSTILE = """<!doctype html><title>hostile</title><body><script>
const target = "TARGET", found = [];
async function attempt(name, path, options) {
  try {
    const answer = await fetch(target + path, options);
    found.push(name + ":" + answer.type + ":" + (await answer.text()).length);
  } catch { found.push(name + ":refused"); }
}
function stream() {
  return new Promise((done) => {
    const source = new EventSource(target + "/api/v1/stream", { withCredentials: true });
    source.onmessage = source.onopen = () => { found.push("stream:open"); source.close(); done(); };
    source.onerror = () => { found.push("stream:refused"); source.close(); done(); };
  });
}
(async () => {
  const cookies = { credentials: "include" };
  await attempt("read", "/api/v1/projects", cookies);
  await attempt("read blindly", "/api/v1/projects", { ...cookies, mode: "no-cors" });
  await attempt("trash", "/api/v1/runs/a/trash", { ...cookies, method: "POST", mode: "no-cors" });
  await attempt("patch", "/api/v1/runs/a", { ...cookies, method: "PATCH", body: "{}" });
  await attempt("journal", "/api/v1/journal/evil?offset=0", { ...cookies, method: "POST", mode: "no-cors", body: "x" });
  await stream();
  document.title = "done";
})();
window.results = found;
</script>
<form id="form" method="post" action="TARGET/api/v1/runs/a/trash"><button>win a prize</button></form>
<iframe src="TARGET/"></iframe></body>"""


@pytest.fixture
def hostile_url(epochal_server: RunningServer) -> Iterator[str]:
    """Serve the hostile page from another port of this machine, which browsers call the same site."""
    page = HOSTILE.replace("TARGET", epochal_server.url).encode()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_hostile_page_can_neither_read_nor_change(
    epochal_server: RunningServer, hostile_url: str, chromium_path: str
):
    from playwright.sync_api import sync_playwright

    made = Journal("a").rows("loss", [1.0])
    with httpx.Client(
        base_url=epochal_server.url, headers=epochal_server.headers, trust_env=False
    ) as client:
        client.post(
            f"/api/v1/journal/{made.writer}", params={"offset": 0}, content=made.data
        ).raise_for_status()
        rebind = f"--host-resolver-rules=MAP evil.example 127.0.0.1:{epochal_server.url.rpartition(':')[2]}"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium_path, args=[*CHROMIUM_FLAGS, rebind]
            )
            page = browser.new_page()
            complaints: list[str] = []
            page.on("console", lambda message: complaints.append(message.text))
            # the login form works under our own policy, and leads on to the page asked for
            page.goto(f"{epochal_server.url}/local/digits")
            page.fill("#token", epochal_server.token)
            page.click("button")
            page.wait_for_url("**/local/digits")
            assert not [text for text in complaints if "Content Security Policy" in text]
            (cookie,) = page.context.cookies()
            assert cookie.get("httpOnly")
            assert cookie.get("sameSite") == "Lax"
            assert page.evaluate("document.cookie") == ""

            page.goto(hostile_url)
            page.wait_for_function("document.title === 'done'")
            results = dict(item.split(":", 1) for item in page.evaluate("window.results"))
            assert results["read"] == "refused"
            assert results["read blindly"].startswith(("opaque:0", "refused"))
            assert results["stream"] == "refused"
            frame = page.frames[1]
            assert "local/digits" not in frame.content()
            page.click("#form button")
            page.wait_for_load_state()
            assert "origin_refused" in page.content()

            rebound = page.goto("http://evil.example/api/v1/projects")
            assert rebound is not None
            assert rebound.status == 403
            assert "--allow-host" in rebound.text()
            browser.close()
        detail = client.get("/api/v1/projects/local/digits/runs/a").json()
        assert detail["trashed"] is False
        assert client.get("/api/v1/journal/evil").json() == {"offset": 0}
