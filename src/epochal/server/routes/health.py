"""Whether the server can serve, for scripts, containers and load balancers."""

from __future__ import annotations

import asyncio
import logging

from starlette.responses import Response

from epochal.errors import EpochalError
from epochal.server import wire
from epochal.server.answers import json_response
from epochal.server.route import Call

PATIENCE_S = 5.0
log = logging.getLogger("epochal.server")


async def ready(call: Call) -> Response:
    """Answer 200 when the store answers, 503 while it is being opened or does not."""
    service = call.service
    if not service.is_open:
        return _not_ready(call, "starting")
    store = await service.open_store()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await service.catalog(store.changes, {})
    except (EpochalError, TimeoutError) as error:
        log.warning("not ready: %s", error)
        return _not_ready(call, "failing")
    return json_response(call.request, wire.Ready("ready"))


def _not_ready(call: Call, status: str) -> Response:
    response = json_response(call.request, {"status": status}, 503)
    response.headers["retry-after"] = "1"
    return response
