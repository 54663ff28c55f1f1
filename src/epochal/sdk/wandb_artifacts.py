"""Sends an artifact out of a log of the wandb client, by the requests that the client itself would make."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from epochal.errors import CorruptBlock, Refused

if TYPE_CHECKING:
    from epochal.sdk.wandb_sync import WandbServer

BATCH = 200
"""Files that are announced in one request."""

CREATE = """mutation CreateArtifact($input: CreateArtifactInput!) {
  createArtifact(input: $input) { artifact { id state artifactSequence { latestArtifact { id } } } } }"""
CREATE_MANIFEST = """mutation CreateArtifactManifest($artifactID: ID!, $baseArtifactID: ID, $name: String!,
  $digest: String!, $entityName: String!, $projectName: String!, $runName: String!, $type: ArtifactManifestType!,
  $upload: Boolean!) {
  createArtifactManifest(input: {artifactID: $artifactID, baseArtifactID: $baseArtifactID, name: $name,
    digest: $digest, entityName: $entityName, projectName: $projectName, runName: $runName, type: $type}) {
    artifactManifest { id file { id uploadUrl @include(if: $upload) uploadHeaders @include(if: $upload) } } } }"""
CREATE_FILES = """mutation CreateArtifactFiles($artifactFiles: [CreateArtifactFileSpecInput!]!,
  $storageLayout: ArtifactStorageLayout!) {
  createArtifactFiles(input: {artifactFiles: $artifactFiles, storageLayout: $storageLayout}) {
    files { edges { node { uploadUrl uploadHeaders artifact { id } } } } } }"""
COMMIT = """mutation CommitArtifact($artifactID: ID!) {
  commitArtifact(input: {artifactID: $artifactID}) { artifact { id digest } } }"""
USE = """mutation UseArtifact($input: UseArtifactInput!) { useArtifact(input: $input) { artifact { id } } }"""
CLIENT_ID = """query ClientIDMapping($clientID: ID!) { clientIDMapping(clientID: $clientID) { serverID } }"""


def send_artifact(server: WandbServer, run: tuple[str, str, str], record: Mapping[str, Any]) -> str:
    """Send the artifact of a log's record as logged by `run` (entity, project, id); returns the server's id of it.

    One that the server has with the same content is not sent again. Raises Refused with the server's sentence, OSError
    for a file that is not there any more, CorruptBlock for a manifest that cannot be read.
    """
    entity, project, run_id = run
    manifest = _read_manifest(record.get("manifest", {}))
    answer = server.graphql(CREATE, {"input": _input(record, run, manifest)})
    artifact = answer["createArtifact"]["artifact"]
    identifier: str = artifact["id"]
    if artifact["state"] != "COMMITTED":
        base = record.get("base_id") or (
            (artifact["artifactSequence"] or {}).get("latestArtifact") or {}
        ).get("id")
        target = {
            "artifactID": identifier,
            "baseArtifactID": base,
            "name": "wandb_manifest.json",
            "entityName": entity,
            "projectName": project,
            "runName": run_id,
            "type": "INCREMENTAL" if record.get("incremental") else "FULL",
        }
        if record.get("incremental"):
            target["name"] = "wandb_manifest.incremental.json"
        created = server.graphql(CREATE_MANIFEST, {**target, "digest": "", "upload": False})
        manifest_id = created["createArtifactManifest"]["artifactManifest"]["id"]
        _send_files(server, identifier, manifest_id, manifest["contents"])
        _resolve_references(server, manifest["contents"])
        _send_manifest(server, target, manifest)
        server.graphql(COMMIT, {"artifactID": identifier})
    if record.get("use_after_commit"):
        server.graphql(
            USE,
            {
                "input": {
                    "artifactID": identifier,
                    "entityName": entity,
                    "projectName": project,
                    "runName": run_id,
                }
            },
        )
    return identifier


def _input(
    record: Mapping[str, Any], run: tuple[str, str, str], manifest: Mapping[str, Any]
) -> dict[str, Any]:
    entity, project, run_id = run
    name = record.get("name", "")
    given = {
        "entityName": entity,
        "projectName": project,
        "artifactTypeName": record.get("type", ""),
        "artifactCollectionName": name,
        "runName": None if record.get("user_created") else run_id,
        "digest": record.get("digest", ""),
        "digestAlgorithm": record.get("digest_algorithm") or "MANIFEST_MD5",
        "description": record.get("description"),
        "aliases": [
            {"artifactCollectionName": name, "alias": alias} for alias in record.get("aliases", ())
        ],
        "tags": [{"tagName": tag} for tag in record.get("tags", ())] or None,
        "metadata": record.get("metadata"),
        "ttlDurationSeconds": record.get("ttl_duration_seconds"),
        "enableDigestDeduplication": True,
        "clientID": record.get("client_id"),
        "sequenceClientID": record.get("sequence_client_id"),
        "storageRegion": manifest["storagePolicyConfig"].get("storageRegion"),
    }
    return {key: value for key, value in given.items() if value is not None}


def _read_manifest(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest as its file has it, with `local_path` where the bytes of an entry lie.

    The client puts large ones into a file of JSON lines, which may be compressed (core/pkg/artifacts/manifest.go).
    """
    entries: Sequence[Mapping[str, Any]] = record.get("contents", ())
    if place := record.get("manifest_file_path"):
        data = Path(place).read_bytes()
        text = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        try:
            entries = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError as error:
            raise CorruptBlock(f"the manifest {place} cannot be read: {error}") from error
    contents: dict[str, dict[str, Any]] = {}
    for entry in entries:
        fields = {"digest": entry.get("digest", ""), "size": int(entry.get("size", 0))}
        for source, name in (
            ("ref", "ref"),
            ("birth_artifact_id", "birthArtifactID"),
            ("birthArtifactID", "birthArtifactID"),
            ("local_path", "local_path"),
            ("skip_cache", "skip_cache"),
        ):
            if entry.get(source):
                fields[name] = entry[source]
        extra = entry.get("extra")
        if isinstance(extra, list):
            extra = {pair["key"]: json.loads(pair["value_json"]) for pair in extra}
        if extra:
            fields["extra"] = extra
        contents[entry["path"]] = fields
    config = {
        pair.get("key", ""): json.loads(pair.get("value_json", "null"))
        for pair in record.get("storage_policy_config", ())
    }
    return {
        "version": record.get("version", 1),
        "storagePolicy": record.get("storage_policy", "wandb-storage-policy-v1"),
        "storagePolicyConfig": config,
        "contents": contents,
    }


