"""What happened to runs beside the values that they logged, with its place on an axis: flags for charts."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.responses import Response

from epochal.records import EventKind, RunEvent
from epochal.server.answers import json_response
from epochal.server.route import Call
from epochal.server.wire import NO_NUL, Uid

MAX_RUNS = 1000


class EventsRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which runs, on which axis (as in a question for series), and which kinds of events; null for all."""

    runs: Annotated[list[Uid], Meta(max_length=MAX_RUNS)]
    x: Annotated[str, Meta(max_length=10_000, pattern=NO_NUL)] = "step"
    kinds: list[EventKind] | None = None


class Events(msgspec.Struct):
    """The events of each run by uid, in the order of time, its latest 1000; runs without any are left out."""

    runs: dict[str, list[RunEvent]]


async def events(call: Call) -> Response:
    """Answer what happened to runs."""
    asked = await call.json(EventsRequest)
    store = await call.service.open_store()

    def read() -> Events:
        kinds = None if asked.kinds is None else frozenset(asked.kinds)
        found = store.events(call.principal, asked.runs, asked.x, kinds)
        return Events({run: list(own) for run, own in found.items()})

    return json_response(call.request, await call.service.catalog(read))
