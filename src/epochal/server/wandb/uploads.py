"""Files on their way in and out: what stands behind the addresses of tickets, and the files of a run by name."""

from __future__ import annotations

import base64
import binascii
import importlib
import posixpath
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
from starlette.responses import Response

from epochal.errors import EnvironmentFault, NotFound, UsageError
from epochal.records import BlobInfo, Principal
from epochal.server.bodies import BodyTooLarge, stream_body
from epochal.server.file_answer import file_answer
from epochal.server.route import ROLES_THAT_MAY, Call
from epochal.server.wandb.tickets import read_ticket
from epochal.store.base import BlobSink, Store

Handler = Callable[[Store, Principal, dict[str, Any], BlobInfo], None]
"""Gives stored bytes to what a ticket's subject names; called in a thread."""

PURPOSES = {
    "run-file": "epochal.server.wandb.uploads:keep_run_file",
    "artifact-file": "epochal.server.wandb.artifacts.uploads:keep_file",
    "manifest": "epochal.server.wandb.artifacts.uploads:keep_manifest",
    "part": "epochal.server.wandb.artifacts.uploads:keep_part",
}
"""Where the handler of each purpose stands; loaded by its first upload."""

PORTION = 1 << 20
"""Bytes that are written to the store at a time: each time costs a turn of a thread."""
LIMIT = 1 << 42
"""The store's own limit is what counts."""
ENCODED_LIMIT = 256 << 20
"""Bytes of a body with a Content-Encoding, decompressed: one portion of such a body can be of any size."""
CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, HEAD, PUT, OPTIONS",
    "access-control-allow-headers": "*",
    "access-control-expose-headers": "ETag, Content-Range, Content-Length",
    "access-control-max-age": "86400",
    "cross-origin-resource-policy": "cross-origin",
}
"""A ticket is all the right there is, so that pages of any origin may use one that they know."""
MUST_ASK = "private, no-cache"
FOR_A_DAY = "private, max-age=86400, immutable"


class Damaged(EnvironmentFault):
    """A body arrived with another MD5 than its sender says: sent again, it may arrive whole."""


async def upload(call: Call) -> Response:
    """Take a file that a ticket allows, and answer its MD5 as ETag."""
    ticket = read_ticket(call.service.settings.keys, call.path("ticket"), "PUT")
    if ticket.principal.role not in ROLES_THAT_MAY["write"]:
        raise NotFound("whoever was given this address may not write")
    handler = _handler(ticket.purpose)
    store = await call.service.open_store()
    blob = await _receive(call, store, ticket.principal, handler, ticket.subject)
    etag = base64.b64decode(blob.md5).hex()
    return Response(b"", 200, {**CORS, "etag": f'"{etag}"', "cache-control": "no-store"})


def _handler(purpose: str) -> Handler:
    module, _, name = PURPOSES[purpose].partition(":")
    return getattr(importlib.import_module(module), name)


async def _receive(
    call: Call, store: Store, principal: Principal, handler: Handler, subject: dict[str, Any]
) -> BlobInfo:
    """Stream a body into the store; in memory is at most a portion of it, which counts in the server's budget."""
    waiting: list[bytes] = []
    size = 0
    sink: BlobSink | None = None
    encoding = call.request.headers.get("content-encoding", "").strip().lower()
    limit = LIMIT if encoding in ("", "identity") else ENCODED_LIMIT
    async with call.service.budget.share() as share:
        try:
            async for part in stream_body(call.request, limit):
                waiting.append(part)
                size += len(part)
                await share.hold(2 * size)
                if size >= PORTION:
                    data, waiting, size = waiting, [], 0
                    sink = await call.service.receive(partial(_write, store, principal, sink, data))
            return await call.service.receive(
                partial(_finish, call, store, principal, sink, waiting, handler, subject)
            )
        finally:
            if sink is not None:
                with anyio.CancelScope(shield=True):  # a client that goes away cancels this task
                    await call.service.receive(sink.abort)


def _write(
    store: Store, principal: Principal, sink: BlobSink | None, data: list[bytes]
) -> BlobSink:
    if sink is None:
        sink = store.receive_blob(principal)
    try:
        for part in data:
            sink.write(part)
    except BaseException as error:
        sink.abort()
        if isinstance(error, UsageError):
            raise BodyTooLarge(str(error)) from None
        raise
    return sink


def _finish(
    call: Call,
    store: Store,
    principal: Principal,
    sink: BlobSink | None,
    data: list[bytes],
    handler: Handler,
    subject: dict[str, Any],
) -> BlobInfo:
    with _write(store, principal, sink, data) as whole:
        blob = whole.finish()
    _check_md5(call.request.headers.get("content-md5"), blob)
    handler(store, principal, subject, blob)
    return blob


def _check_md5(declared: str | None, blob: BlobInfo) -> None:
    if not declared:
        return
    try:
        right = base64.b64decode(declared, validate=True) == base64.b64decode(blob.md5)
    except (binascii.Error, ValueError):
        return  # not what RFC 1864 says, so it says nothing
    if not right:
        raise Damaged(f"{blob.size} bytes arrived with MD5 {blob.md5}, sent was {declared[:60]}")


def keep_run_file(
    store: Store, principal: Principal, subject: dict[str, Any], blob: BlobInfo
) -> None:
    """Give a run a file. Raises RunDeleted and NotFound."""
    store.put_file(principal, subject["run"], file_name(subject["name"]), blob)


def file_name(name: str) -> str:
    """Return the name under which a run's file is kept: ``./a//b`` is ``a/b``. Raises UsageError for none."""
    parts = [part for part in posixpath.normpath(name).split("/") if part not in ("", ".", "..")]
    if not parts:
        raise UsageError(f"{name[:200]!r} is no name of a file")
    return "/".join(parts)


# ------------------------------------------------------------------------------------------------ reading


async def cross_origin(call: Call) -> Response:
    """Answer a browser that asks whether a page of another origin may use an address with a ticket."""
    del call
    return Response(status_code=204, headers=CORS)


async def download(call: Call) -> Response:
    """Answer the bytes that a ticket allows, or a part of them."""
    ticket = read_ticket(call.service.settings.keys, call.path("ticket"), "GET")
    response = await file_answer(
        call, ticket.principal, ticket.subject["digest"], call.path("name"), FOR_A_DAY
    )
    response.headers.update(CORS)
    return response


async def run_file(call: Call) -> Response:
    """Answer the bytes of a run's file by its name, or a part of them."""
    store = await call.service.open_store()
    place = [call.path(part) for part in ("entity", "project", "run")]
    name = file_name(call.path("name"))

    def find() -> str:
        run = store.find_run(call.principal, *place)
        for found in store.files(call.principal, run.info.uid, names=[name]):
            return found.digest
        raise NotFound(f"the run {place[2][:130]!r} has no file {name[:200]!r}")

    digest = await call.service.catalog(find)
    return await file_answer(call, call.principal, digest, name, MUST_ASK)
