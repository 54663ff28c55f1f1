"""The application in this process, behind an ASGI client: no socket, every error raised into the test."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from epochal.records import LOCAL_ADMIN, Principal
from epochal.server.app import Application, create_app
from epochal.server.auth import Keyring
from epochal.server.settings import Settings
from epochal.store.base import Store
from tests.server.journals import Journal

TOKEN = "local-" + "0123456789" * 4
VIEWER_TOKEN = "local-" + "a" * 40
COOKIE = "epochal-8470"
HOST = "http://127.0.0.1:8470"


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """Return a folder as the web build leaves it."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(
        '<!doctype html><html><head><title>epochal</title></head><body><div id="app"></div></body></html>'
    )
    (folder / "assets" / "index-1a2b3c4d.js").write_text("console.log('plain')")
    (folder / "assets" / "index-1a2b3c4d.js.gz").write_bytes(gzip.compress(b"console.log('twin')"))
    (folder / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "secret.txt").write_text("outside")
    return folder


@pytest.fixture
def settings(static: Path) -> Settings:
    """Return settings with an admin's and a viewer's token."""
    principals = {TOKEN: LOCAL_ADMIN, VIEWER_TOKEN: Principal("guest", "local", "viewer")}
    return Settings(keys=Keyring(principals, COOKIE), static=static, version="1.2.3")


@pytest.fixture
def app(settings: Settings) -> Application:
    """Return the application before its store is open."""
    return create_app(None, settings)


def client_of(app: Application, token: str | None = None) -> httpx.AsyncClient:
    """Return a client of `app` that sends `token`."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url=HOST, headers=headers, timeout=30
    )


@pytest.fixture
async def anonymous(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client without credentials."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return a store of its own."""
    from epochal.store.sql import open_store

    opened = open_store(tmp_path / "store")
    yield opened
    opened.close()


@pytest.fixture
async def client(store: Store, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Return an authorised client of an application over `store`."""
    async with client_of(create_app(store, settings), TOKEN) as found:
        yield found


async def send(client: httpx.AsyncClient, journal: Journal, **parameters: Any) -> httpx.Response:
    """Post a whole journal."""
    return await client.post(
        f"/api/v1/journal/{journal.writer}",
        params={"offset": 0, **parameters},
        content=journal.data,
    )
