"""Artifacts as they are written and changed (wandb_protocol.md, 8, "Write path")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from epochal.errors import UsageError
from epochal.server.wandb.artifacts.ids import (
    artifact_number,
    base64_md5,
    collection_number,
    hex_md5,
    manifest_number,
)
from epochal.server.wandb.artifacts.nodes import (
    ArtifactNode,
    CollectionNode,
    MembershipNode,
    Tag,
    TypeNode,
)
from epochal.server.wandb.ask import Ask
from epochal.server.wandb.nodes import connection, make_id
from epochal.store.artifacts.records import Manifest, ManifestKind, NewArtifact, NewFile, Upload

MAX_FILES = 10_000
MAX_PARTS = 10_000
TTL_INHERITED = -1
REGION = "default"
"""The only region for the bytes of artifacts."""
_KINDS: Mapping[str, ManifestKind] = {
    "FULL": "full",
    "INCREMENTAL": "incremental",
    "PATCH": "patch",
}
Input = dict[str, Any]


def _names(items: Sequence[Mapping[str, Any]] | None, key: str) -> tuple[str, ...]:
    return tuple(item[key] for item in items or ())


# ------------------------------------------------------------------------------------------------ announcing


def create_artifact_type(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Return an artifact type, made when it is missing."""
    del parent
    entity, project = input["entityName"], input["projectName"]
    found = ask.store.artifacts.add_type(
        ask.principal, entity, project, input["name"], input.get("description")
    )
    return {"artifactType": TypeNode(found, entity, project)}


