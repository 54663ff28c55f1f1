"""Collections of versions: made when first named, and the aliases that their members have."""

from __future__ import annotations

import re
from collections.abc import Iterable

from epochal.errors import Conflict, UsageError
from epochal.records import Principal
from epochal.store.artifacts.records import Collection, CollectionKind
from epochal.store.artifacts.rows import LATEST, collections
from epochal.store.engine import Connection
from epochal.store.names import check_name, storable

MAX_TEXT = 1 << 20
"""Characters of a description; of metadata sixteen times as many."""
MAX_TAGS = 200
_VERSION_ALIAS = re.compile(r"v\d+")


def touch(connection: Connection, project_id: int, now: float) -> None:
    """Raise the project's version: pages that show its artifacts ask for them again."""
    connection.run(
        "UPDATE project SET version = version + 1, updated = ? WHERE id = ?", [now, project_id]
    )


def clean_names(what: str, names: Iterable[str]) -> list[str]:
    """Return names in their order, each once. Raises UsageError for one that cannot be kept, or for too many."""
    found = list(dict.fromkeys(check_name(what, name) for name in names))
    if len(found) > MAX_TAGS:
        raise UsageError(f"{len(found)} {what}s are too many, {MAX_TAGS} are kept")
    return found


def clean_aliases(names: Iterable[str]) -> list[str]:
    """Return aliases, each once; `LATEST` needs not be said. Raises UsageError for one that reads as a version."""
    found = [name for name in clean_names("alias", names) if name != LATEST]
    for name in found:
        if ":" in name or _VERSION_ALIAS.fullmatch(name):
            message = f"alias {name!r} must not contain ':' or look like a version (v0, v1, ...)"
            raise UsageError(message)
    return found


def ensure_type(
    connection: Connection,
    project_id: int,
    name: str,
    now: float,
    description: str | None = None,
) -> int:
    """Return the id of an artifact type of a project, made when it is missing."""
    check_name("artifact type", name)
    select = "SELECT id FROM artifact_type WHERE project_id = ? AND name = ?"
    found = connection.value(select, [project_id, name])
    if found is None:
        connection.run(
            "INSERT INTO artifact_type (project_id, name, description, created) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            [project_id, name, clean_text("description", description, MAX_TEXT), now],
        )
        found = connection.value(select, [project_id, name])
    return found


def check_collection_name(name: str) -> str:
    """Return `name` when it can be that of a collection: ``name:alias`` must stay readable. Raises UsageError."""
    check_name("artifact", name)
    if ":" in name:
        raise UsageError(f"artifact {name!r} must not contain ':'")
    return name


def ensure_collection(
    connection: Connection,
    principal: Principal,
    project_id: int,
    kind: CollectionKind,
    type_: str,
    name: str,
    now: float,
) -> Collection:
    """Return a collection of a project, made when it is missing. Raises Conflict when it is something else."""
    check_collection_name(name)
    connection.run(
        "INSERT INTO artifact_collection (project_id, type_id, kind, name, description, tags, created, updated,"
        " next_version) VALUES (?, ?, ?, ?, NULL, '[]', ?, ?, 0) ON CONFLICT DO NOTHING",
        [project_id, ensure_type(connection, project_id, type_, now), kind, name, now, now],
    )
    condition = "artifact_collection.project_id = ? AND artifact_collection.name = ?"
    found = collections(connection, principal, condition, [project_id, name])[0]
    if found.type != type_:
        message = f"artifact {name!r} is of type {found.type!r}, not {type_!r}: use another name"
        raise Conflict(message)
    if found.kind != kind:
        ours = {"sequence": "versions that runs log", "portfolio": "linked versions"}
        message = f"artifact {name!r} holds {ours[found.kind]}, not {ours[kind]}: use another name"
        raise Conflict(message)
    return found


def clean_text(what: str, text: str | None, limit: int) -> str | None:
    """Return a text as a database holds it. Raises UsageError when it is too long."""
    if text is not None and len(text) > limit:
        message = f"the artifact's {what} has {len(text):,} characters, {limit:,} are kept"
        raise UsageError(message)
    return None if text is None else storable(text)


def move_alias(connection: Connection, collection: int, name: str, artifact: int) -> None:
    """Let an alias of a collection name this member from now on."""
    connection.run(
        "INSERT INTO artifact_alias (collection_id, name, artifact_id) VALUES (?, ?, ?)"
        " ON CONFLICT (collection_id, name) DO UPDATE SET artifact_id = excluded.artifact_id",
        [collection, name, artifact],
    )


def lock_collection(connection: Connection, collection: int) -> None:
    """Keep others from moving aliases and handing out versions of a collection until the end of the transaction."""
    connection.rows(
        f"SELECT id FROM artifact_collection WHERE id = ?{connection.for_update}", [collection]
    )


def restore_latest(connection: Connection, collection: int) -> None:
    """Let `LATEST` name the newest member that is left, where the one that it named is gone."""
    sql = "SELECT 1 FROM artifact_alias WHERE collection_id = ? AND name = ?"
    if connection.value(sql, [collection, LATEST]):
        return
    newest = connection.value(
        "SELECT artifact_id FROM artifact_member WHERE collection_id = ? ORDER BY version DESC LIMIT 1",
        [collection],
    )
    if newest is not None:
        move_alias(connection, collection, LATEST, newest)
