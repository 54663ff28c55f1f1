"""Answers that are a file out of the store under a name, whole or in part."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from starlette.responses import Response

from epochal.records import Principal
from epochal.server.media_bytes import AT_ONCE, bytes_response
from epochal.server.route import Call


async def file_answer(
    call: Call, principal: Principal, digest: str, name: str, cache: str
) -> Response:
    """Return the bytes of the blob `digest`, or what the request's Range names of them.

    name: what a browser saves it as; only raster images are shown by it. cache: the Cache-Control of the answer.
    Raises NotFound for a blob that `principal` may not see.
    """
    store = await call.service.open_store()

    async def read(start: int, end: int) -> bytes:
        work = partial(store.read_blob, principal, digest, start, end - start)
        return (await call.service.part(work))[1]

    first = partial(store.read_blob, principal, digest, 0, AT_ONCE)
    total, begin = await call.service.part(first)

    async def read_on(start: int, end: int) -> bytes:
        return begin[start:end] if end <= len(begin) else await read(start, end)

    response = await bytes_response(call.request, total, read_on, etag=digest, cache=cache)
    is_raster = response.headers.get("content-type", "").startswith("image/")
    kind = "inline" if is_raster else "attachment"
    saved_as = quote(name.rpartition("/")[2], safe="", errors="replace")
    response.headers["content-disposition"] = f"{kind}; filename*=UTF-8''{saved_as}"
    return response
