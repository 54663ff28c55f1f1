"""Addresses below /-/frame/KEY: they act for whom the key stands, from any page, and for nobody without it."""

from __future__ import annotations

import pytest

from epochal.server.app import create_app
from epochal.server.settings import Settings
from epochal.store.base import Store
from tests.server.conftest import TOKEN, VIEWER_TOKEN, client_of

pytestmark = pytest.mark.anyio
FOREIGN = {
    "Host": "notebook.example.org",
    "Origin": "https://notebook.example.org",
    "Sec-Fetch-Site": "cross-site",
}


async def test_the_key_in_the_address_is_enough_whoever_asks(store: Store, settings: Settings):
    async with client_of(create_app(store, settings), TOKEN) as client:
        frame = (await client.get("/api/v1/viewer")).json()["frame"]
    async with client_of(create_app(store, settings)) as client:
        answer = await client.get(f"{frame}/api/v1/viewer", headers=FOREIGN)
        assert answer.status_code == 200
        assert answer.json()["name"] == "local"
        changed = await client.post(f"{frame}/api/v1/edits", json={"edits": []}, headers=FOREIGN)
        assert changed.status_code == 200
        for path in ("/api/v1/viewer", f"{frame[:-1]}0/api/v1/viewer", f"{frame}0/api/v1/viewer"):
            assert (await client.get(path)).status_code in (401, 404)
        assert (await client.get("/api/v1/viewer", headers=FOREIGN)).status_code == 403


async def test_a_key_gives_the_rights_of_its_token_only(store: Store, settings: Settings):
    frame = f"/-/frame/{settings.keys.frame_of(VIEWER_TOKEN)}"
    async with client_of(create_app(store, settings)) as client:
        assert (await client.get(f"{frame}/api/v1/viewer")).json()["name"] == "guest"
        refused = await client.post(f"{frame}/api/v1/edits", json={"edits": []})
        assert refused.status_code == 403


async def test_its_pages_may_be_framed_and_find_everything_relatively(settings: Settings):
    frame = f"/-/frame/{settings.keys.frame_of(TOKEN)}"
    async with client_of(create_app(None, settings)) as client:
        for path, base in (
            ("/embed/local/digits", "../../"),
            ("/", "./"),
            ("/local/d/table", "../../"),
        ):
            page = await client.get(frame + path, headers=FOREIGN)
            assert page.status_code == 200
            assert f'<base href="{base}" />' in page.text
            assert "frame-ancestors 'self' *" in page.headers["content-security-policy"]
            assert page.headers["referrer-policy"] == "no-referrer"
        asset = await client.get(f"{frame}/assets/index-1a2b3c4d.js")
        assert asset.status_code == 200


async def test_the_key_is_neither_token_nor_cookie(settings: Settings):
    keys = settings.keys
    key = keys.frame_of(TOKEN)
    assert key not in (TOKEN, keys.session_of(TOKEN))
    async with client_of(create_app(None, settings), key) as client:
        assert (await client.get("/api/v1/viewer")).status_code == 401
    async with client_of(create_app(None, settings)) as client:
        headers = {"Cookie": f"{keys.cookie}={key}"}
        assert (await client.get("/api/v1/viewer", headers=headers)).status_code == 401
