"""file_stream over HTTP: what a client sends is stored, and nothing that goes wrong ends its upload."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import httpx
import pytest

from epochal.records import LOCAL_ADMIN
from epochal.server.app import create_app
from epochal.server.settings import Settings
from epochal.server.wandb.intake import RunIntake
from epochal.store.base import Store
from tests.server.conftest import TOKEN, VIEWER_TOKEN, client_of
from tests.server.wandb.requests import history, real_body, real_lines, rows, start

pytestmark = pytest.mark.anyio

URL = "/files/local/real%20rows/r1/file_stream"


@pytest.fixture
def uid(store: Store) -> str:
    return RunIntake(store, LOCAL_ADMIN).upsert(start()).uid


def lines_of(store: Store, uid: str, file: Any = "history") -> list[str]:
    return [line.decode() for line in store.read_lines(LOCAL_ADMIN, uid, file)]


async def test_a_real_request_is_stored(client: httpx.AsyncClient, store: Store, uid: str):
    response = await client.post(URL, json=real_body(complete=True, exitcode=0))
    assert (response.status_code, response.json()) == (200, {"stopped": False})
    assert lines_of(store, uid) == real_lines("wandb-history.jsonl")
    assert store.run(LOCAL_ADMIN, uid).info.state == "finished"


async def test_bodies_may_be_compressed(client: httpx.AsyncClient, store: Store, uid: str):
    body = gzip.compress(json.dumps(history(0, rows(0, [1.0]))).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert (await client.post(URL, content=body, headers=headers)).status_code == 200
    assert lines_of(store, uid) == rows(0, [1.0])


@pytest.mark.parametrize("body", [b"", b"{}", b'{"uploaded": ["x"]}', b"  "])
async def test_a_sign_of_life_begins_a_run(
    client: httpx.AsyncClient, store: Store, uid: str, body: bytes
):
    assert (await client.post(URL, content=body)).json() == {"stopped": False}
    assert store.run(LOCAL_ADMIN, uid).info.state == "running"


async def test_what_the_client_authorises_itself_with(store: Store, settings: Settings, uid: str):
    basic = base64.b64encode(f"api:{TOKEN}".encode()).decode()
    async with client_of(create_app(store, settings)) as client:
        response = await client.post(URL, json={}, headers={"Authorization": f"Basic {basic}"})
    assert response.status_code == 200


async def test_a_stop_is_told(client: httpx.AsyncClient, store: Store, uid: str):
    store.request_stop(LOCAL_ADMIN, uid)
    assert (await client.post(URL, json={})).json() == {"stopped": True}


def is_retried(response: httpx.Response) -> bool:
    """Whether the client comes back after this answer, and shows its user a sentence."""
    return (
        response.status_code in (429, 503, 507)
        and float(response.headers["retry-after"]) >= 0.5
        and bool(response.json()["error"])
    )


@pytest.mark.parametrize(
    "body",
    [b"nonsense", b"[1]", b'{"files": 3}', b'{"files": {"wandb-history.jsonl": {"content": [3]}}}', b"\xff",
     b"[" * 100_000, b'{"files": {"wandb-history.jsonl": {"offset": -1e99, "content": []}}}'],
)  # fmt: skip
async def test_no_body_ends_an_upload(client: httpx.AsyncClient, uid: str, body: bytes):
    assert is_retried(await client.post(URL, content=body))


async def test_no_encoding_ends_an_upload(client: httpx.AsyncClient, uid: str):
    for encoding in ("gzip", "zstd", "br"):
        headers = {"Content-Encoding": encoding}
        assert is_retried(await client.post(URL, content=b"nonsense", headers=headers))


async def test_no_size_ends_an_upload(client: httpx.AsyncClient, uid: str):
    big = gzip.compress(b" " * (17 << 20))
    headers = {"Content-Encoding": "gzip"}
    assert is_retried(await client.post(URL, content=big, headers=headers))
    assert is_retried(await client.post(URL, content=b" " * (17 << 20)))


@pytest.mark.parametrize("token", [None, "local-" + "f" * 40, VIEWER_TOKEN])
async def test_no_key_ends_an_upload(store: Store, settings: Settings, uid: str, token: str | None):
    async with client_of(create_app(store, settings), token) as client:
        response = await client.post(URL, json=history(0, rows(0, [1.0])))
    assert is_retried(response)
    assert lines_of(store, uid) == []


async def test_a_closed_store_is_tried_again(client: httpx.AsyncClient, store: Store, uid: str):
    store.close()
    assert is_retried(await client.post(URL, json=history(0, rows(0, [1.0]))))


async def test_a_run_that_is_not_there_takes_nothing(
    client: httpx.AsyncClient, store: Store, uid: str
):
    response = await client.post(URL.replace("r1", "other"), json=history(0, rows(0, [1.0])))
    assert (response.status_code, response.json()) == (200, {"stopped": False})
    store.trash_run(LOCAL_ADMIN, uid)
    store.delete_run(LOCAL_ADMIN, uid)
    assert (await client.post(URL, json=history(0, rows(0, [1.0])))).status_code == 200


async def test_a_whole_log_in_one_request(client: httpx.AsyncClient, store: Store, uid: str):
    lines = ["{}"] * 100_000
    assert (await client.post(URL, json=history(0, lines))).status_code == 200
    assert store.line_total(LOCAL_ADMIN, uid, "history") == 100_000
    more = rows(100_000, [float(i) for i in range(20_000)])
    assert (await client.post(URL, json=history(100_000, more))).status_code == 200
    assert store.run(LOCAL_ADMIN, uid).info.last_step == 119_999


async def test_a_name_of_any_letters(client: httpx.AsyncClient, store: Store):
    uid = RunIntake(store, LOCAL_ADMIN).upsert(start("län %41 ü", project="p r ö")).uid
    url = "/files/local/p%20r%20%C3%B6/l%C3%A4n%20%2541%20%C3%BC/file_stream"
    assert (await client.post(url, json=history(0, rows(0, [1.0])))).status_code == 200
    assert lines_of(store, uid) == rows(0, [1.0])
