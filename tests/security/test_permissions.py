"""Every route against everybody: the table decides, and nothing is reachable that it does not name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import httpx
import pytest

from epochal.server.app import Application, create_app
from epochal.server.route import Route
from epochal.server.settings import Settings
from epochal.server.table import ROUTES
from tests.server.conftest import (
    COOKIE,
    HOST,
    TOKEN,
    VIEWER_TOKEN,
    client_of,
)

pytestmark = pytest.mark.anyio

NAMES = {
    "{entity}": "local",
    "{project}": "digits",
    "{id}": "r",
    "{uid}": "r",
    "{writer}": "w",
    "{hash}": "0123456789abcdef",
}
FILE_STREAM = "/files/{entity}/{project}/{run}/file_stream"
PUBLIC = {
    "/ready": "says nothing but whether the server serves",
    "/health": "the same",
    "/login": "is where a token is shown to get in",
    "/assets/{name:path}": "is the web page, which knows nothing",
    "/sdk/otel/v1/metrics": "is always 404",
    "/api/v1/figure-frame": "draws what is posted to it; holds nothing, and can ask nothing",
    "/-/upload/{ticket}": "the ticket is signed, and says who may send which file",
    "/-/download/{ticket}/{name:path}": "the ticket is signed, and says who may read which file",
    "/-/history/{ticket}": "the ticket is signed, and says who may read which run's history",
}
"""Why a path needs no authorisation."""
IDS = [f"{route.method} {route.path}" for route in ROUTES]


def _path(route: Route) -> str:
    path = route.path.replace("{name:path}", "x.js").replace("{path:path}", "local/digits")
    for name, value in NAMES.items():
        path = path.replace(name, value)
    return path


async def _send(app: Application, route: Route, headers: dict[str, str]) -> httpx.Response:
    async with client_of(app) as client:
        return await client.request(route.method, _path(route), headers=headers)


WRONG: dict[str, dict[str, str]] = {
    "anonymous": {},
    "wrong token": {"Authorization": "Bearer local-" + "f" * 40},
    "empty token": {"Authorization": "Bearer "},
    "token of another case": {"Authorization": f"Bearer {TOKEN.upper()}"},
    "basic without colon": {"Authorization": "Basic bG9jYWw="},
    "token as cookie": {"Cookie": f"{COOKIE}={TOKEN}"},
    "wrong cookie": {"Cookie": f"{COOKIE}={'0' * 64}"},
    "cookie of another port": {"Cookie": "epochal-1234=" + "0" * 64},
    "token in the query": {},
}


@pytest.mark.parametrize("who", WRONG)
@pytest.mark.parametrize("route", ROUTES, ids=IDS)
async def test_only_public_routes_answer_strangers(app: Application, route: Route, who: str):
    headers = {**WRONG[who], "Origin": HOST}
    async with client_of(app) as client:
        path = _path(route) + (f"?token={TOKEN}" if who == "token in the query" else "")
        if route.path == "/login" and "token=" in path:
            return
        response = await client.request(route.method, path, headers=headers)
    if route.permission == "public":
        assert response.status_code != 403
    elif route.path == FILE_STREAM:
        # After a 401, a client of wandb would never send anything of its run again.
        assert response.status_code == 503
        assert response.headers["retry-after"] == "10"
    else:
        assert response.status_code == 401
        assert "local" not in response.text or route.page


def test_every_public_route_has_a_reason():
    assert {route.path for route in ROUTES if route.permission == "public"} <= PUBLIC.keys()


@pytest.mark.parametrize(
    "route",
    [r for r in ROUTES if r.permission == "write"],
    ids=lambda route: f"{route.method} {route.path}",
)
async def test_a_viewer_may_not_write(app: Application, route: Route):
    response = await _send(app, route, {"Authorization": f"Bearer {VIEWER_TOKEN}"})
    if route.path == FILE_STREAM:
        assert response.status_code == 503
        assert "viewer" in response.json()["error"]
        return
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "forbidden"


async def test_a_viewer_may_read(app: Application):
    async with client_of(app, VIEWER_TOKEN) as client:
        assert (await client.get("/api/v1/viewer")).json()["name"] == "guest"
        assert (await client.get("/local/digits")).status_code == 200


@pytest.mark.parametrize("permission", [None, "", "everyone", "Public"])
def test_a_route_without_a_permission_refuses_to_start(settings: Settings, permission: Any):
    forgotten = replace(ROUTES[0], path="/forgotten", permission=permission)
    with pytest.raises(ValueError, match=r"GET /forgotten has no permission"):
        create_app(None, settings, (*ROUTES, forgotten))


def test_a_route_cannot_be_written_without_naming_one():
    with pytest.raises(TypeError, match="permission"):
        cast(Any, Route)(method="GET", path="/x", endpoint=None, summary="", answer="")


def test_a_route_that_stands_twice_refuses_to_start(settings: Settings):
    with pytest.raises(ValueError, match="twice"):
        create_app(None, settings, (*ROUTES, ROUTES[3]))


@pytest.mark.parametrize("method", ["PUT", "TRACE", "CONNECT", "PROPFIND", "OPTIONS"])
async def test_other_methods_are_refused(app: Application, method: str):
    async with client_of(app, TOKEN) as client:
        response = await client.request(method, "/api/v1/series")
    assert response.status_code == 405
    assert response.json()["error"]["code"] == "method_not_allowed"


async def test_head_is_authorised_like_get(app: Application):
    async with client_of(app) as client:
        assert (await client.head("/api/v1/viewer")).status_code == 401
        assert (await client.head("/ready")).status_code == 503
