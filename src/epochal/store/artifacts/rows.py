"""Rows of artifacts as records, for those who may see them; one that may not be seen is not there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import structs

from epochal.errors import NotFound
from epochal.records import Principal
from epochal.store.access import can_see
from epochal.store.artifacts.records import (
    Alias,
    Artifact,
    ArtifactFile,
    ArtifactType,
    Collection,
    Manifest,
    Membership,
)
from epochal.store.engine import Connection

LATEST = "latest"
_VERSION = re.compile(r"v(\d{1,18})")
_DIGEST = re.compile(r"[0-9a-f]{32}")

_COLLECTION = (
    "artifact_collection.id, project.entity, project.name, project.id, artifact_collection.kind, artifact_type.name,"
    " artifact_collection.name, artifact_collection.description, artifact_collection.tags,"
    " artifact_collection.created, artifact_collection.updated, artifact_collection.next_version"
)
_OF_COLLECTION = (
    " JOIN artifact_type ON artifact_type.id = artifact_collection.type_id"
    " JOIN project ON project.id = artifact_collection.project_id"
)
_COLLECTIONS = f"SELECT {_COLLECTION} FROM artifact_collection{_OF_COLLECTION}"
_WIDTH = 12
_ARTIFACT = (
    "artifact.id, artifact.version, artifact.state, artifact.digest, artifact.description, artifact.metadata,"
    " artifact.size, artifact.files, artifact.ttl, artifact.history_step, artifact.tags, artifact.created,"
    " artifact.updated, artifact.owner, artifact.run_uid"
)
_ARTIFACTS = (
    f"SELECT {_COLLECTION}, {_ARTIFACT} FROM artifact"
    f" JOIN artifact_collection ON artifact_collection.id = artifact.collection_id{_OF_COLLECTION}"
)
_MEMBERS = "SELECT id, collection_id, artifact_id, version, created FROM artifact_member"
_FILE_PROJECT = (
    " JOIN artifact ON artifact.id = artifact_file.artifact_id AND artifact.state = 'committed'"
    " JOIN artifact_collection ON artifact_collection.id = artifact.collection_id"
    " JOIN project ON project.id = artifact_collection.project_id"
)
_FILES = "SELECT artifact_id, path, md5, size, digest, reference FROM artifact_file"


def names_of(text: str) -> tuple[str, ...]:
    """Return the names of a JSON list."""
    return tuple(json.loads(text))


def _collection(row: Sequence[Any]) -> Collection:
    values: list[Any] = [*row[:8], names_of(row[8]), *row[9:_WIDTH]]
    return Collection(*values)


def _artifact(row: Sequence[Any]) -> Artifact:
    id_, *rest = row[_WIDTH:]
    values: list[Any] = [id_, _collection(row), *rest[:9], names_of(rest[9]), *rest[10:]]
    return Artifact(*values)


# --------------------------------------------------------------------------------------------- collections


def collections(
    connection: Connection, principal: Principal, condition: str, parameters: Sequence[Any]
) -> list[Collection]:
    """Return the visible collections of a condition."""
    rows = connection.rows(f"{_COLLECTIONS} WHERE {condition}", parameters)
    return [_collection(row) for row in rows if can_see(principal, row[1])]


def collection_by_id(connection: Connection, principal: Principal, id_: int) -> Collection:
    """Return a collection. Raises NotFound."""
    found = collections(connection, principal, "artifact_collection.id = ?", [id_])
    if not found:
        raise NotFound(f"there is no artifact collection {id_}")
    return found[0]


def collection_by_name(
    connection: Connection, principal: Principal, entity: str, project: str, name: str
) -> Collection:
    """Return a collection of a project. Raises NotFound."""
    condition = "project.entity = ? AND project.name = ? AND artifact_collection.name = ?"
    found = collections(connection, principal, condition, [entity, project, name])
    if not found:
        raise NotFound(f"there is no artifact {name!r} in {entity}/{project}")
    return found[0]


def types(
    connection: Connection, principal: Principal, entity: str, project: str
) -> list[ArtifactType]:
    """Return the artifact types of a project, in the order in which they came up."""
    if not can_see(principal, entity):
        return []
    rows = connection.rows(
        "SELECT artifact_type.id, artifact_type.name, artifact_type.description, artifact_type.created"
        " FROM artifact_type JOIN project ON project.id = artifact_type.project_id"
        " WHERE project.entity = ? AND project.name = ? ORDER BY artifact_type.id",
        [entity, project],
    )
    return [ArtifactType(*row) for row in rows]


# ------------------------------------------------------------------------------------------------ versions


def artifacts(
    connection: Connection, principal: Principal, condition: str, parameters: Sequence[Any]
) -> list[Artifact]:
    """Return the visible versions of a condition, with their aliases; deleted ones are left out."""
    rows = connection.rows(
        f"{_ARTIFACTS} WHERE artifact.state <> 'deleted' AND {condition}", parameters
    )
    return with_names(connection, [_artifact(row) for row in rows if can_see(principal, row[1])])


def artifacts_among(
    connection: Connection, principal: Principal, ids: Sequence[int]
) -> dict[int, Artifact]:
    """Return those of these versions that are there and visible, by id."""
    rows = connection.rows_among(
        f"{_ARTIFACTS} WHERE artifact.state <> 'deleted' AND artifact.id IN ({{}})",
        sorted(set(ids)),
    )
    found = [_artifact(row) for row in rows if can_see(principal, row[1])]
    return {artifact.id: artifact for artifact in with_names(connection, found)}


def newest_version(
    connection: Connection, principal: Principal, collection: int
) -> Artifact | None:
    """Return the committed version of a sequence with the highest number, None without one."""
    condition = "artifact.collection_id = ? AND artifact.state = 'committed'"
    newest = f"{condition} ORDER BY artifact.version DESC LIMIT 1"
    found = artifacts(connection, principal, newest, [collection])
    return found[0] if found else None


def artifact_by_id(connection: Connection, principal: Principal, id_: int) -> Artifact:
    """Return a version, committed or not. Raises NotFound."""
    found = artifacts(connection, principal, "artifact.id = ?", [id_])
    if not found:
        raise NotFound(f"there is no artifact {id_}")
    return found[0]


def with_names(connection: Connection, found: Sequence[Artifact]) -> list[Artifact]:
    """Return versions with the aliases and the numbers that they have in every collection."""
    ids = [artifact.id for artifact in found]
    aliases: dict[int, list[Alias]] = {}
    for row in sorted(
        _named(connection, "artifact_alias", "name", ids), key=lambda row: row[_WIDTH]
    ):
        id_, artifact, name = row[_WIDTH:]
        aliases.setdefault(artifact, []).append(Alias(id_, name, _collection(row), artifact))
    places: dict[int, list[tuple[Collection, int]]] = {}
    for row in sorted(
        _named(connection, "artifact_member", "version", ids), key=lambda row: row[_WIDTH]
    ):
        _id, artifact, version = row[_WIDTH:]
        places.setdefault(artifact, []).append((_collection(row), version))
    return [
        structs.replace(
            artifact,
            aliases=tuple(aliases.get(artifact.id, ())),
            places=tuple(places.get(artifact.id, ())),
        )
        for artifact in found
    ]


def _named(
    connection: Connection, table: str, column: str, ids: Sequence[int]
) -> list[tuple[Any, ...]]:
    return connection.rows_among(
        f"SELECT {_COLLECTION}, {table}.id, {table}.artifact_id, {table}.{column} FROM {table}"
        f" JOIN artifact_collection ON artifact_collection.id = {table}.collection_id{_OF_COLLECTION}"
        f" WHERE {table}.artifact_id IN ({{}})",
        ids,
    )


# ----------------------------------------------------------------------------------------------- memberships


def members(
    connection: Connection, principal: Principal, condition: str, parameters: Sequence[Any]
) -> list[Membership]:
    """Return the visible memberships of a condition, the highest version first."""
    rows = connection.rows(f"{_MEMBERS} WHERE {condition} ORDER BY version DESC, id", parameters)
    found = artifacts_among(connection, principal, [row[2] for row in rows])
    needed = sorted({row[1] for row in rows})
    marks = ",".join("?" * len(needed))
    lists = (
        {
            collection.id: collection
            for collection in collections(
                connection, principal, f"artifact_collection.id IN ({marks})", needed
            )
        }
        if needed
        else {}
    )
    return [
        Membership(id_, lists[collection], found[artifact], version, created)
        for id_, collection, artifact, version, created in rows
        if artifact in found and collection in lists
    ]


def split_name(name: str) -> tuple[str, str]:
    """Return the collection and the alias, version or digest of ``collection:alias``; without one it is `LATEST`."""
    collection, _, alias = name.partition(":")
    return collection, alias or LATEST


def member_of(
    connection: Connection, principal: Principal, collection: Collection, alias: str
) -> Membership:
    """Return the member that an alias, a version (``v3``) or a digest names. Raises NotFound."""
    version = _VERSION.fullmatch(alias)
    if version:
        condition, parameters = "collection_id = ? AND version = ?", [int(version[1])]
    else:
        condition = (
            "collection_id = ? AND artifact_id ="
            " (SELECT artifact_id FROM artifact_alias WHERE collection_id = ? AND name = ?)"
        )
        parameters = [collection.id, alias]
    found = members(connection, principal, condition, [collection.id, *parameters])
    if not found and _DIGEST.fullmatch(alias):
        condition = (
            "collection_id = ? AND artifact_id IN (SELECT id FROM artifact WHERE digest = ?)"
        )
        found = members(connection, principal, condition, [collection.id, alias])
    if not found:
        raise NotFound(f"the artifact {collection.name!r} has no version or alias {alias!r}")
    return found[0]


# --------------------------------------------------------------------------------------------------- files


def files(
    connection: Connection,
    artifact: int,
    *,
    after: int = -1,
    limit: int,
    names: Iterable[str] | None = None,
) -> list[tuple[int, ArtifactFile]]:
    """Return (place, file) of a version's files by path, at most `limit` behind the place `after`."""
    if names is not None:
        rows = connection.rows_among(
            f"{_FILES.replace('SELECT', 'SELECT place,')} WHERE artifact_id = ? AND path IN ({{}})",
            list(dict.fromkeys(names)),
            [artifact],
        )
        kept = sorted(row for row in rows if row[0] > after)[:limit]
    else:
        kept = connection.rows(
            f"{_FILES.replace('SELECT', 'SELECT place,')} WHERE artifact_id = ? AND place > ?"
            " ORDER BY place LIMIT ?",
            [artifact, after, limit],
        )
    return [(row[0], ArtifactFile(*row[1:])) for row in kept]


