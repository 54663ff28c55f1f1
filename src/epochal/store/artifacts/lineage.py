"""Which runs logged and used which versions, and where a version comes from."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from epochal.errors import NotFound
from epochal.records import Principal
from epochal.store.access import can_see
from epochal.store.artifacts.records import Artifact
from epochal.store.artifacts.rows import (
    artifact_by_id,
    artifacts_among,
)
from epochal.store.engine import Connection

MAX_LINEAGE = 300
"""Versions and runs of a lineage, the nearest first."""


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


def add_run(connection: Connection, run: str, artifact: int, role: str, now: float) -> None:
    """Say that a run logged ("output") or used ("input") a version."""
    connection.run(
        "INSERT INTO artifact_run (run_uid, artifact_id, role, created) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [run, artifact, role, now],
    )


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
