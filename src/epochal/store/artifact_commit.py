"""How a version comes about: announced, its files and manifests uploaded, committed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from epochal.errors import Conflict, NotFound, UsageError
from epochal.records import Principal
from epochal.store.access import can_see
from epochal.store.artifact_blobs import held_by_md5, release
from epochal.store.artifact_collections import (
    MAX_TEXT,
    clean_aliases,
    clean_names,
    clean_text,
    ensure_collection,
    ensure_project,
    ensure_type,
    move_alias,
    touch,
)
from epochal.store.artifact_manifests import FileList
from epochal.store.artifact_records import (
    Artifact,
    Collection,
    Manifest,
    ManifestKind,
    NewArtifact,
    NewFile,
    Upload,
)
from epochal.store.artifact_rows import (
    LATEST,
    artifact_by_id,
    artifacts,
    collection_by_id,
    manifest_by_id,
    newest_version,
)
from epochal.store.engine import Connection
from epochal.store.names import check_name, storable

CHUNK = 5000
"""Files whose rows are written in one transaction."""


# ------------------------------------------------------------------------------------------------ announcing


def create_artifact(connection: Connection, principal: Principal, new: NewArtifact) -> Artifact:
    """Return the version that `new` describes: one already there with the same files, or one that is pending.

    Raises NotFound for an entity that is not visible, UsageError, and Conflict when its name has another type.
    """
    now = time.time()
    entity, project = check_name("entity", new.entity), check_name("project", new.project)
    if not can_see(principal, entity):
        raise NotFound(f"there is no entity {entity!r}")
    project_id = ensure_project(connection, principal, entity, project, now)
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


def add_run(connection: Connection, run: str, artifact: int, role: str, now: float) -> None:
    """Say that a run logged ("output") or used ("input") a version."""
    connection.run(
        "INSERT INTO artifact_run (run_uid, artifact_id, role, created) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [run, artifact, role, now],
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
    project_id = ensure_project(connection, principal, entity, check_name("project", project), now)
    return ensure_type(connection, project_id, name, now, description)


# -------------------------------------------------------------------------------------------------- uploading


def lock_pending(connection: Connection, principal: Principal, id_: int) -> Artifact:
    """Return a version that is not committed, its row locked. Raises NotFound, and Conflict for a committed one."""
    connection.rows(f"SELECT id FROM artifact WHERE id = ?{connection.for_update}", [id_])
    found = artifact_by_id(connection, principal, id_)
    if found.state != "pending":
        raise Conflict(f"artifact {found.name} is committed: what it holds does not change")
    return found


def announce_files(
    connection: Connection, principal: Principal, files: Sequence[NewFile]
) -> list[Upload]:
    """Return for each file whether its bytes are needed, in their order.

    Bytes that the artifact's entity has already are kept for it from now on. Raises NotFound, UsageError, Conflict.
    """
    pending = {
        id_: lock_pending(connection, principal, id_)
        for id_ in sorted({file.artifact for file in files})
    }
    found: dict[tuple[int, str], str] = {}
    for id_, artifact in pending.items():
        wanted = sorted({file.md5 for file in files if file.artifact == id_})
        held = held_by_md5(connection, artifact.collection.entity, wanted)
        found |= {(id_, md5): digest for md5, digest in held.items()}
    connection.many(
        "INSERT INTO artifact_upload (artifact_id, md5, digest) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(id_, md5, digest) for (id_, md5), digest in sorted(found.items())],
    )
    return [Upload(file, known=(file.artifact, file.md5) in found) for file in files]


def add_manifest(
    connection: Connection,
    principal: Principal,
    artifact: int,
    kind: ManifestKind,
    name: str,
    md5: str | None,
    base: int | None,
) -> Manifest:
    """Announce a manifest; of complete ones a version has one, whose MD5 may be told later.

    Raises NotFound for a version or a base that is not visible, and Conflict.
    """
    lock_pending(connection, principal, artifact)
    if base is not None:
        artifact_by_id(connection, principal, base)
    found = None
    if kind == "full":
        found = connection.value(
            "SELECT id FROM artifact_manifest WHERE artifact_id = ? AND kind = 'full'", [artifact]
        )
    if found is None:
        found = connection.value(
            "INSERT INTO artifact_manifest (artifact_id, kind, base_id, name, md5, digest)"
            " VALUES (?, ?, ?, ?, ?, NULL) RETURNING id",
            [artifact, kind, base, storable(name)[:200], md5],
        )
    elif md5:
        connection.run(
            "UPDATE artifact_manifest SET md5 = ?, base_id = ? WHERE id = ?", [md5, base, found]
        )
    return manifest_by_id(connection, principal, found)


def change_manifest(
    connection: Connection, principal: Principal, id_: int, md5: str | None, base: int | None
) -> Manifest:
    """Say the MD5 (base64) and the base of a manifest that was announced. Raises NotFound."""
    found = manifest_by_id(connection, principal, id_)
    lock_pending(connection, principal, found.artifact)
    if base is not None:
        artifact_by_id(connection, principal, base)
    connection.run(
        "UPDATE artifact_manifest SET md5 = coalesce(?, md5), base_id = coalesce(?, base_id) WHERE id = ?",
        [md5, base, id_],
    )
    return manifest_by_id(connection, principal, id_)


def receive_manifest(
    connection: Connection, principal: Principal, id_: int, digest: str
) -> list[str]:
    """Keep the blob of a manifest; returns what nothing needs any longer. Raises NotFound."""
    found = manifest_by_id(connection, principal, id_)
    lock_pending(connection, principal, found.artifact)
    before = connection.value("SELECT digest FROM artifact_manifest WHERE id = ?", [id_])
    connection.run("UPDATE artifact_manifest SET digest = ? WHERE id = ?", [digest, id_])
    return [] if before in (None, digest) else release(connection, [before])


def receive_file(
    connection: Connection, principal: Principal, artifact: int, md5: str, digest: str
) -> None:
    """Keep the blob of a file for a version that is not committed. Raises NotFound, Conflict."""
    lock_pending(connection, principal, artifact)
    connection.run(
        "INSERT INTO artifact_upload (artifact_id, md5, digest) VALUES (?, ?, ?)"
        " ON CONFLICT (artifact_id, md5) DO UPDATE SET digest = excluded.digest",
        [artifact, md5, digest],
    )


def receive_part(
    connection: Connection,
    principal: Principal,
    artifact: int,
    md5: str,
    number: int,
    digest: str,
) -> None:
    """Keep the blob of a part of the file `md5`. Raises NotFound, Conflict."""
    lock_pending(connection, principal, artifact)
    connection.run(
        "INSERT INTO artifact_part (artifact_id, md5, number, digest) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (artifact_id, md5, number) DO UPDATE SET digest = excluded.digest",
        [artifact, md5, number, digest],
    )


def parts_of(
    connection: Connection, principal: Principal, artifact: int, md5: str
) -> list[tuple[int, str]]:
    """Return (number, digest) of the parts of a file that have arrived, in order. Raises NotFound."""
    artifact_by_id(connection, principal, artifact)
    rows = connection.rows(
        "SELECT number, digest FROM artifact_part WHERE artifact_id = ? AND md5 = ? ORDER BY number",
        [artifact, md5],
    )
    return [(number, digest) for number, digest in rows]


def drop_parts(connection: Connection, artifact: int, md5: str) -> list[str]:
    """Forget the parts of a file; returns the digests that nothing needs any longer."""
    rows = connection.rows(
        "DELETE FROM artifact_part WHERE artifact_id = ? AND md5 = ? RETURNING digest",
        [artifact, md5],
    )
    return release(connection, sorted({digest for (digest,) in rows}))


# -------------------------------------------------------------------------------------------------- committing


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


def clear_uploads(connection: Connection, artifact: int) -> list[str]:
    """Forget what was kept for a version on its way; returns the digests that nothing needs any longer."""
    gone: set[str] = set()
    for place in (
        "artifact_upload WHERE artifact_id = ?",
        "artifact_part WHERE artifact_id = ?",
        "artifact_manifest WHERE kind <> 'current' AND artifact_id = ?",
    ):
        rows = connection.rows(f"DELETE FROM {place} RETURNING digest", [artifact])
        gone |= {digest for (digest,) in rows if digest is not None}
    return release(connection, sorted(gone))


# ------------------------------------------------------------------------------------------------------ using


def use_artifact(
    connection: Connection,
    principal: Principal,
    entity: str,
    project: str,
    run: str,
    artifact: int,
) -> Artifact:
    """Say that a run uses a version. Raises NotFound for a run or a version that is not visible."""
    found = artifact_by_id(connection, principal, artifact)
    row = connection.row(
        "SELECT run.uid FROM run JOIN project ON project.id = run.project_id"
        " WHERE project.entity = ? AND project.name = ? AND run.id = ?"
        " ORDER BY CASE WHEN run.trashed IS NULL THEN 0 ELSE 1 END",
        [entity, project, run],
    )
    if row is None or not can_see(principal, entity):
        raise NotFound(f"there is no run {run} in {entity}/{project}")
    add_run(connection, row[0], artifact, "input", time.time())
    return found


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
