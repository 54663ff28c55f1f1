"""The JSON about artifacts (docs/reference/http.md, "Artifacts")."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from epochal.server.answers import plain
from epochal.store.artifacts.lineage import Lineage
from epochal.store.artifacts.records import Artifact, ArtifactFile, Collection, Membership
from epochal.store.artifacts.summaries import CollectionSummary

FILES_AT_ONCE = 5000
"""Files in one answer."""

Kind = Literal["sequence", "portfolio"]


class ArtifactRun(msgspec.Struct):
    """A run that logged or used a version."""

    uid: str
    id: str
    name: str
    entity: str
    project: str
    state: str


class ArtifactCollection(msgspec.Struct):
    """A collection as listed.

    `latest` is its newest version ("v3"), null where it has none; `aliases` and `size` are of that, `total` is the size
    of all versions together. A sequence has the versions that runs logged, a portfolio those that were linked to it.
    """

    type: str
    name: str
    kind: Kind
    description: str | None
    tags: tuple[str, ...]
    versions: int
    latest: str | None
    aliases: list[str]
    size: int
    total: int
    created: float
    updated: float


class ArtifactCollections(msgspec.Struct):
    """The collections of a project, latest change first."""

    collections: list[ArtifactCollection]


class ArtifactSource(msgspec.Struct):
    """Where a linked version was logged."""

    entity: str
    project: str
    name: str
    version: str


class ArtifactVersion(msgspec.Struct):
    """A version as a member of the collection that is asked for; `source` is null in its own sequence."""

    version: str
    aliases: list[str]
    tags: tuple[str, ...]
    size: int
    files: int
    digest: str
    created: float
    run: ArtifactRun | None
    source: ArtifactSource | None


class ArtifactVersions(msgspec.Struct):
    """A collection with its versions, newest first."""

    type: str
    name: str
    kind: Kind
    description: str | None
    tags: tuple[str, ...]
    created: float
    updated: float
    versions: list[ArtifactVersion]


class ListedFile(msgspec.Struct):
    """A file of a version: `digest` is its MD5 in base64, `sha256` its blob's; a reference has a `ref` instead."""

    path: str
    size: int
    digest: str
    sha256: str | None
    ref: str | None


class ArtifactFiles(msgspec.Struct):
    """Some of the files of a version, by path; `next` is where to go on (`after`), null at the end."""

    files: list[ListedFile]
    total: int
    next: int | None


class ArtifactDetail(msgspec.Struct):
    """One version: what is said about it, its first files, and the runs around it.

    `ttl` is in seconds, null where it is kept for ever. `files` has the first 5,000 of `files_total`.
    """

    type: str
    name: str
    kind: Kind
    version: str
    aliases: list[str]
    tags: tuple[str, ...]
    description: str | None
    metadata: Any
    ttl: int | None
    size: int
    digest: str
    created: float
    updated: float
    history_step: int | None
    files: list[ListedFile]
    files_total: int
    files_next: int | None
    logged_by: ArtifactRun | None
    used_by: list[ArtifactRun]
    source: ArtifactSource | None
    linked: list[ArtifactSource]


class LineageNode(msgspec.Struct, omit_defaults=True):
    """A version (kind "artifact") or a run; its entity and project say where its page is."""

    id: str
    kind: Literal["artifact", "run"]
    label: str
    entity: str
    project: str
    type: str | None = None
    name: str | None = None
    version: str | None = None
    run: str | None = None
    state: str | None = None


class ArtifactLineage(msgspec.Struct):
    """What leads to a version and what it leads to: edges go from what came first.

    `complete` is false where there is more than the 300 nodes that are shown.
    """

    nodes: list[LineageNode]
    edges: list[tuple[str, str]]
    complete: bool


class RunArtifact(msgspec.Struct):
    """A version that a run logged or used."""

    type: str
    name: str
    version: str
    aliases: list[str]
    size: int
    created: float
    entity: str
    project: str


class RunArtifacts(msgspec.Struct):
    """The versions that a run logged and used, in that order each."""

    logged: list[RunArtifact]
    used: list[RunArtifact]


class FilesParameters(msgspec.Struct):
    """Which files: those behind a place, of which the last answer's `next` was one."""

    after: Annotated[int, Meta(ge=-1, le=2**53)] = -1
    limit: Annotated[int, Meta(ge=1, le=FILES_AT_ONCE)] = FILES_AT_ONCE


Runs = Mapping[str, ArtifactRun]


