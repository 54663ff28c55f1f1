"""How a version is committed: its files by its manifests, then its number and its aliases."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from epochal.errors import Conflict, UsageError
from epochal.records import Principal
from epochal.store.artifacts.blobs import held_by_md5
from epochal.store.artifacts.collections import (
    move_alias,
    touch,
)
from epochal.store.artifacts.manifests import FileList
from epochal.store.artifacts.records import (
    Artifact,
    ManifestKind,
)
from epochal.store.artifacts.rows import (
    LATEST,
    artifact_by_id,
)
from epochal.store.artifacts.uploads import clear_uploads, lock_pending
from epochal.store.engine import Connection
from epochal.store.names import storable

CHUNK = 5000
"""Files whose rows are written in one transaction."""


def manifests_of(
    connection: Connection, principal: Principal, artifact: int
) -> list[tuple[ManifestKind, int | None, str | None]]:
    """Return (kind, base, digest) of the manifests of a version, as they were announced. Raises NotFound."""
    artifact_by_id(connection, principal, artifact)
    rows = connection.rows(
        "SELECT kind, base_id, digest FROM artifact_manifest WHERE artifact_id = ? AND kind <> 'current' ORDER BY id",
        [artifact],
    )
    return [(kind, base, digest) for kind, base, digest in rows]


def write_files(
    connection: Connection,
    principal: Principal,
    artifact: int,
    first: int,
    entries: Sequence[tuple[str, Mapping[str, Any]]],
) -> None:
    """Write the rows of a part of a manifest, which begins at place `first`.

    Raises UsageError naming the first file whose bytes have not arrived.
    """
    found = lock_pending(connection, principal, artifact)
    wanted = sorted({entry["digest"] for _, entry in entries if entry.get("ref") is None})
    held = held_by_md5(connection, found.collection.entity, wanted)
    rows: list[tuple[Any, ...]] = []
    for place, (path, entry) in enumerate(entries, first):
        reference = entry.get("ref")
        digest = None if reference is not None else held.get(entry["digest"])
        if reference is None and digest is None:
            message = (
                f"the bytes of {path[:200]!r} (MD5 {entry['digest'][:60]}) of artifact {found.collection.name!r} have"
                " not arrived: log the artifact again"
            )
            raise UsageError(message)
        rows.append(
            (
                artifact,
                place,
                storable(path),
                storable(entry["digest"]),
                entry.get("size") or 0,
                digest,
                None if reference is None else storable(reference),
            )
        )
    connection.many(
        "INSERT INTO artifact_file (artifact_id, place, path, md5, size, digest, reference)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (artifact_id, place) DO UPDATE SET path = excluded.path,"
        " md5 = excluded.md5, size = excluded.size, digest = excluded.digest, reference = excluded.reference",
        rows,
    )


def finish_commit(
    connection: Connection,
    principal: Principal,
    artifact: int,
    found: FileList,
    digest: str | None,
    manifest: str,
    used: Sequence[tuple[ManifestKind, int | None, str | None]],
) -> tuple[Artifact, list[str]]:
    """Give a version its number and its aliases, once the rows of all its files are there.

    Returns it, and the digests of what nothing needs any longer.

    digest: of the merged manifest, None where the client's counts; manifest: the blob of the whole manifest; used: what
    `manifests_of` said before its rows were written. Raises Conflict when that has changed since.
    """
    pending = lock_pending(connection, principal, artifact)
    if list(used) != manifests_of(connection, principal, artifact):
        message = f"artifact {pending.collection.name!r} was added to meanwhile: commit it again"
        raise Conflict(message)
    n = len(found.entries)
    connection.run("DELETE FROM artifact_file WHERE artifact_id = ? AND place >= ?", [artifact, n])
    now = time.time()
    # The row of the collection is the lock under which numbers and aliases are handed out.
    version = connection.value(
        "UPDATE artifact_collection SET next_version = next_version + 1, updated = ? WHERE id = ?"
        " RETURNING next_version - 1",
        [now, pending.collection.id],
    )
    wanted = connection.value("SELECT wanted FROM artifact WHERE id = ?", [artifact])
    connection.run(
        "UPDATE artifact SET state = 'committed', version = ?, digest = coalesce(?, digest), size = ?,"
        " files = ?, updated = ? WHERE id = ?",
        [
            version,
            digest,
            sum(entry.get("size") or 0 for entry in found.entries.values()),
            n,
            now,
            artifact,
        ],
    )
    connection.run(
        "INSERT INTO artifact_member (collection_id, artifact_id, version, created) VALUES (?, ?, ?, ?)",
        [pending.collection.id, artifact, version, now],
    )
    for alias in (*json.loads(wanted), LATEST):
        move_alias(connection, pending.collection.id, alias, artifact)
    connection.run(
        "INSERT INTO artifact_manifest (artifact_id, kind, base_id, name, md5, digest)"
        " VALUES (?, 'current', NULL, '', NULL, ?)",
        [artifact, manifest],
    )
    gone = clear_uploads(connection, artifact)
    touch(connection, pending.collection.project_id, now)
    return artifact_by_id(connection, principal, artifact), gone
