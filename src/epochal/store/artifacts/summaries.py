"""A project's collections with their figures, as its list of artifacts shows them."""

from __future__ import annotations

from dataclasses import dataclass

from epochal.records import Principal
from epochal.store.artifacts.records import Artifact, Collection
from epochal.store.artifacts.rows import artifacts_among, collections
from epochal.store.engine import Connection


@dataclass(frozen=True, slots=True)
class CollectionSummary:
    """A collection with its newest member and its version here.

    members: how many there are; size: bytes of all their files.
    """

    collection: Collection
    members: int
    size: int
    newest: Artifact | None
    newest_version: int | None


def collection_summaries(
    connection: Connection, principal: Principal, entity: str, project: str
) -> list[CollectionSummary]:
    """Return the collections of a project, by the time they were made, with what a list of them shows."""
    condition = "project.entity = ? AND project.name = ? ORDER BY artifact_collection.id"
    found = collections(connection, principal, condition, [entity, project])
    figures = {
        row[0]: row[1:]
        for row in connection.rows_among(
            "SELECT artifact_member.collection_id, count(*), sum(artifact.size), max(artifact_member.version)"
            " FROM artifact_member JOIN artifact ON artifact.id = artifact_member.artifact_id"
            " WHERE artifact_member.collection_id IN ({}) GROUP BY artifact_member.collection_id",
            [collection.id for collection in found],
        )
    }
    newest = {
        collection: artifact
        for collection, version, artifact in connection.rows_among(
            "SELECT collection_id, version, artifact_id FROM artifact_member WHERE (collection_id, version) IN"
            " (SELECT collection_id, max(version) FROM artifact_member WHERE collection_id IN ({})"
            " GROUP BY collection_id)",
            sorted(figures),
        )
        if version == figures[collection][2]
    }
    versions = artifacts_among(connection, principal, list(newest.values()))
    return [
        CollectionSummary(
            collection,
            int(figures.get(collection.id, (0, 0, 0))[0]),
            int(figures.get(collection.id, (0, 0, 0))[1] or 0),
            versions.get(newest.get(collection.id, -1)),
            figures[collection.id][2] if collection.id in figures else None,
        )
        for collection in found
    ]
