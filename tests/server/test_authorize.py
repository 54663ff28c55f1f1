"""The page that shows the API key: to its owner alone, and how to use it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from epochal.server.app import create_app
from epochal.server.auth import Keyring
from epochal.server.settings import Settings
from tests.server.conftest import HOST, TOKEN, VIEWER_TOKEN, client_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    (tmp_path / "token").write_text(TOKEN + "\n")
    (tmp_path / "token").chmod(0o600)
    return replace(settings, data=str(tmp_path))


async def _page(settings: Settings, token: str, **headers: str) -> httpx.Response:
    async with client_of(create_app(None, settings), token) as client:
        return await client.get("/authorize", headers=headers)


async def test_the_owner_sees_the_key_and_the_lines(settings: Settings):
    page = await _page(settings, TOKEN)
    assert page.status_code == 200
    assert f"export WANDB_BASE_URL={HOST}\nexport WANDB_API_KEY={TOKEN}" in page.text
    assert page.headers["cache-control"] == "no-store"
    policy = page.headers["content-security-policy"]
    assert "'unsafe-inline'" not in policy
    assert "script-src 'sha256-" in policy


async def test_behind_tls_the_address_is_https(settings: Settings):
    page = await _page(settings, TOKEN, **{"X-Forwarded-Proto": "https"})
    assert f"WANDB_BASE_URL={HOST.replace('http:', 'https:')}" in page.text


async def test_a_stranger_gets_the_login_page_that_leads_back(settings: Settings):
    async with client_of(create_app(None, settings)) as stranger:
        page = await stranger.get("/authorize?ref=models")
        assert page.status_code == 401
        assert TOKEN not in page.text
        assert 'value="/authorize?ref=models"' in page.text
        done = await stranger.post(
            "/login", data={"token": TOKEN, "next": "/authorize"}, headers={"Origin": HOST}
        )
        assert done.headers["location"] == "/authorize"
        assert TOKEN in (await stranger.get("/authorize")).text  # by the cookie


async def test_nobody_sees_the_key_of_another(settings: Settings):
    page = await _page(settings, VIEWER_TOKEN)
    assert page.status_code == 200
    assert TOKEN not in page.text
    assert "not shown here" in page.text


async def test_the_address_of_a_framed_page_shows_no_key(settings: Settings):
    key = Keyring({}, settings.keys.cookie).frame_of(TOKEN)
    async with client_of(create_app(None, settings)) as framed:
        page = await framed.get(f"/-/frame/{key}/authorize")
    assert page.status_code == 200
    assert TOKEN not in page.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_page_of_another_site_may_not_read_it(settings: Settings, site: str):
    headers = {
        "Cookie": f"{settings.keys.cookie}={settings.keys.session_of(TOKEN)}",
        "Sec-Fetch-Site": site,
        "Sec-Fetch-Mode": "cors",
        "Sec-Fetch-Dest": "empty",
    }
    async with client_of(create_app(None, settings)) as stranger:
        page = await stranger.get("/authorize", headers=headers)
    assert page.status_code == 403
    assert TOKEN not in page.text
