"""Hosts, origins and the headers on every response."""

from __future__ import annotations

import httpx
import pytest

from epochal.server.app import Application, create_app
from epochal.server.guard import HEADERS, host_name
from epochal.server.process import hosts_of
from epochal.server.settings import Settings, read_base_path
from tests.server.conftest import COOKIE, HOST, TOKEN, client_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost", "localhost"),
        ("LOCALHOST:80", "localhost"),
        ("localhost.", "localhost"),
        ("127.0.0.1:8470", "127.0.0.1"),
        ("[::1]:8470", "::1"),
        ("[::1]", "::1"),
        ("[::1", ""),
        ("[::1]evil", ""),
        ("", ""),
        ("127.0.0.1.evil.example", "127.0.0.1.evil.example"),
    ],
)
def test_host_name(host: str, name: str):
    assert host_name(host) == name


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:9999", "[::1]:8470", "LocalHost"])
async def test_loopback_names_are_answered(anonymous: httpx.AsyncClient, host: str):
    response = await anonymous.get("/ready", headers={"Host": host})
    assert response.status_code == 503


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8470",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.2",
        "0.0.0.0",
        "",
        "[::1",
        "localhost@evil.example",
        "evil.example/localhost",
    ],
)
@pytest.mark.parametrize("path", ["/ready", "/", "/api/v1/viewer", "/assets/index-1a2b3c4d.js"])
async def test_a_rebound_name_is_refused_everywhere(
    anonymous: httpx.AsyncClient, host: str, path: str
):
    headers = {"Host": host, "Authorization": f"Bearer {TOKEN}"}
    response = await anonymous.get(path, headers=headers)
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "host_refused"
    assert "--allow-host" in response.json()["error"]["message"]


async def test_two_host_headers_are_refused(anonymous: httpx.AsyncClient):
    response = await anonymous.get("/ready", headers=[("Host", "localhost"), ("Host", "evil")])
    assert response.status_code == 403


def test_hosts_of_a_wildcard_bind_are_the_machine_and_its_addresses():
    import socket

    names = hosts_of("0.0.0.0", ["Tracker.Example."])
    assert {"localhost", "127.0.0.1", "::1", "tracker.example"} <= names
    assert socket.gethostname().lower() in names
    assert "0.0.0.0" not in names
    assert hosts_of("127.0.0.1", []) == {"localhost", "127.0.0.1", "::1"}
    assert "192.168.7.7" in hosts_of("192.168.7.7", [])


async def _session(client: httpx.AsyncClient) -> None:
    await client.get("/login", params={"token": TOKEN})
    assert COOKIE in client.cookies


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),  # another port of localhost
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": HOST}, True),
        ({"Origin": "http://127.0.0.1:9999"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "file://"}, False),
        ({"Origin": HOST, "Sec-Fetch-Site": "cross-site"}, False),
    ],
)
async def test_reading_by_cookie_is_for_our_own_pages(
    anonymous: httpx.AsyncClient, headers: dict[str, str], allowed: bool
):
    await _session(anonymous)
    response = await anonymous.get("/api/v1/viewer", headers=headers)
    assert response.status_code == (200 if allowed else 403)


async def test_a_link_from_another_site_opens_a_page_but_no_api(anonymous: httpx.AsyncClient):
    await _session(anonymous)
    link = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert (await anonymous.get("/local/digits", headers=link)).status_code == 200
    assert (await anonymous.get("/api/v1/viewer", headers=link)).status_code == 403
    frame = {**link, "Sec-Fetch-Dest": "iframe"}
    assert (await anonymous.get("/local/digits", headers=frame)).status_code == 403


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "POST"])
async def test_changes_by_cookie_must_say_where_they_come_from(
    anonymous: httpx.AsyncClient, method: str
):
    await _session(anonymous)
    path = "/api/v1/runs/x" + ("/trash" if method == "POST" else "")
    response = await anonymous.request(method, path)
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "origin_refused"
    response = await anonymous.request(method, path, headers={"Origin": "http://evil.example"})
    assert response.status_code == 403


async def test_changes_by_token_from_a_foreign_page_are_refused(app: Application):
    async with client_of(app, TOKEN) as client:
        response = await client.delete("/api/v1/runs/x", headers={"Origin": "http://evil.example"})
        assert response.status_code == 403


async def test_no_cors_headers_are_ever_sent(anonymous: httpx.AsyncClient):
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "GET"}
    for method, path in (
        ("OPTIONS", "/api/v1/viewer"),
        ("GET", "/ready"),
        ("GET", "/api/v1/viewer"),
    ):
        response = await anonymous.request(method, path, headers=headers)
        assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "path", ["/ready", "/", "/login", "/api/v1/viewer", "/api/nothing", "/assets/index-1a2b3c4d.js"]
)
async def test_every_response_carries_the_security_headers(anonymous: httpx.AsyncClient, path: str):
    response = await anonymous.get(path)
    for name in HEADERS:
        assert name in response.headers, name
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "'unsafe-" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_base_path_is_taken_off_whether_the_proxy_did_or_not(settings: Settings):
    from dataclasses import replace

    app = create_app(None, replace(settings, base_path=read_base_path("lab/epochal/")))
    async with client_of(app) as client:
        assert (await client.get("/lab/epochal/ready")).status_code == 503
        assert (await client.get("/ready")).status_code == 503
        response = await client.get("/lab/epochal/login", params={"token": TOKEN, "next": "/a/b"})
        assert response.headers["location"] == "/lab/epochal/a/b"
        assert "Path=/lab/epochal;" in response.headers["set-cookie"] + ";"
        page = await client.get("/lab/epochal/a/b")
        assert '<base href="/lab/epochal/" />' in page.text
        client.cookies.clear()
        form = await client.get("/lab/epochal/a/b")
        assert 'action="/lab/epochal/login"' in form.text
        assert 'value="/a/b"' in form.text


@pytest.mark.parametrize(
    "text", ["/a b", "/<x>", '/"', "//x//y", "/..", "/a/../b", "/a?b", "http://x"]
)
def test_base_path_that_is_no_plain_path_is_refused(text: str):
    from epochal.errors import UsageError

    with pytest.raises(UsageError, match="--base-path"):
        read_base_path(text)