def blob_by_md5(
    connection: Connection, principal: Principal, entity: str, md5: str, artifact: int | None
) -> str | None:
    """Return the blob with an MD5 (base64) among the files of an entity, or of one version; None without one."""
    if not can_see(principal, entity):
        return None
    condition, parameters = "project.entity = ? AND artifact_file.md5 = ?", [entity, md5]
    if artifact is not None:
        # The rows of one version, rather than those of a blob that many versions may have.
        condition += " AND artifact_file.artifact_id = ?"
        return connection.value(
            f"SELECT artifact_file.digest FROM artifact_file{_FILE_PROJECT} WHERE {condition}"
            " AND artifact_file.digest IS NOT NULL LIMIT 1",
            [*parameters, artifact],
        )
    return connection.value(
        "SELECT blob.digest FROM blob JOIN artifact_file ON artifact_file.digest = blob.digest"
        f"{_FILE_PROJECT} WHERE blob.md5 = ? AND project.entity = ? LIMIT 1",
        [md5, entity],
    )


def manifest_by_id(connection: Connection, principal: Principal, id_: int) -> Manifest:
    """Return the manifest of a version that is not committed. Raises NotFound."""
    row = connection.row(
        "SELECT artifact_manifest.id, artifact_id, artifact_manifest.kind, base_id, artifact_manifest.name, md5,"
        " project.entity FROM artifact_manifest JOIN artifact ON artifact.id = artifact_manifest.artifact_id"
        " JOIN artifact_collection ON artifact_collection.id = artifact.collection_id"
        " JOIN project ON project.id = artifact_collection.project_id WHERE artifact_manifest.id = ?",
        [id_],
    )
    if row is None or not can_see(principal, row[6]):
        raise NotFound(f"there is no artifact manifest {id_}")
    return Manifest(*row[:6])
