"""Versions as clients make them: announced, uploaded, committed."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from epochal.records import LOCAL_ADMIN, Principal
from epochal.store.artifacts.manifests import manifest_digest, read_manifest
from epochal.store.artifacts.records import Artifact, ManifestKind, NewArtifact, NewFile
from epochal.store.sql import SqlStore


def md5_of(data: bytes) -> str:
    """Return the MD5 of bytes in base64."""
    return b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def put(store: SqlStore, data: bytes, principal: Principal = LOCAL_ADMIN) -> str:
    """Keep bytes as a blob; returns its SHA-256."""
    with store.receive_blob(principal) as sink:
        sink.write(data)
        return sink.finish().digest


def manifest_of(files: Mapping[str, bytes | str]) -> bytes:
    """Return the manifest of files: bytes, or the address of a reference."""
    contents: dict[str, Any] = {}
    for path, data in files.items():
        if isinstance(data, str):
            contents[path] = {"digest": "etag-" + path, "ref": data, "size": 7}
        else:
            contents[path] = {"digest": md5_of(data), "size": len(data), "birthArtifactID": "x"}
    policy = {
        "storagePolicy": "wandb-storage-policy-v1",
        "storagePolicyConfig": {"storageLayout": "V2"},
    }
    return json.dumps({"version": 1, **policy, "contents": contents}).encode()


def announce(
    store: SqlStore,
    files: Mapping[str, bytes | str],
    name: str = "digits",
    *,
    principal: Principal = LOCAL_ADMIN,
    type_: str = "dataset",
    **more: Any,
) -> Artifact:
    """Announce a version with these files."""
    new = NewArtifact(
        more.pop("entity", principal.entity),
        more.pop("project", "p"),
        type_,
        name,
        manifest_digest(read_manifest(manifest_of(files))),
        **more,
    )
    return store.artifacts.create(principal, new)


def upload(
    store: SqlStore,
    artifact: Artifact,
    files: Mapping[str, bytes | str],
    *,
    principal: Principal = LOCAL_ADMIN,
    kind: ManifestKind = "full",
    base: int | None = None,
) -> list[str]:
    """Send the files that the store lacks, and the manifest; returns the names of those sent."""
    real = {path: data for path, data in files.items() if isinstance(data, bytes)}
    asked = [NewFile(artifact.id, path, md5_of(data)) for path, data in real.items()]
    sent: list[str] = []
    for answer in store.artifacts.announce_files(principal, asked):
        if not answer.known:
            digest = put(store, real[answer.file.name], principal)
            store.artifacts.receive_file(principal, artifact.id, answer.file.md5, digest)
            sent.append(answer.file.name)
    data = manifest_of(files)
    manifest = store.artifacts.add_manifest(
        principal, artifact.id, kind, "wandb_manifest.json", md5_of(data), base
    )
    store.artifacts.receive_manifest(principal, manifest.id, put(store, data, principal))
    return sent


def log(
    store: SqlStore, files: Mapping[str, bytes | str], name: str = "digits", **more: Any
) -> Artifact:
    """Make a version, or return the one that is there with the same files."""
    principal = more.get("principal", LOCAL_ADMIN)
    found = announce(store, files, name, **more)
    if found.state == "committed":
        return found
    upload(store, found, files, principal=principal)
    return store.artifacts.commit(principal, found.id)


def aliases(artifact: Artifact) -> Sequence[str]:
    """Return the aliases of a version, sorted."""
    return sorted(alias.name for alias in artifact.aliases)
