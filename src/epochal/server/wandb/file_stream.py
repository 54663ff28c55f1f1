"""POST /files/{entity}/{project}/{run}/file_stream: rows, console lines, summary and end of a run, as they come.

Most 4xx answers end a run's upload for good, so there is none: whatever is wrong is answered with 503 or 429, after
which the client comes back, for up to a week (wandb_protocol.md, 0).
"""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from epochal.errors import OffsetGap, RunDeleted
from epochal.server.answers import NotReady, json_response
from epochal.server.bodies import read_body
from epochal.server.route import Call
from epochal.server.wandb.intake import TRIES, RunIntake
from epochal.server.wandb.stream_bodies import StreamBody, parse_body

BODY_LIMIT = 16 << 20
"""The client sends at most 10 MiB and a line more; decompressed."""


async def file_stream(call: Call) -> Response:
    """Store a request durably, and answer whether the run shall stop."""
    names = call.path("entity"), call.path("project"), call.path("run")
    store = await call.service.open_store()
    intake = RunIntake(store, call.principal)
    client: str | None = None
    if call.request.headers.get("x-wandb-use-async-filestream") == "true":
        client = call.request.headers.get("x-wandb-async-client-id")
    async with call.service.budget.share() as share:
        data = await read_body(call.request, BODY_LIMIT, share)
        body = await call.service.catalog(parse_body, data) if data else StreamBody()
        del data
        for _ in range(TRIES):
            stopped, waiting = await call.service.catalog(intake.begin, *names, body, client)
            results = await asyncio.gather(
                *map(asyncio.wrap_future, waiting), return_exceptions=True
            )
            failed = [error for error in results if isinstance(error, BaseException)]
            if any(isinstance(error, RunDeleted) for error in failed):
                return json_response(call.request, {"stopped": False})
            others = [error for error in failed if not isinstance(error, OffsetGap)]
            if others:
                raise others[0]
            if not failed:
                if client is not None and body.complete:
                    await call.service.catalog(intake.end_shared, *names, body, client)
                return json_response(call.request, {"stopped": stopped})
    raise NotReady("other requests of this run are being stored; send this one again")