def _send_files(
    server: WandbServer, artifact: str, manifest: str, contents: Mapping[str, dict[str, Any]]
) -> None:
    """Upload the files of an artifact that the server does not have."""
    names = [name for name, entry in contents.items() if entry.get("local_path")]
    for start in range(0, len(names), BATCH):
        batch = names[start : start + BATCH]
        files = [
            {
                "artifactID": artifact,
                "name": name,
                "md5": contents[name]["digest"],
                "artifactManifestID": manifest,
            }
            for name in batch
        ]
        answer = server.graphql(CREATE_FILES, {"artifactFiles": files, "storageLayout": "V2"})
        edges = answer["createArtifactFiles"]["files"]["edges"]
        for name, edge in zip(batch, edges, strict=True):
            node = edge["node"]
            contents[name]["birthArtifactID"] = node["artifact"]["id"]
            if node["uploadUrl"]:
                place = Path(contents[name]["local_path"])
                server.put(node["uploadUrl"], place, node["uploadHeaders"] or [])


def _resolve_references(server: WandbServer, contents: Mapping[str, dict[str, Any]]) -> None:
    """Give references to artifacts of the same process the ids that the server gave those."""
    known: dict[str, str] = {}
    scheme = "wandb-client-artifact://"
    for entry in contents.values():
        reference = entry.get("ref", "")
        if not reference.startswith(scheme):
            continue
        client, _, path = reference.removeprefix(scheme).partition("/")
        if client not in known:
            mapping = server.graphql(CLIENT_ID, {"clientID": client})["clientIDMapping"]
            if not mapping:
                raise Refused(
                    f"the server does not know the artifact that {reference} refers to", 404
                )
            known[client] = base64.b64decode(mapping["serverID"]).hex()
        entry["ref"] = f"wandb-artifact://{known[client]}/{path}"


def _send_manifest(
    server: WandbServer, target: Mapping[str, Any], manifest: Mapping[str, Any]
) -> None:
    data = json.dumps(manifest, separators=(",", ":")).encode()
    digest = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
    answer = server.graphql(CREATE_MANIFEST, {**target, "digest": digest, "upload": True})
    file = answer["createArtifactManifest"]["artifactManifest"]["file"]
    server.put(file["uploadUrl"], data, file["uploadHeaders"] or [])
