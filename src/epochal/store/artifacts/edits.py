"""What users change about artifacts: aliases, tags, texts, links, names, and deletion."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from epochal.errors import Conflict, NotFound, UsageError
from epochal.records import Principal
from epochal.store.artifacts.blobs import release
from epochal.store.artifacts.collections import (
    MAX_TEXT,
    check_collection_name,
    clean_aliases,
    clean_names,
    clean_text,
    ensure_collection,
    ensure_type,
    lock_collection,
    move_alias,
    restore_latest,
    touch,
)
from epochal.store.artifacts.records import Artifact, Collection, Membership
from epochal.store.artifacts.rows import (
    LATEST,
    artifact_by_id,
    artifacts,
    collection_by_id,
    collection_by_name,
    members,
)
from epochal.store.artifacts.uploads import clear_uploads
from epochal.store.engine import Connection
from epochal.store.names import check_name, storable
from epochal.store.registration import create_project

_SLICE = 2000
"""Files of a deleted version that are removed in one transaction."""
_ABANDONED_S = 7 * 86400.0
"""After which a version that nobody commits is given up, with what was uploaded for it."""


# -------------------------------------------------------------------------------------------------- aliases


def change_aliases(
    connection: Connection,
    principal: Principal,
    artifact: int,
    changes: Sequence[tuple[str, str, str, str]],
    *,
    add: bool,
) -> None:
    """Add or remove aliases, each (entity, project, collection, alias), of a version. Raises NotFound, UsageError."""
    found = artifact_by_id(connection, principal, artifact)
    now = time.time()
    for entity, project, name, alias in sorted(changes):
        collection = collection_by_name(connection, principal, entity, project, name)
        lock_collection(connection, collection.id)
        if not _is_member(connection, collection.id, found.id):
            raise NotFound(f"artifact {found.name} is not in {entity}/{project}/{name}")
        if add:
            for clean in clean_aliases([alias]) or [LATEST]:
                move_alias(connection, collection.id, clean, found.id)
        else:
            connection.run(
                "DELETE FROM artifact_alias WHERE collection_id = ? AND name = ? AND artifact_id = ?",
                [collection.id, storable(alias), found.id],
            )
        touch(connection, collection.project_id, now)


def set_aliases(
    connection: Connection, artifact: Artifact, collection: Collection, names: Sequence[str]
) -> None:
    """Let a version have these aliases of a collection and no others (`LATEST` aside)."""
    wanted = clean_aliases(names)
    lock_collection(connection, collection.id)
    for alias in artifact.aliases:
        if alias.collection.id == collection.id and alias.name not in (*wanted, LATEST):
            connection.run("DELETE FROM artifact_alias WHERE id = ?", [alias.id])
    for name in wanted:
        move_alias(connection, collection.id, name, artifact.id)


def _is_member(connection: Connection, collection: int, artifact: int) -> bool:
    sql = "SELECT 1 FROM artifact_member WHERE collection_id = ? AND artifact_id = ?"
    return connection.value(sql, [collection, artifact]) is not None


# -------------------------------------------------------------------------------------------- texts and tags


def update_artifact(
    connection: Connection,
    principal: Principal,
    id_: int,
    changes: Mapping[str, Any],
    add_tags: Sequence[str] = (),
    remove_tags: Sequence[str] = (),
) -> Artifact:
    """Change any of description, metadata, ttl (see `Artifact`) and aliases (all that it has) of a version.

    Raises NotFound, UsageError.
    """
    connection.rows(f"SELECT id FROM artifact WHERE id = ?{connection.for_update}", [id_])
    found = artifact_by_id(connection, principal, id_)
    now = time.time()
    tags = clean_names("tag", [tag for tag in (*found.tags, *add_tags) if tag not in remove_tags])
    connection.run(
        "UPDATE artifact SET description = ?, metadata = ?, ttl = ?, tags = ?, updated = ? WHERE id = ?",
        [
            clean_text("description", changes.get("description", found.description), MAX_TEXT),
            clean_text("metadata", changes.get("metadata", found.metadata), MAX_TEXT << 4),
            changes.get("ttl", found.ttl),
            json.dumps(tags),
            now,
            id_,
        ],
    )
    if changes.get("aliases") is not None:
        set_aliases(connection, found, found.collection, changes["aliases"])
    touch(connection, found.collection.project_id, now)
    return artifact_by_id(connection, principal, id_)


# ------------------------------------------------------------------------------------------------ portfolios


def link_artifact(
    connection: Connection,
    principal: Principal,
    id_: int,
    entity: str,
    project: str,
    name: str,
    aliases: Sequence[str],
) -> Membership:
    """Make a committed version a member of a portfolio, which is made when it is missing.

    One that is a member already stays the member that it is. Raises NotFound, UsageError and Conflict.
    """
    found = artifact_by_id(connection, principal, id_)
    if found.state != "committed":
        message = (
            f"an artifact of {found.collection.name!r} is not committed yet: link it when it is"
        )
        raise Conflict(message)
    now = time.time()
    check_name("entity", entity)
    if entity != found.collection.entity:
        message = f"artifact {found.name} belongs to {found.collection.entity!r}: it can only be linked there"
        raise UsageError(message)
    project_id = create_project(connection, principal, entity, project, now)
    collection = ensure_collection(
        connection, principal, project_id, "portfolio", found.collection.type, name, now
    )
    lock_collection(connection, collection.id)
    if not _is_member(connection, collection.id, id_):
        version = connection.value(
            "UPDATE artifact_collection SET next_version = next_version + 1, updated = ? WHERE id = ?"
            " RETURNING next_version - 1",
            [now, collection.id],
        )
        connection.run(
            "INSERT INTO artifact_member (collection_id, artifact_id, version, created) VALUES (?, ?, ?, ?)",
            [collection.id, id_, version, now],
        )
        move_alias(connection, collection.id, LATEST, id_)
    for alias in clean_aliases(aliases):
        move_alias(connection, collection.id, alias, id_)
    touch(connection, project_id, now)
    condition = "collection_id = ? AND artifact_id = ?"
    return members(connection, principal, condition, [collection.id, id_])[0]


def unlink_artifact(
    connection: Connection, principal: Principal, id_: int, collection_id: int
) -> None:
    """Take a version out of a portfolio. Raises NotFound, and Conflict for the sequence that it belongs to."""
    collection = collection_by_id(connection, principal, collection_id)
    found = artifact_by_id(connection, principal, id_)
    if collection.kind != "portfolio":
        message = f"artifact {found.name} was logged to {collection.name!r}: delete it instead"
        raise Conflict(message)
    lock_collection(connection, collection.id)
    if not _is_member(connection, collection.id, id_):
        raise NotFound(f"artifact {found.name} is not linked to {collection.name!r}")
    for table in ("artifact_alias", "artifact_member"):
        connection.run(
            f"DELETE FROM {table} WHERE collection_id = ? AND artifact_id = ?", [collection.id, id_]
        )
    restore_latest(connection, collection.id)
    touch(connection, collection.project_id, time.time())


# ----------------------------------------------------------------------------------------------- collections


def update_collection(
    connection: Connection,
    principal: Principal,
    id_: int,
    changes: Mapping[str, Any],
    add_tags: Sequence[str] = (),
    remove_tags: Sequence[str] = (),
) -> Collection:
    """Change any of name, description and type (of a sequence) of a collection.

    Raises NotFound, UsageError, and Conflict for a name that is taken.
    """
    lock_collection(connection, id_)
    found = collection_by_id(connection, principal, id_)
    name = found.name if changes.get("name") is None else check_collection_name(changes["name"])
    taken = "SELECT 1 FROM artifact_collection WHERE project_id = ? AND name = ? AND id <> ?"
    if connection.value(taken, [found.project_id, name, id_]):
        raise Conflict(f"there is another artifact {name!r} in {found.entity}/{found.project}")
    now = time.time()
    type_ = changes.get("type") or found.type
    tags = clean_names("tag", [tag for tag in (*found.tags, *add_tags) if tag not in remove_tags])
    connection.run(
        "UPDATE artifact_collection SET name = ?, description = ?, type_id = ?, tags = ?, updated = ? WHERE id = ?",
        [
            name,
            clean_text("description", changes.get("description", found.description), MAX_TEXT),
            ensure_type(connection, found.project_id, type_, now),
            json.dumps(tags),
            now,
            id_,
        ],
    )
    touch(connection, found.project_id, now)
    return collection_by_id(connection, principal, id_)


# -------------------------------------------------------------------------------------------------- deletion


def begin_deletion(
    connection: Connection, principal: Principal, id_: int, *, with_aliases: bool
) -> Artifact:
    """Take a version out of everything that shows it. Raises NotFound, and Conflict while it has aliases."""
    found = artifact_by_id(connection, principal, id_)
    if found.aliases and not with_aliases:
        names = ", ".join(alias.name for alias in found.aliases)
        message = (
            f"artifact {found.name} has the aliases {names}: delete it with delete_aliases=True"
        )
        raise Conflict(message)
    lists = sorted(
        collection
        for (collection,) in connection.rows(
            "SELECT collection_id FROM artifact_member WHERE artifact_id = ?", [id_]
        )
    )
    for collection in lists:
        lock_collection(connection, collection)
    connection.run("DELETE FROM artifact_alias WHERE artifact_id = ?", [id_])
    connection.run("DELETE FROM artifact_member WHERE artifact_id = ?", [id_])
    for collection in lists:
        restore_latest(connection, collection)
    connection.run("UPDATE artifact SET state = 'deleted' WHERE id = ?", [id_])
    touch(connection, found.collection.project_id, time.time())
    return found


def delete_slice(connection: Connection, id_: int) -> tuple[bool, list[str]]:
    """Remove a part of a version whose deletion has begun.

    Returns whether something was left, and the digests of blobs that are gone with it.
    """
    gone = clear_uploads(connection, id_)
    rows = connection.rows(
        "DELETE FROM artifact_file WHERE artifact_id = ? AND place IN"
        " (SELECT place FROM artifact_file WHERE artifact_id = ? ORDER BY place DESC LIMIT ?) RETURNING digest",
        [id_, id_, _SLICE],
    )
    if rows:
        digests = {digest for (digest,) in rows if digest is not None}
        return True, [*gone, *release(connection, sorted(digests))]
    manifests = connection.rows(
        "DELETE FROM artifact_manifest WHERE artifact_id = ? RETURNING digest", [id_]
    )
    for table in ("artifact_client", "artifact_run"):
        connection.run(f"DELETE FROM {table} WHERE artifact_id = ?", [id_])
    connection.run("DELETE FROM artifact WHERE id = ?", [id_])
    return False, [*gone, *release(connection, [digest for (digest,) in manifests])]


def versions_of(connection: Connection, principal: Principal, collection: int) -> list[int]:
    """Return the ids of a sequence's own versions, committed or not."""
    found = artifacts(connection, principal, "artifact.collection_id = ?", [collection])
    return [artifact.id for artifact in found]


def delete_collection(connection: Connection, principal: Principal, id_: int) -> Collection:
    """Remove a collection that has no versions of its own left. Raises NotFound, Conflict."""
    lock_collection(connection, id_)
    found = collection_by_id(connection, principal, id_)
    if connection.value("SELECT 1 FROM artifact WHERE collection_id = ?", [id_]):
        raise Conflict(f"artifact {found.name!r} got a new version while it was being deleted")
    for table in ("artifact_alias", "artifact_member", "artifact_client"):
        connection.run(f"DELETE FROM {table} WHERE collection_id = ?", [id_])
    connection.run("DELETE FROM artifact_collection WHERE id = ?", [id_])
    touch(connection, found.project_id, time.time())
    return found


def abandoned(connection: Connection, now: float) -> list[int]:
    """Return versions that are to be removed: those being deleted, and those that nobody has committed for a week."""
    rows = connection.rows(
        "SELECT id FROM artifact WHERE state = 'deleted' OR (state = 'pending' AND created < ?) ORDER BY id",
        [now - _ABANDONED_S],
    )
    return [id_ for (id_,) in rows]
