"""Saved views and long links over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from epochal.server import wire_views
from tests.server.conftest import send
from tests.server.journals import Journal

pytestmark = pytest.mark.anyio
VIEWS = "/api/v1/projects/local/digits/views"


async def test_the_life_of_a_view(client: httpx.AsyncClient):
    assert (await client.get(VIEWS)).json()["error"]["code"] == "project_not_found"
    await send(client, Journal("run-a"))
    assert (await client.get(VIEWS)).json() == {"views": []}
    asked = {"name": "Baseline", "query": "q=lr%3C1&g=config.opt"}
    view = (await client.post(VIEWS, json=asked)).json()
    assert set(view) == set(wire_views.View.__struct_fields__)
    assert {key: view[key] for key in asked} == asked
    path = f"/api/v1/views/{view['id']}"
    changed = (await client.patch(path, json={"name": "Better"})).json()
    assert changed == {**view, "name": "Better", "updated": changed["updated"]}
    assert (await client.get(VIEWS)).json() == {"views": [changed]}
    assert (await client.delete(path)).json() == {"deleted": view["id"]}
    assert (await client.get(VIEWS)).json() == {"views": []}
    gone = await client.patch(path, json={"name": "x"})
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "view_not_found")
    assert (await client.post(path + "/restore")).json() == changed


async def test_a_long_link(client: httpx.AsyncClient):
    query = "only=" + "r," * 10_000
    digest = (await client.post("/api/v1/queries", json={"query": query})).json()["hash"]
    assert (await client.get(f"/api/v1/queries/{digest}")).json() == {"query": query}
    missing = await client.get("/api/v1/queries/0000000000000000")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "query_not_found")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (VIEWS, {"name": "", "query": ""}, 400),
        (VIEWS, {"name": "n"}, 400),
        (VIEWS, {"name": "n", "query": "q" * 100_001}, 400),
        (VIEWS, {"name": "n", "query": "a\x00b"}, 400),
        (VIEWS, {"name": "n", "query": "", "owner": "me"}, 400),
        ("/api/v1/queries", {"query": "é" * 60_000}, 400),
        ("/api/v1/queries", {"query": 3}, 400),
        ("/api/v1/views/nothing/restore", {}, 404),
    ],
)
async def test_what_does_not_fit(client: httpx.AsyncClient, path: str, body: Any, status: int):
    await send(client, Journal("run-a"))
    answer = await client.post(path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]
