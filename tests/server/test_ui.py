"""The built files and the pages."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest

from tests.server.conftest import TOKEN

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def logged_in(anonymous: httpx.AsyncClient):
    await anonymous.get("/login", params={"token": TOKEN})


async def test_hashed_asset_is_public_and_kept_for_ever(anonymous: httpx.AsyncClient):
    anonymous.cookies.clear()
    response = await anonymous.get("/assets/index-1a2b3c4d.js", headers={"Accept-Encoding": ""})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.text == "console.log('plain')"


async def test_gzip_twin_is_sent_to_those_who_read_it(anonymous: httpx.AsyncClient):
    headers = {"Accept-Encoding": "br, gzip;q=0.5"}
    response = await anonymous.get("/assets/index-1a2b3c4d.js", headers=headers)
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["vary"] == "accept-encoding"
    assert response.text == "console.log('twin')"
    plain = await anonymous.get(
        "/assets/index-1a2b3c4d.js", headers={"Accept-Encoding": "gzip;q=0"}
    )
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize(
    "path", ["/", "/local/digits/table", "/local/digits/runs/a.b", "/a/b/c/d", "/settings"]
)
async def test_app_paths_answer_the_page_with_its_base(anonymous: httpx.AsyncClient, path: str):
    response = await anonymous.get(path)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-cache"
    assert response.text.index('<base href="/" />') < response.text.index("<title>")
    assert "<script>" not in response.text


@pytest.mark.parametrize(
    "path", ["/api", "/api/v1/nothing", "/graphql", "/files/a/b", "/embed", "/robots.txt"]
)
async def test_reserved_paths_are_not_pages(anonymous: httpx.AsyncClient, path: str):
    response = await anonymous.get(path)
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"


async def test_files_at_the_root_are_found_by_name(anonymous: httpx.AsyncClient):
    response = await anonymous.get("/favicon.svg")
    assert response.headers["content-type"] == "image/svg+xml"


async def test_a_rebuild_is_seen_without_a_restart(
    anonymous: httpx.AsyncClient, static: Path, monkeypatch: pytest.MonkeyPatch
):
    assert (await anonymous.get("/assets/new-5e6f.css")).status_code == 404
    (static / "assets" / "new-5e6f.css").write_text("body{}")
    monkeypatch.setattr("epochal.server.assets.RESCAN_INTERVAL_S", 0.0)
    response = await anonymous.get("/assets/new-5e6f.css")
    assert response.headers["content-type"].startswith("text/css")


async def test_missing_build_is_explained(anonymous: httpx.AsyncClient, static: Path):
    shutil.rmtree(static)
    response = await anonymous.get("/")
    assert response.status_code == 503
    assert "scripts/build_ui.py" in response.text
