"""Pages below /embed: who may show them in a frame."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from epochal.errors import UsageError
from epochal.server.app import create_app
from epochal.server.settings import Settings, read_frame_origin
from tests.server.conftest import TOKEN, client_of

pytestmark = pytest.mark.anyio
NOTEBOOK = "http://localhost:8888"
FRAMED = {
    "Sec-Fetch-Site": "same-site",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "iframe",
}


def ancestors(response: httpx.Response) -> str:
    """Return who may frame an answer, as its policy says it."""
    policies = response.headers["content-security-policy"].split(";")
    return next(one.strip() for one in policies if "frame-ancestors" in one)


async def test_only_pages_below_embed_may_be_framed(settings: Settings):
    for frames, expected in (((), "'self'"), ((NOTEBOOK,), f"'self' {NOTEBOOK}")):
        async with client_of(create_app(None, replace(settings, frames=frames)), TOKEN) as client:
            embedded = await client.get("/embed/local/digits")
            assert embedded.status_code == 200
            assert ancestors(embedded) == f"frame-ancestors {expected}"
            assert embedded.headers["x-frame-options"] == "SAMEORIGIN"
            for path in ("/", "/local/digits", "/embedded/digits", "/login"):
                response = await client.get(path)
                assert ancestors(response) == "frame-ancestors 'none'"
                assert response.headers["x-frame-options"] == "DENY"
            assert (await client.get("/embed")).status_code == 404


async def test_a_frame_of_another_origin_may_open_embedded_pages_only(settings: Settings):
    app = create_app(None, replace(settings, frames=(NOTEBOOK,)))
    headers = {**FRAMED, "Cookie": f"{settings.keys.cookie}={settings.keys.session_of(TOKEN)}"}
    async with client_of(app) as client:
        assert (await client.get("/embed/local/digits", headers=headers)).status_code == 200
        assert (await client.get("/local/digits", headers=headers)).status_code == 403
        refused = await client.get("/api/v1/viewer", headers=headers)
        assert refused.json()["error"]["code"] == "origin_refused"
    async with client_of(create_app(None, settings)) as client:
        assert (await client.get("/embed/local/digits", headers=headers)).status_code == 403


async def test_an_embedded_page_needs_the_same_permission(settings: Settings):
    async with client_of(create_app(None, settings)) as client:
        response = await client.get("/embed/local/digits")
        assert response.status_code == 401
        assert ancestors(response) == "frame-ancestors 'none'"


def test_origins_are_read_as_browsers_write_them():
    assert read_frame_origin("HTTP://LocalHost:8888/") == NOTEBOOK
    assert read_frame_origin("https://[::1]:8888") == "https://[::1]:8888"
    for text in ("localhost:8888", "*", "http://a/b", "http://a; script-src *", "data:", ""):
        with pytest.raises(UsageError, match="expected an origin"):
            read_frame_origin(text)
