"""Projects and runs: listing, reading, editing."""

from __future__ import annotations

from starlette.responses import Response

from epochal.records import RunDetail
from epochal.server import wire
from epochal.server.answers import json_response
from epochal.server.route import Call


async def viewer(call: Call) -> Response:
    """Answer who asks."""
    who, settings = call.principal, call.service.settings
    answer = wire.Viewer(who.name, who.entity, settings.version, settings.data)
    return json_response(call.request, answer)


async def projects(call: Call) -> Response:
    """Answer all projects."""
    store = await call.service.open_store()
    found = await call.service.catalog(store.projects, call.principal)
    return json_response(call.request, wire.Projects([wire.project_of(info) for info in found]))


async def project(call: Call) -> Response:
    """Answer one project."""
    store = await call.service.open_store()
    info = await call.service.catalog(store.project, call.principal, *_names(call))
    return json_response(call.request, wire.project_of(info))


async def runs(call: Call) -> Response:
    """Answer a page of runs."""
    query = call.parameters(wire.RunsParameters).query()
    store = await call.service.open_store()
    answer = await call.service.catalog(
        lambda: wire.runs_of(store.runs(call.principal, *_names(call), query))
    )
    return json_response(call.request, answer)


async def keys(call: Call) -> Response:
    """Answer the keys of a project.

    The version is read first: a key that appears in between is in the answer, and its notice comes all the same.
    """
    store = await call.service.open_store()
    entity, name = _names(call)

    def read() -> wire.Keys:
        version = store.project(call.principal, entity, name).version
        found = store.keys(call.principal, entity, name)
        return wire.Keys([wire.key_of(info) for info in found], version)

    return json_response(call.request, await call.service.catalog(read))


async def columns(call: Call) -> Response:
    """Answer the run columns of a project."""
    store = await call.service.open_store()
    found = await call.service.catalog(store.columns, call.principal, *_names(call))
    return json_response(
        call.request, wire.RunColumns([wire.RunColumn(*column) for column in found])
    )


async def run(call: Call) -> Response:
    """Answer a run with its document, by id or uid."""
    store = await call.service.open_store()
    detail = await call.service.catalog(
        store.find_run, call.principal, *_names(call), call.path("id")
    )
    return _detail(call, detail)


async def edit_run(call: Call) -> Response:
    """Apply a user's edit and answer the run."""
    edit = (await call.json(wire.RunChanges)).edit()
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


def _names(call: Call) -> tuple[str, str]:
    return call.path("entity"), call.path("project")


def _detail(call: Call, detail: RunDetail) -> Response:
    return json_response(call.request, wire.detail_of(detail))
