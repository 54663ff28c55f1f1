"""Values of object series, and the bytes that media refer to."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response

from epochal.errors import NotFound
from epochal.server import wire_objects
from epochal.server.answers import UnreadableMedia, json_response
from epochal.server.file_answer import check_thumb_source, small_picture
from epochal.server.media_bytes import AT_ONCE, HEADERS, bytes_response
from epochal.server.route import Call
from epochal.server.wire import ThumbParameters

FOR_EVER = "private, max-age=31536000, immutable"
AN_HOUR = "private, max-age=3600"


async def objects(call: Call) -> Response:
    """Answer values of object series."""
    query = (await call.json(wire_objects.ObjectsRequest)).query()
    store = await call.service.open_store()

    def read() -> Response:
        answer = wire_objects.objects_of(store.objects(call.principal, query))
        return json_response(call.request, answer)

    return await call.service.series(call.request, read)


async def blob(call: Call) -> Response:
    """Answer a blob, a part of it, or a small picture of it."""
    digest = call.path("sha256")
    thumb = call.parameters(ThumbParameters).thumb
    store = await call.service.open_store()

    async def read(start: int, end: int) -> bytes:
        work = partial(store.read_blob, call.principal, digest, start, end - start)
        return (await call.service.part(work))[1]

    first = partial(store.read_blob, call.principal, digest, 0, AT_ONCE)
    total, begin = await call.service.part(first)

    async def read_on(start: int, end: int) -> bytes:
        return begin[start:end] if end <= len(begin) else await read(start, end)

    if thumb is None:
        return await bytes_response(call.request, total, read_on, etag=digest, cache=FOR_EVER)
    check_thumb_source(total)
    return await small_picture(call, await read_on(0, total), thumb, f"{digest}-{thumb}", FOR_EVER)


PAGE_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:; media-src data: blob:; font-src data:; "
    "worker-src blob:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
"""Of a page that a script has logged: it is of no origin, so it has no cookies and reads nothing here; it may run the
scripts that stand in it, and can ask nobody for anything."""
MAX_PAGE = 64 << 20
"""Bytes of a page above which it is not shown."""


async def page(call: Call) -> Response:
    """Answer a blob as a page, for a frame in a panel."""
    digest = call.path("sha256")
    store = await call.service.open_store()
    work = partial(store.read_blob, call.principal, digest, 0, MAX_PAGE)
    total, data = await call.service.part(work)
    if total > MAX_PAGE:
        raise UnreadableMedia(f"a page of {total} bytes is too large to be shown")
    headers = {
        **HEADERS,
        "content-security-policy": PAGE_POLICY,
        # what browsers of today pass over where frame-ancestors is there, and older ones know
        "x-frame-options": "SAMEORIGIN",
        "cache-control": FOR_EVER,
        "referrer-policy": "no-referrer",
    }
    return Response(data, 200, headers, "text/html; charset=utf-8")


async def source(call: Call) -> Response:
    """Answer bytes of an event file, a part of them, or a small picture of them."""
    writer = call.path("writer")
    place = [call.path(name) for name in ("record", "start", "size")]
    if not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in place):
        raise NotFound(f"there are no bytes at {'/'.join(place)[:100]} of an event file")
    thumb = call.parameters(ThumbParameters).thumb
    store = await call.service.open_store()

    def read() -> bytes:
        _run, where = store.source(call.principal, writer)
        record, start, size = map(int, place)
        return call.service.sources.read(where, record, start, size)

    data = await call.service.part(read)
    etag = "-".join([writer, *place])
    if thumb is not None:
        return await small_picture(call, data, thumb, f"{etag}-{thumb}", AN_HOUR)

    async def part(start: int, end: int) -> bytes:
        return data[start:end]

    return await bytes_response(call.request, len(data), part, etag=etag, cache=AN_HOUR)
