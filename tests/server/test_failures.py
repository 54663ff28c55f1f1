"""What the server answers when the store cannot: reading goes on, writers are told to come back."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from epochal.records import LOCAL_ADMIN
from epochal.server.app import Application, create_app
from epochal.server.settings import Settings
from epochal.store.base import Store
from epochal.store.sql import SqlStore
from tests.server.conftest import TOKEN, client_of, send
from tests.server.journals import Journal

pytestmark = pytest.mark.anyio


async def test_a_full_disk_refuses_points_and_goes_on_reading(
    client: httpx.AsyncClient, store: Store
):
    await send(client, Journal("a").rows("loss", [1.0]))
    assert isinstance(store, SqlStore)
    store._reserve_bytes = 1 << 62
    store._room_checked = -1e9
    answer = await send(client, Journal("b").rows("loss", [1.0]))
    assert answer.status_code == 507
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["error"]["code"] == "store_full"
    assert (await client.get("/api/v1/projects/local/digits/runs")).json()["matched"] == 1
    assert (await client.post("/api/v1/history", json={"run": "a"})).status_code == 200
    store._reserve_bytes = 0
    store._room_checked = -1e9
    assert (await send(client, Journal("b").rows("loss", [1.0]))).status_code == 200


async def test_a_closed_store_is_unavailable_and_not_a_defect(
    client: httpx.AsyncClient, store: Store
):
    store.close()
    for answer in (
        await client.get("/ready"),
        await client.get("/api/v1/projects"),
        await client.post("/api/v1/history", json={"run": "a"}),
        await send(client, Journal("b").rows("loss", [1.0])),
    ):
        assert answer.status_code == 503, answer.text
        assert answer.headers["retry-after"]


async def test_a_request_waits_for_the_store_to_open(settings: Settings, store: Store):
    app = create_app(None, settings)
    async with client_of(app, TOKEN) as client:
        assert (await client.get("/ready")).json() == {"status": "starting"}
        assert (await client.get("/")).status_code == 200  # the page does not wait
        waiting = asyncio.create_task(client.get("/api/v1/projects"))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        app.service.opened(store)
        assert (await waiting).json() == {"projects": []}
        assert (await client.get("/ready")).json() == {"status": "ready"}


async def test_first_routes_are_answered_while_the_others_load(settings: Settings, store: Store):
    app = Application.with_first_routes(settings)
    async with client_of(app, TOKEN) as client:
        assert (await client.get("/ready")).json() == {"status": "starting"}
        assert (await client.get("/")).status_code == 200
        assert (await client.get("/assets/index-1a2b3c4d.js")).text.startswith("console.log")
        assert (await client.get("/", headers={"Authorization": ""})).status_code == 401
        assert (await client.get("/", headers={"Host": "evil.test"})).status_code == 403
        assert (await client.put("/login")).status_code == 405
        waiting = asyncio.create_task(client.get("/api/v1/viewer"))
        page = asyncio.create_task(client.get("/local/digits"))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        assert not page.done()
        await asyncio.to_thread(app.load, asyncio.get_running_loop())
        app.service.opened(store)
        assert (await waiting).json()["name"] == LOCAL_ADMIN.name
        assert "<title>digits · epochal</title>" in (await page).text
        assert (await client.get("/ready")).json() == {"status": "ready"}


def test_routes_that_load_late_need_a_permission_too(settings: Settings, monkeypatch):
    from dataclasses import replace

    from epochal.server import table

    forgotten: Any = replace(table.ROUTES[-1], path="/forgotten", permission=None)
    monkeypatch.setattr(table, "ROUTES", (*table.ROUTES, forgotten))
    app = Application.with_first_routes(settings)
    with pytest.raises(ValueError, match="/forgotten has no permission"):
        app.load(asyncio.AbstractEventLoop())


async def test_a_store_that_cannot_be_opened_is_said(settings: Settings):
    app = create_app(None, settings)
    app.service.failed("the disk is gone")
    async with client_of(app, TOKEN) as client:
        answer = await client.get("/api/v1/projects")
    assert answer.status_code == 503
    assert "the disk is gone" in answer.json()["error"]["message"]


async def test_a_defect_is_answered_in_the_error_shape_and_raised_for_the_log(settings: Settings):
    from dataclasses import replace

    from epochal.server.route import Call
    from epochal.server.table import ROUTES

    async def broken(call: Call):
        raise ZeroDivisionError(call.principal.name)

    viewer = next(route for route in ROUTES if route.path == "/api/v1/viewer")
    routes = (replace(viewer, endpoint=broken, path="/broken"),)
    app = create_app(None, settings, routes)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/broken", headers=headers)
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert LOCAL_ADMIN.name not in answer.json()["error"]["message"]
    async with client_of(app, TOKEN) as client:
        with pytest.raises(ZeroDivisionError):
            await client.get("/broken")


async def test_a_question_that_nobody_waits_for_is_dropped_quietly(
    settings: Settings, store: Store, caplog: pytest.LogCaptureFixture
):
    app = create_app(store, settings)
    body = b'{"runs": ["a"], "keys": ["loss"]}'
    coming = [
        {"type": "http.request", "body": body, "more_body": False},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return coming.pop(0) if len(coming) > 1 else coming[0]

    async def send_back(message: Any) -> None:
        sent.append(message)

    headers = {
        "host": "localhost",
        "authorization": f"Bearer {TOKEN}",
        "content-type": "application/json",
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/series",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await app(scope, receive, send_back)
    assert sent[0]["status"] == 499
    assert not caplog.records
