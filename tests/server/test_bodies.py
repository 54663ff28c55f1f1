"""Request bodies: caps while streaming and decompressing, and the budget over all requests."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.requests import Request

from epochal.server.bodies import (
    SHARE_STEP,
    BadEncoding,
    BodyTooLarge,
    Busy,
    ReceiveBudget,
    TooSlow,
    UnsupportedEncoding,
    read_body,
    zstd_module,
)

pytestmark = pytest.mark.anyio
DATA = bytes(range(256)) * 400


def _request(
    body: bytes, encoding: str | None = None, length: str | None = None, chunk: int = 1000
):
    headers = []
    if encoding is not None:
        headers.append((b"content-encoding", encoding.encode()))
    if length is not None:
        headers.append((b"content-length", length.encode()))
    parts = [body[i : i + chunk] for i in range(0, len(body), chunk)] or [b""]

    async def messages() -> AsyncIterator[dict[str, object]]:
        for i, part in enumerate(parts):
            yield {"type": "http.request", "body": part, "more_body": i + 1 < len(parts)}

    stream = messages()
    return Request({"type": "http", "headers": headers}, receive=stream.__anext__)


def _deflate_bomb(size: int) -> bytes:
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    return b"".join(packer.compress(block) for _ in range(size >> 20)) + packer.flush()


ENCODERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstd_module().compress,
    "identity": bytes,
    " ZSTD ": zstd_module().compress,
}


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize("chunk", [1, 7, 1000, 1 << 20])
async def test_body_arrives_whole(encoding: str, chunk: int):
    data = DATA[:5000] if chunk == 1 else DATA
    body = ENCODERS[encoding](data)
    assert await read_body(_request(body, encoding, chunk=chunk), len(data)) == data


@pytest.mark.parametrize("encoding", [e for e in ENCODERS if e != "identity"])
async def test_one_byte_more_than_the_limit_is_too_large(encoding: str):
    body = ENCODERS[encoding](DATA)
    with pytest.raises(BodyTooLarge, match="send less"):
        await read_body(_request(body, encoding), len(DATA) - 1)


async def test_plain_body_is_refused_by_its_length_or_by_its_bytes():
    with pytest.raises(BodyTooLarge):
        await read_body(_request(b"", length="99999999999999999999999"), 10)
    with pytest.raises(BodyTooLarge):
        await read_body(_request(DATA, length="5"), 10)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
async def test_damaged_and_torn_streams_are_bad_encoding(encoding: str):
    body = ENCODERS[encoding](DATA)
    for wrong in (body[:-3], body[:20], body + b"x", b"nonsense" + body, bytes(20)):
        with pytest.raises((BadEncoding, BodyTooLarge)):
            await read_body(_request(wrong, encoding, chunk=10), 1 << 20)


async def test_empty_body_is_empty_in_every_encoding():
    for encoding in ENCODERS:
        assert await read_body(_request(b"", encoding), 10) == b""


async def test_unknown_encoding_is_named():
    with pytest.raises(UnsupportedEncoding, match="br"):
        await read_body(_request(b"x", "br"), 10)


@pytest.mark.parametrize("encoding", ["deflate", "zstd"])
async def test_bomb_stops_at_the_limit(encoding: str):
    import tracemalloc

    size = 256 << 20
    bomb = _deflate_bomb(size) if encoding == "deflate" else zstd_module().compress(bytes(size), 1)
    request = _request(bomb, encoding, chunk=64 * 1024)
    tracemalloc.start()
    with pytest.raises(BodyTooLarge):
        await read_body(request, 8 << 20)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 << 20


async def test_zstd_frame_with_a_giant_window_is_refused():
    zstd = zstd_module()
    options = {
        zstd.CompressionParameter.window_log: 27,
        zstd.CompressionParameter.content_size_flag: 0,
    }
    packer = zstd.ZstdCompressor(options=options)
    body = packer.compress(DATA) + packer.flush()
    with pytest.raises(BadEncoding):
        await read_body(_request(body, "zstd"), 1 << 20)


async def test_budget_makes_requests_wait_and_then_refuses():
    budget = ReceiveBudget(100, patience_s=0.05)
    await budget.take(80)
    with pytest.raises(Busy):
        await budget.take(30)
    waiting = asyncio.create_task(budget.take(30))
    await asyncio.sleep(0.01)
    await budget.give(80)
    await waiting
    await budget.take(70)


async def test_a_share_grows_with_the_bytes_that_arrive_and_is_given_back():
    budget = ReceiveBudget(3 * SHARE_STEP, patience_s=0.05)
    async with budget.share() as slow, budget.share() as other:
        assert await read_body(_request(b"x" * 100), 1000, slow) == b"x" * 100
        await other.hold(2 * SHARE_STEP)
        with pytest.raises(Busy):
            await slow.hold(2 * SHARE_STEP)
    await budget.take(3 * SHARE_STEP)


async def test_a_client_that_stops_in_the_middle_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("epochal.server.bodies.STALL_S", 0.05)
    coming = [{"type": "http.request", "body": b"half", "more_body": True}]

    async def receive() -> Any:
        if coming:
            return coming.pop()
        await asyncio.Event().wait()

    with pytest.raises(TooSlow):
        await read_body(Request({"type": "http", "headers": []}, receive=receive), 1000)
