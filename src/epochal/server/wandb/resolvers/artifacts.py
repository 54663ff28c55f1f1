"""Artifacts as they are read: by id, by name, of a project, of a run (wandb_protocol.md, 8, "Read path")."""

from __future__ import annotations

from typing import Any

from epochal.errors import NotFound
from epochal.server.wandb.artifacts.ids import (
    artifact_id,
    artifact_number,
    collection_number,
    page,
)
from epochal.server.wandb.artifacts.nodes import (
    ArtifactNode,
    CollectionNode,
    MembershipNode,
    TypeNode,
    collection_nodes,
    find_collection,
    find_member,
    find_type,
    type_nodes,
)
from epochal.server.wandb.ask import Ask
from epochal.server.wandb.run_nodes import Project, Run


def artifact(parent: None, ask: Ask, id: str) -> ArtifactNode | None:
    """Return a version, committed or not; null when there is none."""
    del parent
    try:
        return ArtifactNode(ask.store.artifacts.get(ask.principal, artifact_number(id)))
    except NotFound:
        return None


def artifact_collection(parent: None, ask: Ask, id: str) -> CollectionNode | None:
    """Return a collection, null when there is none."""
    del parent
    try:
        found = ask.store.artifacts.collection_by_id(ask.principal, collection_number(id))
    except NotFound:
        return None
    return CollectionNode(found)


def client_id_mapping(parent: None, ask: Ask, clientID: str) -> dict[str, str] | None:
    """Return the version that a client's random id means, null when it is not known."""
    del parent
    found = ask.store.artifacts.find_client(ask.principal, clientID)
    return None if found is None else {"serverID": artifact_id(found)}


# ------------------------------------------------------------------------------------------------ of a project


def project_artifact(parent: Project, ask: Ask, name: str) -> ArtifactNode | None:
    """Return the version that a name means, null when there is none."""
    found = find_member(ask, parent.entityName, parent.name, name)
    return None if found is None else ArtifactNode(found.artifact)


def project_membership(parent: Project, ask: Ask, name: str) -> MembershipNode | None:
    """Return the member that a name means, null when there is none."""
    found = find_member(ask, parent.entityName, parent.name, name)
    return None if found is None else MembershipNode(found)


def project_type(parent: Project, ask: Ask, name: str) -> TypeNode | None:
    """Return an artifact type, null when the project has none of the name."""
    return find_type(ask, parent.entityName, parent.name, name)


def project_types(
    parent: Project,
    ask: Ask,
    after: str | None = None,
    first: int | None = None,
    includeAll: bool | None = None,
) -> dict[str, Any]:
    """Return a page of the artifact types of a project."""
    del includeAll
    return page(type_nodes(ask, parent.entityName, parent.name), after, first)


def project_collection(parent: Project, ask: Ask, name: str) -> CollectionNode | None:
    """Return a collection, null when the project has none of the name."""
    return find_collection(ask, parent.entityName, parent.name, name)


def project_collections(
    parent: Project,
    ask: Ask,
    after: str | None = None,
    first: int | None = None,
    filters: str | None = None,
    order: str | None = None,
) -> dict[str, Any]:
    """Return a page of the collections of a project."""
    found = ask.store.artifacts.collections(ask.principal, parent.entityName, parent.name)
    return page(collection_nodes(found, filters, order), after, first)


# --------------------------------------------------------------------------------------------------- of a run


def output_artifacts(
    parent: Run, ask: Ask, after: str | None = None, first: int | None = None
) -> dict[str, Any]:
    """Return a page of the versions that a run logged."""
    return _of_run(parent, ask, "output", after, first)


def input_artifacts(
    parent: Run, ask: Ask, after: str | None = None, first: int | None = None
) -> dict[str, Any]:
    """Return a page of the versions that a run used."""
    return _of_run(parent, ask, "input", after, first)


def _of_run(run: Run, ask: Ask, role: str, after: str | None, first: int | None) -> dict[str, Any]:
    found = ask.store.artifacts.of_run(ask.principal, run.info.uid, role)
    return page([ArtifactNode(row) for row in found], after, first)


RESOLVERS = {
    "Query": {
        "artifact": artifact,
        "artifactCollection": artifact_collection,
        "clientIDMapping": client_id_mapping,
    },
    "Project": {
        "artifact": project_artifact,
        "artifactCollectionMembership": project_membership,
        "artifactType": project_type,
        "artifactTypes": project_types,
        "artifactCollection": project_collection,
        "artifactCollections": project_collections,
    },
    "Run": {"outputArtifacts": output_artifacts, "inputArtifacts": input_artifacts},
}
