"""No request becomes a path: what lies beside the static folder is never answered."""

from __future__ import annotations

import httpx
import pytest

from epochal.server.app import Application
from tests.server.conftest import TOKEN, client_of

pytestmark = pytest.mark.anyio

CORPUS = [
    "../secret.txt",
    "../../secret.txt",
    "..%2fsecret.txt",
    "..%2f..%2fsecret.txt",
    "%2e%2e/secret.txt",
    "%2e%2e%2f%2e%2e%2fsecret.txt",
    "%252e%252e%252fsecret.txt",
    "..%252f..%252fsecret.txt",
    "..\\secret.txt",
    "..%5csecret.txt",
    "..%5c..%5csecret.txt",
    "....//secret.txt",
    "..;/secret.txt",
    ".%00./secret.txt",
    "secret.txt%00.js",
    "index-1a2b3c4d.js%00",
    "index-1a2b3c4d.js/../../secret.txt",
    "/etc/passwd",
    "//etc/passwd",
    "%2fetc%2fpasswd",
    "file:///etc/passwd",
    "C:%5cWindows%5cwin.ini",
    "%c0%ae%c0%ae/secret.txt",
    "\uff0e\uff0e/secret.txt",
    "..\u2215secret.txt",
    "~root/.bashrc",
    ".sources",
    "%2e%2e",
    ".",
    "index-1a2b3c4d.js.gz/../../../secret.txt",
]


@pytest.mark.parametrize("name", CORPUS)
@pytest.mark.parametrize("prefix", ["/assets/", "/", "/local/", "/api/v1/../../"])
async def test_nothing_outside_is_answered(app: Application, prefix: str, name: str):
    async with client_of(app, TOKEN) as client:
        request = client.build_request("GET", "/")
        # httpx would tidy the path up; an attacker does not
        raw = (prefix + name).encode("utf-8")
        request.url = httpx.URL("http://127.0.0.1:8470").copy_with(raw_path=_quoted(raw))
        response = await client.send(request)
    assert "outside" not in response.text
    assert "root:" not in response.text
    assert response.status_code in (200, 404)
    if response.status_code == 200:  # an app path: the page itself, or a file that exists
        assert 'id="app"' in response.text or prefix == "/assets/"
        assert "index-1a2b" in name or 'id="app"' in response.text


def _quoted(raw: bytes) -> bytes:
    return b"".join(bytes([c]) if 0x21 <= c < 0x7F else b"%%%02X" % c for c in raw)
