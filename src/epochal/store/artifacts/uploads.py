"""What arrives for a version before it is committed: files, parts of large ones, manifests."""

from __future__ import annotations

from collections.abc import Sequence

from epochal.errors import Conflict
from epochal.records import Principal
from epochal.store.artifacts.blobs import held_by_md5, release
from epochal.store.artifacts.records import (
    Artifact,
    Manifest,
    ManifestKind,
    NewFile,
    Upload,
)
from epochal.store.artifacts.rows import (
    artifact_by_id,
    manifest_by_id,
)
from epochal.store.engine import Connection
from epochal.store.names import storable


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
