"""How a version begins: it is announced, or found to be there with the same files."""

from __future__ import annotations

import json
import time

from epochal.errors import NotFound
from epochal.records import Principal
from epochal.store.access import can_see
from epochal.store.artifacts.collections import (
    MAX_TEXT,
    clean_aliases,
    clean_names,
    clean_text,
    ensure_collection,
    ensure_type,
    move_alias,
    touch,
)
from epochal.store.artifacts.lineage import add_run
from epochal.store.artifacts.records import (
    Artifact,
    Collection,
    NewArtifact,
)
from epochal.store.artifacts.rows import (
    LATEST,
    artifact_by_id,
    artifacts,
    collection_by_id,
    newest_version,
)
from epochal.store.engine import Connection
from epochal.store.names import check_name, storable
from epochal.store.registration import create_project


def create_artifact(connection: Connection, principal: Principal, new: NewArtifact) -> Artifact:
    """Return the version that `new` describes: one already there with the same files, or one that is pending.

    Raises NotFound for an entity that is not visible, UsageError, and Conflict when its name has another type.
    """
    now = time.time()
    entity, project = check_name("entity", new.entity), check_name("project", new.project)
    if not can_see(principal, entity):
        raise NotFound(f"there is no entity {entity!r}")
    project_id = create_project(connection, principal, entity, project, now)
    run = _find_run(connection, project_id, new.run) if new.run else None
    collection = ensure_collection(
        connection, principal, project_id, "sequence", new.type, new.collection, now
    )
    found = _same_as_before(connection, principal, collection, new)
    if found is None:
        found = _insert(connection, principal, collection, new, run, now)
    elif found.state == "committed":
        for alias in (*clean_aliases(new.aliases), LATEST):
            if alias != LATEST or found.version == collection.versions - 1:
                move_alias(connection, collection.id, alias, found.id)
        touch(connection, project_id, now)
    if run is not None:
        add_run(connection, run, found.id, "output", now)
    _remember_client(connection, new, found)
    return artifact_by_id(connection, principal, found.id)


def _same_as_before(
    connection: Connection, principal: Principal, collection: Collection, new: NewArtifact
) -> Artifact | None:
    if new.distributed_id:
        condition = (
            "artifact.collection_id = ? AND artifact.distributed_id = ? ORDER BY artifact.id DESC"
        )
        shared = artifacts(
            connection, principal, condition, [collection.id, storable(new.distributed_id)]
        )
        if shared:
            return shared[0]
    if new.distributed_id:
        return None
    newest = newest_version(connection, principal, collection.id)
    if newest is None or newest.digest == new.digest or not new.deduplicate:
        return newest if newest is not None and newest.digest == new.digest else None
    condition = (
        "artifact.collection_id = ? AND artifact.digest = ? AND artifact.state = 'committed'"
        " ORDER BY artifact.version DESC LIMIT 1"
    )
    found = artifacts(connection, principal, condition, [collection.id, new.digest])
    return found[0] if found else None


def _insert(
    connection: Connection,
    principal: Principal,
    collection: Collection,
    new: NewArtifact,
    run: str | None,
    now: float,
) -> Artifact:
    id_ = connection.value(
        "INSERT INTO artifact (collection_id, state, version, digest, description, metadata, size, files, ttl,"
        " history_step, tags, wanted, created, updated, owner, run_uid, distributed_id)"
        " VALUES (?, 'pending', NULL, ?, ?, ?, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        [
            collection.id,
            storable(new.digest)[:200],
            clean_text("description", new.description, MAX_TEXT),
            clean_text("metadata", new.metadata, MAX_TEXT << 4),
            new.ttl,
            new.history_step,
            json.dumps(clean_names("tag", new.tags)),
            json.dumps(clean_aliases(new.aliases)),
            now,
            now,
            principal.name,
            run,
            storable(new.distributed_id) if new.distributed_id else None,
        ],
    )
    return artifact_by_id(connection, principal, id_)


def _remember_client(connection: Connection, new: NewArtifact, artifact: Artifact) -> None:
    for client, version, collection in (
        (new.client_id, artifact.id, None),
        (new.sequence_client_id, None, artifact.collection.id),
    ):
        if client:
            connection.run(
                "INSERT INTO artifact_client (client_id, artifact_id, collection_id) VALUES (?, ?, ?)"
                " ON CONFLICT (client_id) DO NOTHING",
                [storable(client)[:512], version, collection],
            )


def _find_run(connection: Connection, project_id: int, name: str) -> str | None:
    return connection.value(
        "SELECT uid FROM run WHERE project_id = ? AND id = ? ORDER BY CASE WHEN trashed IS NULL THEN 0 ELSE 1 END",
        [project_id, name],
    )


def create_type(
    connection: Connection,
    principal: Principal,
    entity: str,
    project: str,
    name: str,
    description: str | None,
) -> int:
    """Return the id of an artifact type, made when it is missing, as its project. Raises NotFound, UsageError."""
    now = time.time()
    check_name("entity", entity)
    if not can_see(principal, entity):
        raise NotFound(f"there is no entity {entity!r}")
    project_id = create_project(connection, principal, entity, project, now)
    return ensure_type(connection, project_id, name, now, description)


def find_client(connection: Connection, principal: Principal, client_id: str) -> int | None:
    """Return the id of the version that a client's random id means, None when it is not known."""
    row = connection.row(
        "SELECT artifact_id, collection_id FROM artifact_client WHERE client_id = ?", [client_id]
    )
    try:
        if row is not None and row[0] is not None:
            return artifact_by_id(connection, principal, row[0]).id
        if row is not None:
            collection = collection_by_id(connection, principal, row[1])
            found = newest_version(connection, principal, collection.id)
            return None if found is None else found.id
    except NotFound:
        pass
    return None
