"""What happened to runs beside the values that they logged, with its place on an axis: flags for charts."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.responses import Response

from epochal.records import EventKind
from epochal.server.answers import json_response
from epochal.server.route import Call
from epochal.server.wire import NO_NUL, Uid

MAX_RUNS = 1000


class EventsRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which runs, on which axis (as in a question for series), and which kinds of events; null for all."""

    runs: Annotated[list[Uid], Meta(max_length=MAX_RUNS)]
    x: Annotated[str, Meta(max_length=10_000, pattern=NO_NUL)] = "step"
    kinds: list[EventKind] | None = None


class Event(msgspec.Struct, omit_defaults=True):
    """Something that happened to a run.

    `time` is in seconds since the epoch, of a crash that of the last row; `step` that of the last row logged until then
    (of a beginning, of the first row after it), `x` the place on the axis asked for; both null where there is none.
    `title` is that of an alert, `name:v3` of an artifact, the state of an end, the number of a session that began.
    `text` is that of an alert, or the type of an artifact; `level` that of an alert.
    """

    kind: EventKind
    time: float
    step: int | None
    x: float | None
    title: str
    text: str = ""
    level: str = ""


class Events(msgspec.Struct):
    """The events of each run by uid, in the order of time, its latest 1000; runs without any are left out."""

    runs: dict[str, list[Event]]


async def events(call: Call) -> Response:
    """Answer what happened to runs."""
    asked = await call.json(EventsRequest)
    store = await call.service.open_store()

    def read() -> Events:
        kinds = None if asked.kinds is None else frozenset(asked.kinds)
        found = store.events(call.principal, asked.runs, asked.x, kinds)
        return Events(
            {
                run: [
                    Event(one.kind, one.time, one.step, one.x, one.title, one.text, one.level)
                    for one in own
                ]
                for run, own in found.items()
            }
        )

    return json_response(call.request, await call.service.catalog(read))