def collections_of(found: Sequence[CollectionSummary]) -> ArtifactCollections:
    """Return collections for the wire."""
    listed = [
        ArtifactCollection(
            type=row.collection.type,
            name=row.collection.name,
            kind=row.collection.kind,
            description=row.collection.description,
            tags=row.collection.tags,
            versions=row.members,
            latest=None if row.newest_version is None else f"v{row.newest_version}",
            aliases=_aliases(row.newest, row.collection) if row.newest else [],
            size=row.newest.size if row.newest else 0,
            total=row.size,
            created=row.collection.created,
            updated=row.collection.updated,
        )
        for row in found
    ]
    return ArtifactCollections(sorted(listed, key=lambda one: (-one.updated, one.name)))


def _aliases(artifact: Artifact, collection: Collection) -> list[str]:
    return [alias.name for alias in artifact.aliases if alias.collection.id == collection.id]


def versions_of(
    collection: Collection, members: Sequence[Membership], runs: Runs
) -> ArtifactVersions:
    """Return a collection with its members for the wire."""
    return ArtifactVersions(
        type=collection.type,
        name=collection.name,
        kind=collection.kind,
        description=collection.description,
        tags=collection.tags,
        created=collection.created,
        updated=collection.updated,
        versions=[
            ArtifactVersion(
                version=f"v{member.version}",
                aliases=[alias.name for alias in member.aliases],
                tags=member.artifact.tags,
                size=member.artifact.size,
                files=member.artifact.files,
                digest=member.artifact.digest,
                created=member.artifact.created,
                run=runs.get(member.artifact.run or ""),
                source=_source(member),
            )
            for member in members
        ],
    )


def _source(member: Membership) -> ArtifactSource | None:
    own = member.artifact.collection
    if member.collection.id == own.id:
        return None
    return ArtifactSource(own.entity, own.project, own.name, f"v{member.artifact.version}")


def detail_of(
    member: Membership,
    files: ArtifactFiles,
    runs: Runs,
    used_by: Sequence[str],
    memberships: Sequence[Membership],
) -> ArtifactDetail:
    """Return a version for the wire; `runs` has those that logged and used it."""
    artifact = member.artifact
    return ArtifactDetail(
        type=member.collection.type,
        name=member.collection.name,
        kind=member.collection.kind,
        version=f"v{member.version}",
        aliases=[alias.name for alias in member.aliases],
        tags=artifact.tags,
        description=artifact.description,
        metadata=_metadata(artifact.metadata),
        ttl=artifact.ttl if artifact.ttl is not None and artifact.ttl > 0 else None,
        size=artifact.size,
        digest=artifact.digest,
        created=artifact.created,
        updated=artifact.updated,
        history_step=artifact.history_step,
        files=files.files,
        files_total=files.total,
        files_next=files.next,
        logged_by=runs.get(artifact.run or ""),
        used_by=[runs[uid] for uid in used_by if uid in runs],
        source=_source(member),
        linked=[
            ArtifactSource(
                other.collection.entity,
                other.collection.project,
                other.collection.name,
                f"v{other.version}",
            )
            for other in memberships
            if other.collection.kind == "portfolio"
        ],
    )


def _metadata(text: str | None) -> Any:
    try:
        return plain(json.loads(text)) if text else {}
    except (ValueError, RecursionError):
        return {}


def files_of(found: Sequence[tuple[int, ArtifactFile]], total: int, limit: int) -> ArtifactFiles:
    """Return files for the wire; `found` has one more than `limit` where there are more."""
    listed = [
        ListedFile(file.path, file.size, file.md5, file.blob, file.reference)
        for _, file in found[:limit]
    ]
    following = found[limit - 1][0] if len(found) > limit else None
    return ArtifactFiles(listed, total, following)


def lineage_of(found: Lineage) -> ArtifactLineage:
    """Return a lineage for the wire."""
    nodes = [
        LineageNode(
            f"artifact:{row.id}",
            "artifact",
            row.name,
            row.collection.entity,
            row.collection.project,
            type=row.collection.type,
            name=row.collection.name,
            version=f"v{row.version}",
        )
        for row in found.artifacts
    ]
    nodes += [
        LineageNode(
            f"run:{run.uid}", "run", run.name, run.entity, run.project, run=run.id, state=run.state
        )
        for run in found.runs
    ]
    edges = [
        (f"run:{run}", f"artifact:{artifact}")
        if role == "output"
        else (f"artifact:{artifact}", f"run:{run}")
        for run, artifact, role in found.edges
    ]
    return ArtifactLineage(nodes, edges, found.complete)


def run_artifacts_of(logged: Sequence[Artifact], used: Sequence[Artifact]) -> RunArtifacts:
    """Return what a run logged and used for the wire."""
    return RunArtifacts([_of_run(row) for row in logged], [_of_run(row) for row in used])


def _of_run(row: Artifact) -> RunArtifact:
    return RunArtifact(
        type=row.collection.type,
        name=row.collection.name,
        version=f"v{row.version}",
        aliases=_aliases(row, row.collection),
        size=row.size,
        created=row.created,
        entity=row.collection.entity,
        project=row.collection.project,
    )
