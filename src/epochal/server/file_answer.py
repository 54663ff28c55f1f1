"""Answers that are a file out of the store under a name, whole or in part."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from starlette.responses import Response

from epochal.records import Principal
from epochal.server.media_bytes import AT_ONCE, HEADERS, NoImage, bytes_response, thumbnail
from epochal.server.route import Call

MAX_THUMB_SOURCE = 64 << 20
"""Bytes of a file above which no small picture is made of it."""


async def file_answer(
    call: Call,
    principal: Principal,
    digest: str,
    name: str,
    cache: str,
    *,
    thumb: int | None = None,
) -> Response:
    """Return the bytes of the blob `digest`, or what the request's Range names of them.

    name: what a browser saves it as; only raster images are shown by it. cache: the Cache-Control of the answer.
    thumb: the most pixels a side of a small picture of the file, which is answered instead. Raises NotFound for a blob
    that `principal` may not see, and NoImage where a small picture is asked for of what is none.
    """
    store = await call.service.open_store()

    async def read(start: int, end: int) -> bytes:
        work = partial(store.read_blob, principal, digest, start, end - start)
        return (await call.service.part(work))[1]

    first = partial(store.read_blob, principal, digest, 0, AT_ONCE)
    total, begin = await call.service.part(first)

    async def read_on(start: int, end: int) -> bytes:
        return begin[start:end] if end <= len(begin) else await read(start, end)

    if thumb is not None:
        check_thumb_source(total)
        return await small_picture(call, await read_on(0, total), thumb, f"{digest}-{thumb}", cache)
    response = await bytes_response(call.request, total, read_on, etag=digest, cache=cache)
    is_raster = response.headers.get("content-type", "").startswith("image/")
    kind = "inline" if is_raster else "attachment"
    saved_as = quote(name.rpartition("/")[2], safe="", errors="replace")
    response.headers["content-disposition"] = f"{kind}; filename*=UTF-8''{saved_as}"
    return response


def check_thumb_source(size: int) -> None:
    """Raise NoImage for a file of more bytes than a small picture is made of."""
    if size > MAX_THUMB_SOURCE:
        raise NoImage(f"a file of {size} bytes is too large to be made a small picture of")


async def small_picture(call: Call, data: bytes, size: int, etag: str, cache: str) -> Response:
    """Return an image of at most `size` pixels a side. Raises NoImage."""
    small, kind = await call.service.part(partial(thumbnail, data, size))
    headers = {**HEADERS, "cache-control": cache, "etag": f'"{etag}"'}
    return Response(small, 200, headers, kind)
