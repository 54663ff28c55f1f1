"""What lists and graphs of artifacts show: collections with figures, the artifacts of a run, where they come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from epochal.records import Principal
from epochal.store.access import can_see
from epochal.store.artifact_records import Artifact, Collection
from epochal.store.artifact_rows import (
    artifact_by_id,
    artifacts_among,
    collections,
)
from epochal.store.engine import Connection

MAX_LINEAGE = 300
"""Versions and runs of a lineage, the nearest first."""


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


@dataclass(frozen=True, slots=True)
class LineageRun:
    """A run in a lineage, as its list has it."""

    uid: str
    id: str
    name: str
    entity: str
    project: str
    state: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """Versions and runs around a version; edges: (run uid, artifact id, "output" or "input")."""

    artifacts: tuple[Artifact, ...]
    runs: tuple[LineageRun, ...]
    edges: tuple[tuple[str, int, str], ...]
    complete: bool


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


def run_artifacts(
    connection: Connection, principal: Principal, run: str, role: str
) -> list[Artifact]:
    """Return the committed versions that a run logged ("output") or used ("input"), in that order."""
    rows = connection.rows(
        "SELECT artifact_id FROM artifact_run WHERE run_uid = ? AND role = ? ORDER BY created, artifact_id",
        [run, role],
    )
    found = artifacts_among(connection, principal, [id_ for (id_,) in rows])
    return [found[id_] for (id_,) in rows if id_ in found and found[id_].state == "committed"]


def runs_of(connection: Connection, principal: Principal, artifact: int, role: str) -> list[str]:
    """Return the uids of the visible runs that logged ("output") or used ("input") a version, in that order."""
    rows = connection.rows(
        "SELECT run.uid, project.entity FROM artifact_run JOIN run ON run.uid = artifact_run.run_uid"
        " JOIN project ON project.id = run.project_id"
        " WHERE artifact_run.artifact_id = ? AND artifact_run.role = ? ORDER BY artifact_run.created, run.uid",
        [artifact, role],
    )
    return [uid for uid, entity in rows if can_see(principal, entity)]


def read_lineage(connection: Connection, principal: Principal, artifact: int) -> Lineage:
    """Return what leads to a version (its run, that run's inputs, ...) and what it leads to. Raises NotFound.

    Upwards go the runs that logged a version and what they used; downwards those that used it and what they logged.
    """
    artifact_by_id(connection, principal, artifact)
    edges: dict[tuple[str, int, str], None] = {}
    runs: set[str] = set()
    versions: set[int] = {artifact}
    complete = True
    for first, second in (("output", "input"), ("input", "output")):
        # A run may be on both ways: it used a version, and logged it again.
        seen_runs: set[str] = set()
        seen = {artifact}
        level = [artifact]
        while level:
            found = _edges(connection, "artifact_id", level, first)
            new_runs = sorted({run for run, _, _ in found} - seen_runs)
            further = _edges(connection, "run_uid", new_runs, second)
            level = sorted({id_ for _, id_, _ in further} - seen)
            if len(versions | set(level)) + len(runs | set(new_runs)) > MAX_LINEAGE:
                complete = False
                break
            edges |= dict.fromkeys([*found, *further])
            seen_runs |= set(new_runs)
            seen |= set(level)
            runs |= seen_runs
            versions |= seen
    rows = artifacts_among(connection, principal, sorted(versions))
    committed = {id_: row for id_, row in rows.items() if row.state == "committed"}
    runs_shown = read_runs(connection, principal, sorted(runs))
    shown = {run.uid for run in runs_shown}
    return Lineage(
        tuple(committed[id_] for id_ in sorted(committed)),
        tuple(runs_shown),
        tuple(edge for edge in edges if edge[0] in shown and edge[1] in committed),
        complete,
    )


def _edges(
    connection: Connection, column: str, values: Sequence[object], role: str
) -> list[tuple[str, int, str]]:
    rows = connection.rows_among(
        f"SELECT run_uid, artifact_id, role FROM artifact_run WHERE role = ? AND {column} IN ({{}})",
        values,
        [role],
    )
    return [(run, artifact, kind) for run, artifact, kind in rows]


def read_runs(
    connection: Connection, principal: Principal, uids: Iterable[str]
) -> list[LineageRun]:
    """Return those of these runs that are there and visible."""
    rows = connection.rows_among(
        "SELECT run.uid, run.id, run.name, project.entity, project.name, run.state FROM run"
        " JOIN project ON project.id = run.project_id WHERE run.uid IN ({})",
        list(uids),
    )
    return [LineageRun(*row) for row in rows if can_see(principal, row[3])]
