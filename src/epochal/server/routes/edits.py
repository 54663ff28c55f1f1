"""What users change about runs, one at a time or many at once."""

from __future__ import annotations

from starlette.responses import Response

from epochal.records import RunDetail
from epochal.server import wire, wire_runs
from epochal.server.answers import json_response
from epochal.server.route import Call

EDITS_LIMIT = 16 << 20
"""Bytes of a body of edits: what takes back the notes of thousands of runs is larger than other JSON."""


async def edit_runs(call: Call) -> Response:
    """Apply edits of many runs, all or none, and answer what takes them back."""
    edits = (await call.json(wire_runs.Edits, limit=EDITS_LIMIT)).bulk()
    store = await call.service.open_store()
    answer = await call.service.catalog(
        lambda: wire_runs.edited_of(store.edit_runs(call.principal, edits))
    )
    return json_response(call.request, answer)


async def edit_run(call: Call) -> Response:
    """Apply a user's edit and answer the run."""
    edit = (await call.json(wire_runs.RunChanges)).edit()
    store = await call.service.open_store()
    detail = await call.service.catalog(store.edit_run, call.principal, call.path("uid"), edit)
    return _detail(call, detail)


async def trash_run(call: Call) -> Response:
    """Move a run to the trash and answer it."""
    store = await call.service.open_store()
    detail = await call.service.catalog(store.trash_run, call.principal, call.path("uid"))
    return _detail(call, detail)


async def restore_run(call: Call) -> Response:
    """Take a run out of the trash and answer it."""
    store = await call.service.open_store()
    detail = await call.service.catalog(store.restore_run, call.principal, call.path("uid"))
    return _detail(call, detail)


async def delete_run(call: Call) -> Response:
    """Delete a trashed run for ever."""
    store = await call.service.open_store()
    uid = call.path("uid")
    await call.service.catalog(store.delete_run, call.principal, uid)
    return json_response(call.request, wire.Deleted(uid))


def _detail(call: Call, detail: RunDetail) -> Response:
    return json_response(call.request, wire.detail_of(detail))
