"""Artifacts: versioned lists of files that runs log and use (`Store.artifacts`).

Every method takes the principal that asks; what it may not see is not there (`NotFound`). Writing needs the role
member or admin (`Forbidden`). Methods may be called from any thread.

A version is announced (`create`), its files and its manifest arrive as blobs (`receive_file`, `receive_manifest`),
and `commit` makes it a version: only when every file of the manifest has arrived with the MD5 that the manifest says.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from epochal.errors import Conflict, NotFound, UsageError
from epochal.records import Principal
from epochal.store.access import must_write
from epochal.store.artifacts import announce, commit, edits, rows, uploads
from epochal.store.artifacts.blobs import BlobAccess
from epochal.store.artifacts.lineage import (
    Lineage,
    LineageRun,
    read_lineage,
    read_runs,
    run_artifacts,
    runs_of,
    use_artifact,
)
from epochal.store.artifacts.manifests import (
    MAX_MANIFEST_BYTES,
    FileList,
    manifest_digest,
    merge_manifests,
    read_manifest,
    write_manifest,
)
from epochal.store.artifacts.records import (
    Artifact,
    ArtifactFile,
    ArtifactType,
    Collection,
    Manifest,
    ManifestKind,
    Membership,
    NewArtifact,
    NewFile,
    Upload,
)
from epochal.store.artifacts.summaries import CollectionSummary, collection_summaries
from epochal.store.engine import Connection, Database
from epochal.store.together import Changer

_TRIES = 5
_TIDY_EVERY_S = 3600.0


class Artifacts:
    """See the module's docstring."""

    def __init__(self, database: Database, change: Changer, blobs: BlobAccess) -> None:
        """Work on a database whose transactions `change` makes, with the blobs of `blobs`."""
        self._database = database
        self._change = change
        self._blobs = blobs
        self._assembling = threading.Lock()
        self._tidied = time.monotonic()

    # ---- writing

    def create(self, principal: Principal, new: NewArtifact) -> Artifact:
        """Return the version that `new` describes: one there already with the same files, or one that is pending.

        Its project, type and sequence are made when they are missing. The aliases are given with the commit, or at once
        to a version that was there. Raises NotFound, UsageError, and Conflict where the name has another type.
        """
        must_write(principal)
        if time.monotonic() - self._tidied > _TIDY_EVERY_S:
            self.tidy()
        return self._change(lambda connection: announce.create_artifact(connection, principal, new))

    def add_type(
        self, principal: Principal, entity: str, project: str, name: str, description: str | None
    ) -> ArtifactType:
        """Return an artifact type of a project, made when it is missing."""
        must_write(principal)
        self._change(
            lambda connection: announce.create_type(
                connection, principal, entity, project, name, description
            )
        )
        return next(t for t in self.types(principal, entity, project) if t.name == name)

    def announce_files(self, principal: Principal, files: Sequence[NewFile]) -> list[Upload]:
        """Return for each file, in their order, whether its bytes are needed.

        A blob is known when the artifact's own entity has it, and is then kept for the artifact.
        Raises NotFound, Conflict.
        """
        must_write(principal)
        return self._change(
            lambda connection: uploads.announce_files(connection, principal, files), notify=False
        )

    def add_manifest(
        self,
        principal: Principal,
        artifact: int,
        kind: ManifestKind,
        name: str,
        md5: str | None = None,
        base: int | None = None,
    ) -> Manifest:
        """Announce a manifest, by its MD5 (base64) when that is known; a version has one complete manifest.

        base: of an incremental one, the version that it is put over. Raises NotFound, Conflict.
        """
        must_write(principal)
        return self._change(
            lambda connection: uploads.add_manifest(
                connection, principal, artifact, kind, name, md5, base
            ),
            notify=False,
        )

    def change_manifest(
        self, principal: Principal, manifest: int, md5: str | None, base: int | None = None
    ) -> Manifest:
        """Say the MD5 (base64), or the base, of a manifest that was announced. Raises NotFound, Conflict."""
        must_write(principal)
        return self._change(
            lambda connection: uploads.change_manifest(connection, principal, manifest, md5, base),
            notify=False,
        )

    def receive_file(self, principal: Principal, artifact: int, md5: str, digest: str) -> None:
        """Keep a blob, whose MD5 (base64) the caller has compared, for a version. Raises NotFound, Conflict."""
        must_write(principal)
        self._change(
            lambda connection: uploads.receive_file(connection, principal, artifact, md5, digest),
            notify=False,
        )

    def receive_manifest(self, principal: Principal, manifest: int, digest: str) -> None:
        """Keep the blob of a manifest, whose MD5 the caller has compared. Raises NotFound, Conflict."""
        must_write(principal)
        self._drop(
            lambda connection: uploads.receive_manifest(connection, principal, manifest, digest)
        )

    def receive_part(
        self, principal: Principal, artifact: int, md5: str, number: int, digest: str
    ) -> None:
        """Keep the blob of part `number` of the file `md5` (base64, of the whole file). Raises NotFound, Conflict."""
        must_write(principal)
        self._change(
            lambda connection: uploads.receive_part(
                connection, principal, artifact, md5, number, digest
            ),
            notify=False,
        )

    def complete_parts(
        self, principal: Principal, artifact: int, md5: str, numbers: Sequence[int]
    ) -> None:
        """Make a file of its parts, in the order of `numbers`.

        Done again it changes nothing. Raises UsageError when a part has not arrived or the whole has another MD5.
        """
        must_write(principal)
        # A client asks again when this takes it too long: the second one finds it done.
        with self._assembling:
            if self._is_held(principal, artifact, md5):
                return
            with self._database.read() as connection:
                parts = dict(uploads.parts_of(connection, principal, artifact, md5))
            missing = [number for number in numbers if number not in parts]
            if missing or not numbers:
                first = missing[0] if missing else 1
                message = f"part {first} of the file with MD5 {md5} has not arrived: log it again"
                raise UsageError(message)
            digest, found = self._blobs.write(
                piece
                for number in sorted(set(numbers))
                for piece in self._blobs.read(parts[number])
            )
            if found != md5:
                message = f"the parts of a file make one with MD5 {found}, not {md5}: log it again"
                raise UsageError(message)
            self.receive_file(principal, artifact, md5, digest)
            self.drop_parts(principal, artifact, md5)

    def drop_parts(self, principal: Principal, artifact: int, md5: str) -> None:
        """Forget the parts of a file. Raises NotFound."""
        must_write(principal)

        def work(connection: Connection) -> list[str]:
            rows.artifact_by_id(connection, principal, artifact)
            return uploads.drop_parts(connection, artifact, md5)

        self._drop(work)

    def _is_held(self, principal: Principal, artifact: int, md5: str) -> bool:
        upload = NewFile(artifact, "", md5)
        return self.announce_files(principal, [upload])[0].known

    def commit(self, principal: Principal, artifact: int) -> Artifact:
        """Make a pending version the next one of its sequence, and move its aliases and "latest" to it.

        One that is committed stays as it is. Its files are those of its manifest; an incremental manifest is put over
        its base, patches over each other in the order in which they were announced.

        Raises NotFound; UsageError when there is no manifest, or when a file that it names has not arrived.
        """
        must_write(principal)
        for attempt in range(1, _TRIES + 1):
            with self._database.read() as connection:
                found = rows.artifact_by_id(connection, principal, artifact)
                if found.state == "committed":
                    return found
                used = commit.manifests_of(connection, principal, artifact)
            files, manifest, digest = self._merged(principal, found, used)
            try:
                self._write_files(principal, artifact, files)
                done, gone = self._change(
                    partial(
                        commit.finish_commit,
                        principal=principal,
                        artifact=artifact,
                        found=files,
                        digest=digest,
                        manifest=manifest,
                        used=used,
                    )
                )
                self._blobs.removed(gone)
                return done
            except Conflict:
                # Another server has committed it, or another run has added to it.
                if attempt == _TRIES:
                    raise
        raise AssertionError("unreachable")

    def _write_files(self, principal: Principal, artifact: int, files: FileList) -> None:
        entries = list(files.entries.items())
        for first in range(0, len(entries), commit.CHUNK):
            self._change(
                partial(
                    commit.write_files,
                    principal=principal,
                    artifact=artifact,
                    first=first,
                    entries=entries[first : first + commit.CHUNK],
                ),
                notify=False,
            )

    def _merged(
        self,
        principal: Principal,
        artifact: Artifact,
        used: Sequence[tuple[ManifestKind, int | None, str | None]],
    ) -> tuple[FileList, str, str | None]:
        """Return a version's files, the blob of its whole manifest, and its digest where it is not the client's."""
        arrived = [(kind, base, digest) for kind, base, digest in used if digest is not None]
        if not arrived:
            message = f"the manifest of artifact {artifact.collection.name!r} has not arrived: log the artifact again"
            raise UsageError(message)
        kind, base, digest = arrived[-1]
        if kind == "full":
            return self._read_manifest(digest), digest, None
        lists = [self._read_manifest(digest) for _, _, digest in arrived]
        if kind == "incremental":
            lists = lists[-1:]
            if base is not None:
                lists.insert(0, self.manifest(principal, base))
        merged = merge_manifests(lists)
        written, _md5 = self._blobs.write([write_manifest(merged)])
        return merged, written, manifest_digest(merged)

    def _read_manifest(self, digest: str) -> FileList:
        size = self._blobs.size(digest)
        if size > MAX_MANIFEST_BYTES:
            message = f"a manifest of {size:,} bytes is too large, {MAX_MANIFEST_BYTES:,} are read: split the artifact"
            raise UsageError(message)
        return read_manifest(b"".join(self._blobs.read(digest)))

    # ---- reading

    def get(self, principal: Principal, artifact: int) -> Artifact:
        """Return a version, committed or not."""
        with self._database.read() as connection:
            return rows.artifact_by_id(connection, principal, artifact)

    def find(self, principal: Principal, entity: str, project: str, name: str) -> Membership:
        """Return what ``collection``, ``collection:alias``, ``collection:v3`` or ``collection:digest`` names."""
        collection, alias = rows.split_name(name)
        with self._database.read() as connection:
            found = rows.collection_by_name(connection, principal, entity, project, collection)
            return rows.member_of(connection, principal, found, alias)

    def member(self, principal: Principal, collection: Collection, alias: str) -> Membership:
        """Return the member of a collection that an alias, a version (``v3``) or a digest names."""
        with self._database.read() as connection:
            return rows.member_of(connection, principal, collection, alias)

    def find_client(self, principal: Principal, client_id: str) -> int | None:
        """Return the id of the version that a client's random id means (of a sequence: its newest), or None."""
        with self._database.read() as connection:
            return announce.find_client(connection, principal, client_id)

    def newest(self, principal: Principal, collection: int) -> Artifact | None:
        """Return the committed version of a sequence with the highest number, None without one."""
        with self._database.read() as connection:
            return rows.newest_version(connection, principal, collection)

    def types(self, principal: Principal, entity: str, project: str) -> list[ArtifactType]:
        """Return the artifact types of a project; none when there is no such project."""
        with self._database.read() as connection:
            return rows.types(connection, principal, entity, project)

    def collections(
        self, principal: Principal, entity: str, project: str, type_: str | None = None
    ) -> list[Collection]:
        """Return the collections of a project (of one type, unless that is None), by the time they were made."""
        condition, parameters = "project.entity = ? AND project.name = ?", [entity, project]
        if type_ is not None:
            condition += " AND artifact_type.name = ?"
            parameters.append(type_)
        with self._database.read() as connection:
            return rows.collections(
                connection, principal, f"{condition} ORDER BY artifact_collection.id", parameters
            )

    def collection(self, principal: Principal, entity: str, project: str, name: str) -> Collection:
        """Return a collection of a project."""
        with self._database.read() as connection:
            return rows.collection_by_name(connection, principal, entity, project, name)

    def collection_by_id(self, principal: Principal, collection: int) -> Collection:
        """Return a collection."""
        with self._database.read() as connection:
            return rows.collection_by_id(connection, principal, collection)

    def members(self, principal: Principal, collection: int) -> list[Membership]:
        """Return all members of a collection, the newest first."""
        with self._database.read() as connection:
            return rows.members(connection, principal, "collection_id = ?", [collection])

    def memberships(self, principal: Principal, artifact: int) -> list[Membership]:
        """Return where a version is a member: its sequence, and the portfolios that it is linked to."""
        with self._database.read() as connection:
            found = rows.members(connection, principal, "artifact_id = ?", [artifact])
        return sorted(found, key=lambda member: member.id)

    def files(
        self,
        principal: Principal,
        artifact: int,
        *,
        after: int = -1,
        limit: int = 5000,
        names: Sequence[str] | None = None,
    ) -> list[tuple[int, ArtifactFile]]:
        """Return (place, file) of a version's files by path: at most `limit` of those behind the place `after`."""
        with self._database.read() as connection:
            rows.artifact_by_id(connection, principal, artifact)
            return rows.files(connection, artifact, after=after, limit=limit, names=names)

    def count_files(
        self, principal: Principal, artifact: int, names: Sequence[str] | None = None
    ) -> int:
        """Return how many files of these names (None: at all) a version has."""
        with self._database.read() as connection:
            found = rows.artifact_by_id(connection, principal, artifact)
            if names is None:
                return found.files
            return len(rows.files(connection, artifact, limit=1 << 62, names=names))

    def file_by_md5(
        self, principal: Principal, entity: str, md5: str, artifact: int | None = None
    ) -> str:
        """Return the blob of an entity (or of one version) that has an MD5 (base64). Raises NotFound."""
        with self._database.read() as connection:
            found = rows.blob_by_md5(connection, principal, entity, md5, artifact)
        if found is None:
            raise NotFound(f"there is no file with MD5 {md5[:60]}")
        return found

    def manifest_blob(self, principal: Principal, artifact: int) -> str:
        """Return the SHA-256 of the manifest of a committed version. Raises NotFound."""
        with self._database.read() as connection:
            rows.artifact_by_id(connection, principal, artifact)
            found = connection.value(
                "SELECT digest FROM artifact_manifest WHERE artifact_id = ? AND kind = 'current'",
                [artifact],
            )
        if found is None:
            raise NotFound(f"artifact {artifact} is not committed")
        return found

    def manifest(self, principal: Principal, artifact: int) -> FileList:
        """Return the manifest of a committed version. Raises NotFound."""
        return self._read_manifest(self.manifest_blob(principal, artifact))

    # ---- runs

    def use(
        self, principal: Principal, entity: str, project: str, run: str, artifact: int
    ) -> Artifact:
        """Say that a run, by its id, uses a version."""
        must_write(principal)
        return self._change(
            lambda connection: use_artifact(connection, principal, entity, project, run, artifact)
        )

    def of_run(self, principal: Principal, run: str, role: str) -> list[Artifact]:
        """Return the committed versions that a run (by uid) logged ("output") or used ("input"), in that order."""
        with self._database.read() as connection:
            return run_artifacts(connection, principal, run, role)

    def runs(self, principal: Principal, artifact: int, role: str) -> list[str]:
        """Return the uids of the runs, still there, that logged ("output") or used ("input") a version."""
        with self._database.read() as connection:
            rows.artifact_by_id(connection, principal, artifact)
            return runs_of(connection, principal, artifact, role)

    def run_names(self, principal: Principal, uids: Sequence[str]) -> list[LineageRun]:
        """Return those of these runs that are there, as a lineage has them."""
        with self._database.read() as connection:
            return read_runs(connection, principal, uids)

    def lineage(self, principal: Principal, artifact: int) -> Lineage:
        """Return the versions and runs that lead to and from a version."""
        with self._database.read() as connection:
            return read_lineage(connection, principal, artifact)

    def summaries(self, principal: Principal, entity: str, project: str) -> list[CollectionSummary]:
        """Return the collections of a project with what a list of them shows."""
        with self._database.read() as connection:
            return collection_summaries(connection, principal, entity, project)

    # ---- changing

    def update(
        self,
        principal: Principal,
        artifact: int,
        changes: Mapping[str, Any],
        add_tags: Sequence[str] = (),
        remove_tags: Sequence[str] = (),
    ) -> Artifact:
        """Change any of description, metadata, ttl and aliases (all that it has in its sequence) of a version."""
        must_write(principal)
        return self._change(
            lambda connection: edits.update_artifact(
                connection, principal, artifact, changes, add_tags, remove_tags
            )
        )

    def change_aliases(
        self,
        principal: Principal,
        artifact: int,
        changes: Sequence[tuple[str, str, str, str]],
        *,
        add: bool,
    ) -> None:
        """Add or remove aliases, each (entity, project, collection, alias), of a version."""
        must_write(principal)
        self._change(
            lambda connection: edits.change_aliases(
                connection, principal, artifact, changes, add=add
            )
        )

    def link(
        self,
        principal: Principal,
        artifact: int,
        entity: str,
        project: str,
        name: str,
        aliases: Sequence[str] = (),
    ) -> Membership:
        """Make a committed version a member of a portfolio, which is made when it is missing."""
        must_write(principal)
        return self._change(
            lambda connection: edits.link_artifact(
                connection, principal, artifact, entity, project, name, aliases
            )
        )

    def unlink(self, principal: Principal, artifact: int, collection: int) -> None:
        """Take a version out of a portfolio."""
        must_write(principal)
        self._change(
            lambda connection: edits.unlink_artifact(connection, principal, artifact, collection)
        )

    def update_collection(
        self,
        principal: Principal,
        collection: int,
        changes: Mapping[str, Any],
        add_tags: Sequence[str] = (),
        remove_tags: Sequence[str] = (),
    ) -> Collection:
        """Change any of name, description and type of a collection."""
        must_write(principal)
        return self._change(
            lambda connection: edits.update_collection(
                connection, principal, collection, changes, add_tags, remove_tags
            )
        )

    def delete(self, principal: Principal, artifact: int, *, with_aliases: bool = False) -> None:
        """Delete a version for ever, with the files that no other has. Raises Conflict while it has aliases."""
        must_write(principal)
        self._change(
            lambda connection: edits.begin_deletion(
                connection, principal, artifact, with_aliases=with_aliases
            )
        )
        self._finish_deletion(artifact)

    def delete_collection(self, principal: Principal, collection: int) -> Collection:
        """Delete a collection for ever, a sequence with all its versions."""
        must_write(principal)
        with self._database.read() as connection:
            rows.collection_by_id(connection, principal, collection)
            versions = edits.versions_of(connection, principal, collection)
        for version in versions:
            self.delete(principal, version, with_aliases=True)
        return self._change(
            lambda connection: edits.delete_collection(connection, principal, collection)
        )

    def tidy(self) -> None:
        """Finish deletions that a server's end has interrupted, and give up what nobody has committed for a week."""
        self._tidied = time.monotonic()
        with self._database.read() as connection:
            left = edits.abandoned(connection, time.time())
        for artifact in left:
            self._finish_deletion(artifact)

    def _finish_deletion(self, artifact: int) -> None:
        more = True
        while more:
            more, gone = self._change(
                lambda connection: edits.delete_slice(connection, artifact), notify=False
            )
            self._blobs.removed(gone)

    def _drop(self, work: Callable[[Connection], list[str]]) -> None:
        self._blobs.removed(self._change(work, notify=False))