def create_artifact(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Announce a version; one with the same files that is there already comes back instead."""
    del parent
    collection = input.get("artifactCollectionName")
    if not collection:
        named = input.get("artifactCollectionNames") or ()
        if len(named) != 1:
            raise UsageError(f"an artifact has one name, got {len(named)}")
        collection = named[0]
    region = input.get("storageRegion")
    if region and region != REGION:
        raise UsageError(
            f"storageRegion is {region[:80]!r}: this server keeps all artifacts in one place, {REGION!r};"
            " leave storage_region out"
        )
    new = NewArtifact(
        entity=input["entityName"],
        project=input["projectName"],
        type=input["artifactTypeName"],
        collection=collection,
        digest=input["digest"],
        run=input.get("runName"),
        description=input.get("description"),
        metadata=input.get("metadata"),
        aliases=_names(input.get("aliases"), "alias"),
        tags=_names(input.get("tags"), "tagName"),
        ttl=_ttl(input.get("ttlDurationSeconds")),
        history_step=input.get("historyStep"),
        client_id=input.get("clientID"),
        sequence_client_id=input.get("sequenceClientID"),
        distributed_id=input.get("distributedID"),
        deduplicate=bool(input.get("enableDigestDeduplication")),
    )
    return {"artifact": ArtifactNode(ask.store.artifacts.create(ask.principal, new))}


def _ttl(seconds: int | None) -> int | None:
    return None if seconds is None or seconds == TTL_INHERITED else seconds


def create_manifest(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Announce a manifest, and say where it is sent to once its MD5 is known."""
    del parent
    base = input.get("baseArtifactID")
    found = ask.store.artifacts.add_manifest(
        ask.principal,
        artifact_number(input["artifactID"]),
        _KINDS[input.get("type") or "FULL"],
        input["name"],
        input["digest"] or None,
        artifact_number(base) if base else None,
    )
    return {"artifactManifest": _manifest(ask, found)}


def update_manifest(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Say the MD5 of a manifest that was announced, and learn where it is sent to."""
    del parent
    base = input.get("baseArtifactID")
    found = ask.store.artifacts.change_manifest(
        ask.principal,
        manifest_number(input["artifactManifestID"]),
        input.get("digest") or None,
        artifact_number(base) if base else None,
    )
    return {"artifactManifest": _manifest(ask, found)}


def _manifest(ask: Ask, found: Manifest) -> dict[str, Any]:
    def upload_url(ask: Ask) -> str | None:
        if found.md5 is None:
            return None
        subject = {"manifest": found.id, "md5": found.md5}
        return ask.tickets.upload_url(ask.base_url, "manifest", subject)

    file = {
        "id": make_id("File", f"manifest:{found.id}"),
        "name": found.name,
        "displayName": found.name,
        "sizeBytes": 0,
        "uploadUrl": upload_url,
        "uploadHeaders": [],
    }
    return {"id": make_id("ArtifactManifest", str(found.id)), "file": file}


# ------------------------------------------------------------------------------------------------- uploading


def create_files(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Return for each file, in their order, where its bytes are sent to; nowhere when they are known."""
    del parent
    specs = input["artifactFiles"]
    if len(specs) > MAX_FILES:
        raise UsageError(f"{len(specs):,} files are too many at a time; ask for {MAX_FILES:,}")
    new: list[NewFile] = []
    for spec in specs:
        if hex_md5(spec["md5"]) is None:
            raise UsageError(
                f"the file {spec['name'][:200]!r} has no MD5 in base64: {spec['md5'][:60]!r}"
            )
        parts = tuple(
            (part["partNumber"], part["hexMD5"]) for part in spec.get("uploadPartsInput") or ()
        )
        if len(parts) > MAX_PARTS:
            raise UsageError(
                f"{len(parts):,} parts of one file are too many, {MAX_PARTS:,} are taken"
            )
        new.append(NewFile(artifact_number(spec["artifactID"]), spec["name"], spec["md5"], parts))
    found = ask.store.artifacts.announce_files(ask.principal, new)
    return {
        "files": {**connection([_upload(ask, upload) for upload in found]), "uploadHeaders": []}
    }


def _upload(ask: Ask, upload: Upload) -> dict[str, Any]:
    file = upload.file
    artifact = ArtifactNode(_artifact(ask, file.artifact))
    subject = {"artifact": file.artifact, "md5": file.md5}
    digits = hex_md5(file.md5) or ""
    node: dict[str, Any] = {
        "id": make_id("File", f"artifact:{file.artifact}:{file.name}"),
        "name": file.name,
        "displayName": file.name,
        "sizeBytes": 0,
        "md5": file.md5,
        "digest": file.md5,
        "storagePath": f"artifacts/{file.artifact}/{digits}",
        "uploadUrl": None,
        "uploadHeaders": [],
        "artifact": artifact,
    }
    if upload.known:
        return node
    if file.parts:
        urls = [
            {
                "partNumber": number,
                "uploadUrl": ask.tickets.upload_url(
                    ask.base_url, "part", {**subject, "number": number, "part": md5}
                ),
            }
            for number, md5 in file.parts
        ]
        node["uploadMultipartUrls"] = {"uploadID": digits, "uploadUrlParts": urls}
    # Also for a file that comes in parts: this is how the client learns that its bytes are needed at all.
    node["uploadUrl"] = ask.tickets.upload_url(ask.base_url, "artifact-file", subject)
    return node


def _artifact(ask: Ask, number: int) -> Any:
    key = ("artifact", number)
    if key not in ask.memo:
        ask.memo[key] = ask.store.artifacts.get(ask.principal, number)
    return ask.memo[key]


def complete_multipart(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Make a file of its parts."""
    del parent
    number, md5 = artifact_number(input["artifactID"]), base64_md5(input["uploadID"])
    if input["completeMultipartAction"] == "Abort":
        ask.store.artifacts.drop_parts(ask.principal, number, md5)
    else:
        numbers = [part["partNumber"] for part in input["completedParts"]]
        ask.store.artifacts.complete_parts(ask.principal, number, md5, numbers)
    return {"digest": md5}


def commit_artifact(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Make a pending version the next one of its sequence."""
    del parent
    found = ask.store.artifacts.commit(ask.principal, artifact_number(input["artifactID"]))
    return {"artifact": ArtifactNode(found)}


# --------------------------------------------------------------------------------------------------- changing


def use_artifact(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Say that a run uses a version."""
    del parent
    found = ask.store.artifacts.use(
        ask.principal,
        input["entityName"],
        input["projectName"],
        input["runName"],
        artifact_number(input["artifactID"]),
    )
    return {"artifact": ArtifactNode(found)}


def update_artifact(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Change description, metadata, TTL, tags or aliases of a version."""
    del parent
    changes: dict[str, Any] = {}
    if "description" in input:
        changes["description"] = input["description"]
    if input.get("metadata") is not None:
        changes["metadata"] = input["metadata"]
    if input.get("ttlDurationSeconds") is not None:
        changes["ttl"] = _ttl(input["ttlDurationSeconds"])
    if input.get("aliases") is not None:
        changes["aliases"] = _names(input["aliases"], "alias")
    found = ask.store.artifacts.update(
        ask.principal,
        artifact_number(input["artifactID"]),
        changes,
        _names(input.get("tagsToAdd"), "tagName"),
        _names(input.get("tagsToDelete"), "tagName"),
    )
    return {"artifact": ArtifactNode(found)}


def delete_artifact(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Delete a version for ever."""
    del parent
    number = artifact_number(input["artifactID"])
    found = ask.store.artifacts.get(ask.principal, number)
    ask.store.artifacts.delete(ask.principal, number, with_aliases=bool(input.get("deleteAliases")))
    return {"artifact": ArtifactNode(found)}


def _change_aliases(ask: Ask, input: Input, *, add: bool) -> dict[str, bool]:
    changes = [
        (
            alias["entityName"],
            alias["projectName"],
            alias["artifactCollectionName"],
            alias["alias"],
        )
        for alias in input["aliases"]
    ]
    ask.store.artifacts.change_aliases(
        ask.principal, artifact_number(input["artifactID"]), changes, add=add
    )
    return {"success": True}


def add_aliases(parent: None, ask: Ask, input: Input) -> dict[str, bool]:
    """Let aliases name a version."""
    del parent
    return _change_aliases(ask, input, add=True)


def delete_aliases(parent: None, ask: Ask, input: Input) -> dict[str, bool]:
    """Take aliases from a version."""
    del parent
    return _change_aliases(ask, input, add=False)


# ------------------------------------------------------------------------------------------------- collections


def link_artifact(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Make a version, by its id or its client's, a member of a portfolio."""
    del parent
    if input.get("artifactID"):
        number = artifact_number(input["artifactID"])
    else:
        found = ask.store.artifacts.find_client(ask.principal, input.get("clientID") or "")
        if found is None:
            raise UsageError("the artifact that is to be linked is not known: log it first")
        number = found
    if input.get("artifactPortfolioID"):
        portfolio = ask.store.artifacts.collection_by_id(
            ask.principal, collection_number(input["artifactPortfolioID"])
        )
        entity, project, name = portfolio.entity, portfolio.project, portfolio.name
    else:
        entity = input.get("entityName") or ask.principal.entity
        project = input.get("projectName") or "uncategorized"
        name = input.get("artifactPortfolioName")
    if not name:
        raise UsageError("a link needs the name of a collection")
    aliases = _names(input.get("aliases"), "alias")
    linked = ask.store.artifacts.link(ask.principal, number, entity, project, name, aliases)
    return {"versionIndex": linked.version, "artifactMembership": MembershipNode(linked)}


def unlink_artifact(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Take a version out of a portfolio."""
    del parent
    ask.store.artifacts.unlink(
        ask.principal,
        artifact_number(input["artifactID"]),
        collection_number(input["artifactPortfolioID"]),
    )
    return {"artifactID": input["artifactID"], "success": True}


def _update_collection(ask: Ask, id_: str, input: Input) -> dict[str, Any]:
    changes = {key: input[key] for key in ("name", "description") if key in input}
    found = ask.store.artifacts.update_collection(ask.principal, collection_number(id_), changes)
    return {"artifactCollection": CollectionNode(found)}


def update_sequence(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Change name and description of a sequence."""
    del parent
    return _update_collection(ask, input["artifactSequenceID"], input)


def update_portfolio(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Change name and description of a portfolio."""
    del parent
    return _update_collection(ask, input["artifactPortfolioID"], input)


def move_sequence(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Give a sequence another type."""
    del parent
    found = ask.store.artifacts.update_collection(
        ask.principal,
        collection_number(input["artifactSequenceID"]),
        {"type": input["destinationArtifactTypeName"]},
    )
    return {"artifactCollection": CollectionNode(found)}


def _delete_collection(ask: Ask, id_: str) -> dict[str, Any]:
    found = ask.store.artifacts.delete_collection(ask.principal, collection_number(id_))
    return {"artifactCollection": CollectionNode(found, state="DELETED")}


def delete_sequence(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Delete a sequence with all its versions for ever."""
    del parent
    return _delete_collection(ask, input["artifactSequenceID"])


def delete_portfolio(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Delete a portfolio; the versions linked to it stay in their sequences."""
    del parent
    return _delete_collection(ask, input["artifactPortfolioID"])


def _tag_collection(
    ask: Ask, input: Input, add: tuple[str, ...], remove: tuple[str, ...]
) -> CollectionNode:
    found = ask.store.artifacts.collection(
        ask.principal, input["entityName"], input["projectName"], input["artifactCollectionName"]
    )
    return CollectionNode(
        ask.store.artifacts.update_collection(ask.principal, found.id, {}, add, remove)
    )


def add_collection_tags(parent: None, ask: Ask, input: Input) -> dict[str, Any]:
    """Give a collection tags."""
    del parent
    names = _names(input["tags"], "tagName")
    node = _tag_collection(ask, input, names, ())
    return {"tags": [Tag(f"collection:{node.row.id}", name) for name in names]}


def delete_collection_tags(parent: None, ask: Ask, input: Input) -> dict[str, bool]:
    """Take tags from a collection."""
    del parent
    _tag_collection(ask, input, (), _names(input["tags"], "tagName"))
    return {"success": True}


RESOLVERS = {
    "Mutation": {
        "createArtifactType": create_artifact_type,
        "createArtifact": create_artifact,
        "createArtifactManifest": create_manifest,
        "updateArtifactManifest": update_manifest,
        "createArtifactFiles": create_files,
        "completeMultipartUploadArtifact": complete_multipart,
        "commitArtifact": commit_artifact,
        "useArtifact": use_artifact,
        "updateArtifact": update_artifact,
        "deleteArtifact": delete_artifact,
        "addAliases": add_aliases,
        "deleteAliases": delete_aliases,
        "linkArtifact": link_artifact,
        "unlinkArtifact": unlink_artifact,
        "updateArtifactSequence": update_sequence,
        "updateArtifactPortfolio": update_portfolio,
        "moveArtifactSequence": move_sequence,
        "deleteArtifactSequence": delete_sequence,
        "deleteArtifactPortfolio": delete_portfolio,
        "createArtifactCollectionTagAssignments": add_collection_tags,
        "deleteArtifactCollectionTagAssignments": delete_collection_tags,
    }
}
