"""Projects and runs: listing, grouping, reading."""

from __future__ import annotations

from starlette.responses import Response

from epochal.server import wire, wire_runs
from epochal.server.answers import json_response
from epochal.server.route import Call


async def viewer(call: Call) -> Response:
    """Answer who asks."""
    return json_response(call.request, viewer_of(call))


def viewer_of(call: Call) -> wire.Viewer:
    """Return who asks."""
    who, settings = call.principal, call.service.settings
    frame = settings.keys.frame_path(who)
    return wire.Viewer(who.name, who.entity, settings.version, settings.data, frame)


async def projects(call: Call) -> Response:
    """Answer all projects."""
    store = await call.service.open_store()
    found = await call.service.catalog(store.projects, call.principal)
    return json_response(call.request, wire.Projects([wire.project_of(info) for info in found]))


async def project(call: Call) -> Response:
    """Answer one project."""
    store = await call.service.open_store()
    names = _names(call)

    def read() -> wire.Project:
        found = wire.project_of(store.project(call.principal, *names))
        found.artifacts = len(store.artifacts.types(call.principal, *names)) > 0
        found.sweeps = len(store.sweeps.listed(call.principal, *names)) > 0
        return found

    return json_response(call.request, await call.service.catalog(read))


async def runs(call: Call) -> Response:
    """Answer a page of runs."""
    query = call.parameters(wire.RunsParameters)
    return json_response(call.request, await runs_of(call, *_names(call), query))


async def runs_of(
    call: Call, entity: str, project: str, parameters: wire.RunsParameters
) -> wire.Runs:
    """Return a page of a project's runs."""
    query = parameters.query()
    store = await call.service.open_store()
    return await call.service.catalog(
        lambda: wire.runs_of(store.runs(call.principal, entity, project, query))
    )


async def keys(call: Call) -> Response:
    """Answer the keys of a project."""
    return json_response(call.request, await keys_of(call, *_names(call)))


async def keys_of(call: Call, entity: str, project: str) -> wire.Keys:
    """Return the keys of a project.

    The version is read first: a key that appears in between is in the answer, and its notice comes all the same.
    """
    store = await call.service.open_store()

    def read() -> wire.Keys:
        version = store.project(call.principal, entity, project).version
        found = store.keys(call.principal, entity, project)
        return wire.Keys([wire.key_of(info) for info in found], version)

    return await call.service.catalog(read)


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
    return json_response(call.request, wire.detail_of(detail))


async def values(call: Call) -> Response:
    """Answer which values a run column has."""
    query = call.parameters(wire_runs.ValuesParameters).query()
    store = await call.service.open_store()
    answer = await call.service.catalog(
        lambda: wire_runs.values_of(store.values(call.principal, *_names(call), query))
    )
    return json_response(call.request, answer)


async def groups(call: Call) -> Response:
    """Answer runs in groups."""
    query = (await call.json(wire_runs.GroupsRequest)).query()
    store = await call.service.open_store()
    answer = await call.service.catalog(
        lambda: wire_runs.groups_of(store.groups(call.principal, *_names(call), query))
    )
    return json_response(call.request, answer)


def _names(call: Call) -> tuple[str, str]:
    return call.path("entity"), call.path("project")
