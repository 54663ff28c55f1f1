"""Journals: how points arrive. Appending is idempotent, so a client repeats whatever it is unsure of."""

from __future__ import annotations

import asyncio
import re
import zlib

from starlette.responses import Response

from epochal.errors import UsageError
from epochal.server import wire
from epochal.server.answers import BadChecksum, json_response
from epochal.server.bodies import JOURNAL_LIMIT, read_body
from epochal.server.route import Call

WRITER = re.compile(r"[A-Za-z0-9._-]{1,128}")


async def acknowledged(call: Call) -> Response:
    """Answer up to which offset a writer's journal is stored."""
    writer = _writer(call)
    store = await call.service.open_store()
    offset = await call.service.catalog(store.acknowledged, call.principal, writer)
    return json_response(call.request, wire.Offset(offset))


async def append(call: Call) -> Response:
    """Store journal bytes durably and answer up to where."""
    writer = _writer(call)
    where = call.parameters(wire.JournalParameters)
    store = await call.service.open_store()
    async with call.service.budget.share() as share:
        data = await read_body(call.request, JOURNAL_LIMIT, share)
        _check_sum(call.request.headers.get("x-epochal-crc32"), data)
        ack = await asyncio.wrap_future(
            store.submit(call.principal, writer, where.offset, data, final=where.final)
        )
    return json_response(call.request, wire.Offset(ack.offset))


def _writer(call: Call) -> str:
    writer = call.path("writer")
    if not WRITER.fullmatch(writer):
        raise UsageError(
            f"{writer[:140]!r} is no writer uid: 1 to 128 letters, digits and . _ - are"
        )
    return writer


def _check_sum(declared: str | None, data: bytes) -> None:
    if declared is None:
        return
    if not (declared.isascii() and declared.isdigit()):
        raise UsageError(f"X-Epochal-Crc32 is {declared[:40]!r}; expected a decimal number")
    if int(declared[:20]) != zlib.crc32(data):
        raise BadChecksum(
            f"{len(data)} bytes arrived with CRC-32 {zlib.crc32(data)}, sent was {declared[:20]}; "
            "send them again"
        )
