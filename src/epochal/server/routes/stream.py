"""The stream of change notices."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp

from epochal.server import wire
from epochal.server.live import EventStream
from epochal.server.route import Call


async def stream(call: Call) -> ASGIApp:
    """Answer with server-sent events until the client leaves.

    A page says the version that its answers are of, a browser that reconnects the last one it heard of; if the project
    has moved on, it is told at once.
    """
    if call.request.method == "HEAD":
        return Response(media_type="text/event-stream")
    asked = call.parameters(wire.StreamParameters)
    last = call.request.headers.get("last-event-id", "")
    seen = int(last) if last.isascii() and last.isdigit() and len(last) <= 18 else asked.seen
    subscriber = await call.service.live.subscribe(asked.project, seen)
    return EventStream(call.service.live, subscriber, call.service.settings.version)
