"""Bodies: reading requests under a cap while they stream in, and compressing answers when it pays.

The cap counts bytes after decompression and stops the decoder at the byte that exceeds it, so that a body that
expands a thousandfold costs no more than an honest one. There is no cap on the ratio: a journal of constant values
compresses 1000:1 and must not be refused for it.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from typing import Any, Protocol

from starlette.requests import Request

from epochal.errors import DataError, EnvironmentFault, EpochalError

JOURNAL_LIMIT = 8 * 1024 * 1024
JSON_LIMIT = 4 * 1024 * 1024
SHARE_STEP = 256 * 1024
STALL_S = 60.0
ZSTD_WINDOW_LOG = 23
"""A zstd frame may ask for 2**27 bytes of window by itself; no body that we take needs more than its cap."""


class BodyTooLarge(EpochalError):
    """A body is larger than what its route takes."""


class BadEncoding(DataError):
    """A body is not what its Content-Encoding says."""


class UnsupportedEncoding(EpochalError):
    """A body has a Content-Encoding that the server cannot read."""


class TooSlow(EnvironmentFault):
    """A client has stopped in the middle of its body."""


class Busy(EnvironmentFault):
    """Too much is being received at the moment; the client should come back."""


class ReceiveBudget:
    """How many bytes of bodies the server holds at once, over all requests.

    A request takes its share as its bytes arrive, and waits when there is none: the network then holds back a thousand
    clients that come back at once with an hour of backlog each, and not this process's memory. One that waits for
    too long is sent away, which frees what it held; so requests that wait for each other do not do so for ever.
    """

    def __init__(self, size: int = 128 * 1024 * 1024, patience_s: float = 10.0) -> None:
        self._free = size
        self._patience_s = patience_s
        self._changed = asyncio.Condition()

    async def take(self, size: int) -> None:
        """Take `size` bytes, waiting for them. Raises Busy when they do not come free in time."""
        async with self._changed:
            try:
                async with asyncio.timeout(self._patience_s):
                    await self._changed.wait_for(lambda: self._free >= size)
            except TimeoutError:
                raise Busy("the server is receiving as much as it can hold; try again") from None
            self._free -= size

    async def give(self, size: int) -> None:
        """Give back what was taken."""
        async with self._changed:
            self._free += size
            self._changed.notify_all()

    def share(self) -> Share:
        """Return the share of one request: an asynchronous context manager that gives back what it took."""
        return Share(self)


class Share:
    """What one request has taken from a budget."""

    def __init__(self, budget: ReceiveBudget) -> None:
        self._budget = budget
        self._taken = 0

    async def __aenter__(self) -> Share:
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._taken:
            await self._budget.give(self._taken)

    async def hold(self, size: int) -> None:
        """Take what is missing of `size` bytes, in steps that make it cheap. Raises Busy."""
        if size > self._taken:
            missing = max(size - self._taken, SHARE_STEP)
            await self._budget.take(missing)
            self._taken += missing


async def read_body(request: Request, limit: int, share: Share | None = None) -> bytes:
    """Return the decompressed body of a request.

    `share` is where its memory is counted: twice its size, as the parts are put together at the end. Raises
    BodyTooLarge beyond `limit` bytes (before or after decompression), BadEncoding, UnsupportedEncoding, TooSlow, Busy.
    """
    parts: list[bytes] = []
    size = 0
    async for part in stream_body(request, limit):
        size += len(part)
        if share is not None:
            await share.hold(2 * size)
        parts.append(part)
    return b"".join(parts)


async def stream_body(request: Request, limit: int) -> AsyncIterator[bytes]:
    """Yield the decompressed body of a request as it arrives; raises what `read_body` does, but for Busy."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > limit:
        raise BodyTooLarge(
            f"a body of {declared} bytes is more than the {limit} that fit; send less"
        )
    decoder = _decoder(request.headers.get("content-encoding", "identity").strip().lower())
    received = size = 0
    async for chunk in _chunks(request):
        received += len(chunk)
        if received > limit:
            raise BodyTooLarge(f"the body has more than the {limit} bytes that fit; send less")
        part = chunk if decoder is None else decoder.feed(chunk, limit - size)
        size += len(part)
        if size > limit:
            raise BodyTooLarge(
                f"the body has more than the {limit} bytes that fit once decompressed; send less"
            )
        yield part
    if decoder is not None and received and not decoder.finished():
        raise BadEncoding("the body ends inside its compressed stream; send it again")


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """Yield the body as it arrives. Raises TooSlow when nothing does for a while."""
    chunks = request.stream()
    while True:
        try:
            async with asyncio.timeout(STALL_S):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise TooSlow(f"nothing more of the body has come for {STALL_S:g} s") from None
        yield chunk


class _Decoder(Protocol):
    def feed(self, data: bytes, room: int) -> bytes:
        """Return what `data` expands to, at most `room` + 1 bytes of it."""
        ...

    def finished(self) -> bool:
        """Return whether the stream has ended."""
        ...


def _decoder(encoding: str) -> _Decoder | None:
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "x-gzip"):
        return _Inflate(31)
    if encoding == "deflate":
        return _Inflate(15)
    if encoding == "zstd":
        return _Zstd()
    raise UnsupportedEncoding(
        f"the server cannot read Content-Encoding {encoding[:40]!r}; use zstd, gzip or deflate"
    )


class _Inflate:
    """gzip (`window_bits` 31) and zlib (15) streams of one member."""

    def __init__(self, window_bits: int) -> None:
        self._inflate = zlib.decompressobj(window_bits)

    def feed(self, data: bytes, room: int) -> bytes:
        if not data:
            return b""
        try:
            part = self._inflate.decompress(data, room + 1)
        except zlib.error as error:
            raise BadEncoding(f"the body cannot be decompressed: {error}") from None
        if self._inflate.unused_data:
            raise BadEncoding("bytes follow the end of the compressed body")
        return part

    def finished(self) -> bool:
        return self._inflate.eof


class _Zstd:
    """A zstd stream of one frame."""

    def __init__(self) -> None:
        zstd = zstd_module()
        parameter = zstd.DecompressionParameter.window_log_max
        self._error = zstd.ZstdError
        self._decompressor = zstd.ZstdDecompressor(options={parameter: ZSTD_WINDOW_LOG})

    def feed(self, data: bytes, room: int) -> bytes:
        if not data:
            return b""
        if self._decompressor.eof:
            raise BadEncoding("bytes follow the end of the compressed body")
        parts: list[bytes] = []
        try:
            while True:
                part = self._decompressor.decompress(data, room + 1)
                parts.append(part)
                room -= len(part)
                data = b""
                if room < 0 or self._decompressor.eof or self._decompressor.needs_input:
                    break
        except self._error as error:
            raise BadEncoding(f"the body cannot be decompressed: {error}") from None
        if self._decompressor.unused_data:
            raise BadEncoding("bytes follow the end of the compressed body")
        return b"".join(parts)

    def finished(self) -> bool:
        return self._decompressor.eof


def zstd_module() -> Any:
    """Return the zstd module: the standard library's from Python 3.14, before that its backport."""
    try:
        from compression import zstd  # pyright: ignore[reportMissingImports]
    except ImportError:
        from backports import zstd
    return zstd
