"""The answers that stand in a workspace's page."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from epochal.server.answers import stream_packer
from epochal.server.bodies import zstd_module
from tests.server.conftest import send
from tests.server.journals import Journal

pytestmark = pytest.mark.anyio
PROJECT = "api/v1/projects/local/digits"
KEYS, RUNS = f"{PROJECT}/keys", f"{PROJECT}/runs?sort=-created&limit=100"


async def _page(client: httpx.AsyncClient, path: str) -> tuple[httpx.Response, dict[str, Any]]:
    """Return a page and the answers in it, by their addresses."""
    response = await client.get(path)
    assert response.status_code == 200
    assert response.text.endswith("</html>")
    found = re.findall(
        r'<script type="application/json" data-answer="([^"]*)">(.*?)</script>', response.text
    )
    return response, {name.replace("&amp;", "&"): json.loads(body) for name, body in found}


async def test_a_workspace_holds_what_its_page_would_ask_for(client: httpx.AsyncClient):
    await send(client, Journal("run-0", name="first").rows("loss", [1.0, 0.5]).exit())
    for path in ("/local/digits", "/local/digits/workspace?sm=ema:0.5&d="):
        response, answers = await _page(client, path)
        assert response.headers["cache-control"] == "no-store"
        assert list(answers) == ["api/v1/viewer", KEYS, RUNS]
        for address, answer in answers.items():
            assert answer == (await client.get("/" + address)).json()
        assert 'data-answers="' + " ".join(answers).replace("&", "&amp;") + '"' in response.text
        assert "<title>digits · epochal</title>" in response.text


async def test_a_page_of_other_runs_holds_no_runs(client: httpx.AsyncClient):
    await send(client, Journal("run-0").rows("loss", [1.0]).exit())
    _, answers = await _page(client, "/local/digits?q=lr%20%3C%201")
    assert list(answers) == ["api/v1/viewer", KEYS]


@pytest.mark.parametrize("path", ["/", "/local/digits/runs/a", "/local/digits/table", "/settings"])
async def test_other_pages_hold_none(client: httpx.AsyncClient, path: str):
    response, answers = await _page(client, path)
    assert answers == {}
    assert "data-answers" not in response.text
    assert response.headers["cache-control"] == "no-cache"


async def test_what_cannot_be_read_is_left_out(client: httpx.AsyncClient):
    response, answers = await _page(client, "/local/dig%3Cits%26")
    assert list(answers) == ["api/v1/viewer"]
    assert "/local/dig%3Cits%26/keys" in response.text, "announced all the same"
    assert "<title>dig&lt;its&amp; · epochal</title>" in response.text


async def test_no_name_ends_the_element_that_holds_it(client: httpx.AsyncClient):
    name = "</script><script>alert(1)</script><!--"
    await send(client, Journal("run-0", name=name).rows("loss", [1.0]).exit())
    response, answers = await _page(client, "/local/digits")
    assert answers[RUNS]["runs"][0]["name"] == name
    assert "<script>alert" not in response.text
    assert "<!--" not in response.text


@pytest.mark.parametrize("encoding", ["zstd", "gzip", "identity"])
async def test_the_page_is_packed_as_answers_are(client: httpx.AsyncClient, encoding: str):
    await send(client, Journal("run-0", name="first").rows("loss", [1.0]).exit())
    headers = {"Accept-Encoding": encoding}
    async with client.stream("GET", "/local/digits", headers=headers) as response:
        body = b"".join([piece async for piece in response.aiter_raw()])
    assert response.headers.get("content-encoding", "identity") == encoding
    assert response.headers["vary"] == "accept-encoding"
    unpack: dict[str, Callable[[bytes], bytes]] = {
        "zstd": zstd_module().decompress,
        "gzip": gzip.decompress,
        "identity": bytes,
    }
    page = unpack[encoding](body).decode()
    assert page.endswith("</html>")
    assert page.count("data-answer=") == 3


@pytest.mark.parametrize("encoding", ["zstd", "gzip"])
def test_each_piece_can_be_read_at_once(encoding: str):
    headers, pack = stream_packer(frozenset([encoding]))
    unpacker = (
        zstd_module().ZstdDecompressor() if encoding == "zstd" else zlib.decompressobj(wbits=31)
    )
    assert headers["content-encoding"] == encoding
    assert unpacker.decompress(pack(b"begun", False)) == b"begun"
    assert unpacker.decompress(pack(b"done", True)) == b"done"
    assert unpacker.eof
