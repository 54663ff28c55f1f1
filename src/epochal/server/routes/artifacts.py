"""Artifacts for the pages: collections, versions, files, and where they come from."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response

from epochal.errors import NotFound
from epochal.server import wire_artifacts as wire
from epochal.server.answers import BUNDLE, json_response
from epochal.server.file_answer import file_answer
from epochal.server.route import Call, Route
from epochal.server.wire import ThumbParameters
from epochal.store.artifacts.records import Membership
from epochal.store.base import Store

FOR_A_DAY = "private, max-age=86400"
MISSING = "artifact_not_found"


async def collections(call: Call) -> Response:
    """Answer the collections of a project."""
    store = await call.service.open_store()
    place = call.path("entity"), call.path("project")

    def read() -> wire.ArtifactCollections:
        store.project(call.principal, *place)
        return wire.collections_of(store.artifacts.summaries(call.principal, *place))

    return json_response(call.request, await call.service.catalog(read))


async def versions(call: Call) -> Response:
    """Answer a collection with its versions."""
    store = await call.service.open_store()
    entity, project, type_, name = _place(call)

    def read() -> wire.ArtifactVersions:
        found = store.artifacts.collection(call.principal, entity, project, name)
        _check_type(found.type, type_, name)
        members = store.artifacts.members(call.principal, found.id)
        runs = _runs(store, call, (member.artifact.run for member in members))
        return wire.versions_of(found, members, runs)

    return json_response(call.request, await call.service.catalog(read))


async def version(call: Call) -> Response:
    """Answer one version, by its number or an alias."""
    store = await call.service.open_store()

    def read() -> wire.ArtifactDetail:
        member = _member(store, call)
        id_ = member.artifact.id
        used_by = store.artifacts.runs(call.principal, id_, "input")
        runs = _runs(store, call, [member.artifact.run, *used_by])
        return wire.detail_of(
            member,
            _files(store, call, member, -1, wire.FILES_AT_ONCE),
            runs,
            used_by,
            store.artifacts.memberships(call.principal, id_),
        )

    return json_response(call.request, await call.service.catalog(read))


async def files(call: Call) -> Response:
    """Answer some of the files of a version."""
    asked = call.parameters(wire.FilesParameters)
    store = await call.service.open_store()
    found = await call.service.catalog(
        lambda: _files(store, call, _member(store, call), asked.after, asked.limit)
    )
    return json_response(call.request, found)


async def file(call: Call) -> Response:
    """Answer the bytes of a file of a version, a part of them, or a small picture."""
    thumb = call.parameters(ThumbParameters).thumb
    store = await call.service.open_store()
    path = call.path("path")

    def find() -> str:
        member = _member(store, call)
        found = store.artifacts.files(call.principal, member.artifact.id, limit=1, names=[path])
        if not found:
            raise NotFound(f"{member.artifact.name} has no file {path[:200]!r}")
        blob, reference = found[0][1].blob, found[0][1].reference
        if blob is None:
            raise NotFound(f"{path[:200]!r} is a reference: its bytes are at {reference}")
        return blob

    digest = await call.service.catalog(find)
    return await file_answer(call, call.principal, digest, path, FOR_A_DAY, thumb=thumb)


async def lineage(call: Call) -> Response:
    """Answer what leads to a version and what it leads to."""
    store = await call.service.open_store()

    def read() -> wire.ArtifactLineage:
        artifact = _member(store, call).artifact.id
        return wire.lineage_of(store.artifacts.lineage(call.principal, artifact))

    return json_response(call.request, await call.service.catalog(read))


async def of_run(call: Call) -> Response:
    """Answer the versions that a run logged and used."""
    store = await call.service.open_store()
    uid = call.path("uid")

    def read() -> wire.RunArtifacts:
        store.run(call.principal, uid)
        logged = store.artifacts.of_run(call.principal, uid, "output")
        return wire.run_artifacts_of(logged, store.artifacts.of_run(call.principal, uid, "input"))

    return json_response(call.request, await call.service.catalog(read))


def _place(call: Call) -> tuple[str, str, str, str]:
    return call.path("entity"), call.path("project"), call.path("type"), call.path("name")


def _check_type(found: str, asked: str, name: str) -> None:
    if found != asked:
        raise NotFound(f"there is no artifact {name[:200]!r} of type {asked[:200]!r}")


def _member(store: Store, call: Call) -> Membership:
    entity, project, type_, name = _place(call)
    collection = store.artifacts.collection(call.principal, entity, project, name)
    _check_type(collection.type, type_, name)
    return store.artifacts.member(call.principal, collection, call.path("version"))


def _files(
    store: Store, call: Call, member: Membership, after: int, limit: int
) -> wire.ArtifactFiles:
    found = store.artifacts.files(call.principal, member.artifact.id, after=after, limit=limit + 1)
    return wire.files_of(found, member.artifact.files, limit)


def _runs(store: Store, call: Call, uids: Iterable[str | None]) -> dict[str, wire.ArtifactRun]:
    wanted = list(dict.fromkeys(uid for uid in uids if uid is not None))
    return {
        run.uid: wire.ArtifactRun(run.uid, run.id, run.name, run.entity, run.project, run.state)
        for run in store.artifacts.run_names(call.principal, wanted)
    }


PROJECT = "/api/v1/projects/{entity}/{project}/artifacts"
NAME = PROJECT + "/{type}/{name}"
VERSION = NAME + "/{version}"

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        PROJECT,
        "read",
        collections,
        "The artifacts of a project",
        wire.ArtifactCollections,
        missing="project_not_found",
    ),
    Route(
        "GET",
        NAME,
        "read",
        versions,
        "An artifact with its versions",
        wire.ArtifactVersions,
        missing=MISSING,
    ),
    Route(
        "GET",
        VERSION,
        "read",
        version,
        "One version of an artifact, by its number or an alias",
        wire.ArtifactDetail,
        missing=MISSING,
    ),
    Route(
        "GET",
        VERSION + "/files",
        "read",
        files,
        "Files of a version, in pages",
        wire.ArtifactFiles,
        parameters=wire.FilesParameters,
        missing=MISSING,
    ),
    Route(
        "GET",
        VERSION + "/files/{path:path}",
        "read",
        file,
        "The bytes of a file of a version, with `Range`, or a small picture",
        BUNDLE,
        parameters=ThumbParameters,
        missing=MISSING,
    ),
    Route(
        "GET",
        VERSION + "/lineage",
        "read",
        lineage,
        "The runs and versions that lead to a version, and those that it leads to",
        wire.ArtifactLineage,
        missing=MISSING,
    ),
    Route(
        "GET",
        "/api/v1/runs/{uid}/artifacts",
        "read",
        of_run,
        "The versions that a run logged and used",
        wire.RunArtifacts,
        missing="run_not_found",
    ),
)
